//! `piv-tool set-management-key`.

use std::ffi::OsString;

use super::super::args::{none, root::RootArgs};
use super::super::run::Request;
use super::super::tree::CommandArgs;
use super::{GroupArgs, given, request};
use crate::commands::{Error, PivSecret, PivTask};

/// Change the management key of the token
#[derive(Debug, clap::Args)]
pub struct PivSetManagementKeyArgs {
    /// Refused.
    #[arg(hide = true)]
    pub extra: Vec<OsString>,
    /// The one that it has (default: the one that the token keeps under the PIN, else that of the factory)
    #[arg(long, value_name = "KEY", help_heading = "Token")]
    pub old_key: Option<PivSecret>,
    /// The one that it gets (default: that of the factory): hexadecimal digits, or up to 24 characters
    #[arg(long, value_name = "KEY", help_heading = "Token")]
    pub new_key: Option<PivSecret>,
    /// Give it one that nobody knows
    #[arg(long, help_heading = "Token")]
    pub random_management_key: Option<bool>,
    /// Keep the new one in the token, for whoever knows the PIN
    #[arg(long, help_heading = "Token")]
    pub store_management_key: Option<bool>,
    /// Flags of the group.
    #[command(flatten)]
    pub group: GroupArgs,
    /// Flags of every command.
    #[command(flatten)]
    pub root: RootArgs,
}

impl CommandArgs for PivSetManagementKeyArgs {
    fn to_request(&self, _: &mut Vec<String>) -> Result<Request, Error> {
        none(&self.extra)?;
        let (old, new) = (given(&self.old_key), given(&self.new_key));
        let random = self.random_management_key.unwrap_or_default();
        if random && new.is_some() {
            return Err(Error::usage("--new-key and --random-management-key name two different keys"));
        }
        let store = self.store_management_key.unwrap_or_default();
        Ok(request(PivTask::SetManagementKey { old, new, random, store }, &self.group))
    }
}
