//! Places of other systems that hold a key pair as text: the encrypted private key, its password and the public key, as three
//! values by the names that cosign gives them.

mod github;
mod gitlab;
mod halfway;
mod kubernetes;
#[cfg(test)]
mod tests;

use super::service::{Answered, Failure};
use super::{Error, KeyPair, KeyRef, Sources};
use crate::cloud::kubernetes::Cluster;
use crate::cloud::{Allowed, Settings};
use crate::crypto::Secret;
use crate::http::service;

/// A key pair in a store, by the name that the user gave it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreKey {
    /// In a secret of Kubernetes: `k8s://NAMESPACE/SECRET`.
    Kubernetes(kubernetes::SecretName),
    /// In variables of GitLab: `gitlab://GROUP/PROJECT`, `gitlab://ID`, `gitlab://GROUP`.
    GitLab(gitlab::Owner),
    /// In secrets of GitHub, which can be written alone: `github://OWNER[/REPOSITORY]`.
    GitHub(github::Owner),
}

/// One of the values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// The private key, encrypted.
    PrivateKey,
    /// The public key.
    PublicKey,
    /// The password of the private key.
    Password,
}

impl StoreKey {
    /// The name behind a scheme; `None` where the scheme is not one of a store.
    ///
    /// # Errors
    /// What is wrong with the name, and what it should be.
    pub fn parse(scheme: &str, rest: &str) -> Option<Result<Self, &'static str>> {
        Some(match scheme {
            "k8s" => kubernetes::SecretName::parse(rest).map(Self::Kubernetes),
            "gitlab" => gitlab::Owner::parse(rest).map(Self::GitLab),
            "github" => github::Owner::parse(rest).map(Self::GitHub),
            _ => return None,
        })
    }

    /// What the user should know before the store is asked.
    pub fn caution(&self, sources: &Sources<'_>) -> Option<String> {
        match self {
            Self::Kubernetes(_) => Cluster::is_unchecked(sources.variables).ok()?.then(|| {
                "`insecure-skip-tls-verify` is set in kubeconfig: the certificate of the server is not looked at, and anybody on the way can read the token and the keys, and replace them".to_owned()
            }),
            Self::GitLab(_) | Self::GitHub(_) => None,
        }
    }

    async fn open(&self, sources: &Sources<'_>) -> Result<Box<dyn Backend>, Failure> {
        let Sources { variables, patience, now, .. } = *sources;
        let settings = Settings { variables, retry_for: patience.retry_for, total: patience.total, now };
        Ok(match self {
            Self::Kubernetes(name) => {
                let allowed = sources.kube_exec.map(|tell| Allowed { tell, limit: patience.total });
                Box::new(kubernetes::Kubernetes::open(name, &settings, allowed).await?)
            }
            Self::GitLab(owner) => Box::new(gitlab::GitLab::open(owner, &settings)?),
            Self::GitHub(owner) => Box::new(github::GitHub::open(owner, &settings)?),
        })
    }

    /// The store, to read from: whoever gives credentials for it is asked once, however much is read.
    ///
    /// # Errors
    /// What it takes to ask it is not there; nobody can read from it.
    pub(super) async fn to_read(&self, sources: Sources<'_>) -> Result<Reading<'_>, Error> {
        let opened = match self {
            // Whoever has no token is not sent for one first.
            Self::GitHub(_) => Err(github::unreadable()),
            _ => self.open(&sources).await,
        };
        let backend = opened.map_err(|source| self.failed(source))?;
        Ok(Reading { key: self, backend })
    }

    fn failed(&self, source: Failure) -> Error {
        Error::Service { key: self.to_string(), source: Box::new(source) }
    }

    fn value(&self, part: Part) -> &'static str {
        match self {
            Self::Kubernetes(_) => kubernetes::member(part),
            Self::GitLab(_) | Self::GitHub(_) => variable(part),
        }
    }
}

/// A store that is read from.
pub(super) struct Reading<'a> {
    key: &'a StoreKey,
    backend: Box<dyn Backend>,
}

impl Reading<'_> {
    /// One of the values; `None` where the store has none by that name.
    ///
    /// # Errors
    /// The store does not tell it.
    pub async fn read(&self, part: Part) -> Result<Option<Secret>, Error> {
        self.backend.read(part).await.map_err(|source| self.key.failed(source))
    }

    /// The key, which has to be there.
    ///
    /// # Errors
    /// It is not; the store does not tell it.
    pub async fn key(&self, part: Part) -> Result<Secret, Error> {
        let missing = || Failure::Absent {
            reason: format!("there is no {} in it", self.key.value(part)),
            source: None,
        };
        let found = self.read(part).await?.filter(|text| !text.expose().is_empty());
        found.ok_or_else(|| self.key.failed(missing()))
    }
}

