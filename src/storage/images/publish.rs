//! Publishing what was signed: a bundle as a referrer, or a layer under a tag.

mod elsewhere;
mod listing;
mod manifest;
mod prepared;
mod replaced;

pub use elsewhere::Older;
pub use prepared::{prepare_bundle, prepare_layer};

use super::append::{self, Change, Shape, Shared, Writer};
use super::{Error, Home, Place};
use crate::crypto::Digest;
use crate::registry::{Attachment, Descriptor, Target, referrers_tag};

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
    /// Which of the layers that are there are replaced by this one.
    pub replaces: Replaces<'a>,
    /// When the configuration says that it was made (`--record-creation-timestamp`); `None` is cosign's zero.
    pub created: Option<crate::crypto::UnixTime>,
}

/// What a new layer replaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replaces<'a> {
    /// Nothing.
    Nothing,
    /// Everything under the tag.
    Everything,
    /// Envelopes with a statement of this predicate type. What counts is the statement: what annotations say of it is not
    /// relied on, and what cannot be read stays.
    Statements(&'a str),
}

/// Where it is now.
#[derive(Debug)]
pub struct Published {
    /// The manifest in which it stands: its own, or that under the tag.
    pub manifest: Digest,
    /// What lists it.
    pub listed: Listed,
    /// What was replaced by it.
    pub replaced: Replaced,
}

/// What became of what was to be replaced.
#[derive(Debug, Default)]
pub struct Replaced {
    /// Manifests and layers that are not in force any more.
    pub gone: Vec<Digest>,
    /// Manifests that the place lists, and does not delete.
    pub kept: Vec<Digest>,
    /// What went wrong first; what is new is in force all the same.
    pub failed: Option<Error>,
}

impl Replaced {
    /// Both of them.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.gone.extend(other.gone);
        self.kept.extend(other.kept);
        Self { failed: self.failed.or(other.failed), ..self }
    }
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
/// [`Error::Unlisted`], see [`super::append()`]; the place refuses.
pub async fn publish_bundle(
    writer: &Writer,
    home: &Home,
    subject: &Descriptor,
    bundle: &NewBundle<'_>,
) -> Result<Published, Error> {
    let place = &home.attachments;
    let (manifest, (config, config_bytes), layer) = manifest::of_bundle(subject, bundle, writer.now);
    let older = async {
        match bundle.predicate_type.filter(|_| bundle.replaces) {
            Some(predicate_type) => {
                let all = place.referrers(&subject.digest).await?.all();
                replaced::referrers(place, &subject.digest, all, predicate_type).await
            }
            None => Ok(Vec::new()),
        }
    };
    let (one, other, older) =
        tokio::join!(place.put_blob(&config, &config_bytes), place.put_blob(&layer, bundle.json), older);
    one.and(other)?;
    let mut older = older?;
    older.retain(|entry| entry.digest != manifest.entry.digest);
    let listed = publish_manifest(writer, place, &subject.digest, &manifest, &older).await?;
    let replaced = replaced::remove(place, &older, |_| listed == Listed::Place).await;
    Ok(Published { manifest: manifest.entry.digest, listed, replaced })
}

/// Whether this very bundle refers to `subject` already.
///
/// # Errors
/// The place does not answer.
pub async fn is_bundle_published(home: &Home, subject: &Digest, json: &[u8]) -> Result<bool, Error> {
    let digest = append::descriptor(manifest::BUNDLE, json).digest;
    replaced::holds_layer(&home.attachments, subject, &digest).await
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
    let place = &home.attachments;
    let tag = layer.what.tag_of(&home.tag_prefix, subject);
    let new = manifest::layer(layer);
    let mut shared = Shared::new(writer, place, &tag, Shape::Layers { created: layer.created });
    let (pushed, seen) = tokio::join!(place.put_blob(&new, layer.content), shared.read());
    pushed?;
    let (lock, seen) = shared.lock_having_read(seen?).await?;
    let there = shared.entries(&seen)?;
    let same = there.iter().find(|entry| **entry == new || (layer.is_same)(entry));
    let entry = same.unwrap_or(&new).clone();
    let others = there.iter().filter(|other| **other != entry);
    let remove = match layer.replaces {
        Replaces::Nothing => Vec::new(),
        Replaces::Everything => others.cloned().collect(),
        Replaces::Statements(predicate_type) => replaced::layers(place, others, predicate_type).await?,
    };
    let change = Change { remove, add: vec![entry], whole: None };
    let replaced = Replaced { gone: digests(&change.remove), ..Replaced::default() };
    let appended = shared.bring_about(lock, seen, change).await?;
    Ok(Published {
        // Something was added, so there is a document.
        manifest: appended.document.unwrap_or(new.digest),
        listed: Listed::Tag(tag),
        replaced,
    })
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
    let place = &home.attachments;
    let new = manifest::layer(layer);
    let (manifest, (config, config_bytes)) = manifest::of_layer(subject, layer, &new);
    let (one, other) =
        tokio::join!(place.put_blob(&config, &config_bytes), place.put_blob(&new, layer.content));
    one.and(other)?;
    let listed = publish_manifest(writer, place, &subject.digest, &manifest, &[]).await?;
    let replaced = Replaced::default();
    Ok(Published { manifest: manifest.entry.digest, listed, replaced })
}

/// Writes a manifest that refers to `subject`, and has it listed; `older` are taken out of the fallback index.
async fn publish_manifest(
    writer: &Writer,
    place: &Place,
    subject: &Digest,
    manifest: &manifest::New,
    older: &[Descriptor],
) -> Result<Listed, Error> {
    let target = Target::Digest(manifest.entry.digest.clone());
    let put = place.put_manifest(&target, &manifest.entry.media_type, &manifest.bytes);
    if !place.is_without_referrers() {
        if put.await?.lists_referrers {
            return Ok(Listed::Place);
        }
        return listing::list(writer, place, subject, &manifest.entry, older).await;
    }
    // It goes into the index in any case: what that holds is read beside.
    let tag = referrers_tag(subject);
    let mut shared = Shared::new(writer, place, &tag, Shape::Index);
    let (written, seen) = tokio::join!(put, shared.read());
    if written?.lists_referrers {
        return Ok(Listed::Place);
    }
    let (lock, seen) = shared.lock_having_read(seen?).await?;
    let change = Change { add: vec![manifest.entry.clone()], remove: older.to_vec(), whole: None };
    shared.bring_about(lock, seen, change).await?;
    Ok(Listed::Tag(tag))
}

fn digests(descriptors: &[Descriptor]) -> Vec<Digest> {
    descriptors.iter().map(|descriptor| descriptor.digest.clone()).collect()
}

#[cfg(test)]
mod tests;
