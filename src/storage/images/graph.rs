//! An image with everything that belongs to it, and how it gets from one place to another.
//!
//! What belongs to an image: its children where it is an index, nested too; the configuration and the layers of each; the tags
//! `.sig`, `.att` and `.sbom` and the referrers, listed by the registry or by the fallback index, of the image and of
//! each child; and the referrers of those. [`Graph::read`] finds all of it, and [`Transfer`] takes it over.

mod selection;
mod transfer;
mod walk;

pub use selection::Selection;
pub use transfer::{Step, Transfer};

use std::collections::{HashMap, HashSet};

use super::{Error, Home, Place};
use crate::crypto::Digest;
use crate::registry::{Attachment, Descriptor, Kind, Manifest};

/// How far from the image something may be: an index in an index, the referrer of a referrer. What is further away is an error,
/// and never left out in silence.
pub const MAX_DEPTH: usize = 8;
/// The most manifests that may belong to one image; as many as one list may have entries.
pub const MAX_MANIFESTS: usize = 10_000;
/// The most bytes that they may have together; they are in memory while the image is copied. Blobs are not.
pub const MAX_BYTES: u64 = 16 << 20;
/// Requests at a time.
const AT_ONCE: usize = 8;

/// An image with everything that belongs to it, as it is in one place.
#[derive(Debug)]
pub struct Graph {
    home: Home,
    image: Digest,
    selection: Selection,
    items: Vec<Item>,
    left_out: Vec<LeftOut>,
}

/// A manifest of the graph.
#[derive(Debug, Clone)]
pub struct Item {
    /// The manifest.
    pub manifest: Manifest,
    /// What it is to the image.
    pub role: Role,
    /// In which of the two places it is.
    pub side: Side,
}

/// What a manifest is to the image.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Role {
    /// The image itself.
    Image,
    /// A child of it, or of a child.
    Child,
    /// What is under a tag of the tag scheme.
    Attachment {
        /// What it belongs to.
        of: Digest,
        /// The tag.
        what: Attachment,
    },
    /// What refers to it, to a child, or to another referrer.
    Referrer {
        /// Its subject.
        of: Digest,
    },
    /// A child of an attachment or of a referrer.
    Part,
}

/// One of the places of a [`Home`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    /// That of the image.
    Image,
    /// That of what belongs to it.
    Attachments,
}

/// What is listed and cannot be taken along.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LeftOut {
    /// It is not there.
    Missing {
        /// What.
        referrer: Digest,
        /// What lists it.
        of: Digest,
    },
    /// It is there, and refers to something else.
    Unrelated {
        /// What.
        referrer: Digest,
        /// What lists it.
        of: Digest,
    },
}

impl Graph {
    /// Finds all that belongs to `image`, which is in `home`, as far as it is selected.
    ///
    /// # Errors
    /// The place does not answer; something is missing that a manifest names; there is more than [`MAX_MANIFESTS`],
    /// [`MAX_BYTES`] and [`MAX_DEPTH`] allow.
    pub async fn read(home: &Home, image: Manifest, selection: Selection) -> Result<Self, Error> {
        let digest = image.digest.clone();
        let (items, left_out) = walk::walk(home, image, &selection).await?;
        Ok(Self { home: home.clone(), image: digest, selection, items, left_out })
    }

    /// What is listed and cannot be taken along.
    pub fn left_out(&self) -> &[LeftOut] {
        &self.left_out
    }

    /// How late each manifest has to be written: after all its children, and after its subject.
    fn ranks(&self) -> HashMap<&Digest, usize> {
        let mut ranks: HashMap<&Digest, usize> =
            self.items.iter().map(|item| (&item.manifest.digest, 0)).collect();
        // Digests make no circles, and the walk goes no deeper.
        for _ in 0..=2 * MAX_DEPTH {
            let mut next = ranks.clone();
            for item in &self.items {
                let needed = children(&item.manifest).iter().map(|child| &child.digest).chain(item.role.of());
                let needed = needed.filter_map(|digest| ranks.get(digest)).max();
                let rank = next.entry(&item.manifest.digest).or_default();
                *rank = (*rank).max(needed.map_or(0, |rank| rank + 1));
            }
            if next == ranks {
                break;
            }
            ranks = next;
        }
        ranks
    }
}

impl Role {
    /// What it belongs to.
    fn of(&self) -> Option<&Digest> {
        match self {
            Self::Attachment { of, .. } | Self::Referrer { of } => Some(of),
            Self::Image | Self::Child | Self::Part => None,
        }
    }

    /// In which place of a home it belongs.
    fn side(&self) -> Side {
        match self {
            Self::Image | Self::Child => Side::Image,
            Self::Attachment { .. } | Self::Referrer { .. } | Self::Part => Side::Attachments,
        }
    }
}

impl Side {
    /// Its place.
    fn of(self, home: &Home) -> &Place {
        match self {
            Self::Image => &home.image,
            Self::Attachments => &home.attachments,
        }
    }
}

impl Item {
    /// The blobs that it names and that are copied with it, each once. Layers that must not be distributed are where their
    /// own addresses say.
    fn blobs(&self) -> Vec<&Descriptor> {
        let Kind::Image { config, layers } = &self.manifest.kind else { return Vec::new() };
        let mut seen = HashSet::new();
        let own = std::iter::once(config).chain(layers.iter().filter(|layer| !is_foreign(&layer.media_type)));
        own.filter(|blob| seen.insert(&blob.digest)).collect()
    }
}

/// Whether a layer has to be fetched from where its `urls` say, and from no registry (OCI image specification 1.1,
/// "Non-distributable Layers"; Docker's foreign layers).
fn is_foreign(media_type: &str) -> bool {
    media_type.starts_with("application/vnd.oci.image.layer.nondistributable.v1.")
        || media_type.starts_with("application/vnd.docker.image.rootfs.foreign.")
}

fn children(manifest: &Manifest) -> &[Descriptor] {
    match &manifest.kind {
        Kind::Index { manifests } => manifests,
        Kind::Image { .. } => &[],
    }
}

impl LeftOut {
    /// What it is.
    fn referrer(&self) -> &Digest {
        match self {
            Self::Missing { referrer, .. } | Self::Unrelated { referrer, .. } => referrer,
        }
    }
}

impl std::fmt::Display for LeftOut {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Missing { referrer, of } => {
                write!(f, "{referrer} is listed as belonging to {of} and is not there; it is left out")
            }
            Self::Unrelated { referrer, of } => {
                write!(
                    f,
                    "{referrer} is listed as belonging to {of} and refers to something else; it is left out"
                )
            }
        }
    }
}
