use serde_json::{Value, json};

use super::super::tests::{facts, holds, no_rule, refuses, with};
use super::super::{Facts, Signer, SigningCertificate};
use super::{V0_2, V1};

mod certificates;
mod contradictions;

const COMMIT: &str = "f0b49a04e5a62250e0f60fb128004a73110fe311";
const OTHER: &str = "82a3bfe6dd50fe9c71d6315eae66da15307856cf";
const REPO: &str = "https://github.com/org/repo";

/// What GitHub's attestations and npm say.
fn github() -> Value {
    json!({
        "buildDefinition": {
            "buildType": "https://actions.github.io/buildtypes/workflow/v1",
            "externalParameters": {"workflow": {
                "ref": "refs/heads/main", "repository": REPO, "path": ".github/workflows/release.yml"}},
            "internalParameters": {"github": {"event_name": "push"}},
            "resolvedDependencies": [
                {"uri": format!("git+{REPO}@refs/heads/main"), "digest": {"gitCommit": COMMIT}}],
        },
        "runDetails": {"builder": {"id": "https://github.com/actions/runner/github-hosted"}},
    })
}

/// What slsa-github-generator says in v0.2.
fn generator() -> Value {
    let source = json!({"uri": format!("git+{REPO}@refs/tags/v1"), "digest": {"sha1": COMMIT}});
    json!({
        "builder": {"id": "https://github.com/slsa-framework/slsa-github-generator/.github/workflows/builder_go_slsa3.yml@refs/tags/v1.2.0"},
        "buildType": "https://github.com/slsa-framework/slsa-github-generator/go@v1",
        "invocation": {
            "configSource": with(source.clone(), "/entryPoint", Some(json!(".github/workflows/release.yml"))),
            "parameters": {"flags": ["-s", "-w"], "level": 3, "env": {"CGO": "0", "GOOS": "linux"}},
            "environment": {"github_ref": "refs/tags/v9"},
        },
        "materials": [source, {"uri": "pkg:docker/golang@1.22", "digest": {"sha256": "00"}}],
    })
}

/// What Tekton Chains says in v0.2: the source is in the materials.
fn tekton() -> Value {
    json!({
        "builder": {"id": "https://tekton.dev/chains/v2"},
        "buildType": "tekton.dev/v1beta1/PipelineRun",
        "invocation": {"configSource": {}, "parameters": {"revision": "main"}},
        "materials": [
            {"uri": "oci://registry.example/build", "digest": {"sha256": "00"}},
            {"uri": format!("git+{REPO}.git"), "digest": {"sha1": COMMIT}}],
    })
}

/// What BuildKit says in v1 for a build from a repository.
fn buildkit() -> Value {
    json!({
        "buildDefinition": {
            "buildType": "https://github.com/moby/buildkit/blob/master/docs/attestations/slsa-definitions.md",
            "externalParameters": {
                "configSource": {"uri": format!("{REPO}.git#refs/heads/main"), "digest": {"sha1": COMMIT}, "path": "Dockerfile"},
                "request": {"frontend": "dockerfile.v0", "args": {"label:a": "b"}}},
            "resolvedDependencies": [
                {"uri": "pkg:docker/alpine@3.20?platform=linux%2Famd64", "digest": {"sha256": "00"}},
                {"uri": format!("{REPO}.git#refs/heads/main"), "digest": {"sha1": COMMIT}}],
        },
        "runDetails": {"builder": {"id": ""}},
    })
}

/// What GitLab says in v1.
fn gitlab() -> Value {
    json!({
        "buildDefinition": {
            "buildType": "https://gitlab.com/gitlab-org/gitlab-runner/-/blob/v17/PROVENANCE.md",
            "externalParameters": {"source": REPO, "entryPoint": "build-job", "variables": {"CI": "true"}},
            "resolvedDependencies": [{"uri": REPO, "digest": {"gitCommit": COMMIT}}],
        },
        "runDetails": {"builder": {"id": "https://gitlab.com/org/repo/-/runners/1"}},
    })
}

