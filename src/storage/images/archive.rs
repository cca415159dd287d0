//! An OCI image layout in a tar archive.

use std::path::{Path, PathBuf};

use super::{Error, Place, Referrers, Written};
use crate::crypto::Digest;
use crate::registry::{Descriptor, Manifest, Target};

/// A layout.
#[derive(Debug, Clone)]
pub struct Archive {
    path: PathBuf,
}

impl Archive {
    /// The layout at `path`.
    ///
    /// # Errors
    /// It is none.
    pub fn open(path: &Path) -> Result<Self, Error> {
        Ok(Self { path: path.to_owned() })
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The one image in it, by its digest.
    ///
    /// # Errors
    /// There is none, or more than one.
    pub fn only_image(&self) -> Result<Target, Error> {
        self.missing()
    }

    fn missing<T>(&self) -> Result<T, Error> {
        Err(Error::ReadOnly { place: self.to_string() })
    }

    /// See [`Place::resolve`].
    pub async fn resolve(&self, _target: &Target) -> Result<Option<Descriptor>, Error> {
        self.missing()
    }

    /// See [`Place::manifest`].
    pub async fn manifest(&self, _target: &Target) -> Result<Option<Manifest>, Error> {
        self.missing()
    }

    /// See [`Place::blob`].
    pub async fn blob(&self, _descriptor: &Descriptor, _limit: u64) -> Result<Option<Vec<u8>>, Error> {
        self.missing()
    }

    /// See [`Place::stream`].
    pub async fn stream(&self, _descriptor: &Descriptor, _take: impl FnMut(&[u8])) -> Result<bool, Error> {
        self.missing()
    }

    /// See [`Place::referrers`].
    pub async fn referrers(&self, _subject: &Digest) -> Result<Referrers, Error> {
        self.missing()
    }

    /// See [`Place::tags`].
    pub async fn tags(&self) -> Result<Option<Vec<String>>, Error> {
        self.missing()
    }

    /// See [`Place::put_blob`].
    pub async fn put_blob(&self, _descriptor: &Descriptor, _content: &[u8]) -> Result<(), Error> {
        self.missing()
    }

    /// See [`Place::copy_blob`].
    pub async fn copy_blob(&self, _from: &Place, _descriptor: &Descriptor) -> Result<(), Error> {
        self.missing()
    }

    /// See [`Place::put_manifest`].
    pub async fn put_manifest(
        &self,
        _target: &Target,
        _media_type: &str,
        _bytes: &[u8],
    ) -> Result<Written, Error> {
        self.missing()
    }

    /// See [`Place::delete`].
    pub async fn delete(&self, _target: &Target) -> Result<bool, Error> {
        self.missing()
    }
}

impl std::fmt::Display for Archive {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.path.display().fmt(f)
    }
}
