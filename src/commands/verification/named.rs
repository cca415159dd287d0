//! The images that a run is about.

use std::path::Path;

use super::list;
use super::request::VerifyImagesRequest;
use crate::commands::extract::Named;
use crate::commands::images::{Image, Images};
use crate::commands::report::Report;
use crate::commands::{Context, Error};
use crate::storage::images::{Home, ImageName, Layout, Place};

/// The images that are named, or those of them that are this shard's.
pub(super) fn names(
    request: &VerifyImagesRequest,
    context: &mut Context,
    report: &mut Report,
) -> Result<Vec<Named>, Error> {
    let typed = request.images.iter().map(|name| Named { name: name.clone(), at: None });
    let mut names: Vec<Named> = typed.collect();
    if let Some(list) = &request.list {
        names.extend(list::images(list, context)?);
    }
    let file = request.file.as_ref().map(|file| file.path().as_os_str()).or(request.list.as_deref());
    report.named_in = file.filter(|file| *file != "-").map(|file| file.to_string_lossy().into_owned());
    if let Some(file) = &request.file {
        names.extend(file.images(context)?);
    }
    if names.is_empty() {
        let missing = Error::usage("there is no image to verify");
        return Err(match &request.list {
            Some(list) => missing.cause(format!("the list `{}` names none", list.to_string_lossy())),
            None => missing.hint("name images, or a file with --from-file"),
        });
    }
    if let Some(shard) = request.shard {
        let (shard, all) = (shard.resolve(context)?, names.len());
        names.retain(|named| shard.has(&named.name));
        report.shard = Some(shard.to_string());
        context.narrator.say(&shard.told(names.len(), all, "images"));
    }
    Ok(names)
}

/// An image that was opened, or not, with its name.
pub(super) type Opened = (Named, Result<Image, Error>);

/// Opens every image; one that cannot be opened fails alone.
pub(super) fn open(
    names: Vec<Named>,
    request: &VerifyImagesRequest,
    context: &Context,
) -> Result<Vec<Opened>, Error> {
    let images = Images::new(&request.registry, context)?.with_turns(request.search.workers);
    let one = |named: &Named| {
        if request.local {
            local(&named.name, &request.registry.tag_prefix)
        } else {
            images.open(&named.name)
        }
    };
    let opened = names.into_iter().map(|named| {
        let image = one(&named).map_err(|error| named.located(error));
        (named, image)
    });
    Ok(opened.collect())
}

/// The image in a folder that `save` wrote.
fn local(folder: &str, tag_prefix: &str) -> Result<Image, Error> {
    let layout = Layout::open(Path::new(folder))?;
    let target = layout.only_image()?;
    let place = Place::Layout(layout);
    Ok(Image {
        typed: folder.to_owned(),
        name: ImageName::Layout(folder.into(), None),
        home: Home { image: place.clone(), attachments: place, tag_prefix: tag_prefix.to_owned() },
        target,
    })
}
