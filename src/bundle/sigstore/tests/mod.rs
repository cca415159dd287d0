mod hostile;
mod round_trip;

use serde_json::{Value, json};

use super::*;

pub(super) const KEY: &str = include_str!("../../../../testdata/cosign-3.x/p256.bundle.json");
pub(super) const KEY_LOGGED: &str =
    include_str!("../../../../testdata/mock-sigstore/v3.blob.key-p256.rekor1.bundle.json");
pub(super) const ED25519: &str = include_str!("../../../../testdata/cosign-3.x/ed25519.bundle.json");
pub(super) const KEYLESS: &str =
    include_str!("../../../../testdata/mock-sigstore/v3.blob.keyless.rekor1.bundle.json");
pub(super) const ATTESTATION: &str =
    include_str!("../../../../testdata/mock-sigstore/v3.att.keyless.rekor2.bundle.json");
pub(super) const ALL: [&str; 5] = [KEY, KEY_LOGGED, ED25519, KEYLESS, ATTESTATION];

pub(super) fn parsed(text: &str) -> Value {
    crate::crypto::json::parse("test", text.as_bytes()).unwrap()
}

/// A bundle with one value replaced; JSON null takes the member away.
fn with(text: &str, pointer: &str, value: Value) -> Value {
    let mut bundle = parsed(text);
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    match bundle.pointer_mut(parent).unwrap() {
        Value::Object(members) if value.is_null() => drop(members.remove(name)),
        Value::Object(members) => drop(members.insert(name.to_owned(), value)),
        Value::Array(items) => items[name.parse::<usize>().unwrap()] = value,
        _ => unreachable!(),
    }
    bundle
}

/// The error of a bundle with one value replaced, without the common start of all.
fn refused(text: &str, pointer: &str, value: Value) -> String {
    let bundle = with(text, pointer, value);
    let error = decode(&bundle).expect_err(&bundle.to_string()).to_string();
    error.strip_prefix("Sigstore bundle: ").unwrap().to_owned()
}

fn accepted(text: &str, pointer: &str, value: Value) -> SignedEntity {
    decode(&with(text, pointer, value)).unwrap()
}

const ENTRY: &str = "/verificationMaterial/tlogEntries/0";

fn entry(member: &str) -> String {
    format!("{ENTRY}/{member}")
}

#[test]
fn cosigns_bundles_are_read() {
    let key = decode(&parsed(KEY)).unwrap();
    assert_eq!(key.profile, Profile::Bundle(BundleVersion::V0_3));
    let hint = "yRcK2VLVyY+jL/Rd30pUz9GMfCjTeBp5V6cYTbqtxFU=";
    assert!(
        matches!(&key.material, VerificationMaterial::PublicKey { hint: h, embedded: None } if h.len() == hint.len())
    );
    let Content::Message { digest: Some(digest), signature } = &key.content else { panic!() };
    assert_eq!(digest.algorithm(), HashAlgorithm::Sha256);
    assert_eq!(signature[0], 0x30);
    assert!(key.log_entries.is_empty() && key.timestamps.is_empty() && key.detached_scts.is_empty());

    let logged = decode(&parsed(KEY_LOGGED)).unwrap();
    let [entry] = logged.log_entries.as_slice() else { panic!() };
    assert_eq!((entry.log_index, entry.integrated_time.unwrap().seconds()), (31, 1_795_171_477));
    assert_eq!(entry.kind.as_ref().unwrap().kind, "hashedrekord");
    assert_eq!(entry.log_id.len(), 32);
    let proof = entry.inclusion_proof.as_ref().unwrap();
    assert_eq!((proof.log_index, proof.tree_size, proof.hashes.len()), (31, 32, 5));
    assert!(proof.checkpoint.as_ref().unwrap().starts_with("127.0.0.1 - "));
    assert_eq!(entry.inclusion_promise.as_ref().unwrap()[0], 0x30);
    assert_eq!(logged.timestamps.len(), 1);

    let ed25519 = decode(&parsed(ED25519)).unwrap();
    assert!(
        matches!(&ed25519.content, Content::Message { digest: None, signature } if signature.len() == 64)
    );

    let attestation = decode(&parsed(ATTESTATION)).unwrap();
    let Content::Envelope(envelope) = &attestation.content else { panic!() };
    assert_eq!(envelope.parsed.payload_type, "application/vnd.in-toto+json");
    assert!(envelope.bytes.is_empty() && envelope.parsed.payload.starts_with(b"{"));
    assert!(matches!(&attestation.material, VerificationMaterial::Certificate(chain) if chain.len() == 1));
    let [entry] = attestation.log_entries.as_slice() else { panic!() };
    assert!(entry.integrated_time.is_none() && entry.inclusion_promise.is_none());
}

