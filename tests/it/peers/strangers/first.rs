//! The first entry of a log: its index is zero and its proof is empty, and upstream's Rekor v2 leaves out both.

use super::{Lie, World};
use crate::peers::peers;
use crate::support::peer;

#[test]
fn the_first_entry_of_a_log_verifies_everywhere() {
    let Some(world) = World::start(&["--empty-logs", "--whole-seconds"]) else { return };
    let (root, token) = (world.services.file("trusted_root.json"), world.services.file("identity_token"));
    let identity = world.services.identity();
    let identity: Vec<&str> = identity.iter().map(String::as_str).collect();
    for config in ["rekor1", "rekor2"] {
        let file = world.services.file(&format!("signing_config.{config}.json"));
        for index in ["0", "1", "2"] {
            let bundle = format!("{config}.{index}.json");
            let sign = ["sign-blob", "--yes", "--trusted-root", &root, "--signing-config", &file];
            let rest = ["--identity-token", &token, "--bundle", &bundle, "a.txt"];
            let _ = world.sandbox.run(&[&sign[..], &rest].concat()).ok();
            let made: serde_json::Value = serde_json::from_slice(&world.sandbox.read(&bundle)).unwrap();
            let entry = &made["verificationMaterial"]["tlogEntries"][0];
            assert_eq!(entry["logIndex"], index, "{config}");
            assert_eq!(
                entry["inclusionProof"]["hashes"].as_array().is_some_and(Vec::is_empty),
                index == "0",
                "{entry}"
            );
            let verify =
                ["verify-blob", "--trusted-root", &root, "--use-signed-timestamps", "--bundle", &bundle];
            let args = [&verify[..], &identity, &["a.txt"]].concat();
            let _ = world.sandbox.run(&args).ok();
            for peer in peers().iter().filter(|peer| peer.version == 3) {
                let _ = peer.run(&world.sandbox, &args).ok();
            }
            if let Some(python) = peer("sigstore-python").filter(|_| index == "0") {
                let trust = world.services.file("client_trust_config.json");
                let args =
                    ["-m", "sigstore", "--trust-config", &trust, "verify", "identity", "--bundle", &bundle];
                let signer = ["--cert-identity", identity[1], "--cert-oidc-issuer", identity[3], "a.txt"];
                let _ = world.sandbox.program(&python, &[&args[..], &signer].concat()).run().ok();
            }
        }
    }
    // What the real cosign makes of such an answer.
    for peer in peers().iter().filter(|peer| peer.version == 3) {
        let Some(world) = World::start(&["--empty-logs"]) else { return };
        let case = super::Case {
            what: super::What::Blob,
            keyless: true,
            form: super::Form::Bundle,
            way: super::Way::Config("rekor2"),
        };
        let _ = world.sign(case, Some(peer), "a.txt").ok();
        let _ = world.verify(case, None, "a.txt", Lie::None).ok();
        let _ = world.verify(case, None, "a.txt", Lie::Identity).code(12);
    }
}

/// The log answers 409: what it has is fetched, and serves as well. RSA and Ed25519 make the same signature again.
#[test]
fn the_same_signature_twice_is_one_entry() {
    let Some(world) = World::start(&[]) else { return };
    let keys = crate::peers::sandbox();
    let (root, config) =
        (world.services.file("trusted_root.json"), world.services.file("signing_config.rekor1-no-tsa.json"));
    for kind in ["rsa2048", "ed25519"] {
        for name in [format!("{kind}.key"), format!("{kind}.pub")] {
            let _ = world.sandbox.file(&name, keys.read(&name));
        }
        let (key, public) = (format!("{kind}.key"), format!("{kind}.pub"));
        let mut made = Vec::new();
        for bundle in ["one.json", "two.json"] {
            let sign =
                ["sign-blob", "--yes", "--key", &key, "--trusted-root", &root, "--signing-config", &config];
            let _ = world.sandbox.run(&[&sign[..], &["--bundle", bundle, "a.txt"]].concat()).ok();
            let verify =
                ["verify-blob", "--key", &public, "--trusted-root", &root, "--bundle", bundle, "a.txt"];
            let _ = world.sandbox.run(&verify).ok();
            // 3.1 takes no prehashed signature by an Ed25519 key that is named, not even its own.
            for peer in peers().iter().filter(|peer| peer.version == 3 && kind != "ed25519") {
                let _ = peer.run(&world.sandbox, &verify).ok();
            }
            let bundle: serde_json::Value = serde_json::from_slice(&world.sandbox.read(bundle)).unwrap();
            made.push(bundle["verificationMaterial"]["tlogEntries"][0]["logIndex"].clone());
        }
        assert_eq!(made[0], made[1], "{kind}");
        let heard = world.services.heard();
        let refused =
            heard.iter().filter(|line| line.ends_with("-> 409") || line.contains("-> 409 ")).count();
        assert_eq!(refused, 1 + usize::from(kind == "ed25519"), "{heard:?}");
    }
}
