//! A repository of a registry.

use std::sync::Arc;

use super::{Error, Place, Referrers, Written};
use crate::crypto::Digest;
use crate::registry::{Client, Descriptor, Kind, Manifest, Repository, Target, referrers_tag};

/// A repository, with the client that reaches it.
#[derive(Debug, Clone)]
pub struct Remote {
    client: Arc<Client>,
    repository: Repository,
}

impl Remote {
    /// The repository, reached by this client.
    pub fn new(client: Arc<Client>, repository: Repository) -> Self {
        Self { client, repository }
    }

    /// The repository.
    pub fn repository(&self) -> &Repository {
        &self.repository
    }

    /// See [`Place::resolve`].
    pub async fn resolve(&self, target: &Target) -> Result<Option<Descriptor>, Error> {
        // P: HEAD alone where it says enough.
        Ok(self.manifest(target).await?.map(|manifest| manifest.descriptor()))
    }

    /// See [`Place::manifest`].
    pub async fn manifest(&self, target: &Target) -> Result<Option<Manifest>, Error> {
        Ok(self.client.manifest(&self.repository, target).await?)
    }

    /// See [`Place::blob`].
    pub async fn blob(&self, descriptor: &Descriptor, limit: u64) -> Result<Option<Vec<u8>>, Error> {
        Ok(self.client.blob(&self.repository, descriptor, limit).await?)
    }

    /// See [`Place::stream`].
    pub async fn stream(&self, descriptor: &Descriptor, mut take: impl FnMut(&[u8])) -> Result<bool, Error> {
        let Some(mut reader) = self.client.open_blob(&self.repository, descriptor).await? else {
            return Ok(false);
        };
        let mut part = Vec::new();
        while reader.next(&mut part).await? {
            take(&part);
        }
        Ok(true)
    }

    /// See [`Place::referrers`].
    pub async fn referrers(&self, subject: &Digest) -> Result<Referrers, Error> {
        let tag = Target::Tag(referrers_tag(subject));
        let (listed, fallback) = tokio::join!(
            self.client.referrers(&self.repository, subject),
            self.client.manifest(&self.repository, &tag)
        );
        let fallback = fallback?.and_then(|manifest| match manifest.kind {
            Kind::Index { manifests } => Some(manifests),
            // `copy` of cosign 3 puts the image itself there: it lists nothing.
            Kind::Image { .. } => None,
        });
        Ok(Referrers { listed: listed?, fallback })
    }

    /// See [`Place::tags`].
    pub async fn tags(&self) -> Result<Option<Vec<String>>, Error> {
        Ok(self.client.tags(&self.repository).await?)
    }

    /// See [`Place::put_blob`].
    pub async fn put_blob(&self, descriptor: &Descriptor, content: &[u8]) -> Result<(), Error> {
        Ok(self.client.push_blob(&self.repository, descriptor, content).await?)
    }

    /// See [`Place::copy_blob`].
    pub async fn copy_blob(&self, from: &Place, descriptor: &Descriptor) -> Result<(), Error> {
        // P: mount, and streaming.
        let content = from.blob(descriptor, u64::MAX).await?;
        let missing = || Error::Missing { place: from.to_string(), wanted: descriptor.digest.clone() };
        self.put_blob(descriptor, &content.ok_or_else(missing)?).await
    }

    /// See [`Place::put_manifest`].
    pub async fn put_manifest(
        &self,
        target: &Target,
        media_type: &str,
        bytes: &[u8],
    ) -> Result<Written, Error> {
        let (digest, lists_referrers) =
            self.client.put_manifest(&self.repository, target, media_type, bytes).await?;
        Ok(Written { digest, lists_referrers })
    }

    /// See [`Place::delete`].
    pub async fn delete(&self, target: &Target) -> Result<bool, Error> {
        Ok(self.client.delete_manifest(&self.repository, target).await?)
    }
}

impl std::fmt::Display for Remote {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.repository.fmt(f)
    }
}
