//! `upload wasm`.

use super::super::{Context, Error, Files, RegistryRequest};

/// What `upload wasm` is asked for.
#[derive(Debug)]
pub struct UploadWasmRequest {
    /// Registries.
    pub registry: RegistryRequest,
}

impl UploadWasmRequest {
    /// The files that it names.
    pub fn files(&self) -> Files<'_> {
        self.registry.add_to(Files::default())
    }
}

/// Push a WebAssembly module; returns what goes to standard output.
///
/// # Errors
/// Whatever is met.
pub async fn upload_wasm(_request: &UploadWasmRequest, _context: &mut Context) -> Result<Vec<u8>, Error> {
    Err(Error::not_available("`upload wasm`"))
}
