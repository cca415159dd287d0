//! `load`.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use super::copy::{destination, take_over};
use super::images::{Images, parse};
use super::publishing::writer;
use super::{Context, Error, Files, RegistryRequest};
use crate::storage::images::{Home, ImageName};

/// What `load` is asked for.
#[derive(Debug)]
pub struct LoadRequest {
    /// The folder, or `oci:DIR:TAG`, or `oci-archive:FILE`.
    pub source: OsString,
    /// The name that the image gets.
    pub image: String,
    /// Registries.
    pub registry: RegistryRequest,
}

impl LoadRequest {
    /// The files that it names.
    pub fn files(&self) -> Files<'_> {
        self.registry.add_to(Files::default())
    }
}

/// Push an image with all that belongs to it from a folder; returns what goes to standard output.
///
/// # Errors
/// There is no such layout, or no image in it; something in it is not what its digest says; a registry is of no use.
pub async fn load(request: &LoadRequest, context: &mut Context) -> Result<Vec<u8>, Error> {
    let images = Images::new(&request.registry, context)?;
    let source = images.open_as(&request.source.to_string_lossy(), source_name(&request.source)?)?;
    let named = parse(&request.image)?;
    let manifest = source.manifest().await?;
    let destination = destination(&images, &request.image, named, (&source, &manifest))?;
    drop(images);
    let place = source.home.image.clone();
    // All that was saved is in there, and its tags have no prefix.
    let home = Home { image: place.clone(), attachments: place, tag_prefix: String::new() };
    let writer = writer(&request.registry, context);
    take_over((&home, manifest), (&destination.home, &destination.target), &writer, context).await?;
    Ok(Vec::new())
}

/// A folder by its path; or what begins as names of layouts and archives do.
fn source_name(source: &OsStr) -> Result<ImageName, Error> {
    const SCHEMES: [&str; 3] = ["oci:", "oci-archive:", "docker-archive:"];
    match source.to_str() {
        Some(text) if SCHEMES.iter().any(|scheme| text.starts_with(scheme)) => parse(text),
        _ => Ok(ImageName::Layout(PathBuf::from(source), None)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_a_folder_whatever_it_is_called() {
        for path in ["a", "a:b", "/a/b@c", "registry.example/app:v1"] {
            assert_eq!(source_name(path.as_ref()).unwrap(), ImageName::Layout(path.into(), None), "{path}");
        }
    }
}
