//! What can go wrong with a service. Nothing secret is in any of it.

use std::time::Duration;

use super::secrecy::Sent;
use crate::crypto::{DecodeError, Node, SignError, json};
use crate::http::{self, Answer};

/// Errors in one answer.
const MAX_ERRORS: usize = 100;
/// As much of the page of an error as is read.
const MAX_PAGE: u64 = 1 << 14;

/// Which service. Displayed as people call it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// The certificate authority.
    Fulcio,
    /// The transparency log.
    Rekor,
    /// A timestamp authority.
    TimestampAuthority,
    /// The repository of trust material.
    Tuf,
    /// The issuer of identity tokens.
    OidcIssuer,
    /// A provider of identity tokens in the environment, by its name in `--oidc-provider`.
    Provider(&'static str),
    /// One that holds keys, by its name.
    Keys(&'static str),
    /// One that gives credentials of a cloud, by its name.
    #[cfg_attr(not(feature = "kms-aws"), allow(dead_code, reason = "fewer clouds are asked"))]
    Cloud(&'static str),
}

impl std::fmt::Display for Service {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Fulcio => f.write_str("Fulcio"),
            Self::Rekor => f.write_str("Rekor"),
            Self::TimestampAuthority => f.write_str("the timestamp authority"),
            Self::Tuf => f.write_str("the TUF repository"),
            Self::OidcIssuer => f.write_str("the OIDC issuer"),
            Self::Keys(name) | Self::Cloud(name) => f.write_str(name),
            Self::Provider(name) => write!(f, "the provider {name}"),
        }
    }
}

/// Why a service was of no use.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It did not answer.
    #[error("{service} cannot be used")]
    Http {
        /// Which.
        service: Service,
        /// Why.
        #[source]
        source: http::Error,
    },
    /// It answered with a failure.
    #[error("{service} at {url} answered with status {status}{}", .said.as_ref().map(|s| format!(": {s}")).unwrap_or_default())]
    Status {
        /// Which.
        service: Service,
        /// The address.
        url: String,
        /// The status code.
        status: u16,
        /// What it said.
        said: Option<String>,
        /// How long it asked to be left alone.
        retry_after: Option<Duration>,
    },
    /// It does not take what is so large.
    #[error("{service} at {url} answered with status {status}: the entry of {size} bytes is {}larger than it takes", if *.status == 413 { "" } else { "probably " })]
    TooLarge {
        /// Which.
        service: Service,
        /// The address.
        url: String,
        /// The status code.
        status: u16,
        /// The size of what was sent, in bytes.
        size: usize,
    },
    /// It was asked for something that it does not have, or cannot do for this key or document. Nothing was sent.
    #[error("{service} at {url} cannot be asked for this: {reason}")]
    Unfit {
        /// Which.
        service: Service,
        /// The address.
        url: String,
        /// What does not fit.
        reason: String,
    },
    /// It understood and said no.
    #[error("{service} at {url} refused: {said}")]
    Refused {
        /// Which.
        service: Service,
        /// The address.
        url: String,
        /// What it said.
        said: String,
    },
    /// The key did not sign what the service has to be shown.
    #[error("the key does not sign what {service} has to be shown")]
    Key {
        /// Which.
        service: Service,
        /// Why.
        #[source]
        source: SignError,
    },
    /// Its answer is not what it should be.
    #[error("what {service} at {url} answered is not what it should be")]
    Answer {
        /// Which.
        service: Service,
        /// The address.
        url: String,
        /// What is wrong with it.
        #[source]
        source: DecodeError,
    },
    /// Its answer is well formed and answers something else than what was asked.
    #[error("{service} at {url} answered something else than it was asked: {reason}")]
    Mismatch {
        /// Which.
        service: Service,
        /// The address.
        url: String,
        /// What differs.
        reason: String,
    },
}

impl Error {
    /// An answer to `size` bytes whose status is a failure; what was `sent` and is secret is not shown.
    pub async fn status(service: Service, answer: Answer, size: usize, sent: &Sent) -> Self {
        /// What is larger than this may be too large for some log, and is not for any that is known.
        const LARGE: usize = 100_000;
        let (url, status) = (answer.address().to_string(), answer.status());
        let retry_after = answer.header("retry-after").and_then(http::retry_after);
        let page = answer.body(MAX_PAGE).await.unwrap_or_default();
        // The proxies in front of logs have their own limits, and pages for people to say so.
        if size > LARGE && (status == 413 || page.trim_ascii_start().starts_with(b"<")) {
            return Self::TooLarge { service, url, status, size };
        }
        Self::Status { service, url, status, said: said(&page).map(|said| sent.shown(&said)), retry_after }
    }

    /// Whether the service refuses the caller, in difference to not being there.
    pub fn is_refusal(&self) -> bool {
        matches!(self, Self::Status { status: 401 | 403, .. } | Self::Refused { .. })
    }
}

impl http::Transient for Error {
    fn is_transient(&self) -> Option<Option<Duration>> {
        match self {
            Self::Http { source, .. } if source.is_transient() => Some(None),
            Self::Status { status, retry_after, .. } if http::is_transient_status(*status) => {
                Some(*retry_after)
            }
            Self::TooLarge { status, .. } if http::is_transient_status(*status) => Some(None),
            _ => None,
        }
    }
}

/// What the page of an error says, in the forms that services have: `message` (Fulcio, Rekor v1 and v2, AWS, Kubernetes,
/// GitHub; of GitLab, also with complaints about members in it), `error_description` or `error` (RFC 6749 section 5.2), `error` with a `message` of its own (Google, Azure), a list
/// `errors` (Vault), or a line of text. Pages in HTML say nothing.
pub fn said(text: &[u8]) -> Option<String> {
    let said = match json::parse("error", text) {
        // Vault's have lines and tabs in them.
        Ok(value) => words(&Node::root("error", &value))?.split_whitespace().collect::<Vec<_>>().join(" "),
        Err(_) => {
            let line = std::str::from_utf8(text).ok()?.trim();
            (!line.is_empty() && !line.starts_with('<') && !line.contains('\n')).then(|| line.to_owned())?
        }
    };
    Some(said)
}

fn words<'a>(node: &Node<'a>) -> Option<&'a str> {
    let member = |name: &str| node.optional(name).ok().flatten();
    let text = |name: &str| member(name).and_then(|found| found.text().ok());
    ["message", "Message", "error_description", "error"]
        .into_iter()
        .find_map(text)
        .or_else(|| text_of(&member("error")?))
        .or_else(|| member("errors")?.items(MAX_ERRORS).ok()?.first()?.text().ok())
        // A list of complaints about each member that was sent.
        .or_else(|| {
            let complaints = member("message")?.members(MAX_ERRORS).ok()?;
            complaints.first()?.1.items(MAX_ERRORS).ok()?.first()?.text().ok()
        })
}

fn text_of<'a>(inner: &Node<'a>) -> Option<&'a str> {
    inner.optional("message").ok().flatten()?.text().ok()
}
