use axum::body::{Body, to_bytes};
use axum::http::{self, Method};
use tower::ServiceExt as _;

use super::*;
use crate::crypto::{KeyType, PrivateKey, SigningInput, UnixTime, base64};
use crate::sandbox::oidc::{Claims, GithubWorkflow, Identity};
use crate::x509::issue::fixtures::key;
use crate::x509::path::{self, Usage};
use crate::x509::{SubjectAlternativeName, fulcio as extensions, request as csr, sct};

const ISSUER: &str = "http://127.0.0.1:8400";
const MAIL: &str = "ann@example.com";
const KINDS: [KeyType; 5] =
    [KeyType::P256, KeyType::P384, KeyType::P521, KeyType::Rsa { bits: 2048 }, KeyType::Ed25519];

struct World {
    _place: tempfile::TempDir,
    issuer: Arc<Issuer>,
    fulcio: Arc<Fulcio>,
}

impl World {
    fn new() -> Self {
        Self::with(Clock::default())
    }

    fn with(clock: Clock) -> Self {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::open(place.path()).unwrap();
        let issuer = Arc::new(Issuer::open(&folder, ISSUER, Vec::new(), Arc::default()).unwrap());
        let fulcio = Fulcio::open(&folder, Arc::clone(&issuer), Arc::new(clock), Arc::default()).unwrap();
        Self { _place: place, issuer, fulcio: Arc::new(fulcio) }
    }

    fn token(&self, identity: Identity) -> String {
        self.issuer.mint(&Claims::new(identity)).unwrap()
    }

    fn mail(&self) -> String {
        self.token(Identity::Email(MAIL.to_owned()))
    }

    fn ask(&self, method: Method, path: &str, token: Option<&str>, body: impl Into<Body>) -> (u16, String) {
        let mut request = http::Request::builder().method(method).uri(path);
        request = request.header("content-type", "application/json");
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let request = request.body(body.into()).unwrap();
        let router = Arc::clone(&self.fulcio).router();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let response = router.oneshot(request).await.unwrap();
            let status = response.status().as_u16();
            let body = to_bytes(response.into_body(), 1 << 20).await.unwrap();
            (status, String::from_utf8(body.to_vec()).unwrap())
        })
    }

    fn v2(&self, body: &Value) -> (u16, String) {
        self.ask(Method::POST, "/api/v2/signingCert", None, body.to_string())
    }

    /// The certificate, verified as clients do it: path, SCT, names.
    fn certificate(&self, body: &Value) -> Certificate {
        let (status, reply) = self.v2(body);
        assert_eq!(status, 200, "{reply}");
        let reply: Value = serde_json::from_str(&reply).unwrap();
        let chain = reply["signedCertificateEmbeddedSct"]["chain"]["certificates"].as_array().unwrap();
        let chain: Vec<String> = chain.iter().map(|it| it.as_str().unwrap().to_owned()).collect();
        self.judged(&chain.concat())
    }

    fn judged(&self, chain: &str) -> Certificate {
        let chain = Certificate::chain_from_pem(chain.as_bytes()).unwrap();
        let [leaf, intermediate, root] = chain.as_slice() else { panic!("{} certificates", chain.len()) };
        assert_eq!([intermediate, root], self.fulcio.chain());
        let time = leaf.not_before();
        assert_eq!(leaf.not_after(), time.plus_seconds(600));
        let (anchors, others) = ([root.clone()], [intermediate.clone()]);
        path::verify(leaf, &others, &anchors, time, Usage::CodeSigning).unwrap();
        assert!(path::verify(leaf, &others, &anchors, time.plus_seconds(601), Usage::CodeSigning).is_err());
        let scts = sct::embedded(leaf).unwrap();
        let log = self.fulcio.certificate_log();
        assert_eq!((scts.len(), scts[0].log_id), (1, log.log_id()));
        assert!(sct::verify(&scts[0], leaf, intermediate, log.public_key()));
        leaf.clone()
    }
}

fn sign(key: &PrivateKey, message: &str) -> String {
    base64::encode(key.sign_now(&SigningInput::message(message.into())).unwrap())
}

