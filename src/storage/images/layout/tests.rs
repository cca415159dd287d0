use std::fs;
use std::path::PathBuf;

use futures_util::FutureExt as _;

use super::*;
use crate::crypto::{Digest, HashAlgorithm};

const IMAGE: &str = "sha256:6625e2ac007fb9dff482d9b3048755fc3f9a0ceb52b0a3c410af0d7fc93434f1";
const MULTI: &str = "sha256:e3e1a1123fe8639e2b25d079f459b51d39cef6f74c117e8158accedf6cef71f8";
const BUNDLE: &str = "sha256:d0579f64d98e64fb1dcb296e797cebd2adf04049419ff5b6c83fe123490e6ee1";
const BUNDLE_OF_MULTI: &str = "sha256:ff3699d26a3fa296cdc5103c25d4b41957fb6beefb605c831f1a83bd03a102f8";
const SIGNATURES: &str = "sha256:e0baa9c51dc72598224920195b1ccae7637e9e6dad093621a473343cf16742de";
const ATTESTATIONS: &str = "sha256:5fe1be086013557288eba02cd204046dae3a07e1d9c96f7c68715bb9e169c946";
const OCI: &str = "application/vnd.oci.image.manifest.v1+json";

/// No layout waits for anything.
fn now<T>(future: impl Future<Output = T>) -> T {
    future.now_or_never().unwrap()
}

fn digest(text: &str) -> Digest {
    Digest::parse(text).unwrap()
}

fn by_digest(text: &str) -> Target {
    Target::Digest(digest(text))
}

fn tag(text: &str) -> Target {
    Target::Tag(text.to_owned())
}

fn fixture(name: &str) -> PathBuf {
    PathBuf::from("testdata/layouts").join(name)
}

/// A copy of a fixture that may be changed.
fn copy(name: &str) -> (tempfile::TempDir, Layout) {
    fn copy_folder(from: &Path, to: &Path) {
        fs::create_dir_all(to).unwrap();
        for entry in fs::read_dir(from).unwrap() {
            let entry = entry.unwrap();
            let target = to.join(entry.file_name());
            if entry.path().is_dir() {
                copy_folder(&entry.path(), &target);
            } else {
                fs::copy(entry.path(), target).unwrap();
            }
        }
    }
    let folder = tempfile::tempdir().unwrap();
    copy_folder(&fixture(name), folder.path());
    let layout = Layout::open(folder.path()).unwrap();
    (folder, layout)
}

fn resolved(layout: &Layout, target: &Target) -> Option<String> {
    layout.contents().resolve(target).unwrap().map(|found| found.digest.to_string())
}

fn listed(layout: &Layout, subject: &str) -> Vec<String> {
    let found = layout.contents().referrers(&digest(subject)).unwrap();
    found.listed.unwrap().iter().map(|found| found.digest.to_string()).collect()
}

fn attachment(image: &str, suffix: &str) -> Target {
    tag(&format!("{}.{suffix}", image.replace(':', "-")))
}

/// A blob of this content, and what names it.
fn blob(content: &[u8], media_type: &str) -> Descriptor {
    Descriptor {
        media_type: media_type.to_owned(),
        digest: HashAlgorithm::Sha256.digest(content),
        size: content.len() as u64,
        artifact_type: None,
        annotations: Vec::new(),
        platform: None,
    }
}

/// Writes an artifact with a layer of this text; its manifest.
fn artifact(layout: &Layout, text: &str, subject: Option<&str>) -> Vec<u8> {
    let (config, layer) =
        (blob(b"{}", "application/vnd.oci.empty.v1+json"), blob(text.as_bytes(), "text/plain"));
    now(layout.put_blob(&config, b"{}")).unwrap();
    now(layout.put_blob(&layer, text.as_bytes())).unwrap();
    let part = |d: &Descriptor| serde_json::json!({"mediaType": d.media_type, "digest": d.digest.to_string(), "size": d.size});
    let mut manifest = serde_json::json!({
        "schemaVersion": 2, "mediaType": OCI, "artifactType": "application/x", "config": part(&config),
        "layers": [part(&layer)], "annotations": {"a": text},
    });
    if let Some(subject) = subject {
        manifest["subject"] = serde_json::json!({"mediaType": OCI, "digest": subject, "size": 401});
    }
    manifest.to_string().into_bytes()
}

