//! What the environment says of Azure: in which cloud, who asks, and tokens for what is asked.
//!
//! The sources of credentials and their order are those of Microsoft's SDKs (`DefaultAzureCredential`): the environment, a workload
//! identity, a managed identity, the login of the Azure CLI. One that is set up and refused ends the search; one that is
//! not there, as the metadata of a machine outside Azure, does not.

mod certificate;
mod cli;
mod entra;
mod environment;
mod managed;
#[cfg(test)]
mod tests;

pub use environment::{Environment, Place};

use std::path::PathBuf;
use std::time::Duration;

use tokio::sync::OnceCell;

use self::certificate::ClientCertificate;
use self::cli::Cli;
use self::entra::Entra;
use self::managed::Managed;
use super::{Error, Settings};
use crate::crypto::{DecodeError, Node, Secret, UnixTime};
use crate::http::service::{self, Client, Connection};

/// Tokens of Azure are a few kilobytes, with many groups in them.
const MAX_TOKEN: usize = 1 << 16;

/// What the environment says of Azure. Nobody was asked yet.
pub struct Azure {
    sources: Vec<Source>,
    /// Where credentials were looked for, and what was found there, before the first of the sources.
    looked_at: Vec<String>,
    resource: String,
    retry_for: Duration,
    total: Duration,
    now: UnixTime,
    known: OnceCell<Secret>,
}

/// Where tokens are from.
enum Source {
    /// A secret of an application.
    Secret { entra: Entra, client: String, secret: Secret },
    /// A certificate of an application.
    Certificate { entra: Entra, client: String, certificate: Box<ClientCertificate> },
    /// A token that somebody else gave, which is in a file.
    Workload { entra: Entra, client: String, token: PathBuf },
    /// What the machine itself gives.
    Managed(Managed),
    /// The login of the Azure CLI.
    Cli(Cli),
}

/// What became of asking a source.
enum Asked {
    /// A token.
    Token(Secret),
    /// It is not there; why.
    Absent(String),
}

impl Azure {
    /// Reads variables and files; `resource` is what tokens are for, in the cloud of `place`.
    ///
    /// # Errors
    /// What they hold cannot be used.
    pub fn read(settings: &Settings<'_>, place: &Place, resource: &str) -> Result<Self, Error> {
        const METHOD: &str = "AZURE_AUTH_METHOD";
        let (by_environment, by_cli) =
            match settings.variable(METHOD)?.map(|word| word.to_ascii_lowercase()).as_deref() {
                None => (true, true),
                Some("environment") => (true, false),
                Some("cli") => (false, true),
                Some(_) => return Err(Error::setting(METHOD, "it is neither `environment` nor `cli`")),
            };
        let (mut sources, mut looked_at) = (Vec::new(), Vec::new());
        if by_environment {
            match application(settings, place)? {
                Ok(source) => sources.push(source),
                Err(why) => looked_at.push(why),
            }
            match workload(settings, place)? {
                Some(source) => sources.push(source),
                None => looked_at.push("AZURE_FEDERATED_TOKEN_FILE is not set".to_owned()),
            }
            sources.push(Source::Managed(Managed::find(settings)?));
        }
        if by_cli {
            match Cli::find(settings, place)? {
                Some(cli) => sources.push(Source::Cli(cli)),
                None => looked_at.push("there is no home folder with .azure".to_owned()),
            }
        }
        Ok(Self {
            sources,
            looked_at,
            resource: resource.to_owned(),
            retry_for: settings.retry_for,
            total: settings.total,
            now: settings.now,
            known: OnceCell::new(),
        })
    }

    /// The token, for `Authorization: Bearer`. Who gives it is asked the first time.
    ///
    /// # Errors
    /// Nobody gives one; the error says who was looked for.
    pub async fn token(&self) -> Result<&Secret, Error> {
        self.known.get_or_try_init(|| self.ask()).await
    }

    /// A client for services of Azure.
    pub fn client(&self) -> Client {
        Client::new(Connection { retry_for: self.retry_for, total: self.total, ..Connection::default() })
    }

    /// The time of requests.
    pub fn now(&self) -> UnixTime {
        self.now
    }

