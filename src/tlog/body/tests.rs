use serde_json::{Value, json};

use super::super::issue::body::{self as made, LoggedEnvelope};
use super::super::vectors;
use super::*;
use crate::crypto::{HashAlgorithm, KeyType, PrivateKey, SigningKey, base64};

/// The digest of the suite's artifact `a.txt`.
const ARTIFACT: &str = "sha256:a0cfc71271d6e278e57cd332ff957c3f7043fdda354c4cbb190a30d56efa01bf";

#[test]
fn real_bodies() {
    for (i, (entry, ..)) in vectors::all().iter().enumerate() {
        let body = parse(&entry.canonicalized_body).unwrap();
        assert_eq!(Some(&body.kind), entry.kind.as_ref());
        match (i, &body.spec) {
            (0, Spec::HashedRekord { digest, signature, verifier: LoggedVerifier::Certificate(der) }) => {
                assert_eq!((digest.to_string().as_str(), signature.len(), der.len()), (ARTIFACT, 70, 2077));
                assert_eq!(
                    made::hashedrekord_001(digest, signature, &LoggedVerifier::Certificate(der.clone())),
                    entry.canonicalized_body
                );
            }
            (1, Spec::HashedRekord { digest, signature, verifier }) => {
                assert!(
                    matches!(verifier, LoggedVerifier::PublicKey(key) if key.key_type() == KeyType::P256)
                );
                assert_eq!(digest.to_string(), ARTIFACT);
                assert_eq!(made::hashedrekord_001(digest, signature, verifier), entry.canonicalized_body);
            }
            (2, Spec::Dsse { envelope_hash: Some(_), payload_hash, signatures }) => {
                let hash = "sha256:d6b209ba9dde3b1ee5edebb88d1b1b917b72eeb614328e7ba667f5b7ab70e987";
                assert_eq!((payload_hash.to_string().as_str(), signatures.len()), (hash, 1));
                assert_eq!(signatures[0].0.first(), Some(&0x30));
            }
            (3, Spec::Intoto { envelope_hash: None, payload_hash: Some(hash), signatures }) => {
                assert!(hash.to_string().starts_with("sha256:0ebbdbc21d182007b78b5770"));
                let [(Some(signature), LoggedVerifier::Certificate(_))] = signatures.as_slice() else {
                    panic!("{signatures:?}")
                };
                assert_eq!(signature.first(), Some(&0x30));
            }
            (4, Spec::HashedRekord { digest, signature, verifier }) => {
                assert_eq!(digest.algorithm(), HashAlgorithm::Sha256);
                let again = made::hashedrekord_002(digest, signature, verifier, "PKIX_ECDSA_P256_SHA_256");
                assert_eq!(again, entry.canonicalized_body);
            }
            (_, other) => panic!("{other:?}"),
        }
    }
}

fn verifiers() -> Vec<LoggedVerifier> {
    let key = |kind| LoggedVerifier::PublicKey(PrivateKey::generate(kind).unwrap().public_key().clone());
    vec![key(KeyType::P256), key(KeyType::Ed25519), LoggedVerifier::Certificate(vec![0x30, 0x03, 1, 2, 3])]
}

/// Every kind and version that is issued is read, with what was put in.
#[test]
fn issued_bodies_of_every_kind() {
    for verifier in verifiers() {
        let details = match &verifier {
            LoggedVerifier::PublicKey(key) => made::key_details(key.key_type()),
            LoggedVerifier::Certificate(_) => "PKIX_ECDSA_P384_SHA_384",
        };
        for algorithm in [HashAlgorithm::Sha256, HashAlgorithm::Sha384, HashAlgorithm::Sha512] {
            let want = algorithm.digest(b"x");
            for (text, kind) in [
                (made::hashedrekord_001(&want, b"sig", &verifier), ("hashedrekord", "0.0.1")),
                (made::hashedrekord_002(&want, b"sig", &verifier, details), ("hashedrekord", "0.0.2")),
                (made::rekord_001(&want, b"sig", &verifier), ("rekord", "0.0.1")),
            ] {
                let body = parse(&text).unwrap();
                assert_eq!((body.kind.kind.as_str(), body.kind.version.as_str()), kind);
                let (Spec::HashedRekord { digest, signature, verifier: who }
                | Spec::Rekord { digest, signature, verifier: who }) = body.spec
                else {
                    panic!("{body:?}")
                };
                assert_eq!((digest, signature.as_slice(), &who), (want.clone(), &b"sig"[..], &verifier));
            }
        }
        let signatures = [(&b"one"[..], &verifier), (b"two", &verifier)];
        let envelope =
            LoggedEnvelope { json: b"{}", payload: b"p", payload_type: "t", signatures: &signatures };
        let (json_hash, hash) = (HashAlgorithm::Sha256.digest(b"{}"), HashAlgorithm::Sha256.digest(b"p"));
        let both = vec![(b"one".to_vec(), verifier.clone()), (b"two".to_vec(), verifier.clone())];
        for (text, want) in
            [(made::dsse_001(envelope), Some(json_hash.clone())), (made::dsse_002(envelope, details), None)]
        {
            let Spec::Dsse { envelope_hash, payload_hash, signatures } = parse(&text).unwrap().spec else {
                panic!()
            };
            assert_eq!((envelope_hash, payload_hash, signatures), (want, hash.clone(), both.clone()));
        }
        let Spec::Intoto { envelope_hash, payload_hash, signatures } =
            parse(&made::intoto_001(envelope)).unwrap().spec
        else {
            panic!()
        };
        assert_eq!(
            (envelope_hash, payload_hash, signatures),
            (Some(json_hash), Some(hash.clone()), vec![(None, verifier.clone())])
        );
        let Spec::Intoto { envelope_hash, payload_hash, signatures } =
            parse(&made::intoto_002(envelope)).unwrap().spec
        else {
            panic!()
        };
        let both = both.into_iter().map(|(s, v)| (Some(s), v)).collect();
        assert_eq!((envelope_hash, payload_hash, signatures), (None, Some(hash), both));
    }
}

