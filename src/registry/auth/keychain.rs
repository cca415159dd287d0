//! Where the credentials of a registry come from, in this order: the flags, `DOCKER_AUTH_CONFIG`, Docker's configuration,
//! Podman's, what Kubernetes and clouds give. The first source that has some for the registry is used; the others are not looked at.

use std::ffi::OsString;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::ambient::{Ambient, AmbientError};
use super::config::{AuthFile, Entry, server_key};
use super::helper::{self, HelperError, HelperName};
use crate::crypto::{DecodeError, Secret};
use crate::registry::Registry;

const MAX_FILE: u64 = 1 << 20;
/// What stands for the user where the secret is an identity token.
const IDENTITY_TOKEN_USER: &str = "<token>";

/// Credentials of one registry.
#[derive(Debug)]
pub enum Credentials {
    /// A user and a password.
    Basic {
        /// The user.
        username: String,
        /// The password.
        password: Secret,
    },
    /// A refresh token, for the token server (OAuth 2.0, RFC 6749 section 6).
    IdentityToken(Secret),
    /// A token for the registry itself.
    RegistryToken(Secret),
}

impl Credentials {
    /// Credentials of a user and a secret; `None` where one of the two is empty.
    pub fn of(username: &str, secret: Secret) -> Option<Self> {
        match username {
            "" => None,
            _ if secret.expose().is_empty() => None,
            IDENTITY_TOKEN_USER => Some(Self::IdentityToken(secret)),
            username => Some(Self::Basic { username: username.to_owned(), password: secret }),
        }
    }
}

/// Credentials that the user gave with the command, and how messages call them.
#[derive(Debug)]
pub struct GivenCredentials {
    /// The credentials.
    pub credentials: Credentials,
    /// The flags.
    pub source: &'static str,
}

/// Files and variables with logins.
#[derive(Debug, Default)]
pub struct Places {
    /// The content of `DOCKER_AUTH_CONFIG`.
    pub inline: Option<Secret>,
    /// Docker's `config.json`.
    pub docker: Option<PathBuf>,
    /// Podman's `auth.json`, wherever it may be.
    pub podman: Vec<PathBuf>,
}

impl Places {
    /// Those that the environment names.
    pub fn of(variable: &dyn Fn(&str) -> Option<OsString>) -> Self {
        let set = |name: &str| variable(name).filter(|value| !value.is_empty());
        let folder = |name: &str| set(name).map(PathBuf::from);
        let home = folder("HOME").or_else(|| folder("USERPROFILE"));
        let below_home = |path: &str| home.as_ref().map(|home| home.join(path));
        let docker = folder("DOCKER_CONFIG").or_else(|| below_home(".docker"));
        let podman = match folder("REGISTRY_AUTH_FILE") {
            Some(file) => vec![file],
            None => {
                let folders =
                    [folder("XDG_RUNTIME_DIR"), folder("XDG_CONFIG_HOME").or_else(|| below_home(".config"))];
                folders.into_iter().flatten().map(|folder| folder.join("containers/auth.json")).collect()
            }
        };
        Self {
            inline: set("DOCKER_AUTH_CONFIG").map(|text| Secret::new(text.into_encoded_bytes())),
            docker: docker.map(|folder| folder.join("config.json")),
            podman,
        }
    }
}

/// A source that is there and cannot be used. No secret is shown.
#[derive(Debug, thiserror::Error)]
pub enum KeychainError {
    /// A file cannot be read.
    #[error("could not read the registry logins in `{}`", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A file or variable is not what it should be.
    #[error("the registry logins in {source_name} cannot be used")]
    Decode {
        /// The file or the variable.
        source_name: String,
        /// Why.
        #[source]
        source: DecodeError,
    },
    /// A file is larger than such a file may be.
    #[error("the file of registry logins `{}` is larger than the limit of {MAX_FILE} bytes", .path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// There is no file to keep a login in.
    #[error("there is no place to keep a login in: neither DOCKER_CONFIG nor HOME names a folder")]
    NoPlace,
    /// A helper that a file names is of no help.
    #[error("the credential helper that {source_name} names is of no help")]
    Helper {
        /// The file or the variable.
        source_name: String,
        /// Why.
        #[source]
        source: HelperError,
    },
    /// Credentials of Kubernetes or of a cloud, which are asked for, cannot be had.
    #[error("the credentials for {registry} of {source_of} cannot be had (--k8s-keychain)")]
    Ambient {
        /// The registry.
        registry: String,
        /// Whose they are.
        source_of: &'static str,
        /// Why not.
        #[source]
        source: Box<AmbientError>,
    },
}

