//! `--policy-file` and the commands around policy files.

use rcosign::internals::sandbox::registry::{Options, Registry};

use crate::support::{Output, Sandbox, repository};

/// A sandbox with keys `a` and `b`, signatures of `artifact.txt` by each, and an attestation by `a`.
pub fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.file("artifact.txt", "an artifact\n");
    sandbox.file("other.txt", "another one\n");
    sandbox.file("predicate.json", "{\"builder\":{\"id\":\"https://ci.example\"}}");
    for key in ["a", "b"] {
        sandbox.run(&["generate-key-pair", "--output-key-prefix", key]).ok();
        let (key, bundle) = (format!("{key}.key"), format!("{key}.sigstore.json"));
        sandbox.run(&["sign-blob", "--key", &key, "--offline", "--bundle", &bundle, "artifact.txt"]).ok();
    }
    let attest = ["attest-blob", "--key", "a.key", "--offline", "--type", "slsaprovenance1"];
    let files = ["--predicate", "predicate.json", "--bundle", "a.att.json", "artifact.txt"];
    sandbox.run(&[&attest[..], &files].concat()).ok();
    sandbox
}

pub const SIGNERS: &str = "version: 1\nsigners:\n  a: { key: a.pub }\n  b: { key: b.pub }\nscopes:\n";

fn verify(sandbox: &Sandbox, scopes: &str, bundles: &[&str], more: &[&str]) -> Output {
    sandbox.file("policy.yaml", format!("{SIGNERS}{scopes}"));
    let bundles: Vec<&str> = bundles.iter().flat_map(|bundle| ["--bundle", *bundle]).collect();
    sandbox.run(&[&["verify-blob", "--policy-file", "policy.yaml"][..], &bundles, more].concat())
}

#[test]
fn every_fixture_comes_out_as_it_should() {
    let sandbox = Sandbox::new();
    let folder = repository().join("testdata/policy-file");
    let output = sandbox.run(&["policy", "test", folder.to_str().unwrap(), "-o", "json"]).ok();
    let tested: serde_json::Value = serde_json::from_str(&output.stdout).unwrap();
    let cases = tested["cases"].as_array().unwrap();
    let mut folders: Vec<&str> = cases.iter().filter_map(|case| case["file"].as_str()).collect();
    folders.dedup();
    assert!(folders.len() >= 50, "{}", folders.len());
    // Each of them accepts something, and refuses something.
    for file in folders {
        let text = std::fs::read_to_string(file).unwrap();
        assert!(text.contains("expect: accepted"), "{file}");
        assert!(text.contains("expect: refused") || text.contains("expect: no-scope"), "{file}");
    }
    // The same cases must be able to fail.
    let turned = sandbox.path().join("turned");
    copy(&folder.join("01-one-key"), &turned);
    let test = turned.join("test.yaml");
    let place = folder.join("01-one-key");
    let text = std::fs::read_to_string(&test).unwrap();
    let absolute = text
        .replace("../../", &format!("{}/../../", place.display()))
        .replace("policy: policy.yaml", &format!("policy: {}", place.join("policy.yaml").display()));
    std::fs::write(
        &test,
        absolute
            .replace("expect: accepted", "expect: REFUSED")
            .replace("expect: refused", "expect: accepted")
            .replace("REFUSED", "refused"),
    )
    .unwrap();
    sandbox.run(&["policy", "test", "turned"]).code(1).says("4 of 4 cases");
}

