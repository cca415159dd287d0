//! The documents say what is so: their command lines run, their links lead somewhere, the tests that they name exist, and
//! every dependency has its line.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use rcosign::internals::sandbox::registry::{Options, Registry};

use crate::support::{Sandbox, repository};

fn read(path: &str) -> String {
    let text =
        std::fs::read_to_string(repository().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
    text.replace("\r\n", "\n")
}

/// The documents of the repository, as paths below it.
fn documents() -> Vec<String> {
    let mut found = vec!["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"]
        .into_iter()
        .map(str::to_owned)
        .collect::<Vec<_>>();
    let mut folders = vec![repository().join("docs")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "md") {
                let below = path.strip_prefix(repository()).unwrap();
                found.push(below.to_str().unwrap().replace('\\', "/"));
            }
        }
    }
    found
}

/// The `sh` blocks of a document.
fn blocks(document: &str) -> Vec<String> {
    let text = read(document);
    let blocks = text.split("```sh\n").skip(1).map(|rest| rest.split("```").next().unwrap().to_owned());
    blocks.collect()
}

#[test]
fn the_first_command_of_the_readme_is_the_demonstration() {
    let block = blocks("README.md").remove(0);
    let line = block.trim().strip_prefix("cargo run --release -- ").unwrap();
    assert_eq!(line, "sandbox demo");
    let words: Vec<&str> = line.split(' ').collect();
    Sandbox::new().run(&words).ok().says("steps ended as they should");
}

#[test]
fn the_second_command_of_the_readme_verifies_a_real_bundle() {
    let block = blocks("README.md").remove(1);
    let line = block.trim().strip_prefix("cargo run --release -- ").unwrap();
    let words: Vec<&str> = line.split(' ').map(|word| word.trim_matches('\'')).collect();
    let sandbox = Sandbox::new();
    sandbox.rcosign(&words).within(&repository()).run().ok().says("Verified OK");
    // The same line must be able to fail.
    let other = line.replace("sigstore-conformance/extremely", "somebody-else/extremely");
    let words: Vec<&str> = other.split(' ').map(|word| word.trim_matches('\'')).collect();
    sandbox.rcosign(&words).within(&repository()).run().code(12);
}

#[cfg(unix)]
fn shell(sandbox: &Sandbox, script: &str) {
    let bin = sandbox.at("tmp");
    let link = bin.join("rcosign");
    if !link.exists() {
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_rcosign"), link).unwrap();
    }
    let path = format!("{}:/usr/bin:/bin", bin.display());
    sandbox.program(Path::new("/bin/sh"), &["-euc", script]).env("PATH", &path).run().ok();
}

#[cfg(unix)]
#[test]
fn the_quick_start_of_the_readme_works_as_printed() {
    let sandbox = Sandbox::new();
    let registry = Registry::start(Options::default()).unwrap();
    let _ = registry.contents().plant_image("app", "v1");
    let is_run = |block: &String| block.contains("generate-key-pair") || block.contains("registry.example");
    let blocks: Vec<String> = blocks("README.md").into_iter().filter(is_run).collect();
    assert_eq!(blocks.len(), 2);
    // In one shell, as somebody follows it: the first one sets the password.
    shell(&sandbox, &blocks.concat().replace("registry.example", &registry.address().to_string()));
    assert!(sandbox.has("artifact.sigstore.json") && sandbox.has("artifact.att.json"));
}

#[cfg(unix)]
#[test]
fn the_guides_work_as_printed() {
    let sandbox = Sandbox::new();
    sandbox.file("artifact.txt", "an artifact\n");
    sandbox.file("provenance.json", "{\"buildDefinition\":{},\"runDetails\":{}}");
    sandbox.file("other.pem", std::fs::read(repository().join("testdata/keys/p256.pkcs8.pem")).unwrap());
    for guide in ["sign-with-a-key", "verify-a-file", "attest-a-file"] {
        let blocks = blocks(&format!("docs/guides/{guide}.md"));
        assert!(blocks.len() >= 2, "{guide}");
        for block in blocks.iter().filter(|block| !block.contains("github.com/org/repo")) {
            shell(
                &sandbox,
                &format!(
                    "if [ -e cosign.key ]; then RELEASE_KEY=$(cat cosign.key); export RELEASE_KEY; fi\n{block}"
                ),
            );
        }
    }
}

#[cfg(all(unix, feature = "rego"))]
#[test]
fn the_guide_on_policies_works_as_printed() {
    let sandbox = Sandbox::new();
    let blocks = blocks("docs/guides/policies.md");
    assert!(blocks.len() >= 6, "{}", blocks.len());
    shell(&sandbox, &blocks.concat());
    // `command || test $? = 7` ends well too where the command accepts: each refusal says why.
    for (file, words) in [
        ("refusal.txt", "nightly.rego:7"),
        ("none.txt", "scan.rego:"),
        ("cue-refusal.txt", "only-mit.cue:1:"),
        ("strict.txt", "predicate.reviewed is not there"),
    ] {
        let said = sandbox.text(file);
        assert!(said.contains(words) && said.contains("the policy refuses it"), "{file}: {said}");
    }
}

