//! What the environment says of Google Cloud: application default credentials, and the tokens that they bring.
//!
//! The sources and their order are those of Google's libraries (AIP-4110): the file that `GOOGLE_APPLICATION_CREDENTIALS` names,
//! the one that `gcloud auth application-default login` leaves, the metadata server of the machine. The first one that is there
//! is used, whatever comes of it.

mod credentials;
mod error;
mod external;
#[cfg(feature = "kms-aws")]
mod external_aws;
pub mod metadata;
mod service_account;
#[cfg(test)]
mod tests;
mod tokens;

use std::path::PathBuf;

use tokio::sync::OnceCell;

pub use credentials::{Credentials, FILE, Use, find, is_account};
pub use error::Error;
pub use service_account::{Assertion, ServiceAccount};
pub use tokens::{SCOPE, Tokens};

use super::{Error as CloudError, Settings};
use crate::crypto::{Secret, UnixTime};
use crate::http::service::{self, Client, Service};

const SERVICE: Service = Service::Cloud("Google Cloud");
const UNIVERSE: &str = "googleapis.com";
const UNIVERSE_VARIABLE: &str = "GOOGLE_CLOUD_UNIVERSE_DOMAIN";
const QUOTA_VARIABLE: &str = "GOOGLE_CLOUD_QUOTA_PROJECT";
const NO_CHECK: &str = "NO_GCE_CHECK";

/// What is at fixed places.
#[derive(Debug, Clone)]
pub struct Places {
    /// Where the kernel says who made the machine.
    pub product_name: PathBuf,
    /// The metadata server where no variable names it.
    pub metadata: String,
    /// Where service accounts are impersonated.
    pub iam_credentials: String,
    /// Where refresh tokens are exchanged.
    pub token: String,
}

impl Default for Places {
    fn default() -> Self {
        Self {
            product_name: "/sys/class/dmi/id/product_name".into(),
            metadata: "http://169.254.169.254".into(),
            iam_credentials: "https://iamcredentials.googleapis.com".into(),
            token: "https://oauth2.googleapis.com/token".into(),
        }
    }
}

/// What is looked at.
#[derive(Clone, Copy)]
pub struct Around<'a> {
    /// The environment.
    pub settings: Settings<'a>,
    /// Fixed places.
    pub places: &'a Places,
}

impl Around<'_> {
    /// A variable that is set to something; what is not UTF-8 is kept out by what it is used for.
    fn variable(&self, name: &str) -> Option<String> {
        let value = (self.settings.variables)(name)?.to_string_lossy().into_owned();
        (!value.is_empty()).then_some(value)
    }
}

/// What the environment says of Google Cloud. Nobody was asked yet.
pub struct Google {
    source: Source,
    quota_project: Option<String>,
    universe: String,
    places: Places,
    client: Client,
    now: UnixTime,
    known: OnceCell<Secret>,
}

/// Where tokens are from.
enum Source {
    File(Credentials),
    Machine { server: String, looked_at: Vec<String> },
}

impl Google {
    /// Reads variables and files.
    ///
    /// # Errors
    /// What they hold cannot be used.
    pub fn read(settings: &Settings<'_>) -> Result<Self, CloudError> {
        Self::read_at(&Around { settings: *settings, places: &Places::default() })
    }

    /// What the user should know before anybody is asked: whoever writes a file of credentials says who gets the token of the
    /// workload (Google, "Validate credential configurations from external sources").
    pub fn caution(settings: &Settings<'_>) -> Option<String> {
        let places = Places::default();
        let around = Around { settings: *settings, places: &places };
        // A pipe can be read once.
        if around.variable(FILE).is_some_and(|path| !std::path::Path::new(&path).is_file()) {
            return None;
        }
        find(&around, Use::AccessToken).ok()??.credentials.caution()
    }

    fn read_at(around: &Around<'_>) -> Result<Self, CloudError> {
        let Around { settings, places } = around;
        let found = find(around, Use::AccessToken)?;
        let named = settings.variable(UNIVERSE_VARIABLE)?;
        let project = settings.variable(QUOTA_VARIABLE)?;
        if let Some(domain) = named.as_deref().filter(|domain| !is_domain(domain)) {
            return Err(CloudError::setting(UNIVERSE_VARIABLE, format!("`{domain}` is no domain")));
        }
        if let Some(project) = project.as_deref().filter(|project| !is_project(project)) {
            return Err(CloudError::setting(QUOTA_VARIABLE, format!("`{project}` is no project")));
        }
        let (source, universe, quota_project) = match found {
            Some(found) => {
                let universe = found.universe(named.as_deref())?;
                (Source::File(found.credentials), universe, project.or(found.quota_project))
            }
            None => (machine(around)?, named, project),
        };
        Ok(Self {
            source,
            quota_project,
            universe: universe.unwrap_or_else(|| UNIVERSE.to_owned()),
            places: (*places).clone(),
            client: settings.client(|_| ()),
            now: settings.now,
            known: OnceCell::new(),
        })
    }

