//! `unpack`.

use std::ffi::OsString;

use super::args::{none, root::RootArgs};
use super::run::Request;
use super::tree::CommandArgs;
use crate::commands::{Error, UnpackRequest};

/// Take such an archive apart, and verify what is in it
#[derive(Debug, clap::Args)]
pub struct UnpackArgs {
    /// None is taken
    #[arg(hide = true)]
    pub extra: Vec<OsString>,
    /// Flags of every command.
    #[command(flatten)]
    pub root: RootArgs,
}

impl CommandArgs for UnpackArgs {
    fn to_request(&self, _: &mut Vec<String>) -> Result<Request, Error> {
        none(&self.extra)?;
        Ok(Request::Unpack(UnpackRequest {}))
    }
}
