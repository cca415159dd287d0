//! Publishing what was signed: a bundle as a referrer, or a layer under a tag.

use super::append::Writer;
use super::{Error, Home, Place};
use crate::crypto::Digest;
use crate::registry::{Attachment, Descriptor};

/// A Sigstore bundle to be published.
#[derive(Debug, Clone, Copy)]
pub struct NewBundle<'a> {
    /// Its JSON text.
    pub json: &'a [u8],
    /// What it holds: `dsse-envelope` or `message-signature`.
    pub content: &'a str,
    /// The predicate type of the statement in it.
    pub predicate_type: Option<&'a str>,
    /// Whether bundles with a statement of the same predicate type are removed once this one is there (`attest --replace`).
    pub replaces: bool,
}

/// A layer to be added to what is under a tag.
#[derive(Clone, Copy)]
pub struct NewLayer<'a> {
    /// Under which tag.
    pub what: Attachment,
    /// Its media type.
    pub media_type: &'a str,
    /// Its content.
    pub content: &'a [u8],
    /// Its annotations, in the order in which they are written.
    pub annotations: &'a [(String, String)],
    /// Whether a layer that is there says the same, so that this one is not added.
    pub is_same: &'a dyn Fn(&Descriptor) -> bool,
    /// Whether a layer that is there is replaced by this one.
    pub replaces: &'a dyn Fn(&Descriptor) -> bool,
    /// When the configuration says that it was made (`--record-creation-timestamp`); `None` is cosign's zero.
    pub created: Option<crate::crypto::UnixTime>,
}

/// Where it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// The manifest in which it stands: its own, or that under the tag.
    pub manifest: Digest,
    /// What lists it.
    pub listed: Listed,
    /// Whether it is new there.
    pub is_new: bool,
    /// What was replaced by it: manifests, or layers.
    pub replaced: Vec<Digest>,
    /// What it should have replaced, and the place does not delete.
    pub kept: Vec<Digest>,
}

/// What lists something that was published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listed {
    /// The place itself.
    Place,
    /// This tag: the fallback index, or the one with the layers.
    Tag(String),
}

/// Publishes a bundle as a referrer of `subject`.
///
/// # Errors
/// [`Error::Unlisted`], see [`super::append`]; the place refuses.
pub async fn publish_bundle(
    writer: &Writer,
    home: &Home,
    subject: &Descriptor,
    bundle: &NewBundle<'_>,
) -> Result<Published, Error> {
    let _ = (writer, subject, bundle);
    not_yet(&home.attachments)
}

/// Publishes a layer under the tag of the image `subject`.
///
/// # Errors
/// As [`publish_bundle`].
pub async fn publish_layer(
    writer: &Writer,
    home: &Home,
    subject: &Digest,
    layer: &NewLayer<'_>,
) -> Result<Published, Error> {
    let _ = (writer, subject, layer);
    not_yet(&home.attachments)
}

/// Publishes a layer in a manifest of its own that refers to `subject`, as cosign does with `--registry-referrers-mode oci-1-1`: the
/// configuration has the media type `application/vnd.dev.cosign.artifact.sig.v1+json` (`.att`, `.sbom`).
///
/// # Errors
/// As [`publish_bundle`].
pub async fn publish_referring_layer(
    writer: &Writer,
    home: &Home,
    subject: &Descriptor,
    layer: &NewLayer<'_>,
) -> Result<Published, Error> {
    let _ = (writer, subject, layer);
    not_yet(&home.attachments)
}

fn not_yet(place: &Place) -> Result<Published, Error> {
    Err(Error::ReadOnly { place: place.to_string() })
}
