//! The cases of the public tuf-conformance suite (theupdateframework/tuf-conformance), through the suite's own protocol: `init`,
//! `refresh` and `download` of the example `tuf_client`, one process each, state in files. Each test bears the name of its case;
//! of cases with a table, the table is in `src/services/tuf/client/tests`, and here are some of its rows.
//!
//! Of `test_static_repositories` the repository that is valid until 2044 is here; the other one, a copy of Sigstore's of one day, is
//! not (its root is in `src/services/tuf/known.rs`, and verified there). Nor is `test_repository_simulator`, which is about the
//! suite itself.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, SystemTime};

use rcosign::internals::crypto::{KeyType, UnixTime};
use rcosign::internals::sandbox::tuf::TufRepository;
use serde_json::{Value, json};

use crate::faulty::server::{Act, Answer, Server};
use crate::support::Sandbox;

const FAR: &str = "2099-01-01T00:00:00Z";
const PAST: &str = "2020-01-01T00:00:00Z";

/// `cargo test` builds it into the folder beside the tests' own.
fn program() -> Option<PathBuf> {
    let tests = std::env::current_exe().unwrap();
    let name = format!("tuf_client{}", std::env::consts::EXE_SUFFIX);
    let program = tests.parent().unwrap().with_file_name("examples").join(name);
    if !program.exists() {
        crate::support::say_skipped("example tuf_client: not built");
        return None;
    }
    Some(program)
}

/// A repository and a client of it.
struct World {
    program: PathBuf,
    repository: Arc<Mutex<TufRepository>>,
    server: Server,
    sandbox: Sandbox,
    initial_root: Vec<u8>,
}

impl World {
    fn new() -> Option<Self> {
        Self::of(TufRepository::new(FAR).unwrap())
    }

    fn of(repository: TufRepository) -> Option<Self> {
        let initial_root = repository.first_root();
        Self::serving(repository, initial_root)
    }

    fn serving(repository: TufRepository, initial_root: Vec<u8>) -> Option<Self> {
        let program = program()?;
        let repository = Arc::new(Mutex::new(repository));
        let served = Arc::clone(&repository);
        let server = Server::start(move |request| {
            let path = request.line.trim_start_matches("GET /metadata/").trim_start_matches("GET /");
            let found = served.lock().unwrap().files.get(path).cloned();
            Act::Say(found.map_or_else(|| Answer::new(404, ""), |bytes| Answer::new(200, bytes)))
        });
        let sandbox = Sandbox::new();
        for folder in ["metadata", "artifacts"] {
            std::fs::create_dir(sandbox.at(folder)).unwrap();
        }
        Some(Self { program, repository, server, sandbox, initial_root })
    }

    /// A client that was initialized.
    fn initialized(repository: TufRepository) -> Option<Self> {
        let world = Self::of(repository)?;
        assert_eq!(world.init(), 0);
        Some(world)
    }

    fn repository(&self) -> MutexGuard<'_, TufRepository> {
        self.repository.lock().unwrap()
    }

    fn run(&self, args: &[&str]) -> i32 {
        let output = self.sandbox.program(&self.program, args).run();
        assert!(output.code == 0 || (output.code == 1 && !output.stderr.is_empty()), "{}", output.stderr);
        assert!(!output.stderr.contains("panicked"), "{}", output.stderr);
        output.code
    }

    fn init(&self) -> i32 {
        let _ = self.sandbox.file("initial.json", &self.initial_root);
        self.run(&["--metadata-dir", "metadata", "init", "initial.json"])
    }

    fn refresh(&self) -> i32 {
        let url = format!("{}/metadata", self.server.url);
        self.run(&["--metadata-url", &url, "--metadata-dir", "metadata", "refresh"])
    }

    fn download(&self, name: &str) -> i32 {
        let (metadata, targets) =
            (format!("{}/metadata", self.server.url), format!("{}/targets", self.server.url));
        self.run(&[
            "--metadata-url",
            &metadata,
            "--metadata-dir",
            "metadata",
            "--target-name",
            name,
            "--target-dir",
            "artifacts",
            "--target-base-url",
            &targets,
            "download",
        ])
    }

    /// The version that is kept of a role.
    fn version(&self, role: &str) -> Option<u64> {
        let bytes = std::fs::read(self.sandbox.at(&format!("metadata/{role}.json"))).ok()?;
        serde_json::from_slice::<Value>(&bytes).unwrap()["signed"]["version"].as_u64()
    }

    /// Every role that is kept, with its version.
    fn trusted(&self) -> Vec<(String, u64)> {
        let names = std::fs::read_dir(self.sandbox.at("metadata")).unwrap();
        let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut roles: Vec<_> = names
            .filter_map(|name| Some(name.strip_suffix(".json")?.to_owned()))
            .map(|role| (role.clone(), self.version(&role).unwrap()))
            .collect();
        roles.sort();
        roles
    }

    /// The artifacts that were downloaded.
    fn artifacts(&self) -> Vec<Vec<u8>> {
        let mut files: Vec<_> = std::fs::read_dir(self.sandbox.at("artifacts"))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        files.sort();
        files.into_iter().filter(|path| path.is_file()).map(|path| std::fs::read(path).unwrap()).collect()
    }

    /// The metadata that was asked for.
    fn asked(&self) -> Vec<String> {
        self.server
            .heard()
            .into_iter()
            .filter_map(|line| Some(line.strip_prefix("GET /metadata/")?.to_owned()))
            .collect()
    }
}

