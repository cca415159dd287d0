//! `bundle create` and `bundle upgrade` against cosign 3.1: what either makes the other verifies, and both mean the same.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{KINDS, Kind, Peer, peers, sandbox};
use crate::support::{Output, Sandbox, conformance, repository};

/// 2.5 upgrades nothing, and reads v0.3 only with a trusted root.
fn newest() -> Option<Peer> {
    peers().into_iter().find(|peer| peer.version == 3)
}

fn json(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap()
}

/// Makes a bundle, by the peer or by rcosign.
fn create(sandbox: &Sandbox, peer: Option<&Peer>, more: &[&str], out: &str) {
    let args = ["bundle", "create", "--ignore-tlog", "--artifact", "artifact.txt", "--out", out];
    let args = [&args[..], more].concat();
    let _ = match peer {
        Some(peer) => peer.run(sandbox, &args).ok(),
        None => sandbox.run(&args).ok(),
    };
}

fn verify(sandbox: &Sandbox, peer: Option<&Peer>, args: &[&str]) -> Output {
    match peer {
        Some(peer) => peer.run(sandbox, &[args, &["--insecure-ignore-tlog"]].concat()),
        None => sandbox.run(&[args, &["--no-log"]].concat()),
    }
}

/// Signs `artifact.txt` into detached files: NAME.sig and NAME.env.
fn sign(sandbox: &Sandbox, kind: &Kind) -> [String; 3] {
    let _ = sandbox.file("predicate.json", "{\"a\": 1}");
    let plain = kind.plain();
    let key = ["--offline", "--key", plain.to_str().unwrap(), "--output-signature"];
    let names = ["sig", "env", "pub"].map(|end| format!("{}.{end}", kind.name));
    let _ = sandbox.run(&[&["sign-blob"], &key[..], &[&names[0], "artifact.txt"]].concat()).ok();
    let attest = ["attest-blob", "--predicate", "predicate.json"];
    let _ = sandbox.run(&[&attest[..], &key, &[&names[1], "artifact.txt"]].concat()).ok();
    names
}

/// Both spell the media type in their own way; and 3.1 states SHA-256 of the artifact whatever was signed.
fn comparable(bundle: &Value) -> Value {
    let mut bundle = bundle.clone();
    bundle["mediaType"] = Value::Null;
    bundle
}

#[test]
fn bundles_of_signatures_are_the_same_and_verify_in_both() {
    let Some(peer) = newest() else { return };
    let sandbox = sandbox();
    for kind in KINDS {
        let [signature, _, key] = sign(&sandbox, kind);
        let pieces = ["--signature", &signature, "--key", &key];
        create(&sandbox, Some(&peer), &pieces, "theirs.json");
        create(&sandbox, None, &pieces, "ours.json");
        let (theirs, ours) = (json(&sandbox.read("theirs.json")), json(&sandbox.read("ours.json")));
        let sha256 = kind.verifiable_by(&peer).unwrap().is_empty();
        assert_eq!(comparable(&ours) == comparable(&theirs), sha256, "{}", kind.name);
        for bundle in ["theirs.json", "ours.json"] {
            for verifier in [Some(&peer), None] {
                // What it states is not what was signed: then the signer's digest has to be named, here as there.
                let named = match (verifier, bundle) {
                    (None, "ours.json") => Vec::new(),
                    _ => kind.verifiable_by(&peer).unwrap(),
                };
                let args = [&["verify-blob", "--key", &key, "--bundle", bundle][..], &named].concat();
                let what = format!("{} {bundle} {verifier:?}", kind.name);
                let output = verify(&sandbox, verifier, &[&args[..], &["artifact.txt"]].concat());
                assert_eq!(output.code, 0, "{what}: {}", output.stderr);
                let output = verify(&sandbox, verifier, &[&args[..], &["other.txt"]].concat());
                assert_ne!(output.code, 0, "{what}");
            }
        }
    }
}

