//! The real bundles of the public sigstore-conformance suite, at the level of the library: each is judged as a file and as a
//! bare digest, statements also by their predicate type; what verifies is refused for any other identity, issuer,
//! artifact, digest or type.
//!
//! Where the suite is not here, nothing is judged, and that is said (see `support::conformance`).

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use rcosign::internals::bundle::{self, Content, SignedEntity};
use rcosign::internals::crypto::{
    Ed25519Stream, HashAlgorithm, Hasher, KeyType, PrivateKey, PublicKey, SigningKey, UnixTime,
};
use rcosign::internals::payload::{Artifact, Statement};
use rcosign::internals::trust::TrustedRoot;
use rcosign::internals::verify::{
    ClaimRequirement, ContentRequirement, ExpectedSigner, IdentityMatcher, NonEmpty, Pattern,
    PredicateTypeRequirement, Requirement, StringMatcher, VerificationPolicy, Verified, Verifier, Waiver,
    WorkflowClaims, stream_needs,
};

use crate::support::conformance;

const IDENTITY: &str = "https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/.github/workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main";
const ISSUER: &str = "https://token.actions.githubusercontent.com";
/// The bundles that must be refused, and the code of the reason; `decode` when the document cannot be read, `key` when the
/// key cannot.
const REFUSED: [(&str, &str); 12] = [
    ("bundle-malformed-json_fail", "decode"),
    ("checkpoint-wrong-roothash_fail", "checkpoint-tree"),
    ("dsse-mismatch-sig_fail", "log-signature"),
    // The future of then is the past of now; the certificate had expired all the same.
    ("integrated-time-in-future_fail", "certificate-expired"),
    ("intoto-tsa-timestamp-outside-cert-validity_fail", "certificate-expired"),
    ("invalid-checkpoint-signature_fail", "checkpoint-signature"),
    ("managed-key-wrong-key_fail", "key"),
    ("message-digest-mismatch_fail", "log-digest"),
    ("rekor2-no-timestamp_fail", "no-trusted-time"),
    ("rekor2-timestamp-payload-mismatch_fail", "timestamp-invalid"),
    ("set-invalid-signature_fail", "inclusion-promise"),
    ("wrong-material_fail", "artifact-digest"),
];

/// One folder of the suite.
pub struct Case {
    pub bundle: Vec<u8>,
    pub artifact: Vec<u8>,
    pub root: TrustedRoot,
    pub root_json: Vec<u8>,
    pub signer: Signer,
}

#[derive(Clone)]
pub enum Signer {
    Key(PublicKey),
    /// The suite's wrong key is not even a key.
    UnreadableKey,
    Identity {
        subject: StringMatcher,
        issuer: StringMatcher,
    },
}

/// How the artifact is given.
#[derive(Clone, Copy, Debug)]
pub enum Mode {
    File,
    Digest,
}

#[test]
fn every_bundle_gets_its_verdict_in_every_mode() {
    let Some(suite) = suite() else { return };
    let mut refused = BTreeMap::new();
    let mut verified = 0;
    for (name, case) in &suite {
        for mode in [Mode::File, Mode::Digest] {
            let verdicts = [judge(case, &case.signer, None, mode), attestation(case, mode)];
            for verdict in verdicts.into_iter().flatten() {
                if name.ends_with("_fail") {
                    let code = verdict.expect_err(name);
                    assert_eq!(*refused.entry(name.as_str()).or_insert(code), code, "{name} {mode:?}");
                } else {
                    verdict.unwrap_or_else(|code| panic!("{name} {mode:?}: {code}"));
                    verified += 1;
                }
            }
        }
    }
    assert_eq!(refused, REFUSED.into_iter().collect());
    // Ten bundles in two modes, and three of them also by the type of their statement.
    assert_eq!(verified, 26);
}

#[test]
fn what_verifies_is_refused_for_anything_else() {
    let Some(suite) = suite() else { return };
    for (name, case) in suite.iter().filter(|(name, _)| !name.ends_with("_fail")) {
        for mode in [Mode::File, Mode::Digest] {
            let other_artifact = Case { artifact: b"other".to_vec(), ..copy(case) };
            let code = judge(&other_artifact, &case.signer, None, mode).unwrap().expect_err(name);
            assert!(["artifact-digest", "statement-subject"].contains(&code), "{name} {mode:?}: {code}");
            for (signer, expected) in others(&case.signer) {
                let code = judge(case, &signer, None, mode).unwrap().expect_err(name);
                assert_eq!(code, expected, "{name} {mode:?}");
            }
            let other_type = Some("https://example.com/other".to_owned());
            let code = judge(case, &case.signer, other_type, mode).unwrap().expect_err(name);
            let expected = if is_envelope(case) { "predicate-type" } else { "not-an-attestation" };
            assert_eq!(code, expected, "{name} {mode:?}");
        }
    }
}

/// Signers that the bundle is not by, with the reason's code.
fn others(signer: &Signer) -> Vec<(Signer, &'static str)> {
    let exact = |text: &str| StringMatcher::Exact(text.to_owned());
    let pattern = |text: &str| StringMatcher::Pattern(Pattern::new(text).unwrap());
    let identity = |subject, issuer| Signer::Identity { subject, issuer };
    match signer {
        Signer::Key(_) | Signer::UnreadableKey => {
            let other = PrivateKey::generate(KeyType::P256).unwrap();
            vec![
                (Signer::Key(other.public_key().clone()), "log-verifier"),
                (identity(exact(IDENTITY), exact(ISSUER)), "certificate-missing"),
            ]
        }
        Signer::Identity { subject, issuer } => vec![
            (identity(exact(&IDENTITY.replace("main", "other")), issuer.clone()), "identity"),
            (identity(exact(IDENTITY.strip_suffix("main").unwrap()), issuer.clone()), "identity"),
            (identity(pattern("^refs/heads/main$"), issuer.clone()), "identity"),
            (identity(subject.clone(), exact("https://token.actions.example")), "issuer"),
            (identity(subject.clone(), exact(&format!("{ISSUER}/"))), "issuer"),
            (identity(subject.clone(), pattern("^token")), "issuer"),
        ],
    }
}

