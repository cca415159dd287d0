//! Single requests with everything decided by the caller: method, headers, limits, TLS. Redirections are not followed and
//! no credentials are kept: an answer of status 307 or 401 is the caller's to judge.

use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{HOST, HeaderName, HeaderValue};
use reqwest::redirect::Policy;

use super::body::{self, Outgoing, Parts, Progress};
use super::{Address, Error, client, roots};
use crate::crypto::Secret;
use crate::progress::Work;

/// How servers are reached.
#[derive(Debug, Clone, Copy)]
pub struct Settings<'a> {
    /// Certificate authorities in place of those of the platform.
    pub authorities: Option<&'a Authorities>,
    /// The certificate to show to servers that ask for one.
    pub certificate: Option<&'a ClientCertificate>,
    /// The name that the certificate of a server must bear, in place of the server's own.
    pub server_name: Option<&'a ServerName>,
    /// Whether any certificate will do.
    pub accept_any_certificate: bool,
    /// Whether the proxies of the environment are used; they never are with `server_name`.
    pub proxy: bool,
    /// How long nothing may be heard of a server.
    pub stall: Duration,
}

/// Certificates in PEM, with the name of their file for errors.
#[derive(Debug, Clone)]
pub struct Authorities {
    /// The file.
    pub name: String,
    /// Its content.
    pub pem: Vec<u8>,
}

/// A certificate for TLS with its private key, both in PEM, and the name of the certificate's file for errors.
#[derive(Debug)]
pub struct ClientCertificate {
    /// The file.
    pub name: String,
    /// Its content.
    pub certificate: Vec<u8>,
    /// The private key, not encrypted.
    pub key: Secret,
}

/// The server `host` is asked for, and checked, by another name.
#[derive(Debug, Clone)]
pub struct ServerName {
    /// The host of addresses, without its port.
    pub host: String,
    /// The name for TLS.
    pub name: String,
}

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Fetch.
    Get,
    /// Ask for the headers of what would be fetched.
    Head,
    /// Send to a resource that decides what it means.
    Post,
    /// Put there.
    Put,
    /// Remove.
    Delete,
}

/// One request.
#[derive(Debug)]
pub struct Call<'a> {
    /// What is to be done.
    pub method: Method,
    /// Where.
    pub address: &'a Address,
    /// Headers besides those of the client; a value may be secret.
    pub headers: &'a [(&'a str, &'a str)],
    /// The body; empty is none.
    pub body: &'a [u8],
    /// How long request and answer may take together.
    pub total: Total,
}

/// How long something may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Total {
    /// This long.
    pub time: Duration,
    /// What a message says: where `time` is what is left of a longer time, all of that.
    pub named: Duration,
}

/// Sends requests. Connections are kept for the next one to the same server.
#[derive(Debug)]
pub struct Exchange {
    client: reqwest::Client,
    /// Where roots are read when they are needed.
    roots: Option<roots::OnDemand>,
    stall: Duration,
    server_name: Option<ServerName>,
}

impl Exchange {
    /// Ready for requests.
    ///
    /// # Errors
    /// [`Error::Roots`], [`Error::ClientCertificate`], [`Error::Setup`].
    pub fn new(settings: &Settings<'_>) -> Result<Self, Error> {
        let mut builder = client::builder().connect_timeout(settings.stall).redirect(Policy::none());
        if settings.accept_any_certificate {
            builder = builder.tls_danger_accept_invalid_certs(true);
        }
        if let Some(certificate) = settings.certificate {
            roots::check(certificate)?;
            builder = builder.identity(identity(certificate)?);
        }
        if !settings.proxy || settings.server_name.is_some() {
            builder = builder.no_proxy();
        }
        if let Some(server_name) = settings.server_name {
            builder = builder.dns_resolver(Renamed(server_name.clone()));
        }
        // Where something else is set as well, the library has to put it together.
        let is_plain = settings.certificate.is_none() && !settings.accept_any_certificate;
        let (builder, store, roots) = match settings.authorities {
            Some(authorities) => {
                let builder = roots::given(builder, authorities, settings)?;
                (builder, None, None)
            }
            None if is_plain => {
                let (builder, roots) = roots::on_demand(builder)?;
                (builder, None, Some(roots))
            }
            None => {
                let (builder, store) = roots::trust(builder)?;
                (builder, store, None)
            }
        };
        let client = client::build(builder, store)?;
        Ok(Self { client, roots, stall: settings.stall, server_name: settings.server_name.cloned() })
    }

    /// Sends one request; any status is an answer. Must run inside a tokio runtime with I/O and time.
    ///
    /// # Errors
    /// There is no answer.
    pub async fn send(&self, call: &Call<'_>) -> Result<Answer, Error> {
        self.send_patiently(call, self.stall).await
    }

