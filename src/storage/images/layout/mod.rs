//! An OCI image layout in a folder.
//!
//! What is written: blobs whole or not at all, and `index.json` in place of the one before, under the lock
//! `index.json.lock` (which is also that of `BuildKit`), so that of processes that write at the same time none loses
//! what another one wrote. Entries and members of `index.json` that are not understood stay as they are.

mod folder;
mod index;
mod lock;
mod mark;
mod write;

use std::path::Path;
use std::sync::Arc;

use self::folder::Folder;
use super::contents::Contents;
use super::{Error, Place, Written};
use crate::crypto::Hasher;
use crate::registry::{Descriptor, Target};
use crate::storage::{open_file, stream_open};

/// A layout.
#[derive(Debug, Clone)]
pub struct Layout {
    folder: Arc<Folder>,
    contents: Contents,
}

impl Layout {
    /// The layout at `path`.
    ///
    /// # Errors
    /// There is none, or it is of a version that is not known.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let folder = Arc::new(Folder::open(path)?);
        let contents = Contents::open(Arc::clone(&folder) as _)?;
        Ok(Self { folder, contents })
    }

    /// A layout at `path`: the one that is there, else a new one without anything in it. Folders are made as they are needed.
    ///
    /// # Errors
    /// There is something else, or nothing can be written there.
    pub fn create(path: &Path) -> Result<Self, Error> {
        write::create(path)?;
        Self::open(path)
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        self.contents.place()
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

    /// See [`Place::put_blob`].
    pub async fn put_blob(&self, descriptor: &Descriptor, content: &[u8]) -> Result<(), Error> {
        self.write_blob(descriptor, content)
    }

    /// See [`Place::put_file`].
    pub async fn put_file(&self, descriptor: &Descriptor, path: &Path) -> Result<(), Error> {
        let Some(mut blob) = self.start_blob(descriptor)? else { return Ok(()) };
        let (mut file, _) = open_file("file", path)?;
        let mut hasher = Hasher::new([descriptor.digest.algorithm()]);
        stream_open(&mut file, path, |part| {
            hasher.update(part);
            blob.take(part);
        })?;
        match hasher.finish().get(descriptor.digest.algorithm()) {
            Some(found) if *found != descriptor.digest => {
                let (place, wanted) = (path.display().to_string(), descriptor.digest.clone());
                Err(Error::Digest { place, wanted, found: found.clone() })
            }
            _ => blob.finish(),
        }
    }

    /// See [`Place::copy_blob`].
    pub async fn copy_blob(&self, from: &Place, descriptor: &Descriptor) -> Result<(), Error> {
        let Some(mut blob) = self.start_blob(descriptor)? else { return Ok(()) };
        if !from.stream(descriptor, |part| blob.take(part)).await? {
            return Err(Error::Missing { place: from.to_string(), wanted: descriptor.digest.clone() });
        }
        blob.finish()
    }

    /// See [`Place::put_manifest`].
    pub async fn put_manifest(
        &self,
        target: &Target,
        media_type: &str,
        bytes: &[u8],
    ) -> Result<Written, Error> {
        self.put_entry(target, media_type, bytes, &[])
    }

    /// See [`Place::delete`].
    pub async fn delete(&self, target: &Target) -> Result<bool, Error> {
        self.remove(target)
    }
}

impl std::fmt::Display for Layout {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.contents.fmt(f)
    }
}

#[cfg(test)]
mod tests;
