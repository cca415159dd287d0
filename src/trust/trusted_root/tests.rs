use serde_json::{Value, json};
use sigstore_trust_root::{
    SIGSTORE_PRODUCTION_TRUSTED_ROOT as PUBLIC, SIGSTORE_STAGING_TRUSTED_ROOT as STAGING,
};

use super::*;
use crate::crypto::{PrivateKey, SigningKey, UnixTime, base64, json};

fn read(value: &Value) -> Result<TrustedRoot, DecodeError> {
    TrustedRoot::from_json(value.to_string().as_bytes(), "test")
}

fn public() -> Value {
    json::parse("test", PUBLIC.as_bytes()).unwrap()
}

/// The public root with one value replaced; JSON null takes the member away.
fn with(pointer: &str, value: Value) -> Value {
    let mut root = public();
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    let members = root.pointer_mut(parent).and_then(Value::as_object_mut).unwrap();
    if value.is_null() {
        members.remove(name);
    } else {
        members.insert(name.to_owned(), value);
    }
    root
}

fn refused(pointer: &str, value: Value) -> String {
    let error = read(&with(pointer, value)).unwrap_err().to_string();
    error.strip_prefix("trusted root: ").unwrap().to_owned()
}

/// A root with one log that has this key.
fn log_with(details: Value, raw: &[u8]) -> Result<TrustedRoot, DecodeError> {
    read(&json!({
        "mediaType": MEDIA_TYPES[0],
        "tlogs": [{
            "baseUrl": "https://log.example",
            "hashAlgorithm": "SHA2_256",
            "publicKey": { "rawBytes": base64::encode(raw), "keyDetails": details, "validFor": { "start": "2020-01-01T00:00:00Z" } },
            "logId": { "keyId": "AQID" },
        }],
    }))
}

#[test]
fn staging_has_every_kind_in_use() {
    let root = TrustedRoot::from_json(STAGING.as_bytes(), "staging").unwrap();
    assert!(root.skipped.is_empty(), "{:?}", root.skipped);
    assert_eq!((root.logs.len(), root.ct_logs.len()), (5, 5));
    assert_eq!((root.certificate_authorities.len(), root.timestamp_authorities.len()), (2, 2));
    let kinds: Vec<_> = root.ct_logs.iter().map(|log| log.key.key_type()).collect();
    // The first one's key is PKCS #1; its identifier is still that of the SubjectPublicKeyInfo.
    assert_eq!(kinds[0], KeyType::Rsa { bits: 4096 });
    assert!(root.ct_logs.iter().all(|log| log.log_id == log.key.key_id()));
    assert_eq!(root.logs[1].key.key_type(), KeyType::Ed25519);
    // Rekor v2: the identifier is not the hash of the key.
    assert_ne!(root.logs[1].log_id, root.logs[1].key.key_id());
    let end = root.logs[1].valid_for.end.unwrap();
    assert!(root.logs[1].valid_for.contains(end) && !root.logs[1].valid_for.contains(end.plus_seconds(1)));
    let tsa = &root.timestamp_authorities[0];
    assert_eq!((tsa.anchors.len(), tsa.intermediates.len()), (1, 1));
    assert!(tsa.anchors[0].is_self_issued() && !tsa.intermediates[0].is_ca());
}

#[test]
fn media_types_of_both_versions() {
    for media_type in MEDIA_TYPES {
        assert!(read(&with("/mediaType", json!(media_type))).is_ok());
    }
    assert_eq!(refused("/mediaType", json!(null)), "mediaType: missing");
    for bad in [
        "application/vnd.dev.sigstore.bundle.v0.3+json",
        "application/vnd.dev.sigstore.trustedroot.v0.3+json",
    ] {
        let reason = format!("mediaType: not that of a trusted root v0.1 or v0.2: `{bad}`");
        assert_eq!(refused("/mediaType", json!(bad)), reason);
    }
    assert!(TrustedRoot::from_json(b"{}", "test").is_err());
    let empty = read(&json!({ "mediaType": MEDIA_TYPES[0] })).unwrap();
    assert!(empty.logs.is_empty() && empty.certificate_authorities.is_empty());
}

