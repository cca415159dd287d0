use serde_json::{Value, json};

use super::super::tests::{facts, holds, no_rule, refuses, with};
use super::super::{Facts, Rule, Signer, SigningCertificate};
use super::Github;

const COMMIT: &str = "f0b49a04e5a62250e0f60fb128004a73110fe311";
const OTHER: &str = "82a3bfe6dd50fe9c71d6315eae66da15307856cf";
const WORKFLOW: &str = "https://github.com/org/repo/.github/workflows/release.yml@refs/heads/main";

/// What Fulcio writes for a run of a workflow of `org/repo`.
fn certificate() -> SigningCertificate {
    let some = |text: &str| Some(text.to_owned());
    SigningCertificate {
        subject: some(WORKFLOW),
        issuer: some("https://token.actions.githubusercontent.com"),
        build_signer_uri: some(WORKFLOW),
        runner_environment: some("github-hosted"),
        source_repository_uri: some("https://github.com/org/repo"),
        source_repository_digest: some(COMMIT),
        source_repository_ref: some("refs/heads/main"),
        build_config_uri: some(WORKFLOW),
        build_trigger: some("push"),
        workflow_repository: some("org/repo"),
        workflow_sha: some(COMMIT),
        workflow_ref: some("refs/heads/main"),
    }
}

/// A statement of another type than provenance, signed with this certificate.
fn signed(certificate: SigningCertificate) -> Facts {
    let signer = Signer::Certificate(Box::new(certificate));
    Facts { signer, ..facts("https://spdx.dev/Document", json!({})) }
}

fn changed(change: impl FnOnce(&mut SigningCertificate)) -> Facts {
    let mut certificate = certificate();
    change(&mut certificate);
    signed(certificate)
}

fn all() -> Value {
    json!({"github": {
        "repo": "org/repo", "ref": "refs/heads/main", "commit": COMMIT,
        "workflow": ".github/workflows/release.yml",
        "signer-workflow": "org/repo/.github/workflows/release.yml", "runner": "github-hosted"}})
}

#[test]
fn what_the_certificate_says_holds() {
    let held = holds(all(), &signed(certificate()));
    assert_eq!(held[0], "github: certificate.issuer is `https://token.actions.githubusercontent.com`");
    assert_eq!(held[1], "github: certificate.sourceRepositoryURI is `https://github.com/org/repo`");
    assert_eq!(held.len(), 7);
    holds(json!({"github": {"repo": "org/repo"}}), &signed(certificate()));
    // Certificates of 2021 have the older extensions alone.
    let old = changed(|c| {
        (c.source_repository_uri, c.source_repository_digest, c.source_repository_ref) = (None, None, None);
    });
    holds(json!({"github": {"repo": "org/repo", "ref": "refs/heads/main", "commit": COMMIT}}), &old);
    // The newer ones alone.
    let new = changed(|c| (c.workflow_repository, c.workflow_sha, c.workflow_ref) = (None, None, None));
    holds(all(), &new);
    // A reusable workflow of somebody else.
    let reusable = changed(|c| {
        c.build_signer_uri =
            Some("https://github.com/other/tools/.github/workflows/sign.yml@refs/tags/v2".to_owned());
    });
    for signer in
        ["other/tools/.github/workflows/sign.yml", "other/tools/.github/workflows/sign.yml@refs/tags/v2"]
    {
        holds(json!({"github": {"repo": "org/repo", "signer-workflow": signer}}), &reusable);
    }
    // An enterprise.
    let enterprise = changed(|c| {
        c.issuer = Some("https://token.actions.acme.ghe.com".to_owned());
        c.source_repository_uri = Some("https://acme.ghe.com/org/repo".to_owned());
    });
    let demands = json!({"repo": "org/repo", "server-url": "https://acme.ghe.com", "issuer": "https://token.actions.acme.ghe.com"});
    holds(json!({"github": demands}), &enterprise);
    refuses(json!({"github": {"repo": "org/repo"}}), &enterprise, &["certificate.issuer"]);
}

