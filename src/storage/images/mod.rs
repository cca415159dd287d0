//! Where images and what belongs to them live: repositories of registries, layouts in folders, archives of layouts.
//!
//! A [`Place`] answers the same questions wherever it is, so that verifying, signing and copying know one kind of place.
//! Every manifest and every blob that comes out of one has been compared with its digest and its size.

mod append;
mod archive;
mod check;
mod contents;
mod error;
pub mod find;
pub mod graph;
mod layout;
mod name;
mod publish;
#[cfg(feature = "http")]
mod remote;

pub use append::{Appended, Change, Shape, Writer, append, lock_folder};
pub use archive::Archive;
pub use check::{GraphReport, check_graph};
pub use error::{Error, Unlisted};
pub use layout::Layout;
pub use name::{ImageName, NameError};
pub use publish::{
    Listed, NewBundle, NewLayer, Older, Published, Replaced, Replaces, is_bundle_published, prepare_bundle,
    prepare_layer, publish_bundle, publish_layer, publish_referring_layer,
};
#[cfg(feature = "http")]
pub use remote::Remote;

use std::collections::HashSet;
use std::path::Path;

use crate::crypto::Digest;
use crate::registry::{Descriptor, Manifest, Target};

/// A place with manifests and blobs.
#[derive(Debug, Clone)]
pub enum Place {
    /// A repository of a registry.
    #[cfg(feature = "http")]
    Registry(Remote),
    /// An OCI image layout in a folder.
    Layout(Layout),
    /// An OCI image layout in a tar archive; nothing can be written there.
    Archive(Archive),
}

/// An image's place, and the place of what belongs to it.
#[derive(Debug, Clone)]
pub struct Home {
    /// Where the image is.
    pub image: Place,
    /// Where its signatures, attestations and SBOMs are: the same place, or the repository that `COSIGN_REPOSITORY` names.
    pub attachments: Place,
    /// What the tags of attachments begin with (`--attachment-tag-prefix`).
    pub tag_prefix: String,
}

impl Home {
    /// The places to look for what belongs to the image: its own, and the other one where there is one.
    pub fn places(&self) -> Vec<Place> {
        if self.image.to_string() == self.attachments.to_string() {
            vec![self.attachments.clone()]
        } else {
            vec![self.attachments.clone(), self.image.clone()]
        }
    }
}

/// What a manifest is that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// Its digest.
    pub digest: Digest,
    /// Whether the place itself lists it as a referrer of its subject; else the fallback index has to.
    pub lists_referrers: bool,
}

/// What refers to a manifest, by where it was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Referrers {
    /// As the registry lists them itself; `None` where it does not. In a layout: every manifest in it with that subject.
    pub listed: Option<Vec<Descriptor>>,
    /// Those of the fallback index (the tag `sha256-HEX`); `None` where there is none.
    pub fallback: Option<Vec<Descriptor>>,
}

impl Referrers {
    /// All of them, each once, in the order of the lists. An entry with a wrong size does not stand for one with the right one.
    pub fn all(self) -> Vec<Descriptor> {
        let mut known = HashSet::new();
        let all = self.listed.into_iter().chain(self.fallback).flatten();
        all.filter(|entry| known.insert((entry.digest.clone(), entry.size))).collect()
    }
}

macro_rules! at {
    ($place:expr, $inner:ident => $call:expr) => {
        match $place {
            #[cfg(feature = "http")]
            Place::Registry($inner) => $call,
            Place::Layout($inner) => $call,
            Place::Archive($inner) => $call,
        }
    };
}

/// As [`at`], for what a folder and an archive do in the same way.
macro_rules! read {
    ($place:expr, $inner:ident => $call:expr) => {
        match $place {
            #[cfg(feature = "http")]
            Place::Registry($inner) => $call.await,
            Place::Layout(layout) => {
                let $inner = layout.contents();
                $call
            }
            Place::Archive(archive) => {
                let $inner = archive.contents();
                $call
            }
        }
    };
}

/// As [`at`], for what no archive takes.
macro_rules! put {
    ($place:expr, $inner:ident => $call:expr) => {
        match $place {
            #[cfg(feature = "http")]
            Place::Registry($inner) => $call.await,
            Place::Layout($inner) => $call.await,
            Place::Archive(archive) => Err(Error::ReadOnly { place: archive.to_string() }),
        }
    };
}

impl Place {
    /// The descriptor (media type, digest, size) of what `target` names; `None` where there is nothing.
    ///
    /// # Errors
    /// The place does not answer, or refuses; a failure never looks like "not there".
    pub async fn resolve(&self, target: &Target) -> Result<Option<Descriptor>, Error> {
        read!(self, place => place.resolve(target))
    }

