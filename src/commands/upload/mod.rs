//! Push files as artifacts.

mod blob;
mod wasm;

pub use blob::{UploadBlobRequest, upload_blob};
pub use wasm::{UploadWasmRequest, upload_wasm};
