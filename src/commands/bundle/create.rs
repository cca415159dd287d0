//! `bundle create`.

use super::super::{Context, Error, Files};

/// What `bundle create` is asked for.
#[derive(Debug)]
pub struct BundleCreateRequest {}

impl BundleCreateRequest {
    /// The files that it names.
    pub fn files(&self) -> Files<'_> {
        Files::default()
    }
}

/// Carries it out.
///
/// # Errors
/// Not available yet.
pub async fn bundle_create(_: &BundleCreateRequest, _: &mut Context) -> Result<Vec<u8>, Error> {
    Err(Error::not_available("`bundle create`"))
}
