//! `bundle inspect`: every document that there is can be looked at, nothing is claimed of it, what is wrong with it is shown
//! where it is visible, and the command that is suggested for a good one accepts it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::schema::Schema;
use crate::support::{Output, Sandbox, conformance, repository};

/// What is visible of the defect of each folder that has to be refused: the code of the problem, or why it is not.
const BROKEN: [(&str, Result<&str, &str>); 12] = [
    ("bundle-malformed-json_fail", Ok("decode")),
    ("checkpoint-wrong-roothash_fail", Ok("checkpoint-tree")),
    ("dsse-mismatch-sig_fail", Ok("log-signature")),
    ("integrated-time-in-future_fail", Ok("certificate-expired")),
    ("intoto-tsa-timestamp-outside-cert-validity_fail", Ok("certificate-expired")),
    ("invalid-checkpoint-signature_fail", Err("the log's key is in the trusted root alone")),
    ("managed-key-wrong-key_fail", Err("the key that the user names is wrong; the bundle is not")),
    ("message-digest-mismatch_fail", Ok("log-digest")),
    ("rekor2-no-timestamp_fail", Ok("no-trusted-time")),
    ("rekor2-timestamp-payload-mismatch_fail", Ok("timestamp-invalid")),
    ("set-invalid-signature_fail", Err("the log's key is in the trusted root alone")),
    ("wrong-material_fail", Err("the bundle is sound, and of another artifact")),
];

fn testdata(name: &str) -> PathBuf {
    repository().join("testdata").join(name)
}

fn inspect(sandbox: &Sandbox, path: &Path) -> (Output, Value) {
    let output = sandbox.run(&["bundle", "inspect", "--output", "json", path.to_str().unwrap()]);
    let value = serde_json::from_slice(&output.bytes)
        .unwrap_or_else(|e| panic!("{}: {e}: {}{}", path.display(), output.stdout, output.stderr));
    (output, value)
}

fn codes(value: &Value) -> Vec<&str> {
    value["problems"].as_array().unwrap().iter().map(|p| p["code"].as_str().unwrap()).collect()
}

fn files(folder: &Path, out: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() { files(&path, out) } else { out.push(path) }
    }
}

/// Every file of the test data, whatever it is, and every bundle of the conformance suite.
#[test]
fn every_document_can_be_looked_at() {
    let sandbox = Sandbox::new();
    let mut paths = Vec::new();
    files(&repository().join("testdata"), &mut paths);
    if let Some(suite) = conformance() {
        files(&suite, &mut paths);
    }
    let schema = Schema::read("inspection");
    let (mut formats, mut used) = (BTreeSet::new(), BTreeSet::new());
    for path in &paths {
        let (output, value) = inspect(&sandbox, path);
        let at = path.display();
        assert!([0, 3, 8, 10].contains(&output.code), "{at}: {}", output.stderr);
        assert!(!output.stderr.contains("panicked"), "{at}: {}", output.stderr);
        schema.check(&schema.root, &value, "", &mut used);
        let format = value["document"]["format"].as_str().unwrap().to_owned();
        // What could not be decoded is an error, and only that.
        assert_eq!(output.code == 0, format != "unknown", "{at}: {}", output.stderr);
        assert_eq!(output.stderr.is_empty(), output.code == 0, "{at}: {}", output.stderr);
        formats.insert(format);
    }
    for format in [
        "DSSE envelope",
        "RFC 3161 timestamp",
        "certificate",
        "detached signature",
        "in-toto statement without a signature",
        "legacy bundle",
        "public key",
        "sigstore bundle v0.3",
        "unknown",
    ] {
        assert!(formats.contains(format), "{format}: {formats:?}");
    }
    // What the schema describes is there somewhere, but for what no file of the test data holds.
    let rare = [
        "/content/signatures/keyid",
        "/content/statement/subjects/annotations",
        "/detachedScts",
        "/certificates/otherExtensions",
        "/certificates/scts/document",
        "/timestamps/nonce",
    ];
    for path in schema.paths(&schema.root.clone(), "") {
        let known = rare.iter().any(|rare| path.starts_with(rare));
        assert!(used.contains(&path) || known, "{path} is described and never written");
    }
}

