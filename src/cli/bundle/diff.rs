//! `bundle diff`.

use std::ffi::OsString;

use super::super::args::{none, root::RootArgs};
use super::super::run::Request;
use super::super::tree::CommandArgs;
use crate::commands::{BundleDiffRequest, Error};

/// Show what two bundles differ in
#[derive(Debug, clap::Args)]
pub struct BundleDiffArgs {
    /// None is taken
    #[arg(hide = true)]
    pub extra: Vec<OsString>,
    /// Flags of every command.
    #[command(flatten)]
    pub root: RootArgs,
}

impl CommandArgs for BundleDiffArgs {
    fn to_request(&self, _: &mut Vec<String>) -> Result<Request, Error> {
        none(&self.extra)?;
        Ok(Request::BundleDiff(BundleDiffRequest {}))
    }
}
