//! A timestamp authority that answers well, and ones that do not.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use super::*;
use crate::crypto::HashAlgorithm;
use crate::http::service::scripted::{Reply, Seen, client, patient, reply, run, serve};
use crate::timestamp::issue::{Fault, Template};
use crate::timestamp::{Authority, verify};
use crate::x509::Certificate;
use crate::x509::asn1::Element;
use crate::x509::issue::Template as CertificateTemplate;
use crate::x509::issue::fixtures::{issued, p256, second, self_signed, span};

const SIGNED: &[u8] = b"a raw signature";

/// Leaf and root.
fn certificates() -> (Certificate, Certificate) {
    static MADE: OnceLock<(Certificate, Certificate)> = OnceLock::new();
    let made = MADE.get_or_init(|| {
        let root = self_signed(&CertificateTemplate::root("root", span(0, 1000)), "tsa root");
        let leaf = CertificateTemplate::time_stamping("tsa", span(0, 1000));
        (issued(&leaf, "tsa leaf", ("tsa root", &root)), root)
    });
    made.clone()
}

/// The digest and the nonce that are asked for.
fn asked(seen: &Seen) -> (Vec<u8>, Vec<u8>) {
    let mut request = Element::only("request", &seen.body).unwrap().sequence("").unwrap();
    assert_eq!(request.next("").unwrap().small("").unwrap(), 1);
    let mut imprint = request.next("").unwrap().sequence("").unwrap();
    imprint.next("").unwrap();
    let digest = imprint.next("").unwrap().octets("").unwrap().to_vec();
    let nonce = request.next("").unwrap().integer("").unwrap().to_vec();
    assert!(request.next("").unwrap().boolean("").unwrap());
    request.finish("").unwrap();
    (digest, nonce)
}

/// An honest token, changed before it is signed.
fn stamp(seen: &Seen, change: impl Fn(&mut Template)) -> Template {
    let (digest, nonce) = asked(seen);
    let mut template = Template::new(SIGNED, second(50)).embedding(&[certificates().0]);
    assert_eq!(template.imprint.bytes(), digest);
    template.nonce = Some(nonce);
    change(&mut template);
    template
}

fn response(template: &Template) -> Vec<u8> {
    template.response(p256("tsa leaf"), &certificates().0).unwrap()
}

fn ask(answer: impl FnMut(&Seen) -> Reply + Send + 'static) -> Result<Vec<u8>, Error> {
    let served = serve(answer);
    run(timestamp(&client(), &format!("{}/api/v1/timestamp", served.url), SIGNED))
}

fn text(error: &Error) -> String {
    let source = std::error::Error::source(error).map(ToString::to_string);
    source.map_or_else(|| error.to_string(), |source| format!("{error}: {source}"))
}

#[test]
fn good_tokens_are_returned_as_responses() {
    let (leaf, root) = certificates();
    for bare in [false, true] {
        for status in [200, 201] {
            let served = serve(move |seen| {
                let template = stamp(seen, |_| {});
                let token = template.token(p256("tsa leaf"), &certificates().0).unwrap();
                reply(status).body(if bare { token } else { response(&template) })
            });
            let der = run(timestamp(&client(), &served.url, SIGNED)).unwrap();
            let [seen] = served.requests().try_into().unwrap();
            assert_eq!(seen.line, "POST /");
            assert_eq!(seen.header("content-type"), Some("application/timestamp-query"));
            assert_eq!(seen.header("accept"), Some("application/timestamp-reply"));
            let token = Token::from_der(&der).unwrap();
            let (anchors, others) = (std::slice::from_ref(&root), std::slice::from_ref(&leaf));
            assert_eq!(verify(&token, SIGNED, Authority { anchors, others }), Ok(second(50)));
            assert_eq!(as_response(&der).unwrap(), der);
        }
    }
    // Granted with modifications (RFC 3161 section 2.4.2).
    ask(|seen| reply(200).body(response(&stamp(seen, |t| t.faults.push(Fault::Status(1)))))).unwrap();
}

#[test]
fn nonces_differ_from_request_to_request() {
    let served = serve(|seen| reply(201).body(response(&stamp(seen, |_| {}))));
    let client = client();
    let nonces: std::collections::BTreeSet<_> = (0..20)
        .map(|_| {
            run(timestamp(&client, &served.url, SIGNED)).unwrap();
            asked(&served.requests()[0]).1
        })
        .collect();
    assert_eq!(nonces.len(), 20);
    assert!(nonces.iter().all(|nonce| (6..=9).contains(&nonce.len())), "{nonces:?}");
}

#[test]
fn tokens_for_something_else_are_refused() {
    let wrong = |change: fn(&mut Template)| {
        text(&ask(move |seen| reply(200).body(response(&stamp(seen, change)))).unwrap_err())
    };
    let nonce = "another nonce than the request";
    assert!(wrong(|t| t.nonce = None).contains(nonce));
    assert!(wrong(|t| t.nonce = Some(vec![1])).contains(nonce));
    assert!(wrong(|t| t.nonce.as_mut().unwrap().push(0)).contains(nonce));
    assert!(wrong(|t| *t.nonce.as_mut().unwrap().last_mut().unwrap() ^= 1).contains(nonce));
    let imprint = "over other bytes";
    assert!(wrong(|t| t.imprint = HashAlgorithm::Sha256.digest(b"other")).contains(imprint));
    // Of the right bytes, by another digest than was asked for.
    assert!(wrong(|t| t.imprint = HashAlgorithm::Sha512.digest(SIGNED)).contains(imprint));
    assert!(wrong(|t| t.faults.push(Fault::ContentType)).contains("not a timestamp"));
    assert!(wrong(|t| t.faults.push(Fault::Signers(2))).contains("more than one signer"));
}

