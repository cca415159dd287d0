//! Reads the pieces that a bundle is made of, and finds out whether they are one signature.

use std::path::Path;
use std::sync::Arc;

use super::BundleCreateRequest;
use crate::bundle::detached::{Detached, SignatureFile, decode_envelope, decode_signature_file};
use crate::bundle::{Content, Decoded, Format, Raw, SignedEntity, VerificationMaterial, decode};
use crate::commands::bundle::upgrade::several_signatures;
use crate::commands::candidates::{MAX_BUNDLE, beside, signature_document, unreadable};
use crate::commands::inputs::read_named;
use crate::commands::keys::public_key;
use crate::commands::{Context, Error, ErrorKind, SignatureRequest};
use crate::crypto::{DecodeError, PublicKey};
use crate::payload::Envelope;
use crate::storage::read_file;
use crate::tlog::Entry;

/// What was read, before it is known to belong together.
pub(super) struct Pieces {
    pub entity: SignedEntity,
    /// Where the signature is from.
    pub source: String,
    /// The key that `--key` names.
    pub key: Option<PublicKey>,
    /// The log entry that an older bundle had; it has no inclusion proof.
    pub logged: Option<Entry>,
}

impl Pieces {
    pub async fn read(request: &BundleCreateRequest, context: &mut Context) -> Result<Self, Error> {
        let mut parts = beside(
            &SignatureRequest {
                certificate: request.certificate.clone(),
                timestamp: request.timestamp.clone(),
                ..SignatureRequest::default()
            },
            context,
        )?;
        let mut given: Vec<(String, SignatureFile)> = Vec::new();
        if let Some(path) = &request.attestation {
            let document = read_named("attestation", path.as_os_str(), MAX_BUNDLE, context)?;
            let envelope = decode_envelope(&document).map_err(|e| unreadable(&path.display(), &e))?;
            given.push((path.display().to_string(), SignatureFile::Envelope(envelope)));
        }
        if let Some(signature) = &request.signature {
            let (document, source) = signature_document(signature, context)?;
            let file = decode_signature_file(&document).map_err(|e| no_signature(&source, &document, &e))?;
            given.push((source, file));
        }
        let mut logged = None;
        if let Some(path) = &request.bundle {
            let (signature, entry) = older_bundle(path, request.ignore_log, &mut parts)?;
            logged = entry;
            given.push((path.display().to_string(), signature));
        }
        let (source, signature) = agreed(given)?;
        let entity = entity(parts, signature, &source)?;
        let key = match &request.key {
            Some(reference) => Some(public_key(reference, context).await?),
            None => None,
        };
        Ok(Self { entity, source, key, logged })
    }
}

/// The error for a file that is no signature: perhaps it needs no bundle made of it.
fn no_signature(source: &str, document: &[u8], error: &DecodeError) -> Error {
    match decode(document).map(|decoded| decoded.format) {
        Ok(Format::Sigstore) => {
            Error::new(ErrorKind::Format, format!("`{source}` is a Sigstore bundle already"))
                .hint("it can be verified as it is; `bundle upgrade` makes a v0.3 bundle of an older one")
        }
        Ok(Format::Legacy) => {
            Error::new(ErrorKind::Format, format!("`{source}` is a bundle in cosign's older format"))
                .hint(format!("name it with --bundle {source}"))
        }
        _ => unreadable(&source, error),
    }
}

