//! `debug providers`.

use std::ffi::OsString;

use super::super::args::none;
use super::super::args::root::RootArgs;
use super::super::run::Request;
use super::super::tree::CommandArgs;
use crate::commands::Error;

/// Show which providers of identity tokens have one here
///
/// One line for each: its name, as --oidc-provider takes it, and true or false. What a provider lacks is told on standard
/// error. No token is asked for.
#[derive(Debug, clap::Args)]
pub struct DebugProvidersArgs {
    /// Refused.
    #[arg(hide = true)]
    pub extra: Vec<OsString>,
    /// Flags of every command.
    #[command(flatten)]
    pub root: RootArgs,
}

impl CommandArgs for DebugProvidersArgs {
    fn to_request(&self, _: &mut Vec<String>) -> Result<Request, Error> {
        none(&self.extra)?;
        Ok(Request::DebugProviders)
    }
}
