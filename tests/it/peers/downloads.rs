//! `download` and `tree` beside both real cosigns, on a real registry.

use serde_json::Value;

use super::registries::{crane_registry, distribution, push};
use crate::support::{Sandbox, peer};

/// The lines of an output, in their order or sorted; of certificates, which each version of Go writes in another way, only
/// that they are there.
fn lines(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = text
        .lines()
        .map(|line| match serde_json::from_str::<Value>(line) {
            Ok(mut value) => {
                for name in ["Cert", "Chain"] {
                    if value.get(name).is_some_and(|v| !v.is_null()) {
                        value[name] = Value::from("there");
                    }
                }
                value.to_string()
            }
            Err(_) => line.to_owned(),
        })
        .collect();
    // cosign's order changes from run to run.
    lines.sort();
    lines
}

#[test]
#[expect(clippy::too_many_lines, reason = "one table, and what it needs")]
fn downloads_and_trees_are_those_of_cosign() {
    let (Some(crane), Some(three), Some(two)) = (peer("crane"), peer("cosign-3"), peer("cosign-2")) else {
        return;
    };
    let sandbox = Sandbox::new();
    sandbox.file("predicate.json", "{\"a\":1}");
    let _ = sandbox.program(&two, &["generate-key-pair"]).env("COSIGN_PASSWORD", "pw").run().ok();
    let registries = [distribution(&sandbox, "", ""), crane_registry()];
    for registry in registries.into_iter().flatten() {
        let image = |name: &str| {
            let name = format!("{}/app/{name}", registry.address);
            let digest = push(&sandbox, &crane, &format!("{name}:v1"), &[]);
            (format!("{name}:v1"), format!("{name}@{digest}"))
        };
        let run = |program: &std::path::Path, words: &[&str]| {
            sandbox.program(program, words).env("COSIGN_PASSWORD", "pw").run()
        };
        let (tags, by_digest) = image("tags");
        let _ = run(
            &two,
            &["sign", "--key", "cosign.key", "--tlog-upload=false", "-y", "-a", "a=<b>", &by_digest],
        )
        .ok();
        let kind = "https://example.com/t";
        let _ = run(
            &two,
            &[
                "attest",
                "--key",
                "cosign.key",
                "--tlog-upload=false",
                "-y",
                "--predicate",
                "predicate.json",
                "--type",
                kind,
                &by_digest,
            ],
        )
        .ok();
        let _ = run(&two, &["attach", "sbom", "--sbom", "predicate.json", &by_digest]).ok();
        let (bundles, by_digest) = image("bundles");
        let key = ["--key", "cosign.key", "--tlog-upload=false", "--use-signing-config=false", "-y"];
        let _ = run(&three, &[&["sign"][..], &key, &[&by_digest]].concat()).ok();
        let _ = run(
            &three,
            &[&["attest"][..], &key, &["--predicate", "predicate.json", "--type", kind, &by_digest]].concat(),
        )
        .ok();
        let (none, _) = image("none");
        for (command, is_of_two) in [
            (&["download", "signature"][..], true),
            (&["download", "attestation"], true),
            (&["download", "attestation", "--predicate-type", kind], true),
            (&["download", "attestation", "--predicate-type", "vuln"], true),
            (&["download", "sbom"], true),
            (&["tree"], true),
            (&["tree", "--experimental-oci11=false"], false),
        ] {
            for (image, of_two) in [(&tags, is_of_two), (&bundles, false), (&none, is_of_two)] {
                let ours = sandbox.run(&[command, &[image.as_str()]].concat());
                let theirs = [(&three, true), (&two, of_two)];
                for (peer, _) in theirs.into_iter().filter(|(_, compared)| *compared) {
                    let theirs = run(peer, &[command, &[image.as_str()]].concat());
                    // cosign 3 has nothing to show among bundles, and calls that a success.
                    if theirs.code == 0 && theirs.stdout.is_empty() {
                        assert_eq!((ours.code, ours.stdout.as_str()), (1, ""), "{command:?} {image}");
                        continue;
                    }
                    assert_eq!((ours.code == 0), (theirs.code == 0), "{command:?} {image}: {}", ours.stderr);
                    // Where nothing belongs to an image, cosign's two versions say so differently.
                    if theirs.stdout.contains("No Supply Chain") {
                        assert!(ours.stdout.contains("No Supply Chain"), "{}", ours.stdout);
                    } else {
                        assert_eq!(lines(&ours.stdout), lines(&theirs.stdout), "{command:?} {image}");
                    }
                }
            }
        }
        // The other shape of a bundle is what cosign 2 would have shown.
        let legacy =
            sandbox.run(&["download", "attestation", "--output-format", "legacy", &bundles]).ok().stdout;
        let theirs = run(&two, &["download", "attestation", &tags]).ok().stdout;
        let names = |text: &str| -> Vec<String> {
            let first: Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
            first.as_object().unwrap().keys().cloned().collect()
        };
        assert_eq!((names(&legacy), legacy.lines().count()), (names(&theirs), 1));
    }
}