/// The guide on kits as one script, as somebody follows it in one shell, in a folder with the files that it starts from.
#[cfg(unix)]
pub fn air_gap_guide(sandbox: &Sandbox) -> String {
    sandbox.file("artifact.txt", "an artifact\n");
    for (from, to) in [("a.txt", "a.txt"), ("happy-path-v0.3/bundle.sigstore.json", "a.txt.sigstore.json")] {
        std::fs::copy(repository().join("testdata/conformance").join(from), sandbox.at(to)).unwrap();
    }
    sandbox.file("predicate.json", "{\"buildDefinition\":{},\"runDetails\":{}}");
    let sign = ["--key", "cosign.key", "--offline", "--bundle"];
    sandbox.run(&["generate-key-pair"]).ok();
    let _ =
        sandbox.run(&[&["sign-blob"], &sign[..], &["artifact.sigstore.json", "artifact.txt"]].concat()).ok();
    let attest =
        ["artifact.att.json", "--type", "slsaprovenance1", "--predicate", "predicate.json", "artifact.txt"];
    let _ = sandbox.run(&[&["attest-blob"], &sign[..], &attest].concat()).ok();
    let blocks = blocks("docs/guides/air-gap.md");
    assert!(blocks.len() >= 8, "{}", blocks.len());
    blocks.concat()
}

/// Without a network, and with nothing left that runs.
#[cfg(unix)]
#[test]
fn the_sandbox_guide_works_as_printed() {
    let sandbox = Sandbox::new().env("COSIGN_OFFLINE", "");
    let blocks = blocks("docs/guides/sandbox.md");
    assert!(blocks.len() >= 5, "{}", blocks.len());
    let down = "trap 'rcosign sandbox down --dir sigstore 2>&1 >/dev/null || true' EXIT\n";
    shell(&sandbox, &format!("{down}{}", blocks.concat()));
    for name in ["artifact.sigstore.json", "b.json", "workflow.json"] {
        assert!(sandbox.has(name), "{name}");
    }
    sandbox.run(&["sandbox", "status", "--dir", "sigstore"]).code(1);
}

#[cfg(all(unix, feature = "rego"))]
#[test]
fn the_guide_on_policy_files_works_as_printed() {
    let sandbox = Sandbox::new().env("COSIGN_OFFLINE", "");
    let blocks = blocks("docs/guides/policy-file.md");
    assert!(blocks.len() >= 8, "{}", blocks.len());
    let down = "trap 'rcosign sandbox down --dir sigstore 2>&1 >/dev/null || true' EXIT\n";
    shell(&sandbox, &format!("{down}{}", blocks.concat()));
    for name in ["refusal.txt", "one.txt", "why.txt", "open.txt"] {
        assert!(sandbox.has(name), "{name}");
    }
}

#[cfg(unix)]
#[test]
fn the_guide_on_github_works_as_printed() {
    let sandbox = Sandbox::new().env("COSIGN_OFFLINE", "");
    for (from, to) in [
        ("github/npm-sigstore-2.0.0.sigstore.json", "npm.sigstore.json"),
        ("conformance/trusted_root.json", "trusted_root.json"),
    ] {
        std::fs::copy(repository().join("testdata").join(from), sandbox.at(to)).unwrap();
    }
    let blocks = blocks("docs/guides/github-attestations.md");
    assert!(blocks.len() >= 3, "{}", blocks.len());
    let down = "trap 'rcosign sandbox down --dir sigstore 2>&1 >/dev/null || true' EXIT\n";
    shell(&sandbox, &format!("{down}{}", blocks.concat()));
    assert!(sandbox.text("other.txt").contains("octo/app/.github/workflows/release.yml@refs/heads/main"));
    assert!(sandbox.text("statement.json").contains("application/vnd.in-toto+json"));
}

#[cfg(unix)]
#[test]
fn the_air_gap_guide_works_as_printed() {
    let sandbox = Sandbox::new();
    let script = air_gap_guide(&sandbox);
    shell(&sandbox, &script);
    for name in
        ["kit/artifacts/artifact.txt", "workflow/trust/trusted_root.json", "result/artifacts/artifact.txt"]
    {
        assert!(sandbox.has(name), "{name}");
    }
}

