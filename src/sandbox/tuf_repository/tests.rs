use axum::body::{Body, to_bytes};
use axum::http::Request;
use tower::ServiceExt as _;

use super::*;

const DAY: i64 = 24 * 60 * 60;

fn targets() -> Vec<Target> {
    vec![
        Target::new("trusted_root.json", "{}"),
        Target::new("rekor.pub", "a key").used_as("Rekor", "http://127.0.0.1:1"),
    ]
}

struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    async fn try_open(&self, ahead: i64, targets: &[Target]) -> Result<Repository, RepositoryError> {
        let folder = Folder::open(self.0.path()).unwrap();
        Repository::open(&folder, &Clock::ahead_by(ahead), targets).await
    }

    async fn open(&self, ahead: i64, targets: &[Target]) -> Repository {
        self.try_open(ahead, targets).await.unwrap()
    }
}

fn said(repository: &Repository, file: &str) -> Value {
    let document: Value = serde_json::from_slice(repository.file(file).unwrap()).unwrap();
    document["signed"].clone()
}

fn versions(repository: &Repository) -> [u64; 4] {
    ["root.json", "targets.json", "snapshot.json", "timestamp.json"]
        .map(|file| said(repository, file)["version"].as_u64().unwrap())
}

#[tokio::test]
async fn nothing_changes_where_nothing_has_to() {
    let place = Place::new();
    let first = place.open(0, &targets()).await;
    let again = place.open(DAY, &targets()).await;
    assert_eq!(first.files, again.files);
    assert_eq!(versions(&first), [1, 1, 1, 1]);
    let listed = &said(&first, "1.targets.json")["targets"];
    assert_eq!(listed["rekor.pub"]["custom"]["sigstore"]["usage"], "Rekor");
    assert_eq!(listed["trusted_root.json"].get("custom"), None);
    let digest = listed["rekor.pub"]["hashes"]["sha256"].as_str().unwrap();
    assert_eq!(first.file(&format!("targets/{digest}.rekor.pub")), Some(&b"a key"[..]));
}

#[tokio::test]
async fn what_changes_has_the_next_version_and_what_was_there_stays() {
    let place = Place::new();
    let first = place.open(0, &targets()).await;
    let mut changed = targets();
    changed[0].content = b"{ }".to_vec();
    let second = place.open(0, &changed).await;
    assert_eq!(versions(&second), [1, 2, 2, 2]);
    assert_eq!(first.file("1.targets.json"), second.file("1.targets.json"));
    assert_eq!(second.file("targets/trusted_root.json"), Some(&b"{ }"[..]));
    changed[1] = Target::new("rekor.pub", "a key");
    assert_eq!(versions(&place.open(0, &changed).await), [1, 3, 3, 3]);
    assert_eq!(versions(&place.open(0, &targets()).await), [1, 4, 4, 4]);
}

#[tokio::test]
async fn metadata_lives_on_before_it_expires() {
    let place = Place::new();
    let first = place.open(0, &targets()).await;
    assert_eq!(versions(&place.open(180 * DAY, &targets()).await), [1, 1, 1, 1]);
    assert_eq!(versions(&place.open(184 * DAY, &targets()).await), [1, 2, 2, 2]);
    // A clock that was put right again: what it signed ahead of time does not stay, and the version goes on.
    assert_eq!(versions(&place.open(0, &targets()).await), [1, 3, 3, 3]);
    let late = place.open(6 * 365 * DAY, &targets()).await;
    assert_eq!(versions(&late), [2, 4, 4, 4]);
    assert_eq!(late.root(), first.root());
    assert_eq!(said(&late, "2.root.json")["keys"], said(&late, "1.root.json")["keys"]);
    assert!(
        said(&late, "timestamp.json")["expires"].as_str()
            > said(&first, "timestamp.json")["expires"].as_str()
    );
}

#[tokio::test]
async fn what_is_damaged_is_made_anew_and_versions_never_go_back() {
    let place = Place::new();
    place.open(0, &targets()).await;
    let mut version = 1;
    for file in ["timestamp.json", "{}.snapshot.json", "{}.targets.json"] {
        for content in [&b""[..], b"{}"] {
            let path = place.0.path().join("tuf").join(file.replace("{}", &version.to_string()));
            std::fs::write(path, content).unwrap();
            version += 1;
            assert_eq!(versions(&place.open(0, &targets()).await), [1, version, version, version], "{file}");
        }
        let path = place.0.path().join("tuf").join(file.replace("{}", &version.to_string()));
        std::fs::remove_file(path).unwrap();
        version += 1;
        assert_eq!(versions(&place.open(0, &targets()).await), [1, version, version, version], "{file}");
    }
    std::fs::write(place.0.path().join("tuf/1.root.json"), "{}").unwrap();
    let error = place.try_open(0, &targets()).await.unwrap_err();
    assert!(matches!(&error, RepositoryError::Damaged { path, .. } if path.ends_with("tuf/1.root.json")));
}

#[tokio::test]
async fn a_target_that_was_changed_on_the_disk_is_put_right() {
    let place = Place::new();
    let first = place.open(0, &targets()).await;
    for entry in std::fs::read_dir(place.0.path().join("tuf/targets")).unwrap() {
        std::fs::write(entry.unwrap().path(), "something else").unwrap();
    }
    assert_eq!(place.open(0, &targets()).await.files, first.files);
}

#[tokio::test]
async fn files_are_served_and_nothing_else() {
    let place = Place::new();
    let router = Arc::new(place.open(0, &targets()).await).router();
    std::fs::write(place.0.path().join("secret"), "secret").unwrap();
    for (path, status) in [
        ("/1.root.json", 200),
        ("/timestamp.json", 200),
        ("/1.snapshot.json", 200),
        ("/1.targets.json", 200),
        ("/targets/trusted_root.json", 200),
        ("/2.root.json", 404),
        ("/", 404),
        ("/../secret", 404),
        ("/%2e%2e/secret", 404),
        ("/..%2fsecret", 404),
        ("/targets/../../secret", 404),
        ("/lock", 404),
    ] {
        let request = Request::get(path).body(Body::empty()).unwrap();
        let response = router.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), status, "{path}");
        let body = to_bytes(response.into_body(), MAX_FILE).await.unwrap();
        assert!(!body.is_empty() || path == "/", "{path}");
        assert_ne!(&body[..], b"secret", "{path}");
    }
}

/// `tough`'s own client is the second opinion on what was signed.
#[tokio::test]
async fn toughs_client_reads_it() {
    let place = Place::new();
    let repository = place.open(0, &targets()).await;
    let base = |folder: &str| format!("file://{}/{folder}", place.0.path().display()).parse().unwrap();
    let root = repository.root();
    let read = tough::RepositoryLoader::new(&root, base("tuf/"), base("tuf/targets/"));
    let read = read.load().await.unwrap();
    let names: Vec<_> = read.targets().signed.targets.keys().map(tough::TargetName::raw).collect();
    assert_eq!(names.len(), 2, "{names:?}");
}
