//! Flags of every command that verifies images.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;

use super::batch::{BatchArgs, workers};
use super::github::Meant;
use super::identity::IdentityArgs;
use super::key::KeyArgs;
use super::output::ReportArgs;
use super::platform::platform;
use super::policy_file::PolicyFileArgs;
use super::registry::RegistryArgs;
use super::trust::{SIGNATURE_DIGESTS, TrustArgs};
use super::verify::{demands, signer};
use super::{filled, not_empty, one_of, values};
use crate::commands::{
    BesideImages, Children, Error, ImagesOutput, PolicyRequest, Search, Signer, TrustRequest,
    VerifyImagesRequest,
};

const OUTPUTS: &[&str] = &["json", "text"];

/// Flags of every command that verifies images.
#[derive(Debug, clap::Args)]
pub struct VerifyImagesArgs {
    /// Which key.
    #[command(flatten)]
    pub key: KeyArgs,
    /// Whose certificate.
    #[command(flatten)]
    pub identity: IdentityArgs,
    /// A policy file in place of both.
    #[command(flatten)]
    pub policy_file: PolicyFileArgs,
    /// Which signatures.
    #[command(flatten)]
    pub search: SearchArgs,
    /// What is trusted.
    #[command(flatten)]
    pub trust: TrustArgs,
    /// Shown as cosign shows it: json is one line of JSON for each image, text is one object for each signature
    #[arg(long, short = 'o', value_name = "FORMAT", value_parser = one_of(OUTPUTS), help_heading = "Output")]
    pub output: Option<String>,
    /// Many images.
    #[command(flatten)]
    pub batch: BatchArgs,
    /// A report.
    #[command(flatten)]
    pub report: ReportArgs,
    /// Registries.
    #[command(flatten)]
    pub registry: RegistryArgs,
}

/// Which images, and where their signatures are.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Signature")]
pub struct SearchArgs {
    /// Compare the digest of the image with the one that is signed (default true)
    #[arg(long)]
    pub check_claims: Option<bool>,
    /// Verify an index and every manifest in it, each by itself
    #[arg(long, short = 'r')]
    pub recursive: Option<bool>,
    /// Verify the manifest for this platform in place of the index that is named
    #[arg(long, value_name = "OS/ARCHITECTURE[/VARIANT]")]
    pub platform: Option<String>,
    /// The arguments are folders with images in OCI layouts, as `save` writes them; an error where a file names the images
    #[arg(long)]
    pub local_image: Option<bool>,
    /// Images that are judged at a time, and requests for all of them (default 24)
    #[arg(long, value_name = "NUMBER", value_parser = values::integer, allow_hyphen_values = true)]
    pub max_workers: Option<i64>,
    /// Certificate for signatures that come without one: PEM, or base64 of PEM
    #[arg(long, value_name = "FILE", alias = "cert")]
    pub certificate: Option<PathBuf>,
    /// Signed certificate timestamp that goes with the certificate
    #[arg(long, value_name = "FILE")]
    pub sct: Option<PathBuf>,
    /// Digest that the signature was made over: sha224, sha256, sha384 or sha512; without it, the key and the bundle
    /// tell
    #[arg(long, value_name = "ALGORITHM", value_parser = one_of(SIGNATURE_DIGESTS))]
    pub signature_digest_algorithm: Option<String>,
    /// Look at bundles only, or, if false, at the tags of cosign 2 only; without it, at all forms
    #[arg(long)]
    pub new_bundle_format: Option<bool>,
    /// Look at cosign's experimental referrers only
    #[arg(long)]
    pub experimental_oci11: Option<bool>,
    /// Address of the log, of version 1, where the entry of a signature that has none is looked up; without it, that of the
    /// trusted root
    #[arg(long, value_name = "URL")]
    pub rekor_url: Option<String>,
}

/// Flags of the commands that verify signatures, not attestations.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Signature")]
pub struct SignaturesArgs {
    /// Demand that this is signed with the image (can be repeated)
    #[arg(long, short = 'a', value_name = "NAME=VALUE")]
    pub annotations: Vec<String>,
    /// Verify this attachment in place of the image: sbom
    #[arg(long, value_name = "ATTACHMENT", value_parser = one_of(&["sbom"]))]
    pub attachment: Option<String>,
    /// File with the payload that --signature is made over; without it, the one that signing the image makes
    #[arg(long, value_name = "FILE")]
    pub payload: Option<OsString>,
    /// File with a signature in place of those in the registry, or the base64 text itself
    #[arg(long, value_name = "SIGNATURE")]
    pub signature: Option<OsString>,
}

