//! Signatures of images: the tag scheme's payload, the sign predicate, annotations; and what is none.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::fixture::*;
use super::mutator::{Kind as Mutation, mutate};
use crate::bundle::{Content, Profile, SignedEntity, annotations};
use crate::crypto::{Digest, KeyType, PublicKey, SigningKey, UnixTime, base64};
use crate::payload::{Artifact, SimpleSigning};
use crate::trust::TrustedRoot;
use crate::verify::{
    ClaimRequirement, ContentRequirement, Evidence, ExpectedSigner, NonEmpty, Requirement,
    VerificationPolicy, Verified, Verifier, Waiver, visible,
};
use crate::x509::issue::fixtures::p256;

fn wanting(mut case: Case, pairs: &[(&str, &str)]) -> Case {
    let pairs = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    case.policy.claim.annotations = pairs.collect();
    case
}

/// As cosign 3 signs images.
fn image_statement() -> Case {
    let pairs = BTreeMap::from([("env".to_owned(), "prod".to_owned())]);
    let made = crate::attest::image_signature(&sha256(ARTIFACT), &pairs);
    let mut case = Case::keyless();
    case.entity = case.signer.envelope(&made.payload, crate::payload::IN_TOTO_PAYLOAD_TYPE);
    case.relog(V1, Kind::Dsse);
    case.policy.claim.content = ContentRequirement::ImageSignature;
    case
}

fn sha256(bytes: &[u8]) -> Digest {
    crate::crypto::HashAlgorithm::Sha256.digest(bytes)
}

fn payload(case: &mut Case) -> &mut crate::bundle::Raw<SimpleSigning> {
    let Content::SimpleSigning { payload, .. } = &mut case.entity.content else { panic!() };
    Arc::make_mut(payload)
}

#[test]
fn both_forms_verify_as_signatures_of_an_image() {
    for mut case in [Case::keyless_image(), Case::keyed_image(), image_statement()] {
        case.verdict().unwrap();
        case.policy.claim.content = ContentRequirement::Any;
        case.verdict().unwrap();
        assert_eq!(visible(&case.entity), []);
    }
    let verified = Case::keyed_image().verdict().unwrap();
    let claim = verified.claim().proven().unwrap();
    assert_eq!(claim.simple_signing().unwrap().reference, "registry.example/app");
    assert!(claim.statement().is_none() && verified.annotations().found().is_empty());
}

/// Every kind of key; the payload is signed as a message.
#[test]
fn keys_of_every_type() {
    for key_type in [KeyType::P256, KeyType::P384, KeyType::P521, KeyType::Ed25519] {
        let mut case = Case::plain(key_type);
        case.entity = case.signer.image(&image_payload(ARTIFACT));
        case.policy.claim.content = ContentRequirement::ImageSignature;
        case.verdict().unwrap();
        payload(&mut case).bytes.push(b'\n');
        assert_eq!(case.code(), "signature-invalid", "{key_type}");
    }
}

/// An attestation about an image, or a signature of its manifest as a file, is no signature of the image.
#[test]
fn cve_2022_35929_an_attestation_is_no_signature() {
    for mut case in [Case::keyless(), Case::keyless_v2(), Case::keyless_statement(), Case::keyed()] {
        case.policy.claim.content = ContentRequirement::ImageSignature;
        assert_eq!(case.code(), "not-an-image-signature");
        // Whatever else is waived.
        case.policy.claim.binding_waived = Some(Waiver::Flag("--check-claims=false"));
        case.policy.log = NO_LOG;
        assert_eq!(case.code(), "not-an-image-signature");
    }
    for (mut case, code) in
        [(Case::keyless_image(), "not-an-attestation"), (image_statement(), "predicate-type")]
    {
        case.policy.claim.content = of_type(PREDICATE_TYPE);
        assert_eq!(case.code(), code);
        case.policy.claim.content = ContentRequirement::Message;
        assert_eq!(case.code(), "not-a-plain-signature");
    }
}

