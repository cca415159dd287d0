//! Detached files: signatures, certificates, envelopes, timestamps, each on its own, and the entity that they make
//! together.

#[cfg(test)]
mod tests;

use std::sync::Arc;

use serde_json::Value;

use super::{Content, Profile, Raw, SignedEntity, VerificationMaterial, looks};
use crate::crypto::{DecodeError, Node, PublicKey, base64, decode_base64, json};
use crate::payload::{Envelope, SimpleSigning};
use crate::tlog::Entry;
use crate::x509::Certificate;

/// The largest signature file. The largest signature that is verified (RSA 8192) has 1 KiB.
const MAX_SIGNATURE: usize = 64 * 1024;
/// The largest certificate file.
const MAX_CERTIFICATES: usize = 1024 * 1024;
/// The largest timestamp file.
const MAX_TIMESTAMP: usize = 256 * 1024;
/// The most signatures of one envelope.
const MAX_SIGNATURES: usize = 32;
/// The most bytes that the entities of one envelope may hold together: each has the payload.
const MAX_ENVELOPES: usize = 512 * 1024 * 1024;

/// A signature file: base64 in either alphabet, with or without line breaks, or raw bytes.
///
/// # Errors
/// Empty, larger than 64 KiB, or text that is not base64 (the message says what it looks like).
pub fn decode_signature(document: &[u8]) -> Result<Vec<u8>, DecodeError> {
    const WHAT: &str = "signature";
    bounded_signature(WHAT, document, MAX_SIGNATURE)?;
    match text_of(document) {
        None => Ok(document.to_vec()),
        Some(text) => base64_text(text).filter(|signature| !signature.is_empty()).ok_or_else(|| {
            DecodeError::whole(WHAT, format!("not base64; it looks like {}", looks::like(document)))
        }),
    }
}

/// What a file that is named as a signature holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignatureFile {
    /// A signature over the artifact itself, or over an envelope that is elsewhere.
    Signature(Vec<u8>),
    /// An envelope with its signatures.
    Envelope(Raw<Envelope>),
}

/// A file that is named as a signature: cosign's `attest-blob` writes an envelope where `sign-blob` writes a signature.
///
/// # Errors
/// As [`decode_envelope`] where it is JSON or base64 of JSON, else as [`decode_signature`].
pub fn decode_signature_file(document: &[u8]) -> Result<SignatureFile, DecodeError> {
    // No signature that anybody makes is text, so base64 of text that begins with a brace is no signature's.
    let inner = || {
        document.len() <= super::MAX_DOCUMENT
            && text_of(document).and_then(base64_text).is_some_and(|inner| is_json(&inner))
    };
    if is_json(document) || inner() {
        return decode_envelope(document).map(SignatureFile::Envelope);
    }
    decode_signature(document).map(SignatureFile::Signature)
}

/// A certificate file: PEM, base64 of PEM (as cosign writes it), or DER; leaf first.
///
/// # Errors
/// Empty, larger than 1 MiB, no certificate, more than 32, one that cannot be read.
pub fn decode_certificates(document: &[u8]) -> Result<Vec<Certificate>, DecodeError> {
    const WHAT: &str = "certificate";
    bounded(WHAT, document, MAX_CERTIFICATES)?;
    let Some(text) = text_of(document) else {
        return Ok(vec![Certificate::from_der(document)?]);
    };
    if text.contains("-----BEGIN ") {
        return Certificate::chain_from_pem(document);
    }
    let inner = base64_text(text).ok_or_else(|| {
        DecodeError::whole(
            WHAT,
            format!("neither PEM nor base64 of it; it looks like {}", looks::like(document)),
        )
    })?;
    match text_of(&inner) {
        Some(_) => Certificate::chain_from_pem(&inner),
        None => Ok(vec![Certificate::from_der(&inner)?]),
    }
}

/// An envelope file: the JSON of a DSSE envelope, or base64 of it. [`Raw::bytes`] are the JSON's own bytes, without white
/// space around it (cosign prints a newline after what it logs and timestamps).
///
/// # Errors
/// Empty, not an envelope, or as [`Envelope::from_json`].
pub fn decode_envelope(document: &[u8]) -> Result<Raw<Envelope>, DecodeError> {
    const WHAT: &str = "DSSE envelope";
    bounded_signature(WHAT, document, super::MAX_DOCUMENT)?;
    if is_json(document) {
        let text = super::without_mark(document).trim_ascii();
        return Ok(Raw { bytes: text.to_vec(), parsed: Envelope::from_json(text)? });
    }
    let inner = text_of(document).and_then(base64_text).filter(|inner| is_json(inner));
    let bytes = inner.ok_or_else(|| {
        let seen = looks::like(document);
        DecodeError::whole(WHAT, format!("neither JSON nor base64 of it; it looks like {seen}"))
    })?;
    Ok(Raw { parsed: Envelope::from_json(&bytes)?, bytes })
}

/// An RFC 3161 timestamp file: cosign's `{"SignedRFC3161Timestamp": base64}`, or the response in DER.
///
/// # Errors
/// Empty, larger than 256 KiB, neither of the two.
pub fn decode_timestamp(document: &[u8]) -> Result<Vec<u8>, DecodeError> {
    const WHAT: &str = "RFC 3161 timestamp";
    bounded(WHAT, document, MAX_TIMESTAMP)?;
    if is_json(document) {
        let value = json::parse(WHAT, document)?;
        return Node::root(WHAT, &value).member("SignedRFC3161Timestamp")?.non_empty_base64();
    }
    match text_of(document) {
        // A SEQUENCE is the outermost of both a response and a token; what is in it the token's decoder says.
        None if document.first() == Some(&0x30) => Ok(document.to_vec()),
        _ => {
            let seen = looks::like(document);
            Err(DecodeError::whole(WHAT, format!("neither JSON nor DER; it looks like {seen}")))
        }
    }
}

