//! Logs that answer well, and ones that do not.

mod lookups;
mod tiles;
mod v1;
mod v2;

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::v1 as client_v1;
use super::*;
use crate::crypto::json::canonical;
use crate::crypto::{
    Digest, HashAlgorithm, KeyType, PrivateKey, SigningInput, SigningKey, UnixTime, base64, decode_base64,
};
use crate::http::service::scripted::{self, Reply, Seen, Served, client, reply, run, serve};
use crate::payload::{Envelope, EnvelopeSignature};
use crate::tlog::issue::IssuingLog;
use crate::tlog::{Entry, merkle};
use crate::x509::Certificate;
use crate::x509::issue::fixtures::{key, p256, self_signed, span};
use crate::x509::issue::{Issuer, Template};

/// The first index of the shard: the indices of entries are not those of their proofs.
const FIRST: u64 = 1_000_000;
const KINDS: [KeyType; 5] =
    [KeyType::P256, KeyType::P384, KeyType::P521, KeyType::Rsa { bits: 2048 }, KeyType::Ed25519];

fn now() -> UnixTime {
    UnixTime::from_seconds(1_700_000_050)
}

fn certificate(key: &PrivateKey) -> Certificate {
    let root = self_signed(&Template::root("root", span(0, 1000)), "rekor ca");
    let issuer = Issuer { key: p256("rekor ca"), certificate: Some(&root) };
    Template::code_signing(&[], span(0, 600)).issue(key.public_key(), issuer).unwrap()
}

fn public(key: &PrivateKey) -> Verifier {
    Verifier::PublicKey(key.public_key().clone())
}

fn hashed(key: &PrivateKey, verifier: Verifier, data: &[u8]) -> Proposed {
    let digest = key.public_key().key_type().default_hash().digest(data);
    let signature = key.sign_now(&SigningInput::Digest(digest.clone())).unwrap();
    Proposed::HashedRekord { digest, signature, verifier }
}

/// An envelope that these keys have signed.
fn enveloped(keys: &[&PrivateKey], payload: &[u8]) -> Vec<u8> {
    let mut envelope = Envelope {
        payload: payload.to_vec(),
        payload_type: "application/vnd.in-toto+json".into(),
        signatures: Vec::new(),
    };
    let signed = envelope.signed_bytes();
    for key in keys {
        let sig = key.sign_now(&SigningInput::message(signed.clone())).unwrap();
        envelope.signatures.push(EnvelopeSignature { keyid: String::new(), sig });
    }
    envelope.to_json().into_bytes()
}

/// What differs from a good proposal in one thing each, and goes by the same kind.
fn others(key: &PrivateKey) -> [Proposed; 4] {
    let Proposed::HashedRekord { digest, signature, verifier } = hashed(key, public(key), b"one") else {
        unreachable!()
    };
    let other = hashed(key, public(key), b"two");
    let Proposed::HashedRekord { digest: other_digest, signature: other_signature, .. } = other.clone()
    else {
        unreachable!()
    };
    [
        Proposed::HashedRekord {
            digest: other_digest,
            signature: signature.clone(),
            verifier: verifier.clone(),
        },
        Proposed::HashedRekord { digest: digest.clone(), signature: other_signature, verifier },
        Proposed::HashedRekord { digest, signature, verifier: public(p256("stranger")) },
        other,
    ]
}

/// A Rekor v1 with one shard.
struct Shard {
    log: IssuingLog,
    entries: Vec<(String, Entry)>,
}

impl Shard {
    fn new() -> Self {
        let key = PrivateKey::generate(KeyType::P256).unwrap();
        let log = IssuingLog::rekor_v1("rekor.example", key, 0x0123_4567, FIRST);
        let mut this = Self { log, entries: Vec::new() };
        this.append(b"{}".to_vec());
        this
    }

    fn append(&mut self, body: Vec<u8>) -> usize {
        let uuid = format!("{:016x}{}", 0x0123_4567, hex::encode(merkle::leaf_hash(&body)));
        let entry = self.log.append(body, now()).unwrap();
        self.entries.push((uuid, entry));
        self.entries.len() - 1
    }

    fn shown(&self, at: usize) -> Value {
        let (uuid, entry) = &self.entries[at];
        let proof = entry.inclusion_proof.as_ref().unwrap();
        let hashes: Vec<String> = proof.hashes.iter().map(hex::encode).collect();
        let proof = json!({
            "checkpoint": proof.checkpoint, "hashes": hashes, "logIndex": proof.log_index,
            "rootHash": hex::encode(&proof.root_hash), "treeSize": proof.tree_size,
        });
        let promise = base64::encode(entry.inclusion_promise.as_ref().unwrap());
        json!({ uuid: {
            "attestation": { "data": "" },
            "body": base64::encode(&entry.canonicalized_body),
            "integratedTime": entry.integrated_time.unwrap().seconds(),
            "logID": hex::encode(&entry.log_id),
            "logIndex": entry.log_index,
            "verification": { "inclusionProof": proof, "signedEntryTimestamp": promise },
        } })
    }

