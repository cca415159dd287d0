//! Sigstore's services: who hands out identity tokens, certificates, timestamps, log entries and trust material.
//!
//! Nothing that a service answers is believed here: answers are decoded and bounded, and whether they hold is decided by
//! `verify`, against the trusted root. All of them are asked through one [`Client`] with one policy of trying again.

#[cfg(feature = "http")]
pub mod fulcio;
#[cfg(feature = "http")]
pub mod oidc;
#[cfg(feature = "http")]
pub mod rekor;
#[cfg(feature = "http")]
pub mod tsa;
#[cfg_attr(
    not(feature = "http"),
    allow(dead_code, reason = "what is cached is read, and nothing is fetched")
)]
pub mod tuf;

#[cfg(feature = "http")]
pub use crate::http::service::{Client, Connection, Error, Service, shown};
