//! The TUF repository of a sandbox: trusted root and signing config for clients that ask, and what older ones look for.
//!
//! Metadata is made by `tough`, so that our client and this repository come from two hands. There are consistent snapshots; a key
//! for each role, Ed25519, which all clients read; the timestamp, the snapshot and the targets always have one version number.

mod metadata;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::Value;

use super::folder::{Folder, FolderError};
use super::routes::Routes;
use super::service::Clock;
use crate::crypto::{PrivateKeyError, SignError, sha256};
use metadata::{Keys, Lifetime};

/// Where it is in the folder of the sandbox.
const FOLDER: &str = "tuf";
/// The most bytes of a file that is served: far above what is written here.
const MAX_FILE: usize = 16 << 20;

/// Why there is no repository.
#[derive(Debug, thiserror::Error)]
pub enum RepositoryError {
    /// The folder cannot be used.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// A key cannot be used.
    #[error("the keys of the TUF repository cannot be used")]
    Key(#[from] PrivateKeyError),
    /// A key does not sign.
    #[error("the TUF repository cannot be signed")]
    Sign(#[from] SignError),
    /// The metadata cannot be made.
    #[error("the metadata of the TUF repository cannot be made")]
    Metadata(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A file was changed by somebody else.
    #[error("{} is damaged: {reason}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
}

/// A file that clients find by its name.
#[derive(Debug, Clone, PartialEq)]
pub struct Target {
    /// Its path, without folders.
    pub name: String,
    /// What it holds.
    pub content: Vec<u8>,
    /// What is said of it (`custom`; TUF section 4.5).
    pub custom: BTreeMap<String, Value>,
}

impl Target {
    /// A target of which nothing is said.
    pub fn new(name: &str, content: impl Into<Vec<u8>>) -> Self {
        Self { name: name.to_owned(), content: content.into(), custom: BTreeMap::new() }
    }

    /// The same as Sigstore's clients before the trusted root have it: they take the targets of a `usage` (`Fulcio`, `Rekor`, `CTFE`,
    /// `TSA`), whatever their names.
    #[must_use]
    pub fn used_as(mut self, usage: &str, address: &str) -> Self {
        let said = serde_json::json!({ "status": "Active", "uri": address, "usage": usage });
        self.custom.insert("sigstore".to_owned(), said);
        self
    }
}

/// A repository that can be served.
#[derive(Debug)]
pub struct Repository {
    files: BTreeMap<String, Vec<u8>>,
}

impl Repository {
    /// The repository in the folder with these targets and no others, made the first time. Metadata is made anew, with the
    /// next version, where the targets differ or less than half of its life is left.
    ///
    /// # Errors
    /// [`RepositoryError`].
    pub async fn open(folder: &Folder, clock: &Clock, targets: &[Target]) -> Result<Self, RepositoryError> {
        let keys = Keys::of(folder)?;
        folder.folder(&format!("{FOLDER}/targets"))?;
        let now = clock.now();
        let mut files = written(folder)?;
        let mut changes = Vec::new();
        for target in targets {
            let path = format!("targets/{}.{}", hex::encode(sha256(&target.content)), target.name);
            if files.get(&path) != Some(&target.content) {
                changes.push((path, target.content.clone()));
            }
        }
        let root_version = newest(&files, ".root.json");
        let root = format!("{root_version}.root.json");
        let lasting = match files.get(&root) {
            Some(root_json) => Lifetime::ROOT.is_fresh(metadata::expiry(folder, &root, root_json)?, now),
            None => false,
        };
        let root = if lasting {
            root
        } else {
            let name = format!("{}.root.json", root_version.saturating_add(1));
            changes.push((name.clone(), metadata::root(&keys, root_version.saturating_add(1), now)?));
            name
        };
        write(folder, &mut files, changes)?;

        if !metadata::is_current(&files, newest(&files, ".snapshot.json"), targets, now) {
            let version = newest(&files, ".snapshot.json").max(newest(&files, ".targets.json"));
            let made = metadata::make(folder, &root, &keys, version.saturating_add(1), targets, now).await?;
            write(folder, &mut files, made)?;
        }
        Ok(Self { files: with_plain_names(files, targets) })
    }

    /// The first root, with which clients begin.
    pub fn root(&self) -> &[u8] {
        self.files.get("1.root.json").map_or(&[], Vec::as_slice)
    }

    /// What is served, by path without a slash at its beginning.
    pub fn file(&self, path: &str) -> Option<&[u8]> {
        self.files.get(path).map(Vec::as_slice)
    }

    /// Serves it.
    pub fn router(self: Arc<Self>) -> Router {
        Routes::new(self).get("/{*path}", served).router()
    }

    fn answer(&self, path: &str) -> Response {
        match self.file(path) {
            None => (StatusCode::NOT_FOUND, "there is no such file\n").into_response(),
            Some(content) => {
                let kind = if path.starts_with("targets/") {
                    "application/octet-stream"
                } else {
                    "application/json"
                };
                let headers = [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "no-cache")];
                (headers, content.to_vec()).into_response()
            }
        }
    }
}

async fn served(State(repository): State<Arc<Repository>>, Path(path): Path<String>) -> Response {
    repository.answer(&path)
}

/// Writes files in this order, each whole.
fn write(
    folder: &Folder,
    files: &mut BTreeMap<String, Vec<u8>>,
    changes: Vec<(String, Vec<u8>)>,
) -> Result<(), RepositoryError> {
    for (name, content) in changes {
        folder.write(&format!("{FOLDER}/{name}"), &content)?;
        files.insert(name, content);
    }
    Ok(())
}

/// What is in the folder.
fn written(folder: &Folder) -> Result<BTreeMap<String, Vec<u8>>, RepositoryError> {
    let mut files = BTreeMap::new();
    for (place, prefix) in [(FOLDER.to_owned(), ""), (format!("{FOLDER}/targets"), "targets/")] {
        let path = folder.path().join(&place);
        let unusable = |source| FolderError::Unusable { path: path.clone(), source };
        for entry in std::fs::read_dir(&path).map_err(unusable)? {
            let entry = entry.map_err(unusable)?;
            let metadata = entry.metadata().map_err(unusable)?;
            let name = entry.file_name();
            let Some(name) = name.to_str() else { continue };
            // What a crash left behind has a name that begins with a dot.
            if !metadata.is_file() || name.starts_with('.') || metadata.len() > MAX_FILE as u64 {
                continue;
            }
            if let Some(content) = folder.read(&format!("{place}/{name}"))? {
                files.insert(format!("{prefix}{name}"), content);
            }
        }
    }
    Ok(files)
}

/// The highest version of a kind of file, such as `.root.json`; 0 if there is none.
fn newest(files: &BTreeMap<String, Vec<u8>>, kind: &str) -> u64 {
    files.keys().filter_map(|name| name.strip_suffix(kind)?.parse().ok()).max().unwrap_or_default()
}

/// Adds the names without versions and digests, by which people look.
fn with_plain_names(mut files: BTreeMap<String, Vec<u8>>, targets: &[Target]) -> BTreeMap<String, Vec<u8>> {
    for kind in ["root.json", "snapshot.json", "targets.json"] {
        let version = newest(&files, &format!(".{kind}"));
        if let Some(content) = files.get(&format!("{version}.{kind}")).cloned() {
            files.insert(kind.to_owned(), content);
        }
    }
    for target in targets {
        files.insert(format!("targets/{}", target.name), target.content.clone());
    }
    files
}
