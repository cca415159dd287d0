//! Application credentials of Google: files that their tools write.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::super::late::{Beside, read_at_most};
use super::external::External;
use super::{Around, CloudError, Error, ServiceAccount, UNIVERSE, UNIVERSE_VARIABLE, is_domain, is_project};
use crate::crypto::{DecodeError, KeyType, Node, PrivateKey, PrivateKeyError, Secret, SigningKey, json};

/// The variable that names the file.
pub const FILE: &str = "GOOGLE_APPLICATION_CREDENTIALS";
pub(super) const WHAT: &str = "credentials of Google";
/// The member that names the service account in whose name is acted.
pub(super) const IMPERSONATION: &str = "service_account_impersonation_url";
const MAX_FILE: u64 = 1 << 16;
const MAX_DELEGATES: usize = 16;

/// For what credentials are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// For identity tokens, which people do not get.
    IdentityToken,
    /// For Google's own services.
    AccessToken,
}

/// What is in the file.
#[derive(Debug)]
pub struct Found {
    /// Who asks.
    pub credentials: Credentials,
    /// Which project pays.
    pub quota_project: Option<String>,
    universe: Option<String>,
    path: PathBuf,
}

/// Who asks.
#[derive(Debug)]
pub enum Credentials {
    /// A service account with its key.
    ServiceAccount(Box<ServiceAccount>),
    /// Somebody who may act in the name of a service account.
    Impersonated {
        /// The service account.
        target: String,
        /// Those in whose name has to be acted on the way there.
        delegates: Vec<String>,
        /// Who may.
        source: Box<Self>,
    },
    /// A workload that somebody else than Google knows.
    External(Box<External>),
    /// A person.
    User {
        /// The program that the person has allowed in.
        client_id: String,
        /// Its secret, which is none.
        client_secret: Secret,
        /// What the person has given to it.
        refresh_token: Secret,
    },
}

impl Credentials {
    /// Whom else than Google they have told who the workload is.
    pub fn caution(&self) -> Option<String> {
        match self {
            Self::External(external) => external.caution(),
            Self::Impersonated { source, .. } => source.caution(),
            Self::ServiceAccount(_) | Self::User { .. } => None,
        }
    }
}

/// The file that the variable names, or the one that `gcloud auth application-default login` leaves.
///
/// # Errors
/// The file that was named cannot be read; what is in one is not what it should be, or of a kind that is not supported.
pub fn find(around: &Around<'_>, wanted: Use) -> Result<Option<Found>, Error> {
    if let Some(path) = around.variable(FILE) {
        return load(around, Path::new(&path)).map(Some);
    }
    let Some(path) = well_known(around).filter(|path| path.is_file()) else { return Ok(None) };
    let found = load(around, &path)?;
    // Somebody who has logged in as a person did so for other purposes.
    let fits = wanted == Use::AccessToken || !matches!(found.credentials, Credentials::User { .. });
    Ok(fits.then_some(found))
}

impl Found {
    /// The domain that they are for, which is the one that the environment has `named`, if it has.
    ///
    /// # Errors
    /// It is another one.
    pub fn universe(&self, named: Option<&str>) -> Result<Option<String>, Error> {
        let own = self.universe.as_deref();
        match named {
            Some(named) if named != own.unwrap_or(UNIVERSE) => {
                let reason = format!(
                    "it is `{named}`, and the credentials in {} are for `{}`",
                    self.path.display(),
                    own.unwrap_or(UNIVERSE)
                );
                Err(CloudError::setting(UNIVERSE_VARIABLE, reason).into())
            }
            _ => Ok(own.map(str::to_owned)),
        }
    }
}

/// Whether a text is the address of a service account, so that it can stand in an address.
pub fn is_account(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'@'))
        && text != "."
        && text != ".."
}

fn well_known(around: &Around<'_>) -> Option<PathBuf> {
    const NAME: &str = "application_default_credentials.json";
    let folder = |name: &str| around.variable(name).map(PathBuf::from);
    let gcloud = folder("CLOUDSDK_CONFIG").or_else(|| {
        if cfg!(windows) {
            Some(folder("APPDATA")?.join("gcloud"))
        } else {
            Some(folder("HOME")?.join(".config/gcloud"))
        }
    })?;
    Some(gcloud.join(NAME))
}

