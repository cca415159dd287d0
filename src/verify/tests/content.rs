//! What is signed, and by which key: artifacts, digests, envelopes, statements.

use std::sync::Arc;

use super::fixture::*;
use crate::bundle::{Content, Profile, Raw, VerificationMaterial};
use crate::crypto::{HashAlgorithm, KeyType, SignatureError, SignatureScheme, SigningInput, SigningKey};
use crate::payload::{IN_TOTO_PAYLOAD_TYPE, pre_authentication_encoding};
use crate::verify::{Check, Evidence, Outcome, Reason, Waiver};
use crate::x509::issue::fixtures::{key, p256};

/// The artifact as a digest alone: enough for signatures over that digest, and never taken for another one.
#[test]
fn artifacts_may_be_digests() {
    for mut case in [Case::keyless(), Case::keyed(), Case::keyless_v2(), Case::keyless_statement()] {
        case.given = Given::Digest(HashAlgorithm::Sha256);
        case.verdict().unwrap();
    }
    let hashes = [HashAlgorithm::Sha256, HashAlgorithm::Sha384, HashAlgorithm::Sha512];
    for (key_type, good) in [(KeyType::P384, HashAlgorithm::Sha384), (KeyType::P521, HashAlgorithm::Sha512)] {
        for hash in hashes {
            let mut case = Case::plain(key_type);
            case.given = Given::Digest(hash);
            assert_eq!(case.code(), if hash == good { "verified" } else { "digest-unavailable" });
            // A document that does not state its digest: nobody knows that the signature is invalid.
            let Content::Message { digest, .. } = &mut case.entity.content else { panic!() };
            *digest = None;
            assert_eq!(case.code(), if hash == good { "verified" } else { "signature-unavailable" });
        }
    }
}

#[test]
fn ed25519_needs_the_artifact() {
    for hash in [HashAlgorithm::Sha256, HashAlgorithm::Sha512] {
        let mut case = Case::plain(KeyType::Ed25519);
        case.verdict().unwrap();
        case.given = Given::Digest(hash);
        let Content::Message { digest, .. } = &mut case.entity.content else { panic!() };
        *digest = None;
        let reason = case.verdict().unwrap_err().reason().clone();
        let scheme = SignatureScheme::Ed25519;
        assert_eq!(reason, Reason::Signature(SignatureError::Unavailable { scheme }), "{hash}");
        case.given = Given::Bytes(OTHER_ARTIFACT);
        assert_eq!(case.code(), "signature-invalid");
    }
}

/// What cosign 3 makes of Ed25519: prehashed signatures of blobs that it logs, and of its own attestations.
#[test]
fn ed25519ph_is_read() {
    let ph = |message: &[u8]| {
        let digest = HashAlgorithm::Sha512.digest(message);
        key(KeyType::Ed25519, "signer").sign_now(&SigningInput::Digest(digest)).unwrap()
    };
    let mut blob = Case::plain(KeyType::Ed25519);
    blob.entity.content = Content::Message { digest: None, signature: ph(ARTIFACT) };
    assert_eq!(blob.verdict().unwrap().signature().scheme(), SignatureScheme::Ed25519ph);
    blob.given = Given::Digest(HashAlgorithm::Sha512);
    blob.verdict().unwrap();
    blob.given = Given::Bytes(OTHER_ARTIFACT);
    assert_eq!(blob.code(), "signature-invalid");
    // The entry has the SHA-512; the document says SHA-256, or nothing.
    blob.given = Given::Bytes(ARTIFACT);
    for stated in [None, Some(HashAlgorithm::Sha256), Some(HashAlgorithm::Sha512)] {
        let digest = stated.map(|s| s.digest(ARTIFACT));
        blob.entity.content = Content::Message { digest, signature: ph(ARTIFACT) };
        for (logged, code) in [(ARTIFACT, "verified"), (OTHER_ARTIFACT, "log-digest")] {
            let logged = HashAlgorithm::Sha512.digest(logged);
            let signer = blob.signer.logged();
            let body = body_with(&blob.entity, &logged, &ph(ARTIFACT), &signer, V1, Kind::HashedRekord);
            blob.relog_body(V1, body);
            assert_eq!(blob.code(), code, "{stated:?}");
        }
    }

    let mut attestation = Case::plain_statement(KeyType::Ed25519);
    attestation.verdict().unwrap();
    let signed = attestation.envelope().parsed.signed_bytes();
    attestation.envelope().parsed.signatures[0].sig = ph(&signed);
    attestation.verdict().unwrap();
    attestation.envelope().parsed.signatures[0].sig = ph(b"other");
    assert_eq!(attestation.code(), "signature-invalid");
}

