use std::sync::Arc;

use serde_json::{Value, json};

use super::*;
use crate::bundle::Profile;
use crate::crypto::{base64, json};

const COSIGN2_KEY: &str = include_str!("../../../testdata/cosign-2.x/p256.legacy.json");
const COSIGN2_LOGGED: &str = include_str!("../../../testdata/mock-sigstore/v2.blob.key-p256.legacy.json");
const COSIGN2_ATTESTATION: &str = include_str!("../../../testdata/cosign-2.x/p256.att.legacy.json");
const COSIGN2_KEYLESS_ATTESTATION: &str =
    include_str!("../../../testdata/mock-sigstore/v2.att-dsse.keyless.legacy.json");
const COSIGN3_KEY: &str = include_str!("../../../testdata/cosign-3.x/p256.legacy.json");
const COSIGN3_ATTESTATION: &str = include_str!("../../../testdata/cosign-3.x/p256.att.legacy.json");
const COSIGN3_KEYLESS: &str = include_str!("../../../testdata/mock-sigstore/v3.blob.keyless.legacy.json");
const COSIGN3_PUBLIC_KEY: &[u8] = include_bytes!("../../../testdata/cosign-3.x/p256.pub");
const ALL: [&str; 7] = [
    COSIGN2_KEY,
    COSIGN2_LOGGED,
    COSIGN2_ATTESTATION,
    COSIGN2_KEYLESS_ATTESTATION,
    COSIGN3_KEY,
    COSIGN3_ATTESTATION,
    COSIGN3_KEYLESS,
];

fn parsed(text: &str) -> Value {
    json::parse("test", text.as_bytes()).unwrap()
}

fn one(text: &str) -> SignedEntity {
    let [entity] = decode(&parsed(text)).unwrap().try_into().unwrap();
    entity
}

fn with(text: &str, pointer: &str, value: Value) -> Value {
    let mut bundle = parsed(text);
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    let members = bundle.pointer_mut(parent).and_then(Value::as_object_mut).unwrap();
    if value.is_null() {
        members.remove(name);
    } else {
        members.insert(name.to_owned(), value);
    }
    bundle
}

fn refused(text: &str, pointer: &str, value: Value) -> String {
    let bundle = with(text, pointer, value);
    let error = decode(&bundle).expect_err(&bundle.to_string()).to_string();
    error.strip_prefix("legacy bundle: ").unwrap().to_owned()
}

#[test]
fn key_signatures_have_no_or_their_own_public_key() {
    let entity = one(COSIGN2_KEY);
    assert_eq!(entity.profile, Profile::Legacy);
    assert!(matches!(&entity.content, Content::Message { digest: None, signature } if signature[0] == 0x30));
    assert_eq!(entity.material, VerificationMaterial::PublicKey { hint: String::new(), embedded: None });
    assert!(entity.log_entries.is_empty());

    let key = PublicKey::from_pem(COSIGN3_PUBLIC_KEY).unwrap();
    for text in [COSIGN3_KEY, COSIGN3_ATTESTATION] {
        let embedded = Some(key.clone());
        assert_eq!(one(text).material, VerificationMaterial::PublicKey { hint: String::new(), embedded });
    }
}

#[test]
fn log_entries_have_a_promise_and_no_proof() {
    let payload = parsed(COSIGN3_KEYLESS)["rekorBundle"]["Payload"].clone();
    let entity = one(COSIGN3_KEYLESS);
    assert!(matches!(&entity.material, VerificationMaterial::Certificate(chain) if chain.len() == 1));
    let [entry] = entity.log_entries.as_slice() else { panic!() };
    assert_eq!(entry.log_index, payload["logIndex"].as_u64().unwrap());
    assert_eq!(entry.integrated_time.unwrap().seconds(), payload["integratedTime"].as_i64().unwrap());
    assert_eq!(hex::encode(&entry.log_id), payload["logID"].as_str().unwrap());
    assert_eq!(base64::encode(&entry.canonicalized_body), payload["body"].as_str().unwrap());
    assert!(entry.inclusion_promise.is_some() && entry.inclusion_proof.is_none() && entry.kind.is_none());
    let alone = parsed(COSIGN3_KEYLESS)["rekorBundle"].clone();
    assert_eq!(&decode_rekor_bundle(&alone).unwrap(), entry);
    assert_eq!(&detached::decode_rekor_bundle(alone.to_string().as_bytes()).unwrap(), entry);
}

