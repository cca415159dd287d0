//! GitHub's container registry, `ghcr.io` (GitHub, "Working with the Container registry"): a token is the password of any user.

use super::AmbientError;
use crate::cloud::{Error, Settings};
use crate::crypto::Secret;
use crate::registry::auth::keychain::Credentials;

const TOKEN: &str = "GITHUB_TOKEN";
const ACTOR: &str = "GITHUB_ACTOR";
/// What stands for the user where nothing names one, as in cosign's keychain.
const NOBODY: &str = "unset";

/// The token of a workflow, or of whoever has set the variable, as a password.
///
/// # Errors
/// It is not set.
pub fn find(settings: &Settings<'_>) -> Result<Credentials, AmbientError> {
    let missing =
        || Error::Unset { what: "the token of GitHub is", looked_at: format!("{TOKEN} is not set") };
    let token = settings.variable(TOKEN)?.ok_or_else(missing)?;
    let actor = settings.variable(ACTOR)?.unwrap_or_else(|| NOBODY.to_owned());
    Ok(Credentials::of(&actor, Secret::new(token.into_bytes())).ok_or_else(missing)?)
}
