//! A registry on loopback whose every answer a test decides.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::auth::{Credentials, GivenCredentials, Keychain};
use super::client::{Client, Connection};
use super::reference::{Registry, Repository};
use crate::crypto::Secret;

/// A request as it came.
#[derive(Debug, Clone, Default)]
pub(super) struct Seen {
    /// Method and path: `GET /v2/`.
    pub line: String,
    /// Headers, names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Seen {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub fn authorization(&self) -> Option<&str> {
        assert!(self.headers.iter().filter(|(name, _)| name == "authorization").count() <= 1, "{self:?}");
        self.header("authorization")
    }
}

/// An answer.
#[derive(Debug, Clone, Default)]
pub(super) struct Reply {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
    /// The length that is announced in place of the body's own.
    pub announced: Option<u64>,
    /// Silence after the body.
    pub silence: Duration,
}

pub(super) fn reply(status: u16) -> Reply {
    Reply { status, ..Reply::default() }
}

impl Reply {
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    pub fn challenge(self, value: impl Into<String>) -> Self {
        self.with("WWW-Authenticate", value)
    }
}

/// A server.
pub(super) struct Served {
    pub address: SocketAddr,
    requests: Arc<Mutex<Vec<Seen>>>,
}

impl Served {
    /// The requests so far, which are forgotten.
    pub fn requests(&self) -> Vec<Seen> {
        std::mem::take(&mut *self.requests.lock().unwrap())
    }

    /// Method and path of the requests so far, which are forgotten.
    pub fn lines(&self) -> Vec<String> {
        self.requests().into_iter().map(|seen| seen.line).collect()
    }

    pub fn registry(&self) -> Registry {
        Registry::parse(&self.address.to_string()).unwrap()
    }

    pub fn repository(&self) -> Repository {
        Repository::parse(&format!("{}/app/one", self.address)).unwrap()
    }
}

/// Serves on `127.0.0.1`.
pub(super) fn serve(answer: impl Fn(&Seen) -> Reply + Send + 'static) -> Served {
    serve_on("127.0.0.1", answer)
}

/// Serves on another address of this machine, which is another host.
pub(super) fn serve_on(host: &str, answer: impl Fn(&Seen) -> Reply + Send + 'static) -> Served {
    let listener = TcpListener::bind((host, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let requests = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&requests);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            if let Some(seen) = read(&mut stream) {
                log.lock().unwrap().push(seen.clone());
                write(&mut stream, &answer(&seen));
            }
        }
    });
    Served { address, requests }
}

/// One request; `None` for whoever speaks TLS, or goes away.
fn read(stream: &mut TcpStream) -> Option<Seen> {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        if head == [22] || stream.read(&mut byte).ok()? == 0 {
            return None;
        }
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap();
    let mut lines = head.lines();
    let line = lines.next().unwrap().strip_suffix(" HTTP/1.1").unwrap().to_owned();
    let headers: Vec<_> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    let mut seen = Seen { line, headers, body: String::new() };
    let length = seen.header("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).ok()?;
    seen.body = String::from_utf8(body).unwrap();
    Some(seen)
}

fn write(stream: &mut TcpStream, reply: &Reply) {
    let length = reply.announced.unwrap_or(reply.body.len() as u64);
    let headers: String = reply.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let head = format!(
        "HTTP/1.1 {} Scripted\r\nContent-Length: {length}\r\nConnection: close\r\n{headers}\r\n",
        reply.status
    );
    let _ = stream.write_all(head.as_bytes());
    let _ = stream.write_all(&reply.body);
    let _ = stream.flush();
    if !reply.silence.is_zero() {
        std::thread::sleep(reply.silence);
    }
}

/// A connection that tries nothing twice.
pub(super) fn connection() -> Connection {
    Connection {
        authorities: None,
        certificate: None,
        server_name: None,
        accept_any_certificate: false,
        plain_http: false,
        token_servers: Vec::new(),
        retry_for: Duration::ZERO,
        total: Duration::from_secs(60),
        stall: Duration::from_secs(2),
    }
}

/// A client of nobody.
pub(super) fn anonymous() -> Client {
    Client::new(connection(), Keychain::default())
}

/// A client with these credentials.
pub(super) fn known_as(credentials: Credentials) -> Client {
    Client::new(connection(), keychain(credentials))
}

pub(super) fn keychain(credentials: Credentials) -> Keychain {
    Keychain { given: Some(GivenCredentials { credentials, source: "the test" }), ..Keychain::default() }
}

pub(super) fn user() -> Credentials {
    Credentials::of("u", Secret::new(b"secret".to_vec())).unwrap()
}

/// `Basic` for [`user`].
pub(super) const BASIC: &str = "Basic dTpzZWNyZXQ=";

pub(super) fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}
