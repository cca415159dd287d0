//! `bundle upgrade`: what was accepted stays accepted, what was refused stays refused, and nothing else comes out.

use std::path::Path;

use rcosign::internals::bundle::upgrade::{upgrade, write};
use rcosign::internals::bundle::{self, BundleVersion, Content, Profile, SignedEntity, VerificationMaterial};

use crate::conformance::{self, Mode};
use crate::fixtures;
use crate::support::{Output, Random, Sandbox, repository};

fn testdata(name: &str) -> Vec<u8> {
    std::fs::read(repository().join("testdata").join(name)).unwrap()
}

fn run(sandbox: &Sandbox, more: &[&str]) -> Output {
    sandbox.run(&[&["bundle", "upgrade"], more].concat())
}

fn only(document: &[u8]) -> Option<SignedEntity> {
    let mut entities = bundle::decode(document).ok()?.entities;
    (entities.len() == 1).then(|| entities.remove(0))
}

/// Every recorded command line whose bundle can be upgraded, with the new bundle in place of the old.
#[test]
fn recorded_command_lines_are_answered_as_before() {
    let sandbox = Sandbox::new();
    let (mut accepted, mut refused, mut names) = (0, 0, std::collections::BTreeSet::new());
    for line in fixtures::lines() {
        let folder = repository().join("testdata").join(line.folder);
        let Some(at) = line.args.iter().position(|arg| arg == "--bundle") else { continue };
        let old = folder.join(&line.args[at + 1]);
        let Ok(document) = std::fs::read(&old) else { continue };
        let Some(entity) = only(&document) else { continue };
        if entity.profile == Profile::Bundle(BundleVersion::V0_3) {
            continue;
        }
        let output = run(&sandbox, &[old.to_str().unwrap(), "--out", "new.json"]);
        if output.code != 0 {
            assert!(!sandbox.has("new.json"), "{}", old.display());
            continue;
        }
        let new = sandbox.at("new.json").to_str().unwrap().to_owned();
        let ask = |bundle: &str| {
            let mut args: Vec<&str> = line.args.iter().map(String::as_str).collect();
            args[at + 1] = bundle;
            let run = sandbox.rcosign(&args).within(&folder);
            line.env.iter().fold(run, |run, (name, value)| run.env(name, value)).run()
        };
        let (before, after) = (ask(old.to_str().unwrap()), ask(&new));
        assert_eq!(before.code, after.code, "{:?}\n{}\n{}", line.args, before.stderr, after.stderr);
        *(if before.code == 0 { &mut accepted } else { &mut refused }) += 1;
        names.insert(old.clone());
        std::fs::remove_file(sandbox.at("new.json")).unwrap();
    }
    assert!(accepted >= 20 && refused >= 20 && names.len() >= 15, "{accepted} {refused} {names:?}");
}

/// The real public bundles: the same verdict for the same reason, in every mode.
#[test]
fn public_bundles_keep_their_verdict() {
    let Some(suite) = conformance::suite() else { return };
    let mut versions = [0, 0, 0];
    for (name, case) in &suite {
        let Some(old) = only(&case.bundle) else { continue };
        let Profile::Bundle(version) = old.profile else { panic!("{name}") };
        let sandbox = Sandbox::new();
        let _ = sandbox.file("old.json", &case.bundle);
        let output = run(&sandbox, &["old.json", "--out", "new.json"]).ok();
        versions[version as usize] += 1;
        if version == BundleVersion::V0_3 {
            assert_eq!(sandbox.read("new.json"), case.bundle, "{name}");
            assert_eq!(
                output.stderr,
                "Bundle is already at v0.3, no upgrade needed.\nUnchanged bundle written to new.json\n"
            );
            continue;
        }
        assert!(
            output.stderr.ends_with("Successfully upgraded bundle written to new.json\n"),
            "{}",
            output.stderr
        );
        let after = conformance::Case { bundle: sandbox.read("new.json"), ..conformance::copy(case) };
        for mode in [Mode::File, Mode::Digest] {
            let verdict = |case| conformance::judge(case, &case.signer, None, mode).unwrap().map(|_| ());
            assert_eq!(verdict(case), verdict(&after), "{name} {mode:?}");
            assert_eq!(verdict(case).is_err(), name.ends_with("_fail"), "{name}");
        }
    }
    assert!(versions[0] >= 6 && versions[1] >= 2 && versions[2] >= 10, "{versions:?}");
}