fn samples() -> Vec<Value> {
    static SAMPLES: std::sync::LazyLock<Vec<Value>> = std::sync::LazyLock::new(make_samples);
    SAMPLES.clone()
}

fn make_samples() -> Vec<Value> {
    let verifier = &verifiers()[0];
    let digest = HashAlgorithm::Sha256.digest(b"x");
    let signatures = [(&b"sig"[..], verifier)];
    let envelope = LoggedEnvelope { json: b"{}", payload: b"p", payload_type: "t", signatures: &signatures };
    [
        made::hashedrekord_001(&digest, b"sig", verifier),
        made::hashedrekord_002(&digest, b"sig", verifier, "PKIX_ECDSA_P256_SHA_256"),
        made::rekord_001(&digest, b"sig", verifier),
        made::dsse_001(envelope),
        made::dsse_002(envelope, "PKIX_ECDSA_P256_SHA_256"),
        made::intoto_001(envelope),
        made::intoto_002(envelope),
    ]
    .iter()
    .map(|text| serde_json::from_slice(text).unwrap())
    .collect()
}

/// The path of every member and item of a value.
fn paths(value: &Value, at: &str, out: &mut Vec<String>) {
    let children: Vec<(String, &Value)> = match value {
        Value::Object(map) => map.iter().map(|(k, v)| (k.clone(), v)).collect(),
        Value::Array(items) => items.iter().enumerate().map(|(i, v)| (i.to_string(), v)).collect(),
        _ => return,
    };
    for (name, child) in children {
        let path = format!("{at}/{name}");
        paths(child, &path, out);
        out.push(path);
    }
}

/// Rekor's CVE-2023-33199 (intoto entries) and CVE-2026-23831 (empty messages): readers that crashed on entries without
/// what they expected. Each member of each kind is left out, nulled, and replaced by every type of value.
#[test]
fn cve_2023_33199_cve_2026_23831_members_that_are_missing_or_of_another_type() {
    for sample in samples() {
        let mut all = Vec::new();
        paths(&sample, "", &mut all);
        // 0.0.1 of 2021 had no payload hash: the one member that may be missing.
        let optional = if sample["kind"] == "intoto" && sample["apiVersion"] == "0.0.1" {
            "/spec/content/payloadHash"
        } else {
            "-"
        };
        for path in all {
            let refused = |replacement: Option<Value>| {
                let mut bad = sample.clone();
                let (parent, name) = path.rsplit_once('/').unwrap();
                match (bad.pointer_mut(parent).unwrap(), replacement.clone()) {
                    (Value::Object(map), Some(value)) => drop(map.insert(name.into(), value)),
                    (Value::Object(map), None) => drop(map.shift_remove(name)),
                    (Value::Array(items), Some(value)) => items[0] = value,
                    (Value::Array(items), None) => items.clear(),
                    _ => panic!(),
                }
                let parsed = parse(bad.to_string().as_bytes());
                let absent = replacement.as_ref().is_none_or(Value::is_null);
                let any_text = path.ends_with("/payloadType") && replacement == Some(json!("!"));
                if (path == optional && absent) || any_text {
                    assert!(parsed.is_ok());
                } else {
                    assert!(parsed.is_err(), "{path} {replacement:?}: {parsed:?}");
                }
            };
            for value in
                [json!(null), json!(0), json!(true), json!(""), json!("!"), json!([]), json!({}), json!([{}])]
            {
                refused(Some(value));
            }
            refused(None);
        }
    }
}

/// Why a sample is refused when one member is this value.
fn reason_of(sample: &Value, path: &str, value: Value) -> String {
    let mut bad = sample.clone();
    let (parent, name) = path.rsplit_once('/').unwrap();
    bad.pointer_mut(parent).unwrap().as_object_mut().unwrap().insert(name.into(), value);
    let error = parse(bad.to_string().as_bytes()).unwrap_err().to_string();
    error.strip_prefix("log entry body: ").unwrap().to_owned()
}

