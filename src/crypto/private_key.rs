//! Private keys in memory.

use super::{DecodeError, KeyType, PublicKey, Secret, SigningFuture, SigningInput, SigningKey};

/// A private key in memory: P-256, P-384, P-521, RSA (2048, 3072, 4096), Ed25519.
pub struct PrivateKey {}

/// Why a private key could not be read or made.
#[derive(Debug, thiserror::Error)]
pub enum PrivateKeyError {
    /// Not a key of a supported kind.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// The random source or the key generation failed.
    #[error("could not generate a {0} key")]
    Generate(KeyType),
}

impl PrivateKey {
    /// A new key.
    pub fn generate(_key_type: KeyType) -> Result<Self, PrivateKeyError> {
        todo!()
    }
    /// From PKCS #8 (RFC 5958), SEC 1 (RFC 5915) or PKCS #1 (RFC 8017) in DER.
    pub fn from_der(_der: &[u8]) -> Result<Self, PrivateKeyError> {
        todo!()
    }
    /// From PEM `PRIVATE KEY`, `EC PRIVATE KEY` or `RSA PRIVATE KEY`. Encrypted keys are the business of [`super::sealed`].
    pub fn from_pem(_pem: &[u8]) -> Result<Self, PrivateKeyError> {
        todo!()
    }
    /// PKCS #8 in DER.
    pub fn to_pkcs8(&self) -> Secret {
        todo!()
    }
}

impl SigningKey for PrivateKey {
    fn public_key(&self) -> &PublicKey {
        todo!()
    }
    fn sign<'a>(&'a self, _input: &'a SigningInput) -> SigningFuture<'a> {
        todo!()
    }
}
