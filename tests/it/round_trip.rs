//! What one of our commands signs, our verifying commands accept without a further flag: every kind of key, every form.

use crate::support::{Output, Sandbox, repository};

/// Plain keys in `testdata/keys`, which need no password, and the digest that the bundle states.
const KEYS: &[(&str, &str)] = &[
    ("p256.pkcs8.pem", "SHA2_256"),
    ("p384.sec1.pem", "SHA2_384"),
    ("p521.sec1.pem", "SHA2_512"),
    ("rsa2048.pkcs1.pem", "SHA2_256"),
    ("rsa3072.pkcs8.pem", "SHA2_256"),
    ("ed25519.pkcs8.pem", "SHA2_256"),
];

/// Names of forms, with the flags that sign into `file` and the flag that verifies it.
const FORMS: &[(&str, &[&str], &str)] = &[
    ("bundle", &["--bundle", "file"], "--bundle"),
    ("legacy", &["--new-bundle-format=false", "--bundle", "file"], "--bundle"),
    ("detached", &["--output-signature", "file"], "--signature"),
];

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    let _ = sandbox.file("a.txt", "a");
    let _ = sandbox.file("b.txt", "b");
    let _ = sandbox.file("empty", "");
    let _ = sandbox.file("large", vec![7; 3 << 20]);
    let _ = sandbox.file("p.json", "{\"x\": 1}");
    sandbox
}

/// The path of a plain key; its public key is written to `k.pub`.
fn key(sandbox: &Sandbox, name: &str) -> String {
    let path = repository().join("testdata/keys").join(name).to_str().unwrap().to_owned();
    let shown = sandbox.run(&["public-key", "--key", &path]).ok();
    let _ = sandbox.file("k.pub", shown.bytes);
    path
}

#[test]
fn files_of_every_size_by_every_key_in_every_form() {
    let sandbox = sandbox();
    for (name, digest) in KEYS {
        let key = key(&sandbox, name);
        let raw = ("raw", &["--b64=false", "--output-signature", "file"][..], "--signature");
        for (form, signing, flag) in FORMS.iter().copied().chain([raw]) {
            for blob in ["a.txt", "empty", "large"] {
                let args = [&["sign-blob", "--offline", "--key", &key], signing, &[blob]].concat();
                let _ = sandbox.run(&args).ok();
                let ask = |blob: &str| {
                    sandbox.run(&["verify-blob", "--no-log", "--key", "k.pub", flag, "file", blob])
                };
                expect(&ask(blob), 0, &format!("{name} {form} {blob}"));
                expect(&ask("b.txt"), 12, &format!("{name} {form} {blob}"));
            }
            if form == "bundle" {
                let bundle: serde_json::Value = serde_json::from_slice(&sandbox.read("file")).unwrap();
                assert_eq!(bundle["messageSignature"]["messageDigest"]["algorithm"], *digest, "{name}");
            }
        }
    }
}

#[test]
fn attestations_by_every_key_in_every_form() {
    let sandbox = sandbox();
    for (name, _) in KEYS {
        let key = key(&sandbox, name);
        for (form, signing, flag) in FORMS {
            let args = ["attest-blob", "--offline", "--key", &key, "--predicate", "p.json"];
            let _ = sandbox.run(&[&args[..], signing, &["a.txt"]].concat()).ok();
            let question = ["verify-blob-attestation", "--no-log", "--key", "k.pub", flag, "file"];
            expect(&sandbox.run(&[&question[..], &["a.txt"]].concat()), 0, &format!("{name} {form}"));
            expect(&sandbox.run(&[&question[..], &["b.txt"]].concat()), 12, &format!("{name} {form}"));
        }
    }
}

/// A digest takes the place of the file where the signature is over that digest; where it is over another, or over the
/// bytes, that is said.
#[test]
fn digests_in_place_of_files() {
    let sandbox = sandbox();
    let sha256 = "sha256:ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb";
    for (name, _) in KEYS {
        let key = key(&sandbox, name);
        let _ = sandbox.run(&["sign-blob", "--offline", "--key", &key, "--bundle", "file", "a.txt"]).ok();
        let ask = |blob: &str| {
            sandbox.run(&["verify-blob", "--no-log", "--key", "k.pub", "--bundle", "file", blob])
        };
        let by_digest = ask(sha256);
        if ["p256", "rsa"].iter().any(|kind| name.starts_with(kind)) {
            expect(&by_digest, 0, name);
            expect(&ask(&sha256.to_ascii_uppercase()), 0, name);
            expect(&ask(&sha256.replace("ca97", "ca98")), 12, name);
            let short = ask("sha256:ca97");
            expect(&short, 11, name);
            assert!(short.stderr.contains("nor is it the digest of one"), "{}", short.stderr);
        } else {
            expect(&by_digest, 12, name);
            assert!(
                by_digest.stderr.contains("hint: give the artifact itself"),
                "{name}: {}",
                by_digest.stderr
            );
        }
    }
}

/// A trusted root that the user names is read, though a key alone decides.
#[test]
fn a_named_root_has_to_be_one() {
    let sandbox = sandbox();
    let key = key(&sandbox, "p256.pkcs8.pem");
    let _ = sandbox.run(&["sign-blob", "--offline", "--key", &key, "--bundle", "file", "a.txt"]).ok();
    let question = ["verify-blob", "--no-log", "--key", "k.pub", "--bundle", "file", "--trusted-root"];
    for root in ["missing.json", "p.json"] {
        expect(&sandbox.run(&[&question[..], &[root, "a.txt"]].concat()), 4, root);
    }
    let root = repository().join("testdata/mock-sigstore/trusted_root.json");
    expect(&sandbox.run(&[&question[..], &[root.to_str().unwrap(), "a.txt"]].concat()), 0, "a root");
}

#[track_caller]
fn expect(output: &Output, code: i32, what: &str) {
    assert_eq!(output.code, code, "{what}: {}", output.stderr);
    assert_eq!(output.stderr.contains("Verified OK"), code == 0, "{what}: {}", output.stderr);
}
