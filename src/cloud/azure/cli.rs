//! The login of the Azure CLI, out of its files; `az` itself is not started. Their shapes: MSAL's "unified cache schema", and the
//! profile of the Azure CLI.

use std::path::{Path, PathBuf};

use super::super::{Error, Settings, file};
use super::entra::Entra;
use super::environment::{Environment, Place};
use super::{Asked, Azure};
use crate::crypto::{DecodeError, Node, Secret, UnixTime, json};

/// The application that the Azure CLI is.
const CLIENT: &str = "04b07795-8ddb-461a-bbee-02f9e1bf7b46";
const MAX_ENTRIES: usize = 10_000;
/// What is good for less long, in seconds, is as good as over.
const MARGIN: i64 = 60;

/// The files of the Azure CLI.
pub struct Cli {
    folder: PathBuf,
    place: Place,
    now: UnixTime,
}

/// Who has logged in.
struct Login {
    tenant: String,
    user: String,
    is_application: bool,
    environment: Option<Environment>,
}

/// What the cache has for a login.
enum Cached {
    Access(Secret),
    Refresh(Secret),
    Nothing,
}

impl Cli {
    /// Where they are; `None` where there is no home folder.
    ///
    /// # Errors
    /// A variable is not text.
    pub fn find(settings: &Settings<'_>, place: &Place) -> Result<Option<Self>, Error> {
        let folder = match settings.variable("AZURE_CONFIG_DIR")? {
            Some(folder) => Some(PathBuf::from(folder)),
            None => settings.home(".azure")?,
        };
        Ok(folder.map(|folder| Self { folder, place: place.clone(), now: settings.now }))
    }

    /// A token for the account that the CLI uses.
    ///
    /// # Errors
    /// A file cannot be used; the login is over.
    pub async fn token(&self, azure: &Azure) -> Result<Asked, Error> {
        let path = self.folder.join("azureProfile.json");
        let Some(text) = file(&path)? else {
            return Ok(Asked::Absent(format!("`{}` does not exist", path.display())));
        };
        let Some(login) = parsed(&path, &text, Login::read)? else {
            return Ok(Asked::Absent(format!("`{}` names no login", path.display())));
        };
        if !self.place.is_named
            && let Some(environment) = login.environment
            && environment != self.place.environment
        {
            let (is, wanted) = (environment, self.place.environment);
            return Ok(Asked::Absent(format!("the login of the Azure CLI is for {is}, not for {wanted}")));
        }
        if login.is_application {
            return self.application(azure, &login).await;
        }
        let path = self.folder.join("msal_token_cache.json");
        let Some(text) = file(&path)? else {
            let also = match self.folder.join("msal_token_cache.bin").exists() {
                true => "; the one beside it is encrypted, and is not read",
                false => "",
            };
            return Ok(Asked::Absent(format!("`{}` does not exist{also}", path.display())));
        };
        let named = format!("the login of the Azure CLI in `{}`", path.display());
        match parsed(&path, &text, |cache| cached(cache, &login, &azure.resource, self.now))? {
            Cached::Access(token) => Ok(Asked::Token(token)),
            Cached::Refresh(token) => {
                let entra = Entra::new(&self.place, &named, &login.tenant, &named)?;
                entra.with_refresh_token(azure, CLIENT, &token).await
            }
            Cached::Nothing => Ok(Asked::Absent(format!(
                "`{}` holds no login of {}: `az login`",
                path.display(),
                login.user
            ))),
        }
    }

    /// A token for an application that has logged in with a secret.
    async fn application(&self, azure: &Azure, login: &Login) -> Result<Asked, Error> {
        let path = self.folder.join("service_principal_entries.json");
        let Some(text) = file(&path)? else {
            return Ok(Asked::Absent(format!("`{}` does not exist", path.display())));
        };
        let secret = parsed(&path, &text, |list| {
            for entry in list.items(MAX_ENTRIES)? {
                if is(&entry, "client_id", &login.user)? && is(&entry, "tenant", &login.tenant)? {
                    let secret =
                        entry.optional("client_secret")?.map(|secret| secret.non_empty_text()).transpose()?;
                    return Ok(secret.map(|secret| Secret::new(secret.as_bytes().to_vec())));
                }
            }
            Ok(None)
        })?;
        let named = format!("the login of the Azure CLI in `{}`", path.display());
        let Some(secret) = secret else {
            return Ok(Asked::Absent(format!("`{}` holds no secret of {}", path.display(), login.user)));
        };
        Entra::new(&self.place, &named, &login.tenant, &named)?.with_secret(azure, &login.user, &secret).await
    }
}