#[test]
fn layouts_of_cosign_hold_signatures_attestations_and_bundles() {
    for (name, image, bundles) in [
        ("cosign-3-save", IMAGE, vec![BUNDLE.to_owned()]),
        ("cosign-2-save", IMAGE, vec![]),
        ("cosign-3-save-index", MULTI, vec![BUNDLE_OF_MULTI.to_owned()]),
    ] {
        let layout = Layout::open(&fixture(name)).unwrap();
        assert_eq!(layout.only_image().unwrap(), by_digest(image), "{name}");
        assert_eq!(listed(&layout, image), bundles, "{name}");
        let (sig, att) = (attachment(image, "sig"), attachment(image, "att"));
        let found = [resolved(&layout, &sig).unwrap(), resolved(&layout, &att).unwrap()];
        if image == IMAGE {
            assert_eq!(found, [SIGNATURES, ATTESTATIONS], "{name}");
        }
        assert_eq!(resolved(&layout, &attachment(image, "sbom")), None);
        // With a prefix too: cosign does not write it down.
        let with_prefix = tag(&format!("pre-{}.sig", image.replace(':', "-")));
        assert_eq!(resolved(&layout, &with_prefix), Some(found[0].clone()));
        assert_eq!(resolved(&layout, &attachment(BUNDLE, "sig")), None);
        let referrers = layout.contents().referrers(&digest(image)).unwrap();
        assert_eq!(referrers.fallback, None);
        for found in referrers.all() {
            assert_eq!(found.artifact_type.as_deref(), Some("application/vnd.dev.sigstore.bundle.v0.3+json"));
            assert!(found.annotations.iter().any(|(name, _)| name == "dev.sigstore.bundle.content"));
        }
    }
}

#[test]
fn layouts_of_crane_and_oras() {
    let crane = Layout::open(&fixture("crane-pull")).unwrap();
    assert_eq!(crane.only_image().unwrap(), by_digest(IMAGE));
    for (name, image, bundle) in [("oras-copy", IMAGE, BUNDLE), ("oras-copy-index", MULTI, BUNDLE_OF_MULTI)] {
        let layout = Layout::open(&fixture(name)).unwrap();
        assert_eq!(layout.only_image().unwrap(), by_digest(image), "{name}");
        assert_eq!(resolved(&layout, &tag("v1")).as_deref(), Some(image));
        assert_eq!(resolved(&layout, &tag("v2")), None);
        assert_eq!(listed(&layout, image), [bundle]);
        assert_eq!(resolved(&layout, &by_digest(bundle)).as_deref(), Some(bundle));
    }
}

#[test]
fn a_child_of_an_index_is_found_by_its_digest() {
    let layout = Layout::open(&fixture("cosign-3-save-index")).unwrap();
    let manifest = layout.contents().manifest(&by_digest(IMAGE)).unwrap().unwrap();
    assert_eq!((manifest.digest.to_string().as_str(), manifest.media_type.as_str()), (IMAGE, OCI));
    assert_eq!(resolved(&layout, &by_digest(BUNDLE)), None);
}

