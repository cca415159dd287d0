//! `triangulate`.

use std::ffi::OsString;

use super::args::{at_most_one, one_of, registry::RegistryArgs, root::RootArgs};
use super::run::Request;
use super::tree::CommandArgs;
use crate::commands::{Attachment, Error, TriangulateRequest};

const TYPES: &[&str] = &["attestation", "digest", "sbom", "signature"];

/// Say under which tag signatures, attestations or an SBOM of an image are kept
///
/// That there is something under the tag is not said. The repository is that of the image, or the one that COSIGN_REPOSITORY
/// names. An image that is named by its digest is not looked for, and no registry is asked.
#[derive(Debug, clap::Args)]
pub struct TriangulateArgs {
    /// Image
    #[arg(value_name = "IMAGE")]
    pub image: Vec<OsString>,
    /// What is looked for: signature, attestation, sbom, or digest for the image itself (default signature)
    #[arg(long = "type", value_name = "TYPE", value_parser = one_of(TYPES), help_heading = "Output")]
    pub what: Option<String>,
    /// Registries.
    #[command(flatten)]
    pub registry: RegistryArgs,
    /// Flags of every command.
    #[command(flatten)]
    pub root: RootArgs,
}

impl CommandArgs for TriangulateArgs {
    fn to_request(&self, _: &mut Vec<String>) -> Result<Request, Error> {
        let image = at_most_one(&self.image, "one image is looked at at a time")?;
        let Some(image) = image.filter(|image| !image.is_empty()) else {
            return Err(Error::usage("there is no image to look at")
                .hint("name it after the command: `triangulate IMAGE`"));
        };
        Ok(Request::Triangulate(TriangulateRequest {
            image: image.to_string_lossy().into_owned(),
            what: match self.what.as_deref() {
                Some("attestation") => Some(Attachment::Attestation),
                Some("digest") => None,
                Some("sbom") => Some(Attachment::Sbom),
                _ => Some(Attachment::Signature),
            },
            registry: self.registry.request()?,
        }))
    }
}
