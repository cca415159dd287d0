//! `save`.

use std::path::PathBuf;

use super::copy::{name_in_layout, take_over};
use super::images::Images;
use super::publishing::writer;
use super::{Context, Error, Files, RegistryRequest};
use crate::registry::Target;
use crate::storage::images::{Home, ImageName, Layout, Place};

/// What `save` is asked for.
#[derive(Debug)]
pub struct SaveRequest {
    /// The image.
    pub image: String,
    /// The folder.
    pub folder: PathBuf,
    /// Registries.
    pub registry: RegistryRequest,
}

impl SaveRequest {
    /// The files that it names.
    pub fn files(&self) -> Files<'_> {
        self.registry.add_to(Files::default())
    }
}

/// Write an image with all that belongs to it into a folder; returns what goes to standard output.
///
/// # Errors
/// There is no such image; the folder is something else than a layout, or cannot be written.
pub async fn save(request: &SaveRequest, context: &mut Context) -> Result<Vec<u8>, Error> {
    let images = Images::new(&request.registry, context)?;
    let image = images.open(&request.image)?;
    drop(images);
    // Nothing is made for an image that is not there.
    let manifest = image.manifest().await?;
    let layout = Layout::create(&request.folder)?;
    let place = Place::Layout(layout.clone());
    // In a layout, tags have no prefix: it is for whoever shares a repository.
    let home = Home { image: place.clone(), attachments: place, tag_prefix: String::new() };
    let writer = writer(&request.registry, context);
    let (target, reference) = match (&image.name, name_in_layout(&image, &manifest)) {
        (ImageName::Registry(reference), Target::Tag(tag)) => {
            let reference = reference.to_string();
            (Target::Tag(layout.free_name(&reference, &tag)?), Some(reference))
        }
        (_, target) => (target, None),
    };
    take_over((&image.home, manifest.clone()), (&home, &target), &writer, context).await?;
    let named = match (&target, &reference) {
        (Target::Tag(name), Some(reference)) => Some((name.as_str(), reference.as_str())),
        _ => None,
    };
    layout.mark(&manifest, named)?;
    Ok(Vec::new())
}
