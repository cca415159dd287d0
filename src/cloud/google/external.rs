//! Google's workload identity federation: what somebody else says of a workload, exchanged for a token of Google (RFC 8693,
//! `external_account` of Google's AIP-4117).

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::credentials::{Fault, IMPERSONATION, WHAT, account_of, contents};
#[cfg(feature = "kms-aws")]
use super::external_aws::Aws;
use super::metadata::direct;
use super::{Around, Error, UNIVERSE};
use crate::crypto::{DecodeError, Node, Secret, base64, json};
use crate::http::service::asking;
use crate::http::service::{Ask, Client, Service};
use crate::http::{Address, form};

const SUBJECT: &str = "subject token";
/// Where clouds tell their machines who they are (link-local: no router forwards it).
const METADATA: &str = "169.254.169.254";
const MAX_HEADERS: usize = 16;
/// Headers that belong to the connection, and what says where and how much.
const RESERVED: [&str; 5] = ["host", "connection", "content-length", "transfer-encoding", "content-type"];
/// Headers whose values are secret for nobody: clouds ask for them so that no browser is misled into the question.
const HARMLESS: [&str; 4] = ["metadata", "metadata-flavor", "user-agent", "accept-language"];

/// A workload that somebody else knows.
pub struct External {
    /// Where this stands.
    path: PathBuf,
    /// The pool, and who in it knows the workload.
    audience: String,
    token_type: String,
    token_url: String,
    client: Option<(String, Secret)>,
    project: Option<String>,
    source: Source,
    /// The member with the token, where it comes in JSON.
    member: Option<String>,
    account: Option<String>,
}

/// Where the token of the workload is from.
enum Source {
    File(PathBuf),
    Url {
        url: String,
        headers: Vec<(String, Secret)>,
    },
    #[cfg(feature = "kms-aws")]
    Aws(Box<Aws>),
}

impl External {
    /// What stands in the file at `path`.
    ///
    /// # Errors
    /// It is not what it should be, or of a kind that is not supported.
    pub fn read(around: &Around<'_>, path: &Path, node: &Node<'_>) -> Result<Self, Fault> {
        let text = |name: &str| node.member(name)?.non_empty_text().map(str::to_owned);
        let maybe = |name: &str| {
            node.optional(name)?.map(|found| found.non_empty_text().map(str::to_owned)).transpose()
        };
        if let Some(domain) = node.optional("universe_domain")?
            && domain.text()? != "googleapis.com"
        {
            let reason = "is not googleapis.com, and no other cloud of this kind is supported";
            return Err(domain.error(reason).into());
        }
        let account = match node.optional(IMPERSONATION)? {
            Some(url) => Some(account_of(&url)?),
            None => None,
        };
        let secret = maybe("client_secret")?.map(|text| Secret::new(text.into_bytes()));
        let source = node.member("credential_source")?;
        Ok(Self {
            path: path.to_owned(),
            audience: text("audience")?,
            token_type: text("subject_token_type")?,
            token_url: text("token_url")?,
            client: maybe("client_id")?.zip(secret),
            project: maybe("workforce_pool_user_project")?,
            member: member(&source)?,
            source: Source::read(around, &source)?,
            account,
        })
    }

    /// The service account in whose name the workload acts.
    ///
    /// # Errors
    /// There is none, and only service accounts get identity tokens.
    pub fn account(&self) -> Result<&str, Error> {
        let reason = "is missing, and Google gives identity tokens to service accounts alone: make the file with \
                      `gcloud iam workload-identity-pools create-cred-config --service-account ACCOUNT`";
        self.account.as_deref().ok_or_else(|| Error::Document {
            path: self.path.clone(),
            source: DecodeError::new(WHAT, IMPERSONATION.to_owned(), reason),
        })
    }

    /// Who gets the token of the workload, where that is not Google.
    pub fn caution(&self) -> Option<String> {
        let address =
            asking::guarded("", &self.token_url).ok().filter(|address| !is_google(address.host()))?;
        Some(format!(
            "the credentials in {} have the token of this workload sent to {}, which is not Google's: use them only if you trust who wrote them",
            self.path.display(),
            address.host()
        ))
    }

