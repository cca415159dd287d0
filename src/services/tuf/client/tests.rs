//! The client against a repository in memory. Cases of the public tuf-conformance suite
//! (theupdateframework/tuf-conformance) bear its names.

mod delegations;
mod hostile;
mod keys;

use std::cell::RefCell;
use std::collections::BTreeMap;

use serde_json::json;

use super::*;
use crate::sandbox::tuf::TufRepository;

pub const FAR: &str = "2030-01-01T00:00:00Z";
const PAST: &str = "2020-01-01T00:00:00Z";

/// A repository, a client's store, and what was asked.
pub struct World {
    pub repository: TufRepository,
    pub store: Memory,
    pub asked: RefCell<Vec<String>>,
    pub now: UnixTime,
    root: Vec<u8>,
}

#[derive(Default)]
pub struct Memory(pub RefCell<BTreeMap<String, Vec<u8>>>);

impl Store for Memory {
    fn load(&self, file: &str, limit: u64) -> Option<Vec<u8>> {
        self.0.borrow().get(file).filter(|bytes| bytes.len() as u64 <= limit).cloned()
    }

    fn store(&self, file: &str, bytes: &[u8]) {
        self.0.borrow_mut().insert(file.to_owned(), bytes.to_vec());
    }
}

impl Source for World {
    async fn metadata(&self, file: &str, limit: u64) -> Result<Option<Vec<u8>>, Failure> {
        self.asked.borrow_mut().push(file.to_owned());
        match self.repository.files.get(file) {
            Some(bytes) if bytes.len() as u64 > limit => Err(format!("more than {limit} bytes").into()),
            found => Ok(found.cloned()),
        }
    }

    async fn target(&self, path: &str, limit: u64) -> Result<Option<Vec<u8>>, Failure> {
        self.metadata(&format!("targets/{path}"), limit).await
    }
}

pub fn block<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

impl World {
    pub fn new() -> Self {
        let repository = TufRepository::new(FAR).unwrap();
        let root = repository.first_root();
        Self {
            repository,
            store: Memory::default(),
            asked: RefCell::default(),
            now: UnixTime::parse_rfc3339("2026-11-20T12:00:00Z").unwrap(),
            root,
        }
    }

    /// The root to begin with: the one that is stored, as programs do.
    pub fn client(&self) -> Result<Client<'_, Self>, Error> {
        let root = self.store.load("root.json", MAX_ROOT).unwrap_or_else(|| self.root.clone());
        Client::new(&root, self.now, self, &self.store)
    }

    pub fn refresh(&self) -> Result<(), Error> {
        block(self.client()?.refresh())
    }

    pub fn download(&self, name: &str) -> Result<Vec<u8>, Error> {
        let mut client = self.client()?;
        block(async {
            client.refresh().await?;
            client.target(name).await
        })
    }

    pub fn load(&self) -> Result<(), Error> {
        Client::new(&self.root(), self.now, &Nowhere, &self.store)?.load()
    }

    fn root(&self) -> Vec<u8> {
        self.store.load("root.json", MAX_ROOT).unwrap_or_else(|| self.root.clone())
    }

    /// The version of what is stored of a role; 0 where nothing is.
    pub fn stored(&self, role: &str) -> u64 {
        let Some(bytes) = self.store.load(&format!("{role}.json"), u64::MAX) else { return 0 };
        let value: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        value["signed"]["version"].as_u64().unwrap()
    }
}

#[test]
fn basic_init_and_refresh() {
    let world = World::new();
    world.refresh().unwrap();
    assert_eq!(*world.asked.borrow(), ["2.root.json", "timestamp.json", "1.snapshot.json", "1.targets.json"]);
    for role in ["timestamp", "snapshot", "targets"] {
        assert_eq!(world.stored(role), 1, "{role}");
    }
    // Nothing new: what is stored is not asked for again.
    world.asked.borrow_mut().clear();
    world.refresh().unwrap();
    assert_eq!(*world.asked.borrow(), ["2.root.json", "timestamp.json"]);
    // And it serves without anybody being asked.
    world.load().unwrap();
}

#[test]
fn names_without_versions_where_snapshots_are_not_consistent() {
    let mut world = World::new();
    world.repository.role("root")["consistent_snapshot"] = false.into();
    world.repository.next_root().unwrap();
    world.repository.add_target("targets", "a/b", b"content");
    world.repository.bump("targets");
    world.repository.update().unwrap();
    assert_eq!(world.download("a/b").unwrap(), b"content");
    let asked =
        ["2.root.json", "3.root.json", "timestamp.json", "snapshot.json", "targets.json", "targets/a/b"];
    assert_eq!(*world.asked.borrow(), asked);
}

#[test]
fn implicit_refresh() {
    let world = World::new();
    assert!(matches!(world.download("nonexistent artifact"), Err(Error::NoTarget { .. })));
    assert_eq!(world.stored("targets"), 1);
}

