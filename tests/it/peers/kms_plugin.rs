//! Keys of plug-in programs: a program of the shell with openssl behind it, which the real cosign 3 and rcosign start alike.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use rcosign::internals::sandbox::registry::{Options, Registry};

use super::peers;
use crate::support::{Output, Sandbox, say_skipped};

const SCRIPT: &str = r#"#!/bin/sh
[ "$#" = 2 ] && [ "$1" = v1 ] || exit 9
cd "${0%/*}" || exit 9
cat > input
echo "$2" >> asked
echo "touch the key" >&2
pem() { openssl pkey -in key.pem -pubout | base64 | tr -d '\n'; }
case "$2" in
*'"keyResourceID":"absent"'*) printf '{"errorMessage":"no such key"}'; exit 1 ;;
*'"methodName":"publicKey"'*) printf '{"publicKey":{"publicKeyPEM":"%s"}}' "$(pem)" ;;
*'"methodName":"defaultAlgorithm"'*) printf '{"defaultAlgorithm":{"defaultAlgorithm":"ecdsa-p256"}}' ;;
*'"methodName":"createKey"'*)
    openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out key.pem
    printf '{"createKey":{"publicKeyPEM":"%s"}}' "$(pem)" ;;
*'"methodName":"signMessage"'*)
    printf '{"signMessage":{"signature":"%s"}}' "$(openssl dgst -sha256 -sign key.pem input | base64 | tr -d '\n')" ;;
*'"methodName":"verifySignature"'*)
    openssl pkey -in key.pem -pubout -out public.pem
    printf %s "$2" | sed 's/.*"signature":"\([^"]*\)".*/\1/' | base64 -d > signature
    if openssl dgst -sha256 -verify public.pem -signature signature input > out; then
        printf '{"verifySignature":{}}'
    else
        printf '{"errorMessage":"not by this key"}'
    fi ;;
*) printf '{"errorMessage":"unknown method"}' ;;
esac
"#;

const KEY: &str = "real://the/key";
const THEIRS: [&str; 3] = ["--yes", "--tlog-upload=false", "--use-signing-config=false"];
const VERIFY: [&str; 4] = ["verify-blob", "--insecure-ignore-tlog", "--bundle", "b.json"];

/// A folder with the program, and a key that it has made; `None` without openssl.
fn world() -> Option<Sandbox> {
    if !Path::new("/usr/bin/openssl").exists() {
        say_skipped("no openssl");
        return None;
    }
    let sandbox = Sandbox::new();
    let folder = sandbox.at("plug-ins");
    std::fs::create_dir(&folder).unwrap();
    let program = sandbox.file("plug-ins/sigstore-kms-real", SCRIPT);
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("/usr/bin:/bin:{}", folder.display());
    let sandbox = sandbox.env("PATH", &path);
    let _ = sandbox.file("artifact.txt", "the artifact\n");
    let _ = sandbox.file("p.json", "{\"a\":1}");
    let _ = allowed(&sandbox, &["generate-key-pair", "--kms", KEY]).ok();
    Some(sandbox)
}

fn allowed(sandbox: &Sandbox, words: &[&str]) -> Output {
    sandbox.run(&[words, &["--allow-kms-plugin"]].concat())
}

