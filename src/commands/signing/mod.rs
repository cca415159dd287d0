//! The driver behind `sign`, `sign-blob`, `attest` and `attest-blob`: all that can fail without the key fails before the key is
//! asked for, every signature is verified before it is published, and every file is written whole or not at all.

mod blob;
mod clock;
mod consent;
mod existing;
#[cfg(feature = "http")]
mod identity;
mod image;
mod interruption;
mod kept;
mod note;
mod plan;
mod publish;
pub(super) mod refused;
mod request;
mod services;
mod signees;
mod signer;
#[cfg(feature = "http")]
mod token;
mod with;
mod work;

pub use blob::{attest_blob, sign_blob};
pub use image::{attest_images, sign_images};
pub use request::{AttestImagesRequest, Form, ImageSigning, ImageStatement, SignImagesRequest};
pub use with::{EntryType, NamedServices, SignWith, SigningKeyName, TimestampTls, TokenSource, Witness};
