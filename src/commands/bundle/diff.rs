//! `bundle diff`.

use super::super::{Context, Error, Files};

/// What `bundle diff` is asked for.
#[derive(Debug)]
pub struct BundleDiffRequest {}

impl BundleDiffRequest {
    /// The files that it names.
    pub fn files(&self) -> Files<'_> {
        Files::default()
    }
}

/// Carries it out.
///
/// # Errors
/// Not available yet.
pub fn bundle_diff(_: &BundleDiffRequest, _: &mut Context) -> Result<(Vec<u8>, Result<(), Error>), Error> {
    Err(Error::not_available("`bundle diff`"))
}