#[test]
fn media_types_of_every_version_in_both_spellings() {
    let base = "application/vnd.dev.sigstore.bundle";
    for (version, want) in
        [("0.1", BundleVersion::V0_1), ("0.2", BundleVersion::V0_2), ("0.3", BundleVersion::V0_3)]
    {
        for media_type in [format!("{base}+json;version={version}"), format!("{base}.v{version}+json")] {
            let entity = accepted(KEY_LOGGED, "/mediaType", json!(media_type));
            assert_eq!(entity.profile, Profile::Bundle(want));
        }
    }
    for (bad, reason) in [
        (json!(null), "mediaType: missing"),
        (json!(""), "mediaType: missing"),
        (json!(3), "mediaType: a number where a string belongs"),
        (
            json!("application/vnd.dev.sigstore.bundle.v0.4+json"),
            "mediaType: unsupported bundle version: `application/vnd.dev.sigstore.bundle.v0.4+json`",
        ),
        (
            json!("application/vnd.dev.sigstore.trustedroot+json;version=0.1"),
            "mediaType: not that of a bundle: `application/vnd.dev.sigstore.trustedroot+json;version=0.1`",
        ),
    ] {
        assert_eq!(refused(KEY, "/mediaType", bad), reason);
    }
    for rest in [
        "",
        "+json",
        "+json;version=",
        "+json; version=0.3",
        "+json;version=\"0.3\"",
        "+json;version=0.3 ",
        ".v0.3",
        ".v0.30+json",
    ] {
        assert!(
            refused(KEY, "/mediaType", json!(format!("{base}{rest}"))).starts_with("mediaType: "),
            "{rest}"
        );
    }
    assert!(
        refused(KEY, "/mediaType", json!("APPLICATION/vnd.dev.sigstore.bundle.v0.3+json"))
            .contains("not that")
    );
}

