//! `policy explain`.

use crate::policy_file::{SIGNERS, sandbox};

#[test]
fn files_are_explained_by_all_of_their_bundles_or_by_none() {
    let sandbox = sandbox();
    let policy = |rest: &str| {
        let scope = format!("  - {{ name: s, files: ['*.txt'], {rest} }}\n");
        sandbox.file("policy.yaml", format!("{SIGNERS}{scope}"));
    };
    let explain = |more: &[&str]| {
        sandbox.run(&[&["policy", "explain", "--policy-file", "policy.yaml"][..], more].concat())
    };
    policy("log: not-required, signatures: { all: [a, b] }");
    let both = ["--bundle", "a.sigstore.json", "--bundle", "b.sigstore.json", "artifact.txt"];
    let told = explain(&both).ok();
    assert!(told.stdout.contains("counts: a (") && told.stdout.contains("counts: b ("), "{}", told.stdout);
    assert!(!told.stderr.contains("WARNING"), "{}", told.stderr);
    // Without a bundle a file is a file all the same.
    let told = explain(&["artifact.txt"]).code(7);
    assert!(told.stdout.contains("scope     s, by its pattern *.txt"), "{}", told.stdout);
    assert!(!told.stderr.contains("policy explain"), "{}", told.stderr);
    policy("accept: true");
    explain(&["artifact.txt"]).ok();
    // What did not verify stands there with its reason.
    policy("signatures: a");
    let told = explain(&["--offline", "--bundle", "a.sigstore.json", "artifact.txt"]).code(7);
    assert!(
        told.stdout.contains("not verified for any signer of the scope:\n  a.sigstore.json: "),
        "{}",
        told.stdout
    );
}

#[test]
fn explained_json_has_what_did_not_verify() {
    let sandbox = sandbox();
    sandbox.file(
        "policy.yaml",
        format!("{SIGNERS}  - {{ name: s, files: ['*.txt'], log: not-required, signatures: b }}\n"),
    );
    let line = [
        "policy",
        "explain",
        "--policy-file",
        "policy.yaml",
        "--bundle",
        "a.sigstore.json",
        "artifact.txt",
        "-o",
        "json",
    ];
    let output = sandbox.run(&line).code(7);
    let told: serde_json::Value = serde_json::from_str(&output.stdout).unwrap();
    assert_eq!(told["verdict"], "refused");
    assert_eq!(told["refused"][0]["source"], "a.sigstore.json", "{told}");
    assert!(told["refused"][0]["reason"].as_str().is_some_and(|reason| !reason.is_empty()), "{told}");
}

/// Who did not answer has refused nothing.
#[test]
fn where_no_service_answers_there_is_no_verdict() {
    let sandbox = sandbox();
    let policy = |rest: &str| {
        let scope = format!("  - {{ name: s, images: ['127.0.0.1:1/**'], files: ['*.txt'], {rest} }}\n");
        sandbox.file("policy.yaml", format!("{SIGNERS}{scope}"));
    };
    let explain = |more: &[&str]| {
        let line = ["policy", "explain", "--policy-file", "policy.yaml", "--retry-for", "0s"];
        sandbox.run(&[&line[..], more].concat())
    };
    policy("signatures: a");
    let told = explain(&["127.0.0.1:1/app:v1"]).code(5);
    for line in
        ["scope     s, by its pattern 127.0.0.1:1/**", "verdict   none: something kept it from being judged"]
    {
        assert!(told.stdout.contains(line), "{}", told.stdout);
    }
    assert!(!told.stdout.contains("refused"), "{}", told.stdout);
    let told = explain(&["127.0.0.1:1/app:v1", "-o", "json"]).code(5);
    let told: serde_json::Value = serde_json::from_str(&told.stdout).unwrap();
    assert_eq!((&told["verdict"], &told["scope"]), (&"undecided".into(), &"s".into()));
    // A bundle that is not there, likewise; a scope that refuses everything has its verdict all the same.
    let told = explain(&["--bundle", "none.json", "artifact.txt"]).code(3);
    assert!(told.stdout.contains("verdict   none: "), "{}", told.stdout);
    policy("refuse: true");
    let told = explain(&["127.0.0.1:1/app:v1"]).code(7);
    assert!(told.stdout.contains("verdict   refused"), "{}", told.stdout);
    // Reports say the same.
    policy("signatures: a");
    let line = [
        "verify",
        "--policy-file",
        "policy.yaml",
        "--retry-for",
        "0s",
        "--report",
        "json",
        "127.0.0.1:1/app:v1",
    ];
    let report: serde_json::Value = serde_json::from_str(&sandbox.run(&line).code(5).stdout).unwrap();
    assert_eq!(report["images"][0]["policy"]["verdict"], "undecided");
}
