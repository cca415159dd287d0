//! Certificates, log entries and timestamps from services that are not ours: those of `mock-sigstore`. What they issue holds
//! against their trusted root, and against no other.

use std::time::{Duration, SystemTime};

use rcosign::internals::crypto::{
    HashAlgorithm, KeyType, PrivateKey, Secret, SigningInput, SigningKey, UnixTime,
};
use rcosign::internals::payload::{Envelope, EnvelopeSignature};
use rcosign::internals::services::fulcio::{CertificateRequest, Interface, Issued, signing_certificate};
use rcosign::internals::services::rekor::{Proposed, Verifier, v1, v2};
use rcosign::internals::services::{Client, Connection, Error, tsa};
use rcosign::internals::timestamp::{self, Authority, Token};
use rcosign::internals::trust::TrustedRoot;
use rcosign::internals::verify::{Requirement, certificate, logged};

use super::services::Services;

const KINDS: [KeyType; 5] =
    [KeyType::P256, KeyType::P384, KeyType::P521, KeyType::Rsa { bits: 2048 }, KeyType::Ed25519];
const EMAIL: &str = "dev@example.com";

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

fn client() -> Client {
    Client::new(Connection { proxy: false, retry_for: Duration::ZERO, ..Connection::default() })
}

fn now() -> UnixTime {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    UnixTime::from_seconds(now.try_into().unwrap())
}

fn root(services: &Services) -> TrustedRoot {
    TrustedRoot::from_json(&std::fs::read(services.file("trusted_root.json")).unwrap(), "the mock's").unwrap()
}

fn token(services: &Services) -> Secret {
    Secret::new(std::fs::read(services.file("identity_token")).unwrap().trim_ascii().to_vec())
}

fn issued(services: &Services, interface: Interface, key: &PrivateKey) -> Result<Issued, Error> {
    let request = CertificateRequest { token: &token(services), subject: EMAIL, key };
    run(signing_certificate(&client(), &services.url(0), interface, &request))
}

fn enveloped(key: &PrivateKey) -> (Vec<u8>, Vec<u8>) {
    let mut envelope =
        Envelope { payload: b"{}".to_vec(), payload_type: "application/x".into(), signatures: Vec::new() };
    let sig = key.sign_now(&SigningInput::message(envelope.signed_bytes())).unwrap();
    envelope.signatures.push(EnvelopeSignature { keyid: String::new(), sig: sig.clone() });
    (envelope.to_json().into_bytes(), sig)
}

fn hashed(key: &PrivateKey, verifier: Verifier) -> Proposed {
    let digest = key.public_key().key_type().default_hash().digest(b"artifact");
    let signature = key.sign_now(&SigningInput::Digest(digest.clone())).unwrap();
    Proposed::HashedRekord { digest, signature, verifier }
}

#[test]
fn certificates_for_every_kind_of_key() {
    let Some(services) = Services::start() else { return };
    let (mine, mut stranger) = (root(&services), root(&services));
    stranger.ct_logs.clear();
    for kind in KINDS {
        let key = PrivateKey::generate(kind).unwrap();
        for interface in [Interface::V1, Interface::V2] {
            let issued =
                issued(&services, interface, &key).unwrap_or_else(|e| panic!("{kind} {interface:?}: {e:?}"));
            let leaf = &issued.chain[0];
            assert_eq!(leaf.subject_alternative_names().unwrap()[0].value(), EMAIL);
            let judged = |root: &TrustedRoot, now: UnixTime| {
                certificate(leaf, issued.detached_sct.as_slice(), Requirement::ONE, root, now)
            };
            let (chain, scts) = judged(&mine, now()).unwrap();
            assert_eq!(chain.leaf(), leaf);
            assert_eq!(scts.proven().unwrap().logs().count(), 1);
            // By another root; later than it is valid.
            assert_eq!(judged(&stranger, now()).unwrap_err().reason().code(), "sct-missing");
            assert!(judged(&TrustedRoot::default(), now()).is_err());
            let later = UnixTime::from_seconds(now().seconds() + 3600);
            assert_eq!(judged(&mine, later).unwrap_err().reason().code(), "certificate-expired");
        }
    }
}

#[test]
fn refused_tokens_and_proofs() {
    let Some(services) = Services::start() else { return };
    let key = PrivateKey::generate(KeyType::P256).unwrap();
    for interface in [Interface::V1, Interface::V2] {
        let ask = |token: &[u8], subject: &str| {
            let token = Secret::new(token.to_vec());
            let request = CertificateRequest { token: &token, subject, key: &key };
            run(signing_certificate(&client(), &services.url(0), interface, &request))
                .unwrap_err()
                .to_string()
        };
        assert!(ask(b"a.b.c", EMAIL).contains("status 400: "), "{}", ask(b"a.b.c", EMAIL));
        let good = token(&services);
        assert!(ask(good.expose(), "other@example.com").contains("proof of possession does not verify"));
    }
}

