//! `upload blob`.

use super::super::{Context, Error, Files, RegistryRequest};

/// What `upload blob` is asked for.
#[derive(Debug)]
pub struct UploadBlobRequest {
    /// Registries.
    pub registry: RegistryRequest,
}

impl UploadBlobRequest {
    /// The files that it names.
    pub fn files(&self) -> Files<'_> {
        self.registry.add_to(Files::default())
    }
}

/// Push files as an artifact; returns what goes to standard output.
///
/// # Errors
/// Whatever is met.
pub async fn upload_blob(_request: &UploadBlobRequest, _context: &mut Context) -> Result<Vec<u8>, Error> {
    Err(Error::not_available("`upload blob`"))
}
