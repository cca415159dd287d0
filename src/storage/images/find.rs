//! Finds what belongs to an image: everything that may be a signature, an attestation or an SBOM of it, wherever it stands.
//!
//! The sources are the referrers that the place lists itself, the fallback index (`sha256-HEX`), and the tags
//! `[PREFIX]sha256-HEX.sig`, `.att` and `.sbom`; all of them in the image's own place and, where `COSIGN_REPOSITORY` names
//! another one, in that one too. No source hides another. What is asked for:
//!
//! 1. the lists and the tags, all at once;
//! 2. the manifest of every referrer that is listed. The entry of a list is never a reason to leave one out: indexes written
//!    by cosign say `application/vnd.oci.empty.v1+json` there, and nobody checks what an index says;
//! 3. the layers that are of a kind that is wanted, by what the manifest itself says of them ([`Kind`]): a foreign artifact
//!    costs one request for its manifest, and its content is not fetched. A blob that is named twice is fetched once. Where a tag
//!    has one small layer, that comes with the manifests of 2.
//!
//! A question that fails is an error, never "there is none". What is listed and gone, cannot be read, or is larger than one
//! may be, is found all the same, as [`Unusable`]: it spoils itself alone, since anybody may have put it there. More of them
//! than the limits allow is an error, never a shorter list (CVE-2023-46737, CVE-2024-29902, CVE-2024-29903).

mod early;
pub(super) mod portion;

use std::cell::Cell;

use futures_util::stream::{self, StreamExt, TryStreamExt};

use super::{Error, Home, Place};
use crate::crypto::{DecodeError, DecodeKind, Digest};
use crate::registry::{self, Attachment, Descriptor, Manifest, Target};

use early::{Early, Gate};

/// How many manifests may be listed for one image, and how many layers of interest they may have (the limit of cosign is
/// 1000 layers in a tag).
const MAX_CANDIDATES: usize = 1_000;
/// The size of all manifests that are listed for one image: real ones have a kilobyte. What is read of them takes some ten
/// times as much memory at worst.
const MAX_MANIFESTS: u64 = 8 << 20;
/// What registries take at most as one manifest.
const MAX_MANIFEST: u64 = 4 << 20;
/// The annotations of all layers that may be signatures or attestations: each has six at most.
const MAX_ANNOTATIONS: usize = 100_000;
/// The environment variable that sets [`Want::largest`].
pub const LARGEST_VARIABLE: &str = "COSIGN_MAX_ATTACHMENT_SIZE";
/// The size of a document that nobody set another limit for.
const DEFAULT_LARGEST: u64 = 128 << 20;

const BUNDLE: &str = "application/vnd.dev.sigstore.bundle";
const SIMPLE_SIGNING: &str = "application/vnd.dev.cosign.simplesigning.v1+json";
const ENVELOPE: &str = "application/vnd.dsse.envelope.v1+json";
/// What the configuration of cosign's experimental referrers is called.
const SIGNATURE_ARTIFACT: &str = "application/vnd.dev.cosign.artifact.sig.v1+json";
const ATTESTATION_ARTIFACT: &str = "application/vnd.dev.cosign.artifact.att.v1+json";
const SBOM_ARTIFACT: &str = "application/vnd.dev.cosign.artifact.sbom.v1+json";
/// What a manifest says of the statement in its bundle.
pub const PREDICATE_TYPE: &str = "dev.sigstore.bundle.predicateType";

/// What is looked for.
#[derive(Debug, Clone, Copy)]
pub struct Want {
    /// Signatures in the way of the tag scheme: the tag `.sig`, and referrers with layers like those.
    pub signatures: bool,
    /// Attestations in the way of the tag scheme: the tag `.att`, and referrers with layers like those.
    pub attestations: bool,
    /// SBOMs: the tag `.sbom`, and referrers with layers like that one's.
    pub sboms: bool,
    /// Referrers of which nothing is known.
    pub foreign: bool,
    /// The forms to look for them in. Bundles may be either, so they are wanted whenever their form is.
    pub forms: Forms,
    /// The size of the largest document in bytes ([`LARGEST_VARIABLE`]).
    pub largest: u64,
    /// How many questions may be open at a time.
    pub workers: usize,
}

