use std::path::{Path, PathBuf};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, SystemTime};

use super::*;

fn data(name: &str) -> Vec<u8> {
    let path: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata").join(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn bundle(name: &str) -> Bundle {
    Bundle::from_json(&data(name)).unwrap()
}

fn key(name: &str) -> PublicKey {
    PublicKey::from_pem(&data(name)).unwrap()
}

/// Judges a bundle of `mock-sigstore` about its artifact.
fn mock(policy: Policy, name: &str) -> Result<Verification, VerifyError> {
    let root = TrustedRoot::from_json(&data("mock-sigstore/trusted_root.json")).unwrap();
    let artifact = data("mock-sigstore/artifact.txt");
    Verifier::new(root, policy).verify(
        &bundle(&format!("mock-sigstore/{name}")),
        Artifact::from_bytes(&artifact),
        Time::now(),
    )
}

fn dev() -> Identity {
    Identity::new(Matcher::exact("dev@example.com"), Matcher::exact("http://127.0.0.1:8404"))
}

fn by_key_alone(key: &PublicKey) -> Verifier {
    Verifier::new(TrustedRoot::empty(), Policy::key(key.clone()).dangerously_without_log())
}

fn code(verdict: Result<Verification, VerifyError>) -> &'static str {
    verdict.map(|_| ()).unwrap_err().code().unwrap()
}

fn local_keys() -> Vec<LocalKey> {
    [
        KeyType::EcdsaP256,
        KeyType::EcdsaP384,
        KeyType::EcdsaP521,
        KeyType::Ed25519,
        KeyType::Rsa { bits: 2048 },
    ]
    .map(|key| LocalKey::generate(key).unwrap())
    .into()
}

#[test]
fn an_identity_is_compared_as_a_whole() {
    let name = "v3.blob.keyless.rekor1.bundle.json";
    let verification = mock(Policy::identity(dev()), name).unwrap();
    let signature = verification.signature();
    let Signer::Identity { subject, issuer } = signature.signer() else { panic!() };
    assert_eq!((&*subject, &*issuer), ("dev@example.com", "http://127.0.0.1:8404"));
    assert_eq!(signature.log_entries().next().unwrap().log(), "http://127.0.0.1:8401");
    let sources: Vec<_> = signature.times().map(|time| time.source().clone()).collect();
    assert!(sources.iter().any(|s| matches!(s, TimeSource::Log(_))), "{sources:?}");
    assert_eq!(signature.certificate_authority(), Some("http://127.0.0.1:8400"));
    assert!(signature.certificates_der().count() >= 2 && signature.statement().is_none());
    assert_eq!(signature.certificate_timestamps().count(), 1);
    assert!(verification.rejected().is_empty() && verification.signatures().count() == 1);

    let other = Identity::new(Matcher::exact("eve@example.com"), Matcher::exact("http://127.0.0.1:8404"));
    assert_eq!(code(mock(Policy::identity(other.clone()), name)), "identity");
    assert!(mock(Policy::any_identity(other, [dev()]), name).is_ok());
    let issuer = Identity::new(Matcher::exact("dev@example.com"), Matcher::exact("https://other.example"));
    assert_eq!(code(mock(Policy::identity(issuer), name)), "issuer");
    for identity in [
        dev().github_repository("org/repo"),
        dev().github_commit("0"),
        dev().github_ref("refs/heads/main"),
        dev().github_trigger("push"),
        dev().github_workflow("release"),
    ] {
        assert_eq!(code(mock(Policy::identity(identity), name)), "workflow-claim");
    }
    assert_eq!(code(mock(Policy::key(key("mock-sigstore/p256.pub")), name)), "other-key");
    let key_bundle = "v3.blob.key-p256.rekor1.bundle.json";
    assert_eq!(code(mock(Policy::identity(dev()), key_bundle)), "certificate-missing");
    assert!(mock(Policy::key(key("mock-sigstore/p256.pub")), key_bundle).is_ok());
}

