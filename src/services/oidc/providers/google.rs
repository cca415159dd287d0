//! Google's clouds: the service account that the program runs as, or another one in whose name it may act.

use std::time::Duration;

use serde_json::Value;

use super::super::super::{Client, Connection, Service};
use super::super::Error;
use super::google_credentials::{self as credentials, Assertion, Credentials, Use};
use super::google_external::External;
use super::{Offer, Provider, Surroundings, not_set};
use crate::crypto::{DecodeError, Node, Secret, json};
use crate::http::service::Ask;
use crate::http::service::asking;
use crate::http::{Address, form};

/// The variable with the service account to act in the name of.
pub const ACCOUNT: &str = "GOOGLE_SERVICE_ACCOUNT_NAME";
/// The variable with the metadata server, as Google's own libraries have it.
const METADATA: &str = "GCE_METADATA_HOST";
/// Nobody else gets this header in; the server wants it so that no page of a browser can ask (Google's documentation).
const FLAVOR: &[(&str, &str)] = &[("metadata-flavor", "Google")];
const METADATA_ANSWER: &str = "answer of the metadata server";
const SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";
const WORKLOAD: Service = Service::Provider("google-workload-identity");
const IMPERSONATE: Service = Service::Provider("google-impersonate");

/// Whether the program runs as a service account. Where it does not run at Google, only who names this provider wants it, as
/// many people have credentials of Google for other purposes.
pub async fn offer(around: &Surroundings<'_>, named: bool) -> Offer {
    if !named && !is_google(around) {
        return Offer::Missing("this is not a machine of Google".to_owned());
    }
    match credentials::find(around, Use::IdentityToken) {
        // Credentials that are there and no good are an error, once somebody wants them.
        Ok(Some(_)) | Err(_) => return Offer::Offered,
        Ok(None) => {}
    }
    let Some(server) = metadata_server(around) else {
        return Offer::Missing(format!(
            "{} is not set, and this is not a machine of Google",
            credentials::FILE
        ));
    };
    match metadata(&server, "email", &[]).await {
        Ok(_) => Offer::Offered,
        Err(_) => Offer::Missing(format!("the metadata server at {server} knows no service account")),
    }
}

/// A token of the service account that the program runs as.
///
/// # Errors
/// Its credentials cannot be used, or Google refuses them.
pub async fn token(client: &Client, around: &Surroundings<'_>, audience: &str) -> Result<Secret, Error> {
    match credentials::find(around, Use::IdentityToken)? {
        Some(found) => identity_token(client, around, &found, audience).await,
        None => {
            let server = metadata_server(around)
                .ok_or_else(|| not_set(Provider::GoogleWorkloadIdentity.name(), credentials::FILE))?;
            metadata(&server, "identity", &[("audience", audience), ("format", "full")]).await
        }
    }
}

/// A token of the service account that is named, for whoever may act in its name.
///
/// # Errors
/// There are no credentials, they cannot be used, or Google refuses.
pub async fn impersonated(
    client: &Client,
    around: &Surroundings<'_>,
    audience: &str,
) -> Result<Secret, Error> {
    let name = Provider::GoogleImpersonate.name();
    let target = around.variable(ACCOUNT).ok_or_else(|| not_set(name, ACCOUNT))?;
    let access = match credentials::find(around, Use::AccessToken)? {
        Some(found) => access_token(client, around, &found).await?,
        None => {
            let server = metadata_server(around).ok_or_else(|| Error::NotOffered {
                name,
                missing: format!(
                    "there are no credentials of Google: {} is not set, `gcloud auth application-default login` has left \
                     none, and this is not a machine of Google",
                    credentials::FILE
                ),
            })?;
            access_token_of(&metadata(&server, "token", &[]).await?)?
        }
    };
    generate(client, around, &access, &target, &[], audience).await
}

/// A token by application credentials.
async fn identity_token(
    client: &Client,
    around: &Surroundings<'_>,
    found: &Credentials,
    audience: &str,
) -> Result<Secret, Error> {
    match found {
        Credentials::ServiceAccount(account) => {
            let assertion = account.assertion(around.now, &Assertion::TargetAudience(audience))?;
            exchange(client, WORKLOAD, &account.token_uri, &assertion, "id_token").await
        }
        Credentials::Impersonated { target, delegates, source } => {
            let access = Box::pin(access_token(client, around, source)).await?;
            generate(client, around, &access, target, delegates, audience).await
        }
        Credentials::External(external) => {
            let target = external.account()?;
            let access = external.token(client, WORKLOAD, SCOPE).await?;
            generate(client, around, &access, target, &[], audience).await
        }
        Credentials::User { .. } => Err(Error::Unsupported {
            what: "the credentials of a person at Google give no identity token for Sigstore".to_owned(),
        }),
    }
}

