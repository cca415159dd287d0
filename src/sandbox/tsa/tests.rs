use axum::body::{Body, to_bytes};
use axum::http;
use tower::ServiceExt as _;

use super::*;
use crate::crypto::base64;
use crate::timestamp::{Authority as Trusted, Token, encode_request, refusal, verify};

const QUERY: &str = "application/timestamp-query";
const SIGNED: &[u8] = b"a signature";

struct World {
    place: tempfile::TempDir,
    authority: Arc<TimestampAuthority>,
}

impl World {
    fn new() -> Self {
        Self::at(tempfile::tempdir().unwrap(), Clock::default())
    }

    fn at(place: tempfile::TempDir, clock: Clock) -> Self {
        let folder = Folder::open(place.path()).unwrap();
        let authority = Arc::new(TimestampAuthority::open(&folder, Arc::new(clock)).unwrap());
        Self { place, authority }
    }

    fn post(&self, kind: &str, body: impl Into<Body>) -> (u16, String, Vec<u8>) {
        let request = http::Request::post("/api/v1/timestamp").header("content-type", kind);
        let router = Arc::clone(&self.authority).router();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let response = router.oneshot(request.body(body.into()).unwrap()).await.unwrap();
            let status = response.status().as_u16();
            let kind = response.headers().get("content-type").map(|it| it.to_str().unwrap().to_owned());
            let body = to_bytes(response.into_body(), 1 << 20).await.unwrap();
            (status, kind.unwrap_or_default(), body.to_vec())
        })
    }

    fn token(&self, kind: &str, body: impl Into<Body>) -> Token {
        let (status, kind, body) = self.post(kind, body);
        assert_eq!((status, &*kind), (201, REPLY), "{}", String::from_utf8_lossy(&body));
        let token = Token::from_der(&body).unwrap();
        let [leaf, root] = self.authority.chain().map(Clone::clone);
        let trusted = Trusted { anchors: &[root], others: &[leaf] };
        assert_eq!(verify(&token, SIGNED, trusted).unwrap(), token.gen_time());
        assert!(verify(&token, b"other", trusted).is_err());
        token
    }
}

#[test]
fn every_hash_is_timestamped_with_the_nonce_of_the_request() {
    let world = World::new();
    for hash in [HashAlgorithm::Sha256, HashAlgorithm::Sha384, HashAlgorithm::Sha512] {
        let imprint = hash.digest(SIGNED);
        let token = world.token(QUERY, encode_request(&imprint, &[0x81, 2, 3]));
        assert_eq!((token.imprint(), token.nonce()), (&imprint, Some(&[0x81, 2, 3][..])));
        assert_eq!((token.policy(), token.certificates().len()), (POLICY, 1));
        let name = hash.name().replace("sha", "sha-");
        for name in [hash.name(), &name] {
            let body = json!({
                "artifactHash": base64::encode(imprint.bytes()), "hashAlgorithm": name, "nonce": 258,
                "certificates": false, "tsaPolicyOID": POLICY,
            });
            let token = world.token("application/json; charset=utf-8", body.to_string());
            assert_eq!((token.nonce(), token.certificates().len()), (Some(&[1, 2][..]), 0));
        }
    }
    let body = json!({
        "artifactHash": base64::encode(HashAlgorithm::Sha256.digest(SIGNED).bytes()), "hashAlgorithm": "sha256",
        "certificates": true,
    });
    let token = world.token("application/json", body.to_string());
    assert_eq!((token.nonce(), token.certificates().len()), (None, 1));
}

#[test]
fn no_serial_number_is_given_out_twice() {
    let mut world = World::new();
    let mut seen = std::collections::BTreeSet::new();
    let request = encode_request(&HashAlgorithm::Sha256.digest(SIGNED), &[1]);
    for _ in 0..3 {
        for _ in 0..5 {
            assert!(seen.insert(world.token(QUERY, request.clone()).serial()));
        }
        let chain = world.authority.chain().map(Clone::clone);
        let World { place, authority } = world;
        drop(authority);
        world = World::at(place, Clock::default());
        assert_eq!(world.authority.chain().map(Clone::clone), chain);
    }
    std::fs::write(world.place.path().join(SERIAL_FILE), "rubbish").unwrap();
    let folder = Folder::open(world.place.path()).unwrap();
    assert!(TimestampAuthority::open(&folder, Arc::default()).is_err());
}