/// What was found.
#[derive(Debug, Default)]
pub struct Lookup {
    /// The credentials, if there are any.
    pub credentials: Option<Credentials>,
    /// Every source that was looked at, with what it said, in this order.
    pub looked: Vec<String>,
    /// Nobody has put these credentials into a file: they go nowhere without TLS.
    pub is_ambient: bool,
}

/// All sources of credentials.
#[derive(Debug, Default)]
pub struct Keychain {
    /// What the user gave with the command: it goes to the registries that the command names, and no source is looked at.
    pub given: Option<GivenCredentials>,
    /// Files and variables.
    pub places: Places,
    /// What Kubernetes and clouds give to those that run there.
    pub ambient: Option<Ambient>,
}

/// What stands behind the source in [`Lookup::looked`] whose credentials were taken.
pub(super) const USED: &str = ": used";

impl Keychain {
    /// The credentials of `registry`, and of the repository `path` there. Must run inside a tokio runtime.
    ///
    /// # Errors
    /// A source is there and cannot be used.
    pub async fn lookup(&self, registry: &Registry, path: Option<&str>) -> Result<Lookup, KeychainError> {
        let mut found = Lookup::default();
        if let Some(GivenCredentials { credentials, source }) = &self.given {
            found.looked.push(format!("{source}{USED}"));
            found.credentials = Some(copy(credentials));
            return Ok(found);
        }
        if let Some(text) = &self.places.inline {
            search(text.expose(), "DOCKER_AUTH_CONFIG", (registry, path), &mut found).await?;
        }
        for file in self.places.docker.iter().chain(&self.places.podman) {
            if found.credentials.is_some() {
                break;
            }
            let name = format!("`{}`", file.display());
            match read(file)? {
                None => found.looked.push(format!("{name}: does not exist")),
                Some(text) => search(text.expose(), &name, (registry, path), &mut found).await?,
            }
        }
        if found.credentials.is_none()
            && let Some(ambient) = &self.ambient
        {
            // Boxed: the future of a whole command is as deep as compilers can measure.
            Box::pin(ambient.lookup(registry, path, &mut found)).await?;
        }
        Ok(found)
    }
}

/// The content of a file of logins; `None` where there is no such file.
///
/// # Errors
/// It cannot be read.
pub(super) fn read(path: &Path) -> Result<Option<Secret>, KeychainError> {
    let fail = |source| KeychainError::Read { path: path.to_owned(), source };
    let file = match std::fs::File::open(path) {
        Ok(file) => file,
        Err(e) if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        Err(e) => return Err(fail(e)),
    };
    let mut text = Vec::new();
    file.take(MAX_FILE + 1).read_to_end(&mut text).map_err(fail)?;
    if text.len() as u64 > MAX_FILE {
        return Err(KeychainError::TooLarge { path: path.to_owned() });
    }
    Ok(Some(Secret::new(text)))
}

/// Looks into one source.
async fn search(
    text: &[u8],
    name: &str,
    (registry, path): (&Registry, Option<&str>),
    found: &mut Lookup,
) -> Result<(), KeychainError> {
    let fail = |source| KeychainError::Decode { source_name: name.to_owned(), source };
    // Podman makes an empty file sometimes.
    let blank = text.iter().all(u8::is_ascii_whitespace);
    let entries = match blank {
        true => Vec::new(),
        false => AuthFile::parse(text).and_then(|file| file.entries(registry, path)).map_err(fail)?,
    };
    if entries.is_empty() {
        found.looked.push(format!("{name}: has none for {registry}"));
    }
    for entry in entries {
        let (credentials, source) = match entry {
            Entry::Known(credentials) => (Some(credentials), name.to_owned()),
            Entry::Helper(helper) => {
                let source = format!("`{helper}`, which {name} names");
                (ask(helper, registry, name).await?, source)
            }
        };
        if credentials.is_some() {
            found.looked.push(format!("{source}{USED}"));
            found.credentials = credentials;
            return Ok(());
        }
        found.looked.push(format!("{source}: has none for {registry}"));
    }
    Ok(())
}