fn repository(change: impl FnOnce(&mut TufRepository)) -> TufRepository {
    let mut repository = TufRepository::new(FAR).unwrap();
    change(&mut repository);
    repository
}

/// Publishes the next version of the targets, and what lists it.
fn next(repository: &mut TufRepository) {
    repository.bump("targets");
    repository.update().unwrap();
}

fn roles(roles: &[(&str, u64)]) -> Vec<(String, u64)> {
    roles.iter().map(|(role, version)| ((*role).to_owned(), *version)).collect()
}

// test_basic.py

#[test]
fn test_basic_init_and_refresh() {
    let Some(world) = World::new() else { return };
    assert_eq!((world.init(), world.refresh()), (0, 0));
    assert_eq!(world.asked(), ["2.root.json", "timestamp.json", "1.snapshot.json", "1.targets.json"]);
    assert_eq!(world.trusted(), roles(&[("root", 1), ("snapshot", 1), ("targets", 1), ("timestamp", 1)]));
}

/// And `test_metadata_bytes_match`: what is kept is what was served, byte for byte.
#[test]
fn test_implicit_refresh() {
    let Some(world) = World::new() else { return };
    assert_eq!((world.init(), world.download("nonexistent artifact")), (0, 1));
    assert_eq!(world.asked(), ["2.root.json", "timestamp.json", "1.snapshot.json", "1.targets.json"]);
    for role in ["root", "timestamp", "snapshot", "targets"] {
        let served = world.repository().files[&format!("{role}.json")].clone();
        assert_eq!(world.sandbox.read(&format!("metadata/{role}.json")), served, "{role}");
    }
}

#[test]
fn test_invalid_initial_root() {
    let Some(mut world) = World::new() else { return };
    let mut root: Value = serde_json::from_slice(&world.initial_root).unwrap();
    drop(root["signed"].as_object_mut().unwrap().remove("version"));
    world.initial_root = root.to_string().into_bytes();
    let _ = world.init();
    assert_eq!(world.refresh(), 1);
    assert_eq!(world.asked(), [""; 0]);
}

#[test]
fn test_unsigned_initial_root() {
    let Some(mut world) = World::new() else { return };
    let mut root: Value = serde_json::from_slice(&world.initial_root).unwrap();
    root["signatures"][0]["sig"] = "3045022100ee448afe".into();
    world.initial_root = root.to_string().into_bytes();
    let _ = world.init();
    assert_eq!(world.refresh(), 1);
    assert_eq!(world.asked(), [""; 0]);
}

#[test]
fn test_unsigned_metadata() {
    for (role, trusted) in [
        ("root", &[("root", 1)][..]),
        ("timestamp", &[("root", 1)]),
        ("snapshot", &[("root", 1), ("timestamp", 2)]),
        ("targets", &[("root", 1), ("snapshot", 2), ("timestamp", 2)]),
    ] {
        let unsigned = repository(|repository| {
            let _ = repository.signers.insert(role.to_owned(), Vec::new());
            if role == "root" {
                repository.next_root().unwrap();
            }
            next(repository);
        });
        let Some(world) = World::initialized(unsigned) else { return };
        assert_eq!(world.refresh(), 1, "{role}");
        assert_eq!(world.trusted(), roles(trusted), "{role}");
    }
}

