//! The JSON bundle of cosign 1 and 2 (cosign's `LocalSignedPayload` and `RekorBundle`), also written by cosign 3 with
//! `--new-bundle-format=false`:
//!
//! ```text
//! { "base64Signature": base64 of the signature, or of a DSSE envelope,
//!   "cert": base64 of PEM: the certificate, or the public key of a key signature,
//!   "rekorBundle": { "SignedEntryTimestamp": base64, "Payload": { "body", "integratedTime", "logIndex", "logID" } } }
//! ```

#[cfg(test)]
mod tests;

use serde::Serialize;
use serde_json::Value;

use super::detached::{self, Detached};
use super::{Content, SignedEntity, VerificationMaterial};
use crate::crypto::{DecodeError, Node, PublicKey, UnixTime, decode_base64, pem};
use crate::tlog::Entry;
use crate::x509::Certificate;

const WHAT: &str = "legacy bundle";

/// Decodes: one entity, or one for each signature of an envelope. Members that are not cosign's are ignored, as cosign
/// ignores them.
///
/// The public key that `cert` may hold becomes [`VerificationMaterial::PublicKey`]'s `embedded`: cosign 2.5 and 3.1 let
/// it take the place of the key that the user names; here it can only be compared with that key.
///
/// # Errors
/// No signature, a wrongly typed member, text that is not base64, a certificate or an envelope that cannot be read, a
/// member in another letter case than cosign's (which Go would read as that member).
pub fn decode(document: &Value) -> Result<Vec<SignedEntity>, DecodeError> {
    let bundle = Node::root(WHAT, document);
    bundle.spelled(&["base64Signature", "cert", "rekorBundle"])?;
    let node = bundle.member("base64Signature")?;
    let text = node.text()?.trim_ascii();
    if text.is_empty() {
        return Err(node.error("is empty").no_signature());
    }
    let content = decode_base64(text);
    let content = content.ok_or_else(|| node.error("is not base64"))?;
    let (certificates, embedded) = match bundle.optional("cert")? {
        Some(cert) if !cert.text()?.is_empty() => signer(&cert)?,
        _ => (Vec::new(), None),
    };
    let log_entry = bundle.optional("rekorBundle")?.map(|node| rekor_bundle(&node)).transpose()?;
    let parts = Detached { certificates, embedded, log_entry, ..Detached::default() };
    if detached::is_json(&content) {
        let envelope =
            detached::decode_envelope(&content).map_err(|e| node.error(e.to_string()).of_kind(e.kind))?;
        return parts.envelope(envelope);
    }
    Ok(vec![parts.message(content)])
}

/// Decodes the log's part alone, as cosign also stores it in files and annotations.
///
/// # Errors
/// As [`decode`].
pub fn decode_rekor_bundle(document: &Value) -> Result<Entry, DecodeError> {
    rekor_bundle(&Node::root("Rekor bundle", document))
}

fn rekor_bundle(bundle: &Node<'_>) -> Result<Entry, DecodeError> {
    bundle.spelled(&["SignedEntryTimestamp", "Payload"])?;
    let payload = bundle.member("Payload")?;
    payload.spelled(&["body", "integratedTime", "logIndex", "logID"])?;
    let count = |name| {
        let node = payload.member(name)?;
        let number = node.value().as_i64().and_then(|n| u64::try_from(n).ok());
        number.ok_or_else(|| node.error("is not a number of 0 to 2^63-1"))
    };
    let integrated_time = i64::try_from(count("integratedTime")?).unwrap_or(i64::MAX);
    let log_id = payload.member("logID")?;
    let id = hex::decode(log_id.non_empty_text()?).map_err(|_| log_id.error("is not hexadecimal"))?;
    Ok(Entry {
        log_index: count("logIndex")?,
        log_id: id,
        kind: None,
        integrated_time: (integrated_time > 0).then(|| UnixTime::from_seconds(integrated_time)),
        canonicalized_body: payload.member("body")?.non_empty_base64()?,
        inclusion_promise: Some(bundle.member("SignedEntryTimestamp")?.non_empty_base64()?),
        inclusion_proof: None,
    })
}

