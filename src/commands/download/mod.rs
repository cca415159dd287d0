//! Show what belongs to images.

mod attestation;
mod sbom;
mod signature;

pub use attestation::{DownloadAttestationRequest, download_attestation};
pub use sbom::{DownloadSbomRequest, download_sbom};
pub use signature::{DownloadSignatureRequest, download_signature};