/// An expression that cosign would take for a match somewhere in the text is none here.
#[test]
fn expressions_match_the_whole_text() {
    let judge = |subject: &str| {
        let identity =
            Identity::new(Matcher::regex(subject).unwrap(), Matcher::exact("http://127.0.0.1:8404"));
        mock(Policy::identity(identity), "v3.blob.keyless.rekor1.bundle.json").is_ok()
    };
    for whole in ["dev@example.com", ".*@example[.]com", "(?i)DEV@EXAMPLE.COM", "eve@.*|dev@.*", "^dev.*$"] {
        assert!(judge(whole), "{whole}");
    }
    for part in ["dev", "@example.com", "ev@example.co", "example", "d|x", "dev@example.com\\n?x"] {
        assert!(!judge(part), "{part}");
    }
    // What would close the group that is put around an expression is no expression by itself.
    for broken in [")|(?:.*", "a)|(b", "", "("] {
        assert!(Matcher::regex(broken).is_err(), "{broken}");
    }
}

/// A statement about a file, of any type, counts as its signature unless the policy says that it must not.
#[test]
fn a_statement_is_no_plain_signature() {
    let bundle = bundle("cosign-3.x/p256.att.bundle.json");
    let judge = |policy: fn(Policy) -> Policy| {
        let by_key = Policy::key(key("cosign-3.x/p256.pub")).dangerously_without_log();
        let artifact = data("cosign-3.x/artifact.txt");
        let verifier = Verifier::new(TrustedRoot::empty(), policy(by_key));
        verifier.verify(&bundle, Artifact::from_bytes(&artifact), Time::now())
    };
    assert!(judge(|policy| policy).is_ok());
    assert_eq!(code(judge(Policy::plain_signature)), "not-a-plain-signature");
}

#[test]
fn each_demand_can_be_refused() {
    let name = "v3.blob.keyless.rekor1-no-tsa.bundle.json";
    let policy = || Policy::identity(dev());
    assert!(mock(policy(), name).is_ok());
    assert_eq!(code(mock(policy().require_timestamps(1), name)), "timestamp-missing");
    assert_eq!(code(mock(policy().require_log_entries(2), name)), "log-entry-missing");
    assert_eq!(code(mock(policy().require_certificate_timestamps(2), name)), "sct-missing");
    assert_eq!(code(mock(policy().predicate_type("https://example.com/p"), name)), "not-an-attestation");
    assert!(mock(policy().plain_signature(), name).is_ok());
    assert!(mock(policy().predicate_type("https://example.com/p").plain_signature(), name).is_ok());
    assert!(mock(policy().require_log_entries(0), name).is_ok(), "zero counts as one");

    let without_log = "v3.blob.keyless.tsa-only.bundle.json";
    assert_eq!(code(mock(policy(), without_log)), "log-entry-missing");
    assert_eq!(code(mock(policy().require_log_entries(0), without_log)), "log-entry-missing");
    let verification = mock(policy().dangerously_without_log(), without_log).unwrap();
    let waived = verification.signature().findings().find(|f| f.check() == "log").unwrap();
    assert!(waived.is_waived() && waived.words().contains("Policy::dangerously_without_log"), "{waived:?}");

    let error = mock(policy().require_timestamps(1), name).map(|_| ()).unwrap_err();
    let VerifyError::Rejected { best, all } = &error else { panic!("{error:?}") };
    assert_eq!((best.check(), best.is_limit(), all.len()), ("time", false, 1));
    assert_eq!(error.to_string(), best.to_string());
}

#[test]
fn nobody_is_trusted_by_an_empty_root() {
    let artifact = data("mock-sigstore/artifact.txt");
    for (policy, code_of) in [
        (Policy::identity(dev()), "log-unknown"),
        (Policy::identity(dev()).dangerously_without_log(), "no-authority"),
    ] {
        let verifier = Verifier::new(TrustedRoot::empty(), policy);
        let bundle = bundle("mock-sigstore/v3.blob.keyless.rekor1.bundle.json");
        assert_eq!(code(verifier.verify(&bundle, Artifact::from_bytes(&artifact), Time::now())), code_of);
    }
}