#[test]
fn bundles_of_attestations_are_the_same_and_verify_in_both() {
    let Some(peer) = newest() else { return };
    let sandbox = sandbox();
    for kind in KINDS {
        let [_, envelope, key] = sign(&sandbox, kind);
        let encoded = rcosign::internals::crypto::base64::encode(sandbox.read(&envelope));
        let _ = sandbox.file("env.b64", encoded);
        let pieces = ["--attestation", &envelope, "--signature", "env.b64", "--key", &key];
        create(&sandbox, Some(&peer), &pieces, "theirs.json");
        create(&sandbox, None, &pieces, "ours.json");
        let (theirs, ours) = (json(&sandbox.read("theirs.json")), json(&sandbox.read("ours.json")));
        assert_eq!(comparable(&ours), comparable(&theirs), "{}", kind.name);
        for bundle in ["theirs.json", "ours.json"] {
            for verifier in [Some(&peer), None] {
                let named = if verifier.is_some() { kind.verifiable_by(&peer).unwrap() } else { Vec::new() };
                let args = ["verify-blob-attestation", "--type", "custom", "--key", &key, "--bundle", bundle];
                let args = [&args[..], &named].concat();
                let what = format!("{} {bundle} {verifier:?}", kind.name);
                let output = verify(&sandbox, verifier, &[&args[..], &["artifact.txt"]].concat());
                assert_eq!(output.code, 0, "{what}: {}", output.stderr);
                let output = verify(&sandbox, verifier, &[&args[..], &["other.txt"]].concat());
                assert_ne!(output.code, 0, "{what}");
            }
        }
    }
}

/// Certificates and timestamps that a mock of the services gave to both generations.
#[test]
fn bundles_with_certificate_and_timestamp_are_the_same_and_verify_in_both() {
    let Some(peer) = newest() else { return };
    let folder = repository().join("testdata/mock-sigstore");
    let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let sandbox = sandbox();
    let _ = sandbox.file("artifact.txt", std::fs::read(folder.join("artifact.txt")).unwrap());
    let root = path("trusted_root.json");
    for version in ["v2", "v3"] {
        let file = |end: &str| path(&format!("{version}.blob.keyless-tsa-nolog.{end}"));
        let (signature, certificate) = (file("sig"), file("crt"));
        let (old, stamp) = (file("legacy.json"), file("tsr.json"));
        let ways = [
            vec!["--bundle", &old, "--rfc3161-timestamp", &stamp],
            vec!["--signature", &signature, "--certificate", &certificate, "--rfc3161-timestamp", &stamp],
        ];
        for pieces in
            ways.iter().filter(|way| way.iter().all(|w| w.starts_with('-') || Path::new(w).exists()))
        {
            create(&sandbox, Some(&peer), pieces, "theirs.json");
            create(&sandbox, None, pieces, "ours.json");
            let (theirs, ours) = (json(&sandbox.read("theirs.json")), json(&sandbox.read("ours.json")));
            assert_eq!(comparable(&ours), comparable(&theirs), "{version}");
            for (bundle, verifier) in [("theirs.json", None), ("ours.json", Some(&peer)), ("ours.json", None)]
            {
                for (who, verifies) in [("dev@example.com", true), ("eve@example.com", false)] {
                    let trust = ["verify-blob", "--use-signed-timestamps", "--trusted-root", &root];
                    let identity =
                        ["--certificate-identity", who, "--certificate-oidc-issuer", "http://127.0.0.1:8404"];
                    let what = ["--bundle", bundle, "artifact.txt"];
                    let output = verify(&sandbox, verifier, &[&trust[..], &identity, &what].concat());
                    assert_eq!(output.code == 0, verifies, "{bundle} {verifier:?}: {}", output.stderr);
                }
            }
        }
    }
}

