//! `attest`.

use super::{Context, Error, Files, RegistryRequest};

/// What `attest` is asked for.
#[derive(Debug)]
pub struct AttestImagesRequest {
    /// Registries.
    pub registry: RegistryRequest,
}

impl AttestImagesRequest {
    /// The files that it names.
    pub fn files(&self) -> Files<'_> {
        self.registry.add_to(Files::default())
    }
}

/// Make, sign and attach statements about images; returns what goes to standard output.
///
/// # Errors
/// Whatever is met.
pub async fn attest_images(_request: &AttestImagesRequest, _context: &mut Context) -> Result<Vec<u8>, Error> {
    Err(Error::not_available("`attest`"))
}