#[test]
fn text_and_json_are_the_same_facts_and_say_first_that_nothing_was_verified() {
    let sandbox = Sandbox::new();
    let path = testdata("mock-sigstore/v3.att.keyless.rekor1.bundle.json");
    let output = sandbox.run(&["bundle", "inspect", path.to_str().unwrap()]).ok();
    assert!(output.stdout.starts_with("note: NOTHING OF THIS WAS VERIFIED."), "{}", output.stdout);
    let lines: Vec<&str> = output.stdout.lines().collect();
    assert_eq!(lines[1..3], ["schema: rcosign-inspection/v1", "verified: no"]);
    assert_eq!(output.stdout.to_lowercase().matches("verified").count(), 2);
    let (json, value) = inspect(&sandbox, &path);
    assert!(json.stdout.starts_with("{\n  \"note\": \"NOTHING OF THIS WAS VERIFIED."));
    assert_eq!(value["verified"], false);
    for scalar in scalars(&value) {
        assert!(output.stdout.contains(&scalar), "{scalar} is not in the text");
    }
    for line in [
        "    - kind: email\n      value: dev@example.com\n",
        "    fulcio:\n      Issuer: http",
        "  predicate type: https://",
        "      checkpoint:\n        origin: ",
    ] {
        assert!(output.stdout.contains(line), "{line}{}", output.stdout);
    }
}

fn scalars(value: &Value) -> Vec<String> {
    match value {
        Value::Object(members) => members.values().flat_map(scalars).collect(),
        Value::Array(items) => items.iter().flat_map(scalars).collect(),
        Value::String(text) => vec![text.clone()],
        Value::Number(number) => vec![number.to_string()],
        _ => Vec::new(),
    }
}

#[test]
fn defects_of_the_suite_are_shown_where_they_are_visible() {
    let Some(suite) = conformance() else { return };
    let sandbox = Sandbox::new();
    let mut seen = 0;
    for entry in std::fs::read_dir(&suite).unwrap() {
        let path = entry.unwrap().path();
        let bundle = path.join("bundle.sigstore.json");
        if !bundle.is_file() {
            continue;
        }
        seen += 1;
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let (output, value) = inspect(&sandbox, &bundle);
        let expected = BROKEN.iter().find(|(broken, _)| *broken == name).map(|(_, visible)| visible);
        assert_eq!(expected.is_some(), name.ends_with("_fail"), "{name}: is it in the table?");
        match expected {
            Some(Ok(code)) => assert!(codes(&value).contains(code), "{name}: {:?}", codes(&value)),
            Some(Err(_)) | None => assert_eq!(codes(&value), Vec::<&str>::new(), "{name}"),
        }
        assert_eq!(output.code, if name == "bundle-malformed-json_fail" { 3 } else { 0 }, "{name}");
    }
    assert!(seen >= 22, "{seen}");
}

/// The code of the problem, the sound bundle, and what is done to it.
type Defect<'a> = (&'a str, &'a str, &'a dyn Fn(&mut Value));

