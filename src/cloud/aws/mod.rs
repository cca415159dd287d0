//! What the environment says of AWS: who asks, where, and how requests are signed.
//!
//! The sources of credentials and their order are those of Amazon's SDKs ("AWS SDKs and Tools Reference Guide", standardized
//! credential providers): variables, web identity, the profile, the container, the instance. The first one that is set up is
//! used, whatever it answers.

mod call;
mod chain;
mod endpoint;
mod metadata;
mod profile;
#[cfg(test)]
pub(crate) mod scripted;
mod sign;
mod sso;
mod sts;
#[cfg(test)]
mod tests;
mod xml;

pub use call::{Refusal, call};
pub use endpoint::is_expected;
pub use metadata::Instance;
pub use sign::{Request, sign};

use std::sync::Arc;

use tokio::sync::OnceCell;

use self::chain::Source;
use self::profile::Profiles;
use super::{Error, Settings};
use crate::crypto::{Secret, UnixTime};
use crate::http::Authorities;
use crate::http::service::Client;

/// What requests are signed with.
#[derive(Debug)]
pub struct Credentials {
    /// The public half: it is sent with each request.
    pub access_key_id: String,
    /// The secret half, which is sent to nobody.
    pub secret_access_key: Secret,
    /// What temporary ones come with, and are sent with.
    pub session_token: Option<Secret>,
}

/// What the environment says of AWS. Nobody was asked yet.
pub struct Aws {
    source: Option<Source>,
    /// Where [`Self::source`] was looked for, and what was found there.
    looked_at: Vec<String>,
    region: Result<String, String>,
    endpoints: endpoint::Endpoints,
    authorities: Option<(String, Vec<u8>)>,
    retry_for: std::time::Duration,
    total: std::time::Duration,
    now: UnixTime,
    known: OnceCell<Arc<Credentials>>,
}

impl Aws {
    /// Reads variables and files.
    ///
    /// # Errors
    /// What they hold cannot be used.
    pub fn read(settings: &Settings<'_>) -> Result<Self, Error> {
        let profiles = Profiles::read(settings)?;
        let mut looked_at = Vec::new();
        let source = chain::find(settings, &profiles, &mut looked_at)?;
        let authorities = match settings.variable("AWS_CA_BUNDLE")? {
            Some(path) => Some(("AWS_CA_BUNDLE".to_owned(), path)),
            None => profiles.value("ca_bundle").map(|path| (profiles.called("ca_bundle"), path.to_owned())),
        };
        let authorities = match authorities {
            Some((name, path)) => {
                let pem = settings.named_file(&name, &path)?.expose().to_vec();
                Some((format!("`{path}`"), pem))
            }
            None => None,
        };
        Ok(Self {
            source,
            looked_at,
            region: endpoint::region(settings, &profiles)?,
            endpoints: endpoint::Endpoints::read(settings, &profiles)?,
            authorities,
            retry_for: settings.retry_for,
            total: settings.total,
            now: settings.now,
            known: OnceCell::new(),
        })
    }

    /// The region that is asked where nothing else says it.
    ///
    /// # Errors
    /// It is not set.
    pub fn region(&self) -> Result<&str, Error> {
        self.region.as_deref().map_err(|looked_at| Error::Nowhere {
            what: "the region of AWS is",
            looked_at: looked_at.clone(),
        })
    }

    /// The address of a service in a region, without a path: `https://kms.eu-west-1.amazonaws.com`.
    ///
    /// # Errors
    /// The one that a variable or the profile names is no place for secrets.
    pub fn endpoint(&self, service: &str, region: &str) -> Result<String, Error> {
        self.endpoints.of(service, region)
    }

    /// A client for services of AWS, with the certificate authorities that the environment names.
    pub fn client(&self, accept_any_certificate: bool) -> Client {
        let authorities = self.authorities.clone();
        Client::new(crate::http::service::Connection {
            authorities: authorities.map(|(name, pem)| Authorities { name, pem }),
            accept_any_certificate,
            retry_for: self.retry_for,
            total: self.total,
            ..Default::default()
        })
    }

    /// How long what fails in passing is tried again.
    pub fn retry_for(&self) -> std::time::Duration {
        self.retry_for
    }

    /// The time of requests.
    pub fn now(&self) -> UnixTime {
        self.now
    }

    /// Who asks. The one that gives the credentials is asked the first time.
    ///
    /// # Errors
    /// Nobody gives any; the error says who was looked for.
    pub async fn credentials(&self) -> Result<&Credentials, Error> {
        Ok(self.known.get_or_try_init(|| chain::resolve(self)).await?)
    }
}

/// `what` as one of the errors that has brought no credentials.
fn refused(source_of: &str) -> impl FnOnce(crate::http::service::Error) -> Error {
    let source_of = source_of.to_owned();
    move |source| Error::Refused { source_of, source: Box::new(source) }
}