    /// As [`Self::send`], with a time of its own for which nothing may be heard of the server.
    ///
    /// # Errors
    /// As [`Self::send`].
    pub async fn send_patiently(&self, call: &Call<'_>, stall: Duration) -> Result<Answer, Error> {
        let request = self.request(call)?;
        match call.body.len() {
            0 => self.answered(call, request, None, stall).await,
            // Small enough to be sent at once.
            length if length <= 1 << 16 => {
                let request = request.body(call.body.to_vec());
                self.answered(call, request, Some((0, Arc::default())), stall).await
            }
            length => self.parted(call, Parts::of_bytes(call.body), length as u64, stall).await,
        }
    }

    /// Sends one request whose body of `length` bytes is `parts`; that of the call is not looked at.
    ///
    /// # Errors
    /// As [`Self::send`]; [`Error::Body`] where the parts fail, or are more or less than `length` bytes.
    pub async fn send_parts(&self, call: &Call<'_>, parts: Parts, length: u64) -> Result<Answer, Error> {
        self.parted(call, parts, length, self.stall).await
    }

    async fn parted(
        &self,
        call: &Call<'_>,
        parts: Parts,
        length: u64,
        stall: Duration,
    ) -> Result<Answer, Error> {
        let progress = Arc::new(Progress::of(length));
        let body = Outgoing::new(parts, length, Arc::clone(&progress));
        let request = self.request(call)?.body(reqwest::Body::wrap(body));
        self.answered(call, request, Some((length, progress)), stall).await
    }

    fn request(&self, call: &Call<'_>) -> Result<reqwest::RequestBuilder, Error> {
        let method = match call.method {
            Method::Get => reqwest::Method::GET,
            Method::Head => reqwest::Method::HEAD,
            Method::Post => reqwest::Method::POST,
            Method::Put => reqwest::Method::PUT,
            Method::Delete => reqwest::Method::DELETE,
        };
        let mut url = call.address.url().clone();
        let mut host = None;
        if let Some(server) = self.server_name.as_ref().filter(|server| server.host == call.address.host()) {
            // The proper name stays in the request, the other one goes into TLS.
            let authority = url.authority().rsplit('@').next().unwrap_or_default().to_owned();
            host = Some(authority);
            url.set_host(Some(&server.name)).map_err(|source| Error::Setup(Box::new(source)))?;
        }
        let mut request = self.client.request(method, url).timeout(call.total.time);
        if let Some(host) = host {
            request = request.header(HOST, host);
        }
        for (name, value) in call.headers {
            let invalid = || Error::Header { url: call.address.to_string(), name: (*name).to_owned() };
            let mut value = HeaderValue::from_str(value).map_err(|_| invalid())?;
            value.set_sensitive(name.eq_ignore_ascii_case("authorization"));
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| invalid())?;
            request = request.header(name, value);
        }
        Ok(request)
    }

    /// Waits for the answer, as long as something happens: a body that makes progress is no silence.
    async fn answered(
        &self,
        call: &Call<'_>,
        request: reqwest::RequestBuilder,
        body: Option<(u64, Arc<Progress>)>,
        stall: Duration,
    ) -> Result<Answer, Error> {
        /// What a server may need to digest a body: bytes in a second.
        const DIGESTION: u64 = 16 << 20;
        let clock = Clock { started: Instant::now(), total: call.total, stall };
        let mut sending = pin!(request.send());
        let (length, progress) = body.unwrap_or_default();
        let patience = stall + Duration::from_secs(length / DIGESTION);
        let (mut sent, mut heard) = (0, Instant::now());
        let sent_off = loop {
            let limit = if progress.sent() < length { stall } else { patience };
            let left = limit.saturating_sub(heard.elapsed());
            let tick = if length == 0 { left } else { left.min(stall / 4) };
            match tokio::time::timeout(tick, &mut sending).await {
                Ok(sent_off) => break sent_off,
                Err(_) if progress.sent() > sent => (sent, heard) = (progress.sent(), Instant::now()),
                Err(_) if heard.elapsed() >= limit => {
                    return Err(Error::Timeout {
                        url: call.address.to_string(),
                        limit: if limit < call.total.time { limit } else { call.total.named },
                    });
                }
                Err(_) => {}
            }
        };
        match (sent_off, progress.failure()) {
            (Ok(response), _) => {
                let work = body::counted("receiving", response.content_length());
                Ok(Answer { address: call.address.clone(), response, clock, work })
            }
            (Err(_), Some(source)) => Err(Error::Body { url: call.address.to_string(), source }),
            (Err(error), None) => {
                let failure = self.roots.as_ref().and_then(roots::OnDemand::failure);
                Err(failure.unwrap_or_else(|| clock.error(call.address, error)))
            }
        }
    }
}

/// What a server answered.
#[derive(Debug)]
pub struct Answer {
    address: Address,
    response: reqwest::Response,
    clock: Clock,
    work: Option<Work>,
}

impl Answer {
    /// The address that answered.
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// The status code.
    pub fn status(&self) -> u16 {
        self.response.status().as_u16()
    }

