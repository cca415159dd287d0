//! `pkcs11-tool list-keys-uris`.

use std::ffi::OsString;

use super::super::args::{filled, is_empty, none, root::RootArgs};
use super::super::run::Request;
use super::super::tree::CommandArgs;
use super::GroupArgs;
use crate::commands::{Error, ListKeysRequest, TokenPin};

/// List the private keys in a PKCS #11 token, with the references that --key takes
///
/// The references hold no PIN: it is taken from COSIGN_PKCS11_PIN or the terminal when one of them is used.
#[derive(Debug, clap::Args)]
pub struct ListKeysUrisArgs {
    /// Refused.
    #[arg(hide = true)]
    pub extra: Vec<OsString>,
    /// Absolute path of the module (default: COSIGN_PKCS11_MODULE_PATH)
    #[arg(long, value_name = "FILE", help_heading = "Token")]
    pub module_path: Option<String>,
    /// Slot of the token, as `list-tokens` shows it (default 0)
    #[arg(long, value_name = "NUMBER", help_heading = "Token")]
    pub slot_id: Option<u64>,
    /// PIN of the token (default: COSIGN_PKCS11_PIN, or else the terminal is asked); everybody on this machine can read a command line
    #[arg(long, value_name = "PIN", help_heading = "Token")]
    pub pin: Option<TokenPin>,
    /// Flags of the group.
    #[command(flatten)]
    pub group: GroupArgs,
    /// Flags of every command.
    #[command(flatten)]
    pub root: RootArgs,
}

impl CommandArgs for ListKeysUrisArgs {
    fn to_request(&self, _: &mut Vec<String>) -> Result<Request, Error> {
        none(&self.extra)?;
        if self.pin.as_ref().is_some_and(TokenPin::is_empty) {
            return Err(is_empty("--pin"));
        }
        Ok(Request::ListKeys(ListKeysRequest {
            module: filled(&self.module_path),
            slot: self.slot_id.unwrap_or_default(),
            pin: self.pin.clone(),
            ask: !self.group.no_input.unwrap_or_default(),
        }))
    }
}
