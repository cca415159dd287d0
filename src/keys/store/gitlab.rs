//! CI/CD variables of projects and groups of GitLab (GitLab, "Project-level CI/CD variables API", "Group-level Variables API").

use std::sync::Mutex;

use serde_json::json;

use super::{
    Answered, Backend, Failure, Part, Settings, escaped, explained, found, partly, values, variable,
};
use crate::crypto::{DecodeError, Node, Secret};
use crate::http::Method;
use crate::http::service::asking::{self, guarded};
use crate::http::service::{self, Ask, Client, Service};
use crate::keys::KeyPair;

const SERVICE: Service = Service::Keys("GitLab");
const HOST: &str = "GITLAB_HOST";
const TOKEN: &str = "GITLAB_TOKEN";

/// What comes behind `gitlab://`: a project or a group, by its path or, of a project, its number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner(String);

impl Owner {
    /// A path of letters, digits, `_`, `-` and `.`, or a number.
    ///
    /// # Errors
    /// Anything else.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let is_part = |part: &str| {
            !part.is_empty()
                && part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'))
                && !part.chars().all(|c| c == '.')
        };
        match text.split('/').all(is_part) {
            true => Ok(Self(text.to_owned())),
            false => {
                Err("variables of GitLab are named gitlab://GROUP/PROJECT, gitlab://ID or gitlab://GROUP")
            }
        }
    }

    /// Where variables may be, in the order of looking: a path belongs to a project or to a group, never to both.
    fn places(&self) -> &'static [&'static str] {
        match self.0.contains('/') {
            true => &["projects", "groups"],
            false if self.0.bytes().all(|b| b.is_ascii_digit()) => &["projects"],
            false => &["groups"],
        }
    }
}

impl std::fmt::Display for Owner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Variables of a project or of a group.
pub(super) struct GitLab {
    client: Client,
    api: String,
    owner: Owner,
    authorization: Secret,
    /// Which values were there when they were looked for, and where.
    there: Mutex<Vec<(Part, &'static str)>>,
}

impl GitLab {
    /// Reads where the server is and who asks.
    ///
    /// # Errors
    /// No token; an address that cannot be used.
    pub fn open(owner: &Owner, settings: &Settings<'_>) -> Result<Self, Failure> {
        let token = settings.variable(TOKEN)?.ok_or_else(|| Failure::Unset {
            what: "the token for GitLab",
            looked_at: "GITLAB_TOKEN is not set".to_owned(),
        })?;
        let host = settings.variable(HOST)?.unwrap_or_else(|| "https://gitlab.com".to_owned());
        let host = if host.contains("://") { host } else { format!("https://{host}") };
        let host = host.trim_end_matches('/');
        let host = host.strip_suffix("/api/v4").unwrap_or(host);
        guarded(HOST, host)?;
        Ok(Self {
            client: settings.client(|_| {}),
            api: format!("{host}/api/v4"),
            owner: owner.clone(),
            authorization: Secret::new(format!("Bearer {token}").into_bytes()),
            there: Mutex::default(),
        })
    }

    /// The variable that is read or written; the answer is its value, unless it is hidden.
    async fn ask(
        &self,
        place: &str,
        part: Part,
        method: Method,
        body: Option<Secret>,
    ) -> Result<Option<Secret>, service::Error> {
        let below = if method == Method::Post { String::new() } else { format!("/{}", variable(part)) };
        let url = format!("{}/{place}/{}/variables{below}", self.api, escaped(&self.owner.0));
        let address = service::below(SERVICE, &url, "")?;
        let ask = Ask {
            method,
            authorization: Some(&self.authorization),
            secret: body.as_ref(),
            body: body.as_ref().map(Secret::expose).unwrap_or_default(),
            limit: 1 << 20,
            repeat: method != Method::Post,
            ..asking::get(SERVICE, &address)
        };
        asking::document(&self.client, &ask, |node| value(node, part)).await
    }

    fn explained(&self, error: service::Error) -> Failure {
        let places =
            self.owner.places().join(" or ").replace("projects", "project").replace("groups", "group");
        explained(error, TOKEN, || {
            format!(
                "a token with the scope `api` whose owner is Maintainer of the {places} {} (Owner, of a group)",
                self.owner
            )
        })
    }

