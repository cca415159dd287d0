//! `attach signature`.

use super::super::{Context, Error, Files, RegistryRequest};

/// What `attach signature` is asked for.
#[derive(Debug)]
pub struct AttachSignatureRequest {
    /// Registries.
    pub registry: RegistryRequest,
}

impl AttachSignatureRequest {
    /// The files that it names.
    pub fn files(&self) -> Files<'_> {
        self.registry.add_to(Files::default())
    }
}

/// Attach a signature to an image; returns what goes to standard output.
///
/// # Errors
/// Whatever is met.
pub async fn attach_signature(
    _request: &AttachSignatureRequest,
    _context: &mut Context,
) -> Result<Vec<u8>, Error> {
    Err(Error::not_available("`attach signature`"))
}
