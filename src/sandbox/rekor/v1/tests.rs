use super::*;

use axum::body::Body;
use axum::http::Request;
use proptest::prelude::*;
use tower::ServiceExt as _;

use crate::crypto::{Digest, HashAlgorithm, PrivateKey, SigningInput, UnixTime, pem, sign_at_once};
use crate::payload::{Envelope, EnvelopeSignature, IN_TOTO_PAYLOAD_TYPE};
use crate::tlog::propose::{self, LoggedEnvelope, pem_base64};
use crate::tlog::{Checkpoint, InclusionProof, LoggedVerifier, promise, verify_inclusion};

pub(super) fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().build().unwrap()
}

struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn open_at(&self, clock: Clock) -> Arc<RekorV1> {
        let folder = Folder::open(self.0.path()).unwrap();
        Arc::new(RekorV1::open(&folder, Arc::new(clock), "rekor.example").unwrap())
    }

    fn open(&self) -> Arc<RekorV1> {
        self.open_at(Clock::default())
    }
}

struct Reply {
    status: u16,
    headers: axum::http::HeaderMap,
    text: String,
}

impl Reply {
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }

    fn message(&self) -> String {
        let json = self.json();
        assert_eq!(json["code"], self.status, "{json}");
        json["message"].as_str().unwrap().to_owned()
    }
}

async fn ask(rekor: &Arc<RekorV1>, method: &str, path: &str, body: impl Into<Body>) -> Reply {
    let request = Request::builder().method(method).uri(path).body(body.into()).unwrap();
    let response = Arc::clone(rekor).router().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let text = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    Reply {
        status: parts.status.as_u16(),
        headers: parts.headers,
        text: String::from_utf8(text.to_vec()).unwrap(),
    }
}

fn call(rekor: &Arc<RekorV1>, method: &str, path: &str, body: &Value) -> Reply {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    runtime().block_on(ask(rekor, method, path, body))
}

fn create(rekor: &Arc<RekorV1>, body: &Value) -> Reply {
    call(rekor, "POST", "/api/v1/log/entries", body)
}

fn key(kind: KeyType) -> PrivateKey {
    PrivateKey::generate(kind).unwrap()
}

fn public(key: &PrivateKey) -> LoggedVerifier {
    LoggedVerifier::PublicKey(key.public_key().clone())
}

fn sign(key: &PrivateKey, digest: &Digest) -> Vec<u8> {
    sign_at_once(key, &SigningInput::Digest(digest.clone())).unwrap()
}

fn hashedrekord(key: &PrivateKey, data: &[u8], hash: HashAlgorithm) -> Value {
    let digest = hash.digest(data);
    propose::hashedrekord_001(&digest, &sign(key, &digest), &public(key))
}

fn statement(name: &str) -> (String, Digest) {
    let digest = HashAlgorithm::Sha256.digest(name.as_bytes());
    let statement = json!({
        "_type": "https://in-toto.io/Statement/v1", "predicateType": "https://example.com/p", "predicate": {},
        "subject": [{ "name": name, "digest": { "sha256": digest.hex() } }],
    });
    (statement.to_string(), digest)
}

fn envelope(keys: &[&PrivateKey], payload: &str) -> Envelope {
    let mut envelope = Envelope {
        payload: payload.as_bytes().to_vec(),
        payload_type: IN_TOTO_PAYLOAD_TYPE.to_owned(),
        signatures: Vec::new(),
    };
    let signed = SigningInput::message(envelope.signed_bytes());
    for key in keys {
        let sig = sign_at_once(*key, &signed).unwrap();
        envelope.signatures.push(EnvelopeSignature { keyid: String::new(), sig });
    }
    envelope
}