#[test]
fn a_signature_from_the_future_is_refused() {
    let root = TrustedRoot::from_json(&data("mock-sigstore/trusted_root.json")).unwrap();
    let artifact = data("mock-sigstore/artifact.txt");
    let verdict = Verifier::new(root, Policy::identity(dev())).verify(
        &bundle("mock-sigstore/v3.blob.keyless.rekor1-no-tsa.bundle.json"),
        Artifact::from_bytes(&artifact),
        "2026-01-01T00:00:00Z".parse().unwrap(),
    );
    assert_eq!(code(verdict), "time-in-future");
}

#[test]
fn an_artifact_comes_in_three_forms() {
    let artifact = data("cosign-3.x/artifact.txt");
    let sha256 = Digest::sha256_of(&artifact);
    assert_eq!(Digest::sha256_of_reader(&artifact[..]).unwrap(), sha256);
    assert_eq!(Digest::sha256(sha256.bytes().try_into().unwrap()), sha256);
    assert_eq!(Digest::sha512([0; 64]).algorithm(), "sha512");
    assert_eq!(Digest::sha384([0; 48]).hex().len(), 96);
    for name in ["p256", "p384", "p521", "rsa2048", "ed25519"] {
        let verifier = by_key_alone(&key(&format!("cosign-3.x/{name}.pub")));
        let bundle = bundle(&format!("cosign-3.x/{name}.bundle.json"));
        let judge = |artifact| verifier.verify(&bundle, artifact, Time::now());
        assert!(judge(Artifact::from_bytes(&artifact)).is_ok(), "{name}");
        assert!(judge(Artifact::from_reader(&artifact[..])).is_ok(), "{name}");
        assert!(judge(Artifact::from_bytes(b"other")).is_err(), "{name}");
        assert!(judge(Artifact::from_reader(&artifact[1..])).is_err(), "{name}");
        let by_digest = judge(Artifact::from_digest(sha256.clone()));
        match name {
            "ed25519" => assert_eq!(code(by_digest), "signature-unavailable"),
            "p384" | "p521" => assert_eq!(code(by_digest), "digest-unavailable"),
            _ => assert!(by_digest.is_ok(), "{name}"),
        }
        assert!(judge(Artifact::from_digest(Digest::sha256_of(b"other"))).is_err(), "{name}");
    }
}

#[test]
fn a_reader_that_fails_is_an_error_of_its_own() {
    struct Broken;
    impl std::io::Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("unplugged"))
        }
    }
    let bundle = bundle("cosign-3.x/p256.bundle.json");
    let verdict =
        by_key_alone(&key("cosign-3.x/p256.pub")).verify(&bundle, Artifact::from_reader(Broken), Time::now());
    assert!(matches!(verdict, Err(VerifyError::Read(_))));
    for key in local_keys() {
        assert!(matches!(key.sign_blob(Artifact::from_reader(Broken)), Err(SignError::Read(_))));
    }
}

#[test]
fn formats_are_named() {
    for (name, format) in [
        ("mock-sigstore/v3.blob.key-p256.rekor1.bundle.json", BundleFormat::SigstoreV0_3),
        ("cosign-2.x/p256.legacy.json", BundleFormat::Legacy),
        ("cosign-2.x/p256.att.dsse.json", BundleFormat::Envelope),
    ] {
        assert_eq!(bundle(name).format(), format, "{name}");
    }
    let detached = Bundle::from_detached_signature(&data("cosign-2.x/p256.sig")).unwrap();
    assert_eq!((detached.format(), detached.signature_count()), (BundleFormat::Detached, 1));
    let artifact = data("cosign-2.x/artifact.txt");
    let verifier = by_key_alone(&key("cosign-2.x/p256.pub"));
    assert!(verifier.verify(&detached, Artifact::from_bytes(&artifact), Time::now()).is_ok());
    assert!(verifier.verify(&detached, Artifact::from_bytes(b"other"), Time::now()).is_err());
    assert!(Bundle::from_detached_signature(b"").is_err());

    let missing = Bundle::from_json(b"").unwrap_err();
    assert_eq!(missing.document(), "bundle");
    assert!(missing.location().is_empty() && !missing.reason().is_empty());
}

