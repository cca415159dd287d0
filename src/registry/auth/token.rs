//! Tokens of token servers (distribution's "Token Authentication Specification" and its OAuth 2.0 form).

use super::Credentials;
use crate::crypto::{DecodeError, Node, Secret, base64, json};
use crate::http::{Address, Call, Exchange, Method, Total, form};
use crate::registry::error::{Error, Refusal, said_by};

const CLIENT: &str = "rcosign";
/// Tokens of large installations list every group of a user.
const MAX_ANSWER: u64 = 1 << 18;
const WHAT: &str = "answer of the token server";

/// What is asked of a token server.
pub struct Ask<'a> {
    /// Where it is.
    pub realm: &'a Address,
    /// The name of the registry there.
    pub service: Option<&'a str>,
    /// What the token is to be good for.
    pub scopes: &'a [String],
    /// Who asks; `None` is nobody in particular.
    pub credentials: Option<&'a Credentials>,
}

/// Asks for a token; the value of an `Authorization` header.
///
/// # Errors
/// The token server refuses, fails, or gives an answer that is none. A redirection is one: nobody else is told.
pub async fn fetch(ask: &Ask<'_>, exchange: &Exchange, total: Total) -> Result<Secret, Error> {
    let answer = match ask.credentials {
        Some(Credentials::IdentityToken(token)) => refresh(ask, token, exchange, total).await?,
        other => {
            let mut pairs = Vec::new();
            pairs.extend(ask.service.map(|service| ("service", service)));
            pairs.extend(ask.scopes.iter().map(|scope| ("scope", scope.as_str())));
            let address = ask.realm.clone().with_query(&pairs);
            let basic = match other {
                Some(Credentials::Basic { username, password }) => Some(basic(username, password)),
                _ => None,
            };
            let mut headers = Vec::new();
            if let Some(basic) = &basic {
                headers.push(("authorization", as_text(basic)?));
            }
            let call = Call { method: Method::Get, address: &address, headers: &headers, body: b"", total };
            exchange.send(&call).await?
        }
    };
    match answer.status() {
        200 => {
            let text = Secret::new(answer.body(MAX_ANSWER).await?);
            read(text.expose()).map_err(|source| Error::Document { url: ask.realm.to_string(), source })
        }
        400..=403 => Err(Error::refused(Refusal {
            status: answer.status(),
            by: Some(ask.realm.to_string()),
            said: said_by(answer).await,
            ..Refusal::default()
        })),
        _ => Err(Error::status(answer).await),
    }
}

async fn refresh(
    ask: &Ask<'_>,
    token: &Secret,
    exchange: &Exchange,
    total: Total,
) -> Result<crate::http::Answer, Error> {
    let mut pairs =
        vec![("grant_type", "refresh_token"), ("client_id", CLIENT), ("refresh_token", as_text(token)?)];
    pairs.extend(ask.service.map(|service| ("service", service)));
    // RFC 6749 section 3.3: one parameter, with spaces in it.
    let scope = ask.scopes.join(" ");
    if !scope.is_empty() {
        pairs.push(("scope", &scope));
    }
    let body = Secret::new(form(&pairs).into_bytes());
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    let call =
        Call { method: Method::Post, address: ask.realm, headers: &headers, body: body.expose(), total };
    Ok(exchange.send(&call).await?)
}

/// The value of an `Authorization` header for a user and a password (RFC 7617).
pub fn basic(username: &str, password: &Secret) -> Secret {
    let mut both = format!("{username}:").into_bytes();
    both.extend_from_slice(password.expose());
    Secret::new(format!("Basic {}", base64::encode(Secret::new(both).expose())).into_bytes())
}

/// The value of an `Authorization` header for a token (RFC 6750 section 2.1).
pub fn bearer(token: &[u8]) -> Secret {
    let mut header = b"Bearer ".to_vec();
    header.extend_from_slice(token);
    Secret::new(header)
}

/// A secret as the text of a header or a form. One that is no text is nothing that anybody could have given us.
///
/// # Errors
/// It is not UTF-8.
pub fn as_text(secret: &Secret) -> Result<&str, Error> {
    std::str::from_utf8(secret.expose()).map_err(|_| Error::CredentialsNotText)
}

/// The token in an answer: `token`, or `access_token` as OAuth 2.0 calls it.
fn read(text: &[u8]) -> Result<Secret, DecodeError> {
    let value = json::parse(WHAT, text)
        // The words of the reader could quote the document, which is secret.
        .map_err(|error| DecodeError { reason: "is not JSON".to_owned(), ..error })?;
    let root = Node::root(WHAT, &value);
    let token = match root.optional("token")? {
        Some(node) if !node.text()?.is_empty() => node,
        _ => root.member("access_token")?,
    };
    let text = token.non_empty_text()?;
    if !text.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(token.error("holds characters that no token has"));
    }
    Ok(bearer(text.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_names_of_a_token_are_read() {
        for (text, expected) in [
            (r#"{"token":"a"}"#, "Bearer a"),
            (r#"{"access_token":"b","expires_in":300}"#, "Bearer b"),
            (r#"{"token":"a","access_token":"b"}"#, "Bearer a"),
            (r#"{"token":"","access_token":"b"}"#, "Bearer b"),
        ] {
            assert_eq!(read(text.as_bytes()).unwrap().expose(), expected.as_bytes());
        }
    }

    #[test]
    fn other_answers_are_refused_and_not_shown() {
        for text in [
            "",
            "secret",
            "{}",
            r#"{"Token":"secret"}"#,
            r#"{"token":["secret"]}"#,
            r#"{"token":"secret\r\nX: y"}"#,
        ] {
            let error = read(text.as_bytes()).unwrap_err();
            assert!(!error.to_string().contains("secret"), "{error}");
        }
    }
}
