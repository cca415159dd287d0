//! Images that requests name: rooms `registry` and `storage` meet the context.

#[cfg(feature = "http")]
use std::sync::{Arc, OnceLock};

use super::{Context, Error, ErrorKind, RegistryRequest};
use crate::crypto::Digest;
use crate::registry::{Descriptor, Manifest, Repository, Target};
use crate::storage::images::{self, Home, ImageName, Place};

/// Opens the images of one command; they share one client, which is made when the first registry is named.
pub(super) struct Images<'a> {
    request: &'a RegistryRequest,
    context: &'a Context,
    repository: Option<Repository>,
    #[cfg(feature = "http")]
    client: OnceLock<Arc<crate::registry::Client>>,
}

/// An image that was named.
#[derive(Debug, Clone)]
pub(super) struct Image {
    /// As the user typed it.
    pub typed: String,
    /// What it means.
    pub name: ImageName,
    /// Where it is, and where what belongs to it is.
    pub home: Home,
    /// What is meant there.
    pub target: Target,
}

impl<'a> Images<'a> {
    /// Those of one command.
    ///
    /// # Errors
    /// `COSIGN_REPOSITORY` names no repository.
    pub fn new(request: &'a RegistryRequest, context: &'a Context) -> Result<Self, Error> {
        Ok(Self {
            request,
            context,
            repository: super::registry::signature_repository(context)?,
            #[cfg(feature = "http")]
            client: OnceLock::new(),
        })
    }

    /// The image that `typed` names. Nothing is asked yet; a layout and an archive are opened.
    ///
    /// # Errors
    /// It names none; there is no such layout.
    pub fn open(&self, typed: &str) -> Result<Image, Error> {
        let _ = (self.request, self.context, &self.repository, typed);
        Err(Error::new(ErrorKind::Other, "L writes this"))
    }
}

impl Image {
    /// Its manifest, compared with the digest that was asked for.
    ///
    /// # Errors
    /// There is no such image (kind `NoSuchArtifact`); its place is of no use.
    pub async fn manifest(&self) -> Result<Manifest, Error> {
        self.home.image.manifest(&self.target).await?.ok_or_else(|| self.missing())
    }

    /// Its media type, digest and size.
    ///
    /// # Errors
    /// As [`Self::manifest`].
    pub async fn descriptor(&self) -> Result<Descriptor, Error> {
        self.home.image.resolve(&self.target).await?.ok_or_else(|| self.missing())
    }

    /// Its digest; where it was named by it, nobody is asked.
    ///
    /// # Errors
    /// As [`Self::manifest`].
    pub async fn digest(&self) -> Result<Digest, Error> {
        match &self.target {
            Target::Digest(digest) => Ok(digest.clone()),
            Target::Tag(_) => Ok(self.descriptor().await?.digest),
        }
    }

    fn missing(&self) -> Error {
        let new = Error::new(ErrorKind::NoSuchArtifact, format!("there is no image `{}`", self.typed));
        match self.home.image {
            #[cfg(feature = "http")]
            Place::Registry(_) => new.hint("private images need credentials: `login HOST`"),
            Place::Layout(_) | Place::Archive(_) => new,
        }
    }
}

impl From<images::Error> for Error {
    fn from(error: images::Error) -> Self {
        match error {
            #[cfg(feature = "http")]
            images::Error::Registry(error) => error.into(),
            images::Error::File(error) => Self::file(&error),
            images::Error::Output(error) => Self::output(&error),
            images::Error::TooLarge { .. } => Self::with_sources(ErrorKind::LimitExceeded, &error),
            error => Self::with_sources(ErrorKind::Format, &error),
        }
    }
}
