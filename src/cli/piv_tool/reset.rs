//! `piv-tool reset`.

use std::ffi::OsString;

use super::super::args::{none, root::RootArgs};
use super::super::run::Request;
use super::super::tree::CommandArgs;
use super::{GroupArgs, request};
use crate::commands::{Error, PivTask};

/// Make a token of Yubico as it left the factory
///
/// All keys and certificates in it are lost.
#[derive(Debug, clap::Args)]
pub struct PivResetArgs {
    /// Refused.
    #[arg(hide = true)]
    pub extra: Vec<OsString>,
    /// Flags of the group.
    #[command(flatten)]
    pub group: GroupArgs,
    /// Flags of every command.
    #[command(flatten)]
    pub root: RootArgs,
}

impl CommandArgs for PivResetArgs {
    fn to_request(&self, _: &mut Vec<String>) -> Result<Request, Error> {
        none(&self.extra)?;
        Ok(request(PivTask::Reset, &self.group))
    }
}
