//! What the machine itself tells: the agent of a container (Amazon ECS task roles, EKS Pod Identity), and the metadata of an
//! instance (Amazon EC2 User Guide, IMDSv2). Both are asked on their own addresses, without a proxy, and not for long.

use std::path::PathBuf;
use std::time::Duration;

use super::super::{Error, Settings, link};
use super::endpoint::is_region;
use super::{Credentials, refused};
use crate::crypto::{DecodeError, Node, Secret};
use crate::http::service::{self, Ask, Client, Reply, Service, asking};
use crate::http::{Address, Method};

const CONTAINER: Service = Service::Cloud("the agent of the container");
const INSTANCE: Service = Service::Cloud("the instance metadata of AWS");
/// The agent of Amazon ECS, and those of Amazon EKS: link-local, where no router forwards to.
const AGENTS: [&str; 3] = ["169.254.170.2", "169.254.170.23", "fd00:ec2::23"];
/// The metadata of an instance, by IPv4 and IPv6.
const METADATA: [&str; 2] = ["169.254.169.254", "fd00:ec2::254"];
/// How long either is waited for.
const PATIENCE: Duration = Duration::from_secs(2);
/// A role has no longer name.
const MAX_NAME: usize = 128;

/// The agent of a container.
pub struct Container {
    named_by: &'static str,
    address: Address,
    token: Option<Secret>,
    token_file: Option<(&'static str, PathBuf)>,
}

impl Container {
    /// The agent that the variables name, where they do.
    ///
    /// # Errors
    /// Its address is none that is asked.
    pub fn find(settings: &Settings<'_>) -> Result<Option<Self>, Error> {
        const RELATIVE: &str = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI";
        const FULL: &str = "AWS_CONTAINER_CREDENTIALS_FULL_URI";
        const TOKEN_FILE: &str = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE";
        let (named_by, url) = match (settings.variable(RELATIVE)?, settings.variable(FULL)?) {
            (Some(path), _) if path.starts_with('/') => (RELATIVE, format!("http://{}{path}", AGENTS[0])),
            (Some(_), _) => return Err(Error::setting(RELATIVE, "it does not begin with `/`")),
            (None, Some(url)) => (FULL, url),
            (None, None) => return Ok(None),
        };
        let address = link_local(named_by, &url, &AGENTS)?;
        let token = settings.variable("AWS_CONTAINER_AUTHORIZATION_TOKEN")?;
        let token_file = settings.variable(TOKEN_FILE)?;
        Ok(Some(Self {
            named_by,
            address,
            token: token.map(|text| Secret::new(text.into_bytes())),
            token_file: token_file.map(|path| (TOKEN_FILE, PathBuf::from(path))),
        }))
    }

    /// The credentials of the container.
    ///
    /// # Errors
    /// They are not given.
    pub async fn credentials(&self) -> Result<Credentials, Error> {
        let read;
        let token = match &self.token_file {
            Some((name, path)) => {
                let fail =
                    |error| Error::unread(*name, format!("`{}` cannot be read: {error}", path.display()));
                read = super::super::settings::read(path).map_err(fail)?;
                Some(&read)
            }
            None => self.token.as_ref(),
        };
        let token = token.map(|token| String::from_utf8_lossy(token.expose().trim_ascii()).into_owned());
        let headers: Vec<_> = token.iter().map(|token| ("authorization", token.as_str())).collect();
        // Not as what is secret: the agents listen on http, as their documentation says.
        let ask = Ask { headers: &headers, repeat: true, ..asking::get(CONTAINER, &self.address) };
        let given = asking::document(&client(), &ask, credentials).await;
        given.map_err(refused(self.named_by))
    }
}

/// The metadata of an instance.
pub struct Instance {
    base: String,
}

impl Instance {
    /// Where it is; `None` where it is not to be asked.
    ///
    /// # Errors
    /// Its address is none that is asked.
    pub fn find(settings: &Settings<'_>) -> Result<Option<Self>, Error> {
        const ENDPOINT: &str = "AWS_EC2_METADATA_SERVICE_ENDPOINT";
        const MODE: &str = "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE";
        if settings
            .variable("AWS_EC2_METADATA_DISABLED")?
            .is_some_and(|word| word.eq_ignore_ascii_case("true"))
        {
            return Ok(None);
        }
        let base = match (settings.variable(ENDPOINT)?, settings.variable(MODE)?.as_deref()) {
            (Some(url), _) => {
                link_local(ENDPOINT, &url, &METADATA)?;
                url.trim_end_matches('/').to_owned()
            }
            (None, Some(mode)) if mode.eq_ignore_ascii_case("ipv6") => format!("http://[{}]", METADATA[1]),
            (None, _) => format!("http://{}", METADATA[0]),
        };
        Ok(Some(Self { base }))
    }