/// CVE-2026-44310 was a crash on an empty list of certificates. A token without any is one that its authority's own certificate
/// may verify; one with nobody who signed it is none.
#[test]
fn cve_2026_44310_nothing_is_taken_for_granted_of_a_token() {
    let der = ask(|seen| reply(200).body(response(&stamp(seen, |t| t.certificates.clear())))).unwrap();
    assert!(Token::from_der(&der).unwrap().certificates().is_empty());
    let error = ask(|seen| reply(200).body(response(&stamp(seen, |t| t.faults.push(Fault::Signers(0))))));
    assert!(text(&error.unwrap_err()).contains("no signer"));
}

#[test]
fn refusals_say_what_the_authority_said() {
    let error = ask(|seen| reply(200).body(response(&stamp(seen, |t| t.faults.push(Fault::Status(2))))));
    assert!(text(&error.unwrap_err()).ends_with("refused: rejection"));
    // PKIStatusInfo alone: rejection, "not today", badAlg.
    let rejected = b"\x30\x16\x30\x14\x02\x01\x02\x30\x0b\x0c\x09not today\x03\x02\x07\x80".to_vec();
    let error = text(&ask(move |_| reply(200).body(rejected.clone())).unwrap_err());
    assert!(error.ends_with("refused: rejection: not today, the algorithm is not known (badAlg)"), "{error}");
    let error = ask(|_| reply(400).body("unsupported hash algorithm")).unwrap_err();
    assert!(
        matches!(&error, Error::Status { status: 400, said: Some(said), .. } if said == "unsupported hash algorithm")
    );
    assert!(ask(|_| reply(401)).unwrap_err().is_refusal());
}

#[test]
fn what_is_not_a_token_is_an_error() {
    let bodies: [&[u8]; 7] =
        [b"", b"<html>", b"\x30\x00", b"\x30\x05\x30\x03\x02\x01\x00", b"\x30\x80\x00\x00", b"{}", b"\xff"];
    for body in bodies {
        assert!(matches!(ask(move |_| reply(200).body(body)), Err(Error::Answer { .. })), "{body:x?}");
    }
    let cut = |by: usize| {
        ask(move |seen| {
            let good = response(&stamp(seen, |_| {}));
            reply(200).body(&good[..good.len() * by / 16])
        })
    };
    assert!((0..16).all(|by| cut(by).is_err()));
    assert!(ask(|seen| reply(200).body([response(&stamp(seen, |_| {})), vec![0]].concat())).is_err());
    // What points elsewhere is not followed.
    let elsewhere = serve(|_| reply(200));
    let url = elsewhere.url.clone();
    assert!(ask(move |_| reply(307).with("Location", url.clone())).is_err());
    assert!(elsewhere.lines().is_empty());
}

/// CVE-2025-66564 was work without bound on what somebody sent: whatever an authority sends, little of it is read.
#[test]
fn cve_2025_66564_an_answer_of_100_mb_is_refused_at_little_cost() {
    let started = Instant::now();
    let announced = |_: &Seen| Reply { announced: Some(100_000_000), ..reply(200).body(vec![0x30; 1000]) };
    let endless = |_: &Seen| Reply { endless: true, ..reply(200).body(vec![b'.'; 1 << 16]) };
    for answer in [announced, endless] {
        let served = serve(answer);
        let error = run(timestamp(&client(), &served.url, SIGNED)).unwrap_err();
        assert!(text(&error).contains("larger than the limit"), "{}", text(&error));
        // What the transport has room for, and no more.
        assert!(served.sent() < 50_000_000, "{}", served.sent());
    }
    // As many as fit: one long list of object identifiers, and one identifier.
    for content in [b"\x06\x01\x2a".repeat(20_000), vec![0x81; 60_000]] {
        let tag = if content[0] == 0x06 { der::Tag::Sequence } else { der::Tag::ObjectIdentifier };
        let body = crate::x509::asn1::encode(tag, &[&content]);
        assert!(ask(move |_| reply(200).body(body.clone())).is_err());
    }
    assert!(started.elapsed() < Duration::from_secs(10));
}

#[test]
fn what_fails_in_passing_is_tried_again() {
    let mut count = 0;
    let served = serve(move |seen| {
        count += 1;
        match count {
            1 => reply(503),
            2 => reply(429).with("Retry-After", "0"),
            _ => reply(201).body(response(&stamp(seen, |_| {}))),
        }
    });
    run(timestamp(&patient(Duration::from_secs(20)), &served.url, SIGNED)).unwrap();
    assert_eq!(served.lines().len(), 3);
    assert!(matches!(ask(|_| reply(503)), Err(Error::Status { status: 503, .. })));
    assert!(matches!(run(timestamp(&client(), "nowhere", SIGNED)), Err(Error::Http { .. })));
}
