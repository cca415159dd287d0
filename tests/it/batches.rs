//! Many artifacts in one run: journals, shards, files, Compose files.

use serde_json::Value;

use crate::support::{Sandbox, repository};
use crate::verify_images::signed::World;

fn report(world: &World) -> Value {
    serde_json::from_slice(&world.sandbox.read("report.json")).unwrap()
}

#[test]
fn a_journal_passes_over_what_verified_by_its_digest_and_nothing_else() {
    let world = World::new(Default::default());
    let (good, late) = (world.image("good"), world.image("late"));
    world.sign_bundle(&good, "a");
    let args = |key: &'static str| {
        let (good, late) = (good.by_tag(), late.by_tag());
        let journal = ["--no-log", "--resume", "journal", "--report", "json=report.json"];
        ["verify", "--key", key]
            .into_iter()
            .chain(journal)
            .map(str::to_owned)
            .chain([good, late])
            .collect::<Vec<_>>()
    };
    let run = |key| {
        let args = args(key);
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        world.sandbox.run(&args)
    };
    let _ = run("a.pub").code(10);
    assert!(report(&world)["images"][0]["resumed"].is_null());
    // What was refused is judged again, and may verify by then.
    world.sign_bundle(&late, "a");
    let output = run("a.pub").ok();
    assert!(output.stderr.contains("1 image was verified by an earlier run"), "{}", output.stderr);
    let resumed = report(&world);
    assert_eq!(
        (&resumed["images"][0]["verified"], &resumed["images"][1]["verified"]),
        (&true.into(), &true.into())
    );
    assert!(resumed["images"][0]["resumed"].is_string() && resumed["images"][1]["resumed"].is_null());
    // Another key, also under the same name, makes it a run of other options.
    let _ = run("b.pub").code(3).says("other options");
    let key = world.sandbox.read("a.pub");
    world.sandbox.file("a.pub", world.sandbox.read("b.pub"));
    let _ = run("a.pub").code(3).says("other options");
    world.sandbox.file("a.pub", key);
    // The tag moves to an image that nobody signed.
    let unsigned = world.image("unsigned");
    let (kind, bytes) = world
        .registry
        .contents()
        .manifest(crate::verify_images::signed::REPOSITORY, &unsigned.digest)
        .unwrap();
    world.registry.contents().plant_manifest(
        crate::verify_images::signed::REPOSITORY,
        Some("good"),
        &kind,
        bytes,
    );
    let _ = run("a.pub").code(10);
    let text = world.sandbox.text("journal").replacen("late", "best", 1);
    world.sandbox.file("journal", text);
    let _ = run("a.pub").code(3).says("was changed");
    // What may be another one under the same digest, or the next time it is read, is not resumed.
    let tag = good.by_tag();
    let sbom = ["verify", "--key", "a.pub", "--no-log", "--resume", "other", "--attachment", "sbom", &tag];
    let _ = world.sandbox.run(&sbom).code(2).says("--resume does not go with --attachment");
    world.sandbox.file("p.rego", "package signature\nallow { data.ok }\n");
    let policy = ["--type", "custom", "--policy", "p.rego", "--policy-data", "-", "--resume", "third", &tag];
    let args = [&["verify-attestation", "--key", "a.pub", "--no-log"][..], &policy].concat();
    let output = world.sandbox.rcosign(&args).stdin(b"{\"ok\":true}").run();
    let _ = output.code(2).says("--resume cannot tell whether");
}

#[test]
fn the_shards_of_a_batch_judge_each_image_once() {
    let world = World::new(Default::default());
    let image = world.image("app");
    world.sign_bundle(&image, "a");
    let names: Vec<String> = (0..7)
        .map(|n| {
            let tag = format!("t{n}");
            let (kind, bytes) = world
                .registry
                .contents()
                .manifest(crate::verify_images::signed::REPOSITORY, &image.digest)
                .unwrap();
            world.registry.contents().plant_manifest(
                crate::verify_images::signed::REPOSITORY,
                Some(&tag),
                &kind,
                bytes,
            );
            image.by_tag().replace(":app", &format!(":{tag}"))
        })
        .collect();
    world.sandbox.file("list", names.join("\n"));
    let mut judged = Vec::new();
    for index in 0..3 {
        let args = [
            "verify",
            "--key",
            "a.pub",
            "--no-log",
            "--from-file",
            "list",
            "--report",
            "json=report.json",
            "--shard",
        ];
        let typed = format!("{}/3", index + 1);
        let _ = world.sandbox.run(&[&args[..], &[typed.as_str()]].concat()).ok();
        let by_flag = report(&world);
        let by_job = world
            .sandbox
            .rcosign(&[&args[..], &["3"]].concat())
            .env("JOB_COMPLETION_INDEX", &index.to_string());
        let _ = by_job.run().ok();
        assert_eq!(report(&world)["images"], by_flag["images"]);
        assert_eq!(by_flag["shard"], typed.as_str());
        judged.extend(
            by_flag["images"]
                .as_array()
                .unwrap()
                .iter()
                .map(|image| image["name"].as_str().unwrap().to_owned()),
        );
    }
    judged.sort();
    assert_eq!(judged, names);
    let args = ["verify", "--key", "a.pub", "--no-log", "--from-file", "list", "--shard", "3"];
    let _ = world
        .sandbox
        .rcosign(&args)
        .env("JOB_COMPLETION_INDEX", "3")
        .run()
        .code(2)
        .says("JOB_COMPLETION_INDEX");
}