/// Whatever is done to an old bundle: where it can be upgraded still, the verdict on both is one.
#[test]
fn changed_bundles_keep_their_verdict() {
    let Some(suite) = conformance::suite() else { return };
    let mut random = Random(0x5eed_cafe);
    let (mut compared, mut accepted) = (0, 0);
    for (name, case) in &suite {
        if only(&case.bundle).is_none_or(|e| e.profile == Profile::Bundle(BundleVersion::V0_3)) {
            continue;
        }
        for round in 0..200 {
            let mut changed = case.bundle.clone();
            for _ in 0..random.below(3) {
                let at = random.below(changed.len());
                changed[at] = *random.pick(b"0123456789ABCDEFabcdef=\"{}[],:-");
            }
            if round % 3 == 0 {
                let text = String::from_utf8_lossy(&changed).into_owned();
                let (from, to) = *random.pick(&[
                    ("version=0.1", "version=0.2"),
                    ("version=0.2", "version=0.1"),
                    ("inclusionPromise", "inclusion_promise"),
                    ("\"hashes\"", "\"Hashes\""),
                ]);
                changed = text.replace(from, to).into_bytes();
            }
            let Some(old) = only(&changed) else { continue };
            let Ok(new) = upgrade(old) else { continue };
            let before = conformance::Case { bundle: changed, ..conformance::copy(case) };
            let bundle = write(&new).unwrap().into_bytes();
            let after = conformance::Case { bundle, ..conformance::copy(case) };
            let verdict =
                |case| conformance::judge(case, &case.signer, None, Mode::File).unwrap().map(|_| ());
            assert_eq!(verdict(&before), verdict(&after), "{name} round {round}");
            accepted += usize::from(verdict(&after).is_ok());
            compared += 1;
        }
    }
    assert!(compared >= 300 && accepted >= 10, "{compared} {accepted}");
}

/// An upgraded bundle is upgraded.
#[test]
fn a_second_upgrade_changes_nothing() {
    let sandbox = Sandbox::new();
    let old = repository().join("testdata/mock-sigstore/derived/rekor1-no-tsa.chain-v0.2.bundle.json");
    let old = old.to_str().unwrap();
    let printed = run(&sandbox, &[old]).ok();
    let _ = run(&sandbox, &[old, "--out", "new.json"]).ok();
    // Standard output ends with a newline, a file does not, as in cosign.
    assert_eq!(printed.bytes, [&sandbox.read("new.json")[..], b"\n"].concat());
    let _ = run(&sandbox, &["new.json", "--out", "newer.json"]).ok().says("no upgrade needed");
    assert_eq!(sandbox.read("new.json"), sandbox.read("newer.json"));
    assert_eq!(run(&sandbox, &["new.json"]).ok().bytes, sandbox.read("new.json"));
    // White space, and a byte order mark, are part of the bytes.
    let spaced = [b"\xef\xbb\xbf \n", &sandbox.read("new.json")[..], b"\r\n"].concat();
    let _ = sandbox.file("spaced.json", &spaced);
    assert_eq!(run(&sandbox, &["spaced.json"]).ok().bytes, spaced);
    let through = sandbox
        .rcosign(&["bundle", "upgrade", "-"])
        .stdin(testdata("mock-sigstore/derived/rekor1-no-tsa.chain-v0.2.bundle.json"));
    assert_eq!(through.run().ok().bytes, printed.bytes);
}

/// The certificates of a chain are named, each with whose it is.
#[test]
fn the_chain_is_told() {
    let sandbox = Sandbox::new();
    let old = testdata("mock-sigstore/derived/rekor1-no-tsa.chain-v0.2.bundle.json");
    let mut value: serde_json::Value = serde_json::from_slice(&old).unwrap();
    let root = String::from_utf8(testdata("mock-sigstore/fulcio_root.pem")).unwrap();
    let der: String = root.lines().take_while(|l| !l.starts_with("-----END")).skip(1).collect();
    let chain = &mut value["verificationMaterial"]["x509CertificateChain"]["certificates"];
    chain.as_array_mut().unwrap().push(serde_json::json!({ "rawBytes": der }));
    let _ = sandbox.file("old.json", value.to_string());
    let output = run(&sandbox, &["old.json", "--out", "new.json"]).ok();
    let lines: Vec<&str> = output.stderr.lines().collect();
    assert_eq!(
        lines[..3],
        [
            "Upgrading from v0.2 to v0.3...",
            "Truncating certificate chain to only the leaf certificate...",
            "  Certificate 0 Identity: dev@example.com",
        ]
    );
    assert!(lines[3].starts_with("  Certificate 1 Subject: "), "{}", output.stderr);
    assert_eq!(lines[4..], ["Successfully upgraded bundle written to new.json"]);
    let new: serde_json::Value = serde_json::from_slice(&sandbox.read("new.json")).unwrap();
    assert_eq!(
        new["verificationMaterial"]["certificate"]["rawBytes"],
        value["verificationMaterial"]["x509CertificateChain"]["certificates"][0]["rawBytes"]
    );
}