fn asked(token: &str, key: &PrivateKey, name: &str) -> Value {
    json!({
        "credentials": { "oidcIdentityToken": token },
        "publicKeyRequest": {
            "publicKey": { "algorithm": "ECDSA", "content": key.public_key().to_pem() },
            "proofOfPossession": sign(key, name),
        },
    })
}

fn requested(token: &str, key: &PrivateKey) -> Value {
    let info = csr::to_be_signed(key.public_key());
    let signature = key.sign_now(&SigningInput::message(info.clone())).unwrap();
    let request = base64::encode(csr::pem(&info, key.public_key(), &signature));
    json!({ "credentials": { "oidcIdentityToken": token }, "certificateSigningRequest": request })
}

#[test]
fn every_kind_of_key_gets_a_certificate_either_way() {
    let world = World::new();
    let token = world.mail();
    for kind in KINDS {
        let key = key(kind, "fulcio-leaf");
        for body in [asked(&token, key, MAIL), requested(&token, key)] {
            let leaf = world.certificate(&body);
            assert_eq!(leaf.public_key().unwrap(), *key.public_key());
            let names = leaf.subject_alternative_names().unwrap();
            assert_eq!(names, [SubjectAlternativeName::Email(MAIL.to_owned())]);
            assert_eq!(extensions::extensions(&leaf).unwrap().issuer.as_deref(), Some(ISSUER));
        }
    }
    assert_eq!(world.fulcio.certificate_log().log().size(), 10);
}

#[test]
fn keys_are_taken_in_every_form_by_both_interfaces() {
    let world = World::new();
    let token = world.mail();
    let key = key(KeyType::P256, "fulcio-leaf");
    let (pem, der) = (key.public_key().to_pem(), key.public_key().spki_der());
    for content in [pem.clone(), base64::encode(&pem), base64::encode(der)] {
        let mut body = asked(&token, key, MAIL);
        body["publicKeyRequest"]["publicKey"]["content"] = json!(content);
        world.certificate(&body);
        let body = json!({
            "publicKey": { "content": content, "algorithm": "ecdsa" }, "signedEmailAddress": sign(key, MAIL),
        });
        let (status, chain) = world.ask(Method::POST, "/api/v1/signingCert", Some(&token), body.to_string());
        assert_eq!(status, 201, "{chain}");
        world.judged(&chain);
    }
    let mut body = requested(&token, key);
    body.as_object_mut().unwrap().remove("credentials");
    for path in ["/api/v1/signingCert", "/api/v2/signingCert"] {
        let (status, reply) = world.ask(Method::POST, path, Some(&token), body.to_string());
        assert!(status == 200 || status == 201, "{path}: {reply}");
    }
}