#[test]
fn refuses_with_a_path() {
    let samples = samples();
    let pem = |blocks: usize, label: &str| {
        base64::encode(crate::crypto::pem::encode(label, b"\x30\x00").repeat(blocks))
    };
    for (sample, path, value, reason) in [
        (0, "/kind", json!("alpine"), "kind: `alpine` version `0.0.1` is not understood"),
        (0, "/apiVersion", json!("0.0.9"), "kind: `hashedrekord` version `0.0.9` is not understood"),
        (0, "/spec/data/hash/algorithm", json!("sha1"), "spec.data.hash.algorithm: `sha1` is not understood"),
        (
            0,
            "/spec/data/hash/algorithm",
            json!("sha512"),
            "spec.data.hash.value: 32 bytes where sha512 has 64",
        ),
        (0, "/spec/signature/content", json!("AA=A"), "spec.signature.content: is not base64"),
        (
            0,
            "/spec/signature/publicKey/content",
            json!(pem(2, "CERTIFICATE")),
            "spec.signature.publicKey.content: holds several PEM blocks; one key or certificate signs",
        ),
        (
            0,
            "/spec/signature/publicKey/content",
            json!(base64::encode("no PEM")),
            "spec.signature.publicKey.content: is not PEM",
        ),
        (
            2,
            "/spec/signature/format",
            json!("pgp"),
            "spec.signature.format: `pgp` is not understood; only `x509` is",
        ),
        (
            1,
            "/spec/hashedRekordV002/data/algorithm",
            json!("SHA1"),
            "spec.hashedRekordV002.data.algorithm: `SHA1` is not understood",
        ),
        (
            1,
            "/spec/hashedRekordV002/signature/verifier/keyDetails",
            json!("PKIX_ED25519"),
            "spec.hashedRekordV002.signature.verifier.keyDetails: is `PKIX_ED25519`, but the key is ECDSA P-256",
        ),
        (
            1,
            "/spec/hashedRekordV002/signature/verifier/keyDetails",
            json!("LMS_SHA256"),
            "spec.hashedRekordV002.signature.verifier.keyDetails: `LMS_SHA256` is not understood",
        ),
        (1, "/spec/dsseV002", json!({}), "spec: has 2 members, the limit is 1"),
        (1, "/spec", json!({"dsseV002":{}}), "spec: holds `dsseV002`, not `hashedRekordV002`"),
        (
            1,
            "/spec/hashedRekordV002/signature/verifier/x509Certificate",
            json!({"rawBytes":"AA=="}),
            "spec.hashedRekordV002.signature.verifier: holds both `publicKey` and `x509Certificate`",
        ),
        (4, "/spec/dsseV002/signatures", json!([]), "spec.dsseV002.signatures: is empty"),
        (
            6,
            "/spec/content/envelope/signatures/0/sig",
            json!(base64::encode("s!g")),
            "spec.content.envelope.signatures[0].sig: is not base64 of base64",
        ),
        (
            6,
            "/spec/content/envelope/payload",
            json!(base64::encode(base64::encode("q"))),
            "spec.content.envelope.payload: is not what `payloadHash` is of",
        ),
    ] {
        assert_eq!(reason_of(&samples[sample], path, value), reason);
    }
}

#[test]
fn refuses_what_is_too_much_or_not_json() {
    let samples = samples();
    let key = verifiers().remove(0);
    let mut many = samples[3].clone();
    let one = many["spec"]["signatures"][0].clone();
    many["spec"]["signatures"] = vec![one; 65].into();
    assert!(
        parse(many.to_string().as_bytes())
            .unwrap_err()
            .to_string()
            .ends_with("signatures: has 65 items, the limit is 64")
    );

    let text =
        String::from_utf8(made::hashedrekord_001(&HashAlgorithm::Sha256.digest(b""), b"s", &key)).unwrap();
    let twice = text.replacen(r#""kind":"#, r#""kind":"dsse","kind":"#, 1);
    assert_eq!(
        parse(twice.as_bytes()).unwrap_err().to_string(),
        "log entry body: kind: the member appears twice"
    );
    assert!(parse(format!("{text} x").as_bytes()).is_err());
    assert!(parse(b"\x1f\x8b\x08\x00").is_err());
    assert!(parse(&vec![b' '; SIZE_LIMIT + 1]).unwrap_err().to_string().ends_with("the limit is 33554432"));
}

/// Members that nobody asked for, such as `extraData`, do not matter.
#[test]
fn other_members_are_ignored() {
    for mut sample in samples() {
        sample["more"] = json!({ "a": [1] });
        if sample["apiVersion"] == "0.0.1" {
            sample["spec"]["extraData"] = json!("x");
        }
        parse(sample.to_string().as_bytes()).unwrap();
    }
}

proptest::proptest! {
    /// Whatever happens to a body, reading it ends.
    #[test]
    fn never_panics(sample in 0..7usize, at: proptest::sample::Index, byte: u8, cut: bool) {
        let mut text = samples()[sample].to_string().into_bytes();
        let at = at.index(text.len());
        text[at] = byte;
        if cut {
            text.truncate(at);
        }
        let _ = parse(&text);
    }
}
