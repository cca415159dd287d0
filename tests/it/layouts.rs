//! Images in layouts and archives, named as other tools name them.

use std::path::Path;

use crate::support::Sandbox;

const IMAGE: &str = "sha256:6625e2ac007fb9dff482d9b3048755fc3f9a0ceb52b0a3c410af0d7fc93434f1";
const HEX: &str = "6625e2ac007fb9dff482d9b3048755fc3f9a0ceb52b0a3c410af0d7fc93434f1";

/// A sandbox with a layout of oras (`app:v1` and its bundle), one of cosign, and the first one in an archive.
pub fn sandbox() -> Sandbox {
    fn copy(from: &Path, to: &Path) {
        std::fs::create_dir_all(to).unwrap();
        for entry in std::fs::read_dir(from).unwrap() {
            let path = entry.unwrap().path();
            let target = to.join(path.file_name().unwrap());
            if path.is_dir() {
                copy(&path, &target);
            } else {
                std::fs::copy(&path, target).unwrap();
            }
        }
    }
    let sandbox = Sandbox::new();
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/layouts");
    copy(&fixtures.join("oras-copy"), &sandbox.at("App.Layout"));
    copy(&fixtures.join("cosign-3-save-index"), &sandbox.at("saved"));
    let mut archive = tar::Builder::new(Vec::new());
    archive.append_dir_all("", fixtures.join("oras-copy")).unwrap();
    sandbox.file("app.tar", archive.into_inner().unwrap());
    sandbox
}

#[test]
fn what_belongs_to_an_image_of_a_layout_is_beside_it() {
    let sandbox = sandbox();
    for (name, found) in [
        ("oci:App.Layout", "oci:App.Layout"),
        ("oci:App.Layout:v1", "oci:App.Layout"),
        (&format!("oci:./App.Layout@{IMAGE}"), "oci:./App.Layout"),
        ("oci-archive:app.tar", "oci-archive:app.tar"),
        ("docker-archive:app.tar:v1", "oci-archive:app.tar"),
    ] {
        let output = sandbox.run(&["triangulate", name]).ok();
        assert_eq!(output.stdout, format!("{found}:sha256-{HEX}.sig\n"), "{name}");
        let output = sandbox.run(&["triangulate", "--type", "digest", name]).ok();
        assert_eq!(output.stdout, format!("{found}@{IMAGE}\n"), "{name}");
    }
    let elsewhere =
        sandbox.rcosign(&["triangulate", "oci:App.Layout"]).env("COSIGN_REPOSITORY", "r.example/sigs");
    assert_eq!(elsewhere.run().ok().stdout, format!("r.example/sigs:sha256-{HEX}.sig\n"));
    let prefix = ["triangulate", "--attachment-tag-prefix", "a b", "oci:App.Layout"];
    let _ = sandbox.run(&prefix).code(2).says("letters");
}

#[test]
fn payloads_call_a_layout_by_its_folder() {
    let sandbox = sandbox();
    for (name, repository) in
        [("oci:App.Layout", "localhost/app"), ("oci-archive:app.tar:v1", "localhost/app")]
    {
        let output = sandbox.run(&["generate", name]).ok();
        assert!(
            output.stdout.contains(&format!("\"docker-reference\":\"{repository}\"")),
            "{}",
            output.stdout
        );
        assert!(output.stdout.contains(IMAGE));
    }
}

