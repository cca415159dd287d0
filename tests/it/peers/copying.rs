//! `copy`, `save` and `load`: what the real cosigns have signed arrives, and they verify it there; layouts go both ways.

use std::path::PathBuf;

use serde_json::Value;

use super::registries::{Registry, crane_registry, distribution, push};
use crate::support::{Sandbox, peer};

const OWN: &[&str] = &["--use-signing-config=false", "--tlog-upload=false", "--yes", "--key", "cosign.key"];
const IGNORE: &[&str] = &["--insecure-ignore-tlog", "--key", "cosign.pub"];
const LEGACY: &str = "--new-bundle-format=false";

struct Programs {
    cosign_2: PathBuf,
    cosign_3: PathBuf,
    crane: PathBuf,
    oras: PathBuf,
}

fn programs() -> Option<Programs> {
    Some(Programs {
        cosign_2: peer("cosign-2")?,
        cosign_3: peer("cosign-3")?,
        crane: peer("crane")?,
        oras: peer("oras")?,
    })
}

/// What an image has been given.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Given {
    /// Signature and attestation in both forms, and an SBOM.
    Everything,
    /// Those of the tag scheme.
    Tags,
    /// Bundles.
    Bundles,
}

impl Programs {
    #[track_caller]
    fn cosign_3(&self, sandbox: &Sandbox, args: &[&[&str]]) -> String {
        sandbox.program(&self.cosign_3, &args.concat()).run().ok().stdout
    }

    fn sign(&self, sandbox: &Sandbox, image: &str, given: Given, more: &[&str]) {
        let predicate = ["--predicate", "predicate.json"];
        if given != Given::Tags {
            self.cosign_3(sandbox, &[&["sign"], OWN, more, &[image]]);
            self.cosign_3(sandbox, &[&["attest"], OWN, &predicate, &[image]]);
        }
        if given != Given::Bundles {
            self.cosign_3(sandbox, &[&["sign", LEGACY], OWN, more, &[image]]);
            self.cosign_3(sandbox, &[&["attest", LEGACY], OWN, &predicate, &[image]]);
        }
        if given == Given::Everything {
            self.cosign_3(sandbox, &[&["attach", "sbom", "--sbom", "predicate.json", image]]);
        }
    }

    /// Expects all that was given, by the word of the real programs.
    #[track_caller]
    fn check(&self, sandbox: &Sandbox, image: &str, given: Given) {
        if given != Given::Tags {
            self.cosign_3(sandbox, &[&["verify"], IGNORE, &[image]]);
            self.cosign_3(sandbox, &[&["verify-attestation"], IGNORE, &[image]]);
            let args = ["discover", "--plain-http", "--format", "json", image];
            let found = sandbox.program(&self.oras, &args).run().ok().stdout;
            let found: Value = serde_json::from_str(&found).unwrap();
            assert_eq!(found["referrers"].as_array().unwrap().len(), 2, "{found}");
        }
        if given != Given::Bundles {
            self.cosign_3(sandbox, &[&["verify", LEGACY], IGNORE, &[image]]);
            self.cosign_3(sandbox, &[&["verify-attestation", LEGACY], IGNORE, &[image]]);
            let _ = sandbox.program(&self.cosign_2, &[&["verify"], IGNORE, &[image]].concat()).run().ok();
        }
        if given == Given::Everything {
            let sbom = self.cosign_3(sandbox, &[&["download", "sbom", image]]);
            assert_eq!(sbom.trim(), "{\"a\":1}");
        }
        let _ = sandbox.program(&self.crane, &["validate", "--remote", image]).run().ok();
    }
}

fn sandbox(programs: &Programs) -> Sandbox {
    let sandbox = Sandbox::new();
    programs.cosign_3(&sandbox, &[&["generate-key-pair"]]);
    let _ = sandbox.file("predicate.json", "{\"a\":1}");
    sandbox
}

#[test]
fn what_the_cosigns_signed_arrives_wherever_it_is_copied() {
    let Some(programs) = programs() else { return };
    let sandbox = sandbox(&programs);
    let registries: Vec<Registry> =
        [distribution(&sandbox, "", ""), crane_registry()].into_iter().flatten().collect();
    for from in &registries {
        let image = format!("{}/app/src:v1", from.address);
        let digest = push(&sandbox, &programs.crane, &image, &[]);
        let by_digest = format!("{}/app/src@{digest}", from.address);
        programs.sign(&sandbox, &by_digest, Given::Everything, &[]);
        for to in &registries {
            let name = format!("{}/copy-{}/dst", to.address, from.address.port());
            let _ = sandbox.run(&["copy", &image, &format!("{name}:v2")]).ok();
            programs.check(&sandbox, &format!("{name}:v2"), Given::Everything);
            let again = sandbox.run(&["copy", &image, &format!("{name}:v2")]).ok();
            assert_eq!(again.stderr, "");
            // And from there on, through a folder.
            let folder = format!("saved-{}-{}", from.address.port(), to.address.port());
            let _ = sandbox.run(&["save", "--dir", &folder, &format!("{name}:v2")]).ok();
            let loaded = format!("{}/loaded-{}:v3", to.address, from.address.port());
            let _ = sandbox.run(&["load", "--dir", &folder, &loaded]).ok();
            programs.check(&sandbox, &loaded, Given::Everything);
        }
    }
}

