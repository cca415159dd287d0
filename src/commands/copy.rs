//! `copy`; and what `save` and `load` share with it.

use super::images::{Image, Images, parse};
use super::publishing::writer;
use super::{Attachment, Context, Error, ErrorKind, Files, RegistryRequest};
use crate::registry::{Descriptor, Kind, Manifest, Platform, Target};
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
    pub platform: Option<String>,
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
async fn child(source: &Image, platform: &str) -> Result<Manifest, Error> {
    let wanted = Wanted::parse(platform)?;
    let index = source.manifest().await?;
    let Kind::Index { manifests } = &index.kind else {
        let message =
            format!("`{}` is an image for one platform, and --platform picks from an index", source.typed);
        return Err(Error::new(ErrorKind::Other, message).hint("leave --platform out"));
    };
    let fits = |child: &&Descriptor| child.platform.as_ref().is_some_and(|own| wanted.fits(own));
    let found: Vec<_> = manifests.iter().filter(fits).collect();
    match found.as_slice() {
        [one] => {
            let target = Target::Digest(one.digest.clone());
            let missing = || images::Error::Missing {
                place: source.home.image.to_string(),
                wanted: one.digest.clone(),
            };
            Ok(source.home.image.manifest(&target).await?.ok_or_else(missing)?)
        }
        [] => Err(not_one(source, "has no image for", platform, manifests)),
        _ => Err(not_one(
            source,
            "has several images for",
            platform,
            &found.into_iter().cloned().collect::<Vec<_>>(),
        )),
    }
}

fn not_one(source: &Image, has: &str, platform: &str, children: &[Descriptor]) -> Error {
    let known: Vec<_> = children.iter().filter_map(|child| child.platform.as_ref()).map(spelled).collect();
    let error = Error::new(ErrorKind::Other, format!("`{}` {has} the platform {platform}", source.typed));
    if known.is_empty() { error } else { error.cause(format!("there are: {}", known.join(", "))) }
}

fn spelled(platform: &Platform) -> String {
    let variant = platform.variant.as_ref().map(|variant| format!("/{variant}")).unwrap_or_default();
    format!("{}/{}{variant}", platform.os, platform.architecture)
}

/// `OS/ARCH[/VARIANT]`.
struct Wanted<'a> {
    os: &'a str,
    architecture: &'a str,
    variant: Option<&'a str>,
}

impl<'a> Wanted<'a> {
    fn parse(text: &'a str) -> Result<Self, Error> {
        let parts: Vec<_> = text.split('/').collect();
        match parts.as_slice() {
            [os, architecture] if !os.is_empty() && !architecture.is_empty() => {
                Ok(Self { os, architecture, variant: None })
            }
            [os, architecture, variant] if parts.iter().all(|part| !part.is_empty()) => {
                Ok(Self { os, architecture, variant: Some(variant) })
            }
            _ => Err(Error::usage(format!("`{text}` is not a platform (--platform)"))
                .hint("a platform is written `linux/amd64` or `linux/arm/v7`")),
        }
    }

    fn fits(&self, platform: &Platform) -> bool {
        self.os == platform.os
            && self.architecture == platform.architecture
            && self.variant.is_none_or(|variant| platform.variant.as_deref() == Some(variant))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn platforms() {
        let own = |variant: Option<&str>| Platform {
            os: "linux".to_owned(),
            architecture: "arm".to_owned(),
            variant: variant.map(str::to_owned),
        };
        assert!(Wanted::parse("linux/arm").unwrap().fits(&own(Some("v7"))));
        assert!(Wanted::parse("linux/arm/v7").unwrap().fits(&own(Some("v7"))));
        assert!(!Wanted::parse("linux/arm/v7").unwrap().fits(&own(None)));
        assert!(!Wanted::parse("linux/arm64").unwrap().fits(&own(None)));
        for text in ["", "linux", "linux/", "/arm", "linux/arm/", "linux/arm/v7/x"] {
            assert!(Wanted::parse(text).is_err(), "{text}");
        }
        assert_eq!(spelled(&own(Some("v7"))), "linux/arm/v7");
    }
}
