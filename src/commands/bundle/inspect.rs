//! `bundle inspect`.

use super::super::{Context, Error, Files};

/// What `bundle inspect` is asked for.
#[derive(Debug)]
pub struct BundleInspectRequest {}

impl BundleInspectRequest {
    /// The files that it names.
    pub fn files(&self) -> Files<'_> {
        Files::default()
    }
}

/// What is in a bundle. Nothing of it is verified.
#[derive(Debug, serde::Serialize)]
pub struct Inspection {}

/// Carries it out.
///
/// # Errors
/// Not available yet.
pub fn bundle_inspect(_: &BundleInspectRequest, _: &mut Context) -> Result<Inspection, Error> {
    Err(Error::not_available("`bundle inspect`"))
}
