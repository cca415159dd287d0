//! `trusted-root create`.

use super::super::{Context, Error, Files};

/// What `trusted-root create` is asked for.
#[derive(Debug)]
pub struct TrustedRootCreateRequest {}

impl TrustedRootCreateRequest {
    /// The files that it names.
    pub fn files(&self) -> Files<'_> {
        Files::default()
    }
}

/// Carries it out.
///
/// # Errors
/// Not available yet.
pub fn trusted_root_create(_: &TrustedRootCreateRequest, _: &mut Context) -> Result<Vec<u8>, Error> {
    Err(Error::not_available("`trusted-root create`"))
}
