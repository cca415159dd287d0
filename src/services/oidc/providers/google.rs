//! Google's clouds: the service account that the program runs as, or another one in whose name it may act.

use std::time::Duration;

use super::super::super::{Client, Service};
use super::super::Error;
use super::{Offer, Provider, Surroundings, not_set};
use crate::cloud::Settings;
use crate::cloud::google::{self, Around, Assertion, Credentials, SCOPE, Tokens, Use, metadata};
use crate::crypto::Secret;

/// The variable with the service account to act in the name of.
pub const ACCOUNT: &str = "GOOGLE_SERVICE_ACCOUNT_NAME";
const WORKLOAD: Service = Service::Provider("google-workload-identity");
const IMPERSONATE: Service = Service::Provider("google-impersonate");

/// Whether the program runs as a service account. Where it does not run at Google, only who names this provider wants it, as
/// many people have credentials of Google for other purposes.
pub async fn offer(around: &Surroundings<'_>, named: bool) -> Offer {
    let google = around.google();
    if !named && !metadata::is_google(&google) {
        return Offer::Missing("this is not a machine of Google".to_owned());
    }
    match google::find(&google, Use::IdentityToken) {
        // Credentials that are there and no good are an error, once somebody wants them.
        Ok(Some(_)) | Err(_) => return Offer::Offered,
        Ok(None) => {}
    }
    let Some(server) = metadata::server(&google) else {
        return Offer::Missing(format!("{} is not set, and this is not a machine of Google", google::FILE));
    };
    match metadata::ask(WORKLOAD, &server, "email", &[]).await {
        Ok(_) => Offer::Offered,
        Err(_) => Offer::Missing(format!("the metadata server at {server} knows no service account")),
    }
}

/// What the user should know of the credentials that tell who the program runs as.
pub fn caution(around: &Surroundings<'_>) -> Option<String> {
    google::Google::caution(&around.google().settings)
}

/// A token of the service account that the program runs as.
///
/// # Errors
/// Its credentials cannot be used, or Google refuses them.
pub async fn token(client: &Client, around: &Surroundings<'_>, audience: &str) -> Result<Secret, Error> {
    let google = around.google();
    match google::find(&google, Use::IdentityToken)? {
        Some(found) => identity_token(client, around, &found.credentials, audience).await,
        None => {
            let server = metadata::server(&google)
                .ok_or_else(|| not_set(Provider::GoogleWorkloadIdentity.name(), google::FILE))?;
            let query = [("audience", audience), ("format", "full")];
            Ok(metadata::ask(WORKLOAD, &server, "identity", &query).await?)
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
    let google = around.google();
    let tokens = tokens(client, around, IMPERSONATE);
    let access = match google::find(&google, Use::AccessToken)?.map(|found| found.credentials) {
        Some(Credentials::Impersonated { .. }) => {
            return Err(Error::Unsupported {
                what: "credentials of Google that act in the name of an account that acts in the name of another one \
                       are not followed"
                    .to_owned(),
            });
        }
        Some(found) => tokens.access(&found).await?,
        None => {
            let server = metadata::server(&google).ok_or_else(|| Error::NotOffered {
                name,
                missing: format!(
                    "there are no credentials of Google: {} is not set, `gcloud auth application-default login` has left \
                     none, and this is not a machine of Google",
                    google::FILE
                ),
            })?;
            metadata::access_token(WORKLOAD, &server).await?
        }
    };
    generate(&tokens, &access, &target, &[], audience).await
}

/// A token by application credentials.
async fn identity_token(
    client: &Client,
    around: &Surroundings<'_>,
    found: &Credentials,
    audience: &str,
) -> Result<Secret, Error> {
    let own = tokens(client, around, WORKLOAD);
    let others = tokens(client, around, IMPERSONATE);
    match found {
        Credentials::ServiceAccount(account) => {
            let wanted = Assertion::TargetAudience(audience);
            let assertion = account.assertion(around.now, &wanted)?;
            Ok(own.exchange(&account.token_uri, &assertion, "id_token").await?)
        }
        Credentials::Impersonated { target, delegates, source } => {
            let access = others.access(source).await?;
            generate(&others, &access, target, delegates, audience).await
        }
        Credentials::External(external) => {
            let target = external.account()?;
            let access = external.token(client, WORKLOAD, SCOPE).await?;
            generate(&others, &access, target, &[], audience).await
        }
        Credentials::User { .. } => Err(Error::Unsupported {
            what: "the credentials of a person at Google give no identity token for Sigstore".to_owned(),
        }),
    }
}

fn tokens<'a>(client: &'a Client, around: &Surroundings<'a>, service: Service) -> Tokens<'a> {
    Tokens { client, places: &around.places.google, now: around.now, service }
}

/// IAM Service Account Credentials API, `generateIdToken`.
async fn generate(
    tokens: &Tokens<'_>,
    access: &Secret,
    target: &str,
    delegates: &[String],
    audience: &str,
) -> Result<Secret, Error> {
    let body = serde_json::json!({ "audience": audience, "includeEmail": true, "delegates": delegates });
    Ok(tokens.iam(access, (target, "generateIdToken", "token"), &body).await?)
}

impl<'a> Surroundings<'a> {
    /// What Google's credentials are looked for in. Another cloud that has to be asked for them is not waited for long.
    fn google(&self) -> Around<'a> {
        let Self { now, variables, places } = *self;
        let settings =
            Settings { variables, retry_for: Duration::from_secs(10), total: Duration::from_secs(60), now };
        Around { settings, places: &places.google }
    }
}
