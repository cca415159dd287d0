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
fn files_have_their_bundles_beside_them() {
    let sandbox = Sandbox::new();
    let data = repository().join("testdata/cosign-2.x");
    let copy = |from: &str, to: &str| sandbox.file(to, std::fs::read(data.join(from)).unwrap());
    copy("p256.pub", "p256.pub");
    for name in ["a", "b"] {
        copy("artifact.txt", name);
        copy("p256.bundle.json", &format!("{name}.sigstore.json"));
        copy("p256.bundle.json", &format!("{name}.proof"));
    }
    let args = ["verify-blob", "--key", "p256.pub", "--no-log"];
    let run = |more: &[&str]| sandbox.run(&[&args[..], more].concat());
    let output = run(&["a", "a.sigstore.json", "b", "b.sigstore.json"]).ok();
    assert!(
        output.stderr.contains("a: Verified OK\n") && output.stderr.contains("b: Verified OK\n"),
        "{}",
        output.stderr
    );
    assert!(!output.stderr.contains("json: Verified"));
    let _ = run(&["--bundle", "{}.proof", "a", "b"]).ok();
    sandbox.file("list", "# files\na\nb\nmissing\n");
    let _ = run(&["--from-file", "list", "--report", "json=report.json"]).code(3);
    let report: Value = serde_json::from_slice(&sandbox.read("report.json")).unwrap();
    let verified: Vec<_> =
        report["files"].as_array().unwrap().iter().map(|file| file["verified"].as_bool().unwrap()).collect();
    assert_eq!(verified, [true, true, false]);
    sandbox.file("bare", "x");
    let _ = run(&["a", "bare"]).code(10).says("no signature of `bare` was found").says("{}");
    copy("p256.bundle.json", "gone.sigstore.json");
    let _ = run(&["a", "gone.sigstore.json"]).code(10).says("is named like the bundle of `gone`");
    // The bundle of what is passed over is read by nobody, and so it is a file like any other.
    sandbox.file("a.sigstore.json.sigstore.json", "x");
    let all = ["a", "a.sigstore.json", "a.sigstore.json.sigstore.json"];
    let output = run(&all).code(10).says("is named like the bundle of `a.sigstore.json`");
    assert!(
        output.stderr.contains("read as bundles of other files: `a.sigstore.json`\n"),
        "{}",
        output.stderr
    );
    // A policy file may ask for no bundle: beside it nothing is passed over.
    let scopes = "version: 1\nsigners: {a: {key: p256.pub}}\nscopes:\n- {name: notes, files: [a], accept: true}\n\
                  - {name: rest, files: ['*'], signatures: a, log: not-required}\n";
    sandbox.file("policy.yaml", scopes);
    let by = sandbox.run(&["verify-blob", "--policy-file", "policy.yaml", "a", "a.sigstore.json"]);
    let _ = by.code(3).says("a.sigstore.json: `a.sigstore.json.sigstore.json` cannot be used");
    // Names are taken as they are.
    for list in ["a \n", " a\n", "a\u{a0}\n", "#\ra\n a\n"] {
        sandbox.file("list", list);
        let _ = run(&["--from-file", "list"]).code(3).says("is not one name");
    }
    sandbox.file("list", "a\n-\n");
    let _ = run(&["--from-file", "list"]).code(2);
    // One that is left of a pattern is judged as it would be among others.
    let _ = run(&["--bundle", "{}.proof", "a"]).ok();
    let _ = run(&["a"]).ok().says("`a.sigstore.json`, beside the file, is taken");
    let _ = run(&["bare"]).code(2);
    let _ = run(&["--signature", "a.proof", "bare"]).code(3);
    copy("other.txt", "b");
    let _ = run(&["b"]).code(12);
    let _ = run(&["a", "b"]).code(12).says("1 of 2 files did not verify");
    let _ = run(&["--signature", "x", "a", "b"]).code(2);
    let _ = run(&["a", "-"]).code(2);
    let _ = run(&["--shard", "1/2", "--bundle", "a.sigstore.json", "a"]).code(2);
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
