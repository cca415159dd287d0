//! Statements that say two things.

use super::*;

#[test]
fn several_repositories_leave_open_which_is_the_source() {
    let source = json!({"slsa": {"source": REPO}});
    let evil = json!({"uri": "git+https://github.com/evil/repo", "digest": {"gitCommit": COMMIT}});
    let more = v1(with(github(), "/buildDefinition/resolvedDependencies/-", Some(evil.clone())));
    refuses(source.clone(), &more, &["resolvedDependencies[1].uri", "several repositories", "`source-from`"]);
    // In another order, too.
    let dependencies = json!([evil, {"uri": REPO, "digest": {"gitCommit": COMMIT}}]);
    let turned = v1(with(github(), "/buildDefinition/resolvedDependencies", Some(dependencies)));
    refuses(source.clone(), &turned, &["several repositories"]);
    let materials =
        v0_2(with(tekton(), "/materials/-", Some(json!({"uri": "git+https://github.com/evil/repo"}))));
    refuses(source.clone(), &materials, &["several repositories"]);
    refuses(json!({"slsa": {"workflow": ".github/workflows/release.yml"}}), &more, &["several repositories"]);
    // The rule may say what counts, and then that alone does.
    let from = |place: &str| json!({"slsa": {"source": REPO, "source-from": place}});
    holds(from("external-parameters"), &more);
    holds(
        from("config-source"),
        &v0_2(with(generator(), "/materials/-", Some(json!({"uri": "git+https://github.com/evil/repo"})))),
    );
    refuses(from("resolved-dependencies"), &more, &["several repositories"]);
    refuses(from("config-source"), &more, &["without one"]);
    refuses(from("materials"), &v1(github()), &["without one"]);
    let named = json!([
        {"name": "pipeline", "uri": "git+https://github.com/catalog/tasks", "digest": {"sha1": OTHER}},
        {"name": "inputs/result", "uri": format!("git+{REPO}.git"), "digest": {"sha1": COMMIT}}]);
    let tekton = v1(
        json!({"buildDefinition": {"externalParameters": {"runSpec": {}}, "resolvedDependencies": named}}),
    );
    refuses(source, &tekton, &["several repositories"]);
    let demands = json!({"slsa": {"source": REPO, "commit": COMMIT, "source-from": "resolved-dependencies/inputs/result"}});
    holds(demands, &tekton);
    refuses(from("resolved-dependencies/pipeline"), &tekton, &["catalog/tasks"]);
    refuses(from("resolved-dependencies/inputs"), &tekton, &["without one"]);
}

#[test]
fn several_commits_or_refs_are_refused() {
    let demands = json!({"slsa": {"source": REPO, "commit": COMMIT, "ref": "refs/heads/main"}});
    holds(demands.clone(), &v1(github()));
    let digest = "/buildDefinition/resolvedDependencies/0/digest";
    for (at, new) in [
        (digest, json!({"gitCommit": OTHER})),
        (digest, json!({"gitCommit": COMMIT, "sha1": OTHER})),
        (digest, json!({"gitCommit": COMMIT.to_uppercase()})),
        (digest, json!({"gitCommit": &COMMIT[..12]})),
        (digest, json!({"gitCommit": [COMMIT]})),
        ("/buildDefinition/resolvedDependencies/-", json!({"uri": REPO, "digest": {"gitCommit": OTHER}})),
        ("/buildDefinition/resolvedDependencies/0/uri", json!(format!("git+{REPO}@refs/heads/other"))),
        ("/buildDefinition/resolvedDependencies/0/uri", json!(format!("git+{REPO}@{OTHER}"))),
        ("/buildDefinition/externalParameters/workflow/ref", json!("refs/heads/other")),
        ("/buildDefinition/externalParameters/workflow/ref", json!("refs/heads/main-evil")),
        ("/buildDefinition/externalParameters/workflow/ref", json!("refs/heads/main/")),
    ] {
        refuses(demands.clone(), &v1(with(github(), at, Some(new))), &["predicate."]);
    }
    let short = json!({"slsa": {"source": REPO, "ref": "main"}});
    refuses(short, &v1(github()), &["write it in full: refs/heads/main"]);
    let by_commit = with(
        github(),
        "/buildDefinition/resolvedDependencies/0/uri",
        Some(json!(format!("git+{REPO}@{COMMIT}"))),
    );
    holds(demands, &v1(by_commit));
}