/// One thing broken at a time in a bundle that is sound, and the problem that shows it.
#[test]
fn each_visible_defect_has_its_problem() {
    let sandbox = Sandbox::new();
    let read =
        |name: &str| -> Value { serde_json::from_slice(&std::fs::read(testdata(name)).unwrap()).unwrap() };
    let rekor1 = "mock-sigstore/v3.blob.keyless.rekor1.bundle.json";
    let rekor2 = "mock-sigstore/v3.att.keyless.rekor2.bundle.json";
    let key = "mock-sigstore/v3.att.key-p256.tsa-only.bundle.json";
    let nothing = |_: &mut Value| {};
    let cases: &[Defect<'_>] = &[
        ("", rekor1, &nothing),
        ("", rekor2, &nothing),
        ("", key, &nothing),
        ("log-kind", rekor1, &|b| entry(b)["kindVersion"]["kind"] = "dsse".into()),
        ("log-body", rekor1, &|b| entry(b)["canonicalizedBody"] = "e30=".into()),
        ("inclusion-proof", rekor1, &|b| entry(b)["inclusionProof"]["hashes"] = serde_json::json!([])),
        ("inclusion-proof", rekor2, &|b| entry(b)["inclusionProof"]["treeSize"] = "0".into()),
        ("checkpoint-malformed", rekor1, &|b| {
            entry(b)["inclusionProof"]["checkpoint"]["envelope"] = "x".into()
        }),
        ("checkpoint-tree", rekor1, &|b| {
            let envelope = &mut entry(b)["inclusionProof"]["checkpoint"]["envelope"];
            let text = envelope.as_str().unwrap().to_owned();
            let size = text.lines().nth(1).unwrap();
            *envelope = text.replacen(&format!("\n{size}\n"), "\n987654321\n", 1).into();
        }),
        ("log-index", rekor2, &|b| entry(b)["logIndex"] = "987654".into()),
        ("inclusion-promise", rekor1, &|b| entry(b)["integratedTime"] = "0".into()),
        ("certificate-expired", rekor1, &|b| entry(b)["integratedTime"] = "4000000000".into()),
        ("certificate-not-yet-valid", rekor1, &|b| entry(b)["integratedTime"] = "1000000000".into()),
        ("log-signature", rekor1, &|b| b["messageSignature"]["signature"] = "AAAA".into()),
        ("signature-invalid", rekor1, &|b| b["messageSignature"]["signature"] = "AAAA".into()),
        ("timestamp-invalid", rekor1, &|b| b["messageSignature"]["signature"] = "AAAA".into()),
        ("log-digest", rekor1, &|b| {
            b["messageSignature"]["messageDigest"]["digest"] =
                "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=".into();
        }),
        ("log-digest", rekor2, &|b| b["dsseEnvelope"]["payload"] = "e30=".into()),
        ("payload", rekor2, &|b| b["dsseEnvelope"]["payload"] = "e30=".into()),
        ("payload-type", key, &|b| b["dsseEnvelope"]["payloadType"] = "text/plain".into()),
        ("timestamp-malformed", key, &|b| {
            let data = &mut b["verificationMaterial"]["timestampVerificationData"];
            data["rfc3161Timestamps"][0]["signedTimestamp"] = "MAA=".into();
        }),
        ("timestamp-repeated", key, &|b| {
            let stamps = &mut b["verificationMaterial"]["timestampVerificationData"]["rfc3161Timestamps"];
            *stamps = serde_json::json!([stamps[0], stamps[0]]);
        }),
        ("log-entry-repeated", rekor1, &|b| {
            let entries = &mut b["verificationMaterial"]["tlogEntries"];
            *entries = serde_json::json!([entries[0], entries[0]]);
        }),
        ("no-trusted-time", rekor2, &|b| {
            b["verificationMaterial"].as_object_mut().unwrap().remove("timestampVerificationData");
        }),
        ("log-verifier", rekor1, &|b| {
            let other: Value = serde_json::from_slice(&std::fs::read(testdata(rekor2)).unwrap()).unwrap();
            b["verificationMaterial"]["certificate"] = other["verificationMaterial"]["certificate"].clone();
        }),
        ("decode", rekor1, &|b| b["mediaType"] = "application/vnd.dev.sigstore.bundle.v0.9+json".into()),
        ("decode", rekor1, &|b| drop(entry(b).as_object_mut().unwrap().remove("inclusionProof"))),
        ("no-signature", key, &|b| b["dsseEnvelope"]["signatures"] = serde_json::json!([])),
        ("decode", key, &|b| {
            let signatures = &mut b["dsseEnvelope"]["signatures"];
            *signatures = serde_json::json!([signatures[0], signatures[0]]);
        }),
    ];
    for (code, seed, change) in cases {
        let mut bundle = read(seed);
        change(&mut bundle);
        let (_, value) = inspect(&sandbox, &sandbox.file("b.json", bundle.to_string()));
        let found = codes(&value);
        assert!(
            if code.is_empty() { found.is_empty() } else { found.contains(code) },
            "{seed} {code}: {value:#}"
        );
    }
}

fn entry(bundle: &mut Value) -> &mut Value {
    &mut bundle["verificationMaterial"]["tlogEntries"][0]
}

#[test]
fn several_signatures_of_an_envelope_are_shown_and_told() {
    let sandbox = Sandbox::new();
    let text = std::fs::read(testdata("cosign-2.x/p256.att.dsse.json")).unwrap();
    let mut envelope: Value = serde_json::from_slice(&text).unwrap();
    let signature = envelope["signatures"][0].clone();
    envelope["signatures"] = serde_json::json!([signature, {"sig": "AAAA", "keyid": "another"}]);
    let (_, value) = inspect(&sandbox, &sandbox.file("e.json", envelope.to_string()));
    assert_eq!(codes(&value), ["envelope-signatures"]);
    assert_eq!(value["content"]["signatures"].as_array().unwrap().len(), 2);
    assert_eq!(value["content"]["signatures"][1]["keyid"], "another");
}

