//! Attestations of workflows of GitHub: real ones, with what is true of them and what is not.

use std::path::Path;

use crate::support::{Output, Sandbox, repository};

/// The provenance that npm has of sigstore@2.0.0.
const NPM: &str = "github/npm-sigstore-2.0.0.sigstore.json";
const NPM_DIGEST: &str = "46d4e2f74c4877316640000a6fdf8a8b59f1e0847667973e9859f774dd31b8f1e0937813b777fb66a2ac67d50540fe34640966eee9fc2ccca387082b4c85cd3c";
/// What a workflow of prefix-dev/sigstore-example said of a package of conda.
const CONDA: &str = "github/conda-signed-package-2.1.0.sigstore.json";
const CONDA_DIGEST: &str = "54303491a8418fbed24344b513546182c29b43bf282ceb433af65e2299f9271f";
const CONDA_COMMIT: &str = "193b5bd7d3985809503963ae400594ea16df31cf";
/// Provenance of one repository, signed by a run in another.
const CONTRADICTION: &str = "github/contradiction.sigstore.json";
const CONTRADICTION_DIGEST: &str = "a0cfc71271d6e278e57cd332ff957c3f7043fdda354c4cbb190a30d56efa01bf";

fn testdata(name: &str) -> String {
    repository().join("testdata").join(name).display().to_string()
}

fn verify(sandbox: &Sandbox, bundle: &str, digest: &str, flags: &[&str]) -> Output {
    let bundle = if Path::new(bundle).is_absolute() { bundle.to_owned() } else { testdata(bundle) };
    let algorithm = if digest.len() == 128 { "sha512" } else { "sha256" };
    let root = testdata("conformance/trusted_root.json");
    let usual = ["verify-blob-attestation", "--offline", "--bundle", &bundle, "--trusted-root", &root];
    sandbox.run(&[&usual[..], &["--digest", digest, "--digestAlg", algorithm], flags].concat())
}

#[test]
fn what_is_true_of_real_attestations_is_accepted() {
    let sandbox = Sandbox::new();
    let npm = |flags: &[&str]| {
        verify(&sandbox, NPM, NPM_DIGEST, &[&["--repo", "sigstore/sigstore-js"], flags].concat())
    };
    let commit = "f0b49a04e5a62250e0f60fb128004a73110fe311";
    let out = npm(&[]).ok();
    assert!(
        out.stderr
            .contains("github: certificate.sourceRepositoryURI is `https://github.com/sigstore/sigstore-js`"),
        "{out:?}"
    );
    for flags in [
        &["--ref", "refs/heads/main"][..],
        &["--commit", commit],
        &["--workflow", ".github/workflows/release.yml"],
        &["--ref", "refs/heads/main", "--commit", commit, "--workflow", ".github/workflows/release.yml"],
        &["--type", "slsaprovenance1"],
        &["--type", "https://slsa.dev/provenance/v1"],
        &[
            "--certificate-identity",
            "https://github.com/sigstore/sigstore-js/.github/workflows/release.yml@refs/heads/main",
        ],
        &["--certificate-oidc-issuer", "https://token.actions.githubusercontent.com"],
        &["--certificate-github-workflow-trigger", "push"],
    ] {
        npm(flags).ok();
    }
    // The report says what was found to hold.
    npm(&["--commit", commit, "--report", "json=report.json"]).ok();
    let report: serde_json::Value = serde_json::from_slice(&sandbox.read("report.json")).unwrap();
    let evidence = report["candidates"][0]["evidence"].as_array().unwrap();
    let has = |words: &str| evidence.iter().any(|line| line.as_str().unwrap().contains(words));
    assert!(has("certificate.sourceRepositoryURI is") && has(commit), "{evidence:?}");
    let conda = [
        "--repo",
        "prefix-dev/sigstore-example",
        "--type",
        "https://schemas.conda.org/attestations-publish-1.schema.json",
    ];
    verify(&sandbox, CONDA, CONDA_DIGEST, &conda).ok();
    for flags in [
        &["--ref", "refs/heads/main"][..],
        &["--commit", CONDA_COMMIT],
        &["--workflow", ".github/workflows/action.yaml"],
        &[
            "--ref",
            "refs/heads/main",
            "--commit",
            CONDA_COMMIT,
            "--workflow",
            ".github/workflows/action.yaml",
        ],
    ] {
        verify(&sandbox, CONDA, CONDA_DIGEST, &[&conda[..], flags].concat()).ok();
    }
}

