//! The page on this machine to which the issuer sends the browser back (RFC 8252 section 7.3).
//!
//! Anybody on this machine, and any page in the browser, can come here. Only who knows the state of this very login is
//! listened to; everybody else gets an error, and the login goes on waiting (CVE-2026-24408).

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::super::Error;
use crate::http::Address;

const MAX_HEAD: usize = 1 << 14;
const MAX_CODE: usize = 1 << 12;
/// Browsers open connections ahead of time, on which nothing is said.
const MAX_CONNECTIONS: usize = 64;
/// How long one of them may be silent.
const SILENCE: Duration = Duration::from_secs(10);
const PATH: &str = "/auth/callback";

/// How a login ended.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    /// With a code.
    Code(String),
    /// RFC 6749 section 4.1.2.1: with an error, and what is said about it.
    Refused(String, Option<String>),
}

/// Waits for the browser.
pub struct Callback {
    listener: TcpListener,
    /// `localhost` is either of two addresses; the second one may not be had.
    other: Option<TcpListener>,
    expected: Arc<Expected>,
}

/// What has to come.
#[derive(Debug)]
struct Expected {
    redirect: String,
    path: String,
    state: String,
    issuer: String,
}

impl Callback {
    /// Listens on the address of `wanted`, or on any free port. On this machine alone.
    ///
    /// # Errors
    /// The address is not one of this machine, or is taken.
    pub async fn listen(wanted: Option<&str>, state: &str, issuer: &str) -> Result<Self, Error> {
        let what = || "the redirect URL".to_owned();
        let fail = |reason: String| Error::Address { what: what(), reason };
        let (host, port, path) = match wanted {
            None => ("localhost".to_owned(), 0, PATH.to_owned()),
            Some(wanted) => {
                let address =
                    Address::parse(wanted).map_err(|_| fail(format!("`{wanted}` is not an http address")))?;
                if address.is_https() || !address.is_loopback() || address.has_credentials() {
                    return Err(fail(format!("`{wanted}` is not an http address of this machine")));
                }
                if wanted.contains(['?', '#']) {
                    return Err(fail("there is a query or a fragment in it".to_owned()));
                }
                (address.host().to_owned(), address.port(), address.path().to_owned())
            }
        };
        let first = host.parse().unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
        let taken = |error: io::Error| fail(format!("nobody can listen on {first} port {port}: {error}"));
        let listener = TcpListener::bind((first, port)).await.map_err(taken)?;
        let port = listener.local_addr().map_err(taken)?.port();
        let other = match host.as_str() {
            "localhost" => TcpListener::bind((Ipv6Addr::LOCALHOST, port)).await.ok(),
            _ => None,
        };
        let redirect = match wanted {
            // Issuers compare it letter by letter.
            Some(wanted) if Address::parse(wanted).is_ok_and(|address| address.port() == port) => {
                wanted.to_owned()
            }
            _ if host.contains(':') => format!("http://[{host}]:{port}{path}"),
            _ => format!("http://{host}:{port}{path}"),
        };
        let (state, issuer) = (state.to_owned(), issuer.to_owned());
        Ok(Self { listener, other, expected: Arc::new(Expected { redirect, path, state, issuer }) })
    }

    /// Where the issuer has to send the browser.
    pub fn redirect(&self) -> &str {
        &self.expected.redirect
    }

