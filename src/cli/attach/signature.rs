//! `attach signature`.

use std::ffi::OsString;
use std::path::PathBuf;

use super::super::args::{filled, one_of, registry::RegistryArgs, root::RootArgs};
use super::super::run::Request;
use super::super::tree::CommandArgs;
use super::one_image;
use crate::commands::{AttachSignatureRequest, AttachedParts, AttachedSignature, Error, SignatureParts};

const MODES: &[&str] = &["legacy", "oci-1-1"];

/// Attach a signature that was made elsewhere to an image
///
/// The signature is one over the payload that `generate` shows, and goes under the tag of cosign 2; a bundle refers to the image.
/// Nothing is verified. The same signature is never attached twice.
#[derive(Debug, clap::Args)]
pub struct AttachSignatureArgs {
    /// Image
    #[arg(value_name = "IMAGE")]
    pub image: Vec<OsString>,
    /// File with the signature, in base64 or raw; `-` is standard input
    #[arg(long, value_name = "FILE", help_heading = "Signature")]
    pub signature: Option<PathBuf>,
    /// File with the payload that was signed (default: what `generate` shows)
    #[arg(long, value_name = "FILE", help_heading = "Signature")]
    pub payload: Option<PathBuf>,
    /// File with a Sigstore bundle that holds it all, in place of --signature
    #[arg(long, value_name = "FILE", help_heading = "Signature")]
    pub bundle: Option<PathBuf>,
    /// File with the certificate, PEM
    #[arg(long, visible_alias = "cert", value_name = "FILE", help_heading = "Signature")]
    pub certificate: Option<PathBuf>,
    /// File with the certificates above it, PEM
    #[arg(long, visible_alias = "cert-chain", value_name = "FILE", help_heading = "Signature")]
    pub certificate_chain: Option<PathBuf>,
    /// File with what Rekor 1 answered, or with the `rekorBundle` of a bundle
    #[arg(long, value_name = "FILE", help_heading = "Signature")]
    pub rekor_response: Option<PathBuf>,
    /// File with an RFC 3161 timestamp
    #[arg(long, value_name = "FILE", help_heading = "Signature")]
    pub tsr: Option<PathBuf>,
    /// Where it is published: legacy for a tag, oci-1-1 for a manifest that refers to the image, which a bundle does anyway
    #[arg(long, value_name = "MODE", value_parser = one_of(MODES), help_heading = "Signature")]
    pub registry_referrers_mode: Option<String>,
    /// Registries.
    #[command(flatten)]
    pub registry: RegistryArgs,
    /// Flags of every command.
    #[command(flatten)]
    pub root: RootArgs,
}

impl CommandArgs for AttachSignatureArgs {
    fn to_request(&self, _: &mut Vec<String>) -> Result<Request, Error> {
        let image = one_image(&self.image, "a signature", "attach signature")?;
        let what = self.what()?;
        Ok(Request::AttachSignature(Box::new(AttachSignatureRequest {
            image,
            what,
            referring: self.registry_referrers_mode.as_deref() == Some("oci-1-1"),
            registry: self.registry.request()?,
        })))
    }
}

impl AttachSignatureArgs {
    fn what(&self) -> Result<AttachedSignature, Error> {
        let parts = [
            ("--payload", filled(&self.payload)),
            ("--certificate", filled(&self.certificate)),
            ("--certificate-chain", filled(&self.certificate_chain)),
            ("--rekor-response", filled(&self.rekor_response)),
            ("--tsr", filled(&self.tsr)),
        ];
        match (filled(&self.bundle), filled(&self.signature)) {
            (Some(_), Some(_)) => Err(Error::usage("--bundle and --signature are two different signatures")
                .hint("leave one of them out")),
            (Some(bundle), None) => match parts.iter().find(|(_, part)| part.is_some()) {
                Some((flag, _)) => Err(Error::usage(format!("{flag} does not go with --bundle"))
                    .hint("a bundle holds all that belongs to the signature")),
                None => Ok(AttachedSignature::Bundle(bundle)),
            },
            (None, None) => Err(Error::usage("there is no signature to attach")
                .hint("name it with --signature FILE, or a bundle with --bundle FILE")),
            (None, Some(signature)) => {
                let [payload, certificate, certificate_chain, log_entry, timestamp] =
                    parts.map(|(_, part)| part);
                if certificate.is_none() && certificate_chain.is_some() {
                    return Err(Error::usage("--certificate-chain needs a certificate")
                        .hint("add --certificate FILE"));
                }
                Ok(AttachedSignature::Parts(SignatureParts {
                    signature,
                    payload,
                    with: AttachedParts { certificate, certificate_chain, log_entry, timestamp },
                }))
            }
        }
    }
}
