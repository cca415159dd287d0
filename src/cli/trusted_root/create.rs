//! `trusted-root create`.

use std::ffi::OsString;

use super::super::args::{none, root::RootArgs};
use super::super::run::Request;
use super::super::tree::CommandArgs;
use crate::commands::{Error, TrustedRootCreateRequest};

/// Make a trusted root from certificates and keys
#[derive(Debug, clap::Args)]
pub struct TrustedRootCreateArgs {
    /// None is taken
    #[arg(hide = true)]
    pub extra: Vec<OsString>,
    /// Flags of every command.
    #[command(flatten)]
    pub root: RootArgs,
}

impl CommandArgs for TrustedRootCreateArgs {
    fn to_request(&self, _: &mut Vec<String>) -> Result<Request, Error> {
        none(&self.extra)?;
        Ok(Request::TrustedRootCreate(TrustedRootCreateRequest {}))
    }
}
