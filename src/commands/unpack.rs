//! `unpack`.

use super::{Context, Error, Files};

/// What `unpack` is asked for.
#[derive(Debug)]
pub struct UnpackRequest {}

impl UnpackRequest {
    /// The files that it names.
    pub fn files(&self) -> Files<'_> {
        Files::default()
    }
}

/// Carries it out.
///
/// # Errors
/// Not available yet.
pub async fn unpack(_: &UnpackRequest, _: &mut Context) -> Result<Vec<u8>, Error> {
    Err(Error::not_available("`unpack`"))
}