#[test]
fn what_is_not_true_of_them_is_refused() {
    let sandbox = Sandbox::new();
    let npm = |flags: &[&str]| verify(&sandbox, NPM, NPM_DIGEST, flags);
    let repo = ["--repo", "sigstore/sigstore-js"];
    for (flag, value, words) in [
        (
            "--ref",
            "refs/heads/mai",
            "certificate.sourceRepositoryRef is `refs/heads/main`, expected `refs/heads/mai`",
        ),
        ("--ref", "refs/tags/v2.0.0", "certificate.sourceRepositoryRef"),
        ("--ref", "main", "write the ref in full: refs/heads/main"),
        ("--commit", "f0b49a04e5a62250e0f60fb128004a73110fe312", "certificate.sourceRepositoryDigest"),
        ("--workflow", ".github/workflows/other.yml", "certificate.buildConfigURI"),
    ] {
        npm(&[&repo[..], &[flag, value]].concat()).code(7).says(words).says("the rule refuses it");
    }
    // The signer is another one already.
    for other in [
        "sigstore/sigstore-j",
        "sigstore/sigstore-js-evil",
        "sigstor/sigstore-js",
        "Sigstore/sigstore-js",
        "sigstore/sigstore.js",
    ] {
        npm(&["--repo", other])
            .code(12)
            .says("https://github.com/sigstore/sigstore-js/.github/workflows/release.yml@refs/heads/main");
    }
    // Whoever names the signer is told by the rule.
    let signer = [
        "--certificate-identity-regexp",
        "^https://github\\.com/sigstore/",
        "--certificate-oidc-issuer",
        "https://token.actions.githubusercontent.com",
    ];
    npm(&[&signer[..], &["--repo", "sigstore/other"]].concat())
        .code(7)
        .says("certificate.sourceRepositoryURI is `https://github.com/sigstore/sigstore-js`, expected `https://github.com/sigstore/other`");
    npm(&[&signer[..], &["--repo", "Sigstore/sigstore-js"]].concat())
        .code(7)
        .says("the case of letters alone");
    let issuer = ["--repo", "sigstore/sigstore-js", "--certificate-oidc-issuer", "https://gitlab.com"];
    npm(&issuer).code(12).says("https://gitlab.com");
    let issuer = ["--repo", "sigstore/sigstore-js", "--certificate-oidc-issuer-regexp", "gitlab"];
    npm(&issuer).code(12);
    // Another type, another artifact.
    npm(&["--repo", "sigstore/sigstore-js", "--type", "slsaprovenance02"]).code(12);
    verify(&sandbox, NPM, &NPM_DIGEST.replace("46d4", "46d5"), &repo).code(12);
    verify(&sandbox, NPM, CONDA_DIGEST, &repo).code(12);
    let conda = [
        "--repo",
        "prefix-dev/sigstore-example",
        "--type",
        "https://schemas.conda.org/attestations-publish-1.schema.json",
    ];
    for (flag, value, words) in [
        ("--ref", "refs/heads/main2", "certificate.sourceRepositoryRef"),
        ("--commit", "f0b49a04e5a62250e0f60fb128004a73110fe311", "certificate.sourceRepositoryDigest"),
        ("--workflow", ".github/workflows/action.yml", "certificate.buildConfigURI"),
    ] {
        verify(&sandbox, CONDA, CONDA_DIGEST, &[&conda[..], &[flag, value]].concat()).code(7).says(words);
    }
    verify(&sandbox, CONDA, CONDA_DIGEST, &["--repo", "prefix-dev/sigstore-example"])
        .code(12)
        .says("slsaprovenance1");
}

