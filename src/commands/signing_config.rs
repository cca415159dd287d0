//! `signing-config create`.

use super::{Context, Error, Files};

/// What `signing-config create` is asked for.
#[derive(Debug)]
pub struct SigningConfigCreateRequest {}

impl SigningConfigCreateRequest {
    /// The files that it names.
    pub fn files(&self) -> Files<'_> {
        Files::default()
    }
}

/// Carries it out.
///
/// # Errors
/// Not available yet.
pub fn signing_config_create(_: &SigningConfigCreateRequest, _: &mut Context) -> Result<Vec<u8>, Error> {
    Err(Error::not_available("`signing-config create`"))
}
