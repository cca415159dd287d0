//! The one way in which services are asked.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::super::{
    self as http, Address, Answer, Authorities, Call, ClientCertificate, Exchange, MAX_REDIRECTIONS, Method,
    ServerName,
};
use super::secrecy::Sent;
use super::{Error, Service};
use crate::crypto::Secret;

/// How services are reached.
#[derive(Debug)]
pub struct Connection {
    /// Certificate authorities in place of those of the platform.
    pub authorities: Option<Authorities>,
    /// The certificate to show.
    pub certificate: Option<ClientCertificate>,
    /// The name that the server's certificate must bear in place of its own.
    pub server_name: Option<ServerName>,
    /// Whether any certificate will do.
    pub accept_any_certificate: bool,
    /// Whether the proxies of the environment are used; they never are with `server_name`, nor to this machine.
    pub proxy: bool,
    /// How long what fails is tried again.
    pub retry_for: Duration,
    /// How long all of it may take.
    pub total: Duration,
    /// How long nothing may be heard of a server.
    pub stall: Duration,
}

impl Default for Connection {
    fn default() -> Self {
        Self {
            authorities: None,
            certificate: None,
            server_name: None,
            accept_any_certificate: false,
            proxy: true,
            retry_for: Duration::from_secs(30),
            total: Duration::from_secs(180),
            stall: Duration::from_secs(20),
        }
    }
}

/// Asks services. Costs nothing until the first request.
#[derive(Debug)]
pub struct Client {
    connection: Connection,
    /// Without a proxy, and with those of the environment.
    exchanges: [OnceLock<Exchange>; 2],
    started: Instant,
    /// Milliseconds that do not count.
    excused: AtomicU64,
}

/// One question.
#[derive(Debug)]
pub struct Ask<'a> {
    /// To whom.
    pub service: Service,
    /// How.
    pub method: Method,
    /// Where.
    pub address: &'a Address,
    /// The type of the body; the answer is wanted as `accept`.
    pub content_type: &'static str,
    /// The type of the answer that is wanted.
    pub accept: &'a str,
    /// What goes into `Authorization`.
    pub authorization: Option<&'a Secret>,
    /// What is secret in the body beside what a form calls so: it goes nowhere in the clear, and no error shows it.
    pub secret: Option<&'a Secret>,
    /// Other headers, for the providers of tokens that ask for one.
    pub headers: &'a [(&'a str, &'a str)],
    /// The body; empty is none.
    pub body: &'a [u8],
    /// Statuses besides 2xx that are answers.
    pub accepted: &'a [u16],
    /// The most bytes of the answer.
    pub limit: u64,
    /// Whether what fails in passing is tried again: no for what must not be done twice.
    pub repeat: bool,
}

/// One answer.
#[derive(Debug)]
pub struct Reply {
    /// The status code.
    pub status: u16,
    /// Where something that was made, or is there already, is to be found (`Location`), as written.
    pub location: Option<String>,
    /// Where Rekor v2 has what is there already (`x-log-index`), as written.
    pub log_index: Option<String>,
    /// The header `SCT` of Fulcio's older interface, as written.
    pub sct: Option<String>,
    /// The body.
    pub body: Vec<u8>,
}

/// The address of what a service has at `path`, below the address that it is known by.
///
/// # Errors
/// What the service is known by is no address.
pub fn below(service: Service, url: &str, path: &str) -> Result<Address, Error> {
    Address::parse(&format!("{}{path}", url.trim_end_matches('/')))
        .map_err(|source| Error::Http { service, source })
}

/// An address as it may be shown, also where it is none.
pub fn shown(url: &str) -> String {
    http::Redacted(url).to_string()
}

impl Client {
    /// A client that has asked nothing yet.
    pub fn new(connection: Connection) -> Self {
        Self {
            connection,
            exchanges: Default::default(),
            started: Instant::now(),
            excused: AtomicU64::new(0),
        }
    }

    /// How long somebody is waited for who has to do something elsewhere: no longer than all may take.
    pub fn patience_for(&self, wanted: Duration) -> Duration {
        wanted.min(self.connection.total)
    }

    /// Lets a time not count in which nobody was asked because a person was waited for.
    pub fn excuse(&self, time: Duration) {
        let millis = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        self.excused.fetch_add(millis, Ordering::Relaxed);
    }

