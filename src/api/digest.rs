//! Digests of artifacts.

use std::io::{self, Read};
use std::str::FromStr;

use super::ParseError;
use super::artifact::stream;
use crate::crypto::{self, HashAlgorithm, Hasher};

/// The digest of an artifact: algorithm and bytes together. Displayed and parsed as `sha256:<lower-case hexadecimal>`;
/// `sha224`, `sha256`, `sha384` and `sha512` are known.
///
/// ```
/// use rcosign::Digest;
///
/// let digest = Digest::sha256_of(b"abc");
/// assert_eq!(digest.algorithm(), "sha256");
/// assert_eq!(digest.to_string().parse::<Digest>()?, digest);
/// assert!("sha256:00".parse::<Digest>().is_err());
/// # Ok::<(), rcosign::ParseError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Digest(pub(super) crypto::Digest);

impl Digest {
    /// A SHA-256 digest from its 32 bytes.
    pub fn sha256(bytes: [u8; 32]) -> Self {
        // Every array of 32 bytes has the length that is checked.
        Self::sized(HashAlgorithm::Sha256, &bytes)
    }

    /// A SHA-384 digest from its 48 bytes.
    pub fn sha384(bytes: [u8; 48]) -> Self {
        Self::sized(HashAlgorithm::Sha384, &bytes)
    }

    /// A SHA-512 digest from its 64 bytes.
    pub fn sha512(bytes: [u8; 64]) -> Self {
        Self::sized(HashAlgorithm::Sha512, &bytes)
    }

    /// Hashes bytes in memory with SHA-256.
    pub fn sha256_of(bytes: &[u8]) -> Self {
        Self(HashAlgorithm::Sha256.digest(bytes))
    }

    /// Hashes a stream with SHA-256, to its end and in constant memory.
    ///
    /// # Errors
    /// Those of the reader.
    pub fn sha256_of_reader(mut reader: impl Read) -> io::Result<Self> {
        let mut hasher = Hasher::new([HashAlgorithm::Sha256]);
        stream(&mut reader, |piece| hasher.update(piece))?;
        let digest = hasher.finish().iter().next().cloned();
        digest.map(Self).ok_or_else(|| io::Error::other("nothing was hashed"))
    }

    /// The algorithm's name, such as `sha256`.
    pub fn algorithm(&self) -> &'static str {
        self.0.algorithm().name()
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        self.0.bytes()
    }

    /// The bytes in lower-case hexadecimal.
    pub fn hex(&self) -> String {
        self.0.hex()
    }

    #[expect(clippy::expect_used, reason = "the callers pass arrays of the algorithm's length")]
    fn sized(algorithm: HashAlgorithm, bytes: &[u8]) -> Self {
        Self(crypto::Digest::new(algorithm, bytes).expect("the length is the algorithm's"))
    }
}

impl FromStr for Digest {
    type Err = ParseError;

    /// Parses `algorithm:hex`.
    fn from_str(text: &str) -> Result<Self, ParseError> {
        Ok(Self(crypto::Digest::parse(text)?))
    }
}

impl std::fmt::Display for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}
