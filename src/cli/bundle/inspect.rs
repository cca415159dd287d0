//! `bundle inspect`.

use std::ffi::OsString;
use std::path::PathBuf;

use super::super::args::format::FormatArgs;
use super::super::args::{at_most_one, root::RootArgs};
use super::super::run::Request;
use super::super::tree::CommandArgs;
use crate::commands::{BundleInspectRequest, Error};

/// Show what is in a bundle, without verifying it
///
/// Takes bundles of every format, DSSE envelopes, and signatures, certificates, public keys, timestamps and log entries on
/// their own. Nothing of what is shown was verified.
#[derive(Debug, clap::Args)]
pub struct BundleInspectArgs {
    /// File to look at; `-` is standard input
    #[arg(value_name = "BUNDLE")]
    pub bundle: Vec<OsString>,
    /// Print the command that verifies it, by what it says of its signer
    #[arg(long)]
    pub suggest: Option<bool>,
    /// Print a policy file that asks for its signer, by what it says of him
    #[arg(long)]
    pub suggest_policy: Option<bool>,
    /// Print the predicate of its statement: what an attestation says
    #[arg(long)]
    pub predicate: Option<bool>,
    /// How to show it.
    #[command(flatten)]
    pub format: FormatArgs,
    /// Flags of every command.
    #[command(flatten)]
    pub root: RootArgs,
}

impl CommandArgs for BundleInspectArgs {
    fn to_request(&self, _: &mut Vec<String>) -> Result<Request, Error> {
        let Some(document) = at_most_one(&self.bundle, "one document is looked at a time")? else {
            return Err(
                Error::usage("there is nothing to look at").hint("name a file, or `-` for standard input")
            );
        };
        let suggest = self.suggest.unwrap_or_default();
        let suggest_policy = self.suggest_policy.unwrap_or_default();
        if suggest && suggest_policy {
            return Err(Error::usage("--suggest prints a command, and --suggest-policy a policy file")
                .hint("leave one of them out"));
        }
        let predicate = self.predicate.unwrap_or_default();
        if predicate && (suggest || suggest_policy || self.format.output.is_some()) {
            return Err(Error::usage(
                "--predicate prints the predicate as it is, and --suggest or --output something else",
            )
            .hint("leave one of them out"));
        }
        if suggest && self.format.output.is_some() {
            return Err(Error::usage("--suggest prints one command line, which --output has no form for")
                .hint("leave one of them out"));
        }
        if suggest_policy && self.format.output.is_some() {
            return Err(Error::usage(
                "--suggest-policy prints a policy file, which --output has no form for",
            )
            .hint("leave one of them out"));
        }
        let document = PathBuf::from(document);
        let request = BundleInspectRequest { document, suggest, suggest_policy, predicate };
        Ok(Request::BundleInspect(request, self.format.format()))
    }
}
