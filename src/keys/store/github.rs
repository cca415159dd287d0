//! Secrets of GitHub Actions (GitHub, "REST API endpoints for GitHub Actions Secrets"), which nobody can read but a workflow.

use std::cmp::Ordering;

use serde_json::json;

use super::halfway::{Holds, after, partly};
use super::{Answered, Backend, Failure, Part, Settings, escaped, explained, found, values, variable};
use crate::crypto::{DecodeError, Node, Secret, base64, sealed_box};
use crate::http::Method;
use crate::http::service::asking::{self, guarded};
use crate::http::service::{self, Ask, Client, Reply, Service};
use crate::keys::KeyPair;

const SERVICE: Service = Service::Keys("GitHub");
const HOST: &str = "GITHUB_HOST";
const TOKEN: &str = "GITHUB_TOKEN";
const VERSION: &str = "2022-11-28";

/// What comes behind `github://`: an organization, a repository, or an environment of a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    owner: String,
    repository: Option<String>,
    environment: Option<String>,
}

impl Owner {
    /// `OWNER`, `OWNER/REPOSITORY` or `OWNER/REPOSITORY?environment=NAME`.
    ///
    /// # Errors
    /// Anything else.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        const FORM: &str = "secrets of GitHub are named github://OWNER, github://OWNER/REPOSITORY or github://OWNER/REPOSITORY?environment=NAME";
        let is_name = |name: &str| {
            !name.is_empty()
                && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'))
                && !name.chars().all(|c| c == '.')
        };
        let (path, query) = text.split_once('?').map_or((text, None), |(path, query)| (path, Some(query)));
        let (owner, repository) = path.split_once('/').map_or((path, None), |(o, r)| (o, Some(r)));
        let environment = query.map(|query| query.strip_prefix("environment=").ok_or(FORM)).transpose()?;
        let sound = is_name(owner)
            && repository.is_none_or(is_name)
            && environment.is_none_or(|name| {
                !name.is_empty()
                    && repository.is_some()
                    && !name.chars().any(|c| c.is_control() || c == '&')
                    && !name.chars().all(|c| c == '.')
            });
        match sound {
            true => Ok(Self {
                owner: owner.to_owned(),
                repository: repository.map(str::to_owned),
                environment: environment.map(str::to_owned),
            }),
            false => Err(FORM),
        }
    }

    /// Where its secrets are.
    fn path(&self) -> String {
        match (&self.repository, &self.environment) {
            (None, _) => format!("orgs/{}/actions/secrets", self.owner),
            (Some(repository), None) => format!("repos/{}/{repository}/actions/secrets", self.owner),
            (Some(repository), Some(name)) => {
                format!("repos/{}/{repository}/environments/{}/secrets", self.owner, escaped(name))
            }
        }
    }

    /// What a token has to be allowed.
    fn permission(&self) -> String {
        match (&self.repository, &self.environment) {
            (None, _) => format!(
                "a token that may write the organization's secrets of {} (fine-grained: \"Secrets\" of the organization; classic: `admin:org`)",
                self.owner
            ),
            (Some(repository), None) => format!(
                "a token that may write the secrets of {}/{repository} (fine-grained: \"Secrets\"; classic: `repo`)",
                self.owner
            ),
            (Some(repository), Some(name)) => format!(
                "the environment {name} in {}/{repository}, and a token that may write its secrets (fine-grained: \"Environments\"; classic: `repo`)",
                self.owner
            ),
        }
    }
}

impl std::fmt::Display for Owner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.owner)?;
        if let Some(repository) = &self.repository {
            write!(f, "/{repository}")?;
        }
        match &self.environment {
            Some(name) => write!(f, "?environment={name}"),
            None => Ok(()),
        }
    }
}

/// Secrets of an organization, a repository or an environment.
pub(super) struct GitHub {
    client: Client,
    api: String,
    owner: Owner,
    authorization: Secret,
}

impl GitHub {
    /// Reads where the server is and who asks.
    ///
    /// # Errors
    /// No token; an address that cannot be used.
    pub fn open(owner: &Owner, settings: &Settings<'_>) -> Result<Self, Failure> {
        let token = settings.token(TOKEN)?.ok_or_else(|| crate::cloud::Error::Unset {
            what: "the token for GitHub is",
            looked_at: "GITHUB_TOKEN is not set".to_owned(),
        })?;
        let api = match settings.variable(HOST)? {
            None => PUBLIC.to_owned(),
            Some(host) => enterprise(&host)?,
        };
        Ok(Self {
            client: settings.client(|_| {}),
            api,
            owner: owner.clone(),
            authorization: Secret::new([b"Bearer ", token.expose()].concat()),
        })
    }

    async fn ask(&self, path: &str, body: Option<&Secret>) -> Result<Reply, service::Error> {
        let url = format!("{}/{}/{path}", self.api, self.owner.path());
        let address = service::below(SERVICE, &url, "")?;
        let method = if body.is_some() { Method::Put } else { Method::Get };
        let ask = Ask {
            method,
            accept: "application/vnd.github+json",
            authorization: Some(&self.authorization),
            headers: &[("x-github-api-version", VERSION)],
            body: body.map(Secret::expose).unwrap_or_default(),
            ..asking::get(SERVICE, &address)
        };
        self.client.ask(&ask).await
    }

