//! What Kubernetes and the clouds give to those that run there, or have logged in: image pull secrets, and credentials for the
//! cloud's own registries.
//!
//! Credentials of a cloud go to hosts that are that cloud's by their whole name and to nobody else; who asks for another registry
//! causes no request at all. They are looked for last, when a registry has asked for some.

mod acr;
#[cfg(feature = "kms-aws")]
mod ecr;
mod gcr;
mod ghcr;
mod owner;
mod pull_secrets;
#[cfg(test)]
mod tests;

use std::ffi::OsString;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use self::owner::Owner;
use super::keychain::{Credentials, KeychainError, Lookup, USED};
use crate::cloud::{self, Settings, kubernetes};
use crate::crypto::UnixTime;
use crate::http::service;
use crate::registry::Registry;

/// How long a cloud is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// The environment variables, by name.
type Variables = Arc<dyn Fn(&str) -> Option<OsString> + Send + Sync>;

/// What is needed to ask for them.
#[derive(Clone)]
pub struct Ambient {
    /// The environment variables, by name.
    pub variables: Variables,
    /// Whether the user has asked for them: then pull secrets are read, and a refusal is an error.
    pub is_wanted: bool,
    /// How long what fails is tried again, where they are wanted.
    pub retry_for: Duration,
    /// The time, for requests that are dated.
    pub now: UnixTime,
    /// Who is told what the user should know of credentials that are used.
    pub tell: fn(&str),
}

/// Why there are none.
#[derive(Debug, thiserror::Error)]
pub enum AmbientError {
    /// The environment cannot be used, or nobody gives credentials.
    #[error(transparent)]
    Cloud(#[from] cloud::Error),
    /// Who has them does not give them.
    #[error(transparent)]
    Service(#[from] service::Error),
}

impl std::fmt::Debug for Ambient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ambient").field("is_wanted", &self.is_wanted).finish_non_exhaustive()
    }
}

impl Ambient {
    /// Looks for credentials of `registry`, and of the repository `path` there.
    ///
    /// # Errors
    /// They are wanted, and whoever has them refuses.
    pub async fn lookup(
        &self,
        registry: &Registry,
        path: Option<&str>,
        found: &mut Lookup,
    ) -> Result<(), KeychainError> {
        let settings = self.settings();
        if self.is_wanted {
            let account = Path::new(kubernetes::SERVICE_ACCOUNT);
            let asked = pull_secrets::find(&settings, account, registry, path).await;
            self.take(registry, "the image pull secrets of this pod", asked, found)?;
        }
        if found.credentials.is_some() {
            return Ok(());
        }
        let Some(owner) = Owner::of(registry) else { return Ok(()) };
        let asked = match &owner {
            #[cfg(feature = "kms-aws")]
            Owner::Aws(host) => ecr::find(&settings, host, self.is_wanted).await,
            #[cfg(not(feature = "kms-aws"))]
            Owner::Aws(_) => return Ok(()),
            Owner::GitHub if !self.is_wanted => return Ok(()),
            Owner::GitHub => ghcr::find(&settings),
            Owner::Google => gcr::find(&settings, self.is_wanted, self.tell).await,
            Owner::Azure { environment, host } => acr::find(&settings, *environment, host).await,
        };
        self.take(registry, owner.source(), asked.map(Ok), found)
    }

    fn settings(&self) -> Settings<'_> {
        let retry_for = if self.is_wanted { self.retry_for.min(PATIENCE) } else { Duration::ZERO };
        Settings { variables: &*self.variables, retry_for, total: PATIENCE, now: self.now }
    }

    /// Takes what was found; `Ok(Err(why))` is that there is none.
    fn take(
        &self,
        registry: &Registry,
        source_of: &'static str,
        asked: Result<Result<Credentials, String>, AmbientError>,
        found: &mut Lookup,
    ) -> Result<(), KeychainError> {
        match asked {
            Ok(Ok(credentials)) => {
                found.looked.push(format!("{source_of}{USED}"));
                found.credentials = Some(credentials);
                found.is_ambient = true;
            }
            Ok(Err(why)) => found.looked.push(format!("{source_of}: {why}")),
            // Nobody who has none is kept from what everybody may have.
            Err(error)
                if !self.is_wanted || matches!(error, AmbientError::Cloud(cloud::Error::Unset { .. })) =>
            {
                found.looked.push(format!("{source_of}: {}", said(&error)));
            }
            Err(error) => {
                let registry = registry.to_string();
                return Err(KeychainError::Ambient { registry, source_of, source: Box::new(error) });
            }
        }
        Ok(())
    }
}

/// An error with its causes.
fn said(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let next = error.to_string();
        // Errors that are those below them say the same again.
        if !text.ends_with(&next) {
            text = format!("{text}: {next}");
        }
        cause = error.source();
    }
    text
}
