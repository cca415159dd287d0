//! `download sbom`.

use super::super::platform::{self, PlatformRequest};
use super::super::{Context, Error, ErrorKind, Files, RegistryRequest};
use super::{all, open};
use crate::registry::Kind;
use crate::storage::images::find::{Forms, Want};

/// What `download sbom` is asked for.
#[derive(Debug)]
pub struct DownloadSbomRequest {
    /// The image.
    pub image: String,
    /// The platform of the image, where an index was named.
    pub platform: Option<PlatformRequest>,
    /// Registries.
    pub registry: RegistryRequest,
}

impl DownloadSbomRequest {
    /// The files that it names.
    pub fn files(&self) -> Files<'_> {
        self.registry.add_to(Files::default())
    }
}

/// Shows the SBOM of an image; returns what goes to standard output, byte for byte as it is stored.
///
/// # Errors
/// There is none; there are several that differ; a place is of no use.
pub async fn download_sbom(request: &DownloadSbomRequest, context: &mut Context) -> Result<Vec<u8>, Error> {
    context
        .narrator
        .warn("SBOM attachments are deprecated in cosign: use attestations of type spdxjson or cyclonedx");
    context.narrator.warn(
        "an SBOM that is attached so is not signed, and anybody may have put it there: `download attestation` shows SBOMs that are",
    );
    let (image, largest) = open(&request.image, &request.registry, context)?;
    let subject = platform::subject(&image, request.platform.as_ref()).await?;
    let forms = Forms { bundles: false, ..Forms::ALL };
    let found = all(&image, &subject, Want { sboms: true, forms, largest, ..Want::default() }).await?;
    let (mut documents, mut unusable) = (Vec::new(), Vec::new());
    for found in found {
        match found.document {
            Ok(document) => documents.push((found.name, document)),
            Err(error) => unusable.push(format!("{}: {error}", found.name)),
        }
    }
    documents.dedup_by(|b, a| a.1.layer.digest == b.1.layer.digest);
    let count = documents.len();
    match documents.pop() {
        Some((_, document)) if count == 1 => {
            for unusable in &unusable {
                context.narrator.warn(&format!("left out, because it cannot be read: {unusable}"));
            }
            context.narrator.say(&format!("Found SBOM of media type: {}", document.layer.media_type));
            Ok(document.content)
        }
        Some((name, _)) => {
            let message = format!("`{}` has {count} SBOMs that differ", request.image);
            let names = documents.into_iter().map(|(name, _)| name).chain([name]);
            Err(names.fold(Error::new(ErrorKind::Other, message), Error::cause))
        }
        None if !unusable.is_empty() => {
            let message = format!("the SBOM of `{}` cannot be read", request.image);
            Err(unusable.into_iter().fold(Error::new(ErrorKind::Format, message), Error::cause))
        }
        None => {
            let none = Error::new(ErrorKind::Other, format!("`{}` has no SBOM", request.image));
            if request.platform.is_some() {
                return Err(none);
            }
            match image.manifest().await?.kind {
                Kind::Index { manifests } => Err(none
                    .cause(format!("it is an index; {}", platform::there_are(&manifests)))
                    .hint("ask for one of its images with --platform OS/ARCHITECTURE")),
                Kind::Image { .. } => Err(none.hint("show all that belongs to the image: `tree IMAGE`")),
            }
        }
    }
}