#[test]
fn proto3_json_leaves_writers_their_freedoms() {
    let want = decode(&parsed(KEY_LOGGED)).unwrap();
    let mut renamed = KEY_LOGGED.to_owned();
    for (name, original) in [
        ("mediaType", "media_type"),
        ("verificationMaterial", "verification_material"),
        ("publicKey", "public_key"),
        ("tlogEntries", "tlog_entries"),
        ("logIndex", "log_index"),
        ("logId", "log_id"),
        ("keyId", "key_id"),
        ("kindVersion", "kind_version"),
        ("integratedTime", "integrated_time"),
        ("inclusionPromise", "inclusion_promise"),
        ("signedEntryTimestamp", "signed_entry_timestamp"),
        ("inclusionProof", "inclusion_proof"),
        ("rootHash", "root_hash"),
        ("treeSize", "tree_size"),
        ("canonicalizedBody", "canonicalized_body"),
        ("timestampVerificationData", "timestamp_verification_data"),
        ("rfc3161Timestamps", "rfc3161_timestamps"),
        ("signedTimestamp", "signed_timestamp"),
        ("messageSignature", "message_signature"),
        ("messageDigest", "message_digest"),
    ] {
        let replaced = renamed.replace(&format!("\"{name}\":"), &format!("\"{original}\":"));
        assert_ne!(replaced, renamed, "{name}");
        renamed = replaced;
    }
    assert_eq!(decode(&parsed(&renamed)).unwrap(), want);
    for (pointer, value) in [
        (entry("logIndex"), json!(31)),
        (entry("logIndex"), json!(31.0)),
        (entry("logIndex"), json!("3.1e1")),
        (entry("inclusionProof/treeSize"), json!(32)),
        ("/messageSignature/messageDigest/algorithm".into(), json!(1)),
    ] {
        assert_eq!(accepted(KEY_LOGGED, &pointer, value), want, "{pointer}");
    }
    let url_safe = |text: &str| text.replace('+', "-").replace('/', "_").trim_end_matches('=').to_owned();
    for pointer in
        ["/messageSignature/signature".to_owned(), entry("logId/keyId"), entry("canonicalizedBody")]
    {
        let value = parsed(KEY_LOGGED).pointer(&pointer).and_then(Value::as_str).map(url_safe).unwrap();
        assert_eq!(accepted(KEY_LOGGED, &pointer, json!(value)), want, "{pointer}");
    }
    let mut nulls = parsed(KEY);
    for name in ["dsseEnvelope", "messageSignature"] {
        let members = nulls.as_object_mut().unwrap();
        members.entry(name).or_insert(Value::Null);
    }
    let material = nulls["verificationMaterial"].as_object_mut().unwrap();
    for name in ["certificate", "x509CertificateChain", "tlogEntries", "timestampVerificationData"] {
        material.insert(name.into(), Value::Null);
    }
    assert_eq!(decode(&nulls).unwrap(), decode(&parsed(KEY)).unwrap());
}

#[test]
fn first_entry_of_a_log_has_no_index_and_no_hashes() {
    let mut bundle = parsed(ATTESTATION);
    let entry = bundle.pointer_mut(ENTRY).and_then(Value::as_object_mut).unwrap();
    entry.remove("logIndex");
    let proof = entry["inclusionProof"].as_object_mut().unwrap();
    proof.remove("logIndex");
    proof.remove("hashes");
    let entity = decode(&bundle).unwrap();
    let proof = entity.log_entries[0].inclusion_proof.as_ref().unwrap();
    assert_eq!((entity.log_entries[0].log_index, proof.log_index, proof.hashes.len()), (0, 0, 0));
    assert_eq!(decode(&parsed(&encode(&entity))).unwrap(), entity);
    let entry = parsed(&encode(&entity)).pointer(ENTRY).cloned().unwrap();
    // What may be left out is not: sigstore-python 4.5 takes no bundle without it.
    assert_eq!((&entry["logIndex"], &entry["inclusionProof"]["hashes"]), (&json!("0"), &json!([])));
    assert_eq!(entry["inclusionProof"]["logIndex"], "0");
}

#[test]
fn oneofs_have_exactly_one_member() {
    let dsse = parsed(ATTESTATION)["dsseEnvelope"].clone();
    let certificate = parsed(KEYLESS)["verificationMaterial"]["certificate"].clone();
    let material = "/verificationMaterial";
    for (reason, pointer, value) in [
        (
            "both `messageSignature` and `dsseEnvelope`; only one of them may be there",
            "/dsseEnvelope".to_owned(),
            dsse,
        ),
        ("neither `messageSignature` nor `dsseEnvelope`", "/messageSignature".to_owned(), json!(null)),
        (
            "verificationMaterial: both `publicKey` and `certificate`; only one of them may be there",
            format!("{material}/certificate"),
            certificate.clone(),
        ),
        (
            "verificationMaterial: both `publicKey` and `x509CertificateChain`; only one of them may be there",
            format!("{material}/x509CertificateChain"),
            json!({ "certificates": [certificate] }),
        ),
        (
            "verificationMaterial: none of `publicKey`, `certificate`, `x509CertificateChain`",
            format!("{material}/publicKey"),
            json!(null),
        ),
        ("verificationMaterial: missing", material.to_owned(), json!(null)),
    ] {
        assert_eq!(refused(KEY, &pointer, value), reason);
    }
}

