//! What cosign made without a key in its older format becomes a bundle that cosign 3.1 verifies: the log is asked for what a bundle
//! of today needs.

use super::{Case, Form, Lie, Way, What, World};
use crate::peers::{Peer, peers};

#[test]
fn older_files_become_bundles_of_today() {
    let peers = peers();
    let Some(world) = World::start(&[]) else { return };
    let Some(third) = peers.iter().find(|peer| peer.version == 3) else { return };
    for signer in &peers {
        for what in [What::Blob, What::BlobStatement] {
            for keyless in [true, false] {
                let case = Case { what, keyless, form: Form::Legacy, way: Way::Flags { stamped: false } };
                let _ = world.sign(case, Some(signer), "a.txt").ok();
                std::fs::rename(world.sandbox.at("b.json"), world.sandbox.at("old.json")).unwrap();
                let key: &[&str] = if keyless { &[] } else { &["--key", "cosign.pub"] };
                converted(
                    &world,
                    case,
                    third,
                    &[&["create", "--bundle", "old.json", "--artifact", "a.txt"], key].concat(),
                );
                // A signature alone does not say of what it is.
                if what.is_statement() {
                    converted(&world, case, third, &["upgrade", "old.json"]);
                }
            }
        }
    }
}

fn converted(world: &World, case: Case, third: &Peer, convert: &[&str]) {
    let (root, rekor) = (world.services.file("trusted_root.json"), world.services.url(1));
    let log = ["--trusted-root", &root, "--rekor-url", &rekor, "--out", "b.json"];
    let args = [&["bundle"], convert, &log].concat();
    let _ = world.sandbox.rcosign(&args).without("COSIGN_OFFLINE").run().ok();
    let case = Case { form: Form::Bundle, way: Way::Config("rekor1-no-tsa"), ..case };
    for verifier in [Some(third), None] {
        let good = world.verify(case, verifier, "a.txt", Lie::None);
        assert_eq!(good.code, 0, "{case:?} {convert:?} {verifier:?}: {}", good.stderr);
        for lie in [if case.keyless { Lie::Identity } else { Lie::Key }, Lie::Artifact] {
            assert_ne!(world.verify(case, verifier, "a.txt", lie).code, 0, "{case:?} {verifier:?} {lie:?}");
        }
    }
    let made: serde_json::Value = serde_json::from_slice(&world.sandbox.read("b.json")).unwrap();
    let entry = &made["verificationMaterial"]["tlogEntries"][0];
    assert!(entry["inclusionProof"]["checkpoint"].is_object(), "{entry}");
    std::fs::remove_file(world.sandbox.at("b.json")).unwrap();
}
