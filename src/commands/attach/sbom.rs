//! `attach sbom`.

use std::path::PathBuf;

use super::super::images::Images;
use super::super::{Context, Error, Files, RegistryRequest, publishing::writer};
use super::parts;
use crate::registry::Attachment;
use crate::storage::images::{ImageName, Listed, NewLayer, Replaces, publish_layer, publish_referring_layer};

const MAX_SBOM: u64 = 256 << 20;

/// What `attach sbom` is asked for.
#[derive(Debug)]
pub struct AttachSbomRequest {
    /// The image.
    pub image: String,
    /// The document; `-` is standard input.
    pub sbom: PathBuf,
    /// Its media type.
    pub media_type: &'static str,
    /// Whether it is published in a manifest of its own that refers to the image, and not under a tag.
    pub referring: bool,
    /// Registries.
    pub registry: RegistryRequest,
}

impl AttachSbomRequest {
    /// The files that it names.
    pub fn files(&self) -> Files<'_> {
        self.registry.add_to(Files::default()).and_read("SBOM", Some(&self.sbom))
    }
}

/// Attach an SBOM to an image; returns what goes to standard output.
///
/// # Errors
/// The file cannot be read; there is no such image; its place refuses.
pub async fn attach_sbom(request: &AttachSbomRequest, context: &mut Context) -> Result<Vec<u8>, Error> {
    for line in [
        "SBOM attachments are deprecated and support will be removed in a Cosign release soon after 2024-02-22 (see \
         https://github.com/sigstore/cosign/issues/2755). Instead, please use SBOM attestations.",
        &format!(
            "Attaching SBOMs this way does not sign them. To sign them, use 'cosign attest --predicate {} --key <key \
             path>'.",
            request.sbom.display()
        ),
    ] {
        context.narrator.warn(line);
    }
    let content = parts::read("SBOM", &request.sbom, MAX_SBOM)?;
    let image = Images::new(&request.registry, context)?.open_to_write(&request.image)?;
    let layer = NewLayer {
        what: Attachment::Sbom,
        media_type: request.media_type,
        content: &content,
        annotations: &[],
        is_same: &|_| false,
        replaces: Replaces::Everything,
        created: None,
    };
    let writer = writer(&request.registry, context);
    let place = &image.home.attachments;
    let media_type = request.media_type;
    let name = match &image.name {
        ImageName::Registry(reference) => reference.to_string(),
        name => name.to_string(),
    };
    if request.referring {
        let subject = image.descriptor().await?;
        let done = publish_referring_layer(&writer, &image.home, &subject, &layer).await?;
        context.narrator.say(&format!(
            "Uploading SBOM file for [{name}] to [{place}@{}] with config.mediaType \
             [application/vnd.dev.cosign.artifact.sbom.v1+json] layers[0].mediaType [{media_type}].",
            done.manifest
        ));
    } else {
        let digest = image.digest().await?;
        let done = publish_layer(&writer, &image.home, &digest, &layer).await?;
        if let Listed::Tag(tag) = &done.listed {
            context.narrator.say(&format!(
                "Uploading SBOM file for [{name}] to [{place}:{tag}] with mediaType [{media_type}]."
            ));
            context.narrator.say("");
        }
    }
    Ok(Vec::new())
}
