//! `bundle upgrade`.

use std::ffi::OsString;

use super::super::args::{none, root::RootArgs};
use super::super::run::Request;
use super::super::tree::CommandArgs;
use crate::commands::{BundleUpgradeRequest, Error};

/// Convert a bundle to the format v0.3
#[derive(Debug, clap::Args)]
pub struct BundleUpgradeArgs {
    /// None is taken
    #[arg(hide = true)]
    pub extra: Vec<OsString>,
    /// Flags of every command.
    #[command(flatten)]
    pub root: RootArgs,
}

impl CommandArgs for BundleUpgradeArgs {
    fn to_request(&self, _: &mut Vec<String>) -> Result<Request, Error> {
        none(&self.extra)?;
        Ok(Request::BundleUpgrade(BundleUpgradeRequest {}))
    }
}
