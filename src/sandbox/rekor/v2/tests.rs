use super::*;

use axum::body::Body;
use axum::http::Request;
use tower::ServiceExt as _;

use crate::bundle::sigstore::decode_log_entry;
use crate::crypto::{
    Digest, HashAlgorithm, SignatureScheme, Signed, SigningInput, SigningKey as _, sign_at_once,
};
use crate::payload::{Envelope, EnvelopeSignature};
use crate::tlog::propose;
use crate::tlog::{Checkpoint, LoggedVerifier, verify_inclusion};

struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn open(&self) -> RekorV2 {
        let folder = Folder::open(self.0.path()).unwrap();
        RekorV2::open(&folder, Arc::new(Clock::default()), "127.0.0.1").unwrap()
    }
}

struct Reply {
    status: u16,
    headers: axum::http::HeaderMap,
    bytes: Vec<u8>,
}

impl Reply {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap()
    }
}

fn call(rekor: &Arc<RekorV2>, method: &str, path: &str, body: impl Into<Body>) -> Reply {
    let request = Request::builder().method(method).uri(path).body(body.into()).unwrap();
    let answer = async {
        let (parts, body) = Arc::clone(rekor).router().oneshot(request).await.unwrap().into_parts();
        let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap().to_vec();
        Reply { status: parts.status.as_u16(), headers: parts.headers, bytes }
    };
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(answer)
}

fn create(rekor: &Arc<RekorV2>, body: &Value) -> Reply {
    call(rekor, "POST", "/api/v2/log/entries", body.to_string())
}

fn key(kind: KeyType) -> PrivateKey {
    PrivateKey::generate(kind).unwrap()
}

fn public(key: &PrivateKey) -> LoggedVerifier {
    LoggedVerifier::PublicKey(key.public_key().clone())
}

fn hashedrekord(key: &PrivateKey, digest: &Digest, details: &str) -> Value {
    let signature = sign_at_once(key, &SigningInput::Digest(digest.clone())).unwrap();
    propose::hashedrekord_002(digest, &signature, &public(key), details)
}

fn envelope(keys: &[&PrivateKey]) -> Envelope {
    let mut envelope = Envelope {
        payload: b"payload".to_vec(),
        payload_type: "text/plain".to_owned(),
        signatures: Vec::new(),
    };
    let signed = SigningInput::message(envelope.signed_bytes());
    for key in keys {
        let sig = sign_at_once(*key, &signed).unwrap();
        envelope.signatures.push(EnvelopeSignature { keyid: "hint".to_owned(), sig });
    }
    envelope
}

/// The entry of an answer, which the client's decoder and verification accept.
fn verified(rekor: &RekorV2, document: &Value) -> Entry {
    let entry = decode_log_entry(document).unwrap();
    let proof = entry.inclusion_proof.as_ref().unwrap();
    let checkpoint = Checkpoint::parse(proof.checkpoint.as_ref().unwrap()).unwrap();
    verify_inclusion(&entry.canonicalized_body, proof).unwrap();
    checkpoint.verify("127.0.0.1", rekor.public_key()).unwrap();
    assert!(checkpoint.commits_to(proof));
    assert_eq!(checkpoint.origin, "127.0.0.1");
    assert_eq!(entry.log_id, rekor.log_id());
    assert_eq!(entry.log_id[..4], checkpoint.signatures[0].key_id);
    assert_eq!((entry.integrated_time, &entry.inclusion_promise), (None, &None));
    let body = crate::tlog::body::parse(&entry.canonicalized_body).unwrap();
    assert_eq!(entry.kind, Some(body.kind));
    entry
}

#[test]
fn every_kind_of_key_and_entry() {
    let place = Place::new();
    let rekor = Arc::new(place.open());
    for kind in [KeyType::P256, KeyType::P384, KeyType::P521, KeyType::Ed25519, KeyType::Rsa { bits: 2048 }] {
        let signer = key(kind);
        let digest = kind.default_hash().digest(b"artifact");
        let details = propose::key_details(kind, kind.default_hash()).unwrap();
        let reply = create(&rekor, &hashedrekord(&signer, &digest, details));
        assert_eq!(reply.status, 201, "{kind}: {}", reply.json());
        let entry = verified(&rekor, &reply.json());
        let signature = match crate::tlog::body::parse(&entry.canonicalized_body).unwrap().spec {
            crate::tlog::Spec::HashedRekord { digest: logged, signature, .. } if logged == digest => {
                signature
            }
            other => panic!("{other:?}"),
        };
        let expected = body::hashedrekord_002(&digest, &signature, &public(&signer), details);
        assert_eq!(entry.canonicalized_body, expected);

        let envelope = envelope(&[&signer]);
        let details = propose::message_key_details(kind);
        let reply = create(&rekor, &propose::dsse_002(envelope.to_value(), &[(public(&signer), details)]));
        assert_eq!(reply.status, 201, "{kind}: {}", reply.json());
        let entry = verified(&rekor, &reply.json());
        let expected =
            body::dsse_002_of(b"payload", &[(&envelope.signatures[0].sig, &public(&signer), details)]);
        assert_eq!(entry.canonicalized_body, expected);
    }
    let (one, two) = (key(KeyType::P256), key(KeyType::Ed25519));
    let details = ["PKIX_ED25519", "PKIX_ECDSA_P256_SHA_256"];
    let verifiers = [(public(&two), details[0]), (public(&one), details[1])];
    let both = envelope(&[&one, &two]);
    let reply = create(&rekor, &propose::dsse_002(both.to_value(), &verifiers));
    let entry = verified(&rekor, &reply.json());
    let (first, second) = (&both.signatures[0].sig, &both.signatures[1].sig);
    let expected = body::dsse_002_of(
        b"payload",
        &[(first, &public(&one), details[1]), (second, &public(&two), details[0])],
    );
    assert_eq!(entry.canonicalized_body, expected);
}

