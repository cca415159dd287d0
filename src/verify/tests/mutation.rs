//! Sound documents in every format, broken in every place: each has to be refused when it is read or when it is judged.
//! What may change without a refusal is listed, with the reason; a listed omission has to occur.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::fixture::*;
use super::mutator::{Kind as Mutation, mutate};
use crate::bundle::{self, Profile, VerificationMaterial, legacy, sigstore};
use crate::crypto::{KeyType, SigningKey, UnixTime};
use crate::verify::visible;

/// Documents (by the beginning of their name), places and mutations that do no harm.
const HARMLESS: &[(&str, &str, Mutation)] = &[
    // The key in an old bundle is compared with the named one, and never used.
    ("legacy, key", "cert", Mutation::Drop),
    // The digest says again what the artifact's own bytes, the signature and the log entry say.
    ("v0.", "messageSignature.messageDigest", Mutation::Drop),
    // A key needs no time; without the promise the proof remains.
    ("v0.3, key", "verificationMaterial.tlogEntries[0].inclusionPromise", Mutation::Drop),
    (
        "v0.3, key",
        "verificationMaterial.tlogEntries[0].inclusionPromise.signedEntryTimestamp",
        Mutation::Drop,
    ),
    // v0.1 demands the promise alone.
    ("v0.1", "verificationMaterial.tlogEntries[0].inclusionProof", Mutation::Drop),
    ("v0.1", "verificationMaterial.tlogEntries[0].inclusionProof.checkpoint", Mutation::Drop),
    ("v0.1", "verificationMaterial.tlogEntries[0].inclusionProof.checkpoint.envelope", Mutation::Drop),
    // Certificates above the leaf are the trusted root's business; those of the document are not used.
    ("v0.", "verificationMaterial.x509CertificateChain.certificates[1]", Mutation::Drop),
    ("v0.", "verificationMaterial.x509CertificateChain.certificates[1].rawBytes", Mutation::Change),
    // A token has parts that are not signed, such as the certificates it carries; its time stays the same.
    (
        "v0.3, keyless, Rekor v2",
        "verificationMaterial.timestampVerificationData.rfc3161Timestamps[0].signedTimestamp",
        Mutation::Change,
    ),
];

struct Document {
    name: &'static str,
    json: Value,
    case: Case,
}

impl Document {
    fn new(name: &'static str, mut case: Case, encode: impl FnOnce(&Case) -> String) -> Self {
        let json = serde_json::from_str(&encode(&case)).unwrap();
        // What verifies is what was read, not what was made.
        let document = Value::to_string(&json);
        case.entity = bundle::decode(document.as_bytes()).unwrap().entities.remove(0);
        case.verdict().unwrap_or_else(|r| panic!("{name}: {r}"));
        assert_eq!(visible(&case.entity), [], "{name}");
        Self { name, json, case }
    }

    fn v0_3(name: &'static str, case: Case) -> Self {
        Self::new(name, case, |c| sigstore::encode(&c.entity))
    }

    /// As an older version has it: its media type, and a chain in place of the certificate.
    fn older(name: &'static str, case: Case, version: &str) -> Self {
        Self::new(name, case, |c| {
            let mut json: Value = serde_json::from_str(&sigstore::encode(&c.entity)).unwrap();
            json["mediaType"] = json!(format!("application/vnd.dev.sigstore.bundle+json;version={version}"));
            let material = json["verificationMaterial"].as_object_mut().unwrap();
            let leaf = material.shift_remove("certificate").unwrap();
            let issuer = crate::crypto::base64::encode(c.world.ca.der());
            let chain = json!({ "certificates": [leaf, { "rawBytes": issuer }] });
            material.insert("x509CertificateChain".into(), chain);
            json.to_string()
        })
    }

    fn legacy(name: &'static str, mut case: Case) -> Self {
        case.entity.profile = Profile::Legacy;
        Self::new(name, case, |c| legacy::encode(&c.entity))
    }
}

/// A log with other entries before and after, so that proofs have hashes and indices are not zero.
fn relogged(mut case: Case, log: usize, kind: Kind) -> Case {
    case.entity.log_entries.clear();
    for n in 0..5 {
        let _ = case.world.logs[log].append(format!("filler {n}").into_bytes(), case.now);
    }
    case.also_log(log, kind);
    case
}

