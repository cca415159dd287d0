//! Bytes that come and go: in memory, or in a file.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use hyper::body::Bytes;
use tempfile::{NamedTempFile, TempPath};

use crate::crypto::{Digest, Hasher};

/// As much of a file is in memory at once.
const PIECE: usize = 256 * 1024;

/// Bytes in memory, or a part of a file, which is read when they are needed.
#[derive(Debug, Clone)]
pub(super) enum Content {
    Memory(Bytes),
    File { file: Arc<Source>, place: Range<u64> },
}

/// An open file, which no one else reads.
#[derive(Debug)]
pub(super) struct Source {
    file: File,
    /// Where it is, if it goes away with this.
    temporary: Option<TempPath>,
}

impl Default for Content {
    fn default() -> Self {
        Self::Memory(Bytes::new())
    }
}

impl Content {
    /// A whole file.
    pub fn open(path: &Path) -> io::Result<Self> {
        // A FIFO would wait for somebody at its other end.
        if !std::fs::symlink_metadata(path)?.is_file() {
            return Err(io::Error::other(format!("{} is not a regular file", path.display())));
        }
        let file = File::open(path)?;
        let length = file.metadata()?.len();
        Ok(Self::File { file: Arc::new(Source { file, temporary: None }), place: 0..length })
    }

    pub fn len(&self) -> u64 {
        match self {
            Self::Memory(bytes) => bytes.len() as u64,
            Self::File { place, .. } => place.end - place.start,
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The bytes, where they are in memory; else none.
    pub fn in_memory(&self) -> &[u8] {
        match self {
            Self::Memory(bytes) => bytes,
            Self::File { .. } => &[],
        }
    }

    /// A part of it, which is inside it.
    pub fn slice(&self, part: Range<u64>) -> Self {
        match self {
            Self::Memory(bytes) => {
                let at = |place: u64| usize::try_from(place).unwrap_or(usize::MAX).min(bytes.len());
                Self::Memory(bytes.slice(at(part.start)..at(part.end)))
            }
            Self::File { file, place } => {
                let at = |offset: u64| place.start.saturating_add(offset).min(place.end);
                Self::File { file: Arc::clone(file), place: at(part.start)..at(part.end) }
            }
        }
    }

    /// Takes so many bytes from its beginning, or all that there are.
    pub fn take(&mut self, most: usize) -> io::Result<Bytes> {
        let most = most.min(usize::try_from(self.len()).unwrap_or(usize::MAX));
        match self {
            Self::Memory(bytes) => Ok(bytes.split_to(most)),
            Self::File { file, place } => {
                let mut bytes = vec![0; most];
                let mut reader = &file.file;
                reader.seek(SeekFrom::Start(place.start))?;
                reader.read_exact(&mut bytes)?;
                place.start += most as u64;
                Ok(Bytes::from(bytes))
            }
        }
    }

    /// All of it, in memory.
    pub fn read(mut self) -> io::Result<Bytes> {
        self.take(usize::MAX)
    }

    /// Writes all of it, a piece at a time.
    pub fn copy_to(&self, mut to: impl Write) -> io::Result<()> {
        let mut rest = self.clone();
        while !rest.is_empty() {
            to.write_all(&rest.take(PIECE)?)?;
        }
        Ok(())
    }

    /// Whether it has this digest, which is well-formed.
    pub fn has_digest(&self, digest: &str) -> io::Result<bool> {
        let Ok(digest) = Digest::parse(digest) else { return Ok(false) };
        let mut hasher = Hasher::new([digest.algorithm()]);
        let mut rest = self.clone();
        while !rest.is_empty() {
            hasher.update(&rest.take(PIECE)?);
        }
        Ok(hasher.finish().get(digest.algorithm()) == Some(&digest))
    }

    /// Moves the file that it is all of to another place, on the disk and whole; false where it is not such a file.
    pub fn move_to(&self, path: &Path) -> io::Result<bool> {
        let Self::File { file, place } = self else { return Ok(false) };
        let Some(temporary) = file.temporary.as_ref().filter(|_| place.start == 0) else { return Ok(false) };
        file.file.sync_all()?;
        // What goes away later is only the name, which nothing has any more.
        std::fs::rename(temporary, path)?;
        Ok(true)
    }
}

/// What arrives: in memory as long as it is small, or if there is no folder for it.
#[derive(Debug)]
pub(super) struct Arriving {
    memory: Vec<u8>,
    file: Option<NamedTempFile>,
    length: u64,
    folder: Option<PathBuf>,
    most_in_memory: usize,
}

impl Arriving {
    /// Nothing so far. What is larger than `most_in_memory` goes to a temporary file in the folder.
    pub fn new(folder: Option<PathBuf>, most_in_memory: usize) -> Self {
        Self { memory: Vec::new(), file: None, length: 0, folder, most_in_memory }
    }

    pub fn push(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.length += bytes.len() as u64;
        if let Some(file) = &mut self.file {
            return file.write_all(bytes);
        }
        self.memory.extend_from_slice(bytes);
        if let Some(folder) = self.folder.as_ref().filter(|_| self.memory.len() > self.most_in_memory) {
            let mut file = NamedTempFile::new_in(folder)?;
            file.write_all(&std::mem::take(&mut self.memory))?;
            self.file = Some(file);
        }
        Ok(())
    }

    pub fn finish(self) -> Content {
        match self.file {
            None => Content::Memory(Bytes::from(self.memory)),
            Some(file) => {
                let (file, path) = file.into_parts();
                let source = Source { file, temporary: Some(path) };
                Content::File { file: Arc::new(source), place: 0..self.length }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::HashAlgorithm;

    #[test]
    fn what_is_large_goes_to_the_disk_and_is_the_same() {
        let place = tempfile::tempdir().unwrap();
        let bytes: Vec<u8> = (0..700_000_u32).map(|n| (n % 251) as u8).collect();
        let digest = HashAlgorithm::Sha512.digest(&bytes).to_string();
        for (folder, files) in [(None, 0), (Some(place.path().to_owned()), 1)] {
            let mut arriving = Arriving::new(folder, 100);
            bytes.chunks(999).for_each(|chunk| arriving.push(chunk).unwrap());
            let content = arriving.finish();
            assert_eq!(place.path().read_dir().unwrap().count(), files);
            assert_eq!((content.len(), content.in_memory().is_empty()), (700_000, files == 1));
            assert!(content.has_digest(&digest).unwrap());
            assert!(!content.slice(1..700_000).has_digest(&digest).unwrap());
            assert_eq!(content.slice(500..600).read().unwrap(), bytes[500..600]);
            assert_eq!(content.slice(699_999..1_000_000).read().unwrap(), bytes[699_999..]);
            let mut copy = Vec::new();
            content.copy_to(&mut copy).unwrap();
            assert_eq!(copy, bytes);
            assert_eq!(content.move_to(&place.path().join("moved")).unwrap(), files == 1);
        }
        // Temporary files go away, what was moved stays.
        assert_eq!(std::fs::read(place.path().join("moved")).unwrap(), bytes);
        assert_eq!(place.path().read_dir().unwrap().count(), 1);
    }
}