/// What the container-based builder of slsa-github-generator says in v1.
fn container() -> Value {
    json!({
        "buildDefinition": {
            "buildType": "https://slsa.dev/container-based-build/v0.1?draft",
            "externalParameters": {
                "source": {"uri": format!("git+{REPO}@refs/heads/main"), "digest": {"sha1": COMMIT}},
                "configPath": "build.toml"},
            "resolvedDependencies": [{"uri": format!("git+{REPO}@refs/heads/main"), "digest": {"sha1": COMMIT}}],
        },
        "runDetails": {"builder": {"id": "https://github.com/slsa-framework/slsa-github-generator"}},
    })
}

/// What Google Cloud Build says in v1.
fn cloud_build() -> Value {
    json!({
        "buildDefinition": {
            "buildType": "https://cloud.google.com/build/gcb-buildtypes/google-worker/v1",
            "externalParameters": {
                "buildConfigSource": {"path": "cloudbuild.yaml", "ref": "refs/heads/main", "repository": format!("git+{REPO}")},
                "sourceToBuild": {"repository": format!("git+{REPO}"), "ref": "refs/heads/main"},
                "substitutions": {"_TAG": "v1"}},
            "resolvedDependencies": [
                {"uri": format!("git+{REPO}@refs/heads/main"), "digest": {"gitCommit": COMMIT}},
                {"uri": "gcr.io/cloud-builders/docker@sha256:00", "digest": {"sha256": "00"}}],
        },
        "runDetails": {"builder": {"id": "https://cloudbuild.googleapis.com/GoogleHostedWorker"}},
    })
}

fn v1(predicate: Value) -> Facts {
    facts(V1, predicate)
}

fn v0_2(predicate: Value) -> Facts {
    facts(V0_2, predicate)
}

#[test]
fn what_real_builders_write_is_found() {
    for (facts, reference) in [
        (v1(github()), Some("refs/heads/main")),
        (v0_2(generator()), Some("refs/tags/v1")),
        (v0_2(tekton()), None),
        (v1(buildkit()), Some("refs/heads/main")),
        (v1(gitlab()), None),
        (v1(container()), Some("refs/heads/main")),
        (v1(cloud_build()), Some("refs/heads/main")),
    ] {
        let demands = json!({"source": REPO, "commit": COMMIT});
        holds(json!({"slsa": demands}), &facts);
        let demands = |key: &str, value: &str| json!({"slsa": with(demands.clone(), &format!("/{key}"), Some(json!(value)))});
        refuses(demands("commit", OTHER), &facts, &["the commit at predicate.", COMMIT, OTHER]);
        refuses(
            demands("source", "https://github.com/org/repo-evil"),
            &facts,
            &["expected `https://github.com/org/repo-evil`"],
        );
        refuses(demands("ref", "refs/heads/other"), &facts, &["the ref at predicate."]);
        if let Some(reference) = reference {
            holds(demands("ref", reference), &facts);
        }
    }
}

