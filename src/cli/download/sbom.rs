//! `download sbom`.

use std::ffi::OsString;

use super::super::args::platform::platform;
use super::super::args::{registry::RegistryArgs, root::RootArgs};
use super::super::run::Request;
use super::super::tree::CommandArgs;
use crate::commands::{DownloadSbomRequest, Error};

/// Show the SBOM of an image
///
/// The document goes to standard output byte for byte; on a terminal, control characters in it are shown as `\\u{1b}`. It is not
/// signed: an SBOM in an attestation is, see `download attestation`.
#[derive(Debug, clap::Args)]
pub struct DownloadSbomArgs {
    /// Image
    #[arg(value_name = "IMAGE")]
    pub image: Vec<OsString>,
    /// Look at the image for this platform in the index that is named
    #[arg(long, value_name = "OS/ARCHITECTURE[/VARIANT]", help_heading = "SBOM")]
    pub platform: Option<String>,
    /// Registries.
    #[command(flatten)]
    pub registry: RegistryArgs,
    /// Flags of every command.
    #[command(flatten)]
    pub root: RootArgs,
}

impl CommandArgs for DownloadSbomArgs {
    fn to_request(&self, _: &mut Vec<String>) -> Result<Request, Error> {
        Ok(Request::DownloadSbom(Box::new(DownloadSbomRequest {
            image: super::image(&self.image, "download sbom")?,
            platform: platform(&self.platform)?,
            registry: self.registry.request()?,
        })))
    }
}
