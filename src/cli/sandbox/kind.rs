//! Flags that say what kind of sandbox it is.

use std::path::PathBuf;

use crate::commands::SandboxKind;

/// What a sandbox is started with.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Sandbox")]
pub struct KindArgs {
    /// Let a service do something wrong, such as rekor=503:3, fulcio=slow:10s or registry=reset; may be repeated
    ///
    /// SERVICE is one of page, oidc, fulcio, ct, rekor, rekor2, tsa, tuf and registry. FAULT is a status from 400 to 599, slow:DURATION,
    /// hang, reset, garbage or truncate; with :COUNT it is for so many requests, else for all. Faults of ct are also met by fulcio, which
    /// issues no certificate then. Those of oidc are met by logins: where there is a token nobody asks the issuer.
    #[arg(long, value_name = "SERVICE=FAULT")]
    pub fault: Vec<String>,
    /// Let the clock of a service be wrong, such as fulcio=+1h or tsa=-400d; may be repeated
    #[arg(long, value_name = "SERVICE=OFFSET")]
    pub clock: Vec<String>,
    /// Choose the port of a service, such as registry=5000; may be repeated (default those of the last time, else any)
    #[arg(long, value_name = "SERVICE=PORT")]
    pub port: Vec<String>,
    /// Let the registry be one without the referrers API
    #[arg(long)]
    pub no_referrers: Option<bool>,
    /// Let a witness cosign the checkpoints of Rekor v2; its key for verifiers is the file witness.vkey of the folder
    #[arg(long)]
    pub witness: Option<bool>,
    /// Offer this address of e-mail at the login page; the token is for the first one (default dev@example.com)
    #[arg(long, value_name = "EMAIL")]
    pub email: Vec<String>,
}

impl KindArgs {
    /// The kind that is asked for.
    pub fn kind(&self) -> SandboxKind {
        SandboxKind {
            faults: self.fault.clone(),
            clocks: self.clock.clone(),
            ports: self.port.clone(),
            referrers: !self.no_referrers.unwrap_or_default(),
            witness: self.witness.unwrap_or_default(),
            people: self.email.clone(),
        }
    }
}

/// Where the sandbox is.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Sandbox")]
pub struct PlaceArgs {
    /// Folder of the sandbox (default RCOSIGN_SANDBOX, else ~/.local/share/rcosign/sandbox)
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
}
