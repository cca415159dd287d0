//! Show what belongs to images.

pub mod attestation;
pub mod sbom;
pub mod signature;

use std::ffi::OsString;

use super::args::at_most_one;
use crate::commands::Error;

/// The one image of a download.
fn image(images: &[OsString], command: &str) -> Result<String, Error> {
    let image = at_most_one(images, "one image is looked at at a time")?;
    let Some(image) = image.filter(|image| !image.is_empty()) else {
        return Err(Error::usage("there is no image to look at")
            .hint(format!("name it after the command: `{command} IMAGE`")));
    };
    Ok(image.to_string_lossy().into_owned())
}
