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
    // A file that is not there was not judged.
    let line = line.map(|word| if word == "artifact.txt" { "gone.txt" } else { word });
    let told: serde_json::Value = serde_json::from_str(&sandbox.run(&line).code(11).stdout).unwrap();
    assert_eq!(told["verdict"], "undecided");
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
    for line in [
        "scope     s, by its pattern 127.0.0.1:1/**",
        "verdict   undecided: something kept it from being judged",
    ] {
        assert!(told.stdout.contains(line), "{}", told.stdout);
    }
    assert!(!told.stdout.contains("refused"), "{}", told.stdout);
    let told = explain(&["127.0.0.1:1/app:v1", "-o", "json"]).code(5);
    let told: serde_json::Value = serde_json::from_str(&told.stdout).unwrap();
    assert_eq!((&told["verdict"], &told["scope"]), (&"undecided".into(), &"s".into()));
    // A bundle that is not there, likewise; a scope that refuses everything has its verdict all the same.
    let told = explain(&["--bundle", "none.json", "artifact.txt"]).code(3);
    assert!(told.stdout.contains("verdict   undecided: "), "{}", told.stdout);
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

/// Two attestations of `artifact.txt` by `a`, of which one is by the builder that rules ask for, and what asks for it.
fn good_and_bad() -> crate::support::Sandbox {
    let sandbox = sandbox();
    for (name, builder) in [("good", "https://ci.example"), ("bad", "https://evil.example")] {
        sandbox.file(
            &format!("{name}.json"),
            format!("{{\"runDetails\":{{\"builder\":{{\"id\":\"{builder}\"}}}}}}"),
        );
        let (predicate, bundle) = (format!("{name}.json"), format!("{name}.att.json"));
        let attest = ["attest-blob", "--key", "a.key", "--offline", "--type", "slsaprovenance1"];
        let files = ["--predicate", &predicate, "--bundle", &bundle, "artifact.txt"];
        sandbox.run(&[&attest[..], &files].concat()).ok();
    }
    for (name, must_pass) in [("each", "each"), ("one", "one")] {
        let rule = "rules: [{ slsa: { builder-id: 'https://ci.example' } }]";
        let demand = format!("{{ type: slsaprovenance1, signers: a, must-pass: {must_pass}, {rule} }}");
        sandbox.file(
            &format!("{name}.yaml"),
            format!(
                "{SIGNERS}  - {{ name: s, files: ['*.txt'], log: not-required, attestations: [{demand}] }}\n"
            ),
        );
    }
    sandbox
}

const BOTH: [&str; 5] = ["--bundle", "good.att.json", "--bundle", "bad.att.json", "artifact.txt"];

#[test]
fn where_each_has_to_pass_the_one_that_does_not_is_named() {
    let sandbox = good_and_bad();
    let explain = |policy: &str, more: &[&str]| {
        sandbox.run(&[&["policy", "explain", "--policy-file", policy], &BOTH[..], more].concat())
    };
    let told = explain("each.yaml", &[]).code(7);
    for line in [
        "  counts: a (key sha256:",
        "  does not count: a, in bad.att.json\n    rule slsa: predicate.runDetails.builder.id is `https://evil.example`, expected `https://ci.example`\n",
        "  found: 1 of 1 distinct signers\n  not enough: each statement of this type by these signers has to satisfy the rules (`must-pass: each`)",
        "  does not satisfy them: bad.att.json\n  would do: that is taken away, or made anew",
    ] {
        assert!(told.stdout.contains(line), "{line}: {}", told.stdout);
    }
    assert!(!told.stdout.contains("not verified for any signer"), "{}", told.stdout);
    assert!(told.stderr.contains("each statement of this type by these signers"), "{}", told.stderr);
    let json = explain("each.yaml", &["-o", "json"]).code(7);
    let json: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(json["demands"][0]["uncounted"][0]["spoils"], true, "{json}");
    assert_eq!(json["refused"].as_array().unwrap().len(), 0, "{json}");
    // Where one is enough, the other one does not count, and spoils nothing.
    let told = explain("one.yaml", &[]).ok();
    assert!(told.stdout.contains("does not count: a, in bad.att.json"), "{}", told.stdout);
    assert!(!told.stdout.contains("not enough") && !told.stdout.contains("would do"), "{}", told.stdout);
    // Where none counts, a signer is missing as well.
    let alone =
        ["policy", "explain", "--policy-file", "each.yaml", "--bundle", "bad.att.json", "artifact.txt"];
    let told = sandbox.run(&alone).code(7);
    assert!(
        told.stdout.contains("found: 0 of 1") && told.stdout.contains("would do: 1 more"),
        "{}",
        told.stdout
    );
}

/// The candidates of a report, by their files: whether each is verified, and the first reason why it does not count.
fn candidates(sandbox: &crate::support::Sandbox, name: &str) -> Vec<(String, bool, String)> {
    let report: serde_json::Value = serde_json::from_slice(&sandbox.read(name)).unwrap();
    let one = |candidate: &serde_json::Value| {
        let source = candidate["source"].as_str().unwrap().to_owned();
        let reason = candidate["uncounted"][0].as_str().unwrap_or_default().to_owned();
        (source, candidate["verified"] == true, reason)
    };
    let mut all: Vec<_> = report["candidates"].as_array().unwrap().iter().map(one).collect();
    all.sort();
    all
}

#[test]
fn what_verified_and_does_not_count_is_no_success_in_any_report() {
    let sandbox = good_and_bad();
    let rule =
        "rule slsa: predicate.runDetails.builder.id is `https://evil.example`, expected `https://ci.example`";
    let reports = |how: &[&str], code: i32| {
        let forms = ["--report", "json=r.json", "--report", "text=r.txt", "--report", "junit=r.xml"];
        sandbox.run(&[&["verify-blob-attestation"], how, &forms[..]].concat()).code(code);
        (sandbox.read("r.txt"), sandbox.read("r.xml"))
    };
    for (policy, code) in [("each.yaml", 7), ("one.yaml", 0)] {
        let (text, junit) = reports(&[&["--policy-file", policy], &BOTH[..]].concat(), code);
        let told = candidates(&sandbox, "r.json");
        assert_eq!(told[0], ("bad.att.json".to_owned(), false, rule.to_owned()));
        assert_eq!(told[1], ("good.att.json".to_owned(), true, String::new()));
        for form in [text, junit] {
            let form = String::from_utf8(form).unwrap();
            assert!(form.contains("): verified, does not count: rule slsa: "), "{form}");
        }
    }
    // The same of policies in a language.
    sandbox.file(
        "p.rego",
        "package signature\nallow { input.predicate.runDetails.builder.id == \"https://ci.example\" }\n",
    );
    for (bundle, code) in [("good.att.json", 0), ("bad.att.json", 7)] {
        let by_flags = ["--key", "a.pub", "--no-log", "--type", "slsaprovenance1", "--policy", "p.rego"];
        reports(&[&by_flags[..], &["--bundle", bundle, "artifact.txt"]].concat(), code);
        let told = candidates(&sandbox, "r.json");
        assert_eq!((told[0].1, told[0].2.starts_with("Rego")), (code == 0, code != 0), "{told:?}");
    }
}
