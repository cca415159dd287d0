//! `attach attestation`.

use super::super::{Context, Error, Files, RegistryRequest};

/// What `attach attestation` is asked for.
#[derive(Debug)]
pub struct AttachAttestationRequest {
    /// Registries.
    pub registry: RegistryRequest,
}

impl AttachAttestationRequest {
    /// The files that it names.
    pub fn files(&self) -> Files<'_> {
        self.registry.add_to(Files::default())
    }
}

/// Attach attestations to an image; returns what goes to standard output.
///
/// # Errors
/// Whatever is met.
pub async fn attach_attestation(
    _request: &AttachAttestationRequest,
    _context: &mut Context,
) -> Result<Vec<u8>, Error> {
    Err(Error::not_available("`attach attestation`"))
}
