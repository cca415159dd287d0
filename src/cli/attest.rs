//! `attest`.

use std::ffi::OsString;

use super::args::{registry::RegistryArgs, root::RootArgs};
use super::run::Request;
use super::tree::CommandArgs;
use crate::commands::Error;

/// Make, sign and attach statements about images
#[derive(Debug, clap::Args)]
pub struct AttestArgs {
    /// Image
    #[arg(value_name = "[IMAGE...]")]
    pub images: Vec<OsString>,
    /// Registries.
    #[command(flatten)]
    pub registry: RegistryArgs,
    /// Flags of every command.
    #[command(flatten)]
    pub root: RootArgs,
}

impl CommandArgs for AttestArgs {
    fn to_request(&self, _: &mut Vec<String>) -> Result<Request, Error> {
        Err(Error::not_available("`attest`"))
    }
}
