//! `tree`.

use serde::Serialize;

use super::images::Images;
use super::{Context, Error, Files, RegistryRequest};
use crate::registry::{Attachment, Kind, Target};
use crate::storage::images::Home;
use crate::storage::images::find::{Forms, Listed, PREDICATE_TYPE, Source, Want, list};

/// What `tree` is asked for.
#[derive(Debug)]
pub struct TreeRequest {
    /// The image.
    pub image: String,
    /// Whether to show what refers to the image (`--experimental-oci11`), and not tags alone.
    pub referrers: bool,
    /// Registries.
    pub registry: RegistryRequest,
}

impl TreeRequest {
    /// The files that it names.
    pub fn files(&self) -> Files<'_> {
        self.registry.add_to(Files::default())
    }
}

/// What belongs to an image.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ImageTree {
    /// The image, as it was named.
    pub image: String,
    /// Its digest.
    pub digest: String,
    /// What belongs to it: the tags first, in the order `.sig`, `.att`, `.sbom`, then the referrers as they are listed.
    pub attachments: Vec<TreeAttachment>,
}

/// A manifest that belongs to an image.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TreeAttachment {
    /// Where it was found: `signatures`, `attestations`, `sboms` for the tags, `referrer` for what refers to the image.
    pub found_as: &'static str,
    /// Its name.
    pub name: String,
    /// Its digest; a tag that cannot be read has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// What it says that it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub artifact_type: Option<String>,
    /// The predicate type that its annotations state.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub predicate_type: Option<String>,
    /// Its layers; of an index, its manifests.
    pub content: Vec<TreeContent>,
    /// Why it cannot be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// A layer, or a manifest of an index.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TreeContent {
    /// Its media type.
    pub media_type: String,
    /// Its digest.
    pub digest: String,
    /// Its size in bytes.
    pub size: u64,
}

/// Says what belongs to an image.
///
/// # Errors
/// There is no such image; a place is of no use. That nothing belongs to the image is none.
pub async fn tree(request: &TreeRequest, context: &mut Context) -> Result<ImageTree, Error> {
    let image = Images::new(&request.registry, context)?.open(&request.image)?;
    let want = Want {
        signatures: true,
        attestations: true,
        sboms: true,
        foreign: request.referrers,
        forms: if request.referrers { Forms::ALL } else { Forms::TAGS },
        ..Want::default()
    };
    let (digest, all) = match &image.target {
        // What is named by its digest has to be there, too.
        Target::Digest(digest) => {
            let (found, all) = tokio::join!(image.descriptor(), list(&image.home, digest, &want));
            (found?.digest, all?)
        }
        Target::Tag(_) => {
            let digest = image.descriptor().await?.digest;
            let all = list(&image.home, &digest, &want).await?;
            (digest, all)
        }
    };
    let (mut tags, mut referrers) = (Vec::new(), Vec::new());
    for listed in all {
        let place = if listed.source == Source::Referrer { &mut referrers } else { &mut tags };
        place.push(attachment(listed, &image.home).await?);
    }
    tags.sort_by_key(|tag| {
        ["signatures", "attestations", "sboms"].iter().position(|name| *name == tag.found_as)
    });
    let attachments = tags.into_iter().chain(referrers).collect();
    Ok(ImageTree { image: request.image.clone(), digest: digest.to_string(), attachments })
}

async fn attachment(listed: Listed, home: &Home) -> Result<TreeAttachment, Error> {
    let found_as = match listed.source {
        Source::Tag(Attachment::Signature) => "signatures",
        Source::Tag(Attachment::Attestation) => "attestations",
        Source::Tag(Attachment::Sbom) => "sboms",
        Source::Referrer => "referrer",
    };
    let mut annotations = listed.manifest.annotations.iter();
    let predicate_type = annotations.find(|(name, _)| name == PREDICATE_TYPE).map(|(_, value)| value.clone());
    let is_read = listed.layers.is_ok() || listed.source == Source::Referrer;
    let (mut content, mut problem) = (Vec::new(), None);
    match &listed.layers {
        Ok(layers) => content.extend(layers.iter().map(|(_, layer)| layer.clone())),
        Err(unusable) => problem = Some(unusable.to_string()),
    }
    if listed.source == Source::Referrer && listed.layers.is_ok() && content.is_empty() {
        // An index has manifests and no layers.
        let target = Target::Digest(listed.manifest.digest.clone());
        for place in home.places() {
            let Some(manifest) = place.manifest(&target).await? else { continue };
            if let Kind::Index { manifests } = manifest.kind {
                content = manifests;
            }
            break;
        }
    }
    let content = content.into_iter().map(|layer| TreeContent {
        media_type: layer.media_type,
        digest: layer.digest.to_string(),
        size: layer.size,
    });
    Ok(TreeAttachment {
        found_as,
        digest: is_read.then(|| listed.manifest.digest.to_string()),
        name: listed.name,
        artifact_type: listed.manifest.artifact_type,
        predicate_type,
        content: content.collect(),
        problem,
    })
}