/// Older bundles of attestations, whose key is named by a hint from then on: only where the signature is by that key.
#[test]
fn an_embedded_key_has_to_be_the_signers() {
    let sandbox = Sandbox::new();
    for kind in ["p256", "p384", "p521", "ed25519", "rsa2048"] {
        let folder = repository().join("testdata/cosign-2.x");
        let old = folder.join(format!("{kind}.att.legacy.json"));
        if !old.exists() {
            continue;
        }
        let _ = run(&sandbox, &[old.to_str().unwrap(), "--out", "new.json"]).ok();
        let key = folder.join(format!("{kind}.pub"));
        let artifact = folder.join("artifact.txt");
        let args =
            ["verify-blob-attestation", "--no-log", "--type", "custom", "--bundle", "new.json", "--key"];
        let _ = sandbox.run(&[&args[..], &[key.to_str().unwrap(), artifact.to_str().unwrap()]].concat()).ok();
    }
    // Before, no key at all could verify this one; an upgrade must not let the signer's own do so.
    let mut foreign: serde_json::Value =
        serde_json::from_slice(&testdata("cosign-2.x/p256.att.legacy.json")).unwrap();
    let other: serde_json::Value =
        serde_json::from_slice(&testdata("cosign-2.x/p384.att.legacy.json")).unwrap();
    foreign["cert"] = other["cert"].clone();
    let _ = sandbox.file("foreign.json", foreign.to_string());
    let output = run(&sandbox, &["foreign.json", "--out", "x.json"]).code(12);
    assert!(
        output.stderr.contains("not by the key that it holds") && !sandbox.has("x.json"),
        "{}",
        output.stderr
    );
    // Without a key in it, there is no hint.
    foreign.as_object_mut().unwrap().remove("cert");
    let _ = sandbox.file("bare.json", foreign.to_string());
    let _ = run(&sandbox, &["bare.json", "--out", "x.json"]).ok();
    let entity = only(&sandbox.read("x.json")).unwrap();
    assert!(
        matches!(entity.material, VerificationMaterial::PublicKey { hint, embedded: None } if hint.is_empty())
    );
    let Content::Envelope(envelope) = entity.content else { panic!() };
    assert_eq!(envelope.parsed.signatures.len(), 1);
}

