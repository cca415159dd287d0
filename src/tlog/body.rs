//! Bodies of log entries: what a log was told about a signature.

use crate::crypto::{DecodeError, Digest, PublicKey};

/// A parsed body.
#[derive(Debug, Clone)]
pub struct Body {
    /// Kind and version as the body itself says.
    pub kind: super::KindVersion,
    /// What was logged.
    pub spec: Spec,
}

/// The kinds that are understood. Every digest and signature in them has to equal the bundle's.
#[derive(Debug, Clone)]
pub enum Spec {
    /// `hashedrekord` 0.0.1 and 0.0.2: digest, signature, verifier. For an envelope in Rekor v2 the digest is the PAE's.
    HashedRekord {
        /// Digest of the signed bytes.
        digest: Digest,
        /// Raw signature.
        signature: Vec<u8>,
        /// Who signed.
        verifier: LoggedVerifier,
    },
    /// `dsse` 0.0.1 (envelope and payload hash) and 0.0.2 (payload hash).
    Dsse {
        /// SHA-256 of the envelope as it was sent; only in 0.0.1.
        envelope_hash: Option<Digest>,
        /// Digest of the payload.
        payload_hash: Digest,
        /// Each signature with who made it.
        signatures: Vec<(Vec<u8>, LoggedVerifier)>,
    },
    /// `intoto` 0.0.1 and 0.0.2.
    Intoto {
        /// Hash of the envelope, where the entry has it.
        envelope_hash: Option<Digest>,
        /// Hash of the payload.
        payload_hash: Option<Digest>,
        /// Signatures: 0.0.2 lists them, 0.0.1 has only the verifier.
        signatures: Vec<(Option<Vec<u8>>, LoggedVerifier)>,
    },
    /// `rekord` 0.0.1 with an x509 (PEM) key.
    Rekord {
        /// Digest of the signed bytes.
        digest: Digest,
        /// Raw signature.
        signature: Vec<u8>,
        /// Who signed.
        verifier: LoggedVerifier,
    },
}

/// The key or the certificate in an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LoggedVerifier {
    /// A public key.
    PublicKey(PublicKey),
    /// A certificate, in DER; compared byte for byte.
    Certificate(Vec<u8>),
}

/// Parses a body (strict JSON; gzip never; unknown kinds refused).
pub fn parse(_body: &[u8]) -> Result<Body, DecodeError> {
    todo!()
}
