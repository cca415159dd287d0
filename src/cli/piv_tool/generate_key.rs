//! `piv-tool generate-key`.

use std::ffi::OsString;

use super::super::args::{none, one_of, root::RootArgs};
use super::super::run::Request;
use super::super::tree::CommandArgs;
use super::{GroupArgs, SLOTS, given, request, slot};
use crate::commands::{Error, PivKeyRequest, PivSecret, PivTask};
use crate::keys::{PinPolicy, TouchPolicy};

/// Make a P-256 key in the token
///
/// A key that is in the slot is lost. A token of Yubico attests the new one.
#[derive(Debug, clap::Args)]
pub struct PivGenerateKeyArgs {
    /// Refused.
    #[arg(hide = true)]
    pub extra: Vec<OsString>,
    /// Slot of the key: authentication, signature, card-authentication or key-management (default signature)
    #[arg(long, value_name = "SLOT", value_parser = one_of(SLOTS), help_heading = "Token")]
    pub slot: Option<String>,
    /// Management key: hexadecimal digits, or up to 24 characters (default: the one that the token keeps under the PIN, else that of the factory)
    #[arg(long, value_name = "KEY", help_heading = "Token")]
    pub management_key: Option<PivSecret>,
    /// Give the token another management key first, that nobody knows
    #[arg(long, help_heading = "Token")]
    pub random_management_key: Option<bool>,
    /// Keep that one in the token, for whoever knows the PIN
    #[arg(long, help_heading = "Token")]
    pub store_management_key: Option<bool>,
    /// When the key wants the PIN: never, once or always (default: as the slot is for)
    #[arg(long, value_name = "POLICY", value_parser = one_of(&["never", "once", "always"]), help_heading = "Token")]
    pub pin_policy: Option<String>,
    /// When the key wants to be touched: never, always or cached (default: as the slot is for)
    #[arg(long, value_name = "POLICY", value_parser = one_of(&["never", "always", "cached"]), help_heading = "Token")]
    pub touch_policy: Option<String>,
    /// Flags of the group.
    #[command(flatten)]
    pub group: GroupArgs,
    /// Flags of every command.
    #[command(flatten)]
    pub root: RootArgs,
}

impl CommandArgs for PivGenerateKeyArgs {
    fn to_request(&self, _: &mut Vec<String>) -> Result<Request, Error> {
        none(&self.extra)?;
        let store = self.store_management_key.unwrap_or_default();
        let random = self.random_management_key.unwrap_or_default();
        if store && !random {
            return Err(Error::usage("--store-management-key keeps the key of --random-management-key"));
        }
        let pin = self.pin_policy.as_deref();
        let touch = self.touch_policy.as_deref();
        let key = PivKeyRequest {
            slot: slot(&self.slot),
            management: given(&self.management_key),
            random,
            store,
            pin: PinPolicy::ALL.into_iter().find(|policy| Some(policy.name()) == pin),
            touch: TouchPolicy::ALL.into_iter().find(|policy| Some(policy.name()) == touch),
        };
        Ok(request(PivTask::GenerateKey(key), &self.group))
    }
}
