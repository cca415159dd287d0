//! Kinds of keys and what each signs with.

use super::HashAlgorithm;

/// The kinds of keys that sign artifacts, certificates, log entries and checkpoints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyType {
    /// ECDSA on NIST P-256.
    P256,
    /// ECDSA on NIST P-384.
    P384,
    /// ECDSA on NIST P-521.
    P521,
    /// RSA; modulus length in bits, 2048 to 8192.
    Rsa {
        /// Modulus length in bits.
        bits: usize,
    },
    /// Ed25519.
    Ed25519,
}

impl KeyType {
    /// The digest that a signature by this key is made over when nothing else is asked for: the one of the key's
    /// strength. Ed25519's is the prehash of Ed25519ph (RFC 8032 section 5.1).
    pub fn default_hash(self) -> HashAlgorithm {
        match self {
            Self::P256 | Self::Rsa { .. } => HashAlgorithm::Sha256,
            Self::P384 => HashAlgorithm::Sha384,
            Self::P521 | Self::Ed25519 => HashAlgorithm::Sha512,
        }
    }
}

impl std::fmt::Display for KeyType {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::P256 => f.write_str("ECDSA P-256"),
            Self::P384 => f.write_str("ECDSA P-384"),
            Self::P521 => f.write_str("ECDSA P-521"),
            Self::Rsa { bits } => write!(f, "RSA {bits}"),
            Self::Ed25519 => f.write_str("Ed25519"),
        }
    }
}

/// How a signature value relates to the signed bytes; the key type alone does not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SignatureScheme {
    /// ECDSA (ASN.1 DER) over the digest of the message.
    Ecdsa(HashAlgorithm),
    /// RSA PKCS #1 v1.5 (RFC 8017 section 8.2) over the digest of the message.
    RsaPkcs1(HashAlgorithm),
    /// RSA-PSS (RFC 8017 section 8.1), MGF1 with the same hash, salt as long as the digest.
    RsaPss(HashAlgorithm),
    /// Pure Ed25519 (RFC 8032 section 5.1.6): needs the message itself.
    Ed25519,
    /// Ed25519ph (RFC 8032 section 5.1): SHA-512 prehash, empty context.
    Ed25519ph,
}

impl std::fmt::Display for SignatureScheme {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Ecdsa(hash) => write!(f, "ECDSA over {hash}"),
            Self::RsaPkcs1(hash) => write!(f, "RSA PKCS #1 v1.5 over {hash}"),
            Self::RsaPss(hash) => write!(f, "RSA-PSS over {hash}"),
            Self::Ed25519 => f.write_str("Ed25519"),
            Self::Ed25519ph => f.write_str("Ed25519ph"),
        }
    }
}