#[test]
fn an_index_that_was_signed_with_all_its_images_arrives() {
    let Some(programs) = programs() else { return };
    let sandbox = sandbox(&programs);
    let Some(registry) = distribution(&sandbox, "", "") else { return };
    let at = |name: &str| format!("{}/{name}", registry.address);
    let child = push(&sandbox, &programs.crane, &at("src:one"), &[]);
    let args = ["index", "append", "-m", &at("src:one"), "-t", &at("src:both")];
    let _ = sandbox.program(&programs.crane, &args).run().ok();
    programs.sign(&sandbox, &at("src:both"), Given::Everything, &["--recursive"]);
    let _ = sandbox.run(&["copy", &at("src:both"), &at("dst:both")]).ok();
    let _ = sandbox.run(&["save", "--dir", "saved", &at("src:both")]).ok();
    let _ = sandbox.run(&["load", "--dir", "saved", &at("loaded:both")]).ok();
    for name in ["dst", "loaded"] {
        programs.check(&sandbox, &at(&format!("{name}:both")), Given::Everything);
        let child = at(&format!("{name}@{child}"));
        for legacy in [&[][..], &[LEGACY]] {
            programs.cosign_3(&sandbox, &[&["verify"], IGNORE, legacy, &[&child]]);
        }
    }
}

#[test]
fn layouts_go_both_ways() {
    let Some(programs) = programs() else { return };
    let sandbox = sandbox(&programs);
    let Some(registry) = distribution(&sandbox, "", "") else { return };
    let at = |name: &str| format!("{}/{name}", registry.address);
    for (number, given) in [Given::Everything, Given::Tags, Given::Bundles].into_iter().enumerate() {
        let image = at(&format!("src-{number}:v1"));
        let digest = push(&sandbox, &programs.crane, &image, &[]);
        programs.sign(&sandbox, &at(&format!("src-{number}@{digest}")), given, &[]);
        // Ours, read by them.
        let ours = format!("ours-{number}");
        let _ = sandbox.run(&["save", "--dir", &ours, &image]).ok();
        let local = ["--local-image", &ours];
        if given != Given::Tags {
            programs.cosign_3(&sandbox, &[&["verify"], IGNORE, &local]);
            let args = ["discover", "--oci-layout", "--format", "json", &format!("{ours}:v1")];
            let found: Value =
                serde_json::from_str(&sandbox.program(&programs.oras, &args).run().ok().stdout).unwrap();
            assert_eq!(found["referrers"].as_array().unwrap().len(), 2, "{found}");
        }
        if given != Given::Bundles {
            programs.cosign_3(&sandbox, &[&["verify", LEGACY], IGNORE, &local]);
            for program in [&programs.cosign_2, &programs.cosign_3] {
                let _ = sandbox.program(program, &[&["verify", LEGACY], IGNORE, &local].concat()).run().ok();
                let args = [&["verify-attestation", LEGACY], IGNORE, &local].concat();
                let _ = sandbox.program(program, &args).run().ok();
            }
        }
        if given == Given::Tags {
            for (version, program) in [(2, &programs.cosign_2), (3, &programs.cosign_3)] {
                let loaded = at(&format!("theirs-{version}:v1"));
                let _ = sandbox.program(program, &["load", "--dir", &ours, &loaded]).run().ok();
                programs.check(&sandbox, &loaded, given);
            }
        }
        let (source, copied) = (format!("{ours}:v1"), at(&format!("oras-{number}:v1")));
        let args = ["copy", "--from-oci-layout", "-r", "--to-plain-http", &source, &copied];
        let _ = sandbox.program(&programs.oras, &args).run().ok();
        if given == Given::Bundles {
            programs.check(&sandbox, &copied, given);
        }
        // Theirs, read by us. 2.5 knows of no bundles.
        for (version, program) in [(2, &programs.cosign_2), (3, &programs.cosign_3)] {
            let folder = format!("theirs-{version}-{number}");
            let _ = sandbox.program(program, &["save", "--dir", &folder, &image]).run().ok();
            let loaded = at(&format!("loaded-{version}-{number}:v1"));
            let _ = sandbox.run(&["load", "--dir", &folder, &loaded]).ok();
            match (version, given) {
                (2, Given::Bundles) => {}
                (2, _) => programs.check(&sandbox, &loaded, Given::Tags),
                // SBOMs are not in it.
                (_, Given::Everything) => {
                    programs.check(&sandbox, &loaded, Given::Tags);
                    programs.check(&sandbox, &loaded, Given::Bundles);
                }
                (_, given) => programs.check(&sandbox, &loaded, given),
            }
        }
    }
}
