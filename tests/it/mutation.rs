//! The real bundles of the conformance suite, broken in every place: each has to be refused when it is read or when it is
//! judged. What may change without a refusal is listed, with the reason. (The same is done to documents of our own beside the verifier.)

#[path = "../../src/verify/tests/mutator.rs"]
mod mutator;

use std::collections::BTreeSet;

use mutator::{Kind, mutate};
use rcosign::internals::crypto::UnixTime;
use rcosign::internals::verify::Verified;
use serde_json::Value;

use crate::conformance::{Case, Mode, copy, judge, suite};

#[test]
fn every_broken_bundle_is_refused() {
    let Some(suite) = suite() else { return };
    let mut tried = 0;
    let sound = suite.iter().filter(|(name, _)| !name.ends_with("_fail"));
    for (seed, (name, case)) in (0..).zip(sound) {
        let document = serde_json::from_slice(&case.bundle).unwrap();
        let genuine = times(&judge(case, &case.signer, None, Mode::File).unwrap().unwrap());
        mutate(&document, seed, |path, kind, mutated| {
            tried += 1;
            let mutated = Case { bundle: mutated.to_string().into_bytes(), ..copy(case) };
            let Some(Ok(verified)) = judge(&mutated, &case.signer, None, Mode::File) else { return };
            assert!(harmless(&document, path, kind), "{name}: {path}: {kind:?} verifies");
            assert!(times(&verified).is_subset(&genuine), "{name}: {path}: another time");
        });
    }
    assert!(tried > 2000, "{tried}");
}

fn times(verified: &Verified) -> BTreeSet<UnixTime> {
    verified.time().proven().map(|t| t.iter().map(|t| t.time).collect()).unwrap_or_default()
}

/// What is there and believed by nobody, or not needed in this bundle.
fn harmless(document: &Value, path: &str, kind: Kind) -> bool {
    let material = &document["verificationMaterial"];
    let entry = &material["tlogEntries"][0];
    let checkpoint = entry["inclusionProof"]["checkpoint"]["envelope"].as_str().unwrap();
    let v0_1 = document["mediaType"].as_str().unwrap().ends_with("version=0.1");
    let stamped = !material["timestampVerificationData"].is_null();
    let in_entry = path.strip_prefix("verificationMaterial.tlogEntries[0].");
    match (in_entry.unwrap_or(path), kind) {
        // Hints at keys are signed by nobody; the named key decides.
        ("verificationMaterial.publicKey.hint" | "dsseEnvelope.signatures[0].keyid", _) => {
            kind != Kind::Retype
        }
        // It says again what the artifact, the signature and the entry say.
        ("messageSignature.messageDigest", Kind::Drop) => true,
        // Where a timestamp gives the time, the proof is enough; where the promise does, no timestamp is needed.
        ("inclusionPromise" | "inclusionPromise.signedEntryTimestamp", Kind::Drop) => stamped && !v0_1,
        (_, Kind::Drop) if path.starts_with("verificationMaterial.timestampVerificationData") => {
            !entry["inclusionPromise"].is_null() && !path.ends_with(".signedTimestamp")
        }
        // A token has parts that are not signed, such as the certificates it carries; and one that names no trusted signer
        // says nothing.
        (
            "verificationMaterial.timestampVerificationData.rfc3161Timestamps[0].signedTimestamp",
            Kind::Change,
        ) => true,
        // v0.1 demands the promise alone.
        (
            "inclusionProof" | "inclusionProof.checkpoint" | "inclusionProof.checkpoint.envelope",
            Kind::Drop,
        ) => v0_1,
        // Witnesses' signatures on the checkpoint are not asked for.
        ("inclusionProof.checkpoint.envelope", Kind::Change) => checkpoint.contains("\n\u{2014} witness."),
        // proto3 leaves zeros and empty lists out: the same is said.
        ("inclusionProof.logIndex", Kind::Drop) => entry["inclusionProof"]["logIndex"] == "0",
        ("inclusionProof.hashes", Kind::Drop) => entry["inclusionProof"]["hashes"] == serde_json::json!([]),
        _ => false,
    }
}
