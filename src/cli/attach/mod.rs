//! Attach what was made elsewhere to images.

pub mod attestation;
pub mod sbom;
pub mod signature;

use std::ffi::OsString;

use super::args::at_most_one;
use crate::commands::Error;

/// The one image that `what` is attached to by `command`.
fn one_image(images: &[OsString], what: &str, command: &str) -> Result<String, Error> {
    let image = at_most_one(images, &format!("{what} is attached to one image at a time"))?;
    match image.filter(|image| !image.is_empty()) {
        Some(image) => Ok(image.to_string_lossy().into_owned()),
        None => Err(Error::usage(format!("there is no image to attach {what} to"))
            .hint(format!("name it after the command: `{command} IMAGE`"))),
    }
}