    /// The first header of this name, in lower case; `None` also where its value is no text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.response.headers().get(name)?.to_str().ok()
    }

    /// Every header of this name that is text.
    pub fn headers(&self, name: &str) -> impl Iterator<Item = &str> {
        self.response.headers().get_all(name).iter().filter_map(|value| value.to_str().ok())
    }

    /// The length that the server announces.
    pub fn announced_length(&self) -> Option<u64> {
        self.header("content-length")?.parse().ok()
    }

    /// The next part of the body into `buffer`, whose content is replaced; `false` at the end.
    ///
    /// # Errors
    /// The connection broke, or nothing was heard for too long.
    pub async fn chunk(&mut self, buffer: &mut Vec<u8>) -> Result<bool, Error> {
        buffer.clear();
        let timeout = || Error::Timeout { url: self.address.to_string(), limit: self.clock.stall };
        match tokio::time::timeout(self.clock.stall, self.response.chunk()).await {
            Ok(Ok(Some(chunk))) => {
                buffer.extend_from_slice(&chunk);
                self.work.iter().for_each(|work| work.add(chunk.len() as u64));
                Ok(true)
            }
            Ok(Ok(None)) => Ok(false),
            Ok(Err(error)) => Err(self.clock.error(&self.address, error)),
            Err(_) => Err(timeout()),
        }
    }

    /// Reads what is left of a short body that nobody looks at, so that the connection is good for the next request.
    pub async fn discard(mut self) {
        const SHORT: u64 = 1 << 14;
        const SOON: Duration = Duration::from_millis(250);
        if self.announced_length().is_some_and(|length| length <= SHORT) {
            let mut buffer = Vec::new();
            let reading = async { while let Ok(true) = self.chunk(&mut buffer).await {} };
            // Whether all of it came makes no difference but to the time of the next request.
            let _ = tokio::time::timeout(SOON, reading).await;
        }
    }

    /// The whole body, of at most `limit` bytes.
    ///
    /// # Errors
    /// As [`Self::chunk`]; [`Error::TooLarge`], from the announced length where there is one.
    pub async fn body(mut self, limit: u64) -> Result<Vec<u8>, Error> {
        let too_large = || Error::TooLarge { url: self.address.to_string(), limit };
        if self.announced_length().is_some_and(|length| length > limit) {
            return Err(too_large());
        }
        let (mut body, mut buffer) = (Vec::new(), Vec::new());
        while self.chunk(&mut buffer).await? {
            if (body.len() + buffer.len()) as u64 > limit {
                return Err(Error::TooLarge { url: self.address.to_string(), limit });
            }
            body.extend_from_slice(&buffer);
        }
        Ok(body)
    }
}

/// Since when, and how long.
#[derive(Debug, Clone, Copy)]
struct Clock {
    started: Instant,
    total: Total,
    stall: Duration,
}

impl Clock {
    fn error(&self, address: &Address, error: reqwest::Error) -> Error {
        // What ended a request before its time was up is the silence.
        let is_silence = self.started.elapsed() < self.total.time && self.stall < self.total.time;
        let limit = if is_silence { self.stall } else { self.total.named };
        client::error_of(&address.to_string(), limit, error)
    }
}

fn identity(certificate: &ClientCertificate) -> Result<reqwest::Identity, Error> {
    // The one form that the TLS library takes: both in one text. It is wiped with the secret.
    let mut both = certificate.certificate.clone();
    both.push(b'\n');
    both.extend_from_slice(certificate.key.expose());
    let both = Secret::new(both);
    reqwest::Identity::from_pem(both.expose())
        .map_err(|_| Error::ClientCertificate { name: certificate.name.clone() })
}

/// Finds the server by its own name where TLS has another one for it.
struct Renamed(ServerName);

impl Resolve for Renamed {
    fn resolve(&self, name: Name) -> Resolving {
        let wanted =
            if name.as_str() == self.0.name { self.0.host.clone() } else { name.as_str().to_owned() };
        let (sender, receiver) = tokio::sync::oneshot::channel();
        // A thread of its own, which the end of the program does not wait for.
        std::thread::spawn(move || drop(sender.send(lookup(&wanted))));
        Box::pin(async move {
            let addresses: Addrs = Box::new(receiver.await??.into_iter());
            Ok(addresses)
        })
    }
}

/// The addresses of a host.
pub(super) fn lookup(host: &str) -> Result<Vec<SocketAddr>, Box<dyn std::error::Error + Send + Sync>> {
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, 0)]);
    }
    #[cfg(all(target_os = "linux", target_env = "gnu", target_feature = "crt-static"))]
    let found = super::names::system_lookup(host)?.into_iter().map(|a| SocketAddr::new(a, 0)).collect();
    #[cfg(not(all(target_os = "linux", target_env = "gnu", target_feature = "crt-static")))]
    let found = std::net::ToSocketAddrs::to_socket_addrs(&(host, 0))?.collect();
    Ok(found)
}
