//! `signing-config create`.

use std::ffi::OsString;

use super::super::args::{none, root::RootArgs};
use super::super::run::Request;
use super::super::tree::CommandArgs;
use crate::commands::{Error, SigningConfigCreateRequest};

/// Make a signing config: which services to sign with
#[derive(Debug, clap::Args)]
pub struct SigningConfigCreateArgs {
    /// None is taken
    #[arg(hide = true)]
    pub extra: Vec<OsString>,
    /// Flags of every command.
    #[command(flatten)]
    pub root: RootArgs,
}

impl CommandArgs for SigningConfigCreateArgs {
    fn to_request(&self, _: &mut Vec<String>) -> Result<Request, Error> {
        none(&self.extra)?;
        Ok(Request::SigningConfigCreate(SigningConfigCreateRequest {}))
    }
}
