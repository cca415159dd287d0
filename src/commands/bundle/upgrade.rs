//! `bundle upgrade`.

use super::super::{Context, Error, Files};

/// What `bundle upgrade` is asked for.
#[derive(Debug)]
pub struct BundleUpgradeRequest {}

impl BundleUpgradeRequest {
    /// The files that it names.
    pub fn files(&self) -> Files<'_> {
        Files::default()
    }
}

/// Carries it out.
///
/// # Errors
/// Not available yet.
pub fn bundle_upgrade(_: &BundleUpgradeRequest, _: &mut Context) -> Result<Vec<u8>, Error> {
    Err(Error::not_available("`bundle upgrade`"))
}