#[test]
fn builder_type_workflow_and_parameters() {
    let all = json!({"slsa": {
        "builder-id": "https://github.com/actions/runner/github-hosted",
        "build-type": "https://actions.github.io/buildtypes/workflow/v1",
        "source": REPO, "ref": "refs/heads/main", "commit": COMMIT,
        "workflow": ".github/workflows/release.yml",
        "parameters": {"workflow": {"ref": "refs/heads/main"}}}});
    let held = holds(all, &v1(github()));
    assert_eq!(held.len(), 7, "{held:#?}");
    assert_eq!(
        held[2],
        "slsa: predicate.buildDefinition.externalParameters.workflow.repository, \
         predicate.buildDefinition.resolvedDependencies[0].uri is https://github.com/org/repo"
    );
    let generator = v0_2(generator());
    for demands in [
        json!({"builder-id": {"pattern": "https://github\\.com/slsa-framework/slsa-github-generator/.*@refs/tags/v1\\.[0-9.]+"}}),
        json!({"build-type": ["x", "https://github.com/slsa-framework/slsa-github-generator/go@v1"]}),
        json!({"workflow": ".github/workflows/release.yml"}),
        json!({"parameters": {"level": 3}}),
        json!({"parameters": {"flags": ["-s", "-w"]}}),
        json!({"parameters": {"env": {"CGO": "0"}}}),
    ] {
        holds(json!({"slsa": demands}), &generator);
    }
    for (demands, words) in [
        (
            json!({"builder-id": "https://github.com/slsa-framework/slsa-github-generator"}),
            "predicate.builder.id",
        ),
        (json!({"builder-id": {"pattern": "https://github.com"}}), "a whole match of `https://github.com`"),
        (
            json!({"build-type": "https://github.com/slsa-framework/slsa-github-generator/go"}),
            "predicate.buildType",
        ),
        (json!({"workflow": "release.yml"}), "predicate.invocation.configSource.entryPoint"),
        (json!({"workflow": ".github/workflows/release.yaml"}), "entryPoint"),
        (json!({"parameters": {"level": "3"}}), "predicate.invocation.parameters.level is `3`, expected `3`"),
        (json!({"parameters": {"level": 4}}), "predicate.invocation.parameters.level"),
        (json!({"parameters": {"flags": ["-s"]}}), "parameters.flags"),
        (json!({"parameters": {"flags": ["-w", "-s"]}}), "parameters.flags"),
        (
            json!({"parameters": {"flags": {"0": "-s"}}}),
            "parameters.flags is a list of 2, expected an object",
        ),
        (json!({"parameters": {"env": {"CGO": "1"}}}), "parameters.env.CGO"),
        (json!({"parameters": {"env": {"cgo": "0"}}}), "parameters.env.cgo is missing"),
        (json!({"parameters": {"absent": false}}), "parameters.absent is missing"),
    ] {
        refuses(json!({"slsa": demands}), &generator, &[words]);
    }
}

#[test]
fn every_subject_has_the_name() {
    let of = |names: &[&str]| Facts {
        subjects: names.iter().map(|name| (*name).to_owned()).collect(),
        ..v1(github())
    };
    let name = json!({"slsa": {"subject-name": "pkg:npm/app@1.0.0"}});
    holds(name.clone(), &of(&["pkg:npm/app@1.0.0"]));
    holds(
        json!({"slsa": {"subject-name": {"pattern": "pkg:npm/app@.*"}}}),
        &of(&["pkg:npm/app@1", "pkg:npm/app@2"]),
    );
    for names in [
        &[][..],
        &[""],
        &["pkg:npm/app@1.0.1"],
        &["pkg:npm/app@1.0.0", "pkg:npm/evil@1.0.0"],
        &["pkg:npm/evil", "pkg:npm/app@1.0.0"],
    ] {
        refuses(name.clone(), &of(names), &["subject["]);
    }
}

