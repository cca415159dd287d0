//! `verify`.

use super::{Context, Error, Files, RegistryRequest};

/// What `verify` is asked for.
#[derive(Debug)]
pub struct VerifyImagesRequest {
    /// Registries.
    pub registry: RegistryRequest,
}

impl VerifyImagesRequest {
    /// The files that it names.
    pub fn files(&self) -> Files<'_> {
        self.registry.add_to(Files::default())
    }
}

/// Verify the signatures of images; returns what goes to standard output.
///
/// # Errors
/// Whatever is met.
pub async fn verify_images(_request: &VerifyImagesRequest, _context: &mut Context) -> Result<Vec<u8>, Error> {
    Err(Error::not_available("`verify`"))
}
