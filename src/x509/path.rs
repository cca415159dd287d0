//! Certification paths (RFC 5280 section 6).

use super::Certificate;
use crate::crypto::UnixTime;

/// What the leaf is used for: the extended key usage that it has to carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Usage {
    /// id-kp-codeSigning.
    CodeSigning,
    /// id-kp-timeStamping.
    TimeStamping,
}

/// A verified path, leaf first, anchor last.
#[derive(Debug, Clone)]
pub struct Path {
    certificates: Vec<Certificate>,
}

impl Path {
    /// Leaf first, anchor last.
    pub fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }
    /// The leaf's issuer (the leaf itself when it is its own anchor).
    pub fn issuer(&self) -> &Certificate {
        todo!()
    }
}

/// Why no path was found; ordered by how much it says (later variants are more specific).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs)]
pub enum PathError {
    #[error("no trusted authority issued the certificate `{subject}` (issuer `{issuer}`)")]
    UnknownIssuer { subject: String, issuer: String },
    #[error("certificate `{subject}` is malformed or not allowed here: {reason}")]
    Invalid { subject: String, reason: String },
    #[error("certificate `{subject}` does not allow {usage:?}")]
    Usage { subject: String, usage: Usage },
    #[error("certificate `{subject}` is not yet valid at {time}: valid from {not_before}")]
    NotYetValid { subject: String, time: UnixTime, not_before: UnixTime },
    #[error("certificate `{subject}` has expired at {time}: valid until {not_after}")]
    Expired { subject: String, time: UnixTime, not_after: UnixTime },
    #[error("the search for a certificate path was stopped after {steps} steps")]
    Budget { steps: usize },
}

/// Finds a path from `leaf` over any of `intermediates` to one of `anchors`, every certificate of it, the anchor
/// included, valid at `time`.
pub fn verify(
    _leaf: &Certificate,
    _intermediates: &[Certificate],
    _anchors: &[Certificate],
    _time: UnixTime,
    _usage: Usage,
) -> Result<Path, PathError> {
    todo!()
}
