//! `clean`.

use super::{Context, Error, Files, RegistryRequest};

/// What `clean` is asked for.
#[derive(Debug)]
pub struct CleanRequest {
    /// Registries.
    pub registry: RegistryRequest,
}

impl CleanRequest {
    /// The files that it names.
    pub fn files(&self) -> Files<'_> {
        self.registry.add_to(Files::default())
    }
}

/// Remove what belongs to an image; returns what goes to standard output.
///
/// # Errors
/// Whatever is met.
pub async fn clean(_request: &CleanRequest, _context: &mut Context) -> Result<Vec<u8>, Error> {
    Err(Error::not_available("`clean`"))
}
