//! Log entries are about this artifact, signature and signer: what was taken from elsewhere is refused.

use std::sync::Arc;

use super::fixture::*;
use crate::bundle::{BundleVersion, Content, Profile};
use crate::crypto::{Digest, HashAlgorithm, KeyType, SigningKey};
use crate::tlog::body::LoggedVerifier;
use crate::verify::{Evidence, Waiver};
use crate::x509::issue::fixtures::{p256, second};

const POLICIES: [crate::verify::Requirement; 2] = [crate::verify::Requirement::ONE, NO_LOG];

/// All kinds of entries for both kinds of content, keyed and keyless, in the formats that carry them.
#[test]
fn every_kind_of_entry_can_hold() {
    let bundle = Profile::Bundle(BundleVersion::V0_3);
    for keyless in [true, false] {
        let make = |statement: bool| match (keyless, statement) {
            (true, false) => Case::keyless(),
            (true, true) => Case::keyless_statement(),
            (false, false) => Case::keyed(),
            (false, true) => {
                let mut case = Case::keyed();
                case.entity = case.signer.statement(ARTIFACT);
                case
            }
        };
        let kinds = [
            (false, V1, Kind::HashedRekord),
            (false, V1, Kind::Rekord),
            (false, V2, Kind::HashedRekord),
            (true, V1, Kind::Dsse),
            (true, V1, Kind::Intoto002),
            (true, V2, Kind::Dsse),
            // cosign 3 logs attestations in Rekor v2 like this; the digest is that of the pre-authentication encoding.
            (true, V2, Kind::HashedRekord),
            (true, OTHER_V2, Kind::Dsse),
        ];
        for (statement, log, kind) in kinds {
            let mut case = make(statement);
            case.relog(log, kind);
            case.entity.profile = bundle;
            case.stamp(0, 0);
            assert_eq!(case.code(), "verified", "keyless {keyless}, {log}, {kind:?}");
        }
        // `intoto` 0.0.1 has no signature, only the hash of the envelope as it is written, which legacy bundles alone keep.
        let mut legacy = make(true);
        legacy.relog(V1, Kind::Intoto001);
        legacy.entry().kind = None;
        legacy.entity.profile = Profile::Legacy;
        legacy.verdict().unwrap();
        legacy.envelope().bytes.push(b'\n');
        assert_eq!(legacy.code(), "log-digest");
        legacy.envelope().bytes.clear();
        assert_eq!(legacy.code(), "log-content");
    }
}

/// CVE-2026-22703: entries that differ in one of digest, signature and key, for every kind, also with the log waived.
#[test]
fn cve_2026_22703_an_entry_that_differs_in_one_member() {
    let message = [(V1, Kind::HashedRekord), (V1, Kind::Rekord), (V2, Kind::HashedRekord)];
    let statement = [
        (V1, Kind::Dsse),
        (V1, Kind::Intoto001),
        (V1, Kind::Intoto002),
        (V2, Kind::Dsse),
        (V2, Kind::HashedRekord),
    ];
    for log in POLICIES {
        for (number, kind) in message {
            differs_in_one_member(Case::keyless(), number, kind, log);
            differs_in_one_member(Case::keyed(), number, kind, log);
        }
        for (number, kind) in statement {
            differs_in_one_member(Case::keyless_statement(), number, kind, log);
            let mut keyed = Case::keyed();
            keyed.entity = keyed.signer.statement(ARTIFACT);
            differs_in_one_member(keyed, number, kind, log);
        }
    }
}

fn differs_in_one_member(mut case: Case, log: usize, kind: Kind, required: crate::verify::Requirement) {
    case.policy.log = required;
    case.entity.profile = if kind == Kind::Intoto001 { Profile::Legacy } else { case.entity.profile };
    case.stamp(0, 0);
    let other = |digest: &Digest| digest.algorithm().digest(OTHER_ARTIFACT);
    let (entity, genuine) = (case.entity.clone(), signature(&case.entity));
    let digest = signed_digest(&entity);
    let signer = case.signer.logged();
    let mut judge = |what: &str, body: Vec<u8>, codes: &[&str]| {
        case.relog_body(log, body);
        let code = case.code();
        assert!(codes.contains(&code), "{what}, {log}, {kind:?}: {code}");
    };
    judge("nothing", body_with(&entity, &digest, &genuine, &signer, log, kind), &["verified"]);

    let stranger = LoggedVerifier::PublicKey(p256("stranger").public_key().clone());
    judge("key", body_with(&entity, &digest, &genuine, &stranger, log, kind), &["log-verifier"]);

    if kind != Kind::Intoto001 {
        let mut changed = genuine.clone();
        *changed.last_mut().unwrap() ^= 1;
        judge("signature", body_with(&entity, &digest, &changed, &signer, log, kind), &["log-signature"]);
    }
    let changed = match &entity.content {
        Content::Envelope(_) if kind != Kind::HashedRekord => {
            // The digests in the body are those of another envelope.
            let mut elsewhere = entity.clone();
            let Content::Envelope(envelope) = &mut elsewhere.content else { panic!() };
            let envelope = Arc::make_mut(envelope);
            envelope.parsed.payload = statement(OTHER_ARTIFACT).into_bytes();
            envelope.bytes = envelope.parsed.to_json().into_bytes();
            body_with(&elsewhere, &digest, &genuine, &signer, log, kind)
        }
        _ => body_with(&entity, &other(&digest), &genuine, &signer, log, kind),
    };
    judge("digest", changed, &["log-digest"]);
}

