//! `piv-tool set-pin`.

use std::ffi::OsString;

use super::super::args::{none, root::RootArgs};
use super::super::run::Request;
use super::super::tree::CommandArgs;
use super::{GroupArgs, request};
use crate::commands::{Error, PivSecret, PivTask};

/// Change the PIN of the token
///
/// Everybody on this machine can read a command line.
#[derive(Debug, clap::Args)]
pub struct PivSetPinArgs {
    /// Refused.
    #[arg(hide = true)]
    pub extra: Vec<OsString>,
    /// The one that it has (default: that of the factory)
    #[arg(long, value_name = "TEXT", help_heading = "Token")]
    pub old_pin: Option<PivSecret>,
    /// The one that it gets, six to eight characters (default: that of the factory)
    #[arg(long, value_name = "TEXT", help_heading = "Token")]
    pub new_pin: Option<PivSecret>,
    /// Flags of the group.
    #[command(flatten)]
    pub group: GroupArgs,
    /// Flags of every command.
    #[command(flatten)]
    pub root: RootArgs,
}

impl CommandArgs for PivSetPinArgs {
    fn to_request(&self, _: &mut Vec<String>) -> Result<Request, Error> {
        none(&self.extra)?;
        let old = self.old_pin.clone().unwrap_or_else(PivSecret::empty);
        let new = self.new_pin.clone().unwrap_or_else(PivSecret::empty);
        Ok(request(PivTask::SetPin { old, new }, &self.group))
    }
}