#[test]
fn timestamp_eq_versions_check() {
    let mut world = World::new();
    world.refresh().unwrap();
    let before = world.store.load("timestamp.json", u64::MAX);
    world.repository.role("timestamp")["meta"]["snapshot.json"]["version"] = 100.into();
    world.repository.publish("timestamp").unwrap();
    world.refresh().unwrap();
    assert_eq!(world.store.load("timestamp.json", u64::MAX), before);
}

#[test]
fn custom_fields() {
    let mut world = World::new();
    world.refresh().unwrap();
    let root = world.repository.role("root");
    root["custom-field"] = json!("value");
    let id = root["roles"]["root"]["keyids"][0].as_str().unwrap().to_owned();
    root["keys"][&id]["extra-field"] = json!({ "a": 1, "b": 2 });
    root["roles"]["root"]["another-field"] = json!("value");
    world.repository.next_root().unwrap();
    world.refresh().unwrap();
    assert_eq!(world.stored("root"), 2);
}

#[test]
fn new_targets_version_and_hash_mismatch() {
    let mut world = World::new();
    world.repository.announce_hashes = true;
    world.repository.update().unwrap();
    world.refresh().unwrap();
    // Changed after its digest was announced.
    world.repository.add_target("targets", "a", b"a");
    world.repository.bump("targets");
    world.repository.announce_hashes = false;
    world.repository.update().unwrap();
    world.repository.role("targets")["extra"] = 1.into();
    world.repository.role("targets")["version"] = 3.into();
    world.repository.publish("targets").unwrap();
    let third = world.repository.files["3.targets.json"].clone();
    world.repository.files.insert("2.targets.json".to_owned(), third);
    assert!(matches!(world.refresh(), Err(Error::Mismatch { name, .. }) if name == "targets.json"));
    assert_eq!(world.stored("targets"), 1);
    // The same where digests are announced.
    world.repository.announce_hashes = true;
    world.repository.update().unwrap();
    world.repository.files.get_mut("3.targets.json").unwrap()[0] = b' ';
    assert!(matches!(world.refresh(), Err(Error::Mismatch { name, .. }) if name == "targets.json"));
}

#[test]
fn expired_metadata() {
    // Section 5.1: what expires now is expired.
    for role in ["root", "timestamp", "snapshot", "targets"] {
        let mut world = World::new();
        world.refresh().unwrap();
        world.repository.bump("targets");
        world.repository.role(role)["expires"] = "2026-11-20T12:00:00Z".into();
        if role == "root" {
            world.repository.next_root().unwrap();
        }
        world.repository.update().unwrap();
        let file = format!("{role}.json");
        let error = world.refresh().unwrap_err();
        assert!(matches!(&error, Error::Expired { name, .. } if *name == file), "{error}");
        assert_eq!(error.to_string(), format!("`{file}` expired on 2026-11-20T12:00:00Z"));
        // Section 5.3.10: the root is kept, and nothing else that expired.
        assert_eq!(world.stored(role), if role == "root" { 2 } else { 1 }, "{role}");
    }
}

/// Sigstore's advisory on sigstore-rust (#179): an expired timestamp and an expired snapshot keep older ones out.
#[test]
fn expired_metadata_keeps_its_version_floor() {
    let mut world = World::new();
    world.repository.role("timestamp")["expires"] = "2026-11-21T00:00:00Z".into();
    world.repository.role("snapshot")["expires"] = "2026-11-21T00:00:00Z".into();
    world.repository.bump("targets");
    world.repository.update().unwrap();
    world.refresh().unwrap();
    world.now = UnixTime::parse_rfc3339("2026-12-20T12:00:00Z").unwrap();
    assert!(matches!(world.load(), Err(Error::Expired { .. })));
    for role in ["timestamp", "snapshot"] {
        world.repository.role(role)["expires"] = FAR.into();
    }
    // An older timestamp.
    world.repository.role("timestamp")["version"] = 1.into();
    world.repository.publish("timestamp").unwrap();
    assert!(matches!(world.refresh(), Err(Error::Rollback { name, .. }) if name == "timestamp.json"));
    // A newer one that announces an older snapshot.
    world.repository.role("timestamp")["version"] = 3.into();
    world.repository.role("timestamp")["meta"]["snapshot.json"]["version"] = 1.into();
    world.repository.publish("timestamp").unwrap();
    assert!(matches!(world.refresh(), Err(Error::Rollback { name, .. }) if name == "snapshot.json"));
    // A newer snapshot that lists older targets, or none.
    world.repository.role("targets")["version"] = 1.into();
    world.repository.update().unwrap();
    assert!(matches!(world.refresh(), Err(Error::Rollback { name, .. }) if name == "targets.json"));
    world.repository.role("targets")["version"] = 3.into();
    world.repository.update().unwrap();
    world.refresh().unwrap();
}

