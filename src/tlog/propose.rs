//! What a log is asked to take: the proposed entries of Rekor v1 (`pkg/types/*/v0.0.x/*_schema.json` of sigstore/rekor) and
//! the requests of Rekor v2 (`rekor/v2/*.proto` of sigstore/rekor-tiles), as JSON.

use serde_json::{Value, json};

use super::LoggedVerifier;
use crate::crypto::{Digest, HashAlgorithm, KeyType, base64, pem};

/// An envelope that a log is told about. It need not be true.
#[derive(Debug, Clone, Copy)]
pub struct LoggedEnvelope<'a> {
    /// The JSON that is sent to the log.
    pub json: &'a [u8],
    /// The decoded payload.
    pub payload: &'a [u8],
    /// The type of the payload.
    pub payload_type: &'a str,
    /// The raw signatures, each with who made it.
    pub signatures: &'a [(&'a [u8], &'a LoggedVerifier)],
}

/// `hashedrekord` 0.0.1, which is logged as it is proposed.
pub fn hashedrekord_001(digest: &Digest, signature: &[u8], verifier: &LoggedVerifier) -> Value {
    let signature =
        json!({ "content": base64::encode(signature), "publicKey": { "content": pem_base64(verifier) } });
    entry("hashedrekord", "0.0.1", json!({ "data": { "hash": hash_v1(digest) }, "signature": signature }))
}

/// `dsse` 0.0.1: the envelope itself, and who signed it.
pub fn dsse_001(envelope: LoggedEnvelope<'_>) -> Value {
    let verifiers: Vec<String> = envelope.signatures.iter().map(|(_, v)| pem_base64(v)).collect();
    let json = String::from_utf8_lossy(envelope.json);
    let proposed = json!({ "envelope": json, "verifiers": verifiers });
    entry("dsse", "0.0.1", json!({ "proposedContent": proposed }))
}

/// `intoto` 0.0.2. Clients hand over the texts in base64 as if they were the bytes, so that all of it is encoded twice.
pub fn intoto_002(envelope: LoggedEnvelope<'_>) -> Value {
    let mut content = intoto_002_content(envelope);
    if let Some(Value::Object(inner)) = content.get_mut("envelope") {
        inner.insert("payload".to_owned(), Value::from(twice(envelope.payload)));
    }
    entry("intoto", "0.0.2", json!({ "content": content }))
}

/// What the log keeps of an `intoto` entry 0.0.2: all of it but the payload.
pub(super) fn intoto_002_content(envelope: LoggedEnvelope<'_>) -> Value {
    let signature = |(signature, verifier): &(&[u8], &LoggedVerifier)| json!({ "publicKey": pem_base64(verifier), "sig": twice(signature) });
    let signatures: Vec<Value> = envelope.signatures.iter().map(signature).collect();
    json!({
        "envelope": { "payloadType": envelope.payload_type, "signatures": signatures },
        "hash": sha256_v1(envelope.json),
        "payloadHash": sha256_v1(envelope.payload),
    })
}

/// The request for a `hashedrekord` 0.0.2 (`HashedRekordRequestV002`); `key_details` is the name of the key's kind, such as
/// [`key_details`] gives.
pub fn hashedrekord_002(
    digest: &Digest,
    signature: &[u8],
    verifier: &LoggedVerifier,
    key_details: &str,
) -> Value {
    let signature = signature_v2(signature, verifier, key_details);
    json!({
        "hashedRekordRequestV002": { "digest": base64::encode(digest.bytes()), "signature": signature },
    })
}

/// The request for a `dsse` 0.0.2 (`DSSERequestV002`): the envelope as a message, and who signed it, each with the name of
/// the key's kind.
pub fn dsse_002(envelope: Value, verifiers: &[(LoggedVerifier, &str)]) -> Value {
    let verifiers: Vec<Value> = verifiers.iter().map(|(v, details)| verifier_v2(v, details)).collect();
    json!({ "dsseRequestV002": { "envelope": envelope, "verifiers": verifiers } })
}

/// The name of a kind of key in the enumeration `PublicKeyDetails` (`sigstore_common.proto`), where it signs digests by this
/// algorithm; PKCS #1 for RSA. `None` for what the enumeration has no name for.
pub fn key_details(key_type: KeyType, hash: HashAlgorithm) -> Option<&'static str> {
    use HashAlgorithm::{Sha256, Sha384, Sha512};
    Some(match (key_type, hash) {
        (KeyType::P256, Sha256) => "PKIX_ECDSA_P256_SHA_256",
        (KeyType::P384, Sha384) => "PKIX_ECDSA_P384_SHA_384",
        (KeyType::P384, Sha256) => "PKIX_ECDSA_P384_SHA_256",
        (KeyType::P521, Sha512) => "PKIX_ECDSA_P521_SHA_512",
        (KeyType::P521, Sha256) => "PKIX_ECDSA_P521_SHA_256",
        (KeyType::Rsa { bits: 2048 }, Sha256) => "PKIX_RSA_PKCS1V15_2048_SHA256",
        (KeyType::Rsa { bits: 3072 }, Sha256) => "PKIX_RSA_PKCS1V15_3072_SHA256",
        (KeyType::Rsa { bits: 4096 }, Sha256) => "PKIX_RSA_PKCS1V15_4096_SHA256",
        (KeyType::Rsa { .. }, Sha256) => "PKIX_RSA_PKCS1V5",
        // Whoever has only the digest can check nothing but the prehashed form.
        (KeyType::Ed25519, Sha512) => "PKIX_ED25519_PH",
        _ => return None,
    })
}

/// As [`key_details`], for a key that signs messages in its own way.
pub fn message_key_details(key_type: KeyType) -> &'static str {
    match key_type {
        KeyType::Ed25519 => "PKIX_ED25519",
        // There is a name for every kind with the digest of its own.
        other => key_details(other, other.default_hash()).unwrap_or_default(),
    }
}

pub(super) fn entry(kind: &str, version: &str, spec: Value) -> Value {
    json!({ "apiVersion": version, "kind": kind, "spec": spec })
}

pub(super) fn sha256_v1(data: &[u8]) -> Value {
    hash_v1(&HashAlgorithm::Sha256.digest(data))
}

pub(super) fn hash_v1(digest: &Digest) -> Value {
    json!({ "algorithm": digest.algorithm().name(), "value": digest.hex() })
}

/// How Rekor v1 is given keys and certificates, here and in its index: PEM in base64.
pub fn pem_base64(verifier: &LoggedVerifier) -> String {
    base64::encode(match verifier {
        LoggedVerifier::PublicKey(key) => key.to_pem(),
        LoggedVerifier::Certificate(der) => pem::encode("CERTIFICATE", der),
    })
}

pub(super) fn signature_v2(signature: &[u8], verifier: &LoggedVerifier, key_details: &str) -> Value {
    json!({ "content": base64::encode(signature), "verifier": verifier_v2(verifier, key_details) })
}

fn verifier_v2(verifier: &LoggedVerifier, key_details: &str) -> Value {
    let (member, raw) = match verifier {
        LoggedVerifier::PublicKey(key) => ("publicKey", key.spki_der()),
        LoggedVerifier::Certificate(der) => ("x509Certificate", der.as_slice()),
    };
    json!({ "keyDetails": key_details, member: { "rawBytes": base64::encode(raw) } })
}

fn twice(bytes: &[u8]) -> String {
    base64::encode(base64::encode(bytes))
}
