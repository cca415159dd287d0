//! Writing v0.3 bundles.

use serde::{Serialize, Serializer};

use crate::bundle::{Content, SignedEntity, VerificationMaterial};
use crate::crypto::HashAlgorithm;
use crate::payload::Envelope;
use crate::tlog::{Entry, InclusionProof};

/// Encodes as v0.3, compact, members in cosign's order, byte for byte what cosign 3.1 writes for the same entity: 64-bit
/// integers as strings, members with their default value left out. But for the index and the proof's hashes of the first entry of a
/// log, which are zero and none: not every reader takes a document without them (sigstore-python 4.5).
///
/// A signature of a simple-signing payload is written as one of that file, and the payload stays beside it.
///
/// What v0.3 has no place for is left out: certificates after the leaf, detached SCTs, a key that an old document
/// embedded, a SHA-224 digest. An entry whose kind is unknown (from a legacy bundle) is written without it; such an entry has no proof
/// either, and no reader of v0.3 takes it.
pub fn encode(entity: &SignedEntity) -> String {
    let payload_digest;
    let (message_signature, dsse_envelope) = match &entity.content {
        Content::Message { digest, signature } => {
            let message_digest = digest.as_ref().map_or(MessageDigest::default(), |digest| {
                let algorithm = digest.algorithm().protobuf_name();
                MessageDigest { algorithm, digest: algorithm.map(|_| Base64(digest.bytes())) }
            });
            (Some(MessageSignature { message_digest, signature: Base64(signature) }), None)
        }
        Content::Envelope(envelope) => (None, Some(DsseEnvelope::of(&envelope.parsed))),
        Content::SimpleSigning { payload, signature } => {
            payload_digest = HashAlgorithm::Sha256.digest(&payload.bytes);
            let digest = Some(Base64(payload_digest.bytes()));
            let message_digest =
                MessageDigest { algorithm: payload_digest.algorithm().protobuf_name(), digest };
            (Some(MessageSignature { message_digest, signature: Base64(signature) }), None)
        }
    };
    let bundle = Bundle {
        media_type: "application/vnd.dev.sigstore.bundle.v0.3+json",
        verification_material: Material::of(entity),
        message_signature,
        dsse_envelope,
    };
    // An envelope is most of its bundle.
    let size = if let Content::Envelope(envelope) = &entity.content { envelope.bytes.len() } else { 0 };
    written(&bundle, size + SMALL)
}

/// Half of a bundle would be a signature that nobody reads.
#[expect(
    clippy::expect_used,
    reason = "serialisation into memory fails only where a map has keys that are no strings, and there is no map here; what it writes is UTF-8"
)]
fn written(bundle: &Bundle<'_>, room: usize) -> String {
    let mut out = Vec::with_capacity(room);
    serde_json::to_writer(&mut out, bundle).expect("no maps");
    String::from_utf8(out).expect("JSON is UTF-8")
}

/// Room for a bundle but for its envelope, in bytes.
const SMALL: usize = 8192;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Bundle<'a> {
    media_type: &'static str,
    verification_material: Material<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message_signature: Option<MessageSignature<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dsse_envelope: Option<DsseEnvelope<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Material<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    public_key: Option<PublicKey<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    certificate: Option<Certificate<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tlog_entries: Vec<TlogEntry<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    timestamp_verification_data: Option<Timestamps<'a>>,
}

impl<'a> Material<'a> {
    fn of(entity: &'a SignedEntity) -> Self {
        let (public_key, certificate) = match &entity.material {
            VerificationMaterial::PublicKey { hint, .. } => (Some(PublicKey { hint }), None),
            VerificationMaterial::Certificate(chain) => {
                (None, chain.first().map(|leaf| Certificate { raw_bytes: Base64(leaf.der()) }))
            }
        };
        let timestamps: Vec<_> =
            entity.timestamps.iter().map(|t| Timestamp { signed_timestamp: Base64(t) }).collect();
        Self {
            public_key,
            certificate,
            tlog_entries: entity.log_entries.iter().map(TlogEntry::of).collect(),
            timestamp_verification_data: (!timestamps.is_empty())
                .then_some(Timestamps { rfc3161_timestamps: timestamps }),
        }
    }
}

