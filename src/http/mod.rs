//! The one HTTP client.
//!
//! Every request of the program goes through here: TLS by rustls with the roots of the platform (`roots`), the proxy of
//! the environment, time limits, a limit on the size of every answer, and addresses that are never shown with the secrets in
//! them. The client is made when the first request is, so that commands that work offline never pay for it.

#[cfg(feature = "http")]
mod address;
#[cfg(feature = "http")]
mod body;
#[cfg(feature = "http")]
mod certificate_fault;
#[cfg(feature = "http")]
mod client;
#[cfg(feature = "http")]
mod exchange;
#[cfg(feature = "http")]
#[cfg(any(test, all(target_os = "linux", target_env = "gnu", target_feature = "crt-static")))]
mod names;
mod redacted;
#[cfg(feature = "http")]
mod retry;
#[cfg(feature = "http")]
mod roots;
#[cfg(all(test, feature = "http"))]
pub(crate) mod scripted;
#[cfg(feature = "http")]
pub mod service;
#[cfg(feature = "http")]
mod tls_words;

#[cfg(feature = "http")]
use std::sync::OnceLock;
use std::time::Duration;

#[cfg(feature = "http")]
pub use address::{Address, MAX_REDIRECTIONS, form};
#[cfg(feature = "http")]
pub use body::{Parts, SourceError};
#[cfg(feature = "http")]
pub use certificate_fault::CertificateFault;
#[cfg(feature = "http")]
pub use exchange::{
    Answer, Authorities, Call, ClientCertificate, Exchange, Method, ServerName, Settings, Total,
};
pub use redacted::{Redacted, without_user};
#[cfg(feature = "http")]
pub use retry::{Attempts, Listener, Transient, is_transient_status, once, retry_after, told, until};
#[cfg(feature = "http")]
pub use tls_words::in_words as tls_in_words;

