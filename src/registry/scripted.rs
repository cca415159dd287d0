//! Clients of a scripted registry.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::time::Duration;

use super::auth::{Credentials, GivenCredentials, Keychain};
use super::client::{Client, Connection};
use super::reference::{Registry, Repository};
use crate::crypto::Secret;
pub(super) use crate::http::scripted::{Reply, Seen, Served, reply, run, serve, serve_on};

impl Served {
    pub(super) fn registry(&self) -> Registry {
        Registry::parse(&self.address.to_string()).unwrap()
    }

    pub(super) fn repository(&self) -> Repository {
        Repository::parse(&format!("{}/app/one", self.address)).unwrap()
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