impl std::fmt::Display for StoreKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Kubernetes(name) => write!(f, "k8s://{name}"),
            Self::GitLab(owner) => write!(f, "gitlab://{owner}"),
            Self::GitHub(owner) => write!(f, "github://{owner}"),
        }
    }
}

/// A store that a new key pair is to be put into, and was found able to take one.
pub struct Store {
    key: StoreKey,
    backend: Box<dyn Backend>,
    has_key: bool,
}

impl Store {
    /// Asks the store what it has, before anything is made.
    ///
    /// # Errors
    /// The reference is none of a store; the store does not answer, or takes nothing.
    pub async fn open(reference: &KeyRef, sources: Sources<'_>) -> Result<Self, Error> {
        let KeyRef::Store(key) = reference else {
            return Err(Error::NoStore { key: reference.to_string() });
        };
        let asked = async {
            let backend = key.open(&sources).await?;
            let has_key = backend.has_key().await?;
            Ok(Self { key: key.clone(), backend, has_key })
        };
        asked
            .await
            .map_err(|source: Failure| Error::Service { key: key.to_string(), source: Box::new(source) })
    }

    /// Whether there is a key already, which would be lost.
    pub fn has_key(&self) -> bool {
        self.has_key
    }

    /// Puts a key pair and its password there; answers what was done, in cosign's words, a line each.
    ///
    /// # Errors
    /// The store does not take it; what of it is there all the same is said. [`Error::leaves_pair`] tells whether the store is
    /// left with a part of the new pair, which nobody else has.
    pub async fn write(&self, pair: &KeyPair, password: &Secret) -> Result<Vec<String>, Error> {
        let written = self.backend.write(pair, password).await;
        written.map_err(|source| Error::Service { key: self.key.to_string(), source: Box::new(source) })
    }
}

impl std::fmt::Display for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.key.fmt(f)
    }
}

/// One place of one store.
trait Backend: Send + Sync {
    /// One of the values; `None` where there is none by that name.
    fn read(&self, part: Part) -> Answered<'_, Option<Secret>>;
    /// Whether there is a private key; an error where none could be written.
    fn has_key(&self) -> Answered<'_, bool>;
    /// Writes all three values, in place of those that are there, and says so.
    fn write<'a>(&'a self, pair: &'a KeyPair, password: &'a Secret) -> Answered<'a, Vec<String>>;
}

/// What variables and secrets of GitLab and GitHub are called.
fn variable(part: Part) -> &'static str {
    match part {
        Part::PrivateKey => "COSIGN_PRIVATE_KEY",
        Part::PublicKey => "COSIGN_PUBLIC_KEY",
        Part::Password => "COSIGN_PASSWORD",
    }
}

/// The values by part, with what they are called in what is said, in the order in which they are written: the private key is of
/// no use to anybody without its password.
fn values<'a>(pair: &'a KeyPair, password: &'a Secret) -> [(Part, &'static str, &'a [u8]); 3] {
    [
        (Part::Password, "Password", password.expose()),
        (Part::PrivateKey, "Private key", pair.private.as_bytes()),
        (Part::PublicKey, "Public key", pair.public.as_bytes()),
    ]
}

/// What an address is, built of a part of a reference: everything but letters, digits, `-`, `.`, `_` and `~` is escaped
/// (RFC 3986 section 2.3).
fn escaped(text: &str) -> String {
    text.bytes().fold(String::new(), |mut escaped, byte| {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                escaped.push(char::from(byte))
            }
            _ => escaped.push_str(&format!("%{byte:02X}")),
        }
        escaped
    })
}

/// Says what is missing where a store refuses.
fn explained(error: service::Error, token: &str, needed: impl FnOnce() -> String) -> Failure {
    match error {
        service::Error::Status { status: 401, .. } => {
            Failure::Denied { reason: format!("{token} was not accepted"), source: error.into() }
        }
        service::Error::Status { status: 403, .. } => {
            Failure::Denied { reason: format!("needed is {}", needed()), source: error.into() }
        }
        // What a token may not see is not there for it.
        service::Error::Status { status: 404, .. } => {
            Failure::Absent { reason: format!("needed is {}", needed()), source: Some(error.into()) }
        }
        error => error.into(),
    }
}

/// What has no status 404.
fn found<T>(result: Result<T, service::Error>) -> Result<Option<T>, service::Error> {
    match result {
        Ok(answer) => Ok(Some(answer)),
        Err(service::Error::Status { status: 404, .. }) => Ok(None),
        Err(error) => Err(error),
    }
}
