//! `download signature`.

use super::super::{Context, Error, ErrorKind, Files, RegistryRequest};
use super::{Downloads, Shape, all, lines, open};
use crate::bundle::{self, Content, annotations};
use crate::payload::{IMAGE_SIGNATURE_PREDICATE, Statement};
use crate::storage::images::find::{Document, Found, Kind, Want};

/// What `download signature` is asked for.
#[derive(Debug)]
pub struct DownloadSignatureRequest {
    /// The image.
    pub image: String,
    /// How bundles are shown.
    pub shape: Shape,
    /// Registries.
    pub registry: RegistryRequest,
}

impl DownloadSignatureRequest {
    /// The files that it names.
    pub fn files(&self) -> Files<'_> {
        self.registry.add_to(Files::default())
    }
}

/// Shows the signatures of an image, one on each line; returns what goes to standard output, which is JSON.
///
/// # Errors
/// There are none, or none that can be read; a place is of no use.
pub async fn download_signature(
    request: &DownloadSignatureRequest,
    context: &mut Context,
) -> Result<Vec<u8>, Error> {
    let (image, largest) = open(&request.image, &request.registry, context)?;
    let subject = image.digest().await?;
    let found = all(&image, &subject, Want { signatures: true, largest, ..Want::default() }).await?;
    let downloads = Downloads::of(found, |found, document| line(found, document, request.shape));
    let none = || {
        Error::new(ErrorKind::Other, format!("`{}` has no signatures", request.image))
            .hint("show all that belongs to the image: `tree IMAGE`")
    };
    downloads.show(none, context)
}

fn line(found: &Found, document: &Document, shape: Shape) -> Result<Option<String>, Error> {
    match (found.kind, shape) {
        (Kind::Bundle, Shape::Stored) => {
            Ok(Some(lines::one_line("bundle", &document.content).map_err(unreadable)?))
        }
        (Kind::Bundle, Shape::Legacy) => {
            let decoded = bundle::decode(&document.content).map_err(unreadable)?;
            let mut signatures = decoded.entities.iter().filter(|entity| match &entity.content {
                Content::Envelope(envelope) => Statement::from_json(&envelope.parsed.payload)
                    .is_ok_and(|statement| statement.predicate_type == IMAGE_SIGNATURE_PREDICATE),
                _ => false,
            });
            Ok(signatures.next().map(lines::signature))
        }
        _ => {
            let entity = annotations::decode_signature(&document.layer.annotations, &document.content);
            Ok(Some(lines::signature(&entity.map_err(unreadable)?)))
        }
    }
}

pub(super) fn unreadable(error: crate::crypto::DecodeError) -> Error {
    Error::new(ErrorKind::Format, error.to_string())
}
