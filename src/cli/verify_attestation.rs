//! `verify-attestation`.

use std::ffi::OsString;

use super::args::filled;
use super::args::github::GithubArgs;
use super::args::policy::PolicyArgs;
use super::args::root::RootArgs;
use super::args::verify_images::VerifyImagesArgs;
use super::run::Request;
use super::tree::CommandArgs;
use super::verify::some_images;
use crate::commands::{Error, PolicyRequest, VerifyImagesRequest};

/// Verify statements about images
///
/// Every form in which attestations are stored is looked at. Each image is judged by itself; the exit code is that of the worst.
#[derive(Debug, clap::Args)]
pub struct VerifyAttestationArgs {
    /// Image (can be repeated): a reference, or oci:FOLDER[:TAG|@DIGEST], oci-archive:FILE, docker-archive:FILE
    #[arg(value_name = "IMAGE...")]
    pub images: Vec<OsString>,
    /// Verify the images in this file too, one in a line; `-` is standard input
    #[arg(long, value_name = "LIST", help_heading = "Signature")]
    pub from_file: Option<OsString>,
    /// Type that the predicate must have: a URI, or a short name as in `attest` (default custom)
    #[arg(long = "type", value_name = "TYPE", help_heading = "Statement")]
    pub predicate_type: Option<String>,
    /// Policies.
    #[command(flatten)]
    pub policy: PolicyArgs,
    /// Which run of a workflow.
    #[command(flatten)]
    pub github: GithubArgs,
    /// Signer, signatures, trust, report.
    #[command(flatten)]
    pub verify: VerifyImagesArgs,
    /// Flags of every command.
    #[command(flatten)]
    pub root: RootArgs,
}

impl CommandArgs for VerifyAttestationArgs {
    fn to_request(&self, warnings: &mut Vec<String>) -> Result<Request, Error> {
        let policy = self.policy.request()?;
        let typed =
            [("--type", filled(&self.predicate_type).is_some()), ("--policy", !policy.files.is_empty())];
        self.verify.policy_file.signer(&typed)?;
        self.verify.policy_file.signer(&self.github.given())?;
        let list = filled(&self.from_file);
        let images = some_images(&self.images, list.as_ref())?;
        let meant = self.github.meant(&self.predicate_type, &self.verify.identity)?;
        let request = self.verify.request("verify-attestation", images, meant, None, warnings)?;
        let policy = PolicyRequest { github: request.policy.github, ..policy };
        Ok(Request::VerifyImages(Box::new(VerifyImagesRequest { list, policy, ..request })))
    }
}
