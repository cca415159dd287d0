//! `verify-blob-attestation`.

use std::ffi::OsString;

use super::args::verify::{FilesArgs, VerifyArgs};
use super::args::{at_most_one, filled, github::GithubArgs, one_of, policy::PolicyArgs, root::RootArgs};
use super::run::Request;
use super::tree::CommandArgs;
use crate::commands::{Error, PolicyRequest, Subject, VerifyRequest};

const DIGESTS: &[&str] = &["sha256", "sha384", "sha512"];

/// Verify a signed statement about a file, or about each of several
///
/// Each file is judged by its own bundle: FILE.sigstore.json, if it is there, or as --bundle says with {} for the file. Of several files, the exit code is that of the worst.
/// All proofs come from the bundle or from the files that the flags name. Fetched are the trusted root, where none is named, and the log entry of a
/// detached signature; with --offline, nothing.
#[derive(Debug, clap::Args)]
pub struct VerifyBlobAttestationArgs {
    /// File that the statement is about; not needed with --digest or --check-claims=false
    #[arg(value_name = "BLOB")]
    pub blob: Vec<OsString>,
    /// Type that the predicate must have: a URI, or a short name as in `attest-blob` (default custom)
    #[arg(long = "type", value_name = "TYPE", help_heading = "Statement")]
    pub predicate_type: Option<String>,
    /// Compare the file with the subjects of the statement (default true)
    #[arg(long, help_heading = "Statement")]
    pub check_claims: Option<bool>,
    /// Digest of the file in hex, or as sha256:HEX, in place of reading it
    #[arg(long, value_name = "HEX", help_heading = "Statement")]
    pub digest: Option<String>,
    /// Algorithm of --digest: sha256, sha384 or sha512
    #[arg(long = "digestAlg", value_name = "ALGORITHM", value_parser = one_of(DIGESTS), help_heading = "Statement")]
    pub digest_alg: Option<String>,
    /// Several files.
    #[command(flatten)]
    pub files: FilesArgs,
    /// Policies.
    #[command(flatten)]
    pub policy: PolicyArgs,
    /// Which run of a workflow.
    #[command(flatten)]
    pub github: GithubArgs,
    /// Signer, signature, trust, report.
    #[command(flatten)]
    pub verify: VerifyArgs,
    /// Flags of every command.
    #[command(flatten)]
    pub root: RootArgs,
}

impl CommandArgs for VerifyBlobAttestationArgs {
    fn to_request(&self, warnings: &mut Vec<String>) -> Result<Request, Error> {
        let meant = self.github.meant(&self.predicate_type, &self.verify.identity)?;
        match self.files.request(&self.blob, &self.verify, meant, warnings)? {
            Some(mut files) => {
                if filled(&self.digest).is_some() || filled(&self.digest_alg).is_some() {
                    return Err(Error::usage("--digest belongs to one file, and several are named")
                        .hint("leave it out: the digests of files are computed"));
                }
                let policy = self.policy.request()?;
                files.each.policy = PolicyRequest { github: files.each.policy.github.take(), ..policy };
                files.each.waivers.claims = self.claims();
                Ok(Request::VerifyFiles(Box::new(files)))
            }
            None => Ok(Request::Verify(Box::new(self.request(warnings)?))),
        }
    }
}

impl VerifyBlobAttestationArgs {
    /// What is asked for; warnings are added to `warnings`.
    ///
    /// # Errors
    /// No artifact although claims are checked, nobody named as the signer, no signature, flags that contradict each
    /// other.
    pub fn request(&self, warnings: &mut Vec<String>) -> Result<VerifyRequest, Error> {
        let meant = self.github.meant(&self.predicate_type, &self.verify.identity)?;
        let policy = self.policy.request()?;
        self.verify.policy_file.signer(&[
            ("--type", filled(&self.predicate_type).is_some()),
            ("--policy", !policy.files.is_empty()),
            ("--check-claims", self.check_claims.is_some()),
        ])?;
        self.verify.policy_file.signer(&self.github.given())?;
        let mut request = self.verify.request(self.subject()?, meant, warnings)?;
        request.policy = PolicyRequest { github: request.policy.github.take(), ..policy };
        request.waivers.claims = self.claims();
        Ok(request)
    }

    fn claims(&self) -> Option<&'static str> {
        (self.check_claims == Some(false)).then_some("--check-claims=false")
    }

    fn subject(&self) -> Result<Subject, Error> {
        let digest = match (filled(&self.digest), filled(&self.digest_alg)) {
            (Some(given), name) => Some(stated(&given, name.as_deref())?),
            (None, None) => None,
            (None, Some(_)) => {
                return Err(Error::usage("--digestAlg comes without a digest").hint("add --digest HEX"));
            }
        };
        match (at_most_one(&self.blob, "one file is verified at a time")?, digest) {
            (Some(blob), Some(_)) => Err(Error::usage("both a file and --digest are given")
                .hint(format!("leave one of them out: `{}` or --digest", blob.to_string_lossy()))),
            (Some(blob), None) => Ok(Subject::Blob(blob.clone())),
            (None, Some(digest)) => Ok(digest),
            (None, None) if self.check_claims == Some(false) => Ok(Subject::None),
            (None, None) => Err(Error::usage("there is nothing to verify")
                .hint("name a file, or its digest with --digest HEX --digestAlg sha256")
                .hint("to look at the signature alone: --check-claims=false")),
        }
    }
}

/// A digest as `ALGORITHM:HEX`, as `verify-blob` takes it, or in hex beside the name of its algorithm.
fn stated(given: &str, name: Option<&str>) -> Result<Subject, Error> {
    let prefixed = given.split_once(':').filter(|(prefix, _)| DIGESTS.contains(prefix));
    match (prefixed, name) {
        (Some((prefix, _)), Some(name)) if prefix != name => {
            Err(Error::usage(format!("--digest is a {prefix} digest, and --digestAlg says {name}"))
                .hint("leave --digestAlg out"))
        }
        (Some((prefix, hex)), _) => digest(hex, prefix),
        (None, Some(name)) => digest(given, name),
        (None, None) => Err(Error::usage("--digest comes without the name of its algorithm")
            .hint("add --digestAlg sha256, sha384 or sha512, or write --digest sha256:HEX")),
    }
}

fn digest(hex: &str, name: &str) -> Result<Subject, Error> {
    let (algorithm, bytes) = match name {
        "sha256" => ("sha256", 32),
        "sha384" => ("sha384", 48),
        _ => ("sha512", 64),
    };
    let lower = hex.to_ascii_lowercase();
    if lower.len() == 2 * bytes && lower.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Ok(Subject::Digest { algorithm, hex: lower });
    }
    Err(Error::usage(format!("`{hex}` is not a {algorithm} digest"))
        .hint(format!("--digest takes {} hexadecimal digits with --digestAlg {algorithm}", 2 * bytes)))
}