#[test]
fn workflows_and_uris_are_in_the_extensions() {
    let world = World::new();
    let key = key(KeyType::P256, "fulcio-leaf");
    let uri = "https://ci.example.com/build/7";
    let leaf = world.certificate(&asked(&world.token(Identity::Uri(uri.into())), key, uri));
    assert_eq!(leaf.subject_alternative_names().unwrap(), [SubjectAlternativeName::Uri(uri.into())]);

    let mut run = GithubWorkflow::new("octo/repo");
    run.environment = Some("prod".into());
    let claims = Claims {
        upstream_issuer: Some("https://token.actions.githubusercontent.com".into()),
        ..Claims::new(Identity::GithubWorkflow(Box::new(run.clone())))
    };
    let token = world.issuer.mint(&claims).unwrap();
    let leaf = world.certificate(&asked(&token, key, "repo:octo/repo:environment:prod"));
    let signer = "https://github.com/octo/repo/.github/workflows/release.yml@refs/heads/main";
    assert_eq!(leaf.subject_alternative_names().unwrap(), [SubjectAlternativeName::Uri(signer.into())]);
    let read = extensions::extensions(&leaf).unwrap();
    assert_eq!(read.issuer.as_deref(), Some("https://token.actions.githubusercontent.com"));
    assert_eq!(read.github_workflow_trigger.as_deref(), Some("push"));
    assert_eq!(read.github_workflow_sha.as_deref(), Some(run.sha.as_str()));
    assert_eq!(read.github_workflow_name.as_deref(), Some("Release"));
    assert_eq!(read.github_workflow_repository.as_deref(), Some("octo/repo"));
    assert_eq!(read.github_workflow_ref.as_deref(), Some("refs/heads/main"));
    let others: Vec<(&str, &str)> = read.others.iter().map(|(_, name, value)| (*name, &**value)).collect();
    assert_eq!(
        others,
        [
            ("Build Signer URI", signer),
            ("Build Signer Digest", &run.sha),
            ("Runner Environment", "github-hosted"),
            ("Source Repository URI", "https://github.com/octo/repo"),
            ("Source Repository Digest", &run.sha),
            ("Source Repository Ref", "refs/heads/main"),
            ("Source Repository Identifier", "1296269"),
            ("Source Repository Owner URI", "https://github.com/octo"),
            ("Source Repository Owner Identifier", "583231"),
            ("Build Config URI", signer),
            ("Build Config Digest", &run.sha),
            ("Build Trigger", "push"),
            ("Run Invocation URI", "https://github.com/octo/repo/actions/runs/30433642/attempts/1"),
            ("Source Repository Visibility At Signing", "public"),
            ("Deployment Environment", "prod"),
            ("Token Subject", "repo:octo/repo:environment:prod"),
        ]
    );
}

/// The message of a refusal, which has the form of gRPC's gateway.
fn refused(world: &World, body: &Value, words: &str) {
    let (status, reply) = world.v2(body);
    let reply: Value = serde_json::from_str(&reply).unwrap();
    assert_eq!((status, &reply["code"]), (400, &json!(3)), "{reply}");
    assert!(reply["message"].as_str().unwrap().contains(words), "{words}: {reply}");
    assert_eq!(world.fulcio.certificate_log().log().size(), 0);
}

#[test]
fn nobody_gets_a_certificate_for_somebody_else() {
    let world = World::new();
    let key = key(KeyType::P256, "fulcio-leaf");
    let good = world.mail();
    let other = World::new();
    refused(&world, &asked(&other.mail(), key, MAIL), request::TOKEN);
    let claims = |change: fn(&mut Claims)| {
        let mut claims = Claims::new(Identity::Email(MAIL.into()));
        change(&mut claims);
        world.issuer.mint(&claims).unwrap()
    };
    refused(&world, &asked(&claims(|it| it.audience = "other".into()), key, MAIL), "not made out to");
    refused(&world, &asked(&claims(|it| it.lifetime = 0), key, MAIL), "expired");
    let claims = |claims: Value| base64::encode_url(claims.to_string());
    let now = UnixTime::from_seconds(4_000_000_000).seconds();
    let unsigned = format!(
        "{}.{}.",
        claims(json!({ "alg": "none" })),
        claims(json!({ "iss": ISSUER, "sub": MAIL, "aud": "sigstore", "exp": now }))
    );
    refused(&world, &asked(&unsigned, key, MAIL), "another algorithm");
    refused(&world, &asked("", key, MAIL), "there is none");
    let nobody = world.token(Identity::Uri("nobody".into()));
    refused(&world, &asked(&nobody, key, "nobody"), "neither is there an `email`");
    // The proof is over another name, by another key, or none.
    const WORDS: &str = "The signature supplied in the request could not be verified";
    refused(&world, &asked(&good, key, "bob@example.com"), WORDS);
    let mut foreign = asked(&good, key, MAIL);
    foreign["publicKeyRequest"]["proofOfPossession"] =
        json!(sign(crate::x509::issue::fixtures::key(KeyType::P256, "fulcio-other"), MAIL));
    refused(&world, &foreign, WORDS);
    foreign["publicKeyRequest"]["proofOfPossession"] = json!("");
    refused(&world, &foreign, WORDS);
    let mut request = requested(&good, key);
    let text = base64::decode(request["certificateSigningRequest"].as_str().unwrap()).unwrap();
    let mut der = crate::crypto::pem::decode("t", &text, 1).unwrap().remove(0).contents;
    *der.last_mut().unwrap() ^= 1;
    request["certificateSigningRequest"] = json!(base64::encode(&der));
    refused(&world, &request, WORDS);
}

