//! `policy import`: what is written, what is said of it, and what the written policies accept.

use crate::support::{Sandbox, repository};

fn source(name: &str) -> String {
    repository().join("testdata/policy-import").join(name).display().to_string()
}

#[test]
fn what_is_imported_is_a_policy_file_without_mistakes() {
    for (name, code) in [
        ("containers/source.json", 1),
        ("controller-attestations/source.yaml", 1),
        ("controller-left-out/source.yaml", 1),
        ("controller-overlap/source.yaml", 1),
        ("controller-several/source.yaml", 0),
    ] {
        let sandbox = Sandbox::new();
        let output =
            sandbox.run(&["policy", "import", "--output-file", "policy.yaml", &source(name)]).code(code);
        assert_eq!(output.stdout, "", "{name}");
        assert_eq!(output.stderr.contains("left out: "), code == 1, "{name}: {}", output.stderr);
        sandbox.run(&["policy", "check", "policy.yaml"]).ok();
        // Every line that is said stands in the file.
        let text = std::fs::read_to_string(sandbox.path().join("policy.yaml")).unwrap();
        for line in
            output.stderr.lines().filter(|line| line.contains("left out: ") || line.contains("changed: "))
        {
            assert!(text.contains(line), "{name}: {line}");
        }
    }
}

#[test]
fn what_is_empty_is_named() {
    let sandbox = Sandbox::new();
    sandbox.file("empty.yaml", "---\n");
    for file in ["empty.yaml", "/dev/null"] {
        let output = sandbox.run(&["policy", "import", file]).code(3);
        let _ = output.says(&format!("`{file}` cannot be imported")).says("there is no policy in it");
    }
}

#[test]
fn files_beside_it_need_a_place() {
    let sandbox = Sandbox::new();
    let several = source("controller-several/source.yaml");
    sandbox.run(&["policy", "import", &several]).code(2).says("--output-file FILE");
    // A folder of devices is no place for keys.
    let nowhere = ["policy", "import", "--output-file", "/dev/null", several.as_str()];
    sandbox.run(&nowhere).code(2).says("`/dev/null` is no file").says("--output-file FILE");
    let overlap = source("controller-overlap/source.yaml");
    let output = sandbox.run(&["policy", "import", &overlap]).code(1);
    assert!(output.stdout.contains("version: 1\n"), "{}", output.stdout);
    sandbox.run(&["policy", "import"]).code(2).says("nothing to import");
    sandbox.run(&["policy", "import", "missing.yaml"]).code(3).says("missing.yaml");
    sandbox.file("pod.yaml", "kind: Pod\n");
    sandbox
        .run(&["policy", "import", "--output-file", "p.yaml", "pod.yaml"])
        .code(3)
        .says("there is no ClusterImagePolicy");
    assert!(!sandbox.path().join("p.yaml").exists());
    sandbox.file("odd.yaml", "a: [\n");
    sandbox.run(&["policy", "import", "odd.yaml"]).code(3).says("`odd.yaml` cannot be imported");
}

#[test]
fn nothing_that_says_something_else_is_replaced() {
    let sandbox = Sandbox::new();
    let several = source("controller-several/source.yaml");
    let import = ["policy", "import", "--output-file", "policy.yaml", &several];
    let key = sandbox.path().join("policy-production-ops.pub");
    std::fs::write(&key, "mine").unwrap();
    sandbox.run(&import).code(1).says("is not replaced");
    assert_eq!(std::fs::read_to_string(&key).unwrap(), "mine");
    assert!(!sandbox.path().join("policy.yaml").exists());
    std::fs::remove_file(&key).unwrap();
    sandbox.run(&import).ok();
    // What says the same may be written again.
    sandbox.run(&import).ok();
    std::fs::write(sandbox.path().join("policy.yaml"), "version: 1\n").unwrap();
    sandbox.run(&import).code(1).says("`policy.yaml` exists");
    sandbox.run(&["policy", "check", &several]).code(3).says("`rcosign policy import FILE`");
}

