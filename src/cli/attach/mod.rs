//! Attach what was made elsewhere to images.

pub mod attestation;
pub mod sbom;
pub mod signature;
