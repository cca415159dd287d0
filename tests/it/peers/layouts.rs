//! Layouts and archives: the real tools read what rcosign wrote, and rcosign reads what they wrote.

use std::path::{Path, PathBuf};

use super::peers;
use super::registries::{Registry, distribution, push};
use crate::support::{Output, Sandbox, peer, repository};

const KEY: [&str; 2] = ["--key", "k.pub"];

struct Tools {
    crane: PathBuf,
    oras: PathBuf,
    registry: Registry,
    sandbox: Sandbox,
    /// Of the image `src:v1`.
    digest: String,
}

impl Tools {
    fn new() -> Option<Self> {
        let (crane, oras) = (peer("crane")?, peer("oras")?);
        let sandbox = Sandbox::new();
        let key = std::fs::read(repository().join("testdata/keys/p256.pkcs8.pem")).unwrap();
        sandbox.file("k.key", key);
        let _ = sandbox.run(&["public-key", "--key", "k.key", "--outfile", "k.pub"]).ok();
        let registry = distribution(&sandbox, "", "")?;
        let digest = push(&sandbox, &crane, &format!("{}/src:v1", registry.address), &[]);
        Some(Self { crane, oras, registry, sandbox, digest })
    }

    fn at(&self, name: &str) -> String {
        format!("{}/{name}", self.registry.address)
    }

    fn sign(&self, image: &str) {
        let args = ["sign", "--key", "k.key", "--offline", "--write", "bundle,tag", image];
        let _ = self.sandbox.run(&args).ok();
    }

    fn verify(&self, image: &str) -> Output {
        self.sandbox.run(&[&["verify", "--no-log"], &KEY[..], &[image]].concat())
    }

    #[track_caller]
    fn tool(&self, program: &Path, args: &[&str]) -> Output {
        self.sandbox.program(program, args).run().ok()
    }

    /// A layout of this form that a tool made of `src:v1`; what names the image in it.
    fn made_by(&self, tool: &str) -> String {
        let source = self.at("src:v1");
        match tool {
            "crane" => {
                let _ = self.tool(&self.crane, &["pull", "--format=oci", &source, "crane"]);
                "oci:crane".to_owned()
            }
            "oras" => {
                let args = ["copy", "--from-plain-http", "--to-oci-layout", &source, "oras:v1"];
                let _ = self.tool(&self.oras, &args);
                "oci:oras:v1".to_owned()
            }
            _ => {
                let args = ["backup", "--plain-http", "-o", tool, &source];
                let _ = self.tool(&self.oras, &args);
                if tool.ends_with(".tar") { format!("oci-archive:{tool}") } else { format!("oci:{tool}") }
            }
        }
    }

    fn verified_by_cosign(&self, folder: &str) {
        for cosign in peers() {
            for form in ["--new-bundle-format=true", "--new-bundle-format=false"] {
                if cosign.version == 2 && form.ends_with("true") {
                    continue;
                }
                let args =
                    [&["verify", "--insecure-ignore-tlog", form], &KEY[..], &["--local-image", folder]];
                let _ = self.tool(&cosign.program, &args.concat());
            }
        }
    }
}

/// Signed where it is, a layout of another tool is one that every tool reads.
#[test]
fn a_layout_of_others_that_is_signed_in_place_is_for_everybody() {
    let Some(tools) = Tools::new() else { return };
    for tool in ["crane", "oras", "backup"] {
        let name = tools.made_by(tool);
        let _ = tools.verify(&name).code(10);
        tools.sign(&name);
        let _ = tools.verify(&name).ok();
        tools.verified_by_cosign(tool);
        let named = format!("{tool}@{}", tools.digest);
        let seen = tools.tool(&tools.oras, &["discover", "--oci-layout", &named]).stdout;
        assert!(seen.contains("application/vnd.dev.sigstore.bundle.v0.3+json"), "{seen}");
        // It goes where it is wanted, by whichever tool.
        let (ours, theirs) = (tools.at(&format!("ours-{tool}:v1")), tools.at(&format!("theirs-{tool}:v1")));
        let _ = tools.sandbox.run(&["copy", &name, &ours]).ok();
        let _ =
            tools.tool(&tools.oras, &["copy", "-r", "--from-oci-layout", "--to-plain-http", &named, &theirs]);
        for image in [&ours, &theirs] {
            let _ = tools.tool(&tools.crane, &["validate", "--remote", image]);
            let _ = tools.verify(image).ok();
        }
    }
}