#[test]
fn annotations_are_what_was_signed() {
    for make in [Case::keyless_image, Case::keyed_image, image_statement] {
        let verified = wanting(make(), &[("env", "prod")]).verdict().unwrap();
        assert_eq!(verified.annotations().found().len(), 1);
        assert!(verified.claim().proven().unwrap().to_string().ends_with(", with `env=prod`"));
        for (pairs, message) in [
            (&[("env", "test")][..], "the annotation `env` is `prod`, expected `test`"),
            (&[("env", "")], "the annotation `env` is `prod`, expected ``"),
            (&[("ENV", "prod")], "the annotation `ENV` is missing, expected `prod`"),
            (&[("env", "prod"), ("zone", "a")], "the annotation `zone` is missing, expected `a`"),
            (&[("zone", "a"), ("a", "b")], "the annotation `a` is missing, expected `b`"),
        ] {
            let mut case = wanting(make(), pairs);
            let rejection = case.verdict().unwrap_err();
            assert_eq!((rejection.reason().code(), rejection.to_string().as_str()), ("annotation", message));
            // Who asks for annotations is not told of success without them.
            case.policy.claim.binding_waived = Some(Waiver::Flag("--check-claims=false"));
            assert_eq!(case.code(), "annotation");
        }
        let mut waived = wanting(make(), &[("env", "prod")]);
        waived.policy.claim.binding_waived = Some(Waiver::Flag("--check-claims=false"));
        waived.given = Given::Nothing;
        let verified = waived.verdict().unwrap();
        assert!(matches!(verified.claim(), Evidence::Waived(_)) && verified.annotations().found().len() == 1);
    }
    // A plain signature has none.
    assert_eq!(wanting(Case::keyless(), &[("env", "prod")]).code(), "annotation");
}

/// An annotation that is no text, and one of another subject.
#[test]
fn annotations_of_something_else() {
    let text = String::from_utf8(image_payload(ARTIFACT)).unwrap();
    for value in ["1", "null", "true", "[\"prod\"]", "{\"prod\":\"prod\"}"] {
        let mut case = Case::plain(KeyType::P256);
        case.entity = case.signer.image(text.replace("\"prod\"", value).as_bytes());
        assert_eq!(case.code(), "verified");
        let rejection = wanting(case, &[("env", "prod")]).verdict().unwrap_err();
        assert_eq!(rejection.to_string(), format!("the annotation `env` is {value}, expected `prod`"));
    }
    let (own, other) = (sha256(ARTIFACT).hex(), sha256(OTHER_ARTIFACT).hex());
    let statement = format!(
        r#"{{"_type":"https://in-toto.io/Statement/v1","subject":[{{"digest":{{"sha256":"{other}"}},"annotations":{{"env":"prod"}}}},{{"digest":{{"sha256":"{own}"}}}}],"predicateType":"https://sigstore.dev/cosign/sign/v1","predicate":{{}}}}"#
    );
    let mut case = Case::plain(KeyType::P256);
    case.entity = case.signer.envelope(statement.as_bytes(), crate::payload::IN_TOTO_PAYLOAD_TYPE);
    assert_eq!(case.code(), "verified");
    assert_eq!(wanting(case, &[("env", "prod")]).code(), "annotation");
}

/// The reference in the payload is not compared: images are mirrored. The digest is, by the artifact's own.
#[test]
fn the_image_is_its_digest() {
    for mut case in [Case::keyless_image(), Case::keyed_image()] {
        case.given = Given::Bytes(OTHER_ARTIFACT);
        assert_eq!(case.code(), "payload-digest");
        case.given = Given::Nothing;
        assert_eq!(case.code(), "artifact-missing");
        case.policy.claim.binding_waived = Some(Waiver::Flag("--check-claims=false"));
        assert_eq!(case.code(), "verified");
    }
    let mut case = image_statement();
    case.given = Given::Bytes(OTHER_ARTIFACT);
    assert_eq!(case.code(), "statement-subject");
}

