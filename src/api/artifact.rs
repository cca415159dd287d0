//! The artifact that a signature is about, in whichever way the caller has it.

use std::io::{self, Read};

use super::{Digest, SignError};
use crate::crypto::{self, Digests, Ed25519Stream, HashAlgorithm, Hasher, KeyType, SigningInput};
use crate::payload;
use crate::sign::{needs_message, stated_algorithm};
use crate::verify::StreamNeeds;

/// Large enough that the system calls do not show, small enough for the processor's second-level cache.
const BUFFER: usize = 256 * 1024;
/// A message that has to be signed as a whole is held in memory: 1 GiB.
const MAX_MESSAGE: u64 = 1 << 30;

/// An artifact: bytes in memory, a reader, or a digest that somebody else computed.
///
/// A reader is read once, to its end, in constant memory; the one exception is signing with an Ed25519 key, which takes
/// the artifact into memory (at most 1 GiB).
///
/// By its digest an artifact can be verified where the signature is over that digest. Pure Ed25519 signatures, and
/// signatures over another digest than the given one, then end in the reason `signature-unavailable` or
/// `digest-unavailable`: whoever gives a digest has to have computed it from the artifact.
///
/// ```
/// use rcosign::{Artifact, Digest};
///
/// let in_memory = Artifact::from_bytes(b"some bytes");
/// let file = std::fs::File::open("testdata/conformance/a.txt")?;
/// let of_any_size = Artifact::from_reader(file);
/// let by_digest = Artifact::from_digest(Digest::sha256_of(b"some bytes"));
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct Artifact<'a>(Source<'a>);

enum Source<'a> {
    Bytes(&'a [u8]),
    Digest(Digest),
    Reader(Box<dyn Read + Send + 'a>),
}

impl<'a> Artifact<'a> {
    /// Bytes in memory.
    pub fn from_bytes(bytes: &'a [u8]) -> Self {
        Self(Source::Bytes(bytes))
    }

    /// A digest in place of the artifact.
    pub fn from_digest(digest: Digest) -> Self {
        Self(Source::Digest(digest))
    }

    /// A stream of any size. A `File` needs no `BufReader`: the pieces that are read are large.
    pub fn from_reader(reader: impl Read + Send + 'a) -> Self {
        Self(Source::Reader(Box::new(reader)))
    }

    /// Reads the artifact and computes all that the verifier will ask of it.
    pub(super) fn for_verification(self, needs: &[StreamNeeds]) -> io::Result<payload::Artifact> {
        let mut hasher = Hasher::new(needs.iter().flat_map(|n| n.algorithms.iter().copied()));
        let mut streams: Vec<_> = needs.iter().flat_map(StreamNeeds::ed25519_streams).collect();
        let mut take = |piece: &[u8]| {
            hasher.update(piece);
            streams.iter_mut().for_each(|s| s.update(piece));
        };
        match self.0 {
            Source::Digest(digest) => return Ok(blob(digest.0.into(), Vec::new())),
            Source::Bytes(bytes) => take(bytes),
            Source::Reader(mut reader) => stream(&mut reader, take)?,
        }
        Ok(blob(hasher.finish(), streams.into_iter().map(Ed25519Stream::finish).collect()))
    }

    /// Reads the artifact for a key of this kind: its digest that a bundle states, and what the key signs.
    pub(super) fn for_signing(self, key: KeyType) -> Result<(crypto::Digest, SigningInput), SignError> {
        let algorithm = stated_algorithm(key);
        if needs_message(key) {
            let message = self.into_message(algorithm)?;
            return Ok((algorithm.digest(&message), SigningInput::message(message)));
        }
        let digest = match self.0 {
            Source::Bytes(bytes) => algorithm.digest(bytes),
            Source::Digest(digest) if digest.0.algorithm() == algorithm => digest.0,
            Source::Digest(digest) => return Err(unusable(&digest, algorithm.name())),
            Source::Reader(mut reader) => {
                let mut hasher = Hasher::new([algorithm]);
                stream(&mut reader, |piece| hasher.update(piece)).map_err(SignError::Read)?;
                let digests = hasher.finish();
                digests.get(algorithm).cloned().ok_or_else(|| SignError::backend("nothing was hashed"))?
            }
        };
        Ok((digest.clone(), SigningInput::Digest(digest)))
    }

    fn into_message(self, algorithm: HashAlgorithm) -> Result<Vec<u8>, SignError> {
        match self.0 {
            Source::Bytes(bytes) => Ok(bytes.to_vec()),
            Source::Digest(digest) => {
                Err(unusable(&digest, &format!("the artifact itself, not its {algorithm}")))
            }
            Source::Reader(reader) => {
                let mut message = Vec::new();
                reader.take(MAX_MESSAGE + 1).read_to_end(&mut message).map_err(SignError::Read)?;
                if message.len() as u64 > MAX_MESSAGE {
                    return Err(SignError::TooLarge { limit: MAX_MESSAGE });
                }
                Ok(message)
            }
        }
    }
}

fn unusable(digest: &Digest, needed: &str) -> SignError {
    SignError::DigestUnusable { given: digest.algorithm(), needed: needed.to_owned() }
}

/// An artifact of which this is known.
pub(super) fn blob(digests: Digests, ed25519: Vec<crypto::Ed25519Streamed>) -> payload::Artifact {
    payload::Artifact { name: "the artifact".into(), digests, ed25519 }
}

/// Hands what a reader yields to `take`, piece by piece.
pub(super) fn stream(reader: &mut dyn Read, mut take: impl FnMut(&[u8])) -> io::Result<()> {
    let mut buffer = vec![0; BUFFER];
    loop {
        match reader.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(n) => take(buffer.get(..n).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

impl std::fmt::Debug for Source<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Bytes(bytes) => write!(f, "{} bytes", bytes.len()),
            Self::Digest(digest) => write!(f, "{digest}"),
            Self::Reader(_) => f.write_str("a reader"),
        }
    }
}