/// And `test_timestamp_eq_versions_check`.
#[test]
fn test_timestamp_content_changes() {
    let Some(world) = World::initialized(repository(|_| {})) else { return };
    assert_eq!(world.refresh(), 0);
    let before = world.sandbox.read("metadata/timestamp.json");
    world.repository().role("timestamp")["meta"]["snapshot.json"]["version"] = 100.into();
    world.repository().publish("timestamp").unwrap();
    assert_eq!(world.refresh(), 0);
    assert_eq!(world.asked().last().unwrap(), "timestamp.json");
    assert_eq!(world.sandbox.read("metadata/timestamp.json"), before);
}

/// And `test_new_targets_hash_mismatch`.
#[test]
fn test_basic_metadata_hash_support() {
    let hashed = repository(|repository| {
        repository.announce_hashes = true;
        next(repository);
    });
    let Some(world) = World::initialized(hashed) else { return };
    assert_eq!(world.refresh(), 0);
    {
        let mut repository = world.repository();
        next(&mut repository);
        repository.role("snapshot")["meta"]["targets.json"]["hashes"]["sha256"] = "46".repeat(32).into();
        repository.bump("snapshot");
        repository.publish("snapshot").unwrap();
        repository.update_timestamp().unwrap();
    }
    assert_eq!(world.refresh(), 1);
    assert_eq!((world.version("snapshot"), world.version("targets")), (Some(4), Some(2)));
}

#[test]
fn test_new_targets_version_mismatch() {
    let Some(world) = World::initialized(repository(|_| {})) else { return };
    assert_eq!(world.refresh(), 0);
    world.repository().bump("targets");
    world.repository().publish("targets").unwrap();
    assert_eq!(world.refresh(), 0);
    assert_eq!(world.version("targets"), Some(1));
    assert_eq!(world.asked().last().unwrap(), "timestamp.json");
}

#[test]
fn test_custom_fields() {
    let Some(world) = World::initialized(repository(|_| {})) else { return };
    assert_eq!(world.refresh(), 0);
    {
        let mut repository = world.repository();
        let root = repository.role("root");
        root["custom-field"] = "value".into();
        let id = root["roles"]["root"]["keyids"][0].as_str().unwrap().to_owned();
        root["keys"][&id]["extra-field"] = json!({ "a": 1, "b": 2 });
        root["roles"]["root"]["another-field"] = "value".into();
        repository.next_root().unwrap();
    }
    assert_eq!((world.refresh(), world.version("root")), (0, Some(2)));
}

// test_expiration.py, test_delegated_expiration.py

/// `test_root_expired`, `test_timestamp_expired`, `test_snapshot_expired`, `test_targets_expired`: of what expired, the root is kept.
#[test]
fn test_expired() {
    for (role, kept) in [("root", 2), ("timestamp", 1), ("snapshot", 1), ("targets", 1)] {
        let Some(world) = World::initialized(repository(|_| {})) else { return };
        assert_eq!(world.refresh(), 0);
        {
            let mut repository = world.repository();
            repository.role(role)["expires"] = PAST.into();
            if role == "root" {
                repository.next_root().unwrap();
            }
            next(&mut repository);
        }
        assert_eq!((world.refresh(), world.version(role)), (1, Some(kept)), "{role}");
    }
}

/// In two seconds.
fn soon() -> String {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    UnixTime::from_seconds(i64::try_from(now).unwrap() + 2).to_string()
}

#[test]
fn test_expired_metadata() {
    let expiring = repository(|repository| {
        for role in ["timestamp", "snapshot"] {
            repository.role(role)["expires"] = soon().into();
        }
        next(repository);
    });
    let Some(world) = World::initialized(expiring) else { return };
    assert_eq!(world.refresh(), 0);
    for role in ["timestamp", "snapshot"] {
        world.repository().role(role)["expires"] = FAR.into();
    }
    next(&mut world.repository());
    std::thread::sleep(Duration::from_secs(3));
    assert_eq!(
        (world.refresh(), world.version("timestamp"), world.version("targets")),
        (0, Some(3), Some(3))
    );
}

