//! `sandbox up`.

use std::ffi::OsString;

use super::super::args::{none, not_empty, root::RootArgs};
use super::super::run::Request;
use super::super::tree::CommandArgs;
use super::SandboxRequest;
use super::kind::{KindArgs, PlaceArgs};
use crate::commands::{Error, SandboxUpRequest};

/// Start a Sigstore on this machine: certificate authority, logs, timestamps, TUF, logins, registry
///
/// Its state is kept in a folder, and the next start goes on from there, at the same addresses. It listens on 127.0.0.1 alone. Where
/// each service is goes to standard output; the folder holds trusted_root.json, signing_config.json, root.json for TUF, an
/// identity token, and `env` for shells. It is for testing: nobody else must trust it. It runs until Ctrl-C or `sandbox down`.
#[derive(Debug, clap::Args)]
pub struct SandboxUpArgs {
    /// Refused.
    #[arg(hide = true)]
    pub extra: Vec<OsString>,
    /// Where it is.
    #[command(flatten)]
    pub place: PlaceArgs,
    /// Let it run on in the background, and end when it answers
    #[arg(long, help_heading = "Sandbox")]
    pub detach: Option<bool>,
    /// What kind it is.
    #[command(flatten)]
    pub kind: KindArgs,
    /// Flags of every command.
    #[command(flatten)]
    pub root: RootArgs,
}

impl CommandArgs for SandboxUpArgs {
    fn to_request(&self, _: &mut Vec<String>) -> Result<Request, Error> {
        none(&self.extra)?;
        Ok(Request::Sandbox(SandboxRequest::Up(Box::new(SandboxUpRequest {
            folder: not_empty("--dir", &self.place.dir)?,
            detach: self.detach.unwrap_or_default(),
            kind: self.kind.kind(),
        }))))
    }
}