#[derive(Serialize)]
struct PublicKey<'a> {
    #[serde(skip_serializing_if = "str::is_empty")]
    hint: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Certificate<'a> {
    raw_bytes: Base64<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Timestamps<'a> {
    rfc3161_timestamps: Vec<Timestamp<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Timestamp<'a> {
    signed_timestamp: Base64<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TlogEntry<'a> {
    log_index: Int64,
    log_id: LogId<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kind_version: Option<Kind<'a>>,
    #[serde(skip_serializing_if = "Int64::is_zero")]
    integrated_time: Int64,
    #[serde(skip_serializing_if = "Option::is_none")]
    inclusion_promise: Option<Promise<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    inclusion_proof: Option<Proof<'a>>,
    canonicalized_body: Base64<'a>,
}

impl<'a> TlogEntry<'a> {
    fn of(entry: &'a Entry) -> Self {
        let kind = entry.kind.as_ref().map(|k| Kind { kind: &k.kind, version: &k.version });
        let promise = entry.inclusion_promise.as_deref();
        Self {
            log_index: entry.log_index.into(),
            log_id: LogId { key_id: Base64(&entry.log_id) },
            kind_version: kind,
            integrated_time: Int64(entry.integrated_time.map_or(0, |time| time.seconds().into())),
            inclusion_promise: promise.map(|set| Promise { signed_entry_timestamp: Base64(set) }),
            inclusion_proof: entry.inclusion_proof.as_ref().map(Proof::of),
            canonicalized_body: Base64(&entry.canonicalized_body),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LogId<'a> {
    key_id: Base64<'a>,
}

#[derive(Serialize)]
struct Kind<'a> {
    kind: &'a str,
    version: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Promise<'a> {
    signed_entry_timestamp: Base64<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Proof<'a> {
    log_index: Int64,
    root_hash: Base64<'a>,
    #[serde(skip_serializing_if = "Int64::is_zero")]
    tree_size: Int64,
    hashes: Vec<Base64<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    checkpoint: Option<Checkpoint<'a>>,
}

impl<'a> Proof<'a> {
    fn of(proof: &'a InclusionProof) -> Self {
        Self {
            log_index: proof.log_index.into(),
            root_hash: Base64(&proof.root_hash),
            tree_size: proof.tree_size.into(),
            hashes: proof.hashes.iter().map(|hash| Base64(hash)).collect(),
            checkpoint: proof.checkpoint.as_deref().map(|envelope| Checkpoint { envelope }),
        }
    }
}

#[derive(Serialize)]
struct Checkpoint<'a> {
    envelope: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct MessageSignature<'a> {
    message_digest: MessageDigest<'a>,
    signature: Base64<'a>,
}

#[derive(Serialize, Default)]
struct MessageDigest<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    algorithm: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    digest: Option<Base64<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DsseEnvelope<'a> {
    payload: Base64<'a>,
    payload_type: &'a str,
    signatures: Vec<DsseSignature<'a>>,
}

impl<'a> DsseEnvelope<'a> {
    fn of(envelope: &'a Envelope) -> Self {
        let signature = |s: &'a crate::payload::EnvelopeSignature| DsseSignature {
            sig: Base64(&s.sig),
            keyid: s.keyid.as_str(),
        };
        Self {
            payload: Base64(&envelope.payload),
            payload_type: &envelope.payload_type,
            signatures: envelope.signatures.iter().map(signature).collect(),
        }
    }
}

#[derive(Serialize)]
struct DsseSignature<'a> {
    sig: Base64<'a>,
    #[serde(skip_serializing_if = "str::is_empty")]
    keyid: &'a str,
}

/// Bytes in standard base64, written without a copy of their own.
struct Base64<'a>(&'a [u8]);

impl Serialize for Base64<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&crate::crypto::base64::shown(self.0))
    }
}

/// A 64-bit integer, a string in proto3 JSON.
struct Int64(i128);

impl Int64 {
    fn is_zero(&self) -> bool {
        self.0 == 0
    }
}

impl From<u64> for Int64 {
    fn from(value: u64) -> Self {
        Self(value.into())
    }
}

impl Serialize for Int64 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}