/// One of two signatures in an envelope is enough, and the other one is not passed over in silence.
#[test]
fn several_signatures_are_each_judged() {
    let (ours, theirs) =
        (LocalKey::generate(KeyType::EcdsaP256).unwrap(), LocalKey::generate(KeyType::Ed25519).unwrap());
    let subject = Subject::new("a", &Digest::sha256_of(b"a"));
    let statement = Statement::new(&[subject], "https://example.com/p", b"{}").unwrap();
    let signature = |key: &LocalKey| {
        let bundle: serde_json::Value =
            serde_json::from_str(&key.sign_statement(&statement).unwrap()).unwrap();
        bundle["dsseEnvelope"].clone()
    };
    let mut envelope = signature(&theirs);
    let second = signature(&ours)["signatures"][0].clone();
    envelope["signatures"].as_array_mut().unwrap().push(second);
    let bundle = Bundle::from_json(envelope.to_string().as_bytes()).unwrap();
    assert_eq!(bundle.signature_count(), 2);
    let judge = |key: &PublicKey| by_key_alone(key).verify(&bundle, Artifact::from_bytes(b"a"), Time::now());
    for key in [&ours, &theirs] {
        let verification = judge(key.public_key()).unwrap();
        assert_eq!((verification.signatures().count(), verification.rejected().len()), (1, 1));
        assert_eq!(verification.rejected()[0].code(), "signature-invalid");
        assert_eq!(verification.signature().signer(), Signer::Key(key.public_key().clone()));
    }
    let stranger = LocalKey::generate(KeyType::EcdsaP256).unwrap();
    let VerifyError::Rejected { all, .. } = judge(stranger.public_key()).map(|_| ()).unwrap_err() else {
        panic!()
    };
    assert_eq!(all.len(), 2);
}

#[test]
fn what_a_key_signs_verifies_with_it_alone() {
    let keys = local_keys();
    for key in &keys {
        let made = key.sign_blob(Artifact::from_bytes(b"an artifact")).unwrap();
        let streamed = key.sign_blob(Artifact::from_reader(&b"an artifact"[..])).unwrap();
        for document in [&made, &streamed] {
            let bundle = Bundle::from_json(document.as_bytes()).unwrap();
            for other in &keys {
                let verdict = by_key_alone(other.public_key()).verify(
                    &bundle,
                    Artifact::from_bytes(b"an artifact"),
                    Time::now(),
                );
                assert_eq!(verdict.is_ok(), std::ptr::eq(key, other));
            }
            let changed = by_key_alone(key.public_key()).verify(
                &bundle,
                Artifact::from_bytes(b"an artifacT"),
                Time::now(),
            );
            assert!(changed.is_err());
            let logged = Verifier::new(TrustedRoot::empty(), Policy::key(key.public_key().clone()));
            let verdict = logged.verify(&bundle, Artifact::from_bytes(b"an artifact"), Time::now());
            assert_eq!(code(verdict), "log-entry-missing");
        }
    }
}

#[test]
fn a_digest_is_signed_where_the_key_signs_digests() {
    let digest = Digest::sha256_of(b"an artifact");
    for key in local_keys() {
        let outcome = key.sign_blob(Artifact::from_digest(digest.clone()));
        match key.public_key().key_type() {
            KeyType::EcdsaP256 | KeyType::Rsa { .. } => {
                let bundle = Bundle::from_json(outcome.unwrap().as_bytes()).unwrap();
                let verifier = by_key_alone(key.public_key());
                assert!(verifier.verify(&bundle, Artifact::from_bytes(b"an artifact"), Time::now()).is_ok());
            }
            _ => assert!(matches!(outcome, Err(SignError::DigestUnusable { given: "sha256", .. }))),
        }
    }
}

