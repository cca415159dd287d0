use std::fs;
use std::path::{Path, PathBuf};

use futures_util::FutureExt as _;

use super::*;
use crate::crypto::HashAlgorithm;
use crate::storage::images::Layout;

const OCI: &str = "application/vnd.oci.image.manifest.v1+json";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";

/// No layout waits for anything.
fn now<T>(future: impl Future<Output = T>) -> T {
    future.now_or_never().unwrap()
}

fn check(layout: &Layout) -> Result<GraphReport, Error> {
    let place = Place::Layout(layout.clone());
    let target = layout.only_image()?;
    let missing = || match &target {
        Target::Digest(digest) => Error::Missing { place: place.to_string(), wanted: digest.clone() },
        Target::Tag(_) => unreachable!(),
    };
    let manifest = now(place.manifest(&target))?.ok_or_else(missing)?;
    now(check_graph(&place, &manifest))
}

fn fixture(name: &str) -> Layout {
    Layout::open(&Path::new("testdata/layouts").join(name)).unwrap()
}

/// A new layout in a folder.
fn new() -> (tempfile::TempDir, Layout) {
    let folder = tempfile::tempdir().unwrap();
    let layout = Layout::create(folder.path()).unwrap();
    (folder, layout)
}

fn file(folder: &Path, digest: &Digest) -> PathBuf {
    folder.join("blobs/sha256").join(digest.hex())
}

fn put(layout: &Layout, content: &[u8]) -> Digest {
    let digest = HashAlgorithm::Sha256.digest(content);
    fs::write(file(layout.path(), &digest), content).unwrap();
    digest
}

fn part(content: &[u8], media_type: &str) -> serde_json::Value {
    let digest = HashAlgorithm::Sha256.digest(content).to_string();
    serde_json::json!({ "mediaType": media_type, "digest": digest, "size": content.len() })
}

fn image(config: &serde_json::Value, layers: &[serde_json::Value]) -> Vec<u8> {
    serde_json::json!({ "schemaVersion": 2, "mediaType": OCI, "config": config, "layers": layers })
        .to_string()
        .into_bytes()
}

fn index(manifests: &[serde_json::Value]) -> Vec<u8> {
    serde_json::json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": manifests })
        .to_string()
        .into_bytes()
}

/// Lists a manifest without a look at what it names.
fn list(layout: &Layout, manifest: &[u8], media_type: &str) {
    put(layout, manifest);
    fs::write(layout.path().join("index.json"), index(&[part(manifest, media_type)])).unwrap();
}

#[test]
fn all_of_an_image_is_counted() {
    let report = check(&fixture("cosign-3-save")).unwrap();
    assert_eq!((report.manifests, report.blobs, report.bytes), (1, 2, 401 + 233 + 118));
    let report = check(&fixture("cosign-3-save-index")).unwrap();
    assert_eq!((report.manifests, report.blobs), (3, 4));
    assert!(report.absent_children.is_empty() && report.foreign_layers.is_empty());
}

/// sigstore/cosign#1912, apko CVE-2026-42575, melange CVE-2026-54174: content that nobody compared with what was signed.
#[test]
fn cve_2026_42575_each_changed_missing_or_longer_part_is_seen() {
    for name in ["crane-pull", "oras-copy-index"] {
        let source = Path::new("testdata/layouts").join(name);
        let parts: Vec<PathBuf> =
            fs::read_dir(source.join("blobs/sha256")).unwrap().map(|entry| entry.unwrap().path()).collect();
        for part in parts {
            // The bundle of the image and its two blobs are no part of the image.
            let text = fs::read_to_string(&part).unwrap_or_default();
            if text == "{}" || text.contains("\"subject\"") || text.contains("verificationMaterial") {
                continue;
            }
            for change in 0..4 {
                let (folder, layout) = new();
                for entry in fs::read_dir(source.join("blobs/sha256")).unwrap() {
                    let path = entry.unwrap().path();
                    fs::copy(&path, folder.path().join("blobs/sha256").join(path.file_name().unwrap()))
                        .unwrap();
                }
                fs::copy(source.join("index.json"), folder.path().join("index.json")).unwrap();
                check(&layout).unwrap();
                let target = folder.path().join("blobs/sha256").join(part.file_name().unwrap());
                let mut bytes = fs::read(&target).unwrap();
                match change {
                    0 => *bytes.last_mut().unwrap() ^= 1,
                    1 => drop(bytes.pop()),
                    2 => bytes.push(b' '),
                    _ => fs::remove_file(&target).unwrap(),
                }
                if change < 3 {
                    fs::write(&target, bytes).unwrap();
                }
                // The child of an index alone may be missing.
                let may_be_missing = name.contains("index") && text.contains("\"layers\":[");
                match check(&layout) {
                    Ok(report) => assert!(
                        change == 3 && may_be_missing && report.absent_children.len() == 1,
                        "{name} {} {change}",
                        part.display()
                    ),
                    Err(_) => assert!(!(change == 3 && may_be_missing), "{name} {} {change}", part.display()),
                }
            }
        }
    }
}

#[test]
fn sizes_are_what_descriptors_say() {
    let (_folder, layout) = new();
    put(&layout, b"config");
    put(&layout, b"layer");
    let (config, layer) = (part(b"config", "x/y"), part(b"layer", "x/y"));
    let mut other = layer.clone();
    other["size"] = serde_json::json!(6);
    for layers in [vec![other.clone()], vec![layer.clone(), other.clone()], vec![other, layer]] {
        list(&layout, &image(&config, &layers), OCI);
        assert!(matches!(check(&layout), Err(Error::Size { .. })));
    }
}

#[test]
fn foreign_layers_and_other_platforms_may_be_missing() {
    let (_folder, layout) = new();
    put(&layout, b"config");
    let config = part(b"config", "x/y");
    for foreign in [
        "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
        "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
    ] {
        let foreign = part(b"foreign", foreign);
        let manifest = image(&config, std::slice::from_ref(&foreign));
        list(&layout, &manifest, OCI);
        assert_eq!(check(&layout).unwrap().foreign_layers.len(), 1);
        let absent = part(b"absent", OCI);
        list(&layout, &index(&[absent.clone(), part(&manifest, OCI)]), INDEX);
        let report = check(&layout).unwrap();
        assert_eq!((report.manifests, report.absent_children.len()), (2, 1));
        list(&layout, &index(&[absent.clone(), absent]), INDEX);
        assert!(matches!(check(&layout), Err(Error::Missing { .. })));
    }
    // What is there is compared, whatever it is.
    let foreign = part(b"foreign", "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip");
    let digest = HashAlgorithm::Sha256.digest(b"foreign");
    fs::write(file(layout.path(), &digest), b"changed").unwrap();
    list(&layout, &image(&config, &[foreign]), OCI);
    assert!(matches!(check(&layout), Err(Error::Digest { .. })));
}

#[test]
fn an_index_that_calls_its_child_something_else_is_refused() {
    let (_folder, layout) = new();
    put(&layout, b"config");
    let manifest = image(&part(b"config", "x/y"), &[]);
    put(&layout, &manifest);
    let lie = part(&manifest, "application/vnd.docker.distribution.manifest.v2+json");
    let root = index(&[lie]);
    put(&layout, &root);
    let place = Place::Layout(layout.clone());
    let target = Target::Digest(HashAlgorithm::Sha256.digest(&root));
    let manifest = now(place.manifest(&target)).unwrap().unwrap();
    assert!(matches!(now(check_graph(&place, &manifest)), Err(Error::Mismatch { .. })));
}