/// The signature is over the bytes that were signed, not over what they mean.
#[test]
fn cve_2026_44309_signed_are_the_raw_bytes() {
    let text = String::from_utf8(image_payload(ARTIFACT)).unwrap();
    let value: Value = serde_json::from_str(&text).unwrap();
    let reordered = format!(r#"{{"optional":{},"critical":{}}}"#, value["optional"], value["critical"]);
    for other in [
        serde_json::to_string_pretty(&value).unwrap(),
        reordered,
        text.replace("\":", "\": "),
        format!("{text}\n"),
    ] {
        for mut case in [Case::keyless_image(), Case::keyed_image()] {
            let same = SimpleSigning::from_json(other.as_bytes()).unwrap();
            assert_eq!(same, payload(&mut case).parsed);
            payload(&mut case).bytes = other.clone().into_bytes();
            assert_eq!(case.code(), "log-digest");
            case.entity.log_entries.clear();
            case.policy.log = NO_LOG;
            case.stamp(0, 0);
            assert_eq!(case.code(), "signature-invalid");
        }
    }
}

/// The genuine log entry of another signature by the same signer, as the annotation of this one.
#[test]
fn cve_2022_23649_the_entry_of_another_image_signature() {
    for mut case in [Case::keyless_image(), Case::keyed_image()] {
        for other in
            [case.signer.image(&image_payload(OTHER_ARTIFACT)), case.signer.image(&image_payload(ARTIFACT))]
        {
            let (mut foreign, genuine) = (other, case.entity.clone());
            case.world.log(&mut foreign, &case.signer, V1, Kind::HashedRekord);
            let layer =
                annotations::encode(&SignedEntity { log_entries: foreign.log_entries, ..genuine.clone() });
            let layer = layer.unwrap();
            case.entity = annotations::decode_signature(&layer.annotations, &layer.content).unwrap();
            for log in [Requirement::ONE, NO_LOG] {
                case.policy.log = log;
                assert_eq!(case.code(), "log-signature");
            }
            case.policy.log = Requirement::ONE;
            case.entity = genuine;
            assert_eq!(case.code(), "verified");
        }
    }
}

/// One of digest, signature and key in the entry is another; and an entry of a kind that holds no payload.
#[test]
fn cve_2026_22703_an_entry_that_differs_in_one_member() {
    use crate::tlog::body::LoggedVerifier;
    for mut case in [Case::keyless_image(), Case::keyed_image()] {
        let (entity, genuine, signer) = (case.entity.clone(), signature(&case.entity), case.signer.logged());
        let digest = signed_digest(&entity);
        let stranger = LoggedVerifier::PublicKey(p256("stranger").public_key().clone());
        for kind in [Kind::HashedRekord, Kind::Rekord] {
            for (digest, signature, signer, code) in [
                (&digest, &genuine, &signer, "verified"),
                (&sha256(OTHER_ARTIFACT), &genuine, &signer, "log-digest"),
                (&sha256(ARTIFACT), &genuine, &signer, "log-digest"),
                (&digest, &case.signer.sign(b"x"), &signer, "log-signature"),
                (&digest, &genuine, &stranger, "log-verifier"),
            ] {
                case.relog_body(V1, body_with(&entity, digest, signature, signer, V1, kind));
                assert_eq!(case.code(), code, "{kind:?}");
            }
        }
        for kind in [Kind::Dsse, Kind::Intoto001, Kind::Intoto002] {
            case.relog_body(V1, body_with(&entity, &digest, &genuine, &signer, V1, kind));
            assert_eq!(case.code(), "log-content");
        }
    }
}

/// A timestamp is over the raw signature.
#[test]
fn timestamps_are_over_the_signature() {
    let mut case = Case::keyless_image();
    case.entity.log_entries.clear();
    case.policy.log = NO_LOG;
    case.policy.timestamp = Requirement::ONE;
    assert_eq!(case.code(), "timestamp-missing");
    case.stamp(0, 0);
    case.verdict().unwrap();
    let over_payload = case.world.stamp(0, &image_payload(ARTIFACT), crate::x509::issue::fixtures::second(0));
    case.entity.timestamps = vec![over_payload];
    assert_eq!(case.code(), "timestamp-invalid");
}

/// Layers broken in every place of annotations and payload: none verifies.
#[test]
fn every_broken_layer_is_refused() {
    let stamped = |mut case: Case| {
        case.stamp(0, 0);
        case
    };
    let mut tried = 0;
    for (seed, mut case) in
        (0..).zip([Case::keyless_image(), Case::keyed_image(), stamped(Case::keyless_image())])
    {
        let layer = annotations::encode(&case.entity).unwrap();
        // The JSON inside is base64 here, for the mutator to look into it.
        let pairs = layer.annotations.iter().map(|(name, text)| {
            let text = if text.starts_with('{') { base64::encode(text.as_bytes()) } else { text.clone() };
            (name.clone(), Value::from(text))
        });
        let document = json!({
            "annotations": pairs.collect::<serde_json::Map<_, _>>(),
            "content": base64::encode(&layer.content),
        });
        mutate(&document, seed, |path, kind, mutated| {
            let text = |value: &Value| {
                let text = value.as_str()?;
                let inner = base64::decode(text).and_then(|b| String::from_utf8(b).ok());
                Some(inner.filter(|t| t.starts_with('{')).unwrap_or_else(|| text.to_owned()))
            };
            let Some(members) = mutated["annotations"].as_object() else { return };
            let pairs: Option<Vec<_>> = members.iter().map(|(n, v)| Some((n.clone(), text(v)?))).collect();
            let (Some(pairs), Some(content)) = (pairs, text(&mutated["content"])) else { return };
            tried += 1;
            let Ok(entity) = annotations::decode_signature(&pairs, content.as_bytes()) else { return };
            case.entity = entity;
            // The certificates above the leaf are not used. A token has unsigned parts, and beside a log nobody needs it.
            let idle = path.contains("/chain")
                || (path.contains("rfc3161timestamp") && kind != Mutation::Retype)
                || path == "annotations";
            assert!(idle || case.verdict().is_err(), "{path}: {kind:?}");
        });
    }
    assert!(tried > 300, "{tried}");
}

struct Fixture {
    root: TrustedRoot,
    image: Digest,
    layers: Value,
}

impl Fixture {
    fn read() -> Self {
        let file = |name: &str| std::fs::read(format!("testdata/mock-images/{name}")).unwrap();
        let layers: Value = serde_json::from_slice(&file("cosign-2.layers.json")).unwrap();
        Self {
            root: TrustedRoot::from_json(&file("trusted_root.json"), "trusted_root.json").unwrap(),
            image: Digest::parse(layers["image"].as_str().unwrap()).unwrap(),
            layers,
        }
    }

    fn entities(&self, kind: &str) -> Vec<SignedEntity> {
        let entity = |layer: &Value| {
            let pairs: Vec<(String, String)> =
                serde_json::from_value::<BTreeMap<String, String>>(layer["annotations"].clone())
                    .unwrap()
                    .into_iter()
                    .collect();
            let content = layer["content"].as_str().unwrap().as_bytes();
            let entity = match kind {
                "sig" => annotations::decode_signature(&pairs, content).unwrap(),
                _ => annotations::decode_attestation(&pairs, content).unwrap().remove(0),
            };
            // What cosign wrote is what is written here, byte for byte; but for the lines of the mock's own PEM.
            let made = annotations::encode(&entity).unwrap();
            let unfolded = |pairs: Vec<(String, String)>| -> Vec<_> {
                pairs
                    .into_iter()
                    .map(|(n, t)| (n == annotations::CHAIN, n, t))
                    .map(|(chain, n, t)| if chain { (n, t.replace('\n', "")) } else { (n, t) })
                    .collect()
            };
            assert!(unfolded(made.annotations) == unfolded(pairs) && made.content == content);
            assert_eq!(
                (made.media_type, entity.profile),
                (layer["mediaType"].as_str().unwrap(), Profile::Legacy)
            );
            assert_eq!(visible(&entity), []);
            entity
        };
        self.layers[kind].as_array().unwrap().iter().map(entity).collect()
    }

    fn judge(
        &self,
        entity: &SignedEntity,
        signer: ExpectedSigner,
        content: ContentRequirement,
    ) -> Result<Verified, &'static str> {
        let policy = VerificationPolicy {
            signer,
            log: if entity.log_entries.is_empty() { NO_LOG } else { Requirement::ONE },
            timestamp: if entity.timestamps.is_empty() { NO_STAMP } else { Requirement::ONE },
            sct: Requirement::ONE,
            claim: ClaimRequirement { content, binding_waived: None, annotations: BTreeMap::new() },
            signature_digest: None,
        };
        let artifact =
            Artifact { name: "image".into(), digests: self.image.clone().into(), ed25519: Vec::new() };
        let now = UnixTime::parse_rfc3339("2030-01-01T00:00:00Z").unwrap();
        Verifier { root: &self.root, policy: &policy, now }
            .verify(entity, Some(&artifact))
            .map_err(|rejection| rejection.reason().code())
    }
}

