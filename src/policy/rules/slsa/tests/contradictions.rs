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

/// A place that differs is told with the one that it differs from, and not with itself.
#[test]
fn two_places_that_differ_are_named_once_each() {
    let rule: crate::policy::rules::Rule =
        serde_json::from_value(json!({"slsa": {"workflow": ".github/workflows/release.yml"}})).unwrap();
    let material = json!({"uri": format!("git+{REPO}"), "digest": {"sha1": OTHER}});
    let facts = v0_2(with(generator(), "/materials/-", Some(material)));
    let said = rule.check(&facts).unwrap_err().to_string();
    assert_eq!(said.matches("configSource").count(), 1, "{said}");
    assert!(said.contains("as at predicate.materials["), "{said}");
}

#[test]
fn a_commit_in_the_place_of_a_ref_is_a_commit() {
    let (all, source) =
        (json!({"slsa": {"source": REPO, "commit": COMMIT}}), json!({"slsa": {"source": REPO}}));
    let in_workflow = |text: &str| {
        v1(with(github(), "/buildDefinition/externalParameters/workflow/ref", Some(json!(text))))
    };
    let to_build = |text: &str| {
        v1(with(cloud_build(), "/buildDefinition/externalParameters/sourceToBuild/ref", Some(json!(text))))
    };
    for other in [OTHER, &COMMIT.to_uppercase(), &"0".repeat(64)] {
        refuses(
            all.clone(),
            &in_workflow(other),
            &["the commit at predicate.buildDefinition.externalParameters.workflow"],
        );
        refuses(
            all.clone(),
            &to_build(other),
            &["the commit at predicate.buildDefinition.externalParameters.sourceToBuild"],
        );
        holds(source.clone(), &in_workflow(other));
    }
    holds(all.clone(), &in_workflow(COMMIT));
    holds(all.clone(), &to_build(COMMIT));
    // It is there, where nothing else says it.
    let alone =
        v1(with(in_workflow(COMMIT).predicate.unwrap(), "/buildDefinition/resolvedDependencies", None));
    holds(all, &alone);
    refuses(json!({"slsa": {"source": REPO, "ref": "refs/heads/main"}}), &alone, &["the ref at", "missing"]);
}

/// Provenance of both versions with one more item among what it was made of.
fn more(item: &Value) -> [Facts; 2] {
    [
        v1(with(github(), "/buildDefinition/resolvedDependencies/-", Some(item.clone()))),
        v0_2(with(generator(), "/materials/-", Some(item.clone()))),
    ]
}

#[test]
fn a_package_is_no_repository() {
    let source = json!({"slsa": {"source": REPO}});
    // Packages and archives have digests of files, and many of these are SHA-1.
    for uri in [
        "pkg:npm/%40scope/name@1.0.0",
        "pkg:maven/org.example/lib@1.0?type=jar",
        "https://registry.npmjs.org/x/-/x-1.0.0.tgz",
        "https://registry.npmjs.org/@scope/x/-/x-1.0.0.tgz",
        "https://repo1.maven.org/maven2/org/example/lib/1.0/lib-1.0.jar",
    ] {
        for facts in more(&json!({"uri": uri, "digest": {"sha1": OTHER}})) {
            holds(source.clone(), &facts);
            // Of a commit it is a repository, whatever its address looks like.
            let commit = json!({"uri": uri, "digest": {"sha1": OTHER, "gitCommit": OTHER}});
            more(&commit).iter().for_each(|facts| refuses(source.clone(), facts, &["uri"]));
        }
    }
    for uri in [
        "https://github.com/evil/repo@refs/heads/x.tgz",
        "https://github.com/evil/repo#x.tgz",
        "https://github.com/evil/repo?x.tgz",
        "https://github.com/evil/x.tgz/repo",
        "pkg:gitlab/evil/repo@1",
        "pkg:bitbucket/evil/repo@1",
        "pkg:gitea/evil/repo@1",
        "pkg:gogs/evil/repo@1",
        "pkg:golang/github.com/evil/repo@v1.0.0",
        "pkg:swift/github.com/evil/repo@1.0.0",
        "pkg:huggingface/evil/model@1",
        "pkg:generic/x@1?vcs_url=git%2Bhttps://github.com/evil/repo",
        "PKG:npm/x@1",
        "pkg:np m/x@1",
    ] {
        for facts in more(&json!({"uri": uri, "digest": {"sha1": COMMIT}})) {
            refuses(source.clone(), &facts, &["predicate."]);
        }
    }
}

