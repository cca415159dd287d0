//! The one interface to whatever holds a private key.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
#[cfg(any(test, feature = "sandbox"))]
use std::task::{Context, Poll, Waker};

use super::{Digest, PublicKey};

/// What a key is asked to sign: the digest of a stream of any size, or the message itself for what cannot be prehashed
/// (pure Ed25519) and for small messages such as DSSE pre-authentication encodings.
#[derive(Debug, Clone)]
pub enum SigningInput {
    /// A digest of the message by the algorithm that the signature is to be made over.
    Digest(Digest),
    /// The message, which is held once however many look at it.
    Message(Arc<Vec<u8>>),
}

impl SigningInput {
    /// A message.
    pub fn message(bytes: Vec<u8>) -> Self {
        Self::Message(Arc::new(bytes))
    }
}

/// Why a key did not sign.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// The key cannot sign this form of input, such as a SHA-256 digest with Ed25519.
    #[error("a {key} key cannot sign {input}")]
    Input {
        /// The kind of key.
        key: super::KeyType,
        /// What it was asked to sign.
        input: String,
    },
    /// The backend failed.
    #[error("the signing operation failed")]
    Backend(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// The future of a signature: raw bytes, DER for ECDSA.
pub type SigningFuture<'a> = Pin<Box<dyn Future<Output = Result<Vec<u8>, SignError>> + Send + 'a>>;

/// A private key, wherever it lives: a file, memory, a token, a key management service.
///
/// Implementations belong to the room `keys` (and `crypto` for keys in memory). ECDSA and RSA keys take both forms of
/// input and hash a message with the key type's default algorithm; an Ed25519 key signs a message purely and a SHA-512
/// digest as Ed25519ph.
pub trait SigningKey: Send + Sync {
    /// The public half.
    fn public_key(&self) -> &PublicKey;
    /// Whether it is given messages where they can be had, also where a digest would do.
    fn prefers_messages(&self) -> bool {
        false
    }
    /// Signs.
    fn sign<'a>(&'a self, input: &'a SigningInput) -> SigningFuture<'a>;
}

/// Signs with a key that answers at once, such as one in memory, without a runtime to wait in.
///
/// # Errors
/// As the key's own; [`SignError::Backend`] when the key has to wait for something.
#[cfg(any(test, feature = "sandbox"))]
pub fn sign_at_once(key: &dyn SigningKey, input: &SigningInput) -> Result<Vec<u8>, SignError> {
    match key.sign(input).as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(signature) => signature,
        Poll::Pending => Err(SignError::Backend("the key did not answer at once".into())),
    }
}
