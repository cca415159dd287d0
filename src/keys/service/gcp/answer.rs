//! What Google Cloud KMS answers (REST reference, v1: `CryptoKeyVersion`, `PublicKey`).

use super::name::KeyName;
use crate::crypto::{DecodeError, HashAlgorithm, KeyType, Node};

/// Versions on one page, which has at most as many as were asked for.
const MAX_VERSIONS: usize = 1000;

/// With what a version signs, of what can be used here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// `EC_SIGN_P256_SHA256`.
    P256,
    /// `EC_SIGN_P384_SHA384`.
    P384,
    /// `EC_SIGN_ED25519`, in its pure form.
    Ed25519,
    /// `RSA_SIGN_PKCS1_BITS_SHA256`.
    Rsa(usize),
}

impl Algorithm {
    /// The algorithm of this name (`CryptoKeyVersionAlgorithm`).
    ///
    /// # Errors
    /// Why a key of it cannot be used.
    pub fn of(name: &str) -> Result<Self, String> {
        let starts = |prefix: &str| name.starts_with(prefix);
        let why = match name {
            "EC_SIGN_P256_SHA256" => return Ok(Self::P256),
            "EC_SIGN_P384_SHA384" => return Ok(Self::P384),
            "EC_SIGN_ED25519" => return Ok(Self::Ed25519),
            "RSA_SIGN_PKCS1_2048_SHA256" => return Ok(Self::Rsa(2048)),
            "RSA_SIGN_PKCS1_3072_SHA256" => return Ok(Self::Rsa(3072)),
            "RSA_SIGN_PKCS1_4096_SHA256" => return Ok(Self::Rsa(4096)),
            _ if starts("RSA_SIGN_PSS_") => {
                "signatures by PSS are refused by whoever has the public key alone, cosign included"
            }
            "RSA_SIGN_PKCS1_4096_SHA512" => {
                "signatures of RSA keys with SHA-512 are refused by whoever has the public key alone, cosign included"
            }
            _ if starts("RSA_SIGN_RAW_") => "it signs without saying of which digest",
            "EC_SIGN_SECP256K1_SHA256" => "keys on secp256k1 are not supported",
            _ if starts("PQ_") => "post-quantum keys are not supported",
            _ if starts("HMAC_") => "a secret that both sides know is no signature",
            _ => "it does not sign",
        };
        Err(format!(
            "its algorithm is {name}, and {why}; those that can be used are EC_SIGN_P256_SHA256, EC_SIGN_P384_SHA384, \
             EC_SIGN_ED25519 and RSA_SIGN_PKCS1_2048_SHA256 (3072, 4096)"
        ))
    }

    /// Whether it is that of a key of this kind.
    pub fn fits(self, key: KeyType) -> bool {
        match (self, key) {
            (Self::P256, KeyType::P256) | (Self::P384, KeyType::P384) | (Self::Ed25519, KeyType::Ed25519) => {
                true
            }
            (Self::Rsa(wanted), KeyType::Rsa { bits }) => bits == wanted,
            _ => false,
        }
    }

    /// Of which digest; `None`: of the message itself.
    pub fn hash(self) -> Option<HashAlgorithm> {
        match self {
            Self::P256 | Self::Rsa(_) => Some(HashAlgorithm::Sha256),
            Self::P384 => Some(HashAlgorithm::Sha384),
            Self::Ed25519 => None,
        }
    }
}

/// One page of versions.
pub struct Page {
    pub versions: Vec<Version>,
    /// What the next page is asked for with.
    pub next: Option<String>,
}

impl Page {
    /// The page in an answer to `cryptoKeyVersions.list`.
    ///
    /// # Errors
    /// It is none of the key.
    pub fn read(answer: &Node<'_>, key: &KeyName) -> Result<Self, DecodeError> {
        let versions = match answer.optional("cryptoKeyVersions")? {
            Some(list) => list.items(MAX_VERSIONS)?,
            None => Vec::new(),
        };
        let next = match answer.optional("nextPageToken")? {
            Some(token) => Some(token.text()?.to_owned()).filter(|token| !token.is_empty()),
            None => None,
        };
        let versions =
            versions.iter().map(|version| Version::read(version, key)).collect::<Result<_, _>>()?;
        Ok(Self { versions, next })
    }
}

/// A version of a key.
pub struct Version {
    pub number: u64,
    /// `ENABLED`, or another word.
    pub state: String,
    pub algorithm: String,
}