#[test]
fn nothing_is_started_that_is_not_allowed() {
    let Some(sandbox) = world() else { return };
    std::fs::remove_file(sandbox.at("plug-ins/asked")).unwrap();
    let _ = sandbox.file("b.json", "{}");
    let cases: [&[&str]; 5] = [
        &["public-key", "--key", KEY],
        &["generate-key-pair", "--kms", KEY, "--output-key-prefix", "new"],
        &["sign-blob", "--offline", "--key", KEY, "--bundle", "c.json", "artifact.txt"],
        &[
            "attest-blob",
            "--offline",
            "--key",
            KEY,
            "--predicate",
            "p.json",
            "--bundle",
            "c.json",
            "artifact.txt",
        ],
        &["import-key-pair", "--key", KEY, "--output-key-prefix", "new"],
    ];
    for case in cases {
        // No variable allows it either.
        let run = sandbox.rcosign(case).env("COSIGN_ALLOW_KMS_PLUGIN", "true").run();
        let _ = run
            .code(2)
            .says("unknown kind of key reference `real://` in `real://the/key`")
            .says("cosign would start the program `sigstore-kms-real`, here `")
            .says("--allow-kms-plugin allows it");
    }
    assert!(!sandbox.has("plug-ins/asked") && !sandbox.has("c.json") && !sandbox.has("new.pub"));
    let _ = allowed(&sandbox, &["public-key", "--key", "absent-program://x"])
        .code(3)
        .says("no folder of PATH has the program `sigstore-kms-absent-program`");
    let _ = allowed(&sandbox, &["public-key", "--key", "real://absent"])
        .code(5)
        .says("the program `sigstore-kms-real` failed: no such key");
}

#[test]
fn what_a_program_signs_cosign_verifies_and_the_other_way_round() {
    let Some(sandbox) = world() else { return };
    let shown =
        allowed(&sandbox, &["public-key", "--key", KEY]).ok().says("sigstore-kms-real: touch the key");
    assert_eq!(shown.bytes, sandbox.read("cosign.pub"));
    let sign = ["sign-blob", "--key", KEY, "--bundle", "b.json", "artifact.txt"];
    let _ = allowed(&sandbox, &[&sign[..], &["--offline"]].concat()).ok();
    let _ = sandbox.run(&[&VERIFY[..], &["--key", "cosign.pub", "artifact.txt"]].concat()).ok();
    let _ = allowed(&sandbox, &[&VERIFY[..], &["--key", KEY, "artifact.txt"]].concat()).ok();
    let _ = allowed(&sandbox, &[&VERIFY[..], &["--key", KEY, "p.json"]].concat()).code(12);
    // Whether a signature verifies is not asked of the program.
    assert!(!sandbox.text("plug-ins/asked").contains("verifySignature"));
    for peer in peers().into_iter().filter(|peer| peer.version == 3) {
        for key in ["cosign.pub", KEY] {
            let _ = peer.run(&sandbox, &[&VERIFY[..], &["--key", key, "artifact.txt"]].concat()).ok();
        }
        std::fs::remove_file(sandbox.at("b.json")).unwrap();
        let _ = peer.run(&sandbox, &[&sign[..], &THEIRS].concat()).ok();
        for key in ["cosign.pub", KEY] {
            let _ = allowed(&sandbox, &[&VERIFY[..], &["--key", key, "artifact.txt"]].concat()).ok();
        }
        std::fs::remove_file(sandbox.at("cosign.pub")).unwrap();
        let _ = peer.run(&sandbox, &["generate-key-pair", "--kms", KEY]).ok();
        let shown = allowed(&sandbox, &["public-key", "--key", KEY]).ok();
        assert_eq!(shown.bytes, sandbox.read("cosign.pub"));
    }
}

#[test]
fn images_are_signed_and_attested_by_a_program() {
    let Some(sandbox) = world() else { return };
    let registry = Registry::start(Options::default()).unwrap();
    let image = registry.contents().plant_image("app", "v1");
    let image = format!("{}/app@{image}", registry.address());
    let forms = ["--offline", "--write", "bundle,tag", "--key", KEY];
    let _ = allowed(&sandbox, &[&["sign"], &forms[..], &[&image]].concat()).ok();
    let attest = ["attest", "--predicate", "p.json", "--type", "custom"];
    let _ = allowed(&sandbox, &[&attest[..], &forms, &[&image]].concat()).ok();
    for words in [&["verify"][..], &["verify-attestation", "--type", "custom"]] {
        let own = [words, &["--no-log", "--key", KEY, &image]].concat();
        let _ = sandbox.run(&own).code(2).says("--allow-kms-plugin");
        let _ = allowed(&sandbox, &own).ok();
        for peer in peers() {
            let args = [words, &["--insecure-ignore-tlog", "--key", "cosign.pub", &image]].concat();
            let _ = peer.run(&sandbox, &args).ok();
        }
    }
}
