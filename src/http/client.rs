//! The client proper, over reqwest.

use std::collections::BTreeSet;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use reqwest::header::LOCATION;
use reqwest::redirect::Policy;
use reqwest::{ClientBuilder, Response};

use super::address::is_here;
use super::exchange::lookup;
use super::{Address, Error, roots};

/// What differs between the program and its tests.
#[derive(Debug)]
pub(super) struct Settings {
    pub connect: Duration,
    pub total: Duration,
    pub proxy: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self { connect: Duration::from_secs(15), total: Duration::from_secs(60), proxy: true }
    }
}

/// A client that is ready.
#[derive(Debug)]
pub(super) struct Inner {
    settings: Settings,
    /// For what the user named.
    named: Connections,
    /// For where others point to, made when they do: connections to the same server are not shared with those.
    pointed: OnceLock<Connections>,
    /// The hosts of other machines that others point to.
    elsewhere: Elsewhere,
    total: Duration,
}

#[derive(Debug)]
struct Connections {
    client: reqwest::Client,
    roots: roots::OnDemand,
}

impl Connections {
    fn new(settings: &Settings, resolver: Option<Elsewhere>) -> Result<Self, Error> {
        let mut builder =
            builder().connect_timeout(settings.connect).timeout(settings.total).redirect(Policy::none());
        if !settings.proxy {
            builder = builder.no_proxy();
        }
        if let Some(resolver) = resolver {
            builder = builder.dns_resolver(resolver);
        }
        let (builder, roots) = roots::on_demand(builder)?;
        Ok(Self { client: build(builder, None)?, roots })
    }
}

impl Inner {
    pub fn new(settings: Settings) -> Result<Self, Error> {
        let (named, total) = (Connections::new(&settings, None)?, settings.total);
        Ok(Self { settings, named, pointed: OnceLock::new(), elsewhere: Elsewhere::default(), total })
    }

    /// Connections for an address that another host points to.
    fn pointed(&self, address: &Address) -> Result<&Connections, Error> {
        self.elsewhere.add(address.host());
        if let Some(made) = self.pointed.get() {
            return Ok(made);
        }
        let made = Connections::new(&self.settings, Some(self.elsewhere.clone()))?;
        Ok(self.pointed.get_or_init(|| made))
    }

    pub async fn get(&self, url: &str, limit: u64) -> Result<Vec<u8>, Error> {
        let asked = Address::parse(url)?;
        let mut response = self.followed(&asked).await?;
        let shown = || asked.to_string();
        if !response.status().is_success() {
            return Err(Error::Status { url: shown(), status: response.status().as_u16() });
        }
        let too_large = || Error::TooLarge { url: shown(), limit };
        // An honest length saves the transfer; the count below does not rely on it.
        if response.content_length().is_some_and(|length| length > limit) {
            return Err(too_large());
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|e| self.error(&asked, e))? {
            if (body.len() + chunk.len()) as u64 > limit {
                return Err(too_large());
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    /// The answer at the end of all redirections, which take no longer together than one request. User and password are for the
    /// origin that they were given for, and are sent no more once another one was asked.
    async fn followed(&self, asked: &Address) -> Result<Response, Error> {
        let ends = Instant::now() + self.total;
        let (mut address, mut hops, mut connections) = (asked.clone(), 0, &self.named);
        loop {
            let left = ends.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
            let sent = connections.client.get(address.url().clone()).timeout(left).send().await;
            let response = sent.map_err(|e| self.error(asked, e))?;
            let location = match response.status().as_u16() {
                301 | 302 | 303 | 307 | 308 => response.headers().get(LOCATION),
                _ => None,
            };
            let Some(location) = location else { return Ok(response) };
            hops += 1;
            let location = location.to_str().unwrap_or_default();
            let next = address
                .redirected(location, hops)
                .map_err(|reason| Error::Redirect { url: asked.to_string(), source: reason.into() })?;
            if !address.may_be_here() && next.host() != address.host() {
                connections = self.pointed(&next)?;
            }
            address = next;
        }
    }

    fn error(&self, asked: &Address, error: reqwest::Error) -> Error {
        let failure = self.pointed.get().and_then(|pointed| pointed.roots.failure());
        let failure = self.named.roots.failure().or(failure);
        failure.unwrap_or_else(|| error_of(&asked.to_string(), self.total, error))
    }
}

/// Resolves names. A name that another host points to is not one of this machine: what a check of the address alone does not see.
#[derive(Debug, Default, Clone)]
struct Elsewhere(Arc<Mutex<BTreeSet<String>>>);

impl Elsewhere {
    fn add(&self, host: &str) {
        // A set is whole whatever happened to who held it.
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).insert(host.to_owned());
    }

    fn has(&self, host: &str) -> bool {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).contains(host)
    }
}

impl Resolve for Elsewhere {
    fn resolve(&self, name: Name) -> Resolving {
        let is_pointed_to = self.has(name.as_str());
        let (sender, receiver) = tokio::sync::oneshot::channel();
        // A thread of its own, which the end of the program does not wait for.
        std::thread::spawn(move || drop(sender.send(lookup(name.as_str()))));
        Box::pin(async move {
            let found = receiver.await??;
            // Of several addresses, one here is one too many: nobody knows which one is taken.
            if is_pointed_to && found.iter().map(SocketAddr::ip).any(is_here) {
                return Err(io::Error::other("another host points to this machine by that name").into());
            }
            let addresses: Addrs = Box::new(found.into_iter());
            Ok(addresses)
        })
    }
}

/// What every client has: its name, and how names of servers are found.
pub(super) fn builder() -> ClientBuilder {
    let agent = format!(
        "rcosign/{} ({}; {})",
        env!("CARGO_PKG_VERSION"),
        std::env::consts::OS,
        std::env::consts::ARCH
    );
    let builder = reqwest::Client::builder().user_agent(agent).referer(false);
    #[cfg(all(target_os = "linux", target_env = "gnu", target_feature = "crt-static"))]
    let builder = builder.dns_resolver(super::names::Names);
    builder
}

/// Makes the client; `store` is where its certificates come from.
pub(super) fn build(builder: ClientBuilder, store: Option<String>) -> Result<reqwest::Client, Error> {
    builder.build().map_err(|source| match store {
        // Certificates of which none can be read: the library does not say where they are.
        Some(store) if source.is_builder() => Error::Roots { store, source: Box::new(source) },
        _ => Error::Setup(Box::new(source)),
    })
}

/// What went wrong with a request to `url`, which is redacted already, that had to end after `limit`.
pub(super) fn error_of(url: &str, limit: Duration, error: reqwest::Error) -> Error {
    let url = url.to_owned();
    // The message of reqwest would show the whole address.
    let source = Box::new(error.without_url());
    if source.is_timeout() {
        Error::Timeout { url, limit }
    } else if source.is_redirect() {
        Error::Redirect { url, source }
    } else if source.is_connect() {
        Error::Connect { url, source }
    } else {
        Error::Transport { url, source }
    }
}

#[cfg(test)]
mod tests;