#[test]
fn what_is_missing_or_of_another_type_does_not_satisfy() {
    let build = "/buildDefinition";
    for (at, new, demands, words) in [
        ("/runDetails/builder/id", None, json!({"builder-id": "x"}), "runDetails.builder.id is missing"),
        ("/runDetails/builder/id", Some(json!("")), json!({"builder-id": {"pattern": ".*"}}), "is empty"),
        ("/runDetails/builder/id", Some(json!(["x"])), json!({"builder-id": "x"}), "is a list of 1"),
        ("/runDetails/builder/id", Some(json!({"x": "x"})), json!({"builder-id": "x"}), "is an object"),
        ("/runDetails/builder", Some(json!("x")), json!({"builder-id": "x"}), "is missing"),
        ("/runDetails/builder", Some(json!([{"id": "x"}])), json!({"builder-id": "x"}), "is missing"),
        ("/runDetails/builder/id", Some(json!(1)), json!({"builder-id": "1"}), "is `1`"),
        ("/buildDefinition/buildType", None, json!({"build-type": "x"}), "buildType is missing"),
        ("/buildDefinition/externalParameters/workflow/path", None, json!({"workflow": "x"}), "is missing"),
        (build, None, json!({"source": REPO}), "without one"),
        (build, None, json!({"workflow": "x"}), "without one"),
        (
            "/buildDefinition/resolvedDependencies",
            Some(json!({"uri": REPO})),
            json!({"source": REPO}),
            "is an object, expected a list",
        ),
        (
            "/buildDefinition/resolvedDependencies/0",
            Some(json!("x")),
            json!({"source": REPO}),
            "resolvedDependencies[0]",
        ),
        (
            "/buildDefinition/resolvedDependencies/0/uri",
            Some(json!([REPO])),
            json!({"source": REPO}),
            "[0].uri is a list",
        ),
        (
            "/buildDefinition/resolvedDependencies/0/digest",
            Some(json!(COMMIT)),
            json!({"source": REPO}),
            "digest",
        ),
        (
            "/buildDefinition/resolvedDependencies/0/digest",
            None,
            json!({"source": REPO, "commit": COMMIT}),
            "the commit at",
        ),
        (
            "/buildDefinition/resolvedDependencies/0/digest",
            Some(json!({"sha256": COMMIT})),
            json!({"source": REPO, "commit": COMMIT}),
            "is missing",
        ),
        (
            "/buildDefinition/externalParameters/workflow/repository",
            Some(json!({"uri": REPO})),
            json!({"source": REPO}),
            "workflow.repository is an object",
        ),
        (
            "/buildDefinition/externalParameters/workflow/ref",
            Some(json!(["refs/heads/main"])),
            json!({"source": REPO, "ref": "refs/heads/main"}),
            "is a list",
        ),
    ] {
        refuses(json!({"slsa": demands}), &v1(with(github(), at, new)), &[words]);
    }
    refuses(
        json!({"slsa": {"builder-id": "x"}}),
        &Facts { predicate: None, ..v1(Value::Null) },
        &["is missing"],
    );
    refuses(json!({"slsa": {"builder-id": "x"}}), &v1(json!([1])), &["is missing"]);
    // The fields of one version do not satisfy the other.
    refuses(
        json!({"slsa": {"builder-id": "https://github.com/actions/runner/github-hosted"}}),
        &v0_2(github()),
        &["predicate.builder.id is missing"],
    );
    refuses(json!({"slsa": {"source": REPO}}), &v1(generator()), &["without one"]);
    refuses(json!({"slsa": {"source": REPO}}), &v0_2(github()), &["without one"]);
}

#[test]
fn only_provenance_of_known_versions_is_provenance() {
    for predicate_type in [
        "https://slsa.dev/provenance/v0.1",
        "https://slsa.dev/provenance/v1.0",
        "https://slsa.dev/provenance/v1/",
        "https://slsa.dev/provenance",
        "http://slsa.dev/provenance/v1",
        "https://slsa.dev/Provenance/v1",
        "https://slsa.dev/verification_summary/v1",
        "",
    ] {
        let demands = json!({"slsa": {"source": REPO}});
        refuses(
            demands,
            &facts(predicate_type, github()),
            &["predicateType is", "expected SLSA provenance v0.2 or v1"],
        );
    }
}

