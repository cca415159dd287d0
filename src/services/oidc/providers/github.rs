//! GitHub Actions: a token for whoever has the permission `id-token: write`.

use super::super::super::{Client, Service};
use super::super::Error;
use super::{Provider, Surroundings, not_set};
use crate::crypto::Secret;
use crate::http::service::Ask;
use crate::http::service::asking;

/// The variable with what a request is made with.
pub const TOKEN: &str = "ACTIONS_ID_TOKEN_REQUEST_TOKEN";
/// The variable with where it goes, and nothing else does.
pub const URL: &str = "ACTIONS_ID_TOKEN_REQUEST_URL";

/// A token for this audience.
///
/// # Errors
/// The address is not to be used, or what is there refuses or fails.
pub async fn token(client: &Client, around: &Surroundings<'_>, audience: &str) -> Result<Secret, Error> {
    let name = Provider::GitHubActions.name();
    let url = around.variable(URL).ok_or_else(|| not_set(name, URL))?;
    let permission = around.secret(TOKEN).ok_or_else(|| not_set(name, TOKEN))?;
    let address = asking::guarded(URL, &url)?.with_query(&[("audience", audience)]);
    let authorization = Secret::new([b"Bearer ", permission.expose()].concat());
    let ask = Ask { authorization: Some(&authorization), ..asking::get(Service::Provider(name), &address) };
    Ok(asking::document(client, &ask, |node| asking::secret(node, "value")).await?)
}
