//! A Fulcio that answers well, and ones that do not.

use std::time::Duration;

use super::*;
use crate::crypto::{PrivateKey, PublicKey, SignatureScheme, Signed, decode_base64};
use crate::http::service::scripted::{
    self, Reply, Seen, client, patient, reply, run, serve, serve_on, spoilt,
};
use crate::x509::SubjectAlternativeName;
use crate::x509::asn1::Element;
use crate::x509::issue::fixtures::{p256, second, self_signed, span};
use crate::x509::issue::{CtLog, Issuer, Template};

const TOKEN: &str = "eyJhbGciOiJSUzI1NiJ9.eyJlbWFpbCI6ImFAYiJ9.c2ln";
const SUBJECT: &str = "signer@example.com";
const KINDS: [KeyType; 5] =
    [KeyType::P256, KeyType::P384, KeyType::P521, KeyType::Rsa { bits: 2048 }, KeyType::Ed25519];

fn scheme(key: &PublicKey) -> SignatureScheme {
    let hash = key.key_type().default_hash();
    match key.key_type() {
        KeyType::Rsa { .. } => SignatureScheme::RsaPkcs1(hash),
        KeyType::Ed25519 => SignatureScheme::Ed25519,
        _ => SignatureScheme::Ecdsa(hash),
    }
}

/// The key that is asked for, which has proven that it is there.
fn proven(seen: &Seen) -> PublicKey {
    let asked = seen.json();
    if let Some(request) = asked.get("certificateSigningRequest") {
        let pem = decode_base64(request.as_str().unwrap()).unwrap();
        let blocks = crate::crypto::pem::decode("request", &pem, 2).unwrap();
        let mut outer = Element::only("request", &blocks[0].contents).unwrap().sequence("").unwrap();
        let info = outer.next("").unwrap();
        outer.next("").unwrap();
        let signature = outer.next("").unwrap().bit_octets("").unwrap();
        let mut fields = info.sequence("").unwrap();
        fields.next("").unwrap();
        fields.next("").unwrap();
        let key = PublicKey::from_spki_der(fields.next("").unwrap().whole).unwrap();
        key.verify(scheme(&key), Signed::Message(info.whole), signature).unwrap();
        return key;
    }
    let (key, proof) = if seen.line.contains("/v1/") {
        let key = decode_base64(asked["publicKey"]["content"].as_str().unwrap()).unwrap();
        (key, asked["signedEmailAddress"].clone())
    } else {
        let request = &asked["publicKeyRequest"];
        let key = request["publicKey"]["content"].as_str().unwrap().as_bytes().to_vec();
        (key, request["proofOfPossession"].clone())
    };
    let key = PublicKey::from_pem(&key).unwrap();
    let proof = decode_base64(proof.as_str().unwrap()).unwrap();
    key.verify(scheme(&key), Signed::Message(SUBJECT.as_bytes()), &proof).unwrap();
    key
}

fn root() -> Certificate {
    self_signed(&Template::root("root", span(0, 1000)), "fulcio root")
}

fn certificate(key: &PublicKey, name: SubjectAlternativeName) -> Certificate {
    let issuer = Issuer { key: p256("fulcio root"), certificate: Some(&root()) };
    Template::fulcio(name, "https://issuer.example", span(0, 600)).issue(key, issuer).unwrap()
}

fn email(address: &str) -> SubjectAlternativeName {
    SubjectAlternativeName::Email(address.to_owned())
}

fn embedded(chain: &[Certificate]) -> Value {
    let chain: Vec<String> = chain.iter().map(Certificate::to_pem).collect();
    json!({ "signedCertificateEmbeddedSct": { "chain": { "certificates": chain } } })
}

/// An answer as either interface gives it.
fn answered(seen: &Seen, chain: &[Certificate]) -> Reply {
    if seen.line.contains("/v2/") {
        return scripted::json(200, &embedded(chain));
    }
    reply(201).body(chain.iter().map(Certificate::to_pem).collect::<String>())
}

fn ask(key: &PrivateKey, interface: Interface, url: &str) -> Result<Issued, Error> {
    asking(&client(), key, interface, url, SUBJECT)
}

fn asking(
    client: &Client,
    key: &PrivateKey,
    interface: Interface,
    url: &str,
    subject: &str,
) -> Result<Issued, Error> {
    let token = Secret::new(TOKEN.as_bytes().to_vec());
    run(signing_certificate(client, url, interface, &CertificateRequest { token: &token, subject, key }))
}

fn key() -> &'static PrivateKey {
    p256("fulcio leaf")
}

fn good(seen: &Seen) -> Reply {
    answered(seen, &[certificate(&proven(seen), email(SUBJECT)), root()])
}