    /// The manifest that `target` names; `None` where there is none.
    ///
    /// # Errors
    /// As [`Self::resolve`]; it has another digest, or is no manifest.
    pub async fn manifest(&self, target: &Target) -> Result<Option<Manifest>, Error> {
        read!(self, place => place.manifest(target))
    }

    /// The content of a blob of at most `limit` bytes; `None` where there is none.
    ///
    /// # Errors
    /// As [`Self::resolve`]; it is larger, or not what the descriptor says.
    pub async fn blob(&self, descriptor: &Descriptor, limit: u64) -> Result<Option<Vec<u8>>, Error> {
        read!(self, place => place.blob(descriptor, limit))
    }

    /// Hands a blob to `take`, part by part, however large it is; whether it is there. What was taken is good only if this
    /// succeeds.
    ///
    /// # Errors
    /// As [`Self::blob`].
    pub async fn stream(&self, descriptor: &Descriptor, take: impl FnMut(&[u8])) -> Result<bool, Error> {
        read!(self, place => place.stream(descriptor, take))
    }

    /// What refers to `subject`, from every list that there is. Nothing is filtered.
    ///
    /// # Errors
    /// As [`Self::resolve`]; a list without an end.
    pub async fn referrers(&self, subject: &Digest) -> Result<Referrers, Error> {
        read!(self, place => place.referrers(subject))
    }

    /// Writes a blob that is in memory, unless it is there.
    ///
    /// # Errors
    /// The place refuses, or cannot be written.
    pub async fn put_blob(&self, descriptor: &Descriptor, content: &[u8]) -> Result<(), Error> {
        put!(self, place => place.put_blob(descriptor, content))
    }

    /// Has a registry say where the next blob is to go that is in memory, before that is known. Elsewhere there is nothing to do.
    ///
    /// # Errors
    /// The place refuses.
    #[cfg_attr(
        not(feature = "http"),
        allow(clippy::unused_async, reason = "the same signature in every build")
    )]
    pub async fn begin_upload(&self) -> Result<(), Error> {
        match self {
            #[cfg(feature = "http")]
            Self::Registry(place) => place.begin_upload().await,
            Self::Layout(_) | Self::Archive(_) => Ok(()),
        }
    }

    /// Whether the referrers of what is written here surely have to be listed in the fallback index.
    pub fn is_without_referrers(&self) -> bool {
        match self {
            #[cfg(feature = "http")]
            Self::Registry(place) => place.is_without_referrers(),
            Self::Layout(_) | Self::Archive(_) => false,
        }
    }

    /// Writes a blob that is a file, part by part, however large it is, unless it is there.
    ///
    /// # Errors
    /// As [`Self::put_blob`]; the file is not what the descriptor says.
    pub async fn put_file(&self, descriptor: &Descriptor, path: &Path) -> Result<(), Error> {
        put!(self, place => place.put_file(descriptor, path))
    }

    /// Takes a blob over from another place: nothing is done where it is there, a registry mounts it where it can, else it is
    /// streamed.
    ///
    /// # Errors
    /// As [`Self::blob`] and [`Self::put_blob`]; it is missing over there.
    pub async fn copy_blob(&self, from: &Self, descriptor: &Descriptor) -> Result<(), Error> {
        put!(self, place => place.copy_blob(from, descriptor))
    }

    /// Writes a manifest under a tag or under its digest. All that it names has to be there.
    ///
    /// # Errors
    /// The place refuses, or cannot be written.
    pub async fn put_manifest(
        &self,
        target: &Target,
        media_type: &str,
        bytes: &[u8],
    ) -> Result<Written, Error> {
        put!(self, place => place.put_manifest(target, media_type, bytes))
    }

    /// As [`Self::put_manifest`], and tried only once: for tags that others write too, where what was read before an attempt
    /// that failed may be out of date for the next one.
    ///
    /// # Errors
    /// As [`Self::put_manifest`]. Where a registry does not answer, it may have been written all the same.
    pub async fn put_manifest_once(
        &self,
        target: &Target,
        media_type: &str,
        bytes: &[u8],
    ) -> Result<Written, Error> {
        match self {
            #[cfg(feature = "http")]
            Self::Registry(place) => place.put_manifest_once(target, media_type, bytes).await,
            Self::Layout(_) | Self::Archive(_) => self.put_manifest(target, media_type, bytes).await,
        }
    }

    /// Removes a manifest, or a tag; whether it was there. Of a registry that does not delete tags, the manifest that the tag
    /// names is removed, with all of its tags.
    ///
    /// # Errors
    /// The place refuses, or does not delete.
    pub async fn delete(&self, target: &Target) -> Result<bool, Error> {
        put!(self, place => place.delete(target))
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        at!(self, place => place.fmt(f))
    }
}
