//! The client proper, over reqwest.

use std::time::Duration;

use reqwest::redirect::{Action, Attempt, Policy};
use reqwest::{ClientBuilder, Url};

use super::{Error, Redacted, roots};

const MAX_REDIRECTS: usize = 5;

/// What differs between the program and its tests.
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
    client: reqwest::Client,
    roots: roots::OnDemand,
    total: Duration,
}

impl Inner {
    pub fn new(settings: &Settings) -> Result<Self, Error> {
        let mut builder = builder()
            .connect_timeout(settings.connect)
            .timeout(settings.total)
            .redirect(Policy::custom(redirect));
        if !settings.proxy {
            builder = builder.no_proxy();
        }
        let (builder, roots) = roots::on_demand(builder)?;
        let client = build(builder, None)?;
        Ok(Self { client, roots, total: settings.total })
    }

    pub async fn get(&self, url: &str, limit: u64) -> Result<Vec<u8>, Error> {
        let shown = || Redacted(url).to_string();
        let address = Url::parse(url)
            .ok()
            .filter(|a| matches!(a.scheme(), "http" | "https"))
            .ok_or_else(|| Error::Address { url: shown() })?;
        let mut response = self.client.get(address).send().await.map_err(|e| self.error(url, e))?;
        if !response.status().is_success() {
            return Err(Error::Status { url: shown(), status: response.status().as_u16() });
        }
        let too_large = || Error::TooLarge { url: shown(), limit };
        // An honest length saves the transfer; the count below does not rely on it.
        if response.content_length().is_some_and(|length| length > limit) {
            return Err(too_large());
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|e| self.error(url, e))? {
            if (body.len() + chunk.len()) as u64 > limit {
                return Err(too_large());
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    fn error(&self, url: &str, error: reqwest::Error) -> Error {
        let failure = self.roots.failure();
        failure.unwrap_or_else(|| error_of(&Redacted(url).to_string(), self.total, error))
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

fn redirect(attempt: Attempt<'_>) -> Action {
    match refusal(attempt.previous(), attempt.url()) {
        Some(reason) => attempt.error(reason),
        None => attempt.follow(),
    }
}

/// Why a redirection is not followed; `previous` begins with the address that was asked for.
fn refusal(previous: &[Url], next: &Url) -> Option<&'static str> {
    if !matches!(next.scheme(), "http" | "https") {
        return Some("to an address that is neither http nor https");
    }
    if next.scheme() != "https" && previous.iter().any(|url| url.scheme() == "https") {
        return Some("from https to an address without TLS");
    }
    (previous.len() > MAX_REDIRECTS).then_some("more than 5 redirections")
}

#[cfg(test)]
mod tests;