/// Every file of a layout, changed in one byte, cut short and made longer.
#[test]
fn what_has_another_digest_or_size_never_comes_out() {
    let names: Vec<_> = fs::read_dir(fixture("cosign-3-save").join("blobs/sha256")).unwrap().collect();
    assert_eq!(names.len(), 12);
    for entry in names {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let wanted = Digest::from_hex(HashAlgorithm::Sha256, &name).unwrap();
        for change in 0..3 {
            let (folder, layout) = copy("cosign-3-save");
            let path = folder.path().join("blobs/sha256").join(&name);
            let before = fs::read(&path).unwrap();
            let mut bytes = before.clone();
            match change {
                0 => bytes[before.len() / 2] ^= 1,
                1 => drop(bytes.pop()),
                _ => bytes.push(b'\n'),
            }
            fs::write(&path, &bytes).unwrap();
            let descriptor = Descriptor { digest: wanted.clone(), ..blob(&before, "x/y") };
            let found = layout.contents().blob(&descriptor, 1 << 20);
            match change {
                0 => assert!(matches!(found, Err(Error::Digest { .. })), "{name}"),
                _ => assert!(matches!(found, Err(Error::Size { .. })), "{name}"),
            }
            let mut taken = Vec::new();
            assert!(layout.contents().stream(&descriptor, |part| taken.extend_from_slice(part)).is_err());
            assert!(layout.contents().manifest(&Target::Digest(wanted.clone())).is_err());
            // Whoever looks for what belongs to the image is told, or is given nothing of it.
            if [IMAGE, SIGNATURES, ATTESTATIONS, BUNDLE].iter().any(|known| known.ends_with(&name)) {
                assert!(layout.contents().referrers(&digest(IMAGE)).is_err(), "{name} {change}");
            }
        }
    }
}

#[test]
fn a_blob_that_is_too_large_is_not_read() {
    let layout = Layout::open(&fixture("cosign-3-save")).unwrap();
    let descriptor = layout.contents().resolve(&by_digest(IMAGE)).unwrap().unwrap();
    assert!(matches!(layout.contents().blob(&descriptor, 400), Err(Error::TooLarge { limit: 400, .. })));
    assert_eq!(layout.contents().blob(&descriptor, 401).unwrap().unwrap().len(), 401);
    let (folder, layout) = copy("crane-pull");
    let huge = digest(&format!("sha256:{}", "0".repeat(64)));
    let path = folder.path().join("blobs/sha256").join(huge.hex());
    fs::File::create(path).unwrap().set_len(1 << 40).unwrap();
    assert!(matches!(layout.contents().manifest(&Target::Digest(huge)), Err(Error::TooLarge { .. })));
    fs::File::create(folder.path().join("index.json")).unwrap().set_len(1 << 40).unwrap();
    assert!(matches!(layout.only_image(), Err(Error::TooLarge { .. })));
}

#[test]
fn what_is_no_layout_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    assert!(matches!(Layout::open(&path.join("x")), Err(Error::NoLayout { .. })));
    assert!(matches!(Layout::open(path), Err(Error::NotALayout { .. })));
    fs::write(path.join("oci-layout"), r#"{"imageLayoutVersion":"1.1.0"}"#).unwrap();
    assert!(matches!(Layout::open(path), Err(Error::NotALayout { .. })));
    fs::write(path.join("index.json"), "{}").unwrap();
    assert!(matches!(Layout::open(path).unwrap().only_image(), Err(Error::Document { .. })));
    for bad in ["", "{}", r#"{"imageLayoutVersion":"2.0.0"}"#, r#"{"imageLayoutVersion":1}"#] {
        fs::write(path.join("oci-layout"), bad).unwrap();
        assert!(matches!(Layout::open(path), Err(Error::NotALayout { .. })), "{bad}");
    }
    assert!(Layout::open(&path.join("oci-layout")).is_err());
}

