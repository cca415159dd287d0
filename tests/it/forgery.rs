//! Forgeries: sound bundles of a Sigstore of our own, in which one thing after another is changed.

use std::collections::BTreeMap;

use rcosign::internals::bundle::{
    BundleVersion, Content, Profile, Raw, SignedEntity, VerificationMaterial, sigstore,
};
use rcosign::internals::crypto::{
    HashAlgorithm, Hasher, KeyType, PrivateKey, SigningInput, SigningKey, UnixTime,
};
use rcosign::internals::payload::{
    Artifact, Envelope, EnvelopeSignature, IN_TOTO_PAYLOAD_TYPE, pre_authentication_encoding,
};
use rcosign::internals::timestamp::issue::{Fault, Template as Stamp};
use rcosign::internals::tlog::LoggedVerifier;
use rcosign::internals::tlog::issue::IssuingLog;
use rcosign::internals::tlog::issue::body::{self, LoggedEnvelope};
use rcosign::internals::trust::{CertificateAuthority, Log, TrustedRoot, Window};
use rcosign::internals::verify::{
    ClaimRequirement, ContentRequirement, ExpectedSigner, IdentityMatcher, NonEmpty, Requirement,
    StringMatcher, VerificationPolicy, Verifier, Waiver, WorkflowClaims, stream_needs,
};
use rcosign::internals::x509::issue::{CtLog, ExtendedKeyUsage, Issuer, Template, Validity};
use rcosign::internals::x509::{Certificate, SubjectAlternativeName};
use serde_json::Value;

use super::support::{Random, Sandbox, conformance};

const BLOB: &[u8] = b"the artifact";
const WHO: &str = "signer@example.com";
const ISSUER: &str = "https://issuer.example.com";

fn at(n: i64) -> UnixTime {
    UnixTime::from_seconds(1_700_000_000 + n)
}

fn span(from: i64, to: i64) -> Validity {
    Validity { not_before: at(from), not_after: at(to) }
}

fn key() -> PrivateKey {
    PrivateKey::generate(KeyType::P256).unwrap()
}

/// A whole Sigstore.
struct World {
    ca: (PrivateKey, Certificate),
    ct: PrivateKey,
    rekor1: IssuingLog,
    rekor2: IssuingLog,
    tsa: (PrivateKey, Certificate),
    root: TrustedRoot,
}

impl World {
    fn new() -> Self {
        let root_key = key();
        let root = Template::root("root", span(-1000, 1_000_000))
            .issue(root_key.public_key(), Issuer { key: &root_key, certificate: None })
            .unwrap();
        let ca_key = key();
        let ca = Template::intermediate("ca", ExtendedKeyUsage::CodeSigning, span(-1000, 1_000_000))
            .issue(ca_key.public_key(), Issuer { key: &root_key, certificate: Some(&root) })
            .unwrap();
        let tsa_key = key();
        let tsa = Template::time_stamping("tsa", span(-1000, 1_000_000))
            .issue(tsa_key.public_key(), Issuer { key: &root_key, certificate: Some(&root) })
            .unwrap();
        let ct = key();
        let rekor1 = IssuingLog::rekor_v1("rekor1.example", key(), 42, 1000);
        let rekor2 = IssuingLog::rekor_v2("rekor2.example", PrivateKey::generate(KeyType::Ed25519).unwrap());
        let window = Window { start: Some(at(-1000)), end: Some(at(1_000_000)) };
        let log = |url: &str, id: &[u8], key: &rcosign::internals::crypto::PublicKey| Log {
            base_url: url.into(),
            origin: None,
            log_id: id.to_vec(),
            key: key.clone(),
            valid_for: window,
        };
        let authority = |anchors: &[Certificate], others: &[Certificate], uri: &str| CertificateAuthority {
            uri: uri.into(),
            anchors: anchors.to_vec(),
            intermediates: others.to_vec(),
            valid_for: window,
        };
        let trusted = TrustedRoot {
            source: "test".into(),
            certificate_authorities: vec![authority(
                std::slice::from_ref(&root),
                std::slice::from_ref(&ca),
                "ca",
            )],
            logs: vec![
                log("https://rekor1.example", &rekor1.log_id(), rekor1.public_key()),
                log("https://rekor2.example", &rekor2.log_id(), rekor2.public_key()),
            ],
            ct_logs: vec![log("https://ct.example", &ct.public_key().key_id(), ct.public_key())],
            timestamp_authorities: vec![authority(
                std::slice::from_ref(&root),
                std::slice::from_ref(&tsa),
                "tsa",
            )],
            skipped: Vec::new(),
        };
        Self { ca: (ca_key, ca), ct, rekor1, rekor2, tsa: (tsa_key, tsa), root: trusted }
    }