#[test]
fn chains_belong_to_the_versions_before_v0_3() {
    let leaf = parsed(KEYLESS)["verificationMaterial"]["certificate"].clone();
    let chain = |version: &str, certificates: Value| {
        let mut bundle = with(
            KEYLESS,
            "/verificationMaterial/x509CertificateChain",
            json!({ "certificates": certificates }),
        );
        bundle["mediaType"] = json!(format!("application/vnd.dev.sigstore.bundle+json;version={version}"));
        bundle["verificationMaterial"].as_object_mut().unwrap().remove("certificate");
        decode(&bundle).map_err(|e| e.to_string())
    };
    for version in ["0.1", "0.2"] {
        let entity = chain(version, json!([leaf, leaf])).unwrap();
        assert!(matches!(entity.material, VerificationMaterial::Certificate(chain) if chain.len() == 2));
        let at = "Sigstore bundle: verificationMaterial.x509CertificateChain.certificates";
        assert_eq!(chain(version, json!([])).unwrap_err(), format!("{at}: the chain is empty"));
        assert_eq!(chain(version, json!([leaf, {}])).unwrap_err(), format!("{at}[1].rawBytes: missing"));
        let broken = chain(version, json!([leaf, { "rawBytes": "aGk=" }])).unwrap_err();
        assert!(broken.starts_with(&format!("{at}[1].rawBytes: certificate: ")), "{broken}");
        let many = chain(version, json!(vec![leaf.clone(); 33])).unwrap_err();
        assert_eq!(many, format!("{at}: 33 elements; at most 32 are read"));
    }
    assert_eq!(
        chain("0.3", json!([leaf])).unwrap_err(),
        "Sigstore bundle: verificationMaterial.x509CertificateChain: \
         a v0.3 bundle has a single `certificate` in place of a chain"
    );
    let at = "verificationMaterial.certificate.rawBytes";
    assert_eq!(refused(KEYLESS, "/verificationMaterial/certificate", json!({})), format!("{at}: missing"));
    let trailing = {
        let mut der = crate::crypto::decode_base64(leaf["rawBytes"].as_str().unwrap()).unwrap();
        der.push(0);
        crate::crypto::base64::encode(der)
    };
    let error = refused(KEYLESS, "/verificationMaterial/certificate/rawBytes", json!(trailing));
    assert!(error.starts_with(&format!("{at}: certificate: ")), "{error}");
}

#[test]
fn each_version_requires_its_evidence_of_every_entry() {
    let version = |text: &str, version: &str, without: &str| {
        let mut bundle = parsed(text);
        bundle["mediaType"] = json!(format!("application/vnd.dev.sigstore.bundle+json;version={version}"));
        let entry = bundle.pointer(ENTRY).cloned().unwrap();
        bundle["verificationMaterial"]["tlogEntries"].as_array_mut().unwrap().push(entry);
        let second = bundle.pointer_mut("/verificationMaterial/tlogEntries/1").unwrap();
        match without.split_once('.') {
            Some((proof, member)) => drop(second[proof].as_object_mut().unwrap().remove(member)),
            None => drop(second.as_object_mut().unwrap().remove(without)),
        }
        decode(&bundle).map_err(|e| e.to_string().replace("Sigstore bundle: verificationMaterial.", ""))
    };
    assert!(version(KEY_LOGGED, "0.1", "inclusionProof").is_ok());
    assert!(version(KEY_LOGGED, "0.1", "inclusionProof.checkpoint").is_ok());
    assert_eq!(
        version(KEY_LOGGED, "0.1", "inclusionPromise").unwrap_err(),
        "tlogEntries[1].inclusionPromise: missing; a v0.1 bundle requires it"
    );
    for later in ["0.2", "0.3"] {
        assert!(version(KEY_LOGGED, later, "inclusionPromise").is_ok());
        assert_eq!(
            version(KEY_LOGGED, later, "inclusionProof").unwrap_err(),
            "tlogEntries[1].inclusionProof: missing; a bundle requires it from v0.2 on"
        );
        assert_eq!(
            version(KEY_LOGGED, later, "inclusionProof.checkpoint").unwrap_err(),
            "tlogEntries[1].inclusionProof.checkpoint: missing; a bundle requires it from v0.2 on"
        );
    }
    for empty in [json!({}), json!({ "envelope": "" })] {
        let error = refused(KEY_LOGGED, &entry("inclusionProof/checkpoint"), empty);
        assert!(error.ends_with("inclusionProof.checkpoint: missing; a bundle requires it from v0.2 on"));
    }
}