/// Why a request failed. Addresses are redacted already.
#[derive(Debug, thiserror::Error)]
#[cfg_attr(not(feature = "http"), allow(dead_code, reason = "this build asks nobody"))]
pub enum Error {
    /// The address is not one of http or https.
    #[error("`{url}` is not an http or https address")]
    Address {
        /// The address.
        url: String,
    },
    /// The certificate authorities that TLS trusts cannot be read.
    #[error("the certificate store {store} cannot be used")]
    Roots {
        /// Its files, and the variables that name them.
        store: String,
        /// What is wrong with it.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The certificate to show to servers cannot be used.
    #[error(
        "{name} and its key cannot be used: a certificate and its private key, not encrypted, in PEM are expected"
    )]
    ClientCertificate {
        /// Its file.
        name: String,
    },
    /// The certificate to show to servers, and the key of another one.
    #[error("the private key is not that of {name}: the two do not belong together")]
    ClientKey {
        /// The file of the certificate.
        name: String,
    },
    /// A header holds what no header can hold; nothing was sent.
    #[error("the header `{name}` of a request to {url} holds characters that no header can")]
    Header {
        /// The address.
        url: String,
        /// The header.
        name: String,
    },
    /// The client itself could not be made.
    #[error("the HTTP client could not be set up")]
    Setup(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// No connection: name resolution, the network, or TLS.
    #[error("could not connect to {url}")]
    Connect {
        /// The address.
        url: String,
        /// What the transport said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The answer did not come in time.
    #[error("{url} did not answer within {}", in_words(.limit))]
    Timeout {
        /// The address.
        url: String,
        /// The time that the whole request may take.
        limit: Duration,
    },
    /// A redirection that is not followed.
    #[error("{url} redirects where the client does not follow")]
    Redirect {
        /// The address that was asked for.
        url: String,
        /// Why it was not followed.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The server answered with a status other than success.
    #[error("{url} answered with status {status}")]
    Status {
        /// The address.
        url: String,
        /// The status code.
        status: u16,
    },
    /// The answer is longer than the caller takes.
    #[error("the answer of {url} is larger than the limit of {limit} bytes")]
    TooLarge {
        /// The address.
        url: String,
        /// The limit in bytes.
        limit: u64,
    },
    /// The connection broke.
    #[error("the exchange with {url} broke off")]
    Transport {
        /// The address.
        url: String,
        /// What the transport said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// What was to be sent could not be had.
    #[error("what was to be sent to {url} cannot be read")]
    Body {
        /// The address.
        url: String,
        /// Why not.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The Cargo feature `http` is off.
    #[cfg(not(feature = "http"))]
    #[error("{url} cannot be fetched: this build has no HTTP client; the full build of rcosign has it")]
    NotBuilt {
        /// The address.
        url: String,
    },
}

#[cfg(feature = "http")]
impl Error {
    /// Whether the same request may well succeed a moment later: the connection broke or was silent. A server that cannot be
    /// reached, or whose certificate is refused, stays so.
    pub fn is_transient(&self) -> bool {
        match self {
            _ if self.is_client_refused() => false,
            Self::Transport { .. } | Self::Timeout { .. } => true,
            Self::Connect { source, .. } => {
                chain(source.as_ref()).any(|e| e.downcast_ref::<std::io::Error>().is_some_and(is_broken))
            }
            _ => false,
        }
    }

    /// Whether there was no connection, so that nothing was asked.
    pub fn is_connect(&self) -> bool {
        matches!(self, Self::Connect { .. })
    }

    /// Whether there was no connection because the server, which is there, speaks something else than TLS.
    pub fn is_not_tls(&self) -> bool {
        use std::io::ErrorKind::InvalidData;
        let Self::Connect { source, .. } = self else { return false };
        let is_other = |e: &std::io::Error| is_broken(e) || e.kind() == InvalidData;
        !self.is_certificate()
            && chain(source.as_ref()).any(|e| e.downcast_ref::<std::io::Error>().is_some_and(is_other))
    }

    /// Whether there was no connection because the certificate of the server is refused.
    pub fn is_certificate(&self) -> bool {
        self.certificate_fault().is_some()
    }

    /// Whether the server broke off because the client has shown no certificate, or one that it does not take (RFC 8446 section 6.2).
    pub fn is_client_refused(&self) -> bool {
        const ALERTS: [&str; 9] = [
            "CertificateRequired",
            "BadCertificate",
            "UnsupportedCertificate",
            "CertificateRevoked",
            "CertificateExpired",
            "CertificateUnknown",
            "UnknownCA",
            "AccessDenied",
            "DecryptError",
        ];
        let (Self::Connect { source, .. } | Self::Transport { source, .. }) = self else { return false };
        chain(source.as_ref()).any(|error| {
            let said = error.to_string();
            let alert = said.split_once("received fatal alert: ").map(|(_, alert)| alert);
            alert.is_some_and(|alert| ALERTS.contains(&alert))
        })
    }

    /// Why the certificate of the server is refused; `None` where that is not what failed.
    pub fn certificate_fault(&self) -> Option<CertificateFault> {
        let Self::Connect { source, .. } = self else { return None };
        chain(source.as_ref()).find_map(|error| CertificateFault::read(&error.to_string()))
    }
}

/// A time limit, for people: `20 seconds`, `1.5 seconds`, `1ns`.
fn in_words(limit: &Duration) -> String {
    if !limit.is_zero() && *limit < Duration::from_secs(1) {
        return format!("{limit:?}");
    }
    format!("{} seconds", limit.as_secs_f32())
}

/// An error and all beneath it.
#[cfg(feature = "http")]
fn chain<'a>(
    error: &'a (dyn std::error::Error + 'static),
) -> impl Iterator<Item = &'a (dyn std::error::Error + 'static)> {
    std::iter::successors(Some(error), |error| match error.downcast_ref::<std::io::Error>() {
        // Its source is that of the error within, which would be passed over.
        Some(error) => error.get_ref().map(|within| within as &(dyn std::error::Error + 'static)),
        None => error.source(),
    })
}

#[cfg(feature = "http")]
fn is_broken(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    matches!(error.kind(), BrokenPipe | ConnectionAborted | ConnectionReset | UnexpectedEof)
}

/// Waits. Must run inside a tokio runtime with time.
#[cfg(feature = "http")]
pub async fn pause(time: Duration) {
    tokio::time::sleep(time).await;
}

/// The HTTP client. Costs nothing until its first request.
#[derive(Debug, Default)]
pub struct Client {
    /// Without a proxy, and with those of the environment.
    #[cfg(feature = "http")]
    inner: [OnceLock<client::Inner>; 2],
    #[cfg(feature = "http")]
    total: Option<Duration>,
}

impl Client {
    /// A client that goes to loopback whatever the proxies of the environment are.
    #[cfg(test)]
    pub(crate) fn direct() -> Self {
        let this = Self::default();
        #[cfg(feature = "http")]
        {
            for inner in &this.inner {
                let settings = client::Settings { proxy: false, ..Default::default() };
                let _ = inner.set(client::Inner::new(settings).unwrap());
            }
        }
        this
    }

    /// A client whose requests take no longer than `total`, each.
    #[cfg(feature = "http")]
    pub fn with_timeout(total: Duration) -> Self {
        Self { total: Some(total), ..Self::default() }
    }

    /// A client whose requests take no longer than `total`, each.
    #[cfg(not(feature = "http"))]
    pub fn with_timeout(_total: Duration) -> Self {
        Self::default()
    }

    /// Fetches a document of at most `limit` bytes with GET. Must run inside a tokio runtime with I/O and time.
    ///
    /// # Errors
    /// [`Error`]; every status but 2xx is one, so that the page of an error never passes for the document.
    #[cfg(feature = "http")]
    pub async fn get(&self, url: &str, limit: u64) -> Result<Vec<u8>, Error> {
        // A proxy would look for what is on this machine on another one.
        let proxy = !Address::parse(url).is_ok_and(|address| address.is_loopback());
        let [direct, through] = &self.inner;
        let inner = if proxy { through } else { direct };
        if let Some(inner) = inner.get() {
            return inner.get(url, limit).await;
        }
        let mut settings = client::Settings { proxy, ..Default::default() };
        if let Some(total) = self.total {
            settings = client::Settings { total, connect: settings.connect.min(total), ..settings };
        }
        let made = client::Inner::new(settings)?;
        inner.get_or_init(|| made).get(url, limit).await
    }

    /// Fetches nothing: this build has no client.
    ///
    /// # Errors
    /// [`Error::NotBuilt`], always.
    #[cfg(not(feature = "http"))]
    #[expect(clippy::unused_async, reason = "the same signature in every build")]
    pub async fn get(&self, url: &str, _limit: u64) -> Result<Vec<u8>, Error> {
        Err(Error::NotBuilt { url: Redacted(url).to_string() })
    }
}