#[test]
fn repositories_are_seen_in_every_form() {
    let source = json!({"slsa": {"source": REPO}});
    for uri in [
        "git@github.com:evil/repo.git",
        "git@github.com:evil/repo",
        "me@evil.example:repo",
        "file:///x/evil.git",
        "//host/x.git",
        "host/x.git",
        "/srv/x.GIT/",
        "x.git#refs/heads/main",
        "x.git@refs/heads/main",
        "x.git?ref=main",
        "http://evil.example/x.git",
        "git+file:///x",
        "git+ssh://git@github.com/evil/repo",
        "ssh+git://github.com/evil/repo",
        "svn+https://evil.example/repo",
        "git:evil",
        "github:evil/repo",
        "GIT+HTTPS://github.com/evil/repo",
        " git+https://github.com/evil/repo",
        "\tgit+https://github.com/org/repo",
        "git+https://github.com/org/repo ",
        "\u{200b}git+https://github.com/org/repo",
        "https://github.com/evil/repo.git ",
    ] {
        for facts in more(&json!({"uri": uri})) {
            refuses(source.clone(), &facts, &["predicate."]);
        }
    }
    for uri in [
        "pkg:github/evil/repo@1",
        "pkg://github/evil/repo@1",
        "https://github.com/evil/repo",
        "evil",
        "oci://evil.example/x",
        "",
    ] {
        for digest in [
            json!({"gitCommit": COMMIT}),
            json!({"sha1": COMMIT}),
            json!({"sha256": "00", "gitCommit": COMMIT}),
            json!({"git_commit": COMMIT}),
            json!({"GitCommit": COMMIT}),
            json!({"SHA-1": COMMIT}),
        ] {
            for facts in more(&json!({"uri": uri, "digest": digest})) {
                refuses(source.clone(), &facts, &["predicate."]);
            }
        }
    }
    for facts in more(&json!({"name": "evil", "digest": {"gitCommit": COMMIT}})) {
        refuses(source.clone(), &facts, &["uri is missing"]);
    }
    // Images, packages and files are none.
    for uri in [
        "gcr.io/cloud-builders/docker@sha256:00",
        "alpine@sha256:00",
        "pkg:npm/%40scope/name@1.0.0",
        "pkg:github/org/other@v1",
        "oci://registry.example/digit",
        "https://registry.npmjs.org/x/-/x-1.0.0.tgz",
        "https://example.com/x.github.io/file",
        "file:///x/y.gitignore",
        "docker-image://docker.io/library/golang:1.22",
    ] {
        for facts in more(&json!({"uri": uri, "digest": {"sha256": "00"}})) {
            holds(source.clone(), &facts);
        }
    }
}

#[test]
fn a_commit_is_one_by_whatever_name() {
    let commit = json!({"slsa": {"source": REPO, "commit": COMMIT}});
    let named = |name: &str, value: &str| {
        let digest = "/buildDefinition/resolvedDependencies/0/digest";
        v1(with(github(), digest, Some(json!({name: value}))))
    };
    for name in [
        "gitCommit",
        "git_commit",
        "gitcommit",
        "git-commit",
        "commit",
        "commitHash",
        "revision",
        "sha1",
        "SHA1",
    ] {
        holds(commit.clone(), &named(name, COMMIT));
        refuses(commit.clone(), &named(name, OTHER), &["the commit at", OTHER]);
    }
    refuses(commit, &named("gitTree", COMMIT), &["the commit at", "missing"]);
}

