use axum::body::{Body, to_bytes};
use axum::http;
use tower::ServiceExt as _;

use super::*;
use crate::crypto::{HashAlgorithm, SignatureScheme, Signed, UnixTime, sha256};
use crate::sandbox::authority::{Authority, Role};
use crate::tlog::merkle::leaf_hash;
use crate::x509::SubjectAlternativeName;
use crate::x509::issue::fixtures::p256;
use crate::x509::issue::{Template, Validity};
use crate::x509::sct;

struct World {
    _place: tempfile::TempDir,
    ca: Authority,
    log: Arc<CertificateLog>,
    runtime: tokio::runtime::Runtime,
}

impl World {
    fn new() -> Self {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::open(place.path()).unwrap();
        let now = UnixTime::from_seconds(1_700_000_000);
        let ca = Authority::open(&folder, "ca", Role::Root, None, now).unwrap();
        let log = CertificateLog::open(&folder, Arc::default(), vec![ca.certificate.clone()]).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        Self { _place: place, ca, log: Arc::new(log), runtime }
    }

    fn template(&self, serial: u8) -> Template {
        let from = UnixTime::from_seconds(1_700_000_000);
        let validity = Validity { not_before: from, not_after: from.plus_seconds(600) };
        let name = SubjectAlternativeName::Email("a@b.c".into());
        Template::fulcio(name, "http://i", validity).serial(&[serial])
    }

    /// Takes one in as the authority does, and returns its certificate.
    fn add(&self, serial: u8) -> Certificate {
        let (template, subject) = (self.template(serial), p256("ct-leaf").public_key());
        let tbs = template.precertificate_tbs(subject, self.ca.issuer()).unwrap();
        let precertificate = template.precertificate(subject, self.ca.issuer()).unwrap();
        let hash = sha256(self.ca.key.public_key().spki_der());
        let chain = [&self.ca.certificate];
        let sct = self.runtime.block_on(self.log.add(hash, tbs, &precertificate, &chain)).unwrap();
        let leaf = template.issue_with(subject, self.ca.issuer(), &[sct]).unwrap();
        let embedded = sct::embedded(&leaf).unwrap();
        assert!(sct::verify(&embedded[0], &leaf, &self.ca.certificate, self.log.public_key()));
        leaf
    }

    fn ask(&self, request: http::Request<Body>) -> (u16, Value) {
        let router = Arc::clone(&self.log).router();
        self.runtime.block_on(async {
            let response = router.oneshot(request).await.unwrap();
            let status = response.status().as_u16();
            let body = to_bytes(response.into_body(), 1 << 22).await.unwrap();
            (status, serde_json::from_slice(&body).unwrap_or_default())
        })
    }

    fn get(&self, path: &str) -> (u16, Value) {
        self.ask(http::Request::get(format!("/ct/v1/{path}")).body(Body::empty()).unwrap())
    }

    fn post(&self, body: String) -> (u16, Value) {
        self.ask(http::Request::post("/ct/v1/add-pre-chain").body(Body::from(body)).unwrap())
    }
}

fn bytes(value: &Value) -> Vec<u8> {
    base64::decode(value.as_str().unwrap()).unwrap()
}