    /// The project that pays, where it is not that of what is asked for (`x-goog-user-project`).
    pub fn quota_project(&self) -> Option<&str> {
        self.quota_project.as_deref()
    }

    /// The domain that Google's services are under: `googleapis.com`, unless it is a cloud of another one by the same make.
    pub fn universe(&self) -> &str {
        &self.universe
    }

    /// A token for Google's own services. Whoever gives it is asked the first time.
    ///
    /// # Errors
    /// Nobody gives any; the error says who was looked for.
    pub async fn token(&self) -> Result<&Secret, CloudError> {
        self.known.get_or_try_init(|| self.fresh()).await
    }

    /// A token of Google's token server, for what does not take one that an account itself has signed: registries.
    ///
    /// # Errors
    /// As [`Self::token`].
    pub async fn access_token(&self) -> Result<Secret, CloudError> {
        match &self.source {
            Source::File(found @ Credentials::ServiceAccount(_)) if self.universe == UNIVERSE => {
                Ok(self.tokens().access(found).await?)
            }
            _ => self.fresh().await,
        }
    }

    fn tokens(&self) -> Tokens<'_> {
        Tokens { client: &self.client, places: &self.places, now: self.now, service: SERVICE }
    }

    async fn fresh(&self) -> Result<Secret, CloudError> {
        let tokens = self.tokens();
        match &self.source {
            // AIP-4111: such services take what the account itself has signed.
            Source::File(Credentials::ServiceAccount(account)) => {
                Ok(account.assertion(self.now, &Assertion::Itself(SCOPE))?)
            }
            Source::File(_) if self.universe != UNIVERSE => Err(CloudError::setting(
                UNIVERSE_VARIABLE,
                format!("in `{}` the key of a service account is needed", self.universe),
            )),
            Source::File(found) => Ok(tokens.access(found).await?),
            Source::Machine { server, looked_at } => match metadata::access_token(SERVICE, server).await {
                Ok(token) => Ok(token),
                Err(error) => Err(no_token(server, looked_at, error)),
            },
        }
    }
}

/// The machine as the last source: its metadata server is asked, unless that is forbidden.
fn machine(around: &Around<'_>) -> Result<Source, CloudError> {
    let mut looked_at = vec![
        format!("{FILE} is not set"),
        "`gcloud auth application-default login` has left none".to_owned(),
    ];
    if let Some(server) = metadata::server(around) {
        return Ok(Source::Machine { server, looked_at });
    }
    if around.variable(NO_CHECK).is_some_and(|word| word.eq_ignore_ascii_case("true")) {
        looked_at.push(format!("{NO_CHECK} forbids asking for a metadata server"));
        return Err(unset(&looked_at));
    }
    // Of some machines the kernel does not say whose they are.
    Ok(Source::Machine { server: around.places.metadata.clone(), looked_at })
}

fn unset(looked_at: &[String]) -> CloudError {
    CloudError::Unset { what: "the credentials of Google Cloud are", looked_at: looked_at.join("; ") }
}

/// Why the metadata server has brought nothing: as it is the last one, the others are named, too.
fn no_token(server: &str, looked_at: &[String], error: Error) -> CloudError {
    let why = match &error {
        Error::Service(service::Error::Http { .. }) => format!("no metadata server answers at {server}"),
        Error::Service(service::Error::Status { status: 404, .. }) => {
            format!("the metadata server at {server} knows no service account")
        }
        _ => return error.into(),
    };
    unset(&[looked_at, &[why]].concat())
}

/// Whether a text may be the name of a domain.
fn is_domain(text: &str) -> bool {
    let is_part = |part: &str| {
        !part.is_empty() && part.bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-')
    };
    text.len() <= 253 && text.contains('.') && text.split('.').all(is_part)
}

/// Whether a text may name a project: by its id, which may have a domain before it, or by its number.
pub fn is_project(text: &str) -> bool {
    let is_sound = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, b'-' | b'.' | b':');
    (1..=100).contains(&text.len())
        && text.bytes().all(is_sound)
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
}