/// umoci's and oras-go's neighbours: a file of the layout that is a link to somewhere else.
#[cfg(unix)]
#[test]
fn no_link_leads_out_of_the_folder() {
    use std::os::unix::fs::symlink;
    let secret = tempfile::tempdir().unwrap();
    let (folder, layout) = copy("cosign-3-save");
    let hex = IMAGE.trim_start_matches("sha256:");
    let blobs = folder.path().join("blobs/sha256");
    let descriptor = layout.contents().resolve(&by_digest(IMAGE)).unwrap().unwrap();
    // The right content, in the wrong place.
    fs::rename(blobs.join(hex), secret.path().join(hex)).unwrap();
    for to in [secret.path().join(hex), PathBuf::from("../../../nothing"), PathBuf::from("/dev/zero")] {
        symlink(&to, blobs.join(hex)).unwrap();
        assert!(
            matches!(layout.contents().blob(&descriptor, 999), Err(Error::NotAFile { .. })),
            "{}",
            to.display()
        );
        assert!(layout.contents().manifest(&by_digest(IMAGE)).is_err());
        assert!(now(layout.put_blob(&descriptor, &fs::read(secret.path().join(hex)).unwrap())).is_err());
        fs::remove_file(blobs.join(hex)).unwrap();
    }
    // Within it is well.
    fs::rename(secret.path().join(hex), folder.path().join("kept")).unwrap();
    symlink("../../kept", blobs.join(hex)).unwrap();
    assert!(layout.contents().blob(&descriptor, 999).unwrap().is_some());
    // A whole folder, and the file that lists everything.
    fs::rename(&blobs, secret.path().join("sha256")).unwrap();
    symlink(secret.path().join("sha256"), &blobs).unwrap();
    assert!(matches!(layout.contents().manifest(&by_digest(SIGNATURES)), Err(Error::NotAFile { .. })));
    let new = artifact_descriptor();
    assert!(matches!(now(layout.put_blob(&new, b"new")), Err(Error::NotAFile { .. })));
    fs::rename(folder.path().join("index.json"), secret.path().join("index.json")).unwrap();
    symlink(secret.path().join("index.json"), folder.path().join("index.json")).unwrap();
    assert!(layout.only_image().is_err());
    assert!(Layout::open(folder.path()).is_err());
}

#[cfg(unix)]
fn artifact_descriptor() -> Descriptor {
    blob(b"new", "text/plain")
}

/// A pipe whose writer never comes.
#[cfg(target_os = "linux")]
#[test]
fn special_files_are_refused() {
    let (folder, layout) = copy("crane-pull");
    let path = folder.path().join("blobs/sha256").join(IMAGE.trim_start_matches("sha256:"));
    fs::remove_file(&path).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
    let (send, receive) = std::sync::mpsc::channel();
    std::thread::spawn(move || send.send(layout.contents().manifest(&by_digest(IMAGE)).is_err()));
    assert_eq!(receive.recv_timeout(std::time::Duration::from_secs(20)), Ok(true));
}

fn write_index(folder: &Path, entries: &serde_json::Value) {
    let index = serde_json::json!({"schemaVersion": 2, "manifests": entries});
    fs::write(folder.join("index.json"), index.to_string()).unwrap();
}

fn entry(digest: &str, size: u64, annotations: &serde_json::Value) -> serde_json::Value {
    serde_json::json!({"mediaType": OCI, "digest": digest, "size": size, "annotations": annotations})
}

#[test]
fn names_of_docker_and_containerd() {
    let (folder, layout) = copy("oras-copy");
    write_index(
        folder.path(),
        &serde_json::json!([
            entry(
                IMAGE,
                401,
                &serde_json::json!({"io.containerd.image.name": "docker.io/library/app:v1",
                "org.opencontainers.image.ref.name": "v1"})
            ),
            entry(
                IMAGE,
                401,
                &serde_json::json!({"org.opencontainers.image.ref.name": "r.example:5000/app:other"})
            ),
            entry(
                IMAGE,
                401,
                &serde_json::json!({"org.opencontainers.image.ref.name": "r.example:5000/app"})
            ),
        ]),
    );
    for name in ["v1", "docker.io/library/app:v1", "other", "r.example:5000/app:other", "r.example:5000/app"]
    {
        assert_eq!(resolved(&layout, &tag(name)).as_deref(), Some(IMAGE), "{name}");
    }
    for name in ["app:v1", "latest", "5000/app", "app"] {
        assert_eq!(resolved(&layout, &tag(name)), None, "{name}");
    }
    assert_eq!(layout.only_image().unwrap(), by_digest(IMAGE));
}

#[test]
fn a_name_that_two_manifests_have_is_refused() {
    let (folder, layout) = copy("oras-copy-index");
    let name = serde_json::json!({"org.opencontainers.image.ref.name": "v1"});
    let arm = "sha256:c8cf68def12acb403b5cbed8ee7771c49d0308a0e8a725c40d482e8e828b7d02";
    write_index(folder.path(), &serde_json::json!([entry(IMAGE, 401, &name), entry(arm, 401, &name)]));
    assert!(matches!(layout.contents().manifest(&tag("v1")), Err(Error::Document { .. })));
    match layout.only_image() {
        Err(Error::Several { names, .. }) => assert_eq!(names, [":v1", ":v1"]),
        other => panic!("{other:?}"),
    }
    write_index(folder.path(), &serde_json::json!([]));
    assert!(matches!(layout.only_image(), Err(Error::NoImage { .. })));
}

