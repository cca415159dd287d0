//! The examples of help, run in their order in one folder.

use rcosign::internals::sandbox::registry::{Options, Registry};

use crate::support::{Sandbox, repository};

/// The registry that examples name.
const NAMED: &str = "registry.example";

#[test]
fn the_examples_of_help_work_as_printed() {
    let sandbox = Sandbox::new();
    let registry = Registry::start(Options::default()).unwrap();
    let address = registry.address().to_string();
    for (name, text) in [
        ("artifact.txt", "an artifact\n"),
        ("predicate.json", "{\"buildDefinition\":{},\"runDetails\":{}}"),
        ("sbom.spdx.json", "{\"spdxVersion\":\"SPDX-2.3\"}"),
        ("module.wasm", "\0asm\u{1}\0\0\0"),
        ("images.txt", "registry.example/app:v1\n"),
        (
            "policy.yaml",
            "version: 1\nsigners: {release: {key: cosign.pub}}\nscopes:\n- {name: app, images: ['registry.example/app'], \
             files: ['*.txt'], signatures: release, log: not-required}\n",
        ),
        (
            "policy.test.yaml",
            "policy: policy.yaml\ncases:\n- {file: artifact.txt, bundles: [artifact.sigstore.json], expect: accepted}\n\
             - {file: artifact.txt, expect: refused}\n",
        ),
        (
            "cluster-image-policy.yaml",
            "apiVersion: policy.sigstore.dev/v1beta1\nkind: ClusterImagePolicy\nmetadata: {name: app}\nspec:\n  \
             images: [{glob: registry.example/**}]\n  authorities: [{static: {action: fail}}]\n",
        ),
        ("compose.yaml", "services: {app: {image: \"registry.example/app:v1\"}}\n"),
        ("Dockerfile", "FROM registry.example/app:v1\n"),
        (
            "pod.yaml",
            "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - {name: app, image: \"registry.example/app:v1\"}\n",
        ),
    ] {
        sandbox.file(name, text.replace(NAMED, &address));
    }
    let key = std::fs::read(repository().join("testdata/keys/p256.pkcs8.pem")).unwrap();
    sandbox.file("other.pem", key);
    let layout = repository().join("testdata/layouts/cosign-3-save");
    let _ = sandbox.program("/bin/cp".as_ref(), &["-R", layout.to_str().unwrap(), "app"]).run().ok();
    sandbox.run(&["load", "--dir", "app", &format!("{address}/app:v1")]).ok();
    let mut count = 0;
    for line in examples() {
        let line = line.replace(NAMED, &address);
        let words: Vec<&str> = line.split(' ').collect();
        sandbox.rcosign(&words).stdin("a password\n").run().ok();
        count += 1;
    }
    assert!(count >= 10, "{count}");
    for name in ["cosign.pub", "release.key", "report.json", "import-cosign.pub"] {
        assert!(sandbox.has(name), "{name}");
    }
}

/// The examples of every command, in the order of the reference, which is the order of help.
fn examples() -> Vec<String> {
    let reference = std::fs::read_to_string(repository().join("docs/reference/commands.md")).unwrap();
    let blocks = reference.split("**Examples**").skip(1).filter_map(|section| section.split("```").nth(1));
    let lines: Vec<&str> = blocks.flat_map(str::lines).collect();
    let pairs = lines.windows(2).filter(|pair| !pair[0].ends_with("(asks Sigstore's public services)"));
    pairs.filter_map(|pair| pair[1].strip_prefix("rcosign ")).map(str::to_owned).collect()
}
