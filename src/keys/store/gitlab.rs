//! CI/CD variables of projects and groups of GitLab (GitLab, "Project-level CI/CD variables API", "Group-level Variables API").

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::halfway::{Holds, after, partly};
use super::{Answered, Backend, Failure, Part, Settings, escaped, explained, found, values, variable};
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
    there: Mutex<Vec<(Part, &'static str, Arc<Variable>)>>,
}

/// A variable as it is shown.
struct Variable {
    /// Nothing where it is hidden.
    value: Option<Secret>,
    /// How it is given to jobs.
    attributes: Map<String, Value>,
}

/// What an attribute of a variable is called.
const ATTRIBUTES: [&str; 4] = ["variable_type", "protected", "masked", "raw"];
/// How much longer than everything may take it is tried to put back what was there.
const MENDING: Duration = Duration::from_secs(15);

impl GitLab {
    /// Reads where the server is and who asks.
    ///
    /// # Errors
    /// No token; an address that cannot be used.
    pub fn open(owner: &Owner, settings: &Settings<'_>) -> Result<Self, Failure> {
        let token = settings.token(TOKEN)?.ok_or_else(|| crate::cloud::Error::Unset {
            what: "the token for GitLab is",
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
            authorization: Secret::new([b"Bearer ", token.expose()].concat()),
            there: Mutex::default(),
        })
    }

    /// The variable that is read or written.
    async fn ask(
        &self,
        place: &str,
        part: Part,
        method: Method,
        body: Option<Secret>,
    ) -> Result<Variable, service::Error> {
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
        asking::document(&self.client, &ask, |node| shown(node, part)).await
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
    async fn find(&self, part: Part) -> Result<Option<(&'static str, Variable)>, Failure> {
        for place in self.owner.places() {
            let asked = self.ask(place, part, Method::Get, None).await;
            if let Some(variable) = found(asked).map_err(|error| self.explained(error))? {
                return Ok(Some((place, variable)));
            }
        }
        Ok(None)
    }

    async fn put(&self, pair: &KeyPair, password: &Secret) -> Result<Vec<String>, Failure> {
        let there = self.there.lock().map(|there| there.clone()).unwrap_or_default();
        let mut place = there.first().map(|(_, place, _)| *place);
        let mut written = Vec::new();
        for (part, what, value) in values(pair, password) {
            let is_there = there.iter().any(|(known, ..)| *known == part);
            if let Err(failure) = self.write_one(&mut place, part, value, is_there).await {
                let mut holds = Vec::new();
                self.client.excuse(MENDING);
                for (at, (part, _, new)) in values(pair, password).into_iter().enumerate() {
                    let is_touched =
                        at < written.len() || (at == written.len() && after(&failure) != Holds::Before);
                    let before =
                        there.iter().find(|(known, ..)| *known == part).map(|(.., before)| &**before);
                    holds.push(match (is_touched, place) {
                        (false, _) => (part, Holds::Before),
                        (true, None) => (part, Holds::Either),
                        (true, Some(place)) => match self.put_back(place, part, before, new).await {
                            Holds::Either if at < written.len() => (part, Holds::New),
                            holds => (part, holds),
                        },
                    });
                }
                return Err(partly(&written, &holds, failure));
            }
            written.push(format!("{what} written to \"{}\" variable", variable(part)));
        }
        Ok(written)
    }

    /// Puts back what was there before a value was written, or may have been; answers what is there then.
    async fn put_back(&self, place: &str, part: Part, before: Option<&Variable>, new: &[u8]) -> Holds {
        let told = self.ask(place, part, Method::Get, None).await;
        let is = |wanted: &[u8]| {
            told.as_ref().is_ok_and(|told| told.value.as_ref().is_some_and(|now| now.expose() == wanted))
        };
        match before {
            None => match &told {
                Err(service::Error::Status { status: 404, .. }) => Holds::Before,
                // Somebody else's is not removed.
                _ if is(new) => match self.remove(place, part).await {
                    Ok(()) => Holds::Before,
                    Err(_) => Holds::New,
                },
                _ => Holds::Either,
            },
            Some(Variable { value: Some(value), .. }) if is(value.expose()) => Holds::Before,
            Some(Variable { value: Some(value), attributes }) => {
                let Ok(text) = std::str::from_utf8(value.expose()) else { return Holds::Either };
                let mut body = attributes.clone();
                body.insert("key".to_owned(), variable(part).into());
                body.insert("value".to_owned(), text.into());
                let body = Secret::new(Value::Object(body).to_string().into_bytes());
                match self.ask(place, part, Method::Put, Some(body)).await {
                    Ok(_) => Holds::Before,
                    Err(_) if is(new) => Holds::New,
                    Err(_) => Holds::Either,
                }
            }
            Some(Variable { value: None, .. }) => {
                if is(new) {
                    Holds::New
                } else {
                    Holds::Either
                }
            }
        }
    }

    async fn remove(&self, place: &str, part: Part) -> Result<(), service::Error> {
        let url = format!("{}/{place}/{}/variables/{}", self.api, escaped(&self.owner.0), variable(part));
        let address = service::below(SERVICE, &url, "")?;
        let ask = Ask {
            method: Method::Delete,
            authorization: Some(&self.authorization),
            ..asking::get(SERVICE, &address)
        };
        self.client.ask(&ask).await.map(drop)
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

/// A variable; of one that is hidden, no value.
fn shown(node: &Node<'_>, part: Part) -> Result<Variable, DecodeError> {
    let key = node.member("key")?;
    if key.text()? != variable(part) {
        return Err(key.error(format!("is not {}, which was asked for", variable(part))));
    }
    let mut attributes = Map::new();
    for name in ATTRIBUTES {
        if let Some(attribute) = node.optional(name)? {
            attributes.insert(name.to_owned(), attribute.value().clone());
        }
    }
    let value = node.optional("value")?.map(|value| value.text().map(str::as_bytes).map(<[u8]>::to_vec));
    Ok(Variable { value: value.transpose()?.map(Secret::new), attributes })
}

impl Backend for GitLab {
    fn read(&self, part: Part) -> Answered<'_, Option<Secret>> {
        Box::pin(async move {
            match self.find(part).await? {
                None => Ok(None),
                Some((_, Variable { value: Some(value), .. })) => Ok(Some(value)),
                Some((_, Variable { value: None, .. })) => Err(Failure::Key {
                    reason: format!("the variable {} is hidden, and nobody can read it", variable(part)),
                }),
            }
        })
    }

    fn has_key(&self) -> Answered<'_, bool> {
        Box::pin(async move {
            let mut all = Vec::new();
            for part in [Part::PrivateKey, Part::Password, Part::PublicKey] {
                if let Some((place, before)) = self.find(part).await? {
                    all.push((part, place, Arc::new(before)));
                }
            }
            let has_key = all.iter().any(|(part, ..)| *part == Part::PrivateKey);
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
