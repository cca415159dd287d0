//! Bundles: what came with an artifact, untrusted.

use super::ParseError;
use crate::bundle::detached::{Detached, decode_signature};
use crate::bundle::{self, BundleVersion, Format, Profile, SignedEntity};

/// A document with one or several signatures, parsed and **not verified**: nothing in it is true before a
/// [`Verifier`](crate::Verifier) says so.
///
/// ```
/// use rcosign::{Bundle, BundleFormat};
///
/// let document = std::fs::read("testdata/cosign-3.x/p256.bundle.json")?;
/// let bundle = Bundle::from_json(&document)?;
/// assert_eq!(bundle.format(), BundleFormat::SigstoreV0_3);
/// assert_eq!(bundle.signature_count(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bundle {
    format: BundleFormat,
    pub(super) signatures: Vec<SignedEntity>,
}

/// The formats that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BundleFormat {
    /// Sigstore bundle v0.1 (`dev.sigstore.bundle.v1.Bundle` in proto3 JSON).
    SigstoreV0_1,
    /// Sigstore bundle v0.2.
    SigstoreV0_2,
    /// Sigstore bundle v0.3, which [`sign_blob`](crate::sign_blob) writes.
    SigstoreV0_3,
    /// The JSON bundle of cosign 1 and 2 (`base64Signature`, `cert`, `rekorBundle`).
    Legacy,
    /// A bare DSSE envelope.
    Envelope,
    /// A bare signature.
    Detached,
}

impl Bundle {
    /// Recognises and parses a document in JSON: a Sigstore bundle v0.1, v0.2 or v0.3, a bundle of cosign 1 or 2, or a
    /// DSSE envelope (v1.0.2). A document in JSON lines is several bundles: parse each line on its own.
    ///
    /// # Errors
    /// Not JSON, larger than 256 MiB, none of the formats, members missing, unknown, repeated or wrongly typed, more than
    /// 32 log entries, timestamps or certificates, a certificate that cannot be read, a signature that is not there.
    pub fn from_json(document: &[u8]) -> Result<Self, ParseError> {
        let decoded = bundle::decode(document)?;
        let profile = decoded.entities.first().map(|entity| entity.profile);
        let format = match (decoded.format, profile) {
            (Format::Sigstore, Some(Profile::Bundle(BundleVersion::V0_1))) => BundleFormat::SigstoreV0_1,
            (Format::Sigstore, Some(Profile::Bundle(BundleVersion::V0_2))) => BundleFormat::SigstoreV0_2,
            (Format::Sigstore, _) => BundleFormat::SigstoreV0_3,
            (Format::Legacy, _) => BundleFormat::Legacy,
            (Format::Envelope, _) => BundleFormat::Envelope,
        };
        Ok(Self { format, signatures: decoded.entities })
    }

    /// A signature file without anything beside it, as `cosign sign-blob --output-signature` writes it: base64, or the raw
    /// signature (DER for ECDSA).
    ///
    /// # Errors
    /// Empty, larger than 64 KiB, or text that is not base64.
    pub fn from_detached_signature(document: &[u8]) -> Result<Self, ParseError> {
        let entity = Detached::default().message(decode_signature(document)?);
        Ok(Self { format: BundleFormat::Detached, signatures: vec![entity] })
    }

    /// In which format the document was.
    pub fn format(&self) -> BundleFormat {
        self.format
    }

    /// How many signatures it holds; at least one. Only an envelope, bare or in a bundle of cosign 1 or 2, can hold more.
    pub fn signature_count(&self) -> usize {
        self.signatures.len()
    }
}