/// Every bundle at hand that both can upgrade: the same bytes. What 3.1 makes of others is not taken here either.
#[test]
fn upgrades_are_the_same_bytes() {
    let Some(peer) = newest() else { return };
    let sandbox = Sandbox::new();
    let mut same = 0;
    for bundle in bundles() {
        let path = bundle.to_str().unwrap();
        // Whatever would be asked of the log: nobody listens there.
        let args = |out| ["bundle", "upgrade", path, "--out", out, "--rekor-url", "http://127.0.0.1:1"];
        let root = repository().join("testdata/mock-sigstore/trusted_root.json");
        let trust = ["--trusted-root", root.to_str().unwrap()];
        let ours = sandbox.run(&[&args("ours.json")[..], &trust].concat());
        let theirs = if ours.code == 5 { None } else { Some(peer.run(&sandbox, &args("theirs.json"))) };
        match (ours.code, theirs.map(|theirs| theirs.code)) {
            (0, Some(0)) => {
                let (ours, theirs) = (sandbox.text("ours.json"), sandbox.text("theirs.json"));
                assert!(without_zeros(ours) == without_zeros(theirs), "{path}");
                same += 1;
            }
            // Older attestations, which 3.1 does not upgrade.
            (0, Some(1)) => assert!(path.ends_with(".att.legacy.json"), "{path}"),
            (5, None) | (3 | 10, Some(_)) => {}
            codes => panic!("{path}: {codes:?} {}", ours.stderr),
        }
    }
    assert!(same >= 60, "{same}");
}

/// The bundle without what is zero or empty in the first entry of a log, which sigstore-python wants, and cosign leaves out.
fn without_zeros(bundle: String) -> String {
    bundle
        .replace(r#"[{"logIndex":"0","#, "[{")
        .replace(r#""inclusionProof":{"logIndex":"0","#, r#""inclusionProof":{"#)
        .replace(r#""hashes":[],"#, "")
}

/// Everything below `testdata` and in the public suite that calls itself a bundle.
fn bundles() -> Vec<PathBuf> {
    let mut folders = vec![repository().join("testdata")];
    folders.extend(conformance());
    let mut bundles = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() {
                folders.push(path);
            } else if [".bundle.json", ".legacy.json", ".sigstore.json"].iter().any(|end| name.ends_with(end))
            {
                bundles.push(path);
            }
        }
    }
    bundles.sort();
    bundles
}

/// What was upgraded here verifies there, and no other file by it.
#[test]
fn what_is_upgraded_here_verifies_there() {
    let Some(peer) = newest() else { return };
    let sandbox = Sandbox::new();
    let folder = repository().join("testdata/mock-sigstore");
    let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let (root, artifact, other) = (path("trusted_root.json"), path("artifact.txt"), path("other.txt"));
    for old in ["rekor1-no-tsa.chain-v0.2", "rekor1-no-tsa.mediatype-v0.1", "rekor2.chain-v0.2"] {
        let old = path(&format!("derived/{old}.bundle.json"));
        let _ = sandbox.run(&["bundle", "upgrade", &old, "--out", "new.json"]).ok();
        let trust = ["verify-blob", "--trusted-root", &root, "--bundle", "new.json"];
        let who = [
            "--certificate-identity",
            "dev@example.com",
            "--certificate-oidc-issuer",
            "http://127.0.0.1:8404",
        ];
        let _ = peer.run(&sandbox, &[&trust[..], &who, &[&artifact]].concat()).ok();
        let _ = peer.run(&sandbox, &[&trust[..], &who, &[&other]].concat()).code(1);
    }
    let folder = repository().join("testdata/cosign-2.x");
    let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    for kind in ["p256", "rsa2048", "ed25519", "p384"] {
        let _ = sandbox
            .run(&["bundle", "upgrade", &path(&format!("{kind}.att.legacy.json")), "--out", "new.json"])
            .ok();
        let key = path(&format!("{kind}.pub"));
        let args = ["verify-blob-attestation", "--insecure-ignore-tlog", "--type", "custom", "--key", &key];
        let args = [&args[..], &["--bundle", "new.json"]].concat();
        let _ = peer.run(&sandbox, &[&args[..], &[&path("artifact.txt")]].concat()).ok();
        let _ = peer.run(&sandbox, &[&args[..], &[&path("other.txt")]].concat()).code(1);
    }
}