#[test]
fn attestations_keep_the_bytes_of_their_envelope() {
    for text in [COSIGN2_ATTESTATION, COSIGN3_ATTESTATION, COSIGN2_KEYLESS_ATTESTATION] {
        let entity = one(text);
        let Content::Envelope(envelope) = &entity.content else { panic!() };
        assert_eq!(base64::encode(&envelope.bytes), parsed(text)["base64Signature"].as_str().unwrap());
        assert_eq!(envelope.parsed.signatures.len(), 1);
    }
}

#[test]
fn several_envelope_signatures_give_one_entity_each() {
    let envelope =
        r#"{"payload":"aGk=","payloadType":"t","signatures":[{"keyid":"a","sig":"AQ=="},{"sig":"Ag=="}]}"#;
    let bundle = with(COSIGN3_KEYLESS, "/base64Signature", json!(base64::encode(envelope)));
    let entities = decode(&bundle).unwrap();
    let signatures: Vec<_> = entities
        .iter()
        .map(|entity| {
            let Content::Envelope(raw) = &entity.content else { panic!() };
            assert_eq!(raw.bytes, envelope.as_bytes());
            let [signature] = raw.parsed.signatures.as_slice() else { panic!() };
            assert_eq!(entity.log_entries.len(), 1);
            assert!(matches!(&entity.material, VerificationMaterial::Certificate(_)));
            signature.sig.clone()
        })
        .collect();
    assert_eq!(signatures, [[1], [2]]);
}

#[test]
fn a_raw_signature_may_begin_with_a_brace() {
    let mut signature = b"{".to_vec();
    signature.extend([0x80; 63]);
    let bundle = json!({ "base64Signature": base64::encode(&signature) });
    let content = decode(&bundle).unwrap().remove(0).content;
    assert_eq!(content, Content::Message { digest: None, signature });
}

#[test]
fn what_cosign_writes_is_written_the_same() {
    for text in ALL {
        assert_eq!(encode(&one(text)), text);
    }
    // An envelope from a document that had no bytes of it.
    let mut entity = one(COSIGN3_ATTESTATION);
    let Content::Envelope(envelope) = &mut entity.content else { panic!() };
    Arc::make_mut(envelope).bytes.clear();
    assert_eq!(encode(&entity), COSIGN3_ATTESTATION);
}

/// As cosign: the leaf alone, the first entry that this format can carry, nothing of what it cannot.
#[test]
fn what_has_no_place_is_left_out() {
    let mut entity = one(COSIGN3_KEYLESS);
    let VerificationMaterial::Certificate(chain) = &mut entity.material else { panic!() };
    chain.push(chain[0].clone());
    let mut without_promise = entity.log_entries[0].clone();
    without_promise.inclusion_promise = None;
    entity.log_entries.insert(0, without_promise);
    entity.timestamps = vec![vec![1]];
    entity.detached_scts = vec![vec![1]];
    assert_eq!(encode(&entity), COSIGN3_KEYLESS);
}

