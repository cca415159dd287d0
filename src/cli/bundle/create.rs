//! `bundle create`.

use std::ffi::OsString;
use std::path::PathBuf;

use super::super::args::{filled, key::KeyArgs, none, root::RootArgs};
use super::super::run::Request;
use super::super::tree::CommandArgs;
use crate::commands::{BundleCreateRequest, Error, LogRequest};

/// Make a bundle from a signature and what belongs to it
#[derive(Debug, clap::Args)]
pub struct BundleCreateArgs {
    /// None is taken
    #[arg(hide = true)]
    pub extra: Vec<OsString>,
    /// The signed file
    #[arg(long, value_name = "FILE", help_heading = "What is signed")]
    pub artifact: Option<OsString>,
    /// Signature of the file, as base64 or raw, or a DSSE envelope
    #[arg(long, value_name = "FILE", help_heading = "What is signed")]
    pub signature: Option<OsString>,
    /// DSSE envelope with a statement about the file
    #[arg(long, value_name = "FILE", help_heading = "What is signed")]
    pub attestation: Option<PathBuf>,
    /// Bundle in cosign's older format, in place of --signature and --certificate
    #[arg(long, value_name = "FILE", help_heading = "What is signed")]
    pub bundle: Option<PathBuf>,
    /// Which key.
    #[command(flatten)]
    pub key: KeyArgs,
    /// Certificate of the signer: PEM, base64 of PEM, or DER
    #[arg(long, value_name = "FILE", alias = "cert", help_heading = "Key")]
    pub certificate: Option<PathBuf>,
    /// RFC 3161 timestamp of the signature
    #[arg(long, value_name = "FILE", help_heading = "Proofs")]
    pub rfc3161_timestamp: Option<PathBuf>,
    /// Make a bundle without a log entry
    #[arg(long, help_heading = "Proofs")]
    pub ignore_tlog: Option<bool>,
    /// Address of the log, of version 1, to ask for the log entry; without it, that of the trusted root
    #[arg(long, value_name = "URL", help_heading = "Proofs")]
    pub rekor_url: Option<String>,
    /// Trusted root that the log entry has to hold against; without it, the one of the TUF repository
    #[arg(long, value_name = "FILE", help_heading = "Proofs")]
    pub trusted_root: Option<PathBuf>,
    /// Write the bundle to this file, not to standard output
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub out: Option<PathBuf>,
    /// Flags of every command.
    #[command(flatten)]
    pub root: RootArgs,
}

impl CommandArgs for BundleCreateArgs {
    fn to_request(&self, _: &mut Vec<String>) -> Result<Request, Error> {
        none(&self.extra)?;
        let artifact = filled(&self.artifact).ok_or_else(|| {
            Error::usage("the signed file is not named").hint("name it with --artifact FILE")
        })?;
        let request = BundleCreateRequest {
            artifact,
            signature: filled(&self.signature),
            attestation: filled(&self.attestation),
            bundle: filled(&self.bundle),
            certificate: filled(&self.certificate),
            key: self.key.reference()?,
            timestamp: filled(&self.rfc3161_timestamp),
            ignore_log: self.ignore_tlog.unwrap_or_default(),
            log: LogRequest { url: filled(&self.rekor_url), trusted_root: filled(&self.trusted_root) },
            out: filled(&self.out),
        };
        check(&request)?;
        Ok(Request::BundleCreate(request))
    }
}

/// Refuses what contradicts itself.
fn check(request: &BundleCreateRequest) -> Result<(), Error> {
    let BundleCreateRequest { signature, attestation, bundle, certificate, .. } = request;
    if signature.is_none() && attestation.is_none() && bundle.is_none() {
        return Err(Error::usage("there is no signature to put into a bundle")
            .hint("name it with --signature FILE, --attestation FILE or --bundle FILE"));
    }
    let beside = [("--signature", signature.is_some()), ("--certificate", certificate.is_some())];
    if let (Some(_), Some((flag, _))) = (bundle, beside.iter().find(|(_, given)| *given)) {
        return Err(Error::usage(format!("--bundle and {flag} cannot be used together")).hint(format!(
            "an older bundle has its own signature and certificate: leave out --bundle or {flag}"
        )));
    }
    Ok(())
}
