//! `upload blob`.

use std::ffi::OsString;

use super::super::args::{registry::RegistryArgs, root::RootArgs};
use super::super::run::Request;
use super::super::tree::CommandArgs;
use crate::commands::Error;

/// Push files as an artifact
#[derive(Debug, clap::Args)]
pub struct UploadBlobArgs {
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

impl CommandArgs for UploadBlobArgs {
    fn to_request(&self, _: &mut Vec<String>) -> Result<Request, Error> {
        Err(Error::not_available("`upload blob`"))
    }
}
