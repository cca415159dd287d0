//! Parts that what is shown of documents has in common, so that the same things have the same names everywhere.

use serde::Serialize;

use crate::crypto::{PublicKey, sha256};

/// The size of some bytes, and their SHA-256, so that two of them can be compared without showing them.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Part {
    size: usize,
    sha256: String,
}

/// The document as a file.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DocumentFacts {
    pub(super) source: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) format: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) media_type: Option<String>,
    #[serde(flatten)]
    pub(super) bytes: Part,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// A code of `docs/reference/inspection.md`; where verification refuses the same, the code that it gives.
    pub code: &'static str,
    /// In words.
    pub message: String,
}

/// A public key.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyFacts {
    /// Such as `ECDSA P-256`; `unknown` for kinds that do not sign here.
    #[serde(rename = "type")]
    kind: String,
    /// SHA-256 of the SubjectPublicKeyInfo.
    fingerprint: String,
}

/// SHA-256 in hexadecimal.
pub fn fingerprint(der: &[u8]) -> String {
    hex::encode(sha256(der))
}

impl Part {
    /// Of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self { size: bytes.len(), sha256: fingerprint(bytes) }
    }
}

impl KeyFacts {
    /// Of this key.
    pub fn of(key: &PublicKey) -> Self {
        Self { kind: key.key_type().to_string(), fingerprint: fingerprint(key.spki_der()) }
    }

    /// Of a SubjectPublicKeyInfo, whatever its kind is.
    pub fn of_spki(spki: &[u8]) -> Self {
        let unknown = || Self { kind: "unknown".to_owned(), fingerprint: fingerprint(spki) };
        PublicKey::from_spki_der(spki).map_or_else(|_| unknown(), |key| Self::of(&key))
    }
}
