//! `download attestation`.

use super::super::platform::{self, PlatformRequest};
use super::super::{Context, Error, ErrorKind, Files, RegistryRequest};
use super::signature::unreadable;
use super::{Downloads, Shape, all, lines, open};
use crate::attest::PredicateType;
use crate::bundle::{self, Content, detached};
use crate::payload::{Envelope, IMAGE_SIGNATURE_PREDICATE, Statement};
use crate::storage::images::find::{Document, Found, Kind, Want};

/// What `download attestation` is asked for.
#[derive(Debug)]
pub struct DownloadAttestationRequest {
    /// The image.
    pub image: String,
    /// The predicate type that is wanted, a short name or a URI; `None` is every one.
    pub predicate_type: Option<String>,
    /// The platform of the image, where an index was named.
    pub platform: Option<PlatformRequest>,
    /// How bundles are shown.
    pub shape: Shape,
    /// Registries.
    pub registry: RegistryRequest,
}

impl DownloadAttestationRequest {
    /// The files that it names.
    pub fn files(&self) -> Files<'_> {
        self.registry.add_to(Files::default())
    }
}

/// Shows the attestations of an image, one on each line; returns what goes to standard output, which is JSON.
///
/// # Errors
/// There are none, or none of the type, or none that can be read; a place is of no use.
pub async fn download_attestation(
    request: &DownloadAttestationRequest,
    context: &mut Context,
) -> Result<Vec<u8>, Error> {
    let wanted = request.predicate_type.as_deref().map(PredicateType::parse).transpose();
    let wanted = wanted.map_err(|error| Error::usage(error.to_string()))?;
    let wanted = wanted.as_ref().map(PredicateType::uri);
    let (image, largest) = open(&request.image, &request.registry, context)?;
    let subject = platform::subject(&image, request.platform.as_ref()).await?;
    let found = all(&image, &subject, Want { attestations: true, largest, ..Want::default() }).await?;
    let downloads = Downloads::of(found, |found, document| line(found, document, wanted, request.shape));
    let others = downloads.others;
    let none = || {
        let message = match wanted {
            Some(uri) if others > 0 => format!("`{}` has no attestations of type {uri}", request.image),
            _ => format!("`{}` has no attestations", request.image),
        };
        Error::new(ErrorKind::Other, message).hint("show all that belongs to the image: `tree IMAGE`")
    };
    downloads.show(none, context)
}

fn line(
    found: &Found,
    document: &Document,
    wanted: Option<&str>,
    shape: Shape,
) -> Result<Option<String>, Error> {
    let is_wanted = |envelope: &Envelope| {
        let found = Statement::from_json(&envelope.payload).map(|statement| statement.predicate_type);
        match (wanted, found) {
            (Some(wanted), Ok(found)) => found == wanted,
            (Some(_), Err(_)) => false,
            (None, found) => shape == Shape::Stored || found.as_deref() != Ok(IMAGE_SIGNATURE_PREDICATE),
        }
    };
    if found.kind != Kind::Bundle {
        let envelope = detached::decode_envelope(&document.content).map_err(unreadable)?.parsed;
        return Ok(is_wanted(&envelope).then(|| lines::envelope(&envelope)));
    }
    if shape == Shape::Stored && wanted.is_none() {
        return Ok(Some(lines::one_line("bundle", &document.content).map_err(unreadable)?));
    }
    let decoded = bundle::decode(&document.content).map_err(unreadable)?;
    let Some(Content::Envelope(envelope)) = decoded.entities.first().map(|entity| &entity.content) else {
        return Ok(None);
    };
    match shape {
        _ if !is_wanted(&envelope.parsed) => Ok(None),
        Shape::Stored => Ok(Some(lines::one_line("bundle", &document.content).map_err(unreadable)?)),
        Shape::Legacy => Ok(Some(lines::envelope(&envelope.parsed))),
    }
}
