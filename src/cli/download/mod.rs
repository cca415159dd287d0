//! Show what belongs to images.

pub mod attestation;
pub mod sbom;
pub mod signature;
