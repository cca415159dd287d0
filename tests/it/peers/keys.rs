//! Keys: made here and used there, and the other way round.

use super::{KINDS, peers};
use crate::support::{PASSWORD, Sandbox, say_skipped};

/// Signs with `SIGNER sign-blob --key k.key` and verifies with the public key beside it.
fn signs_and_verifies(sandbox: &Sandbox, sign: &dyn Fn(&[&str]), verify: &dyn Fn(&[&str])) {
    let _ = sandbox.file("artifact.txt", "the artifact\n");
    sign(&["sign-blob", "--key", "k.key", "--output-signature", "sig", "artifact.txt"]);
    verify(&[
        "verify-blob",
        "--key",
        "k.pub",
        "--insecure-ignore-tlog",
        "--signature",
        "sig",
        "artifact.txt",
    ]);
}

#[test]
fn keys_generated_here_sign_there() {
    for peer in peers() {
        let sandbox = Sandbox::new();
        let _ = sandbox.run(&["generate-key-pair", "--output-key-prefix", "k"]).ok();
        let shown = peer.run(&sandbox, &["public-key", "--key", "k.key"]).ok();
        assert_eq!(shown.bytes, sandbox.read("k.pub"), "{peer:?}");
        let offline = super::Form::Detached.signing(Some(&peer));
        signs_and_verifies(
            &sandbox,
            &|args| drop(peer.run(&sandbox, &[&args[..1], &offline, &args[1..]].concat()).ok()),
            &|args| drop(sandbox.run(args).ok()),
        );
        let wrong =
            sandbox.program(&peer.program, &["public-key", "--key", "k.key"]).env("COSIGN_PASSWORD", "x");
        let _ = wrong.run().code(1);
    }
}

#[test]
fn keys_generated_there_sign_here() {
    for peer in peers() {
        let sandbox = Sandbox::new();
        let _ = peer.run(&sandbox, &["generate-key-pair", "--output-key-prefix", "k"]).ok();
        let shown = sandbox.run(&["public-key", "--key", "k.key"]).ok();
        assert_eq!(shown.bytes, sandbox.read("k.pub"), "{peer:?}");
        signs_and_verifies(
            &sandbox,
            &|args| drop(sandbox.run(&[&args[..1], &["--offline"], &args[1..]].concat()).ok()),
            &|args| drop(peer.run(&sandbox, args).ok()),
        );
        let _ = sandbox.rcosign(&["public-key", "--key", "k.key"]).env("COSIGN_PASSWORD", "x").run().code(6);
    }
}

#[test]
fn a_password_of_any_bytes_is_the_same_here_and_there() {
    for peer in peers() {
        for password in ["", " ", "pässwörd \u{1f511}", "$(id) 'quoted' \"twice\"\t", &"long ".repeat(40)] {
            let sandbox = Sandbox::new().env("COSIGN_PASSWORD", password);
            let _ = sandbox.run(&["generate-key-pair"]).ok();
            let shown = peer.run(&sandbox, &["public-key", "--key", "cosign.key"]).ok();
            assert_eq!(shown.bytes, sandbox.read("cosign.pub"), "{peer:?} {password:?}");
        }
        // By a pipe, as it is given: without a final newline.
        let sandbox = Sandbox::new();
        let piped = |run: crate::support::Run| run.without("COSIGN_PASSWORD").stdin(PASSWORD).run().ok();
        let _ = piped(sandbox.rcosign(&["generate-key-pair"]));
        let shown = piped(sandbox.program(&peer.program, &["public-key", "--key", "cosign.key"]));
        assert_eq!(shown.bytes, sandbox.read("cosign.pub"), "{peer:?}");
    }
}

#[test]
fn plain_keys_of_every_kind_are_imported_here_and_used_there() {
    let peers = peers();
    let sandbox = super::sandbox();
    for kind in KINDS {
        for peer in &peers {
            let key = format!("{}.key", kind.name);
            let shown = peer.run(&sandbox, &["public-key", "--key", &key]).ok();
            assert_eq!(shown.bytes, sandbox.read(&format!("{}.pub", kind.name)), "{} {peer:?}", kind.name);
        }
    }
}

#[test]
fn plain_keys_of_every_kind_are_imported_there_and_used_here() {
    let sandbox = super::sandbox();
    for peer in peers() {
        for kind in KINDS {
            let plain = kind.plain();
            let prefix = format!("{}-{}", kind.name, peer.version);
            let args = [
                "import-key-pair",
                "--yes",
                "--key",
                plain.to_str().unwrap(),
                "--output-key-prefix",
                &prefix,
            ];
            let imported = peer.run(&sandbox, &args);
            // 2.5.0 as Debian builds it imports Ed25519 keys alone; 3.1 reads all.
            if peer.version == 2 && kind.name != "ed25519" {
                let _ = imported.code(1);
                continue;
            }
            let _ = imported.ok();
            let pem = sandbox.read(&format!("{}.pub", kind.name));
            assert_eq!(sandbox.read(&format!("{prefix}.pub")), pem, "{prefix}");
            let shown = sandbox.run(&["public-key", "--key", &format!("{prefix}.key")]).ok();
            assert_eq!(shown.bytes, pem, "{prefix}");
        }
    }
}

/// The largest RSA key that is read is not kept as a file: it is made when the tests run.
#[test]
fn rsa_4096_by_openssl_signs_here_and_there() {
    let sandbox = Sandbox::new();
    let openssl = std::path::Path::new("/usr/bin/openssl");
    if !openssl.exists() {
        assert!(std::env::var_os("RCOSIGN_REQUIRE_PEERS").is_none(), "no openssl");
        return say_skipped("no openssl");
    }
    let size = ["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:4096", "-out", "plain.pem"];
    let _ = sandbox.program(openssl, &size).run().ok();
    let _ = sandbox.run(&["import-key-pair", "--key", "plain.pem", "--output-key-prefix", "k"]).ok();
    let public = sandbox.program(openssl, &["pkey", "-in", "plain.pem", "-pubout"]).run().ok();
    assert_eq!(public.bytes, sandbox.read("k.pub"));
    for peer in peers() {
        let verify = |args: &[&str]| {
            let _ = peer.run(&sandbox, args).ok();
            let _ = sandbox.run(args).ok();
        };
        let here = |args: &[&str]| drop(sandbox.run(&[&args[..1], &["--offline"], &args[1..]].concat()).ok());
        signs_and_verifies(&sandbox, &here, &verify);
        let offline = super::Form::Detached.signing(Some(&peer));
        let there =
            |args: &[&str]| drop(peer.run(&sandbox, &[&args[..1], &offline, &args[1..]].concat()).ok());
        signs_and_verifies(&sandbox, &there, &verify);
    }
}
