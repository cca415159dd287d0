//! `pack`.

use super::{Context, Error, Files};

/// What `pack` is asked for.
#[derive(Debug)]
pub struct PackRequest {}

impl PackRequest {
    /// The files that it names.
    pub fn files(&self) -> Files<'_> {
        Files::default()
    }
}

/// Carries it out.
///
/// # Errors
/// Not available yet.
pub fn pack(_: &PackRequest, _: &mut Context) -> Result<Vec<u8>, Error> {
    Err(Error::not_available("`pack`"))
}
