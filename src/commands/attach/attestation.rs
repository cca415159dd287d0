//! `attach attestation`.

use std::path::{Path, PathBuf};

use serde_json::value::RawValue;

use super::super::images::{Image, Images};
use super::super::publishing::{warn_of_tags, writer};
use super::super::{Context, Error, ErrorKind, Files, RegistryRequest};
use super::signature::AttachedParts;
use super::{bundle as bundles, parts};
use crate::bundle::detached::{self, Detached};
use crate::bundle::{self, Format, annotations};
use crate::payload::{Envelope, IN_TOTO_PAYLOAD_TYPE, Statement};
use crate::registry::Attachment;
use crate::storage::images::{NewLayer, Replaces, Writer, publish_layer};

/// Documents in one file.
const MAX_DOCUMENTS: usize = 1000;

/// What `attach attestation` is asked for.
#[derive(Debug)]
pub struct AttachAttestationRequest {
    /// The images, at least one.
    pub images: Vec<String>,
    /// Files with envelopes or bundles, at least one; `-` is standard input.
    pub attestations: Vec<PathBuf>,
    /// What comes with the envelope, if there is but one.
    pub with: AttachedParts,
    /// Registries.
    pub registry: RegistryRequest,
}

impl AttachAttestationRequest {
    /// The files that it names.
    pub fn files(&self) -> Files<'_> {
        let files = self.registry.add_to(Files::default());
        let with = self.with.named().into_iter();
        let files = with.fold(files, |files, (what, path)| files.and_read(what, path));
        self.attestations.iter().fold(files, |files, path| files.and_read("attestation", Some(path)))
    }
}

/// A document in a file.
enum Document {
    Bundle(Vec<u8>),
    Envelope(Vec<u8>, Box<Statement>),
}

/// Attach attestations to an image; returns what goes to standard output.
///
/// # Errors
/// A file cannot be read or holds no attestation; there is no such image; its place refuses.
pub async fn attach_attestation(
    request: &AttachAttestationRequest,
    context: &mut Context,
) -> Result<Vec<u8>, Error> {
    let with = request.with.named().into_iter().filter_map(|(_, path)| path);
    let files = request.attestations.iter().map(PathBuf::as_path).chain(with);
    super::super::inputs::one_standard_input(files.map(Path::as_os_str))?;
    let mut read = Vec::new();
    for path in &request.attestations {
        context.narrator.say(&format!("Using payload from: {}", path.display()));
        let text = bundles::read("attestation", path)?;
        read.push((path, documents(path, &text)?));
    }
    let with = belonging(&request.with, &read)?;
    let images: Vec<Image> = {
        let opener = Images::new(&request.registry, context)?;
        request.images.iter().map(|typed| opener.open_to_write(typed)).collect::<Result<_, _>>()?
    };
    let writer = writer(&request.registry, context);
    warn_of_tags(&images, context);
    for image in &images {
        for (path, documents) in &read {
            for document in documents {
                publish(&writer, image, (path, document, with.as_ref()), context).await?;
            }
        }
    }
    Ok(Vec::new())
}

/// What is in a file: one document, or several, one after the other.
fn documents(path: &Path, text: &[u8]) -> Result<Vec<Document>, Error> {
    let unusable = |error| parts::unusable("attestation", path, &error);
    let several: Vec<Box<RawValue>> = serde_json::Deserializer::from_slice(text)
        .into_iter()
        .take(MAX_DOCUMENTS + 1)
        .collect::<Result<_, _>>()
        .unwrap_or_default();
    if several.len() > MAX_DOCUMENTS {
        let reason = format!("more than {MAX_DOCUMENTS} documents in one file");
        return Err(unusable(crate::crypto::DecodeError::whole("attestations", reason).over_limit()));
    }
    match several.as_slice() {
        // The decoder says what is wrong with what is no JSON, or nothing at all.
        [] | [_] => Ok(vec![document(path, text)?]),
        several => several.iter().map(|one| document(path, one.get().as_bytes())).collect(),
    }
}

