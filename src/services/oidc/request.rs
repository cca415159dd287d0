//! What is asked for, and the world in which it is looked for.

use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use crate::cloud::google;
use crate::crypto::{Secret, UnixTime};

/// The issuer of Sigstore's public instance.
pub const PUBLIC_ISSUER: &str = "https://oauth2.sigstore.dev/auth";
/// What tokens for Sigstore are made out to, and the client that its issuer knows.
pub const SIGSTORE: &str = "sigstore";

/// How somebody logs in (`--fulcio-auth-flow`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    /// A client with a secret of its own, and nobody else (RFC 6749 section 4.4).
    ClientCredentials,
    /// A code that is typed in elsewhere (RFC 8628).
    Device,
    /// A browser (RFC 6749 section 4.1, with RFC 7636).
    Normal,
    /// A token that there is already.
    Token,
}

impl Flow {
    /// All of them, by the names that the flag takes.
    pub const NAMES: [(&'static str, Self); 4] = [
        ("normal", Self::Normal),
        ("device", Self::Device),
        ("token", Self::Token),
        ("client_credentials", Self::ClientCredentials),
    ];

    /// The one of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(known, _)| *known == name).map(|(_, flow)| *flow)
    }
}

/// Which token is wanted.
#[derive(Debug, Clone, Copy)]
pub struct TokenRequest<'a> {
    /// The token, or the name of a file that holds it (`--identity-token`).
    pub given: Option<&'a str>,
    /// The one provider that is asked (`--oidc-provider`).
    pub provider: Option<&'a str>,
    /// Whether the environment is looked at where none is named (not `--oidc-disable-ambient-providers`).
    pub ambient: bool,
    /// How to log in; `None` is decided by what there is.
    pub flow: Option<Flow>,
    /// The issuer for logging in (`--oidc-issuer`); empty where none is known.
    pub issuer: &'a str,
    /// The client there (`--oidc-client-id`).
    pub client_id: &'a str,
    /// Its secret, the content of `--oidc-client-secret-file`; one final line end is dropped.
    pub client_secret: Option<&'a Secret>,
    /// Where the issuer sends the browser to; `None` is a port on loopback that is free (`--oidc-redirect-url`).
    pub redirect_url: Option<&'a str>,
    /// For whom providers are asked to make the token.
    pub audience: &'a str,
}

impl Default for TokenRequest<'_> {
    fn default() -> Self {
        Self {
            given: None,
            provider: None,
            ambient: true,
            flow: None,
            issuer: PUBLIC_ISSUER,
            client_id: SIGSTORE,
            client_secret: None,
            redirect_url: None,
            audience: SIGSTORE,
        }
    }
}

/// Starts browsers.
pub trait Browser {
    /// Shows the page at this address, without waiting for the end of it.
    ///
    /// # Errors
    /// There is no browser, or it cannot be started.
    fn open(&mut self, url: &str) -> io::Result<()>;
}

/// The person in front of the program, if there is one.
pub trait Dialogue {
    /// Whether somebody sits at a terminal.
    fn is_interactive(&self) -> bool;
    /// Tells something.
    fn say(&mut self, line: &str);
    /// Tells something to think about.
    fn warn(&mut self, line: &str);
    /// Asks for a line, and waits for it no longer than `patience`.
    ///
    /// # Errors
    /// There is nobody, or the line cannot be read; `TimedOut`: it does not come.
    fn line(&mut self, question: &str, patience: Duration) -> io::Result<String>;
}

/// What there is beside the services.
pub struct World<'a> {
    /// The time at the beginning.
    pub now: UnixTime,
    /// The environment.
    pub variables: &'a dyn Fn(&str) -> Option<OsString>,
    /// Where the providers look.
    pub places: Places,
    /// Browsers.
    pub browser: &'a mut dyn Browser,
    /// The person.
    pub dialogue: &'a mut dyn Dialogue,
}

/// Files and servers that providers have at fixed places.
#[derive(Debug, Clone)]
pub struct Places {
    /// The token of the provider `filesystem`.
    pub token_file: PathBuf,
    /// The socket of the Workload API where no variable names it.
    pub spiffe_socket: PathBuf,
    /// Google's.
    pub google: google::Places,
}

impl Default for Places {
    fn default() -> Self {
        Self {
            token_file: "/var/run/sigstore/cosign/oidc-token".into(),
            spiffe_socket: "/tmp/spire-agent/public/api.sock".into(),
            google: google::Places::default(),
        }
    }
}
