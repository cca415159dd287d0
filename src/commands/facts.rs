//! Parts that what is shown of documents has in common, so that the same things have the same names everywhere.

use serde::Serialize;

use crate::crypto::{PublicKey, sha256};
use crate::x509::{Certificate, SubjectAlternativeName};

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

/// What is said of every certificate.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CertificateSummary {
    /// RFC 4514.
    subject: String,
    /// RFC 4514.
    issuer: String,
    /// Hexadecimal.
    serial: String,
    not_before: String,
    not_after: String,
    /// SHA-256 of the encoding.
    fingerprint: String,
}

/// A subject alternative name.
#[derive(Debug, Serialize)]
pub struct NameFacts {
    kind: &'static str,
    value: String,
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

impl CertificateSummary {
    /// Of this certificate.
    pub fn of(certificate: &Certificate) -> Self {
        Self {
            subject: certificate.subject(),
            issuer: certificate.issuer(),
            serial: certificate.serial(),
            not_before: certificate.not_before().to_string(),
            not_after: certificate.not_after().to_string(),
            fingerprint: fingerprint(certificate.der()),
        }
    }
}

impl NameFacts {
    /// The names of this certificate; none where they cannot be read.
    pub fn all_of(certificate: &Certificate) -> Vec<Self> {
        certificate.subject_alternative_names().unwrap_or_default().iter().map(Self::of).collect()
    }

    fn of(name: &SubjectAlternativeName) -> Self {
        let kind = match name {
            SubjectAlternativeName::Email(_) => "email",
            SubjectAlternativeName::Uri(_) => "uri",
            SubjectAlternativeName::Dns(_) => "dns",
            SubjectAlternativeName::Ip(_) => "ip",
            SubjectAlternativeName::Other(_) => "username",
        };
        Self { kind, value: name.value().to_owned() }
    }
}
