//! Trust material from a TUF repository: what is cached while it is valid, else what the repository says now.

use super::anchor::{Anchor, Given, Purpose, initialize};
#[cfg(feature = "http")]
use super::cache::Owner;
use super::cache::{Cache, Kept};
use super::legacy;
use crate::commands::{Context, Error, ErrorKind};
use crate::crypto::{DecodeError, UnixTime};
use crate::http::Redacted;
#[cfg(feature = "http")]
use crate::services::tuf::Store;
use crate::services::tuf::{self, Nowhere, Source};
use crate::storage::read_file;
use crate::trust::{
    SigningConfig, TrustedRoot, embedded_public_root, embedded_public_root_json,
    embedded_public_signing_config,
};
use std::cell::RefCell;
use std::path::Path;

/// The most bytes of a root.
pub(super) const MAX_ROOT: u64 = 512_000;
const TRUSTED_ROOT: &str = "trusted_root.json";
const SIGNING_CONFIG: &str = "signing_config.v0.2.json";
/// The one that puts a log of Rekor v2 first.
const SECOND_SIGNING_CONFIG: &str = "signing_config_rekor_v2.v0.2.json";

/// A repository, and the root that is believed at first.
pub(super) struct Repository {
    pub cache: Cache,
    pub mirror: String,
    anchor: Anchor,
    /// The flag or the variable that names the root.
    given_by: Option<&'static str>,
    /// Which of its signing configs is wanted.
    config: &'static str,
}

