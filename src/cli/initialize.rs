//! `initialize`.

use super::args::{filled, root::RootArgs};
use super::run::Request;
use super::tree::CommandArgs;
use crate::commands::{Error, InitializeRequest};

/// Choose the TUF repository that trust material comes from, and fetch it
///
/// What is fetched is kept in the folder that TUF_ROOT names, or in ~/.sigstore/root, where cosign keeps it too. Verification and
/// signing use it as it is while it is valid, and ask the repository when it is not. Without flags it is the repository of
/// Sigstore's public instance.
#[derive(Debug, clap::Args)]
pub struct InitializeArgs {
    /// Address of the repository (default https://tuf-repo-cdn.sigstore.dev)
    #[arg(long, value_name = "URL", help_heading = "Repository")]
    pub mirror: Option<String>,
    /// Root of the repository to begin with: a file, or an address; without it, the one that is cached or built in
    #[arg(long, value_name = "FILE|URL", help_heading = "Repository")]
    pub root: Option<String>,
    /// Digest that the root must have: SHA-256 in hexadecimal, or `sha512:` and SHA-512
    #[arg(long, value_name = "DIGEST", help_heading = "Repository")]
    pub root_checksum: Option<String>,
    /// Choose Sigstore's staging instance
    #[arg(long, help_heading = "Repository")]
    pub staging: Option<bool>,
    /// Flags of every command.
    #[command(flatten)]
    pub root_args: RootArgs,
}

impl CommandArgs for InitializeArgs {
    fn to_request(&self, _: &mut Vec<String>) -> Result<Request, Error> {
        let request = InitializeRequest {
            mirror: filled(&self.mirror),
            root: filled(&self.root),
            root_checksum: filled(&self.root_checksum),
            staging: self.staging.unwrap_or_default(),
        };
        let flags = [
            ("--mirror", request.mirror.is_some()),
            ("--root", request.root.is_some()),
            ("--root-checksum", request.root_checksum.is_some()),
        ];
        if let (true, Some((flag, _))) = (request.staging, flags.into_iter().find(|(_, given)| *given)) {
            return Err(Error::usage(format!("--staging and {flag} name two repositories"))
                .hint("leave one of them out"));
        }
        if request.root_checksum.is_some() && request.root.is_none() {
            return Err(Error::usage("--root-checksum is the digest of a root, and none is named")
                .hint("add --root FILE"));
        }
        Ok(Request::Initialize(request))
    }
}
