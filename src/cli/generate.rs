//! `generate`.

use std::ffi::OsString;

use super::args::verify_images::annotations;
use super::args::{at_most_one, registry::RegistryArgs, root::RootArgs};
use super::run::Request;
use super::tree::CommandArgs;
use crate::commands::{Error, GenerateRequest};

/// Show the payload that a signature of an image is made over, in the format of cosign 2
///
/// What is shown ends without a newline: these are the bytes to sign. An image that is named by its digest is not looked for,
/// and no registry is asked.
#[derive(Debug, clap::Args)]
pub struct GenerateArgs {
    /// Image
    #[arg(value_name = "IMAGE")]
    pub image: Vec<OsString>,
    /// Say this in the payload too (can be repeated)
    #[arg(long, short = 'a', value_name = "NAME=VALUE", help_heading = "Output")]
    pub annotations: Vec<String>,
    /// Registries.
    #[command(flatten)]
    pub registry: RegistryArgs,
    /// Flags of every command.
    #[command(flatten)]
    pub root: RootArgs,
}

impl CommandArgs for GenerateArgs {
    fn to_request(&self, _: &mut Vec<String>) -> Result<Request, Error> {
        let image = at_most_one(&self.image, "one payload is made at a time")?;
        let Some(image) = image.filter(|image| !image.is_empty()) else {
            return Err(Error::usage("there is no image to make a payload for")
                .hint("name it after the command: `generate IMAGE`"));
        };
        Ok(Request::Generate(GenerateRequest {
            image: image.to_string_lossy().into_owned(),
            annotations: annotations(&self.annotations)?,
            registry: self.registry.request()?,
        }))
    }
}