fn delegated(expires: &str) -> TufRepository {
    repository(|repository| {
        repository.delegate("targets", json!({ "name": "delegated", "paths": ["delegatedpath/*"] })).unwrap();
        repository.role("delegated")["expires"] = expires.into();
        for name in ["first", "second"] {
            repository.add_target("delegated", &format!("delegatedpath/{name}"), name.as_bytes());
        }
        next(repository);
    })
}

#[test]
fn test_delegated_targets_expired() {
    let Some(world) = World::initialized(delegated(PAST)) else { return };
    assert_eq!((world.refresh(), world.download("delegatedpath/first")), (0, 1));
    assert!(world.artifacts().is_empty());
    assert_eq!(world.trusted(), roles(&[("root", 1), ("snapshot", 2), ("targets", 2), ("timestamp", 2)]));
}

/// And `test_expired_local_delegated_targets_updates`.
#[test]
fn test_expired_local_delegated_targets() {
    let Some(world) = World::initialized(delegated(&soon())) else { return };
    assert_eq!(world.download("delegatedpath/first"), 0);
    std::thread::sleep(Duration::from_secs(3));
    assert_eq!(world.download("delegatedpath/second"), 1);
    assert_eq!(world.artifacts(), [b"first"]);
    world.repository().role("delegated")["expires"] = FAR.into();
    world.repository().bump("delegated");
    world.repository().update().unwrap();
    assert_eq!(world.download("delegatedpath/second"), 0);
    assert_eq!(world.artifacts(), [&b"first"[..], b"second"]);
}

// test_file_download.py

#[test]
fn test_client_downloads_expected_file() {
    // `..._in_sub_dir` is the second.
    for path in ["target_file.txt", "path/to/a/target_file.txt"] {
        let Some(world) = World::initialized(repository(|repository| {
            repository.add_target("targets", path, b"target file contents");
            next(repository);
        })) else {
            return;
        };
        assert_eq!((world.refresh(), world.artifacts().len()), (0, 0));
        assert_eq!(world.download(path), 0, "{path}");
        assert_eq!(world.artifacts(), [b"target file contents"]);
    }
}

/// Whatever serves the file, under each of its names.
fn substitute(repository: &mut TufRepository, name: &str, content: &[u8]) {
    let served =
        repository.files.iter_mut().filter(|(path, _)| path.starts_with("targets/") && path.ends_with(name));
    served.for_each(|(_, bytes)| *bytes = content.to_vec());
}

#[test]
fn test_repository_substitutes_target_file() {
    let Some(world) = World::initialized(repository(|repository| {
        repository.add_target("targets", "one.txt", b"one");
        repository.add_target("targets", "two.txt", b"two");
        next(repository);
    })) else {
        return;
    };
    assert_eq!(world.download("one.txt"), 0);
    for name in ["one.txt", "two.txt"] {
        substitute(&mut world.repository(), name, b"malicious");
    }
    let _ = world.download("one.txt");
    assert_eq!(world.download("two.txt"), 1);
    assert_eq!(world.artifacts(), [b"one"]);
}

#[test]
fn test_multiple_changes_to_target() {
    let Some(world) = World::initialized(repository(|_| {})) else { return };
    for i in 0..11 {
        let content = format!("content {i}");
        {
            let mut repository = world.repository();
            repository.add_target("targets", "file.txt", content.as_bytes());
            repository.add_target("targets", &format!("new-{i:02}.txt"), content.as_bytes());
            next(&mut repository);
        }
        if i % 5 != 0 {
            continue;
        }
        assert_eq!((world.download("file.txt"), world.download(&format!("new-{i:02}.txt"))), (0, 0));
        let expected: Vec<_> = world.artifacts();
        assert_eq!(expected.len(), 2 + i / 5);
        assert_eq!(expected[0], content.as_bytes());
        substitute(&mut world.repository(), "file.txt", b"malicious");
        next(&mut world.repository());
        let _ = world.download("file.txt");
        assert_eq!(world.artifacts(), expected);
    }
}

// test_keys.py, test_updater_key_rotations.py

