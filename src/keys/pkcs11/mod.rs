//! Keys in tokens that are reached through a PKCS #11 module: `pkcs11:` references (RFC 7512) and lists of what is there.
//!
//! A module is a library that is loaded into the program and speaks PKCS #11 (OASIS, version 2.40 and 3). Only `driver` names
//! the crate that does so; everything else knows the traits of `token`. No PIN is tried twice, and none is shown.

// A static program has no loader for libraries that is safe to use.
#[cfg(all(feature = "pkcs11", not(all(target_os = "linux", target_feature = "crt-static"))))]
mod driver;
mod error;
mod key;
mod listing;
mod module;
mod pin;
pub(super) mod public;
#[cfg(test)]
mod tests;
#[cfg_attr(
    any(not(feature = "pkcs11"), all(target_os = "linux", target_feature = "crt-static")),
    allow(dead_code, reason = "the driver makes what is in it")
)]
mod token;
mod uri;

pub use error::TokenFailure;
pub(super) use key::{public_key, signing_key};
pub use listing::{KeysOfToken, ListedKey, ListedToken, TokenQuery, list_keys, list_tokens};
pub use uri::{Uri, UriError};