/// A token for Google's own services, with which others are made.
async fn access_token(
    client: &Client,
    around: &Surroundings<'_>,
    found: &Credentials,
) -> Result<Secret, Error> {
    match found {
        Credentials::ServiceAccount(account) => {
            let assertion = account.assertion(around.now, &Assertion::Scope(SCOPE))?;
            exchange(client, IMPERSONATE, &account.token_uri, &assertion, "access_token").await
        }
        Credentials::User { client_id, client_secret, refresh_token } => {
            let address = asking::guarded("the token server of Google", &around.places.google_token)?;
            let text = |secret: &Secret| String::from_utf8_lossy(secret.expose()).into_owned();
            let body = Secret::new(
                form(&[
                    ("grant_type", "refresh_token"),
                    ("client_id", client_id),
                    ("client_secret", &text(client_secret)),
                    ("refresh_token", &text(refresh_token)),
                ])
                .into_bytes(),
            );
            let ask = asking::post(IMPERSONATE, &address, &body);
            Ok(asking::document(client, &ask, |node| asking::secret(node, "access_token")).await?)
        }
        Credentials::External(external) => external_access(client, around, external).await,
        Credentials::Impersonated { .. } => Err(Error::Unsupported {
            what: "credentials of Google that act in the name of an account that acts in the name of another one \
                   are not followed"
                .to_owned(),
        }),
    }
}

/// What a workload gets itself, or the account in whose name it acts.
async fn external_access(
    client: &Client,
    around: &Surroundings<'_>,
    external: &External,
) -> Result<Secret, Error> {
    let own = external.token(client, IMPERSONATE, SCOPE).await?;
    match external.account() {
        Ok(account) => {
            let body = serde_json::json!({ "scope": [SCOPE] });
            ask_iam(client, around, &own, (account, "generateAccessToken", "accessToken"), &body).await
        }
        Err(_) => Ok(own),
    }
}

/// RFC 7523: what was signed for a token.
async fn exchange(
    client: &Client,
    service: Service,
    url: &str,
    assertion: &Secret,
    member: &str,
) -> Result<Secret, Error> {
    let address = asking::guarded("the token server of the service account", url)?;
    let text = String::from_utf8_lossy(assertion.expose());
    let pairs = [("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"), ("assertion", text.as_ref())];
    let body = Secret::new(form(&pairs).into_bytes());
    Ok(asking::document(client, &asking::post(service, &address, &body), |node| asking::secret(node, member))
        .await?)
}

/// IAM Service Account Credentials API, `generateIdToken`.
async fn generate(
    client: &Client,
    around: &Surroundings<'_>,
    access: &Secret,
    target: &str,
    delegates: &[String],
    audience: &str,
) -> Result<Secret, Error> {
    let body = serde_json::json!({ "audience": audience, "includeEmail": true, "delegates": delegates });
    ask_iam(client, around, access, (target, "generateIdToken", "token"), &body).await
}

/// IAM Service Account Credentials API: a method of an account, and the member of the answer that is wanted.
async fn ask_iam(
    client: &Client,
    around: &Surroundings<'_>,
    access: &Secret,
    (target, method, member): (&str, &str, &str),
    body: &Value,
) -> Result<Secret, Error> {
    if !credentials::is_account(target) {
        return Err(Error::Unsupported {
            what: format!("`{target}` is not the address of a service account"),
        });
    }
    let url = format!("{}/v1/projects/-/serviceAccounts/{target}:{method}", around.places.iam_credentials);
    let address = asking::guarded("the credentials service of Google", &url)?;
    let body = Secret::new(body.to_string().into_bytes());
    let authorization = Secret::new([b"Bearer ", access.expose()].concat());
    let ask = Ask { authorization: Some(&authorization), ..asking::post_json(IMPERSONATE, &address, &body) };
    Ok(asking::document(client, &ask, |node| asking::secret(node, member)).await?)
}

/// For what is on a link of this machine: no proxy is in between, and who is there answers at once.
pub(super) fn direct() -> Client {
    Client::new(Connection {
        proxy: false,
        retry_for: Duration::from_secs(3),
        total: Duration::from_secs(10),
        stall: Duration::from_secs(2),
        ..Connection::default()
    })
}

fn access_token_of(answer: &Secret) -> Result<Secret, Error> {
    json::parse(METADATA_ANSWER, answer.expose())
        .and_then(|value| asking::secret(&Node::root(METADATA_ANSWER, &value), "access_token"))
        .map_err(|source| Error::Token { from: "the metadata server".to_owned(), source })
}

/// What the metadata server says of the service account of this machine.
async fn metadata(server: &str, what: &str, query: &[(&str, &str)]) -> Result<Secret, Error> {
    let url = format!("{server}/computeMetadata/v1/instance/service-accounts/default/{what}");
    let fail = |reason: &str| Error::Address { what: METADATA.to_owned(), reason: reason.to_owned() };
    let address = Address::parse(&url).map_err(|_| fail("it is not a host"))?;
    let address = if query.is_empty() { address } else { address.with_query(query) };
    let client = direct();
    let ask = Ask { accept: "*/*", headers: FLAVOR, ..asking::get(WORKLOAD, &address) };
    let body = client.ask(&ask).await?.body;
    if body.is_empty() {
        return Err(asking::answer_error(&ask, DecodeError::whole("answer", "is empty")).into());
    }
    Ok(Secret::new(body))
}

/// The address of the metadata server, if there should be one.
fn metadata_server(around: &Surroundings<'_>) -> Option<String> {
    match around.variable(METADATA) {
        Some(host) => Some(format!("http://{host}")),
        None => is_google(around).then(|| around.places.metadata.clone()),
    }
}

/// As Google's libraries and Kubernetes tell it.
fn is_google(around: &Surroundings<'_>) -> bool {
    std::fs::read_to_string(&around.places.product_name)
        .is_ok_and(|name| matches!(name.trim(), "Google" | "Google Compute Engine"))
}
