//! `bundle upgrade`.

use std::ffi::OsString;
use std::path::PathBuf;

use super::super::args::{at_most_one, filled, root::RootArgs};
use super::super::run::Request;
use super::super::tree::CommandArgs;
use crate::commands::{BundleUpgradeRequest, Error, LogRequest};

/// Convert a bundle to the format v0.3
#[derive(Debug, clap::Args)]
pub struct BundleUpgradeArgs {
    /// Bundle of v0.1, of v0.2 or in cosign's older format; `-` is standard input
    #[arg(value_name = "BUNDLE")]
    pub bundle: Vec<OsString>,
    /// Write the new bundle to this file, not to standard output
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub out: Option<PathBuf>,
    /// Address of the log, of version 1, to ask for what a log entry lacks; without it, that of the trusted root
    #[arg(long, value_name = "URL", help_heading = "Services")]
    pub rekor_url: Option<String>,
    /// Trusted root that the log's answer has to hold against; without it, the one of the TUF repository
    #[arg(long, value_name = "FILE", help_heading = "Services")]
    pub trusted_root: Option<PathBuf>,
    /// Flags of every command.
    #[command(flatten)]
    pub root: RootArgs,
}

impl CommandArgs for BundleUpgradeArgs {
    fn to_request(&self, _: &mut Vec<String>) -> Result<Request, Error> {
        let bundle = at_most_one(&self.bundle, "one bundle is upgraded at a time")?;
        match bundle.filter(|bundle| !bundle.is_empty()) {
            Some(bundle) => Ok(Request::BundleUpgrade(BundleUpgradeRequest {
                bundle: PathBuf::from(bundle),
                out: filled(&self.out),
                log: LogRequest { url: filled(&self.rekor_url), trusted_root: filled(&self.trusted_root) },
            })),
            None => Err(Error::usage("there is no bundle to upgrade")
                .hint("name it after the command: `bundle upgrade FILE`")),
        }
    }
}
