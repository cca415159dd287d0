//! `sandbox token`.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use super::super::args::{filled, none, not_empty, root::RootArgs, values};
use super::super::run::Request;
use super::super::tree::CommandArgs;
use super::SandboxRequest;
use super::kind::PlaceArgs;
use crate::commands::{Error, SandboxTokenIdentity, SandboxTokenRequest, WorkflowRequest};

/// Print an identity token of a sandbox, for --identity-token and SIGSTORE_ID_TOKEN
///
/// It is for dev@example.com unless a flag says otherwise. The sandbox need not run.
#[derive(Debug, clap::Args)]
pub struct SandboxTokenArgs {
    /// Refused.
    #[arg(hide = true)]
    pub extra: Vec<OsString>,
    /// Where it is.
    #[command(flatten)]
    pub place: PlaceArgs,
    /// Make it for this address of e-mail (default dev@example.com)
    #[arg(long, value_name = "EMAIL", help_heading = "Identity")]
    pub email: Option<String>,
    /// Make it for this URI, such as spiffe://example.com/build
    #[arg(long, value_name = "URI", help_heading = "Identity")]
    pub uri: Option<String>,
    /// Make it as a GitHub workflow of this repository would get it
    #[arg(long, value_name = "OWNER/REPOSITORY", help_heading = "Identity")]
    pub github_workflow: Option<String>,
    /// File of the workflow (default .github/workflows/release.yml)
    #[arg(long, value_name = "FILE", help_heading = "Identity")]
    pub workflow_file: Option<String>,
    /// Git reference of the workflow (default refs/heads/main)
    #[arg(long, value_name = "REF", help_heading = "Identity")]
    pub workflow_ref: Option<String>,
    /// Commit of the workflow
    #[arg(long, value_name = "SHA", help_heading = "Identity")]
    pub workflow_sha: Option<String>,
    /// Event that started the workflow (default push)
    #[arg(long, value_name = "EVENT", help_heading = "Identity")]
    pub workflow_trigger: Option<String>,
    /// Name another issuer in the certificate, such as https://token.actions.githubusercontent.com
    #[arg(long, value_name = "URL", help_heading = "Identity")]
    pub issuer: Option<String>,
    /// Make it out to this audience (default sigstore)
    #[arg(long, value_name = "NAME", help_heading = "Token")]
    pub audience: Option<String>,
    /// Let it live so long (default 10m)
    #[arg(long, value_name = "DURATION", value_parser = values::duration, allow_hyphen_values = true, help_heading = "Token")]
    pub lifetime: Option<Duration>,
    /// Write it to this file, for its owner alone
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub output: Option<PathBuf>,
    /// Flags of every command.
    #[command(flatten)]
    pub root: RootArgs,
}

impl CommandArgs for SandboxTokenArgs {
    fn to_request(&self, _: &mut Vec<String>) -> Result<Request, Error> {
        none(&self.extra)?;
        Ok(Request::Sandbox(SandboxRequest::Token(Box::new(SandboxTokenRequest {
            folder: not_empty("--dir", &self.place.dir)?,
            identity: self.identity()?,
            audience: not_empty("--audience", &self.audience)?,
            lifetime: self.lifetime,
            issuer: not_empty("--issuer", &self.issuer)?,
            output: filled(&self.output),
        }))))
    }
}

impl SandboxTokenArgs {
    fn identity(&self) -> Result<SandboxTokenIdentity, Error> {
        let email = not_empty("--email", &self.email)?;
        let uri = not_empty("--uri", &self.uri)?;
        let repository = not_empty("--github-workflow", &self.github_workflow)?;
        let of_workflow = [
            ("--workflow-file", &self.workflow_file),
            ("--workflow-ref", &self.workflow_ref),
            ("--workflow-sha", &self.workflow_sha),
            ("--workflow-trigger", &self.workflow_trigger),
        ];
        let given = of_workflow.into_iter().find(|(_, value)| value.is_some());
        if let (Some((flag, _)), None) = (given, &repository) {
            return Err(Error::usage(format!("{flag} is about a workflow, and none is named"))
                .hint("add --github-workflow OWNER/REPOSITORY"));
        }
        match (email, uri, repository) {
            (None, None, None) => Ok(SandboxTokenIdentity::Email("dev@example.com".to_owned())),
            (Some(email), None, None) => Ok(SandboxTokenIdentity::Email(email)),
            (None, Some(uri), None) => Ok(SandboxTokenIdentity::Uri(uri)),
            (None, None, Some(repository)) => Ok(SandboxTokenIdentity::GithubWorkflow(WorkflowRequest {
                repository,
                file: filled(&self.workflow_file),
                git_ref: filled(&self.workflow_ref),
                sha: filled(&self.workflow_sha),
                event: filled(&self.workflow_trigger),
            })),
            _ => Err(Error::usage("--email, --uri and --github-workflow name several identities")
                .hint("leave one of them")),
        }
    }
}