#[test]
fn expired_metadata_serves_those_who_say_so_and_is_noted() {
    let mut world = World::new();
    world.repository.role("snapshot")["expires"] = "2026-11-21T00:00:00Z".into();
    world.repository.role("timestamp")["expires"] = "2026-11-22T00:00:00Z".into();
    world.repository.add_target("targets", "a", b"content");
    world.repository.bump("targets");
    world.repository.update().unwrap();
    assert_eq!(world.download("a").unwrap(), b"content");
    world.now = UnixTime::parse_rfc3339("2026-12-20T12:00:00Z").unwrap();
    assert!(world.load().is_err());
    let mut client = Client::new(&world.root(), world.now, &Nowhere, &world.store).unwrap().lenient();
    client.load().unwrap();
    assert_eq!(block(client.target("a")).unwrap(), b"content");
    assert_eq!(client.expired().unwrap().0, "snapshot.json");
    // Signatures and digests hold for everybody.
    world.store.store("targets/a", b"CONTENT");
    assert!(matches!(block(client.target("a")), Err(Error::Missing { .. })));
    let mut bytes = world.store.load("snapshot.json", u64::MAX).unwrap();
    let at = bytes.windows(2).position(|two| two == b"30").unwrap();
    bytes[at + 3] ^= 1;
    world.store.store("snapshot.json", &bytes);
    let mut client = Client::new(&world.root(), world.now, &Nowhere, &world.store).unwrap().lenient();
    assert!(client.load().is_err());
}

#[test]
fn fast_forward_recovery() {
    for role in ["timestamp", "snapshot", "targets"] {
        let mut world = World::new();
        world.repository.role(role)["version"] = 99999.into();
        world.repository.update().unwrap();
        world.repository.publish(role).unwrap();
        world.repository.update_timestamp().unwrap();
        world.refresh().unwrap();
        // Whoever lost the key of one rotates it, and those of the roles above.
        for above in ["timestamp", "snapshot"] {
            world.repository.rotate(above).unwrap();
        }
        world.repository.next_root().unwrap();
        world.repository.role(role)["version"] = 1.into();
        world.repository.update().unwrap();
        world.refresh().unwrap();
        assert!(world.stored(role) < 4, "{role}");
    }
}

#[test]
fn new_snapshot_version_mismatch() {
    let mut world = World::new();
    world.repository.bump("snapshot");
    world.repository.publish("snapshot").unwrap();
    world.repository.files.remove("1.snapshot.json");
    assert!(matches!(world.refresh(), Err(Error::Missing { .. })));
    assert_eq!((world.stored("timestamp"), world.stored("snapshot")), (1, 0));
    assert_eq!(world.asked.borrow().last().unwrap(), "1.snapshot.json");
}

#[test]
fn targets_are_stored_and_never_believed() {
    let mut world = World::new();
    world.repository.add_target("targets", "path/to/a/target_file.txt", b"target file contents");
    world.repository.bump("targets");
    world.repository.update().unwrap();
    let name = "path/to/a/target_file.txt";
    assert_eq!(world.download(name).unwrap(), b"target file contents");
    world.asked.borrow_mut().clear();
    assert_eq!(world.download(name).unwrap(), b"target file contents");
    assert_eq!(*world.asked.borrow(), ["2.root.json", "timestamp.json"]);
    // Somebody changes the file in the store: it is fetched again.
    world.store.store("targets/path%2Fto%2Fa%2Ftarget_file.txt", b"TARGET FILE CONTENTS");
    assert_eq!(world.download(name).unwrap(), b"target file contents");
    // The repository changes the file: it is refused.
    for (path, bytes) in &mut world.repository.files {
        if path.starts_with("targets/path") {
            *bytes = b"TARGET FILE CONTENTS".to_vec();
        }
    }
    assert_eq!(world.download(name).unwrap(), b"target file contents");
    world.store.0.borrow_mut().remove("targets/path%2Fto%2Fa%2Ftarget_file.txt");
    assert!(matches!(world.download(name), Err(Error::Mismatch { .. })));
    assert!(!world.store.0.borrow().contains_key("targets/path%2Fto%2Fa%2Ftarget_file.txt"));
}

#[test]
fn whoever_is_overtaken_writes_nothing() {
    let mut world = World::new();
    world.refresh().unwrap();
    world.repository.bump("targets");
    world.repository.update().unwrap();
    // Somebody else stores the third one, after this one read the first and before it stores the second.
    let newer = {
        let mut signed = world.repository.roles["timestamp"].clone();
        signed["version"] = 3.into();
        world.repository.signed(&signed, &world.repository.signers["timestamp"]).unwrap()
    };
    struct Late<'a>(&'a World, Vec<u8>);

    impl Source for Late<'_> {
        async fn metadata(&self, file: &str, limit: u64) -> Result<Option<Vec<u8>>, Failure> {
            if file == "timestamp.json" {
                self.0.store.store(file, &self.1);
            }
            self.0.metadata(file, limit).await
        }
        async fn target(&self, path: &str, limit: u64) -> Result<Option<Vec<u8>>, Failure> {
            self.0.target(path, limit).await
        }
    }
    let late = Late(&world, newer);
    block(Client::new(&world.root(), world.now, &late, &world.store).unwrap().refresh()).unwrap();
    assert_eq!((world.stored("timestamp"), world.stored("snapshot")), (3, 1));
}
