//! `bundle create`.

use std::ffi::OsString;

use super::super::args::{none, root::RootArgs};
use super::super::run::Request;
use super::super::tree::CommandArgs;
use crate::commands::{BundleCreateRequest, Error};

/// Make a bundle from a signature and what belongs to it
#[derive(Debug, clap::Args)]
pub struct BundleCreateArgs {
    /// None is taken
    #[arg(hide = true)]
    pub extra: Vec<OsString>,
    /// Flags of every command.
    #[command(flatten)]
    pub root: RootArgs,
}

impl CommandArgs for BundleCreateArgs {
    fn to_request(&self, _: &mut Vec<String>) -> Result<Request, Error> {
        none(&self.extra)?;
        Ok(Request::BundleCreate(BundleCreateRequest {}))
    }
}