impl Version {
    /// The version in an answer.
    ///
    /// # Errors
    /// It is one of another key.
    pub fn read(node: &Node<'_>, key: &KeyName) -> Result<Self, DecodeError> {
        let name = node.member("name")?;
        let number = key.version_of(name.text()?);
        Ok(Self {
            number: number.ok_or_else(|| name.error(format!("must be a version of {}", key.key())))?,
            state: word(&node.member("state")?)?,
            algorithm: word(&node.member("algorithm")?)?,
        })
    }
}

/// A public key, and what is said of it.
pub struct Described {
    pub pem: String,
    pub algorithm: String,
}

impl Described {
    /// The public key of the version `name` in an answer to `cryptoKeyVersions.getPublicKey`.
    ///
    /// # Errors
    /// It is one of another version, or did not arrive whole.
    pub fn read(answer: &Node<'_>, name: &str) -> Result<Self, DecodeError> {
        let of = answer.member("name")?;
        if of.text()? != name {
            return Err(of.error(format!("must be {name}")));
        }
        let pem = answer.member("pem")?.non_empty_text()?;
        sum(answer, "pemCrc32c", pem.as_bytes())?;
        Ok(Self { pem: pem.to_owned(), algorithm: word(&answer.member("algorithm")?)? })
    }
}

/// A word of an enumeration, which may be one that nobody knows yet.
fn word(node: &Node<'_>) -> Result<String, DecodeError> {
    let text = node.non_empty_text()?;
    let is_sound = |c: u8| c.is_ascii_uppercase() || c.is_ascii_digit() || c == b'_';
    match text.len() <= 64 && text.bytes().all(is_sound) {
        true => Ok(text.to_owned()),
        false => Err(node.error("is no word of an enumeration")),
    }
}

/// Refuses bytes that did not arrive as they were sent ("Data integrity guidelines").
///
/// # Errors
/// The checksum is missing, or that of other bytes.
pub fn sum(answer: &Node<'_>, name: &str, bytes: &[u8]) -> Result<(), DecodeError> {
    let node = answer.member(name)?;
    // An integer of 64 bits, which is a string in JSON.
    let number = match node.value().as_u64() {
        Some(number) => Some(number),
        None => node.text()?.parse().ok(),
    };
    match number == Some(u64::from(crc32c(bytes))) {
        true => Ok(()),
        false => Err(node.error("is not the checksum of what came with it: it did not arrive whole")),
    }
}

/// RFC 3720 appendix B.4, CRC-32C.
pub fn crc32c(bytes: &[u8]) -> u32 {
    const POLYNOMIAL: u32 = 0x82f6_3b78;
    let step = |sum: u32, _| (sum >> 1) ^ (POLYNOMIAL & (sum & 1).wrapping_neg());
    !bytes.iter().fold(!0, |sum, byte| (0..8).fold(sum ^ u32::from(*byte), step))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 3720 appendix B.4.
    #[test]
    fn checksums_are_those_of_the_standard() {
        assert_eq!(crc32c(b"123456789"), 0xe306_9283);
        assert_eq!(crc32c(&[0; 32]), 0x8a91_36aa);
        assert_eq!(crc32c(&[0xff; 32]), 0x62a8_ab43);
        let rising: Vec<u8> = (0..32).collect();
        assert_eq!(crc32c(&rising), 0x46dd_794e);
        assert_eq!(crc32c(b""), 0);
    }

    #[test]
    fn algorithms_that_nobody_would_accept_are_refused_with_the_reason() {
        for (name, words) in [
            ("RSA_SIGN_PSS_2048_SHA256", "by PSS"),
            ("RSA_SIGN_PSS_4096_SHA512", "by PSS"),
            ("RSA_SIGN_PKCS1_4096_SHA512", "with SHA-512"),
            ("RSA_SIGN_RAW_PKCS1_2048", "without saying of which digest"),
            ("EC_SIGN_SECP256K1_SHA256", "secp256k1"),
            ("PQ_SIGN_ML_DSA_65", "post-quantum"),
            ("PQ_SIGN_SLH_DSA_SHA2_128S", "post-quantum"),
            ("HMAC_SHA256", "no signature"),
            ("GOOGLE_SYMMETRIC_ENCRYPTION", "does not sign"),
            ("RSA_DECRYPT_OAEP_2048_SHA256", "does not sign"),
            ("EXTERNAL_SYMMETRIC_ENCRYPTION", "does not sign"),
        ] {
            let reason = Algorithm::of(name).unwrap_err();
            assert!(reason.contains(name) && reason.contains(words), "{reason}");
        }
    }
}
