//! Log entries that are looked up: what the peers publish and keep no entry of, we find, and the bundles that we make with what
//! the log gives they verify.

use super::peers;
use super::services::Services;
use crate::support::Sandbox;

#[test]
fn entries_that_peers_published_are_found() {
    let Some(services) = Services::start() else { return };
    for peer in peers() {
        let sandbox = Sandbox::new().env("COSIGN_OFFLINE", "");
        let _ = sandbox.file("a.txt", format!("by {}", peer.version));
        let _ = sandbox.file("b.txt", "another");
        let _ = sandbox.run(&["generate-key-pair"]).ok();
        let (fulcio, rekor, token) = (services.url(0), services.url(1), services.file("identity_token"));
        let mut sign = vec!["sign-blob", "--yes", "--fulcio-url", &fulcio, "--rekor-url", &rekor];
        if peer.version == 3 {
            sign.extend(["--new-bundle-format=false", "--use-signing-config=false"]);
        }
        let key = ["--key", "cosign.key", "--output-signature", "key.sig", "a.txt"];
        let identity = [
            "--identity-token",
            &token,
            "--output-signature",
            "id.sig",
            "--output-certificate",
            "id.crt",
            "a.txt",
        ];
        for who in [&key[..], &identity] {
            let _ = services.variables(sandbox.program(&peer.program, &[&sign[..], who].concat())).run().ok();
        }
        let root = services.file("trusted_root.json");
        let identity = services.identity();
        let identity: Vec<&str> = identity.iter().map(String::as_str).collect();
        let by_key = [&["--key", "cosign.pub", "--signature", "key.sig"][..]].concat();
        let by_identity = [&["--certificate", "id.crt", "--signature", "id.sig"][..], &identity].concat();
        for (signer, made_of) in [
            (by_key, vec!["--key", "cosign.pub", "--signature", "key.sig"]),
            (by_identity, vec!["--certificate", "id.crt", "--signature", "id.sig"]),
        ] {
            let verify = [&["verify-blob", "--trusted-root", &root][..], &signer].concat();
            // The log is the one that the root names.
            let _ = sandbox.run(&[&verify[..], &["a.txt"]].concat()).ok().says("was found at");
            let _ = sandbox.run(&[&verify[..], &["--rekor-url", &rekor, "a.txt"]].concat()).ok();
            let _ = sandbox.run(&[&verify[..], &["--offline", "a.txt"]].concat()).code(12);
            let _ = sandbox.run(&[&verify[..], &["b.txt"]].concat()).code(12);
            let create =
                ["bundle", "create", "--artifact", "a.txt", "--trusted-root", &root, "--out", "new.json"];
            let _ = sandbox.run(&[&create[..], &made_of].concat()).ok();
            let mut theirs = vec!["verify-blob", "--bundle", "new.json", "--trusted-root", &root];
            if peer.version == 2 {
                theirs.push("--new-bundle-format");
            }
            theirs.extend(if made_of[0] == "--key" { &["--key", "cosign.pub"][..] } else { &identity });
            theirs.push("a.txt");
            let _ = peer.run(&sandbox, &theirs).ok();
            std::fs::remove_file(sandbox.at("new.json")).unwrap();
        }
    }
}
