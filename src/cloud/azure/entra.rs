//! Tokens of Microsoft Entra ("OAuth 2.0 client credentials flow" and "refresh tokens" of the Microsoft identity platform).

use std::path::Path;

use super::super::Error;
use super::certificate::ClientCertificate;
use super::environment::Place;
use super::{Asked, Azure, MAX_TOKEN, refused, token};
use crate::crypto::Secret;
use crate::http::service::asking::{self, guarded};
use crate::http::service::{Ask, Service};
use crate::http::{Address, form};

const SERVICE: Service = Service::Cloud("Microsoft Entra");
const ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// One tenant, and what says that it is asked.
pub struct Entra {
    address: Address,
    named_by: String,
}

impl Entra {
    /// The tenant, by its id or a domain of it.
    ///
    /// # Errors
    /// It is neither; the authority is no place for secrets.
    pub fn new(place: &Place, called: &str, tenant: &str, named_by: &str) -> Result<Self, Error> {
        let is_sound = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.');
        if tenant.is_empty() || tenant.len() > 255 || !tenant.chars().all(is_sound) || tenant.starts_with('.')
        {
            return Err(Error::setting(called, "it is neither the id nor a domain of a tenant"));
        }
        let url = format!("{}/{tenant}/oauth2/v2.0/token", place.authority);
        let address = guarded("the address of Microsoft Entra", &url)?;
        Ok(Self { address, named_by: named_by.to_owned() })
    }

    /// A token for an application that shows a secret.
    ///
    /// # Errors
    /// It is not given.
    pub async fn with_secret(&self, azure: &Azure, client: &str, secret: &Secret) -> Result<Asked, Error> {
        let secret = String::from_utf8_lossy(secret.expose());
        let pairs = [("grant_type", "client_credentials"), ("client_id", client), ("client_secret", &secret)];
        self.ask(azure, &pairs).await
    }

    /// A token for an application that shows a certificate.
    ///
    /// # Errors
    /// It is not given.
    pub async fn with_certificate(
        &self,
        azure: &Azure,
        client: &str,
        certificate: &ClientCertificate,
    ) -> Result<Asked, Error> {
        let assertion = certificate.assertion(&self.address, client, azure.now())?;
        self.with_assertion(azure, client, &assertion).await
    }

    /// A token for an application that shows a token of somebody else, out of a file that changes from time to time.
    ///
    /// # Errors
    /// There is no such token, or it is not taken.
    pub async fn with_token_file(&self, azure: &Azure, client: &str, path: &Path) -> Result<Asked, Error> {
        let fail = |reason: &str| {
            Error::unread(&self.named_by, format!("the token in `{}` {reason}", path.display()))
        };
        let text =
            super::super::settings::read(path).map_err(|error| fail(&format!("cannot be read: {error}")))?;
        let token = text.expose().trim_ascii();
        if !(1..=MAX_TOKEN).contains(&token.len()) || !token.iter().all(u8::is_ascii_graphic) {
            return Err(fail("is no token"));
        }
        self.with_assertion(azure, client, &Secret::new(token.to_vec())).await
    }

    /// A token for a user who has logged in before.
    ///
    /// # Errors
    /// It is not given.
    pub async fn with_refresh_token(
        &self,
        azure: &Azure,
        client: &str,
        refresh: &Secret,
    ) -> Result<Asked, Error> {
        let refresh = String::from_utf8_lossy(refresh.expose());
        let pairs = [("grant_type", "refresh_token"), ("client_id", client), ("refresh_token", &refresh)];
        self.ask(azure, &pairs).await
    }

    async fn with_assertion(&self, azure: &Azure, client: &str, assertion: &Secret) -> Result<Asked, Error> {
        let assertion = String::from_utf8_lossy(assertion.expose());
        let pairs = [
            ("grant_type", "client_credentials"),
            ("client_id", client),
            ("client_assertion_type", ASSERTION),
            ("client_assertion", &assertion),
        ];
        self.ask(azure, &pairs).await
    }

    async fn ask(&self, azure: &Azure, pairs: &[(&str, &str)]) -> Result<Asked, Error> {
        let scope = format!("{}/.default", azure.resource);
        let mut pairs = pairs.to_vec();
        pairs.push(("scope", &scope));
        let body = Secret::new(form(&pairs).into_bytes());
        let ask: Ask<'_> = asking::post(SERVICE, &self.address, &body);
        let given = asking::document(&azure.client(), &ask, token).await;
        given.map(Asked::Token).map_err(refused(&self.named_by))
    }
}
