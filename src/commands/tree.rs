//! `tree`.

use super::{Context, Error, Files, RegistryRequest};

/// What `tree` is asked for.
#[derive(Debug)]
pub struct TreeRequest {
    /// Registries.
    pub registry: RegistryRequest,
}

impl TreeRequest {
    /// The files that it names.
    pub fn files(&self) -> Files<'_> {
        self.registry.add_to(Files::default())
    }
}

/// Show what belongs to an image; returns what goes to standard output.
///
/// # Errors
/// Whatever is met.
pub async fn tree(_request: &TreeRequest, _context: &mut Context) -> Result<Vec<u8>, Error> {
    Err(Error::not_available("`tree`"))
}