/// What a repository says.
pub(super) struct Material {
    pub root: TrustedRoot,
    /// The same as it is published; `None` where it was put together from single pieces.
    pub text: Option<Vec<u8>>,
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
        let cache = Cache::of(context)?;
        let variable = |name| (context.variables)(name).filter(|value| !value.is_empty());
        let (mirror, purpose) = match variable("TUF_MIRROR") {
            Some(mirror) => (mirror.to_string_lossy().into_owned(), Purpose::Named),
            None => match cache.mirror()? {
                Some(mirror) => (mirror, Purpose::Chosen),
                None => (tuf::SIGSTORE.mirror.to_owned(), Purpose::Named),
            },
        };
        let given = match variable("TUF_ROOT_JSON") {
            Some(path) => {
                let root = read_file("root of a TUF repository", Path::new(&path), MAX_ROOT);
                let root = root.map_err(|e| Error::trust_file(&e).cause("named by TUF_ROOT_JSON"))?;
                Some(Given { root, by: "TUF_ROOT_JSON" })
            }
            None => None,
        };
        Self::at(cache, mirror, given, purpose)
    }

    /// A repository by its address, with the root that is believed at first: see [`Anchor::of`].
    ///
    /// # Errors
    /// As there.
    pub fn at(cache: Cache, mirror: String, given: Option<Given>, purpose: Purpose) -> Result<Self, Error> {
        let anchor = Anchor::of(&cache, &mirror, given.as_ref(), purpose)?;
        Ok(Self { cache, mirror, anchor, given_by: given.map(|given| given.by), config: SIGNING_CONFIG })
    }

    /// The same, with the signing config that puts a log of Rekor v2 first.
    pub fn with_rekor_v2(self) -> Self {
        Self { config: SECOND_SIGNING_CONFIG, ..self }
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
        let begin =
            || tuf::Client::new(&self.anchor.root, context.now, &remote, &kept).map_err(|e| self.error(&e));
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
            self.check_passed(&client)?;
            How::Fetched
        };
        let source = self.source(how, context.now);
        let found =
            documents(&mut client, &source, self.config).await.map_err(|error| self.unusable(error))?;
        self.keep(how, &client, &kept, context.now);
        Ok(found)
    }

    /// That the root that was given and the one that was seen before are of the same repository.
    #[cfg(feature = "http")]
    fn check_passed<S: Source>(&self, client: &tuf::Client<'_, S>) -> Result<(), Error> {
        let Some(root) = self.anchor.passes.as_ref().filter(|root| !client.has_passed(root)) else {
            return Ok(());
        };
        let version = tuf::root_version(root).unwrap_or_default();
        let (mirror, by) = (Redacted(&self.mirror), self.given_by.unwrap_or("--root"));
        let message = format!("the root that {by} names is not one of {mirror}");
        let error = Error::new(ErrorKind::TrustMaterial, message)
            .cause(format!("root {version} is not among those that come one after the other"));
        Err(match (tuf::known(&self.mirror), self.cache.path()) {
            (None, Some(path)) => {
                let folder = &self.anchor.folder;
                error.hint(format!("if the repository was made anew: remove `{path}/{folder}`"))
            }
            _ => error.hint(format!("leave {by} out: the root of that repository is built in")),
        })
    }

    /// Keeps what holds, unless what is newer was kept meanwhile.
    #[cfg(feature = "http")]
    fn keep<S: Source>(&self, how: How, client: &tuf::Client<'_, S>, kept: &Kept<'_>, now: UnixTime) {
        if how == How::Cached {
            return kept.commit();
        }
        let version = |root: &[u8]| tuf::root_version(root).ok();
        let counts = tuf::known(&self.mirror).is_none() && !self.anchor.left_over;
        let mut others = kept.kept("root.json", MAX_ROOT).filter(|_| counts);
        if let Owner::Known(origin) = self.cache.owner(&self.anchor.folder)
            && (&origin.mirror, &origin.anchor)
                == (&self.anchor.origin(b"").mirror, &self.anchor.origin(b"").anchor)
            && version(&origin.root) > others.as_deref().and_then(version)
        {
            others = Some(origin.root);
        }
        if others.as_deref().and_then(version) > version(client.root()) {
            return self.cache.complain("a newer root is kept there, which the repository does not offer");
        }
        let timestamp = kept.kept("timestamp.json", MAX_ROOT);
        if timestamp.is_some_and(|timestamp| client.is_overtaken_by(&timestamp)) {
            return;
        }
        self.cache.own(&self.anchor.folder, &self.anchor.origin(client.root()));
        kept.store("root.json", client.root());
        kept.commit();
        self.cache.note(&self.anchor.folder, now);
    }

    #[cfg(not(feature = "http"))]
    async fn online(&self, _update: bool, context: &mut Context) -> Result<Material, Error> {
        let kept = self.kept();
        let mut client =
            tuf::Client::new(&self.anchor.root, context.now, &Nowhere, &kept).map_err(|e| self.error(&e))?;
        client.load().map_err(|error| self.error(&error).cause("this build asks no service"))?;
        let source = self.source(How::Cached, context.now);
        documents(&mut client, &source, self.config).await.map_err(|error| self.unusable(error))
    }

    /// What is cached, also if it expired, which is said then; of the public repository, else what is built in.
    ///
    /// # Errors
    /// Nothing is there.
    pub async fn offline(&self, context: &mut Context) -> Result<Material, Error> {
        let kept = self.kept();
        let mut client = tuf::Client::new(&self.anchor.root, context.now, &Nowhere, &kept)
            .map_err(|e| self.error(&e))?
            .lenient();
        let cached = match client.load() {
            Ok(()) => documents(&mut client, &self.source(How::Cached, context.now), self.config).await,
            Err(error) => Err(Unusable::Repository(error)),
        };
        match cached {
            Ok(mut found) => {
                if found.config.is_none() && self.is_public() {
                    found.config = embedded(self.config)?.config;
                }
                if let Some((file, expires)) = client.expired() {
                    context.narrator.warn(&format!(
                        "what is cached of {} is out of date: `{file}` expired on {expires}",
                        Redacted(&self.mirror)
                    ));
                }
                Ok(found)
            }
            Err(_) if self.is_public() => embedded(self.config),
            Err(error) => {
                let command = match tuf::known(&self.mirror) {
                    Some(known) if std::ptr::eq(known, &tuf::STAGING) => "initialize --staging".to_owned(),
                    Some(_) => initialize(&self.mirror),
                    None => format!("{} --root FILE", initialize(&self.mirror)),
                };
                Err(self.unusable(error).hint(format!("fetch it while there is a network: `{command}`")))
            }
        }
    }

    /// Whether it is that of Sigstore, of which something is built in.
    fn is_public(&self) -> bool {
        tuf::known(&self.mirror).is_some_and(|known| std::ptr::eq(known, &tuf::SIGSTORE))
    }

    /// What [`offline`](Self::offline) would take, in words; `None` where it would fail.
    pub async fn there_offline(&self, now: UnixTime) -> Option<&'static str> {
        if self.is_public() {
            return Some("the cached root, or the one that is built in");
        }
        let kept = self.kept();
        let mut client = tuf::Client::new(&self.anchor.root, now, &Nowhere, &kept).ok()?.lenient();
        client.load().ok()?;
        documents(&mut client, &self.source(How::Cached, now), self.config).await.ok()?;
        Some("the cached root")
    }

    /// Whether everything could be kept; the first trouble is said, and nothing depends on it.
    fn say_trouble(&self, context: &mut Context) {
        if let (Some(trouble), Some(path)) = (self.cache.trouble(), self.cache.path()) {
            let line = format!("nothing can be kept in `{path}` ({trouble}); it will be fetched again");
            context.narrator.warn(&line);
        }
    }

    fn kept(&self) -> Kept<'_> {
        let Anchor { folder, reads, .. } = &self.anchor;
        Kept { cache: &self.cache, folder, reads: *reads, waiting: RefCell::default() }
    }

    /// The name in messages.
    fn source(&self, how: How, now: UnixTime) -> String {
        let age = match (how, self.cache.asked(&self.anchor.folder)) {
            (How::Fetched, _) => "fetched now".to_owned(),
            (How::Cached, Some(asked)) => format!("cached {}", ago(asked, now)),
            (How::Cached, None) => "cached".to_owned(),
        };
        format!("that of {}, {age}", Redacted(&self.mirror))
    }

    fn error(&self, error: &tuf::Error) -> Error {
        let kind = match error {
            tuf::Error::Fetch { .. } => ErrorKind::Network,
            _ => ErrorKind::TrustMaterial,
        };
        let mirror = Redacted(&self.mirror);
        let mut new =
            Error::new(kind, format!("the TUF repository {mirror} cannot be used")).caused_by(error);
        // That is said already.
        new.causes.retain(|cause| cause != "the TUF repository cannot be used");
        if self.anchor.borrowed && kind == ErrorKind::TrustMaterial {
            return new.hint(format!(
                "name the root of the repository: `{} --root FILE`, or for a single run TUF_ROOT_JSON",
                initialize(&self.mirror)
            ));
        }
        match (self.given_by, error) {
            (Some(by), tuf::Error::Threshold { .. }) => new.cause(format!(
                "the root that {by} names does not belong to {mirror}, or it was tampered with"
            )),
            _ => new,
        }
    }

    fn unusable(&self, error: Unusable) -> Error {
        match error {
            Unusable::Repository(error) => self.error(&error),
            Unusable::Document(error) => {
                let message =
                    format!("what the TUF repository {} offers cannot be used", Redacted(&self.mirror));
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

async fn documents<S: Source>(
    client: &mut tuf::Client<'_, S>,
    source: &str,
    config: &'static str,
) -> Result<Material, Unusable> {
    let (root, text) = match client.target(TRUSTED_ROOT).await {
        Ok(text) => (TrustedRoot::from_json(&text, source)?, Some(text)),
        Err(tuf::Error::NoTarget { name }) => (legacy::trusted_root(client, source, name).await?, None),
        Err(error) => return Err(error.into()),
    };
    let config = match client.target(config).await {
        Ok(text) => Some(SigningConfig::from_json(&text)?),
        // Who cannot be asked may have one.
        Err(tuf::Error::NoTarget { .. } | tuf::Error::Missing { .. } | tuf::Error::Fetch { .. }) => None,
        Err(error) => return Err(error.into()),
    };
    Ok(Material { root, text, config, expires: Some(client.expires()) })
}

fn embedded(config: &str) -> Result<Material, Error> {
    let config = embedded_public_signing_config(config == SECOND_SIGNING_CONFIG).map_err(|e| unusable(&e))?;
    let text = Some(embedded_public_root_json().as_bytes().to_vec());
    Ok(Material { root: public_root()?, text, config: Some(config), expires: None })
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
