//! `download signature`.

use super::super::{Context, Error, Files, RegistryRequest};

/// What `download signature` is asked for.
#[derive(Debug)]
pub struct DownloadSignatureRequest {
    /// Registries.
    pub registry: RegistryRequest,
}

impl DownloadSignatureRequest {
    /// The files that it names.
    pub fn files(&self) -> Files<'_> {
        self.registry.add_to(Files::default())
    }
}

/// Show the signatures of an image; returns what goes to standard output.
///
/// # Errors
/// Whatever is met.
pub async fn download_signature(
    _request: &DownloadSignatureRequest,
    _context: &mut Context,
) -> Result<Vec<u8>, Error> {
    Err(Error::not_available("`download signature`"))
}
