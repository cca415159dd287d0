//! `bundle diff`.

use std::ffi::OsString;

use super::super::args::format::FormatArgs;
use super::super::args::root::RootArgs;
use super::super::run::Request;
use super::super::tree::CommandArgs;
use crate::commands::{BundleDiffRequest, Error};

/// Show what two bundles differ in
///
/// Compares what `bundle inspect` shows of each, whatever their formats are. Nothing of either is verified. Ends with 0 when
/// they say the same, with 1 when they differ.
#[derive(Debug, clap::Args)]
pub struct BundleDiffArgs {
    /// Files to compare; `-` is standard input
    #[arg(value_names = ["BUNDLE", "BUNDLE"], num_args = 0..)]
    pub bundles: Vec<OsString>,
    /// How to show it.
    #[command(flatten)]
    pub format: FormatArgs,
    /// Flags of every command.
    #[command(flatten)]
    pub root: RootArgs,
}

impl CommandArgs for BundleDiffArgs {
    fn to_request(&self, _: &mut Vec<String>) -> Result<Request, Error> {
        let [first, second] = self.bundles.as_slice() else {
            let count = self.bundles.len();
            return Err(Error::usage(format!(
                "two documents are compared, and {count} {}",
                if count == 1 { "is named" } else { "are named" }
            )));
        };
        let request = BundleDiffRequest { first: first.into(), second: second.into() };
        Ok(Request::BundleDiff(request, self.format.format()))
    }
}
