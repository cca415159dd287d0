//! `triangulate`.

use super::registry::{digest, reference, signature_repository};
use super::{Context, Error, Files, RegistryRequest};
use crate::registry::Attachments;

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
    let image = reference(&request.image)?;
    let places = Attachments {
        repository: signature_repository(context)?,
        tag_prefix: request.registry.tag_prefix.clone(),
    };
    // Whatever is wrong with the prefix is so for every image.
    let digest = digest(&image, &request.registry, context).await?;
    let line = match request.what {
        None => format!("{}@{digest}\n", places.repository(image.repository())),
        Some(what) => {
            let tag = places.tag(image.repository(), &digest, what).map_err(|error| {
                Error::usage(format!("with the prefix `{}` there is no tag", request.registry.tag_prefix))
                    .caused_by(&error)
            })?;
            format!("{tag}\n")
        }
    };
    Ok(line.into_bytes())
}
