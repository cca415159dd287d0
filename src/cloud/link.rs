//! What is on a link of this machine: the agents of containers, and the metadata of machines. They are asked over http, and nobody is in between.

use std::time::Duration;

use super::Error;
use crate::http::Address;
use crate::http::service::asking::guarded;
use crate::http::service::{Client, Connection};

/// A client without a proxy. Who is there answers at once.
pub(super) fn client(retry_for: Duration, total: Duration, stall: Duration) -> Client {
    Client::new(Connection { proxy: false, retry_for, total, stall, ..Connection::default() })
}

/// An address in the variable `name` that may be sent a token: at a host of which `is_known` says so by http too, else as everywhere.
///
/// # Errors
/// It is no such address.
pub(super) fn address(name: &str, url: &str, is_known: impl Fn(&str) -> bool) -> Result<Address, Error> {
    match Address::parse(url) {
        Ok(address) if is_known(address.host()) && !address.has_credentials() => Ok(address),
        _ => Ok(guarded(name, url)?),
    }
}
