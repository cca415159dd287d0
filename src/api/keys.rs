//! Keys: public ones, private ones in memory, and whatever else can sign.

use std::future::Future;
use std::pin::Pin;

use super::{Digest, KeyError, ParseError, SignError};
use crate::crypto::sealed::{self, SealedKey, is_sealed_label};
use crate::crypto::{self, PrivateKey, Secret, SigningKey as _, pem};

/// Blocks of a file that are looked at to say what it is.
const MAX_BLOCKS: usize = 8;

/// The kinds of keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeyType {
    /// ECDSA on NIST P-256, over SHA-256.
    EcdsaP256,
    /// ECDSA on NIST P-384, over SHA-384.
    EcdsaP384,
    /// ECDSA on NIST P-521, over SHA-512.
    EcdsaP521,
    /// Ed25519 (RFC 8032), of the message itself.
    Ed25519,
    /// RSA, PKCS #1 v1.5 over SHA-256 when signing.
    Rsa {
        /// Length of the modulus in bits, 2048 to 8192.
        bits: usize,
    },
}

impl KeyType {
    fn inner(self) -> crypto::KeyType {
        match self {
            Self::EcdsaP256 => crypto::KeyType::P256,
            Self::EcdsaP384 => crypto::KeyType::P384,
            Self::EcdsaP521 => crypto::KeyType::P521,
            Self::Ed25519 => crypto::KeyType::Ed25519,
            Self::Rsa { bits } => crypto::KeyType::Rsa { bits },
        }
    }
}

impl From<crypto::KeyType> for KeyType {
    fn from(key: crypto::KeyType) -> Self {
        match key {
            crypto::KeyType::P256 => Self::EcdsaP256,
            crypto::KeyType::P384 => Self::EcdsaP384,
            crypto::KeyType::P521 => Self::EcdsaP521,
            crypto::KeyType::Ed25519 => Self::Ed25519,
            crypto::KeyType::Rsa { bits } => Self::Rsa { bits },
        }
    }
}

impl std::fmt::Display for KeyType {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.inner().fmt(f)
    }
}

/// A public key, checked when it was made: a point on its curve, an RSA modulus of 2048 to 8192 bits.
///
/// ```
/// let key = rcosign::PublicKey::from_pem(&std::fs::read("testdata/cosign-3.x/p256.pub")?)?;
/// assert_eq!(key.key_type(), rcosign::KeyType::EcdsaP256);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey(pub(super) crypto::PublicKey);

impl PublicKey {
    /// Parses one PEM block `PUBLIC KEY` (SubjectPublicKeyInfo, RFC 5280 section 4.1.2.7) or `RSA PUBLIC KEY` (PKCS #1).
    ///
    /// # Errors
    /// No such block, several, a private key, a certificate, or a key of another kind than those of [`KeyType`].
    pub fn from_pem(text: &[u8]) -> Result<Self, ParseError> {
        Ok(Self(crypto::PublicKey::from_pem(text)?))
    }

    /// Parses a SubjectPublicKeyInfo in DER.
    ///
    /// # Errors
    /// Not DER, trailing bytes, or a key of another kind than those of [`KeyType`].
    pub fn from_der(der: &[u8]) -> Result<Self, ParseError> {
        Ok(Self(crypto::PublicKey::from_spki_der(der)?))
    }

    /// PEM `PUBLIC KEY`.
    pub fn to_pem(&self) -> String {
        self.0.to_pem()
    }

    /// The SubjectPublicKeyInfo in DER.
    pub fn to_der(&self) -> &[u8] {
        self.0.spki_der()
    }

    /// The kind of key.
    pub fn key_type(&self) -> KeyType {
        self.0.key_type().into()
    }
}

/// What a key is asked to sign.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum SigningInput<'a> {
    /// A digest of the message, by the algorithm that goes with the kind of key; see [`KeyType`].
    Digest(Digest),
    /// The message itself: always for Ed25519, and for statements (as DSSE pre-authentication encoding) for every key. A key
    /// that is not Ed25519 hashes it by the algorithm that goes with its kind.
    Message(&'a [u8]),
}

/// The future of a signature: raw bytes, for ECDSA a `Ecdsa-Sig-Value` in DER (RFC 3279 section 2.2.3).
pub type SigningFuture<'a> = Pin<Box<dyn Future<Output = Result<Vec<u8>, SignError>> + Send + 'a>>;

/// A private key, wherever it lives. Implement it for a key in a token, a key management service, another process;
/// [`LocalKey`] implements it for keys in memory.
///
/// The trait is not sealed. A wrong implementation cannot do harm beyond a failed call: every signature is verified with
/// [`Self::public_key`] before anybody gets it.
///
/// ```
/// use rcosign::{LocalKey, PublicKey, SigningFuture, SigningInput, SigningKey};
///
/// /// Counts what it signs.
/// struct Counting(LocalKey, std::sync::atomic::AtomicUsize);
///
/// impl SigningKey for Counting {
///     fn public_key(&self) -> &PublicKey {
///         self.0.public_key()
///     }
///     fn sign<'a>(&'a self, input: SigningInput<'a>) -> SigningFuture<'a> {
///         Box::pin(async move {
///             self.1.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
///             self.0.sign(input).await
///         })
///     }
/// }
/// ```
pub trait SigningKey: Send + Sync {
    /// The public half.
    fn public_key(&self) -> &PublicKey;

