//! What can be done with the folder of a sandbox beside the process that runs in it, or when none does.

use std::io;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::oidc::{self, Claims};
use super::ports::SERVICES;
use super::service::{Clock, Service};
use crate::crypto::{PrivateKey, PrivateKeyError, SignError};

/// Why nothing can be done.
#[derive(Debug, thiserror::Error)]
pub enum BesideError {
    /// No sandbox was ever started there.
    #[error("there is no sandbox in {}", path.display())]
    None {
        /// The folder.
        path: PathBuf,
    },
    /// A file of it cannot be read.
    #[error("{} cannot be read", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The document that says where the services are is damaged.
    #[error("{} does not say where the issuer is", path.display())]
    Services {
        /// The file.
        path: PathBuf,
    },
    /// The key of the issuer is damaged.
    #[error("the key {} cannot be used", path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// Why.
        source: PrivateKeyError,
    },
    /// The key does not sign.
    #[error("no identity token can be made")]
    Token(#[from] SignError),
}

/// Makes a token with the issuer's key in the folder, by the clock of this machine.
///
/// # Errors
/// [`BesideError`].
pub fn mint(folder: &Path, claims: &Claims) -> Result<String, BesideError> {
    let services = folder.join(SERVICES);
    let document: Value = serde_json::from_slice(&read(folder, &services)?).unwrap_or_default();
    let issuer = document.get(Service::Oidc.word()).and_then(Value::as_str);
    let issuer = issuer.ok_or(BesideError::Services { path: services })?;
    let path = folder.join("keys").join(format!("{}.pem", oidc::KEY));
    let key = PrivateKey::from_pem(&read(folder, &path)?);
    let key = key.map_err(|source| BesideError::Key { path, source })?;
    Ok(oidc::mint(&key, issuer, claims, Clock::default().now())?)
}

fn read(folder: &Path, path: &Path) -> Result<Vec<u8>, BesideError> {
    std::fs::read(path).map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => BesideError::None { path: folder.to_owned() },
        _ => BesideError::Unreadable { path: path.to_owned(), source },
    })
}