/// A timestamp as cosign keeps it in files and annotations.
pub fn encode_timestamp(token: &[u8]) -> String {
    serde_json::json!({ "SignedRFC3161Timestamp": base64::encode(token) }).to_string()
}

/// A log entry file: the `rekorBundle` of a legacy bundle on its own.
///
/// # Errors
/// Not JSON, and as [`super::legacy::decode_rekor_bundle`].
pub fn decode_rekor_bundle(document: &[u8]) -> Result<Entry, DecodeError> {
    let value: Value = json::parse("Rekor bundle", document)?;
    super::legacy::decode_rekor_bundle(&value)
}

/// What belongs to a signature and travels in files of its own, or in the parts of a legacy document.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Detached {
    /// The certificate, leaf first, with what came in the same file; empty for a key signature.
    pub certificates: Vec<Certificate>,
    /// A public key that came in place of a certificate. Only looked at when there is no certificate.
    pub embedded: Option<PublicKey>,
    /// SCTs beside the certificate.
    pub scts: Vec<Vec<u8>>,
    /// RFC 3161 timestamps in DER.
    pub timestamps: Vec<Vec<u8>>,
    /// The log entry.
    pub log_entry: Option<Entry>,
}

impl Detached {
    /// The entity with a signature over the artifact itself.
    pub fn message(self, signature: Vec<u8>) -> SignedEntity {
        self.entity(Content::Message { digest: None, signature })
    }

    /// The entity with a simple-signing payload.
    pub fn simple_signing(self, payload: Raw<SimpleSigning>, signature: Vec<u8>) -> SignedEntity {
        self.entity(Content::SimpleSigning { payload: Arc::new(payload), signature })
    }

    /// The entities with an envelope, one for each of its signatures. Each has the bytes of the whole envelope.
    ///
    /// # Errors
    /// More than 32 signatures, or several that would need more than 512 MiB together.
    pub fn envelope(self, envelope: Raw<Envelope>) -> Result<Vec<SignedEntity>, DecodeError> {
        let count = envelope.parsed.signatures.len();
        let size = envelope.bytes.len().saturating_add(envelope.parsed.payload.len());
        if count > MAX_SIGNATURES || (count > 1 && size.saturating_mul(count) > MAX_ENVELOPES) {
            let reason =
                format!("{count} signatures over {} bytes are too many", envelope.parsed.payload.len());
            return Err(DecodeError::new("DSSE envelope", "signatures", reason).over_limit());
        }
        if count == 1 {
            return Ok(vec![self.entity(Content::Envelope(Arc::new(envelope)))]);
        }
        let Raw { bytes, parsed } = envelope;
        let single = |signature| {
            let parsed = Envelope {
                payload: parsed.payload.clone(),
                payload_type: parsed.payload_type.clone(),
                signatures: vec![signature],
            };
            self.clone().entity(Content::Envelope(Arc::new(Raw { bytes: bytes.clone(), parsed })))
        };
        Ok(parsed.signatures.iter().cloned().map(single).collect())
    }

    fn entity(self, content: Content) -> SignedEntity {
        let material = if self.certificates.is_empty() {
            VerificationMaterial::PublicKey { hint: String::new(), embedded: self.embedded }
        } else {
            VerificationMaterial::Certificate(self.certificates)
        };
        SignedEntity {
            content,
            material,
            log_entries: self.log_entry.into_iter().collect(),
            timestamps: self.timestamps,
            detached_scts: self.scts,
            profile: Profile::Legacy,
        }
    }
}

/// Whether these bytes are meant as a JSON object: text that begins with a brace. A raw signature may begin with that
/// byte too, but is not text.
pub(super) fn is_json(document: &[u8]) -> bool {
    text_of(document).is_some_and(|text| text.trim_ascii_start().starts_with('{'))
}

/// The bytes as text, when they are: UTF-8 without control characters but white space; a byte order mark is skipped.
fn text_of(document: &[u8]) -> Option<&str> {
    let document = super::without_mark(document);
    let control = |b: &u8| b.is_ascii_control() && !b.is_ascii_whitespace();
    if document.iter().any(control) { None } else { std::str::from_utf8(document).ok() }
}

/// Base64 in either alphabet, folded or not. The dashes of PEM are letters of the URL-safe alphabet too.
fn base64_text(text: &str) -> Option<Vec<u8>> {
    let text = text.trim_ascii();
    if text.starts_with("-----BEGIN ") {
        return None;
    }
    if !text.contains(['\r', '\n']) {
        return decode_base64(text);
    }
    // Line breaks alone, as in cosign: words with spaces between them are a text, even if their letters would decode.
    decode_base64(&text.split(['\r', '\n']).collect::<String>())
}

/// The size of a file that holds a signature, which an empty one does not.
fn bounded_signature(what: &'static str, document: &[u8], limit: usize) -> Result<(), DecodeError> {
    let empty = document.trim_ascii().is_empty();
    bounded(what, document, limit).map_err(|error| if empty { error.no_signature() } else { error })
}

fn bounded(what: &'static str, document: &[u8], limit: usize) -> Result<(), DecodeError> {
    if document.trim_ascii().is_empty() {
        return Err(DecodeError::whole(what, looks::EMPTY));
    }
    if document.len() > limit {
        let reason = format!("{} bytes, above the limit of {limit}", document.len());
        return Err(DecodeError::whole(what, reason).over_limit());
    }
    Ok(())
}