/// cosign 2 signed with SHA-256 under every key.
#[test]
fn the_digest_of_old_signatures_is_found() {
    for key_type in [KeyType::P256, KeyType::P384, KeyType::P521, KeyType::Rsa { bits: 2048 }] {
        let mut case = Case::plain(key_type);
        case.verdict().unwrap();
        let digest = HashAlgorithm::Sha256.digest(ARTIFACT);
        let old = case.signer.key.sign_now(&SigningInput::Digest(digest.clone())).unwrap();
        for stated in [None, Some(digest)] {
            case.entity.content = Content::Message { digest: stated, signature: old.clone() };
            case.verdict().unwrap();
        }
        // What the user names decides.
        case.policy.signature_digest = Some(HashAlgorithm::Sha512);
        assert_eq!(case.code(), "signature-invalid");
        case.policy.signature_digest = Some(HashAlgorithm::Sha256);
        case.verdict().unwrap();
    }
}

/// cosign 2.5 and 3.1 let the public key in an old bundle take the place of the one that the user named.
#[test]
fn a_key_in_the_document_never_replaces_the_named_one() {
    let stranger = p256("stranger");
    for statement in [false, true] {
        let mut case = Case::plain(KeyType::P256);
        case.entity.profile = Profile::Legacy;
        let theirs = Signer { key: stranger, certificate: None };
        let forged = if statement { theirs.statement(ARTIFACT) } else { theirs.message(ARTIFACT) };
        case.entity.content = forged.content;
        for embedded in [None, Some(stranger.public_key().clone())] {
            let code = if embedded.is_some() { "other-key" } else { "signature-invalid" };
            case.entity.material = VerificationMaterial::PublicKey { hint: String::new(), embedded };
            assert_eq!(case.code(), code);
        }
        // The hint is nothing that anybody has to believe.
        let hint = hex::encode(case.signer.key.public_key().key_id());
        case.entity.material = VerificationMaterial::PublicKey { hint, embedded: None };
        assert_eq!(case.code(), "signature-invalid");
        // The named key is in it, but another one signed.
        let embedded = Some(case.signer.key.public_key().clone());
        case.entity.material = VerificationMaterial::PublicKey { hint: String::new(), embedded };
        assert_eq!(case.code(), "signature-invalid");
    }
}

/// A certificate is accepted beside a named key only if it is for this key; nothing else in it counts then.
#[test]
fn a_certificate_beside_a_named_key() {
    let mut case = Case::keyless();
    case.policy.signer = crate::verify::ExpectedSigner::Key(case.signer.key.public_key().clone());
    let verified = case.verdict().unwrap();
    assert!(matches!(verified.chain(), Evidence::Waived(Waiver::NotNeeded(_))));
    assert!(matches!(verified.sct(), Evidence::Waived(_)));
    case.policy.signer = crate::verify::ExpectedSigner::Key(p256("stranger").public_key().clone());
    assert_eq!(case.code(), "other-key");
    case.entity.material = VerificationMaterial::Certificate(Vec::new());
    assert_eq!(case.code(), "other-key");
    case.expect([exactly(IDENTITY, ISSUER)]);
    assert_ne!(case.code(), "verified");
}