/// The clock of the authority decides, not that of the issuer.
#[test]
fn tokens_are_judged_by_the_clock_of_the_authority() {
    let key = key(KeyType::P256, "fulcio-leaf");
    let late = World::with(Clock::ahead_by(601));
    refused(&late, &asked(&late.mail(), key, MAIL), "expired");
    let early = World::with(Clock::ahead_by(-3600));
    refused(&early, &asked(&early.mail(), key, MAIL), "of use from");
}

#[test]
fn what_is_malformed_is_refused_with_a_reason() {
    let world = World::new();
    let key = key(KeyType::P256, "fulcio-leaf");
    let good = asked(&world.mail(), key, MAIL);
    let with = |change: fn(&mut Value)| {
        let mut body = good.clone();
        change(&mut body);
        body
    };
    for (body, words) in [
        (json!([]), "request"),
        (json!({}), "neither a public key"),
        (with(|it| it["publicKeyRequest"] = json!(null)), "neither a public key"),
        (with(|it| it["publicKeyRequest"] = json!("x")), "publicKeyRequest"),
        (with(|it| it["certificateSigningRequest"] = json!("AAAA")), "both a public key"),
        (with(|it| it["credentials"] = json!({ "oidcIdentityToken": 1 })), "oidcIdentityToken"),
        (with(|it| it["publicKeyRequest"]["proofOfPossession"] = json!("*")), "proofOfPossession"),
        (
            with(|it| it["publicKeyRequest"]["publicKey"]["content"] = json!("AAAA")),
            "The public key supplied in the request could not be parsed",
        ),
        (
            with(|it| it["publicKeyRequest"]["publicKey"]["content"] = json!("-----BEGIN PUBLIC KEY-----")),
            "The public key supplied in the request could not be parsed",
        ),
        (
            with(|it| {
                it.as_object_mut().unwrap().remove("publicKeyRequest");
                it["certificateSigningRequest"] = json!("AAAA");
            }),
            "The certificate signing request could not be parsed",
        ),
    ] {
        refused(&world, &body, words);
    }
    let post = |body: Vec<u8>| world.ask(Method::POST, "/api/v2/signingCert", None, body).0;
    assert_eq!(post(b"{".to_vec()), 400);
    assert_eq!(post(b"{\"a\":1,\"a\":2}".to_vec()), 400);
    assert_eq!(post(vec![b' '; MAX_BODY + 1]), 413);
    assert_eq!(post(vec![b'['; 10_000]), 400);
    assert_eq!(world.ask(Method::GET, "/api/v2/signingCert", None, "").0, 405);
    assert_eq!(world.ask(Method::GET, "/", None, "").0, 404);
}

#[test]
fn what_clients_trust_is_told_and_stays() {
    let world = World::new();
    let chain = world.fulcio.chain().map(Certificate::to_pem);
    let (_, bundle) = world.ask(Method::GET, "/api/v2/trustBundle", None, "");
    let bundle: Value = serde_json::from_str(&bundle).unwrap();
    assert_eq!(bundle["chains"][0]["certificates"], json!(chain));
    assert_eq!(world.ask(Method::GET, "/api/v1/rootCert", None, "").1, chain.concat());
    let (_, configuration) = world.ask(Method::GET, "/api/v2/configuration", None, "");
    assert!(configuration.contains(ISSUER), "{configuration}");
    let log = world.fulcio.certificate_log().log_id();
    let World { _place: place, issuer, fulcio } = world;
    drop(fulcio);
    let folder = Folder::open(place.path()).unwrap();
    let again = Fulcio::open(&folder, issuer, Arc::default(), Arc::default()).unwrap();
    assert_eq!((again.chain().map(Certificate::to_pem), again.certificate_log().log_id()), (chain, log));
}