    /// Waits for the end of the login; `None` is that nobody came in time.
    ///
    /// # Errors
    /// Nothing can be waited for.
    pub async fn wait(self, patience: Duration) -> Result<Option<Outcome>, Error> {
        let mut connections = JoinSet::new();
        let mut deadline = std::pin::pin!(tokio::time::sleep(patience));
        loop {
            let has_room = connections.len() < MAX_CONNECTIONS;
            let accepted = tokio::select! {
                accepted = self.listener.accept(), if has_room => accepted,
                accepted = accept(self.other.as_ref()), if has_room => accepted,
                Some(done) = connections.join_next() => match done {
                    Ok(Some(outcome)) => return Ok(Some(outcome)),
                    Ok(None) | Err(_) => continue,
                },
                () = &mut deadline => return Ok(None),
            };
            match accepted {
                Ok((stream, _)) => {
                    connections.spawn(serve(stream, Arc::clone(&self.expected)));
                }
                // Whoever came has gone, or there are too many files: a moment later that is another matter.
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
    }
}

async fn accept(listener: Option<&TcpListener>) -> io::Result<(TcpStream, std::net::SocketAddr)> {
    match listener {
        Some(listener) => listener.accept().await,
        None => std::future::pending().await,
    }
}

/// One request of one connection; the answer is on its way before the login goes on.
async fn serve(mut stream: TcpStream, expected: Arc<Expected>) -> Option<Outcome> {
    let head = tokio::time::timeout(SILENCE, head(&mut stream)).await.ok()??;
    let verdict = expected.judge(&head);
    let text = verdict.page();
    let written = tokio::time::timeout(SILENCE, async {
        stream.write_all(text.as_bytes()).await?;
        stream.shutdown().await
    });
    // Whether the page is seen makes no difference.
    let _ = written.await;
    match verdict {
        Verdict::Done(outcome) => Some(outcome),
        Verdict::Not(..) => None,
    }
}

/// All up to the empty line; `None` where there is none, or it does not come soon enough.
async fn head(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let (mut head, mut part) = (Vec::new(), [0; 2048]);
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        let read = stream.read(&mut part).await.ok()?;
        if read == 0 || head.len() + read > MAX_HEAD {
            return None;
        }
        head.extend_from_slice(part.get(..read)?);
    }
    Some(head)
}

/// What is thought of a request.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    /// The end of the login.
    Done(Outcome),
    /// Not that; the status, and what is wrong.
    Not(u16, &'static str),
}

impl Expected {
    fn judge(&self, head: &[u8]) -> Verdict {
        const FOREIGN: Verdict = Verdict::Not(400, "This is not the login that was begun.");
        let line = std::str::from_utf8(head).ok().and_then(|head| head.lines().next());
        let words: Vec<&str> = line.unwrap_or_default().split(' ').collect();
        let [method, target, "HTTP/1.1" | "HTTP/1.0"] = words.as_slice() else {
            return Verdict::Not(400, "This is not HTTP.");
        };
        if *method != "GET" {
            return Verdict::Not(405, "This page can only be looked at.");
        }
        let address = target.starts_with('/').then(|| Address::parse(&format!("http://localhost{target}")));
        let Some(Ok(address)) = address else { return Verdict::Not(400, "This is not an address.") };
        if address.path() != self.path {
            return Verdict::Not(404, "There is nothing here.");
        }
        let query = address.query();
        let all = |name: &str| {
            query
                .iter()
                .filter(|(known, _)| known == name)
                .map(|(_, value)| value.as_str())
                .collect::<Vec<_>>()
        };
        if all("state") != [self.state.as_str()] {
            return FOREIGN;
        }
        // RFC 9207: an issuer that says which one it is has to be the one that was asked.
        if all("iss").iter().any(|issuer| *issuer != self.issuer) {
            return FOREIGN;
        }
        match (all("code").as_slice(), all("error").as_slice()) {
            ([code], []) if !code.is_empty() && code.len() <= MAX_CODE => {
                Verdict::Done(Outcome::Code((*code).to_owned()))
            }
            ([], [error]) => {
                let said = all("error_description").first().map(|said| (*said).to_owned());
                Verdict::Done(Outcome::Refused((*error).to_owned(), said))
            }
            _ => Verdict::Not(400, "There is no code."),
        }
    }
}

impl Verdict {
    /// The answer. Nothing that came in is in it, and no other page learns of the address.
    fn page(&self) -> String {
        let (status, title, text) = match self {
            Self::Done(Outcome::Code(_)) => {
                ("200 OK", "You are logged in", "You can close this page and go back to the terminal.")
            }
            Self::Done(Outcome::Refused(..)) => {
                ("200 OK", "The login was refused", "You can close this page. The terminal says why.")
            }
            Self::Not(404, text) => ("404 Not Found", "Not found", *text),
            Self::Not(405, text) => ("405 Method Not Allowed", "Not allowed", *text),
            Self::Not(_, text) => ("400 Bad Request", "Not accepted", *text),
        };
        let body = format!(
            "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>rcosign: {title}</title>\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><meta name=\"color-scheme\" \
             content=\"light dark\"><h1>{title}</h1><p>{text}</p></html>\n"
        );
        format!(
            "HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\n\
             Connection: close\r\nCache-Control: no-store\r\nReferrer-Policy: no-referrer\r\n\
             Content-Security-Policy: default-src 'none'\r\nX-Content-Type-Options: nosniff\r\n\r\n{body}",
            body.len()
        )
    }
}

#[cfg(test)]
mod tests;