#[test]
fn each_demand_refuses_what_the_certificate_does_not_say() {
    for (key, value, words) in [
        (
            "repo",
            "org/other",
            "certificate.sourceRepositoryURI is `https://github.com/org/repo`, expected `https://github.com/org/other`",
        ),
        ("repo", "org/repo-evil", "sourceRepositoryURI"),
        ("repo", "org/rep", "sourceRepositoryURI"),
        ("repo", "Org/Repo", "the case of letters alone"),
        ("ref", "refs/heads/mai", "certificate.sourceRepositoryRef"),
        ("ref", "refs/heads/main2", "certificate.sourceRepositoryRef"),
        ("ref", "refs/tags/main", "certificate.sourceRepositoryRef"),
        ("ref", "main", "write the ref in full: refs/heads/main"),
        ("commit", OTHER, "certificate.sourceRepositoryDigest"),
        ("workflow", ".github/workflows/other.yml", "certificate.buildConfigURI"),
        ("workflow", ".github/workflows/release.yaml", "at any ref"),
        ("signer-workflow", "org/other/.github/workflows/release.yml", "certificate.buildSignerURI"),
        (
            "signer-workflow",
            "org/repo/.github/workflows/release.yml@refs/heads/mai",
            "certificate.buildSignerURI",
        ),
        ("runner", "self-hosted", "certificate.runnerEnvironment"),
        ("issuer", "https://gitlab.com", "certificate.issuer"),
        ("server-url", "https://github.example", "sourceRepositoryURI"),
    ] {
        let mut demands = all();
        demands["github"][key] = json!(value);
        refuses(demands, &signed(certificate()), &[words]);
    }
}

#[test]
fn hostile_certificates() {
    let text = |text: &str| Some(text.to_owned());
    type Change = fn(&mut SigningCertificate, Option<String>);
    let changes: [(&str, Change, Option<String>); 19] = [
        ("certificate.issuer", |c, v| c.issuer = v, None),
        (
            "certificate.issuer",
            |c, v| c.issuer = v,
            text("https://token.actions.githubusercontent.com.evil.example"),
        ),
        ("certificate.issuer", |c, v| c.issuer = v, text("https://token.actions.githubusercontent.com/evil")),
        ("githubWorkflowRepository", |c, v| c.workflow_repository = v, text("evil/repo")),
        ("sourceRepositoryURI", |c, v| c.source_repository_uri = v, text("https://github.com/org/repo/")),
        ("sourceRepositoryURI", |c, v| c.source_repository_uri = v, text("https://github.com/org/repo.git")),
        ("sourceRepositoryURI", |c, v| c.source_repository_uri = v, text("https://github.com/org/repo@evil")),
        ("sourceRepositoryURI", |c, v| c.source_repository_uri = v, text("https://gitlab.com/org/repo")),
        (
            "sourceRepositoryURI",
            |c, v| c.source_repository_uri = v,
            text("https://github.com/\u{43e}rg/repo"),
        ),
        ("sourceRepositoryURI", |c, v| c.source_repository_uri = v, text("")),
        ("githubWorkflowRef", |c, v| c.workflow_ref = v, text("refs/heads/evil")),
        ("githubWorkflowSHA", |c, v| c.workflow_sha = v, text(OTHER)),
        ("buildConfigURI", |c, v| c.build_config_uri = v, None),
        (
            "buildConfigURI",
            |c, v| c.build_config_uri = v,
            text("https://github.com/org/repo/.github/workflows/release.yml"),
        ),
        (
            "buildConfigURI",
            |c, v| c.build_config_uri = v,
            text("https://github.com/org/repo/.github/workflows/release.yml.evil@refs/heads/main"),
        ),
        (
            "buildConfigURI",
            |c, v| c.build_config_uri = v,
            text("https://github.com/org/repo/.github/workflows/release.yml@evil.yml@refs/heads/main"),
        ),
        (
            "buildSignerURI",
            |c, v| c.build_signer_uri = v,
            text("https://github.com/org/repo/.github/workflows/release.yml@evil.yml@refs/heads/main"),
        ),
        (
            "buildConfigURI",
            |c, v| c.build_config_uri = v,
            text("https://github.com/org/repo/.github/workflows/release.yml@v1"),
        ),
        ("runnerEnvironment", |c, v| c.runner_environment = v, None),
    ];
    for (at, change, value) in changes {
        refuses(all(), &changed(|c| change(c, value)), &[at]);
    }
    let nothing =
        signed(SigningCertificate { issuer: certificate().issuer, ..SigningCertificate::default() });
    refuses(
        json!({"github": {"repo": "org/repo"}}),
        &nothing,
        &["certificate.sourceRepositoryURI is not stated"],
    );
}