fn document(path: &Path, text: &[u8]) -> Result<Document, Error> {
    let unusable = |error| parts::unusable("attestation", path, &error);
    match bundle::decode(text).map_err(unusable)?.format {
        Format::Sigstore => Ok(Document::Bundle(text.to_vec())),
        Format::Envelope => {
            let envelope = Envelope::from_json(text).map_err(unusable)?;
            if envelope.payload_type != IN_TOTO_PAYLOAD_TYPE {
                return Err(Error::new(
                    ErrorKind::Format,
                    format!(
                        "`{}` holds no attestation: its payload is `{}`",
                        path.display(),
                        envelope.payload_type
                    ),
                )
                .cause(format!("the payload of an attestation is `{IN_TOTO_PAYLOAD_TYPE}`")));
            }
            let statement = Statement::from_json(&envelope.payload).map_err(unusable)?;
            Ok(Document::Envelope(text.trim_ascii().to_vec(), Box::new(statement)))
        }
        Format::Legacy => Err(Error::new(
            ErrorKind::Format,
            format!("`{}` is a bundle of cosign 2, not an envelope", path.display()),
        )
        .hint("`bundle upgrade` makes a Sigstore bundle of it, which can be attached")),
    }
}

/// What comes with the one signature that it belongs to, if anything does.
fn belonging(with: &AttachedParts, read: &[(&PathBuf, Vec<Document>)]) -> Result<Option<Detached>, Error> {
    if with.named().iter().all(|(_, path)| path.is_none()) {
        return Ok(None);
    }
    let mut all = read.iter().flat_map(|(_, documents)| documents);
    match (all.next(), all.next()) {
        (Some(Document::Envelope(..)), None) => parts::detached(with).map(Some),
        (Some(Document::Bundle(_)), None) => {
            let message = "a certificate, log entry or timestamp does not go with a Sigstore bundle";
            Err(Error::usage(message).hint("a bundle holds all that belongs to the signature"))
        }
        _ => {
            let message = "a certificate, log entry or timestamp belongs to one of several attestations";
            Err(Error::usage(message).hint("attach them one by one"))
        }
    }
}

/// The annotations of an envelope and of what comes with it.
fn annotated(with: &Detached, path: &Path, envelope: &[u8]) -> Result<Vec<(String, String)>, Error> {
    let unusable = |error| parts::unusable("attestation", path, &error);
    let envelope = detached::decode_envelope(envelope).map_err(unusable)?;
    let entities = with.clone().envelope(envelope).map_err(unusable)?;
    let [entity] = entities.as_slice() else {
        let message = format!("`{}` has several signatures", path.display());
        return Err(Error::new(ErrorKind::Format, message)
            .cause("a certificate, log entry or timestamp belongs to one signature"));
    };
    let made = annotations::encode(entity).map_err(|error| {
        Error::new(ErrorKind::Format, "the attestation cannot be attached in this form").caused_by(&error)
    })?;
    Ok(made.annotations)
}

async fn publish(
    writer: &Writer,
    image: &Image,
    (path, document, with): (&Path, &Document, Option<&Detached>),
    context: &mut Context,
) -> Result<(), Error> {
    let (envelope, statement) = match document {
        Document::Bundle(json) => return bundles::publish(writer, image, path, json, context).await,
        Document::Envelope(envelope, statement) => (envelope, statement),
    };
    let digest = image.digest().await?;
    bundles::warn_of_others(statement, &digest, path, context);
    let pairs = match with {
        Some(with) => annotated(with, path, envelope)?,
        None => vec![
            (annotations::SIGNATURE.to_owned(), String::new()),
            (annotations::PREDICATE_TYPE.to_owned(), statement.predicate_type.clone()),
        ],
    };
    let layer = NewLayer {
        what: Attachment::Attestation,
        media_type: annotations::ENVELOPE_MEDIA_TYPE,
        content: envelope,
        annotations: &pairs,
        // cosign writes no predicate type here.
        is_same: &|there| there.digest == there.digest.algorithm().digest(envelope),
        replaces: Replaces::Nothing,
        created: None,
    };
    publish_layer(writer, &image.home, &digest, &layer).await?;
    Ok(())
}
