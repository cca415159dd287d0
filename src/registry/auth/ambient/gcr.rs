//! Google Artifact Registry and Container Registry ("Configure authentication to Artifact Registry for Docker": access tokens).

use super::super::keychain::Credentials;
use super::AmbientError;
use crate::cloud::google::{Around, Google, Places, Use, find as found, metadata};
use crate::cloud::{self, Settings};
use crate::crypto::Secret;

/// What stands for the user where the password is an access token.
const USER: &str = "oauth2accesstoken";

/// An access token as a password. Whether somebody has asked for it decides if the metadata server is looked for on a machine
/// that does not look like one of Google.
///
/// # Errors
/// There are no credentials of Google, or they are not taken.
pub async fn find(
    settings: &Settings<'_>,
    is_wanted: bool,
    tell: fn(&str),
) -> Result<Credentials, AmbientError> {
    let around = Around { settings: *settings, places: &Places::default() };
    let is_there = is_wanted || metadata::server(&around).is_some();
    if !is_there && found(&around, Use::AccessToken).map_err(cloud::Error::from)?.is_none() {
        return Err(missing(
            "GOOGLE_APPLICATION_CREDENTIALS is not set, `gcloud auth application-default login` has left none, and this is no machine of Google",
        ));
    }
    if let Some(caution) = Google::caution(settings) {
        tell(&format!("WARNING: {caution}"));
    }
    let token = Google::read(settings)?.access_token().await?;
    Credentials::of(USER, Secret::new(token.expose().to_vec())).ok_or_else(|| missing("the token is empty"))
}

fn missing(looked_at: &str) -> AmbientError {
    cloud::Error::Unset { what: "the credentials of Google Cloud are", looked_at: looked_at.to_owned() }
        .into()
}