    fn answer(&mut self, seen: &Seen) -> Reply {
        let found = |at: Option<usize>| at.map_or(reply(404), |at| scripted::json(200, &self.shown(at)));
        match seen.line.as_str() {
            "POST /api/v1/log/entries" => {
                let body = taken(&seen.json());
                if let Some((uuid, _)) = self.entries.iter().find(|(_, e)| e.canonicalized_body == body) {
                    let message = format!(
                        "an equivalent entry already exists in the transparency log with UUID {uuid}"
                    );
                    return scripted::json(409, &json!({ "code": 409, "message": message }))
                        .with("Location", format!("/api/v1/log/entries/{uuid}"));
                }
                let at = self.append(body);
                scripted::json(201, &self.shown(at))
            }
            "POST /api/v1/log/entries/retrieve" => {
                let query = seen.json();
                let list =
                    |name: &str| query.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
                assert!(list("entryUUIDs").len() + list("entries").len() <= 10, "more than a log takes");
                let bodies: Vec<Vec<u8>> = list("entries").iter().map(taken).collect();
                let wanted = |(uuid, entry): &(String, Entry)| {
                    list("entryUUIDs").iter().any(|w| uuid.ends_with(w.as_str().unwrap()))
                        || bodies.contains(&entry.canonicalized_body)
                };
                let hits = (0..self.entries.len()).filter(|at| wanted(&self.entries[*at]));
                scripted::json(200, &hits.map(|at| self.shown(at)).collect())
            }
            "POST /api/v1/index/retrieve" => scripted::json(200, &self.index(&seen.json())),
            line => match line.strip_prefix("GET /api/v1/log/entries").map(|rest| rest.split_at(1)) {
                Some(("/", uuid)) => found(self.entries.iter().position(|(known, _)| known.ends_with(uuid))),
                Some(("?", query)) => {
                    let index: u64 = query.strip_prefix("logIndex=").unwrap().parse().unwrap();
                    found(self.entries.iter().position(|(_, entry)| entry.log_index == index))
                }
                _ => reply(404),
            },
        }
    }

    /// Whatever has one of the things, but where all are asked for.
    fn index(&self, query: &Value) -> Value {
        let hash = query.get("hash").map(|h| h.as_str().unwrap().replace("sha256:", ""));
        let key = query.get("publicKey").map(|key| key["content"].as_str().unwrap().to_owned());
        let has = |entry: &Entry, part: &Option<String>| {
            let body = String::from_utf8_lossy(&entry.canonicalized_body).into_owned();
            part.as_ref().map(|part| body.contains(part))
        };
        let hits = self.entries.iter().filter(|(_, entry)| {
            let found: Vec<bool> = [has(entry, &hash), has(entry, &key)].into_iter().flatten().collect();
            if query.get("operator").is_some_and(|o| o == "and") {
                found.iter().all(|f| *f)
            } else {
                found.contains(&true)
            }
        });
        hits.map(|(uuid, _)| uuid.clone()).collect()
    }
}

/// The body that Rekor v1 keeps of a proposed entry.
fn taken(proposed: &Value) -> Vec<u8> {
    let sha256 =
        |data: &[u8]| json!({ "algorithm": "sha256", "value": HashAlgorithm::Sha256.digest(data).hex() });
    let (kind, version) = (&proposed["kind"], &proposed["apiVersion"]);
    let spec = match (kind.as_str().unwrap(), version.as_str().unwrap()) {
        ("hashedrekord", "0.0.1") => proposed["spec"].clone(),
        ("dsse", "0.0.1") => {
            let content = &proposed["spec"]["proposedContent"];
            let text = content["envelope"].as_str().unwrap();
            let envelope = Envelope::from_json(text.as_bytes()).unwrap();
            let verifiers = content["verifiers"].as_array().unwrap();
            let mut signatures: Vec<Value> = envelope
                .signatures
                .iter()
                .zip(verifiers)
                .map(|(s, v)| json!({ "signature": base64::encode(&s.sig), "verifier": v }))
                .collect();
            signatures.sort_by_key(|s| s["signature"].as_str().unwrap().to_owned());
            json!({ "envelopeHash": sha256(text.as_bytes()), "payloadHash": sha256(&envelope.payload), "signatures": signatures })
        }
        ("intoto", "0.0.2") => {
            let mut spec = proposed["spec"].clone();
            let envelope = spec["content"]["envelope"].as_object_mut().unwrap();
            let payload = decode_base64(envelope.remove("payload").unwrap().as_str().unwrap()).unwrap();
            let payload = decode_base64(std::str::from_utf8(&payload).unwrap()).unwrap();
            spec["content"]["payloadHash"] = sha256(&payload);
            spec
        }
        other => unreachable!("{other:?}"),
    };
    canonical(&json!({ "apiVersion": version, "kind": kind, "spec": spec }))
}

/// A service with a shard behind it, which stays at hand.
fn rekor() -> (Served, Arc<Mutex<Shard>>) {
    let shard = Arc::new(Mutex::new(Shard::new()));
    let behind = Arc::clone(&shard);
    (serve(move |seen| behind.lock().unwrap().answer(seen)), shard)
}

fn text(error: &Error) -> String {
    let source = std::error::Error::source(error).map(ToString::to_string);
    source.map_or_else(|| error.to_string(), |source| format!("{error}: {source}"))
}
