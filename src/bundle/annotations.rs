//! Signatures in the layers of the tags `.sig` and `.att` (cosign's specification of signatures): the layer's blob is what
//! was signed, and the annotations of its descriptor hold the rest.
//!
//! | annotation | holds |
//! |---|---|
//! | `dev.cosignproject.cosign/signature` | the signature in base64; empty for an envelope, which has its own |
//! | `dev.sigstore.cosign/certificate` | the certificate in PEM |
//! | `dev.sigstore.cosign/chain` | the certificates above it in PEM |
//! | `dev.sigstore.cosign/bundle` | the log entry, as `rekorBundle` in a legacy bundle |
//! | `dev.sigstore.cosign/rfc3161timestamp` | `{"SignedRFC3161Timestamp": base64}` |
//! | `predicateType` | of an attestation, for people; what counts is in the statement |
//!
//! cosign writes empty texts for what is not there; they are read as not there.

#[cfg(test)]
mod tests;

use super::detached::{self, Detached};
use super::{Content, Raw, SignedEntity, VerificationMaterial, legacy};
use crate::crypto::{DecodeError, base64, decode_base64};
use crate::payload::{SimpleSigning, Statement};
use crate::x509::Certificate;

/// The media type of a layer that is a simple-signing payload.
pub const SIMPLE_SIGNING_MEDIA_TYPE: &str = "application/vnd.dev.cosign.simplesigning.v1+json";
/// The media type of a layer that is a DSSE envelope.
pub const ENVELOPE_MEDIA_TYPE: &str = "application/vnd.dsse.envelope.v1+json";

/// The annotation with the signature.
pub const SIGNATURE: &str = "dev.cosignproject.cosign/signature";
/// The annotation with the certificate.
pub const CERTIFICATE: &str = "dev.sigstore.cosign/certificate";
/// The annotation with the certificates above it.
pub const CHAIN: &str = "dev.sigstore.cosign/chain";
/// The annotation with the log entry.
pub const BUNDLE: &str = "dev.sigstore.cosign/bundle";
/// The annotation with the timestamp.
pub const TIMESTAMP: &str = "dev.sigstore.cosign/rfc3161timestamp";
/// The annotation with the predicate type.
pub const PREDICATE_TYPE: &str = "predicateType";

/// Annotations in the order of their document.
pub type Annotations = [(String, String)];

const WHAT: &str = "annotations of a signature";
/// The largest signature in base64.
const MAX_SIGNATURE: usize = 64 * 1024;
/// The largest log entry.
const MAX_BUNDLE: usize = 4 * 1024 * 1024;
/// The largest timestamp.
const MAX_TIMESTAMP: usize = 512 * 1024;

/// A layer of a `.sig` tag: a simple-signing payload with its signature.
///
/// # Errors
/// No signature; an annotation that cannot be read or is too large, by name; two of one name; a payload that is none.
pub fn decode_signature(annotations: &Annotations, payload: &[u8]) -> Result<SignedEntity, DecodeError> {
    let text = find(annotations, SIGNATURE, MAX_SIGNATURE)?
        .ok_or_else(|| error(SIGNATURE, "is missing or empty").no_signature())?;
    let signature = decode_base64(text.trim_ascii())
        .filter(|signature| !signature.is_empty())
        .ok_or_else(|| error(SIGNATURE, "is not base64"))?;
    let parts = parts(annotations)?;
    let parsed = SimpleSigning::from_json(payload)?;
    Ok(parts.simple_signing(Raw { bytes: payload.to_vec(), parsed }, signature))
}

/// A layer of an `.att` tag: a DSSE envelope; one entity for each of its signatures. `predicateType` is not looked at, and a
/// signature beside the envelope is refused: which of the two would count?
///
/// # Errors
/// As [`decode_signature`]; an envelope that is none.
pub fn decode_attestation(
    annotations: &Annotations,
    envelope: &[u8],
) -> Result<Vec<SignedEntity>, DecodeError> {
    if find(annotations, SIGNATURE, MAX_SIGNATURE)?.is_some() {
        return Err(error(SIGNATURE, "is not empty; the signature of an attestation is in its envelope"));
    }
    parts(annotations)?.envelope(detached::decode_envelope(envelope)?)
}

/// All but the signature and what is signed.
fn parts(annotations: &Annotations) -> Result<Detached, DecodeError> {
    let mut certificates = Vec::new();
    let leaf = find(annotations, CERTIFICATE, usize::MAX)?;
    if let Some(pem) = leaf {
        certificates = Certificate::chain_from_pem(pem.as_bytes()).map_err(|e| within(CERTIFICATE, &e))?;
    }
    if let Some(pem) = find(annotations, CHAIN, usize::MAX)? {
        let above = Certificate::chain_from_pem(pem.as_bytes()).map_err(|e| within(CHAIN, &e))?;
        if leaf.is_none() {
            return Err(error(CHAIN, "is there without a certificate"));
        }
        certificates.extend(above);
    }
    let log_entry = match find(annotations, BUNDLE, MAX_BUNDLE)? {
        Some(text) => Some(detached::decode_rekor_bundle(text.as_bytes()).map_err(|e| within(BUNDLE, &e))?),
        None => None,
    };
    let timestamps = match find(annotations, TIMESTAMP, MAX_TIMESTAMP)? {
        Some(text) => vec![detached::decode_timestamp(text.as_bytes()).map_err(|e| within(TIMESTAMP, &e))?],
        None => Vec::new(),
    };
    Ok(Detached { certificates, log_entry, timestamps, ..Detached::default() })
}

