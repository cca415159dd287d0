//! What can go wrong with a registry. Nothing secret is in any of it.

use std::time::Duration;

use super::auth::{KeychainError, Withheld};
use crate::crypto::{DecodeError, Digest, Node, json};
use crate::http::{self, Answer};

/// As much of the page of an error as is read.
const MAX_PAGE: u64 = 1 << 14;
/// As much of what a server says of an error as is shown.
const MAX_SAID: usize = 300;

/// Why a registry was of no use.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It did not answer.
    #[error(transparent)]
    Http(#[from] http::Error),
    /// It answered with a status that says nothing of what was asked for.
    #[error("{url} answered with status {status}{}", said_after(.said.as_ref()))]
    Status {
        /// The address.
        url: String,
        /// The status code.
        status: u16,
        /// What it said.
        said: Option<String>,
        /// How long it asked to be left alone.
        retry_after: Option<Duration>,
    },
    /// It, or its token server, refuses access.
    #[error("{}", .0.sentence())]
    Refused(Box<Refusal>),
    /// A source of credentials cannot be used.
    #[error(transparent)]
    Keychain(#[from] KeychainError),
    /// A password or a token is no text.
    #[error("a password or token for the registry is not UTF-8 text")]
    CredentialsNotText,
    /// A document is not what it should be.
    #[error("what {url} answered is not what it should be")]
    Document {
        /// The address.
        url: String,
        /// What is wrong with it.
        #[source]
        source: DecodeError,
    },
    /// The content is not that of the digest.
    #[error("{url} answered with other content than asked for: it has the digest {found}")]
    Digest {
        /// The address.
        url: String,
        /// The digest of what came.
        found: Digest,
    },
    /// There is more or less than the descriptor says.
    #[error("{url} answered with {found} bytes, and its descriptor says {expected}")]
    Size {
        /// The address.
        url: String,
        /// The size in the descriptor.
        expected: u64,
        /// The size that it has, at least.
        found: u64,
    },
    /// The answer ended before all came that the descriptor says.
    #[error("{url} answered with {found} bytes where {expected} were announced")]
    Short {
        /// The address.
        url: String,
        /// The size in the descriptor.
        expected: u64,
        /// What came.
        found: u64,
    },
    /// There is more than is read.
    #[error("{url} answered with more than {limit} bytes")]
    TooLarge {
        /// The address.
        url: String,
        /// The limit.
        limit: u64,
    },
    /// A list has more entries, or more pages, than are read.
    #[error("the list at {url} does not end within {limit} {what}")]
    Endless {
        /// The address.
        url: String,
        /// The limit.
        limit: usize,
        /// What was counted.
        what: &'static str,
    },
    /// What was to be written to it cannot be read.
    #[error("what was to be written to {repository} cannot be read")]
    Source {
        /// The repository.
        repository: String,
        /// Why not.
        #[source]
        source: http::SourceError,
    },
    /// It does not delete.
    #[error("the registry {registry} does not delete{}", said_after(.said.as_ref()))]
    NoDelete {
        /// The registry.
        registry: String,
        /// What it said.
        said: Option<String>,
    },
    /// The registry points somewhere else, where nobody follows it.
    #[error("{url} points to {target}, which is not followed: {reason}")]
    Elsewhere {
        /// The address.
        url: String,
        /// Where it points.
        target: String,
        /// Why not.
        reason: &'static str,
    },
}

/// Access was refused.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The registry.
    pub registry: String,
    /// The status code.
    pub status: u16,
    /// The token server, where it was that which refused.
    pub by: Option<String>,
    /// What was said.
    pub said: Option<String>,
    /// The sources of credentials that were looked at, with what they said.
    pub looked: Vec<String>,
    /// The token server that did not get the credentials, and why not.
    pub withheld: Option<(String, Withheld)>,
}

impl Refusal {
    fn sentence(&self) -> String {
        let said = said_after(self.said.as_ref());
        match &self.by {
            Some(server) => format!(
                "the token server {server} of {} refuses access (status {}){said}",
                self.registry, self.status
            ),
            None => format!("{} refuses access (status {}){said}", self.registry, self.status),
        }
    }
}

impl Error {
    /// A refusal.
    pub fn refused(refusal: Refusal) -> Self {
        Self::Refused(Box::new(refusal))
    }

    /// An answer whose status says nothing of what was asked for.
    pub async fn status(answer: Answer) -> Self {
        let url = answer.address().to_string();
        let status = answer.status();
        let retry_after = answer.header("retry-after").and_then(http::retry_after);
        Self::Status { url, status, said: said_by(answer).await, retry_after }
    }

    /// What the server said of it.
    pub(super) fn said(self) -> Option<String> {
        match self {
            Self::Status { said, .. } => said,
            _ => None,
        }
    }

    /// Whether a manifest, whose digest was right, was refused as Docker's registry does where it reads the link to a blob of it
    /// that somebody else is just writing again: such as that of the empty configuration which all bundles share.
    pub fn is_race(&self) -> bool {
        matches!(self, Self::Status { status: 400, said: Some(said), .. } if said.starts_with("DIGEST_INVALID"))
    }
}

impl http::Transient for Error {
    fn is_transient(&self) -> Option<Option<Duration>> {
        match self {
            Self::Http(error) if error.is_transient() => Some(None),
            Self::Short { .. } => Some(None),
            Self::Source { source, .. } => source.downcast_ref::<Self>().and_then(Self::is_transient),
            Self::Status { status, retry_after, .. } if http::is_transient_status(*status) => {
                Some(*retry_after)
            }
            _ => None,
        }
    }
}

fn said_after(said: Option<&String>) -> String {
    said.map(|said| format!(": {said}")).unwrap_or_default()
}

/// What the page of an error says, where it is one of a registry: `{"errors":[{"code":..., "message":...}]}`.
pub async fn said_by(answer: Answer) -> Option<String> {
    let text = answer.body(MAX_PAGE).await.ok()?;
    let value = json::parse("error", &text).ok()?;
    let errors = Node::root("error", &value).optional("errors").ok()??;
    let first = errors.items(1000).ok()?.into_iter().next()?;
    let member = |name: &str| first.optional(name).ok().flatten().and_then(|node| node.text().ok());
    let said = [member("code"), member("message")];
    let said: Vec<_> = said.into_iter().flatten().filter(|text| !text.is_empty()).collect();
    (!said.is_empty()).then(|| said.join(", ").chars().take(MAX_SAID).collect())
}
