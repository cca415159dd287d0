//! How services are asked that speak JSON, at addresses that may be sent what is secret.

use serde_json::Value;

use super::secrecy::Sent;
use super::{Ask, Client, Error, Reply, Service};
use crate::crypto::{DecodeError, Node, Secret, json};
use crate::http::{Address, Method, Redacted};

/// More than any token, any key, and any document of an issuer, takes.
const MAX_ANSWER: u64 = 1 << 18;

/// An address that may not be sent what is secret.
#[derive(Debug, thiserror::Error)]
#[error("{what} cannot be used: {reason}")]
pub struct Unguarded {
    /// Whose, and which.
    pub what: String,
    /// Why not.
    pub reason: String,
}

/// An address that may be sent what is secret: https, or http on this machine, and no password in it.
///
/// # Errors
/// [`Unguarded`], with `what` in it.
pub fn guarded(what: &str, url: &str) -> Result<Address, Unguarded> {
    let fail =
        |reason: &str| Unguarded { what: format!("{what} ({})", Redacted(url)), reason: reason.to_owned() };
    let address = Address::parse(url).map_err(|_| fail("it is not an http or https address"))?;
    if address.has_credentials() {
        return Err(fail("there is a user name or a password in it"));
    }
    if !address.is_confidential() {
        return Err(fail("without https everybody on the way could read the token"));
    }
    Ok(address)
}

/// A question that fetches; what fails in passing is tried again.
pub fn get(service: Service, address: &Address) -> Ask<'_> {
    Ask {
        service,
        method: Method::Get,
        address,
        content_type: "application/json",
        accept: "application/json",
        authorization: None,
        secret: None,
        headers: &[],
        body: &[],
        accepted: &[],
        limit: MAX_ANSWER,
        repeat: true,
    }
}

/// A question that sends a form (RFC 6749 appendix B); what fails in passing is tried again.
pub fn post<'a>(service: Service, address: &'a Address, form: &'a Secret) -> Ask<'a> {
    Ask {
        method: Method::Post,
        content_type: "application/x-www-form-urlencoded",
        body: form.expose(),
        ..get(service, address)
    }
}

/// A question that sends JSON; what fails in passing is tried again.
pub fn post_json<'a>(service: Service, address: &'a Address, body: &'a Secret) -> Ask<'a> {
    Ask { content_type: "application/json", ..post(service, address, body) }
}

/// Asks, and reads the JSON of the answer; duplicate members are refused.
///
/// # Errors
/// No answer, or another one than expected.
pub async fn document<T>(
    client: &Client,
    ask: &Ask<'_>,
    read: impl FnOnce(&Node<'_>) -> Result<T, DecodeError>,
) -> Result<T, Error> {
    let reply = client.ask(ask).await?;
    document_of(ask, reply, |_, node| read(node))
}

/// Reads the JSON of an answer, with its status.
///
/// # Errors
/// It is not what it should be.
pub fn document_of<T>(
    ask: &Ask<'_>,
    reply: Reply,
    read: impl FnOnce(u16, &Node<'_>) -> Result<T, DecodeError>,
) -> Result<T, Error> {
    let body = Secret::new(reply.body);
    json::parse("answer", body.expose())
        .and_then(|value| read(reply.status, &Node::root("answer", &value)))
        .map_err(|source| answer_error(ask, source))
}

/// An answer that is not what it should be. What of it is quoted is shown without what was secret in the question.
pub fn answer_error(ask: &Ask<'_>, source: DecodeError) -> Error {
    let sent = Sent::of(ask);
    let (at, reason) = (sent.shown(&source.at), sent.shown(&source.reason));
    let source = DecodeError { at, reason, ..source };
    Error::Answer { service: ask.service, url: ask.address.to_string(), source }
}

/// An object of strings, as JSON.
pub fn object(members: &[(&str, &str)]) -> String {
    let members = members.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value)));
    Value::Object(members.collect()).to_string()
}

/// A word of an enumeration, which may be one that nobody knows yet: it is shown, as no other text of an answer is.
///
/// # Errors
/// It is missing, or no such word.
pub fn word<'a>(node: &Node<'a>) -> Result<&'a str, DecodeError> {
    let text = node.non_empty_text()?;
    if is_word(text) { Ok(text) } else { Err(node.error("is no word of an enumeration")) }
}

/// Whether a text is short and in one case, in difference to most that is secret.
pub fn is_word(text: &str) -> bool {
    let all = |kind: fn(&u8) -> bool| {
        text.bytes().all(|byte| kind(&byte) || byte.is_ascii_digit() || matches!(byte, b'_' | b'-'))
    };
    (1..=64).contains(&text.len()) && (all(u8::is_ascii_uppercase) || all(u8::is_ascii_lowercase))
}

/// A string of an answer, which may be secret.
///
/// # Errors
/// It is missing, empty, or no string.
pub fn secret(node: &Node<'_>, name: &str) -> Result<Secret, DecodeError> {
    Ok(Secret::new(node.member(name)?.non_empty_text()?.as_bytes().to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_go_to_https_or_stay_on_this_machine() {
        for url in ["https://a.example/x", "http://127.0.0.1:1/", "http://[::1]/", "http://localhost:8080/cb"]
        {
            assert!(guarded("it", url).is_ok(), "{url}");
        }
        for (url, reason) in [
            ("http://a.example/x", "without https"),
            ("http://localhost.evil/", "without https"),
            ("http://127.0.0.1.evil/", "without https"),
            ("http://169.254.169.254/", "without https"),
            ("ftp://a/", "not an http"),
            ("nonsense", "not an http"),
            ("https://me:secret@a/", "password"),
        ] {
            let error = guarded("it", url).unwrap_err().to_string();
            assert!(error.contains(reason) && !error.contains("secret"), "{error}");
        }
    }
}
