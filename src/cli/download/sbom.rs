//! `download sbom`.

use std::ffi::OsString;

use super::super::args::{registry::RegistryArgs, root::RootArgs};
use super::super::run::Request;
use super::super::tree::CommandArgs;
use crate::commands::Error;

/// Show the SBOM of an image
#[derive(Debug, clap::Args)]
pub struct DownloadSbomArgs {
    /// Image
    #[arg(value_name = "IMAGE")]
    pub image: Vec<OsString>,
    /// Registries.
    #[command(flatten)]
    pub registry: RegistryArgs,
    /// Flags of every command.
    #[command(flatten)]
    pub root: RootArgs,
}

impl CommandArgs for DownloadSbomArgs {
    fn to_request(&self, _: &mut Vec<String>) -> Result<Request, Error> {
        Err(Error::not_available("`download sbom`"))
    }
}