#[test]
fn text_of_the_document_is_escaped() {
    let sandbox = Sandbox::new();
    let mut bundle: Value =
        serde_json::from_slice(&std::fs::read(testdata("cosign-3.x/p256.bundle.json")).unwrap()).unwrap();
    bundle["verificationMaterial"]["publicKey"]["hint"] = "a\u{1b}[2J\u{202e}\nverified: yes".into();
    let path = sandbox.file("b.json", bundle.to_string());
    for format in ["text", "json"] {
        let output = sandbox.run(&["bundle", "inspect", "-o", format, path.to_str().unwrap()]).ok();
        assert!(
            output.stdout.chars().all(|c| c == '\n' || !(c.is_control() || c == '\u{202e}')),
            "{}",
            output.stdout
        );
        assert!(!output.stdout.lines().any(|line| line.trim() == "verified: yes"), "{}", output.stdout);
    }
    let output = sandbox.run(&[
        "bundle",
        "diff",
        path.to_str().unwrap(),
        testdata("cosign-3.x/p256.bundle.json").to_str().unwrap(),
    ]);
    assert!(output.code(1).stdout.contains("signer.hint: \"a\\u001b[2J\\u{202e}\\nverified: yes\" -> \""));
}

#[test]
fn standard_input_and_usage() {
    let sandbox = Sandbox::new();
    let bytes = std::fs::read(testdata("cosign-3.x/p256.bundle.json")).unwrap();
    let output = sandbox.rcosign(&["bundle", "inspect", "-"]).stdin(&bytes).run().ok();
    assert!(output.stdout.contains("source: -\n"));
    sandbox.run(&["bundle", "inspect"]).code(2).says("there is nothing to look at");
    sandbox.run(&["bundle", "inspect", "a", "b"]).code(2);
    sandbox.run(&["bundle", "inspect", "none.json"]).code(3).says("none.json");
    sandbox.run(&["bundle", "inspect", "-o", "yaml", "none.json"]).code(2);
    sandbox.file("b.json", &bytes);
    sandbox.run(&["bundle", "inspect", "--suggest", "-o", "json", "b.json"]).code(2);
    sandbox.run(&["bundle", "inspect", "b.json", "--output-file", "b.json"]).code(2);
    sandbox.run(&["bundle", "inspect", "b.json", "--output-file", "out.txt"]).ok();
    assert!(sandbox.text("out.txt").starts_with("note: NOTHING"));
    sandbox.file("large.json", "");
    std::fs::File::options().write(true).open(sandbox.at("large.json")).unwrap().set_len(1 << 40).unwrap();
    sandbox.run(&["bundle", "inspect", "large.json"]).code(8);
}

/// Runs what is suggested, by a shell, with what stands in capitals replaced.
#[cfg(unix)]
fn run_suggested(
    sandbox: &Sandbox,
    document: &Path,
    key: Option<&Path>,
    root: &Path,
    artifact: &Path,
) -> String {
    let output = sandbox.run(&["bundle", "inspect", "--suggest", document.to_str().unwrap()]).ok();
    let line = output.stdout.strip_suffix('\n').unwrap().to_owned();
    assert!(
        !line.contains('\n') && output.stderr.contains("asks for what the document says of itself"),
        "{line}"
    );
    let mut script = line.replacen("rcosign ", &format!("{} ", env!("CARGO_BIN_EXE_rcosign")), 1);
    script = script.replace(" TRUSTED_ROOT", &format!(" {}", root.display()));
    if let Some(key) = key {
        script = script.replace(" --key KEY", &format!(" --key {}", key.display()));
    }
    let bare = script.strip_suffix(" ARTIFACT").unwrap();
    let run = |artifact: &Path| {
        let line = format!("{bare} {}", artifact.display());
        sandbox.program(Path::new("/bin/sh"), &["-c", &line]).env("COSIGN_OFFLINE", "true").run()
    };
    run(artifact).ok().says("Verified OK");
    // The same command must be able to fail.
    run(&sandbox.file("another", "another artifact")).code(12);
    line
}