#[test]
fn entries_are_complete() {
    let wrong_hash = crate::crypto::base64::encode([1; 31]);
    for (member, value, reason) in [
        ("logId", json!(null), "logId: missing"),
        ("logId", json!({}), "logId.keyId: missing"),
        ("logId/keyId", json!(""), "logId.keyId: missing"),
        ("logId/keyId", json!("A".repeat(88)), "logId.keyId: 66 bytes; at most 64 are read"),
        ("kindVersion", json!(null), "kindVersion: missing"),
        ("kindVersion/kind", json!(null), "kindVersion.kind: missing"),
        ("kindVersion/version", json!(""), "kindVersion.version: missing"),
        ("canonicalizedBody", json!(null), "canonicalizedBody: missing"),
        ("canonicalizedBody", json!(""), "canonicalizedBody: missing"),
        ("canonicalizedBody", json!("?"), "canonicalizedBody: not base64"),
        ("logIndex", json!("-1"), "logIndex: negative"),
        ("logIndex", json!("x"), "logIndex: not an integer of 64 bits"),
        ("integratedTime", json!("-1"), "integratedTime: negative"),
        (
            "inclusionPromise",
            json!({ "signedEntryTimestamp": "" }),
            "inclusionPromise.signedEntryTimestamp: missing",
        ),
        ("inclusionProof/treeSize", json!(-1), "inclusionProof.treeSize: negative"),
        ("inclusionProof/rootHash", json!(null), "inclusionProof.rootHash: missing"),
        (
            "inclusionProof/rootHash",
            json!(wrong_hash),
            "inclusionProof.rootHash: a hash of 31 bytes; SHA-256 has 32",
        ),
        (
            "inclusionProof/hashes/0",
            json!(wrong_hash),
            "inclusionProof.hashes: a hash of 31 bytes; SHA-256 has 32",
        ),
        ("inclusionProof/hashes/4", json!("*"), "inclusionProof.hashes[4]: not base64"),
        ("extra", json!(1), "extra: unknown member"),
    ] {
        let error = refused(KEY_LOGGED, &entry(member), value);
        assert_eq!(error, format!("verificationMaterial.tlogEntries[0].{reason}"));
    }
    let hash = crate::crypto::base64::encode([1; 32]);
    let error = refused(KEY_LOGGED, &entry("inclusionProof/hashes"), json!(vec![hash; 65]));
    assert!(error.ends_with("hashes: 65 elements; at most 64 are read"));
    assert_eq!(accepted(KEY_LOGGED, &entry("integratedTime"), json!(0)).log_entries[0].integrated_time, None);
    assert_eq!(
        accepted(KEY_LOGGED, &entry("inclusionPromise"), json!({})).log_entries[0].inclusion_promise,
        None
    );
}

