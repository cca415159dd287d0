//! `piv-tool unblock`.

use std::ffi::OsString;

use super::super::args::{none, root::RootArgs};
use super::super::run::Request;
use super::super::tree::CommandArgs;
use super::{GroupArgs, request};
use crate::commands::{Error, PivSecret, PivTask};

/// Set a new PIN by the PUK, where too many wrong ones have blocked it
///
/// Everybody on this machine can read a command line.
#[derive(Debug, clap::Args)]
pub struct PivUnblockArgs {
    /// Refused.
    #[arg(hide = true)]
    pub extra: Vec<OsString>,
    /// The PUK (default: that of the factory)
    #[arg(long, value_name = "TEXT", help_heading = "Token")]
    pub puk: Option<PivSecret>,
    /// The new PIN, six to eight characters (default: that of the factory)
    #[arg(long = "new-PIN", value_name = "TEXT", help_heading = "Token")]
    pub new_pin: Option<PivSecret>,
    /// Flags of the group.
    #[command(flatten)]
    pub group: GroupArgs,
    /// Flags of every command.
    #[command(flatten)]
    pub root: RootArgs,
}

impl CommandArgs for PivUnblockArgs {
    fn to_request(&self, _: &mut Vec<String>) -> Result<Request, Error> {
        none(&self.extra)?;
        let puk = self.puk.clone().unwrap_or_else(PivSecret::empty);
        let pin = self.new_pin.clone().unwrap_or_else(PivSecret::empty);
        Ok(request(PivTask::Unblock { puk, pin }, &self.group))
    }
}
