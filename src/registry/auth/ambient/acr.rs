//! Azure Container Registry ("AAD OAuth endpoints of Azure Container Registry": `/oauth2/exchange`): a token of Microsoft Entra becomes
//! a refresh token of the registry.

use super::super::keychain::Credentials;
use super::AmbientError;
use crate::cloud::azure::{Azure, Environment, Place};
use crate::cloud::{self, Settings};
use crate::crypto::Secret;
use crate::http::form;
use crate::http::service::asking::{self, guarded};
use crate::http::service::{Ask, Service};

const SERVICE: Service = Service::Cloud("Azure Container Registry");

/// A refresh token, which is good for three hours.
///
/// # Errors
/// There are no credentials of Azure, or they are not taken.
pub async fn find(
    settings: &Settings<'_>,
    environment: Environment,
    host: &str,
) -> Result<Credentials, AmbientError> {
    exchange(settings, environment, host, &format!("https://{host}")).await
}

/// As [`find`], from the registry at `base`.
///
/// # Errors
/// As [`find`].
pub(super) async fn exchange(
    settings: &Settings<'_>,
    environment: Environment,
    host: &str,
    base: &str,
) -> Result<Credentials, AmbientError> {
    let place = Place::read(settings, Some(environment))?;
    let azure = Azure::read(settings, &place, environment.manager())?;
    let token = azure.token().await?;
    let address = guarded("the registry", &format!("{base}/oauth2/exchange")).map_err(cloud::Error::from)?;
    let text = String::from_utf8_lossy(token.expose());
    let pairs = [("grant_type", "access_token"), ("service", host), ("access_token", &text)];
    let body = Secret::new(form(&pairs).into_bytes());
    let ask = Ask { secret: Some(token), ..asking::post(SERVICE, &address, &body) };
    let read = |answer: &crate::crypto::Node<'_>| {
        let token = answer.member("refresh_token")?;
        let text = token.non_empty_text()?;
        match text.bytes().all(|b| b.is_ascii_graphic()) {
            true => Ok(Secret::new(text.as_bytes().to_vec())),
            false => Err(token.error("is no token")),
        }
    };
    Ok(Credentials::IdentityToken(asking::document(&azure.client(), &ask, read).await?))
}
