//! What a file is: a bundle, or one of the pieces that bundles are made of.

use serde_json::Value;

use super::super::super::candidates::format_name;
use crate::bundle::detached::{self, Detached};
use crate::bundle::{self, Decoded, Format, SignedEntity};
use crate::crypto::{DecodeError, PublicKey, decode_base64, json, pem};
use crate::payload::Statement;
use crate::timestamp::Token;
use crate::tlog::Entry;
use crate::x509::Certificate;

/// The largest detached signature: RSA 8192 has 1 KiB.
const MAX_SIGNATURE: usize = 1024;
/// The most PEM blocks.
const MAX_BLOCKS: usize = 32;

/// What a file is.
#[derive(Debug)]
pub enum Recognised {
    /// A signature with what travels with it; no format for a detached signature.
    Signed(Option<Format>, Vec<SignedEntity>),
    /// Certificates, leaf first.
    Certificates(Vec<Certificate>),
    /// A public key.
    Key(PublicKey),
    /// A log entry on its own.
    Entry(Entry),
    /// An RFC 3161 timestamp.
    Timestamp(Vec<u8>),
    /// A statement that nobody signed.
    Statement(Statement),
}

impl Recognised {
    /// What people call it.
    pub fn format(&self) -> String {
        match self {
            Self::Signed(Some(format), entities) => {
                entities.first().map_or_else(String::new, |entity| format_name(*format, entity.profile))
            }
            Self::Signed(None, _) => "detached signature".to_owned(),
            Self::Certificates(_) => "certificate".to_owned(),
            Self::Key(_) => "public key".to_owned(),
            Self::Entry(_) => "log entry".to_owned(),
            Self::Timestamp(_) => "RFC 3161 timestamp".to_owned(),
            Self::Statement(_) => "in-toto statement without a signature".to_owned(),
        }
    }
}

/// Recognises and decodes a document by its content.
///
/// # Errors
/// Nothing that is known, or something that is known and cannot be decoded: the error of its decoder.
pub fn recognise(document: &[u8]) -> Result<Recognised, DecodeError> {
    let text = document.strip_prefix(b"\xef\xbb\xbf").unwrap_or(document).trim_ascii();
    if text.starts_with(b"{") && std::str::from_utf8(text).is_ok() {
        return json_document(document);
    }
    if text.starts_with(b"-----BEGIN ") {
        return pem(text);
    }
    match std::str::from_utf8(text).ok().and_then(base64) {
        Some(inner) => inside(&inner, document),
        None if text.is_empty() => der(&[], document),
        None => der(document, document),
    }
}

/// A bundle, or one of the pieces that are JSON.
fn json_document(document: &[u8]) -> Result<Recognised, DecodeError> {
    let error = match bundle::decode(document) {
        Ok(Decoded { format, entities }) => return Ok(Recognised::Signed(Some(format), entities)),
        Err(error) => error,
    };
    let Ok(Value::Object(members)) = json::parse("document", document.trim_ascii()) else {
        return Err(error);
    };
    // A bundle stays one, however broken it is.
    let is_bundle = ["mediaType", "verificationMaterial", "base64Signature", "payloadType"];
    if is_bundle.iter().any(|name| members.contains_key(*name)) {
        return Err(error);
    }
    if members.contains_key("SignedRFC3161Timestamp") {
        return Ok(Recognised::Timestamp(detached::decode_timestamp(document)?));
    }
    if members.contains_key("SignedEntryTimestamp") {
        return Ok(Recognised::Entry(detached::decode_rekor_bundle(document)?));
    }
    if members.contains_key("_type") {
        return Ok(Recognised::Statement(Statement::from_json(document.trim_ascii())?));
    }
    Err(error)
}

/// Certificates, or a public key.
fn pem(text: &[u8]) -> Result<Recognised, DecodeError> {
    let label = pem::decode("document", text, MAX_BLOCKS)?.into_iter().next().map(|block| block.label);
    match label.as_deref() {
        Some("CERTIFICATE") => Ok(Recognised::Certificates(Certificate::chain_from_pem(text)?)),
        Some("PUBLIC KEY" | "RSA PUBLIC KEY") => Ok(Recognised::Key(PublicKey::from_pem(text)?)),
        Some(label) if label.ends_with("PRIVATE KEY") => Err(DecodeError::whole(
            "document",
            format!("a private key (PEM `{label}`), which is not looked into"),
        )),
        label => {
            let seen = label.unwrap_or("nothing");
            Err(DecodeError::whole("document", format!("PEM `{seen}`, not a certificate or a public key")))
        }
    }
}

/// What base64 text holds.
fn inside(inner: &[u8], document: &[u8]) -> Result<Recognised, DecodeError> {
    let text = inner.trim_ascii();
    if text.starts_with(b"-----BEGIN ") {
        return pem(text);
    }
    if text.starts_with(b"{") && std::str::from_utf8(text).is_ok() {
        let envelope = detached::decode_envelope(document)?;
        return Ok(Recognised::Signed(Some(Format::Envelope), Detached::default().envelope(envelope)?));
    }
    der(inner, document)
}

/// What binary data are: each of these has a form that the others do not have, so the order does not matter; a signature has
/// none and comes last.
fn der(bytes: &[u8], document: &[u8]) -> Result<Recognised, DecodeError> {
    if let Ok(certificate) = Certificate::from_der(bytes) {
        return Ok(Recognised::Certificates(vec![certificate]));
    }
    if Token::from_der(bytes).is_ok() {
        return Ok(Recognised::Timestamp(bytes.to_vec()));
    }
    if let Ok(key) = PublicKey::from_spki_der(bytes) {
        return Ok(Recognised::Key(key));
    }
    if !bytes.is_empty() && bytes.len() <= MAX_SIGNATURE {
        let signature = detached::decode_signature(document)?;
        return Ok(Recognised::Signed(None, vec![Detached::default().message(signature)]));
    }
    // The decoder of bundles says best what it looks like.
    match bundle::decode(document) {
        Ok(Decoded { format, entities }) => Ok(Recognised::Signed(Some(format), entities)),
        Err(error) => Err(error),
    }
}

/// Base64 text, folded or not.
fn base64(text: &str) -> Option<Vec<u8>> {
    decode_base64(&text.split(['\r', '\n']).collect::<String>()).filter(|bytes| !bytes.is_empty())
}
