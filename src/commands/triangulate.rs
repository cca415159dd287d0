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
            let tag = places.tag(repository, &digest, what);
            format!("{}\n", tag.map_err(|error| Error::usage("there is no tag for it").caused_by(&error))?)
        }
        (Some(what), None) => {
            let found = name.with(Target::Tag(what.tag_of(&places.tag_prefix, &digest))).to_string();
            parse(&found)?;
            format!("{found}\n")
        }
    };
    Ok(line.into_bytes())
}
