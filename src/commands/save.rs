//! `save`.

use super::{Context, Error, Files, RegistryRequest};

/// What `save` is asked for.
#[derive(Debug)]
pub struct SaveRequest {
    /// Registries.
    pub registry: RegistryRequest,
}

impl SaveRequest {
    /// The files that it names.
    pub fn files(&self) -> Files<'_> {
        self.registry.add_to(Files::default())
    }
}

/// Write an image with all that belongs to it into a folder; returns what goes to standard output.
///
/// # Errors
/// Whatever is met.
pub async fn save(_request: &SaveRequest, _context: &mut Context) -> Result<Vec<u8>, Error> {
    Err(Error::not_available("`save`"))
}
