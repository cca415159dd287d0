//! Registries in a folder: what comes back, and what does not.

use std::fs;
use std::path::{Path, PathBuf};

use super::*;

fn kept(folder: &Path) -> Registry {
    start(Options { folder: Some(folder.to_owned()), ..Options::default() })
}

fn refused(folder: &Path) -> Error {
    Registry::start(Options { folder: Some(folder.to_owned()), ..Options::default() }).unwrap_err()
}

fn blob_file(folder: &Path, digest: &str) -> PathBuf {
    folder.join("blobs").join(digest.replace(':', "/"))
}

/// All that can be seen of a registry from outside.
fn seen(registry: &Registry) -> Vec<String> {
    let contents = registry.contents();
    let mut all = Vec::new();
    for name in contents.repositories() {
        all.extend(contents.tags(&name).iter().map(|(tag, digest)| format!("{name}:{tag} {digest}")));
        for digest in contents.manifests(&name) {
            all.push(format!("{name}@{digest} {:?}", contents.manifest(&name, &digest).unwrap()));
            all.extend(contents.referrers(&name, &digest));
        }
        all.extend(pages(registry, &format!("/v2/{name}/tags/list"), "tags").0.iter().map(Value::to_string));
    }
    all
}

/// Where an upload of `app` goes on.
fn begin(registry: &Registry) -> String {
    let answer = ask(registry, "POST /v2/app/blobs/uploads/").is(202);
    answer.header("location").unwrap().replace("http://localhost", "")
}

fn push(registry: &Registry, bytes: &[u8]) -> String {
    let digest = sha256(bytes);
    let line = format!("POST /v2/app/blobs/uploads/?digest={digest}");
    let _ = ask_with(registry, &line, &[], bytes).is(201);
    digest
}

#[test]
fn everything_comes_back_at_the_same_address() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("a/registry");
    let registry = kept(&folder);
    let (address, image) = (registry.address(), registry.contents().plant_image("app", "v1"));
    let _ = registry.contents().plant_image("app", "v2");
    let manifest = referrer(&image, Some("x/y"), "note");
    push(&registry, b"{}");
    let line = format!("PUT /v2/app/manifests/{}", sha256(&manifest));
    let _ = ask_with(&registry, &line, &[("Content-Type", OCI_MANIFEST)], &manifest).is(201);
    let _ = ask(&registry, "DELETE /v2/app/manifests/v2").is(202);
    let gone = registry.contents().plant_image("gone", "only");
    let _ = ask(&registry, &format!("DELETE /v2/gone/manifests/{gone}")).is(202);
    // A tag that moves.
    let (_, bytes) = registry.contents().manifest("app", "v1").unwrap();
    let mut other: Value = serde_json::from_slice(&bytes).unwrap();
    other["annotations"] = json!({ "other": "one" });
    let put = |registry: &Registry, body: &Value| {
        let line = "PUT /v2/app/manifests/v1";
        ask_with(registry, line, &[("Content-Type", OCI_MANIFEST)], body.to_string().as_bytes()).is(201)
    };
    let _ = put(&registry, &other);
    let before = seen(&registry);
    assert!(before.iter().any(|line| line.starts_with("app:v1 ")), "{before:?}");
    drop(registry);

    let port = address.rsplit_once(':').unwrap().1.parse().unwrap();
    let options = Options { folder: Some(folder.clone()), ..Options::default() };
    let registry = Registry::start_at(listen(port).unwrap(), options).unwrap();
    assert_eq!((registry.address(), seen(&registry)), (address, before.clone()));
    assert!(registry.other_url().ends_with(&format!(":{port}")));
    // So many changes that only those that matter are written anew.
    for number in 0..200 {
        other["annotations"]["number"] = json!(number);
        let _ = put(&registry, &other);
        let digest = sha256(other.to_string().as_bytes());
        let _ = ask(&registry, &format!("DELETE /v2/app/manifests/{digest}")).is(202);
    }
    let _ = put(&registry, &json!(serde_json::from_slice::<Value>(&bytes).unwrap()));
    let upload = begin(&registry);
    let before = seen(&registry);
    drop(registry);
    let long = fs::metadata(folder.join("changes")).unwrap().len();
    let registry = kept(&folder);
    assert!(fs::metadata(folder.join("changes")).unwrap().len() < long / 10);
    assert_eq!(seen(&registry), before);
    drop(registry);
    let registry = kept(&folder);
    assert_eq!(seen(&registry), before);
    let _ = ask(&registry, &format!("GET {upload}")).is(204);
    assert_ne!(begin(&registry), upload);
}

