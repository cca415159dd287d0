//! What is asked for.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use super::super::Files;

/// What kind of sandbox it is.
#[derive(Debug, Clone, Default)]
pub struct SandboxKind {
    /// What it does wrong: `SERVICE=EFFECT[:COUNT]`.
    pub faults: Vec<String>,
    /// Whose clocks are wrong: `SERVICE=+DURATION`.
    pub clocks: Vec<String>,
    /// Ports: `SERVICE=PORT`.
    pub ports: Vec<String>,
    /// Whether its registry has the referrers API.
    pub referrers: bool,
    /// Whether a witness cosigns the checkpoints of Rekor v2.
    pub witness: bool,
    /// Addresses of e-mail that its login page offers, the first of which its token is for.
    pub people: Vec<String>,
}

/// `sandbox up`.
#[derive(Debug, Clone)]
pub struct SandboxUpRequest {
    /// The folder of its state.
    pub folder: Option<PathBuf>,
    /// Whether it runs on when the command has ended.
    pub detach: bool,
    /// What kind it is.
    pub kind: SandboxKind,
}

/// `sandbox run`.
#[derive(Debug, Clone)]
pub struct SandboxRunRequest {
    /// The folder of its state; a temporary one without it.
    pub folder: Option<PathBuf>,
    /// What kind it is.
    pub kind: SandboxKind,
    /// Whether the variables are those for cosign 2; without it they are if the program is one.
    pub for_cosign_2: Option<bool>,
    /// The program.
    pub program: OsString,
    /// Its arguments.
    pub arguments: Vec<OsString>,
}

/// `sandbox token`.
#[derive(Debug, Clone)]
pub struct SandboxTokenRequest {
    /// The folder of the sandbox.
    pub folder: Option<PathBuf>,
    /// Whom it is about.
    pub identity: SandboxTokenIdentity,
    /// To whom it is made out; Fulcio without it.
    pub audience: Option<String>,
    /// How long it is of use; ten minutes without it.
    pub lifetime: Option<Duration>,
    /// The issuer that certificates name in place of the sandbox's.
    pub issuer: Option<String>,
    /// The file for it.
    pub output: Option<PathBuf>,
}

impl SandboxTokenRequest {
    /// The files that it names.
    pub fn files(&self) -> Files<'_> {
        Files::default().and_written("identity token", self.output.as_deref())
    }
}

/// Whom a token is about.
#[derive(Debug, Clone)]
pub enum SandboxTokenIdentity {
    /// An address of e-mail.
    Email(String),
    /// A URI.
    Uri(String),
    /// A run of a workflow of GitHub.
    GithubWorkflow(WorkflowRequest),
}

/// A run of a workflow; what is `None` is as in any other.
#[derive(Debug, Clone)]
pub struct WorkflowRequest {
    /// `owner/name`.
    pub repository: String,
    /// The file of the workflow.
    pub file: Option<String>,
    /// `refs/heads/main`.
    pub git_ref: Option<String>,
    /// The commit.
    pub sha: Option<String>,
    /// What started it.
    pub event: Option<String>,
}