#[test]
fn tricks_with_the_source_are_refused() {
    let source = json!({"slsa": {"source": REPO}});
    for evil in [
        "https://github.com/org/repo-evil",
        "https://github.com/org/repoevil",
        "https://github.com/org/repo/evil",
        "https://github.com/org",
        "https://github.com/evil/repo",
        "https://github.com.evil.example/org/repo",
        "https://evil.example/?https://github.com/org/repo",
        "https://evil.example/https://github.com/org/repo",
        "https://evil.example#https://github.com/org/repo",
        "https://github.com@evil.example/org/repo",
        "https://evil.example@github.com/org/repo",
        "https://github.com/org/x/../repo",
        "https://github.com/org//repo",
        "https://github.com/org%2Frepo",
        "https://github.com/\u{43e}rg/repo",
        "https://github.com/org/repo\u{200b}",
        "https://github.com/org/repo ",
        "https://github.com/org/REPO",
        "http://github.com/org/repo",
        "git@github.com:org/repo",
        "github.com/org/repo",
        "file:///org/repo",
    ] {
        let workflow =
            with(github(), "/buildDefinition/externalParameters/workflow/repository", Some(json!(evil)));
        refuses(source.clone(), &v1(workflow), &["predicate."]);
        let dependency = with(github(), "/buildDefinition/resolvedDependencies/0/uri", Some(json!(evil)));
        refuses(
            source.clone(),
            &v1(with(dependency, "/buildDefinition/externalParameters", None)),
            &["predicate."],
        );
        let config = with(generator(), "/invocation/configSource/uri", Some(json!(evil)));
        refuses(source.clone(), &v0_2(config), &["predicate."]);
    }
    let hint = v1(with(
        gitlab(),
        "/buildDefinition/externalParameters/source",
        Some(json!("https://github.com/Org/Repo")),
    ));
    let hint = Facts {
        predicate: hint.predicate.map(|p| with(p, "/buildDefinition/resolvedDependencies", None)),
        ..hint
    };
    refuses(source, &hint, &["the case of letters alone"]);
}

#[test]
fn what_is_no_rule_of_provenance() {
    for (demands, words) in [
        (json!({"ref": "refs/heads/main"}), "without the `source`"),
        (json!({"commit": COMMIT}), "without the `source`"),
        (json!({"source-from": "materials", "builder-id": "x"}), "`source-from` without a `source`"),
        (json!({"source": "org/repo"}), "no source"),
        (json!({"source": ""}), "no source"),
        (json!({"source": [REPO]}), ""),
        (json!({"source": REPO, "commit": "abc"}), "no commit"),
        (json!({"source": REPO, "source-from": "anywhere"}), "no place of a source"),
        (json!({"source": REPO, "source-from": "resolved-dependencies/"}), "no place of a source"),
        (json!({"parameters": {}}), "demand nothing"),
        (json!({"parameters": {"a": {}}}), "demand nothing"),
        (json!({"parameters": {"a": {"b": {}}}}), "demand nothing"),
        (json!({"parameters": ["a"]}), ""),
        (json!({"builder": "x"}), "unknown field"),
    ] {
        no_rule(json!({"slsa": demands}), words);
    }
}

/// The addresses of all values below this one, as JSON pointers.
fn pointers(value: &Value, at: &str, found: &mut Vec<String>) {
    let mut below = |name: &str, value: &Value| {
        let at = format!("{at}/{name}");
        found.push(at.clone());
        pointers(value, &at, found);
    };
    match value {
        Value::Object(members) => members.iter().for_each(|(name, value)| below(name, value)),
        Value::Array(items) => items.iter().enumerate().for_each(|(i, value)| below(&i.to_string(), value)),
        _ => {}
    }
}

#[test]
fn whatever_is_put_in_the_place_of_a_field_is_never_more_than_it() {
    let demands = json!({"slsa": {
        "builder-id": "https://github.com/actions/runner/github-hosted",
        "build-type": "https://actions.github.io/buildtypes/workflow/v1",
        "source": REPO, "ref": "refs/heads/main", "commit": COMMIT, "workflow": ".github/workflows/release.yml"}});
    let rule = super::super::tests::rule(demands);
    let (mut all, mut refused) = (Vec::new(), 0);
    pointers(&github(), "", &mut all);
    // What is said there twice may be left out once; what nobody looks at may be anything.
    let free = ["internalParameters", "event_name", "github"];
    for at in &all {
        for new in [json!({"id": "x"}), json!(["x"]), json!("x"), json!(7), json!(true)] {
            let is_free = free.iter().any(|name| at.ends_with(name));
            let held = rule.check(&v1(with(github(), at, Some(new.clone()))));
            assert_eq!(held.is_ok(), is_free, "{at} {new} {held:?}");
            refused += usize::from(held.is_err());
        }
    }
    assert!(refused > 60, "{refused}");
}
