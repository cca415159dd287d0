//! `download signature`.

use std::ffi::OsString;

use super::super::args::{registry::RegistryArgs, root::RootArgs, shape::ShapeArgs};
use super::super::run::Request;
use super::super::tree::CommandArgs;
use crate::commands::{DownloadSignatureRequest, Error};

/// Show the signatures of an image
///
/// One JSON document on each line. What is under a tag is shown as an object with `Base64Signature`, `Payload`, `Cert`, `Chain`,
/// `Bundle` and `RFC3161Timestamp`; bundles are shown as they are, those of attestations too, as cosign 3 does. With
/// `--output-format legacy` bundles are shown as such objects as well, and attestations are left out; `Payload` is then the
/// statement, and the signature is over its DSSE encoding. Nothing is verified.
#[derive(Debug, clap::Args)]
pub struct DownloadSignatureArgs {
    /// Image
    #[arg(value_name = "IMAGE")]
    pub image: Vec<OsString>,
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

impl CommandArgs for DownloadSignatureArgs {
    fn to_request(&self, _: &mut Vec<String>) -> Result<Request, Error> {
        Ok(Request::DownloadSignature(Box::new(DownloadSignatureRequest {
            image: super::image(&self.image, "download signature")?,
            shape: self.shape.shape(),
            registry: self.registry.request()?,
        })))
    }
}
