//! Bodies of log entries: what a log was told about a signature.
//!
//! Facts are those of Rekor's own schemas (`pkg/types/*/v0.0.x/*_schema.json` of Rekor v1, `rekor_entry.proto` of Rekor
//! v2). Members that a schema does not need are ignored, as Rekor itself lets some kinds carry extra data; members that
//! it needs are required, one by one, because an entry without them has crashed other readers (CVE-2023-33199,
//! CVE-2026-23831).

mod v1;
mod v2;

#[cfg(any(test, feature = "sandbox"))]
pub use self::{v1::verifier as verifier_v1, v2::verifier as verifier_v2};
use super::KindVersion;
use crate::crypto::{DecodeError, Digest, Node, PublicKey, json};

/// A larger body is refused.
const SIZE_LIMIT: usize = 32 * 1024 * 1024;
/// An entry with more signatures is refused.
const SIGNATURE_LIMIT: usize = 64;
const WHAT: &str = "log entry body";

/// A parsed body.
#[derive(Debug, Clone)]
pub struct Body {
    /// Kind and version as the body itself says.
    pub kind: KindVersion,
    /// What was logged.
    pub spec: Spec,
}

/// The kinds that are understood. Every digest and signature in them has to equal the bundle's, except where said.
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
        /// SHA-256 of the envelope's JSON as it was sent to the log; only in 0.0.1. Protobuf bundles do not keep that
        /// JSON, so it can be compared only where the original bytes of the envelope are at hand.
        envelope_hash: Option<Digest>,
        /// Digest of the payload.
        payload_hash: Digest,
        /// Each signature with who made it; at least one, in an order that need not be the envelope's.
        signatures: Vec<(Vec<u8>, LoggedVerifier)>,
    },
    /// `intoto` 0.0.1 and 0.0.2.
    Intoto {
        /// SHA-256 of the envelope's JSON as it was sent to the log; only in 0.0.1. In 0.0.2 the client states the hash
        /// and clients disagree on what it covers, so that it proves nothing and is not kept here.
        envelope_hash: Option<Digest>,
        /// Hash of the payload, computed by the log. Entries of 2021 may lack it.
        payload_hash: Option<Digest>,
        /// Signatures: 0.0.2 lists them, 0.0.1 has only the verifier. At least one.
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
///
/// # Errors
/// More than 32 MiB; not JSON, duplicate members; an unknown kind or version; a member that is missing, of another type
/// or not decodable; a hash algorithm other than SHA-256, SHA-384, SHA-512; a key in another form than PEM or
/// SubjectPublicKeyInfo; no signature or more than 64.
pub fn parse(body: &[u8]) -> Result<Body, DecodeError> {
    if body.len() > SIZE_LIMIT {
        return Err(DecodeError::whole(WHAT, format!("{} bytes, the limit is {SIZE_LIMIT}", body.len())));
    }
    let value = json::parse(WHAT, body)?;
    let top = Node::root(WHAT, &value);
    let kind = top.member("kind")?.text()?;
    let version = top.member("apiVersion")?.text()?;
    let spec = top.member("spec")?;
    let spec = match (kind, version) {
        ("hashedrekord", "0.0.1") => v1::hashedrekord(&spec),
        ("hashedrekord", "0.0.2") => v2::hashedrekord(&spec),
        ("dsse", "0.0.1") => v1::dsse(&spec),
        ("dsse", "0.0.2") => v2::dsse(&spec),
        ("intoto", "0.0.1") => v1::intoto_001(&spec),
        ("intoto", "0.0.2") => v1::intoto_002(&spec),
        ("rekord", "0.0.1") => v1::rekord(&spec),
        _ => Err(DecodeError::new(WHAT, "kind", format!("`{kind}` version `{version}` is not understood"))),
    }?;
    Ok(Body { kind: KindVersion { kind: kind.to_owned(), version: version.to_owned() }, spec })
}

#[cfg(test)]
mod tests;