/// The forms in which signatures and attestations are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Forms {
    /// Bundles that refer to the image.
    pub bundles: bool,
    /// Layers under the tags of cosign 2.
    pub tags: bool,
    /// The same layers in manifests that refer to the image (cosign's experimental OCI 1.1 form).
    pub layers: bool,
}

impl Forms {
    /// All of them.
    pub const ALL: Self = Self { bundles: true, tags: true, layers: true };
    /// What cosign 3 writes.
    pub const BUNDLES: Self = Self { bundles: true, tags: false, layers: false };
    /// What cosign 2 writes.
    pub const TAGS: Self = Self { bundles: false, tags: true, layers: false };
    /// What cosign writes with `--registry-referrers-mode oci-1-1` and without bundles.
    pub const LAYERS: Self = Self { bundles: false, tags: false, layers: true };
}

impl Default for Want {
    /// Nothing, in every form.
    fn default() -> Self {
        Self {
            signatures: false,
            attestations: false,
            sboms: false,
            foreign: false,
            forms: Forms::ALL,
            largest: DEFAULT_LARGEST,
            workers: 10,
        }
    }
}

impl Want {
    fn tags(&self) -> impl Iterator<Item = Attachment> {
        let wanted = [
            (self.signatures, Attachment::Signature),
            (self.attestations, Attachment::Attestation),
            (self.sboms, Attachment::Sbom),
        ];
        let tags = self.forms.tags;
        wanted.into_iter().filter(move |(wanted, _)| tags && *wanted).map(|(_, tag)| tag)
    }

    fn referrers(&self) -> bool {
        self.forms.bundles || self.forms.layers || self.foreign
    }

    /// Whether a layer of this kind is of interest in something that refers to the image.
    fn takes(&self, kind: Kind) -> bool {
        match kind {
            Kind::Bundle => self.forms.bundles,
            Kind::Signature => self.signatures && self.forms.layers,
            Kind::Attestation => self.attestations && self.forms.layers,
            Kind::Sbom => self.sboms,
            Kind::Foreign => self.foreign,
        }
    }
}

/// What a layer is, as far as the manifest around it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A Sigstore bundle, which may hold a signature or an attestation.
    Bundle,
    /// A simple-signing payload, its signature in the layer's annotations.
    Signature,
    /// A DSSE envelope, its certificate and log entry in the layer's annotations.
    Attestation,
    /// A bill of materials.
    Sbom,
    /// Anything else.
    Foreign,
}

impl Kind {
    /// The kind of a layer of something that refers to an image. The layer's own media type comes first; where that says
    /// nothing, what the manifest says of the whole decides.
    pub(super) fn of(manifest: &Manifest, layer: &Descriptor) -> Self {
        let config = match &manifest.kind {
            registry::Kind::Image { config, .. } => Some(config.media_type.as_str()),
            registry::Kind::Index { .. } => None,
        };
        let names = [Some(layer.media_type.as_str()), manifest.artifact_type.as_deref(), config];
        let known = |name: &str| match name.to_ascii_lowercase().as_str() {
            name if name.starts_with(BUNDLE) => Some(Self::Bundle),
            SIMPLE_SIGNING | SIGNATURE_ARTIFACT => Some(Self::Signature),
            ENVELOPE | ATTESTATION_ARTIFACT => Some(Self::Attestation),
            SBOM_ARTIFACT => Some(Self::Sbom),
            _ => None,
        };
        names.into_iter().flatten().find_map(known).unwrap_or(Self::Foreign)
    }
}

/// Where a manifest was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// In a list of what refers to the image.
    Referrer,
    /// Under the tag of attachments of this sort.
    Tag(Attachment),
}

/// Why something that was found is of no use.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// It is named, and not there.
    #[error("it is listed, and not there")]
    Gone,
    /// It is there, and not what it should be.
    #[error("{0}")]
    Malformed(String),
    /// It is larger, deeper or more than one may be, so that nobody has looked at all of it.
    #[error("{0}")]
    Excessive(String),
}

