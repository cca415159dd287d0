//! The metadata, by `tough`.

use std::collections::{BTreeMap, HashMap};
use std::num::NonZeroU64;

use serde_json::{Value, json};
use tough::async_trait;
use tough::editor::RepositoryEditor;
use tough::key_source::KeySource;
use tough::schema::{Role as _, Root, Signature, Signed, Snapshot, Target as Listed, Targets, Timestamp};
use tough::sign::{Sign, parse_keypair};

use super::{FOLDER, Folder, RepositoryError, Target};
use crate::crypto::{KeyType, PrivateKey, SigningInput, SigningKey as _, UnixTime, sha256};

const ROLES: [&str; 4] = ["root", "targets", "snapshot", "timestamp"];
/// What `tough` writes as well.
const SPEC_VERSION: &str = "1.0.0";
const DAY: i64 = 24 * 60 * 60;

/// For how long metadata is good.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lifetime(i64);

impl Lifetime {
    pub const ROOT: Self = Self(3650 * DAY);
    pub const REST: Self = Self(365 * DAY);

    fn from(self, now: UnixTime) -> UnixTime {
        UnixTime::from_seconds(now.seconds()).plus_seconds(self.0)
    }

    /// Whether at least half of it is left. What would be good for longer was made by another clock.
    pub fn is_fresh(self, expires: UnixTime, now: UnixTime) -> bool {
        let left = expires.seconds().saturating_sub(now.seconds());
        (self.0 / 2..=self.0).contains(&left)
    }
}