#[test]
fn entries_that_lie_are_refused() {
    let (folder, layout) = copy("oras-copy");
    let name = serde_json::json!({"org.opencontainers.image.ref.name": "v1"});
    write_index(folder.path(), &serde_json::json!([entry(IMAGE, 400, &name)]));
    assert!(matches!(
        layout.contents().manifest(&tag("v1")),
        Err(Error::Size { expected: 400, found: 401, .. })
    ));
    let mut lie = entry(IMAGE, 401, &name);
    lie["mediaType"] = serde_json::json!("application/vnd.oci.image.index.v1+json");
    write_index(folder.path(), &serde_json::json!([lie]));
    assert!(matches!(layout.contents().manifest(&tag("v1")), Err(Error::Document { .. })));
    let gone = format!("sha256:{}", "1".repeat(64));
    write_index(folder.path(), &serde_json::json!([entry(&gone, 401, &name)]));
    assert!(matches!(layout.contents().manifest(&tag("v1")), Err(Error::Missing { .. })));
    assert_eq!(resolved(&layout, &by_digest(&gone)), None);
    // Both an index and an image (GHSA-qq97-vm5h-rrhg).
    let index = br#"{"schemaVersion":2,"manifests":[],"layers":[]}"#;
    fs::write(folder.path().join("index.json"), index).unwrap();
    assert!(matches!(layout.only_image(), Err(Error::Document { .. })));
}

#[test]
fn the_fallback_index_counts_as_in_a_registry() {
    let (folder, layout) = copy("oras-copy");
    let index = format!(
        r#"{{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[{{"mediaType":"{OCI}","digest":"{BUNDLE}","size":877}}]}}"#
    );
    let fallback = tag(&IMAGE.replace(':', "-"));
    write_index(folder.path(), &serde_json::json!([entry(IMAGE, 401, &serde_json::json!({}))]));
    now(layout.put_manifest(&fallback, "application/vnd.oci.image.index.v1+json", index.as_bytes())).unwrap();
    let found = layout.contents().referrers(&digest(IMAGE)).unwrap();
    assert_eq!(found.fallback.as_ref().unwrap().len(), 1);
    assert_eq!(found.all().len(), 1);
    assert_eq!(layout.only_image().unwrap(), by_digest(IMAGE));
    // An image under that tag is no list.
    let image = artifact(&layout, "no list", None);
    now(layout.put_manifest(&fallback, OCI, &image)).unwrap();
    assert!(matches!(layout.contents().referrers(&digest(IMAGE)), Err(Error::Document { .. })));
}

#[test]
fn what_is_written_is_found_again() {
    let folder = tempfile::tempdir().unwrap();
    let layout = Layout::create(&folder.path().join("new/layout")).unwrap();
    assert!(matches!(layout.only_image(), Err(Error::NoImage { .. })));
    let image = artifact(&layout, "image", None);
    let written = now(layout.put_manifest(&tag("v1"), OCI, &image)).unwrap();
    assert!(written.lists_referrers);
    assert_eq!(layout.only_image().unwrap(), Target::Digest(written.digest.clone()));
    let subject = written.digest.to_string();
    let referrer = artifact(&layout, "referrer", Some(&subject));
    let wanted = HashAlgorithm::Sha256.digest(&referrer);
    now(layout.put_manifest(&Target::Digest(wanted.clone()), OCI, &referrer)).unwrap();
    assert_eq!(listed(&layout, &subject), [wanted.to_string()]);
    assert_eq!(layout.only_image().unwrap(), Target::Digest(written.digest.clone()));
    let sig = attachment(&subject, "sig");
    for text in ["one", "two"] {
        now(layout.put_manifest(&sig, OCI, &artifact(&layout, text, None))).unwrap();
    }
    let index: serde_json::Value =
        serde_json::from_slice(&fs::read(layout.path().join("index.json")).unwrap()).unwrap();
    let entries = index["manifests"].as_array().unwrap();
    assert_eq!(entries.len(), 3);
    assert_eq!(entries[1]["artifactType"], "application/x");
    assert_eq!(entries[1]["annotations"]["a"], "referrer");
    assert_eq!(entries[2]["annotations"]["kind"], "dev.cosignproject.cosign/sigs");
    // Made again, it stays what it is.
    assert_eq!(resolved(&Layout::create(layout.path()).unwrap(), &tag("v1")), Some(subject));
    let names: Vec<_> =
        fs::read_dir(layout.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names.len(), 3, "{names:?}");
}

