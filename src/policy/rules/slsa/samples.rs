//! What builders really write (`testdata/provenance`, whose sources testdata/README.md names): what it says of its source is read, or the line says
//! what is missing.

use serde_json::{Value, json};

use super::super::Facts;
use super::super::tests::{facts, holds, refuses};
use crate::crypto::decode_base64;

/// The facts of a statement.
fn of(text: &str) -> Facts {
    let statement: Value = serde_json::from_str(text).unwrap();
    let names =
        statement["subject"].as_array().unwrap().iter().map(|subject| subject["name"].as_str().unwrap());
    let mut facts = facts(statement["predicateType"].as_str().unwrap(), statement["predicate"].clone());
    facts.subjects = names.map(str::to_owned).collect();
    facts
}

macro_rules! sample {
    ($name:literal) => {
        of(include_str!(concat!("../../../../testdata/provenance/", $name, ".json")))
    };
}

fn slsa(value: Value) -> Value {
    json!({"slsa": value})
}

#[test]
fn slsa_github_generator() {
    let facts = sample!("slsa-github-generator-1.2.0");
    let whole = json!({
        "subject-name": "hello",
        "builder-id": {"pattern": "https://github\\.com/slsa-framework/slsa-github-generator/\\.github/workflows/[a-z_]+slsa3\\.yml@refs/tags/v1\\.2\\.0"},
        "build-type": "https://github.com/slsa-framework/slsa-github-generator@v1",
        "source": "https://github.com/slsa-framework/example-package",
        "ref": "refs/tags/v14",
        "commit": "dcd26fed2ccf37087005539ad8e8ce4db23b501d",
        "workflow": ".github/workflows/verifier-e2e.generic.tag.main.assets.slsa3.yml",
    });
    // A line for each demand.
    assert_eq!(holds(slsa(whole), &facts).len(), 7);
    let with = |name: &str, value: &str| {
        slsa(json!({"source": "https://github.com/slsa-framework/example-package", name: value}))
    };
    refuses(with("ref", "v14"), &facts, &["write it in full: refs/tags/v14"]);
    refuses(with("ref", "refs/heads/main"), &facts, &["`refs/tags/v14`", "expected `refs/heads/main`"]);
    refuses(
        with("source", "https://github.com/slsa-framework/example"),
        &facts,
        &["predicate.invocation.configSource.uri"],
    );
}

#[test]
fn npm() {
    let bundle: Value =
        serde_json::from_str(include_str!("../../../../testdata/github/npm-sigstore-2.0.0.sigstore.json"))
            .unwrap();
    let payload = decode_base64(bundle["dsseEnvelope"]["payload"].as_str().unwrap()).unwrap();
    let facts = of(&String::from_utf8(payload).unwrap());
    let held = holds(
        slsa(json!({
            "subject-name": "pkg:npm/sigstore@2.0.0",
            "builder-id": "https://github.com/actions/runner/github-hosted",
            "source": "https://github.com/sigstore/sigstore-js",
            "ref": "refs/heads/main",
            "workflow": ".github/workflows/release.yml",
        })),
        &facts,
    );
    assert_eq!(held.len(), 5, "{held:?}");
    refuses(
        slsa(json!({"source": "https://github.com/sigstore/sigstore"})),
        &facts,
        &["`https://github.com/sigstore/sigstore-js`"],
    );
}

#[test]
fn tekton_chains() {
    let facts = sample!("tekton-chains-pipelinerun");
    let source = "https://github.com/lcarva/minimal-container";
    let commit = "89dedecaca1b85346600c7db9939a4fe090a42ef";
    let held = holds(
        slsa(json!({
            "builder-id": "https://tekton.dev/chains/v2",
            "build-type": "https://tekton.dev/attestations/chains/pipelinerun@v2",
            "source": source, "source-from": "materials", "commit": commit,
            "parameters": {"git-revision": "main"},
        })),
        &facts,
    );
    assert_eq!(held.len(), 5, "{held:?}");
    // A parameter is no ref, and a pipeline no workflow of a repository.
    refuses(
        slsa(json!({"source": source, "ref": "refs/heads/main"})),
        &facts,
        &["the ref at predicate.materials[0].uri is missing"],
    );
    refuses(
        slsa(json!({"source": source, "workflow": "pipeline"})),
        &facts,
        &["predicate.invocation.configSource.entryPoint is missing"],
    );
    refuses(slsa(json!({"source": source, "source-from": "config-source"})), &facts, &["without one"]);
    let old = sample!("tekton-chains-taskrun-v0.1");
    refuses(
        slsa(json!({"builder-id": "https://configured.builder@v1"})),
        &old,
        &["predicateType", "https://in-toto.io/Provenance/v0.1"],
    );
}

#[test]
fn buildkit() {
    let git = sample!("buildkit-git-context");
    let held = holds(
        slsa(json!({
            "builder-id": {"pattern": "https://github\\.com/docker/buildx/actions/runs/[0-9]+"},
            "source": "https://github.com/moby/buildkit", "ref": "refs/tags/v0.11.0",
            "commit": "4b220de5058abfd01ff619c9d2ff6b09a049bea0", "workflow": "Dockerfile",
            "parameters": {"request": {"args": {"target": "release"}}},
        })),
        &git,
    );
    assert_eq!(held.len(), 6, "{held:?}");
    // What is built from a folder names no source, and no builder unless one is set.
    let local = sample!("buildkit-local-context");
    refuses(
        slsa(json!({"source": "https://github.com/moby/buildkit"})),
        &local,
        &["externalParameters is without one"],
    );
    refuses(
        slsa(json!({"builder-id": "https://github.com/docker/buildx"})),
        &local,
        &["runDetails.builder.id is empty"],
    );
}

#[test]
fn gitlab_runner() {
    let facts = sample!("gitlab-runner-15.1");
    let source = "https://gitlab.com/ggeorgiev_gitlab/playground";
    let held = holds(
        slsa(json!({
            "builder-id": {"pattern": "https://gitlab\\.com/ggeorgiev_gitlab/playground/-/runners/[0-9]+"},
            "source": source, "workflow": "whoami shell",
        })),
        &facts,
    );
    assert_eq!(held.len(), 3, "{held:?}");
    // It calls the commit a SHA-256, which it is not.
    let commit = "f0582e2c9a16b5cc2cde90e8be8f1b50fd67c631";
    refuses(
        slsa(json!({"source": source, "commit": commit})),
        &facts,
        &["the commit at predicate.invocation.configSource.uri is missing"],
    );
    refuses(slsa(json!({"source": source, "ref": "refs/heads/main"})), &facts, &["the ref at", "missing"]);
}

#[test]
fn google_cloud_build() {
    let facts = sample!("google-cloud-build-0.3");
    let demands = slsa(json!({"builder-id": "https://cloudbuild.googleapis.com/GoogleHostedWorker@v0.3"}));
    refuses(
        demands,
        &facts,
        &["predicateType is `https://slsa.dev/provenance/v0.1`", "expected SLSA provenance v0.2 or v1"],
    );
}
