//! The artifact that a signature is about.

use crate::crypto::{Digests, Ed25519Streamed};

/// An artifact: its name for people, and what was learnt of its bytes in one streaming pass.
#[derive(Debug, Clone)]
pub struct Artifact {
    /// The name as the user gave it; shown, never compared.
    pub name: String,
    /// Its digests. Never empty.
    pub digests: Digests,
    /// Outcomes of the pure Ed25519 signatures that were checked while the artifact streamed by.
    pub ed25519: Vec<Ed25519Streamed>,
}
