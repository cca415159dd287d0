//! Images in layouts on this machine, as real cosign, crane and oras wrote them.

use crate::support::{Sandbox, repository};

fn copy(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).unwrap();
        }
    }
}

fn layouts(names: &[&str]) -> Sandbox {
    let sandbox = Sandbox::new();
    let folder = repository().join("testdata/layouts");
    for name in names {
        copy(&folder.join(name), &sandbox.at(name));
    }
    std::fs::copy(folder.join("cosign.pub"), sandbox.at("cosign.pub")).unwrap();
    let _ = sandbox.run(&["generate-key-pair", "--output-key-prefix", "other"]).ok();
    sandbox
}

#[test]
fn what_cosign_saved_verifies_by_both_names() {
    let sandbox = layouts(&["cosign-2-save", "cosign-3-save"]);
    let verify =
        |key: &str, args: &[&str]| sandbox.run(&[&["verify", "--key", key, "--no-log"][..], args].concat());
    for name in ["cosign-2-save", "cosign-3-save"] {
        let local = verify("cosign.pub", &["--local-image", name]).ok();
        assert!(local.stderr.contains(&format!("\nVerification for {name} --\n")), "{}", local.stderr);
        assert!(local.stdout.contains("docker-manifest-digest\":\"sha256:"), "{}", local.stdout);
        let named = verify("cosign.pub", &[&format!("oci:{name}")]).ok();
        assert_eq!(named.stdout.contains("sha256:"), local.stdout.contains("sha256:"));
        let _ = verify("other.pub", &["--local-image", name]).code(12);
    }
    let _ = verify("cosign.pub", &["--local-image", "cosign-2-save", "cosign-3-save"]).ok();
    let _ = verify("cosign.pub", &["--local-image", "nothing"]).code(11);
}

/// users-ask A16 (sigstore/cosign#1912): cosign compares the manifest alone.
#[test]
fn a_layer_that_was_exchanged_is_noticed() {
    let sandbox = layouts(&["cosign-3-save"]);
    let args = ["verify", "--key", "cosign.pub", "--no-log", "--local-image", "cosign-3-save"];
    let _ = sandbox.run(&args).ok();
    let manifest = |blob: &serde_json::Value| {
        blob["layers"][0]["mediaType"].as_str().is_some_and(|t| t.contains("image.layer"))
    };
    let blobs = sandbox.at("cosign-3-save/blobs/sha256");
    let layer = std::fs::read_dir(&blobs)
        .unwrap()
        .filter_map(|entry| serde_json::from_slice(&std::fs::read(entry.unwrap().path()).unwrap()).ok())
        .find(manifest)
        .unwrap();
    let path = blobs.join(layer["layers"][0]["digest"].as_str().unwrap().trim_start_matches("sha256:"));
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[20] ^= 1;
    std::fs::write(&path, &bytes).unwrap();
    let output = sandbox.run(&args).code(3);
    assert!(output.stdout.is_empty());
    std::fs::remove_file(&path).unwrap();
    let _ = sandbox.run(&args).code(3);
}