/// Nobody says which of several images is meant, and none is marked.
#[test]
fn of_several_images_none_is_marked_for_cosign() {
    let Some(tools) = Tools::new() else { return };
    let name = tools.made_by("oras");
    let other = tools.at("src:v2");
    tools.sandbox.file("layer.txt", "another");
    let tar = tools.sandbox.program("/usr/bin/tar".as_ref(), &["cf", "other.tar", "layer.txt"]).run();
    let _ = tar.ok();
    let _ = tools.tool(&tools.crane, &["append", "-f", "other.tar", "-t", &other]);
    let args = ["copy", "--from-plain-http", "--to-oci-layout", &other, "oras:v2"];
    let _ = tools.tool(&tools.oras, &args);
    tools.sign(&name);
    let _ = tools.verify(&name).ok();
    let index = tools.sandbox.text("oras/index.json");
    assert!(!index.contains("dev.cosignproject.cosign/image"), "{index}");
}

#[test]
fn what_rcosign_wrote_is_pushed_validated_and_loaded_by_others() {
    let Some(tools) = Tools::new() else { return };
    tools.sign(&tools.at(&format!("src@{}", tools.digest)));
    let source = tools.at("src:v1");
    let _ = tools.sandbox.run(&["save", "--dir", "saved", &source]).ok();
    let _ = tools.sandbox.run(&["copy", &source, "oci:copied:v1"]).ok();
    for folder in ["saved", "copied"] {
        let at = |by: &str| tools.at(&format!("{by}-{folder}:v1"));
        // crane takes all that is listed for the images of an index.
        let _ = tools.tool(&tools.crane, &["push", "--index", folder, &at("crane")]);
        let pushed = at("crane").replace(":v1", &format!("@{}", tools.digest));
        let _ = tools.tool(&tools.crane, &["validate", "--remote", &pushed]);
        let named = format!("{folder}:v1");
        let args = ["copy", "-r", "--from-oci-layout", "--to-plain-http", &named, &at("oras")];
        let _ = tools.tool(&tools.oras, &args);
        let _ = tools.tool(&tools.crane, &["validate", "--remote", &at("oras")]);
        let _ = tools.verify(&at("oras")).ok();
        assert!(tools.tool(&tools.crane, &["digest", &at("oras")]).stdout.contains(&tools.digest));
    }
    tools.verified_by_cosign("saved");
}

#[test]
fn archives_of_others_are_read() {
    let Some(tools) = Tools::new() else { return };
    let source = tools.at("src:v1");
    tools.sign(&tools.at(&format!("src@{}", tools.digest)));
    // Everything that refers to the image, in one file.
    let args = ["backup", "--plain-http", "--include-referrers", "-o", "backup.tar", &source];
    let _ = tools.tool(&tools.oras, &args);
    let _ = tools.verify("oci-archive:backup.tar").ok();
    let _ = tools.verify("docker-archive:backup.tar:v1").ok();
    let loaded = tools.at("loaded:v1");
    let _ = tools.sandbox.run(&["load", "--dir", "oci-archive:backup.tar", &loaded]).ok();
    let _ = tools.verify(&loaded).ok();
    // What cosign saved, in an archive.
    for cosign in peers() {
        let (folder, file) = (format!("cosign-{}", cosign.version), format!("cosign-{}.tar", cosign.version));
        let _ = tools.tool(&cosign.program, &["save", "--dir", &folder, &source]);
        let _ = tools.tool("/usr/bin/tar".as_ref(), &["cf", &file, "-C", &folder, "."]);
        let _ = tools.verify(&format!("oci-archive:{file}")).ok();
        let _ = tools.verify(&format!("oci:{folder}")).ok();
    }
    // The signed manifest is not in those.
    for form in ["tarball", "legacy"] {
        let file = format!("{form}.tar");
        let _ = tools.tool(&tools.crane, &["pull", "--format", form, &source, &file]);
        let refused = tools.verify(&format!("docker-archive:{file}")).code(3);
        let _ = refused.says("the manifest that is signed is not in it");
    }
}