/// What cannot be upgraded: the exit code, what is said, and no file.
#[test]
fn refusals_say_why_and_write_nothing() {
    let sandbox = Sandbox::new();
    let v0_1 = testdata("mock-sigstore/derived/rekor1-no-tsa.mediatype-v0.1.bundle.json");
    let without = |member: &str| {
        let mut value: serde_json::Value = serde_json::from_slice(&v0_1).unwrap();
        value["verificationMaterial"]["tlogEntries"][0].as_object_mut().unwrap().remove(member).unwrap();
        value.to_string().into_bytes()
    };
    let no_checkpoint = {
        let mut value: serde_json::Value = serde_json::from_slice(&v0_1).unwrap();
        value["verificationMaterial"]["tlogEntries"][0]["inclusionProof"]
            .as_object_mut()
            .unwrap()
            .remove("checkpoint");
        value.to_string().into_bytes()
    };
    let envelope = testdata("cosign-2.x/p256.att.dsse.json");
    let two_signatures = {
        let mut value: serde_json::Value = serde_json::from_slice(&envelope).unwrap();
        let first = value["signatures"][0].clone();
        value["signatures"].as_array_mut().unwrap().push(first);
        let encoded = rcosign::internals::crypto::base64::encode(value.to_string());
        format!("{{\"base64Signature\":\"{encoded}\"}}").into_bytes()
    };
    let rekor2_as_v0_1 = testdata("mock-sigstore/derived/rekor2.mediatype-v0.1.bundle.json");
    let cases: &[(&str, Vec<u8>, i32, &str)] = &[
        ("promise", without("inclusionProof"), 5, "Rekor"),
        ("no-checkpoint", no_checkpoint, 5, "http://127.0.0.1:1"),
        ("no-promise", without("inclusionPromise"), 3, "a v0.1 bundle requires it"),
        ("rekor2", rekor2_as_v0_1, 3, "a v0.1 bundle requires it"),
        ("legacy-logged", testdata("mock-sigstore/v2.att-dsse.keyless.legacy.json"), 5, "Rekor"),
        (
            "legacy",
            testdata("cosign-2.x/p256.legacy.json"),
            3,
            "bundle create --ignore-tlog --bundle legacy --artifact FILE --key KEY",
        ),
        (
            "legacy-signature",
            testdata("mock-sigstore/v2.blob.keyless.legacy.json"),
            3,
            "`rcosign bundle create --bundle legacy-signature --artifact FILE`",
        ),
        ("legacy-key", testdata("cosign-3.x/p256.legacy.json"), 3, "--bundle legacy-key --artifact FILE`"),
        ("envelope", envelope, 3, "is a DSSE envelope on its own"),
        ("two", two_signatures, 3, "its envelope has 2 signatures"),
        (
            "version",
            testdata("mock-sigstore/derived/rekor1-no-tsa.mediatype-v0.9.bundle.json"),
            3,
            "unsupported bundle version",
        ),
        ("root", testdata("mock-sigstore/trusted_root.json"), 3, "cannot be used"),
        ("text", b"hello".to_vec(), 3, "not a JSON object"),
        ("empty", Vec::new(), 3, "the file is empty"),
        ("cut", v0_1[..v0_1.len() - 9].to_vec(), 3, "cannot be used"),
        ("deep", [b"{\"mediaType\":".repeat(10_000), b"1".to_vec()].concat(), 8, "cannot be used"),
    ];
    for (name, document, code, words) in cases {
        let _ = sandbox.file(name, document);
        let before = sandbox.names();
        let root = repository().join("testdata/mock-sigstore/trusted_root.json");
        let log = [
            "--rekor-url",
            "http://127.0.0.1:1",
            "--timeout",
            "1s",
            "--trusted-root",
            root.to_str().unwrap(),
        ];
        let output = run(&sandbox, &[&[*name, "--out", "new.json"], &log[..]].concat());
        assert_eq!(output.code, *code, "{name}: {}", output.stderr);
        assert!(output.stderr.contains(words), "{name}: {}", output.stderr);
        assert!(output.bytes.is_empty() && !output.stderr.contains("upgraded bundle written"), "{name}");
        assert_eq!(sandbox.names(), before, "{name}");
    }
}

#[test]
fn files_that_are_none_and_lines_that_make_no_sense() {
    let sandbox = Sandbox::new();
    let _ = sandbox.file("b.json", testdata("mock-sigstore/derived/rekor1-no-tsa.chain-v0.2.bundle.json"));
    std::fs::create_dir(sandbox.at("folder")).unwrap();
    let _ = run(&sandbox, &["missing.json"]).code(3).says("does not exist");
    let _ = run(&sandbox, &["folder"]).code(3).says("is a folder");
    let _ = run(&sandbox, &[]).code(2).says("there is no bundle to upgrade");
    let _ = run(&sandbox, &[""]).code(2).says("there is no bundle to upgrade");
    let _ = run(&sandbox, &["b.json", "b.json"]).code(2).says("one bundle is upgraded at a time");
    let _ = run(&sandbox, &["b.json", "--out", "b.json"]).code(2).says("would take its place");
    let _ = run(&sandbox, &["b.json", "--out", "./folder/../b.json"]).code(2).says("would take its place");
    let _ = run(&sandbox, &["b.json", "--out", "folder"]).code(3).says("it is a folder");
    let _ = run(&sandbox, &["b.json", "--out", "no/such/new.json"]).code(3).says("does not exist");
    let printed = run(&sandbox, &["b.json", "--out", "", "--rekor-url", ""]).ok();
    assert_eq!(run(&sandbox, &["b.json", "--rekor-url", "http://127.0.0.1:1"]).ok().bytes, printed.bytes);
    // An old file stays as it is when the upgrade fails, and loses its mode when it is replaced.
    let _ = sandbox.file("kept.json", "kept");
    let _ = sandbox.file("bad.json", "{}");
    let _ = run(&sandbox, &["bad.json", "--out", "kept.json"]).code(3);
    assert_eq!(sandbox.text("kept.json"), "kept");
    let _ = run(&sandbox, &["b.json", "--out", "kept.json"]).ok();
    owner_only(&sandbox.at("kept.json"));
    assert_eq!(sandbox.names(), ["b.json", "bad.json", "folder", "kept.json"]);
}

#[cfg(unix)]
fn owner_only(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    assert_eq!(std::fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
}

#[cfg(not(unix))]
fn owner_only(_: &Path) {}
