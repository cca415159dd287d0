//! An OCI image layout in a tar archive, as `skopeo copy ... oci-archive:FILE` and `docker save` (since Docker 25) write it.
//!
//! The headers are read once; a blob is read where it is. Nothing is written anywhere.

mod headers;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::Error;
use super::contents::{Contents, Opened, Source};
use crate::crypto::{DecodeError, Digest};
use crate::registry::Target;
use crate::storage::open_file;

/// A layout.
#[derive(Debug, Clone)]
pub struct Archive {
    contents: Contents,
}

/// The archive, and where in it its files are.
#[derive(Debug)]
struct Files {
    path: PathBuf,
    archive: Arc<Mutex<File>>,
    /// Offset and size, by path.
    members: BTreeMap<String, (u64, u64)>,
}

impl Archive {
    /// The layout at `path`.
    ///
    /// # Errors
    /// There is no such file; it is no tar archive, a compressed one, or one with anything but files and folders that are in
    /// it once; it holds no layout.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let (mut file, size) = open_file("archive", path)?;
        let members = headers::read(&mut file, size).map_err(|error| match error {
            headers::Error::Content(source) => Error::NotALayout { path: path.to_owned(), source },
            headers::Error::Read(source) => {
                let path = path.to_owned();
                Error::File(crate::storage::Error::Read { what: "archive", path, source })
            }
        })?;
        if !members.contains_key(super::contents::INDEX) && members.contains_key("manifest.json") {
            let reason = "it is an archive of `docker save` before Docker 25 or of `podman save`: the manifest that is \
                          signed is not in it";
            let source = DecodeError::whole("image layout", reason);
            return Err(Error::NotALayout { path: path.to_owned(), source });
        }
        let files = Files { path: path.to_owned(), archive: Arc::new(Mutex::new(file)), members };
        Ok(Self { contents: Contents::open(Arc::new(files))? })
    }

    /// The one image in it, by its digest. Signatures, attestations, referrers, and parts of an index are none.
    ///
    /// # Errors
    /// There is none, or more than one.
    pub fn only_image(&self) -> Result<Target, Error> {
        self.contents.only_image()
    }

    /// What is in it.
    pub(super) fn contents(&self) -> &Contents {
        &self.contents
    }
}

impl std::fmt::Display for Archive {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.contents.fmt(f)
    }
}

impl Source for Files {
    fn scheme(&self) -> &'static str {
        "oci-archive"
    }

    fn place(&self) -> &Path {
        &self.path
    }

    fn open(&self, path: &str) -> Result<Option<Opened>, Error> {
        let Some(&(at, size)) = self.members.get(path) else { return Ok(None) };
        let reader = Box::new(Section { archive: Arc::clone(&self.archive), at, left: size });
        Ok(Some(Opened { reader, size }))
    }

    fn blobs(&self) -> Result<Vec<(Digest, u64)>, Error> {
        let digest = |path: &str| {
            let (algorithm, hex) = path.strip_prefix("blobs/")?.split_once('/')?;
            Digest::parse(&format!("{algorithm}:{hex}")).ok()
        };
        let members = self.members.iter();
        Ok(members.filter_map(|(path, (_, size))| Some((digest(path)?, *size))).collect())
    }
}

/// A file in the archive. Several are read at the same time, so each looks for its place anew.
struct Section {
    archive: Arc<Mutex<File>>,
    at: u64,
    left: u64,
}

impl Read for Section {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let room = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len());
        let buffer = buffer.get_mut(..room).unwrap_or_default();
        let n = {
            let mut archive = self.archive.lock().unwrap_or_else(PoisonError::into_inner);
            archive.seek(SeekFrom::Start(self.at))?;
            archive.read(buffer)?
        };
        self.at = self.at.saturating_add(n as u64);
        self.left = self.left.saturating_sub(n as u64);
        Ok(n)
    }
}

#[cfg(test)]
mod tests;
