//! Application credentials of Google: files that their tools write.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use serde_json::json;

use super::super::Error;
use super::Surroundings;
use super::google_external::External;
use crate::crypto::{
    DecodeError, KeyType, Node, PrivateKey, PrivateKeyError, Secret, SigningInput, SigningKey, UnixTime,
    base64,
};

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

/// A service account with its key.
pub struct ServiceAccount {
    path: PathBuf,
    email: String,
    key_id: Option<String>,
    key: PrivateKey,
    /// Where its assertions are exchanged for tokens.
    pub token_uri: String,
}

/// What a service account asks for.
#[derive(Debug)]
pub enum Assertion<'a> {
    /// An access token for this scope.
    Scope(&'a str),
    /// An identity token for this audience.
    TargetAudience(&'a str),
}

/// The file that the variable names, or the one that `gcloud auth application-default login` leaves.
///
/// # Errors
/// The file that was named cannot be read; what is in one is not what it should be, or of a kind that is not supported.
pub fn find(around: &Surroundings<'_>, wanted: Use) -> Result<Option<Credentials>, Error> {
    if let Some(path) = around.variable(FILE) {
        return load(Path::new(&path)).map(Some);
    }
    let Some(path) = well_known(around).filter(|path| path.is_file()) else { return Ok(None) };
    let found = load(&path)?;
    // Somebody who has logged in as a person did so for other purposes.
    let fits = wanted == Use::AccessToken || !matches!(found, Credentials::User { .. });
    Ok(fits.then_some(found))
}

/// Whether a text is the address of a service account, so that it can stand in an address.
pub fn is_account(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'@'))
        && text != "."
        && text != ".."
}

impl ServiceAccount {
    /// RFC 7523 section 3, in the form that Google documents.
    ///
    /// # Errors
    /// The key does not sign.
    pub fn assertion(&self, now: UnixTime, wanted: &Assertion<'_>) -> Result<Secret, Error> {
        const LIFE: i64 = 3600;
        let mut header = json!({ "alg": "RS256", "typ": "JWT" });
        if let (Some(id), Some(header)) = (&self.key_id, header.as_object_mut()) {
            header.insert("kid".to_owned(), id.as_str().into());
        }
        let (name, value) = match wanted {
            Assertion::Scope(scope) => ("scope", scope),
            Assertion::TargetAudience(audience) => ("target_audience", audience),
        };
        let claims = json!({
            "iss": self.email, "sub": self.email, "aud": self.token_uri,
            "iat": now.seconds(), "exp": now.seconds().saturating_add(LIFE), name: value,
        });
        let encode = |value: &serde_json::Value| base64::encode_url(value.to_string());
        let signed = format!("{}.{}", encode(&header), encode(&claims));
        let signature = self.key.sign_now(&SigningInput::Message(signed.clone().into_bytes()))?;
        Ok(Secret::new(format!("{signed}.{}", base64::encode_url(signature)).into_bytes()))
    }
}

impl std::fmt::Debug for ServiceAccount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ServiceAccount({}, {})", self.email, self.path.display())
    }
}

fn well_known(around: &Surroundings<'_>) -> Option<PathBuf> {
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

fn load(path: &Path) -> Result<Credentials, Error> {
    let text = contents(path, WHAT)
        .map_err(|source| Error::File { what: format!("the file {}", path.display()), source })?
        .map_err(|source| Error::Document { path: path.to_owned(), source })?;
    crate::crypto::json::parse(WHAT, text.expose())
        .map_err(Fault::Document)
        .and_then(|value| read(path, &Node::root(WHAT, &value), true))
        .map_err(|fault| match fault {
            Fault::Document(source) => Error::Document { path: path.to_owned(), source },
            Fault::Key(source) => Error::Key { path: path.to_owned(), source },
        })
}

/// What is in a file of a few KiB, which is `what`.
pub fn contents(path: &Path, what: &'static str) -> io::Result<Result<Secret, DecodeError>> {
    let mut text = Vec::new();
    File::open(path)?.take(MAX_FILE + 1).read_to_end(&mut text)?;
    let text = Secret::new(text);
    if text.expose().len() as u64 > MAX_FILE {
        return Ok(Err(DecodeError::whole(what, format!("more than {MAX_FILE} bytes")).over_limit()));
    }
    Ok(Ok(text))
}

enum Fault {
    Document(DecodeError),
    Key(PrivateKeyError),
}

impl From<DecodeError> for Fault {
    fn from(error: DecodeError) -> Self {
        Self::Document(error)
    }
}

fn read(path: &Path, node: &Node<'_>, outermost: bool) -> Result<Credentials, Fault> {
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
            let source = read(path, &node.member("source_credentials")?, false)?;
            Ok(Credentials::Impersonated { target, delegates, source: Box::new(source) })
        }
        "external_account" => Ok(Credentials::External(Box::new(External::read(path, node)?))),
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
