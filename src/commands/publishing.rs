//! How commands write what belongs to images: the room `storage` meets the context.

use super::images::{self, Image};
use super::{Context, RegistryRequest};
use crate::registry::Target;
use crate::storage::images::{ImageName, Writer, lock_folder};

const TAG_WARNING: [&str; 5] = [
    "    This can lead you to sign a different image than the intended one. Please use a",
    "    digest (example.com/ubuntu@sha256:abc123...) rather than tag",
    "    (example.com/ubuntu:latest) for the input to cosign. The ability to refer to",
    "    images by tag will be removed in a future release.",
    "",
];

/// How the shared tags of one command are written.
pub(super) fn writer(request: &RegistryRequest, context: &Context) -> Writer {
    Writer {
        locks: lock_folder(&*context.variables),
        budget: request.retry_for,
        media_types: images::media_types(context),
        now: context.now,
    }
}

/// Says of tags in registries what cosign says, and why once.
pub(super) fn warn_of_tags(images: &[Image], context: &mut Context) {
    let is_tag =
        |image: &&Image| matches!((&image.name, &image.target), (ImageName::Registry(_), Target::Tag(_)));
    let tags: Vec<_> = images.iter().filter(is_tag).collect();
    for image in &tags {
        context.narrator.warn(&format!(
            "Image reference {} uses a tag, not a digest, to identify the image to sign.",
            image.typed
        ));
    }
    if !tags.is_empty() {
        TAG_WARNING.iter().for_each(|line| context.narrator.say(line));
    }
}