#[test]
fn windows_keep_fractions_and_both_ends() {
    let root = TrustedRoot::from_json(PUBLIC.as_bytes(), "public").unwrap();
    let window = root.ct_logs[0].valid_for;
    let end = UnixTime::parse_rfc3339("2022-10-31T23:59:59.999Z").unwrap();
    assert_eq!(window.end, Some(end));
    assert!(window.contains(end) && !window.contains(UnixTime::new(end.seconds(), 999_000_001)));
    let start = window.start.unwrap();
    assert!(window.contains(start) && !window.contains(start.plus_seconds(-1)));
    for (time, want) in [
        ("2021-03-14T01:00:00+01:00", Some("2021-03-14T00:00:00Z")),
        ("2021-03-14T00:00:00.000000000Z", Some("2021-03-14T00:00:00Z")),
        ("2021-03-14", None),
        ("yesterday", None),
    ] {
        let root = read(&with("/ctlogs/0/publicKey/validFor/start", json!(time)));
        let start = root.ok().map(|root| root.ct_logs[0].valid_for.start.unwrap().to_string());
        assert_eq!(start.as_deref(), want);
    }
    let open = read(&with("/certificateAuthorities/0/validFor", json!(null))).unwrap();
    assert_eq!(open.certificate_authorities[0].valid_for, Window::default());
}

#[test]
fn logs_need_an_identifier_and_a_start() {
    let log = "/tlogs/0";
    for (member, value, reason) in [
        ("logId", json!(null), "logId: missing"),
        ("logId/keyId", json!(null), "logId.keyId: missing"),
        ("publicKey", json!(null), "publicKey: missing"),
        ("publicKey/rawBytes", json!(null), "publicKey.rawBytes: missing"),
        ("publicKey/validFor", json!(null), "publicKey.validFor.start: missing"),
        ("publicKey/validFor", json!({ "end": "2030-01-01T00:00:00Z" }), "publicKey.validFor.start: missing"),
        ("unknown", json!(1), "unknown: unknown member"),
    ] {
        assert_eq!(refused(&format!("{log}/{member}"), value), format!("tlogs[0].{reason}"));
    }
    assert!(
        refused("/tlogs/0/publicKey/rawBytes", json!("aGk=")).starts_with("tlogs[0].publicKey.rawBytes: ")
    );
    for (member, value) in [("operator", json!("o")), ("checkpointKeyId", json!({ "keyId": "AQIDBA==" }))] {
        assert!(read(&with(&format!("{log}/{member}"), value)).is_ok());
    }
}

#[test]
fn keys_are_what_their_details_say() {
    let spki = |kind| PrivateKey::generate(kind).unwrap().public_key().spki_der().to_vec();
    let p256 = spki(KeyType::P256);
    let p384 = spki(KeyType::P384);
    let p521 = spki(KeyType::P521);
    let ed25519 = spki(KeyType::Ed25519);
    let rsa = spki(KeyType::Rsa { bits: 2048 });
    for (details, raw) in [
        ("PKIX_ECDSA_P256_SHA_256", &p256),
        ("PKIX_ECDSA_P384_SHA_384", &p384),
        ("PKIX_ECDSA_P521_SHA_512", &p521),
        ("PKIX_ED25519", &ed25519),
        ("PKIX_RSA_PKCS1V5", &rsa),
        ("PKIX_RSA_PKCS1V15_2048_SHA256", &rsa),
    ] {
        let root = log_with(json!(details), raw).unwrap();
        assert_eq!(root.logs[0].key.spki_der(), raw.as_slice(), "{details}");
        let number = KEY_DETAILS.iter().position(|name| *name == details).unwrap();
        assert_eq!(log_with(json!(number), raw).unwrap().logs, root.logs);
    }
    for (details, raw) in [
        ("PKIX_ED25519", &p256),
        ("PKIX_ECDSA_P256_SHA_256", &ed25519),
        ("PKIX_ECDSA_P256_SHA_256", &rsa),
        ("PKIX_RSA_PKCS1V5", &p384),
        ("PKCS1_RSA_PKCS1V5", &rsa),
    ] {
        let error = log_with(json!(details), raw).unwrap_err();
        assert_eq!(error.at, "tlogs[0].publicKey.rawBytes", "{details}");
    }
}

/// A root that names newer kinds of logs still serves for the others, and the newer ones match nothing.
#[test]
fn logs_of_unknown_kinds_are_left_out_with_a_note() {
    let key = PrivateKey::generate(KeyType::Ed25519).unwrap();
    for details in [
        json!("ML_DSA_65"),
        json!("PKIX_RSA_PSS_2048_SHA256"),
        json!("PKIX_ED25519_PH"),
        json!("SOMETHING_NEW"),
        json!(9999),
        json!(null),
    ] {
        let root = log_with(details.clone(), key.public_key().spki_der()).unwrap();
        assert!(root.logs.is_empty());
        let [note] = root.skipped.as_slice() else { panic!("{details}") };
        assert!(
            note.contains("tlogs[0].publicKey.keyDetails: the key of the log `https://log.example`"),
            "{note}"
        );
    }
    for hash in [json!(null), json!("SHA2_512"), json!(0), json!("SHA1")] {
        let root = read(&with("/tlogs/0/hashAlgorithm", hash)).unwrap();
        assert_eq!((root.logs.len(), root.skipped.len()), (1, 1));
        assert_eq!(root.logs[0].base_url, "https://log2025-1.rekor.sigstore.dev");
    }
}