fn load(around: &Around<'_>, path: &Path) -> Result<Found, Error> {
    let text = contents(path, WHAT, around.settings.total)
        .map_err(|source| Error::File { what: format!("the file {}", path.display()), source })?
        .map_err(|source| Error::Document { path: path.to_owned(), source })?;
    json::parse(WHAT, text.expose())
        .map_err(Fault::Document)
        .and_then(|value| whole(around, path, &Node::root(WHAT, &value)))
        .map_err(|fault| match fault {
            Fault::Document(source) => Error::Document { path: path.to_owned(), source },
            Fault::Key(source) => Error::Key { path: path.to_owned(), source },
            Fault::Cloud(error) => error.into(),
        })
}

/// What is in a file of a few KiB, which is `what`; of a pipe, within `time`.
pub fn contents(path: &Path, what: &'static str, time: Duration) -> io::Result<Result<Secret, DecodeError>> {
    let text = Secret::new(read_at_most(path, MAX_FILE, time, Beside::Handed)?);
    if text.expose().len() as u64 > MAX_FILE {
        return Ok(Err(DecodeError::whole(what, format!("more than {MAX_FILE} bytes")).over_limit()));
    }
    Ok(Ok(text))
}

/// What is wrong with a file.
pub enum Fault {
    Document(DecodeError),
    Key(PrivateKeyError),
    Cloud(CloudError),
}

impl From<CloudError> for Fault {
    fn from(error: CloudError) -> Self {
        Self::Cloud(error)
    }
}

impl From<DecodeError> for Fault {
    fn from(error: DecodeError) -> Self {
        Self::Document(error)
    }
}

/// The credentials, with what is the same for all kinds of them.
fn whole(around: &Around<'_>, path: &Path, node: &Node<'_>) -> Result<Found, Fault> {
    let credentials = read(around, path, node, true)?;
    let maybe = |name: &str, is_sound: fn(&str) -> bool, what: &str| -> Result<Option<String>, DecodeError> {
        match node.optional(name)? {
            Some(found) if found.text()?.is_empty() => Ok(None),
            Some(found) if !is_sound(found.text()?) => Err(found.error(format!("is no {what}"))),
            found => found.map(|found| found.text().map(str::to_owned)).transpose(),
        }
    };
    Ok(Found {
        credentials,
        quota_project: maybe("quota_project_id", is_project, "project")?,
        universe: maybe("universe_domain", is_domain, "domain")?,
        path: path.to_owned(),
    })
}

fn read(around: &Around<'_>, path: &Path, node: &Node<'_>, outermost: bool) -> Result<Credentials, Fault> {
    let text = |name: &str| node.member(name)?.non_empty_text().map(str::to_owned);
    let secret = |name: &str| text(name).map(|text| Secret::new(text.into_bytes()));
    match node.member("type")?.text()? {
        "service_account" => {
            let pem = secret("private_key")?;
            let key = PrivateKey::from_pem(pem.expose()).map_err(Fault::Key)?;
            if !matches!(key.public_key().key_type(), KeyType::Rsa { .. }) {
                return Err(node.member("private_key")?.error("is not an RSA key").into());
            }
            Ok(Credentials::ServiceAccount(Box::new(ServiceAccount {
                path: path.to_owned(),
                email: text("client_email")?,
                key_id: node
                    .optional("private_key_id")?
                    .map(|id| id.text().map(str::to_owned))
                    .transpose()?,
                key,
                token_uri: text("token_uri")?,
            })))
        }
        "authorized_user" => Ok(Credentials::User {
            client_id: text("client_id")?,
            client_secret: secret("client_secret")?,
            refresh_token: secret("refresh_token")?,
        }),
        "impersonated_service_account" if outermost => {
            let target = account_of(&node.member(IMPERSONATION)?)?;
            let delegates = match node.optional("delegates")? {
                Some(list) => list
                    .items(MAX_DELEGATES)?
                    .iter()
                    .map(|one| one.non_empty_text().map(str::to_owned))
                    .collect::<Result<_, _>>()?,
                None => Vec::new(),
            };
            let source = read(around, path, &node.member("source_credentials")?, false)?;
            Ok(Credentials::Impersonated { target, delegates, source: Box::new(source) })
        }
        "external_account" => Ok(Credentials::External(Box::new(External::read(around, path, node)?))),
        other => Err(node.error(format!("credentials of the type `{other}` are not supported")).into()),
    }
}

/// The account in the address where tokens of it are made. Only the account is taken: where tokens are asked for is not the file's
/// to say.
///
/// # Errors
/// There is none.
pub fn account_of(url: &Node<'_>) -> Result<String, DecodeError> {
    url.text()?
        .split_once("/serviceAccounts/")
        .and_then(|(_, rest)| rest.split_once(':'))
        .map(|(account, _)| account)
        .filter(|account| is_account(account))
        .map(str::to_owned)
        .ok_or_else(|| url.error("names no service account"))
}