#[test]
fn every_report_of_a_run_says_the_same() {
    let world = World::new(Default::default());
    let (good, unsigned) = (world.image("good"), world.image("unsigned"));
    world.sign_bundle(&good, "a");
    let (good, unsigned) = (good.by_tag(), unsigned.by_tag());
    let args = [
        "verify",
        "--key",
        "a.pub",
        "--no-log",
        "--report",
        "junit=r.xml",
        "--report",
        "sarif=r.sarif",
        "--report",
        "text=r.txt",
        "--report",
        "github",
    ];
    world.sandbox.file("summary.md", "before\n");
    let summary = world.sandbox.at("summary.md");
    let run = world.sandbox.rcosign(&[&args[..], &[good.as_str(), unsigned.as_str()]].concat());
    let output = run.env("GITHUB_STEP_SUMMARY", summary.to_str().unwrap()).run().code(10);
    assert!(
        output.stdout.starts_with("::error title=refused%3A ") && output.stdout.lines().count() == 2,
        "{}",
        output.stdout
    );
    let text = world.sandbox.text("summary.md");
    assert!(text.starts_with("before\n### rcosign verify\n") && text.contains("1 refused"), "{text}");
    let sarif: Value = serde_json::from_slice(&world.sandbox.read("r.sarif")).unwrap();
    assert_eq!(sarif["runs"][0]["results"][0]["ruleId"], "no-signature");
    assert!(world.sandbox.text("r.xml").contains("tests=\"2\" failures=\"1\" errors=\"0\""));
    let text = world.sandbox.text("r.txt");
    assert!(text.contains(&format!("{good}: verified\n")) && !text.contains('\u{1b}'), "{text}");
}

#[test]
fn compose_files_and_their_variables() {
    let world = World::new(Default::default());
    let (good, unsigned) = (world.image("good"), world.image("unsigned"));
    world.sign_bundle(&good, "a");
    let name = good.by_tag();
    let repository = name.strip_suffix(":good").unwrap();
    world.sandbox.file(
        "compose.yaml",
        format!("services:\n  app: {{image: \"{repository}:${{TAG:-good}}\"}}\n  own: {{build: .}}\n"),
    );
    world.sandbox.file("other.yaml", format!("services:\n  app: {{image: \"{}\"}}\n", unsigned.by_tag()));
    let args = ["compose", "verify", "--key", "a.pub", "--no-log"];
    let run = |more: &[&str]| world.sandbox.rcosign(&[&args[..], more].concat());
    let output = run(&["compose.yaml"]).run().ok();
    assert!(output.stderr.contains("the service `own` is built"), "{}", output.stderr);
    let _ = run(&["compose.yaml", "other.yaml"]).run().code(10);
    let _ = run(&["compose.yaml"]).env("TAG", "unsigned").run().code(10);
    // Compose reads it, so what is judged is what runs.
    world.sandbox.file(".env", "TAG=unsigned\n");
    let _ = run(&["compose.yaml"]).run().code(10).says(".env");
    let _ = run(&["compose.yaml"]).env("TAG", "good").run().ok();
    world.sandbox.file("vars", "TAG=good\n");
    let _ = run(&["--env-file", "vars", "compose.yaml"]).run().ok();
    let _ = run(&["-"]).stdin(format!("services: {{a: {{image: \"{name}\"}}}}")).run().ok();
}

