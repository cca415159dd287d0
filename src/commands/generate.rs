//! `generate`.

use std::collections::BTreeMap;

use super::images::{Images, parse, repository_name};
use super::{Context, Error, Files, RegistryRequest};
use crate::payload::simple_signing;

/// What `generate` is asked for.
#[derive(Debug)]
pub struct GenerateRequest {
    /// The image.
    pub image: String,
    /// What the payload says besides, by name.
    pub annotations: BTreeMap<String, String>,
    /// Registries.
    pub registry: RegistryRequest,
}

impl GenerateRequest {
    /// The files that it names.
    pub fn files(&self) -> Files<'_> {
        self.registry.add_to(Files::default())
    }
}

/// Makes the payload that a signature of an image in the tag scheme is over; returns what goes to standard output.
///
/// # Errors
/// There is no such image, or its registry is of no use.
pub async fn generate(request: &GenerateRequest, context: &mut Context) -> Result<Vec<u8>, Error> {
    let name = parse(&request.image)?;
    let digest = Images::new(&request.registry, context)?.digest(&name, &request.image).await?;
    // Without a line end, as in cosign: these are the bytes to sign.
    Ok(simple_signing(&repository_name(&name), &digest, &request.annotations).into_bytes())
}
