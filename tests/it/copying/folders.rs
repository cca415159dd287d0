//! `save` and `load`: folders.

use std::sync::atomic::{AtomicUsize, Ordering};

use rcosign::internals::crypto::HashAlgorithm;
use rcosign::internals::sandbox::registry::Fault;
use serde_json::Value;

use super::planted::*;
use crate::support::Sandbox;

/// Every file of a layout is what its name says, and every entry is there.
#[track_caller]
fn whole(sandbox: &Sandbox, folder: &str) {
    let blobs = sandbox.at(folder).join("blobs/sha256");
    for file in std::fs::read_dir(&blobs).unwrap() {
        let file = file.unwrap();
        let content = std::fs::read(file.path()).unwrap();
        let digest = HashAlgorithm::Sha256.digest(&content).to_string();
        assert_eq!(digest, format!("sha256:{}", file.file_name().to_str().unwrap()));
    }
    let index: Value = serde_json::from_slice(&sandbox.read(&format!("{folder}/index.json"))).unwrap();
    for entry in index["manifests"].as_array().unwrap() {
        assert!(blobs.join(entry["digest"].as_str().unwrap().replace("sha256:", "")).exists(), "{entry}");
    }
}

#[test]
fn what_is_saved_is_loaded_with_everything() {
    for from_lists in [true, false] {
        let (sandbox, from) = (Sandbox::new(), start(from_lists));
        let planted = Planted { contents: from.contents(), repository: "app/src", lists: from_lists };
        let all = everything(planted);
        let source = format!("{}/app/src:v1", from.address());
        let output = sandbox.run(&["save", "--dir", "saved", &source]).ok();
        assert_eq!((output.stdout, output.stderr), (String::new(), String::new()));
        whole(&sandbox, "saved");
        let index = sandbox.text("saved/index.json");
        let entries: Value = serde_json::from_str(&index).unwrap();
        let entries = entries["manifests"].as_array().unwrap();
        let of = |digest: &str| entries.iter().find(|entry| entry["digest"] == *digest).unwrap();
        assert_eq!(of(&all.index)["annotations"]["kind"], "dev.cosignproject.cosign/imageIndex");
        assert_eq!(of(&all.index)["annotations"]["org.opencontainers.image.ref.name"], "v1");
        assert_eq!(of(&all.tags[0].1)["annotations"]["kind"], "dev.cosignproject.cosign/sigs");
        assert_eq!(of(&all.tags[2].1)["annotations"]["org.opencontainers.image.ref.name"], *all.tags[2].0);
        assert_eq!(of(&all.referrers[0].1)["artifactType"], BUNDLE);
        // Images of an index are found through it.
        assert!(!entries.iter().any(|entry| entry["digest"] == *all.child));

        from.journal().clear();
        let _ = sandbox.run(&["save", "--dir", "saved", &source]).ok();
        assert_eq!(sandbox.text("saved/index.json"), index);
        assert_eq!(from.journal().count("GET", "/blobs/"), 0);

        let _ = sandbox.program("/usr/bin/tar".as_ref(), &["cf", "saved.tar", "-C", "saved", "."]).run().ok();
        for to_lists in [true, false] {
            let to = start(to_lists);
            for (number, folder) in ["saved", "oci:saved:v1", "oci-archive:saved.tar"].into_iter().enumerate()
            {
                let repository = format!("dst/{number}");
                let destination = format!("{}/{repository}:v9", to.address());
                to.journal().clear();
                let output = sandbox.run(&["load", "--dir", folder, &destination]).ok();
                assert_eq!((output.stdout, output.stderr), (String::new(), String::new()));
                all.is_in(&to, &repository, "v9", to_lists);
                assert!(writes(&to).last().unwrap().contains("/manifests/v9"));
                to.journal().clear();
                let _ = sandbox.run(&["load", "--dir", folder, &destination]).ok();
                assert_eq!(writes(&to), Vec::<String>::new());
            }
        }
        // The same by `copy`.
        let _ = sandbox.run(&["copy", &source, "oci:copied:v2"]).ok();
        whole(&sandbox, "copied");
        let to = start(true);
        let _ = sandbox.run(&["copy", "oci:copied:v2", &format!("{}/dst:v9", to.address())]).ok();
        all.is_in(&to, "dst", "v9", true);
    }
}

