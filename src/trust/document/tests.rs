use proptest::prelude::*;
use serde_json::json;
use sigstore_trust_root::{
    SIGSTORE_GITHUB_TRUSTED_ROOT as GITHUB, SIGSTORE_PRODUCTION_TRUSTED_ROOT as PUBLIC,
    SIGSTORE_STAGING_TRUSTED_ROOT as STAGING,
};

use super::*;
use crate::crypto::{KeyType, PrivateKey, SigningKey};
use crate::x509::Certificate;

fn value(text: &str) -> Value {
    json::parse("test", text.as_bytes()).unwrap()
}

#[test]
fn real_roots_are_written_as_they_were_read() {
    for text in [PUBLIC, STAGING, GITHUB] {
        let document = RootDocument::from_json(text.as_bytes()).unwrap();
        assert_eq!(value(&document.to_json()), value(text));
        let names: Vec<String> = value(&document.to_json()).as_object().unwrap().keys().cloned().collect();
        let order = ["mediaType", "tlogs", "certificateAuthorities", "ctlogs", "timestampAuthorities"];
        assert!(names.iter().all(|name| order.contains(&name.as_str())) && names[0] == "mediaType");
        // The other way round, over the type that verifies.
        let root = TrustedRoot::from_json(text.as_bytes(), "test").unwrap();
        assert_eq!(TrustedRoot::from_json(root.to_json().as_bytes(), "test").unwrap(), root);
    }
}

/// Labels, and what this program has no use for, stay in the document.
#[test]
fn nothing_is_lost_that_verification_leaves_out() {
    let mut root = value(PUBLIC);
    root["mediaType"] = json!(MEDIA_TYPES[2]);
    root["tlogs"][0]["operator"] = json!("example.org");
    root["tlogs"][0]["checkpointKeyId"] = json!({ "keyId": "AQIDBA==" });
    root["tlogs"][1]["publicKey"]["keyDetails"] = json!("ML_DSA_65");
    root["certificateAuthorities"][0]["certChain"] = json!({});
    root["timestampAuthorities"][0]["operator"] = json!("example.com");
    let document = RootDocument::from_json(root.to_string().as_bytes()).unwrap();
    assert_eq!(value(&document.to_json()), root);
    assert_eq!(document.media_type(), MEDIA_TYPES[2]);
    assert_eq!((document.logs[0].operator.as_str(), document.logs[1].operator.as_str()), ("example.org", ""));
    assert_eq!(document.timestamp_authorities[0].operator, "example.com");
    assert_eq!(document.logs[1].address, "https://log2025-1.rekor.sigstore.dev");
    assert!(document.logs[1].service.as_ref().unwrap_err().contains("ML_DSA_65"));
    assert!(document.certificate_authorities[0].service.is_err());
    let read = document.into_trusted_root("x");
    assert_eq!(read, TrustedRoot::from_json(root.to_string().as_bytes(), "x").unwrap());
    assert_eq!((read.skipped.len(), read.logs.len(), read.certificate_authorities.len()), (2, 1, 1));
}

#[test]
fn original_names_and_nulls_are_understood() {
    let mut root = value(PUBLIC);
    let members = root.as_object_mut().unwrap();
    for (name, original) in [
        ("certificateAuthorities", "certificate_authorities"),
        ("timestampAuthorities", "timestamp_authorities"),
    ] {
        let list = members.remove(name).unwrap();
        members.insert(original.to_owned(), list);
    }
    members.insert("ctlogs".to_owned(), Value::Null);
    let document = RootDocument::from_json(root.to_string().as_bytes()).unwrap();
    let mut want = value(PUBLIC);
    want.as_object_mut().unwrap().remove("ctlogs");
    assert_eq!(value(&document.to_json()), want);
}

#[test]
fn an_empty_document_is_that_of_cosign() {
    let empty = r#"{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1"}"#;
    assert_eq!(RootDocument::default().to_json(), empty);
    assert_eq!(TrustedRoot::default().to_json(), empty);
}