#[cfg(unix)]
#[test]
fn the_suggested_command_accepts_good_documents() {
    let sandbox = Sandbox::new();
    let mut count = 0;
    for (folder, ends, key) in [
        ("cosign-2.x", vec![".bundle.json", ".legacy.json", ".sig", ".dsse.json"], true),
        ("cosign-3.x", vec![".bundle.json", ".legacy.json", ".sig", ".dsse.json"], true),
        ("mock-sigstore", vec![".rekor1.bundle.json", ".rekor2.bundle.json", ".tsa-only.bundle.json"], false),
    ] {
        let folder = testdata(folder);
        let root = testdata("mock-sigstore/trusted_root.json");
        let mut paths = Vec::new();
        files(&folder, &mut paths);
        for path in paths {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            if !ends.iter().any(|end| name.ends_with(end)) {
                continue;
            }
            let kind = if key {
                name.split('.').next()
            } else {
                name.split(".key-").nth(1).and_then(|k| k.split('.').next())
            };
            // The attestations of every type are by the key of the first.
            let kind = kind.map(|kind| if kind.starts_with("type-") { "p256" } else { kind });
            let key = kind.map(|kind| folder.join(format!("{kind}.pub")));
            run_suggested(&sandbox, &path, key.as_deref(), &root, &folder.join("artifact.txt"));
            count += 1;
        }
    }
    assert!(count > 80, "{count}");
}

#[cfg(unix)]
#[test]
fn the_suggested_command_accepts_the_good_bundles_of_the_suite() {
    let Some(suite) = conformance() else { return };
    let sandbox = Sandbox::new();
    let mut count = 0;
    for entry in std::fs::read_dir(&suite).unwrap() {
        let path = entry.unwrap().path();
        let bundle = path.join("bundle.sigstore.json");
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if !bundle.is_file() || name.ends_with("_fail") {
            continue;
        }
        let own = |name: &str, shared: &str| {
            Some(path.join(name)).filter(|own| own.is_file()).unwrap_or_else(|| suite.join(shared))
        };
        let key = Some(path.join("key.pub")).filter(|key| key.is_file());
        let (root, artifact) = (own("trusted_root.json", "trusted_root.json"), own("artifact", "a.txt"));
        let line = run_suggested(&sandbox, &bundle, key.as_deref(), &root, &artifact);
        if name == "happy-path-v0.3" {
            let identity = "--certificate-identity https://github.com/sigstore-conformance/";
            assert!(line.contains(identity) && !line.contains("--trusted-root"), "{line}");
        }
        count += 1;
    }
    assert!(count >= 10, "{count}");
}

#[test]
fn nothing_is_suggested_for_what_holds_no_signature() {
    let sandbox = Sandbox::new();
    for name in ["cosign-3.x/p256.pub", "mock-sigstore/v3.blob.keyless.crt", "vectors/tsa-openssl.tsr"] {
        let output = sandbox.run(&["bundle", "inspect", "--suggest", testdata(name).to_str().unwrap()]);
        assert_eq!(output.code(10).says("holds no signature").stdout, "");
    }
    let broken = sandbox.file("broken.json", "{\"mediaType\":\"x\"}");
    assert_eq!(sandbox.run(&["bundle", "inspect", "--suggest", broken.to_str().unwrap()]).code(3).stdout, "");
    // A document with a visible problem is warned of.
    let mut bundle: Value = serde_json::from_slice(
        &std::fs::read(testdata("mock-sigstore/v3.blob.keyless.rekor1.bundle.json")).unwrap(),
    )
    .unwrap();
    entry(&mut bundle)["integratedTime"] = "4000000000".into();
    let path = sandbox.file("b.json", bundle.to_string());
    sandbox.run(&["bundle", "inspect", "--suggest", path.to_str().unwrap()]).ok().says("so expect a failure");
    // What is only there twice is not refused, and no failure is foretold.
    let name = "mock-sigstore/derived/rekor2.tsa-twice.bundle.json";
    let twice = sandbox.run(&["bundle", "inspect", "--suggest", testdata(name).to_str().unwrap()]).ok();
    let twice = twice.says("the document shows a problem: timestamp 1: the same timestamp appears before");
    assert!(!twice.stderr.contains("expect a failure"), "{}", twice.stderr);
}

/// A time in an entry that no promise signs decides nothing in verification: it is no problem, whatever it is.
#[test]
fn a_time_that_nobody_signed_is_no_problem() {
    let sandbox = Sandbox::new();
    let path = testdata("mock-sigstore/v3.blob.keyless.rekor2.bundle.json");
    let mut bundle: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    for time in ["1000000000", "4000000000"] {
        entry(&mut bundle)["integratedTime"] = time.into();
        let path = sandbox.file("b.json", bundle.to_string());
        let output = sandbox.run(&["bundle", "inspect", "-o", "json", path.to_str().unwrap()]).ok();
        let inspection: Value = serde_json::from_str(&output.stdout).unwrap();
        assert_eq!(inspection["problems"], serde_json::json!([]), "{time}");
    }
}

