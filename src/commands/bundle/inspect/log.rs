//! What log entries say.

use serde::Serialize;

use super::known::Known;
use crate::commands::facts::{KeyFacts, Part, fingerprint};
use crate::tlog::body::{self, Body, LoggedVerifier, Spec};
use crate::tlog::{Checkpoint, Entry, InclusionProof};
use crate::x509::Certificate;

/// A log entry.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LogEntryFacts {
    /// Kind and version that the document states; a legacy document states none.
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    log_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    listed_as: Option<String>,
    log_index: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    integrated_time: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    inclusion_promise: Option<Part>,
    #[serde(skip_serializing_if = "Option::is_none")]
    inclusion_proof: Option<ProofFacts>,
    body: BodyFacts,
}

/// An inclusion proof.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ProofFacts {
    log_index: u64,
    tree_size: u64,
    root_hash: String,
    hashes: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    checkpoint: Option<CheckpointFacts>,
}

/// A checkpoint; of one that cannot be parsed the bytes only.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct CheckpointFacts {
    #[serde(skip_serializing_if = "Option::is_none")]
    origin: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tree_size: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    root_hash: Option<String>,
    signatures: Vec<NoteSignatureFacts>,
    #[serde(flatten)]
    bytes: Part,
}

/// One signature line of a checkpoint.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct NoteSignatureFacts {
    name: String,
    key_hint: String,
}

/// The body: what the log was told. Of one that cannot be parsed the bytes only.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct BodyFacts {
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    digest: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    envelope_hash: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payload_hash: Option<String>,
    signatures: Vec<LoggedSignature>,
    #[serde(flatten)]
    bytes: Part,
}

/// A logged signature, and by whom.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct LoggedSignature {
    #[serde(skip_serializing_if = "Option::is_none")]
    signature: Option<Part>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<KeyFacts>,
    /// SHA-256 of the certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    certificate_fingerprint: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    certificate_serial: Option<String>,
}

impl LogEntryFacts {
    /// Of this entry.
    pub fn of(entry: &Entry, known: &Known) -> Self {
        Self {
            kind: entry.kind.as_ref().map(|k| k.kind.clone()),
            version: entry.kind.as_ref().map(|k| k.version.clone()),
            log_id: hex::encode(&entry.log_id),
            listed_as: known.log(&entry.log_id),
            log_index: entry.log_index,
            integrated_time: entry.integrated_time.map(|t| t.to_string()),
            inclusion_promise: entry.inclusion_promise.as_deref().map(Part::of),
            inclusion_proof: entry.inclusion_proof.as_ref().map(ProofFacts::of),
            body: BodyFacts::of(&entry.canonicalized_body),
        }
    }
}

impl ProofFacts {
    fn of(proof: &InclusionProof) -> Self {
        Self {
            log_index: proof.log_index,
            tree_size: proof.tree_size,
            root_hash: hex::encode(&proof.root_hash),
            hashes: proof.hashes.iter().map(hex::encode).collect(),
            checkpoint: proof.checkpoint.as_deref().map(CheckpointFacts::of),
        }
    }
}

impl CheckpointFacts {
    fn of(text: &str) -> Self {
        let bytes = Part::of(text.as_bytes());
        let Ok(checkpoint) = Checkpoint::parse(text) else {
            return Self { origin: None, tree_size: None, root_hash: None, signatures: Vec::new(), bytes };
        };
        let line = |s: &crate::tlog::NoteSignature| NoteSignatureFacts {
            name: s.name.clone(),
            key_hint: hex::encode(s.key_id),
        };
        Self {
            signatures: checkpoint.signatures.iter().map(line).collect(),
            tree_size: Some(checkpoint.tree_size),
            root_hash: Some(hex::encode(&checkpoint.root_hash)),
            origin: Some(checkpoint.origin),
            bytes,
        }
    }
}

impl BodyFacts {
    fn of(bytes: &[u8]) -> Self {
        let blank = Self {
            kind: None,
            version: None,
            digest: None,
            envelope_hash: None,
            payload_hash: None,
            signatures: Vec::new(),
            bytes: Part::of(bytes),
        };
        let Ok(Body { kind, spec }) = body::parse(bytes) else { return blank };
        let named = Self { kind: Some(kind.kind), version: Some(kind.version), ..blank };
        match spec {
            Spec::HashedRekord { digest, signature, verifier }
            | Spec::Rekord { digest, signature, verifier } => Self {
                digest: Some(digest.to_string()),
                signatures: vec![LoggedSignature::of(Some(&signature), &verifier)],
                ..named
            },
            Spec::Dsse { envelope_hash, payload_hash, signatures } => Self {
                envelope_hash: envelope_hash.map(|d| d.to_string()),
                payload_hash: Some(payload_hash.to_string()),
                signatures: signatures.iter().map(|(s, v)| LoggedSignature::of(Some(s), v)).collect(),
                ..named
            },
            Spec::Intoto { envelope_hash, payload_hash, signatures } => Self {
                envelope_hash: envelope_hash.map(|d| d.to_string()),
                payload_hash: payload_hash.map(|d| d.to_string()),
                signatures: signatures.iter().map(|(s, v)| LoggedSignature::of(s.as_deref(), v)).collect(),
                ..named
            },
        }
    }
}

impl LoggedSignature {
    fn of(signature: Option<&[u8]>, verifier: &LoggedVerifier) -> Self {
        let (key, certificate) = match verifier {
            LoggedVerifier::PublicKey(key) => (Some(KeyFacts::of(key)), None),
            LoggedVerifier::Certificate(der) => (None, Some(der)),
        };
        Self {
            signature: signature.map(Part::of),
            key,
            certificate_fingerprint: certificate.map(|der| fingerprint(der)),
            certificate_serial: certificate
                .and_then(|der| Certificate::from_der(der).ok())
                .map(|c| c.serial()),
        }
    }
}
