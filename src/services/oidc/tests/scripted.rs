//! Servers on loopback whose every answer a test decides, tokens, and a world without anybody in it.

use std::collections::HashMap;
use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

use super::super::super::Connection;
use super::*;
use crate::crypto::base64;

/// What somebody types who takes too long.
pub const LATE: &str = "late";
/// The time of all tests.
pub const NOW: i64 = 1_800_000_000;

/// A token with these claims beside what every token has; a member that is null is left out.
pub fn token(claims: Value) -> String {
    let mut all = json!({
        "iss": "https://issuer.example", "sub": "subject", "aud": "sigstore",
        "exp": NOW + 600, "iat": NOW,
    });
    let members = all.as_object_mut().unwrap();
    for (name, value) in claims.as_object().unwrap() {
        members.insert(name.clone(), value.clone());
        if value.is_null() {
            members.remove(name);
        }
    }
    compact(&json!({ "alg": "ES256", "typ": "JWT", "kid": "1" }), &all)
}

pub fn compact(header: &Value, claims: &Value) -> String {
    let part = |value: &Value| base64::encode_url(value.to_string());
    format!("{}.{}.{}", part(header), part(claims), base64::encode_url([7; 64]))
}

/// A request as it came.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// Method and path: `GET /x`.
    pub line: String,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Seen {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub fn is(&self, line: &str) -> bool {
        self.line.split('?').next() == Some(line)
    }

    /// The pairs of the form in the body.
    pub fn form(&self) -> HashMap<String, String> {
        crate::http::Address::parse(&format!("http://form/?{}", self.body))
            .unwrap()
            .query()
            .into_iter()
            .collect()
    }
}

/// An answer: status, headers, body.
pub type Scripted = (u16, Vec<(&'static str, String)>, Vec<u8>);

pub fn ok(body: impl ToString) -> Scripted {
    (200, Vec::new(), body.to_string().into_bytes())
}

pub fn status(status: u16, body: impl ToString) -> Scripted {
    (status, Vec::new(), body.to_string().into_bytes())
}

pub fn redirect(to: &str) -> Scripted {
    (302, vec![("Location", to.to_owned())], Vec::new())
}

/// A server.
#[derive(Clone)]
pub struct Served {
    pub address: SocketAddr,
    pub url: String,
    requests: Arc<Mutex<Vec<Seen>>>,
}

impl Served {
    /// The requests so far.
    pub fn requests(&self) -> Vec<Seen> {
        self.requests.lock().unwrap().clone()
    }
}

/// Serves on `127.0.0.1`; what answers is told the address of the server.
pub fn serve(answer: impl Fn(&str, &Seen) -> Scripted + Send + 'static) -> Served {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let url = format!("http://{address}");
    let requests = Arc::new(Mutex::new(Vec::new()));
    let served = Served { address, url: url.clone(), requests: Arc::clone(&requests) };
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            if let Some(seen) = read(&mut stream) {
                requests.lock().unwrap().push(seen.clone());
                let (status, headers, body) = answer(&url, &seen);
                let headers: String =
                    headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
                let head = format!(
                    "HTTP/1.1 {status} X\r\nContent-Length: {}\r\nConnection: close\r\n{headers}\r\n",
                    body.len()
                );
                let _ = stream.write_all(head.as_bytes());
                let _ = stream.write_all(&body);
            }
        }
    });
    served
}