/// The guide on images, with a registry of this process in the place of the one that it names.
#[cfg(unix)]
#[test]
fn the_guide_on_images_works_as_printed() {
    let (sandbox, registry) = (Sandbox::new(), Registry::start(Options::default()).unwrap());
    let there = |text: &str| text.replace("registry.example", &registry.address().to_string());
    sandbox.run(&["generate-key-pair"]).ok();
    let contents = registry.contents();
    for repository in ["app", "unsigned"] {
        let _ = contents.plant_image(repository, "v1");
    }
    let digest = contents.plant_image("multi", "amd64");
    let (media_type, child) = contents.manifest("multi", "amd64").unwrap();
    let platform = serde_json::json!({ "os": "linux", "architecture": "amd64" });
    let child = serde_json::json!({
        "mediaType": media_type, "size": child.len(), "digest": digest, "platform": platform
    });
    let index = serde_json::json!({ "schemaVersion": 2, "manifests": [child] }).to_string();
    let _ = contents.plant_manifest("multi", Some("v1"), "application/vnd.oci.image.index.v1+json", index);
    sandbox.file("provenance.json", "{\"buildDefinition\":{},\"runDetails\":{}}");
    sandbox.file("Dockerfile", there("FROM registry.example/app:v1\n"));
    sandbox.file(
        "pod.yaml",
        there("apiVersion: v1\nkind: Pod\nspec: {containers: [{image: \"registry.example/app:v1\"}]}\n"),
    );
    let has_jq = ["/usr/bin/jq", "/bin/jq"].iter().any(|jq| Path::new(jq).exists());
    let (mut run, mut passed_over) = (0, 0);
    for block in blocks("docs/guides/images.md") {
        if block.contains("github.com/org/repo") || (block.contains("jq ") && !has_jq) {
            passed_over += 1;
            continue;
        }
        let key = "RELEASE_KEY=$(cat cosign.key); export RELEASE_KEY";
        shell(&sandbox, &format!("{key}\n{}", there(&block)));
        run += 1;
    }
    assert!(run >= 15 && passed_over <= 4, "{run} {passed_over}");
    let images = std::fs::read(sandbox.at("report.json")).unwrap();
    assert!(String::from_utf8_lossy(&images).contains("/multi:v1"));
}

#[test]
fn links_lead_somewhere() {
    let mut faults = Vec::new();
    for document in documents() {
        let folder = Path::new(&document).parent().map(Path::to_owned).unwrap_or_default();
        for link in read(&document).split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let file = link.split('#').next().unwrap();
            if file.is_empty() || file.contains("://") {
                continue;
            }
            let target: PathBuf = repository().join(&folder).join(file);
            if !target.exists() {
                faults.push(format!("{document}: {link}"));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn tests_that_documents_name_exist() {
    let mut names = BTreeSet::new();
    let mut folders = vec![repository().join("src"), repository().join("tests")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") {
                let text = std::fs::read_to_string(path).unwrap();
                let functions = text.split("fn ").skip(1).filter_map(|rest| rest.split('(').next());
                names.extend(functions.map(str::to_owned));
            }
        }
    }
    let advisories = read("docs/security/advisories.md");
    let rows = advisories.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| advisory"));
    let mut faults = Vec::new();
    for row in rows {
        let tests = row.trim_end_matches([' ', '|']).rsplit(" | ").next().unwrap();
        if tests.starts_with("none: ") {
            continue;
        }
        for test in tests.split(", ").map(|test| test.trim_matches('`')) {
            if !names.contains(test) {
                faults.push(test.to_owned());
            }
        }
    }
    assert!(faults.is_empty(), "named in docs/security/advisories.md, but not there:\n{}", faults.join("\n"));
    // A test that carries the number of an advisory has a row.
    for name in names.iter().filter(|name| name.contains("cve_")) {
        let words: Vec<&str> = name.split('_').collect();
        for at in words.windows(3).filter(|at| at[0] == "cve") {
            let advisory = format!("CVE-{}-{}", at[1], at[2]);
            assert!(advisories.contains(&advisory), "{advisory} has a test and no row in advisories.md");
        }
    }
}

#[test]
fn every_dependency_has_its_line() {
    let manifest = read("Cargo.toml");
    let document = read("docs/design/dependencies.md");
    for table in ["[dependencies]", "[dev-dependencies]"] {
        let body = manifest.split(&format!("\n{table}\n")).nth(1).unwrap().split("\n[").next().unwrap();
        for name in body.lines().filter_map(|line| line.split_once(" = ")).map(|(name, _)| name) {
            assert!(document.contains(name), "{name} is not in docs/design/dependencies.md");
        }
    }
}

#[test]
fn every_room_is_in_the_architecture() {
    let document = read("docs/design/architecture.md");
    for entry in std::fs::read_dir(repository().join("src")).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            let room = path.file_name().unwrap().to_str().unwrap().to_owned();
            assert!(document.contains(&format!("| `{room}` |")), "{room}");
        }
    }
}
