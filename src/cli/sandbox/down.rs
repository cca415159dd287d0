//! `sandbox down`.

use std::ffi::OsString;

use super::super::args::{none, not_empty, root::RootArgs};
use super::super::run::Request;
use super::super::tree::CommandArgs;
use super::SandboxRequest;
use super::kind::PlaceArgs;
use crate::commands::Error;

/// End a sandbox that runs, and wait until it has ended
///
/// Its state stays in its folder. Where none runs, that is an error.
#[derive(Debug, clap::Args)]
pub struct SandboxDownArgs {
    /// Refused.
    #[arg(hide = true)]
    pub extra: Vec<OsString>,
    /// Where it is.
    #[command(flatten)]
    pub place: PlaceArgs,
    /// Flags of every command.
    #[command(flatten)]
    pub root: RootArgs,
}

impl CommandArgs for SandboxDownArgs {
    fn to_request(&self, _: &mut Vec<String>) -> Result<Request, Error> {
        none(&self.extra)?;
        Ok(Request::Sandbox(SandboxRequest::Down(not_empty("--dir", &self.place.dir)?)))
    }
}