#[test]
fn a_statement_against_its_certificate_is_refused() {
    let sandbox = Sandbox::new();
    let signer = "sigstore-conformance/extremely-dangerous-public-oidc-beacon";
    let plain = [
        "--type",
        "slsaprovenance1",
        "--certificate-identity-regexp",
        "^https://github\\.com/sigstore-conformance/",
        "--certificate-oidc-issuer",
        "https://token.actions.githubusercontent.com",
    ];
    verify(&sandbox, CONTRADICTION, CONTRADICTION_DIGEST, &plain).ok();
    // What the statement claims.
    verify(&sandbox, CONTRADICTION, CONTRADICTION_DIGEST, &["--repo", "loosebazooka/aa-test"]).code(12);
    verify(
        &sandbox,
        CONTRADICTION,
        CONTRADICTION_DIGEST,
        &[&plain[..], &["--repo", "loosebazooka/aa-test"]].concat(),
    )
    .code(7)
    .says("certificate.sourceRepositoryURI");
    // What signed it.
    verify(&sandbox, CONTRADICTION, CONTRADICTION_DIGEST, &["--repo", signer])
        .code(7)
        .says("predicate.buildDefinition.resolvedDependencies[0].uri is `https://github.com/loosebazooka/aa-test`")
        .says("the statement contradicts the certificate of its signer");
    // Whatever else is asked, and true of the certificate, the statement stays what it is.
    for flags in [
        &["--ref", "refs/heads/main"][..],
        &["--commit", "82a3bfe6dd50fe9c71d6315eae66da15307856cf"],
        &["--workflow", ".github/workflows/extremely-dangerous-oidc-beacon.yml"],
    ] {
        let flags = [&["--repo", signer][..], flags].concat();
        verify(&sandbox, CONTRADICTION, CONTRADICTION_DIGEST, &flags).code(7).says("loosebazooka/aa-test");
    }
}

/// The same rules in a policy file: provenance is the word of its signer, and what the certificate says of the workflow stands against it.
#[test]
fn a_workflow_of_provenance_is_the_one_of_the_certificate() {
    let sandbox = Sandbox::new();
    let root = testdata("conformance/trusted_root.json");
    let verify = |bundle: &str, digest: &str, repository: &str, rule: serde_json::Value| {
        let signer = format!("^https://github\\.com/{repository}/\\.github/workflows/.+$");
        let scope = serde_json::json!({
            "version": 1,
            "trust": {"root": root},
            "signers": {"ci": {
                "identity-regexp": signer, "issuer": "https://token.actions.githubusercontent.com"}},
            "scopes": [{"name": "all", "files": ["**"], "attestations": [
                {"type": "slsaprovenance1", "signers": "ci", "rules": [{"slsa": rule}]}]}],
        });
        let scope = scope.to_string();
        let policy = sandbox.file("policy.yaml", scope).display().to_string();
        let algorithm = if digest.len() == 128 { "sha512" } else { "sha256" };
        let usual = ["verify-blob-attestation", "--offline", "--policy-file", &policy];
        let bundle = testdata(bundle);
        sandbox
            .run(&[&usual[..], &["--bundle", &bundle, "--digest", digest, "--digestAlg", algorithm]].concat())
    };
    let npm = |path: &str| {
        let rule = serde_json::json!({"source": "https://github.com/sigstore/sigstore-js", "workflow": path});
        verify(NPM, NPM_DIGEST, "sigstore/sigstore-js", rule)
    };
    npm(".github/workflows/release.yml").ok();
    let whole = serde_json::json!({
        "source": "https://github.com/sigstore/sigstore-js", "ref": "refs/heads/main",
        "commit": "f0b49a04e5a62250e0f60fb128004a73110fe311",
        "builder-id": "https://github.com/actions/runner/github-hosted"});
    verify(NPM, NPM_DIGEST, "sigstore/sigstore-js", whole).ok();
    npm(".github/workflows/other.yml").code(7).says("workflow.path is `.github/workflows/release.yml`");
    let beacon = "sigstore-conformance/extremely-dangerous-public-oidc-beacon";
    let source = "https://github.com/loosebazooka/aa-test";
    for rule in [
        serde_json::json!({"source": source}),
        serde_json::json!({"source": source, "workflow": ".github/workflows/provenance.yaml"}),
        serde_json::json!({"source": source, "workflow": {"pattern": ".*"}}),
    ] {
        verify(CONTRADICTION, CONTRADICTION_DIGEST, beacon, rule)
            .code(7)
            .says("workflow.path is `.github/workflows/provenance.yaml`")
            .says("extremely-dangerous-oidc-beacon.yml` as in certificate.buildConfigURI");
    }
    // The builder is the workflow that signed.
    let builder = "https://github.com/loosebazooka/aa-test/.github/workflows/provenance.yaml@refs/heads/main";
    verify(CONTRADICTION, CONTRADICTION_DIGEST, beacon, serde_json::json!({"builder-id": builder}))
        .code(7)
        .says("as in certificate.buildSignerURI");
}