/// Provenance as GitHub writes it.
fn provenance(build_type: &str, repository: &str, commit: &str) -> Value {
    json!({
        "buildDefinition": {
            "buildType": build_type,
            "externalParameters": {"workflow": {
                "ref": "refs/heads/main", "repository": "https://github.com/org/repo", "path": ".github/workflows/release.yml"}},
            "resolvedDependencies": [
                {"uri": format!("git+https://github.com/{repository}@refs/heads/main"), "digest": {"gitCommit": commit}}]}})
}

/// What contradicts the certificate: a place, what stands there, words of the refusal.
fn contradictions() -> Vec<(&'static str, Value, &'static str)> {
    let more = "/buildDefinition/resolvedDependencies/-";
    let uri = "/buildDefinition/resolvedDependencies/0/uri";
    let repository = "/buildDefinition/externalParameters/workflow/repository";
    let reference = "/buildDefinition/externalParameters/workflow/ref";
    let path = "/buildDefinition/externalParameters/workflow/path";
    vec![
        (more, json!({"uri": "git+https://github.com/evil/repo"}), "resolvedDependencies[1].uri"),
        (more, json!({"uri": "git@github.com:evil/repo.git"}), "resolvedDependencies[1].uri"),
        (
            more,
            json!({"uri": "pkg:github/evil/repo@1", "digest": {"gitCommit": COMMIT}}),
            "resolvedDependencies[1].uri",
        ),
        (more, json!({"digest": {"gitCommit": COMMIT}}), "resolvedDependencies[1].uri is missing"),
        (uri, json!("git+https://github.com/org/repo@refs/heads/other"), "the ref at"),
        (uri, json!(format!("git+https://github.com/org/repo@{OTHER}")), "the commit at"),
        (uri, json!("ssh://git@github.com/org/repo"), "contradicts the certificate"),
        (repository, json!("https://github.com/evil/repo"), "workflow.repository"),
        (repository, json!("git@github.com:org/repo"), "workflow.repository"),
        (repository, json!(["https://github.com/org/repo"]), "workflow.repository is a list"),
        (reference, json!("refs/heads/other"), "the ref at"),
        (reference, json!(OTHER), "the commit at"),
        (reference, json!({}), "workflow.ref is an object"),
        (path, json!(".github/workflows/evil.yml"), "workflow.path"),
        (path, json!("./.github/workflows/release.yml"), "workflow.path"),
        (path, json!("evil"), "workflow.path"),
        (path, json!(["x"]), "workflow.path is a list"),
        (
            "/buildDefinition/externalParameters/workflow",
            json!({"ref": "refs/heads/other", "path": ".github/workflows/release.yml"}),
            "the ref at predicate.buildDefinition.externalParameters.workflow",
        ),
        (
            "/buildDefinition/externalParameters/workflow",
            json!("https://github.com/evil/repo"),
            "externalParameters.workflow is",
        ),
    ]
}

