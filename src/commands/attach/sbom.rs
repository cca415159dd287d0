//! `attach sbom`.

use super::super::{Context, Error, Files, RegistryRequest};

/// What `attach sbom` is asked for.
#[derive(Debug)]
pub struct AttachSbomRequest {
    /// Registries.
    pub registry: RegistryRequest,
}

impl AttachSbomRequest {
    /// The files that it names.
    pub fn files(&self) -> Files<'_> {
        self.registry.add_to(Files::default())
    }
}

/// Attach an SBOM to an image; returns what goes to standard output.
///
/// # Errors
/// Whatever is met.
pub async fn attach_sbom(_request: &AttachSbomRequest, _context: &mut Context) -> Result<Vec<u8>, Error> {
    Err(Error::not_available("`attach sbom`"))
}
