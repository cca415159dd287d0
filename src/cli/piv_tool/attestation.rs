//! `piv-tool attestation`.

use std::ffi::OsString;

use super::super::args::{none, one_of, root::RootArgs};
use super::super::run::Request;
use super::super::tree::CommandArgs;
use super::{GroupArgs, SLOTS, request, slot};
use crate::commands::{Error, PivTask};

/// Show what the token says of a key that it made, and verify that Yubico made the token
#[derive(Debug, clap::Args)]
pub struct PivAttestationArgs {
    /// Refused.
    #[arg(hide = true)]
    pub extra: Vec<OsString>,
    /// Slot of the key: authentication, signature, card-authentication or key-management (default signature)
    #[arg(long, value_name = "SLOT", value_parser = one_of(SLOTS), help_heading = "Token")]
    pub slot: Option<String>,
    /// How to show it: text or json
    #[arg(long, short = 'o', value_name = "FORMAT", value_parser = one_of(&["text", "json"]), help_heading = "Token")]
    pub output: Option<String>,
    /// Flags of the group.
    #[command(flatten)]
    pub group: GroupArgs,
    /// Flags of every command.
    #[command(flatten)]
    pub root: RootArgs,
}

impl CommandArgs for PivAttestationArgs {
    fn to_request(&self, _: &mut Vec<String>) -> Result<Request, Error> {
        none(&self.extra)?;
        let json = self.output.as_deref() == Some("json");
        Ok(request(PivTask::Attestation { slot: slot(&self.slot), json }, &self.group))
    }
}