impl VerifyImagesArgs {
    /// The request to verify `images` in `command`; warnings are added to `warnings`. `signatures` is missing where
    /// attestations are verified.
    ///
    /// # Errors
    /// Nobody named as the signer, flags that contradict each other.
    pub fn request(
        &self,
        command: &'static str,
        images: Vec<String>,
        meant: impl Into<Meant>,
        signatures: Option<&SignaturesArgs>,
        warnings: &mut Vec<String>,
    ) -> Result<VerifyImagesRequest, Error> {
        let search = &self.search;
        let sct = filled(&search.sct).is_some();
        let Meant { expected, github } = meant.into();
        let signer = match self.policy_file.signer(&self.demands(signatures))? {
            Some(scopes) => scopes,
            None => signer(&self.key, (&self.identity, github.as_ref()), &self.trust, sct, warnings)?,
        };
        let mut beside = BesideImages {
            signature: signatures.and_then(|args| filled(&args.signature)),
            payload: signatures.and_then(|args| filled(&args.payload)),
            certificate: filled(&search.certificate),
            sct: filled(&search.sct),
            digest_algorithm: filled(&search.signature_digest_algorithm)
                .and_then(|name| SIGNATURE_DIGESTS.iter().find(|known| **known == name).copied()),
        };
        if beside.payload.is_some() && beside.signature.is_none() {
            return Err(Error::usage("--payload comes without its signature").hint("add --signature FILE"));
        }
        if matches!(signer, Signer::Key(_)) && beside.certificate.take().is_some() {
            return Err(Error::usage("--key and --certificate name two different signers").hint(
                "leave one of them out: the signature is by the key, or by the holder of the certificate",
            ));
        }
        let mut waivers = self.trust.waivers();
        waivers.claims = (search.check_claims == Some(false)).then_some("--check-claims=false");
        let output = match self.output.as_deref() {
            Some("text") => ImagesOutput::Text,
            _ => ImagesOutput::Json,
        };
        Ok(VerifyImagesRequest {
            command,
            images,
            list: None,
            file: None,
            local: search.local_image.unwrap_or_default(),
            expected,
            trust: TrustRequest {
                log: filled(&search.rekor_url),
                ..self.trust.request(matches!(signer, Signer::Identity(_)))?
            },
            signer,
            require_timestamp: self.trust.use_signed_timestamps.unwrap_or_default(),
            waivers,
            annotations: signatures
                .map_or_else(|| Ok(BTreeMap::new()), |args| annotations(&args.annotations))?,
            beside,
            search: search.search()?,
            children: search.children()?,
            policy: PolicyRequest { github, ..PolicyRequest::default() },
            sbom: signatures.is_some_and(|args| filled(&args.attachment).is_some()),
            output,
            reports: self.report.requests()?,
            resume: not_empty("--resume", &self.batch.resume)?,
            shard: self.batch.shard.shard,
            registry: self.registry.request()?,
        })
    }
}

impl VerifyImagesArgs {
    /// The flags that a policy file speaks for.
    fn demands(&self, signatures: Option<&SignaturesArgs>) -> Vec<(&'static str, bool)> {
        let search = &self.search;
        let mut others = vec![
            ("--check-claims", search.check_claims.is_some()),
            ("--certificate", filled(&search.certificate).is_some()),
            ("--sct", filled(&search.sct).is_some()),
            ("--signature-digest-algorithm", filled(&search.signature_digest_algorithm).is_some()),
            // What is not looked for cannot be refused.
            ("--new-bundle-format", search.new_bundle_format.is_some()),
            ("--experimental-oci11", search.experimental_oci11.is_some()),
            ("--attachment-tag-prefix", filled(&self.registry.attachment_tag_prefix).is_some()),
        ];
        if let Some(args) = signatures {
            others.extend([
                ("--annotations", !args.annotations.is_empty()),
                ("--attachment", filled(&args.attachment).is_some()),
                ("--payload", filled(&args.payload).is_some()),
                ("--signature", filled(&args.signature).is_some()),
            ]);
        }
        demands(&self.key, &self.identity, &self.trust, &others)
    }
}

impl SearchArgs {
    /// Where signatures are looked for. Each of cosign's switches selects a form; without one, all are looked at.
    fn search(&self) -> Result<Search, Error> {
        let workers = workers(self.max_workers)?;
        let experimental = self.experimental_oci11.unwrap_or_default();
        let all = Search { bundles: true, tags: true, layers: true, limited_by: None, workers };
        Ok(match (self.new_bundle_format, experimental) {
            (None, false) => all,
            (None, true) => {
                Search { bundles: false, tags: false, limited_by: Some("--experimental-oci11"), ..all }
            }
            (Some(bundles), layers) => Search {
                bundles,
                tags: !bundles,
                layers,
                limited_by: Some(if bundles { "--new-bundle-format" } else { "--new-bundle-format=false" }),
                ..all
            },
        })
    }

    fn children(&self) -> Result<Children, Error> {
        match (self.recursive.unwrap_or_default(), platform(&not_empty("--platform", &self.platform)?)?) {
            (false, None) => Ok(Children::Whole),
            (true, None) => Ok(Children::Each),
            (false, Some(platform)) => Ok(Children::Of(platform)),
            (true, Some(_)) => Err(Error::usage("--recursive and --platform cannot be used together")
                .hint("--recursive is about all platforms: leave one of them out")),
        }
    }
}

/// The images that are named as arguments.
///
/// # Errors
/// One is empty, or no text.
pub fn images(arguments: &[OsString]) -> Result<Vec<String>, Error> {
    let text = |argument: &OsString| match argument.to_str() {
        Some("") => {
            Err(Error::usage("the name of an image is empty").hint("check the variable that it comes from"))
        }
        Some(text) => Ok(text.to_owned()),
        None => Err(Error::usage(format!("`{}` is not the name of an image", argument.to_string_lossy()))),
    };
    arguments.iter().map(text).collect()
}

/// Annotations by name.
///
/// # Errors
/// A part is no `NAME=VALUE`; one name has two values.
pub fn annotations(flags: &[String]) -> Result<BTreeMap<String, String>, Error> {
    let mut found = BTreeMap::new();
    for flag in flags {
        let parts = values::comma_separated(flag)
            .map_err(|reason| Error::usage(format!("`{flag}` is no list of annotations: {reason}")))?;
        for part in parts {
            let Some((name, value)) = part.split_once('=') else {
                return Err(Error::usage(format!("`{part}` is no annotation"))
                    .hint("an annotation is written `--annotations NAME=VALUE`"));
            };
            if found.insert(name.to_owned(), value.to_owned()).is_some_and(|before| before != value) {
                return Err(Error::usage(format!("the annotation `{name}` is given twice, with two values"))
                    .hint("leave one of them out"));
            }
        }
    }
    Ok(found)
}
