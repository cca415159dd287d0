//! `load`.

use std::ffi::OsString;

use super::args::{at_most_one, filled, registry::RegistryArgs, root::RootArgs};
use super::run::Request;
use super::tree::CommandArgs;
use crate::commands::{Error, LoadRequest};

/// Push an image with all that belongs to it from a folder
///
/// The folder is an OCI image layout, written by `save`, by cosign's `save`, or by another tool. Every digest and every size
/// in it is checked. At the destination, signatures and attestations that are there stay; the tag comes last.
#[derive(Debug, clap::Args)]
pub struct LoadArgs {
    /// Name that the image gets
    #[arg(value_name = "IMAGE")]
    pub image: Vec<OsString>,
    /// Folder to read the image from; oci:DIR:TAG where there are several, or oci-archive:FILE
    #[arg(long, value_name = "DIR", help_heading = "Input")]
    pub dir: Option<OsString>,
    /// Registries.
    #[command(flatten)]
    pub registry: RegistryArgs,
    /// Flags of every command.
    #[command(flatten)]
    pub root: RootArgs,
}

impl CommandArgs for LoadArgs {
    fn to_request(&self, _: &mut Vec<String>) -> Result<Request, Error> {
        let image = at_most_one(&self.image, "one image is loaded at a time")?;
        let Some(image) = image.filter(|image| !image.is_empty()) else {
            return Err(Error::usage("the image that is loaded has no name")
                .hint("name it after the command: `load --dir DIR IMAGE`"));
        };
        let Some(source) = filled(&self.dir) else {
            return Err(Error::usage("there is no folder to load from").hint("name it with --dir DIR"));
        };
        Ok(Request::Load(Box::new(LoadRequest {
            source,
            image: image.to_string_lossy().into_owned(),
            registry: self.registry.request()?,
        })))
    }
}