#[test]
fn a_workflow_is_the_one_that_the_certificate_names() {
    const PATH: &str = ".github/workflows/release.yml";
    let config = |path: &str| Some(format!("{REPO}/{path}@refs/heads/main"));
    let certificate = |config: Option<String>| SigningCertificate {
        build_config_uri: config,
        source_repository_uri: Some(REPO.to_owned()),
        ..SigningCertificate::default()
    };
    let by = |facts: Facts, certificate: SigningCertificate| Facts {
        signer: Signer::Certificate(Box::new(certificate)),
        ..facts
    };
    let (workflow, source) = (json!({"slsa": {"workflow": PATH}}), json!({"slsa": {"source": REPO}}));
    let any = json!({"slsa": {"workflow": {"pattern": ".*"}}});
    let words = ["certificate.", "contradicts the certificate"];
    for facts in [v1(github()), v0_2(generator())] {
        holds(workflow.clone(), &by(facts.clone(), certificate(config(PATH))));
        for other in [".github/workflows/evil.yml", "dynamic/codeql", ".github/workflows/release.yml/x"] {
            let evil = by(facts.clone(), certificate(config(other)));
            refuses(workflow.clone(), &evil, &words);
            // Also where it is not demanded, and where anything would do.
            refuses(source.clone(), &evil, &words);
            refuses(any.clone(), &evil, &words);
        }
        // A workflow of the same path in another repository.
        let evil = "https://github.com/evil/repo";
        let evil = SigningCertificate {
            build_config_uri: Some(format!("{evil}/{PATH}@refs/heads/main")),
            source_repository_uri: Some(evil.to_owned()),
            ..SigningCertificate::default()
        };
        refuses(workflow.clone(), &by(facts.clone(), evil), &words);
        // Older certificates name the workflow that signed alone; one of another repository is not the one that was started.
        let old = |subject: &str| SigningCertificate {
            subject: Some(subject.to_owned()),
            workflow_repository: Some("org/repo".to_owned()),
            ..SigningCertificate::default()
        };
        holds(workflow.clone(), &by(facts.clone(), old(&config(PATH).unwrap())));
        refuses(
            workflow.clone(),
            &by(facts.clone(), old(&config("x.yml").unwrap().replace("/x", "/.github/workflows/x"))),
            &words,
        );
        let tools = "https://github.com/tools/build/.github/workflows/go.yml@refs/tags/v1";
        holds(workflow.clone(), &by(facts.clone(), old(tools)));
        // A person says nothing of a workflow.
        holds(workflow.clone(), &by(facts, old("jane@example.com")));
    }
    // A Dockerfile is not what was started.
    let docker = json!({"slsa": {"workflow": "Dockerfile"}});
    let image = by(v1(buildkit()), certificate(config(PATH)));
    holds(docker, &image);
    holds(source.clone(), &image);
    // Where anything would do, it is what the certificate says.
    refuses(any.clone(), &image, &words);
    for (facts, at) in [
        (v1(github()), "/buildDefinition/externalParameters/workflow/path"),
        (v0_2(generator()), "/invocation/configSource/entryPoint"),
    ] {
        for path in ["evil", "x", ".github/evil", "Dockerfile"] {
            let predicate = with(facts.predicate.clone().unwrap(), at, Some(json!(path)));
            let evil = by(Facts { predicate: Some(predicate), ..facts.clone() }, certificate(config(PATH)));
            refuses(any.clone(), &evil, &words);
        }
    }
    // In the place of the other version, and of GitHub's own workflows.
    let other =
        with(github(), "/invocation", Some(json!({"configSource": {"entryPoint": "dynamic/pages/x"}})));
    refuses(source.clone(), &by(v1(other), certificate(config(PATH))), &words);
    // What is no text says nothing where none is demanded.
    let list = with(github(), "/buildDefinition/externalParameters/workflow/path", Some(json!([PATH])));
    holds(source, &by(v1(list), certificate(config(PATH))));
}

#[test]
fn a_workflow_is_one_of_the_source() {
    let at = |rest: &str| format!("/buildDefinition/externalParameters/buildConfigSource/{rest}");
    let all = json!({"slsa": {"source": REPO, "ref": "refs/heads/main", "workflow": "cloudbuild.yaml"}});
    let workflow = json!({"slsa": {"workflow": "cloudbuild.yaml"}});
    holds(all.clone(), &v1(cloud_build()));
    for (rest, new) in [
        ("repository", json!("https://github.com/evil/repo")),
        ("repository", json!("git@github.com:org/repo")),
        ("repository", json!({"uri": REPO})),
        ("repository", json!("")),
        ("ref", json!("refs/heads/evil")),
        ("ref", json!(OTHER)),
        ("ref", json!(["refs/heads/main"])),
    ] {
        let facts = v1(with(cloud_build(), &at(rest), Some(new)));
        refuses(all.clone(), &facts, &["externalParameters.buildConfigSource."]);
        refuses(workflow.clone(), &facts, &["externalParameters.buildConfigSource."]);
        // Where no workflow is demanded, the file that says how to build may be kept elsewhere.
        holds(json!({"slsa": {"source": REPO, "ref": "refs/heads/main"}}), &facts);
    }
    holds(all, &v1(with(cloud_build(), &at("repository"), None)));
    // Also where another place counts for the source: the path would be one in another repository.
    let evil = with(
        github(),
        "/buildDefinition/externalParameters/workflow/repository",
        Some(json!("https://github.com/evil/repo")),
    );
    let from = json!({"source": REPO, "source-from": "resolved-dependencies"});
    holds(json!({"slsa": from.clone()}), &v1(evil.clone()));
    let with_path = with(from, "/workflow", Some(json!(".github/workflows/release.yml")));
    refuses(
        json!({"slsa": with_path.clone()}),
        &v1(evil),
        &["workflow.repository is", "of the workflow than of the source"],
    );
    holds(json!({"slsa": with_path}), &v1(github()));
    let evil =
        with(generator(), "/invocation/configSource/uri", Some(json!("git+https://github.com/evil/repo")));
    let demands = json!({"slsa": {"source": REPO, "source-from": "materials", "workflow": ".github/workflows/release.yml"}});
    refuses(demands, &v0_2(evil), &["configSource.uri"]);
}