#[cfg(unix)]
#[test]
fn others_may_read_what_is_written() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let layout = Layout::create(folder.path()).unwrap();
    now(layout.put_manifest(&tag("v1"), OCI, &artifact(&layout, "image", None))).unwrap();
    let umask = {
        let path = folder.path().join("probe");
        fs::write(&path, "").unwrap();
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    };
    for file in ["index.json", "oci-layout"] {
        let mode = fs::metadata(folder.path().join(file)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, umask & 0o644, "{file}");
    }
    for entry in fs::read_dir(folder.path().join("blobs/sha256")).unwrap() {
        assert_eq!(entry.unwrap().metadata().unwrap().permissions().mode() & 0o777, umask & 0o644);
    }
}

#[test]
fn nothing_wrong_is_written() {
    let (_folder, layout) = copy("oras-copy");
    let before = fs::read(layout.path().join("index.json")).unwrap();
    let image = artifact(&layout, "image", None);
    assert!(matches!(now(layout.put_manifest(&by_digest(IMAGE), OCI, &image)), Err(Error::Digest { .. })));
    assert!(matches!(now(layout.put_manifest(&tag("v1"), "x/y", &image)), Err(Error::Document { .. })));
    assert!(now(layout.put_manifest(&tag("v1"), OCI, b"{}")).is_err());
    let text = String::from_utf8(image).unwrap();
    let without_layer = text.replace(&HashAlgorithm::Sha256.digest(b"image").hex(), &"2".repeat(64));
    let wrong = now(layout.put_manifest(&tag("v1"), OCI, without_layer.as_bytes()));
    assert!(matches!(wrong, Err(Error::Missing { .. })), "{wrong:?}");
    let other_size = text.replace("\"size\":5", "\"size\":6");
    assert!(matches!(
        now(layout.put_manifest(&tag("v1"), OCI, other_size.as_bytes())),
        Err(Error::Size { .. })
    ));
    let lie = Descriptor { digest: digest(IMAGE), ..blob(b"x", "x/y") };
    assert!(matches!(now(layout.put_blob(&lie, b"x")), Err(Error::Digest { .. })));
    assert_eq!(fs::read(layout.path().join("index.json")).unwrap(), before);
}

#[test]
fn a_damaged_blob_is_written_again() {
    let (folder, layout) = copy("crane-pull");
    let path = folder.path().join("blobs/sha256").join(IMAGE.trim_start_matches("sha256:"));
    let good = fs::read(&path).unwrap();
    for bad in ["x".repeat(good.len()), "x".to_owned()] {
        fs::write(&path, bad).unwrap();
        now(layout.put_blob(&blob(&good, OCI), &good)).unwrap();
        assert_eq!(fs::read(&path).unwrap(), good);
    }
}

