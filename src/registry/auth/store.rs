//! Keeping a login where Docker, Podman and all others look for it.

use std::path::PathBuf;

use super::config::{AuthFile, server_key};
use super::helper::{self, HelperError, HelperName};
use super::keychain::{KeychainError, Places, read};
use crate::crypto::Secret;
use crate::registry::Registry;

/// Where a login is kept.
#[derive(Debug)]
pub enum StoredIn {
    /// This credential helper has it now.
    Helper(HelperName),
    /// It belongs into this file, whose whole content this is; whoever asked has to write it.
    File(PathBuf, Secret),
}

/// Gives a login of `registry` to the credential helper that Docker's configuration names for it; where none is named, makes
/// the new content of that configuration. Must run inside a tokio runtime.
///
/// # Errors
/// The configuration or the helper is of no use.
pub async fn store_login(
    places: &Places,
    registry: &Registry,
    username: &str,
    password: &Secret,
) -> Result<StoredIn, KeychainError> {
    let path = places.docker.clone().ok_or(KeychainError::NoPlace)?;
    let source_name = format!("`{}`", path.display());
    let fail = |source| KeychainError::Decode { source_name: source_name.clone(), source };
    let text = read(&path)?;
    let text = text.as_ref().map(Secret::expose).filter(|text| !text.iter().all(u8::is_ascii_whitespace));
    let file = AuthFile::parse(text.unwrap_or(b"{}")).map_err(fail)?;
    let Some(helper) = file.helper(registry).map_err(fail)? else {
        return Ok(StoredIn::File(path, file.with_login(registry, username, password)));
    };
    let (server, username, shown) = (server_key(registry), username.to_owned(), helper.to_string());
    let password = Secret::new(password.expose().to_vec());
    let kept = tokio::task::spawn_blocking(move || {
        helper::store(&helper, &server, &username, &password).map(|()| helper)
    });
    let fail = |source| KeychainError::Helper { source_name: source_name.clone(), source };
    match kept.await {
        Ok(kept) => kept.map(StoredIn::Helper).map_err(fail),
        Err(_) => Err(fail(HelperError::Answer { helper: shown })),
    }
}