fn is_envelope(case: &Case) -> bool {
    matches!(decode(case).unwrap().content, Content::Envelope(_))
}

pub fn copy(case: &Case) -> Case {
    Case {
        bundle: case.bundle.clone(),
        artifact: case.artifact.clone(),
        root: case.root.clone(),
        root_json: case.root_json.clone(),
        signer: case.signer.clone(),
    }
}

fn decode(case: &Case) -> Result<SignedEntity, &'static str> {
    let mut decoded = bundle::decode(&case.bundle).map_err(|_| "decode")?;
    assert_eq!(decoded.entities.len(), 1);
    Ok(decoded.entities.remove(0))
}

/// Asks for a statement of the bundle's own predicate type; `None` when it holds none.
fn attestation(case: &Case, mode: Mode) -> Option<Result<Verified, &'static str>> {
    let Content::Envelope(envelope) = decode(case).ok()?.content else { return None };
    let statement = Statement::from_json(&envelope.parsed.payload).unwrap();
    judge(case, &case.signer, Some(statement.predicate_type), mode)
}

/// The verdict, or the code of the reason. `Some` always; the shape of [`attestation`].
pub fn judge(
    case: &Case,
    signer: &Signer,
    predicate_type: Option<String>,
    mode: Mode,
) -> Option<Result<Verified, &'static str>> {
    let entity = match decode(case) {
        Ok(entity) => entity,
        Err(code) => return Some(Err(code)),
    };
    let content = match predicate_type {
        Some(uri) => ContentRequirement::Statement(PredicateTypeRequirement { asked: uri.clone(), uri }),
        None => ContentRequirement::Any,
    };
    let policy = VerificationPolicy {
        signer: match signer.clone() {
            Signer::Key(key) => ExpectedSigner::Key(key),
            Signer::UnreadableKey => return Some(Err("key")),
            Signer::Identity { subject, issuer } => {
                let workflow = WorkflowClaims::default();
                ExpectedSigner::Identity(NonEmpty::new(IdentityMatcher { subject, issuer, workflow }, []))
            }
        },
        log: Requirement::ONE,
        timestamp: Requirement::Waived(Waiver::NotNeeded("no signed timestamp was asked for")),
        sct: Requirement::ONE,
        claim: ClaimRequirement { content, binding_waived: None, annotations: BTreeMap::new() },
        signature_digest: None,
    };
    let artifact = artifact(case, &entity, &policy, mode);
    let now = UnixTime::parse_rfc3339("2026-11-01T00:00:00Z").unwrap();
    let verdict = Verifier { root: &case.root, policy: &policy, now }.verify(&entity, Some(&artifact));
    Some(verdict.map_err(|rejection| rejection.reason().code()))
}

fn artifact(case: &Case, entity: &SignedEntity, policy: &VerificationPolicy, mode: Mode) -> Artifact {
    let needs = stream_needs(entity, policy);
    let (digests, ed25519) = match mode {
        Mode::Digest => (HashAlgorithm::Sha256.digest(&case.artifact).into(), Vec::new()),
        Mode::File => {
            let mut hasher = Hasher::new(needs.algorithms.iter().copied());
            let mut streams = needs.ed25519_streams();
            hasher.update(&case.artifact);
            streams.iter_mut().for_each(|s| s.update(&case.artifact));
            (hasher.finish(), streams.into_iter().map(Ed25519Stream::finish).collect())
        }
    };
    Artifact { name: "artifact".into(), digests, ed25519 }
}

/// The folders by name; `None` when the suite is not here.
pub fn suite() -> Option<BTreeMap<String, Case>> {
    let folder = conformance()?;
    let read = |path: PathBuf| fs::read(&path).ok();
    let text = |path: PathBuf| read(path).map(|b| String::from_utf8(b).unwrap().trim().to_owned());
    let mut cases = BTreeMap::new();
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let Some(bundle) = read(path.join("bundle.sigstore.json")) else { continue };
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let root =
            read(path.join("trusted_root.json")).or_else(|| read(folder.join("trusted_root.json"))).unwrap();
        let signer = match read(path.join("key.pub")) {
            Some(pem) => PublicKey::from_pem(&pem).map_or(Signer::UnreadableKey, Signer::Key),
            None => Signer::Identity {
                subject: StringMatcher::Exact(text(path.join("identity")).unwrap_or(IDENTITY.into())),
                issuer: StringMatcher::Exact(text(path.join("issuer")).unwrap_or(ISSUER.into())),
            },
        };
        let case = Case {
            bundle,
            artifact: read(path.join("artifact")).or_else(|| read(folder.join("a.txt"))).unwrap(),
            root: TrustedRoot::from_json(&root, &name).unwrap(),
            root_json: root,
            signer,
        };
        cases.insert(name, case);
    }
    assert!(cases.len() >= 22, "only {} folders", cases.len());
    Some(cases)
}
