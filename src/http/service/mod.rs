//! The one way in which services are asked: Sigstore's, the issuers of tokens, those that hold keys.
//!
//! One policy of trying again, one bound of time and size, no way to another origin, and nothing secret in what is shown.

pub mod asking;
mod client;
mod error;
#[cfg(test)]
pub(crate) mod scripted;
mod secrecy;

pub use client::{Ask, Client, Connection, Reply, below, shown};
pub use error::{Error, Service, said};
pub use secrecy::Sent;
