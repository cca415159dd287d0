//! Files with logins: Docker's `config.json`, Podman's `auth.json`. Pure.
//!
//! Shapes: `docs.docker.com/reference/cli/docker/login`, and containers-auth.json(5) of containers/image.

use serde_json::Value;

use super::{Credentials, HelperName};
use crate::crypto::{DecodeError, Node, Secret, base64, json};
use crate::registry::Registry;

const WHAT: &str = "file of registry logins";
/// The key under which Docker has always kept the login of Docker Hub.
const DOCKER_HUB: &str = "https://index.docker.io/v1/";
const DOCKER_HUB_HOSTS: &[&str] = &["docker.io", "index.docker.io", "registry-1.docker.io"];
/// What follows the host in Docker's older keys and says nothing.
const VERSIONS: &[&str] = &["", "v1", "v1/", "v2", "v2/"];
const MAX_ENTRIES: usize = 10_000;

/// What a file says of one registry.
#[derive(Debug)]
pub enum Entry {
    /// Ask this program.
    Helper(HelperName),
    /// These.
    Known(Credentials),
}

/// A file with logins. It is not shown, for it holds secrets.
pub struct AuthFile(Value);

impl AuthFile {
    /// Reads a file.
    ///
    /// # Errors
    /// Not JSON, or not an object.
    pub fn parse(text: &[u8]) -> Result<Self, DecodeError> {
        let value = json::parse(WHAT, text)?;
        Node::root(WHAT, &value).members(MAX_ENTRIES)?;
        Ok(Self(value))
    }

    /// What is said of `registry`, and of the repository `path` there; in the order of trying, most specific first.
    ///
    /// # Errors
    /// What is said is not what it should be. Its value is never shown.
    pub fn entries(&self, registry: &Registry, path: Option<&str>) -> Result<Vec<Entry>, DecodeError> {
        let root = Node::root(WHAT, &self.0);
        let mut found = Vec::new();
        if let Some(name) = best(&root, "credHelpers", registry, path)? {
            found.push(Entry::Helper(helper(&name)?));
        } else if let Some(name) = root.optional("credsStore")?
            && !name.text()?.is_empty()
        {
            found.push(Entry::Helper(helper(&name)?));
        }
        if let Some(entry) = best(&root, "auths", registry, path)?
            && let Some(credentials) = credentials(&entry)?
        {
            found.push(Entry::Known(credentials));
        }
        Ok(found)
    }

    /// The helper that keeps the login of `registry`, if one does.
    ///
    /// # Errors
    /// As [`Self::entries`].
    pub fn helper(&self, registry: &Registry) -> Result<Option<HelperName>, DecodeError> {
        let entry = self.entries(registry, None)?.into_iter().next();
        Ok(match entry {
            Some(Entry::Helper(name)) => Some(name),
            _ => None,
        })
    }

    /// The document with this login of `registry` in place of whatever was there; all else stays.
    pub fn with_login(mut self, registry: &Registry, username: &str, password: &Secret) -> Secret {
        let mut both = format!("{username}:").into_bytes();
        both.extend_from_slice(password.expose());
        let entry = serde_json::json!({ "auth": base64::encode(Secret::new(both).expose()) });
        if let Value::Object(root) = &mut self.0 {
            let auths = root.entry("auths").or_insert_with(|| Value::Object(serde_json::Map::new()));
            if !auths.is_object() {
                *auths = Value::Object(serde_json::Map::new());
            }
            if let Value::Object(auths) = auths {
                auths.insert(server_key(registry), entry);
            }
        }
        Secret::new(format!("{:#}\n", self.0).into_bytes())
    }
}

/// The name of a registry in files of logins, and for helpers.
pub fn server_key(registry: &Registry) -> String {
    if registry.is_docker_hub() { DOCKER_HUB.to_owned() } else { registry.as_str().to_owned() }
}

/// The member of `section` that speaks of the registry, and most specifically of the repository there.
fn best<'a>(
    root: &Node<'a>,
    section: &str,
    registry: &Registry,
    path: Option<&str>,
) -> Result<Option<Node<'a>>, DecodeError> {
    let Some(section) = root.optional(section)? else { return Ok(None) };
    let mut best: Option<(usize, Node<'a>)> = None;
    for (key, node) in section.members(MAX_ENTRIES)? {
        if let Some(specific) = matches(key, registry, path)
            && best.as_ref().is_none_or(|(known, _)| specific > *known)
            && !node.value().is_null()
        {
            best = Some((specific, node));
        }
    }
    Ok(best.map(|(_, node)| node))
}

/// How specifically `key` speaks of the registry, or of `path` in it; `None` when it does not.
fn matches(key: &str, registry: &Registry, path: Option<&str>) -> Option<usize> {
    let bare = key.strip_prefix("https://").or_else(|| key.strip_prefix("http://"));
    let (host, rest) = match bare.unwrap_or(key).split_once('/') {
        Some((host, rest)) => (host, rest),
        None => (bare.unwrap_or(key), ""),
    };
    let is = |name: &str| host.eq_ignore_ascii_case(name);
    let of_docker_hub = registry.is_docker_hub() && DOCKER_HUB_HOSTS.iter().any(|name| is(name));
    if !is(registry.as_str()) && !of_docker_hub {
        return None;
    }
    if bare.is_some() || VERSIONS.contains(&rest) {
        // The very key of the registry goes before its other spellings.
        return Some(usize::from(key == server_key(registry)));
    }
    // Podman: the login of a part of the registry.
    let below = path?.strip_prefix(rest)?;
    (below.is_empty() || below.starts_with('/')).then_some(rest.len() + 2)
}

fn helper(node: &Node<'_>) -> Result<HelperName, DecodeError> {
    HelperName::parse(node.text()?).ok_or_else(|| node.error("is not the name of a credential helper"))
}

/// `None` for an entry without a secret, which Docker leaves behind where a helper keeps it.
fn credentials(entry: &Node<'_>) -> Result<Option<Credentials>, DecodeError> {
    let text = |name: &str| match entry.optional(name)? {
        Some(node) => node.text().map(|text| (!text.is_empty()).then(|| text.to_owned())),
        None => Ok(None),
    };
    if let Some(token) = text("registrytoken")? {
        return Ok(Some(Credentials::RegistryToken(Secret::new(token.into_bytes()))));
    }
    if let Some(token) = text("identitytoken")? {
        return Ok(Some(Credentials::IdentityToken(Secret::new(token.into_bytes()))));
    }
    if let Some(encoded) = text("auth")? {
        let fail = || entry.error("`auth` is not base64 of `user:password`");
        let both = Secret::new(base64::decode(&encoded).ok_or_else(fail)?);
        let both = std::str::from_utf8(both.expose()).map_err(|_| fail())?;
        let (username, password) = both.split_once(':').ok_or_else(fail)?;
        // Docker pads with zeros.
        let password = password.trim_matches('\0');
        return Ok(Credentials::of(username, Secret::new(password.as_bytes().to_vec())));
    }
    match (text("username")?, text("password")?) {
        (Some(username), Some(password)) => {
            Ok(Credentials::of(&username, Secret::new(password.into_bytes())))
        }
        _ => Ok(None),
    }
}

#[cfg(test)]
mod tests;
