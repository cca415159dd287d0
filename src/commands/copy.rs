//! `copy`.

use super::{Context, Error, Files, RegistryRequest};

/// What `copy` is asked for.
#[derive(Debug)]
pub struct CopyRequest {
    /// Registries.
    pub registry: RegistryRequest,
}

impl CopyRequest {
    /// The files that it names.
    pub fn files(&self) -> Files<'_> {
        self.registry.add_to(Files::default())
    }
}

/// Copy an image with all that belongs to it; returns what goes to standard output.
///
/// # Errors
/// Whatever is met.
pub async fn copy(_request: &CopyRequest, _context: &mut Context) -> Result<Vec<u8>, Error> {
    Err(Error::not_available("`copy`"))
}
