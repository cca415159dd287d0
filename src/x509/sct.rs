//! Signed certificate timestamps (RFC 6962 section 3).

use super::Certificate;
use crate::crypto::{DecodeError, PublicKey, UnixTime};

/// One SCT, unverified.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct Sct {
    pub log_id: [u8; 32],
    pub time: UnixTime,
    pub extensions: Vec<u8>,
    /// TLS hash and signature algorithm numbers.
    pub algorithm: (u8, u8),
    pub signature: Vec<u8>,
    /// Whether it was embedded in the certificate (then it is over the precertificate).
    pub embedded: bool,
    timestamp_millis: u64,
}

/// The SCTs embedded in a certificate (extension 1.3.6.1.4.1.11129.2.4.2); empty when there is none.
pub fn embedded(_certificate: &Certificate) -> Result<Vec<Sct>, DecodeError> {
    todo!()
}

/// A detached SCT: the JSON of RFC 6962 section 4.1 (as Fulcio returns it, plain or base64), or the TLS encoding.
pub fn parse_detached(_bytes: &[u8]) -> Result<Sct, DecodeError> {
    todo!()
}

/// Whether the SCT is valid for this certificate, issued by `issuer`, under the log's key.
pub fn verify(_sct: &Sct, _certificate: &Certificate, _issuer: &Certificate, _key: &PublicKey) -> bool {
    todo!()
}
