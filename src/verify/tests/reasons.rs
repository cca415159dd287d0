//! For each code an entity that verifies, and the one thing that is broken about it.

use std::collections::BTreeSet;

use super::fixture::*;
use crate::bundle::{Content, VerificationMaterial};
use crate::crypto::{HashAlgorithm, KeyType, PrivateKey, SigningInput, SigningKey};
use crate::payload::EnvelopeSignature;
use crate::verify::ContentRequirement;
use crate::x509::Certificate;
use crate::x509::issue::fixtures::{issued, p256, second, self_signed, span};
use crate::x509::issue::{ExtendedKeyUsage, Extension, KeyUsage, Template};

/// The code, what verifies, and what is done to it.
type Row = (&'static str, fn() -> Case, fn(&mut Case));

const STRUCTURE: [Row; 8] = [
    ("too-many", Case::keyless, |c| c.entity.log_entries = vec![c.entity.log_entries[0].clone(); 33]),
    ("envelope-signatures", Case::keyless_statement, |c| {
        let signature = c.envelope().parsed.signatures[0].clone();
        c.envelope().parsed.signatures.push(EnvelopeSignature { keyid: "1".into(), ..signature });
    }),
    ("not-an-attestation", Case::keyless, |c| c.policy.claim.content = of_type(PREDICATE_TYPE)),
    ("not-a-plain-signature", Case::keyless_statement, |c| {
        c.policy.claim.content = ContentRequirement::Message;
    }),
    ("not-an-image-signature", Case::keyless_statement, |c| {
        c.policy.claim.content = ContentRequirement::ImageSignature;
    }),
    ("payload-type", Case::keyless_statement, |c| {
        c.envelope().parsed.payload_type = "application/json".into();
    }),
    ("payload", Case::keyless_statement, |c| {
        c.envelope().parsed.payload.pop();
    }),
    ("artifact-missing", Case::keyless, |c| c.given = Given::Nothing),
];

const LOG: [Row; 17] = [
    ("log-entry-missing", Case::keyless, |c| c.entity.log_entries.clear()),
    ("log-unknown", Case::keyless, |c| c.entry().log_id[0] ^= 1),
    ("log-body", Case::keyless, |c| {
        c.entry().canonicalized_body.pop();
    }),
    ("log-kind", Case::keyless, |c| c.entry().kind.as_mut().unwrap().kind = "rekord".into()),
    ("log-content", Case::keyless, |c| c.relog(V1, Kind::Dsse)),
    ("log-digest", Case::keyless, |c| {
        let (digest, logged) = (HashAlgorithm::Sha256.digest(OTHER_ARTIFACT), c.signer.logged());
        let body = body_with(&c.entity, &digest, &signature(&c.entity), &logged, V1, Kind::HashedRekord);
        c.relog_body(V1, body);
    }),
    ("log-signature", Case::keyless, |c| {
        let (digest, logged) = (HashAlgorithm::Sha256.digest(ARTIFACT), c.signer.logged());
        let body = body_with(&c.entity, &digest, &c.signer.sign(ARTIFACT), &logged, V1, Kind::HashedRekord);
        c.relog_body(V1, body);
    }),
    ("log-verifier", Case::keyless, |c| {
        let key = Signer { certificate: None, ..c.signer.clone() };
        let body = body_of(&c.entity, &key, V1, Kind::HashedRekord);
        c.relog_body(V1, body);
    }),
    ("log-index", Case::keyless_v2, |c| c.entry().log_index += 1),
    ("log-proof-missing", Case::keyless, |c| c.entry().inclusion_proof = None),
    ("inclusion-proof", Case::keyless, |c| c.proof().root_hash[0] ^= 1),
    ("checkpoint-malformed", Case::keyless, |c| {
        c.proof().checkpoint.as_mut().unwrap().pop();
    }),
    ("checkpoint-tree", Case::keyless, |c| {
        // The log's genuine checkpoint, of another tree.
        let body = c.entry().canonicalized_body.clone();
        let later = c.world.logs[V1].append(body, second(1)).unwrap();
        c.proof().checkpoint = later.inclusion_proof.unwrap().checkpoint;
    }),
    ("checkpoint-origin", Case::keyless_v2, |c| {
        c.world.root.logs[V2].base_url = "https://log2027-1.rekor.example".into();
    }),
    ("checkpoint-signature", Case::keyless, |c| {
        let checkpoint = c.proof().checkpoint.as_mut().unwrap();
        *checkpoint = flip_base64(checkpoint, checkpoint.len() - 20);
    }),
    ("inclusion-promise", Case::keyless, |c| {
        let promise = c.entry().inclusion_promise.as_mut().unwrap();
        *promise.last_mut().unwrap() ^= 1;
    }),
    ("log-window", Case::keyless, |c| c.world.root.logs[V1].valid_for = window(-100, -1)),
];

const TIME: [Row; 6] = [
    ("time-in-future", Case::keyless, |c| c.now = second(-1)),
    ("timestamp-malformed", Case::keyless_v2, |c| {
        c.entity.timestamps[0].pop();
    }),
    ("timestamp-invalid", Case::keyless_v2, |c| {
        c.entity.timestamps = vec![c.world.stamp(0, ARTIFACT, second(0))];
    }),
    ("timestamp-window", Case::keyless_v2, |c| {
        c.world.root.timestamp_authorities[0].valid_for = window(-100, -1);
    }),
    ("timestamp-missing", Case::keyless_v2, |c| c.policy.timestamp = TWO),
    ("no-trusted-time", Case::keyless_v2, |c| c.entity.timestamps.clear()),
];

const CERTIFICATE: [Row; 13] = [
    ("no-authority", Case::keyless, |c| {
        c.world.root.certificate_authorities[0].valid_for = window(1, 100);
    }),
    ("certificate-untrusted", Case::keyless, |c| {
        let other = self_signed(&Template::root("other root", span(-1000, 1000)), "other root");
        c.world.root.certificate_authorities[0].anchors = vec![other];
    }),
    ("certificate-signature", Case::keyless, |c| {
        let der = signed_again(c.signer.certificate.as_ref().unwrap(), p256("other root"), |tbs| tbs);
        c.use_certificate(Certificate::from_der(&der).unwrap());
    }),
    ("certificate-invalid", Case::keyless, |c| {
        let template =
            Template::intermediate("intermediate", ExtendedKeyUsage::CodeSigning, span(-1000, 1000))
                .with(Extension::basic_constraints(false, None))
                .with(Extension::key_usage(&[KeyUsage::DigitalSignature]));
        let root = c.world.root.certificate_authorities[0].anchors[0].clone();
        let no_ca = issued(&template, "intermediate", ("root", &root));
        c.world.root.certificate_authorities[0].intermediates = vec![no_ca];
    }),
    ("certificate-usage", Case::keyless, |c| {
        let usage = Extension::extended_key_usage(false, &[ExtendedKeyUsage::ServerAuth]);
        let certificate = c.world.certificate(&World::template().with(usage), c.signer.key, &CT_LOGS[..1]);
        c.use_certificate(certificate);
    }),
    ("certificate-not-yet-valid", Case::keyless, |c| {
        let mut template = World::template();
        template.validity = span(1, 600);
        let certificate = c.world.certificate(&template, c.signer.key, &CT_LOGS[..1]);
        c.use_certificate(certificate);
    }),
    ("certificate-expired", Case::keyless, |c| {
        let mut template = World::template();
        template.validity = span(-600, -1);
        let certificate = c.world.certificate(&template, c.signer.key, &CT_LOGS[..1]);
        c.use_certificate(certificate);
    }),
    ("certificate-path-budget", Case::keyless, |c| {
        // Authorities of the right name and key identifier, whose signatures have to be tried one after the other.
        let root = c.world.root.certificate_authorities[0].anchors[0].clone();
        let below = |serial: u8| {
            Template::intermediate("intermediate", ExtendedKeyUsage::CodeSigning, span(-1000, 1000))
                .serial(&[1, serial])
        };
        let der = |serial| {
            let genuine = issued(&below(serial), "intermediate", ("root", &root));
            signed_again(&genuine, p256("other root"), |tbs| tbs)
        };
        let authorities = (0..200).map(|serial| Certificate::from_der(&der(serial)).unwrap());
        c.world.root.certificate_authorities[0].intermediates = authorities.collect();
    }),
    ("sct-missing", Case::keyless, |c| {
        let certificate = c.world.certificate(&World::template(), c.signer.key, &[]);
        c.use_certificate(certificate);
    }),
    ("sct-malformed", Case::keyless, |c| {
        // An SCT list that ends in the middle.
        let list = Extension::custom("1.3.6.1.4.1.11129.2.4.2", false, vec![4, 3, 0, 9, 0]);
        let certificate = c.world.certificate(&World::template().with(list), c.signer.key, &[]);
        c.use_certificate(certificate);
    }),
    ("sct-invalid", Case::keyless, |c| {
        // The SCT of a certificate with another serial number.
        let other = World::template().serial(&[7]).issue_with_scts(
            c.signer.key.public_key(),
            crate::x509::issue::Issuer { key: p256("intermediate"), certificate: Some(&c.world.ca) },
            &[ct_log(CT_LOGS[0])],
        );
        let der = signed_again(&other.unwrap(), p256("intermediate"), |tbs| {
            replaced(&tbs, &[2, 1, 7, 0x30], &[2, 1, 8, 0x30])
        });
        c.use_certificate(Certificate::from_der(&der).unwrap());
    }),
    ("sct-window", Case::keyless, |c| c.world.root.ct_logs[0].valid_for = window(1, 100)),
    ("certificate-key", Case::keyless, |c| {
        // The key's curve becomes one that does not exist here: 1.2.840.10045.3.1.7 to .9.
        let oid = [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
        let other = [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x09];
        c.policy.sct = NO_SCT;
        let der = signed_again(c.signer.certificate.as_ref().unwrap(), p256("intermediate"), |tbs| {
            replaced(&tbs, &oid, &other)
        });
        c.use_certificate(Certificate::from_der(&der).unwrap());
    }),
];

const SIGNATURE: [Row; 8] = [
    ("artifact-digest", Case::keyless, |c| c.given = Given::Bytes(OTHER_ARTIFACT)),
    ("digest-unavailable", Case::keyless, |c| c.given = Given::Digest(HashAlgorithm::Sha512)),
    (
        "signature-unavailable",
        || Case::plain(KeyType::Ed25519),
        |c| {
            c.given = Given::Digest(HashAlgorithm::Sha256);
        },
    ),
    (
        "signature-invalid",
        || Case::plain(KeyType::P256),
        |c| {
            let Content::Message { signature, .. } = &mut c.entity.content else { panic!() };
            *signature.last_mut().unwrap() ^= 1;
        },
    ),
    ("statement-subject", Case::keyless_statement, |c| c.given = Given::Bytes(OTHER_ARTIFACT)),
    ("payload-digest", Case::keyless_image, |c| c.given = Given::Bytes(OTHER_ARTIFACT)),
    ("annotation", Case::keyless_image, |c| {
        c.policy.claim.annotations.insert("env".into(), "test".into());
    }),
    ("predicate-type", Case::keyless_statement, |c| {
        c.policy.claim.content = of_type("https://slsa.dev/provenance/v0.2");
    }),
];

const SIGNER: [Row; 6] = [
    ("certificate-missing", Case::keyed, |c| c.expect([exactly(IDENTITY, ISSUER)])),
    ("other-key", Case::keyed, |c| {
        let embedded = Some(p256("other signer").public_key().clone());
        c.entity.material = VerificationMaterial::PublicKey { hint: String::new(), embedded };
    }),
    ("identity", Case::keyless, |c| c.expect([exactly("https://github.com/org/other", ISSUER)])),
    ("issuer", Case::keyless, |c| c.expect([exactly(IDENTITY, "https://accounts.example")])),
    ("workflow-claim", Case::keyless, |c| {
        let mut matcher = exactly(IDENTITY, ISSUER);
        matcher.workflow.trigger = Some("pull_request".into());
        c.expect([matcher]);
    }),
    ("certificate-extensions", Case::keyless, |c| {
        let template = World::template().with(Extension::fulcio_text(8, "https://accounts.example"));
        let certificate = c.world.certificate(&template, c.signer.key, &CT_LOGS[..1]);
        c.use_certificate(certificate);
    }),
];

fn rows() -> impl Iterator<Item = Row> {
    [&STRUCTURE[..], &LOG, &TIME, &CERTIFICATE, &SIGNATURE, &SIGNER].into_iter().flatten().copied()
}

/// All codes, as `Reason::code` has them: its match is complete by force of the compiler.
fn codes() -> BTreeSet<&'static str> {
    let source = include_str!("../reason.rs");
    let body = source.split_once("fn code(&self)").unwrap().1.split_once("\n    }\n").unwrap().0;
    let codes: BTreeSet<_> =
        body.lines().filter_map(|l| l.split_once("=> \"")?.1.strip_suffix("\",")).collect();
    assert_eq!(
        codes.len(),
        body.matches("=> ").count(),
        "an arm is not `=> \"code\",`, or a code is used twice"
    );
    codes
}

#[test]
fn one_broken_field_gives_each_reason() {
    let mut wrong = Vec::new();
    for (code, sound, break_it) in rows() {
        let mut case = sound();
        if let Err(rejection) = case.verdict() {
            wrong.push(format!("{code}: before it was broken: {rejection}"));
            continue;
        }
        break_it(&mut case);
        let found = case.code();
        if found != code {
            let text = case.verdict().map_or_else(|r| r.to_string(), |_| "verified".into());
            wrong.push(format!("{code}: {found}: {text}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_code_has_its_row() {
    let covered: BTreeSet<_> = rows().map(|(code, _, _)| code).collect();
    assert_eq!(covered, codes());
    assert_eq!(covered.len(), rows().count());
}

/// `docs/reference/reasons.md` has a section for each code and no other.
#[test]
fn every_code_is_documented() {
    let document = include_str!("../../../docs/reference/reasons.md");
    let headings: Vec<&str> =
        document.lines().filter_map(|line| line.strip_prefix("### `")?.strip_suffix('`')).collect();
    assert_eq!(headings.iter().copied().collect::<BTreeSet<_>>(), codes());
    assert_eq!(headings.len(), codes().len());
}

/// Limits end the search and outrank everything; otherwise the reason that comes later says more.
#[test]
fn specificity_follows_the_checks() {
    let rejection = |code: &str| {
        let (_, sound, break_it) = rows().find(|(c, _, _)| *c == code).unwrap();
        let mut case = sound();
        break_it(&mut case);
        case.verdict().unwrap_err()
    };
    let order = ["other-key", "log-digest", "certificate-expired", "identity", "too-many"];
    let ranks: Vec<_> = order.iter().map(|code| rejection(code).specificity()).collect();
    assert!(ranks.is_sorted_by(|a, b| a < b), "{ranks:?}");
    assert!(rejection("certificate-path-budget").reason().is_limit());
    assert!(!rejection("signature-invalid").reason().is_limit());
}

/// A certificate with changed content, signed again; the certificate's own parts are in DER: SEQUENCE { tbs, algorithm,
/// signature }.
fn signed_again(
    certificate: &Certificate,
    issuer: &PrivateKey,
    change: impl FnOnce(Vec<u8>) -> Vec<u8>,
) -> Vec<u8> {
    let header = |der: &[u8]| match der[1] {
        short @ 0..=0x7f => (2, usize::from(short)),
        0x81 => (3, usize::from(der[2])),
        _ => (4, usize::from(der[2]) << 8 | usize::from(der[3])),
    };
    let der = certificate.der();
    let inside = &der[header(der).0..];
    let (head, length) = header(inside);
    let (tbs, rest) = inside.split_at(head + length);
    let (head, length) = header(rest);
    let algorithm = &rest[..head + length];
    let tbs = change(tbs.to_vec());
    let signature = issuer.sign_now(&SigningInput::message(tbs.clone())).unwrap();
    let wrap = |tag: u8, content: &[u8]| {
        let [high, low] = u16::try_from(content.len()).unwrap().to_be_bytes();
        let length = if content.len() < 0x80 { vec![low] } else { vec![0x82, high, low] };
        let length = if (0x80..0x100).contains(&content.len()) { vec![0x81, low] } else { length };
        [&[tag], &length[..], content].concat()
    };
    let signature = wrap(3, &[&[0], &signature[..]].concat());
    wrap(0x30, &[&tbs[..], algorithm, &signature].concat())
}

/// The bytes with the one place that reads `from` changed to `to`.
fn replaced(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let at: Vec<usize> =
        bytes.windows(from.len()).enumerate().filter(|(_, w)| *w == from).map(|(i, _)| i).collect();
    assert_eq!(at.len(), 1, "{from:?} stands at {at:?}");
    [&bytes[..at[0]], to, &bytes[at[0] + from.len()..]].concat()
}

/// Text with another base64 digit at this place.
fn flip_base64(text: &str, at: usize) -> String {
    let digit = if text.as_bytes()[at] == b'A' { "B" } else { "A" };
    format!("{}{digit}{}", &text[..at], &text[at + 1..])
}

/// What is about another artifact is not what was asked about, whatever else is wrong with it.
#[test]
fn another_artifact_comes_before_another_type() {
    let mut case = Case::keyless_statement();
    case.policy.claim.content = of_type("https://slsa.dev/provenance/v0.2");
    assert_eq!(case.code(), "predicate-type");
    case.given = Given::Bytes(OTHER_ARTIFACT);
    assert_eq!(case.code(), "statement-subject");
    let Err(rejection) = case.verdict() else { panic!() };
    let digest = |bytes: &[u8]| HashAlgorithm::Sha256.digest(bytes).to_string();
    let words = format!(
        "the statement is about another artifact: {}; the one to verify is {}",
        digest(ARTIFACT),
        digest(OTHER_ARTIFACT)
    );
    assert_eq!(rejection.reason().to_string(), words);
}
