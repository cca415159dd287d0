//! Sigstore protobuf bundles (`dev.sigstore.bundle.v1.Bundle`, sigstore/protobuf-specs) as proto3 JSON.
//!
//! What belongs to the form of a bundle is checked here: its members, their types and counts, and what each version has
//! to carry. Whether any of it is true is the verifier's business.

mod encode;
#[cfg(test)]
mod tests;

use std::sync::Arc;

pub use encode::encode;

use serde_json::Value;

use super::{BundleVersion, Content, Profile, Raw, SignedEntity, VerificationMaterial};
use crate::crypto::proto_json::{Enumerator, Message};
use crate::crypto::{DecodeError, Digest, HashAlgorithm, UnixTime};
use crate::payload::{Envelope, EnvelopeSignature};
use crate::tlog::{Entry, InclusionProof, KindVersion};
use crate::x509::Certificate;

const WHAT: &str = "Sigstore bundle";

/// The most log entries and the most timestamps of one bundle; sigstore-go has the same limits (CVE-2024-45395).
pub const MAX_LOG_ENTRIES: usize = 32;
/// See [`MAX_LOG_ENTRIES`].
pub const MAX_TIMESTAMPS: usize = 32;
/// The most certificates of a chain.
pub const MAX_CHAIN: usize = 32;
/// The most hashes of an inclusion proof: the height of a tree with 2^64 leaves.
const MAX_PROOF: usize = 64;
/// The longest log identifier. Those in use have 32 bytes.
const MAX_LOG_ID: usize = 64;

/// Numbers of `dev.sigstore.common.v1.HashAlgorithm`.
pub(super) const HASH_ALGORITHMS: [&str; 6] =
    ["HASH_ALGORITHM_UNSPECIFIED", "SHA2_256", "SHA2_384", "SHA2_512", "SHA3_256", "SHA3_384"];

/// Decodes v0.1, v0.2, v0.3.
///
/// Lenient exactly where proto3 JSON is ([`crate::crypto::proto_json`]). An envelope's [`Raw::bytes`] stay empty: the
/// document holds its parts, not the bytes of an encoded envelope.
///
/// # Errors
/// - a media type that is missing, of another document or of another version
/// - not one content (`messageSignature` or `dsseEnvelope`), not one material (`publicKey`, `certificate`,
///   `x509CertificateChain`), an empty one, a certificate that cannot be read
/// - a chain in v0.3
/// - a log entry without body, log, kind, or without what its version requires: an inclusion promise in v0.1, an
///   inclusion proof with checkpoint in v0.2 and v0.3
/// - an envelope without payload, payload type or with another number of signatures than one
/// - a digest of another length than its algorithm's, or of an algorithm that is not SHA-2
/// - too many log entries, timestamps, certificates or hashes; unknown, repeated or wrongly typed members
pub fn decode(document: &Value) -> Result<SignedEntity, DecodeError> {
    let fields = &["mediaType", "verificationMaterial", "messageSignature", "dsseEnvelope"];
    let bundle = Message::document(WHAT, document, fields)?;
    let version = version(&bundle)?;
    let content = content(&bundle)?;
    let fields =
        &["publicKey", "certificate", "x509CertificateChain", "tlogEntries", "timestampVerificationData"];
    let material = bundle.required_message("verificationMaterial", fields)?;
    Ok(SignedEntity {
        content,
        material: signer(&material, version)?,
        log_entries: log_entries(&material, version)?,
        timestamps: timestamps(&material)?,
        detached_scts: Vec::new(),
        profile: Profile::Bundle(version),
    })
}

fn version(bundle: &Message<'_>) -> Result<BundleVersion, DecodeError> {
    // sigstore-go reads both spellings of every version; only v0.3 was ever written in both.
    let media_type = bundle.required_text("mediaType")?;
    let spelled = media_type.strip_prefix("application/vnd.dev.sigstore.bundle").and_then(|rest| {
        rest.strip_prefix("+json;version=").or_else(|| rest.strip_prefix(".v")?.strip_suffix("+json"))
    });
    match spelled {
        Some("0.1") => Ok(BundleVersion::V0_1),
        Some("0.2") => Ok(BundleVersion::V0_2),
        Some("0.3") => Ok(BundleVersion::V0_3),
        Some(_) => Err(bundle.error("mediaType", format!("unsupported bundle version: `{media_type}`"))),
        None => Err(bundle.error("mediaType", format!("not that of a bundle: `{media_type}`"))),
    }
}