    fn leaf(&self, key: &PrivateKey, who: &str) -> Certificate {
        let issuer = Issuer { key: &self.ca.0, certificate: Some(&self.ca.1) };
        Template::fulcio(SubjectAlternativeName::Email(who.into()), ISSUER, span(0, 600))
            .issue_with_scts(
                key.public_key(),
                issuer,
                &[CtLog { key: &self.ct, time: at(1), extensions: &[] }],
            )
            .unwrap()
    }

    fn stamp(&self, signature: &[u8], time: UnixTime) -> Vec<u8> {
        Stamp::new(signature, time)
            .embedding(std::slice::from_ref(&self.tsa.1))
            .response(&self.tsa.0, &self.tsa.1)
            .unwrap()
    }

    fn entity(&mut self, shape: &str, who: &str, blob: &[u8]) -> SignedEntity {
        let key = key();
        let leaf = self.leaf(&key, who);
        let verifier = LoggedVerifier::Certificate(leaf.der().to_vec());
        let digest = HashAlgorithm::Sha256.digest(blob);
        let details = "PKIX_ECDSA_P256_SHA_256";
        let payload = format!(
            r#"{{"_type":"https://in-toto.io/Statement/v1","subject":[{{"name":"a","digest":{{"sha256":"{}"}}}}],"predicateType":"https://t.example","predicate":{{}}}}"#,
            digest.hex()
        );
        let (content, signature, logged) = if shape.starts_with("message") {
            let signature = key.sign_now(&SigningInput::Digest(digest.clone())).unwrap();
            let body = match shape {
                "message-1" => body::hashedrekord_001(&digest, &signature, &verifier),
                "message-r" => body::rekord_001(&digest, &signature, &verifier),
                _ => body::hashedrekord_002(&digest, &signature, &verifier, details),
            };
            (Content::Message { digest: Some(digest), signature: signature.clone() }, signature, body)
        } else {
            let pae = pre_authentication_encoding(IN_TOTO_PAYLOAD_TYPE, payload.as_bytes());
            let signature = key.sign_now(&SigningInput::message(pae.clone())).unwrap();
            let parsed = Envelope {
                payload: payload.clone().into_bytes(),
                payload_type: IN_TOTO_PAYLOAD_TYPE.into(),
                signatures: vec![EnvelopeSignature { keyid: String::new(), sig: signature.clone() }],
            };
            let json = parsed.to_json();
            let signatures = [(signature.as_slice(), &verifier)];
            let logged = LoggedEnvelope {
                json: json.as_bytes(),
                payload: payload.as_bytes(),
                payload_type: IN_TOTO_PAYLOAD_TYPE,
                signatures: &signatures,
            };
            let body = match shape {
                "dsse-1" => body::dsse_001(logged),
                "intoto-1" => body::intoto_002(logged),
                "dsse-2" => body::dsse_002(logged, details),
                _ => body::hashedrekord_002(
                    &HashAlgorithm::Sha256.digest(&pae),
                    &signature,
                    &verifier,
                    details,
                ),
            };
            (Content::Envelope(std::sync::Arc::new(Raw { bytes: Vec::new(), parsed })), signature, body)
        };
        let v2 = shape.ends_with('2');
        let log = if v2 { &mut self.rekor2 } else { &mut self.rekor1 };
        for filler in 0..5 {
            log.append(format!("filler {filler}").into_bytes(), at(5)).unwrap();
        }
        let entry = log.append(logged, at(10)).unwrap();
        let timestamps = if v2 { vec![self.stamp(&signature, at(10))] } else { Vec::new() };
        SignedEntity {
            content,
            material: VerificationMaterial::Certificate(vec![leaf]),
            log_entries: vec![entry],
            timestamps,
            detached_scts: Vec::new(),
            profile: Profile::Bundle(BundleVersion::V0_3),
        }
    }

