//! Trust material from a TUF repository: what is cached while it is valid, else what the repository says now.

use super::cache::{Cache, Kept};
use super::legacy;
use crate::commands::{Context, Error, ErrorKind};
use crate::crypto::{DecodeError, UnixTime};
use crate::services::tuf::{self, Nowhere, Source, Store};
use crate::storage::read_file;
use crate::trust::{SigningConfig, TrustedRoot, embedded_public_root, embedded_public_signing_config};
use std::path::Path;

/// The most bytes of a root.
pub(super) const MAX_ROOT: u64 = 512_000;
const TRUSTED_ROOT: &str = "trusted_root.json";
const SIGNING_CONFIG: &str = "signing_config.v0.2.json";

/// A repository, and the root that is believed at first.
pub(super) struct Repository {
    pub cache: Cache,
    pub mirror: String,
    folder: String,
    root: Vec<u8>,
    /// The root of another repository, of which this one may be a copy.
    borrowed: bool,
}

/// What a repository says.
pub(super) struct Material {
    pub root: TrustedRoot,
    /// `None` where the repository has none.
    pub config: Option<SigningConfig>,
    /// When the first of it expires.
    pub expires: Option<UnixTime>,
}

/// How it was come by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How {
    Fetched,
    Cached,
}

impl Repository {
    /// The repository that the environment names, else the one that was chosen, else the public one.
    ///
    /// # Errors
    /// What says so cannot be read.
    pub fn open(context: &Context) -> Result<Self, Error> {
        let cache = Cache::of(context);
        let variable = |name| (context.variables)(name).filter(|value| !value.is_empty());
        let mirror = match variable("TUF_MIRROR") {
            Some(mirror) => mirror.to_string_lossy().into_owned(),
            None => cache.mirror()?.unwrap_or_else(|| tuf::SIGSTORE.mirror.to_owned()),
        };
        let given = match variable("TUF_ROOT_JSON") {
            Some(path) => {
                let root = read_file("root of a TUF repository", Path::new(&path), MAX_ROOT);
                Some(root.map_err(|e| Error::trust_file(&e).cause("named by TUF_ROOT_JSON"))?)
            }
            None => None,
        };
        Self::at(cache, mirror, given)
    }

    /// A repository by its address, and the root that is believed at first: the one that is given, else that of the cache or the
    /// built-in one, whichever is newer.
    ///
    /// # Errors
    /// The address is none.
    pub fn at(cache: Cache, mirror: String, given: Option<Vec<u8>>) -> Result<Self, Error> {
        let Some(folder) = tuf::folder_of(&mirror) else {
            return Err(Error::usage(format!("`{mirror}` is not the address of a TUF repository")));
        };
        let (root, borrowed) = match given {
            Some(root) => (root, false),
            None => first_root(&mirror, &Kept { cache: &cache, folder: &folder }),
        };
        Ok(Self { cache, mirror, folder, root, borrowed })
    }

    /// What is cached while it is valid, else what the repository says now.
    ///
    /// # Errors
    /// The repository cannot be asked, or is not to be believed.
    pub async fn material(&self, context: &mut Context) -> Result<Material, Error> {
        let found = self.online(false, context).await;
        self.say_trouble(context);
        found
    }

    /// What the repository says now.
    ///
    /// # Errors
    /// As [`material`](Self::material).
    pub async fn update(&self, context: &mut Context) -> Result<Material, Error> {
        self.online(true, context).await
    }

    #[cfg(feature = "http")]
    async fn online(&self, update: bool, context: &mut Context) -> Result<Material, Error> {
        use crate::services::{Client, Connection};
        use std::time::Duration;
        let total = context.settings.timeout;
        let retry_for = total.min(Duration::from_secs(10));
        let services = Client::new(Connection { total, retry_for, ..Connection::default() });
        let remote = tuf::Remote::new(&services, &self.mirror)
            .map_err(|e| Error::with_sources(ErrorKind::Usage, &e))?;
        let kept = self.kept();
        let begin = || tuf::Client::new(&self.root, context.now, &remote, &kept).map_err(|e| self.error(&e));
        let mut client = begin()?;
        let cached = if update { None } else { Some(client.load()) };
        let how = if let Some(Ok(())) = cached {
            How::Cached
        } else {
            client = begin()?;
            client.refresh().await.map_err(|error| {
                let error = self.error(&error);
                match &cached {
                    // That nothing is cached is no news.
                    Some(Err(stale)) if !matches!(stale, tuf::Error::Missing { .. }) => {
                        error.cause(format!("what is cached of it is of no use: {stale}"))
                    }
                    _ => error,
                }
            })?;
            self.cache.note(&self.folder, context.now);
            How::Fetched
        };
        let source = self.source(how, context.now);
        documents(&mut client, &source).await.map_err(|error| self.unusable(error))
    }

    #[cfg(not(feature = "http"))]
    async fn online(&self, _update: bool, context: &mut Context) -> Result<Material, Error> {
        let kept = self.kept();
        let mut client =
            tuf::Client::new(&self.root, context.now, &Nowhere, &kept).map_err(|e| self.error(&e))?;
        client.load().map_err(|error| self.error(&error).cause("this build asks no service"))?;
        let source = self.source(How::Cached, context.now);
        documents(&mut client, &source).await.map_err(|error| self.unusable(error))
    }

