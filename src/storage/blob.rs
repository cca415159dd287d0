//! Artifacts in files and streams, of any size, read once and in constant memory.

use std::ffi::{OsStr, OsString};
use std::io::Read;
use std::path::Path;

use super::Error;
use super::input::{drain, drain_file, is_stdin, open};
use crate::progress;

/// Large enough that the system calls do not show, small enough for the processor's second-level cache.
const BUFFER: usize = 256 * 1024;

/// Where an artifact's bytes come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BlobSource {
    /// A file.
    File(OsString),
    /// Standard input.
    Stdin,
}

impl BlobSource {
    /// The source of a command-line argument: `-` is standard input.
    pub fn from_argument(argument: &OsStr) -> Self {
        if is_stdin(Path::new(argument)) { Self::Stdin } else { Self::File(argument.to_owned()) }
    }

    fn reader(&self) -> Result<Box<dyn Read>, Error> {
        match self {
            Self::File(path) => Ok(Box::new(open("artifact", Path::new(path))?)),
            Self::Stdin => Ok(Box::new(std::io::stdin().lock())),
        }
    }

    /// How long it is, if that is known; it may change meanwhile.
    fn size(&self) -> Option<u64> {
        match self {
            Self::File(path) => size(Path::new(path)),
            Self::Stdin => None,
        }
    }

    fn path(&self) -> &Path {
        match self {
            Self::File(path) => Path::new(path),
            Self::Stdin => Path::new("-"),
        }
    }
}

/// Hands the artifact's bytes to `take`, piece by piece.
///
/// # Errors
/// As [`super::read_file`], without a limit.
pub fn stream_blob(source: &BlobSource, take: impl FnMut(&[u8])) -> Result<(), Error> {
    stream_sized(&mut *source.reader()?, source.path(), source.size(), take)
}

/// Hands the bytes of an artifact that is open to `take`, piece by piece; `path` is its name in errors.
///
/// # Errors
/// It cannot be read.
pub fn stream_open(reader: &mut dyn Read, path: &Path, take: impl FnMut(&[u8])) -> Result<(), Error> {
    stream_sized(reader, path, size(path), take)
}

fn size(path: &Path) -> Option<u64> {
    path.metadata().ok().filter(std::fs::Metadata::is_file).map(|found| found.len())
}

fn stream_sized(
    reader: &mut dyn Read,
    path: &Path,
    size: Option<u64>,
    mut take: impl FnMut(&[u8]),
) -> Result<(), Error> {
    let name = if is_stdin(path) { "standard input".into() } else { path.to_string_lossy() };
    let work = progress::bytes(format!("reading {name}"), size);
    let mut buffer = vec![0; BUFFER];
    loop {
        match reader.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(n) => {
                take(buffer.get(..n).unwrap_or_default());
                work.add(n as u64);
            }
            Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
            Err(source) => return Err(Error::Read { what: "artifact", path: path.to_owned(), source }),
        }
    }
}

/// Reads the whole artifact into memory, for keys that cannot sign a digest.
///
/// # Errors
/// As [`super::read_file`].
pub fn read_blob(source: &BlobSource, limit: u64) -> Result<Vec<u8>, Error> {
    match source {
        BlobSource::File(path) => {
            let path = Path::new(path);
            drain_file("artifact", path, open("artifact", path)?, limit)
        }
        BlobSource::Stdin => drain("artifact", source.path(), std::io::stdin().lock(), limit),
    }
}