    fn verifies(&self, entity: &SignedEntity) -> Result<(), String> {
        self.judge(entity, &policy(), BLOB)
    }

    fn judge(&self, entity: &SignedEntity, policy: &VerificationPolicy, blob: &[u8]) -> Result<(), String> {
        judge(&self.root, entity, policy, blob)
    }
}

fn judge(
    root: &TrustedRoot,
    entity: &SignedEntity,
    policy: &VerificationPolicy,
    blob: &[u8],
) -> Result<(), String> {
    let needs = stream_needs(entity, policy);
    let mut hasher = Hasher::new(needs.algorithms.iter().copied());
    hasher.update(blob);
    let ed25519 = needs.ed25519_streams().into_iter().map(|mut s| {
        s.update(blob);
        s.finish()
    });
    let name = "a".into();
    let artifact = Artifact { name, digests: hasher.finish(), ed25519: ed25519.collect() };
    let verdict = Verifier { root, policy, now: at(100_000) }.verify(entity, Some(&artifact));
    verdict.map(|_| ()).map_err(|e| format!("{}: {e}", e.reason().code()))
}

fn policy() -> VerificationPolicy {
    VerificationPolicy {
        signer: ExpectedSigner::Identity(NonEmpty::new(
            IdentityMatcher {
                subject: StringMatcher::Exact(WHO.into()),
                issuer: StringMatcher::Exact(ISSUER.into()),
                workflow: WorkflowClaims::default(),
            },
            [],
        )),
        log: Requirement::ONE,
        timestamp: Requirement::Waived(Waiver::NotNeeded("test")),
        sct: Requirement::ONE,
        claim: ClaimRequirement {
            content: ContentRequirement::Any,
            binding_waived: None,
            annotations: BTreeMap::new(),
        },
        signature_digest: None,
    }
}

const SHAPES: [&str; 7] = ["message-1", "message-r", "message-2", "dsse-1", "intoto-1", "dsse-2", "hashed-2"];

/// Every leaf of a JSON document, by its path.
fn leaves(value: &Value, path: String, out: &mut Vec<String>) {
    match value {
        Value::Object(members) => members.iter().for_each(|(n, v)| leaves(v, format!("{path}/{n}"), out)),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(i, v)| leaves(v, format!("{path}/{i}"), out))
        }
        _ => out.push(path),
    }
}

fn changed(leaf: &Value, random: &mut Random) -> Value {
    let Value::String(text) = leaf else { return Value::from(leaf.as_i64().unwrap_or(0) + 1) };
    if let Ok(number) = text.parse::<i64>() {
        return Value::from((number + [1, -1, 1 << 40][random.below(3)]).to_string());
    }
    match rcosign::internals::crypto::decode_base64(text) {
        Some(mut bytes) if bytes.len() > 8 => {
            match random.below(8) {
                0 => drop(bytes.pop()),
                1 => bytes.push(0),
                2 => drop(bytes.remove(0)),
                _ => {
                    let i = random.below(bytes.len());
                    bytes[i] ^= 1 << random.below(8);
                }
            }
            Value::from(rcosign::internals::crypto::base64::encode(bytes))
        }
        _ => {
            let mut chars: Vec<char> = text.chars().collect();
            let i = random.below(chars.len().max(1));
            match chars.get_mut(i) {
                Some(c) => *c = if *c == 'x' { 'y' } else { 'x' },
                None => chars.push('x'),
            }
            Value::from(chars.into_iter().collect::<String>())
        }
    }
}

