//! The images that are to be signed: each manifest is fetched once, and everything is over the digest that it then has.

use std::collections::HashSet;
use std::path::Path;

use futures_util::stream::{self, StreamExt};

use super::super::extract::Named;
use super::super::images::{Image, Images};
use super::super::inputs::one_standard_input;
use super::super::verification::{list, worst};
use super::super::{Context, Error, ErrorKind};
use super::ImageSigning;
use crate::crypto::Digest;
use crate::keys::StdinUse;
use crate::payload::Artifact;
use crate::registry::{Attachment, Descriptor, Kind, Manifest, Target};
use crate::storage::images::{Home, Place};

/// How many images may be signed in one run.
const MAX_SIGNEES: usize = 10_000;
/// How deep indexes may stand in indexes.
const MAX_DEPTH: usize = 8;
/// Images that are worked on at a time.
pub(super) const AT_A_TIME: usize = 8;

/// An image that is to be signed.
#[derive(Debug, Clone)]
pub(super) struct Signee {
    /// The position of the image, as it was named, among all.
    pub position: usize,
    /// What messages call it.
    pub called: String,
    /// What signatures and statements call it: its repository, without tag and digest.
    pub name: String,
    /// Where it is, and where its signatures go.
    pub home: Home,
    /// It.
    pub descriptor: Descriptor,
}

/// An image that was not signed, or whose signature is not where it should be, and why.
pub(super) struct Failed {
    /// As [`Signee::position`].
    pub position: usize,
    /// As [`Signee::called`].
    pub called: String,
    /// Whether all that was to be signed was signed.
    pub signed: bool,
    /// Why.
    pub error: Error,
}

impl Signee {
    /// Where it is, with its digest.
    pub fn shown(&self) -> String {
        format!("{}@{}", self.home.image, self.descriptor.digest)
    }

    /// Where its signatures go.
    pub fn destination(&self) -> String {
        self.home.attachments.to_string()
    }

    /// What a verifier knows of it.
    pub fn artifact(&self) -> Artifact {
        let digests = self.descriptor.digest.clone().into();
        Artifact { name: self.called.clone(), digests, ed25519: Vec::new() }
    }
}

/// What of an image is to be signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    /// It.
    Itself,
    /// It, and everything that is in it.
    Recursive,
    /// The SBOM that is attached to it.
    AttachedSbom,
}

/// The images that were named, in their order; nobody is asked for them yet.
///
/// # Errors
/// There is none; one is none, or in a place where its signature cannot be written; the list cannot be read.
pub(super) fn named(asked: &ImageSigning, context: &Context) -> Result<Vec<Image>, Error> {
    let mut typed: Vec<Named> =
        asked.images.iter().map(|name| Named { name: name.clone(), at: None }).collect();
    if let Some(file) = &asked.from_file {
        typed.extend(list::images(file.as_os_str(), context)?);
    }
    if typed.is_empty() {
        return Err(Error::usage("the list names no image").hint("write one image into each line"));
    }
    if typed.len() > MAX_SIGNEES {
        let message = format!("{} images are named, the limit is {MAX_SIGNEES}", typed.len());
        return Err(Error::new(ErrorKind::LimitExceeded, message));
    }
    let images = Images::new(&asked.registry, context)?;
    let open = |named: &Named| images.open(&named.name).map_err(|error| named.located(error));
    let images: Vec<Image> = typed.iter().map(open).collect::<Result<_, _>>()?;
    if asked.upload {
        images.iter().try_for_each(Image::writable)?;
    }
    Ok(images)
}

/// What is to be signed of each image, in their order, and those that failed. What is the same digest in the same place is
/// signed once.
pub(super) async fn resolve(images: &[Image], extent: Extent) -> (Vec<Signee>, Vec<Failed>) {
    let all = images.iter().enumerate();
    let all = all
        .map(|(position, image)| async move { (position, image, of_image(position, image, extent).await) });
    let mut answers = stream::iter(all).buffered(AT_A_TIME);
    let (mut signees, mut failed, mut known) = (Vec::new(), Vec::new(), HashSet::new());
    while let Some((position, image, answer)) = answers.next().await {
        match answer {
            Ok(found) => signees.extend(found.into_iter().filter(|signee: &Signee| {
                known.insert((signee.home.attachments.to_string(), signee.descriptor.digest.clone()))
            })),
            Err(error) => failed.push(Failed { position, called: image.typed.clone(), signed: false, error }),
        }
    }
    (signees, failed)
}

async fn of_image(position: usize, image: &Image, extent: Extent) -> Result<Vec<Signee>, Error> {
    if extent == Extent::AttachedSbom {
        return Ok(vec![attached_sbom(position, image).await?]);
    }
    let manifest = image.manifest().await?;
    let top = Signee {
        position,
        called: image.typed.clone(),
        name: image.repository_name(),
        home: image.home.clone(),
        descriptor: manifest.descriptor(),
    };
    match extent {
        Extent::Recursive => with_children(top, manifest).await,
        Extent::Itself | Extent::AttachedSbom => Ok(vec![top]),
    }
}