/// A manifest that was found.
#[derive(Debug, Clone)]
pub struct Listed {
    /// Its name for people: `REPOSITORY@sha256:HEX`, or `REPOSITORY:sha256-HEX.sig`.
    pub name: String,
    /// Where it was found.
    pub source: Source,
    /// What names it. Its artifact type is the one that the manifest itself states, and of its annotations [`PREDICATE_TYPE`] is
    /// there; of one that is of no use, the artifact type is that of the list.
    pub manifest: Descriptor,
    /// Its layers, each with its kind; signatures and attestations have their annotations.
    pub layers: Result<Vec<(Kind, Descriptor)>, Unusable>,
    /// What it says that it refers to; `None` also where it is of no use.
    pub subject: Option<Digest>,
    place: Place,
}

impl Listed {
    /// The place that it is in.
    pub fn place(&self) -> &Place {
        &self.place
    }
}

/// A layer that was found, with its content.
#[derive(Debug, Clone)]
pub struct Found {
    /// Its name for people: that of the manifest, and for one layer of several `, layer 2`.
    pub name: String,
    /// What it is; of a referrer that is of no use nobody knows, and it counts as a bundle.
    pub kind: Kind,
    /// The document, unless it is of no use.
    pub document: Result<Document, Unusable>,
}

/// A layer and its content, which has been compared with the digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// The layer, with its annotations.
    pub layer: Descriptor,
    /// A bundle, a payload, an envelope, or whatever it is.
    pub content: Vec<u8>,
}

/// Everything of interest that belongs to `subject`, with its content: per place the referrers in the order of the lists,
/// then the tags.
///
/// # Errors
/// As [`list`]; all documents together are larger than they may be.
pub async fn find(home: &Home, subject: &Digest, want: &Want) -> Result<Vec<Found>, Error> {
    let mut all = Vec::new();
    find_each(home, subject, want, async |found| {
        all.extend(found);
        Ok::<_, Error>(())
    })
    .await?;
    Ok(all)
}

/// As [`find`], a few at a time: `take` gets them in order, and what it does not keep is gone before more is fetched, so that
/// not all of it has to be in memory.
///
/// # Errors
/// As [`find`]; those of `take`, which end the search.
pub async fn find_each<E: From<Error>>(
    home: &Home,
    subject: &Digest,
    want: &Want,
    mut take: impl AsyncFnMut(Vec<Found>) -> Result<(), E>,
) -> Result<(), E> {
    let early = Early::default();
    let mut slots = portion::slots(list_with(home, subject, want, Some(&early)).await?, want);
    portion::check_sizes(&mut slots, want)?;
    let mut rest = slots.into_iter().peekable();
    while rest.peek().is_some() {
        let portion = portion::next(&mut rest, portion::Slot::size);
        let contents = portion::contents(&portion, want, &early).await?;
        take(portion.into_iter().map(|slot| slot.filled(&contents)).collect()).await?;
    }
    Ok(())
}

/// As [`find`], without the content of any layer: for those who only say what is there.
///
/// # Errors
/// A place does not answer, or refuses; there is more than the limits allow.
pub async fn list(home: &Home, subject: &Digest, want: &Want) -> Result<Vec<Listed>, Error> {
    list_with(home, subject, want, None).await
}

/// As [`list`]; what is small and certain to be asked for next is in `early` then.
async fn list_with(
    home: &Home,
    subject: &Digest,
    want: &Want,
    early: Option<&Early>,
) -> Result<Vec<Listed>, Error> {
    let (places, annotations) = (home.places(), Cell::new(0));
    let at_each =
        places.iter().map(|place| list_at(place, &home.tag_prefix, subject, want, (&annotations, early)));
    let all: Vec<Listed> = futures_util::future::try_join_all(at_each).await?.into_iter().flatten().collect();
    let candidates = |listed: &Listed| match &listed.layers {
        Ok(layers) => layers.iter().filter(|(kind, _)| is_wanted(listed.source, *kind, want)).count(),
        Err(_) => 1,
    };
    at_most(all.iter().map(candidates).sum(), subject, "layers that belong to it")?;
    Ok(all)
}

