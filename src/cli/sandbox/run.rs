//! `sandbox run`.

use std::ffi::OsString;
use std::path::PathBuf;

use super::super::args::{not_empty, root::RootArgs};
use super::super::run::Request;
use super::super::tree::CommandArgs;
use super::SandboxRequest;
use super::kind::KindArgs;
use crate::commands::{Error, SandboxRunRequest};

/// Run a command with a sandbox of its own, and end with its exit code
///
/// The sandbox is in a temporary folder, which is removed, unless with --dir. The environment of the command is such that rcosign
/// and cosign 3 use the sandbox without further flags; RCOSIGN_SANDBOX_REGISTRY, RCOSIGN_SANDBOX_OIDC and others say where its
/// services are. Signals are passed on to the command. What a signal ended gives 128 and its number, what cannot be run 126, and what
/// is not found 127.
///
/// cosign 2 does not know these variables, and would go to Sigstore's public services. It gets its own if it is the COMMAND; if the
/// COMMAND is a script or something else that calls it, that needs --cosign-2.
#[derive(Debug, clap::Args)]
pub struct SandboxRunArgs {
    /// Refused: `--` is missing.
    #[arg(hide = true)]
    pub extra: Vec<OsString>,
    /// Command and its arguments, after `--`
    #[arg(value_name = "COMMAND", last = true)]
    pub command: Vec<OsString>,
    /// Keep the state of the sandbox in this folder (default a temporary one, which is removed)
    #[arg(long, value_name = "DIR", help_heading = "Sandbox")]
    pub dir: Option<PathBuf>,
    /// Set the variables that cosign 2 needs, which cosign 3 refuses (default if COMMAND is cosign 2)
    #[arg(long, help_heading = "Sandbox")]
    pub cosign_2: Option<bool>,
    /// What kind it is.
    #[command(flatten)]
    pub kind: KindArgs,
    /// Flags of every command.
    #[command(flatten)]
    pub root: RootArgs,
}

impl CommandArgs for SandboxRunArgs {
    fn to_request(&self, _: &mut Vec<String>) -> Result<Request, Error> {
        if let Some(word) = self.extra.first() {
            return Err(Error::usage(format!("`{}` stands before `--`", word.to_string_lossy()))
                .hint("the command stands after it: sandbox run -- COMMAND"));
        }
        let Some((program, arguments)) = self.command.split_first() else {
            return Err(Error::usage("there is no command to run")
                .hint("it stands after `--`: sandbox run -- COMMAND"));
        };
        Ok(Request::Sandbox(SandboxRequest::Run(Box::new(SandboxRunRequest {
            folder: not_empty("--dir", &self.dir)?,
            kind: self.kind.kind(),
            for_cosign_2: self.cosign_2,
            program: program.clone(),
            arguments: arguments.to_vec(),
        }))))
    }
}
