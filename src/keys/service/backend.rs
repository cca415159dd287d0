//! What is needed of whoever holds a key.

use std::future::Future;
use std::pin::Pin;

use super::Failure;
use crate::crypto::{PublicKey, SigningInput};

/// What a service will have answered.
pub(in crate::keys) type Answered<'a, T> = Pin<Box<dyn Future<Output = Result<T, Failure>> + Send + 'a>>;

/// One key of one service.
pub(in crate::keys) trait Backend: Send + Sync {
    /// The public half.
    fn public_key(&self) -> Answered<'_, PublicKey>;
    /// The public half with which signatures are verified that were made before.
    fn verifying_key(&self) -> Answered<'_, PublicKey> {
        self.public_key()
    }
    /// Whether ECDSA and RSA keys are given the message, where it is at hand.
    fn takes_messages(&self) -> bool {
        false
    }
    /// A signature: raw bytes, DER for ECDSA, PKCS #1 v1.5 for RSA. ECDSA and RSA keys are given the digest by
    /// [`crate::crypto::KeyType::default_hash`], Ed25519 keys the message.
    fn sign<'a>(&'a self, key: &'a PublicKey, input: &'a SigningInput) -> Answered<'a, Vec<u8>>;
    /// Makes the key, or finds it made, and answers its public half.
    fn create(&self) -> Answered<'_, PublicKey>;
}
