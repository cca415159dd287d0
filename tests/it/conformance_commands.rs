//! The real bundles of the public sigstore-conformance suite, through the program: every folder in every way that a command
//! line can name the artifact. `conformance.rs` does the same to the library.

use std::path::{Path, PathBuf};

use rcosign::internals::bundle::{self, Content};
use rcosign::internals::crypto::HashAlgorithm;
use rcosign::internals::payload::Statement;

use crate::support::{Output, Sandbox, conformance};

const IDENTITY: &str = "https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/.github/workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main";
const ISSUER: &str = "https://token.actions.githubusercontent.com";

/// Why a folder is refused.
enum Broken {
    /// A candidate is rejected for this reason: exit code 12.
    Reason(&'static str),
    /// A file cannot be used, exit code 3; these words are in the message.
    File(&'static str),
}
use Broken::{File, Reason};

/// Each folder that has to be refused, with what is broken in it.
const BROKEN: &[(&str, Broken)] = &[
    ("bundle-malformed-json_fail", File("bundle.sigstore.json")),
    ("checkpoint-wrong-roothash_fail", Reason("checkpoint-tree")),
    ("dsse-mismatch-sig_fail", Reason("log-signature")),
    // That future has passed by now; the certificate was not valid then either.
    ("integrated-time-in-future_fail", Reason("certificate-expired")),
    ("intoto-tsa-timestamp-outside-cert-validity_fail", Reason("certificate-expired")),
    ("invalid-checkpoint-signature_fail", Reason("checkpoint-signature")),
    ("managed-key-wrong-key_fail", File("key.pub")),
    ("message-digest-mismatch_fail", Reason("log-digest")),
    ("rekor2-no-timestamp_fail", Reason("no-trusted-time")),
    ("rekor2-timestamp-payload-mismatch_fail", Reason("timestamp-invalid")),
    ("set-invalid-signature_fail", Reason("inclusion-promise")),
    ("wrong-material_fail", Reason("artifact-digest")),
];

/// One folder of the suite.
struct Folder {
    name: String,
    path: PathBuf,
    root: PathBuf,
    artifact: PathBuf,
    /// The flags that say whose signature is wanted.
    signer: Vec<String>,
    /// The predicate type, when the bundle holds a statement.
    predicate_type: Option<String>,
}

fn folders() -> Option<Vec<Folder>> {
    let suite = conformance()?;
    let mut folders = Vec::new();
    for entry in std::fs::read_dir(&suite).unwrap() {
        let path = entry.unwrap().path();
        if !path.join("bundle.sigstore.json").is_file() {
            continue;
        }
        let own = |name: &str, shared: &str| {
            Some(path.join(name)).filter(|own| own.is_file()).unwrap_or_else(|| suite.join(shared))
        };
        let line = |name: &str, default: &str| {
            std::fs::read_to_string(path.join(name)).map_or(default.to_owned(), |text| text.trim().to_owned())
        };
        let signer = if path.join("key.pub").is_file() {
            vec!["--key".to_owned(), path.join("key.pub").to_str().unwrap().to_owned()]
        } else {
            keyless(&line("identity", IDENTITY), &line("issuer", ISSUER))
        };
        folders.push(Folder {
            name: path.file_name().unwrap().to_str().unwrap().to_owned(),
            root: own("trusted_root.json", "trusted_root.json"),
            artifact: own("artifact", "a.txt"),
            signer,
            predicate_type: predicate_type(&path.join("bundle.sigstore.json")),
            path,
        });
    }
    assert!(folders.len() >= 22, "only {} folders in {}", folders.len(), suite.display());
    Some(folders)
}

fn keyless(identity: &str, issuer: &str) -> Vec<String> {
    ["--certificate-identity", identity, "--certificate-oidc-issuer", issuer].map(str::to_owned).to_vec()
}

fn predicate_type(bundle: &Path) -> Option<String> {
    let decoded = bundle::decode(&std::fs::read(bundle).unwrap()).ok()?;
    match &decoded.entities[0].content {
        Content::Envelope(envelope) => {
            Some(Statement::from_json(&envelope.parsed.payload).unwrap().predicate_type)
        }
        _ => None,
    }
}

fn sha256(artifact: &[u8]) -> String {
    HashAlgorithm::Sha256.digest(artifact).to_string().split_once(':').unwrap().1.to_owned()
}

/// What follows the flags in each way to name an artifact, with the command.
fn ways(path: &Path, predicate_type: Option<&str>) -> Vec<Vec<String>> {
    let file = path.to_str().unwrap();
    let hex = sha256(&std::fs::read(path).unwrap());
    let mut ways = vec![
        vec!["verify-blob".to_owned(), file.to_owned()],
        vec!["verify-blob".to_owned(), format!("sha256:{hex}")],
    ];
    if let Some(predicate_type) = predicate_type {
        let attestation = ["verify-blob-attestation", "--type", predicate_type];
        ways.push([&attestation[..], &[file]].concat().into_iter().map(str::to_owned).collect());
        let by_digest = ["--digest", &hex, "--digestAlg", "sha256"];
        ways.push([&attestation[..], &by_digest].concat().into_iter().map(str::to_owned).collect());
    }
    ways
}

/// Runs one way with these flags and the report on standard output.
fn run(sandbox: &Sandbox, folder: &Folder, way: &[String], signer: &[String]) -> (Output, serde_json::Value) {
    let bundle = folder.path.join("bundle.sigstore.json");
    let mut args = vec![way[0].as_str(), "--report", "json", "--bundle", bundle.to_str().unwrap()];
    args.extend(["--trusted-root", folder.root.to_str().unwrap()]);
    args.extend(signer.iter().map(String::as_str));
    args.extend(way[1..].iter().map(String::as_str));
    let output = sandbox.run(&args);
    let report: serde_json::Value = serde_json::from_slice(&output.bytes).unwrap();
    assert_eq!(report["verified"], output.code == 0, "{}: {args:?}", folder.name);
    assert_eq!(report["schema"], "rcosign-verification-report/v1");
    (output, report)
}

/// The codes of the checks that failed, which are none or one.
fn failed(report: &serde_json::Value) -> Option<&str> {
    let candidates = report["candidates"].as_array().unwrap();
    let checks: Vec<_> = candidates.iter().flat_map(|c| c["checks"].as_array().unwrap()).collect();
    let codes: Vec<_> = checks.iter().filter_map(|check| check["reason"].as_str()).collect();
    assert!(codes.len() < 2, "{codes:?}");
    codes.first().copied()
}

#[track_caller]
fn refused(run: &(Output, serde_json::Value), reasons: &[&str], what: &str) {
    let (output, report) = run;
    let exit = if reasons == ["certificate-missing"] { 13 } else { 12 };
    assert_eq!(output.code, exit, "{what}: {}", output.stderr);
    assert!(failed(report).is_some_and(|code| reasons.contains(&code)), "{what}: {report:#}");
}

#[test]
fn every_folder_gets_its_verdict_in_every_way() {
    let Some(folders) = folders() else { return };
    let sandbox = Sandbox::new();
    let (mut verified, mut seen) = (0, Vec::new());
    for folder in &folders {
        let broken = BROKEN.iter().find(|(name, _)| *name == folder.name).map(|(_, broken)| broken);
        assert_eq!(broken.is_some(), folder.name.ends_with("_fail"), "{}: is it in the table?", folder.name);
        for way in ways(&folder.artifact, folder.predicate_type.as_deref()) {
            let ran = run(&sandbox, folder, &way, &folder.signer);
            let what = format!("{} {way:?}", folder.name);
            match broken {
                None => {
                    assert_eq!(ran.0.code, 0, "{what}: {}", ran.0.stderr);
                    assert!(ran.0.stderr.contains("Verified OK") && failed(&ran.1).is_none(), "{what}");
                    verified += 1;
                }
                Some(Reason(code)) => refused(&ran, &[code], &what),
                Some(File(words)) => {
                    assert_eq!((ran.0.code, failed(&ran.1)), (3, None), "{what}: {}", ran.0.stderr);
                    assert!(ran.0.stderr.contains(words), "{what}: {}", ran.0.stderr);
                }
            }
        }
        seen.push(folder.name.as_str());
    }
    assert!(BROKEN.iter().all(|(name, _)| seen.contains(name)), "a folder of the table is missing: {seen:?}");
    // Ten bundles in two ways, and three of them in two more.
    assert!(verified >= 26, "only {verified} were verified");
}

#[test]
fn what_verifies_is_refused_for_anything_else() {
    let Some(folders) = folders() else { return };
    let sandbox = Sandbox::new();
    let other = sandbox.file("other.txt", "another artifact");
    let other_key = sandbox.file("other.pub", OTHER_KEY);
    for folder in folders.iter().filter(|folder| !folder.name.ends_with("_fail")) {
        let own = folder.predicate_type.as_deref();
        let name = &folder.name;
        for way in ways(&folder.artifact, own) {
            if folder.signer[0] == "--key" {
                let key = ["--key", other_key.to_str().unwrap()].map(str::to_owned);
                refused(&run(&sandbox, folder, &way, &key), &["log-verifier"], name);
                let identity = keyless(IDENTITY, ISSUER);
                refused(&run(&sandbox, folder, &way, &identity), &["certificate-missing"], name);
                continue;
            }
            for identity in [&IDENTITY.replace("main", "other"), &IDENTITY[..IDENTITY.len() - 1]] {
                refused(&run(&sandbox, folder, &way, &keyless(identity, ISSUER)), &["identity"], name);
            }
            for issuer in ["https://token.actions.example", &format!("{ISSUER}/")] {
                refused(&run(&sandbox, folder, &way, &keyless(IDENTITY, issuer)), &["issuer"], name);
            }
            let pattern =
                ["--certificate-identity-regexp", "^refs/heads/main$", "--certificate-oidc-issuer", ISSUER];
            refused(&run(&sandbox, folder, &way, &pattern.map(str::to_owned)), &["identity"], name);
            let key = ["--key", other_key.to_str().unwrap()].map(str::to_owned);
            refused(&run(&sandbox, folder, &way, &key), &["other-key"], name);
        }
        for way in ways(&other, own) {
            let about = ["artifact-digest", "statement-subject"];
            refused(&run(&sandbox, folder, &way, &folder.signer), &about, name);
        }
        let expected = if own.is_some() { "predicate-type" } else { "not-an-attestation" };
        for way in &ways(&folder.artifact, Some("https://example.com/other"))[2..] {
            refused(&run(&sandbox, folder, way, &folder.signer), &[expected], name);
        }
    }
}

const OTHER_KEY: &str = "-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE8L7f4/JID3UHVBuyaAWCgSJRFajE
ndXlTs2EeLVDyOtR7cGnJItJ9Q7bBNuMddTn/ggrkuR19ls4vyk5VZ4Bgw==
-----END PUBLIC KEY-----
";
