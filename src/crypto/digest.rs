//! Hash algorithms and digests: the name and the bytes always travel together.

use aws_lc_rs::digest as lc;

use super::DecodeError;

/// The hash algorithms that a signature, a statement subject or a log entry may name. SHA-1 and MD5 do not exist here,
/// so a document that names one is refused when it is decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HashAlgorithm {
    /// SHA-224, only where `--signature-digest-algorithm sha224` asks for it.
    Sha224,
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

impl HashAlgorithm {
    /// All algorithms, shortest first.
    pub const ALL: [Self; 4] = [Self::Sha224, Self::Sha256, Self::Sha384, Self::Sha512];

    /// The name as in-toto subjects, log entries and flags spell it: `sha256`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sha224 => "sha224",
            Self::Sha256 => "sha256",
            Self::Sha384 => "sha384",
            Self::Sha512 => "sha512",
        }
    }

    /// The name as Sigstore's protobuf enumeration `HashAlgorithm` spells it: `SHA2_256`. SHA-224 has none.
    pub fn protobuf_name(self) -> Option<&'static str> {
        match self {
            Self::Sha224 => None,
            Self::Sha256 => Some("SHA2_256"),
            Self::Sha384 => Some("SHA2_384"),
            Self::Sha512 => Some("SHA2_512"),
        }
    }

    /// The algorithm of a name as [`Self::name`] spells it; case does not matter.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|a| a.name().eq_ignore_ascii_case(name))
    }

    /// The algorithm of a protobuf enumeration name, as [`Self::protobuf_name`] spells it.
    pub fn from_protobuf_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|a| a.protobuf_name() == Some(name))
    }

    /// The length of a digest in bytes.
    pub fn length(self) -> usize {
        self.lc().output_len()
    }

    pub(super) fn lc(self) -> &'static lc::Algorithm {
        match self {
            Self::Sha224 => &lc::SHA224,
            Self::Sha256 => &lc::SHA256,
            Self::Sha384 => &lc::SHA384,
            Self::Sha512 => &lc::SHA512,
        }
    }

    /// Hashes bytes that are in memory.
    pub fn digest(self, data: &[u8]) -> Digest {
        Digest { algorithm: self, bytes: lc::digest(self.lc(), data).as_ref().to_vec() }
    }

    /// Hashes bytes that follow each other and stand in several places.
    pub fn digest_parts(self, parts: &[&[u8]]) -> Digest {
        let mut context = lc::Context::new(self.lc());
        parts.iter().for_each(|part| context.update(part));
        Digest { algorithm: self, bytes: context.finish().as_ref().to_vec() }
    }
}

impl std::fmt::Display for HashAlgorithm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// The SHA-256 of `data` as an array, for key identifiers and Merkle leaves.
pub fn sha256(data: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(lc::digest(&lc::SHA256, data).as_ref());
    out
}

/// The SHA-1 of `data` in hexadecimal, for names of files that others have made from it. It protects nothing.
#[cfg(feature = "http")]
pub fn sha1_name(data: &[u8]) -> String {
    hex::encode(lc::digest(&lc::SHA1_FOR_LEGACY_USE_ONLY, data).as_ref())
}

/// A digest: algorithm and bytes together, the length checked when it was made. Displayed as `sha256:<hex>`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest {
    algorithm: HashAlgorithm,
    bytes: Vec<u8>,
}

impl Digest {
    /// A digest from its bytes.
    ///
    /// # Errors
    /// When the length is not the algorithm's.
    pub fn new(algorithm: HashAlgorithm, bytes: &[u8]) -> Result<Self, DecodeError> {
        if bytes.len() == algorithm.length() {
            return Ok(Self { algorithm, bytes: bytes.to_vec() });
        }
        let (have, want) = (bytes.len(), algorithm.length());
        Err(DecodeError::whole("digest", format!("{have} bytes where {algorithm} has {want}")))
    }

    /// A digest from lower-case hexadecimal digits.
    ///
    /// # Errors
    /// When the text is not lower-case hexadecimal of the algorithm's length.
    pub fn from_hex(algorithm: HashAlgorithm, text: &str) -> Result<Self, DecodeError> {
        if text.bytes().any(|b| b.is_ascii_uppercase()) {
            return Err(DecodeError::whole(
                "digest",
                "upper-case hexadecimal digits; digests are written in lower case",
            ));
        }
        let bytes = hex::decode(text).map_err(|_| {
            DecodeError::whole("digest", format!("not {} hexadecimal digits", algorithm.length() * 2))
        })?;
        Self::new(algorithm, &bytes)
    }

