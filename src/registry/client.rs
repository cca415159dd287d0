//! The client: one conversation with each registry, with what it asked for remembered, so that nothing is asked twice.
//!
//! Every document and every blob is compared with its digest before anybody sees it whole. No redirection is followed by
//! the transport: it happens here, where credentials stay behind.

mod request;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Semaphore, SemaphorePermit};

use super::auth::{Access, Keychain, Rules, Session};
use super::error::{Error, Refusal, said_by};
use super::reference::{Registry, Repository};
use crate::crypto::{Digest, Secret};
use crate::http::{
    self, Address, Answer, Authorities, Call, ClientCertificate, Exchange, Method, ServerName, Total,
};

use request::target;
pub(super) use request::{Content, Request, To};

const MAX_REDIRECTS: usize = 5;
/// How many large documents are read at a time.
const LARGE_AT_ONCE: usize = 2;
/// How long one request for something small may take, from the first byte to the last.
const SMALL: Duration = Duration::from_secs(60);
/// How many documents may be on their way at a time: of 4 MiB each, that is the memory that metadata may take.
const AT_A_TIME: usize = 16;

/// How registries are reached.
#[derive(Debug)]
pub struct Connection {
    /// Certificate authorities in place of those of the platform.
    pub authorities: Option<Authorities>,
    /// The certificate to show to registries, and to nobody else.
    pub certificate: Option<ClientCertificate>,
    /// The name that a registry's certificate must bear in place of the registry's own.
    pub server_name: Option<String>,
    /// Whether any certificate will do.
    pub accept_any_certificate: bool,
    /// Whether registries may be spoken to without TLS; those of this machine always may.
    pub plain_http: bool,
    /// Hosts of token servers that may get credentials.
    pub token_servers: Vec<String>,
    /// How long what fails is tried again.
    pub retry_for: Duration,
    /// How long all of it may take.
    pub total: Duration,
    /// How long nothing may be heard of a server.
    pub stall: Duration,
}

/// Talks to registries.
#[derive(Debug)]
pub struct Client {
    connection: Connection,
    keychain: Keychain,
    started: Instant,
    shared: [OnceLock<Arc<Exchange>>; 2],
    hosts: Mutex<HashMap<Registry, Arc<Host>>>,
    /// Documents on their way, of all that run at the same time.
    turns: Semaphore,
    /// Turns for documents that are large for what they are.
    pub(super) large: Semaphore,
    written: Mutex<Written>,
}

/// What is known of repositories that are written to.
#[derive(Debug, Default)]
pub(super) struct Written {
    /// Blobs that were written.
    pub blobs: HashSet<(Repository, Digest)>,
    /// Where uploads go that were begun and have no content yet.
    pub uploads: HashMap<Repository, Vec<Address>>,
    /// Those whose registry does not list referrers itself.
    pub without_referrers: HashSet<Repository>,
}

/// One registry.
#[derive(Debug)]
struct Host {
    registry: Registry,
    /// Its addresses, without TLS and with it.
    bases: [Address; 2],
    /// To the registry, with the certificate that only it is shown.
    own: Arc<Exchange>,
    /// To token servers elsewhere.
    other: Arc<Exchange>,
    tls: OnceLock<bool>,
    /// Held by the one who finds out whether the registry speaks TLS.
    probe: tokio::sync::Mutex<()>,
    session: Session,
}

impl Host {
    fn base(&self, tls: bool) -> Address {
        let [plain, secure] = &self.bases;
        if tls { secure.clone() } else { plain.clone() }
    }
}

impl Client {
    /// A client that has asked nothing yet.
    pub fn new(connection: Connection, keychain: Keychain) -> Self {
        Self {
            connection,
            keychain,
            started: Instant::now(),
            shared: Default::default(),
            hosts: Mutex::new(HashMap::new()),
            turns: Semaphore::new(AT_A_TIME),
            large: Semaphore::new(LARGE_AT_ONCE),
            written: Mutex::default(),
        }
    }

