//! `sign`.

use super::{Context, Error, Files, RegistryRequest};

/// What `sign` is asked for.
#[derive(Debug)]
pub struct SignImagesRequest {
    /// Registries.
    pub registry: RegistryRequest,
}

impl SignImagesRequest {
    /// The files that it names.
    pub fn files(&self) -> Files<'_> {
        self.registry.add_to(Files::default())
    }
}

/// Sign images; returns what goes to standard output.
///
/// # Errors
/// Whatever is met.
pub async fn sign_images(_request: &SignImagesRequest, _context: &mut Context) -> Result<Vec<u8>, Error> {
    Err(Error::not_available("`sign`"))
}