/// CVE-2026-39395: payloads that are no statements, and statements of another type, with and without the binding waived.
#[test]
fn cve_2026_39395_payloads_that_are_no_statement() {
    let payloads: [(&[u8], &str, &str); 6] = [
        (b"{", IN_TOTO_PAYLOAD_TYPE, "payload"),
        (b"", IN_TOTO_PAYLOAD_TYPE, "payload"),
        (b"[]", IN_TOTO_PAYLOAD_TYPE, "payload"),
        (br#"{"_type":"https://in-toto.io/Statement/v2"}"#, IN_TOTO_PAYLOAD_TYPE, "payload"),
        (b"{}", "application/json", "payload-type"),
        (b"{}", "", "payload-type"),
    ];
    for waived in [None, Some(Waiver::Flag("--check-claims=false"))] {
        for (payload, payload_type, code) in payloads {
            let mut case = Case::plain(KeyType::P256);
            case.entity = case.signer.envelope(payload, payload_type);
            case.policy.claim.binding_waived = waived;
            assert_eq!(case.code(), code);
            case.policy.claim.content = of_type(PREDICATE_TYPE);
            assert_eq!(case.code(), code);
        }
    }
}

/// CVE-2022-35929: another type, though the attestation is valid; types are compared by the letter.
#[test]
fn cve_2022_35929_another_predicate_type() {
    for waived in [None, Some(Waiver::Flag("--check-claims=false"))] {
        let mut case = Case::keyless_statement();
        case.policy.claim.binding_waived = waived;
        case.policy.claim.content = of_type(PREDICATE_TYPE);
        case.verdict().unwrap();
        for other in [
            "https://spdx.dev/Document",
            "",
            "https://slsa.dev/provenance/v1/",
            "HTTPS://slsa.dev/provenance/v1",
        ] {
            case.policy.claim.content = of_type(other);
            assert_eq!(case.code(), "predicate-type", "{other}");
        }
    }
}

/// Signed is the payload as it stands: another spelling of the same statement is another payload, and so is another type.
#[test]
fn cve_2026_44309_signed_are_the_raw_bytes() {
    let mut case = Case::plain_statement(KeyType::P256);
    let payload = case.envelope().parsed.payload.clone();
    let spaced = String::from_utf8(payload.clone()).unwrap().replace("\":", "\": ").into_bytes();
    case.envelope().parsed.payload = spaced;
    assert_eq!(case.code(), "signature-invalid");
    case.envelope().parsed.payload = payload.clone();
    case.verdict().unwrap();
    // A signature over the bare payload is none over the envelope.
    case.envelope().parsed.signatures[0].sig = case.signer.sign(&payload);
    assert_eq!(case.code(), "signature-invalid");
    // A member that appears twice is read differently by different readers.
    let twice =
        String::from_utf8(payload).unwrap().replace("\"predicate\":{}", "\"predicate\":{},\"predicate\":{}");
    case.entity = case.signer.envelope(twice.as_bytes(), IN_TOTO_PAYLOAD_TYPE);
    assert_eq!(case.code(), "payload");
}

/// A signature of a statement is none of an artifact, and the other way round.
#[test]
fn an_envelope_is_not_a_signature_of_the_artifact() {
    let mut case = Case::plain_statement(KeyType::P256);
    let signed = case.envelope().parsed.signed_bytes();
    assert_eq!(signed, pre_authentication_encoding(IN_TOTO_PAYLOAD_TYPE, &case.envelope().parsed.payload));
    let signature = signature(&case.entity);
    case.entity.content = Content::Message {
        digest: Some(HashAlgorithm::Sha256.digest(ARTIFACT)),
        signature: signature.clone(),
    };
    assert_eq!(case.code(), "signature-invalid");
    let blob = case.signer.message(ARTIFACT);
    let Content::Message { signature, .. } = blob.content else { panic!() };
    case.entity = case.signer.statement(ARTIFACT);
    let envelope = case.envelope();
    envelope.parsed.signatures[0].sig = signature;
    let bytes = envelope.parsed.to_json().into_bytes();
    case.entity.content = Content::Envelope(Arc::new(Raw { bytes, parsed: case.envelope().parsed.clone() }));
    assert_eq!(case.code(), "signature-invalid");
}

/// The report says what was proven and what was waived, and nothing that was not reached.
#[test]
fn the_trail_is_complete() {
    let names = |case: &Case| -> Vec<(&str, &str)> {
        let outcome = |o: &Outcome| match o {
            Outcome::Proven(_) => "proven",
            Outcome::Waived(_) => "waived",
            Outcome::Failed(_) => "failed",
        };
        let list = |trail: &crate::verify::Trail| {
            trail.outcomes().map(|(c, o)| (c.name(), outcome(o))).collect::<Vec<_>>()
        };
        match case.verdict() {
            Ok(verified) => list(verified.trail()),
            Err(rejection) => list(rejection.trail()),
        }
    };
    let all: std::collections::BTreeSet<_> = Check::ALL.into_iter().map(Check::name).collect();
    let keyless = names(&Case::keyless());
    assert!(keyless.iter().all(|(_, o)| *o == "proven"), "{keyless:?}");
    let plain = names(&Case::plain(KeyType::P256));
    assert_eq!(plain.iter().filter(|(_, o)| *o == "waived").count(), 4, "{plain:?}");
    let mut expired = Case::keyless();
    expired.given = Given::Bytes(OTHER_ARTIFACT);
    let failed = names(&expired);
    assert_eq!(failed.last(), Some(&("signature", "failed")));
    assert_eq!(failed.iter().filter(|(_, o)| *o == "failed").count(), 1);
    assert_eq!(keyless.iter().map(|(n, _)| *n).collect::<std::collections::BTreeSet<_>>(), all);
}

/// TOB-SIGSTORE-9: exactly one signature; gitsign CVE-2026-44310: no certificate is an answer, and not success.
#[test]
fn cve_2026_44310_nothing_there_is_nothing_verified() {
    for count in [0, 2, 3] {
        let mut case = Case::plain_statement(KeyType::P256);
        let signature = case.envelope().parsed.signatures[0].clone();
        case.envelope().parsed.signatures = vec![signature; count];
        assert_eq!(case.code(), "envelope-signatures", "{count}");
    }
    let mut case = Case::keyless();
    case.entity.material = VerificationMaterial::Certificate(Vec::new());
    for log in [crate::verify::Requirement::ONE, NO_LOG] {
        case.policy.log = log;
        assert_ne!(case.code(), "verified");
        case.entity.log_entries.clear();
        assert_ne!(case.code(), "verified");
    }
    assert_eq!(case.code(), "certificate-missing");
}