    /// With so many documents on their way at a time, whoever asks for them.
    #[must_use]
    pub fn with_turns(self, number: usize) -> Self {
        Self { turns: Semaphore::new(number.max(1)), ..self }
    }

    /// Waits for a turn to fetch a document. Whoever has one must not wait for another.
    pub(super) async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        // It is never closed.
        self.turns.acquire().await.ok()
    }

    /// What was written.
    pub(super) fn written(&self) -> MutexGuard<'_, Written> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Checks that `registry` takes the credentials of the keychain; whether it asked for any.
    ///
    /// # Errors
    /// It does not, or does not answer.
    pub async fn check_login(&self, registry: &Registry) -> Result<bool, Error> {
        let access = Access { repository: None, actions: "", from: None };
        let request = Request {
            method: Method::Get,
            to: To::Path("/v2/"),
            accept: "*/*",
            access: &access,
            large: 0,
            content: Content::None,
        };
        self.retried(async || {
            let (answer, asked) = self.send_asked(registry, &request).await?;
            match answer.status() {
                200..=299 => {
                    answer.discard().await;
                    Ok(asked)
                }
                _ => Err(Error::status(answer).await),
            }
        })
        .await
    }

    /// Does `attempt` until it succeeds, fails for good, or there is no time left.
    pub(super) async fn retried<T>(&self, attempt: impl AsyncFn() -> Result<T, Error>) -> Result<T, Error> {
        http::until(self.retry_for(), attempt).await
    }

    /// How long what failed may be tried again.
    pub(super) fn retry_for(&self) -> Duration {
        self.connection.retry_for.min(self.left())
    }

    /// Sends one request; redirections are followed, a challenge is answered. What is left is the caller's to judge, but for
    /// 401 and 403.
    pub(super) async fn send(&self, registry: &Registry, request: &Request<'_>) -> Result<Answer, Error> {
        Ok(self.send_asked(registry, request).await?.0)
    }

    /// As [`Self::send`]; also whether the registry asked for credentials.
    async fn send_asked(&self, registry: &Registry, request: &Request<'_>) -> Result<(Answer, bool), Error> {
        let host = self.host(registry)?;
        let (base, (mut answer, mut used)) = self.first(&host, request).await?;
        let (mut hops, mut answered) = (0, false);
        loop {
            let own = answer.address().is_same_origin(&base);
            let next = match answer.status() {
                301 | 302 | 303 | 307 | 308 => {
                    hops += 1;
                    let next = redirection(&answer, hops, request.method)?;
                    answer.discard().await;
                    next
                }
                401 if own && !answered => {
                    answered = true;
                    let address = answer.address().clone();
                    let header = self.challenged(&host, answer, request.access, used.as_ref()).await?;
                    answer = self.exchange(&host.own, &address, request, Some(&header)).await?;
                    used = Some(header);
                    continue;
                }
                401 | 403 if own => return Err(self.refusal(&host, answer, request.access).await?),
                _ => {
                    let asked = answered || host.session.is_challenged();
                    return Ok((answer, asked));
                }
            };
            (answer, used) = self.to(&host, &base, &next, request).await?;
        }
    }

    /// To an address that the registry chose. Credentials go to the registry alone, wherever it points. Also what was shown.
    async fn to(
        &self,
        host: &Host,
        base: &Address,
        address: &Address,
        request: &Request<'_>,
    ) -> Result<(Answer, Option<Secret>), Error> {
        if !address.is_same_origin(base) {
            return Ok((self.exchange(&*self.shared(true)?, address, request, None).await?, None));
        }
        let header = host.session.header(request.access, &self.rules(host, base.is_https())).await?;
        Ok((self.exchange(&host.own, address, request, header.as_ref()).await?, header))
    }

    /// The address of the registry, and the first answer: over TLS, or without where that is allowed and the server does not
    /// speak TLS. Of several first requests, one finds that out, and the others wait for it.
    async fn first(
        &self,
        host: &Host,
        request: &Request<'_>,
    ) -> Result<(Address, (Answer, Option<Secret>)), Error> {
        let may_be_plain = host.registry.is_loopback() || self.connection.plain_http;
        let known = || host.tls.get().copied().or((!may_be_plain).then_some(true));
        let probing = match known() {
            Some(_) => None,
            None => Some(host.probe.lock().await),
        };
        if let Some(tls) = known() {
            drop(probing);
            let base = host.base(tls);
            let answer = self.to(host, &base, &target(&base, request)?, request).await?;
            return Ok((base, answer));
        }
        let start = host.base(true);
        let error = match self.exchange(&host.own, &target(&start, request)?, request, None).await {
            Ok(answer) => {
                let _ = host.tls.set(true);
                return Ok((start, (answer, None)));
            }
            Err(error) => error,
        };
        // A certificate that is refused is no reason to do without.
        match &error {
            Error::Http(error) if error.is_connect() && !error.is_certificate() => {
                if error.is_not_tls() {
                    let _ = host.tls.set(false);
                    drop(probing);
                }
            }
            _ => return Err(error),
        }
        let start = host.base(false);
        let answer = self.exchange(&host.own, &target(&start, request)?, request, None).await?;
        let _ = host.tls.set(false);
        Ok((start, (answer, None)))
    }

    async fn exchange(
        &self,
        exchange: &Exchange,
        address: &Address,
        request: &Request<'_>,
        header: Option<&Secret>,
    ) -> Result<Answer, Error> {
        let mut headers = vec![("accept", request.accept)];
        if let Some(header) = header {
            let text = std::str::from_utf8(header.expose()).map_err(|_| Error::CredentialsNotText)?;
            headers.push(("authorization", text));
        }
        let total = self.time_for(request.large);
        let mut call = Call { method: request.method, address, headers: &headers, body: b"", total };
        let mut typed = headers.clone();
        let answer = match request.content {
            Content::None => exchange.send(&call).await?,
            Content::Bytes(media_type, body) => {
                typed.push(("content-type", media_type));
                call = Call { headers: &typed, body, ..call };
                exchange.send(&call).await?
            }
            Content::Parts(length, open) => {
                typed.push(("content-type", "application/octet-stream"));
                call = Call { headers: &typed, ..call };
                exchange.send_parts(&call, open.open().await?, length).await?
            }
        };
        Ok(answer)
    }

    async fn challenged(
        &self,
        host: &Host,
        answer: Answer,
        access: &Access,
        used: Option<&Secret>,
    ) -> Result<Secret, Error> {
        let offered: Vec<_> = answer.headers("www-authenticate").map(str::to_owned).collect();
        let rules = self.rules(host, answer.address().is_https());
        match host.session.answer(&offered, access, &rules, used).await? {
            Some(header) => {
                answer.discard().await;
                Ok(header)
            }
            None => Err(self.refusal(host, answer, access).await?),
        }
    }

    async fn refusal(&self, host: &Host, answer: Answer, access: &Access) -> Result<Error, Error> {
        let rules = self.rules(host, answer.address().is_https());
        let known = host.session.refusal(access, &rules).await?;
        Ok(Error::refused(Refusal {
            registry: host.registry.to_string(),
            status: answer.status(),
            said: said_by(answer).await,
            ..known
        }))
    }

    fn rules<'a>(&'a self, host: &'a Host, tls: bool) -> Rules<'a> {
        Rules {
            keychain: &self.keychain,
            allowed: &self.connection.token_servers,
            own: &host.own,
            other: &host.other,
            tls,
            certified: !self.connection.accept_any_certificate,
            total: self.time_for(0),
        }
    }

    fn host(&self, registry: &Registry) -> Result<Arc<Host>, Error> {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(host) = hosts.get(registry) {
            return Ok(Arc::clone(host));
        }
        let server_name = self
            .connection
            .server_name
            .as_ref()
            .map(|name| ServerName { host: registry.host().to_ascii_lowercase(), name: name.clone() });
        // What is on this machine is not behind a proxy.
        let other = self.shared(!registry.is_loopback())?;
        // One client is enough for all where nothing sets the registry apart.
        let own = if self.connection.certificate.is_none() && server_name.is_none() {
            Arc::clone(&other)
        } else {
            Arc::new(Exchange::new(&http::Settings {
                certificate: self.connection.certificate.as_ref(),
                server_name: server_name.as_ref(),
                proxy: !registry.is_loopback(),
                ..self.settings()
            })?)
        };
        let base = |scheme: &str| Address::parse(&format!("{scheme}://{registry}"));
        let host = Arc::new(Host {
            registry: registry.clone(),
            bases: [base("http")?, base("https")?],
            own,
            other,
            tls: OnceLock::new(),
            probe: tokio::sync::Mutex::default(),
            session: Session::new(registry.clone()),
        });
        hosts.insert(registry.clone(), Arc::clone(&host));
        Ok(host)
    }

    /// To servers that are no registry of ours, by the proxy of the environment or not.
    fn shared(&self, proxy: bool) -> Result<Arc<Exchange>, Error> {
        let [direct, through] = &self.shared;
        let shared = if proxy { through } else { direct };
        if let Some(made) = shared.get() {
            return Ok(Arc::clone(made));
        }
        let made = Arc::new(Exchange::new(&http::Settings { proxy, ..self.settings() })?);
        Ok(Arc::clone(shared.get_or_init(|| made)))
    }

    fn settings(&self) -> http::Settings<'_> {
        http::Settings {
            authorities: self.connection.authorities.as_ref(),
            certificate: None,
            server_name: None,
            accept_any_certificate: self.connection.accept_any_certificate,
            proxy: true,
            stall: self.connection.stall,
        }
    }

    /// How long a request may take: a small document, and `large` bytes at a speed that is no attack; and no longer than the
    /// command has, of which the user knows the whole.
    fn time_for(&self, large: u64) -> Total {
        const SLOWEST: u64 = 16 * 1024;
        let (most, left) = (SMALL.saturating_add(Duration::from_secs(large / SLOWEST)), self.left());
        match most < left {
            true => Total { time: most, named: most },
            false => Total { time: left, named: self.connection.total },
        }
    }

    fn left(&self) -> Duration {
        self.connection.total.saturating_sub(self.started.elapsed())
    }
}