#[test]
fn every_kind_of_key_by_both_interfaces() {
    for kind in KINDS {
        let key = PrivateKey::generate(kind).unwrap();
        for interface in [Interface::V1, Interface::V2] {
            let served = serve(good);
            let issued = ask(&key, interface, &format!("{}/", served.url)).unwrap();
            assert_eq!(issued.chain.len(), 2);
            assert_eq!(issued.chain[0].spki_der(), key.public_key().spki_der());
            assert!(issued.detached_sct.is_none());
            let [seen] = served.requests().try_into().unwrap();
            assert_eq!(seen.header("content-type"), Some("application/json"));
            let authorization = seen.header("authorization");
            match interface {
                Interface::V1 => {
                    assert_eq!(seen.line, "POST /api/v1/signingCert");
                    assert_eq!(authorization, Some(&*format!("Bearer {TOKEN}")));
                    assert!(!String::from_utf8(seen.body).unwrap().contains(TOKEN));
                }
                Interface::V2 => {
                    assert_eq!(seen.line, "POST /api/v2/signingCert");
                    assert_eq!(authorization, None);
                    assert_eq!(seen.json()["credentials"]["oidcIdentityToken"], TOKEN);
                }
            }
        }
    }
}

#[test]
fn detached_scts_are_kept() {
    let made = |seen: &Seen| {
        let leaf = certificate(&proven(seen), email(SUBJECT));
        let log = CtLog { key: p256("fulcio ct"), time: second(1), extensions: b"" };
        (log.detached(&leaf).unwrap().to_json(), leaf)
    };
    let v1 = serve(move |seen| {
        let (sct, leaf) = made(seen);
        answered(seen, &[leaf]).with("SCT", base64::encode(sct))
    });
    let v2 = serve(move |seen| {
        let (sct, leaf) = made(seen);
        let sct = base64::encode(sct);
        let chain = json!({ "certificates": [leaf.to_pem()] });
        scripted::json(
            200,
            &json!({ "signedCertificateDetachedSct": { "chain": chain, "signedCertificateTimestamp": sct } }),
        )
    });
    for (interface, served) in [(Interface::V1, v1), (Interface::V2, v2)] {
        let issued = ask(key(), interface, &served.url).unwrap();
        let sct = crate::x509::sct::parse_detached(&issued.detached_sct.unwrap()).unwrap();
        assert!(crate::x509::sct::verify(&sct, &issued.chain[0], &root(), p256("fulcio ct").public_key()));
    }
    // No log at all.
    let none = serve(|seen| {
        let chain = json!({ "certificates": [certificate(&proven(seen), email(SUBJECT)).to_pem()] });
        scripted::json(
            200,
            &json!({ "signedCertificateDetachedSct": { "chain": chain, "signedCertificateTimestamp": "" } }),
        )
    });
    assert!(ask(key(), Interface::V2, &none.url).unwrap().detached_sct.is_none());
    let broken = serve(|seen| good(seen).with("SCT", "%%%"));
    assert!(matches!(ask(key(), Interface::V1, &broken.url), Err(Error::Answer { .. })));
}

#[test]
fn refusals_say_what_fulcio_said() {
    for status in [400, 401, 403] {
        let said = "There was an error processing the identity token";
        let served =
            serve(move |_| scripted::json(status, &json!({ "code": 3, "message": said, "details": [] })));
        let error = ask(key(), Interface::V2, &served.url).unwrap_err();
        assert!(error.to_string().ends_with(&format!("status {status}: {said}")), "{error}");
        assert_eq!(error.is_refusal(), status != 400);
        assert!(!format!("{error:?}").contains(TOKEN));
        assert_eq!(served.lines().len(), 1);
    }
}

#[test]
fn certificates_for_something_else_are_refused() {
    for interface in [Interface::V1, Interface::V2] {
        let other =
            serve(|seen| answered(seen, &[certificate(p256("another").public_key(), email(SUBJECT))]));
        let error = ask(key(), interface, &other.url).unwrap_err();
        assert!(error.to_string().ends_with("the certificate is for another key"), "{error}");
        // The key that was asked for, but not first.
        let second = serve(|seen| answered(seen, &[root(), certificate(&proven(seen), email(SUBJECT))]));
        assert!(matches!(ask(key(), interface, &second.url), Err(Error::Mismatch { .. })));
        let other = serve(|seen| answered(seen, &[certificate(&proven(seen), email("evil@example.com"))]));
        let error = ask(key(), interface, &other.url).unwrap_err();
        assert!(
            error.to_string().ends_with("is for evil@example.com, the token for signer@example.com"),
            "{error}"
        );
    }
}