#[test]
fn what_is_not_there_and_what_is_no_layout_have_codes() {
    let sandbox = sandbox();
    sandbox.file("gzip.tar", [&b"\x1f\x8b"[..], &[0; 1022]].concat());
    sandbox.file("not.tar", "no archive");
    std::fs::create_dir(sandbox.at("empty")).unwrap();
    for (name, code, words) in [
        ("oci:", 2, "no path follows `oci:`"),
        ("oci:App.Layout:", 2, "it is empty"),
        ("oci:App.Layout@sha256:00", 2, "is not the digest of an image"),
        ("docker-daemon:app:v1", 2, "images of `docker-daemon:` are not read"),
        ("oci-archive:-", 2, "save the archive to a file first"),
        ("oci:nothing", 11, "there is no image layout `nothing`"),
        ("oci:nothing:v1", 11, "there is no image layout `nothing`"),
        ("oci:App.Layout:v2", 11, "there is no image `oci:App.Layout:v2`"),
        ("oci-archive:nothing.tar", 11, "does not exist"),
        ("oci-archive:app.tar:v2", 11, "there is no image `oci-archive:app.tar:v2`"),
        ("oci:empty", 3, "there is no `oci-layout` in it"),
        ("oci-archive:not.tar", 3, "it is no tar archive"),
        ("oci-archive:gzip.tar", 3, "unpack it first with `gunzip`"),
        ("oci-archive:saved", 3, "is a folder"),
        ("oci:app.tar", 3, "it is no folder"),
    ] {
        let _ = sandbox.run(&["triangulate", name]).code(code).says(words);
    }
    for (kind, format) in [("spdx", "xml"), ("cyclonedx", "text"), ("syft", "xml")] {
        let sbom =
            ["attach", "sbom", "--sbom", "App.Layout/index.json", "--type", kind, "--input-format", format];
        let _ = sandbox.run(&[&sbom[..], &["oci:App.Layout:v1"]].concat()).code(2).says("has not the format");
    }
    // Nothing is signed that cannot be kept: not even the key is looked at.
    for command in ["sign", "attest"] {
        let mut args = vec![command, "--key", "no.key", "--offline", "oci-archive:app.tar:v1"];
        if command == "attest" {
            args.extend(["--predicate", "App.Layout/index.json"]);
        }
        let _ = sandbox
            .run(&args)
            .code(3)
            .says("nothing can be written to `oci-archive:app.tar`: it is an archive");
    }
    sandbox.file("sbom.json", "{}");
    sandbox.file("sig", "c2ln");
    for command in [
        &["clean", "--force"][..],
        &["attach", "sbom", "--sbom", "sbom.json"],
        &["attach", "signature", "--signature", "sig"],
    ] {
        let output = sandbox.run(&[command, &["oci-archive:app.tar:v1"]].concat()).code(3);
        assert_eq!(output.stderr.matches("nothing can be written to").count(), 1, "{}", output.stderr);
    }
    let index = sandbox.text("App.Layout/index.json").replace("\"size\":401", "\"size\":400");
    sandbox.file("App.Layout/index.json", index);
    let _ = sandbox.run(&["triangulate", "oci:App.Layout:v1"]).code(3).says("has 401 bytes");
    sandbox.file(&format!("App.Layout/blobs/sha256/{HEX}"), "x".repeat(400));
    let _ = sandbox.run(&["triangulate", "oci:App.Layout:v1"]).code(3).says("holds something else");
}

/// `index.json` of a layout with several images.
#[test]
fn of_several_images_one_has_to_be_named() {
    let sandbox = sandbox();
    let index: String = sandbox.text("App.Layout/index.json");
    let other = "sha256:d0579f64d98e64fb1dcb296e797cebd2adf04049419ff5b6c83fe123490e6ee1";
    let config = sandbox.text(&format!("App.Layout/blobs/sha256/{HEX}"));
    let copy = format!("{config}\n");
    let digest = rcosign::internals::crypto::HashAlgorithm::Sha256.digest(copy.as_bytes());
    sandbox.file(&format!("App.Layout/blobs/sha256/{}", digest.hex()), &copy);
    let index = index
        .replace(other, &digest.to_string())
        .replace("\"size\":877", &format!("\"size\":{}", copy.len()));
    sandbox.file("App.Layout/index.json", index);
    let words = "there are several images in `oci:App.Layout`: `:v1`";
    let _ = sandbox.run(&["triangulate", "oci:App.Layout"]).code(2).says(words).says("`oci:App.Layout:v1`");
    let _ = sandbox.run(&["triangulate", "oci:App.Layout:v1"]).ok();
}
