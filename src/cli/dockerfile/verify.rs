//! `dockerfile verify`.

use std::ffi::OsString;

use super::super::args::{registry::RegistryArgs, root::RootArgs};
use super::super::run::Request;
use super::super::tree::CommandArgs;
use crate::commands::Error;

/// Verify the images that a Dockerfile builds on
#[derive(Debug, clap::Args)]
pub struct DockerfileVerifyArgs {
    /// Image
    #[arg(value_name = "FILE")]
    pub image: Vec<OsString>,
    /// Registries.
    #[command(flatten)]
    pub registry: RegistryArgs,
    /// Flags of every command.
    #[command(flatten)]
    pub root: RootArgs,
}

impl CommandArgs for DockerfileVerifyArgs {
    fn to_request(&self, _: &mut Vec<String>) -> Result<Request, Error> {
        Err(Error::not_available("`dockerfile verify`"))
    }
}
