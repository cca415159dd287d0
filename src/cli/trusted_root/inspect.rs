//! `trusted-root inspect`.

use std::ffi::OsString;
use std::path::PathBuf;

use super::super::args::format::FormatArgs;
use super::super::args::{at_most_one, root::RootArgs};
use super::super::run::Request;
use super::super::tree::CommandArgs;
use crate::commands::{Error, TrustedRootInspectRequest};

/// Show whom a trusted root trusts, when, and for what
#[derive(Debug, clap::Args)]
pub struct TrustedRootInspectArgs {
    /// Trusted root to show; `-` is standard input; without it, the built-in public root
    #[arg(value_name = "FILE", id = "trusted root")]
    pub file: Vec<OsString>,
    /// How to show it.
    #[command(flatten)]
    pub format: FormatArgs,
    /// Flags of every command.
    #[command(flatten)]
    pub root: RootArgs,
}

impl CommandArgs for TrustedRootInspectArgs {
    fn to_request(&self, _: &mut Vec<String>) -> Result<Request, Error> {
        let file = at_most_one(&self.file, "one trusted root is shown at a time")?;
        if file.is_some_and(|file| file.is_empty()) {
            return Err(Error::usage("the name of the trusted root is empty")
                .hint("leave it out to see the built-in public root"));
        }
        let request = TrustedRootInspectRequest { file: file.map(PathBuf::from) };
        Ok(Request::TrustedRootInspect(request, self.format.format()))
    }
}
