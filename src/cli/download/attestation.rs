//! `download attestation`.

use std::ffi::OsString;

use super::super::args::platform::platform;
use super::super::args::{filled, registry::RegistryArgs, root::RootArgs, shape::ShapeArgs};
use super::super::run::Request;
use super::super::tree::CommandArgs;
use crate::commands::{DownloadAttestationRequest, Error};

/// Show the attestations of an image
///
/// One JSON document on each line. What is under a tag is shown as its DSSE envelope, with `payloadType`, `payload` and
/// `signatures`; bundles are shown as they are, with the envelope in `dsseEnvelope`, those of signatures too, as cosign 3
/// does. With `--output-format legacy` bundles are shown as envelopes as well, and signatures are left out. Nothing is verified.
#[derive(Debug, clap::Args)]
pub struct DownloadAttestationArgs {
    /// Image
    #[arg(value_name = "IMAGE")]
    pub image: Vec<OsString>,
    /// Show those of this type alone: a short name of `attest --type`, or a URI
    #[arg(long, value_name = "TYPE", help_heading = "Attestation")]
    pub predicate_type: Option<String>,
    /// Look at the image for this platform in the index that is named
    #[arg(long, value_name = "OS/ARCHITECTURE[/VARIANT]", help_heading = "Attestation")]
    pub platform: Option<String>,
    /// The shape of bundles.
    #[command(flatten)]
    pub shape: ShapeArgs,
    /// Registries.
    #[command(flatten)]
    pub registry: RegistryArgs,
    /// Flags of every command.
    #[command(flatten)]
    pub root: RootArgs,
}

impl CommandArgs for DownloadAttestationArgs {
    fn to_request(&self, _: &mut Vec<String>) -> Result<Request, Error> {
        Ok(Request::DownloadAttestation(Box::new(DownloadAttestationRequest {
            image: super::image(&self.image, "download attestation")?,
            predicate_type: filled(&self.predicate_type),
            platform: platform(&self.platform)?,
            shape: self.shape.shape(),
            registry: self.registry.request()?,
        })))
    }
}