    /// A digest from its text `algorithm:hex`.
    ///
    /// # Errors
    /// When there is no colon, the algorithm is unknown, or the digits are not right for it.
    pub fn parse(text: &str) -> Result<Self, DecodeError> {
        let (name, digits) = text
            .split_once(':')
            .ok_or_else(|| DecodeError::whole("digest", "no colon; a digest is written `sha256:<hex>`"))?;
        let algorithm = HashAlgorithm::ALL
            .into_iter()
            .find(|a| a.name() == name)
            .ok_or_else(|| DecodeError::whole("digest", format!("unknown algorithm `{name}`")))?;
        Self::from_hex(algorithm, digits)
    }

    /// The algorithm.
    pub fn algorithm(&self) -> HashAlgorithm {
        self.algorithm
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The bytes in lower-case hexadecimal.
    pub fn hex(&self) -> String {
        hex::encode(&self.bytes)
    }
}

impl std::fmt::Display for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.algorithm, self.hex())
    }
}

impl std::fmt::Debug for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}

/// Several digests of the same bytes, at most one for each algorithm.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Digests(Vec<Digest>);

impl Digests {
    /// The digest by one algorithm, when it is known.
    pub fn get(&self, algorithm: HashAlgorithm) -> Option<&Digest> {
        self.0.iter().find(|d| d.algorithm == algorithm)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Digest> {
        self.0.iter()
    }
}

impl From<Digest> for Digests {
    fn from(digest: Digest) -> Self {
        Self(vec![digest])
    }
}

/// Of two digests by one algorithm the first one counts.
impl FromIterator<Digest> for Digests {
    fn from_iter<T: IntoIterator<Item = Digest>>(digests: T) -> Self {
        let mut all = Self::default();
        for digest in digests {
            if all.get(digest.algorithm).is_none() {
                all.0.push(digest);
            }
        }
        all
    }
}

/// Hashes a stream by several algorithms in one pass, in constant memory.
pub struct Hasher(Vec<(HashAlgorithm, lc::Context)>);

impl Hasher {
    /// A hasher for these algorithms; one that is named twice is computed once.
    pub fn new(algorithms: impl IntoIterator<Item = HashAlgorithm>) -> Self {
        let mut contexts: Vec<(HashAlgorithm, lc::Context)> = Vec::new();
        for algorithm in algorithms {
            if contexts.iter().all(|(a, _)| *a != algorithm) {
                contexts.push((algorithm, lc::Context::new(algorithm.lc())));
            }
        }
        Self(contexts)
    }

    /// Takes the next bytes of the stream.
    pub fn update(&mut self, data: &[u8]) {
        for (_, context) in &mut self.0 {
            context.update(data);
        }
    }

    /// The digests of all that was taken.
    pub fn finish(self) -> Digests {
        let digest = |(algorithm, context): (HashAlgorithm, lc::Context)| Digest {
            algorithm,
            bytes: context.finish().as_ref().to_vec(),
        };
        Digests(self.0.into_iter().map(digest).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_strict() {
        let good = HashAlgorithm::Sha256.digest(b"abc");
        assert_eq!(Digest::parse(&good.to_string()).unwrap(), good);
        for bad in [
            "sha256",
            "sha256:",
            "sha256:../..",
            "sha256:ab",
            "md5:900150983cd24fb0d6963f7d28e17f72",
            &good.to_string().to_uppercase(),
            &good.to_string().replace("sha256", "sha512"),
            &format!("{good}00"),
            &format!("{good}\n"),
        ] {
            assert!(Digest::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn streaming_equals_one_shot() {
        let data = vec![7u8; 100_000];
        let mut hasher = Hasher::new([HashAlgorithm::Sha256, HashAlgorithm::Sha512, HashAlgorithm::Sha256]);
        data.chunks(777).for_each(|c| hasher.update(c));
        let digests = hasher.finish();
        assert_eq!(digests.iter().count(), 2);
        assert_eq!(digests.get(HashAlgorithm::Sha512), Some(&HashAlgorithm::Sha512.digest(&data)));
    }
}