fn copy(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

#[test]
fn files_by_keys() {
    let sandbox = sandbox();
    let scope = |rest: &str| format!("  - {{ name: s, files: ['*.txt'], log: not-required, {rest} }}\n");
    let both = ["a.sigstore.json", "b.sigstore.json"];
    verify(&sandbox, &scope("signatures: a"), &both[..1], &["artifact.txt"]).ok().says("Verified OK");
    verify(&sandbox, &scope("signatures: b"), &both[..1], &["artifact.txt"]).code(7).says("policy explain`");
    verify(&sandbox, &scope("signatures: { all: [a, b] }"), &both, &["artifact.txt"]).ok();
    let one = verify(&sandbox, &scope("signatures: { all: [a, b] }"), &both[..1], &["artifact.txt"]);
    one.code(7).says("1 of 2 found").says("nothing that counts is by b");
    let twice = [both[0], both[0]];
    verify(&sandbox, &scope("signatures: { all: [a, b] }"), &twice, &["artifact.txt"]).code(7);
    verify(&sandbox, &scope("signatures: a"), &both, &["other.txt"]).code(7);
    verify(&sandbox, &scope("signatures: a"), &[], &["artifact.txt"]).code(7);
    verify(&sandbox, &scope("signatures: a"), &["a.att.json"], &["artifact.txt"]).code(7);
    verify(&sandbox, &scope("accept: true").replace(" log: not-required,", ""), &[], &["artifact.txt"])
        .ok()
        .says("WARNING: `artifact.txt` is accepted without any signature")
        .says("Accepted without a signature");
    verify(&sandbox, &scope("signatures: a"), &both, &["policy.yaml"])
        .code(7)
        .says("no scope of `policy.yaml`");
    let logged = scope("signatures: a").replace(" log: not-required,", "");
    verify(&sandbox, &logged, &both, &["artifact.txt"]).code(7);
    let attested = scope("attestations: [{ type: slsaprovenance1, signers: a }]");
    verify(&sandbox, &attested, &["a.att.json"], &["artifact.txt"]).ok();
    verify(&sandbox, &attested, &both, &["artifact.txt"]).code(7);
    sandbox
        .run(&[
            "verify-blob-attestation",
            "--policy-file",
            "policy.yaml",
            "--bundle",
            "a.att.json",
            "artifact.txt",
        ])
        .ok();
}

/// One of the bundles that patterns name is enough where the policy file says so; what has none is unsigned, and that is one verdict.
#[test]
fn bundles_that_are_not_there_count_as_nothing() {
    let sandbox = sandbox();
    for name in ["one.txt", "two.txt", "bare.txt"] {
        sandbox.file(name, "an artifact\n");
    }
    for (from, to) in [("a", "one.txt.a"), ("b", "one.txt.b"), ("a", "two.txt.a")] {
        sandbox.file(to, sandbox.read(&format!("{from}.sigstore.json")));
    }
    let scope = |rest: &str| format!("  - {{ name: s, files: ['*.txt'], log: not-required, {rest} }}\n");
    let (any, all) = (scope("signatures: { any: [a, b] }"), scope("signatures: { all: [a, b] }"));
    let patterns = ["{}.a", "{}.b"];
    verify(&sandbox, &any, &patterns, &["one.txt", "two.txt"]).ok();
    verify(&sandbox, &all, &patterns, &["one.txt"]).ok();
    let output = verify(&sandbox, &all, &patterns, &["one.txt", "two.txt"]).code(7);
    let output = output.says("`two.txt.b` does not exist");
    assert!(!output.stderr.contains("two.txt.a` does not exist"), "{}", output.stderr);
    for (bundles, files) in [
        (&[][..], &["bare.txt"][..]),
        (&[], &["bare.txt", "bare.txt"]),
        (&["{}.a"], &["bare.txt"]),
        (&patterns, &["bare.txt", "one.txt"]),
    ] {
        let output = verify(&sandbox, &any, bundles, files).code(7);
        let _ = output.says("does not satisfy the scope `s`");
    }
    verify(&sandbox, &any, &patterns, &["missing.txt", "one.txt"]).code(11).says("missing.txt");
    // One that is there and is none is not passed over.
    sandbox.file("two.txt.b", "x");
    verify(&sandbox, &any, &patterns, &["two.txt", "one.txt"]).code(3);
}

#[test]
fn two_policy_files_are_an_error() {
    let sandbox = sandbox();
    for line in ["verify-blob artifact.txt", "verify r.example/a:1", "policy explain artifact.txt"] {
        let line: Vec<&str> = line.split(' ').chain(["--policy-file", "p", "--policy-file=q"]).collect();
        let output = sandbox.run(&line).code(2).says("--policy-file is given more than once");
        let _ = output.says("give --policy-file once");
    }
}

#[test]
fn nothing_beside_a_policy_file_says_what_is_asked() {
    let sandbox = sandbox();
    let scope = "  - { name: s, files: ['*.txt'], images: ['**'], signatures: a }\n";
    for flags in [
        &["--key", "a.pub"][..],
        &["--certificate-identity", "x"],
        &["--certificate-oidc-issuer-regexp", "x"],
        &["--certificate-github-workflow-sha", "x"],
        &["--no-log"],
        &["--insecure-ignore-tlog"],
        &["--insecure-ignore-tlog=false"],
        &["--private-infrastructure"],
        &["--insecure-ignore-sct"],
        &["--use-signed-timestamps"],
        &["--signature-digest-algorithm", "sha256"],
    ] {
        let more = [flags, &["artifact.txt"]].concat();
        verify(&sandbox, scope, &["a.sigstore.json"], &more).code(2).says("--policy-file and --");
        let image = [&["verify", "--policy-file", "policy.yaml"][..], flags, &["r.example/a:1"]].concat();
        sandbox.run(&image).code(2).says("--policy-file and --");
    }
    for flags in
        [&["--annotations", "a=b"][..], &["--check-claims=false"], &["--attachment", "sbom"], &["--sct", "x"]]
    {
        let image = [&["verify", "--policy-file", "policy.yaml"][..], flags, &["r.example/a:1"]].concat();
        sandbox.run(&image).code(2).says("--policy-file and --");
    }
    for flags in [&["--type", "vuln"][..], &["--policy", "x.rego"], &["--repo", "org/repo"]] {
        for command in ["verify-attestation", "verify-blob-attestation"] {
            let line = [&[command, "--policy-file", "policy.yaml"][..], flags, &["a"]].concat();
            sandbox.run(&line).code(2).says("--policy-file and --");
        }
    }
    verify(&sandbox, scope, &["a.sigstore.json"], &["--policy-file=", "artifact.txt"]).code(2);
    // No variable names one, and none is looked for in the folder.
    let line = ["verify-blob", "--bundle", "a.sigstore.json", "artifact.txt"];
    sandbox.rcosign(&line).env("COSIGN_POLICY_FILE", "policy.yaml").run().code(2).says("nobody is named");
    sandbox.file("root.json", "{}");
    let trust = "trust: { root: root.json }\n";
    sandbox.file("trusting.yaml", format!("{trust}{SIGNERS}{scope}"));
    let line = ["verify-blob", "--policy-file", "trusting.yaml", "--trusted-root", "root.json"];
    sandbox
        .run(&[&line[..], &["--bundle", "a.sigstore.json", "artifact.txt"]].concat())
        .code(2)
        .says("two roots");
}

#[test]
fn images_of_a_registry() {
    let sandbox = sandbox();
    let registry = Registry::start(Options::default()).unwrap();
    let digest = registry.contents().plant_image("prod/app", "v1");
    let _ = registry.contents().plant_image("dev/app", "v1");
    let host = registry.address().to_string();
    let app = format!("{host}/prod/app:v1");
    for key in ["a.key", "b.key"] {
        sandbox.run(&["sign", "--key", key, "--offline", "--yes", &app]).ok();
    }
    let attest = ["attest", "--key", "a.key", "--offline", "--yes", "--type", "slsaprovenance1"];
    sandbox.run(&[&attest[..], &["--predicate", "predicate.json", &app]].concat()).ok();
    let policy = |rest: &str| {
        let scopes = format!(
            "  - {{ name: prod, images: ['{host}/prod/**'], log: not-required, {rest} }}\n  - {{ name: dev, images: ['{host}/dev/**'], accept: true }}\n"
        );
        sandbox.file("policy.yaml", format!("{SIGNERS}{scopes}"));
    };
    let run = |command: &str, images: &[&str]| {
        sandbox.run(&[&[command, "--policy-file", "policy.yaml"][..], images].concat())
    };
    policy("signatures: { all: [a, b] }, attestations: [{ type: slsaprovenance1, signers: a }]");
    let output = run("verify", &[&app]).ok().says("The scope `prod` of the policy file accepts it");
    assert_eq!(output.stdout.matches("docker-manifest-digest").count(), 2, "{}", output.stdout);
    let output = run("verify-attestation", &[&app]).ok();
    assert_eq!(output.stdout.lines().count(), 1);
    assert!(output.stdout.contains("payloadType"));
    run("verify", &[&format!("{host}/prod/app@{digest}")]).ok();
    run("verify", &[&format!("{host}/dev/app:v1")]).ok().says("accepted without any signature");
    run("verify", &[&format!("{host}/other/app:v1")]).code(7).says("no scope of `policy.yaml`");
    run("verify", &[&app, &format!("{host}/other/app:v1")]).code(7).says("1 of 2 images");
    // Whoever signed what.
    policy("signatures: a, attestations: [{ type: slsaprovenance1, signers: b }]");
    run("verify", &[&app]).code(7).says("attestations[0] (slsaprovenance1): b: 0 of 1 found");
    policy("attestations: [{ type: spdxjson, signers: a }]");
    run("verify", &[&app]).code(7);
    policy("signatures: a, annotations: { env: prod }");
    run("verify", &[&app]).code(7);
    // The report, and the explanation.
    policy("signatures: { at-least: 2, of: [a, b] }");
    run("verify", &[&app, "--report", "json=report.json"]).ok();
    let report: serde_json::Value = serde_json::from_slice(&sandbox.read("report.json")).unwrap();
    let judged = &report["images"][0]["policy"];
    assert_eq!(judged["verdict"], "accepted");
    assert_eq!((&judged["scope"], &judged["demands"][0]["found"]), (&"prod".into(), &2.into()));
    let explained = run("policy explain", &[]).code(2);
    drop(explained);
    let explain = |image: &str| sandbox.run(&["policy", "explain", "--policy-file", "policy.yaml", image]);
    let told = explain(&app).ok();
    for words in
        ["scope     prod, by its pattern", "2 distinct signers of a, b: met", "counts: a (key sha256:"]
    {
        assert!(told.stdout.contains(words), "{words}: {}", told.stdout);
    }
    policy("signatures: { at-least: 2, of: [a, b] }, max-age: 1d");
    let told = explain(&app).code(7);
    for words in ["NOT met", "does not count: a", "nothing proves when", "would do: 2 more, by any of: a, b"]
    {
        assert!(told.stdout.contains(words), "{words}: {}", told.stdout);
    }
    // Dockerfiles and manifests.
    policy("signatures: a");
    sandbox.file("Dockerfile", format!("FROM {app}\n"));
    sandbox.run(&["dockerfile", "verify", "--policy-file", "policy.yaml", "Dockerfile"]).ok();
    sandbox.file("Dockerfile", format!("FROM {host}/other/app:v1\n"));
    sandbox.run(&["dockerfile", "verify", "--policy-file", "policy.yaml", "Dockerfile"]).code(7);
    let pod = format!("apiVersion: v1\nkind: Pod\nspec: {{containers: [{{image: '{app}'}}]}}\n");
    sandbox.file("pod.yaml", pod);
    sandbox.run(&["manifest", "verify", "--policy-file", "policy.yaml", "pod.yaml"]).ok();
}

#[test]
fn a_name_with_tag_and_digest_is_judged_by_its_digest() {
    let sandbox = sandbox();
    let registry = Registry::start(Options::default()).unwrap();
    let digest = registry.contents().plant_image("app", "v1");
    let host = registry.address().to_string();
    let scopes = format!("  - {{ name: dev, images: ['{host}/app:dev'], accept: true }}\n");
    sandbox.file("policy.yaml", format!("{SIGNERS}{scopes}"));
    let image = format!("{host}/app:dev@{digest}");
    sandbox.run(&["verify", "--policy-file", "policy.yaml", &image]).code(7).says("no scope");
}

#[test]
fn mistakes_are_named_with_their_lines() {
    let sandbox = sandbox();
    let check = |text: &str, flags: &[&str]| {
        sandbox.file("policy.yaml", text);
        sandbox.run(&[&["policy", "check", "policy.yaml"][..], flags].concat())
    };
    let sound = format!("{SIGNERS}  - name: s\n    files: ['*.txt']\n    signatures: {{ any: [a, b] }}\n");
    check(&sound, &["--strict"]).ok().says("2 signers; scopes: s; 0 doubtful places");
    check(&sound.replace("signatures", "signature"), &[])
        .code(3)
        .says("policy.yaml:8:5: scopes[0].signature");
    check(&sound.replace("[a, b]", "[a, c]"), &[])
        .code(3)
        .says("policy.yaml:8:28: scopes[0].signatures.any[1]");
    check(&sound.replace("[a, b]", "[]"), &[]).code(3).says("empty");
    check(&sound.replace("version: 1", "version: 1\nversion: 1"), &[]).code(3).says("appears twice");
    check(&sound.replace("b.pub", "c.pub"), &[]).code(3).says("signer `b`");
    check("", &[]).code(3).says("empty");
    check("a: &a [*a]", &[]).code(3);
    check(&format!("{sound}---\n{sound}"), &[]).code(3).says("more than one document");
    // All mistakes at once: of signers, of scopes, and of several in one scope.
    let many = sound.replace("b.pub }", "b.pub, x: 1 }").replace("any: [a, b]", "any: [a, c]")
        + "    max-age: 3\n    attestations: [{ type: vuln, signers: z }, { type: vuln, signers: y }]\n  - { name: t, files: [a], accept: 1 }\n";
    let places = [
        "signers.b",
        "signatures.any[1]",
        "max-age",
        "attestations[0].signers",
        "attestations[1].signers",
        "scopes[1].accept",
    ];
    places.iter().fold(check(&many, &[]).code(3), |all, place| all.says(place));
    // Also beside members that nobody knows, of the whole file and within it.
    let slips = many
        .replace("version: 1", "verson: 1\ntrust: { rot: x }\nextra: 1")
        .replace("x: 1 }", "x: 1, y: 2 }")
        .replace("    max-age: 3\n", "    max-age: 3\n    colour: red\n    shape: round\n");
    let more = [
        "1:1: verson",
        "`version` is missing",
        "2:10: trust.rot",
        "3:1: extra",
        "signers.b.x",
        "signers.b.y",
        "colour",
        "shape",
    ];
    more.iter().chain(&places).fold(check(&slips, &[]).code(3), |all, place| all.says(place));
    // Of a version that is not known nothing else is.
    let other = check(&slips.replace("verson: 1", "version: 2"), &[]).code(3).says("version 1");
    assert!(!other.stderr.contains("signers.b.x"), "{}", other.stderr);
    let files = sound.replace("a.pub", "x.pub").replace("b.pub", "y.pub");
    check(&files, &[]).code(3).says("signer `a`").says("signer `b`");
    let doubtful = sound.replace("any: [a, b]", "any: [a]");
    let found = check(&doubtful, &[]).ok();
    assert!(
        found.stdout.contains("policy.yaml:4:3:") && found.stdout.contains("(unused)"),
        "{}",
        found.stdout
    );
    check(&doubtful, &["--strict"]).code(3).says("1 doubtful place");
    // Two files with one key.
    sandbox.file("b.pub", sandbox.read("a.pub"));
    let found = check(&sound.replace("any", "all"), &[]).ok();
    assert!(found.stdout.contains("(impossible)"), "{}", found.stdout);
    sandbox.run(&["policy", "check", "nothing.yaml"]).code(3);
    sandbox.run(&["policy", "check"]).code(2);
}

#[test]
fn slips_are_told_with_their_line_and_what_to_write() {
    let sandbox = sandbox();
    let head = "version: 1\nsigners:\n  a: { key: keys/none.pub }\nscopes:\n";
    let check = |scope: &str| {
        sandbox.file("slip.yaml", format!("{head}{scope}"));
        sandbox.run(&["policy", "check", "--strict", "slip.yaml"]).code(3)
    };
    let missing = check("  - { name: s, files: ['*'], signatures: a }\n");
    missing.says("slip.yaml:3:3: signers.a").says("starts at the folder of the policy file");
    check("  - { name: s, files: [**/prod], signatures: a }\n")
        .says("slip.yaml:5:24: not YAML: an alias (`*`)")
        .says("quotation marks");
    check("  - { name: s, files: ['*'], accept: yes }\n").says("write `accept: true`");
    sandbox.file("open.yaml", "version: 1\nscopes:\n  - { name: s, files: ['dev/*'], accept: true }\n");
    sandbox.run(&["policy", "check", "--strict", "open.yaml"]).ok().says("0 doubtful places");
    sandbox.file(
        "typed.yaml",
        format!("{SIGNERS}  - {{ name: s, files: ['x/*'], attestations: [{{ type: slsaprovenanc1, signers: {{ any: [a, b] }} }}] }}\n"),
    );
    let typed = sandbox.run(&["policy", "check", "--strict", "typed.yaml"]).code(3);
    assert!(typed.stdout.contains("did you mean `slsaprovenance1`? (plain-type)"), "{}", typed.stdout);
    for (case, words) in [
        (
            "- { file: x.txt, expects: accepted }",
            ["x.test.yaml:3:20: cases[0].expects", "did you mean `expect`?"],
        ),
        ("- { file: x.txt }", ["x.test.yaml:3:5: cases[0]", "`expect` is missing"]),
        (
            "- { file: x.txt, expect: acepted }",
            [
                "x.test.yaml:3:20: cases[0]",
                "`expect` is one of `accepted`, `refused`, `no-scope`, `accepted-unsigned`, and not `acepted`",
            ],
        ),
    ] {
        sandbox.file("x.test.yaml", format!("policy: open.yaml\ncases:\n  {case}\n"));
        let run = sandbox.run(&["policy", "test", "x.test.yaml"]).code(3);
        words.iter().fold(run, |run, words| run.says(words));
    }
}

/// What would slip past a scope by another spelling of its registry is refused, and so is a search that leaves forms out.
#[test]
fn no_other_spelling_and_no_smaller_search() {
    let sandbox = Sandbox::new();
    let scopes = "version: 1\nscopes:\n- {name: no, images: ['127.0.0.1:5000/**'], refuse: true}\n\
                  - {name: others, images: ['**'], accept: true}\n";
    sandbox.file("policy.yaml", scopes);
    let verify = |more: &[&str]| sandbox.run(&[&["verify", "--policy-file", "policy.yaml"], more].concat());
    let _ = verify(&["127.0.0.1:5000/app:v1"]).code(7);
    for registry in ["127.0.0.1:05000", "127.1:5000", "2130706433:5000", "127.0.0.01:5000"] {
        let _ = verify(&["--allow-http-registry", &format!("{registry}/app:v1")])
            .code(2)
            .says("is another spelling of");
    }
    for flag in ["--new-bundle-format", "--experimental-oci11"] {
        let _ = verify(&[flag, "registry.example/app:v1"]).code(2).says(flag);
    }
}

#[test]
fn what_a_flag_would_leave_unseen_is_no_verdict() {
    let sandbox = sandbox();
    sandbox.file(
        "policy.yaml",
        format!("{SIGNERS}  - {{ name: s, images: ['r.example/**'], signatures: a }}\n"),
    );
    let line = ["verify", "--policy-file", "policy.yaml", "r.example/a:1"];
    for flag in ["--attachment-tag-prefix=x-", "--new-bundle-format", "--experimental-oci11"] {
        let output =
            sandbox.run(&[&line[..], &[flag]].concat()).code(2).says("all that is attached is looked at");
        assert!(!output.stderr.contains("write it into"), "{}", output.stderr);
    }
    sandbox
        .rcosign(&line)
        .env("COSIGN_ATTACHMENT_TAG_PREFIX", "x-")
        .run()
        .code(2)
        .says("--attachment-tag-prefix");
    let explain =
        ["policy", "explain", "--policy-file", "policy.yaml", "--attachment-tag-prefix=x-", "r.example/a:1"];
    sandbox.run(&explain).code(2).says("--policy-file and --attachment-tag-prefix");
    let type_ = "https://sigstore.dev/cosign/sign/v1";
    let scope = format!(
        "  - {{ name: s, images: ['r.example/**'], attestations: [{{ type: '{type_}', signers: a }}] }}\n"
    );
    sandbox.file("policy.yaml", format!("{SIGNERS}{scope}"));
    sandbox.run(&["policy", "check", "policy.yaml"]).code(3).says("ask for them with `signatures`");
}

/// What a policy file names and what is not there, or is something else, is told with the line that names it.
#[test]
fn what_is_named_and_missing_is_told_with_its_line() {
    let sandbox = sandbox();
    std::fs::create_dir(sandbox.path().join("policies")).unwrap();
    let scope = "  - name: s\n    files: ['*.txt']\n    log: not-required\n    attestations:\n      - { type: t, signers: a, rules: [{ rego: [no.rego] }] }\n";
    sandbox.file(
        "policies/policy.yaml",
        format!("{SIGNERS}{scope}").replace(" a.pub", " ../a.pub").replace(" b.pub", " ../b.pub"),
    );
    for line in [
        &["policy", "check"][..],
        &["verify-blob", "--bundle", "a.sigstore.json", "artifact.txt", "--policy-file"],
    ] {
        let output = sandbox.run(&[line, &["policies/policy.yaml"]].concat()).code(3);
        let output = output.says("policies/policy.yaml:10:").says(": scopes[0].attestations[0].rules[0]");
        output.says("policies/no.rego").says("starts at the folder of the policy file");
    }
    let rooted = |root: &str| {
        let scope = "  - { name: s, files: ['*.txt'], log: not-required, signatures: a }\n";
        sandbox.file("policy.yaml", format!("trust: {{ root: {root} }}\n{SIGNERS}{scope}"));
    };
    rooted("no.json");
    sandbox
        .run(&["policy", "check", "policy.yaml"])
        .code(4)
        .says("policy.yaml:1:10: trust.root")
        .says("no.json");
    let line = ["verify-blob", "--policy-file", "policy.yaml", "--bundle", "a.sigstore.json", "artifact.txt"];
    sandbox.run(&line).code(4).says("policy.yaml:1:10: trust.root").says("no.json");
    sandbox.file("root.json", "{ \"garbage\": true }");
    rooted("root.json");
    sandbox
        .run(&["policy", "check", "policy.yaml"])
        .code(4)
        .says("policy.yaml:1:10: trust.root")
        .says("root.json");
}

#[test]
fn statements_that_nobody_signed_try_the_rules() {
    let sandbox = sandbox();
    std::fs::create_dir(sandbox.path().join("cases")).unwrap();
    sandbox.file(
        "rule.rego",
        "package signature\nallow { input.predicate.builder.id == \"https://ci.example\" }\n",
    );
    let scopes = "  - { name: s, images: ['r.example/prod/**'], signatures: b, attestations: [{ type: slsaprovenance1, signers: a, \
                  rules: [{ rego: [rule.rego] }] }] }\n  - { name: open, files: ['open/*'], accept: true }\n  - { name: shut, files: ['shut/*'], refuse: true }\n";
    sandbox.file("policy.yaml", format!("{SIGNERS}{scopes}"));
    let statement = |name: &str, kind: &str, builder: &str| {
        sandbox.file(name, format!(
            r#"{{"_type":"https://in-toto.io/Statement/v1","subject":[{{"name":"a","digest":{{"sha256":"{}"}}}}],"predicateType":"{kind}","predicate":{{"builder":{{"id":"{builder}"}}}}}}"#,
            "a".repeat(64)
        ));
    };
    statement("good.json", "https://slsa.dev/provenance/v1", "https://ci.example");
    statement("bad.json", "https://slsa.dev/provenance/v1", "https://other.example");
    statement("other.json", "https://slsa.dev/provenance/v0.2", "https://ci.example");
    sandbox.file("no.json", "{}");
    let cases = [
        ("image: r.example/prod/a:1", "good.json", "accepted"),
        ("image: r.example/prod/a:1", "bad.json", "refused"),
        ("image: r.example/prod/a:1", "other.json", "refused"),
        ("image: r.example/dev/a:1", "good.json", "no-scope"),
        ("file: open/a", "bad.json", "accepted-unsigned"),
        ("file: shut/a", "good.json", "refused"),
    ];
    let text: String = cases
        .iter()
        .map(|(what, file, expect)| format!("- {{ {what}, statement: {file}, expect: {expect} }}\n"))
        .collect();
    sandbox.file(
        "cases/a.test.yml",
        format!("policy: ../policy.yaml\ncases:\n{}", text.replace("statement: ", "statement: ../")),
    );
    sandbox.run(&["policy", "test", "cases"]).ok();
    sandbox.file(
        "cases/a.test.yml",
        format!(
            "policy: ../policy.yaml\ncases:\n{}",
            text.replace("expect: accepted }", "expect: refused }")
        ),
    );
    sandbox.run(&["policy", "test", "cases"]).code(1);
    let no_verdict = |statement: &str| {
        let case = format!("- {{ image: r.example/prod/a:1, statement: {statement}, expect: refused }}\n");
        sandbox.file("cases/a.test.yml", format!("policy: ../policy.yaml\ncases:\n{case}"));
        let output = sandbox.run(&["policy", "test", "cases"]).code(1);
        assert!(output.stdout.contains("there is no verdict"), "{}", output.stdout);
    };
    ["missing.json", "../no.json"].into_iter().for_each(no_verdict);
}

/// A mistake in one file keeps nobody from knowing what came of the others.
#[test]
fn all_cases_are_judged_where_one_file_has_a_mistake() {
    let sandbox = sandbox();
    std::fs::create_dir(sandbox.path().join("cases")).unwrap();
    let scope = "  - { name: s, files: ['*.txt'], log: not-required, signatures: a }\n";
    sandbox.file("good.yaml", format!("{SIGNERS}{scope}"));
    sandbox.file("broken.yaml", format!("{SIGNERS}{}", scope.replace("signatures", "signature")));
    let case = |expect: &str| {
        format!(
            "- {{ file: artifact.txt, content: ../artifact.txt, bundles: [../a.sigstore.json], expect: {expect} }}\n"
        )
    };
    let cases = |name: &str, policy: &str, case: &str| {
        sandbox.file(&format!("cases/{name}.test.yaml"), format!("policy: ../{policy}\ncases:\n{case}"));
    };
    cases("a", "broken.yaml", &case("accepted"));
    cases("b", "good.yaml", &case("accepted"));
    cases("c", "good.yaml", &case("acepted"));
    cases("d", "good.yaml", &(case("refused") + "- { expect: refused }\n" + &case("accepted")));
    let output = sandbox.run(&["policy", "test", "cases"]).code(3);
    let output = output
        .says("2 passed, 1 failed, 3 not judged")
        .says("3 files or cases could not be judged, and 1 of 3 cases");
    for line in [
        "ERROR   cases/a.test.yaml: the policy file `cases/../broken.yaml` cannot be used: cases/../broken.yaml:6:53: scopes[0].signature: `signature` is not known here",
        "ok      cases/b.test.yaml: case 1",
        "ERROR   cases/c.test.yaml: the cases in `cases/c.test.yaml` cannot be used: cases/c.test.yaml:3:82: cases[0].expect: `expect` is one of",
        "FAILED  cases/d.test.yaml: case 1: expected refused, and it is accepted",
        "ERROR   cases/d.test.yaml: case 2: the cases in `cases/d.test.yaml` cannot be used: cases/d.test.yaml:4:3: cases[1]: a case is about",
        "ok      cases/d.test.yaml: case 3",
    ] {
        assert!(output.stdout.contains(line), "{line}\n{}", output.stdout);
    }
    let output = sandbox.run(&["policy", "test", "cases", "-o", "json"]).code(3);
    let tested: serde_json::Value = serde_json::from_str(&output.stdout).unwrap();
    assert_eq!((&tested["passed"], &tested["failed"]), (&2.into(), &1.into()));
    assert_eq!(tested["errors"].as_array().unwrap().len(), 3);
    assert_eq!(tested["errors"][0]["code"], "format");
    // Without a mistake, what did not come out as it should decides.
    ["a", "c"].iter().for_each(|name| cases(name, "good.yaml", &case("accepted")));
    cases("d", "good.yaml", &case("refused"));
    sandbox.run(&["policy", "test", "cases"]).code(1).says("1 of 4 cases did not come out as they should");
    // A policy file is none with cases.
    let output = sandbox.run(&["policy", "test", "good.yaml"]).code(3).says("`good.yaml` is a policy file");
    output.says("`rcosign policy check good.yaml`").says("test.yaml");
}

/// What no statement can satisfy is said before one is asked for, by all of its words.
#[test]
fn what_nothing_can_meet_is_found() {
    let sandbox = sandbox();
    sandbox.file("other.rego", "package other\nallow { true }\n");
    sandbox.file("none.rego", "package signature\ndeny { true }\n");
    sandbox.file("set.rego", "package signature\nimport rego.v1\nallow contains 1 if true\n");
    sandbox.file("sound.rego", "package signature\nallow { true }\n");
    let check = |kind: &str, rule: &str| {
        let demand = format!("[{{ type: {kind}, signers: {{ any: [a, b] }}, rules: [{rule}] }}]");
        sandbox.file(
            "policy.yaml",
            format!("{SIGNERS}  - {{ name: s, files: ['*.txt'], attestations: {demand} }}\n"),
        );
        sandbox.run(&["policy", "check", "--strict", "policy.yaml"])
    };
    for (kind, rule, words) in [
        (
            "cyclonedx",
            "{ vulnerabilities: { max-severity: high } }",
            "the rule `vulnerabilities` is about a vulnerability scan",
        ),
        ("spdxjson", "{ sbom: { format: cyclonedx } }", "and the type here is `https://spdx.dev/Document`"),
        (
            "slsaprovenance1",
            "{ slsa: { source: 'https://github.com/o/r', source-from: materials } }",
            "`source-from: materials` is a place in provenance v0.2",
        ),
        (
            "slsaprovenance1",
            "{ github: { repo: o/r } }",
            "the signer `a` cannot satisfy the rules: it is a key",
        ),
        ("vuln", "{ rego: [other.rego] }", "no file has a rule `allow` in `package signature`"),
        ("vuln", "{ rego: [set.rego] }", "the rule `allow` is a set of what it `contains`"),
        ("vuln", "{ rego: [none.rego] }", "no file has a rule `allow` in `package signature`"),
    ] {
        let output = check(kind, rule).code(3);
        let is_told =
            output.stdout.lines().any(|line| line.contains(words) && line.ends_with("(impossible)"));
        assert!(is_told, "{kind} {rule}: {}", output.stdout);
    }
    check("vuln", "{ rego: [sound.rego] }").ok().says("0 doubtful places");
    let explained = sandbox.run(&["explain", "impossible"]).ok();
    assert!(explained.stdout.contains("What to do: "), "{}", explained.stdout);
    // More logs than the root of the file has.
    std::fs::copy(
        repository().join("testdata/mock-sigstore/trusted_root.json"),
        sandbox.path().join("root.json"),
    )
    .unwrap();
    let logs = |count: usize| {
        let scope = format!(
            "  - {{ name: s, files: ['*.txt'], signatures: {{ any: [a, b] }}, log: {{ at-least: {count} }} }}\n"
        );
        sandbox.file("policy.yaml", format!("trust: {{ root: root.json }}\n{SIGNERS}{scope}"));
        sandbox.run(&["policy", "check", "--strict", "policy.yaml"])
    };
    logs(1).ok();
    let output = logs(9).code(3);
    assert!(
        output.stdout.contains("asks for 9 of transparency logs, and the trusted root"),
        "{}",
        output.stdout
    );
}

/// A bundle names no repository: whoever asks for one is told what does.
#[test]
fn the_name_under_which_an_image_was_signed_needs_the_older_format() {
    let sandbox = sandbox();
    let registry = Registry::start(Options::default()).unwrap();
    let _ = registry.contents().plant_image("prod/app", "v1");
    let host = registry.address().to_string();
    let app = format!("{host}/prod/app:v1");
    let scope = "log: not-required, signatures: { any: [a, b] }, signed-as: same-repository";
    sandbox
        .file("policy.yaml", format!("{SIGNERS}  - {{ name: prod, images: ['{host}/prod/**'], {scope} }}\n"));
    let checked = sandbox.run(&["policy", "check", "--strict", "policy.yaml"]).ok().says("0 doubtful places");
    assert!(
        checked.stdout.contains("`rcosign sign --new-bundle-format=false` makes them (signed-as)"),
        "{}",
        checked.stdout
    );
    sandbox.run(&["sign", "--key", "a.key", "--offline", "--yes", &app]).ok();
    let words = "it is in a bundle, which does not say under which name the image was signed";
    for command in [&["verify"][..], &["policy", "explain"]] {
        let output = sandbox.run(&[command, &["--policy-file", "policy.yaml", &app]].concat()).code(7);
        let told = format!("{}{}", output.stdout, output.stderr);
        assert!(told.contains(words) && told.contains("`rcosign sign --new-bundle-format=false`"), "{told}");
    }
    sandbox.run(&["sign", "--key", "a.key", "--offline", "--yes", "--new-bundle-format=false", &app]).ok();
    sandbox.run(&["verify", "--policy-file", "policy.yaml", &app]).ok();
}

/// A pipe of this name in a folder would be waited for without an end.
#[cfg(unix)]
#[test]
fn pipes_in_a_folder_are_no_policies_and_links_are_told() {
    let sandbox = sandbox();
    std::fs::create_dir(sandbox.path().join("cases")).unwrap();
    let pipe = |name: &str| {
        let _ = sandbox.program("/usr/bin/mkfifo".as_ref(), &[name]).run().ok();
    };
    sandbox.file("cases/one.test.yaml", "policy: ../policy.yaml\ncases:\n- { file: a, expect: no-scope }\n");
    sandbox.file("policy.yaml", format!("{SIGNERS}  - {{ name: s, files: ['*.txt'], signatures: a }}\n"));
    sandbox.file("cases/a", "a");
    std::os::unix::fs::symlink(sandbox.path().join("cases"), sandbox.path().join("cases/again")).unwrap();
    sandbox.run(&["policy", "test", "cases"]).ok().says("is a link to a folder");
    pipe("pipe.yaml");
    sandbox.run(&["policy", "check", "pipe.yaml"]).code(3).says("it is a device or a pipe");
    let line = ["verify-blob", "--policy-file", "pipe.yaml", "--bundle", "a.sigstore.json", "artifact.txt"];
    sandbox.run(&line).code(3).says("it is a device or a pipe");
    pipe("cases/two.test.yaml");
    sandbox.run(&["policy", "test", "cases"]).code(3).says("two.test.yaml");
}
