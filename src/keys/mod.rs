//! Keys that the user names: references to them, files that hold them, and the passwords of those files.
//!
//! Nothing here looks at the environment or at the terminal by itself: variables come in as a closure, questions go
//! through a [`Prompt`].

mod error;
mod load;
mod pair;
mod password;
mod piv;
#[cfg_attr(not(feature = "pkcs11"), allow(dead_code, reason = "no module can be loaded"))]
mod pkcs11;
mod reference;
#[cfg(feature = "http")]
mod service;
#[cfg(not(feature = "http"))]
#[path = "service/none.rs"]
mod service;
#[cfg(feature = "http")]
mod store;
#[cfg(not(feature = "http"))]
#[path = "store/none.rs"]
mod store;
mod terminal;

pub use error::{Error, MISSING};
pub use load::{
    FoundKey, Patience, Sources, check_service, create_key, find_signing_key, load_public_key, look,
};
pub use pair::{KeyPair, load_importable_key};
pub use password::{NewPassword, Passwords, Prompt, StdinUse};
pub use piv::{
    Attestation, Facts, Keeping, ManagementKey, PinPolicy, PivFailure, PivToken, Policies, Slot, TouchPolicy,
};
pub use pkcs11::{
    KeysOfToken, ListedKey, ListedToken, TokenFailure, TokenQuery, Uri, UriError, list_keys, list_tokens,
};
pub use reference::KeyRef;
pub use service::{Failure, PluginKey, ServiceKey};
pub use store::{Store, StoreKey};
pub use terminal::Terminal;

/// The environment variables, by name.
pub type Variables<'a> = &'a dyn Fn(&str) -> Option<std::ffi::OsString>;

#[cfg(test)]
mod tests;
