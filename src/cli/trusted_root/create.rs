//! `trusted-root create`.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::super::args::spec::{Form, Spec};
use super::super::args::{filled, none, root::RootArgs};
use super::super::run::Request;
use super::super::tree::CommandArgs;
use super::older::OlderArgs;
use crate::commands::{
    AuthoritySource, AuthorityStart, DefaultRoot, Error, LogSource, TrustedRootCreateRequest, Window,
};

/// Make a trusted root from certificates and keys
#[derive(Debug, clap::Args)]
pub struct TrustedRootCreateArgs {
    /// None is taken
    #[arg(hide = true)]
    pub extra: Vec<OsString>,
    /// Trust this certificate authority
    ///
    /// The chain begins with the issuer of signers' certificates and ends with the root. The start is that of the root's
    /// validity, unless given. May be given several times, as the next three.
    #[arg(
        long,
        value_name = "url=URL,certificate-chain=FILE[,start-time=TIME,end-time=TIME]",
        help_heading = "Services"
    )]
    pub fulcio: Vec<String>,
    /// Trust this transparency log
    ///
    /// A log of Rekor v2 needs its origin, the name in its checkpoints, unless its key is ECDSA.
    #[arg(
        long,
        value_name = "url=URL,public-key=FILE,start-time=TIME[,end-time=TIME,origin=NAME]",
        help_heading = "Services"
    )]
    pub rekor: Vec<String>,
    /// Trust this certificate transparency log
    #[arg(
        long,
        value_name = "url=URL,public-key=FILE,start-time=TIME[,end-time=TIME]",
        help_heading = "Services"
    )]
    pub ctfe: Vec<String>,
    /// Trust this timestamp authority
    ///
    /// The chain begins with the certificate that signs timestamps and ends with the root. The start is that of the first
    /// certificate's validity, unless given.
    #[arg(
        long,
        value_name = "url=URL,certificate-chain=FILE[,start-time=TIME,end-time=TIME]",
        help_heading = "Services"
    )]
    pub tsa: Vec<String>,
    /// Begin with the services of the trusted root of the TUF repository: the public one, or that of `initialize`
    #[arg(long, help_heading = "Services")]
    pub with_default_services: Option<bool>,
    /// Do not ask the TUF repository: begin with the cached root, or the one built into this program
    #[arg(long, help_heading = "Services")]
    pub offline: Option<bool>,
    /// Leave out the public certificate authorities
    #[arg(long, help_heading = "Services")]
    pub no_default_fulcio: Option<bool>,
    /// Leave out the public transparency logs
    #[arg(long, help_heading = "Services")]
    pub no_default_rekor: Option<bool>,
    /// Leave out the public certificate transparency logs
    #[arg(long, help_heading = "Services")]
    pub no_default_ctfe: Option<bool>,
    /// Leave out the public timestamp authorities
    #[arg(long, help_heading = "Services")]
    pub no_default_tsa: Option<bool>,
    /// How services were named before.
    #[command(flatten)]
    pub older: OlderArgs,
    /// Write the trusted root to this file
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub out: Option<PathBuf>,
    /// Flags of every command.
    #[command(flatten)]
    pub root: RootArgs,
}

impl CommandArgs for TrustedRootCreateArgs {
    fn to_request(&self, warnings: &mut Vec<String>) -> Result<Request, Error> {
        none(&self.extra)?;
        let older = &self.older;
        older.refuse_mixtures([&self.fulcio, &self.rekor, &self.ctfe, &self.tsa])?;
        let default = |left_out: Option<bool>| {
            self.with_default_services.unwrap_or_default() && !left_out.unwrap_or_default()
        };
        Ok(Request::TrustedRootCreate(TrustedRootCreateRequest {
            defaults: DefaultRoot {
                certificate_authorities: default(self.no_default_fulcio),
                logs: default(self.no_default_rekor),
                ct_logs: default(self.no_default_ctfe),
                timestamp_authorities: default(self.no_default_tsa),
            },
            certificate_authorities: [
                each(&self.fulcio, |text| authority(FULCIO, text, AuthorityStart::Anchor))?,
                older.certificate_authorities()?,
            ]
            .concat(),
            logs: [each(&self.rekor, |text| log(REKOR, text))?, older.logs()?].concat(),
            ct_logs: [each(&self.ctfe, |text| ct_log(text, warnings))?, older.ct_logs()?].concat(),
            timestamp_authorities: [
                each(&self.tsa, |text| authority(TSA, text, AuthorityStart::First))?,
                older.timestamp_authorities()?,
            ]
            .concat(),
            offline: self.offline.unwrap_or_default(),
            out: filled(&self.out),
        }))
    }
}

const FULCIO: Form = authority_form("--fulcio");
const TSA: Form = authority_form("--tsa");
const REKOR: Form = log_form("--rekor");
const CTFE: Form = log_form("--ctfe");

const fn authority_form(flag: &'static str) -> Form {
    Form { flag, required: &["url", "certificate-chain"], optional: &["start-time", "end-time"] }
}

const fn log_form(flag: &'static str) -> Form {
    Form { flag, required: &["url", "public-key", "start-time"], optional: &["end-time", "origin"] }
}

fn each<T>(texts: &[String], source: impl FnMut(&String) -> Result<T, Error>) -> Result<Vec<T>, Error> {
    texts.iter().map(source).collect()
}

fn authority(form: Form, text: &str, start: AuthorityStart) -> Result<AuthoritySource, Error> {
    let spec = Spec::parse(form, text)?;
    Ok(AuthoritySource {
        named: spec.named(),
        uri: spec.text("url").to_owned(),
        chain: Path::new(spec.text("certificate-chain")).to_owned(),
        start: spec.time("start-time")?.map_or(start, AuthorityStart::At),
        end: spec.time("end-time")?,
    })
}

fn log(form: Form, text: &str) -> Result<LogSource, Error> {
    let spec = Spec::parse(form, text)?;
    Ok(LogSource {
        named: spec.named(),
        base_url: spec.text("url").to_owned(),
        key: Path::new(spec.text("public-key")).to_owned(),
        valid_for: Window { start: spec.time("start-time")?, end: spec.time("end-time")? },
        origin: spec.get("origin").map(str::to_owned),
    })
}

/// Certificate transparency logs are named by their keys alone (RFC 6962 section 3.2).
fn ct_log(text: &str, warnings: &mut Vec<String>) -> Result<LogSource, Error> {
    let log = log(CTFE, text)?;
    if log.origin.is_some() {
        warnings.push(format!("{}: `origin` has no effect on certificate transparency logs", log.named));
    }
    Ok(LogSource { origin: None, ..log })
}
