//! Registries of images (OCI distribution specification 1.1): names, credentials, and the client that reads them.
//!
//! Nothing that a registry answers is believed: what has a digest is compared with it, lists and documents have limits, and
//! credentials go to the registry that they are for and nowhere else. "Not there" is an answer of its own, and never what
//! a failure looks like.

mod attachment;
#[cfg(feature = "http")]
mod auth;
#[cfg(feature = "http")]
mod client;
#[cfg(feature = "http")]
mod content;
mod document;
#[cfg(feature = "http")]
mod error;
#[cfg(feature = "http")]
mod push;
mod reference;
#[cfg(all(test, feature = "http"))]
mod scripted;

#[cfg(feature = "http")]
pub use crate::http::{Parts, Transient};
pub use attachment::{Attachment, Attachments, check_tag_prefix, referrers_tag};
#[cfg(feature = "http")]
pub use auth::{
    Ambient, Credentials, GivenCredentials, HelperError, HelperName, Keychain, KeychainError, Places,
    StoredIn, Withheld, store_login,
};
#[cfg(feature = "http")]
pub use client::{Client, Connection};
#[cfg(feature = "http")]
pub use content::BlobReader;
pub use document::{Descriptor, Kind, Manifest, MediaTypes, Platform};
#[cfg(feature = "http")]
pub use error::{Error, Refusal};
pub use reference::{Reference, ReferenceError, Registry, Repository, TagReference, Target, image_digest};
