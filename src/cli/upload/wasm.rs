//! `upload wasm`.

use std::ffi::OsString;

use super::super::args::{registry::RegistryArgs, root::RootArgs};
use super::super::run::Request;
use super::super::tree::CommandArgs;
use crate::commands::Error;

/// Push a WebAssembly module
#[derive(Debug, clap::Args)]
pub struct UploadWasmArgs {
    /// Image
    #[arg(value_name = "REFERENCE")]
    pub image: Vec<OsString>,
    /// Registries.
    #[command(flatten)]
    pub registry: RegistryArgs,
    /// Flags of every command.
    #[command(flatten)]
    pub root: RootArgs,
}

impl CommandArgs for UploadWasmArgs {
    fn to_request(&self, _: &mut Vec<String>) -> Result<Request, Error> {
        Err(Error::not_available("`upload wasm`"))
    }
}