/// What cosign 2.5 put into a registry: keyless, keyless and timestamped, by a key with and without a log.
#[test]
fn layers_of_cosign_2_verify() {
    let fixture = Fixture::read();
    let identity =
        || ExpectedSigner::Identity(NonEmpty::new(exactly("a@example.com", "http://127.0.0.1:7404"), []));
    let key = || {
        ExpectedSigner::Key(
            PublicKey::from_pem(&std::fs::read("testdata/mock-images/key.pub").unwrap()).unwrap(),
        )
    };
    let signatures = fixture.entities("sig");
    assert_eq!(signatures.len(), 4);
    for (i, entity) in signatures.iter().enumerate() {
        let (own, other) = if i < 2 { (identity(), key()) } else { (key(), identity()) };
        let verified = fixture.judge(entity, own, ContentRequirement::ImageSignature).unwrap();
        assert_eq!(verified.log().proven().is_some(), i < 3);
        let refusal = fixture.judge(entity, other, ContentRequirement::ImageSignature).unwrap_err();
        assert_eq!(refusal, if i < 2 { "other-key" } else { "certificate-missing" });
        // CVE-2022-23649, with entries of a real log.
        for (j, foreign) in
            signatures.iter().enumerate().filter(|(j, f)| *j != i && !f.log_entries.is_empty())
        {
            let mixed = SignedEntity { log_entries: foreign.log_entries.clone(), ..entity.clone() };
            let signer = if i < 2 { identity() } else { key() };
            let code = fixture.judge(&mixed, signer, ContentRequirement::ImageSignature).unwrap_err();
            assert_eq!(code, "log-signature", "{i} {j}");
        }
    }
    let Content::SimpleSigning { payload, .. } = &signatures[0].content else { panic!() };
    assert_eq!(
        (payload.parsed.annotation("env"), payload.parsed.annotation("html")),
        (Some("prod"), Some("<x>"))
    );
    let attestations = fixture.entities("att");
    assert_eq!(attestations.len(), 3);
    for (entity, (signer, uri)) in attestations.iter().zip([
        (identity(), "https://example.com/t"),
        (key(), "https://cosign.sigstore.dev/attestation/v1"),
        (identity(), "https://cosign.sigstore.dev/attestation/v1"),
    ]) {
        fixture.judge(entity, signer.clone(), of_type(uri)).unwrap();
        let code = fixture.judge(entity, signer, ContentRequirement::ImageSignature).unwrap_err();
        assert_eq!(code, "not-an-image-signature");
    }
}
