//! The driver behind `sign`, `sign-blob`, `attest` and `attest-blob`: all that can fail without the key fails before the key is
//! asked for, every signature is verified before it is published, and every file is written whole or not at all.

mod blob;
#[cfg(feature = "http")]
mod consent;
mod existing;
#[cfg(feature = "http")]
mod identity;
mod image;
mod publish;
mod request;
mod signees;
mod signer;
mod work;

pub use blob::{attest_blob, sign_blob};
pub use image::{attest_images, sign_images};
pub use request::{AttestImagesRequest, Form, ImageSigning, ImageStatement, SignImagesRequest};