/// `annotations` is how many there are of all layers so far; `early` as in [`list_with`].
async fn list_at(
    place: &Place,
    prefix: &str,
    subject: &Digest,
    want: &Want,
    (annotations, early): (&Cell<usize>, Option<&Early>),
) -> Result<Vec<Listed>, Error> {
    let counted = async |listed: Listed| {
        let layers = listed.layers.iter().flatten();
        annotations.set(annotations.get() + layers.map(|(_, layer)| layer.annotations.len()).sum::<usize>());
        let (what, limit) = ("annotations on layers that belong to it", MAX_ANNOTATIONS);
        match annotations.get() {
            count if count > limit => Err(Error::TooMany { subject: subject.clone(), what, count, limit }),
            _ => Ok(listed),
        }
    };
    let gate = Gate::default();
    let referrers = async {
        if !want.referrers() {
            gate.open();
            return Ok(Vec::new());
        }
        let all = place.referrers(subject).await?.all();
        gate.open();
        at_most(all.len(), subject, "manifests that refer to it")?;
        let sizes = all.iter().map(|entry| entry.size).filter(|size| *size <= MAX_MANIFEST);
        let size: u64 = sizes.fold(0, u64::saturating_add);
        if size > MAX_MANIFESTS {
            let what = format!("what refers to {subject}, manifests alone,");
            return Err(Error::TooLarge { place: place.to_string(), what, limit: MAX_MANIFESTS });
        }
        let listed = all.into_iter().map(|entry| referrer(place, entry));
        stream::iter(listed).buffered(want.workers.max(1)).and_then(counted).try_collect::<Vec<_>>().await
    };
    let tags = want.tags().map(async |attachment| match tagged(place, prefix, subject, attachment).await? {
        Some(listed) => {
            let listed = counted(listed).await?;
            if let Some(early) = early {
                early.fetch(&listed, want, &gate).await?;
            }
            Ok(Some(listed))
        }
        None => Ok(None),
    });
    let (mut listed, tagged) =
        futures_util::future::try_join(referrers, futures_util::future::try_join_all(tags)).await?;
    listed.extend(tagged.into_iter().flatten());
    Ok(listed)
}

/// A manifest that a list names.
async fn referrer(place: &Place, entry: Descriptor) -> Result<Listed, Error> {
    let name = format!("{place}@{}", entry.digest);
    let target = Target::Digest(entry.digest.clone());
    let unusable = |unusable| (entry.clone(), Err(unusable), None);
    let found = match entry.size {
        // Not even looked at.
        size if size > MAX_MANIFEST => Err(Error::TooLarge {
            place: place.to_string(),
            what: format!("the manifest {}", entry.digest),
            limit: MAX_MANIFEST,
        }),
        _ => place.manifest(&target).await,
    };
    let (manifest, layers, subject) = match found {
        Ok(Some(manifest)) if manifest.bytes.len() as u64 != entry.size => {
            let (found, expected) = (manifest.bytes.len(), entry.size);
            unusable(Unusable::Malformed(format!("it has {found} bytes, and the list says {expected}")))
        }
        Ok(Some(manifest)) => {
            let subject = manifest.subject.as_ref().map(|subject| subject.digest.clone());
            let mut layers = layers_of(&manifest);
            for (kind, layer) in layers.iter_mut().flatten() {
                if !matches!(kind, Kind::Signature | Kind::Attestation) {
                    layer.annotations = Vec::new();
                }
            }
            (described(&manifest), layers, subject)
        }
        Ok(None) => unusable(Unusable::Gone),
        Err(error) => unusable(unusable_by(error)?),
    };
    Ok(Listed { name, source: Source::Referrer, manifest, layers, subject, place: place.clone() })
}

