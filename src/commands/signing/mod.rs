//! The driver behind `sign`, `sign-blob`, `attest` and `attest-blob`: all that can fail without the key fails before the key is
//! asked for, every signature is verified before it is published, and every file is written whole or not at all.

mod blob;
mod request;
mod signer;

pub use blob::{attest_blob, sign_blob};
pub use request::{AttestImagesRequest, Form, ImageSigning, ImageStatement, SignImagesRequest};
