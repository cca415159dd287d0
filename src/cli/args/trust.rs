//! Where a signature is, what it is checked against, and what is not asked of it.

use std::ffi::OsString;
use std::path::PathBuf;

use super::{filled, not_empty, one_of};
use crate::commands::{Error, SignatureRequest, TrustRequest, Waivers};

/// What `--signature-digest-algorithm` takes.
pub const SIGNATURE_DIGESTS: &[&str] = &["sha224", "sha256", "sha384", "sha512"];

/// Where a signature is.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Signature")]
pub struct SignatureArgs {
    /// Bundle to verify; every format that was ever written is recognised by its content (can be repeated with --policy-file)
    #[arg(long, value_name = "FILE")]
    pub bundle: Vec<PathBuf>,
    /// File with a detached signature or an envelope, or the base64 text itself
    #[arg(long, value_name = "SIGNATURE")]
    pub signature: Option<OsString>,
    /// Certificate that goes with the signature: PEM, or base64 of PEM
    #[arg(long, value_name = "FILE", alias = "cert")]
    pub certificate: Option<PathBuf>,
    /// Signed certificate timestamp that goes with the certificate
    #[arg(long, value_name = "FILE")]
    pub sct: Option<PathBuf>,
    /// RFC 3161 timestamp that goes with the signature
    #[arg(long, value_name = "FILE")]
    pub rfc3161_timestamp: Option<PathBuf>,
    /// Digest that the signature was made over: sha224, sha256, sha384 or sha512; without it, the key and the bundle
    /// tell
    #[arg(long, value_name = "ALGORITHM", value_parser = one_of(SIGNATURE_DIGESTS))]
    pub signature_digest_algorithm: Option<String>,
    /// No effect: the format is recognised by its content
    #[arg(long)]
    pub new_bundle_format: Option<bool>,
}

impl SignatureArgs {
    /// Where the signature is; `usual` is the bundle where none is named; `scopes`: a policy file is asked, which may need several,
    /// or none.
    ///
    /// # Errors
    /// Neither a bundle nor a signature.
    pub fn request(&self, usual: Option<&str>, scopes: bool) -> Result<SignatureRequest, Error> {
        // As cosign has it, the last one counts.
        let (bundle, others) = match self.bundle.split_last() {
            Some((last, others)) => (filled(&Some(last.clone())), if scopes { others } else { &[] }),
            None => (None, &[][..]),
        };
        let request = SignatureRequest {
            bundle: bundle.or_else(|| usual.map(PathBuf::from)),
            other_bundles: others.to_vec(),
            signature: filled(&self.signature),
            certificate: filled(&self.certificate),
            sct: filled(&self.sct),
            timestamp: filled(&self.rfc3161_timestamp),
            digest_algorithm: filled(&self.signature_digest_algorithm)
                .and_then(|name| SIGNATURE_DIGESTS.iter().find(|known| **known == name).copied()),
        };
        if !scopes && request.bundle.is_none() && request.signature.is_none() {
            return Err(Error::usage("there is no signature to verify")
                .hint("name a bundle with --bundle FILE, or a detached signature with --signature FILE"));
        }
        Ok(request)
    }
}

/// What a signature is checked against, and what is not asked of it.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Trust")]
pub struct TrustArgs {
    /// Trusted root to check against; without it, that of the TUF repository: the public one, or that of `initialize`
    #[arg(long, value_name = "FILE")]
    pub trusted_root: Option<PathBuf>,
    /// Ask no service: without --trusted-root, take the cached root, or the one built into this program
    #[arg(long)]
    pub offline: Option<bool>,
    /// PEM file with root certificates of certificate authorities
    #[arg(long, value_name = "FILE")]
    pub ca_roots: Option<PathBuf>,
    /// PEM file with intermediate certificates, beside --ca-roots
    #[arg(long, value_name = "FILE")]
    pub ca_intermediates: Option<PathBuf>,
    /// PEM file with the certificates above the signer's, the root last
    #[arg(long, value_name = "FILE", alias = "cert-chain")]
    pub certificate_chain: Option<PathBuf>,
    /// PEM file with the certificates of a timestamp authority
    #[arg(long, value_name = "FILE")]
    pub timestamp_certificate_chain: Option<PathBuf>,
    /// Demand an RFC 3161 timestamp
    #[arg(long)]
    pub use_signed_timestamps: Option<bool>,
    /// Demand no transparency log entry; one that is there is checked all the same
    #[arg(long)]
    pub no_log: Option<bool>,
    /// The same as --no-log, by its older name
    #[arg(long)]
    pub insecure_ignore_tlog: Option<bool>,
    /// The same as --no-log, by a name older still
    #[arg(long)]
    pub private_infrastructure: Option<bool>,
    /// Demand no signed certificate timestamp, and look at none
    #[arg(long)]
    pub insecure_ignore_sct: Option<bool>,
}