/// The journal of a run by a policy file holds for that file and all that it names, and for what was verified alone.
#[test]
fn a_journal_is_bound_to_the_policy_file_and_all_that_it_names() {
    let world = World::new(Default::default());
    let sandbox = &world.sandbox;
    let (good, free) = (world.image("good"), world.image("free"));
    world.sign_bundle(&good, "a");
    let attested = world.bundle(&good, "a", "https://example.com/type", &serde_json::json!({}));
    world.refer("app/one", &good, crate::verify_images::signed::BUNDLE, &attested);
    std::fs::create_dir(sandbox.at("policies")).unwrap();
    for key in ["a", "b"] {
        sandbox.file(&format!("policies/{key}.pub"), sandbox.read(&format!("{key}.pub")));
    }
    let rego = "package signature\nallow { data.ok }\n";
    sandbox.file("policies/p.rego", rego);
    sandbox.file("policies/data.json", "{\"ok\":true}");
    let policy = "version: 1\nsigners: {a: {key: a.pub}, b: {key: b.pub}}\nscopes:\n\
        - {name: free, images: ['**/app/one:free'], accept: true}\n\
        - name: rest\n  images: ['**/app/*']\n  signatures: a\n  log: not-required\n  attestations:\n\
        \x20 - {type: 'https://example.com/type', signers: a, rules: [{rego: [p.rego], data: [data.json]}]}\n";
    sandbox.file("policies/policy.yaml", policy);
    let args = ["verify", "--policy-file", "policies/policy.yaml", "--resume", "journal"];
    let reports = ["--report", "json=report.json"];
    let run = || sandbox.run(&[&args[..], &reports, &[&good.by_tag(), &free.by_tag()]].concat());
    let _ = run().ok();
    let passed = || {
        let report = report(&world);
        [0, 1].map(|image| report["images"][image]["resumed"].is_string())
    };
    assert_eq!(passed(), [false, false]);
    // What is accepted as it is was not verified by any run.
    let output = run().ok();
    assert_eq!(passed(), [true, false]);
    assert_eq!(report(&world)["images"][1]["policy"]["verdict"], "accepted-unsigned");
    assert!(output.stderr.contains("1 image was verified by an earlier run"), "{}", output.stderr);
    // Whatever it says or names, changed, is another one.
    let other = sandbox.read("b.pub");
    for (file, changed) in [
        ("policies/policy.yaml", policy.replace("name: rest", "name: others").into_bytes()),
        ("policies/policy.yaml", format!("{policy}# a comment\n").into_bytes()),
        ("policies/a.pub", other),
        ("policies/p.rego", format!("{rego}# a comment\n").into_bytes()),
        ("policies/data.json", b"{\"ok\": true}".to_vec()),
    ] {
        let before = sandbox.read(file);
        sandbox.file(file, changed);
        let _ = run().code(3).says("other options");
        sandbox.file(file, before);
    }
    // A key that no scope names decides nothing.
    sandbox.file("policies/b.pub", sandbox.read("a.pub"));
    let _ = run().ok();
    assert_eq!(passed(), [true, false]);
    sandbox.file(
        "policies/root.json",
        std::fs::read(repository().join("testdata/conformance/trusted_root.json")).unwrap(),
    );
    sandbox.file("policies/policy.yaml", policy.replace("scopes:", "trust: {root: root.json}\nscopes:"));
    let tag = good.by_tag();
    let again = [&args[..4], &["other", &tag]].concat();
    let _ = sandbox.run(&again).ok();
    let root = sandbox.text("policies/root.json");
    sandbox.file("policies/root.json", format!("{root}\n"));
    let _ = sandbox.run(&again).code(3).says("other options");
    // A journal of a run without the policy file is of other options, too.
    let flags = ["verify", "--key", "a.pub", "--no-log", "--resume", "journal", &tag];
    let _ = sandbox.run(&flags).code(3).says("other options");
    // A key that is no file counts as what it was when it was read.
    sandbox.file("policies/policy.yaml", policy.replace("{key: a.pub}", "{key: 'env://RELEASE'}"));
    let by_variable = |key: &str| {
        let args = [&args[..4], &["fourth", &tag]].concat();
        sandbox.rcosign(&args).env("RELEASE", &sandbox.text(key)).run()
    };
    let _ = by_variable("a.pub").ok();
    let _ = by_variable("a.pub").ok().says("1 image was verified by an earlier run");
    let _ = by_variable("b.pub").code(3).says("other options");
    // What cannot be read again is bound to nothing.
    let inline = policy.replace("{key: a.pub}", "{key: /dev/stdin}");
    sandbox.file("policies/policy.yaml", inline);
    let third = [&args[..4], &["third", &tag]].concat();
    let output = sandbox.rcosign(&third).stdin(sandbox.read("a.pub")).run();
    assert!(output.code != 0 && !sandbox.has("third"), "{}", output.stderr);
}

