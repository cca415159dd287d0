//! New key pairs: an encrypted private key and its public half, as text.

use super::load::{Kind, Sources, kind, plain_key, read};
use super::{Error, KeyRef};
use crate::crypto::{KeyType, PrivateKey, Secret, SigningKey, sealed};

/// A key pair as it is written to files.
#[derive(Debug)]
pub struct KeyPair {
    /// PEM `ENCRYPTED SIGSTORE PRIVATE KEY`.
    pub private: String,
    /// PEM `PUBLIC KEY`.
    pub public: String,
}

impl KeyPair {
    /// A new ECDSA P-256 key, encrypted under the password, as cosign makes them.
    ///
    /// # Errors
    /// [`Error::Make`].
    pub fn generate(password: &Secret) -> Result<Self, Error> {
        let key = PrivateKey::generate(KeyType::P256).map_err(|e| Error::Make(Box::new(e)))?;
        Self::seal(&key, password)
    }

    /// A key that exists, encrypted under the password.
    ///
    /// # Errors
    /// [`Error::Make`].
    pub fn seal(key: &PrivateKey, password: &Secret) -> Result<Self, Error> {
        let pkcs8 = key.to_pkcs8().map_err(|e| Error::Make(Box::new(e)))?;
        let private = sealed::seal(&pkcs8, password).map_err(|e| Error::Make(Box::new(e)))?;
        Ok(Self { private, public: key.public_key().to_pem() })
    }
}

/// Loads a private key that is to be imported: plain PEM in PKCS #8, SEC 1 or PKCS #1 with a key that cosign imports too,
/// that is P-256, P-384, P-521, Ed25519, or RSA with 2048, 3072 or 4096 bits.
///
/// # Errors
/// It cannot be read, is too large, is encrypted already, or is of another kind.
pub async fn load_importable_key(reference: &KeyRef, sources: Sources<'_>) -> Result<PrivateKey, Error> {
    let text = read(reference, sources).await?;
    let name = reference.to_string();
    if matches!(kind(&text), Kind::Sealed) {
        return Err(Error::SealedAlready { key: name });
    }
    let key = plain_key(&text, &name)?;
    match key.public_key().key_type() {
        KeyType::Rsa { bits: 2048 | 3072 | 4096 }
        | KeyType::P256
        | KeyType::P384
        | KeyType::P521
        | KeyType::Ed25519 => Ok(key),
        key_type @ KeyType::Rsa { .. } => Err(Error::ImportLength { key: name, key_type }),
    }
}
