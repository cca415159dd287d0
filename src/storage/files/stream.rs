//! An output that is too large for memory.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Seek, Write};
use std::path::PathBuf;

use super::{Access, FileError, PendingFile, Place, failed, overwrite_from, persist, persist_new, temporary};

/// A [`PendingFile`] whose content goes to disk piece by piece, and that nobody sees either until
/// [`commit`](Self::commit). Pipes and devices get each piece at once: what they were sent before a failure is theirs.
#[derive(Debug)]
pub struct OutputStream {
    path: PathBuf,
    access: Access,
    sink: Sink,
}

#[derive(Debug)]
enum Sink {
    /// The temporary file beside the target.
    Replace(BufWriter<tempfile::NamedTempFile>, PathBuf),
    /// The same, where nothing may have that name.
    New(BufWriter<tempfile::NamedTempFile>, PathBuf),
    /// A file without a name, to be copied over the target at the end.
    Copy(BufWriter<File>, PathBuf),
    Stream(BufWriter<File>),
    Standard(u8),
}

impl PendingFile {
    /// From here on the content goes to disk piece by piece; what was added before comes first.
    ///
    /// # Errors
    /// [`FileError::Write`] when there is no room for temporary files, or a pipe cannot be opened.
    pub fn into_stream(self) -> Result<OutputStream, FileError> {
        let Self { path, bytes, access, place } = self;
        let open = |place| -> io::Result<Sink> {
            Ok(match place {
                Place::Replace(target) => Sink::Replace(BufWriter::new(temporary(&target, access)?), target),
                Place::New(target) => Sink::New(BufWriter::new(temporary(&target, access)?), target),
                Place::Overwrite(target) => Sink::Copy(BufWriter::new(tempfile::tempfile()?), target),
                Place::Stream(target) => {
                    Sink::Stream(BufWriter::new(OpenOptions::new().append(true).open(target)?))
                }
                Place::Standard(number) => Sink::Standard(number),
            })
        };
        let started = open(place).and_then(|sink| {
            let mut stream = OutputStream { path: path.clone(), access, sink };
            stream.write_all(&bytes)?;
            Ok(stream)
        });
        started.map_err(|source| FileError::Write { path, source })
    }
}

impl OutputStream {
    /// Makes the content visible under its name.
    ///
    /// # Errors
    /// [`FileError::Write`]; a regular file keeps what it held before.
    pub fn commit(self) -> Result<(), FileError> {
        let Self { path, access, sink } = self;
        let done = match sink {
            Sink::Replace(file, target) => file
                .into_inner()
                .map_err(io::IntoInnerError::into_error)
                .and_then(|temporary| persist(temporary, &target, access)),
            Sink::New(file, target) => file
                .into_inner()
                .map_err(io::IntoInnerError::into_error)
                .and_then(|temporary| persist_new(temporary, &target, access)),
            Sink::Copy(file, target) => {
                file.into_inner().map_err(io::IntoInnerError::into_error).and_then(|mut content| {
                    content.rewind()?;
                    overwrite_from(&target, &mut content, access)
                })
            }
            Sink::Stream(mut file) => file.flush(),
            Sink::Standard(1) => io::stdout().lock().flush(),
            Sink::Standard(_) => io::stderr().lock().flush(),
        };
        done.map_err(|source| failed(path, source))
    }
}

impl Write for OutputStream {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        match &mut self.sink {
            Sink::Replace(file, _) | Sink::New(file, _) => file.write(piece),
            Sink::Copy(file, _) | Sink::Stream(file) => file.write(piece),
            Sink::Standard(1) => io::stdout().lock().write(piece),
            Sink::Standard(_) => io::stderr().lock().write(piece),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.sink {
            Sink::Replace(file, _) | Sink::New(file, _) => file.flush(),
            Sink::Copy(file, _) | Sink::Stream(file) => file.flush(),
            Sink::Standard(1) => io::stdout().lock().flush(),
            Sink::Standard(_) => io::stderr().lock().flush(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    fn names(folder: &Path) -> usize {
        fs::read_dir(folder).unwrap().count()
    }

    #[test]
    fn nothing_is_visible_before_commit_and_nothing_remains_after_drop() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out");
        fs::write(&path, "something much longer").unwrap();
        let start = || {
            let mut pending = PendingFile::create(&path, Access::Everyone).unwrap();
            pending.push(b"ne");
            let mut stream = pending.into_stream().unwrap();
            stream.write_all(b"w").unwrap();
            stream
        };
        drop(start());
        assert_eq!(fs::read(&path).unwrap(), b"something much longer");
        assert_eq!(names(folder.path()), 1);
        start().commit().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(names(folder.path()), 1);
    }

    /// A file in a folder that takes no other is written in place, and only at the end.
    #[cfg(unix)]
    #[test]
    fn where_nothing_can_be_renamed_the_content_is_copied_at_the_end() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out");
        fs::write(&path, "something much longer").unwrap();
        let sink = Sink::Copy(BufWriter::new(tempfile::tempfile().unwrap()), path.clone());
        let mut stream = OutputStream { path: path.clone(), access: Access::Owner, sink };
        stream.write_all(b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"something much longer");
        stream.commit().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_device_is_an_error() {
        let mut stream =
            PendingFile::create(Path::new("/dev/full"), Access::Owner).unwrap().into_stream().unwrap();
        let written = stream.write_all(&[0; 100]);
        assert!(written.is_err() || stream.commit().is_err());
    }
}
