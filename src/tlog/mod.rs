//! Transparency log entries: bodies, inclusion proofs, checkpoints, inclusion promises.

pub mod body;
pub mod checkpoint;
#[cfg(any(test, feature = "sandbox"))]
#[cfg_attr(not(feature = "internals"), allow(dead_code, reason = "the tests do more with it"))]
pub mod issue;
pub mod merkle;
pub mod promise;
#[cfg(any(test, feature = "sandbox", feature = "http"))]
pub mod propose;
#[cfg(test)]
mod vectors;

pub use body::{Body, LoggedVerifier, Spec};
pub use checkpoint::{Checkpoint, CheckpointError, NoteSignature};
pub use merkle::{InclusionError, verify_inclusion};

use crate::crypto::{HashAlgorithm, KeyType, PublicKey, SignatureScheme, Signed, UnixTime};

/// A log entry as a bundle carries it. Nothing in it is verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Position in the log as a whole (over all shards), zero-based; proto3 JSON leaves zero out.
    pub log_index: u64,
    /// The log's identifier: the SHA-256 of its key's SubjectPublicKeyInfo for Rekor v1; for Rekor v2 the checkpoint key
    /// identifier (C2SP signed-note), at least its four leading bytes.
    pub log_id: Vec<u8>,
    /// The kind and version that the bundle claims; empty where the format (the legacy bundle) does not say.
    pub kind: Option<KindVersion>,
    /// When the log says it took the entry; authenticated by the inclusion promise alone. Rekor v2 has none.
    pub integrated_time: Option<UnixTime>,
    /// The body exactly as it was logged.
    pub canonicalized_body: Vec<u8>,
    /// The signed entry timestamp (SET) of Rekor v1.
    pub inclusion_promise: Option<Vec<u8>>,
    /// The inclusion proof.
    pub inclusion_proof: Option<InclusionProof>,
}

/// The kind of a log entry, such as `hashedrekord` `0.0.1`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KindVersion {
    /// `hashedrekord`, `dsse`, `intoto` or `rekord`.
    pub kind: String,
    /// `0.0.1` or `0.0.2`.
    pub version: String,
}

/// An inclusion proof (RFC 6962 section 2.1.1) and the checkpoint that commits to its root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InclusionProof {
    /// Position in the tree (the shard), zero-based.
    pub log_index: u64,
    /// Number of leaves of the tree.
    pub tree_size: u64,
    /// The root hash the proof leads to, 32 bytes.
    pub root_hash: Vec<u8>,
    /// The audit path, leaf to root, 32 bytes each.
    pub hashes: Vec<Vec<u8>>,
    /// The signed checkpoint (C2SP tlog-checkpoint) as text. v0.1 bundles may lack it.
    pub checkpoint: Option<String>,
}

/// Whether a log's key made this signature, in the way logs sign promises and checkpoints: ECDSA over SHA-256, which
/// Rekor v1 uses on every curve, or over the digest of the curve's strength, which Rekor v2 uses; RSA PKCS #1 v1.5 over
/// SHA-256; pure Ed25519.
fn log_signature_is_valid(key: &PublicKey, message: &[u8], signature: &[u8]) -> bool {
    let schemes: &[SignatureScheme] = match key.key_type() {
        KeyType::P256 => &[SignatureScheme::Ecdsa(HashAlgorithm::Sha256)],
        KeyType::P384 => {
            &[SignatureScheme::Ecdsa(HashAlgorithm::Sha256), SignatureScheme::Ecdsa(HashAlgorithm::Sha384)]
        }
        KeyType::P521 => {
            &[SignatureScheme::Ecdsa(HashAlgorithm::Sha256), SignatureScheme::Ecdsa(HashAlgorithm::Sha512)]
        }
        KeyType::Rsa { .. } => &[SignatureScheme::RsaPkcs1(HashAlgorithm::Sha256)],
        KeyType::Ed25519 => &[SignatureScheme::Ed25519],
    };
    schemes.iter().any(|scheme| key.verify(*scheme, Signed::Message(message), signature).is_ok())
}
