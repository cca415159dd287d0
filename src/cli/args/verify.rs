//! Flags that every verifying command has.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use super::batch::{ShardArgs, workers};
use super::github::Meant;
use super::identity::IdentityArgs;
use super::key::KeyArgs;
use super::output::ReportArgs;
use super::policy_file::PolicyFileArgs;
use super::trust::{IdleArgs, LogArgs, SignatureArgs, TrustArgs};
use super::{filled, not_empty, values};
use crate::commands::{
    Error, Expected, GithubRequest, PolicyRequest, Signer, Subject, TrustRequest, VerifyFilesRequest,
    VerifyRequest,
};

/// The bundle of each of several files, as `sign-blob --bundle-dir` names it.
const BESIDE: &str = "{}.sigstore.json";

/// Flags that every verifying command has.
#[derive(Debug, clap::Args)]
pub struct VerifyArgs {
    /// Which key.
    #[command(flatten)]
    pub key: KeyArgs,
    /// Whose certificate.
    #[command(flatten)]
    pub identity: IdentityArgs,
    /// A policy file in place of both.
    #[command(flatten)]
    pub policy_file: PolicyFileArgs,
    /// Where the signature is.
    #[command(flatten)]
    pub signature: SignatureArgs,
    /// What is trusted.
    #[command(flatten)]
    pub trust: TrustArgs,
    /// What makes no difference.
    #[command(flatten)]
    pub idle: IdleArgs,
    /// Where log entries are looked up.
    #[command(flatten)]
    pub lookup: LogArgs,
    /// A report.
    #[command(flatten)]
    pub report: ReportArgs,
}

impl VerifyArgs {
    /// The request to verify `subject`; warnings are added to `warnings`.
    ///
    /// # Errors
    /// Nobody named as the signer, no signature, flags that contradict each other.
    pub fn request(
        &self,
        subject: Subject,
        meant: impl Into<Meant>,
        warnings: &mut Vec<String>,
    ) -> Result<VerifyRequest, Error> {
        self.request_or(subject, meant.into(), None, warnings)
    }

    /// The same, with the bundle that is meant where none is named.
    fn request_or(
        &self,
        subject: Subject,
        meant: Meant,
        usual: Option<&str>,
        warnings: &mut Vec<String>,
    ) -> Result<VerifyRequest, Error> {
        let sct = filled(&self.signature.sct).is_some();
        let Meant { expected, github } = meant;
        let digest = filled(&self.signature.signature_digest_algorithm).is_some();
        let others =
            demands(&self.key, &self.identity, &self.trust, &[("--signature-digest-algorithm", digest)]);
        let signer = match self.policy_file.signer(&others)? {
            Some(scopes) => scopes,
            None => {
                let named = (&self.identity, github.as_ref());
                signer(&self.key, named, &self.trust, sct, warnings)?
            }
        };
        let beside = match usual {
            Some(_) => None,
            None => self.beside(&subject, warnings),
        };
        let usual = usual.or(beside.as_deref());
        let mut signature = self.signature.request(usual, matches!(signer, Signer::Scopes(_)))?;
        if let Subject::Blob(blob) = &subject {
            let is_by_scopes = matches!(signer, Signer::Scopes(_));
            let mut named: Vec<PathBuf> =
                signature.bundle.take().into_iter().chain(signature.other_bundles.drain(..)).collect();
            // A policy file decides what it needs: what a pattern names and is not there counts as nothing, as among several files.
            named.retain_mut(|bundle| {
                let is_absent = in_place(bundle, blob) && matches!(bundle.try_exists(), Ok(false));
                if is_absent && is_by_scopes {
                    warnings.push(format!("`{}` does not exist, and counts as nothing", bundle.display()));
                }
                !(is_absent && is_by_scopes)
            });
            let mut named = named.into_iter();
            signature.bundle = named.next();
            signature.other_bundles = named.collect();
        }
        if matches!(signer, Signer::Key(_)) && signature.certificate.is_some() {
            // As cosign: its verify-blob refuses the pair, its verify-blob-attestation does not look at the second.
            if expected == Expected::Signature {
                return Err(Error::usage("--key and --certificate name two different signers").hint(
                    "leave one of them out: the signature is by the key, or by the holder of the certificate",
                ));
            }
            warnings.push("--certificate is ignored: --key decides whose signature is accepted".to_owned());
            signature.certificate = None;
        }
        Ok(VerifyRequest {
            subject,
            expected,
            trust: TrustRequest {
                log: filled(&self.lookup.rekor_url),
                ..self.trust.request(matches!(signer, Signer::Identity(_)))?
            },
            signer,
            signature,
            require_timestamp: self.trust.use_signed_timestamps.unwrap_or_default(),
            waivers: self.trust.waivers(),
            policy: PolicyRequest { github, ..PolicyRequest::default() },
            reports: self.report.requests()?,
        })
    }
}

impl VerifyArgs {
    /// The bundle beside the one file, where it is there and nothing else says where the signature is. It is named in `warnings`.
    fn beside(&self, subject: &Subject, warnings: &mut Vec<String>) -> Option<String> {
        let SignatureArgs { bundle, signature, certificate, sct, rfc3161_timestamp, .. } = &self.signature;
        let is_named = !bundle.is_empty()
            || signature.is_some()
            || certificate.is_some()
            || sct.is_some()
            || rfc3161_timestamp.is_some();
        let Subject::Blob(blob) = subject else { return None };
        let name = blob.to_str().filter(|name| !is_named && !name.is_empty() && *name != "-")?;
        let beside = BESIDE.replace("{}", name);
        Path::new(&beside).is_file().then(|| {
            warnings.push(format!("no --bundle is given: `{beside}`, beside the file, is taken"));
            beside
        })
    }
}