/// A proposal of each kind that has an envelope.
fn propose_envelope(
    envelope: &Envelope,
    verifiers: &[LoggedVerifier],
    propose: fn(LoggedEnvelope<'_>) -> Value,
) -> Value {
    let signatures: Vec<_> =
        envelope.signatures.iter().map(|s| s.sig.as_slice()).zip(verifiers.iter()).collect();
    propose(LoggedEnvelope {
        json: envelope.to_json().as_bytes(),
        payload: &envelope.payload,
        payload_type: &envelope.payload_type,
        signatures: &signatures,
    })
}

fn intoto_001(envelope: &Envelope, verifier: &LoggedVerifier) -> Value {
    json!({ "kind": "intoto", "apiVersion": "0.0.1", "spec": {
        "content": { "envelope": envelope.to_json() }, "publicKey": pem_base64(verifier),
    } })
}

/// The entry of an answer, which verification accepts: proof, checkpoint and promise.
fn verified(rekor: &RekorV1, document: &Value) -> (String, Entry) {
    let (uuid, value) = document.as_object().unwrap().iter().next().unwrap();
    assert_eq!(document.as_object().unwrap().len(), 1);
    let bytes = |value: &Value| base64::decode(value.as_str().unwrap()).unwrap();
    let hex = |value: &Value| hex::decode(value.as_str().unwrap()).unwrap();
    let proof = &value["verification"]["inclusionProof"];
    let proof = InclusionProof {
        log_index: proof["logIndex"].as_u64().unwrap(),
        tree_size: proof["treeSize"].as_u64().unwrap(),
        root_hash: hex(&proof["rootHash"]),
        hashes: proof["hashes"].as_array().unwrap().iter().map(hex).collect(),
        checkpoint: Some(proof["checkpoint"].as_str().unwrap().to_owned()),
    };
    let body = bytes(&value["body"]);
    let checkpoint = Checkpoint::parse(proof.checkpoint.as_ref().unwrap()).unwrap();
    verify_inclusion(&body, &proof).unwrap();
    checkpoint.verify("rekor.example", rekor.public_key()).unwrap();
    assert!(checkpoint.commits_to(&proof));
    assert_eq!(checkpoint.origin, format!("rekor.example - {}", rekor.tree_id()));
    assert_eq!(*uuid, format!("{:016x}{}", rekor.tree_id(), hex::encode(leaf_hash(&body))));
    let entry = Entry {
        log_index: value["logIndex"].as_u64().unwrap(),
        log_id: hex(&value["logID"]),
        kind: Some(crate::tlog::body::parse(&body).unwrap().kind),
        integrated_time: Some(UnixTime::from_seconds(value["integratedTime"].as_i64().unwrap())),
        canonicalized_body: body,
        inclusion_promise: Some(bytes(&value["verification"]["signedEntryTimestamp"])),
        inclusion_proof: Some(proof),
    };
    assert_eq!(entry.log_id, rekor.log_id());
    assert!(promise::verify(&entry, rekor.public_key()));
    (uuid.clone(), entry)
}

#[test]
fn an_entry_is_taken_found_and_kept() {
    let (place, signer) = (Place::new(), key(KeyType::P256));
    let rekor = place.open();
    let proposal = hashedrekord(&signer, b"artifact", HashAlgorithm::Sha256);
    let reply = create(&rekor, &proposal);
    assert_eq!(reply.status, 201, "{}", reply.text);
    let (uuid, entry) = verified(&rekor, &reply.json());
    assert_eq!(reply.headers["location"], format!("/api/v1/log/entries/{uuid}"));
    assert_eq!(reply.headers["etag"], uuid);
    assert_eq!(entry.log_index, 1, "the log's own entry is the first");
    assert_eq!(entry.canonicalized_body, crate::crypto::json::canonical(&proposal));

    let again = create(&rekor, &proposal);
    assert_eq!(
        (again.status, again.headers["location"].to_str().unwrap()),
        (409, reply.headers["location"].to_str().unwrap())
    );
    assert_eq!(
        again.message(),
        format!("an equivalent entry already exists in the transparency log with UUID {uuid}")
    );
    drop(rekor);

    let rekor = place.open();
    assert_eq!(create(&rekor, &proposal).status, 409);
    let leaf = &uuid[16..];
    for path in [format!("/{uuid}"), format!("/{leaf}"), "?logIndex=1".to_owned()] {
        let reply = call(&rekor, "GET", &format!("/api/v1/log/entries{path}"), &Value::Null);
        assert_eq!(reply.status, 200, "{path}: {}", reply.text);
        let (found, now) = verified(&rekor, &reply.json());
        assert_eq!(
            (found, now.canonicalized_body, now.integrated_time),
            (uuid.clone(), entry.canonicalized_body.clone(), entry.integrated_time)
        );
    }
    for query in
        [json!({ "entryUUIDs": [uuid] }), json!({ "logIndexes": [1] }), json!({ "entries": [proposal] })]
    {
        let reply = call(&rekor, "POST", "/api/v1/log/entries/retrieve", &query);
        assert_eq!(reply.status, 200, "{query}: {}", reply.text);
        assert_eq!(verified(&rekor, &reply.json()[0]).0, uuid, "{query}");
    }
    let first = call(&rekor, "GET", "/api/v1/log/entries?logIndex=0", &Value::Null);
    verified(&rekor, &first.json());
}

#[test]
fn every_kind_is_logged_as_upstream_canonicalises_it() {
    let (place, one, two) = (Place::new(), key(KeyType::P256), key(KeyType::Ed25519));
    let rekor = place.open();
    let (payload, _) = statement("a");
    let single = envelope(&[&one], &payload);
    let both = envelope(&[&one, &two], &payload);
    let verifiers = [public(&one), public(&two)];
    let digest = HashAlgorithm::Sha256.digest(b"content");
    let rekord = json!({ "kind": "rekord", "apiVersion": "0.0.1", "spec": {
        "data": { "content": base64::encode("content") },
        "signature": { "content": base64::encode(sign(&one, &digest)), "format": "x509", "publicKey": { "content": pem_base64(&verifiers[0]) } },
    } });
    let logged = |envelope: &Envelope, encode: fn(LoggedEnvelope<'_>) -> Vec<u8>| {
        let signatures: Vec<_> =
            envelope.signatures.iter().map(|s| s.sig.as_slice()).zip(&verifiers).collect();
        let json = envelope.to_json();
        encode(LoggedEnvelope {
            json: json.as_bytes(),
            payload: &envelope.payload,
            payload_type: &envelope.payload_type,
            signatures: &signatures,
        })
    };
    for (proposal, expected) in [
        (propose_envelope(&single, &verifiers[..1], propose::dsse_001), logged(&single, body::dsse_001)),
        (propose_envelope(&both, &verifiers, propose::dsse_001), logged(&both, body::dsse_001)),
        (propose_envelope(&both, &verifiers, propose::intoto_002), logged(&both, body::intoto_002)),
        (intoto_001(&single, &verifiers[0]), logged(&single, body::intoto_001)),
        (rekord, body::rekord_001(&digest, &[], &verifiers[0])),
    ] {
        let reply = create(&rekor, &proposal);
        assert_eq!(reply.status, 201, "{proposal}: {}", reply.text);
        let (_, entry) = verified(&rekor, &reply.json());
        if entry.kind.as_ref().unwrap().kind == "rekord" {
            let body: Value = serde_json::from_slice(&entry.canonicalized_body).unwrap();
            assert_eq!(body["spec"]["data"]["hash"]["value"], digest.hex());
            assert_eq!(body["spec"]["data"].get("content"), None);
        } else {
            assert_eq!(
                String::from_utf8(entry.canonicalized_body).unwrap(),
                String::from_utf8(expected).unwrap()
            );
        }
    }
    for (kind, hash) in [
        (KeyType::P384, HashAlgorithm::Sha384),
        (KeyType::P521, HashAlgorithm::Sha512),
        (KeyType::Ed25519, HashAlgorithm::Sha512),
        (KeyType::Rsa { bits: 2048 }, HashAlgorithm::Sha256),
    ] {
        let reply = create(&rekor, &hashedrekord(&key(kind), b"artifact", hash));
        assert_eq!(reply.status, 201, "{kind}: {}", reply.text);
        verified(&rekor, &reply.json());
    }
}

#[test]
fn what_is_not_signed_as_it_says_is_refused() {
    let (place, signer, other) = (Place::new(), key(KeyType::P256), key(KeyType::P256));
    let rekor = place.open();
    let good = hashedrekord(&signer, b"artifact", HashAlgorithm::Sha256);
    let envelope = envelope(&[&signer], &statement("a").0);
    let (mine, others) = (public(&signer), public(&other));
    let changed = |pointer: &str, value: Value| {
        let mut bad = good.clone();
        *bad.pointer_mut(pointer).unwrap() = value;
        bad
    };
    let elsewhere = HashAlgorithm::Sha256.digest(b"another artifact");
    let mut forged = envelope.clone();
    forged.payload.push(b' ');
    let wrong = "it is not by the key given over the hash given";
    let nobody = "is not by any of the keys or certificates that are given";
    for (bad, reason) in [
        (changed("/spec/data/hash/value", elsewhere.hex().into()), wrong),
        (changed("/spec/signature/publicKey/content", pem_base64(&others).into()), wrong),
        (changed("/spec/signature/content", "AAAA".into()), wrong),
        (changed("/spec/data/hash/algorithm", "sha512".into()), "spec.data.hash.value"),
        (changed("/spec/data/hash/algorithm", "sha1".into()), "`sha1` is not understood"),
        (changed("/spec/data/hash/algorithm", "md5".into()), "`md5` is not understood"),
        (changed("/spec/signature/publicKey/content", "AAAA".into()), "PEM"),
        (changed("/spec/signature", json!({})), "spec.signature.content"),
        (changed("/spec", json!({})), "spec."),
        (changed("/kind", "alpine".into()), "`alpine` in version `0.0.1` are not taken"),
        (changed("/apiVersion", "0.0.2".into()), "`hashedrekord` in version `0.0.2` are not taken"),
        (changed("/kind", 7.into()), "kind"),
        (hashedrekord(&key(KeyType::Ed25519), b"artifact", HashAlgorithm::Sha512), ""),
        (propose_envelope(&envelope, std::slice::from_ref(&others), propose::dsse_001), nobody),
        (propose_envelope(&forged, std::slice::from_ref(&mine), propose::dsse_001), nobody),
        (propose_envelope(&envelope, std::slice::from_ref(&others), propose::intoto_002), nobody),
        (propose_envelope(&forged, std::slice::from_ref(&mine), propose::intoto_002), nobody),
        (intoto_001(&envelope, &others), "no signature is by the key given"),
        (intoto_001(&forged, &mine), "no signature is by the key given"),
        (json!([]), ""),
        (json!({}), "kind"),
    ] {
        let reply = create(&rekor, &bad);
        if reason.is_empty() && bad.is_object() {
            assert_eq!(reply.status, 201, "{}", reply.text);
            continue;
        }
        assert_eq!(reply.status, 400, "{bad}: {}", reply.text);
        let message = reply.message();
        assert!(message.starts_with("error processing entry: ") && message.contains(reason), "{message}");
    }
    let mut idle = propose_envelope(&envelope, std::slice::from_ref(&mine), propose::dsse_001);
    let list = idle.pointer_mut("/spec/proposedContent/verifiers").unwrap();
    list.as_array_mut().unwrap().push(pem_base64(&others).into());
    assert!(create(&rekor, &idle).message().ends_with("verifier 1 has made no signature"));
    let chain = format!("{0}{0}", pem::encode("CERTIFICATE", b"x"));
    assert_eq!(
        create(&rekor, &changed("/spec/signature/publicKey/content", base64::encode(chain).into())).status,
        400
    );
    for bad in ["", "{", "{\"kind\":1,\"kind\":2}", "\u{fffd}", &"[".repeat(5000)] {
        let reply = runtime().block_on(ask(&rekor, "POST", "/api/v1/log/entries", bad.to_owned()));
        assert_eq!(reply.status, 400, "{bad}");
        reply.message();
    }
    let reply =
        runtime().block_on(ask(&rekor, "POST", "/api/v1/log/entries", vec![b' '; REQUEST_LIMITS[0] + 1]));
    assert_eq!(reply.status, 413);
    reply.message();
    assert_eq!(rekor.log().size(), 2, "nothing of it was logged");
}

#[test]
fn look_ups_that_find_nothing() {
    let place = Place::new();
    let rekor = place.open();
    let zeros = "0".repeat(64);
    let (uuid, _) =
        verified(&rekor, &call(&rekor, "GET", "/api/v1/log/entries?logIndex=0", &Value::Null).json());
    let other_tree = format!("{:016x}{}", rekor.tree_id() ^ 2, &uuid[16..]);
    for (path, status) in [
        (format!("/{zeros}"), 404),
        (format!("/{other_tree}"), 404),
        ("/zz".to_owned(), 400),
        (format!("/{}", "0".repeat(66)), 400),
        ("?logIndex=1".to_owned(), 404),
        ("?logIndex=18446744073709551615".to_owned(), 404),
        ("?logIndex=-1".to_owned(), 400),
        ("?logIndex=+1".to_owned(), 400),
        ("?logIndex=".to_owned(), 400),
        (String::new(), 400),
        ("/a/b".to_owned(), 404),
    ] {
        let reply = call(&rekor, "GET", &format!("/api/v1/log/entries{path}"), &Value::Null);
        assert_eq!(reply.status, status, "{path}");
        reply.message();
    }
    for (query, status) in [
        (json!({ "entryUUIDs": [zeros, other_tree], "logIndexes": [7] }), 200),
        (json!({}), 200),
        (json!({ "logIndexes": vec![0; 11] }), 422),
        (json!({ "entryUUIDs": ["x"] }), 400),
        (json!({ "logIndexes": [-1] }), 400),
        (json!({ "entries": [{}] }), 400),
        (json!({ "entries": 1 }), 400),
        (json!([]), 400),
    ] {
        let reply = call(&rekor, "POST", "/api/v1/log/entries/retrieve", &query);
        assert_eq!(reply.status, status, "{query}: {}", reply.text);
        if status == 200 {
            assert_eq!(reply.json(), json!([]));
        }
    }
}

#[test]
fn the_index_finds_by_digest_signer_and_subject() {
    let (place, one, two) = (Place::new(), key(KeyType::P256), key(KeyType::P256));
    let rekor = place.open();
    let (payload, subject) = statement("subject");
    let envelope = envelope(&[&two], &payload);
    let uuid = |reply: Reply| verified(&rekor, &reply.json()).0;
    let first = uuid(create(&rekor, &hashedrekord(&one, b"artifact", HashAlgorithm::Sha256)));
    let second = uuid(create(&rekor, &propose_envelope(&envelope, &[public(&two)], propose::dsse_001)));
    let third = uuid(create(&rekor, &hashedrekord(&two, b"artifact", HashAlgorithm::Sha256)));
    drop(rekor);
    let rekor = place.open();
    let artifact = HashAlgorithm::Sha256.digest(b"artifact");
    let by = |key: &PrivateKey| json!({ "format": "x509", "content": pem_base64(&public(key)) });
    let of = |bytes: &[u8]| HashAlgorithm::Sha256.digest(bytes).to_string();
    for (query, expected) in [
        (json!({ "hash": artifact.to_string() }), vec![&first, &third]),
        (json!({ "hash": artifact.hex().to_uppercase() }), vec![&first, &third]),
        (json!({ "hash": subject.to_string() }), vec![&second]),
        (json!({ "hash": of(payload.as_bytes()) }), vec![&second]),
        (json!({ "hash": of(envelope.to_json().as_bytes()) }), vec![&second]),
        (json!({ "publicKey": by(&two) }), vec![&second, &third]),
        (json!({ "publicKey": by(&two), "hash": artifact.to_string(), "operator": "and" }), vec![&third]),
        (
            json!({ "publicKey": by(&two), "hash": artifact.to_string(), "operator": "or" }),
            vec![&first, &second, &third],
        ),
        (json!({ "publicKey": by(&two), "hash": artifact.to_string() }), vec![&first, &second, &third]),
        (json!({ "email": "nobody@example.com" }), vec![]),
        (json!({ "hash": of(b"nothing") }), vec![]),
    ] {
        let reply = call(&rekor, "POST", "/api/v1/index/retrieve", &query);
        assert_eq!((reply.status, reply.json()), (200, json!(expected)), "{query}");
    }
    for bad in [
        json!({}),
        json!({ "hash": "x" }),
        json!({ "hash": format!("sha512:{}", artifact.hex()) }),
        json!({ "publicKey": { "format": "pgp", "content": "" } }),
        json!({ "publicKey": { "format": "x509", "content": "AAAA" } }),
        json!({ "hash": artifact.hex(), "operator": "xor" }),
    ] {
        assert_eq!(call(&rekor, "POST", "/api/v1/index/retrieve", &bad).status, 400, "{bad}");
    }
}

#[test]
fn certificates_are_found_by_whom_they_are_for() {
    use crate::x509::SubjectAlternativeName;
    use crate::x509::issue::{Issuer, Template, Validity};
    let (place, authority, signer) = (Place::new(), key(KeyType::P256), key(KeyType::P384));
    let rekor = place.open();
    let validity =
        Validity { not_before: UnixTime::from_seconds(0), not_after: UnixTime::from_seconds(4_000_000_000) };
    let template = Template::fulcio(
        SubjectAlternativeName::Email("Dev@example.com".to_owned()),
        "https://issuer.example",
        validity,
    );
    let issuer = Issuer { key: &authority, certificate: None };
    let certificate = template.issue(signer.public_key(), issuer).unwrap();
    let verifier = LoggedVerifier::Certificate(certificate.der().to_vec());
    let digest = HashAlgorithm::Sha384.digest(b"artifact");
    let proposal = propose::hashedrekord_001(&digest, &sign(&signer, &digest), &verifier);
    let reply = create(&rekor, &proposal);
    assert_eq!(reply.status, 201, "{}", reply.text);
    let (uuid, entry) = verified(&rekor, &reply.json());
    assert_eq!(entry.canonicalized_body, crate::crypto::json::canonical(&proposal));
    let envelope = envelope(&[&signer], &statement("a").0);
    let second =
        create(&rekor, &propose_envelope(&envelope, std::slice::from_ref(&verifier), propose::intoto_002));
    let second = verified(&rekor, &second.json()).0;
    for query in [
        json!({ "email": "dev@EXAMPLE.com" }),
        json!({ "publicKey": { "format": "x509", "content": pem_base64(&verifier) } }),
    ] {
        let reply = call(&rekor, "POST", "/api/v1/index/retrieve", &query);
        assert_eq!(reply.json(), json!([uuid, second]), "{query}");
    }
    let other = key(KeyType::P384);
    let forged = propose::hashedrekord_001(&digest, &sign(&other, &digest), &verifier);
    assert_eq!(create(&rekor, &forged).status, 400);
    let garbled = LoggedVerifier::Certificate(b"no certificate".to_vec());
    let garbled = propose::hashedrekord_001(&digest, &sign(&signer, &digest), &garbled);
    assert_eq!(create(&rekor, &garbled).status, 400);

    rekor.index.add(9, &[0; 32], &["later@example.com".to_owned()]);
    let reply = call(&rekor, "POST", "/api/v1/index/retrieve", &json!({ "email": "later@example.com" }));
    assert_eq!(reply.json(), json!([]), "what is not on the disk is not there");
}

#[test]
fn the_tree_and_its_proofs() {
    let (place, signer) = (Place::new(), key(KeyType::P256));
    let rekor = place.open();
    let mut heads = Vec::new();
    for i in 0..6u8 {
        let head = call(&rekor, "GET", "/api/v1/log", &Value::Null).json();
        let checkpoint = Checkpoint::parse(head["signedTreeHead"].as_str().unwrap()).unwrap();
        checkpoint.verify("rekor.example", rekor.public_key()).unwrap();
        assert_eq!(head["treeSize"], u64::from(i) + 1);
        assert_eq!(head["rootHash"], hex::encode(&checkpoint.root_hash));
        assert_eq!(head["treeID"], rekor.tree_id().to_string());
        heads.push(checkpoint.root_hash);
        create(&rekor, &hashedrekord(&signer, &[i], HashAlgorithm::Sha256));
    }
    let ask = |query: &str| call(&rekor, "GET", &format!("/api/v1/log/proof{query}"), &Value::Null);
    for first in 1..=6u64 {
        let reply = ask(&format!("?firstSize={first}&lastSize=6&treeID={}", rekor.tree_id()));
        let hashes: Vec<String> =
            rekor.log().consistency_path(first, 6).unwrap().iter().map(hex::encode).collect();
        assert_eq!(reply.json()["hashes"], json!(hashes));
        assert_eq!(rekor.log().root(first).unwrap().to_vec(), heads[first as usize - 1]);
    }
    for bad in [
        "",
        "?lastSize=8",
        "?firstSize=0&lastSize=3",
        "?firstSize=4&lastSize=3",
        "?lastSize=x",
        "?lastSize=3&treeID=1",
    ] {
        assert_eq!(ask(bad).status, 400, "{bad}");
    }
    let key = call(&rekor, "GET", "/api/v1/log/publicKey", &Value::Null);
    assert_eq!(PublicKey::from_pem(key.text.as_bytes()).unwrap(), *rekor.public_key());
}

/// A clock that was ahead on purpose, and is right again, is followed: no entry is from the future because one before it was.
#[test]
fn a_clock_that_was_ahead_spoils_nothing() {
    let (place, signer) = (Place::new(), key(KeyType::P256));
    let time = |rekor: &Arc<RekorV1>, data: &[u8]| {
        let reply = create(rekor, &hashedrekord(&signer, data, HashAlgorithm::Sha256));
        verified(rekor, &reply.json()).1.integrated_time.unwrap().seconds()
    };
    let rekor = place.open_at(Clock::ahead_by(400 * 86400));
    let first = time(&rekor, b"1");
    drop(rekor);
    let rekor = place.open_at(Clock::default());
    let now = Clock::default().now().seconds();
    let second = time(&rekor, b"2");
    assert!(first > now + 399 * 86400 && (now..now + 60).contains(&second), "{first} {second} {now}");
    assert!((second..now + 60).contains(&rekor.issuer.now().seconds()));
}

/// The same proposal from many at once: one is told that it is new, the others where it is.
#[test]
fn one_of_many_equal_proposals_is_new() {
    let (place, signer) = (Place::new(), key(KeyType::P256));
    let rekor = place.open();
    let proposal = hashedrekord(&signer, b"artifact", HashAlgorithm::Sha256).to_string();
    let statuses = runtime().block_on(async {
        let tasks: Vec<_> = (0..16)
            .map(|_| {
                let (rekor, proposal) = (Arc::clone(&rekor), proposal.clone());
                tokio::spawn(async move {
                    let reply = ask(&rekor, "POST", "/api/v1/log/entries", proposal).await;
                    let location = reply.headers["location"].to_str().unwrap().to_owned();
                    (reply.status, ask(&rekor, "GET", &location, "").await.status)
                })
            })
            .collect();
        let mut statuses = Vec::new();
        for task in tasks {
            statuses.push(task.await.unwrap());
        }
        statuses
    });
    assert_eq!(statuses.iter().filter(|s| s.0 == 201).count(), 1);
    assert!(statuses.iter().all(|s| matches!(s, (201 | 409, 200))), "{statuses:?}");
    assert_eq!(rekor.log().size(), 2);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    /// Whatever a good proposal becomes by one change of its text, the answer is an answer.
    #[test]
    fn changed_proposals_are_answered(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut text = json!({ "kind": "hashedrekord", "apiVersion": "0.0.1", "spec": { "data": { "hash": { "algorithm": "sha256", "value": "00".repeat(32) } },
            "signature": { "content": "AAAA", "publicKey": { "content": "AAAA" } } } }).to_string().into_bytes();
        let at = at.index(text.len());
        text[at] = byte;
        if let Ok(value) = crate::crypto::json::parse("test", &text) {
            prop_assert!(accept(&value).is_err());
        }
    }
}
