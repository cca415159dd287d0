//! The signed entity, the only shape that any path knows, and its codecs.

pub mod annotations;
mod collection;
pub mod detached;
mod format;
pub mod legacy;
mod looks;
pub mod sigstore;
#[cfg(test)]
mod tests;
pub mod upgrade;

use std::sync::Arc;

pub use collection::{Part, parts};
pub use format::{Decoded, Format, decode};

/// The largest document that is decoded: attestations carry whole SBOMs.
pub const MAX_DOCUMENT: usize = 256 * 1024 * 1024;

use crate::crypto::Digest;
use crate::payload::{Envelope, SimpleSigning};
use crate::tlog::Entry;
use crate::x509::Certificate;

/// Original bytes beside what they were parsed into. Signatures and digests are checked over the bytes, never over a
/// re-serialisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Raw<T> {
    /// The bytes as they were read.
    pub bytes: Vec<u8>,
    /// The parsed view of them.
    pub parsed: T,
}

/// A signature with all that travelled with it. **Untrusted**: every field is what somebody wrote into a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedEntity {
    /// What is signed, with the signature.
    pub content: Content,
    /// Whose signature it claims to be.
    pub material: VerificationMaterial,
    /// Log entries, in the order of the document.
    pub log_entries: Vec<Entry>,
    /// RFC 3161 timestamps: `TimeStampResp` or `ContentInfo` in DER, not yet parsed.
    pub timestamps: Vec<Vec<u8>>,
    /// SCTs that came beside the certificate (`--sct`): RFC 6962 JSON or TLS encoding, not yet parsed.
    pub detached_scts: Vec<Vec<u8>>,
    /// Which proofs the format could carry.
    pub profile: Profile,
}

/// The signed content, which may have many megabytes: shared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// A signature over the artifact itself.
    Message {
        /// The digest that the document states; `None` where the format has none or leaves it out (Ed25519).
        digest: Option<Digest>,
        /// The raw signature.
        signature: Vec<u8>,
    },
    /// A DSSE envelope with exactly one signature. The raw bytes are those of the whole JSON envelope where the document
    /// has them (envelope files, legacy bundles: their log entries and timestamps are over these bytes), and empty where
    /// it has only the envelope's parts (protobuf bundles).
    Envelope(Arc<Raw<Envelope>>),
    /// A simple-signing payload, which names an image, and the signature over its bytes.
    SimpleSigning {
        /// The payload.
        payload: Arc<Raw<SimpleSigning>>,
        /// The raw signature.
        signature: Vec<u8>,
    },
}

impl Content {
    /// The raw signature: of an envelope, its first one; empty where it has none.
    pub fn signature(&self) -> &[u8] {
        match self {
            Self::Message { signature, .. } | Self::SimpleSigning { signature, .. } => signature,
            Self::Envelope(envelope) => envelope.parsed.signatures.first().map_or(&[], |s| &s.sig),
        }
    }
}

/// Whose signature the document claims it to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VerificationMaterial {
    /// A key, named by a hint that nobody has to believe.
    PublicKey {
        /// The hint, as text; empty where there is none.
        hint: String,
        /// The public key itself, where an old document carries one in place of a certificate: compared with the key
        /// that the user named, never used in its place.
        embedded: Option<crate::crypto::PublicKey>,
    },
    /// A certificate, leaf first, and what the document carries of its chain. The chain is never trusted: it may only
    /// help to reach an authority of the trusted root.
    Certificate(Vec<Certificate>),
}

/// Which proofs a format can carry: data for the verifier, not a second verifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// A protobuf bundle.
    Bundle(BundleVersion),
    /// The JSON bundle of cosign 1 and 2, detached files, annotations.
    Legacy,
}

/// Versions of the protobuf bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum BundleVersion {
    /// v0.1: an inclusion promise is required, a proof is optional.
    V0_1,
    /// v0.2: an inclusion proof is required.
    V0_2,
    /// v0.3: as v0.2, and a single certificate in place of a chain.
    V0_3,
}

/// The document without the byte order mark that some editors put in front (RFC 8259 section 8.1 lets readers skip it).
fn without_mark(document: &[u8]) -> &[u8] {
    document.strip_prefix(b"\xef\xbb\xbf").unwrap_or(document)
}