#[test]
fn what_was_promised_is_in_the_tree() {
    let world = World::new();
    for serial in 1..=5 {
        world.add(serial);
    }
    let (_, head) = world.get("get-sth");
    assert_eq!(head["tree_size"], 5);
    let signed = [
        &[0, 1][..],
        &head["timestamp"].as_u64().unwrap().to_be_bytes(),
        &5_u64.to_be_bytes(),
        &bytes(&head["sha256_root_hash"]),
    ]
    .concat();
    let signature = bytes(&head["tree_head_signature"]);
    let scheme = SignatureScheme::Ecdsa(HashAlgorithm::Sha256);
    world.log.public_key().verify(scheme, Signed::Message(&signed), &signature[4..]).unwrap();

    let (_, entries) = world.get("get-entries?start=0&end=99");
    let entries = entries["entries"].as_array().unwrap();
    assert_eq!(entries.len(), 5);
    for (index, entry) in entries.iter().enumerate() {
        let leaf = bytes(&entry["leaf_input"]);
        assert_eq!(leaf[..2], [0, 0], "version v1, timestamped_entry");
        assert_eq!(leaf[10..12], [0, 1], "precert_entry");
        assert_eq!(leaf[12..44], sha256(world.ca.key.public_key().spki_der()));
        // PrecertChainEntry: the precertificate with its poison, and the chain.
        let extra = bytes(&entry["extra_data"]);
        let length = usize::from(extra[1]) * 256 + usize::from(extra[2]);
        let precertificate = Certificate::from_der(&extra[3..3 + length]).unwrap();
        assert!(precertificate.is_issued_by(&world.ca.certificate));
        assert!(extra.ends_with(world.ca.certificate.der()));
        let hash = base64::encode(leaf_hash(&leaf));
        let hash = hash.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
        let (status, proof) = world.get(&format!("get-proof-by-hash?hash={hash}&tree_size=5"));
        assert_eq!((status, &proof["leaf_index"]), (200, &json!(index)), "{proof}");
        let path = proof["audit_path"].as_array().unwrap().iter().map(bytes).collect::<Vec<_>>();
        let expected = world.log.log.inclusion_path(index as u64, 5).unwrap();
        assert_eq!(path, expected.iter().map(|it| it.to_vec()).collect::<Vec<_>>());
    }
    let (status, grown) = world.get("get-sth-consistency?first=3&second=5");
    assert_eq!((status, grown["consistency"].as_array().unwrap().len()), (200, 4));
    assert_eq!(world.get("get-sth-consistency?first=0&second=5"), (200, json!({ "consistency": [] })));
}

#[test]
fn what_is_not_there_is_refused() {
    let world = World::new();
    assert_eq!(world.get("get-sth").1["tree_size"], 0);
    assert_eq!(world.get("get-entries?start=0&end=0").0, 400);
    world.add(1);
    for path in [
        "get-entries",
        "get-entries?start=0",
        "get-entries?start=1&end=1",
        "get-entries?start=1&end=0",
        "get-entries?start=-1&end=0",
        "get-entries?start=0&end=99999999999999999999999",
        "get-entries?start=0&start=0&end=0",
        "get-proof-by-hash?hash=AAAA&tree_size=1",
        "get-proof-by-hash?tree_size=1",
        "get-sth-consistency?first=1&second=2",
        "get-sth-consistency?first=1&second=0",
    ] {
        assert_eq!(world.get(path).0, 400, "{path}");
    }
    let unknown = base64::encode([0; 32]).replace('=', "%3D");
    assert_eq!(world.get(&format!("get-proof-by-hash?hash={unknown}&tree_size=1")).0, 404);
    assert_eq!(world.get(&format!("get-proof-by-hash?hash={unknown}&tree_size=2")).0, 400);
    assert_eq!(world.get("get-entries?start=0&end=18446744073709551615").0, 200);
}

#[test]
fn precertificates_of_its_issuers_are_taken_in_by_http() {
    let world = World::new();
    let (template, subject) = (world.template(7), p256("ct-leaf").public_key());
    let issuer = base64::encode(world.ca.certificate.der());
    let precertificate = template.precertificate(subject, world.ca.issuer()).unwrap();
    let body = |chain: &[&str]| json!({ "chain": chain }).to_string();
    let (status, reply) = world.post(body(&[&base64::encode(&precertificate), &issuer]));
    assert_eq!(status, 200, "{reply}");
    let leaf = {
        let witnessed = sct::parse_detached(reply.to_string().as_bytes()).unwrap();
        template.issue_with(subject, world.ca.issuer(), &[witnessed]).unwrap()
    };
    let embedded = sct::embedded(&leaf).unwrap();
    assert!(sct::verify(&embedded[0], &leaf, &world.ca.certificate, world.log.public_key()));
    assert_eq!(world.get("get-roots").1["certificates"], json!([issuer]));

    let other = World::new();
    let foreign = base64::encode(other.template(7).precertificate(subject, other.ca.issuer()).unwrap());
    for chain in [
        &[foreign.as_str(), &base64::encode(other.ca.certificate.der())][..],
        &[&foreign, &issuer],
        &[&base64::encode(&precertificate)],
        &[],
        &["AAAA", &issuer],
    ] {
        assert_eq!(world.post(body(chain)).0, 400);
    }
    assert_eq!(world.post("{".into()).0, 400);
    assert_eq!(world.post(" ".repeat(MAX_BODY + 1)).0, 413);
    assert_eq!(world.log.log.size(), 1);
}