#[test]
fn the_time_is_that_of_its_clock() {
    let world = World::at(tempfile::tempdir().unwrap(), Clock::ahead_by(7200));
    let token = world.token(QUERY, encode_request(&HashAlgorithm::Sha256.digest(SIGNED), &[1]));
    let ahead = token.gen_time().seconds() - Clock::default().now().seconds();
    assert!((7198..=7202).contains(&ahead), "{ahead}");
}

#[test]
fn refusals_say_why_in_the_form_of_the_request() {
    let world = World::new();
    let good = encode_request(&HashAlgorithm::Sha256.digest(SIGNED), &[1]);
    // SHA-1, with the digest that it has.
    let mut sha_1 = b"\x30\x21\x02\x01\x01\x30\x1c\x30\x07\x06\x05\x2b\x0e\x03\x02\x1a\x04\x11".to_vec();
    sha_1.extend([7; 17]);
    let mut policy = good.clone();
    let at = policy.len() - 6;
    policy.splice(at..at, [0x06, 0x03, 0x2a, 0x03, 0x04]);
    policy[1] += 5;
    for (body, status, words) in [
        (sha_1, 200, "badAlg"),
        (policy, 200, "unacceptedPolicy"),
        (good[..good.len() - 1].to_vec(), 400, "badDataFormat"),
        (Vec::new(), 400, "badDataFormat"),
        (vec![0x30; 9000], 400, "badDataFormat"),
    ] {
        let (found, kind, body) = world.post(QUERY, body);
        assert_eq!((found, &*kind), (status, REPLY), "{words}");
        assert!(Token::from_der(&body).is_err());
        let said = refusal(&body).unwrap();
        assert!(said.contains(words), "{words}: {said}");
    }
    let hash = base64::encode([7; 32]);
    for (body, words) in [
        (json!({ "hashAlgorithm": "sha256" }), "artifactHash"),
        (json!({ "artifactHash": hash, "hashAlgorithm": "sha1" }), "not sha256"),
        (json!({ "artifactHash": hash, "hashAlgorithm": "sha224" }), "not sha256"),
        (json!({ "artifactHash": hash, "hashAlgorithm": "sha512" }), "artifactHash"),
        (json!({ "artifactHash": hash, "hashAlgorithm": "sha256", "nonce": -1 }), "nonce"),
        (json!({ "artifactHash": hash, "hashAlgorithm": "sha256", "certificates": "yes" }), "certificates"),
        (json!({ "artifactHash": hash, "hashAlgorithm": "sha256", "tsaPolicyOID": "1.2.3" }), "policy"),
        (json!([]), "timestamp request"),
    ] {
        let (status, _, body) = world.post("application/json", body.to_string());
        let body: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!((status, &body["code"]), (400, &json!(400)), "{body}");
        assert!(body["message"].as_str().unwrap().contains(words), "{words}: {body}");
    }
    assert_eq!(world.post("text/plain", good.clone()).0, 415);
    assert_eq!(world.post(QUERY, vec![0; MAX_BODY + 1]).0, 413);
}

#[test]
fn the_chain_is_told() {
    let world = World::new();
    let router = Arc::clone(&world.authority).router();
    let request = http::Request::get("/api/v1/timestamp/certchain").body(Body::empty()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let body = runtime.block_on(async {
        to_bytes(router.oneshot(request).await.unwrap().into_body(), 1 << 16).await.unwrap()
    });
    let chain = Certificate::chain_from_pem(&body).unwrap();
    assert_eq!(chain, world.authority.chain().map(Clone::clone));
    assert!(chain[0].is_issued_by(&chain[1]) && chain[0].is_for_time_stamping());
}