#[test]
fn flags_that_make_no_sense_are_refused_before_anything_is_read() {
    let sandbox = Sandbox::new();
    for (flags, words) in [
        (&["--ref", "refs/heads/main"][..], "--ref comes without a repository"),
        (&["--commit", "f0b49a04e5a62250e0f60fb128004a73110fe311"], "--commit comes without a repository"),
        (&["--workflow", ".github/workflows/a.yml"], "--workflow comes without a repository"),
        (&["--repo", ""], "--repo is given and empty"),
        (&["--repo", "a/b", "--commit", ""], "--commit is given and empty"),
        (&["--repo", "https://github.com/a/b"], "OWNER/NAME"),
        (&["--repo", "a"], "OWNER/NAME"),
        (&["--repo", "a/b", "--commit", "f0b49a0"], "is no commit"),
        (&["--repo", "a/b", "--workflow", "a.yml"], "write its path"),
        (&["--repo", "a/b", "--key", "k.pub"], "--repo cannot be verified with --key"),
    ] {
        let usual = ["verify-blob-attestation", "--bundle", "nowhere.json", "nowhere.txt"];
        sandbox.run(&[&usual[..], flags].concat()).code(2).says(words);
        sandbox.run(&[&["verify-attestation", "127.0.0.1:1/nowhere:v1"], flags].concat()).code(2).says(words);
    }
}

#[test]
fn several_attestations_in_one_file() {
    let sandbox = Sandbox::new();
    let one_line = |name: &str| {
        let value: serde_json::Value =
            serde_json::from_slice(&std::fs::read(testdata(name)).unwrap()).unwrap();
        value.to_string()
    };
    let (npm, conda, other) = (one_line(NPM), one_line(CONDA), one_line(CONTRADICTION));
    let repo = ["--repo", "sigstore/sigstore-js"];
    let file = |name: &str, text: &str| sandbox.file(name, text).display().to_string();
    let answer = |bundles: &[&str]| {
        let all: Vec<_> =
            bundles.iter().map(|bundle| format!(r#"{{"repository_id": 1, "bundle": {bundle}}}"#)).collect();
        format!(r#"{{"attestations": [{}]}}"#, all.join(","))
    };
    for (name, text) in [
        ("one.jsonl", format!("{npm}\n")),
        ("two.jsonl", format!("{conda}\n{npm}\n")),
        ("blank.jsonl", format!("{npm}\r\n\r\n{other}")),
        ("one.json", answer(&[&npm])),
        ("three.json", answer(&[&conda, &other, &npm])),
    ] {
        verify(&sandbox, &file(name, &text), NPM_DIGEST, &repo).ok();
        verify(&sandbox, &file(name, &text), NPM_DIGEST, &[&repo[..], &["--ref", "refs/heads/x"]].concat())
            .code(7);
        verify(&sandbox, &file(name, &text), NPM_DIGEST, &["--repo", "sigstore/other"]).code(12);
    }
    for (name, text, code, words) in [
        ("none.jsonl", format!("{conda}\n{other}\n"), 12, "none of 2 attestations"),
        ("spoilt.jsonl", format!("{npm}\n{{\"a\":1}}\n"), 3, "spoilt.jsonl, line 2"),
        ("cut.jsonl", format!("{npm}\n{}\n", &npm[..100]), 3, "cut.jsonl, line 2"),
        ("empty.json", answer(&[]), 10, "attestations: is empty"),
        (
            "address.json",
            r#"{"attestations": [{"bundle": null, "bundle_url": "https://x.example"}]}"#.to_owned(),
            3,
            "attestations[0].bundle: is missing",
        ),
        ("spoilt.json", answer(&[&npm, "{}"]), 3, "attestations[1].bundle"),
        ("twice.json", answer(&[&npm]).replacen('{', r#"{"attestations": [],"#, 1), 3, ""),
    ] {
        verify(&sandbox, &file(name, &text), NPM_DIGEST, &repo).code(code).says(words);
    }
    // Signatures of files are one in a file.
    let lines = file("two.jsonl", &format!("{npm}\n{conda}\n"));
    let blob = [
        "verify-blob",
        "--offline",
        "--bundle",
        &lines,
        "--certificate-identity",
        "a",
        "--certificate-oidc-issuer",
        "b",
        "x.txt",
    ];
    sandbox.run(&blob).code(3).says("not a single document");
}
