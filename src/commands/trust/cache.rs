//! Where what was fetched of TUF repositories is kept, as cosign keeps it: `remote.json` says which repository is meant, and each
//! has a folder with its metadata and its targets, and a file that says when it was asked last.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::json;

use crate::commands::{Context, Error, ErrorKind};
use crate::crypto::{Node, UnixTime, json};
use crate::services::tuf;
use crate::storage::CacheFolder;

/// Files that say where and when.
const MAX_NOTE: u64 = 1 << 16;
const REMOTE: &str = "remote.json";
/// Whose a folder is; ours alone, as programs that name folders alike do not say it.
const ORIGIN: &str = "rcosign.json";
/// A root, and what is said of it.
const MAX_ORIGIN: u64 = 1 << 20;
const AT_HOME: &str = ".sigstore/root";

/// Whose a folder of the cache is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Origin {
    /// The address of the repository.
    pub mirror: String,
    /// SHA-256 of the root that somebody vouched for, in hexadecimal.
    pub anchor: String,
    /// The root that came of it, each signed by the one before.
    pub root: Vec<u8>,
}

/// What is said of a folder.
pub(super) enum Owner {
    /// This.
    Known(Origin),
    /// Nothing: another program made it, or nobody yet.
    Unknown,
    /// What says so is of no use.
    Unreadable,
}

/// The cache. Without a folder nothing is read; nothing is kept where that is switched off.
pub(super) struct Cache {
    folder: Option<CacheFolder>,
    keeps: bool,
    /// What went wrong first when something was to be kept.
    trouble: RefCell<Option<String>>,
}

impl Cache {
    /// The cache that the environment names: `TUF_ROOT`, or `.sigstore/root` at home. With `SIGSTORE_NO_CACHE`, or where no
    /// variable names the home, it is read alone: it says which repository was chosen.
    ///
    /// # Errors
    /// `SIGSTORE_NO_CACHE` is neither yes nor no.
    pub fn of(context: &Context) -> Result<Self, Error> {
        let variable = |name| (context.variables)(name).filter(|value| !value.is_empty());
        let disabled = match variable("SIGSTORE_NO_CACHE") {
            None => false,
            Some(value) => match value.to_string_lossy().to_ascii_lowercase().as_str() {
                "1" | "t" | "true" => true,
                "0" | "f" | "false" => false,
                other => {
                    let message = format!("SIGSTORE_NO_CACHE: `{other}` is neither true nor false");
                    return Err(Error::usage(message));
                }
            },
        };
        let home = variable("HOME").or_else(|| variable("USERPROFILE")).map(PathBuf::from);
        let named = variable("TUF_ROOT").map(PathBuf::from).or(home.map(|home| home.join(AT_HOME)));
        let keeps = named.is_some() && !disabled;
        let path = named.or_else(|| Some(std::env::home_dir()?.join(AT_HOME)));
        Ok(Self { folder: path.map(CacheFolder::new), keeps, trouble: RefCell::default() })
    }

    /// Whether anything is kept.
    pub fn keeps(&self) -> bool {
        self.keeps && self.folder.is_some()
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

    /// Whose a folder is.
    pub fn owner(&self, folder: &str) -> Owner {
        match self.load(&format!("{folder}/{ORIGIN}"), MAX_ORIGIN) {
            Ok(None) => Owner::Unknown,
            Ok(Some(text)) => origin(&text).map_or(Owner::Unreadable, Owner::Known),
            Err(_) => Owner::Unreadable,
        }
    }

    /// Notes whose a folder is.
    pub fn own(&self, folder: &str, origin: &Origin) {
        let root = String::from_utf8_lossy(&origin.root);
        let text = json!({ "mirror": origin.mirror, "anchor": origin.anchor, "root": root });
        self.store(&format!("{folder}/{ORIGIN}"), text.to_string().as_bytes());
    }

    /// A file; `None` where there is none.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn load(&self, name: &str, limit: u64) -> std::io::Result<Option<Vec<u8>>> {
        self.folder.as_ref().map_or(Ok(None), |folder| folder.load(name, limit))
    }

    /// Notes why nothing is kept.
    pub fn complain(&self, reason: &str) {
        self.trouble.borrow_mut().get_or_insert_with(|| reason.to_owned());
    }

    pub fn store(&self, name: &str, bytes: &[u8]) {
        let Some(folder) = self.folder.as_ref().filter(|_| self.keeps) else { return };
        if let Err(error) = folder.store(name, bytes) {
            self.complain(&error.to_string());
        }
    }

    /// What went wrong first, once.
    pub fn trouble(&self) -> Option<String> {
        self.trouble.borrow_mut().take()
    }
}

fn origin(text: &[u8]) -> Option<Origin> {
    let what = "origin of a folder";
    let value = json::parse(what, text).ok()?;
    let node = Node::root(what, &value);
    let text = |name| Some(node.member(name).ok()?.text().ok()?.to_owned());
    Some(Origin { mirror: text("mirror")?, anchor: text("anchor")?, root: text("root")?.into_bytes() })
}

/// What is kept of one repository. What is new waits until everything holds.
pub(super) struct Kept<'a> {
    pub cache: &'a Cache,
    /// Its folder.
    pub folder: &'a str,
    /// Whether what is in the folder is that of the repository.
    pub reads: bool,
    pub waiting: RefCell<BTreeMap<String, Vec<u8>>>,
}

impl Kept<'_> {
    /// What is in the folder now.
    pub fn kept(&self, file: &str, limit: u64) -> Option<Vec<u8>> {
        let load = |name: String| self.cache.load(&name, limit).ok()?;
        if self.reads { load(format!("{}/{file}", self.folder)) } else { None }
    }

    /// Keeps what waits.
    pub fn commit(&self) {
        for (file, bytes) in self.waiting.take() {
            self.cache.store(&format!("{}/{file}", self.folder), &bytes);
        }
    }
}

impl tuf::Store for Kept<'_> {
    fn load(&self, file: &str, limit: u64) -> Option<Vec<u8>> {
        let waiting = self.waiting.borrow().get(file).cloned();
        waiting.or_else(|| self.kept(file, limit))
    }

    fn store(&self, file: &str, bytes: &[u8]) {
        self.waiting.borrow_mut().insert(file.to_owned(), bytes.to_vec());
    }
}