#[test]
fn message_signatures_are_complete() {
    for (member, value, reason) in [
        ("signature", json!(null), "signature: missing"),
        ("signature", json!(""), "signature: missing"),
        ("signature", json!("MEQ\n"), "signature: not base64"),
        ("messageDigest/digest", json!("aGk="), "messageDigest.digest: 2 bytes where sha256 has 32"),
        ("messageDigest/digest", json!(null), "messageDigest.digest: 0 bytes where sha256 has 32"),
        (
            "messageDigest/algorithm",
            json!(null),
            "messageDigest.algorithm: unsupported hash algorithm `HASH_ALGORITHM_UNSPECIFIED`",
        ),
        (
            "messageDigest/algorithm",
            json!("SHA3_256"),
            "messageDigest.algorithm: unsupported hash algorithm `SHA3_256`",
        ),
        (
            "messageDigest/algorithm",
            json!(4),
            "messageDigest.algorithm: unsupported hash algorithm `SHA3_256`",
        ),
        (
            "messageDigest/algorithm",
            json!("SHA1"),
            "messageDigest.algorithm: unsupported hash algorithm `SHA1`",
        ),
        (
            "messageDigest/algorithm",
            json!("sha256"),
            "messageDigest.algorithm: unsupported hash algorithm `sha256`",
        ),
        ("messageDigest/algorithm", json!(99), "messageDigest.algorithm: unsupported hash algorithm `99`"),
        ("messageDigest/algorithm", json!(2), "messageDigest.digest: 32 bytes where sha384 has 48"),
    ] {
        let error = refused(KEY, &format!("/messageSignature/{member}"), value);
        assert_eq!(error, format!("messageSignature.{reason}"));
    }
    for absent in [json!(null), json!({})] {
        let entity = accepted(KEY, "/messageSignature/messageDigest", absent);
        assert!(matches!(entity.content, Content::Message { digest: None, .. }));
    }
}

#[test]
fn envelopes_have_exactly_one_signature() {
    let signature = json!({ "sig": "aGk=" });
    for (member, value, reason) in [
        ("signatures", json!(null), "signatures: 0 signatures; an envelope in a bundle has exactly one"),
        ("signatures", json!([]), "signatures: 0 signatures; an envelope in a bundle has exactly one"),
        (
            "signatures",
            json!([signature, signature]),
            "signatures: 2 signatures; an envelope in a bundle has exactly one",
        ),
        ("signatures", json!(vec![signature; 1000]), "signatures: 1000 elements; at most 32 are read"),
        ("signatures/0", json!({}), "signatures[0].sig: missing"),
        ("signatures/0", json!({ "sig": "" }), "signatures[0].sig: missing"),
        ("payload", json!(null), "payload: missing"),
        ("payload", json!("?"), "payload: not base64"),
        ("payloadType", json!(null), "payloadType: missing"),
        ("extra", json!(1), "extra: unknown member"),
    ] {
        let error = refused(ATTESTATION, &format!("/dsseEnvelope/{member}"), value);
        assert_eq!(error, format!("dsseEnvelope.{reason}"));
    }
    let entity = accepted(ATTESTATION, "/dsseEnvelope/signatures/0/keyid", json!("any"));
    let Content::Envelope(envelope) = &entity.content else { panic!() };
    assert_eq!(envelope.parsed.signatures[0].keyid, "any");
}

/// GHSA-cq38-jh5f-37mq: a bundle may not make its reader work without end.
#[test]
fn cve_2024_45395_entries_and_timestamps_are_limited() {
    let logged = parsed(KEY_LOGGED);
    let entry = logged.pointer(ENTRY).unwrap();
    let timestamps = "/verificationMaterial/timestampVerificationData/rfc3161Timestamps";
    let timestamp = logged.pointer(timestamps).unwrap()[0].clone();
    let entries = "/verificationMaterial/tlogEntries";
    assert_eq!(accepted(KEY_LOGGED, entries, json!(vec![entry.clone(); 32])).log_entries.len(), 32);
    assert_eq!(accepted(KEY_LOGGED, timestamps, json!(vec![timestamp.clone(); 32])).timestamps.len(), 32);
    for count in [33, 100_000] {
        let error = refused(KEY_LOGGED, entries, json!(vec![json!({}); count]));
        assert_eq!(error, format!("verificationMaterial.tlogEntries: {count} elements; at most 32 are read"));
        let error = refused(KEY_LOGGED, timestamps, json!(vec![json!({}); count]));
        assert!(error.ends_with(&format!("rfc3161Timestamps: {count} elements; at most 32 are read")));
    }
    assert!(refused(KEY_LOGGED, timestamps, json!([{}])).ends_with("[0].signedTimestamp: missing"));
    assert!(
        refused(KEY_LOGGED, timestamps, json!([timestamp, null]))
            .ends_with("[1]: null where an object belongs")
    );
}