    /// What is cached, also if it expired, which is said then; of the public repository, else what is built in.
    ///
    /// # Errors
    /// Nothing is there.
    pub async fn offline(&self, context: &mut Context) -> Result<Material, Error> {
        let kept = self.kept();
        let mut client =
            tuf::Client::new(&self.root, context.now, &Nowhere, &kept).map_err(|e| self.error(&e))?.lenient();
        let cached = match client.load() {
            Ok(()) => documents(&mut client, &self.source(How::Cached, context.now)).await,
            Err(error) => Err(Unusable::Repository(error)),
        };
        match cached {
            Ok(found) => {
                if let Some((file, expires)) = client.expired() {
                    context.narrator.warn(&format!(
                        "what is cached of {} is out of date: `{file}` expired on {expires}",
                        self.mirror
                    ));
                }
                Ok(found)
            }
            Err(_) if tuf::known(&self.mirror).is_some_and(|known| std::ptr::eq(known, &tuf::SIGSTORE)) => {
                embedded()
            }
            Err(error) => Err(self.unusable(error).hint("fetch it while there is a network: `initialize`")),
        }
    }

    /// Whether everything could be kept; the first trouble is said, and nothing depends on it.
    fn say_trouble(&self, context: &mut Context) {
        if let (Some(trouble), Some(path)) = (self.cache.trouble(), self.cache.path()) {
            let line = format!("nothing can be kept in `{path}` ({trouble}); it will be fetched again");
            context.narrator.warn(&line);
        }
    }

    fn kept(&self) -> Kept<'_> {
        Kept { cache: &self.cache, folder: &self.folder }
    }

    /// The name in messages.
    fn source(&self, how: How, now: UnixTime) -> String {
        let age = match (how, self.cache.asked(&self.folder)) {
            (How::Fetched, _) => "fetched now".to_owned(),
            (How::Cached, Some(asked)) => format!("cached {}", ago(asked, now)),
            (How::Cached, None) => "cached".to_owned(),
        };
        format!("that of {}, {age}", self.mirror)
    }

    fn error(&self, error: &tuf::Error) -> Error {
        let kind = match error {
            tuf::Error::Fetch { .. } => ErrorKind::Network,
            _ => ErrorKind::TrustMaterial,
        };
        let message = format!("the TUF repository {} cannot be used", self.mirror);
        let new = Error::new(kind, message).caused_by(error);
        if self.borrowed && kind == ErrorKind::TrustMaterial {
            let mirror = &self.mirror;
            return new.hint(format!(
                "name the root of the repository: `initialize --mirror {mirror} --root FILE`"
            ));
        }
        new
    }

    fn unusable(&self, error: Unusable) -> Error {
        match error {
            Unusable::Repository(error) => self.error(&error),
            Unusable::Document(error) => {
                let message = format!("what the TUF repository {} offers cannot be used", self.mirror);
                Error::new(ErrorKind::TrustMaterial, message).caused_by(&error)
            }
        }
    }
}

/// Why there is no material.
pub(super) enum Unusable {
    Repository(tuf::Error),
    Document(crate::crypto::DecodeError),
}

impl From<tuf::Error> for Unusable {
    fn from(error: tuf::Error) -> Self {
        Self::Repository(error)
    }
}

impl From<crate::crypto::DecodeError> for Unusable {
    fn from(error: crate::crypto::DecodeError) -> Self {
        Self::Document(error)
    }
}

/// The root of the cache or the built-in one, whichever is newer. Another repository without a root of its own is taken for a
/// copy of the public one, which is said then.
fn first_root(mirror: &str, kept: &Kept<'_>) -> (Vec<u8>, bool) {
    let cached = kept.load("root.json", MAX_ROOT);
    let cached = cached.and_then(|root| Some((tuf::root_version(&root).ok()?, root)));
    match (cached, tuf::known(mirror)) {
        (Some((version, root)), Some(known)) => {
            if tuf::root_version(known.root).is_ok_and(|built_in| built_in >= version) {
                return (known.root.to_vec(), false);
            }
            (root, false)
        }
        (Some((_, root)), None) => (root, false),
        (None, Some(known)) => (known.root.to_vec(), false),
        (None, None) => (tuf::SIGSTORE.root.to_vec(), true),
    }
}

async fn documents<S: Source>(client: &mut tuf::Client<'_, S>, source: &str) -> Result<Material, Unusable> {
    let root = match client.target(TRUSTED_ROOT).await {
        Ok(text) => TrustedRoot::from_json(&text, source)?,
        Err(tuf::Error::NoTarget { name }) => legacy::trusted_root(client, source, name).await?,
        Err(error) => return Err(error.into()),
    };
    let config = match client.target(SIGNING_CONFIG).await {
        Ok(text) => Some(SigningConfig::from_json(&text)?),
        // Who cannot be asked may have one.
        Err(tuf::Error::NoTarget { .. } | tuf::Error::Missing { .. } | tuf::Error::Fetch { .. }) => None,
        Err(error) => return Err(error.into()),
    };
    Ok(Material { root, config, expires: Some(client.expires()) })
}

fn embedded() -> Result<Material, Error> {
    let config = embedded_public_signing_config(false).map_err(|e| unusable(&e))?;
    Ok(Material { root: public_root()?, config: Some(config), expires: None })
}

/// The root of the public instance that is built in.
///
/// # Errors
/// It cannot be read.
pub(in crate::commands) fn public_root() -> Result<TrustedRoot, Error> {
    embedded_public_root().map_err(|e| unusable(&e))
}

fn unusable(error: &DecodeError) -> Error {
    Error::new(ErrorKind::TrustMaterial, "the embedded public root cannot be used").caused_by(error)
}

/// How long ago, in the largest unit that fits.
fn ago(then: UnixTime, now: UnixTime) -> String {
    let seconds = now.seconds().saturating_sub(then.seconds()).max(0);
    let (number, unit) = match seconds {
        0..60 => return "just now".to_owned(),
        60..3_600 => (seconds / 60, "minute"),
        3_600..86_400 => (seconds / 3_600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    format!("{number} {unit}{} ago", if number == 1 { "" } else { "s" })
}