#[test]
fn broken_members_are_named() {
    let pem = |label: &str| base64::encode(pem::encode(label, b"x"));
    for (pointer, value, reason) in [
        ("/base64Signature", json!(null), "base64Signature: is missing"),
        ("/base64Signature", json!(""), "base64Signature: is empty"),
        ("/base64Signature", json!("?"), "base64Signature: is not base64"),
        ("/base64Signature", json!(7), "base64Signature: is a number, not a string"),
        ("/cert", json!({}), "cert: is an object, not a string"),
        ("/cert", json!("?"), "cert: is neither PEM nor base64 of PEM"),
        ("/cert", json!("aGk="), "cert: holds no PEM block"),
        (
            "/cert",
            json!(pem("PRIVATE KEY")),
            "cert: holds PEM `PRIVATE KEY`, not a certificate or a public key",
        ),
        ("/rekorBundle", json!([]), "rekorBundle: is an array, not an object"),
        ("/rekorBundle/SignedEntryTimestamp", json!(null), "rekorBundle.SignedEntryTimestamp: is missing"),
        ("/rekorBundle/SignedEntryTimestamp", json!(""), "rekorBundle.SignedEntryTimestamp: is empty"),
        ("/rekorBundle/Payload", json!(null), "rekorBundle.Payload: is missing"),
        ("/rekorBundle/Payload/body", json!({}), "rekorBundle.Payload.body: is an object, not a string"),
        ("/rekorBundle/Payload/body", json!(""), "rekorBundle.Payload.body: is empty"),
        (
            "/rekorBundle/Payload/logIndex",
            json!("1"),
            "rekorBundle.Payload.logIndex: is not a number of 0 to 2^63-1",
        ),
        (
            "/rekorBundle/Payload/integratedTime",
            json!(-1),
            "rekorBundle.Payload.integratedTime: is not a number of 0 to 2^63-1",
        ),
        ("/rekorBundle/Payload/logID", json!("xx"), "rekorBundle.Payload.logID: is not hexadecimal"),
        ("/rekorBundle/Payload/logID", json!(""), "rekorBundle.Payload.logID: is empty"),
    ] {
        assert_eq!(refused(COSIGN3_KEYLESS, pointer, value), reason);
    }
    for label in ["CERTIFICATE", "PUBLIC KEY"] {
        assert!(refused(COSIGN3_KEYLESS, "/cert", json!(pem(label))).starts_with("cert: "), "{label}");
    }
    let envelope = |text: &str| refused(COSIGN3_KEY, "/base64Signature", json!(base64::encode(text)));
    assert!(envelope("{}").starts_with("base64Signature: DSSE envelope: "));
    assert!(
        envelope(r#"{"payload":"aGk=","payloadType":"t","signatures":[]}"#).contains("signatures: is empty")
    );
    assert!(envelope("{ not JSON").contains("not JSON"));
}

/// Go reads a member in any letter case; a second one could show another document to another reader.
#[test]
fn other_letter_cases_are_refused_and_other_members_ignored() {
    for (pointer, name) in [
        ("/Cert", "member `Cert` is spelled `cert`"),
        ("/base64signature", "member `base64signature` is spelled `base64Signature`"),
        ("/ba\u{17f}e64Signature", "member `ba\u{17f}e64Signature` is spelled `base64Signature`"),
        ("/RekorBundle", "member `RekorBundle` is spelled `rekorBundle`"),
        ("/rekorBundle/payload", "rekorBundle: member `payload` is spelled `Payload`"),
        ("/rekorBundle/Payload/logid", "rekorBundle.Payload: member `logid` is spelled `logID`"),
    ] {
        assert_eq!(refused(COSIGN3_KEYLESS, pointer, json!("x")), name);
    }
    assert_eq!(decode(&with(COSIGN3_KEYLESS, "/more", json!(1))).unwrap(), [one(COSIGN3_KEYLESS)]);
    assert_eq!(decode(&with(COSIGN3_KEY, "/cert", json!(""))).unwrap().len(), 1);
    let plain = String::from_utf8(COSIGN3_PUBLIC_KEY.to_vec()).unwrap();
    assert_eq!(decode(&with(COSIGN3_KEY, "/cert", json!(plain))).unwrap(), [one(COSIGN3_KEY)]);
}

/// cosign pull requests 4652, 4653: panics on a body that is no string and on a malformed entry.
#[test]
fn cosign_4652_every_value_replaced_by_every_type() {
    let replacements =
        [json!(null), json!(true), json!(-1), json!(1.5), json!(""), json!("aGk="), json!([]), json!({})];
    for text in ALL {
        for pointer in [
            "/base64Signature",
            "/cert",
            "/rekorBundle",
            "/rekorBundle/SignedEntryTimestamp",
            "/rekorBundle/Payload",
            "/rekorBundle/Payload/body",
            "/rekorBundle/Payload/integratedTime",
            "/rekorBundle/Payload/logIndex",
            "/rekorBundle/Payload/logID",
        ] {
            for replacement in &replacements {
                let mut twisted = parsed(text);
                let Some(value) = twisted.pointer_mut(pointer) else { continue };
                *value = replacement.clone();
                if let Ok(entities) = decode(&twisted) {
                    assert_ne!(entities, [one(text)], "{pointer} {replacement}");
                }
            }
        }
        for end in 0..text.len() - 1 {
            assert!(crate::bundle::decode(&text.as_bytes()[..end]).is_err(), "{end}");
        }
    }
}