fn content(bundle: &Message<'_>) -> Result<Content, DecodeError> {
    match bundle.one_of(&["messageSignature", "dsseEnvelope"])? {
        Some("messageSignature") => message_signature(bundle),
        Some(_) => Ok(Content::Envelope(Arc::new(Raw { bytes: Vec::new(), parsed: envelope(bundle)? }))),
        None => Err(bundle.error("", "neither `messageSignature` nor `dsseEnvelope`").no_signature()),
    }
}

fn message_signature(bundle: &Message<'_>) -> Result<Content, DecodeError> {
    let message = bundle.required_message("messageSignature", &["messageDigest", "signature"])?;
    let digest = match message.message("messageDigest", &["algorithm", "digest"])? {
        // cosign 3 writes `{}` for Ed25519.
        Some(digest) if digest.has("algorithm") || digest.has("digest") => Some(message_digest(&digest)?),
        _ => None,
    };
    let signature = message.bytes("signature")?;
    if signature.is_empty() {
        return Err(message.error("signature", "missing").no_signature());
    }
    Ok(Content::Message { digest, signature })
}

fn message_digest(message: &Message<'_>) -> Result<Digest, DecodeError> {
    let algorithm = message.enumerator("algorithm", &HASH_ALGORITHMS)?;
    let name = match &algorithm {
        Enumerator::Known(number) => HASH_ALGORITHMS.get(*number).copied().unwrap_or_default(),
        Enumerator::Unknown(written) => written,
    };
    let algorithm = HashAlgorithm::from_protobuf_name(name)
        .ok_or_else(|| message.error("algorithm", format!("unsupported hash algorithm `{name}`")))?;
    Digest::new(algorithm, &message.bytes("digest")?).map_err(|e| message.error("digest", e.reason))
}

fn envelope(bundle: &Message<'_>) -> Result<Envelope, DecodeError> {
    let message = bundle.required_message("dsseEnvelope", &["payload", "payloadType", "signatures"])?;
    let signatures = message.messages("signatures", MAX_LOG_ENTRIES, &["sig", "keyid"])?;
    let [signature] = signatures.as_slice() else {
        let reason = format!("{} signatures; an envelope in a bundle has exactly one", signatures.len());
        let error = message.error("signatures", reason);
        return Err(if signatures.is_empty() { error.no_signature() } else { error });
    };
    Ok(Envelope {
        payload: message.required_bytes("payload")?,
        payload_type: message.required_text("payloadType")?.to_owned(),
        signatures: vec![EnvelopeSignature {
            keyid: signature.text("keyid")?.to_owned(),
            sig: signature.required_bytes("sig")?,
        }],
    })
}

fn signer(material: &Message<'_>, version: BundleVersion) -> Result<VerificationMaterial, DecodeError> {
    let kinds = ["publicKey", "certificate", "x509CertificateChain"];
    match material.one_of(&kinds)? {
        Some("publicKey") => {
            let hint = material.required_message("publicKey", &["hint"])?.text("hint")?.to_owned();
            Ok(VerificationMaterial::PublicKey { hint, embedded: None })
        }
        Some("certificate") => {
            let leaf = certificate(&material.required_message("certificate", &["rawBytes"])?)?;
            Ok(VerificationMaterial::Certificate(vec![leaf]))
        }
        Some(name) if version >= BundleVersion::V0_3 => {
            Err(material.error(name, "a v0.3 bundle has a single `certificate` in place of a chain"))
        }
        Some(name) => {
            let message = material.required_message(name, &["certificates"])?;
            let chain = message.messages("certificates", MAX_CHAIN, &["rawBytes"])?;
            if chain.is_empty() {
                return Err(message.error("certificates", "the chain is empty"));
            }
            Ok(VerificationMaterial::Certificate(chain.iter().map(certificate).collect::<Result<_, _>>()?))
        }
        None => Err(material.error("", format!("none of `{}`", kinds.join("`, `")))),
    }
}

fn certificate(message: &Message<'_>) -> Result<Certificate, DecodeError> {
    let der = message.required_bytes("rawBytes")?;
    Certificate::from_der(&der).map_err(|e| message.error("rawBytes", e.to_string()))
}