/// `test_snapshot_threshold`, `test_root_has_keys_but_not_snapshot`, `test_duplicate_keys_root`: too few sign.
#[test]
fn test_thresholds() {
    type Change = fn(&mut TufRepository);
    let cases: [(&str, Change); 3] = [
        ("more than there are", |repository| {
            for _ in 0..4 {
                let _ = repository.add_key("snapshot", KeyType::P256).unwrap();
            }
            repository.role("root")["roles"]["snapshot"]["threshold"] = 6.into();
        }),
        ("some do not sign", |repository| {
            let own = repository.signers["snapshot"].clone();
            for _ in 0..4 {
                let _ = repository.add_key("snapshot", KeyType::P256).unwrap();
            }
            let _ = repository.signers.insert("snapshot".to_owned(), own);
            repository.role("root")["roles"]["snapshot"]["threshold"] = 5.into();
        }),
        ("one under many names", |repository| {
            let id = repository.signers["snapshot"][0].clone();
            let root = repository.role("root");
            let key = root["keys"][&id].clone();
            let mut ids = vec![id];
            for number in 0..9 {
                let id = format!("{number:064x}");
                root["keys"][&id] = key.clone();
                ids.push(id);
            }
            root["roles"]["snapshot"] = json!({ "keyids": ids, "threshold": 6 });
        }),
    ];
    for (name, change) in cases {
        let Some(world) = World::initialized(repository(|_| {})) else { return };
        assert_eq!(world.refresh(), 0);
        {
            let mut repository = world.repository();
            change(&mut repository);
            repository.next_root().unwrap();
            next(&mut repository);
        }
        assert_eq!((world.refresh(), world.version("snapshot")), (1, Some(1)), "{name}");
    }
}

#[test]
fn test_wrong_hashing_algorithm() {
    let Some(world) = World::initialized(repository(|_| {})) else { return };
    assert_eq!(world.refresh(), 0);
    {
        let mut repository = world.repository();
        let id = repository.signers["snapshot"][0].clone();
        repository.role("root")["keys"][&id]["keyid_hash_algorithms"] = json!(["md5"]);
        repository.next_root().unwrap();
        next(&mut repository);
    }
    assert_eq!((world.refresh(), world.version("snapshot")), (0, Some(2)));
}

/// `test_root_rotation` and `test_non_root_rotations`: keys, signers, and whether it is taken, of a threshold of two of three.
#[test]
fn test_rotations() {
    for role in ["root", "timestamp", "snapshot", "targets"] {
        for (signers, taken) in
            [(&[0, 1][..], true), (&[1, 2], true), (&[0, 1, 2], true), (&[0], false), (&[], false)]
        {
            let Some(world) = World::initialized(repository(|_| {})) else { return };
            assert_eq!(world.refresh(), 0);
            {
                let mut repository = world.repository();
                let old = repository.signers[role].clone();
                repository.rotate(role).unwrap();
                for _ in 0..2 {
                    let _ = repository.add_key(role, KeyType::Ed25519).unwrap();
                }
                let all = repository.signers[role].clone();
                repository.role("root")["roles"][role]["threshold"] = 2.into();
                let mut chosen: Vec<_> = signers.iter().map(|number: &usize| all[*number].clone()).collect();
                if role == "root" {
                    chosen.extend(old);
                }
                let _ = repository.signers.insert(role.to_owned(), chosen);
                repository.next_root().unwrap();
                next(&mut repository);
            }
            assert_eq!(world.refresh() == 0, taken, "{role} {signers:?}");
            let version = if role == "root" { world.version("root") } else { world.version(role) };
            assert_eq!(version, Some(if taken { 2 } else { 1 }), "{role} {signers:?}");
        }
    }
}

// test_rollback.py

#[test]
fn test_simple_snapshot_rollback() {
    let Some(world) = World::initialized(repository(next)) else { return };
    assert_eq!(world.refresh(), 0);
    {
        let mut repository = world.repository();
        repository.role("snapshot")["version"] = 1.into();
        repository.publish("snapshot").unwrap();
    }
    assert_eq!((world.refresh(), world.version("snapshot")), (0, Some(2)));
    assert_eq!(world.asked().last().unwrap(), "timestamp.json");
}

#[test]
fn test_new_timestamp_version_rollback() {
    let Some(world) = World::initialized(repository(next)) else { return };
    assert_eq!(world.refresh(), 0);
    world.repository().role("timestamp")["version"] = 1.into();
    world.repository().publish("timestamp").unwrap();
    assert_eq!((world.refresh(), world.version("timestamp")), (1, Some(2)));
    assert_eq!(world.asked().last().unwrap(), "timestamp.json");
}

