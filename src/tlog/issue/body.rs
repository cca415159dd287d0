//! Bodies as Rekor canonicalises them, for every kind that is understood.

use serde_json::{Value, json};

use super::super::LoggedVerifier;
pub use super::super::propose::LoggedEnvelope;
use super::super::propose::{self, entry, hash_v1, intoto_002_content, pem_base64, sha256_v1, signature_v2};
use crate::crypto::{Digest, HashAlgorithm, KeyType, base64, json::canonical};

/// `hashedrekord` 0.0.1.
pub fn hashedrekord_001(digest: &Digest, signature: &[u8], verifier: &LoggedVerifier) -> Vec<u8> {
    canonical(&propose::hashedrekord_001(digest, signature, verifier))
}

/// `hashedrekord` 0.0.2; `key_details` is the name of the key's kind, such as [`key_details`] gives.
pub fn hashedrekord_002(
    digest: &Digest,
    signature: &[u8],
    verifier: &LoggedVerifier,
    key_details: &str,
) -> Vec<u8> {
    let spec =
        json!({ "data": hash_v2(digest), "signature": signature_v2(signature, verifier, key_details) });
    body("hashedrekord", "0.0.2", json!({ "hashedRekordV002": spec }))
}

/// `rekord` 0.0.1 with an x509 key.
pub fn rekord_001(digest: &Digest, signature: &[u8], verifier: &LoggedVerifier) -> Vec<u8> {
    let signature = json!({
        "content": base64::encode(signature), "format": "x509", "publicKey": { "content": pem_base64(verifier) },
    });
    body("rekord", "0.0.1", json!({ "data": { "hash": hash_v1(digest) }, "signature": signature }))
}

/// `dsse` 0.0.1. Rekor sorts the signatures by their base64 text.
pub fn dsse_001(envelope: LoggedEnvelope<'_>) -> Vec<u8> {
    let mut signatures: Vec<(String, Value)> = envelope
        .signatures
        .iter()
        .map(|(signature, verifier)| (base64::encode(signature), Value::from(pem_base64(verifier))))
        .collect();
    signatures.sort_by(|a, b| a.0.cmp(&b.0));
    let signatures: Vec<Value> =
        signatures.into_iter().map(|(s, v)| json!({ "signature": s, "verifier": v })).collect();
    let spec = json!({
        "envelopeHash": sha256_v1(envelope.json),
        "payloadHash": sha256_v1(envelope.payload),
        "signatures": signatures,
    });
    body("dsse", "0.0.1", spec)
}

/// `dsse` 0.0.2; one kind of key for all signatures.
pub fn dsse_002(envelope: LoggedEnvelope<'_>, key_details: &str) -> Vec<u8> {
    let signatures: Vec<_> = envelope.signatures.iter().map(|(s, v)| (*s, *v, key_details)).collect();
    dsse_002_of(envelope.payload, &signatures)
}

/// `dsse` 0.0.2 of a payload: each signature with who made it, and the name of the key's kind.
pub fn dsse_002_of(payload: &[u8], signatures: &[(&[u8], &LoggedVerifier, &str)]) -> Vec<u8> {
    let signatures: Vec<Value> =
        signatures.iter().map(|(s, v, details)| signature_v2(s, v, details)).collect();
    let payload_hash = hash_v2(&HashAlgorithm::Sha256.digest(payload));
    body("dsse", "0.0.2", json!({ "dsseV002": { "payloadHash": payload_hash, "signatures": signatures } }))
}

/// `intoto` 0.0.1: the hashes, and the verifier of the first signature.
pub fn intoto_001(envelope: LoggedEnvelope<'_>) -> Vec<u8> {
    let verifier = envelope.signatures.first().map(|(_, v)| pem_base64(v)).unwrap_or_default();
    let content = json!({ "hash": sha256_v1(envelope.json), "payloadHash": sha256_v1(envelope.payload) });
    body("intoto", "0.0.1", json!({ "content": content, "publicKey": verifier }))
}

/// `intoto` 0.0.2: signatures in base64 of base64, and no payload.
pub fn intoto_002(envelope: LoggedEnvelope<'_>) -> Vec<u8> {
    body("intoto", "0.0.2", json!({ "content": intoto_002_content(envelope) }))
}

/// The name of a kind of key in the enumeration `PublicKeyDetails` (`sigstore_common.proto`), with the digest and the
/// padding that fit it best.
pub fn key_details(key_type: KeyType) -> &'static str {
    propose::message_key_details(key_type)
}

fn body(kind: &str, version: &str, spec: Value) -> Vec<u8> {
    canonical(&entry(kind, version, spec))
}

fn hash_v2(digest: &Digest) -> Value {
    json!({ "algorithm": digest.algorithm().protobuf_name(), "digest": base64::encode(digest.bytes()) })
}