#[test]
fn sound_bundles_verify() {
    let mut world = World::new();
    for shape in SHAPES {
        let entity = world.entity(shape, WHO, BLOB);
        world.verifies(&entity).unwrap_or_else(|e| panic!("{shape}: {e}"));
        assert!(world.judge(&entity, &policy(), b"other").is_err());
    }
}

#[test]
fn every_changed_leaf_is_noticed() {
    let rounds = 20;
    let mut world = World::new();
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut accepted = std::collections::BTreeMap::<String, usize>::new();
    for shape in SHAPES {
        let entity = world.entity(shape, WHO, BLOB);
        let sound: Value = serde_json::from_str(&sigstore::encode(&entity)).unwrap();
        let mut paths = Vec::new();
        leaves(&sound, String::new(), &mut paths);
        // Parts of a token are not signed: its version, the certificates that it brings.
        for path in paths.iter().filter(|p| !p.ends_with("/signedTimestamp")) {
            for _ in 0..rounds {
                let mut bad = sound.clone();
                let leaf = bad.pointer_mut(path).unwrap();
                *leaf = changed(leaf, &mut random);
                let Ok(decoded) = sigstore::decode(&bad) else { continue };
                if world.verifies(&decoded).is_ok() {
                    *accepted.entry(format!("{shape} {path}")).or_default() += 1;
                }
            }
        }
    }
    assert!(accepted.is_empty(), "{accepted:#?}");
}

/// A part of one bundle in the place of the same part of another one, by the same signer over another artifact, and by
/// another signer over the same artifact.
#[test]
fn no_part_fits_into_another_bundle() {
    let mut world = World::new();
    let mut accepted = Vec::new();
    for shape in SHAPES {
        for other_shape in SHAPES {
            let good = world.entity(shape, WHO, BLOB);
            for (who, blob) in [(WHO, &b"other"[..]), ("evil@example.com", BLOB)] {
                let other = world.entity(other_shape, who, blob);
                type Splice = fn(&mut SignedEntity, &SignedEntity);
                let splices: [(&str, Splice); 6] = [
                    ("content", |a, b| a.content = b.content.clone()),
                    ("material", |a, b| a.material = b.material.clone()),
                    ("entries", |a, b| a.log_entries = b.log_entries.clone()),
                    ("one more entry", |a, b| a.log_entries.extend(b.log_entries.clone())),
                    ("promise", |a, b| {
                        a.log_entries[0].inclusion_promise = b.log_entries[0].inclusion_promise.clone();
                        a.log_entries[0].integrated_time = b.log_entries[0].integrated_time;
                    }),
                    ("proof", |a, b| {
                        a.log_entries[0].inclusion_proof = b.log_entries[0].inclusion_proof.clone()
                    }),
                ];
                for (what, splice) in splices {
                    for (target, source) in [(&good, &other), (&other, &good)] {
                        let mut forged = target.clone();
                        splice(&mut forged, source);
                        // A promise says nothing of a Rekor v2 entry, and nobody reads it there.
                        let idle = what == "promise" && target.log_entries[0].inclusion_promise.is_none();
                        if forged == *target || idle {
                            continue;
                        }
                        for log in [Requirement::ONE, Requirement::Waived(Waiver::Flag("--no-log"))] {
                            let policy = VerificationPolicy { log, ..policy() };
                            if world.judge(&forged, &policy, BLOB).is_ok() {
                                accepted.push(format!("{what}: {shape} / {other_shape} {who} {log:?}"));
                            }
                        }
                    }
                }
            }
        }
    }
    assert!(accepted.is_empty(), "{accepted:#?}");
}

