//! The artifact that a signature is about.

use crate::crypto::{Digests, Ed25519Streamed};

/// Whether the artifact came from a file (or stream) or from a registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArtifactKind {
    /// A file, standard input or a bare digest.
    Blob,
    /// An image or an index in a registry or a layout.
    Image,
}

/// An artifact: its name for people, and what was learnt of its bytes in one streaming pass.
#[derive(Debug, Clone)]
pub struct Artifact {
    /// The name as the user gave it; shown, never compared.
    pub name: String,
    /// Blob or image.
    pub kind: ArtifactKind,
    /// Its digests. Never empty.
    pub digests: Digests,
    /// Outcomes of the pure Ed25519 signatures that were checked while the artifact streamed by.
    pub ed25519: Vec<Ed25519Streamed>,
}
