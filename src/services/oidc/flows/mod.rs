//! Logging in: with a browser, with a code that is typed in elsewhere, or as a client with a secret.
//!
//! OAuth 2.0 (RFC 6749) with PKCE (RFC 7636) and OpenID Connect Core 1.0 on top of it. The signature of the token is not
//! verified here, as Core 1.0 section 3.1.3.7 allows for a token that comes straight from its issuer by TLS, and as Fulcio
//! verifies it with the keys that it trusts; issuer, audience, nonce and expiry are.

mod browser;
mod callback;
mod client_credentials;
mod device;
mod discovery;
mod redirect;
mod secrets;

pub use browser::SystemBrowser;

use std::time::Instant;

use super::super::{Client, Service};
use super::{Error, Flow, IdentityToken, TokenRequest, World, check_time};
use crate::crypto::{DecodeError, Node, Secret, UnixTime, base64};
use crate::http::service::Sent;
use crate::http::service::{Ask, Reply, asking};
use crate::http::{Address, form};
use discovery::Issuer;

/// What is asked for: the subject and the address of e-mail.
const SCOPE: &str = "openid email";

/// Logs in. Returns the token and where it is from.
///
/// # Errors
/// The issuer cannot be used or refuses, nobody logs in, or what comes is not the token that was asked for.
pub async fn log_in(
    flow: Flow,
    client: &Client,
    request: &TokenRequest<'_>,
    world: &mut World<'_>,
) -> Result<IdentityToken, Error> {
    let started = Instant::now();
    let login = match flow {
        Flow::Token => return Err(Error::FlowWithoutToken),
        Flow::ClientCredentials => client_credentials::log_in(client, request).await?,
        Flow::Device => device::log_in(client, request, world).await?,
        Flow::Normal => redirect::log_in(client, request, world).await?,
    };
    let passed = i64::try_from(started.elapsed().as_secs()).unwrap_or_default();
    let now = UnixTime::from_seconds(world.now.seconds().saturating_add(passed));
    check(login, request, now)
}

/// What a login ends with.
struct Login {
    token: Secret,
    /// What was sent along, so that the token can be told from one of another login.
    nonce: Option<String>,
}

/// OpenID Connect Core 1.0 section 3.1.3.7, but for the signature.
fn check(login: Login, request: &TokenRequest<'_>, now: UnixTime) -> Result<IdentityToken, Error> {
    let from = format!("the issuer {}", request.issuer);
    let token =
        IdentityToken::parse(login.token).map_err(|source| Error::Token { from: from.clone(), source })?;
    if token.issuer() != request.issuer {
        let found = token.issuer().to_owned();
        return Err(Error::Issuer { from, found, wanted: request.issuer.to_owned() });
    }
    let is_ours = token.audience().iter().any(|found| found == request.client_id);
    let is_for_another = token.text_claim(&["azp"]).is_some_and(|party| party != request.client_id);
    if !is_ours || (token.audience().len() > 1 && is_for_another) {
        let (found, wanted) = (token.audience().to_vec(), request.client_id.to_owned());
        return Err(Error::Audience { from, found, wanted });
    }
    if login.nonce.is_some() && token.text_claim(&["nonce"]) != login.nonce.as_deref() {
        return Err(Error::Nonce { from });
    }
    check_time(&token, &from, now)?;
    Ok(token)
}

/// The secret of the client, without the line end of its file.
fn client_secret<'a>(request: &TokenRequest<'a>) -> Option<&'a [u8]> {
    let text = request.client_secret?.expose();
    let text = text.strip_suffix(b"\n").map_or(text, |line| line.strip_suffix(b"\r").unwrap_or(line));
    (!text.is_empty()).then_some(text)
}

/// A request to the token endpoint, with what the client proves itself by (RFC 6749 section 2.3).
struct TokenCall {
    address: Address,
    body: Secret,
    authorization: Option<Secret>,
}

impl TokenCall {
    fn new(issuer: &Issuer, request: &TokenRequest<'_>, pairs: &[(&str, &str)]) -> Result<Self, Error> {
        let mut pairs = pairs.to_vec();
        let mut authorization = None;
        let secret = match client_secret(request).map(std::str::from_utf8) {
            Some(Err(_)) => {
                return Err(Error::Unsupported {
                    what: "the secret of the OIDC client is not text".to_owned(),
                });
            }
            Some(Ok(secret)) => Some(secret),
            None => None,
        };
        match secret {
            Some(secret) if issuer.takes_secret_in_form() => {
                pairs.push(("client_id", request.client_id));
                pairs.push(("client_secret", secret));
            }
            Some(secret) => {
                // Both are encoded as in a form first.
                let encode = |text: &str| form(&[("", text)]).trim_start_matches('=').to_owned();
                let both =
                    Secret::new(format!("{}:{}", encode(request.client_id), encode(secret)).into_bytes());
                authorization =
                    Some(Secret::new(format!("Basic {}", base64::encode(both.expose())).into_bytes()));
            }
            None => pairs.push(("client_id", request.client_id)),
        }
        let body = Secret::new(form(&pairs).into_bytes());
        Ok(Self { address: issuer.token.clone(), body, authorization })
    }

    /// Asks. `repeat` is whether it may be asked twice.
    async fn send(&self, client: &Client, repeat: bool) -> Result<Answered, Error> {
        let ask = Ask {
            authorization: self.authorization.as_ref(),
            accepted: &[400, 401],
            repeat,
            ..asking::post(Service::OidcIssuer, &self.address, &self.body)
        };
        let reply = client.ask(&ask).await?;
        Answered::read(&ask, reply)
    }
}

/// What a token endpoint answers.
enum Answered {
    /// A token.
    Token(Secret),
    /// RFC 6749 section 5.2, RFC 8628 section 3.5: a code, and what is said about it.
    Refused(String, Option<String>),
}

impl Answered {
    fn read(ask: &Ask<'_>, reply: Reply) -> Result<Self, Error> {
        let read = asking::document_of(ask, reply, |status, node| {
            if status < 300 {
                return match node.optional("id_token")? {
                    Some(_) => asking::secret(node, "id_token").map(Self::Token),
                    None => {
                        Err(node.error("has no id_token: the issuer gives this client no identity token"))
                    }
                };
            }
            let sent = Sent::of(ask);
            let code = sent.shown(node.member("error")?.non_empty_text()?);
            let said = text(node, "error_description")?;
            Ok(Self::Refused(code, said.map(|said| sent.shown(&said))))
        });
        Ok(read?)
    }

    fn token(self, request: &TokenRequest<'_>) -> Result<Secret, Error> {
        match self {
            Self::Token(token) => Ok(token),
            Self::Refused(code, said) => Err(denied(request, &code, said.as_deref())),
        }
    }
}

fn text(node: &Node<'_>, name: &str) -> Result<Option<String>, DecodeError> {
    node.optional(name)?.map(|found| found.text().map(str::to_owned)).transpose()
}

/// What an issuer says to a request that it refuses.
fn denied(request: &TokenRequest<'_>, code: &str, said: Option<&str>) -> Error {
    let reason = match said {
        Some(said) if !said.is_empty() => format!("{said} ({code})"),
        _ => code.to_owned(),
    };
    Error::Denied { issuer: request.issuer.to_owned(), reason }
}

#[cfg(test)]
mod tests;