#[test]
fn one_registry_has_the_folder() {
    let place = tempfile::tempdir().unwrap();
    let first = kept(place.path());
    assert!(matches!(refused(place.path()), Error::Folder(FolderError::Locked { .. })));
    drop(first);
    let _ = kept(place.path());
}

#[test]
fn uploads_go_on_after_a_restart() {
    let place = tempfile::tempdir().unwrap();
    let bytes: Vec<u8> = (0..9_000_000_u32).map(|n| (n % 253) as u8).collect();
    let (digest, registry) = (sha256(&bytes), kept(place.path()));
    let upload = begin(&registry);
    // Larger than what stays in memory, then smaller, then larger again.
    let chunk = |registry: &Registry, from: usize, to: usize| {
        let range = format!("{from}-{}", to - 1);
        let line = format!("PATCH {upload}");
        let answer = ask_with(registry, &line, &[("Content-Range", &range)], &bytes[from..to]).is(202);
        assert_eq!(answer.header("range"), Some(format!("0-{}", to - 1).as_str()));
    };
    chunk(&registry, 0, 4_500_000);
    drop(registry);
    let registry = kept(place.path());
    chunk(&registry, 4_500_000, 4_500_007);
    drop(registry);
    let registry = kept(place.path());
    let status = ask(&registry, &format!("GET {upload}")).is(204);
    assert_eq!(status.header("range"), Some("0-4500006"));
    let _ = ask_with(&registry, &format!("PUT {upload}&digest={digest}"), &[], &bytes[4_500_007..]).is(201);
    assert_eq!(registry.contents().blob("app", &digest).unwrap(), bytes);
    let _ = ask(&registry, &format!("GET {upload}")).is(404);
    assert_eq!(fs::read_dir(place.path().join("uploads")).unwrap().count(), 0);
    drop(registry);
    assert_eq!(kept(place.path()).contents().blob("app", &digest).unwrap(), bytes);
}

#[test]
fn a_blob_that_was_not_moved_yet_is_moved() {
    let place = tempfile::tempdir().unwrap();
    let registry = kept(place.path());
    let (upload, digest) = (begin(&registry), sha256(b"content"));
    let _ = ask_with(&registry, &format!("PUT {upload}&digest={digest}"), &[], b"content").is(201);
    drop(registry);
    // As when the process is killed after it has written the change.
    let id = upload.rsplit('/').next().unwrap().split('?').next().unwrap();
    fs::rename(blob_file(place.path(), &digest), place.path().join("uploads").join(id)).unwrap();
    let registry = kept(place.path());
    assert_eq!(registry.contents().blob("app", &digest).unwrap(), b"content");
    let _ = ask(&registry, &format!("GET /v2/app/blobs/{digest}")).is(200);
}

/// Where the changes begin.
const FIRST: usize = 8192;

#[test]
fn what_is_half_written_is_cut_off_and_what_is_damaged_is_told() {
    let place = tempfile::tempdir().unwrap();
    let registry = kept(place.path());
    let changes = place.path().join("changes");
    let _ = registry.contents().plant_image("app", "v1");
    let (before, first) = (seen(&registry), fs::read(&changes).unwrap());
    let _ = registry.contents().plant_image("app", "v2");
    drop(registry);
    let whole = fs::read(&changes).unwrap();
    let acknowledged = whole[FIRST..].iter().filter(|byte| **byte == b'\n').count() as u64;
    // The first image alone was acknowledged, and the next change is half a line.
    for end in [first.len() + 1, first.len() + 70] {
        fs::write(&changes, [&first[..], &whole[first.len()..end]].concat()).unwrap();
        let registry = kept(place.path());
        assert_eq!(seen(&registry), before, "{end}");
        let cut = end - first.len();
        let said =
            format!("the last {cut} bytes were a part of an entry that nobody was told of, and are cut off");
        assert_eq!(registry.notes(), [format!("{}: {said}", changes.display())]);
        assert_eq!(fs::metadata(&changes).unwrap().len() as usize, first.len());
    }
    let refused = |damaged: &[u8]| {
        fs::write(&changes, damaged).unwrap();
        let Error::Damaged { damage, .. } = refused(place.path()) else { panic!() };
        // Nothing is touched.
        assert_eq!(fs::read(&changes).unwrap(), damaged);
        damage
    };
    for at in (FIRST..whole.len()).step_by(7).chain([whole.len() - 3, whole.len() - 1]) {
        let mut damaged = whole.clone();
        damaged[at] ^= 1;
        assert_eq!(refused(&damaged).acknowledged, acknowledged, "{at}");
    }
    let last = whole[..whole.len() - 1].iter().rposition(|byte| *byte == b'\n').unwrap() + 1;
    let damage = refused(&whole[..last]);
    assert_eq!((damage.offset as usize, damage.before), (last, acknowledged - 1));
    for end in [0, 1, FIRST - 1, FIRST, last + 1, whole.len() - 1] {
        let _ = refused(&whole[..end]);
    }
    fs::remove_file(&changes).unwrap();
    assert!(matches!(self::refused(place.path()), Error::Folder(FolderError::Missing { .. })));
    fs::write(&changes, &whole).unwrap();
    assert_ne!(seen(&kept(place.path())), before);
}