/// What a subject that is neither an address nor a SPIFFE ID becomes is a rule of the issuer.
#[test]
fn subjects_and_names() {
    let uri = |text: &str| SubjectAlternativeName::Uri(text.to_owned());
    for (subject, name, fits) in [
        ("a@example.com", email("A@Example.com"), true),
        ("a@example.com", email("b@example.com"), false),
        ("a@example.com", uri("https://example.com/a"), true),
        ("spiffe://example.com/a", uri("spiffe://example.com/a"), true),
        ("spiffe://example.com/a", uri("spiffe://example.com/b"), false),
        ("spiffe://example.com/a", uri("https://example.com/b"), false),
        (
            "repo:o/r:ref:refs/heads/main",
            uri("https://github.com/o/r/.github/workflows/x.yml@refs/heads/main"),
            true,
        ),
        ("user", SubjectAlternativeName::Other("user!example.com".to_owned()), true),
    ] {
        let served = serve(move |seen| answered(seen, &[certificate(key().public_key(), name.clone())]));
        let issued = asking(&client(), key(), Interface::V2, &served.url, subject);
        assert_eq!(issued.is_ok(), fits, "{subject}");
    }
}

/// Also CVE-2026-44310: a list of certificates with none in it.
#[test]
fn cve_2026_44310_what_is_not_a_chain_is_an_error() {
    let chain = embedded(&[certificate(key().public_key(), email(SUBJECT)), root()]);
    let empty = json!({ "signedCertificateEmbeddedSct": { "chain": { "certificates": [] } } });
    let mut both = chain.clone();
    both["signedCertificateDetachedSct"] = chain["signedCertificateEmbeddedSct"].clone();
    let mut joined = chain.clone();
    joined["signedCertificateEmbeddedSct"]["chain"]["certificates"][0] =
        json!(format!("{}{}", root().to_pem(), root().to_pem()));
    let many = embedded(&vec![certificate(key().public_key(), email(SUBJECT)); MAX_CHAIN + 1]);
    let private = json!({ "signedCertificateEmbeddedSct": { "chain": { "certificates": [key().public_key().to_pem()] } } });
    let more = [empty, both, joined, many, private].map(|value| value.to_string().into_bytes());
    for body in spoilt(&chain).into_iter().chain(more) {
        assert!(decode_v2(&body).is_err(), "{}", String::from_utf8_lossy(&body));
    }
    for body in [&b""[..], b"{}", b"-----BEGIN CERTIFICATE-----\n", b"\xff"] {
        let served = serve(move |_| reply(201).body(body));
        assert!(matches!(ask(key(), Interface::V1, &served.url), Err(Error::Answer { .. })));
    }
    // A member that nobody knows yet is no error.
    let mut later = chain;
    later["more"] = json!([1]);
    assert!(decode_v2(later.to_string().as_bytes()).is_ok());
}

/// What is compressed is not unpacked: nobody asked for it, so that there is nothing that grows (CVE-2023-30551).
#[test]
fn compressed_answers_are_not_unpacked() {
    let bomb = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xed\xc1\x01\x01".repeat(1000);
    let served = serve(move |_| reply(200).with("Content-Encoding", "gzip").body(bomb.clone()));
    assert!(matches!(ask(key(), Interface::V2, &served.url), Err(Error::Answer { .. })));
    let [seen] = served.requests().try_into().unwrap();
    assert_eq!(seen.header("accept-encoding"), None);
    let endless = serve(|_| Reply { endless: true, ..reply(200).body(vec![b' '; 1 << 16]) });
    assert!(matches!(ask(key(), Interface::V2, &endless.url), Err(Error::Http { .. })));
    assert!(endless.sent() < 50_000_000);
}

#[test]
fn tokens_go_nowhere_but_to_the_named_instance() {
    let evil = serve_on("127.0.0.2", |_| reply(200));
    for status in [301, 302, 303, 307, 308] {
        let url = format!("{}/api/v2/signingCert", evil.url);
        let served = serve(move |_| reply(status).with("Location", url.clone()));
        assert!(matches!(ask(key(), Interface::V2, &served.url), Err(Error::Status { .. })));
        assert!(matches!(ask(key(), Interface::V1, &served.url), Err(Error::Status { .. })));
    }
    assert!(evil.lines().is_empty());
    let served = serve(good);
    for token in ["", "a b", "a\"", "a\\", "a\r\nX: y", "\u{e4}"] {
        let token = Secret::new(token.as_bytes().to_vec());
        let request = CertificateRequest { token: &token, subject: SUBJECT, key: key() };
        let asked = run(signing_certificate(&client(), &served.url, Interface::V2, &request));
        assert!(matches!(asked, Err(Error::Unfit { .. })));
    }
    assert!(served.lines().is_empty());
}

#[test]
fn what_fails_in_passing_is_tried_again() {
    let mut count = 0;
    let served = serve(move |seen| {
        count += 1;
        if count == 1 { reply(500) } else { good(seen) }
    });
    asking(&patient(Duration::from_secs(20)), key(), Interface::V2, &served.url, SUBJECT).unwrap();
    assert_eq!(served.lines().len(), 2);
}