/// No registry is asked for what the policy file refuses as it is named, with a journal or without.
#[test]
fn a_scope_decides_before_the_journal() {
    let sandbox = Sandbox::new();
    let _ = sandbox.run(&["generate-key-pair", "--output-key-prefix", "a"]).ok();
    let policy = "version: 1\nsigners: {a: {key: a.pub}}\nscopes:\n\
        - {name: signed, images: ['127.0.0.1:1/signed/*'], signatures: a, log: not-required}\n\
        - {name: shut, images: ['127.0.0.1:1/shut/*'], refuse: true}\n";
    sandbox.file("policy.yaml", policy);
    let args = ["verify", "--policy-file", "policy.yaml"];
    for (image, code, words) in [
        ("127.0.0.1:1/other/app:1", 7, "no scope of"),
        ("127.0.0.1:1/shut/app:1", 7, "says `refuse: true`"),
        ("127.0.0.1:1/signed/app:1", 5, "127.0.0.1:1"),
    ] {
        for journal in [&[][..], &["--resume", "journal"]] {
            let _ = sandbox.run(&[&args[..], journal, &[image]].concat()).code(code).says(words);
        }
    }
}

/// No result takes the place of what is read, wherever that is named.
#[test]
fn reports_replace_nothing_that_is_read() {
    let sandbox = Sandbox::new();
    for name in ["a", "b"] {
        let _ = sandbox.run(&["generate-key-pair", "--output-key-prefix", name]).ok();
        sandbox.file(name, name);
        let bundle = format!("{name}.sigstore.json");
        let _ = sandbox.run(&["sign-blob", "--key", "a.key", "--offline", "--bundle", &bundle, name]).ok();
    }
    sandbox.file("list", "a\nb\n");
    sandbox.file(
        "policy.yaml",
        "version: 1\nsigners: {a: {key: a.pub}}\nscopes:\n- {name: all, files: ['*'], signatures: a, log: not-required}\n",
    );
    let by_key = ["verify-blob", "--key", "a.pub", "--no-log"];
    let by_policy = ["verify-blob", "--policy-file", "policy.yaml"];
    let one = ["--bundle", "a.sigstore.json", "a"];
    for (args, more, file) in [
        (&by_key[..], &["--from-file", "list"][..], "a"),
        (&by_key, &["--from-file", "list"], "b.sigstore.json"),
        (&by_key, &["--from-file", "list"], "list"),
        (&by_key, &["--from-file", "list"], "a.pub"),
        (&by_key, &["a", "b"], "./b"),
        (&by_policy, &["--from-file", "list"], "a.pub"),
        (&by_policy, &["--from-file", "list"], "policy.yaml"),
        (&by_policy, &one, "a.pub"),
        (&by_policy, &one, "a"),
    ] {
        let before = sandbox.read(file);
        let report = format!("json={file}");
        let _ =
            sandbox.run(&[args, &["--report", &report], more].concat()).code(2).says("would take its place");
        assert_eq!(sandbox.read(file), before, "{file}");
        let summary = sandbox.at(file);
        let run = sandbox.rcosign(&[args, &["--report", "github"], more].concat());
        let _ = run
            .env("GITHUB_STEP_SUMMARY", summary.to_str().unwrap())
            .run()
            .code(2)
            .says("GITHUB_STEP_SUMMARY");
        assert_eq!(sandbox.read(file), before, "{file}");
        // Nothing is added to it where no report for GitHub is asked for.
        let run = sandbox.rcosign(&[args, &["--report", "json=own.json"], more].concat());
        let _ = run.env("GITHUB_STEP_SUMMARY", summary.to_str().unwrap()).run().ok();
        assert_eq!(sandbox.read(file), before, "{file}");
    }
    let both = ["--report", "github", "--report", "junit=summary.md"];
    let run = sandbox.rcosign(&[&by_key[..], &both, &["a", "b"]].concat());
    let summary = sandbox.at("summary.md");
    let _ = run.env("GITHUB_STEP_SUMMARY", summary.to_str().unwrap()).run().code(2).says("two results");
}

