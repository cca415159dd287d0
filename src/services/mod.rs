//! Sigstore's services: who hands out identity tokens, certificates, timestamps, log entries and trust material.
//!
//! Nothing that a service answers is believed here: answers are decoded and bounded, and whether they hold is decided by
//! `verify`, against the trusted root. All of them are asked through one [`Client`] with one policy of trying again.

mod client;
mod error;
pub mod fulcio;
pub mod oidc;
pub mod rekor;
pub mod tsa;
pub mod tuf;

pub use client::{Client, Connection};
pub use error::{Error, Service};