#[test]
fn the_statement_never_stands_in_for_the_certificate() {
    let build_type = "https://actions.github.io/buildtypes/workflow/v1";
    let of = |predicate: Value, signer: Signer| Facts {
        signer,
        ..facts("https://slsa.dev/provenance/v1", predicate)
    };
    let by_run = || Signer::Certificate(Box::new(certificate()));
    let repo = json!({"github": {"repo": "org/repo"}});
    holds(all(), &of(provenance(build_type, "org/repo", COMMIT), by_run()));
    let key = of(provenance(build_type, "org/repo", COMMIT), Signer::Key);
    refuses(repo.clone(), &key, &["the signer is a key", "a key says nothing of a repository"]);
    // Its own word is right, and somebody else's run signed it.
    let mut evil = certificate();
    evil.source_repository_uri = Some("https://github.com/evil/repo".to_owned());
    let evil = of(provenance(build_type, "org/repo", COMMIT), Signer::Certificate(Box::new(evil)));
    refuses(repo.clone(), &evil, &["certificate.sourceRepositoryURI is `https://github.com/evil/repo`"]);
    // The run is right, and the statement is about another repository or commit.
    let other = of(provenance(build_type, "evil/repo", COMMIT), by_run());
    refuses(repo.clone(), &other, &["resolvedDependencies[0].uri", "contradicts the certificate"]);
    let other = of(provenance(build_type, "org/repo", OTHER), by_run());
    refuses(repo.clone(), &other, &["the commit at", "contradicts the certificate"]);
    let broken =
        of(json!({"buildDefinition": {"buildType": build_type, "resolvedDependencies": {}}}), by_run());
    refuses(repo.clone(), &broken, &["resolvedDependencies is an object"]);
    for (at, new, words) in contradictions() {
        let facts = of(with(provenance(build_type, "org/repo", COMMIT), at, Some(new)), by_run());
        refuses(repo.clone(), &facts, &[words, "predicate.buildDefinition."]);
    }
    // The file of the workflow may be of another ref than the run, and a repository may be named in another way.
    let mut central = certificate();
    central.build_config_uri = Some(WORKFLOW.replace("heads/main", "heads/central"));
    let central = Signer::Certificate(Box::new(central));
    let at = "/buildDefinition/externalParameters/workflow/ref";
    for reference in ["refs/heads/central", "refs/heads/main", ""] {
        let predicate = with(provenance(build_type, "org/repo", COMMIT), at, Some(json!(reference)));
        holds(repo.clone(), &of(predicate, central.clone()));
    }
    let image = json!({"uri": "pkg:docker/alpine@3.20", "digest": {"sha256": "00"}});
    for (at, new) in [
        ("/buildDefinition/resolvedDependencies/-", image),
        ("/buildDefinition/resolvedDependencies/-", json!({"uri": "https://github.com/org/repo.git"})),
        ("/buildDefinition/externalParameters/workflow/ref", json!(COMMIT)),
    ] {
        let predicate = with(provenance(build_type, "org/repo", COMMIT), at, Some(new));
        holds(repo.clone(), &of(predicate, by_run()));
    }
    // Of other build types nobody has said what their dependencies are.
    holds(repo.clone(), &of(provenance("https://example.com/build", "other/repo", OTHER), by_run()));
    holds(repo, &of(json!({}), by_run()));
}

#[test]
fn what_is_no_rule_of_a_workflow() {
    for (key, value, words) in [
        ("repo", "repo", "OWNER/NAME"),
        ("repo", "https://github.com/org/repo", "OWNER/NAME"),
        ("repo", "org/repo/sub", "OWNER/NAME"),
        ("repo", "org/", "OWNER/NAME"),
        ("repo", "org/..", "OWNER/NAME"),
        ("repo", "org/repo@main", "OWNER/NAME"),
        ("repo", "\u{43e}rg/repo", "OWNER/NAME"),
        ("repo", "org/re%20po", "OWNER/NAME"),
        ("repo", "", "OWNER/NAME"),
        ("ref", "", "no ref"),
        ("ref", COMMIT, "no ref"),
        ("commit", "f0b49a0", "no commit"),
        ("workflow", "release.yml", "write its path"),
        ("workflow", ".github/workflows/../x.yml", "write its path"),
        ("workflow", ".github/workflows/x.yml@refs/heads/main", "write its path"),
        ("workflow", ".github/workflows/.yml", "write its path"),
        ("signer-workflow", ".github/workflows/x.yml", "no workflow of a repository"),
        ("signer-workflow", "org/repo/.github/workflows/x.yml@", "no workflow of a repository"),
        ("runner", "mine", "no kind of runner"),
        ("server-url", "http://github.com", "no address of a server"),
        ("server-url", "https://github.com/", "no address of a server"),
        ("issuer", "", "empty `issuer`"),
        ("branch", "main", "unknown field"),
    ] {
        let mut demands = all();
        demands["github"][key] = json!(value);
        no_rule(demands, words);
    }
    no_rule(json!({"github": {"commit": COMMIT}}), "repo");
    let flags = Github::new("org/repo", Some("refs/heads/main"), Some(COMMIT), None).unwrap();
    assert_eq!(
        Rule::from(flags),
        serde_json::from_value(
            json!({"github": {"repo": "org/repo", "ref": "refs/heads/main", "commit": COMMIT}})
        )
        .unwrap()
    );
    assert!(Github::new("org", None, None, None).unwrap_err().contains("OWNER/NAME"));
}