#[test]
fn blobs_are_copied_between_layouts() {
    let from = Place::Layout(Layout::open(&fixture("cosign-3-save")).unwrap());
    let folder = tempfile::tempdir().unwrap();
    let layout = Layout::create(folder.path()).unwrap();
    let descriptor = now(from.resolve(&by_digest(IMAGE))).unwrap().unwrap();
    for _ in 0..2 {
        now(layout.copy_blob(&from, &descriptor)).unwrap();
    }
    assert_eq!(layout.contents().blob(&descriptor, 999).unwrap(), now(from.blob(&descriptor, 999)).unwrap());
    let gone = blob(b"gone", "x/y");
    assert!(matches!(now(layout.copy_blob(&from, &gone)), Err(Error::Missing { .. })));
    let lie = Descriptor { size: 400, ..descriptor };
    let other = Layout::create(&folder.path().join("other")).unwrap();
    assert!(matches!(now(other.copy_blob(&from, &lie)), Err(Error::Size { .. })));
    assert_eq!(fs::read_dir(other.path().join("blobs/sha256")).unwrap().count(), 0);
}

#[test]
fn what_is_deleted_is_gone() {
    let (folder, layout) = copy("cosign-3-save");
    let file = |digest: &str| folder.path().join("blobs/sha256").join(digest.trim_start_matches("sha256:"));
    let sig = attachment(IMAGE, "sig");
    assert!(now(layout.delete(&sig)).unwrap());
    assert!(!now(layout.delete(&sig)).unwrap());
    assert_eq!(resolved(&layout, &sig), None);
    assert!(!file(SIGNATURES).exists() && file(ATTESTATIONS).exists());
    // The bundle, which has no entry.
    assert!(now(layout.delete(&by_digest(BUNDLE))).unwrap());
    assert!(listed(&layout, IMAGE).is_empty());
    assert!(!now(layout.delete(&by_digest(BUNDLE))).unwrap());
    assert_eq!(layout.only_image().unwrap(), by_digest(IMAGE));
}

#[test]
fn a_manifest_that_has_another_name_stays() {
    let folder = tempfile::tempdir().unwrap();
    let layout = Layout::create(folder.path()).unwrap();
    let image = artifact(&layout, "image", None);
    for name in ["v1", "v2"] {
        now(layout.put_manifest(&tag(name), OCI, &image)).unwrap();
    }
    assert!(now(layout.delete(&tag("v1"))).unwrap());
    assert_eq!(resolved(&layout, &tag("v1")), None);
    let wanted = HashAlgorithm::Sha256.digest(&image).to_string();
    assert_eq!(resolved(&layout, &tag("v2")).as_deref(), Some(wanted.as_str()));
    assert!(now(layout.delete(&by_digest(&wanted))).unwrap());
    assert_eq!(resolved(&layout, &tag("v2")), None);
}

#[test]
fn the_children_of_an_index_need_no_entry() {
    let from = Place::Layout(Layout::open(&fixture("cosign-3-save-index")).unwrap());
    let folder = tempfile::tempdir().unwrap();
    let layout = Layout::create(folder.path()).unwrap();
    let root = now(from.manifest(&by_digest(MULTI))).unwrap().unwrap();
    let crate::registry::Kind::Index { manifests } = &root.kind else { panic!() };
    for round in 0..2 {
        for child in manifests {
            let manifest = now(from.manifest(&Target::Digest(child.digest.clone()))).unwrap().unwrap();
            let crate::registry::Kind::Image { config, layers } = &manifest.kind else { panic!() };
            for part in layers.iter().chain([config]) {
                now(layout.copy_blob(&from, part)).unwrap();
            }
            let target = Target::Digest(child.digest.clone());
            now(layout.put_manifest(&target, &manifest.media_type, &manifest.bytes)).unwrap();
        }
        now(layout.put_manifest(&by_digest(MULTI), &root.media_type, &root.bytes)).unwrap();
        let index = layout.contents.index().unwrap();
        let crate::registry::Kind::Index { manifests } = &index.kind else { panic!() };
        assert_eq!(manifests.len(), 1, "{round}");
        assert_eq!(layout.only_image().unwrap(), by_digest(MULTI));
    }
}