fn signed(sandbox: &Sandbox, blob: &str) {
    sandbox.run(&["generate-key-pair"]).ok();
    sandbox.run(&["sign-blob", "--key=cosign.key", "--offline", "--bundle=b.json", blob]).ok();
}

/// A digest stands for a file only where there is no file of that name; else whoever names a file verifies it with its
/// name alone.
#[test]
fn a_file_is_not_verified_by_its_name() {
    let sandbox = Sandbox::new();
    sandbox.file("good.txt", BLOB);
    signed(&sandbox, "good.txt");
    let name = HashAlgorithm::Sha256.digest(BLOB).to_string();
    let verify = ["verify-blob", "--key=cosign.pub", "--no-log", "--bundle=b.json", &name];
    sandbox.run(&verify).ok();
    if cfg!(unix) {
        sandbox.file(&name, "evil");
        sandbox.run(&verify).code(12);
        sandbox.file(&name, BLOB);
        sandbox.run(&verify).ok();
    }
}

/// Whoever reads standard input second finds nothing there, and an empty file may well be signed.
#[test]
fn standard_input_is_one_thing() {
    let sandbox = Sandbox::new();
    sandbox.file("empty", "");
    signed(&sandbox, "empty");
    let bundle = sandbox.read("b.json");
    let base = ["verify-blob", "--key=cosign.pub", "--no-log"];
    let run = |args: &[&str]| sandbox.rcosign(&[&base, args].concat()).stdin(&bundle).run();
    run(&["--bundle=-", "empty"]).ok();
    run(&["--bundle=-", "-"]).code(2).says("two things at once");
    run(&["--signature=-", "-"]).code(2);
    run(&["--bundle=b.json", "--trusted-root=-", "-"]).code(2);
    let attest = ["attest-blob", "--key=cosign.key", "--offline", "--type=spdx", "--predicate=-", "-"];
    sandbox.rcosign(&attest).stdin("x").run().code(2).says("two things at once");
}

/// A flag that is said to be ignored is.
#[test]
fn a_certificate_beside_a_key_is_ignored() {
    let sandbox = Sandbox::new();
    sandbox.file("good.txt", BLOB);
    sandbox.file("x", "x");
    sandbox.run(&["generate-key-pair"]).ok();
    let statement = ["--type=spdx", "--predicate=x", "--bundle=b.json", "good.txt"];
    sandbox.run(&[&["attest-blob", "--key=cosign.key", "--offline"][..], &statement].concat()).ok();
    let verify =
        ["verify-blob-attestation", "--key=cosign.pub", "--no-log", "--type=spdx", "--bundle=b.json"];
    let certificate = "--certificate=no-such-file";
    sandbox.run(&[&verify[..], &[certificate, "good.txt"]].concat()).ok().says("--certificate is ignored");
    sandbox.run(&[&verify[..], &["x"]].concat()).code(12);
    sandbox
        .run(&[&verify[..], &["--check-claims=false", "x"]].concat())
        .ok()
        .says("not compared with a file");
}

/// Both an exact name and an expression: neither is left aside.
#[test]
fn an_identity_is_given_one_way() {
    let sandbox = Sandbox::new();
    let args = ["--certificate-identity=a", "--certificate-identity-regexp=b", "--certificate-oidc-issuer=c"];
    sandbox.run(&[&["verify-blob", "--bundle=b.json", "blob"][..], &args].concat()).code(2);
}