    /// A token of Google for the workload itself, of this scope.
    ///
    /// # Errors
    /// Nobody tells who the workload is, or Google refuses it.
    pub async fn token(&self, client: &Client, service: Service, scope: &str) -> Result<Secret, Error> {
        // Before anybody is asked for what is secret.
        let address = asking::guarded(&self.of("token_url"), &self.token_url)?;
        let subject = Box::pin(self.subject(client, service)).await?;
        let subject = String::from_utf8_lossy(subject.expose());
        let project = self.project.as_ref().filter(|_| self.client.is_none());
        let options = project.map(|project| asking::object(&[("userProject", project)]));
        let mut pairs = vec![
            ("audience", self.audience.as_str()),
            ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
            ("requested_token_type", "urn:ietf:params:oauth:token-type:access_token"),
            ("scope", scope),
            ("subject_token", &subject),
            ("subject_token_type", &self.token_type),
        ];
        pairs.extend(options.as_ref().map(|options| ("options", options.as_str())));
        let body = Secret::new(form(&pairs).into_bytes());
        let authorization = self.client.as_ref().map(|(id, secret)| {
            let pair = Secret::new([id.as_bytes(), b":", secret.expose()].concat());
            Secret::new(format!("Basic {}", base64::encode(pair.expose())).into_bytes())
        });
        // What somebody else is told goes there once.
        let repeat = is_google(address.host());
        let ask =
            Ask { authorization: authorization.as_ref(), repeat, ..asking::post(service, &address, &body) };
        Ok(asking::document(client, &ask, |node| asking::secret(node, "access_token")).await?)
    }

    /// What somebody else says of the workload.
    async fn subject(&self, client: &Client, service: Service) -> Result<Secret, Error> {
        match &self.source {
            Source::File(path) => {
                let named = self.of("credential_source.file");
                let at_fault = |source| Error::Document { path: path.clone(), source };
                let text = contents(path, SUBJECT, client.patience_for(Duration::MAX))
                    .map_err(|source| Error::File { what: format!("{}, {named},", path.display()), source })?
                    .map_err(at_fault)?;
                self.extract(&text).map_err(at_fault)
            }
            Source::Url { url, headers } => self.fetched(client, service, url, headers).await,
            #[cfg(feature = "kms-aws")]
            Source::Aws(aws) => Box::pin(aws.token(&self.audience)).await,
        }
    }

    async fn fetched(
        &self,
        client: &Client,
        service: Service,
        url: &str,
        headers: &[(String, Secret)],
    ) -> Result<Secret, Error> {
        let is = |name: &str, wanted: &str| name.eq_ignore_ascii_case(wanted);
        let find = |wanted: &str| headers.iter().find(|(name, _)| is(name, wanted)).map(|(_, value)| value);
        let others: Vec<(&str, &str)> = headers
            .iter()
            .filter(|(name, _)| !is(name, "authorization") && !is(name, "accept"))
            .map(|(name, value)| (name.as_str(), std::str::from_utf8(value.expose()).unwrap_or_default()))
            .collect();
        let secrets = others.iter().filter(|(name, _)| !HARMLESS.iter().any(|known| is(name, known)));
        // Behind a word that says how it is to be understood, too.
        let secrets =
            secrets.flat_map(|(_, value)| [Some(*value), value.split_once(' ').map(|(_, rest)| rest)]);
        let secret = secrets.flatten().collect::<Vec<_>>().join("\0");
        let secret = Some(Secret::new(secret.into_bytes())).filter(|secret| !secret.expose().is_empty());
        let authorization = find("authorization");
        let is_public = secret.is_none() && authorization.is_none();
        let link = Address::parse(url).ok().filter(|address| is_public && address.host() == METADATA);
        let (address, direct) = match link {
            Some(address) => (address, Some(direct())),
            None => (asking::guarded(&self.of("credential_source.url"), url)?, None),
        };
        let ask = Ask {
            accept: find("accept")
                .and_then(|value| std::str::from_utf8(value.expose()).ok())
                .unwrap_or("*/*"),
            authorization,
            secret: secret.as_ref(),
            headers: &others,
            ..asking::get(service, &address)
        };
        let answer = Secret::new(direct.as_ref().unwrap_or(client).ask(&ask).await?.body);
        Ok(self.extract(&answer).map_err(|source| asking::answer_error(&ask, source))?)
    }

