//! `trusted-root inspect`.

use std::ffi::OsString;

use super::super::args::format::FormatArgs;
use super::super::args::{none, root::RootArgs};
use super::super::run::Request;
use super::super::tree::CommandArgs;
use crate::commands::{Error, TrustedRootInspectRequest};

/// Show whom a trusted root trusts, when, and for what
#[derive(Debug, clap::Args)]
pub struct TrustedRootInspectArgs {
    /// None is taken
    #[arg(hide = true)]
    pub extra: Vec<OsString>,
    /// How to show it.
    #[command(flatten)]
    pub format: FormatArgs,
    /// Flags of every command.
    #[command(flatten)]
    pub root: RootArgs,
}

impl CommandArgs for TrustedRootInspectArgs {
    fn to_request(&self, _: &mut Vec<String>) -> Result<Request, Error> {
        none(&self.extra)?;
        Ok(Request::TrustedRootInspect(TrustedRootInspectRequest {}, self.format.format()))
    }
}