#[test]
fn a_folder_takes_several_images() {
    let (sandbox, registry) = (Sandbox::new(), start(true));
    let contents = registry.contents();
    let at = |name: &str| format!("{}/{name}", registry.address());
    let images = ["one", "two"].map(|repository| {
        let digest = contents.plant_image(repository, "v1");
        let planted = Planted { contents, repository, lists: true };
        planted.attachment(&digest, "sig", SIMPLE_SIGNING, &[repository]);
        planted.bundle(&digest, MANIFEST, SIGN, repository);
        digest
    });
    for repository in ["one", "two", "one", "two"] {
        let _ = sandbox.run(&["save", "--dir", "saved", &at(&format!("{repository}:v1"))]).ok();
    }
    whole(&sandbox, "saved");
    let output = sandbox.run(&["load", "--dir", "saved", &at("loaded:v1")]).code(2);
    assert!(output.stderr.contains("`:v1`") && output.stderr.contains("`oci:saved:v1`"), "{}", output.stderr);
    let named = [at("two:v1"), images[1].clone()];
    for (name, digest) in [
        ("oci:saved:v1", &images[0]),
        (&format!("oci:saved@{}", named[1]), &images[1]),
        (&format!("oci:saved:{}", named[0]), &images[1]),
    ] {
        let _ = sandbox.run(&["load", "--dir", name, &at("loaded:v1")]).ok();
        let tags = contents.tags("loaded");
        assert!(tags.contains(&("v1".to_owned(), digest.clone())), "{name}: {tags:?}");
        assert!(tags.iter().any(|(tag, _)| *tag == attachment_tag(digest, "sig")), "{name}: {tags:?}");
        assert_eq!(contents.referrers("loaded", digest).len(), 1);
    }
    // A tag that moves is the new image here too, and the old one is still there.
    contents.plant_tag("one", "v1", &contents.plant_image("one", "v2"));
    let _ = sandbox.run(&["save", "--dir", "saved", &at("one:v1")]).ok();
    let _ = sandbox.run(&["load", "--dir", "oci:saved:v1", &at("moved:v1")]).ok();
    assert_eq!(contents.manifest("moved", "v1"), contents.manifest("one", "v2"));
    let _ = sandbox.run(&["load", "--dir", &format!("oci:saved@{}", images[0]), &at("moved:old")]).ok();
}

#[test]
fn an_interrupted_save_is_completed() {
    let (sandbox, from) = (Sandbox::new(), start(true));
    let planted = Planted { contents: from.contents(), repository: "src", lists: true };
    let all = everything(planted);
    let source = format!("{}/src:v1", from.address());
    for stop in [1, 3, 5, 8] {
        let blobs = AtomicUsize::new(0);
        from.hook(move |request| {
            let blob = request.is("GET", "/blobs/");
            if blob && blobs.fetch_add(1, Ordering::Relaxed) + 1 >= stop {
                Fault::none().body("something else")
            } else {
                Fault::none()
            }
        });
        let folder = format!("saved-{stop}");
        let output = sandbox.run(&["save", "--retry-for", "0s", "--dir", &folder, &source]);
        assert_ne!(output.code, 0);
        whole(&sandbox, &folder);
        from.unhook();
        let _ = sandbox.run(&["save", "--dir", &folder, &source]).ok();
        let to = start(true);
        let _ = sandbox.run(&["load", "--dir", &folder, &format!("{}/dst:v9", to.address())]).ok();
        all.is_in(&to, "dst", "v9", true);
    }
}

#[test]
fn what_was_changed_on_disk_is_not_loaded() {
    let (sandbox, registry) = (Sandbox::new(), start(true));
    let planted = Planted { contents: registry.contents(), repository: "src", lists: true };
    let all = everything(planted);
    let at = |name: &str| format!("{}/{name}", registry.address());
    let _ = sandbox.run(&["save", "--dir", "saved", &at("src:v1")]).ok();
    let files: Vec<_> =
        std::fs::read_dir(sandbox.at("saved/blobs/sha256")).unwrap().map(|f| f.unwrap().path()).collect();
    assert!(files.len() > 15);
    for (number, file) in files.iter().enumerate() {
        let content = std::fs::read(file).unwrap();
        let mut changed = content.clone();
        *changed.last_mut().unwrap() ^= 1;
        let longer = [&content[..], b" "].concat();
        for (kind, bytes) in [("changed", &changed), ("longer", &longer)] {
            std::fs::write(file, bytes).unwrap();
            let repository = format!("{kind}-{number}");
            let output = sandbox.run(&["load", "--dir", "saved", &at(&format!("{repository}:v9"))]);
            assert_eq!(output.code, 3, "{} {}", file.display(), output.stderr);
            assert!(!registry.contents().tags(&repository).iter().any(|(tag, _)| tag == "v9"));
        }
        std::fs::write(file, content).unwrap();
    }
    let _ = sandbox.run(&["load", "--dir", "saved", &at("sound:v9")]).ok();
    all.is_in(&registry, "sound", "v9", true);
}

#[test]
fn a_folder_has_to_be_named_and_to_be_there() {
    let (sandbox, registry) = (Sandbox::new(), start(true));
    registry.contents().plant_image("src", "v1");
    let at = |name: &str| format!("{}/{name}", registry.address());
    let _ = sandbox.run(&["save", &at("src:v1")]).code(2).says("--dir");
    let _ = sandbox.run(&["load", &at("src:v1")]).code(2).says("--dir");
    let _ = sandbox.run(&["save", "--dir", "new"]).code(2);
    let _ = sandbox.run(&["load", "--dir", "new"]).code(2);
    let _ = sandbox.run(&["load", "--dir", "new", &at("dst:v1")]).code(11).says("new");
    let _ = sandbox.run(&["save", "--dir", "new", &at("src:none")]).code(11);
    let _ = sandbox.run(&["copy", &at("src:none"), "oci:new:v1"]).code(11);
    assert!(!sandbox.has("new"));
    let _ = sandbox.file("file", "x");
    let _ = sandbox.run(&["save", "--dir", "file", &at("src:v1")]).code(3).says("file");
    std::fs::create_dir(sandbox.at("empty")).unwrap();
    let _ = sandbox.run(&["load", "--dir", "empty", &at("dst:v1")]).code(3).says("oci-layout");
    let _ = sandbox.run(&["copy", &at("src:v1"), "oci-archive:out.tar:v1"]);
    assert!(!sandbox.has("out.tar"));
}
