//! Reading small files: all of it, under a limit, or an error that names it.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

use super::{Error, names};

/// Opens a file for reading. `what` names it in errors, such as `bundle`.
pub(super) fn open(what: &'static str, path: &Path) -> Result<File, Error> {
    let path_buf = || path.to_owned();
    match File::open(path) {
        Ok(file) if file.metadata().is_ok_and(|m| m.is_dir()) => {
            Err(Error::Folder { what, path: path_buf() })
        }
        Ok(file) => Ok(file),
        Err(e) if e.kind() == ErrorKind::NotFound => Err(Error::Missing { what, path: path_buf() }),
        // Some systems do not open a folder at all.
        Err(_) if path.is_dir() => Err(Error::Folder { what, path: path_buf() }),
        Err(source) => Err(Error::Read { what, path: path_buf(), source }),
    }
}

/// Whether a path stands for standard input: `-`, and `/dev/stdin` where there is no such file.
pub(super) fn is_stdin(path: &Path) -> bool {
    let named = || path.to_str().and_then(names::standard_stream) == Some(0);
    path.as_os_str() == "-" || (!cfg!(unix) && named())
}

/// Opens a regular file, and gives its size in bytes. What is read twice has to be one.
///
/// # Errors
/// It does not exist, is a folder, a device or a pipe, or cannot be read.
pub fn open_file(what: &'static str, path: &Path) -> Result<(File, u64), Error> {
    let unreadable = |source| Error::Read { what, path: path.to_owned(), source };
    let other = || Err(unreadable(std::io::Error::other("it is a device or a pipe, not a file")));
    // Opening a pipe would wait for its writer.
    if std::fs::metadata(path).is_ok_and(|found| !found.is_file() && !found.is_dir()) {
        return other();
    }
    let file = open(what, path)?;
    let found = file.metadata().map_err(unreadable)?;
    if found.is_file() { Ok((file, found.len())) } else { other() }
}

/// Reads a whole file of at most `limit` bytes. `-` is standard input. `what` names it in errors, such as `bundle`.
///
/// # Errors
/// It does not exist, is a folder, is larger than the limit, or cannot be read.
pub fn read_file(what: &'static str, path: &Path, limit: u64) -> Result<Vec<u8>, Error> {
    if is_stdin(path) {
        return drain(what, path, std::io::stdin().lock(), limit);
    }
    drain_file(what, path, open(what, path)?, limit)
}

/// Reads a file to its end. Its size is looked at first: what is too large is not read, and memory is taken once.
pub(super) fn drain_file(what: &'static str, path: &Path, file: File, limit: u64) -> Result<Vec<u8>, Error> {
    let size = file.metadata().map(|m| m.len()).unwrap_or_default();
    if size > limit {
        return Err(Error::TooLarge { what, path: path.to_owned(), limit });
    }
    let mut bytes = Vec::new();
    let room = usize::try_from(size).unwrap_or(usize::MAX);
    bytes.try_reserve_exact(room.saturating_add(1)).map_err(|e| Error::Read {
        what,
        path: path.to_owned(),
        source: e.into(),
    })?;
    fill(what, path, file, limit, bytes)
}

/// Reads a stream to its end, or to one byte more than the limit.
pub(super) fn drain(
    what: &'static str,
    path: &Path,
    stream: impl Read,
    limit: u64,
) -> Result<Vec<u8>, Error> {
    fill(what, path, stream, limit, Vec::new())
}

fn fill(
    what: &'static str,
    path: &Path,
    stream: impl Read,
    limit: u64,
    mut bytes: Vec<u8>,
) -> Result<Vec<u8>, Error> {
    stream.take(limit.saturating_add(1)).read_to_end(&mut bytes).map_err(|source| Error::Read {
        what,
        path: path.to_owned(),
        source,
    })?;
    if bytes.len() as u64 > limit {
        return Err(Error::TooLarge { what, path: path.to_owned(), limit });
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_hold_and_errors_name_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        assert!(matches!(read_file("bundle", &path, 3), Err(Error::Missing { what: "bundle", .. })));
        std::fs::write(&path, b"abc").unwrap();
        assert_eq!(read_file("bundle", &path, 3).unwrap(), b"abc");
        assert!(matches!(read_file("bundle", &path, 2), Err(Error::TooLarge { limit: 2, .. })));
        assert!(matches!(read_file("bundle", folder.path(), 9), Err(Error::Folder { .. })));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn an_endless_device_is_refused_at_the_limit() {
        assert!(matches!(read_file("bundle", Path::new("/dev/zero"), 1000), Err(Error::TooLarge { .. })));
    }

    /// A pipe whose writer never comes.
    #[cfg(target_os = "linux")]
    #[test]
    fn what_is_read_twice_is_no_pipe() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
        let (send, receive) = std::sync::mpsc::channel();
        std::thread::spawn(move || send.send(matches!(open_file("bundle", &path), Err(Error::Read { .. }))));
        assert_eq!(receive.recv_timeout(std::time::Duration::from_secs(20)), Ok(true));
        assert!(matches!(open_file("bundle", Path::new("/dev/zero")), Err(Error::Read { .. })));
    }
}
