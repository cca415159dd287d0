//! Everybody signs everything in every way, and everybody who can verifies it: rcosign what the peers signed, and the peers what
//! rcosign signed. What is told wrongly, everybody refuses.

use super::{Case, Form, Lie, Way, What, World};
use crate::peers::{Peer, peers};

const WAYS: [Way; 6] = [
    Way::Config("rekor1"),
    Way::Config("rekor1-no-tsa"),
    Way::Config("rekor2"),
    Way::Config("tsa-only"),
    Way::Flags { stamped: false },
    Way::Flags { stamped: true },
];

fn all(what: What) {
    let peers = peers();
    let (Some(one), Some(two)) = (World::start(&[]), World::start(&["--rekor-version", "2"])) else { return };
    let ways = WAYS.into_iter().map(|way| (&one, way));
    let mut number = 0;
    for (world, way) in ways.chain([(&one, Way::Repository(1)), (&two, Way::Repository(2))]) {
        for (form, keyless) in [Form::Bundle, Form::Legacy].into_iter().flat_map(|f| [(f, true), (f, false)])
        {
            let case = Case { what, keyless, form, way };
            for signer in peers.iter().map(Some).chain([None]).filter(|s| case.can_be_signed_by(*s)) {
                number += 1;
                judged(world, case, signer, &peers, number);
            }
        }
    }
    // Half of what can be combined is left out by what somebody cannot do: if more is, the table is wrong.
    assert!(number >= 40, "{what:?}: {number}");
}

/// Signs, and has it verified by all who take it: rcosign, and, of what rcosign signed, the peers.
fn judged(world: &World, case: Case, signer: Option<&Peer>, peers: &[Peer], number: usize) {
    let subject = world.subject(case, &format!("app{number}"));
    let signed = world.sign(case, signer, &subject);
    assert_eq!(signed.code, 0, "{case:?} signed by {signer:?}: {}", signed.stderr);
    let verifiers = peers.iter().filter(|_| signer.is_none()).map(Some).chain([None]);
    for verifier in verifiers.filter(|v| case.can_be_verified_by(*v)) {
        let good = world.verify(case, verifier, &subject, Lie::None);
        let who = format!("{case:?} signed by {signer:?} for {verifier:?}");
        assert_eq!(good.code, 0, "{who}: {}", good.stderr);
        let lies: &[Lie] = if case.keyless { &[Lie::Identity, Lie::Issuer] } else { &[Lie::Key] };
        let artifact = (!case.what.is_image()).then_some(Lie::Artifact);
        for lie in lies.iter().copied().chain(artifact) {
            let bad = world.verify(case, verifier, &subject, lie);
            assert_ne!(bad.code, 0, "{who} {lie:?}");
            assert!(verifier.is_some() || bad.code == 12, "{who} {lie:?}: {} {}", bad.code, bad.stderr);
        }
    }
}

#[test]
fn blobs_in_every_way_by_everybody() {
    all(What::Blob);
}

#[test]
fn statements_about_blobs_in_every_way_by_everybody() {
    all(What::BlobStatement);
}

#[test]
fn images_in_every_way_by_everybody() {
    all(What::Image);
}

#[test]
fn statements_about_images_in_every_way_by_everybody() {
    all(What::ImageStatement);
}