/// The image, and all that is in it. What an index says of an image is believed: the index is what was asked for, by its digest.
async fn with_children(top: Signee, manifest: Manifest) -> Result<Vec<Signee>, Error> {
    let mut seen: HashSet<Digest> = HashSet::from([top.descriptor.digest.clone()]);
    let mut all = vec![top.clone()];
    let mut level = vec![manifest];
    for depth in 0.. {
        let mut next = Vec::new();
        for manifest in level {
            let Kind::Index { manifests } = manifest.kind else { continue };
            for child in manifests {
                if !seen.insert(child.digest.clone()) {
                    continue;
                }
                let called = format!("{}@{}", top.home.image, child.digest);
                if all.len() == MAX_SIGNEES || depth == MAX_DEPTH {
                    let message = format!("`{}` holds more than can be signed at once", top.called);
                    return Err(Error::new(ErrorKind::LimitExceeded, message).cause(format!(
                        "the limits are {MAX_SIGNEES} images and {MAX_DEPTH} indexes within each other"
                    )));
                }
                if child.media_type.contains("index") || child.media_type.contains("manifest.list") {
                    next.push(index(&top, &called, &child.digest).await?);
                }
                // Of its entry, what names the image; the rest is the index's.
                let descriptor = Descriptor {
                    media_type: child.media_type,
                    digest: child.digest,
                    size: child.size,
                    artifact_type: None,
                    annotations: Vec::new(),
                    platform: None,
                };
                all.push(Signee { called, descriptor, ..top.clone() });
            }
        }
        if next.is_empty() {
            break;
        }
        level = next;
    }
    Ok(all)
}

async fn index(top: &Signee, called: &str, digest: &Digest) -> Result<Manifest, Error> {
    let found = top.home.image.manifest(&Target::Digest(digest.clone())).await?;
    found.ok_or_else(|| {
        Error::new(ErrorKind::NoSuchArtifact, format!("`{}` names an index that is not there", top.called))
            .cause(format!("there is no `{called}`"))
    })
}

/// The SBOM under the tag `.sbom` of an image.
async fn attached_sbom(position: usize, image: &Image) -> Result<Signee, Error> {
    let tag = Attachment::Sbom.tag_of(&image.home.tag_prefix, &image.digest().await?);
    let place = &image.home.attachments;
    let manifest = place.manifest(&Target::Tag(tag.clone())).await?.ok_or_else(|| {
        Error::new(ErrorKind::NoSuchArtifact, format!("no SBOM is attached to `{}`", image.typed))
            .cause(format!("there is no `{place}:{tag}`"))
            .hint("sign the image itself: leave --attachment out")
    })?;
    Ok(Signee {
        position,
        called: format!("{place}:{tag}"),
        name: match place {
            #[cfg(feature = "http")]
            Place::Registry(_) => place.to_string(),
            Place::Layout(_) | Place::Archive(_) => image.repository_name(),
        },
        home: Home { image: place.clone(), ..image.home.clone() },
        descriptor: manifest.descriptor(),
    })
}

/// Whether the images or the document come on standard input.
///
/// # Errors
/// Both do.
pub(super) fn standard_input(asked: &ImageSigning, document: Option<&Path>) -> Result<StdinUse, Error> {
    let names: Vec<_> =
        [asked.from_file.as_deref(), document].into_iter().flatten().map(Path::as_os_str).collect();
    one_standard_input(names.iter().copied())?;
    Ok(if names.iter().any(|name| *name == "-") { StdinUse::Taken } else { StdinUse::Free })
}

/// One error of all images that failed.
pub(super) fn failure(mut failed: Vec<Failed>, of: usize) -> Error {
    if let ([_], 1) = (failed.as_slice(), of)
        && let Some(Failed { error, .. }) = failed.pop()
    {
        return error;
    }
    failed.sort_by_key(|failed| failed.position);
    let kind = worst::kind(failed.iter().map(|one| one.error.kind)).unwrap_or(ErrorKind::Other);
    let unpublished = failed.iter().filter(|one| one.signed).count();
    let message = match (failed.len() - unpublished, unpublished) {
        (unsigned, 0) => format!("{unsigned} of {of} images were not signed"),
        (0, unpublished) => format!("{unpublished} of {of} images were signed, and not all was published"),
        (unsigned, unpublished) => format!(
            "{unsigned} of {of} images were not signed; {unpublished} were signed, and not all was published"
        ),
    };
    Error::several(kind, message, failed.into_iter().map(|one| (one.called, one.error)).collect())
}
