//! `pkcs11-tool list-tokens`.

use std::ffi::OsString;

use super::super::args::{filled, none, root::RootArgs};
use super::super::run::Request;
use super::super::tree::CommandArgs;
use super::GroupArgs;
use crate::commands::{Error, ListTokensRequest};

/// List the tokens that a PKCS #11 module sees
#[derive(Debug, clap::Args)]
pub struct ListTokensArgs {
    /// Refused.
    #[arg(hide = true)]
    pub extra: Vec<OsString>,
    /// Absolute path of the module (default: COSIGN_PKCS11_MODULE_PATH)
    #[arg(long, value_name = "FILE", help_heading = "Token")]
    pub module_path: Option<String>,
    /// Flags of the group.
    #[command(flatten)]
    pub group: GroupArgs,
    /// Flags of every command.
    #[command(flatten)]
    pub root: RootArgs,
}

impl CommandArgs for ListTokensArgs {
    fn to_request(&self, _: &mut Vec<String>) -> Result<Request, Error> {
        none(&self.extra)?;
        Ok(Request::ListTokens(ListTokensRequest { module: filled(&self.module_path) }))
    }
}
