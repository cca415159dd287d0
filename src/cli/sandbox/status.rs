//! `sandbox status`.

use std::ffi::OsString;

use super::super::args::format::FormatArgs;
use super::super::args::{none, not_empty, root::RootArgs};
use super::super::run::Request;
use super::super::tree::CommandArgs;
use super::SandboxRequest;
use super::kind::PlaceArgs;
use crate::commands::Error;

/// Show whether a sandbox runs, where its services are, and how much is in its logs and its registry
///
/// The exit code is 0 if it runs, and 1 if not.
#[derive(Debug, clap::Args)]
pub struct SandboxStatusArgs {
    /// Refused.
    #[arg(hide = true)]
    pub extra: Vec<OsString>,
    /// Where it is.
    #[command(flatten)]
    pub place: PlaceArgs,
    /// How to show it.
    #[command(flatten)]
    pub format: FormatArgs,
    /// Flags of every command.
    #[command(flatten)]
    pub root: RootArgs,
}

impl CommandArgs for SandboxStatusArgs {
    fn to_request(&self, _: &mut Vec<String>) -> Result<Request, Error> {
        none(&self.extra)?;
        Ok(Request::Sandbox(SandboxRequest::Status(
            not_empty("--dir", &self.place.dir)?,
            self.format.format(),
        )))
    }
}
