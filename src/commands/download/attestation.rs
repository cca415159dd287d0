//! `download attestation`.

use super::super::{Context, Error, Files, RegistryRequest};

/// What `download attestation` is asked for.
#[derive(Debug)]
pub struct DownloadAttestationRequest {
    /// Registries.
    pub registry: RegistryRequest,
}

impl DownloadAttestationRequest {
    /// The files that it names.
    pub fn files(&self) -> Files<'_> {
        self.registry.add_to(Files::default())
    }
}

/// Show the attestations of an image; returns what goes to standard output.
///
/// # Errors
/// Whatever is met.
pub async fn download_attestation(
    _request: &DownloadAttestationRequest,
    _context: &mut Context,
) -> Result<Vec<u8>, Error> {
    Err(Error::not_available("`download attestation`"))
}
