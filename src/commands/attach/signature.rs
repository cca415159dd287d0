//! `attach signature`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::super::images::{Image, Images};
use super::super::{Context, Error, ErrorKind, Files, RegistryRequest, publishing::writer};
use super::parts;
use crate::bundle::{self, Raw, annotations, detached};
use crate::crypto::Digest;
use crate::payload::{SimpleSigning, simple_signing};
use crate::registry::Attachment;
use crate::storage::images::{ImageName, NewLayer, Replaces, publish_layer, publish_referring_layer};

/// A payload has a few hundred bytes; annotations may make it longer.
const MAX_PAYLOAD: u64 = 1 << 20;
const MAX_SIGNATURE: u64 = 1 << 16;

/// What `attach signature` is asked for.
#[derive(Debug)]
pub struct AttachSignatureRequest {
    /// The image.
    pub image: String,
    /// The signature.
    pub what: AttachedSignature,
    /// Whether what is in parts gets a manifest of its own that refers to the image, in place of a layer under the tag.
    pub referring: bool,
    /// Registries.
    pub registry: RegistryRequest,
}

/// A signature that was made elsewhere.
#[derive(Debug)]
pub enum AttachedSignature {
    /// A Sigstore bundle.
    Bundle(PathBuf),
    /// A signature over a payload, in files of their own.
    Parts(SignatureParts),
}

/// The files of a signature in the tag scheme; `-` is standard input.
#[derive(Debug)]
pub struct SignatureParts {
    /// The signature, in base64 or raw.
    pub signature: PathBuf,
    /// The payload; `None`: the one that says nothing but the image's name and digest.
    pub payload: Option<PathBuf>,
    /// What comes with it.
    pub with: AttachedParts,
}

/// The files of what comes with a signature or an envelope in the tag scheme; `-` is standard input.
#[derive(Debug, Default)]
pub struct AttachedParts {
    /// The certificate.
    pub certificate: Option<PathBuf>,
    /// The certificates above it.
    pub certificate_chain: Option<PathBuf>,
    /// What a log answered, or the part of a bundle that is from there.
    pub log_entry: Option<PathBuf>,
    /// An RFC 3161 timestamp.
    pub timestamp: Option<PathBuf>,
}

impl AttachedParts {
    /// The files, with what they are called in messages.
    pub(super) fn named(&self) -> [(&'static str, Option<&Path>); 4] {
        [
            ("certificate", self.certificate.as_deref()),
            ("certificate chain", self.certificate_chain.as_deref()),
            ("log entry", self.log_entry.as_deref()),
            ("RFC 3161 timestamp", self.timestamp.as_deref()),
        ]
    }
}

impl AttachSignatureRequest {
    /// The files that it names.
    pub fn files(&self) -> Files<'_> {
        let files = self.registry.add_to(Files::default());
        match &self.what {
            AttachedSignature::Bundle(path) => files.and_read("bundle", Some(path)),
            AttachedSignature::Parts(parts) => {
                parts.named().fold(files, |files, (what, path)| files.and_read(what, path))
            }
        }
    }
}

impl SignatureParts {
    /// The files, with what they are called in messages.
    fn named(&self) -> impl Iterator<Item = (&'static str, Option<&Path>)> {
        let own = [("signature", Some(self.signature.as_path())), ("payload", self.payload.as_deref())];
        own.into_iter().chain(self.with.named())
    }
}

/// Attach a signature to an image; returns what goes to standard output.
///
/// # Errors
/// A file cannot be read or is not what it should be; the payload is about another image; the place refuses.
pub async fn attach_signature(
    request: &AttachSignatureRequest,
    context: &mut Context,
) -> Result<Vec<u8>, Error> {
    match &request.what {
        AttachedSignature::Bundle(path) => {
            let document = super::bundle::read("bundle", path)?;
            let image = Images::new(&request.registry, context)?.open_to_write(&request.image)?;
            let writer = writer(&request.registry, context);
            super::bundle::publish(&writer, &image, path, &document, context).await?;
        }
        AttachedSignature::Parts(parts) => layer(request, parts, context).await?,
    }
    Ok(Vec::new())
}

async fn layer(
    request: &AttachSignatureRequest,
    parts: &SignatureParts,
    context: &mut Context,
) -> Result<(), Error> {
    super::super::inputs::one_standard_input(
        parts.named().filter_map(|(_, path)| path).map(Path::as_os_str),
    )?;
    let signature = parts::read("signature", &parts.signature, MAX_SIGNATURE)?;
    let signature = detached::decode_signature(&signature)
        .map_err(|e| parts::unusable("signature", &parts.signature, &e))?;
    let given = match &parts.payload {
        Some(path) => Some(parts::read("payload", path, MAX_PAYLOAD)?),
        None => None,
    };
    let detached = parts::detached(&parts.with)?;
    let image = Images::new(&request.registry, context)?.open_to_write(&request.image)?;
    let digest = image.digest().await?;
    let bytes = match given {
        Some(bytes) => bytes,
        None => made_up(&image, &digest, context)?,
    };
    let payload = payload(parts.payload.as_deref(), bytes, &digest)?;
    let entity = detached.simple_signing(payload, signature);
    let made = annotations::encode(&entity).map_err(|error| {
        Error::new(ErrorKind::Format, "the signature cannot be attached in this form").caused_by(&error)
    })?;
    let layer = NewLayer {
        what: Attachment::Signature,
        media_type: made.media_type,
        content: &made.content,
        annotations: &made.annotations,
        is_same: &|_| false,
        replaces: Replaces::Nothing,
        created: None,
    };
    let writer = writer(&request.registry, context);
    if request.referring {
        let subject = image.descriptor().await?;
        publish_referring_layer(&writer, &image.home, &subject, &layer).await?;
    } else {
        publish_layer(&writer, &image.home, &digest, &layer).await?;
    }
    Ok(())
}

/// The payload that `generate` shows.
fn made_up(image: &Image, digest: &Digest, context: &mut Context) -> Result<Vec<u8>, Error> {
    let ImageName::Registry(reference) = &image.name else {
        return Err(Error::usage("an image that is in no registry has no name to make a payload of")
            .hint("name the payload that was signed with --payload FILE"));
    };
    let repository = reference.repository();
    context.narrator.warn(&format!(
        "using obsolete implied signature payload data (with digested reference {repository}@{digest}); specify it \
         explicitly with --payload instead"
    ));
    Ok(simple_signing(&repository.to_string(), digest, &BTreeMap::new()).into_bytes())
}

/// The payload, read. One about another image would never verify here.
fn payload(path: Option<&Path>, bytes: Vec<u8>, digest: &Digest) -> Result<Raw<SimpleSigning>, Error> {
    let name = path.unwrap_or_else(|| Path::new("-"));
    let parsed = SimpleSigning::from_json(&bytes).map_err(|e| parts::unusable("payload", name, &e))?;
    if parsed.digest != *digest {
        return Err(Error::new(
            ErrorKind::Format,
            format!("payload `{}` is about another image: {}", name.display(), parsed.digest),
        )
        .cause(format!("the image has the digest {digest}"))
        .hint("`generate IMAGE` shows the payload to sign"));
    }
    Ok(bundle::Raw { bytes, parsed })
}