    /// The token in what a file or an answer holds.
    fn extract(&self, text: &Secret) -> Result<Secret, DecodeError> {
        if let Some(member) = &self.member {
            let value = json::parse(SUBJECT, text.expose())?;
            return asking::secret(&Node::root(SUBJECT, &value), member);
        }
        let text =
            std::str::from_utf8(text.expose()).map_err(|_| DecodeError::whole(SUBJECT, "is not text"))?;
        match text.trim() {
            "" => Err(DecodeError::whole(SUBJECT, "is empty")),
            token => Ok(Secret::new(token.as_bytes().to_vec())),
        }
    }

    /// A member of the file, in errors.
    fn of(&self, member: &str) -> String {
        format!("{member} of {}", self.path.display())
    }
}

/// Whether a host is Google's. The file says which one gets the token of the workload, and whoever wrote the file chose it.
fn is_google(host: &str) -> bool {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    host == UNIVERSE || host.strip_suffix(UNIVERSE).is_some_and(|rest| rest.ends_with('.'))
}

impl Source {
    fn read(around: &Around<'_>, node: &Node<'_>) -> Result<Self, Fault> {
        const UNSUPPORTED: [(&str, &str); 2] = [
            ("executable", "tokens that a program gives"),
            ("certificate", "certificates in place of tokens"),
        ];
        if let Some(kind) = node.optional("environment_id")? {
            return Self::cloud(around, node, &kind);
        }
        for (name, what) in UNSUPPORTED {
            if let Some(found) = node.optional(name)? {
                let reason = format!("{what} are not supported: set SIGSTORE_ID_TOKEN to an identity token");
                return Err(found.error(reason).into());
            }
        }
        match (node.optional("file")?, node.optional("url")?) {
            (Some(file), None) => Ok(Self::File(PathBuf::from(file.non_empty_text()?))),
            (None, Some(url)) => {
                let headers = match node.optional("headers")? {
                    Some(headers) => headers.members(MAX_HEADERS)?,
                    None => Vec::new(),
                };
                let headers = headers.into_iter().map(|(name, value)| header(name, &value));
                Ok(Self::Url {
                    url: url.non_empty_text()?.to_owned(),
                    headers: headers.collect::<Result<_, _>>()?,
                })
            }
            (Some(_), Some(_)) => Err(node.error("has a file and a url, of which one decides").into()),
            (None, None) => Err(node.error("has neither a file nor a url").into()),
        }
    }

    /// What a cloud knows of its own workloads, by the name of its kind.
    #[cfg_attr(not(feature = "kms-aws"), expect(unused_variables, reason = "there is no such cloud then"))]
    fn cloud(around: &Around<'_>, node: &Node<'_>, kind: &Node<'_>) -> Result<Self, Fault> {
        match kind.text()? {
            #[cfg(feature = "kms-aws")]
            "aws1" => Ok(Self::Aws(Box::new(Aws::read(around, node)?))),
            #[cfg(not(feature = "kms-aws"))]
            "aws1" => Err(kind.error("credentials of AWS are not supported by this build").into()),
            _ => Err(kind.error("is not aws1, which is the only one that is supported").into()),
        }
    }
}

fn header(name: &str, value: &Node<'_>) -> Result<(String, Secret), DecodeError> {
    let is_token = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
    if !is_token || RESERVED.iter().any(|reserved| name.eq_ignore_ascii_case(reserved)) {
        return Err(value.error("is no header that can be set"));
    }
    let text = value.text()?;
    if !text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        return Err(value.error("holds characters that no header can"));
    }
    Ok((name.to_owned(), Secret::new(text.as_bytes().to_vec())))
}

/// The member with the token, if it comes in JSON.
fn member(source: &Node<'_>) -> Result<Option<String>, DecodeError> {
    let Some(format) = source.optional("format")? else { return Ok(None) };
    let Some(kind) = format.optional("type")? else { return Ok(None) };
    match kind.text()? {
        "json" => {
            format.member("subject_token_field_name")?.non_empty_text().map(|name| Some(name.to_owned()))
        }
        "text" | "" => Ok(None),
        _ => Err(kind.error("is neither `text` nor `json`")),
    }
}

impl std::fmt::Debug for External {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "External({}, {})", self.audience, self.path.display())
    }
}