/// The genuine, complete entry of another signature by the same signer is pasted in.
#[test]
fn cve_2022_23649_the_entry_of_another_signature() {
    for log in POLICIES {
        for (mut case, code) in [
            (Case::keyless(), "log-signature"),
            (Case::keyed(), "log-signature"),
            (Case::keyless_statement(), "log-signature"),
        ] {
            case.policy.log = log;
            let statement = matches!(case.entity.content, Content::Envelope(_));
            let mut other = if statement {
                case.signer.statement(OTHER_ARTIFACT)
            } else {
                case.signer.message(OTHER_ARTIFACT)
            };
            let kind = if statement { Kind::Dsse } else { Kind::HashedRekord };
            case.world.log(&mut other, &case.signer, V1, kind);
            case.entity.log_entries = other.log_entries;
            assert_eq!(case.code(), code);
            // In place of the genuine one, and also beside it.
            case.also_log(V1, kind);
            assert_eq!(case.code(), code);
            case.entity.log_entries.reverse();
            assert_eq!(case.code(), code);
        }
    }
}

/// The entry of the same artifact by somebody else, whose key it is.
#[test]
fn the_entry_of_another_signer() {
    for log in POLICIES {
        let mut case = Case::keyed();
        case.policy.log = log;
        let stranger = Signer { key: p256("stranger"), certificate: None };
        let mut theirs = stranger.message(ARTIFACT);
        case.world.log(&mut theirs, &stranger, V1, Kind::HashedRekord);
        case.entity.log_entries = theirs.log_entries;
        assert_eq!(case.code(), "log-signature");
    }
}

/// TOB-SIGSTORE-2: also when the log is waived and not even trusted, a foreign entry is refused.
#[test]
fn foreign_entries_are_refused_though_the_log_is_waived_and_unknown() {
    let mut case = Case::plain(KeyType::P256);
    let mut other = case.signer.message(OTHER_ARTIFACT);
    case.world.log(&mut other, &case.signer, V1, Kind::HashedRekord);
    case.entity.log_entries = other.log_entries;
    case.world.root.logs.clear();
    assert_eq!(case.code(), "log-signature");
    case.relog(V1, Kind::HashedRekord);
    let verified = case.verdict().unwrap();
    assert!(matches!(verified.log(), Evidence::Waived(Waiver::Flag("--no-log"))));
}

/// The bundle of another blob, by the same key, complete and sound.
#[test]
fn cve_2022_36056_bundle_of_another_blob() {
    for mut case in [Case::keyless(), Case::keyed(), Case::keyless_v2(), Case::plain(KeyType::P256)] {
        case.given = Given::Bytes(OTHER_ARTIFACT);
        assert_eq!(case.code(), "artifact-digest");
        // A document that states no digest, such as a legacy bundle: the log's digest, or the signature, tells.
        let Content::Message { digest, .. } = &mut case.entity.content else { panic!() };
        *digest = None;
        case.entity.profile = Profile::Legacy;
        let logged = !case.entity.log_entries.is_empty();
        assert_eq!(case.code(), if logged { "log-digest" } else { "signature-invalid" });
        case.given = Given::Bytes(ARTIFACT);
        case.verdict().unwrap();
    }
}

/// sigstore-python issue 1652: the signature is valid, and the stated digest is another one.
#[test]
fn sigstore_python_1652_the_message_digest_differs() {
    for log in POLICIES {
        let mut case = Case::keyed();
        case.policy.log = log;
        let Content::Message { digest, .. } = &mut case.entity.content else { panic!() };
        *digest = Some(HashAlgorithm::Sha256.digest(OTHER_ARTIFACT));
        assert_eq!(case.code(), "log-digest");
        case.entity.log_entries.clear();
        assert_ne!(case.code(), "verified");
        case.policy.log = NO_LOG;
        assert_eq!(case.code(), "artifact-digest");
        // Of another algorithm than the signature's, and true or false.
        for (artifact, code) in [(OTHER_ARTIFACT, "artifact-digest"), (ARTIFACT, "signature-invalid")] {
            let Content::Message { digest, .. } = &mut case.entity.content else { panic!() };
            *digest = Some(HashAlgorithm::Sha512.digest(artifact));
            assert_eq!(case.code(), code);
        }
    }
}

