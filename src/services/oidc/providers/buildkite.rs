//! The API of Buildkite's agents (`POST jobs/ID/oidc/tokens`).

use super::super::super::{Client, Service};
use super::super::Error;
use super::{Provider, Surroundings, not_set};
use crate::crypto::Secret;
use crate::http::service::Ask;
use crate::http::service::asking;

/// The variable with what the agent is known by.
pub const TOKEN: &str = "BUILDKITE_AGENT_ACCESS_TOKEN";
const ENDPOINT: &str = "BUILDKITE_AGENT_ENDPOINT";
const PUBLIC_ENDPOINT: &str = "https://agent.buildkite.com/v3";
const JOB: &str = "BUILDKITE_JOB_ID";

/// A token for this audience.
///
/// # Errors
/// The job is unknown, the address is not to be used, or what is there refuses or fails.
pub async fn token(client: &Client, around: &Surroundings<'_>, audience: &str) -> Result<Secret, Error> {
    let name = Provider::Buildkite.name();
    let permission = around.secret(TOKEN).ok_or_else(|| not_set(name, TOKEN))?;
    let job = around.variable(JOB).ok_or_else(|| not_set(name, JOB))?;
    if !job.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
        return Err(Error::Unsupported { what: format!("{JOB} is not the identifier of a job") });
    }
    let endpoint = around.variable(ENDPOINT).unwrap_or_else(|| PUBLIC_ENDPOINT.to_owned());
    let url = format!("{}/jobs/{job}/oidc/tokens", endpoint.trim_end_matches('/'));
    let address = asking::guarded(ENDPOINT, &url)?;
    let authorization = Secret::new([b"Token ", permission.expose()].concat());
    let body = Secret::new(asking::object(&[("audience", audience)]).into_bytes());
    let ask = Ask {
        authorization: Some(&authorization),
        ..asking::post_json(Service::Provider(name), &address, &body)
    };
    Ok(asking::document(client, &ask, |node| asking::secret(node, "token")).await?)
}