/// `test_snapshot_rollback` and `test_targets_rollback`, without and with hashes.
#[test]
fn test_rollbacks() {
    for hashes in [false, true] {
        for role in ["snapshot", "targets"] {
            let Some(world) = World::initialized(repository(|repository| {
                repository.announce_hashes = hashes;
                next(repository);
            })) else {
                return;
            };
            assert_eq!(world.refresh(), 0);
            {
                let mut repository = world.repository();
                if role == "snapshot" {
                    repository.role("snapshot")["version"] = 1.into();
                    repository.publish("snapshot").unwrap();
                    repository.update_timestamp().unwrap();
                } else {
                    repository.role("targets")["version"] = 1.into();
                    repository.update().unwrap();
                }
            }
            assert_eq!((world.refresh(), world.version(role)), (1, Some(2)), "{role} {hashes}");
        }
    }
}

/// `test_new_targets_fast_forward_recovery` and those of snapshot and timestamp.
#[test]
fn test_fast_forward_recovery() {
    for role in ["timestamp", "snapshot", "targets"] {
        let forward = repository(|repository| {
            repository.role(role)["version"] = 99_999.into();
            repository.update().unwrap();
        });
        let Some(world) = World::initialized(forward) else { return };
        assert_eq!(world.refresh(), 0);
        assert!(world.version(role) > Some(99_998), "{role}");
        {
            let mut repository = world.repository();
            for above in ["timestamp", "snapshot"] {
                repository.rotate(above).unwrap();
            }
            repository.next_root().unwrap();
            repository.role(role)["version"] = 1.into();
            repository.update().unwrap();
        }
        assert_eq!(world.refresh(), 0, "{role}");
        assert!(world.version(role) < Some(4), "{role}");
    }
}

#[test]
fn test_new_snapshot_version_mismatch() {
    let mismatched = repository(|repository| {
        repository.bump("snapshot");
        repository.publish("snapshot").unwrap();
        let _ = repository.files.remove("1.snapshot.json");
    });
    let Some(world) = World::initialized(mismatched) else { return };
    assert_eq!(world.refresh(), 1);
    assert_eq!(world.trusted(), roles(&[("root", 1), ("timestamp", 1)]));
    assert_eq!(world.asked().last().unwrap(), "1.snapshot.json");
}

// test_quoting_issues.py, test_updater_delegation_graphs.py

#[test]
fn test_unusual_role_name() {
    for (role, quoted) in [
        ("?", "%3F"),
        ("#", "%23"),
        ("/delegatedrole", "%2Fdelegatedrole"),
        ("../delegatedrole", "..%2Fdelegatedrole"),
    ] {
        let Some(world) = World::initialized(repository(|repository| {
            repository.delegate("targets", json!({ "name": role, "paths": ["*"] })).unwrap();
            next(repository);
        })) else {
            return;
        };
        assert_eq!(world.download("nonexistent target"), 1);
        assert!(world.asked().contains(&format!("1.{quoted}.json")), "{role}: {:?}", world.asked());
        assert_eq!(world.trusted().len(), 5, "{role}");
    }
}