    /// The credentials of the instance. `looked_at` is for the error: it is the last one that is asked.
    ///
    /// # Errors
    /// There is no such service, or no role on the instance.
    pub async fn credentials(&self, looked_at: &[String]) -> Result<Credentials, Error> {
        let fail = |error: service::Error| {
            let mut all = looked_at.to_vec();
            all.push(said(&self.base, &error));
            Error::Unset { what: "the credentials of AWS are", looked_at: all.join("; ") }
        };
        self.asked().await.map_err(fail)
    }

    /// The region of the instance.
    ///
    /// # Errors
    /// There is no such service.
    pub async fn region(&self) -> Result<String, Error> {
        let fail = |error: service::Error| Error::Unset {
            what: "the region of AWS is",
            looked_at: format!("AWS_REGION and AWS_DEFAULT_REGION are not set; {}", said(&self.base, &error)),
        };
        self.asked_region().await.map_err(fail)
    }

    async fn asked_region(&self) -> Result<String, service::Error> {
        let client = client();
        let token = self.token(&client).await?;
        let headers = [("x-aws-ec2-metadata-token", token.as_str())];
        let address = service::below(INSTANCE, &self.base, "/latest/meta-data/placement/region")?;
        let ask = Ask { headers: &headers, ..asking::get(INSTANCE, &address) };
        let body = client.ask(&ask).await?.body;
        let text = std::str::from_utf8(&body).unwrap_or_default().trim();
        match is_region(text) {
            true => Ok(text.to_owned()),
            false => {
                Err(asking::answer_error(&ask, DecodeError::whole("answer", "is not the name of a region")))
            }
        }
    }

    /// Without a token it would be the first version, which other programs of the machine can be made to ask.
    async fn token(&self, client: &Client) -> Result<String, service::Error> {
        let address = service::below(INSTANCE, &self.base, "/latest/api/token")?;
        let ask = Ask {
            method: Method::Put,
            headers: &[("x-aws-ec2-metadata-token-ttl-seconds", "60")],
            ..asking::get(INSTANCE, &address)
        };
        let token = Secret::new(client.ask(&ask).await?.body);
        Ok(String::from_utf8_lossy(token.expose()).into_owned())
    }

    async fn asked(&self) -> Result<Credentials, service::Error> {
        const ROLES: &str = "/latest/meta-data/iam/security-credentials/";
        let client = client();
        let at = |path: &str| service::below(INSTANCE, &self.base, path);
        let token = self.token(&client).await?;
        let headers = [("x-aws-ec2-metadata-token", token.as_str())];
        let address = at(ROLES)?;
        let ask = Ask { headers: &headers, ..asking::get(INSTANCE, &address) };
        let role = name(&client.ask(&ask).await?).map_err(|source| asking::answer_error(&ask, source))?;
        let address = at(&format!("{ROLES}{role}"))?;
        let ask = Ask { headers: &headers, ..asking::get(INSTANCE, &address) };
        asking::document(&client, &ask, |answer| {
            if let Some(code) = answer.optional("Code")?
                && code.text()? != "Success"
            {
                return Err(code.error("must be Success"));
            }
            credentials(answer)
        })
        .await
    }
}

/// The name of the role of an instance, alone on a line.
fn name(reply: &Reply) -> Result<String, DecodeError> {
    let text = std::str::from_utf8(&reply.body).unwrap_or_default().trim();
    let is_sound = |c: char| c.is_ascii_alphanumeric() || "+=,.@_-".contains(c);
    match (1..=MAX_NAME).contains(&text.len()) && text.chars().all(is_sound) {
        true => Ok(text.to_owned()),
        false => Err(DecodeError::whole("answer", "is not the name of a role")),
    }
}

fn credentials(answer: &Node<'_>) -> Result<Credentials, DecodeError> {
    Ok(Credentials {
        access_key_id: answer.member("AccessKeyId")?.non_empty_text()?.to_owned(),
        secret_access_key: asking::secret(answer, "SecretAccessKey")?,
        session_token: Some(asking::secret(answer, "Token")?),
    })
}

/// What became of asking the instance.
fn said(base: &str, error: &service::Error) -> String {
    match error {
        service::Error::Http { .. } => format!("no instance metadata answers at {base}"),
        service::Error::Status { status: 404, .. } => {
            format!("the instance metadata at {base} knows no role of this instance")
        }
        service::Error::Answer { source, .. } => format!("{error}: {source}"),
        error => error.to_string(),
    }
}

/// An address of a service of this machine that listens on http, or one that may be sent a token as everywhere.
fn link_local(name: &str, url: &str, known: &[&str]) -> Result<Address, Error> {
    link::address(name, url, |host| known.contains(&host))
}

fn client() -> Client {
    link::client(Duration::ZERO, PATIENCE, PATIENCE)
}
