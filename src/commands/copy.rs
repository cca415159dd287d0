//! `copy`; and what `save` and `load` share with it.

use super::images::{Image, Images, parse};
use super::platform::{PlatformRequest, subject};
use super::publishing::writer;
use super::{Attachment, Context, Error, Files, RegistryRequest};
use crate::registry::{Manifest, Target};
use crate::storage::images::graph::{Graph, Selection, Step, Transfer};
use crate::storage::images::{self, Home, ImageName, Layout, Writer};

/// What `copy` is asked for.
#[derive(Debug)]
pub struct CopyRequest {
    /// The image.
    pub source: String,
    /// Its new name.
    pub destination: String,
    /// Copy these alone, and not the image; empty: everything.
    pub only: Vec<Attachment>,
    /// Copy the child for this platform alone.
    pub platform: Option<PlatformRequest>,
    /// Whether another image with that name is replaced.
    pub force: bool,
    /// Whether nothing is written.
    pub dry_run: bool,
    /// Registries.
    pub registry: RegistryRequest,
}

impl CopyRequest {
    /// The files that it names.
    pub fn files(&self) -> Files<'_> {
        self.registry.add_to(Files::default())
    }
}

/// Copy an image with all that belongs to it; returns what goes to standard output.
///
/// # Errors
/// There is no such image; the name is taken; a place is of no use.
pub async fn copy(request: &CopyRequest, context: &mut Context) -> Result<Vec<u8>, Error> {
    let images = Images::new(&request.registry, context)?;
    let source = images.open(&request.source)?;
    let named = parse(&request.destination)?;
    let manifest = match &request.platform {
        None => source.manifest().await?,
        Some(platform) => child(&source, platform).await?,
    };
    let mut destination = match named {
        ImageName::Layout(..) if request.dry_run => images.open_as(&request.destination, named)?,
        named => destination(&images, &request.destination, named, (&source, &manifest))?,
    };
    drop(images);
    // COSIGN_REPOSITORY says where signatures are; what is copied is together afterwards.
    destination.home.attachments = destination.home.image.clone();
    let selection =
        if request.only.is_empty() { Selection::Everything } else { Selection::Only(request.only.clone()) };
    let with_image = request.only.is_empty();
    let writer = writer(&request.registry, context);
    let narrator = &mut context.narrator;
    let graph = Graph::read(&source.home, manifest, selection).await?;
    graph.left_out().iter().for_each(|left| narrator.warn(&left.to_string()));
    let target = with_image.then_some(&destination.target);
    let transfer =
        Transfer::plan(&graph, &destination.home, target, request.force).await.map_err(with_force)?;
    if request.dry_run {
        let lines =
            transfer.steps().iter().map(|step| format!("{} {}\n", step.from, step.to)).collect::<String>();
        return Ok(lines.into_bytes());
    }
    let told = |step: &Step| narrator.say(&format!("Copying {} to {}...", step.from, step.to));
    transfer.run(&writer, told).await?;
    Ok(Vec::new())
}

/// Takes all that belongs to an image over, in silence but for what cannot be taken along.
pub(super) async fn take_over(
    (home, manifest): (&Home, Manifest),
    (to, target): (&Home, &Target),
    writer: &Writer,
    context: &mut Context,
) -> Result<(), Error> {
    let graph = Graph::read(home, manifest, Selection::Everything).await?;
    graph.left_out().iter().for_each(|left| context.narrator.warn(&left.to_string()));
    let transfer = Transfer::plan(&graph, to, Some(target), true).await?;
    transfer.run(writer, |_| ()).await?;
    Ok(())
}

/// Where an image is to go. A layout that is not there is made: by now it is known that there is something to put into it.
pub(super) fn destination(
    images: &Images<'_>,
    typed: &str,
    name: ImageName,
    (source, manifest): (&Image, &Manifest),
) -> Result<Image, Error> {
    let name = match name {
        ImageName::Layout(path, target) => {
            Layout::create(&path)?;
            let target = target.unwrap_or_else(|| name_in_layout(source, manifest));
            ImageName::Layout(path, Some(target))
        }
        name => name,
    };
    images.open_as(typed, name)
}

/// What an image is called in a layout: as it is called where it comes from.
pub(super) fn name_in_layout(source: &Image, manifest: &Manifest) -> Target {
    match &source.target {
        Target::Tag(tag) => Target::Tag(tag.clone()),
        Target::Digest(_) => Target::Digest(manifest.digest.clone()),
    }
}

fn with_force(error: images::Error) -> Error {
    let is_taken = matches!(error, images::Error::Occupied { .. });
    let error = Error::from(error);
    if is_taken { error.hint("replace it with --force") } else { error }
}

/// The child of an index for a platform.
async fn child(source: &Image, wanted: &PlatformRequest) -> Result<Manifest, Error> {
    let digest = subject(source, Some(wanted)).await?;
    let place = &source.home.image;
    let missing = || images::Error::Missing { place: place.to_string(), wanted: digest.clone() };
    Ok(place.manifest(&Target::Digest(digest.clone())).await?.ok_or_else(missing)?)
}