fn timestamps(material: &Message<'_>) -> Result<Vec<Vec<u8>>, DecodeError> {
    let Some(data) = material.message("timestampVerificationData", &["rfc3161Timestamps"])? else {
        return Ok(Vec::new());
    };
    let timestamps = data.messages("rfc3161Timestamps", MAX_TIMESTAMPS, &["signedTimestamp"])?;
    timestamps.iter().map(|t| t.required_bytes("signedTimestamp")).collect()
}

/// The members of a log entry (`dev.sigstore.rekor.v1.TransparencyLogEntry`).
const LOG_ENTRY: &[&str] = &[
    "logIndex",
    "logId",
    "kindVersion",
    "integratedTime",
    "inclusionPromise",
    "inclusionProof",
    "canonicalizedBody",
];

/// Decodes a log entry that is a document of its own, as Rekor v2 answers; it has to carry what a bundle v0.3 requires of it.
///
/// # Errors
/// As [`decode`] of its entries.
#[cfg(feature = "http")]
pub fn decode_log_entry(document: &Value) -> Result<Entry, DecodeError> {
    log_entry(&Message::document("log entry", document, LOG_ENTRY)?, BundleVersion::V0_3)
}

fn log_entries(material: &Message<'_>, version: BundleVersion) -> Result<Vec<Entry>, DecodeError> {
    let entries = material.messages("tlogEntries", MAX_LOG_ENTRIES, LOG_ENTRY)?;
    entries.iter().map(|entry| log_entry(entry, version)).collect()
}

fn log_entry(message: &Message<'_>, version: BundleVersion) -> Result<Entry, DecodeError> {
    let log = message.required_message("logId", &["keyId"])?;
    let log_id = log.required_bytes("keyId")?;
    if log_id.len() > MAX_LOG_ID {
        return Err(log.error("keyId", format!("{} bytes; at most {MAX_LOG_ID} are read", log_id.len())));
    }
    let kind = message.required_message("kindVersion", &["kind", "version"])?;
    let kind = KindVersion {
        kind: kind.required_text("kind")?.to_owned(),
        version: kind.required_text("version")?.to_owned(),
    };
    let promise = match message.message("inclusionPromise", &["signedEntryTimestamp"])? {
        Some(promise) if promise.has("signedEntryTimestamp") => {
            Some(promise.required_bytes("signedEntryTimestamp")?)
        }
        _ => None,
    };
    let proof = inclusion_proof(message)?;
    if version == BundleVersion::V0_1 {
        if promise.is_none() {
            return Err(message.error("inclusionPromise", "missing; a v0.1 bundle requires it"));
        }
    } else if proof.as_ref().and_then(|p| p.checkpoint.as_ref()).is_none() {
        let at = if proof.is_none() { "inclusionProof" } else { "inclusionProof.checkpoint" };
        return Err(message.error(at, "missing; a bundle requires it from v0.2 on"));
    }
    let integrated_time = message.int64("integratedTime")?;
    if integrated_time < 0 {
        return Err(message.error("integratedTime", "negative"));
    }
    Ok(Entry {
        log_index: message.count("logIndex")?,
        log_id,
        kind: Some(kind),
        integrated_time: (integrated_time > 0).then(|| UnixTime::from_seconds(integrated_time)),
        canonicalized_body: message.required_bytes("canonicalizedBody")?,
        inclusion_promise: promise,
        inclusion_proof: proof,
    })
}

fn inclusion_proof(entry: &Message<'_>) -> Result<Option<InclusionProof>, DecodeError> {
    let fields = &["logIndex", "rootHash", "treeSize", "hashes", "checkpoint"];
    let Some(message) = entry.message("inclusionProof", fields)? else { return Ok(None) };
    let sized = |field: &str, hash: &[u8]| {
        let wrong = || message.error(field, format!("a hash of {} bytes; SHA-256 has 32", hash.len()));
        if hash.len() == 32 { Ok(()) } else { Err(wrong()) }
    };
    let root_hash = message.required_bytes("rootHash")?;
    sized("rootHash", &root_hash)?;
    let hashes = message.bytes_list("hashes", MAX_PROOF)?;
    hashes.iter().try_for_each(|hash| sized("hashes", hash))?;
    let checkpoint = match message.message("checkpoint", &["envelope"])? {
        Some(checkpoint) => Some(checkpoint.text("envelope")?.to_owned()).filter(|text| !text.is_empty()),
        None => None,
    };
    Ok(Some(InclusionProof {
        log_index: message.count("logIndex")?,
        tree_size: message.count("treeSize")?,
        root_hash,
        hashes,
        checkpoint,
    }))
}
