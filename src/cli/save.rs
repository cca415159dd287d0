//! `save`.

use std::ffi::OsString;
use std::path::PathBuf;

use super::args::{at_most_one, filled, registry::RegistryArgs, root::RootArgs};
use super::run::Request;
use super::tree::CommandArgs;
use crate::commands::{Error, SaveRequest};

/// Write an image with all that belongs to it into a folder
///
/// The folder becomes an OCI image layout, which `load`, `verify --local-image` and other tools read. Where it is one already,
/// what is in it stays: a folder takes any number of images.
#[derive(Debug, clap::Args)]
pub struct SaveArgs {
    /// Image
    #[arg(value_name = "IMAGE")]
    pub image: Vec<OsString>,
    /// Folder to write the image to
    #[arg(long, value_name = "DIR", help_heading = "Output")]
    pub dir: Option<PathBuf>,
    /// Registries.
    #[command(flatten)]
    pub registry: RegistryArgs,
    /// Flags of every command.
    #[command(flatten)]
    pub root: RootArgs,
}

impl CommandArgs for SaveArgs {
    fn to_request(&self, _: &mut Vec<String>) -> Result<Request, Error> {
        let image = at_most_one(&self.image, "one image is saved at a time")?;
        let Some(image) = image.filter(|image| !image.is_empty()) else {
            return Err(Error::usage("there is no image to save")
                .hint("name it after the command: `save --dir DIR IMAGE`"));
        };
        let Some(folder) = filled(&self.dir) else {
            return Err(Error::usage("there is no folder to save to").hint("name it with --dir DIR"));
        };
        Ok(Request::Save(Box::new(SaveRequest {
            image: image.to_string_lossy().into_owned(),
            folder,
            registry: self.registry.request()?,
        })))
    }
}