/// An annotation that is not empty.
fn find<'a>(annotations: &'a Annotations, name: &str, limit: usize) -> Result<Option<&'a str>, DecodeError> {
    let mut found = annotations.iter().filter(|(n, _)| n == name);
    let (first, second) = (found.next(), found.next());
    if second.is_some() {
        return Err(error(name, "appears twice"));
    }
    match first {
        Some((_, text)) if text.len() > limit => {
            Err(error(name, format!("has {} bytes, the limit is {limit}", text.len())).over_limit())
        }
        // White space is nothing, too: cosign joins the certificates of a chain with line ends.
        Some((_, text)) if !text.trim_ascii().is_empty() => Ok(Some(text)),
        _ => Ok(None),
    }
}

fn error(name: &str, reason: impl Into<String>) -> DecodeError {
    DecodeError::new(WHAT, format!("`{name}`"), reason)
}

fn within(name: &str, inner: &DecodeError) -> DecodeError {
    error(name, inner.to_string()).of_kind(inner.kind)
}

/// A layer of a `.sig` or `.att` tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layer {
    /// The media type of the blob.
    pub media_type: &'static str,
    /// The blob: the payload, or the envelope's JSON.
    pub content: Vec<u8>,
    /// The annotations of its descriptor, by name.
    pub annotations: Vec<(String, String)>,
}

/// What such a layer cannot hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unrepresentable {
    /// A signature over the artifact's own bytes.
    #[error("a signature of a file has no place in a `.sig` or `.att` tag")]
    Message,
    /// Several log entries.
    #[error("a layer of a `.sig` or `.att` tag holds one log entry, and there are {0}")]
    LogEntries(usize),
    /// A log entry without promise or time, as Rekor v2 makes it.
    #[error("the log entry has no inclusion promise, which a layer of a `.sig` or `.att` tag needs")]
    LogPromise,
    /// Several timestamps.
    #[error("a layer of a `.sig` or `.att` tag holds one timestamp, and there are {0}")]
    Timestamps(usize),
    /// SCTs beside the certificate.
    #[error("a layer of a `.sig` or `.att` tag holds no detached SCT")]
    DetachedSct,
}

/// Encodes as cosign does. Of a log entry the inclusion proof is left out, and of a key its hint; the promise, and the key
/// that users name, prove as much.
///
/// # Errors
/// Something that a verifier may need has no place there.
pub fn encode(entity: &SignedEntity) -> Result<Layer, Unrepresentable> {
    let mut annotations = Vec::new();
    let mut put = |name: &str, text: String| annotations.push((name.to_owned(), text));
    let (media_type, content) = match &entity.content {
        Content::Message { .. } => return Err(Unrepresentable::Message),
        Content::SimpleSigning { payload, signature } => {
            put(SIGNATURE, base64::encode(signature));
            (SIMPLE_SIGNING_MEDIA_TYPE, payload.bytes.clone())
        }
        Content::Envelope(envelope) => {
            put(SIGNATURE, String::new());
            if let Ok(statement) = Statement::from_json(&envelope.parsed.payload) {
                put(PREDICATE_TYPE, statement.predicate_type);
            }
            let bytes = match envelope.bytes.as_slice() {
                [] => envelope.parsed.to_json().into_bytes(),
                bytes => bytes.to_vec(),
            };
            (ENVELOPE_MEDIA_TYPE, bytes)
        }
    };
    match entity.log_entries.as_slice() {
        [] => (),
        [entry] => {
            put(BUNDLE, legacy::encode_rekor_bundle(entry).ok_or(Unrepresentable::LogPromise)?);
        }
        several => return Err(Unrepresentable::LogEntries(several.len())),
    }
    if let VerificationMaterial::Certificate(chain) = &entity.material
        && let Some((leaf, above)) = chain.split_first()
    {
        put(CERTIFICATE, leaf.to_pem());
        put(CHAIN, above.iter().map(Certificate::to_pem).collect());
    }
    match entity.timestamps.as_slice() {
        [] => (),
        [token] => put(TIMESTAMP, detached::encode_timestamp(token)),
        several => return Err(Unrepresentable::Timestamps(several.len())),
    }
    if !entity.detached_scts.is_empty() {
        return Err(Unrepresentable::DetachedSct);
    }
    // Go writes maps by name.
    annotations.sort();
    Ok(Layer { media_type, content, annotations })
}
