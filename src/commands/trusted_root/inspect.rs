//! `trusted-root inspect`.

use super::super::{Context, Error, Files};

/// What `trusted-root inspect` is asked for.
#[derive(Debug)]
pub struct TrustedRootInspectRequest {}

impl TrustedRootInspectRequest {
    /// The files that it names.
    pub fn files(&self) -> Files<'_> {
        Files::default()
    }
}

/// What a trusted root trusts.
#[derive(Debug, serde::Serialize)]
pub struct RootInspection {}

/// Carries it out.
///
/// # Errors
/// Not available yet.
pub fn trusted_root_inspect(_: &TrustedRootInspectRequest, _: &mut Context) -> Result<RootInspection, Error> {
    Err(Error::not_available("`trusted-root inspect`"))
}