    async fn ask(&self) -> Result<Secret, Error> {
        let mut looked_at = self.looked_at.clone();
        for source in &self.sources {
            let asked = match source {
                Source::Secret { entra, client, secret } => entra.with_secret(self, client, secret).await?,
                Source::Certificate { entra, client, certificate } => {
                    entra.with_certificate(self, client, certificate).await?
                }
                Source::Workload { entra, client, token } => {
                    entra.with_token_file(self, client, token).await?
                }
                Source::Managed(managed) => managed.token(&self.resource).await?,
                Source::Cli(cli) => cli.token(self).await?,
            };
            match asked {
                Asked::Token(token) => return Ok(token),
                Asked::Absent(why) => looked_at.push(why),
            }
        }
        Err(Error::Unset { what: "the credentials of Azure are", looked_at: looked_at.join("; ") })
    }
}

/// An application by its secret or its certificate, or why there is none.
fn application(settings: &Settings<'_>, place: &Place) -> Result<Result<Source, String>, Error> {
    const SECRET: &str = "AZURE_CLIENT_SECRET";
    const CERTIFICATE: &str = "AZURE_CLIENT_CERTIFICATE_PATH";
    if let Some(secret) = settings.variable(SECRET)? {
        let (entra, client) = entra_of(settings, place, SECRET)?;
        return Ok(Ok(Source::Secret { entra, client, secret: Secret::new(secret.into_bytes()) }));
    }
    if let Some(path) = settings.variable(CERTIFICATE)? {
        let (entra, client) = entra_of(settings, place, CERTIFICATE)?;
        let pem = settings.named_file(CERTIFICATE, &path)?;
        let certificate = Box::new(ClientCertificate::read(CERTIFICATE, &path, &pem)?);
        return Ok(Ok(Source::Certificate { entra, client, certificate }));
    }
    if settings.variable("AZURE_PASSWORD")?.is_some() && settings.variable("AZURE_USERNAME")?.is_some() {
        return Err(Error::setting(
            "AZURE_PASSWORD",
            "Microsoft does not let users in by a password alone any more: use AZURE_CLIENT_SECRET, or log in with `az login`",
        ));
    }
    Ok(Err(format!("neither {SECRET} nor {CERTIFICATE} is set")))
}

fn workload(settings: &Settings<'_>, place: &Place) -> Result<Option<Source>, Error> {
    const FILE: &str = "AZURE_FEDERATED_TOKEN_FILE";
    let Some(path) = settings.variable(FILE)? else { return Ok(None) };
    let (entra, client) = entra_of(settings, place, FILE)?;
    Ok(Some(Source::Workload { entra, client, token: PathBuf::from(path) }))
}

/// Whom a variable is for: tenant and application.
fn entra_of(
    settings: &Settings<'_>,
    place: &Place,
    named_by: &'static str,
) -> Result<(Entra, String), Error> {
    let value = |name: &str| {
        settings.variable(name)?.ok_or_else(|| Error::half(named_by, format!("{name} is not set with it")))
    };
    let tenant = value("AZURE_TENANT_ID")?;
    let client = value("AZURE_CLIENT_ID")?;
    Ok((Entra::new(place, "AZURE_TENANT_ID", &tenant, named_by)?, client))
}

/// The token in an answer of whoever gives tokens (RFC 6749 section 5.1).
fn token(answer: &Node<'_>) -> Result<Secret, DecodeError> {
    if let Some(kind) = answer.optional("token_type")?
        && !kind.text()?.eq_ignore_ascii_case("bearer")
    {
        return Err(kind.error("must be Bearer"));
    }
    let token = answer.member("access_token")?;
    let text = token.non_empty_text()?;
    match text.len() <= MAX_TOKEN && text.bytes().all(|b| b.is_ascii_graphic()) {
        true => Ok(Secret::new(text.as_bytes().to_vec())),
        false => Err(token.error("is no token")),
    }
}

/// `what` as one of the errors that has brought no credentials.
fn refused(source_of: &str) -> impl FnOnce(service::Error) -> Error {
    let source_of = source_of.to_owned();
    move |source| Error::Refused { source_of, source: Box::new(source) }
}