/// Every way in which a token can be wrong takes its time away, and a Rekor v2 entry has no other.
#[test]
fn tokens_that_are_wrong_give_no_time() {
    let mut world = World::new();
    let good = world.entity("message-2", WHO, BLOB);
    let Content::Message { signature, .. } = &good.content else { panic!() };
    let (tsa_key, tsa) = (&world.tsa.0, &world.tsa.1);
    let stamp = || Stamp::new(signature, at(10)).embedding(std::slice::from_ref(tsa));
    let with = |token: Vec<u8>| SignedEntity { timestamps: vec![token], ..good.clone() };
    let refused = |what: &str, token: Vec<u8>| {
        assert!(world.verifies(&with(token)).is_err(), "{what}");
    };
    for fault in [
        Fault::Status(2),
        Fault::ContentType,
        Fault::ContentTypeAttribute,
        Fault::NoContentTypeAttribute,
        Fault::MessageDigestAttribute,
        Fault::NoMessageDigestAttribute,
        Fault::DuplicateAttribute,
        Fault::NoSignedAttributes,
        Fault::SigningCertificate(world.ca.1.clone()),
        Fault::Signers(0),
        Fault::Signers(2),
        Fault::Sha1,
    ] {
        refused(&format!("{fault:?}"), stamp().faulty(fault.clone()).response(tsa_key, tsa).unwrap());
    }
    assert_eq!(world.verifies(&with(stamp().token(tsa_key, tsa).unwrap())), Ok(()));
    // Another key under the authority's name; the name of a certificate that did not sign.
    let other = key();
    refused("other key", stamp().response(&other, tsa).unwrap());
    let issuer = Issuer { key: &world.ca.0, certificate: Some(&world.ca.1) };
    let own = [
        ("code signing", Template::code_signing(&[SubjectAlternativeName::Email(WHO.into())], span(0, 600))),
        ("time stamping by the code signing authority", Template::time_stamping("tsa", span(0, 600))),
    ];
    for (what, template) in own {
        let forged = template.issue(other.public_key(), issuer).unwrap();
        for bag in
            [vec![forged.clone()], vec![forged.clone(), tsa.clone()], vec![tsa.clone(), forged.clone()]]
        {
            let token = Stamp::new(signature, at(10)).embedding(&bag).response(&other, &forged).unwrap();
            refused(what, token.clone());
            // An authority that lists no leaf.
            let mut root = world.root.clone();
            root.timestamp_authorities[0].intermediates = vec![world.ca.1.clone()];
            assert!(judge(&root, &with(token), &policy(), BLOB).is_err(), "{what}, no leaf listed");
        }
    }
    // The ends of the certificate's life belong to it, and nothing beyond them, not even a nanosecond.
    for (time, sound) in [
        (at(0), true),
        (at(600), true),
        (UnixTime::new(at(600).seconds(), 1), false),
        (at(601), false),
        (UnixTime::new(at(0).seconds() - 1, 999_999_999), false),
        (at(100_000), false),
        (at(100_001), false),
    ] {
        let token = Stamp::new(signature, time).response(tsa_key, tsa).unwrap();
        assert_eq!(world.verifies(&with(token.clone())).is_ok(), sound, "{time}");
        let mut both = with(token);
        both.timestamps.extend(good.timestamps.clone());
        assert_eq!(world.verifies(&both).is_ok(), sound, "{time} and a good one");
    }
}