#[test]
fn entries_of_both_logs() {
    let Some(services) = Services::start() else { return };
    let (root, client) = (root(&services), client());
    let (one, two) = (services.url(1), services.url(2));
    for kind in KINDS {
        let key = PrivateKey::generate(kind).unwrap();
        let certified = issued(&services, Interface::V2, &key).unwrap().chain.remove(0);
        for verifier in [Verifier::PublicKey(key.public_key().clone()), Verifier::Certificate(certified)] {
            let (envelope, _) = enveloped(&key);
            let verifiers = vec![verifier.clone()];
            let (hashed, dsse, intoto) = (
                hashed(&key, verifier),
                Proposed::Dsse { envelope: envelope.clone(), verifiers: verifiers.clone() },
                Proposed::Intoto { envelope, verifiers },
            );
            for proposed in [&hashed, &dsse, &intoto] {
                let entry =
                    run(v1::upload(&client, &one, proposed)).unwrap_or_else(|e| panic!("{kind}: {e:?}"));
                let proof = logged(&entry, &root, now()).unwrap();
                assert_eq!((proof.log(), proof.index()), (&*one, entry.log_index));
                assert_eq!(proof.time(), entry.integrated_time);
                // Again: it is there already.
                let again = run(v1::upload(&client, &one, proposed)).unwrap();
                assert_eq!(
                    (again.log_index, &again.canonicalized_body),
                    (entry.log_index, &entry.canonicalized_body)
                );
                logged(&again, &root, now()).unwrap();
                let found = run(v1::find(&client, &one, proposed)).unwrap();
                assert_eq!(found.iter().map(|e| e.log_index).collect::<Vec<_>>(), [entry.log_index]);
                let there = run(v1::by_index(&client, &one, entry.log_index)).unwrap();
                assert_eq!(there.canonicalized_body, entry.canonicalized_body);
            }
            for proposed in [&hashed, &dsse] {
                let entry =
                    run(v2::upload(&client, &two, proposed)).unwrap_or_else(|e| panic!("{kind}: {e:?}"));
                let proof = logged(&entry, &root, now()).unwrap();
                assert_eq!((proof.log(), proof.index(), proof.time()), (&*two, entry.log_index, None));
                let mut tampered = entry.clone();
                tampered.canonicalized_body.push(b' ');
                assert_eq!(logged(&tampered, &root, now()).unwrap_err().reason().code(), "inclusion-proof");
            }
            assert!(matches!(run(v2::upload(&client, &two, &intoto)), Err(Error::Unfit { .. })));
        }
    }
}

#[test]
fn searches_in_a_log() {
    let Some(services) = Services::start() else { return };
    let (client, log) = (client(), services.url(1));
    let key = PrivateKey::generate(KeyType::P256).unwrap();
    let signer = Verifier::PublicKey(key.public_key().clone());
    let proposed = hashed(&key, signer.clone());
    let entry = run(v1::upload(&client, &log, &proposed)).unwrap();
    let digest = HashAlgorithm::Sha256.digest(b"artifact");
    let uuids = run(v1::search(&client, &log, &digest, &signer)).unwrap();
    assert_eq!(uuids.len(), 1);
    let entries = run(v1::retrieve(&client, &log, &uuids)).unwrap();
    assert_eq!(entries[0].canonicalized_body, entry.canonicalized_body);
    let one = run(v1::by_uuid(&client, &log, &uuids[0])).unwrap();
    assert_eq!(one.canonicalized_body, entry.canonicalized_body);
    let other = HashAlgorithm::Sha256.digest(b"other");
    assert!(run(v1::search(&client, &log, &other, &signer)).unwrap().is_empty());
}

#[test]
fn timestamps() {
    let Some(services) = Services::start() else { return };
    let (root, url) = (root(&services), format!("{}/api/v1/timestamp", services.url(3)));
    let client = client();
    let authority = &root.timestamp_authorities[0];
    let authority = Authority { anchors: &authority.anchors, others: &authority.intermediates };
    for _ in 0..20 {
        let der = run(tsa::timestamp(&client, &url, b"signature")).unwrap_or_else(|e| panic!("{e:?}"));
        let token = Token::from_der(&der).unwrap();
        let time = timestamp::verify(&token, b"signature", authority).unwrap();
        assert!((now().seconds() - time.seconds()).abs() < 60);
        assert!(timestamp::verify(&token, b"other", authority).is_err());
    }
    assert!(matches!(
        run(tsa::timestamp(&client, &services.url(3), b"x")),
        Err(Error::Status { status: 404, .. })
    ));
}
