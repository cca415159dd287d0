//! `download sbom`.

use super::super::{Context, Error, Files, RegistryRequest};

/// What `download sbom` is asked for.
#[derive(Debug)]
pub struct DownloadSbomRequest {
    /// Registries.
    pub registry: RegistryRequest,
}

impl DownloadSbomRequest {
    /// The files that it names.
    pub fn files(&self) -> Files<'_> {
        self.registry.add_to(Files::default())
    }
}

/// Show the SBOM of an image; returns what goes to standard output.
///
/// # Errors
/// Whatever is met.
pub async fn download_sbom(_request: &DownloadSbomRequest, _context: &mut Context) -> Result<Vec<u8>, Error> {
    Err(Error::not_available("`download sbom`"))
}
