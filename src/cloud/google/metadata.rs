//! The metadata server of Google's machines ("Compute Engine: about VM metadata"): it tells its service account, and gives tokens of it.

use std::time::Duration;

use super::super::link;
use super::{Around, Error};
use crate::crypto::{DecodeError, Node, Secret, json};
use crate::http::Address;
use crate::http::service::asking::{self, Unguarded};
use crate::http::service::{Ask, Client, Service};

/// The variable with the metadata server, as Google's own libraries have it.
pub const HOST: &str = "GCE_METADATA_HOST";
/// Nobody else gets this header in; the server wants it so that no page of a browser can ask (Google's documentation).
const FLAVOR: &[(&str, &str)] = &[("metadata-flavor", "Google")];
const ANSWER: &str = "answer of the metadata server";

/// The address of the metadata server, if there should be one.
pub fn server(around: &Around<'_>) -> Option<String> {
    match around.variable(HOST) {
        Some(host) => Some(format!("http://{host}")),
        None => is_google(around).then(|| around.places.metadata.clone()),
    }
}

/// Whether this is a machine of Google, as Google's libraries and Kubernetes tell it.
pub fn is_google(around: &Around<'_>) -> bool {
    std::fs::read_to_string(&around.places.product_name)
        .is_ok_and(|name| matches!(name.trim(), "Google" | "Google Compute Engine"))
}

/// What the metadata server says of the service account of this machine.
///
/// # Errors
/// It does not answer, or knows none.
pub async fn ask(
    service: Service,
    server: &str,
    what: &str,
    query: &[(&str, &str)],
) -> Result<Secret, Error> {
    let url = format!("{server}/computeMetadata/v1/instance/service-accounts/default/{what}");
    let fail = |reason: &str| Unguarded { what: HOST.to_owned(), reason: reason.to_owned() };
    let address = Address::parse(&url).map_err(|_| fail("it is not a host"))?;
    let address = if query.is_empty() { address } else { address.with_query(query) };
    let client = direct();
    let ask = Ask { accept: "*/*", headers: FLAVOR, ..asking::get(service, &address) };
    let body = client.ask(&ask).await?.body;
    if body.is_empty() {
        return Err(asking::answer_error(&ask, DecodeError::whole("answer", "is empty")).into());
    }
    Ok(Secret::new(body))
}

/// A token for Google's own services, of the service account of this machine.
///
/// # Errors
/// As [`ask`].
pub async fn access_token(service: Service, server: &str) -> Result<Secret, Error> {
    let answer = ask(service, server, "token", &[]).await?;
    json::parse(ANSWER, answer.expose())
        .and_then(|value| asking::secret(&Node::root(ANSWER, &value), "access_token"))
        .map_err(Error::Metadata)
}

/// For what is on a link of this machine: no proxy is in between, and who is there answers at once.
pub(super) fn direct() -> Client {
    link::client(Duration::from_secs(3), Duration::from_secs(10), Duration::from_secs(2))
}