#[test]
fn an_equivalent_entry_is_a_conflict_with_its_index() {
    let (place, signer) = (Place::new(), key(KeyType::P256));
    let rekor = Arc::new(place.open());
    let request = hashedrekord(&signer, &HashAlgorithm::Sha256.digest(b"a"), "PKIX_ECDSA_P256_SHA_256");
    let first = create(&rekor, &request);
    assert_eq!((first.status, verified(&rekor, &first.json()).log_index), (201, 1));
    drop(rekor);
    let rekor = Arc::new(place.open());
    let again = create(&rekor, &request);
    assert_eq!((again.status, again.headers["x-log-index"].to_str().unwrap()), (409, "1"));
    let message = "an equivalent entry already exists in the transparency log with index 1";
    assert_eq!(again.json(), json!({ "code": 6, "message": message, "details": [] }));
    assert_eq!(rekor.log().size(), 2);
}

#[test]
fn what_is_not_signed_as_it_says_is_refused() {
    let (place, signer, other) = (Place::new(), key(KeyType::P256), key(KeyType::P256));
    let rekor = Arc::new(place.open());
    let digest = HashAlgorithm::Sha256.digest(b"artifact");
    let good = hashedrekord(&signer, &digest, "PKIX_ECDSA_P256_SHA_256");
    let top = "/hashedRekordRequestV002";
    let changed = |pointer: &str, value: Value| {
        let mut bad = good.clone();
        *bad.pointer_mut(&format!("{top}{pointer}")).unwrap() = value;
        bad
    };
    let elsewhere = base64::encode(HashAlgorithm::Sha256.digest(b"b").bytes());
    let longer = base64::encode(HashAlgorithm::Sha512.digest(b"b").bytes());
    let spki = base64::encode(other.public_key().spki_der());
    let envelope = envelope(&[&signer]);
    let dsse = |verifiers: &[(LoggedVerifier, &str)]| propose::dsse_002(envelope.to_value(), verifiers);
    let named = "PKIX_ECDSA_P256_SHA_256";
    let mut forged = dsse(&[(public(&signer), named)]);
    forged["dsseRequestV002"]["envelope"]["payload"] = base64::encode("another").into();
    let wrong = "it is not by the key given over the digest given";
    let (ed, p384) = (key(KeyType::Ed25519), key(KeyType::P384));
    let mut two_kinds = good.clone();
    two_kinds["dsseRequestV002"] = json!({});
    for (bad, reason) in [
        (changed("/digest", elsewhere.into()), wrong),
        (changed("/signature/verifier/publicKey/rawBytes", spki.into()), wrong),
        (changed("/signature/content", "AAAA".into()), wrong),
        (changed("/digest", longer.into()), "hashedRekordRequestV002.digest"),
        (changed("/digest", "".into()), "hashedRekordRequestV002.digest"),
        (changed("/signature/verifier/keyDetails", "PKIX_ED25519_PH".into()), "keyDetails"),
        (changed("/signature/verifier/keyDetails", "PKIX_MAGIC".into()), "`PKIX_MAGIC` is not understood"),
        (changed("/signature/verifier", json!({ "keyDetails": named })), "neither"),
        (changed("/signature", json!({})), "signature"),
        (hashedrekord(&p384, &digest, "PKIX_ECDSA_P384_SHA_256"), "do not sign digests here"),
        (hashedrekord(&ed, &HashAlgorithm::Sha512.digest(b"a"), "PKIX_ED25519"), "do not sign digests here"),
        (dsse(&[(public(&other), named)]), "is not by any of the keys"),
        (dsse(&[(public(&signer), named), (public(&other), named)]), "verifier 1 has made no signature"),
        (dsse(&[]), "is not by any of the keys"),
        (forged, "is not by any of the keys"),
        (two_kinds, ""),
        (json!({ "hashedRekordRequestV001": {} }), "invalid type"),
        (json!({}), "invalid type"),
        (json!(7), ""),
    ] {
        let reply = create(&rekor, &bad);
        let json = reply.json();
        assert_eq!((reply.status, &json["code"], &json["details"]), (400, &json!(3), &json!([])), "{bad}");
        assert!(json["message"].as_str().unwrap().contains(reason), "{json}");
    }
    assert_eq!(call(&rekor, "POST", "/api/v2/log/entries", "{").status, 400);
    assert_eq!(call(&rekor, "POST", "/api/v2/log/entries", vec![b' '; REQUEST_LIMITS[1] + 1]).status, 413);
    assert_eq!(rekor.log().size(), 1, "nothing of it was logged");
}

