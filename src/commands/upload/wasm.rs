//! `upload wasm`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::{Artifact, Destination, look, sniff};
use crate::commands::{Context, Error, Files, RegistryRequest};
use crate::registry::Descriptor;

const CONFIG: &str = "application/vnd.wasm.config.v1+json";
const LAYER: &str = "application/vnd.wasm.content.layer.v1+wasm";

/// What `upload wasm` is asked for.
#[derive(Debug)]
pub struct UploadWasmRequest {
    /// Where to.
    pub image: String,
    /// The module.
    pub file: PathBuf,
    /// Registries.
    pub registry: RegistryRequest,
}

impl UploadWasmRequest {
    /// The files that it names.
    pub fn files(&self) -> Files<'_> {
        self.registry.add_to(Files::default().and_read("file to upload", Some(&self.file)))
    }
}

/// Uploads a WebAssembly module; as with cosign, nothing goes to standard output.
///
/// # Errors
/// The file cannot be read; the registry refuses.
pub async fn upload_wasm(request: &UploadWasmRequest, context: &mut Context) -> Result<Vec<u8>, Error> {
    let path = &request.file;
    let looked = look(path)?;
    if sniff::media_type(&looked.start) != "application/wasm" {
        context.narrator.warn(&format!("{} does not begin as WebAssembly does", path.display()));
    }
    let layer = Descriptor::new(LAYER, looked.digest, looked.size);
    let artifact = Artifact::of(&layer, CONFIG, &BTreeMap::new());
    let destination = Destination::of(&request.image, &request.registry, context)?;
    destination.check(&artifact.descriptor.digest)?;
    context.narrator.say(&format!(
        "Uploading wasm file from [{}] to [{}].",
        path.display(),
        destination.name()
    ));
    destination.put_blobs(&artifact, &layer, path).await?;
    destination.put(&destination.image.target, &artifact.descriptor, &artifact.bytes).await?;
    Ok(Vec::new())
}
