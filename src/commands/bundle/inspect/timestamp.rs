//! What RFC 3161 timestamps say.

use serde::Serialize;

use crate::commands::facts::{CertificateSummary, Part};
use crate::timestamp::Token;
use crate::x509::Certificate;

/// A timestamp; of one that cannot be parsed the bytes only.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TimestampFacts {
    #[serde(skip_serializing_if = "Option::is_none")]
    time: Option<String>,
    /// The digest of what was timestamped.
    #[serde(skip_serializing_if = "Option::is_none")]
    imprint: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    serial: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    policy: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<String>,
    certificates: Vec<AuthorityFacts>,
    #[serde(flatten)]
    bytes: Part,
}

/// A certificate that the token carries.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct AuthorityFacts {
    #[serde(flatten)]
    summary: CertificateSummary,
    is_authority: bool,
}

impl TimestampFacts {
    /// Of this response or token.
    pub fn of(der: &[u8]) -> Self {
        let blank = Self {
            time: None,
            imprint: None,
            serial: None,
            policy: None,
            nonce: None,
            certificates: Vec::new(),
            bytes: Part::of(der),
        };
        let Ok(token) = Token::from_der(der) else { return blank };
        Self {
            time: Some(token.gen_time().to_string()),
            imprint: Some(token.imprint().to_string()),
            serial: Some(token.serial()),
            policy: Some(token.policy().to_owned()),
            nonce: token.nonce().map(hex::encode),
            certificates: token.certificates().iter().map(AuthorityFacts::of).collect(),
            ..blank
        }
    }
}

impl AuthorityFacts {
    fn of(certificate: &Certificate) -> Self {
        Self { summary: CertificateSummary::of(certificate), is_authority: certificate.is_ca() }
    }
}