    /// Where a value is, and which it is.
    async fn find(&self, part: Part) -> Result<Option<(&'static str, Option<Secret>)>, Failure> {
        for place in self.owner.places() {
            let asked = self.ask(place, part, Method::Get, None).await;
            if let Some(value) = found(asked).map_err(|error| self.explained(error))? {
                return Ok(Some((place, value)));
            }
        }
        Ok(None)
    }

    async fn put(&self, pair: &KeyPair, password: &Secret) -> Result<Vec<String>, Failure> {
        let there = self.there.lock().map(|there| there.clone()).unwrap_or_default();
        let mut place = there.first().map(|(_, place)| *place);
        let mut written = Vec::new();
        for (part, what, value) in values(pair, password) {
            let is_there = there.iter().any(|(known, _)| *known == part);
            let done = self.write_one(&mut place, part, value, is_there).await;
            done.map_err(|failure| partly(&written, failure))?;
            written.push(format!("{what} written to \"{}\" variable", variable(part)));
        }
        Ok(written)
    }

    async fn write_one(
        &self,
        place: &mut Option<&'static str>,
        part: Part,
        value: &[u8],
        is_there: bool,
    ) -> Result<(), Failure> {
        let value = std::str::from_utf8(value).map_err(|_| Failure::Key {
            reason: "variables of GitLab are text in UTF-8, and the password is not".to_owned(),
        })?;
        let places: &[&str] = match &*place {
            Some(place) => &[*place],
            None => self.owner.places(),
        };
        let method = if is_there { Method::Put } else { Method::Post };
        let mut refusal = None;
        for known in self.owner.places().iter().filter(|known| places.contains(known)) {
            // As they are, without what looks like variables in them being replaced.
            let body = json!({
                "key": variable(part), "value": value, "variable_type": "env_var", "protected": false,
                "masked": false, "raw": true,
            });
            let body = Secret::new(body.to_string().into_bytes());
            match self.ask(known, part, method, Some(body)).await {
                Ok(_) => {
                    *place = Some(known);
                    return Ok(());
                }
                Err(error @ service::Error::Status { status: 404, .. }) => refusal = Some(error),
                Err(error) => return Err(self.explained(error)),
            }
        }
        match refusal {
            Some(error) => Err(self.explained(error)),
            None => Err(Failure::Key { reason: "there is no place for it".to_owned() }),
        }
    }
}

/// The value of a variable; of one that is hidden, nothing.
fn value(node: &Node<'_>, part: Part) -> Result<Option<Secret>, DecodeError> {
    let key = node.member("key")?;
    if key.text()? != variable(part) {
        return Err(key.error(format!("is not {}, which was asked for", variable(part))));
    }
    let Some(value) = node.optional("value")? else { return Ok(None) };
    Ok(Some(Secret::new(value.text()?.as_bytes().to_vec())))
}

impl Backend for GitLab {
    fn read(&self, part: Part) -> Answered<'_, Option<Secret>> {
        Box::pin(async move {
            match self.find(part).await? {
                None => Ok(None),
                Some((_, Some(value))) => Ok(Some(value)),
                Some((_, None)) => Err(Failure::Key {
                    reason: format!("the variable {} is hidden, and nobody can read it", variable(part)),
                }),
            }
        })
    }

    fn has_key(&self) -> Answered<'_, bool> {
        Box::pin(async move {
            let mut all = Vec::new();
            for part in [Part::PrivateKey, Part::Password, Part::PublicKey] {
                if let Some((place, _)) = self.find(part).await? {
                    all.push((part, place));
                }
            }
            let has_key = all.iter().any(|(part, _)| *part == Part::PrivateKey);
            if let Ok(mut there) = self.there.lock() {
                *there = all;
            }
            Ok(has_key)
        })
    }

    fn write<'a>(&'a self, pair: &'a KeyPair, password: &'a Secret) -> Answered<'a, Vec<String>> {
        Box::pin(self.put(pair, password))
    }
}
