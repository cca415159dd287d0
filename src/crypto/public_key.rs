//! Public keys and the checking of signatures.

use super::{DecodeError, Digests, Ed25519Streamed, KeyType, SignatureScheme};

/// A public key: its SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7), parsed and checked (point on the curve, modulus of
/// 2048 to 8192 bits) when it was made. Equal when the encodings are equal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    key_type: KeyType,
    spki: Vec<u8>,
}

/// The signed bytes, as far as they are at hand.
#[derive(Debug, Clone, Copy)]
pub enum Signed<'a> {
    /// The message itself.
    Message(&'a [u8]),
    /// A message that was hashed as it streamed by: its digests, and the pure Ed25519 signatures that were checked on
    /// the way.
    Stream {
        /// The digests of the message.
        digests: &'a Digests,
        /// The outcome of the pure Ed25519 checks.
        ed25519: &'a [Ed25519Streamed],
    },
}

/// Why a signature was not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// The mathematics say no.
    #[error("the signature does not match the signed bytes and the {0} key")]
    Invalid(KeyType),
    /// The scheme is not one of this key's.
    #[error("a {key} key does not make {scheme:?} signatures")]
    Scheme {
        /// The kind of key.
        key: KeyType,
        /// The scheme that was asked for.
        scheme: SignatureScheme,
    },
    /// The digest by the scheme's algorithm, or the message, is not at hand.
    #[error("the artifact is known by its digest alone, and a {scheme:?} signature needs what is not given")]
    Unavailable {
        /// The scheme that was asked for.
        scheme: SignatureScheme,
    },
}

impl PublicKey {
    /// The kind of key.
    pub fn key_type(&self) -> KeyType {
        self.key_type
    }

    /// The SubjectPublicKeyInfo in DER.
    pub fn spki_der(&self) -> &[u8] {
        &self.spki
    }

    /// The SHA-256 of the SubjectPublicKeyInfo: log identifiers (RFC 6962 section 3.2) and bundle hints are made of it.
    pub fn key_id(&self) -> [u8; 32] {
        super::sha256(&self.spki)
    }
}

impl PublicKey {
    /// Parses a SubjectPublicKeyInfo.
    ///
    /// # Errors
    /// Not DER, trailing bytes, an algorithm or curve that is not in [`KeyType`], an RSA modulus under 2048 or over 8192
    /// bits.
    pub fn from_spki_der(_der: &[u8]) -> Result<Self, DecodeError> {
        todo!()
    }
    /// Parses one PEM block `PUBLIC KEY` (SPKI) or `RSA PUBLIC KEY` (PKCS #1).
    ///
    /// # Errors
    /// As [`Self::from_spki_der`]; no such block, more than one block, a private key (the message says so).
    pub fn from_pem(_pem: &[u8]) -> Result<Self, DecodeError> {
        todo!()
    }
    /// PEM `PUBLIC KEY`, as OpenSSL and cosign write it.
    pub fn to_pem(&self) -> String {
        todo!()
    }
    /// Checks a signature.
    ///
    /// # Errors
    /// [`SignatureError`].
    pub fn verify(
        &self,
        _scheme: SignatureScheme,
        _signed: Signed<'_>,
        _signature: &[u8],
    ) -> Result<(), SignatureError> {
        todo!()
    }
}
