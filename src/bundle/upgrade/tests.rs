use super::*;
use crate::bundle::{Format, legacy};

fn decoded(document: &[u8]) -> (Format, SignedEntity) {
    let mut decoded = decode(document).unwrap();
    assert_eq!(decoded.entities.len(), 1);
    (decoded.format, decoded.entities.remove(0))
}

macro_rules! testdata {
    ($path:literal) => {
        decoded(include_bytes!(concat!("../../../testdata/", $path))).1
    };
}

/// The same but for what an upgrade is allowed to change.
fn same(old: &SignedEntity, new: &SignedEntity) -> bool {
    let VerificationMaterial::Certificate(chain) = &old.material else { panic!("a key") };
    let material = VerificationMaterial::Certificate(chain[..1].to_vec());
    let profile = Profile::Bundle(BundleVersion::V0_3);
    *new == SignedEntity { material, profile, ..old.clone() }
}

#[test]
fn everything_that_v0_3_can_carry_survives() {
    for old in [
        testdata!("mock-sigstore/derived/rekor1-no-tsa.chain-v0.2.bundle.json"),
        testdata!("mock-sigstore/derived/rekor1-no-tsa.mediatype-v0.1.bundle.json"),
        testdata!("mock-sigstore/derived/rekor1-no-tsa.mediatype-v0.2.bundle.json"),
        testdata!("mock-sigstore/derived/rekor2.chain-v0.2.bundle.json"),
        testdata!("mock-sigstore/derived/rekor2.mediatype-v0.2.bundle.json"),
    ] {
        assert!(!old.log_entries.is_empty());
        let new = upgrade(old.clone()).unwrap();
        let read = decoded(write(&new).unwrap().as_bytes()).1;
        assert!(same(&old, &read));
    }
}

#[test]
fn of_a_chain_the_leaf_stays() {
    let mut old = testdata!("mock-sigstore/derived/rekor1-no-tsa.chain-v0.2.bundle.json");
    let VerificationMaterial::Certificate(chain) = &mut old.material else { panic!() };
    let other = testdata!("mock-sigstore/v3.blob.keylessuri.rekor1.bundle.json").material;
    let VerificationMaterial::Certificate(other) = other else { panic!() };
    chain.extend(other);
    assert_eq!(chain.len(), 2);
    assert!(same(&old, &upgrade(old.clone()).unwrap()));
}

#[test]
fn what_only_the_log_can_give_is_missed() {
    let old = testdata!("mock-sigstore/derived/rekor1-no-tsa.mediatype-v0.1.bundle.json");
    let missing = |entity: SignedEntity| match upgrade(entity) {
        Err(UpgradeError::LogProof { entry, missing, .. }) => (entry, missing),
        other => panic!("{other:?}"),
    };
    let mut bare = old.clone();
    bare.log_entries[0].inclusion_proof = None;
    assert_eq!(missing(bare.clone()), (0, "inclusion proof"));
    let mut unsigned = old.clone();
    unsigned.log_entries[0].inclusion_proof.as_mut().unwrap().checkpoint = None;
    assert_eq!(missing(unsigned), (0, "checkpoint"));
    let mut second = old;
    second.log_entries.extend(bare.log_entries);
    assert_eq!(missing(second), (1, "inclusion proof"));
    assert_eq!(missing(testdata!("mock-sigstore/v2.blob.keyless.legacy.json")), (0, "inclusion proof"));
    assert_eq!(missing(testdata!("mock-sigstore/v2.att-dsse.keyless.legacy.json")), (0, "inclusion proof"));
}

#[test]
fn older_signatures_of_files_lack_the_digest() {
    for old in [testdata!("cosign-2.x/p256.legacy.json"), testdata!("cosign-3.x/p256.legacy.json")] {
        assert!(matches!(upgrade(old), Err(UpgradeError::NoDigest)));
    }
    // In a bundle that could state it, its absence was the signer's choice.
    let mut ours = testdata!("cosign-3.x/ed25519.bundle.json");
    ours.profile = Profile::Bundle(BundleVersion::V0_2);
    let Content::Message { digest: None, .. } = &ours.content else { panic!("it states a digest") };
    write(&upgrade(ours).unwrap()).unwrap();
}

#[test]
fn an_embedded_key_becomes_a_hint() {
    let old = testdata!("cosign-2.x/p256.att.legacy.json");
    let VerificationMaterial::PublicKey { hint, embedded: Some(key) } = &old.material else { panic!() };
    assert!(hint.is_empty());
    let id = base64::encode(key.key_id());
    let new = upgrade(old.clone()).unwrap();
    assert_eq!(new.material, VerificationMaterial::PublicKey { hint: id.clone(), embedded: None });
    let (Content::Envelope(before), Content::Envelope(after)) = (&old.content, &new.content) else {
        panic!()
    };
    assert_eq!(before.parsed, after.parsed);
    assert_eq!(new, decoded(write(&new).unwrap().as_bytes()).1);
    // The same hint as cosign gives the same key.
    let theirs = testdata!("cosign-2.x/p256.att.bundle.json");
    assert_eq!(theirs.material, new.material);
}

#[test]
fn what_does_not_read_as_the_same_is_not_written() {
    let new = upgrade(testdata!("mock-sigstore/derived/rekor1-no-tsa.chain-v0.2.bundle.json")).unwrap();
    let mut other_profile = new.clone();
    other_profile.profile = Profile::Bundle(BundleVersion::V0_2);
    assert!(matches!(write(&other_profile), Err(UpgradeError::Unfaithful)));
    let mut with_sct = new.clone();
    with_sct.detached_scts.push(vec![1]);
    assert!(matches!(write(&with_sct), Err(UpgradeError::Unfaithful)));
    let mut empty = new.clone();
    empty.log_entries[0].canonicalized_body.clear();
    assert!(matches!(write(&empty), Err(UpgradeError::Unreadable(_))));
    let legacy = decoded(legacy::encode(&new).as_bytes());
    assert_eq!(legacy.0, Format::Legacy);
    assert!(matches!(write(&legacy.1), Err(UpgradeError::Unreadable(_))));
}