    /// Signs. May wait for whatever it needs, in whichever runtime the caller runs.
    fn sign<'a>(&'a self, input: SigningInput<'a>) -> SigningFuture<'a>;
}

/// A private key in memory. `Debug` shows its public half.
///
/// ```
/// use rcosign::{KeyError, KeyType, LocalKey};
///
/// let key = LocalKey::generate(KeyType::EcdsaP256)?;
/// let file = key.to_encrypted_pem(b"correct horse")?;
/// let again = LocalKey::from_encrypted_pem(file.as_bytes(), b"correct horse")?;
/// assert_eq!(again.public_key(), key.public_key());
/// assert!(matches!(LocalKey::from_encrypted_pem(file.as_bytes(), b"wrong"), Err(KeyError::Passphrase)));
/// # Ok::<(), KeyError>(())
/// ```
#[derive(Debug)]
pub struct LocalKey {
    key: PrivateKey,
    public: PublicKey,
}

impl LocalKey {
    /// A new key. RSA keys are made with 2048, 3072, 4096 or 8192 bits.
    ///
    /// # Errors
    /// [`KeyError::Generate`].
    pub fn generate(key_type: KeyType) -> Result<Self, KeyError> {
        Ok(PrivateKey::generate(key_type.inner())?.into())
    }

    /// From a PEM block that is not encrypted: `PRIVATE KEY` (PKCS #8, RFC 5958), `EC PRIVATE KEY` (SEC 1, RFC 5915),
    /// `RSA PRIVATE KEY` (PKCS #1, RFC 8017).
    ///
    /// # Errors
    /// [`KeyError::Encrypted`] for a key file of cosign, [`KeyError::Parse`] for what is no private key or of another kind
    /// than those of [`KeyType`].
    pub fn from_pem(text: &[u8]) -> Result<Self, KeyError> {
        if let Ok(blocks) = pem::decode("private key", text, MAX_BLOCKS) {
            let blocks: Vec<_> = blocks.into_iter().map(|b| (b.label, Secret::new(b.contents))).collect();
            if blocks.iter().any(|(label, _)| is_sealed_label(label)) {
                return Err(KeyError::Encrypted);
            }
        }
        Ok(PrivateKey::from_pem(text)?.into())
    }

    /// From cosign's encrypted PEM (`ENCRYPTED SIGSTORE PRIVATE KEY`, `ENCRYPTED COSIGN PRIVATE KEY`: scrypt and NaCl
    /// secretbox). Takes the memory that the file asks for, 64 MiB for those that cosign writes, and some tenths of a second.
    ///
    /// # Errors
    /// [`KeyError::Passphrase`]; [`KeyError::ExcessiveWork`] before any memory is taken; [`KeyError::Parse`].
    pub fn from_encrypted_pem(text: &[u8], passphrase: &[u8]) -> Result<Self, KeyError> {
        let pkcs8 = SealedKey::parse(text)?.open(&Secret::new(passphrase.to_vec()))?;
        Ok(PrivateKey::from_der(pkcs8.expose())?.into())
    }

    /// The key file that cosign and rcosign read: PEM `ENCRYPTED SIGSTORE PRIVATE KEY`, PKCS #8 encrypted under the
    /// passphrase (scrypt N=65536 r=8 p=1, 64 MiB; secretbox).
    ///
    /// # Errors
    /// [`KeyError::Encrypt`] where the random source fails.
    pub fn to_encrypted_pem(&self, passphrase: &[u8]) -> Result<String, KeyError> {
        let pkcs8 = self.key.to_pkcs8()?;
        sealed::seal(&pkcs8, &Secret::new(passphrase.to_vec())).map_err(|_| KeyError::Encrypt)
    }

    /// The public half.
    pub fn public_key(&self) -> &PublicKey {
        &self.public
    }
}

impl From<PrivateKey> for LocalKey {
    fn from(key: PrivateKey) -> Self {
        Self { public: PublicKey(key.public_key().clone()), key }
    }
}

impl SigningKey for LocalKey {
    fn public_key(&self) -> &PublicKey {
        &self.public
    }

    fn sign<'a>(&'a self, input: SigningInput<'a>) -> SigningFuture<'a> {
        let input = match input {
            SigningInput::Digest(digest) => crypto::SigningInput::Digest(digest.0),
            SigningInput::Message(message) => crypto::SigningInput::message(message.to_vec()),
        };
        Box::pin(std::future::ready(self.key.sign_now(&input).map_err(SignError::from)))
    }
}

/// A key of the caller's as the rooms below take it.
pub(super) struct Caller<'a>(pub(super) &'a dyn SigningKey);

impl crypto::SigningKey for Caller<'_> {
    fn public_key(&self) -> &crypto::PublicKey {
        &self.0.public_key().0
    }

    fn sign<'a>(&'a self, input: &'a crypto::SigningInput) -> crypto::SigningFuture<'a> {
        let input = match input {
            crypto::SigningInput::Digest(digest) => SigningInput::Digest(Digest(digest.clone())),
            crypto::SigningInput::Message(message) => SigningInput::Message(message),
        };
        Box::pin(async move {
            self.0.sign(input).await.map_err(|error| crypto::SignError::Backend(Box::new(error)))
        })
    }
}
