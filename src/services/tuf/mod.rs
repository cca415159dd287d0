//! TUF repositories (The Update Framework, specification version 1.0.34), from which trust material comes.
//!
//! A client of our own: `sigstore-tuf`, the one crate that reads all of Sigstore's repositories, counts two ids of one key as two
//! keys, reads documents with members that appear twice, and makes one unknown pattern of a delegation the end of all others.

mod client;
mod delegation;
mod error;
mod key;
mod known;
mod metadata;
#[cfg(feature = "http")]
mod remote;
mod trusted;

pub use client::{Client, Nowhere, Source, Store};
pub use error::{Error, Failure};
pub use known::{Known, SIGSTORE, STAGING, folder_of, is_folder_of_known, known, mirror_of};
#[cfg(feature = "http")]
pub use remote::Remote;

/// The version of a root that its own keys signed.
///
/// # Errors
/// It is malformed, or not signed.
pub fn root_version(root: &[u8]) -> Result<u64, Error> {
    // Expiry is no matter here.
    let trusted = trusted::Trusted::begin(root, crate::crypto::UnixTime::from_seconds(0))?;
    Ok(trusted.root().version)
}

/// Whether a root is the one that comes right after another one, signed by those who sign it and by its own keys.
pub fn succeeds(before: &[u8], after: &[u8]) -> bool {
    let trusted = trusted::Trusted::begin(before, crate::crypto::UnixTime::from_seconds(0));
    trusted.is_ok_and(|mut trusted| trusted.update_root(after).is_ok())
}
