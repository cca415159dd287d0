//! Ed25519 (RFC 8032): pure signatures, at once or over streams, and Ed25519ph.
//!
//! All of them are accepted exactly as Go's `crypto/ed25519` does, which cosign uses: the equation without cofactor, S
//! reduced (section 5.1.7), and R compared as bytes. `verify_strict` would refuse R of small order too; Go does not, and
//! only the signer can make such a signature. Keys of small order, under which anybody can sign anything, are refused
//! when they are read, which is stricter than Go.

use ed25519_dalek::ed25519::signature::digest::generic_array::typenum::U64;
use ed25519_dalek::ed25519::signature::digest::{FixedOutput, HashMarker, Output, OutputSizeUser, Update};
use ed25519_dalek::{Signature, Signer, SigningKey, StreamVerifier, Verifier, VerifyingKey};

use super::PublicKey;
use super::public_key::Parsed;

/// Checks one pure Ed25519 signature while the message streams by, in constant memory.
pub struct Ed25519Stream {
    key: PublicKey,
    signature: Vec<u8>,
    verifier: StreamVerifier,
}

/// The outcome of an [`Ed25519Stream`]: this key and this signature over the message that was streamed. The only way to
/// get one is to stream the message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ed25519Streamed {
    key: PublicKey,
    signature: Vec<u8>,
    valid: bool,
}

impl Ed25519Stream {
    /// Starts a check; `None` when the key is not an Ed25519 key or the signature is not one by its form.
    pub fn new(key: &PublicKey, signature: &[u8]) -> Option<Self> {
        let Parsed::Ed25519(verifying_key) = key.parsed() else { return None };
        let verifier = verifying_key.verify_stream(&Signature::from_slice(signature).ok()?).ok()?;
        Some(Self { key: key.clone(), signature: signature.to_vec(), verifier })
    }

    /// Takes the next bytes of the message.
    pub fn update(&mut self, data: &[u8]) {
        self.verifier.update(data);
    }

    /// Ends the check.
    pub fn finish(self) -> Ed25519Streamed {
        let Self { key, signature, verifier } = self;
        Ed25519Streamed { key, signature, valid: verifier.finalize_and_verify().is_ok() }
    }
}

impl Ed25519Streamed {
    /// Whether the signature by the key was valid over the stream; `None` when this outcome is about another signature.
    pub(super) fn outcome(&self, key: &PublicKey, signature: &[u8]) -> Option<bool> {
        (self.key == *key && self.signature == signature).then_some(self.valid)
    }
}

/// The point of a public key; `None` when it is none, or one of small order.
pub(super) fn parse_key(bytes: &[u8]) -> Option<VerifyingKey> {
    VerifyingKey::try_from(bytes).ok().filter(|key| !key.is_weak())
}

/// Whether a pure signature is valid.
pub(super) fn verify(key: &VerifyingKey, message: &[u8], signature: &[u8]) -> bool {
    Signature::from_slice(signature).is_ok_and(|s| key.verify(message, &s).is_ok())
}

/// Whether an Ed25519ph signature with an empty context is valid; `prehash` is the SHA-512 digest of the message.
pub(super) fn verify_ph(key: &VerifyingKey, prehash: &[u8], signature: &[u8]) -> bool {
    let Some(prehash) = Prehash::new(prehash) else { return false };
    Signature::from_slice(signature).is_ok_and(|s| key.verify_prehashed(prehash, None, &s).is_ok())
}

/// A pure signature.
pub(super) fn sign(key: &SigningKey, message: &[u8]) -> Option<Vec<u8>> {
    key.try_sign(message).ok().map(|s| s.to_bytes().to_vec())
}

/// An Ed25519ph signature with an empty context.
pub(super) fn sign_ph(key: &SigningKey, prehash: &[u8]) -> Option<Vec<u8>> {
    key.sign_prehashed(Prehash::new(prehash)?, None).ok().map(|s| s.to_bytes().to_vec())
}

/// A finished SHA-512 digest in the form that ed25519-dalek takes: a hasher that yields it.
struct Prehash([u8; 64]);

impl Prehash {
    fn new(digest: &[u8]) -> Option<Self> {
        digest.try_into().ok().map(Self)
    }
}

impl Default for Prehash {
    fn default() -> Self {
        Self([0; 64])
    }
}

impl OutputSizeUser for Prehash {
    type OutputSize = U64;
}

impl HashMarker for Prehash {}

impl Update for Prehash {
    // A prehash is complete: ed25519-dalek only ever finishes it.
    fn update(&mut self, _data: &[u8]) {}
}

impl FixedOutput for Prehash {
    fn finalize_into(self, out: &mut Output<Self>) {
        out.copy_from_slice(&self.0);
    }
}

#[cfg(test)]
mod tests;
