//! `triangulate`.

use super::images::{Images, parse};
use super::registry::signature_repository;
use super::{Context, Error, Files, RegistryRequest};
use crate::registry::{Attachments, Target};
use crate::storage::images::ImageName;

/// Part of a request.
pub use crate::registry::Attachment;

/// What `triangulate` is asked for.
#[derive(Debug)]
pub struct TriangulateRequest {
    /// The image.
    pub image: String,
    /// What is looked for; `None` is the image itself, by its digest.
    pub what: Option<Attachment>,
    /// Registries.
    pub registry: RegistryRequest,
}

impl TriangulateRequest {
    /// The files that it names.
    pub fn files(&self) -> Files<'_> {
        self.registry.add_to(Files::default())
    }
}

/// Says where what belongs to an image would be; returns what goes to standard output.
///
/// # Errors
/// There is no such image, or its registry is of no use.
pub async fn triangulate(request: &TriangulateRequest, context: &mut Context) -> Result<Vec<u8>, Error> {
    let name = parse(&request.image)?;
    let places = Attachments {
        repository: signature_repository(context)?,
        tag_prefix: request.registry.tag_prefix.clone(),
    };
    // Whatever is wrong with the prefix is so for every image.
    let digest = Images::new(&request.registry, context)?.digest(&name, &request.image).await?;
    let repository = match (&places.repository, &name) {
        (Some(repository), _) => Some(repository),
        (None, ImageName::Registry(reference)) => Some(reference.repository()),
        (None, ImageName::Layout(..) | ImageName::Archive(..)) => None,
    };
    let line = match (request.what, repository) {
        (None, Some(repository)) => format!("{repository}@{digest}\n"),
        (None, None) => format!("{}\n", name.with(Target::Digest(digest))),
        (Some(what), Some(repository)) => {
            let tag = places.tag(repository, &digest, what).map_err(|error| {
                Error::usage(format!("with the prefix `{}` there is no tag", request.registry.tag_prefix))
                    .caused_by(&error)
            })?;
            format!("{tag}\n")
        }
        (Some(what), None) => {
            let found = name.with(Target::Tag(what.tag_of(&places.tag_prefix, &digest))).to_string();
            parse(&found)?;
            format!("{found}\n")
        }
    };
    Ok(line.into_bytes())
}