#[cfg(unix)]
#[test]
fn a_registry_whose_folder_is_removed_takes_nothing() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("registry");
    let registry = kept(&folder);
    push(&registry, b"{}");
    let manifest = referrer(&sha256(b"subject"), None, "note");
    let put = |tag: &str| {
        let line = format!("PUT /v2/app/manifests/{tag}");
        ask_with(&registry, &line, &[("Content-Type", OCI_MANIFEST)], &manifest)
    };
    let _ = put("before").is(201);
    fs::remove_dir_all(&folder).unwrap();
    let _ = put("after").is(500);
    let line = format!("POST /v2/app/blobs/uploads/?digest={}", sha256(b"other"));
    let _ = ask_with(&registry, &line, &[], b"other").is(500);
    let _ = ask(&registry, "POST /v2/app/blobs/uploads/").is(500);
    assert!(!folder.exists());
}

#[test]
fn a_damaged_blob_is_not_served_and_comes_back_by_a_push() {
    let place = tempfile::tempdir().unwrap();
    let registry = kept(place.path());
    let digest = push(&registry, b"content");
    let file = blob_file(place.path(), &digest);
    let damages: [&dyn Fn(); 4] = [
        &|| fs::write(&file, "kontent").unwrap(),
        &|| fs::write(&file, "conten").unwrap(),
        &|| fs::write(&file, "content and more").unwrap(),
        &|| fs::remove_file(&file).unwrap(),
    ];
    for damage in damages {
        damage();
        for (line, headers) in [
            (format!("GET /v2/app/blobs/{digest}"), &[][..]),
            (format!("GET /v2/app/blobs/{digest}"), &[("Range", "bytes=1-2")]),
            (format!("HEAD /v2/app/blobs/{digest}"), &[]),
        ] {
            let _ = ask_with(&registry, &line, headers, b"").is(404);
        }
        let _ = ask(&registry, &format!("POST /v2/new/blobs/uploads/?mount={digest}&from=app")).is(202);
        assert_eq!(registry.contents().blob("app", &digest), None);
        push(&registry, b"content");
        assert_eq!(ask(&registry, &format!("GET /v2/app/blobs/{digest}")).is(200).body, b"content");
    }
    push(&registry, b"another");
    drop(registry);
    fs::remove_file(&file).unwrap();
    let said = "1 of 2 blobs are missing; who pushes them again brings them back";
    let said = format!("{}: {said}", place.path().join("blobs").display());
    let registry = kept(place.path());
    assert_eq!(registry.notes(), [said]);
    push(&registry, b"content");
    drop(registry);
    assert_eq!(kept(place.path()).notes(), [""; 0]);
}