/// A body that no bundle of entries can hold is refused, not logged.
#[test]
fn an_entry_longer_than_a_tile_can_hold_is_refused() {
    let place = Place::new();
    let rekor = Arc::new(place.open());
    let signer = key(KeyType::Rsa { bits: 4096 });
    let mut large = envelope(&[&signer]);
    large.signatures = vec![large.signatures[0].clone(); 64];
    let request = propose::dsse_002(large.to_value(), &[(public(&signer), "PKIX_RSA_PKCS1V15_4096_SHA256")]);
    let reply = create(&rekor, &request);
    assert_eq!(reply.status, 400, "{}", reply.json());
    assert!(reply.json()["message"].as_str().unwrap().ends_with("the limit is 65535"));
}

/// Whoever reads tiles alone gets to the checkpoint's root.
#[test]
fn the_log_is_read_as_tiles() {
    let (place, signer) = (Place::new(), key(KeyType::P256));
    let rekor = Arc::new(place.open());
    for i in 0..3u8 {
        create(
            &rekor,
            &hashedrekord(&signer, &HashAlgorithm::Sha256.digest(&[i]), "PKIX_ECDSA_P256_SHA_256"),
        );
    }
    let reply = call(&rekor, "GET", "/api/v2/checkpoint", "");
    assert_eq!(reply.headers["content-type"], "text/plain; charset=utf-8");
    let checkpoint = Checkpoint::parse(&String::from_utf8(reply.bytes).unwrap()).unwrap();
    checkpoint.verify("127.0.0.1", rekor.public_key()).unwrap();
    assert_eq!(checkpoint.tree_size, 4);
    let bundle = call(&rekor, "GET", "/api/v2/tile/entries/000.p/4", "");
    assert_eq!(
        (bundle.status, bundle.headers["content-type"].to_str().unwrap()),
        (200, "application/octet-stream")
    );
    let (mut rest, mut tree) = (bundle.bytes.as_slice(), crate::tlog::issue::tree::Tree::new());
    while let Some((length, data)) = rest.split_first_chunk::<2>() {
        let (body, data) = data.split_at(u16::from_be_bytes(*length).into());
        crate::tlog::body::parse(body).unwrap();
        tree.append(body);
        rest = data;
    }
    assert_eq!(tree.root().to_vec(), checkpoint.root_hash);
    let tile = call(&rekor, "GET", "/api/v2/tile/0/000.p/4", "");
    assert_eq!(tile.bytes, tree.full_subtrees(0, 0, 4).unwrap().as_flattened());
    for (path, status) in [
        ("0/000", 404),
        ("0/000.p/5", 404),
        ("1/000.p/1", 404),
        ("entries/000", 404),
        ("entries/x001/000.p/1", 404),
        ("0/0", 400),
        ("9999999999/000", 400),
        ("entries/..%2F..%2Fkeys", 400),
        ("x", 400),
    ] {
        assert_eq!(call(&rekor, "GET", &format!("/api/v2/tile/{path}"), "").status, status, "{path}");
    }
    assert_eq!(call(&rekor, "GET", "/api/v2/nothing", "").status, 404);
}

#[test]
fn a_witness_cosigns_every_checkpoint() {
    let (place, witness) = (Place::new(), key(KeyType::Ed25519));
    let public = witness.public_key().clone();
    let rekor = Arc::new(place.open().with_witness("witness.example", witness));
    let text = String::from_utf8(call(&rekor, "GET", "/api/v2/checkpoint", "").bytes).unwrap();
    let checkpoint = Checkpoint::parse(&text).unwrap();
    checkpoint.verify("127.0.0.1", rekor.public_key()).unwrap();
    let line = &checkpoint.signatures[1];
    let (time, signature) = line.signature.split_first_chunk::<8>().unwrap();
    let head = format!("cosignature/v1\ntime {}\n", u64::from_be_bytes(*time));
    let message = [head.as_bytes(), &checkpoint.signed].concat();
    public.verify(SignatureScheme::Ed25519, Signed::Message(&message), signature).unwrap();
    assert_eq!(line.name, "witness.example");
}