fn read(stream: &mut TcpStream) -> Option<Seen> {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        if stream.read(&mut byte).ok()? == 0 {
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

/// A client that tries nothing twice and knows no proxies.
fn within(total: Duration) -> Client {
    Client::new(Connection {
        proxy: false,
        retry_for: Duration::ZERO,
        total,
        stall: Duration::from_secs(5),
        ..Connection::default()
    })
}

pub fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// The whole error, with all beneath it.
pub fn told(error: &dyn std::error::Error) -> String {
    std::iter::successors(Some(error), |error| error.source())
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ")
}

/// What becomes of an address that a browser is to open.
pub type Visit = Box<dyn Fn(&str) + Send>;

/// A world that is made up.
pub struct Scene {
    pub variables: HashMap<&'static str, String>,
    pub places: Places,
    /// What becomes of an address that a browser is to open; no browser where there is none.
    pub browser: Option<Visit>,
    pub terminal: bool,
    /// Lines that somebody types.
    pub typed: Vec<&'static str>,
    /// Lines that were shown.
    pub said: Vec<String>,
    /// How long all may take.
    pub total: Duration,
    _folder: tempfile::TempDir,
}

impl Scene {
    /// Nobody there, and nothing anywhere.
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let places = Places {
            token_file: folder.path().join("oidc-token"),
            product_name: folder.path().join("product_name"),
            spiffe_socket: folder.path().join("api.sock"),
            metadata: "http://127.0.0.1:1".to_owned(),
            iam_credentials: "http://127.0.0.1:1".to_owned(),
            google_token: "http://127.0.0.1:1/token".to_owned(),
        };
        Self {
            variables: HashMap::new(),
            places,
            browser: None,
            terminal: false,
            typed: Vec::new(),
            said: Vec::new(),
            total: Duration::from_secs(30),
            _folder: folder,
        }
    }

    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.variables.insert(name, value.to_string());
        self
    }

    /// Gets a token.
    pub fn token(&mut self, request: &TokenRequest<'_>) -> Result<IdentityToken, Error> {
        let client = within(self.total);
        self.within(|world| run(identity_token(&client, request, world)))
    }

    /// Looks whether there can be a token.
    pub fn foresee(&mut self, request: &TokenRequest<'_>) -> Result<(), Error> {
        self.within(|world| run(foresee(request, world)))
    }

    fn within<T>(&mut self, ask: impl FnOnce(&mut World<'_>) -> T) -> T {
        let variables = self.variables.clone();
        let lookup = move |name: &str| variables.get(name).map(OsString::from);
        let mut browser = ScriptedBrowser(self.browser.as_deref());
        let mut dialogue =
            ScriptedDialogue { terminal: self.terminal, typed: &mut self.typed, said: &mut self.said };
        let mut world = World {
            now: UnixTime::from_seconds(NOW),
            variables: &lookup,
            places: self.places.clone(),
            browser: &mut browser,
            dialogue: &mut dialogue,
        };
        ask(&mut world)
    }

    /// Why there is no token, all of it.
    pub fn refusal(&mut self, request: &TokenRequest<'_>) -> String {
        told(&self.token(request).unwrap_err())
    }

    /// What providers offer.
    pub fn offers(&self) -> HashMap<&'static str, Offer> {
        let lookup = |name: &str| self.variables.get(name).map(OsString::from);
        let around =
            Surroundings { now: UnixTime::from_seconds(NOW), variables: &lookup, places: &self.places };
        run(offers(&around)).into_iter().collect()
    }
}

struct ScriptedBrowser<'a>(Option<&'a (dyn Fn(&str) + Send)>);

impl Browser for ScriptedBrowser<'_> {
    fn open(&mut self, url: &str) -> io::Result<()> {
        match self.0 {
            Some(visit) => {
                visit(url);
                Ok(())
            }
            None => Err(io::Error::new(io::ErrorKind::NotFound, "there is no display")),
        }
    }
}

struct ScriptedDialogue<'a> {
    terminal: bool,
    typed: &'a mut Vec<&'static str>,
    said: &'a mut Vec<String>,
}

impl Dialogue for ScriptedDialogue<'_> {
    fn is_interactive(&self) -> bool {
        self.terminal
    }

    fn say(&mut self, line: &str) {
        self.said.push(line.to_owned());
    }

    fn warn(&mut self, line: &str) {
        self.said.push(format!("WARNING: {line}"));
    }

    fn line(&mut self, question: &str, patience: Duration) -> io::Result<String> {
        self.said.push(question.to_owned());
        if self.typed.first() == Some(&LATE) {
            self.said.push(format!("waited for {} seconds", patience.as_secs()));
            return Err(io::ErrorKind::TimedOut.into());
        }
        if self.typed.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(self.typed.remove(0).to_owned())
    }
}