    fn explained(&self, error: service::Error) -> Failure {
        explained(error, TOKEN, || self.owner.permission())
    }

    /// The key that secrets are sealed for, and its name.
    async fn public_key(&self) -> Result<(String, [u8; 32]), Failure> {
        let reply = self.ask("public-key", None).await.map_err(|error| self.explained(error))?;
        let url = format!("{}/{}/public-key", self.api, self.owner.path());
        let address = service::below(SERVICE, &url, "")?;
        let ask = asking::get(SERVICE, &address);
        Ok(asking::document_of(&ask, reply, |_, node| public_key(node))?)
    }

    async fn put(&self, pair: &KeyPair, password: &Secret) -> Result<Vec<String>, Failure> {
        let (id, key) = self.public_key().await?;
        let mut written = Vec::new();
        for (part, what, value) in values(pair, password) {
            let sealed = sealed_box::seal(&key, value)
                .ok_or_else(|| Failure::Key { reason: "there are no random bytes".to_owned() })?;
            let mut body = json!({ "encrypted_value": base64::encode(sealed), "key_id": id });
            if self.owner.repository.is_none() {
                // It has to be said; all repositories would be more than anybody asked for.
                body["visibility"] = "private".into();
            }
            let body = Secret::new(body.to_string().into_bytes());
            let done = self.ask(variable(part), Some(&body)).await;
            if let Err(error) = done {
                // What was there cannot be read, so nobody can put it back.
                let failure = self.explained(error);
                let holds = values(pair, password).map(|(part, ..)| part).into_iter().enumerate();
                let holds = holds.map(|(at, part)| match at.cmp(&written.len()) {
                    Ordering::Less => (part, Holds::New),
                    Ordering::Equal => (part, after(&failure)),
                    Ordering::Greater => (part, Holds::Before),
                });
                return Err(partly(&written, &holds.collect::<Vec<_>>(), failure));
            }
            written.push(format!("{what} written to {} github actions secret", variable(part)));
        }
        Ok(written)
    }
}

/// The interface of GitHub itself.
const PUBLIC: &str = "https://api.github.com";

/// The interface of a server of one's own: at `/api/v3`, but where the host is that of an interface already.
fn enterprise(host: &str) -> Result<String, Failure> {
    let url = if host.contains("://") { host.to_owned() } else { format!("https://{host}") };
    let url = url.trim_end_matches('/');
    let address = guarded(HOST, url)?;
    // Not a server of one's own, though the program `gh` calls it so.
    if ["github.com", "www.github.com"].contains(&address.host()) {
        return Ok(PUBLIC.to_owned());
    }
    let is_interface =
        url.ends_with("/api/v3") || address.host().starts_with("api.") || address.host().contains(".api.");
    Ok(if is_interface { url.to_owned() } else { format!("{url}/api/v3") })
}

fn public_key(node: &Node<'_>) -> Result<(String, [u8; 32]), DecodeError> {
    let id = node.member("key_id")?.non_empty_text()?.to_owned();
    let key = node.member("key")?;
    let key = key.base64()?.try_into().map_err(|_| key.error("must be a key of 32 bytes"))?;
    Ok((id, key))
}

/// That no key can be had from there.
pub(super) fn unreadable() -> Failure {
    Failure::Key {
        reason: "nobody can read the secrets of GitHub but a workflow: give that one COSIGN_PRIVATE_KEY and COSIGN_PASSWORD as variables, and --key env://COSIGN_PRIVATE_KEY".to_owned(),
    }
}

impl Backend for GitHub {
    fn read(&self, _: Part) -> Answered<'_, Option<Secret>> {
        Box::pin(std::future::ready(Err(unreadable())))
    }

    fn has_key(&self) -> Answered<'_, bool> {
        Box::pin(async move {
            // First what tells whether there is such a repository, and who may write there.
            self.public_key().await?;
            let asked = self.ask(variable(Part::PrivateKey), None).await;
            Ok(found(asked).map_err(|error| self.explained(error))?.is_some())
        })
    }

    fn write<'a>(&'a self, pair: &'a KeyPair, password: &'a Secret) -> Answered<'a, Vec<String>> {
        Box::pin(self.put(pair, password))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interface_is_github_itself_or_that_of_a_server_of_ones_own() {
        for host in [
            "github.com",
            "https://github.com/",
            "www.github.com",
            "api.github.com",
            "https://api.github.com",
        ] {
            assert_eq!(enterprise(host).unwrap(), PUBLIC, "{host}");
        }
        assert_eq!(enterprise("github.example").unwrap(), "https://github.example/api/v3");
        assert_eq!(enterprise("https://github.com.example").unwrap(), "https://github.com.example/api/v3");
        assert!(enterprise("http://github.com").is_err(), "no token goes there in the clear");
    }
}