/// Puts the name of the file in the place of `{}`, unless a bundle is really called so; whether it did.
fn in_place(bundle: &mut PathBuf, file: &OsStr) -> bool {
    if let (Some(text), Some(file)) = (bundle.to_str(), file.to_str())
        && text.contains("{}")
        && !bundle.is_file()
    {
        *bundle = text.replace("{}", file).into();
        return true;
    }
    false
}

/// The flags that only a policy file can speak for where one is given, and whether they are there.
pub fn demands(
    key: &KeyArgs,
    identity: &IdentityArgs,
    trust: &TrustArgs,
    others: &[(&'static str, bool)],
) -> Vec<(&'static str, bool)> {
    let identity = identity.given().into_iter().map(|flag| (flag, true));
    key.given().into_iter().chain(identity).chain(trust.demands()).chain(others.iter().copied()).collect()
}

/// Several files, and which of them.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Input")]
pub struct FilesArgs {
    /// Verify the files in this list too, one in a line; `-` is standard input
    #[arg(long, value_name = "LIST")]
    pub from_file: Option<OsString>,
    /// Part of the files.
    #[command(flatten)]
    pub shard: ShardArgs,
    /// Files that are judged at a time (default 24); no effect on one file
    #[arg(long, value_name = "NUMBER", value_parser = values::integer, allow_hyphen_values = true)]
    pub max_workers: Option<i64>,
}

impl FilesArgs {
    /// What is asked for where several files are meant; `None` where it is one.
    ///
    /// # Errors
    /// As [`VerifyArgs::request`]; something that belongs to one file alone.
    pub fn request(
        &self,
        files: &[OsString],
        verify: &VerifyArgs,
        meant: impl Into<Meant>,
        warnings: &mut Vec<String>,
    ) -> Result<Option<VerifyFilesRequest>, Error> {
        let list = filled(&self.from_file);
        if files.len() < 2 && list.is_none() {
            return match self.shard.shard {
                Some(_) => Err(Error::usage("--shard is about several files, and one is named")
                    .hint("name more files, or a list of them with --from-file")),
                None => Ok(None),
            };
        }
        let given = &verify.signature;
        let of_one = [
            ("--signature", filled(&given.signature).is_some()),
            ("--certificate", filled(&given.certificate).is_some()),
            ("--sct", filled(&given.sct).is_some()),
            ("--rfc3161-timestamp", filled(&given.rfc3161_timestamp).is_some()),
        ];
        if let Some((flag, _)) = of_one.into_iter().find(|(_, is_given)| *is_given) {
            return Err(Error::usage(format!("{flag} belongs to one file, and several are named"))
                .hint("several files are verified by the bundles beside them: FILE.sigstore.json, or as --bundle says"));
        }
        let each = verify.request_or(Subject::None, meant.into(), Some(BESIDE), warnings)?;
        let bundle =
            each.signature.bundle.as_ref().and_then(|bundle| bundle.to_str()).unwrap_or_default().to_owned();
        if !bundle.contains("{}") {
            return Err(Error::usage("--bundle names one bundle, and several files are named")
                .hint("write {} where the name of the file goes: --bundle '{}.sigstore.json'")
                .hint("one file is verified at a time where it has a bundle of another name"));
        }
        let (files, shard, workers) = (files.to_vec(), self.shard.shard, workers(self.max_workers)?);
        Ok(Some(VerifyFilesRequest { each, files, list, bundle, shard, workers }))
    }
}

/// Whose signature is wanted: a key's or an identity's. Which of the two is on the command line and which in a variable makes no
/// difference: whoever sets the variable must not decide against the one who writes the flags. `sct`: whether `--sct` is given.
///
/// # Errors
/// Nobody is named, or two are.
pub fn signer(
    key: &KeyArgs,
    (identity, github): (&IdentityArgs, Option<&GithubRequest>),
    trust: &TrustArgs,
    sct: bool,
    warnings: &mut Vec<String>,
) -> Result<Signer, Error> {
    let Some(reference) = key.reference()? else {
        // Whoever gives an empty one and nothing else has meant a key.
        if identity.given().is_empty() {
            let _ = not_empty("--key", &key.key)?;
        }
        return identity.request(github).map(Signer::Identity);
    };
    if github.is_some() {
        return Err(Error::usage("--repo cannot be verified with --key")
            .cause("a key says nothing of a repository, and what a statement says of it is its author's word alone")
            .hint("leave --key out: the certificate of a run names its repository")
            .hint("to look at what a statement says that was signed with a key, use --policy"));
    }
    if let Some(flag) = identity.given().first() {
        return Err(Error::usage(format!("--key and {flag} name two different signers"))
            .cause(format!("each may be the value of a variable: COSIGN_KEY, {}", variable(flag)))
            .hint(
                "leave one of them out: the signature is by the key, or by the holder of the certificate",
            ));
    }
    let trust = [
        ("--ca-roots", filled(&trust.ca_roots).is_some()),
        ("--ca-intermediates", filled(&trust.ca_intermediates).is_some()),
        ("--certificate-chain", filled(&trust.certificate_chain).is_some()),
        ("--sct", sct),
    ];
    let idle: Vec<_> = trust.into_iter().filter(|(_, given)| *given).map(|(flag, _)| flag).collect();
    if !idle.is_empty() {
        let verb = if idle.len() == 1 { "is" } else { "are" };
        let idle = idle.join(", ");
        warnings.push(format!("{idle} {verb} ignored: --key decides whose signature is accepted"));
    }
    Ok(Signer::Key(reference))
}

/// The variable that stands in for `flag`.
fn variable(flag: &str) -> String {
    format!("COSIGN_{}", flag.trim_start_matches('-').replace('-', "_").to_ascii_uppercase())
}

#[cfg(test)]
mod tests;