/// What is printed is the predicate that was signed; programs read it with a JSON parser.
#[test]
fn the_predicate_of_an_attestation_is_printed() {
    let sandbox = Sandbox::new();
    for folder in ["cosign-2.x", "cosign-3.x"] {
        for form in ["bundle", "dsse", "legacy", "statement"] {
            let path = testdata(&format!("{folder}/p256.att.{form}.json"));
            let output = sandbox.run(&["bundle", "inspect", "--predicate", path.to_str().unwrap()]).ok();
            let statement = std::fs::read(testdata(&format!("{folder}/p256.att.statement.json"))).unwrap();
            let statement: Value = serde_json::from_slice(&statement).unwrap();
            let printed: Value = serde_json::from_str(&output.stdout).unwrap();
            // Each was made at a time of its own.
            assert_eq!(printed["Data"], statement["predicate"]["Data"], "{folder} {form}");
            assert!(printed["Timestamp"].is_string());
            assert!(output.stderr.contains("WARNING: nothing of this was verified"), "{}", output.stderr);
        }
    }
    for (name, code) in [("p256.bundle.json", 3), ("p256.pub", 3), ("artifact.txt", 3), ("p256.sig", 3)] {
        let path = testdata(&format!("cosign-3.x/{name}"));
        let output = sandbox.run(&["bundle", "inspect", "--predicate", path.to_str().unwrap()]).code(code);
        assert_eq!(output.stdout, "", "{name}");
    }
}

const BUNDLES_TO_SUGGEST: [(&str, &str); 3] = [
    ("mock-sigstore/v3.blob.keyless.rekor1.bundle.json", "identity: \"dev@example.com\""),
    ("mock-sigstore/v3.blob.keylessuri.rekor1.bundle.json", "identity: \"https://"),
    ("mock-sigstore/v3.blob.key-p256.rekor1.bundle.json", "key: KEY"),
];

/// What is suggested is read, has nothing doubtful, and accepts the file that was signed, and no other.
#[test]
fn the_suggested_policy_file_asks_for_the_signer() {
    let sandbox = Sandbox::new();
    let root = testdata("mock-sigstore/trusted_root.json");
    let blob = std::fs::read(testdata("mock-sigstore/artifact.txt")).unwrap();
    sandbox.file("app.txt", blob);
    std::fs::create_dir(sandbox.path().join("other")).unwrap();
    sandbox.file("other/app.txt", "something else");
    for (name, signer) in BUNDLES_TO_SUGGEST {
        let bundle = testdata(name);
        let bundle = bundle.to_str().unwrap();
        let output = sandbox.run(&["bundle", "inspect", "--suggest=policy", bundle]).ok();
        assert!(output.stdout.contains(signer), "{}", output.stdout);
        let output = output.says("anybody can write such a document");
        let text = output
            .stdout
            .replace("key: KEY", &format!("key: {}", testdata("mock-sigstore/p256.pub").display()));
        sandbox.file("policy.yaml", &text);
        let check = || sandbox.run(&["policy", "check", "--strict", "policy.yaml"]);
        let found = check().code(3);
        assert!(found.stdout.contains("(placeholder)"), "{}", found.stdout);
        sandbox.file("policy.yaml", text.replace("files: [\"ARTIFACT\"]", "files: [\"app.txt\"]"));
        check().ok();
        let verify = |file: &str| {
            let root = root.to_str().unwrap();
            sandbox.run(&[
                "verify-blob",
                "--policy-file",
                "policy.yaml",
                "--trusted-root",
                root,
                "--bundle",
                bundle,
                file,
            ])
        };
        verify("app.txt").ok();
        verify("other/app.txt").code(7);
    }
    let apart = sandbox.run(&["bundle", "inspect", "--suggest", "policy", "b.json"]).code(2);
    let _ = apart.says("the form stands behind an equals sign: --suggest=policy");
    sandbox.run(&["bundle", "inspect", "--suggest=policies", "b.json"]).code(2);
    sandbox.run(&["bundle", "inspect", "--suggest=policy", "-o", "json", "b.json"]).code(2);
    sandbox
        .run(&["bundle", "inspect", "--suggest=policy", testdata("mock-sigstore/p256.pub").to_str().unwrap()])
        .code(10);
}