/// Reads a bundle in cosign's older format: its signature, and into `parts` what belongs to it.
fn older_bundle(
    path: &Path,
    ignore_log: bool,
    parts: &mut Detached,
) -> Result<(SignatureFile, Option<Entry>), Error> {
    let shown = path.display();
    let document = read_file("bundle", path, MAX_BUNDLE).map_err(|e| Error::file(&e))?;
    let Decoded { format, mut entities } = decode(&document).map_err(|e| unreadable(&shown, &e))?;
    let unsuitable = |what: &str| {
        Error::new(
            ErrorKind::Format,
            format!("`{shown}` is {what}, and --bundle takes one in cosign's older format"),
        )
    };
    match format {
        Format::Legacy => {}
        Format::Sigstore => {
            return Err(unsuitable("a Sigstore bundle")
                .hint(format!("to make a v0.3 bundle of it: `bundle upgrade {shown}`")));
        }
        Format::Envelope => {
            return Err(unsuitable("a DSSE envelope").hint(format!("name it with --attestation {shown}")));
        }
    }
    let count = entities.len();
    let Some(entity) = entities.pop().filter(|_| count == 1) else {
        return Err(several_signatures(count, &shown));
    };
    let logged = log_entry(&entity, ignore_log, &shown.to_string())?;
    match entity.material {
        VerificationMaterial::Certificate(chain) => parts.certificates = chain,
        VerificationMaterial::PublicKey { embedded, .. } => parts.embedded = embedded,
    }
    let signature = match entity.content {
        Content::Message { signature, .. } | Content::SimpleSigning { signature, .. } => {
            SignatureFile::Signature(signature)
        }
        Content::Envelope(envelope) => SignatureFile::Envelope(Arc::unwrap_or_clone(envelope)),
    };
    Ok((signature, logged))
}

/// The entry that an older bundle has; it must not get lost.
fn log_entry(entity: &SignedEntity, ignore_log: bool, shown: &str) -> Result<Option<Entry>, Error> {
    match (entity.log_entries.first(), ignore_log) {
        (entry, false) => Ok(entry.cloned()),
        (None, true) => Ok(None),
        (Some(_), true) => {
            let message = format!("--ignore-tlog would lose the log entry of `{shown}`");
            Err(Error::usage(message).hint(
                "leave --ignore-tlog out to keep it; to make a bundle without it, name signature and certificate with --signature and --certificate",
            ))
        }
    }
}

/// What was given is one signature; where an envelope is among it, that envelope.
fn agreed(given: Vec<(String, SignatureFile)>) -> Result<(String, SignatureFile), Error> {
    let mut given = given.into_iter();
    let Some((mut source, mut signature)) = given.next() else {
        return Err(Error::usage("there is no signature").hint("name it with --signature FILE"));
    };
    for (other_source, other) in given {
        let same = match (&signature, &other) {
            (SignatureFile::Signature(one), SignatureFile::Signature(other)) => one == other,
            (SignatureFile::Envelope(one), SignatureFile::Envelope(other)) => {
                same_envelope(&one.parsed, &other.parsed)
            }
            (SignatureFile::Envelope(envelope), SignatureFile::Signature(bytes))
            | (SignatureFile::Signature(bytes), SignatureFile::Envelope(envelope)) => {
                matches!(envelope.parsed.signatures.as_slice(), [one] if one.sig == *bytes)
            }
        };
        if !same {
            let message = format!("`{source}` and `{other_source}` do not hold the same signature");
            return Err(Error::new(ErrorKind::NoneValid, message).hint("name one of them, the right one"));
        }
        if matches!((&signature, &other), (SignatureFile::Signature(_), SignatureFile::Envelope(_))) {
            (source, signature) = (other_source, other);
        }
    }
    Ok((source, signature))
}

/// `keyid` is a hint (DSSE protocol, "Signature definition") and says nothing of the signature.
fn same_envelope(one: &Envelope, other: &Envelope) -> bool {
    let signatures = |e: &Envelope| e.signatures.iter().map(|s| s.sig.clone()).collect::<Vec<_>>();
    (&one.payload_type, &one.payload) == (&other.payload_type, &other.payload)
        && signatures(one) == signatures(other)
}

fn entity(parts: Detached, signature: SignatureFile, source: &str) -> Result<SignedEntity, Error> {
    let Raw { bytes, mut parsed } = match signature {
        SignatureFile::Signature(signature) => return Ok(parts.message(signature)),
        SignatureFile::Envelope(envelope) => envelope,
    };
    // As cosign: its verifier refuses a bundle that has one.
    parsed.signatures.iter_mut().for_each(|signature| signature.keyid.clear());
    let mut entities = parts.envelope(Raw { bytes, parsed }).map_err(|e| unreadable(&source, &e))?;
    let count = entities.len();
    entities.pop().filter(|_| count == 1).ok_or_else(|| several_signatures(count, &source))
}
