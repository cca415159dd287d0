//! What provenance says of the revision and the builder, against the certificate of its signer; and places that name no repository.

use super::*;

const RELEASE: &str = "https://github.com/org/repo/.github/workflows/release.yml@refs/heads/main";
const PARAMETERS: &str = "/buildDefinition/externalParameters";

fn certificate() -> SigningCertificate {
    let some = |text: &str| Some(text.to_owned());
    SigningCertificate {
        subject: some(RELEASE),
        build_signer_uri: some(RELEASE),
        build_config_uri: some(RELEASE),
        source_repository_uri: some(REPO),
        source_repository_ref: some("refs/heads/main"),
        source_repository_digest: some(COMMIT),
        ..SigningCertificate::default()
    }
}

fn by(facts: Facts, certificate: SigningCertificate) -> Facts {
    Facts { signer: Signer::Certificate(Box::new(certificate)), ..facts }
}

#[test]
fn the_revision_is_that_of_the_run() {
    let whole = json!({"slsa": {"source": REPO, "ref": "refs/heads/main", "commit": COMMIT}});
    holds(whole.clone(), &by(v1(github()), certificate()));
    let other_ref = || Some("refs/heads/other".to_owned());
    let other_commit = || Some(OTHER.to_owned());
    let old = SigningCertificate {
        workflow_repository: Some("org/repo".to_owned()),
        workflow_ref: Some("refs/heads/main".to_owned()),
        workflow_sha: Some(COMMIT.to_owned()),
        ..SigningCertificate::default()
    };
    holds(whole.clone(), &by(v1(github()), old.clone()));
    for (certificate, words) in [
        (
            SigningCertificate { source_repository_ref: other_ref(), ..certificate() },
            "the ref of the source is",
        ),
        (
            SigningCertificate { source_repository_digest: other_commit(), ..certificate() },
            "the commit of the source",
        ),
        (SigningCertificate { workflow_ref: other_ref(), ..certificate() }, "certificate.githubWorkflowRef"),
        (
            SigningCertificate { workflow_sha: other_commit(), ..certificate() },
            "certificate.githubWorkflowSHA",
        ),
        (SigningCertificate { workflow_ref: other_ref(), ..old.clone() }, "certificate.githubWorkflowRef"),
        (SigningCertificate { workflow_sha: other_commit(), ..old.clone() }, "certificate.githubWorkflowSHA"),
    ] {
        let facts = by(v1(github()), certificate);
        refuses(whole.clone(), &facts, &[words, "contradicts the certificate"]);
        // What is not demanded is not compared.
        holds(json!({"slsa": {"source": REPO}}), &facts);
    }
    // A run of one repository may build another.
    let elsewhere = SigningCertificate {
        source_repository_uri: Some("https://github.com/org/builds".to_owned()),
        source_repository_ref: other_ref(),
        build_config_uri: None,
        build_signer_uri: None,
        subject: None,
        ..certificate()
    };
    holds(whole, &by(v1(github()), elsewhere));
}

#[test]
fn a_builder_that_is_a_workflow_is_the_one_that_signed() {
    let at = "/builder/id";
    let builder = generator()["builder"]["id"].as_str().unwrap().to_owned();
    let demands = json!({"slsa": {"builder-id": {"pattern": ".*"}}});
    let signed_by =
        |uri: &str| SigningCertificate { build_signer_uri: Some(uri.to_owned()), ..certificate() };
    let facts = |id: &str, certificate| by(v0_2(with(generator(), at, Some(json!(id)))), certificate);
    holds(demands.clone(), &facts(&builder, signed_by(&builder)));
    // Older certificates name it as their subject alone.
    let old = SigningCertificate {
        subject: Some(builder.clone()),
        workflow_repository: Some("org/repo".to_owned()),
        ..SigningCertificate::default()
    };
    holds(demands.clone(), &facts(&builder, old.clone()));
    let words = ["predicate.builder.id is", "contradicts the certificate"];
    for evil in [
        "https://github.com/evil/repo/.github/workflows/builder_go_slsa3.yml@refs/tags/v1.2.0",
        "https://github.com/slsa-framework/slsa-github-generator/.github/workflows/builder_go_slsa3.yml@refs/heads/main",
    ] {
        refuses(demands.clone(), &facts(evil, signed_by(&builder)), &words);
        refuses(demands.clone(), &facts(evil, old.clone()), &words);
        refuses(demands.clone(), &facts(&builder, signed_by(evil)), &words);
    }
    // Without a ref, it is the workflow at any.
    let bare = builder.split_once('@').unwrap().0;
    holds(demands.clone(), &facts(bare, signed_by(&builder)));
    refuses(demands.clone(), &facts(bare, signed_by(RELEASE)), &words);
    // A delegator of the generator signs for the builder that called it.
    let delegator = "https://github.com/slsa-framework/slsa-github-generator/.github/workflows/delegator_generic_slsa3.yml@refs/tags/v1.8.0";
    holds(demands.clone(), &facts(&builder, signed_by(delegator)));
    let own = delegator.replace("slsa-framework", "evil");
    refuses(demands.clone(), &facts(&builder, signed_by(&own)), &words);
    // A runner and a run are in no certificate, and a key has none.
    holds(demands.clone(), &by(v1(github()), certificate()));
    holds(demands.clone(), &facts("https://github.com/org/repo/actions/runs/1", certificate()));
    holds(demands, &v0_2(generator()));
}

