//! A repository of a registry.

use std::path::Path;
use std::sync::Arc;

use super::contents::Pieces;
use super::{Error, Place, Referrers, Written};
use crate::crypto::Digest;
use crate::registry::{self, Client, Descriptor, Kind, Manifest, Parts, Repository, Target, referrers_tag};

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

    /// See [`Place::resolve`].
    pub async fn resolve(&self, target: &Target) -> Result<Option<Descriptor>, Error> {
        Ok(self.client.describe(&self.repository, target).await?)
    }

    /// The digest of what `target` names; less is asked for than by [`Self::resolve`].
    ///
    /// # Errors
    /// As [`Place::resolve`].
    pub async fn digest(&self, target: &Target) -> Result<Option<Digest>, Error> {
        Ok(self.client.resolve(&self.repository, target).await?)
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

    /// What the registry itself lists as referrers; `None` where it lists none.
    ///
    /// # Errors
    /// As [`Place::referrers`].
    pub async fn listed_referrers(&self, subject: &Digest) -> Result<Option<Vec<Descriptor>>, Error> {
        Ok(self.client.referrers(&self.repository, subject).await?)
    }

    /// See [`Place::put_blob`].
    pub async fn put_blob(&self, descriptor: &Descriptor, content: &[u8]) -> Result<(), Error> {
        Ok(self.client.push_blob(&self.repository, descriptor, content).await?)
    }

    /// See [`Place::begin_upload`].
    pub async fn begin_upload(&self) -> Result<(), Error> {
        Ok(self.client.begin_upload(&self.repository).await?)
    }

    /// Whether the registry has said before that it lists no referrers itself.
    pub fn is_without_referrers(&self) -> bool {
        self.client.is_without_referrers(&self.repository)
    }

    /// See [`Place::put_file`].
    pub async fn put_file(&self, descriptor: &Descriptor, path: &Path) -> Result<(), Error> {
        Ok(self.client.push_file(&self.repository, descriptor, path).await?)
    }

    /// See [`Place::copy_blob`].
    pub async fn copy_blob(&self, from: &Place, descriptor: &Descriptor) -> Result<(), Error> {
        let other = match from {
            Place::Registry(other) => other,
            Place::Layout(layout) => {
                return self.push_pieces(from, descriptor, || layout.contents().pieces(descriptor)).await;
            }
            Place::Archive(archive) => {
                return self.push_pieces(from, descriptor, || archive.contents().pieces(descriptor)).await;
            }
        };
        if self.repository == other.repository {
            return Ok(());
        }
        let open = async || match other.client.open_blob(&other.repository, descriptor).await? {
            Some(reader) => Ok(reader.into_parts()),
            None => Err(registry::Error::Source {
                repository: self.to_string(),
                source: Box::new(missing(from, descriptor)),
            }),
        };
        let mount_from = Some(&other.repository);
        let pushed = self.client.push_parts(&self.repository, descriptor, mount_from, open).await;
        pushed.map_err(of_source)
    }

    /// Writes a blob that is in files, piece by piece.
    async fn push_pieces(
        &self,
        from: &Place,
        descriptor: &Descriptor,
        open: impl Fn() -> Result<Option<Pieces>, Error>,
    ) -> Result<(), Error> {
        let open = async || match open().and_then(|found| found.ok_or_else(|| missing(from, descriptor))) {
            Ok(pieces) => Ok(Parts::of(pieces, |mut pieces: Pieces| async move {
                Ok::<_, Error>(pieces.next()?.map(|piece| (piece, pieces)))
            })),
            Err(source) => {
                Err(registry::Error::Source { repository: self.to_string(), source: Box::new(source) })
            }
        };
        self.client.push_parts(&self.repository, descriptor, None, open).await.map_err(of_source)
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

    /// See [`Place::put_manifest_once`].
    pub async fn put_manifest_once(
        &self,
        target: &Target,
        media_type: &str,
        bytes: &[u8],
    ) -> Result<Written, Error> {
        let (digest, lists_referrers) =
            self.client.put_manifest_once(&self.repository, target, media_type, bytes).await?;
        Ok(Written { digest, lists_referrers })
    }

    /// See [`Place::delete`].
    pub async fn delete(&self, target: &Target) -> Result<bool, Error> {
        Ok(self.client.delete_manifest(&self.repository, target).await?)
    }
}

fn missing(place: &Place, descriptor: &Descriptor) -> Error {
    Error::Missing { place: place.to_string(), wanted: descriptor.digest.clone() }
}

/// An error of the place that a blob comes from is not one of the registry that it was to go to.
fn of_source(error: registry::Error) -> Error {
    match error {
        registry::Error::Source { repository, source } => match source.downcast::<registry::Error>() {
            Ok(error) => of_source(*error),
            Err(source) => match source.downcast::<Error>() {
                Ok(error) => *error,
                Err(source) => registry::Error::Source { repository, source }.into(),
            },
        },
        error => error.into(),
    }
}

impl std::fmt::Display for Remote {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.repository.fmt(f)
    }
}

#[cfg(test)]
mod tests;
