//! Where what was fetched of TUF repositories is kept, as cosign keeps it: `remote.json` says which repository is meant, and each
//! has a folder with its metadata and its targets, and a file that says when it was asked last.

use std::cell::RefCell;
use std::path::PathBuf;

use serde_json::json;

use crate::commands::{Context, Error, ErrorKind};
use crate::crypto::{Node, UnixTime, json};
use crate::services::tuf;
use crate::storage::CacheFolder;

/// Files that say where and when.
const MAX_NOTE: u64 = 1 << 16;
const REMOTE: &str = "remote.json";

/// The cache. Without a folder nothing is kept.
pub(super) struct Cache {
    folder: Option<CacheFolder>,
    /// What went wrong first when something was to be kept.
    trouble: RefCell<Option<String>>,
}

impl Cache {
    /// The cache that the environment names: `TUF_ROOT`, or `.sigstore/root` at home; none with `SIGSTORE_NO_CACHE`.
    pub fn of(context: &Context) -> Self {
        let variable = |name| (context.variables)(name).filter(|value| !value.is_empty());
        let home = || {
            Some(PathBuf::from(variable("HOME").or_else(|| variable("USERPROFILE"))?).join(".sigstore/root"))
        };
        let disabled = variable("SIGSTORE_NO_CACHE").is_some_and(|value| {
            ["1", "t", "true"].iter().any(|yes| value.to_string_lossy().eq_ignore_ascii_case(yes))
        });
        let path = if disabled { None } else { variable("TUF_ROOT").map(PathBuf::from).or_else(home) };
        Self { folder: path.map(CacheFolder::new), trouble: RefCell::default() }
    }

    /// The folder, for messages.
    pub fn path(&self) -> Option<std::path::Display<'_>> {
        self.folder.as_ref().map(|folder| folder.path().display())
    }

    /// The repository that was chosen by `initialize`, ours or cosign's.
    ///
    /// # Errors
    /// The file that says so cannot be read: the public repository must not stand in for a private one.
    pub fn mirror(&self) -> Result<Option<String>, Error> {
        let Some(folder) = &self.folder else { return Ok(None) };
        let unusable = |cause: &(dyn std::error::Error + 'static)| {
            let path = folder.path().join(REMOTE);
            let message = format!("`{}` cannot be used", path.display());
            Error::new(ErrorKind::TrustMaterial, message)
                .caused_by(cause)
                .hint("choose the repository again with `initialize`")
        };
        match folder.load(REMOTE, MAX_NOTE) {
            Ok(None) => Ok(None),
            Ok(Some(text)) => tuf::mirror_of(&text).map(Some).map_err(|error| unusable(&error)),
            Err(error) => Err(unusable(&error)),
        }
    }

    /// Chooses the repository.
    pub fn choose(&self, mirror: &str) {
        self.store(REMOTE, json!({ "mirror": mirror }).to_string().as_bytes());
    }

    /// When the repository was asked last.
    pub fn asked(&self, folder: &str) -> Option<UnixTime> {
        let text = self.folder.as_ref()?.load(&format!("{folder}.json"), MAX_NOTE).ok()??;
        let value = json::parse("time of the last update", &text).ok()?;
        let node = Node::root("time of the last update", &value).member("lastTimestamp").ok()?;
        UnixTime::parse_rfc3339(node.text().ok()?).ok()
    }

    /// Notes that the repository was asked.
    pub fn note(&self, folder: &str, now: UnixTime) {
        let text = json!({ "lastTimestamp": now.to_string() }).to_string();
        self.store(&format!("{folder}.json"), text.as_bytes());
    }

    fn store(&self, name: &str, bytes: &[u8]) {
        let Some(folder) = &self.folder else { return };
        if let Err(error) = folder.store(name, bytes) {
            self.trouble.borrow_mut().get_or_insert_with(|| error.to_string());
        }
    }

    /// What went wrong first, once.
    pub fn trouble(&self) -> Option<String> {
        self.trouble.borrow_mut().take()
    }
}

/// What is kept of one repository.
pub(super) struct Kept<'a> {
    pub cache: &'a Cache,
    /// Its folder.
    pub folder: &'a str,
}

impl tuf::Store for Kept<'_> {
    fn load(&self, file: &str, limit: u64) -> Option<Vec<u8>> {
        self.cache.folder.as_ref()?.load(&format!("{}/{file}", self.folder), limit).ok()?
    }

    fn store(&self, file: &str, bytes: &[u8]) {
        self.cache.store(&format!("{}/{file}", self.folder), bytes);
    }
}
