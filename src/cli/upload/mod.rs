//! Push files as artifacts.

pub mod blob;
pub mod wasm;
