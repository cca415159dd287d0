//! `pack`.

use std::ffi::OsString;

use super::args::{none, root::RootArgs};
use super::run::Request;
use super::tree::CommandArgs;
use crate::commands::{Error, PackRequest};

/// Gather what a verification without a network needs into one archive
#[derive(Debug, clap::Args)]
pub struct PackArgs {
    /// None is taken
    #[arg(hide = true)]
    pub extra: Vec<OsString>,
    /// Flags of every command.
    #[command(flatten)]
    pub root: RootArgs,
}

impl CommandArgs for PackArgs {
    fn to_request(&self, _: &mut Vec<String>) -> Result<Request, Error> {
        none(&self.extra)?;
        Ok(Request::Pack(PackRequest {}))
    }
}
