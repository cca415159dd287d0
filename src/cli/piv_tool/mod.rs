//! `piv-tool`: its commands.

pub mod attestation;
pub mod generate_key;
pub mod reset;
pub mod set_management_key;
pub mod set_pin;
pub mod set_puk;
pub mod unblock;

use super::run::Request;
use crate::commands::{PivSecret, PivTask, PivToolRequest};
use crate::keys::Slot;

/// Flags of the group, which stand before or behind the command.
#[derive(Debug, clap::Args)]
pub struct GroupArgs {
    /// Ask nothing: do it without being told yes
    #[arg(long, short = 'f', help_heading = "Token")]
    pub no_input: Option<bool>,
}

/// The names of slots.
pub const SLOTS: &[&str] = &["authentication", "signature", "card-authentication", "key-management"];

/// The slot of a flag whose values are checked; without one that of signatures.
fn slot(name: &Option<String>) -> Slot {
    name.as_deref().and_then(Slot::parse).unwrap_or(Slot::Signature)
}

/// What a flag gives, if it gives something.
fn given(secret: &Option<PivSecret>) -> Option<PivSecret> {
    secret.clone().filter(|secret| !secret.is_empty())
}

fn request(task: PivTask, group: &GroupArgs) -> Request {
    Request::PivTool(PivToolRequest { task, ask: !group.no_input.unwrap_or_default() })
}