#[test]
fn a_statement_comes_back_as_it_was_signed() {
    let key = LocalKey::generate(KeyType::Ed25519).unwrap();
    let subjects = [Subject::new("a", &Digest::sha256_of(b"a")), Subject::new("b", &Digest::sha256_of(b"b"))];
    let predicate = br#" { "number": 1.0e400, "text": "\u0041" } "#;
    let statement = Statement::new(&subjects, "https://example.com/p", predicate).unwrap();
    let document = key.sign_statement(&statement).unwrap();
    let bundle = Bundle::from_json(document.as_bytes()).unwrap();
    let judge = |policy: Policy, artifact: &[u8]| {
        Verifier::new(TrustedRoot::empty(), policy.dangerously_without_log()).verify(
            &bundle,
            Artifact::from_bytes(artifact),
            Time::now(),
        )
    };
    let policy = || Policy::key(key.public_key().clone());
    for artifact in [b"a", b"b"] {
        let verified = judge(policy().predicate_type("https://example.com/p"), artifact).unwrap();
        assert_eq!(verified.signature().statement().unwrap(), statement);
    }
    assert_eq!(statement.predicate_json(), Some(r#"{ "number": 1.0e400, "text": "\u0041" }"#));
    assert_eq!(statement.version(), "https://in-toto.io/Statement/v0.1");
    assert_eq!(statement.subjects().collect::<Vec<_>>(), subjects);
    assert_eq!(subjects[0].name(), "a");
    assert_eq!(subjects[0].digests().next().unwrap(), ("sha256", &*Digest::sha256_of(b"a").hex()));
    assert_eq!(code(judge(policy(), b"c")), "statement-subject");
    assert_eq!(code(judge(policy().predicate_type("https://example.com/q"), b"a")), "predicate-type");

    assert!(Statement::new(&[], "https://example.com/p", b"{}").is_err());
    assert!(Statement::new(&subjects, "", b"{}").is_err());
    assert!(Statement::new(&subjects, "https://example.com/p", b"{").is_err());
    assert!(Statement::new(&subjects, "https://example.com/p", br#"{"a":1,"a":2}"#).is_err());
}

/// A key that is elsewhere: it makes its caller wait once, and answers what it was told to.
struct Remote {
    local: LocalKey,
    answer: fn(Vec<u8>) -> Result<Vec<u8>, SignError>,
}

impl SigningKey for Remote {
    fn public_key(&self) -> &PublicKey {
        self.local.public_key()
    }

    fn sign<'a>(&'a self, input: SigningInput<'a>) -> SigningFuture<'a> {
        Box::pin(async move {
            let mut waited = false;
            std::future::poll_fn(|context| {
                if std::mem::replace(&mut waited, true) {
                    return Poll::Ready(());
                }
                context.waker().wake_by_ref();
                Poll::Pending
            })
            .await;
            self.local.sign(input).await.and_then(self.answer)
        })
    }
}

fn drive<T>(future: impl Future<Output = T> + Send) -> T {
    let mut future = std::pin::pin!(future);
    loop {
        if let Poll::Ready(outcome) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return outcome;
        }
    }
}

#[test]
fn a_key_that_is_elsewhere_signs_without_a_runtime_of_ours() {
    for local in local_keys() {
        let key = Remote { local, answer: Ok };
        let document = drive(sign_blob(&key, Artifact::from_bytes(b"an artifact"))).unwrap();
        let bundle = Bundle::from_json(document.as_bytes()).unwrap();
        let verifier = by_key_alone(key.public_key());
        assert!(verifier.verify(&bundle, Artifact::from_bytes(b"an artifact"), Time::now()).is_ok());
    }
}

#[test]
fn nothing_leaves_that_does_not_verify() {
    for local in local_keys() {
        let mut key = Remote {
            local,
            answer: |mut signature| {
                *signature.last_mut().unwrap() ^= 1;
                Ok(signature)
            },
        };
        let subject = Subject::new("a", &Digest::sha256_of(b"a"));
        let statement = Statement::new(&[subject], "https://example.com/p", b"{}").unwrap();
        let outcome = drive(sign_blob(&key, Artifact::from_bytes(b"an artifact")));
        assert!(matches!(outcome, Err(SignError::SelfCheck(_))), "{outcome:?}");
        assert!(matches!(drive(sign_statement(&key, &statement)), Err(SignError::SelfCheck(_))));

        // What the backend said comes back as it was.
        key.answer = |_| Err(SignError::backend("the token was pulled out"));
        let error = drive(sign_blob(&key, Artifact::from_bytes(b"an artifact"))).unwrap_err();
        assert_eq!(error.to_string(), "the signing operation failed: the token was pulled out");
    }
}

#[test]
fn key_files_open_with_their_passphrase_alone() {
    for folder in ["cosign-2.x", "cosign-3.x"] {
        for name in ["p256", "ed25519", "rsa2048"] {
            let file = data(&format!("{folder}/{name}.key"));
            let opened = LocalKey::from_encrypted_pem(&file, b"fixture-password").unwrap();
            assert_eq!(*opened.public_key(), key(&format!("{folder}/{name}.pub")));
        }
    }
    let file = data("cosign-3.x/p256.key");
    assert!(matches!(LocalKey::from_encrypted_pem(&file, b""), Err(KeyError::Passphrase)));
    assert!(matches!(LocalKey::from_pem(&file), Err(KeyError::Encrypted)));
    assert!(matches!(LocalKey::from_pem(b"nothing"), Err(KeyError::Parse(_))));
    assert!(matches!(LocalKey::generate(KeyType::Rsa { bits: 1024 }), Err(KeyError::Generate(_))));
    let plain = LocalKey::from_pem(&data("keys/p256.pkcs8.pem")).unwrap();
    assert_eq!(*plain.public_key(), key("keys/p256.pub.pem"));
    assert_eq!(PublicKey::from_der(plain.public_key().to_der()).unwrap(), *plain.public_key());
    assert!(!format!("{plain:?}").contains("PRIVATE"));
}

#[test]
fn times_are_those_of_the_system() {
    let epoch = SystemTime::UNIX_EPOCH;
    for (time, text) in [
        (epoch, "1970-01-01T00:00:00Z"),
        (epoch + Duration::from_millis(1500), "1970-01-01T00:00:01.5Z"),
        (epoch - Duration::from_millis(1500), "1969-12-31T23:59:58.5Z"),
        (epoch - Duration::from_secs(1), "1969-12-31T23:59:59Z"),
    ] {
        assert_eq!(Time::from(time).to_string(), text);
        assert_eq!(text.parse::<Time>().unwrap(), Time::from(time));
    }
    assert!(Time::now() > Time::from_unix_seconds(1_700_000_000));
    assert!("yesterday".parse::<Time>().is_err());
}

#[cfg(feature = "public-root")]
#[test]
fn the_public_root_is_built_in() {
    let root = TrustedRoot::public().unwrap();
    assert_eq!(root.skipped().count(), 0);
    let policy = Policy::identity(Identity::new(
        Matcher::regex(r"https://github\.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/.*")
            .unwrap(),
        Matcher::exact("https://token.actions.githubusercontent.com"),
    ));
    let artifact = data("conformance/a.txt");
    let bundle = bundle("conformance/happy-path-v0.3/bundle.sigstore.json");
    let verifier = Verifier::new(root, policy);
    assert!(verifier.verify(&bundle, Artifact::from_bytes(&artifact), Time::now()).is_ok());
    assert!(verifier.verify(&bundle, Artifact::from_bytes(b"other"), Time::now()).is_err());
}
