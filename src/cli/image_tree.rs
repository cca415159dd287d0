//! `tree`.

use std::ffi::OsString;

use super::args::{at_most_one, format::FormatArgs, one_of, registry::RegistryArgs, root::RootArgs};
use super::run::Request;
use super::tree::CommandArgs;
use crate::commands::{Error, TreeRequest};

/// Show what belongs to an image
///
/// First what is under tags, in the order signatures, attestations, SBOMs, and then all that refers to the image, of whatever
/// type, in the order of the registry. Nothing is verified.
#[derive(Debug, clap::Args)]
pub struct TreeArgs {
    /// Image
    #[arg(value_name = "IMAGE")]
    pub image: Vec<OsString>,
    /// Show what refers to the image; without, tags alone (default true)
    #[arg(long, help_heading = "Output")]
    pub experimental_oci11: Option<bool>,
    /// No effect, as in cosign: tags and what refers to the image are both shown
    #[arg(long, value_name = "MODE", value_parser = one_of(&["legacy", "oci-1-1"]), help_heading = "Output")]
    pub registry_referrers_mode: Option<String>,
    /// Text or JSON.
    #[command(flatten)]
    pub format: FormatArgs,
    /// Registries.
    #[command(flatten)]
    pub registry: RegistryArgs,
    /// Flags of every command.
    #[command(flatten)]
    pub root: RootArgs,
}

impl CommandArgs for TreeArgs {
    fn to_request(&self, _: &mut Vec<String>) -> Result<Request, Error> {
        let image = at_most_one(&self.image, "one image is looked at at a time")?;
        let Some(image) = image.filter(|image| !image.is_empty()) else {
            return Err(
                Error::usage("there is no image to look at").hint("name it after the command: `tree IMAGE`")
            );
        };
        let request = TreeRequest {
            image: image.to_string_lossy().into_owned(),
            referrers: self.experimental_oci11.unwrap_or(true),
            registry: self.registry.request()?,
        };
        Ok(Request::Tree(Box::new(request), self.format.format()))
    }
}