fn signer(cert: &Node<'_>) -> Result<(Vec<Certificate>, Option<PublicKey>), DecodeError> {
    // base64 of PEM; the first versions of cosign wrote the PEM itself.
    let text = cert.text()?.trim_ascii();
    let text = if text.starts_with("-----BEGIN") {
        text.as_bytes().to_vec()
    } else {
        decode_base64(text).ok_or_else(|| cert.error("is neither PEM nor base64 of PEM"))?
    };
    let inside = |e: DecodeError| cert.error(e.to_string()).of_kind(e.kind);
    let first = pem::decode("PEM", &text, MAX_BLOCKS).map_err(inside)?.into_iter().next();
    match first.as_ref().map(|block| block.label.as_str()) {
        Some("CERTIFICATE") => Ok((Certificate::chain_from_pem(&text).map_err(inside)?, None)),
        Some("PUBLIC KEY" | "RSA PUBLIC KEY") => {
            Ok((Vec::new(), Some(PublicKey::from_pem(&text).map_err(inside)?)))
        }
        Some(label) => Err(cert.error(format!("holds PEM `{label}`, not a certificate or a public key"))),
        None => Err(cert.error("holds no PEM block")),
    }
}

const MAX_BLOCKS: usize = 32;

/// Encodes as cosign does: compact, members in its order. What the format has no place for is left out: certificates
/// after the leaf, timestamps (cosign keeps them in a file of their own), detached SCTs, inclusion proofs, log entries
/// after the first one with a promise.
///
/// `cert` holds a public key only where the entity embeds one. Writers leave it out: cosign 2.5 and 3.1 verify key
/// signatures equally without it (2.5 never wrote it for blobs), and a key in `cert` replaces theirs.
pub fn encode(entity: &SignedEntity) -> String {
    let signature = match &entity.content {
        Content::Message { signature, .. } | Content::SimpleSigning { signature, .. } => {
            encode_base64(signature)
        }
        Content::Envelope(envelope) if envelope.bytes.is_empty() => {
            encode_base64(envelope.parsed.to_json().as_bytes())
        }
        Content::Envelope(envelope) => encode_base64(&envelope.bytes),
    };
    let pem = match &entity.material {
        VerificationMaterial::PublicKey { embedded, .. } => embedded.as_ref().map(PublicKey::to_pem),
        VerificationMaterial::Certificate(chain) => chain.first().map(Certificate::to_pem),
    };
    let bundle = Bundle {
        signature,
        cert: pem.map(|pem| encode_base64(pem.as_bytes())),
        rekor_bundle: entity.log_entries.iter().find_map(RekorBundle::of),
    };
    // Serialisation into memory fails only where a map has keys that are no strings; there is no map here.
    serde_json::to_string(&bundle).unwrap_or_default()
}

/// Encodes the log's part alone; `None` for an entry without a promise.
pub fn encode_rekor_bundle(entry: &Entry) -> Option<String> {
    serde_json::to_string(&RekorBundle::of(entry)?).ok()
}

fn encode_base64(bytes: &[u8]) -> String {
    crate::crypto::base64::encode(bytes)
}

#[derive(Serialize)]
struct Bundle {
    #[serde(rename = "base64Signature")]
    signature: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    cert: Option<String>,
    #[serde(rename = "rekorBundle", skip_serializing_if = "Option::is_none")]
    rekor_bundle: Option<RekorBundle>,
}

#[derive(Serialize)]
struct RekorBundle {
    #[serde(rename = "SignedEntryTimestamp")]
    signed_entry_timestamp: String,
    #[serde(rename = "Payload")]
    payload: Payload,
}

impl RekorBundle {
    fn of(entry: &Entry) -> Option<Self> {
        Some(Self {
            signed_entry_timestamp: encode_base64(entry.inclusion_promise.as_deref()?),
            payload: Payload {
                body: encode_base64(&entry.canonicalized_body),
                integrated_time: entry.integrated_time.map_or(0, UnixTime::seconds),
                log_index: entry.log_index,
                log_id: hex::encode(&entry.log_id),
            },
        })
    }
}

#[derive(Serialize)]
struct Payload {
    body: String,
    #[serde(rename = "integratedTime")]
    integrated_time: i64,
    #[serde(rename = "logIndex")]
    log_index: u64,
    #[serde(rename = "logID")]
    log_id: String,
}