/// Where log entries are looked up.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Trust")]
pub struct LogArgs {
    /// Address of the log, of version 1, where the entry of a signature that has none is looked up; without it, that of the
    /// trusted root
    #[arg(long, value_name = "URL")]
    pub rekor_url: Option<String>,
}

/// Flags of cosign that make no difference to files.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Trust")]
pub struct IdleArgs {
    /// No effect on files
    #[arg(long)]
    pub experimental_oci11: Option<bool>,
}

impl TrustArgs {
    /// What is trusted.
    ///
    /// # Errors
    /// An empty name of a file; two answers to the question who may issue certificates; intermediates without roots, when
    /// `keyless`.
    pub fn request(&self, keyless: bool) -> Result<TrustRequest, Error> {
        let request = TrustRequest {
            trusted_root: not_empty("--trusted-root", &self.trusted_root)?,
            offline: self.offline.unwrap_or_default(),
            log: None,
            ca_roots: not_empty("--ca-roots", &self.ca_roots)?,
            ca_intermediates: not_empty("--ca-intermediates", &self.ca_intermediates)?,
            certificate_chain: not_empty("--certificate-chain", &self.certificate_chain)?,
            timestamp_certificate_chain: not_empty(
                "--timestamp-certificate-chain",
                &self.timestamp_certificate_chain,
            )?,
        };
        if request.certificate_chain.is_some() {
            let roots = ("--ca-roots", request.ca_roots.is_some());
            let intermediates = ("--ca-intermediates", request.ca_intermediates.is_some());
            if let Some((flag, _)) = [roots, intermediates].into_iter().find(|(_, given)| *given) {
                return Err(Error::usage(format!("{flag} and --certificate-chain cannot be used together"))
                    .hint("--certificate-chain brings its own root: leave out one of them"));
            }
        }
        if keyless && request.ca_intermediates.is_some() && request.ca_roots.is_none() {
            return Err(
                Error::usage("--ca-intermediates needs roots that they chain to").hint("add --ca-roots FILE")
            );
        }
        Ok(request)
    }

    /// The flags that say what is asked of a signature, and whether they are given.
    pub fn demands(&self) -> [(&'static str, bool); 5] {
        [
            ("--use-signed-timestamps", self.use_signed_timestamps.is_some()),
            ("--no-log", self.no_log.is_some()),
            ("--insecure-ignore-tlog", self.insecure_ignore_tlog.is_some()),
            ("--private-infrastructure", self.private_infrastructure.is_some()),
            ("--insecure-ignore-sct", self.insecure_ignore_sct.is_some()),
        ]
    }

    /// What is not demanded, and by which flag.
    pub fn waivers(&self) -> Waivers {
        let first = |flags: &[(&'static str, Option<bool>)]| {
            flags.iter().find(|(_, given)| given.unwrap_or_default()).map(|(flag, _)| *flag)
        };
        Waivers {
            log: first(&[
                ("--no-log", self.no_log),
                ("--insecure-ignore-tlog", self.insecure_ignore_tlog),
                ("--private-infrastructure", self.private_infrastructure),
            ]),
            sct: first(&[("--insecure-ignore-sct", self.insecure_ignore_sct)]),
            claims: None,
        }
    }
}