fn documents() -> Vec<Document> {
    let stamped = |mut case: Case| {
        case.entity.timestamps.clear();
        case.stamp(0, 0);
        case
    };
    let keyed_statement = || {
        let mut case = Case::keyed();
        case.entity = case.signer.statement(ARTIFACT);
        case
    };
    let v1 = |case, kind| relogged(case, V1, kind);
    let mut named = v1(Case::keyed(), Kind::HashedRekord);
    let embedded = Some(named.signer.key.public_key().clone());
    named.entity.material = VerificationMaterial::PublicKey { hint: String::new(), embedded };
    vec![
        Document::v0_3("v0.3, keyless", v1(Case::keyless(), Kind::HashedRekord)),
        Document::v0_3("v0.3, keyless, Rekor v2", stamped(relogged(Case::keyless(), V2, Kind::HashedRekord))),
        Document::v0_3("v0.3, keyless, statement", v1(Case::keyless_statement(), Kind::Dsse)),
        Document::v0_3("v0.3, key", v1(Case::keyed(), Kind::HashedRekord)),
        Document::v0_3("v0.3, key, statement", v1(keyed_statement(), Kind::Intoto002)),
        Document::v0_3("v0.3, key, no log", Case::plain(KeyType::P256)),
        Document::v0_3("v0.3, key, no log, statement", Case::plain_statement(KeyType::P384)),
        Document::older("v0.2, keyless", v1(Case::keyless(), Kind::HashedRekord), "0.2"),
        Document::older("v0.1, keyless", v1(Case::keyless(), Kind::HashedRekord), "0.1"),
        Document::legacy("legacy, keyless", v1(Case::keyless(), Kind::HashedRekord)),
        Document::legacy("legacy, key", named),
        Document::legacy("legacy, keyless, statement", v1(Case::keyless_statement(), Kind::Dsse)),
        Document::legacy("legacy, key, statement", v1(keyed_statement(), Kind::Intoto001)),
        Document::legacy("legacy, key, no log", Case::plain(KeyType::Ed25519)),
    ]
}

/// The times that were proven.
fn times(case: &Case) -> Option<BTreeSet<UnixTime>> {
    let verified = case.verdict().ok()?;
    Some(verified.time().proven().map(|t| t.iter().map(|t| t.time).collect()).unwrap_or_default())
}

/// What is visible in a document alone is never wrong: no such document verifies. Nothing visible means nothing.
#[test]
fn what_is_visible_in_a_document_alone_is_refused() {
    let (mut shown, mut unseen) = (0, 0);
    for (seed, mut document) in (0..).zip(documents()) {
        mutate(&document.json, seed, |path, kind, mutated| {
            let Ok(decoded) = bundle::decode(mutated.to_string().as_bytes()) else { return };
            for entity in decoded.entities {
                let faults = visible(&entity);
                document.case.entity = entity;
                let verifies = document.case.verdict().is_ok();
                // The certificates that a token carries are not signed, and the trusted root may have better ones.
                let unsigned = path.ends_with(".signedTimestamp") && kind == Mutation::Change;
                assert!(
                    faults.is_empty() || !verifies || unsigned,
                    "{}: {path}: {kind:?}: {faults:?}",
                    document.name
                );
                if !verifies {
                    *(if faults.is_empty() { &mut unseen } else { &mut shown }) += 1;
                }
            }
        });
    }
    assert!(shown > 300 && unseen > 100, "{shown} {unseen}");
}

#[test]
fn every_broken_document_is_refused() {
    let (mut tried, mut harmless) = (0, BTreeSet::new());
    for (seed, mut document) in (0..).zip(documents()) {
        let genuine = times(&document.case).unwrap();
        mutate(&document.json, seed, |path, kind, mutated| {
            tried += 1;
            let Ok(decoded) = bundle::decode(mutated.to_string().as_bytes()) else { return };
            for entity in decoded.entities {
                document.case.entity = entity;
                let Some(times) = times(&document.case) else { continue };
                let listed = HARMLESS
                    .iter()
                    .position(|(name, p, k)| document.name.starts_with(name) && *p == path && *k == kind);
                let listed = listed.unwrap_or_else(|| panic!("{}: {path}: {kind:?} verifies", document.name));
                harmless.insert(listed);
                assert!(times.is_subset(&genuine), "{}: {path}: another time", document.name);
            }
        });
    }
    assert!(tried > 3000, "{tried}");
    // Whether one changed byte of a token or of a certificate does harm depends on keys that are new in every run; what a
    // missing member does is the same in all of them.
    let idle: Vec<_> = (0..HARMLESS.len())
        .filter(|i| !harmless.contains(i) && HARMLESS[*i].2 == Mutation::Drop)
        .map(|i| HARMLESS[i])
        .collect();
    assert!(idle.is_empty(), "listed, and refused: {idle:?}");
}
