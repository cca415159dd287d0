//! `upload wasm`.

use std::ffi::OsString;
use std::path::PathBuf;

use super::super::args::{at_most_one, filled, registry::RegistryArgs, root::RootArgs};
use super::super::run::Request;
use super::super::tree::CommandArgs;
use crate::commands::{Error, UploadWasmRequest};

/// Push a WebAssembly module
///
/// Nothing goes to standard output.
#[derive(Debug, clap::Args)]
pub struct UploadWasmArgs {
    /// Where to
    #[arg(value_name = "REFERENCE")]
    pub image: Vec<OsString>,
    /// The module
    #[arg(long, short = 'f', value_name = "FILE", help_heading = "Input")]
    pub file: Option<PathBuf>,
    /// Registries.
    #[command(flatten)]
    pub registry: RegistryArgs,
    /// Flags of every command.
    #[command(flatten)]
    pub root: RootArgs,
}

impl CommandArgs for UploadWasmArgs {
    fn to_request(&self, _: &mut Vec<String>) -> Result<Request, Error> {
        let image = at_most_one(&self.image, "one module is uploaded at a time")?;
        let Some(image) = image.filter(|image| !image.is_empty()) else {
            return Err(Error::usage("there is no place to upload to")
                .hint("name it after the flags: `upload wasm --file FILE HOST/PATH:TAG`"));
        };
        let Some(file) = filled(&self.file) else {
            return Err(Error::usage("there is no module to upload").hint("name it: `--file FILE`"));
        };
        Ok(Request::UploadWasm(Box::new(UploadWasmRequest {
            image: image.to_string_lossy().into_owned(),
            file,
            registry: self.registry.request()?,
        })))
    }
}
