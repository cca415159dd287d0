//! Which format a document is in, by its content.

use super::SignedEntity;
use crate::crypto::DecodeError;

/// The formats that a single document may be in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Sigstore protobuf bundle v0.1, v0.2, v0.3.
    Sigstore,
    /// The JSON bundle of cosign 1 and 2 (`base64Signature`, `cert`, `rekorBundle`).
    Legacy,
    /// A bare DSSE envelope.
    Envelope,
}

/// A decoded document.
#[derive(Debug, Clone)]
pub struct Decoded {
    /// What it was.
    pub format: Format,
    /// What it holds. Legacy documents whose envelope has several signatures give one entity for each.
    pub entities: Vec<SignedEntity>,
}

/// Recognises and decodes a document. An unreadable document is an error that says what it looked like; no other format
/// is tried then.
pub fn decode(_document: &[u8]) -> Result<Decoded, DecodeError> {
    todo!()
}