/// The answer that there is nothing, or nothing more to say.
pub(super) async fn ended<T>(answer: Answer, value: T) -> Result<T, Error> {
    answer.discard().await;
    Ok(value)
}

/// Where an answer redirects a request: not more than five times, and never so that it becomes another request.
fn redirection(answer: &Answer, hops: usize, method: Method) -> Result<Address, Error> {
    let next = location(answer)?;
    let elsewhere =
        |reason| Error::Elsewhere { url: answer.address().to_string(), target: next.to_string(), reason };
    if hops > MAX_REDIRECTS {
        return Err(elsewhere("there were 5 redirections before it"));
    }
    let same = matches!(method, Method::Get | Method::Head) || matches!(answer.status(), 307 | 308);
    if !same {
        return Err(elsewhere("what was sent would get lost"));
    }
    Ok(next)
}

/// Where an answer points (`Location`). The same rules as everywhere: not from https to http.
pub(super) fn location(answer: &Answer) -> Result<Address, Error> {
    let url = answer.address().to_string();
    let Some(location) = answer.header("location") else {
        let status = answer.status();
        return Err(Error::Status { url, status, said: None, retry_after: None });
    };
    let next = answer.address().join(location)?;
    let elsewhere = |reason| Error::Elsewhere { url: url.clone(), target: next.to_string(), reason };
    if answer.address().is_https() && !next.is_https() {
        return Err(elsewhere("it has no TLS"));
    }
    if next.has_credentials() {
        return Err(elsewhere("a user or a password stands in it"));
    }
    Ok(next)
}

#[cfg(test)]
mod tests;
