//! Rekor, the transparency log: version 1 ([`v1`]) and version 2 ([`v2`]).
//!
//! A log is told who signed what, and answers with an entry. The entry has to be about what the log was told; whether it is in a
//! log that is trusted is for `verify` to say. Nobody asks a log for its key (CVE-2023-47122).

mod proposed;
pub mod v1;
pub mod v2;

pub use proposed::{Proposed, Verifier};

use super::{Error, Service};
use crate::crypto::DecodeError;
use crate::http::Address;

const SERVICE: Service = Service::Rekor;
/// The longest answer with one entry, in bytes: bodies have a few KiB, but older entries may hold whole attestations.
const MAX_ENTRY: u64 = 8 << 20;

fn answer(address: &Address) -> impl Fn(DecodeError) -> Error {
    let url = address.to_string();
    move |source| Error::Answer { service: SERVICE, url: url.clone(), source }
}

fn mismatch(address: &Address, reason: impl Into<String>) -> Error {
    Error::Mismatch { service: SERVICE, url: address.to_string(), reason: reason.into() }
}

#[cfg(test)]
mod tests;
