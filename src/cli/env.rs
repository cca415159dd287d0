//! `env`.

use std::ffi::OsString;

use super::args::{none, root::RootArgs};
use super::run::Request;
use super::tree::CommandArgs;
use crate::commands::Error;

/// Show the environment variables that have an effect
#[derive(Debug, clap::Args)]
pub struct EnvArgs {
    /// None is taken
    #[arg(hide = true)]
    pub extra: Vec<OsString>,
    /// Flags of every command.
    #[command(flatten)]
    pub root: RootArgs,
}

impl CommandArgs for EnvArgs {
    fn to_request(&self, _: &mut Vec<String>) -> Result<Request, Error> {
        none(&self.extra)?;
        Ok(Request::Text(String::new()))
    }
}
