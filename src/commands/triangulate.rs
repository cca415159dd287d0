//! `triangulate`.

use super::registry::{digest, reference};
use super::{Context, Error, ErrorKind, Files, RegistryRequest};
use crate::registry::{Attachments, Repository};

/// Part of a request.
pub use crate::registry::Attachment;

/// What `triangulate` is asked for.
#[derive(Debug)]
pub struct TriangulateRequest {
    /// The image.
    pub image: String,
    /// What is looked for; `None` is the image itself, by its digest.
    pub what: Option<Attachment>,
    /// What the tags begin with.
    pub tag_prefix: String,
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
    let places = Attachments { repository: repository(context)?, tag_prefix: request.tag_prefix.clone() };
    // Whatever is wrong with the prefix is so for every image.
    let digest = digest(&image, &request.registry, context).await?;
    let line = match request.what {
        None => format!("{}@{digest}\n", places.repository(image.repository())),
        Some(what) => {
            let tag = places.tag(image.repository(), &digest, what).map_err(|error| {
                Error::usage(format!("with the prefix `{}` there is no tag", request.tag_prefix))
                    .caused_by(&error)
            })?;
            format!("{tag}\n")
        }
    };
    Ok(line.into_bytes())
}

/// The repository that `COSIGN_REPOSITORY` names.
fn repository(context: &Context) -> Result<Option<Repository>, Error> {
    const VARIABLE: &str = "COSIGN_REPOSITORY";
    let Some(value) = (context.variables)(VARIABLE).filter(|value| !value.is_empty()) else {
        return Ok(None);
    };
    let text = value.to_string_lossy();
    Repository::parse(&text).map(Some).map_err(|error| {
        Error::new(ErrorKind::Usage, format!("`{text}` in the variable {VARIABLE} is not a repository"))
            .caused_by(&error)
            .hint(format!("unset {VARIABLE}, or name a repository as `HOST/PATH`"))
    })
}