/// What is under a tag of attachments.
async fn tagged(
    place: &Place,
    prefix: &str,
    subject: &Digest,
    attachment: Attachment,
) -> Result<Option<Listed>, Error> {
    let tag = attachment.tag_of(prefix, subject);
    let name = format!("{place}:{tag}");
    let source = Source::Tag(attachment);
    let (manifest, layers) = match place.manifest(&Target::Tag(tag)).await {
        Ok(None) => return Ok(None),
        Ok(Some(manifest)) => {
            // Whatever a layer is called: under this tag it stands for one thing.
            let kind = kind_at(source).unwrap_or(Kind::Foreign);
            let layers = layers_of(&manifest).and_then(|layers| match manifest.kind {
                registry::Kind::Index { .. } => Err(Unusable::Malformed("it is an index".to_owned())),
                registry::Kind::Image { .. } => {
                    Ok(layers.into_iter().map(|(_, layer)| (kind, layer)).collect())
                }
            });
            (described(&manifest), layers)
        }
        Err(error) => {
            let unusable = unusable_by(error)?;
            (Descriptor::new(String::new(), subject.clone(), 0), Err(unusable))
        }
    };
    Ok(Some(Listed { name, source, manifest, layers, subject: None, place: place.clone() }))
}

/// What names a manifest, with as much of its annotations as anybody reads: all of a thousand of them are too many to keep.
fn described(manifest: &Manifest) -> Descriptor {
    let annotations = manifest.annotations.iter().filter(|(name, _)| name == PREDICATE_TYPE).cloned();
    Descriptor { annotations: annotations.collect(), ..manifest.as_referrer() }
}

fn kind_at(source: Source) -> Option<Kind> {
    match source {
        Source::Referrer => None,
        Source::Tag(Attachment::Signature) => Some(Kind::Signature),
        Source::Tag(Attachment::Attestation) => Some(Kind::Attestation),
        Source::Tag(Attachment::Sbom) => Some(Kind::Sbom),
    }
}

/// Tags are asked for only where they are wanted.
fn is_wanted(source: Source, kind: Kind, want: &Want) -> bool {
    matches!(source, Source::Tag(_)) || want.takes(kind)
}

/// The layers of a manifest; an index has none, and is nothing of ours.
fn layers_of(manifest: &Manifest) -> Result<Vec<(Kind, Descriptor)>, Unusable> {
    match &manifest.kind {
        registry::Kind::Index { .. } => Ok(Vec::new()),
        registry::Kind::Image { layers, .. } => {
            Ok(layers.iter().map(|layer| (Kind::of(manifest, layer), layer.clone())).collect())
        }
    }
}

/// What is not what it should be spoils itself alone; every other failure is one.
///
/// # Errors
/// It is a failure of the question, not of what was asked for.
pub fn unusable_by(error: Error) -> Result<Unusable, Error> {
    let of_document = |source: &DecodeError| match source.kind {
        DecodeKind::Limit => Unusable::Excessive(source.to_string()),
        _ => Unusable::Malformed(source.to_string()),
    };
    match &error {
        #[cfg(feature = "http")]
        Error::Registry(registry::Error::Document { source, .. }) => Ok(of_document(source)),
        #[cfg(feature = "http")]
        Error::Registry(registry::Error::Digest { .. } | registry::Error::Size { .. }) => {
            Ok(Unusable::Malformed(error.to_string()))
        }
        #[cfg(feature = "http")]
        Error::Registry(registry::Error::TooLarge { .. }) => Ok(Unusable::Excessive(error.to_string())),
        Error::Document { source, .. } => Ok(of_document(source)),
        Error::Digest { .. } | Error::Size { .. } => Ok(Unusable::Malformed(error.to_string())),
        Error::TooLarge { .. } => Ok(Unusable::Excessive(error.to_string())),
        _ => Err(error),
    }
}

fn at_most(count: usize, subject: &Digest, what: &'static str) -> Result<(), Error> {
    if count > MAX_CANDIDATES {
        return Err(Error::TooMany { subject: subject.clone(), what, count, limit: MAX_CANDIDATES });
    }
    Ok(())
}

#[cfg(test)]
mod tests;
