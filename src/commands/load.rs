//! `load`.

use super::{Context, Error, Files, RegistryRequest};

/// What `load` is asked for.
#[derive(Debug)]
pub struct LoadRequest {
    /// Registries.
    pub registry: RegistryRequest,
}

impl LoadRequest {
    /// The files that it names.
    pub fn files(&self) -> Files<'_> {
        self.registry.add_to(Files::default())
    }
}

/// Push an image with all that belongs to it from a folder; returns what goes to standard output.
///
/// # Errors
/// Whatever is met.
pub async fn load(_request: &LoadRequest, _context: &mut Context) -> Result<Vec<u8>, Error> {
    Err(Error::not_available("`load`"))
}