/// Of processes that sign at the same time none loses what another one wrote.
#[test]
fn thirty_two_writers_lose_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("layout");
    let subject = {
        let layout = Layout::create(&path).unwrap();
        now(layout.put_manifest(&tag("v1"), OCI, &artifact(&layout, "image", None)))
            .unwrap()
            .digest
            .to_string()
    };
    std::thread::scope(|scope| {
        for i in 0..32 {
            let (path, subject) = (&path, &subject);
            scope.spawn(move || {
                // Its own descriptors, as those of a process of its own.
                let layout = Layout::create(path).unwrap();
                let manifest = artifact(&layout, &format!("signature {i}"), Some(subject));
                let target = Target::Digest(HashAlgorithm::Sha256.digest(&manifest));
                now(layout.put_manifest(&target, OCI, &manifest)).unwrap();
            });
        }
    });
    let layout = Layout::open(&path).unwrap();
    assert_eq!(listed(&layout, &subject).len(), 32);
    assert!(!path.join("index.json.lock").exists() || cfg!(not(unix)));
}

#[test]
fn a_list_without_an_end_is_refused() {
    let (folder, layout) = copy("crane-pull");
    let many: Vec<_> =
        (0..10_001).map(|_| serde_json::json!({"mediaType": OCI, "digest": IMAGE, "size": 401})).collect();
    write_index(folder.path(), &serde_json::json!(many));
    match layout.only_image() {
        Err(Error::Document { source, .. }) => assert_eq!(source.kind, crate::crypto::DecodeKind::Limit),
        other => panic!("{other:?}"),
    }
}

/// An index that is its own child cannot be made; one that names a child ten thousand times can.
#[test]
fn a_manifest_is_walked_once() {
    let (_folder, layout) = copy("crane-pull");
    let child = format!(r#"{{"mediaType":"{OCI}","digest":"{IMAGE}","size":401}}"#);
    let index = format!(
        r#"{{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[{}]}}"#,
        vec![child; 5_000].join(",")
    );
    let written =
        now(layout.put_manifest(&tag("v1"), "application/vnd.oci.image.index.v1+json", index.as_bytes()))
            .unwrap();
    assert_eq!(layout.only_image().unwrap(), Target::Digest(written.digest));
}

/// What others take by its name is an image that nobody has verified, whatever its entry and the rest of the layout say of it.
#[test]
fn attack_an_image_hides_as_part_or_attachment() {
    let kind = "dev.cosignproject.cosign/sigs";
    let other = "sha256:".to_owned() + &"a".repeat(64);
    for hidden in ["attachment", "referrer", "child of an attachment", "child of a referrer"] {
        let (folder, layout) = copy("oras-copy");
        let put = |subject: Option<&str>| {
            let manifest = artifact(&layout, hidden, subject);
            let target = Target::Digest(HashAlgorithm::Sha256.digest(&manifest));
            now(layout.put_manifest(&target, OCI, &manifest)).unwrap();
            (target.to_string(), manifest.len() as u64)
        };
        let named = serde_json::json!({"org.opencontainers.image.ref.name": "latest"});
        let mut entries = vec![entry(IMAGE, 401, &serde_json::json!({}))];
        let (evil, size) = put(Some(&other).filter(|_| hidden == "referrer").map(|o| &**o));
        let mut own = entry(&evil, size, &named);
        if hidden == "attachment" {
            own["annotations"]["kind"] = kind.into();
        }
        entries.push(own);
        if hidden.starts_with("child") {
            let index_type = "application/vnd.oci.image.index.v1+json";
            let mut index = serde_json::json!({
                "schemaVersion": 2, "mediaType": index_type, "manifests": [entry(&evil, size, &serde_json::json!({}))],
            });
            if hidden.ends_with("referrer") {
                index["subject"] = entry(&other, 1, &serde_json::json!({}));
            }
            let text = index.to_string();
            let target = Target::Digest(HashAlgorithm::Sha256.digest(text.as_bytes()));
            now(layout.put_manifest(&target, index_type, text.as_bytes())).unwrap();
            let mut own = entry(&target.to_string(), text.len() as u64, &serde_json::json!({ "kind": kind }));
            own["mediaType"] = index_type.into();
            entries.push(own);
        }
        write_index(folder.path(), &serde_json::json!(entries));
        match Layout::open(folder.path()).unwrap().only_image() {
            Err(Error::Several { .. }) => {}
            found => panic!("{hidden}: {found:?}"),
        }
    }
}