    /// Asks, again and again where that may help. Redirections are followed for a GET within the same origin alone; everywhere
    /// else a service that points elsewhere is a failure: nobody chooses where tokens and signatures go but the user.
    ///
    /// # Errors
    /// No answer, or a status that is neither success nor accepted.
    pub async fn ask(&self, ask: &Ask<'_>) -> Result<Reply, Error> {
        let sent = Sent::of(ask);
        if !sent.is_empty() && !ask.address.is_confidential() {
            return Err(Error::Unfit {
                service: ask.service,
                url: ask.address.to_string(),
                reason: "without https everybody on the way could read the token".to_owned(),
            });
        }
        let budget = if ask.repeat { self.connection.retry_for.min(self.left()) } else { Duration::ZERO };
        let mut attempts = http::Attempts::within(budget);
        loop {
            match self.once(ask, &sent).await {
                Ok(reply) => return Ok(reply),
                Err(error) => attempts.again(error).await?,
            }
        }
    }

    async fn once(&self, ask: &Ask<'_>, sent: &Sent) -> Result<Reply, Error> {
        let fail = |source| Error::Http { service: ask.service, source };
        let mut address = ask.address.clone();
        for hop in 1.. {
            let answer = self.send(ask, &address).await.map_err(fail)?;
            let status = answer.status();
            let location = answer.header("location").map(str::to_owned);
            if (200..300).contains(&status) || ask.accepted.contains(&status) {
                let log_index = answer.header("x-log-index").map(str::to_owned);
                let sct = answer.header("sct").map(str::to_owned);
                let body = answer.body(ask.limit).await.map_err(fail)?;
                return Ok(Reply { status, location, log_index, sct, body });
            }
            let next = match (status, ask.method, location) {
                (301 | 302 | 303 | 307 | 308, Method::Get, Some(to)) => match address.join(&to) {
                    Ok(next) => next,
                    Err(_) => {
                        let reason = format!("it points to {}, which is no address", sent.shown(&shown(&to)));
                        let url = address.to_string();
                        return Err(Error::Mismatch { service: ask.service, url, reason });
                    }
                },
                _ => return Err(Error::status(ask.service, answer, ask.body.len(), sent).await),
            };
            if !next.is_same_origin(&address) {
                let reason = format!("it points to {}, where nobody follows", sent.shown(&next.to_string()));
                return Err(Error::Mismatch { service: ask.service, url: address.to_string(), reason });
            }
            let Ok(next) = address.redirected(next.whole(), hop) else { break };
            address = next;
        }
        let reason = format!("it points from place to place more than {MAX_REDIRECTIONS} times");
        Err(Error::Mismatch { service: ask.service, url: ask.address.to_string(), reason })
    }

    async fn send(&self, ask: &Ask<'_>, address: &Address) -> Result<Answer, http::Error> {
        let mut headers = vec![("accept", ask.accept)];
        if !ask.body.is_empty() {
            headers.push(("content-type", ask.content_type));
        }
        if let Some(secret) = ask.authorization {
            let text = std::str::from_utf8(secret.expose()).map_err(|_| http::Error::Header {
                url: address.to_string(),
                name: "authorization".to_owned(),
            })?;
            headers.push(("authorization", text));
        }
        headers.extend_from_slice(ask.headers);
        let total = http::Total { time: self.left(), named: self.connection.total };
        let call = Call { method: ask.method, address, headers: &headers, body: ask.body, total };
        self.exchange(address)?.send_patiently(&call, self.patience(ask)).await
    }

    /// How long nothing may be heard. A log answers an entry when it has taken it in, which is a matter of many seconds.
    fn patience(&self, ask: &Ask<'_>) -> Duration {
        match (ask.service, ask.method) {
            (Service::Rekor, Method::Post) => self.connection.stall.saturating_mul(3),
            _ => self.connection.stall,
        }
    }

    /// What is left of the time.
    fn left(&self) -> Duration {
        let excused = Duration::from_millis(self.excused.load(Ordering::Relaxed));
        (self.connection.total + excused).saturating_sub(self.started.elapsed()).max(Duration::from_millis(1))
    }

    fn exchange(&self, address: &Address) -> Result<&Exchange, http::Error> {
        // A proxy would have what is meant for this machine on another one.
        let proxy = self.connection.proxy && !address.is_loopback();
        let [direct, through] = &self.exchanges;
        let exchange = if proxy { through } else { direct };
        if let Some(made) = exchange.get() {
            return Ok(made);
        }
        let Connection { authorities, certificate, server_name, accept_any_certificate, stall, .. } =
            &self.connection;
        let made = Exchange::new(&http::Settings {
            authorities: authorities.as_ref(),
            certificate: certificate.as_ref(),
            server_name: server_name.as_ref(),
            accept_any_certificate: *accept_any_certificate,
            proxy,
            stall: *stall,
        })?;
        Ok(exchange.get_or_init(|| made))
    }
}
