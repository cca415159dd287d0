//! Verification of a token (RFC 3161 section 2.4.2, RFC 5652 section 5.6, RFC 5035).

use super::Token;
use crate::crypto::UnixTime;
use crate::x509::Certificate;

/// A timestamp authority's certificates, all of one authority; its window is the caller's business.
#[derive(Debug, Clone, Copy)]
pub struct Authority<'a> {
    /// Trust anchors.
    pub anchors: &'a [Certificate],
    /// Leaf and intermediates.
    pub others: &'a [Certificate],
}

/// Why a token was not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs)]
pub enum TimestampError {
    /// The token's own form: content type, missing signed attributes, no signer, several signers.
    #[error("the timestamp token is not well-formed: {0}")]
    Malformed(String),
    #[error("the timestamp is over other bytes than this signature")]
    Imprint,
    #[error("the timestamp token's signature is not valid")]
    Signature,
    /// The certificate that signed does not belong to this authority. The token may be another authority's.
    #[error("the timestamp token is not signed by this authority")]
    Authority,
    #[error("the authority's certificate is not acceptable: {0}")]
    Certificate(#[from] crate::x509::path::PathError),
}

/// Verifies the token over `signed` (the raw signature bytes that were timestamped) and returns its time (genTime).
pub fn verify(_token: &Token, _signed: &[u8], _authority: Authority<'_>) -> Result<UnixTime, TimestampError> {
    todo!()
}