#[test]
fn files_that_nobody_needs_go() {
    let place = tempfile::tempdir().unwrap();
    let registry = kept(place.path());
    let digest = push(&registry, b"content");
    let _ = ask(&registry, &format!("POST /v2/new/blobs/uploads/?mount={digest}&from=app")).is(201);
    let file = blob_file(place.path(), &digest);
    let _ = ask(&registry, &format!("DELETE /v2/app/blobs/{digest}")).is(202);
    assert!(file.exists());
    let _ = ask(&registry, &format!("DELETE /v2/new/blobs/{digest}")).is(202);
    assert!(!file.exists());
    let upload = begin(&registry);
    let _ = ask_with(&registry, &format!("PATCH {upload}"), &[], b"content").is(202);
    drop(registry);
    // What a process leaves that is killed.
    fs::write(place.path().join("uploads/.tmpx"), "body").unwrap();
    fs::write(&file, "content").unwrap();
    let registry = kept(place.path());
    assert!(!file.exists());
    assert_eq!(fs::read_dir(place.path().join("uploads")).unwrap().count(), 1);
    let _ = ask(&registry, &format!("DELETE {upload}")).is(204);
    assert_eq!(fs::read_dir(place.path().join("uploads")).unwrap().count(), 0);
}

#[test]
fn a_disk_that_takes_nothing_is_no_success() {
    let place = tempfile::tempdir().unwrap();
    let registry = kept(place.path());
    fs::remove_dir_all(place.path().join("blobs")).unwrap();
    let digest = sha256(b"content");
    let line = format!("POST /v2/app/blobs/uploads/?digest={digest}");
    let answer = ask_with(&registry, &line, &[], b"content").is(500);
    assert_eq!(answer.json()["errors"][0]["code"], "UNKNOWN");
    let _ = ask(&registry, &format!("GET /v2/app/blobs/{digest}")).is(404);
}

/// Kilobytes of this process in memory.
fn resident() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or_default()
}

/// The figures of docs/design/sandbox.md.
#[test]
#[ignore = "measures"]
fn figures() {
    const IMAGES: usize = 10_000;
    let place = tempfile::tempdir().unwrap();
    let registry = kept(place.path());
    let large = vec![b'x'; 256 << 20];
    let digest = sha256(&large);
    let before = resident();
    let begun = Instant::now();
    let _ = ask_with(&registry, &format!("POST /v2/app/blobs/uploads/?digest={digest}"), &[], &large).is(201);
    // The client here copies all that it sends.
    let more = resident().saturating_sub(before + (256 << 10));
    println!("a blob of 256 MiB: {:?}, {more} KiB more", begun.elapsed());
    let begun = Instant::now();
    let _ = ask(&registry, &format!("HEAD /v2/app/blobs/{digest}")).is(200);
    println!("looking at it: {:?}", begun.elapsed());
    push(&registry, b"{}");
    for writers in [1, 32] {
        let begun = Instant::now();
        std::thread::scope(|scope| {
            for writer in 0..writers {
                let registry = &registry;
                scope.spawn(move || {
                    for number in (writer..IMAGES / 2).step_by(writers) {
                        let manifest = referrer(&sha256(b"subject"), None, &format!("{writers} {number}"));
                        let line = format!("PUT /v2/app/manifests/t{writers}-{number}");
                        let _ =
                            ask_with(registry, &line, &[("Content-Type", OCI_MANIFEST)], &manifest).is(201);
                    }
                });
            }
        });
        let seconds = begun.elapsed().as_secs_f64();
        println!("{writers} clients: {:.0} manifests a second", (IMAGES / 2) as f64 / seconds);
    }
    let size = fs::metadata(place.path().join("changes")).unwrap().len();
    drop(registry);
    let begun = Instant::now();
    let registry = kept(place.path());
    println!("opening {IMAGES} images, {size} bytes: {:?}", begun.elapsed());
    assert_eq!(registry.contents().tags("app").len(), IMAGES);
}

/// Where a large body cannot go to the disk, its sender is told, and what is small is still served.
#[test]
fn a_body_that_the_disk_does_not_take_is_answered() {
    let place = tempfile::tempdir().unwrap();
    let registry = kept(place.path());
    let target = begin(&registry);
    let uploads = place.path().join("uploads");
    fs::rename(&uploads, place.path().join("away")).unwrap();
    let large = vec![b'x'; 3 << 20];
    let answer = ask_with(&registry, &format!("PATCH {target}"), &[], &large).is(507);
    assert_eq!(answer.json()["errors"][0]["code"], "UNKNOWN");
    assert!(answer.json()["errors"][0]["detail"]["reason"].is_string());
    let _ = ask(&registry, "GET /v2/").is(200);
    fs::rename(place.path().join("away"), &uploads).unwrap();
    let _ = ask_with(&registry, &format!("PATCH {target}"), &[], &large).is(202);
}