/// A key for each role.
pub(super) struct Keys(Vec<(&'static str, Key)>);

impl Keys {
    pub fn of(folder: &Folder) -> Result<Self, RepositoryError> {
        let key = |role| {
            let key = folder.key(&format!("tuf-{role}"), KeyType::Ed25519)?;
            Ok::<_, RepositoryError>((role, Key::new(key)?))
        };
        Ok(Self(ROLES.into_iter().map(key).collect::<Result<_, _>>()?))
    }
}

/// A key, for us and for `tough`.
#[derive(Clone)]
struct Key {
    key: std::sync::Arc<PrivateKey>,
    pkcs8: std::sync::Arc<crate::crypto::Secret>,
    public: Value,
    id: String,
}

impl Key {
    fn new(key: PrivateKey) -> Result<Self, RepositoryError> {
        // The key itself ends the SubjectPublicKeyInfo (RFC 8410 section 4).
        let spki = key.public_key().spki_der();
        let raw = spki.last_chunk::<32>().copied().unwrap_or_default();
        let public =
            json!({ "keytype": "ed25519", "scheme": "ed25519", "keyval": { "public": hex::encode(raw) } });
        let read: tough::schema::key::Key = serde_json::from_value(public.clone()).map_err(failed)?;
        let id = hex::encode(read.key_id().map_err(failed)?);
        let pkcs8 = key.to_pkcs8()?;
        Ok(Self { key: key.into(), pkcs8: pkcs8.into(), public, id })
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Key").field("id", &self.id).finish_non_exhaustive()
    }
}

type Anything = Box<dyn std::error::Error + Send + Sync>;

#[async_trait]
impl KeySource for Key {
    async fn as_sign(&self) -> Result<Box<dyn Sign>, Anything> {
        Ok(Box::new(parse_keypair(self.pkcs8.expose())?))
    }

    async fn write(&self, _value: &str, _key_id_hex: &str) -> Result<(), Anything> {
        Err("the keys are kept by the sandbox".into())
    }
}

fn failed(error: impl Into<Anything>) -> RepositoryError {
    RepositoryError::Metadata(error.into())
}

fn version(number: u64) -> NonZeroU64 {
    NonZeroU64::new(number).unwrap_or(NonZeroU64::MIN)
}

/// A root of this version, which all of its versions sign with one key.
pub(super) fn root(keys: &Keys, version: u64, now: UnixTime) -> Result<Vec<u8>, RepositoryError> {
    let roles: serde_json::Map<String, Value> = keys
        .0
        .iter()
        .map(|(role, key)| ((*role).to_owned(), json!({ "keyids": [key.id], "threshold": 1 })))
        .collect();
    let all: serde_json::Map<String, Value> =
        keys.0.iter().map(|(_, key)| (key.id.clone(), key.public.clone())).collect();
    let root = json!({
        "_type": "root", "spec_version": SPEC_VERSION, "version": version, "consistent_snapshot": true,
        "expires": Lifetime::ROOT.from(now).to_string(), "keys": all, "roles": roles,
    });
    let root: Root = serde_json::from_value(root).map_err(failed)?;
    let message = root.canonical_form().map_err(failed)?;
    let mut signatures = Vec::new();
    for (_, key) in keys.0.iter().filter(|(role, _)| *role == "root") {
        let signature = key.key.sign_now(&SigningInput::message(message.clone()))?;
        let keyid = hex::decode(&key.id).map_err(failed)?;
        signatures.push(Signature { keyid: keyid.into(), sig: signature.into() });
    }
    pretty(&Signed { signed: root, signatures })
}

fn pretty(signed: &Signed<Root>) -> Result<Vec<u8>, RepositoryError> {
    let mut text = serde_json::to_vec_pretty(signed).map_err(failed)?;
    text.push(b'\n');
    Ok(text)
}

/// When a root expires.
pub(super) fn expiry(folder: &Folder, name: &str, root: &[u8]) -> Result<UnixTime, RepositoryError> {
    let damaged =
        |reason: String| RepositoryError::Damaged { path: folder.path().join(FOLDER).join(name), reason };
    let root: Signed<Root> = serde_json::from_slice(root).map_err(|error| damaged(error.to_string()))?;
    Ok(UnixTime::from_seconds(root.signed.expires.as_second()))
}

/// Whether the metadata of this version is whole, lists these targets, and lives long enough.
pub(super) fn is_current(
    files: &BTreeMap<String, Vec<u8>>,
    version: u64,
    targets: &[Target],
    now: UnixTime,
) -> bool {
    let expected: Option<HashMap<String, Listed>> =
        targets.iter().map(|target| Some((target.name.clone(), listed(target).ok()?))).collect();
    let found = || {
        let [timestamp, snapshot, listing] = [
            files.get("timestamp.json")?,
            files.get(&format!("{version}.snapshot.json"))?,
            files.get(&format!("{version}.targets.json"))?,
        ];
        let said = serde_json::from_slice::<Signed<Timestamp>>(timestamp).ok()?.signed;
        let snapshot_said = serde_json::from_slice::<Signed<Snapshot>>(snapshot).ok()?.signed;
        let targets_said = serde_json::from_slice::<Signed<Targets>>(listing).ok()?.signed;
        for (meta, name, file) in
            [(&said.meta, "snapshot.json", snapshot), (&snapshot_said.meta, "targets.json", listing)]
        {
            let meta = meta.get(name)?;
            let whole =
                meta.hashes.as_ref()?.sha256.as_ref() == sha256(file) && meta.version.get() == version;
            whole.then_some(())?;
        }
        let lives = [said.expires, snapshot_said.expires, targets_said.expires];
        let fresh = lives
            .iter()
            .all(|expires| Lifetime::REST.is_fresh(UnixTime::from_seconds(expires.as_second()), now));
        let listed: HashMap<String, Listed> =
            targets_said.targets.into_iter().map(|(name, target)| (name.raw().to_owned(), target)).collect();
        Some(said.version.get() == version && fresh && Some(listed) == expected)
    };
    found().unwrap_or(false)
}

fn listed(target: &Target) -> Result<Listed, serde_json::Error> {
    let digest = hex::encode(sha256(&target.content));
    let mut listed = json!({ "length": target.content.len(), "hashes": { "sha256": digest } });
    if !target.custom.is_empty() {
        listed["custom"] = json!(target.custom);
    }
    serde_json::from_value(listed)
}

/// Targets, snapshot and timestamp of this version, in the order in which they are to be written: whoever reads in between finds what
/// was there before.
pub(super) async fn make(
    folder: &Folder,
    root: &str,
    keys: &Keys,
    number: u64,
    targets: &[Target],
    now: UnixTime,
) -> Result<Vec<(String, Vec<u8>)>, RepositoryError> {
    let expires = Lifetime::REST.from(now).to_string();
    let mut editor = RepositoryEditor::new(folder.path().join(FOLDER).join(root)).await.map_err(failed)?;
    for target in targets {
        editor.add_target(target.name.as_str(), listed(target).map_err(failed)?).map_err(failed)?;
    }
    let number = version(number);
    editor.targets_version(number).map_err(failed)?;
    editor.targets_expires(expires.parse().map_err(failed)?).map_err(failed)?;
    editor.snapshot_version(number).snapshot_expires(expires.parse().map_err(failed)?);
    editor.timestamp_version(number).timestamp_expires(expires.parse().map_err(failed)?);
    let keys: Vec<Box<dyn KeySource>> =
        keys.0.iter().map(|(_, key)| Box::new(key.clone()) as Box<dyn KeySource>).collect();
    let signed = editor.sign(&keys).await.map_err(failed)?;
    // It writes in place; what is served is written whole.
    let unusable = |source| super::FolderError::Unusable { path: folder.path().to_owned(), source };
    let draft = tempfile::tempdir_in(folder.path()).map_err(unusable)?;
    signed.write(draft.path()).await.map_err(failed)?;
    let names =
        [format!("{number}.targets.json"), format!("{number}.snapshot.json"), "timestamp.json".to_owned()];
    let read = |name: String| {
        let content = std::fs::read(draft.path().join(&name)).map_err(unusable)?;
        Ok((name, content))
    };
    names.into_iter().map(read).collect()
}