#[test]
fn test_graph_traversal() {
    type Edge = (&'static str, &'static str, bool, &'static str);
    let graphs: [(&[Edge], &[&str]); 4] = [
        (
            &[
                ("targets", "A", false, "*"),
                ("targets", "B", false, "*"),
                ("A", "C", false, "*"),
                ("A", "D", false, "*"),
            ],
            &["A", "C", "D", "B"],
        ),
        (
            &[
                ("targets", "A", false, "*"),
                ("targets", "B", false, "*"),
                ("A", "C", true, "*"),
                ("C", "D", false, "*"),
            ],
            &["A", "C", "D"],
        ),
        (&[("targets", "A", false, "*.py"), ("targets", "B", false, "*"), ("A", "C", false, "*")], &["B"]),
        (
            &[
                ("targets", "B", false, "*"),
                ("B", "C", false, "*"),
                ("C", "D", false, "*"),
                ("D", "B", false, "*"),
            ],
            &["B", "C", "D"],
        ),
    ];
    for (edges, expected) in graphs {
        let Some(world) = World::initialized(repository(|repository| {
            for (from, to, terminating, paths) in edges {
                repository
                    .delegate(from, json!({ "name": to, "terminating": terminating, "paths": [paths] }))
                    .unwrap();
            }
            next(repository);
        })) else {
            return;
        };
        assert_eq!(world.download("missingpath"), 1);
        let visited: Vec<_> = expected.iter().map(|role| format!("1.{role}.json")).collect();
        assert_eq!(world.asked()[4..], visited);
    }
}

#[test]
fn test_targetfile_search() {
    let tree = || {
        repository(|repository| {
            for (from, to, paths) in [
                ("targets", "A", json!(["*.doc", "*.md"])),
                ("targets", "B", json!(["releases/*/*"])),
                ("B", "C", json!(["releases/x/*"])),
                ("B", "D", json!(["releases/y/*.zip"])),
            ] {
                repository.delegate(from, json!({ "name": to, "paths": paths })).unwrap();
            }
            for (role, name) in [
                ("targets", "targetfile"),
                ("A", "README.md"),
                ("C", "releases/x/x_v1"),
                ("D", "releases/y/y_v1.zip"),
                ("D", "releases/z/z_v1.zip"),
            ] {
                repository.add_target(role, name, name.as_bytes());
            }
            next(repository);
        })
    };
    for (name, found, visited) in [
        ("targetfile", true, &[][..]),
        ("README.md", true, &["1.A.json"]),
        ("releases/x/x_v1", true, &["1.B.json", "1.C.json"]),
        ("releases/y/y_v1.zip", true, &["1.B.json", "1.D.json"]),
        ("releases/z/z_v1.zip", false, &["1.B.json"]),
    ] {
        let Some(world) = World::initialized(tree()) else { return };
        assert_eq!(world.download(name) == 0, found, "{name}");
        assert_eq!(world.artifacts(), if found { vec![name.as_bytes().to_vec()] } else { Vec::new() });
        assert_eq!(world.asked()[4..], *visited, "{name}");
    }
}

/// `test_static_repo[tuf-on-ci-0.11]`: a repository that tuf-on-ci made, with the files of the suite. One signature of a delegated
/// role is empty, and there are members that the specification does not know.
#[test]
fn static_repo_tuf_on_ci() {
    let folder = crate::support::repository().join("testdata/tuf-on-ci-0.11");
    let read = |name: &str| std::fs::read(folder.join(name)).unwrap();
    let mut repository = TufRepository::new(FAR).unwrap();
    repository.files.clear();
    for name in ["1.root.json", "timestamp.json", "2.snapshot.json", "1.targets.json", "2.delegatedrole.json"]
    {
        let _ = repository.files.insert(name.to_owned(), read(&format!("metadata/{name}")));
    }
    let artifact = "delegatedrole/45f337ee451b4c098d121d09cc224bacc7794503ac58a47a78cfe7ebefb7fab3.artifact";
    let target = format!("targets/{artifact}");
    let _ = repository.files.insert(target.clone(), read(&target));
    let Some(world) = World::serving(repository, read("metadata/1.root.json")) else { return };
    assert_eq!((world.init(), world.refresh(), world.download("delegatedrole/artifact")), (0, 0, 0));
    assert_eq!(world.artifacts(), [b"artifact for tuf-on-ci repository\n"]);
    let trusted = [("delegatedrole", 2), ("root", 1), ("snapshot", 2), ("targets", 1), ("timestamp", 2)];
    assert_eq!(world.trusted(), trusted.map(|(role, version)| (role.to_owned(), version)));
    // The same with a byte of a signed number changed.
    for name in ["timestamp.json", "2.snapshot.json", "1.targets.json", "2.delegatedrole.json"] {
        let Some(other) = World::serving(TufRepository::new(FAR).unwrap(), read("metadata/1.root.json"))
        else {
            return;
        };
        other.repository().files.clone_from(&world.repository().files);
        let good = String::from_utf8(read(&format!("metadata/{name}"))).unwrap();
        let _ = other.repository().files.insert(name.to_owned(), good.replace("2044", "2045").into_bytes());
        assert_eq!((other.init(), other.download("delegatedrole/artifact")), (0, 1), "{name}");
    }
}
