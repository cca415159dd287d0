//! `attach attestation`.

use std::ffi::OsString;
use std::path::PathBuf;

use super::super::args::{filled, registry::RegistryArgs, root::RootArgs};
use super::super::run::Request;
use super::super::tree::CommandArgs;
use crate::commands::{AttachAttestationRequest, AttachedParts, Error};

/// Attach attestations that were made elsewhere to images
///
/// A DSSE envelope goes under the tag of cosign 2, a Sigstore bundle refers to the image. A file may hold several, one after the
/// other. Nothing is verified. What is attached already is not attached again. The files that come with an envelope are those of
/// one that was signed with a certificate, or is in a log.
#[derive(Debug, clap::Args)]
pub struct AttachAttestationArgs {
    /// Image
    #[arg(value_name = "IMAGE")]
    pub image: Vec<OsString>,
    /// File with DSSE envelopes or Sigstore bundles; `-` is standard input (can be repeated)
    #[arg(long, value_name = "FILE", help_heading = "Attestation")]
    pub attestation: Vec<PathBuf>,
    /// File with the certificate of an envelope, PEM
    #[arg(long, visible_alias = "cert", value_name = "FILE", help_heading = "Attestation")]
    pub certificate: Option<PathBuf>,
    /// File with the certificates above it, PEM
    #[arg(long, visible_alias = "cert-chain", value_name = "FILE", help_heading = "Attestation")]
    pub certificate_chain: Option<PathBuf>,
    /// File with what Rekor 1 answered, or with the `rekorBundle` of a bundle
    #[arg(long, value_name = "FILE", help_heading = "Attestation")]
    pub rekor_response: Option<PathBuf>,
    /// File with an RFC 3161 timestamp
    #[arg(long, value_name = "FILE", help_heading = "Attestation")]
    pub tsr: Option<PathBuf>,
    /// Registries.
    #[command(flatten)]
    pub registry: RegistryArgs,
    /// Flags of every command.
    #[command(flatten)]
    pub root: RootArgs,
}

impl CommandArgs for AttachAttestationArgs {
    fn to_request(&self, _: &mut Vec<String>) -> Result<Request, Error> {
        let images: Vec<_> = self.image.iter().filter(|image| !image.is_empty()).collect();
        if images.is_empty() {
            return Err(Error::usage("there is no image to attach an attestation to")
                .hint("name it after the command: `attach attestation IMAGE`"));
        }
        let attestations: Vec<_> =
            self.attestation.iter().filter(|path| !path.as_os_str().is_empty()).cloned().collect();
        if attestations.is_empty() {
            return Err(
                Error::usage("there is no attestation to attach").hint("name it with --attestation FILE")
            );
        }
        let with = AttachedParts {
            certificate: filled(&self.certificate),
            certificate_chain: filled(&self.certificate_chain),
            log_entry: filled(&self.rekor_response),
            timestamp: filled(&self.tsr),
        };
        if with.certificate.is_none() && with.certificate_chain.is_some() {
            return Err(
                Error::usage("--certificate-chain needs a certificate").hint("add --certificate FILE")
            );
        }
        Ok(Request::AttachAttestation(Box::new(AttachAttestationRequest {
            images: images.into_iter().map(|image| image.to_string_lossy().into_owned()).collect(),
            attestations,
            with,
            registry: self.registry.request()?,
        })))
    }
}
