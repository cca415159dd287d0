//! What an issuer says of itself (OpenID Connect Discovery 1.0, RFC 8414).

use super::super::super::{Client, Service};
use super::super::Error;
use super::secrets::Pkce;
use crate::crypto::{DecodeError, Node};
use crate::http::Address;
use crate::http::service::asking;

const MAX_METHODS: usize = 64;

/// An issuer.
#[derive(Debug)]
pub struct Issuer {
    /// Where people are sent.
    pub authorization: Option<Address>,
    /// Where tokens are fetched.
    pub token: Address,
    /// Where codes for devices are fetched (RFC 8628 section 4).
    pub device: Option<Address>,
    challenges: Vec<String>,
    authentication: Vec<String>,
}

/// What is in the document, as it is written.
struct Document {
    issuer: String,
    authorization: Option<String>,
    token: String,
    device: Option<String>,
    challenges: Vec<String>,
    authentication: Vec<String>,
}

impl Issuer {
    /// Asks an issuer what it is. Nothing but the issuer itself answers for it: no other host, and no other issuer.
    ///
    /// # Errors
    /// The address is not to be used, nobody is there, or it is not what it should be.
    pub async fn discover(client: &Client, issuer: &str) -> Result<Self, Error> {
        let what = "the address of the OIDC issuer";
        if issuer.contains(['?', '#']) {
            let reason = "there is a query or a fragment in it".to_owned();
            return Err(Error::Address { what: what.to_owned(), reason });
        }
        asking::guarded(what, issuer)?;
        let url = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
        let address = asking::guarded(what, &url)?;
        let ask = asking::get(Service::OidcIssuer, &address);
        let document = asking::document(client, &ask, Document::read).await?;
        if document.issuer != issuer {
            return Err(Error::Discovery {
                issuer: issuer.to_owned(),
                reason: format!("what is there calls itself `{}`", document.issuer),
            });
        }
        let guarded = |name: &str, url: &str| asking::guarded(&format!("the {name} of the OIDC issuer"), url);
        let maybe =
            |name: &str, url: &Option<String>| url.as_deref().map(|url| guarded(name, url)).transpose();
        Ok(Self {
            authorization: maybe("authorization endpoint", &document.authorization)?,
            token: guarded("token endpoint", &document.token)?,
            device: maybe("device authorization endpoint", &document.device)?,
            challenges: document.challenges,
            authentication: document.authentication,
        })
    }

    /// Whether it knows the one way of PKCE that is used. Microsoft does, and does not say so.
    pub fn knows_pkce(&self) -> bool {
        let is_microsoft = self.authorization.as_ref().is_some_and(|address| {
            matches!(address.host(), "login.microsoftonline.com" | "login.microsoftonline.us")
        });
        is_microsoft || self.challenges.iter().any(|method| method == Pkce::METHOD)
    }

    /// Whether secrets of clients go into the form; into a header otherwise, which every issuer has to take.
    pub fn takes_secret_in_form(&self) -> bool {
        self.authentication.iter().any(|method| method == "client_secret_post")
    }
}

impl Document {
    fn read(node: &Node<'_>) -> Result<Self, DecodeError> {
        let text = |name: &str| node.member(name)?.non_empty_text().map(str::to_owned);
        let maybe = |name: &str| {
            node.optional(name)?.map(|found| found.non_empty_text().map(str::to_owned)).transpose()
        };
        let list = |name: &str| match node.optional(name)? {
            Some(list) => {
                list.items(MAX_METHODS)?.iter().map(|item| item.text().map(str::to_owned)).collect()
            }
            None => Ok(Vec::new()),
        };
        Ok(Self {
            issuer: text("issuer")?,
            authorization: maybe("authorization_endpoint")?,
            token: text("token_endpoint")?,
            device: maybe("device_authorization_endpoint")?,
            challenges: list("code_challenge_methods_supported")?,
            authentication: list("token_endpoint_auth_methods_supported")?,
        })
    }
}