async fn ask(
    helper: HelperName,
    registry: &Registry,
    name: &str,
) -> Result<Option<Credentials>, KeychainError> {
    let server = server_key(registry);
    let shown = helper.to_string();
    let fail = |source| KeychainError::Helper { source_name: name.to_owned(), source };
    match tokio::task::spawn_blocking(move || helper::get(&helper, &server)).await {
        Ok(answer) => answer.map_err(fail),
        Err(_) => Err(fail(HelperError::Answer { helper: shown })),
    }
}

fn copy(credentials: &Credentials) -> Credentials {
    let again = |secret: &Secret| Secret::new(secret.expose().to_vec());
    match credentials {
        Credentials::Basic { username, password } => {
            Credentials::Basic { username: username.clone(), password: again(password) }
        }
        Credentials::IdentityToken(token) => Credentials::IdentityToken(again(token)),
        Credentials::RegistryToken(token) => Credentials::RegistryToken(again(token)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(set: &[(&str, &str)]) -> Places {
        let set: Vec<(String, OsString)> =
            set.iter().map(|(name, value)| ((*name).to_owned(), OsString::from(value))).collect();
        Places::of(&|name| set.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone()))
    }

    fn lookup(places: Places, registry: &str) -> Result<Lookup, KeychainError> {
        let keychain = Keychain { places, ..Keychain::default() };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(keychain.lookup(&Registry::parse(registry).unwrap(), None))
    }

    fn user(lookup: &Lookup) -> Option<&str> {
        match lookup.credentials.as_ref()? {
            Credentials::Basic { username, .. } => Some(username),
            _ => None,
        }
    }

    #[test]
    fn places_are_those_of_docker_and_podman() {
        let these = places(&[("HOME", "/h"), ("XDG_RUNTIME_DIR", "/run/u")]);
        assert_eq!(these.docker, Some("/h/.docker/config.json".into()));
        let expected: [PathBuf; 2] =
            ["/run/u/containers/auth.json".into(), "/h/.config/containers/auth.json".into()];
        assert_eq!(these.podman, expected);
        let these = places(&[("HOME", "/h"), ("DOCKER_CONFIG", "/d"), ("REGISTRY_AUTH_FILE", "/p")]);
        assert_eq!((these.docker, these.podman), (Some("/d/config.json".into()), vec!["/p".into()]));
        assert_eq!(places(&[("DOCKER_CONFIG", "")]).docker, None);
    }

    #[test]
    fn sources_are_asked_in_their_order_and_named() {
        let folder = tempfile::tempdir().unwrap();
        let (docker, podman) = (folder.path().join("config.json"), folder.path().join("auth.json"));
        let these = |inline: Option<&str>| Places {
            inline: inline.map(|text| Secret::new(text.as_bytes().to_vec())),
            docker: Some(docker.clone()),
            podman: vec![podman.clone(), folder.path().join("missing")],
        };
        let none = lookup(these(None), "r.example").unwrap();
        assert!(none.credentials.is_none() && none.looked.len() == 3, "{:?}", none.looked);
        std::fs::write(&docker, r#"{"auths":{"other.example":{"auth":"eDp5"}}}"#).unwrap();
        std::fs::write(&podman, r#"{"auths":{"r.example":{"auth":"cDpx"}}}"#).unwrap();
        let found = lookup(these(None), "r.example").unwrap();
        assert_eq!(user(&found), Some("p"));
        assert_eq!(
            found.looked,
            [
                format!("`{}`: has none for r.example", docker.display()),
                format!("`{}`: used", podman.display()),
            ]
        );
        let found = lookup(these(Some(r#"{"auths":{"r.example":{"auth":"aTpq"}}}"#)), "r.example").unwrap();
        assert_eq!((user(&found), found.looked.len()), (Some("i"), 1));
        std::fs::write(&podman, "").unwrap();
        assert!(lookup(these(None), "r.example").unwrap().credentials.is_none());
    }

    #[test]
    fn a_broken_source_is_an_error_that_names_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("config.json");
        for text in ["{", r#"{"auths":{"r.example":{"auth":"*secret*"}}}"#] {
            std::fs::write(&file, text).unwrap();
            let these = Places { docker: Some(file.clone()), ..Places::default() };
            let error = lookup(these, "r.example").unwrap_err();
            assert!(error.to_string().contains("config.json"), "{error}");
            assert!(!format!("{error:?}").contains("secret"));
        }
    }
}