/// TOB-SIGSTORE finding of sigstore-rust: an authority without certificates must not trust anything, nor break the rest.
#[test]
fn authority_with_empty_chain_is_ignored() {
    for chain in [json!(null), json!({}), json!({ "certificates": [] })] {
        for (list, pointer) in [
            ("certificateAuthorities", "/certificateAuthorities/0"),
            ("timestampAuthorities", "/timestampAuthorities/0"),
        ] {
            let root = read(&with(&format!("{pointer}/certChain"), chain.clone())).unwrap();
            let whole = TrustedRoot::from_json(PUBLIC.as_bytes(), "test").unwrap();
            let counts = (root.certificate_authorities.len(), root.timestamp_authorities.len());
            let (authorities, timestamps) =
                (whole.certificate_authorities.len(), whole.timestamp_authorities.len());
            let want = if list.starts_with('c') {
                (authorities - 1, timestamps)
            } else {
                (authorities, timestamps - 1)
            };
            assert_eq!(counts, want);
            assert!(root.skipped[0].contains(list));
            let all = root.certificate_authorities.iter().chain(&root.timestamp_authorities);
            assert!(all.into_iter().all(|authority| !authority.anchors.is_empty()));
        }
    }
}

#[test]
fn certificates_are_read_or_refused() {
    let chain = "/certificateAuthorities/1/certChain/certificates";
    let at = "certificateAuthorities[1].certChain.certificates";
    let good = public().pointer(chain).unwrap()[0].clone();
    assert_eq!(refused(chain, json!([good, {}])), format!("{at}[1].rawBytes: missing"));
    assert!(
        refused(chain, json!([{ "rawBytes": "aGk=" }, good]))
            .starts_with(&format!("{at}[0].rawBytes: certificate"))
    );
    assert_eq!(
        refused(chain, json!(vec![good.clone(); 33])),
        format!("{at}: 33 elements; at most 32 are read")
    );
    let single = read(&with(chain, json!([good]))).unwrap();
    let authority = &single.certificate_authorities[1];
    assert_eq!((authority.anchors.len(), authority.intermediates.len()), (1, 0));
    let log = public()["tlogs"][0].clone();
    assert_eq!(refused("/tlogs", json!(vec![log; 257])), "tlogs: 257 elements; at most 256 are read");
    assert!(
        TrustedRoot::from_json(&vec![b' '; MAX_SIZE + 1], "test")
            .unwrap_err()
            .reason
            .contains("above the limit")
    );
}

#[test]
fn hostile_documents_are_errors_and_never_panics() {
    for end in (0..PUBLIC.trim_end().len()).step_by(7) {
        assert!(TrustedRoot::from_json(&PUBLIC.as_bytes()[..end], "test").is_err());
    }
    let mut pointers = Vec::new();
    collect("", &public(), &mut pointers);
    assert!(pointers.len() > 50);
    for pointer in pointers {
        for replacement in [
            json!(null),
            json!(true),
            json!(-1),
            json!(1.5),
            json!("x"),
            json!("aGk="),
            json!([null]),
            json!({}),
        ] {
            let mut twisted = public();
            *twisted.pointer_mut(&pointer).unwrap() = replacement;
            let _ = read(&twisted);
        }
    }
}

fn collect(at: &str, value: &Value, out: &mut Vec<String>) {
    out.push(at.to_owned());
    match value {
        Value::Object(members) => {
            members.iter().for_each(|(name, v)| collect(&format!("{at}/{name}"), v, out))
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(i, v)| collect(&format!("{at}/{i}"), v, out))
        }
        _ => {}
    }
}

#[test]
fn the_roots_of_real_bundles_are_read_whole() {
    let folder = std::env::var_os("SIGSTORE_CONFORMANCE_DIR").map_or_else(
        || std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/conformance"),
        std::path::PathBuf::from,
    );
    let Ok(cases) = std::fs::read_dir(&folder) else {
        // `eprintln!` of a test that passes is not shown.
        let line =
            format!("skipped: no conformance bundles in {}; set SIGSTORE_CONFORMANCE_DIR", folder.display());
        let _ = std::io::Write::write_all(&mut std::io::stderr(), format!("{line}\n").as_bytes());
        return;
    };
    let paths = cases.map(|case| case.unwrap().path().join("trusted_root.json"));
    let texts: Vec<_> = paths.filter_map(|path| std::fs::read(path).ok()).collect();
    assert!(texts.len() >= 9);
    for text in texts {
        let root = TrustedRoot::from_json(&text, "conformance").unwrap();
        assert!(root.skipped.is_empty(), "{:?}", root.skipped);
        assert!(!root.logs.is_empty() && !root.certificate_authorities.is_empty());
    }
}
