//! Scripted answers, tokens, and a world without anybody in it.

use std::collections::HashMap;
use std::ffi::OsString;
use std::io;
use std::time::Duration;

use serde_json::{Value, json};

use super::super::super::Connection;
use super::*;
use crate::crypto::base64;
pub use crate::http::scripted::{Reply, Seen, Served, run};
use crate::http::scripted::{reply, serve_knowing};

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

pub fn ok(body: impl ToString) -> Reply {
    status(200, body)
}

pub fn status(status: u16, body: impl ToString) -> Reply {
    reply(status).body(body.to_string())
}

pub fn redirect(to: &str) -> Reply {
    reply(302).with("Location", to)
}

/// Serves on `127.0.0.1`; what answers is told the address of the server.
pub fn serve(answer: impl FnMut(&str, &Seen) -> Reply + Send + 'static) -> Served {
    serve_knowing("127.0.0.1", answer)
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
            spiffe_socket: folder.path().join("api.sock"),
            google: crate::cloud::google::Places {
                product_name: folder.path().join("product_name"),
                metadata: "http://127.0.0.1:1".to_owned(),
                iam_credentials: "http://127.0.0.1:1".to_owned(),
                token: "http://127.0.0.1:1/token".to_owned(),
            },
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
