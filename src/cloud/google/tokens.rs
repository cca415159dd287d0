//! Tokens of Google's own services, by application credentials.

use serde_json::Value;

use super::external::External;
use super::{Assertion, Credentials, Error, Places, is_account};
use crate::crypto::{Secret, UnixTime};
use crate::http::form;
use crate::http::service::asking;
use crate::http::service::{Ask, Client, Service};

/// Everything of Google's that the account may do.
pub const SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";

/// Who asks for tokens.
#[derive(Clone, Copy)]
pub struct Tokens<'a> {
    /// How.
    pub client: &'a Client,
    /// Where, if credentials do not say it.
    pub places: &'a Places,
    /// The time.
    pub now: UnixTime,
    /// What those who are asked are called in errors.
    pub service: Service,
}

impl Tokens<'_> {
    /// A token for Google's own services.
    ///
    /// # Errors
    /// The credentials cannot be used, or Google refuses them.
    pub async fn access(&self, found: &Credentials) -> Result<Secret, Error> {
        match found {
            Credentials::ServiceAccount(account) => {
                let assertion = account.assertion(self.now, &Assertion::Scope(SCOPE))?;
                self.exchange(&account.token_uri, &assertion, "access_token").await
            }
            Credentials::User { client_id, client_secret, refresh_token } => {
                self.refreshed(client_id, client_secret, refresh_token).await
            }
            Credentials::External(external) => self.external(external).await,
            Credentials::Impersonated { target, delegates, source } => {
                let own = Box::pin(self.access(source)).await?;
                let body = serde_json::json!({ "scope": [SCOPE], "delegates": delegates });
                self.iam(&own, (target, "generateAccessToken", "accessToken"), &body).await
            }
        }
    }

    /// RFC 6749 section 6: by what a person has given to a program.
    async fn refreshed(&self, id: &str, secret: &Secret, refresh: &Secret) -> Result<Secret, Error> {
        let address = asking::guarded("the token server of Google", &self.places.token)?;
        let text = |secret: &Secret| String::from_utf8_lossy(secret.expose()).into_owned();
        let body = Secret::new(
            form(&[
                ("grant_type", "refresh_token"),
                ("client_id", id),
                ("client_secret", &text(secret)),
                ("refresh_token", &text(refresh)),
            ])
            .into_bytes(),
        );
        let ask = asking::post(self.service, &address, &body);
        Ok(asking::document(self.client, &ask, |node| asking::secret(node, "access_token")).await?)
    }

    /// What a workload gets itself, or the account in whose name it acts.
    async fn external(&self, external: &External) -> Result<Secret, Error> {
        let own = external.token(self.client, self.service, SCOPE).await?;
        match external.account() {
            Ok(account) => {
                let body = serde_json::json!({ "scope": [SCOPE] });
                self.iam(&own, (account, "generateAccessToken", "accessToken"), &body).await
            }
            Err(_) => Ok(own),
        }
    }

    /// RFC 7523: what was signed for a token, the `member` of the answer.
    ///
    /// # Errors
    /// The address is no place for secrets; Google refuses.
    pub async fn exchange(&self, url: &str, assertion: &Secret, member: &str) -> Result<Secret, Error> {
        let address = asking::guarded("the token server of the service account", url)?;
        let text = String::from_utf8_lossy(assertion.expose());
        let pairs =
            [("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"), ("assertion", text.as_ref())];
        let body = Secret::new(form(&pairs).into_bytes());
        let ask = asking::post(self.service, &address, &body);
        Ok(asking::document(self.client, &ask, |node| asking::secret(node, member)).await?)
    }

    /// IAM Service Account Credentials API: a method of an account, and the member of the answer that is wanted.
    ///
    /// # Errors
    /// It is no account; Google refuses.
    pub async fn iam(
        &self,
        access: &Secret,
        (target, method, member): (&str, &str, &str),
        body: &Value,
    ) -> Result<Secret, Error> {
        if !is_account(target) {
            return Err(Error::Unsupported {
                what: format!("`{target}` is not the address of a service account"),
            });
        }
        let url = format!("{}/v1/projects/-/serviceAccounts/{target}:{method}", self.places.iam_credentials);
        let address = asking::guarded("the credentials service of Google", &url)?;
        let body = Secret::new(body.to_string().into_bytes());
        let authorization = Secret::new([b"Bearer ", access.expose()].concat());
        let ask =
            Ask { authorization: Some(&authorization), ..asking::post_json(self.service, &address, &body) };
        Ok(asking::document(self.client, &ask, |node| asking::secret(node, member)).await?)
    }
}