#[test]
fn a_place_without_a_repository_is_about_the_revision_that_others_name() {
    let main = json!({"source": REPO, "ref": "refs/heads/main", "commit": COMMIT});
    let path = ".github/workflows/release.yml";
    let workflow = json!({"slsa": {"source": REPO, "workflow": path}});
    for repository in [None, Some(Value::Null)] {
        let facts = |reference: &str| {
            let mut place = json!({"ref": reference, "path": path});
            repository.iter().for_each(|null| {
                drop(place.as_object_mut().unwrap().insert("repository".into(), null.clone()))
            });
            v1(with(github(), &format!("{PARAMETERS}/workflow"), Some(place)))
        };
        holds(json!({"slsa": main.clone()}), &facts("refs/heads/main"));
        holds(workflow.clone(), &facts("refs/heads/main"));
        for (evil, words) in [("refs/heads/evil", "the ref at"), (OTHER, "the commit at")] {
            refuses(json!({"slsa": main.clone()}), &facts(evil), &[words, "externalParameters.workflow"]);
            refuses(workflow.clone(), &facts(evil), &[words, "externalParameters.workflow"]);
        }
    }
    for (member, evil) in [
        ("source", json!({"digest": {"gitCommit": OTHER}})),
        ("configSource", json!({"digest": {"sha1": OTHER}, "path": "Dockerfile"})),
    ] {
        let facts = v1(with(github(), &format!("{PARAMETERS}/{member}"), Some(evil)));
        refuses(json!({"slsa": main.clone()}), &facts, &["the commit at", OTHER]);
    }
    let build = json!({"ref": "refs/heads/evil", "path": path});
    let facts = v1(with(github(), &format!("{PARAMETERS}/buildConfigSource"), Some(build)));
    refuses(workflow.clone(), &facts, &["the ref at", "externalParameters.buildConfigSource"]);
    let config = json!({"digest": {"sha1": OTHER}, "entryPoint": path});
    let facts = v0_2(with(generator(), "/invocation/configSource", Some(config)));
    refuses(
        json!({"slsa": {"source": REPO, "commit": COMMIT}}),
        &facts,
        &["the commit at predicate.invocation.configSource"],
    );
    refuses(workflow, &facts, &["the commit at predicate.invocation.configSource"]);
    // It stands in for none that names the repository.
    let silent = with(github(), "/buildDefinition/resolvedDependencies/0/uri", Some(json!(REPO)));
    let place = json!({"ref": "refs/heads/main", "path": path});
    let facts = v1(with(silent, &format!("{PARAMETERS}/workflow"), Some(place)));
    refuses(json!({"slsa": main}), &facts, &["the ref at", "is missing"]);
}

#[test]
fn places_of_another_type_are_refused() {
    let rule = json!({"slsa": {"source": REPO, "workflow": {"pattern": ".*"}}});
    for member in ["workflow", "buildConfigSource", "configSource", "sourceToBuild"] {
        for evil in [json!("https://github.com/evil/x"), json!(["https://github.com/evil/x"]), json!(true)] {
            let facts = v1(with(cloud_build(), &format!("{PARAMETERS}/{member}"), Some(evil)));
            refuses(
                rule.clone(),
                &facts,
                &[&format!("externalParameters.{member} is"), "expected an object"],
            );
        }
    }
}

#[test]
fn numbers_that_are_rounded_satisfy_nothing() {
    let rule = |number: &str| -> Value {
        serde_json::from_str(&format!(r#"{{"slsa": {{"parameters": {{"a": {{"n": [{number}]}}}}}}}}"#))
            .unwrap()
    };
    let facts = |number: &str| {
        let parameters: Value = serde_json::from_str(&format!(r#"{{"a": {{"n": [{number}]}}}}"#)).unwrap();
        v0_2(with(generator(), "/invocation/parameters", Some(parameters)))
    };
    for number in ["100000000000000000000", "1.5", "1.0", "1e2", "-0", "-9223372036854775809"] {
        no_rule(rule(number), "only whole numbers");
    }
    for number in ["18446744073709551615", "-9223372036854775808", "9007199254740993", "0"] {
        holds(rule(number), &facts(number));
        for other in ["18446744073709551616", "9007199254740992", "0.0000000000000000000001", "1"] {
            refuses(rule(number), &facts(other), &["parameters.a.n"]);
        }
    }
}