/// An image that was really signed, by the policies of others.
#[test]
fn imported_policies_judge_signed_images() {
    let sandbox = Sandbox::new();
    let layouts = repository().join("testdata/layouts");
    let key = std::fs::read_to_string(layouts.join("cosign.pub")).unwrap();
    let other = std::fs::read_to_string(repository().join("testdata/mock-sigstore/p256.pub")).unwrap();
    let data = |key: &str| key.lines().map(|line| format!("            {line}\n")).collect::<String>();
    let policy = |name: &str, key: &str| {
        format!(
            "---\napiVersion: policy.sigstore.dev/v1beta1\nkind: ClusterImagePolicy\nmetadata: {{ name: {name} }}\nspec:\n  \
             images: [{{ glob: registry.example/{name}/** }}]\n  authorities:\n    - key:\n        data: |\n{}",
            data(key)
        )
    };
    sandbox.file("cluster.yaml", format!("{}{}", policy("prod", &key), policy("other", &other)));
    sandbox.run(&["policy", "import", "--output-file", "policy.yaml", "cluster.yaml"]).ok();
    let layout = layouts.join("cosign-3-save").display().to_string();
    let case =
        |image: &str, expect: &str| format!("  - {{ image: {image}, layout: {layout}, expect: {expect} }}\n");
    let cases = [
        case("registry.example/prod/app:v1", "accepted"),
        case("registry.example/other/app:v1", "refused"),
        case("registry.example/prod", "no-scope"),
        case("other.example/prod/app:v1", "no-scope"),
    ];
    sandbox.file("cluster.test.yaml", format!("policy: policy.yaml\ncases:\n{}", cases.concat()));
    sandbox.run(&["policy", "test", "cluster.test.yaml"]).ok();

    let encoded = sandbox.run(&["policy", "import", "cluster.yaml"]).code(2);
    assert!(encoded.stderr.contains("policy-prod-authority-0.pub"), "{}", encoded.stderr);
    sandbox.file("key.pub", &key);
    let place = sandbox.path().join("key.pub").display().to_string();
    let json = format!(
        r#"{{"default":[{{"type":"reject"}}],"transports":{{"docker":{{"registry.example/prod":[{{"type":"sigstoreSigned",
        "keyPath":"{place}","signedIdentity":{{"type":"exactRepository","dockerRepository":"registry.example/never"}}}}]}}}}}}"#
    );
    sandbox.file("policy.json", json);
    sandbox.run(&["policy", "import", "--output-file", "containers.yaml", "policy.json"]).ok();
    // It was signed under another name.
    let cases =
        [case("registry.example/prod/app:v1", "refused"), case("registry.example/b/app:v1", "refused")];
    sandbox.file("containers.test.yaml", format!("policy: containers.yaml\ncases:\n{}", cases.concat()));
    sandbox.run(&["policy", "test", "containers.test.yaml"]).ok();
}

/// The Rego of a cluster is asked as the cluster asks it.
#[test]
fn imported_rego_is_asked_as_it_was() {
    let sandbox = Sandbox::new();
    let attestations = source("controller-attestations/source.yaml");
    sandbox.run(&["policy", "import", "--output-file", "policy.yaml", &attestations]).code(1);
    let statement = |builder: &str| {
        let subject = format!(r#"{{"name":"a","digest":{{"sha256":"{}"}}}}"#, "a".repeat(64));
        format!(
            r#"{{"_type":"https://in-toto.io/Statement/v1","subject":[{subject}],"predicateType":"https://slsa.dev/provenance/v1","predicate":{{"runDetails":{{"builder":{{"id":"{builder}"}}}}}}}}"#
        )
    };
    sandbox.file("good.json", statement("https://ci.example/release"));
    sandbox.file("bad.json", statement("https://ci.example/other"));
    let case = |file: &str, expect: &str| {
        format!(
            "- {{ image: registry.example/prod/app:v1, statement: {file}, scope: provenance, expect: {expect} }}\n"
        )
    };
    let cases = case("good.json", "accepted") + &case("bad.json", "refused");
    sandbox.file("a.test.yaml", format!("policy: policy.yaml\ncases:\n{cases}"));
    sandbox.run(&["policy", "test", "a.test.yaml"]).ok();
}
