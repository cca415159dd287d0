//! Files that may never end: pipes and devices are read no longer than somebody waits.

use std::io::{Error, ErrorKind, Read, Result};
use std::path::Path;
use std::sync::mpsc;
use std::time::Duration;

/// What is read beside files, folders (which say so themselves) and what is nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beside {
    /// Pipes that were handed over, such as `/dev/fd/5`: whatever else there is may wait for somebody who never comes.
    #[cfg_attr(not(feature = "http"), allow(dead_code, reason = "no cloud is asked"))]
    Handed,
    /// Whatever the path names, which somebody wrote on the command line.
    Anything,
}

/// What a path names, to one byte more than `limit`; what is no file, no longer than `time`: who writes into it need not be done ever.
///
/// # Errors
/// It cannot be read; it is something else than is read; it did not end in time.
pub fn read_at_most(path: &Path, limit: u64, time: Duration, beside: Beside) -> Result<Vec<u8>> {
    let all = move |path: &Path| {
        let mut bytes = Vec::new();
        std::fs::File::open(path)?.take(limit + 1).read_to_end(&mut bytes).map(|_| bytes)
    };
    let found = std::fs::metadata(path)?;
    if found.is_file() || found.is_dir() || path == Path::new("/dev/null") {
        return all(path);
    }
    let is_handed = ["/dev/fd", "/proc/self/fd", "/dev/stdin"].iter().any(|handed| path.starts_with(handed));
    if beside == Beside::Handed && !is_handed {
        return Err(Error::other("it is a device or a named pipe, not a file"));
    }
    let (tell, told) = mpsc::sync_channel(1);
    let path = path.to_owned();
    std::thread::Builder::new().spawn(move || {
        // Whoever has given up hears nothing any more.
        drop(tell.send(all(&path)));
    })?;
    told.recv_timeout(time).map_err(|_| {
        Error::new(ErrorKind::TimedOut, format!("who writes into it is not done after {time:?}"))
    })?
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::fd::AsRawFd;
    use std::path::PathBuf;
    use std::time::Instant;

    use super::*;

    #[test]
    fn named_pipes_are_not_opened_and_pipes_that_are_handed_over_are_read_in_time() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
        let long = Duration::from_secs(60);
        let error = read_at_most(&path, 10, long, Beside::Handed).unwrap_err().to_string();
        assert!(error.contains("named pipe"), "{error}");
        let error = read_at_most(&path, 10, Duration::from_millis(100), Beside::Anything).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut, "{error}");
        let (reader, mut writer) = std::io::pipe().unwrap();
        let handed = PathBuf::from(format!("/dev/fd/{}", reader.as_raw_fd()));
        let begun = Instant::now();
        let error = read_at_most(&handed, 10, Duration::from_millis(100), Beside::Handed).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut);
        assert!(begun.elapsed() < Duration::from_secs(30));
        let (reader, mut other) = std::io::pipe().unwrap();
        let handed = PathBuf::from(format!("/dev/fd/{}", reader.as_raw_fd()));
        std::io::Write::write_all(&mut other, b"content").unwrap();
        std::io::Write::write_all(&mut writer, b"late").unwrap();
        drop(other);
        assert_eq!(read_at_most(&handed, 10, long, Beside::Handed).unwrap(), b"content");
        assert_eq!(read_at_most(Path::new("/dev/null"), 10, long, Beside::Handed).unwrap(), b"");
        let file = folder.path().join("file");
        std::fs::write(&file, "0123456789abc").unwrap();
        assert_eq!(read_at_most(&file, 10, long, Beside::Handed).unwrap(), b"0123456789a");
    }
}