/// Entries that a log really made, in the wrong place.
#[test]
fn logs_are_not_mistaken_for_each_other() {
    let mut world = World::new();
    let one = world.entity("message-1", WHO, BLOB);
    let two = world.entity("message-2", WHO, BLOB);
    let refused = |what: &str, entity: &SignedEntity| {
        assert!(world.verifies(entity).is_err(), "{what}");
    };
    let change = |entity: &SignedEntity, change: &dyn Fn(&mut rcosign::internals::tlog::Entry)| {
        let mut entity = entity.clone();
        change(&mut entity.log_entries[0]);
        entity
    };
    refused("v1 under the name of v2", &change(&one, &|e| e.log_id = world.rekor2.log_id().to_vec()));
    refused("v2 under the name of v1", &change(&two, &|e| e.log_id = world.rekor1.log_id().to_vec()));
    refused("no promise, no time", &change(&one, &|e| e.inclusion_promise = None));
    refused("v2 with a time of its own", &{
        let mut entity = change(&two, &|e| e.integrated_time = Some(at(10)));
        entity.timestamps.clear();
        entity
    });
    // A note that the log signed, but of another form.
    let note = |text: &str| world.rekor2.sign_note(text, at(10)).unwrap();
    let proof = two.log_entries[0].inclusion_proof.clone().unwrap();
    let root = rcosign::internals::crypto::base64::encode(&proof.root_hash);
    let checkpoint =
        |text: String| change(&two, &|e| e.inclusion_proof.as_mut().unwrap().checkpoint = Some(text.clone()));
    let size = proof.tree_size;
    assert_eq!(world.verifies(&checkpoint(note(&format!("rekor2.example\n{size}\n{root}\n")))), Ok(()));
    for text in [
        format!("other.example\n{size}\n{root}\n"),
        format!("rekor2.example/x\n{size}\n{root}\n"),
        format!("rekor2.example\n0{size}\n{root}\n"),
        format!("rekor2.example\n{}\n{root}\n", size + 1),
        format!("rekor2.example\n\n{size}\n{root}\n"),
        format!("x\nrekor2.example\n{size}\n{root}\n"),
    ] {
        refused(&text, &checkpoint(note(&text)));
    }
    // Only a witness signed.
    let ed25519 = || PrivateKey::generate(KeyType::Ed25519).unwrap();
    let mut stranger = IssuingLog::rekor_v2("rekor2.example", ed25519());
    stranger.add_witness("rekor2.example", ed25519());
    let text = stranger.sign_note(&format!("rekor2.example\n{size}\n{root}\n"), at(10)).unwrap();
    refused("a stranger and a witness under the log's name", &checkpoint(text));
    for (index, size) in
        [(u64::MAX, u64::MAX), (0, 0), (u64::MAX, 0), (1 << 63, u64::MAX), (proof.log_index + size, size)]
    {
        let huge = change(&two, &|e| {
            e.log_index = index;
            let p = e.inclusion_proof.as_mut().unwrap();
            (p.log_index, p.tree_size) = (index, size);
            p.checkpoint = Some(note(&format!("rekor2.example\n{size}\n{root}\n")));
        });
        refused(&format!("leaf {index} of {size}"), &huge);
    }
    for time in [i64::MIN, -1, 0, 1, i64::MAX] {
        let mut odd = change(&one, &|e| e.integrated_time = Some(UnixTime::from_seconds(time)));
        world.rekor1.promise(&mut odd.log_entries[0]).unwrap();
        refused(&format!("integrated at {time}"), &odd);
    }
}

/// What was not asked for is said, wherever the waiver came from.
#[test]
fn a_waiver_from_the_environment_is_named() {
    let Some(bundles) = conformance() else { return };
    let bundle = format!("--bundle={}", bundles.join("happy-path-v0.3/bundle.sigstore.json").display());
    let blob = bundles.join("a.txt").display().to_string();
    let anybody = ["--certificate-identity-regexp=.", "--certificate-oidc-issuer-regexp=."];
    let verify = [&["verify-blob", &bundle, &blob][..], &anybody].concat();
    let sandbox = Sandbox::new();
    let plain = sandbox.run(&verify).ok();
    assert!(!plain.stderr.contains("asked for"), "{}", plain.stderr);
    sandbox
        .rcosign(&verify)
        .env("COSIGN_INSECURE_IGNORE_SCT", "true")
        .run()
        .ok()
        .says("(--insecure-ignore-sct)");
    sandbox
        .rcosign(&verify)
        .env("COSIGN_INSECURE_IGNORE_TLOG", "true")
        .run()
        .ok()
        .says("(--insecure-ignore-tlog)");
}
