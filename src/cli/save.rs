//! `save`.

use std::ffi::OsString;

use super::args::{registry::RegistryArgs, root::RootArgs};
use super::run::Request;
use super::tree::CommandArgs;
use crate::commands::Error;

/// Write an image with all that belongs to it into a folder
#[derive(Debug, clap::Args)]
pub struct SaveArgs {
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

impl CommandArgs for SaveArgs {
    fn to_request(&self, _: &mut Vec<String>) -> Result<Request, Error> {
        Err(Error::not_available("`save`"))
    }
}