#[test]
fn what_the_document_cannot_say_is_said_otherwise() {
    let public = TrustedRoot::from_json(PUBLIC.as_bytes(), "test").unwrap();
    let [first, second] = public.certificate_authorities.as_slice() else { panic!() };
    let two = CertificateAuthority {
        anchors: [first.anchors.clone(), second.anchors.clone()].concat(),
        ..second.clone()
    };
    let none = CertificateAuthority { anchors: Vec::new(), ..second.clone() };
    let log = Log { valid_for: Window::default(), ..public.logs[0].clone() };
    let root =
        TrustedRoot { certificate_authorities: vec![two, none], logs: vec![log], ..TrustedRoot::default() };
    let read = TrustedRoot::from_json(root.to_json().as_bytes(), "test").unwrap();
    let anchors: Vec<_> = read.certificate_authorities.iter().map(|a| a.anchors.clone()).collect();
    assert_eq!(anchors, [first.anchors.clone(), second.anchors.clone()]);
    assert_eq!(read.logs[0].valid_for, Window { start: Some(UnixTime::from_seconds(0)), end: None });
}

fn time() -> impl Strategy<Value = UnixTime> {
    // The times of a protobuf timestamp.
    (-62_135_596_800_i64..253_402_207_200, prop_oneof![Just(0), 0..1_000_000_000_u32])
        .prop_map(|(seconds, nanos)| UnixTime::new(seconds, nanos))
}

fn window() -> impl Strategy<Value = Window> {
    (time(), proptest::option::of(time())).prop_map(|(start, end)| Window { start: Some(start), end })
}

fn log() -> impl Strategy<Value = Log> {
    static KEYS: std::sync::OnceLock<Vec<crate::crypto::PublicKey>> = std::sync::OnceLock::new();
    let keys = KEYS.get_or_init(|| {
        let kinds = [
            KeyType::P256,
            KeyType::P384,
            KeyType::P521,
            KeyType::Ed25519,
            KeyType::Rsa { bits: 2048 },
            KeyType::Rsa { bits: 3072 },
            KeyType::Rsa { bits: 4096 },
        ];
        kinds.iter().map(|kind| PrivateKey::generate(*kind).unwrap().public_key().clone()).collect()
    });
    let id = proptest::collection::vec(any::<u8>(), 1..40);
    (0..keys.len(), any::<String>(), id, window()).prop_map(move |(key, base_url, log_id, valid_for)| Log {
        base_url,
        origin: None,
        log_id,
        key: keys[key].clone(),
        valid_for,
    })
}

fn authority() -> impl Strategy<Value = CertificateAuthority> {
    let certificates: Vec<Certificate> = [PUBLIC, STAGING, GITHUB]
        .iter()
        .flat_map(|text| {
            let root = TrustedRoot::from_json(text.as_bytes(), "").unwrap();
            let all = root.certificate_authorities.into_iter().chain(root.timestamp_authorities);
            all.flat_map(|authority| [authority.anchors, authority.intermediates].concat())
                .collect::<Vec<_>>()
        })
        .collect();
    let chain = proptest::collection::vec(proptest::sample::select(certificates), 1..6);
    let window = prop_oneof![Just(Window::default()), window()];
    (any::<String>(), chain, window).prop_map(|(uri, mut intermediates, valid_for)| {
        let anchors = Vec::from_iter(intermediates.pop());
        CertificateAuthority { uri, anchors, intermediates, valid_for }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn what_is_written_is_read_again(
        certificate_authorities in proptest::collection::vec(authority(), 0..4),
        logs in proptest::collection::vec(log(), 0..4),
        ct_logs in proptest::collection::vec(log(), 0..4),
        timestamp_authorities in proptest::collection::vec(authority(), 0..4),
    ) {
        let source = "generated".to_owned();
        let skipped = Vec::new();
        let root =
            TrustedRoot { source, certificate_authorities, logs, ct_logs, timestamp_authorities, skipped };
        let text = root.to_json();
        prop_assert_eq!(&TrustedRoot::from_json(text.as_bytes(), "generated").unwrap(), &root);
        prop_assert_eq!(RootDocument::from_json(text.as_bytes()).unwrap().to_json(), text);
    }
}