impl Login {
    /// The account of the subscription that is chosen.
    fn read(profile: &Node<'_>) -> Result<Option<Self>, DecodeError> {
        let Some(list) = profile.optional("subscriptions")? else { return Ok(None) };
        for entry in list.items(MAX_ENTRIES)? {
            if entry
                .optional("isDefault")?
                .is_none_or(|chosen| chosen.value() != &serde_json::Value::Bool(true))
            {
                continue;
            }
            let user = entry.member("user")?;
            let environment = entry.optional("environmentName")?.map(|name| name.text()).transpose()?;
            return Ok(Some(Self {
                tenant: entry.member("tenantId")?.non_empty_text()?.to_owned(),
                user: user.member("name")?.non_empty_text()?.to_owned(),
                is_application: is(&user, "type", "servicePrincipal")?,
                environment: environment.and_then(Environment::named),
            }));
        }
        Ok(None)
    }
}

fn cached(cache: &Node<'_>, login: &Login, resource: &str, now: UnixTime) -> Result<Cached, DecodeError> {
    let section = |name: &str| match cache.optional(name)? {
        Some(section) => section.members(MAX_ENTRIES),
        None => Ok(Vec::new()),
    };
    let mut account = None;
    for (_, entry) in section("Account")? {
        if is(&entry, "username", &login.user)? {
            account = Some(entry.member("home_account_id")?.non_empty_text()?);
        }
    }
    let Some(account) = account else { return Ok(Cached::Nothing) };
    let secret =
        |entry: &Node<'_>| Ok(Secret::new(entry.member("secret")?.non_empty_text()?.as_bytes().to_vec()));
    for (_, entry) in section("AccessToken")? {
        let is_good = is(&entry, "home_account_id", account)?
            && is(&entry, "realm", &login.tenant)?
            && is(&entry, "client_id", CLIENT)?
            && expires(&entry)? > now.seconds() + MARGIN
            && is_for(entry.member("target")?.text()?, resource);
        let kind = entry.optional("token_type")?.map(|kind| kind.text()).transpose()?;
        if is_good && kind.is_none_or(|kind| kind.eq_ignore_ascii_case("bearer")) {
            return Ok(Cached::Access(secret(&entry)?));
        }
    }
    for (_, entry) in section("RefreshToken")? {
        if is(&entry, "home_account_id", account)?
            && (is(&entry, "client_id", CLIENT)? || is(&entry, "family_id", "1")?)
        {
            return Ok(Cached::Refresh(secret(&entry)?));
        }
    }
    Ok(Cached::Nothing)
}

/// Whether one of the scopes in `target` is of the resource itself.
fn is_for(target: &str, resource: &str) -> bool {
    target.split(' ').any(|scope| {
        scope
            .strip_prefix(resource)
            .is_some_and(|rest| rest.trim_start_matches('/').find('/').is_none() && rest.starts_with('/'))
    })
}

/// Seconds since 1970, as text or as a number.
fn expires(entry: &Node<'_>) -> Result<i64, DecodeError> {
    let node = entry.member("expires_on")?;
    let number = match node.value() {
        serde_json::Value::String(text) => text.parse().ok(),
        value => value.as_i64(),
    };
    number.ok_or_else(|| node.error("must be a time"))
}

fn is(node: &Node<'_>, member: &str, expected: &str) -> Result<bool, DecodeError> {
    match node.optional(member)? {
        Some(found) => Ok(found.text()?.eq_ignore_ascii_case(expected)),
        None => Ok(false),
    }
}

/// Reads a file of JSON; the CLI begins some with a byte order mark.
fn parsed<T>(
    path: &Path,
    text: &Secret,
    read: impl FnOnce(&Node<'_>) -> Result<T, DecodeError>,
) -> Result<T, Error> {
    let text = text.expose();
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let value = json::parse("file", text)
        // The words of the reader could quote the file, which is secret.
        .map_err(|error| DecodeError { reason: "is not JSON".to_owned(), ..error });
    value
        .and_then(|value| read(&Node::root("file", &value)))
        .map_err(|source| Error::File { path: path.display().to_string(), source })
}