/// The proofs that each format demands of an entry.
#[test]
fn what_formats_demand_of_entries() {
    let [v1, v2, v3] = [BundleVersion::V0_1, BundleVersion::V0_2, BundleVersion::V0_3].map(Profile::Bundle);
    // Promise, proof, checkpoint: which are there, and which profiles accept that.
    let table: [(bool, bool, bool, &[Profile]); 6] = [
        (true, true, true, &[v1, v2, v3, Profile::Legacy]),
        (true, true, false, &[v1, Profile::Legacy]),
        (true, false, false, &[v1, Profile::Legacy]),
        (false, true, true, &[v2, v3, Profile::Legacy]),
        // A proof to a root that nobody signed proves nothing.
        (false, true, false, &[]),
        (false, false, false, &[]),
    ];
    for (promise, proof, checkpoint, good) in table {
        for profile in [v1, v2, v3, Profile::Legacy] {
            let mut case = Case::keyed();
            case.entity.profile = profile;
            let entry = case.entry();
            entry.inclusion_promise.take_if(|_| !promise);
            entry.inclusion_proof.take_if(|_| !proof);
            if let Some(proof) = &mut entry.inclusion_proof {
                proof.checkpoint.take_if(|_| !checkpoint);
            }
            let expected = if good.contains(&profile) { "verified" } else { "log-proof-missing" };
            assert_eq!(case.code(), expected, "{promise} {proof} {checkpoint} {profile:?}");
        }
    }
    // What is there has to hold, even where it is not needed.
    let mut case = Case::keyed();
    case.entity.profile = v1;
    case.proof().hashes.push(vec![0; 32]);
    assert_eq!(case.code(), "inclusion-proof");
    case.proof().checkpoint = None;
    assert_eq!(case.code(), "inclusion-proof");
}

/// Without a promise nobody has signed the index in the log as a whole; the one that is shown is the proof's.
#[test]
fn an_unsigned_index_is_not_shown() {
    let mut case = Case::keyed();
    let index = |case: &Case| case.verdict().unwrap().log().proven().unwrap().entries().next().unwrap().1;
    assert_eq!(index(&case), 1000);
    case.entry().inclusion_promise = None;
    case.entry().log_index = 123_456;
    assert_eq!(index(&case), 0);
}

/// A log's checkpoint, signed by another log of the root, or by a witness only.
#[test]
fn checkpoints_are_signed_by_the_entrys_own_log() {
    for (log, other) in [(V1, OTHER_V1), (V2, OTHER_V2)] {
        let mut case = Case::keyed();
        case.relog(log, Kind::HashedRekord);
        case.verdict().unwrap();
        let own = case.proof().checkpoint.clone().unwrap();
        let text = own.split_once("\n\n").unwrap().0.to_owned() + "\n";
        let by_other = case.world.logs[other].sign_note(&text, second(0)).unwrap();
        case.proof().checkpoint = Some(by_other.clone());
        assert_eq!(case.code(), "checkpoint-signature");
        // The other's signature beside the log's own does no harm.
        let beside = own + by_other.split_once("\n\n").unwrap().1;
        case.proof().checkpoint = Some(beside);
        case.verdict().unwrap();
    }
    let mut cosigned = Case::keyed();
    let witness = crate::crypto::PrivateKey::generate(KeyType::Ed25519).unwrap();
    cosigned.world.logs[V2].add_witness("witness.example", witness);
    cosigned.relog(V2, Kind::HashedRekord);
    cosigned.verdict().unwrap();
    let checkpoint = cosigned.proof().checkpoint.clone().unwrap();
    let lines: Vec<&str> = checkpoint.split_inclusive('\n').collect();
    let own = lines.iter().position(|l| l.starts_with("\u{2014} log2026")).unwrap();
    let without: String = lines.iter().enumerate().filter(|(i, _)| *i != own).map(|(_, l)| *l).collect();
    cosigned.proof().checkpoint = Some(without);
    assert_eq!(cosigned.code(), "checkpoint-signature");
}

/// With the log waived, what is wrong with an entry of a trusted log is still wrong.
#[test]
fn waiving_the_log_excuses_no_false_entry() {
    type Row = (&'static str, fn(&mut Case));
    let breaks: [Row; 4] = [
        ("inclusion-proof", |c| c.proof().root_hash[0] ^= 1),
        ("checkpoint-malformed", |c| c.proof().checkpoint = Some(String::new())),
        ("log-proof-missing", |c| c.entry().inclusion_proof = None),
        ("log-window", |c| c.world.root.logs[V1].valid_for = window(1, 2)),
    ];
    for (code, break_it) in breaks {
        for mut case in [Case::keyed(), Case::keyless()] {
            case.policy.log = NO_LOG;
            break_it(&mut case);
            assert_eq!(case.code(), code);
        }
    }
}