/// What is a member of the other version alone is not asked, and must not say something else: some reader may look there.
#[test]
fn members_of_both_versions_do_not_contradict_each_other() {
    let builder = github()["runDetails"]["builder"]["id"].clone();
    let both =
        |value: &Value, name: &str, other: Value| with(value.clone(), &format!("/{name}"), Some(other));
    let asked = json!({"slsa": {"builder-id": builder}});
    holds(asked.clone(), &v1(both(&github(), "builder", json!({"id": builder}))));
    holds(asked.clone(), &v1(both(&github(), "builder", json!({"id": ""}))));
    for other in [json!({"id": "https://evil.example"}), json!({"id": ["x"]}), json!({"id": 1})] {
        let facts = v1(both(&github(), "builder", other));
        refuses(asked.clone(), &facts, &["predicate.builder.id is", "as at predicate.runDetails.builder.id"]);
        // What is not asked for is not looked at.
        holds(json!({"slsa": {"source": REPO}}), &facts);
    }
    let kind = github()["buildDefinition"]["buildType"].clone();
    let facts = v1(both(&github(), "buildType", json!("https://evil.example")));
    refuses(json!({"slsa": {"build-type": kind}}), &facts, &["predicate.buildType is"]);
    let evil = json!({"configSource": {"uri": "git+https://github.com/evil/repo", "entryPoint": "evil.yml"}});
    let facts = v1(both(&github(), "invocation", evil));
    refuses(
        json!({"slsa": {"source": REPO}}),
        &facts,
        &["predicate.invocation.configSource.uri is", "evil/repo"],
    );
    refuses(
        json!({"slsa": {"workflow": ".github/workflows/release.yml"}}),
        &facts,
        &["predicate.invocation"],
    );
    // Whoever says which place counts has looked at the others.
    holds(json!({"slsa": {"source": REPO, "source-from": "external-parameters"}}), &facts);
    for (uri, digest, word) in
        [("refs/heads/evil", COMMIT, "the ref at"), ("refs/heads/main", OTHER, "the commit at")]
    {
        let material = json!([{"uri": format!("git+{REPO}@{uri}"), "digest": {"sha1": digest}}]);
        let facts = v1(both(&github(), "materials", material));
        refuses(
            json!({"slsa": {"source": REPO, "ref": "refs/heads/main"}}),
            &facts,
            &[word, "predicate.materials[0]"],
        );
    }
    let same = json!([{"uri": format!("git+{REPO}@refs/heads/main"), "digest": {"sha1": COMMIT}}]);
    holds(json!({"slsa": {"source": REPO, "commit": COMMIT}}), &v1(both(&github(), "materials", same)));
    // The other way round.
    let id = generator()["builder"]["id"].clone();
    let facts = v0_2(both(&generator(), "runDetails", json!({"builder": {"id": "https://evil.example"}})));
    refuses(json!({"slsa": {"builder-id": id}}), &facts, &["predicate.runDetails.builder.id is"]);
    let facts = v0_2(both(&generator(), "buildDefinition", json!({"externalParameters": {"level": 4}})));
    refuses(
        json!({"slsa": {"parameters": {"level": 3}}}),
        &facts,
        &["predicate.buildDefinition.externalParameters.level"],
    );
    // Places that no statement of this version has prove nothing.
    let bare = with(github(), "/runDetails", None);
    let facts = v1(both(&bare, "builder", json!({"id": builder})));
    refuses(asked, &facts, &["predicate."]);
}