/// Images with tags of their own, of which all are signed; their names.
fn signed_images(world: &World, count: usize) -> Vec<String> {
    let image = world.image("app");
    world.sign_bundle(&image, "a");
    let contents = world.registry.contents();
    let (kind, bytes) = contents.manifest(crate::verify_images::signed::REPOSITORY, &image.digest).unwrap();
    (0..count)
        .map(|n| {
            let tag = format!("t{n}");
            contents.plant_manifest(
                crate::verify_images::signed::REPOSITORY,
                Some(&tag),
                &kind,
                bytes.clone(),
            );
            image.by_tag().replace(":app", &format!(":{tag}"))
        })
        .collect()
}

/// What the guide says of Helm, of a CI service and of Kubernetes runs as it is printed; the signatures here are in no log.
#[cfg(unix)]
#[test]
fn the_examples_of_the_guide_work_as_printed() {
    let guide = std::fs::read_to_string(repository().join("docs/guides/batches.md")).unwrap();
    let world = World::new(Default::default());
    let sandbox = &world.sandbox;
    let names = signed_images(&world, 23);
    sandbox.file("cosign.pub", sandbox.read("a.pub"));
    sandbox.file("images.txt", names.join("\n"));
    let bin = sandbox.at("tmp");
    let program = |name: &str, text: String| {
        use std::os::unix::fs::PermissionsExt;
        let path = bin.join(name);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    };
    program(
        "rcosign",
        format!(
            "#!/bin/sh\nexec '{}' \"$@\" --no-log --report json=report.json\n",
            env!("CARGO_BIN_EXE_rcosign")
        ),
    );
    let path = format!("{}:/usr/bin:/bin", bin.display());
    let shell =
        |line: &str| sandbox.program(std::path::Path::new("/bin/sh"), &["-euc", line]).env("PATH", &path);
    // Helm writes several documents to standard output.
    let line = guide.lines().find(|line| line.contains("helm template")).unwrap();
    let line = line.split('`').find(|code| code.contains("helm template")).unwrap().replace("\\|", "|");
    let pod = |name: &str, image: &str| {
        format!(
            "---\napiVersion: v1\nkind: Pod\nmetadata: {{name: {name}}}\nspec: {{containers: [{{name: a, image: '{image}'}}]}}\n"
        )
    };
    let helm = |documents: &str| {
        program(
            "helm",
            format!(
                "#!/bin/sh\n[ \"$*\" = 'template app ./chart' ] || exit 9\ncat <<'END'\n{documents}END\n"
            ),
        )
    };
    helm(&format!("# Source: app/pods.yaml\n{}{}", pod("one", &names[0]), pod("two", &names[1])));
    let _ = shell(&line).run().ok();
    assert_eq!(report(&world)["images"].as_array().unwrap().len(), 2);
    helm(&format!("{}{}", pod("one", &names[0]), pod("two", &world.image("unsigned").by_tag())));
    let _ = shell(&line).run().code(10);
    // Every job of the matrix, and every Pod of the Job, has a part, and together they have all of it.
    let judged = |runs: Vec<crate::support::Run>| {
        let mut judged = Vec::new();
        for run in runs {
            let _ = run.run().ok();
            let report = report(&world);
            let images = report["images"].as_array().unwrap();
            judged.extend(images.iter().map(|image| image["name"].as_str().unwrap().to_owned()));
        }
        judged.sort();
        judged
    };
    let mut all = names.clone();
    all.sort();
    let run = guide.lines().find_map(|line| line.trim().strip_prefix("- run: ")).unwrap();
    let shards = guide.lines().find_map(|line| line.trim().strip_prefix("shard: [")).unwrap();
    let shards = shards
        .trim_end_matches(']')
        .split(", ")
        .map(|shard| shell(&run.replace("${{ matrix.shard }}", shard)));
    assert_eq!(judged(shards.collect()), all);
    let value =
        |name: &str| guide.lines().find_map(|line| line.trim().strip_prefix(name)).unwrap().trim().to_owned();
    let completions: u32 = value("completions:").parse().unwrap();
    assert_eq!(value("parallelism:"), completions.to_string());
    let args = value("args: [").trim_end_matches(']').replace("/batch", sandbox.path().to_str().unwrap());
    let args: Vec<String> = args.split(", ").map(|arg| arg.trim_matches('"').to_owned()).collect();
    assert_eq!(args.last(), Some(&completions.to_string()));
    let pods = (0..completions).map(|index| {
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        sandbox.program(&bin.join("rcosign"), &args).env("JOB_COMPLETION_INDEX", &index.to_string())
    });
    assert_eq!(judged(pods.collect()), all);
}
