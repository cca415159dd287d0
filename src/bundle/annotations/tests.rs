//! Bad annotations, each by its name. Sound layers of a real cosign are read in `verify::tests::images`.

use serde_json::Value;

use super::*;
use crate::crypto::DecodeKind;

/// Annotations and content.
type Parts = (Vec<(String, String)>, Vec<u8>);

fn layers(kind: &str) -> Vec<Parts> {
    let document = std::fs::read("testdata/mock-images/cosign-2.layers.json").unwrap();
    let document: Value = serde_json::from_slice(&document).unwrap();
    let layer = |layer: &Value| {
        let pairs = layer["annotations"].as_object().unwrap().iter();
        let pairs = pairs.map(|(name, text)| (name.clone(), text.as_str().unwrap().to_owned())).collect();
        (pairs, layer["content"].as_str().unwrap().as_bytes().to_vec())
    };
    document[kind].as_array().unwrap().iter().map(layer).collect()
}

/// The timestamped one, which has every annotation.
fn full() -> Parts {
    layers("sig").remove(1)
}

fn with(name: &str, text: &str) -> Vec<(String, String)> {
    let mut pairs = full().0;
    pairs.retain(|(n, _)| n != name);
    pairs.push((name.to_owned(), text.to_owned()));
    pairs
}

#[test]
fn every_bad_annotation_is_named() {
    let content = full().1;
    let key = "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n";
    for (name, texts) in [
        (SIGNATURE, &["", " ", "!", "{}"][..]),
        (CERTIFICATE, &["x", key, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]),
        (CHAIN, &["x", key]),
        (BUNDLE, &["x", "null", "[]", "{}", r#"{"SignedEntryTimestamp":"AA==","Payload":{}}"#]),
        (TIMESTAMP, &["x", "{}", r#"{"SignedRFC3161Timestamp":""}"#, r#"{"SignedRFC3161Timestamp":1}"#]),
    ] {
        for text in texts {
            let error = decode_signature(&with(name, text), &content).unwrap_err();
            assert!(
                error.to_string().starts_with(&format!("annotations of a signature: `{name}`: ")),
                "{error}"
            );
        }
        let mut twice = full().0;
        twice.push((name.to_owned(), String::new()));
        let error = decode_signature(&twice, &content).unwrap_err().to_string();
        assert_eq!(error, format!("annotations of a signature: `{name}`: appears twice"));
        let large = with(name, &"A".repeat(5 * 1024 * 1024));
        assert_eq!(decode_signature(&large, &content).unwrap_err().kind, DecodeKind::Limit, "{name}");
    }
}

#[test]
fn what_is_empty_is_not_there() {
    let content = full().1;
    for (name, text) in [(BUNDLE, ""), (TIMESTAMP, ""), (CHAIN, "\n"), (PREDICATE_TYPE, "x"), ("other", "y")]
    {
        let entity = decode_signature(&with(name, text), &content).unwrap();
        assert_eq!(entity.log_entries.is_empty(), name == BUNDLE);
        assert_eq!(entity.timestamps.is_empty(), name == TIMESTAMP);
    }
    let pairs: Vec<_> = full().0.into_iter().filter(|(n, _)| n == SIGNATURE).collect();
    let entity = decode_signature(&pairs, &content).unwrap();
    assert!(matches!(entity.material, VerificationMaterial::PublicKey { embedded: None, .. }));
    let none = decode_signature(&[], &content).unwrap_err();
    assert_eq!(none.kind, DecodeKind::NoSignature);
    // A chain is above something.
    let error = decode_signature(&with(CERTIFICATE, ""), &content).unwrap_err().to_string();
    assert!(error.ends_with("chain`: is there without a certificate"), "{error}");
}

#[test]
fn contents_that_are_none() {
    let (pairs, _) = full();
    for content in [&b""[..], b"{}", b"x", b"{\"payloadType\":\"t\"}"] {
        assert!(decode_signature(&pairs, content).is_err());
    }
    let (pairs, content) = layers("att").remove(0);
    decode_attestation(&pairs, &content).unwrap();
    assert!(decode_attestation(&pairs, &full().1).is_err());
    let error = decode_attestation(&full().0, &content).unwrap_err().to_string();
    assert!(error.contains("is not empty"), "{error}");
    // Without any annotation, as `attach attestation` of cosign leaves it.
    assert_eq!(decode_attestation(&[], &content).unwrap().len(), 1);
}

#[test]
fn what_a_layer_cannot_hold_is_an_error() {
    let (pairs, content) = full();
    let entity = decode_signature(&pairs, &content).unwrap();
    let encoded = |change: &dyn Fn(&mut SignedEntity)| {
        let mut entity = entity.clone();
        change(&mut entity);
        encode(&entity)
    };
    let names = |pairs: &[(String, String)]| pairs.iter().map(|(n, _)| n.clone()).collect::<Vec<_>>();
    assert_eq!(names(&encoded(&|_| ()).unwrap().annotations), names(&pairs));
    let twice = |e: &mut SignedEntity| e.log_entries.push(e.log_entries[0].clone());
    assert_eq!(encoded(&twice), Err(Unrepresentable::LogEntries(2)));
    let unpromised = |e: &mut SignedEntity| e.log_entries[0].inclusion_promise = None;
    assert_eq!(encoded(&unpromised), Err(Unrepresentable::LogPromise));
    let twice = |e: &mut SignedEntity| e.timestamps.push(vec![0x30]);
    assert_eq!(encoded(&twice), Err(Unrepresentable::Timestamps(2)));
    assert_eq!(encoded(&|e| e.detached_scts.push(vec![1])), Err(Unrepresentable::DetachedSct));
    let message = |e: &mut SignedEntity| e.content = Content::Message { digest: None, signature: vec![1] };
    assert_eq!(encoded(&message), Err(Unrepresentable::Message));
}
