//! Sigstore signing config v0.2.

/// Which services to sign with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SigningConfig {}
