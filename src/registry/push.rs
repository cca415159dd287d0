//! Writing to a registry (OCI distribution specification 1.1, "Push" and "Content Management").
//!
//! What is written is described by us, and what the registry says of it is compared. A blob of any size is sent part by part; an
//! attempt that fails opens it again. Credentials go to the registry alone, wherever it wants an upload to go.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::time::Duration;

use super::auth::Access;
use super::client::{Client, Content, Request, To, ended, location};
use super::content::{named_digest, pull, request};
use super::document::{Descriptor, Manifest};
use super::error::Error;
use super::reference::{Repository, Target};
use crate::crypto::{Digest, HashAlgorithm, Hasher};
use crate::http::{self, Address, Answer, Method, Parts};

/// The pauses in milliseconds after writes that [raced](Error::is_race). A registry that refuses the manifest for good refuses it the last time, too.
const RACE_PAUSES: [u64; 6] = [50, 100, 200, 200, 400, 400];

impl Client {
    /// Writes a manifest; its digest, and whether the registry lists it as a referrer of its subject (`OCI-Subject`).
    ///
    /// # Errors
    /// The bytes are not those of the digest they are to be written under; the registry refuses, or took something else.
    pub async fn put_manifest(
        &self,
        repository: &Repository,
        target: &Target,
        media_type: &str,
        bytes: &[u8],
    ) -> Result<(Digest, bool), Error> {
        let put = async || {
            self.retried(async || self.put_manifest_once(repository, target, media_type, bytes).await).await
        };
        let mut pauses =
            RACE_PAUSES.into_iter().map(Duration::from_millis).filter(|pause| *pause <= self.retry_for());
        loop {
            let done = put().await;
            match pauses.next() {
                Some(pause) if done.as_ref().is_err_and(Error::is_race) => http::pause(pause).await,
                _ => return done,
            }
        }
    }

    /// As [`Self::put_manifest`], and tried only once: for tags that others write too, where what was read before an
    /// attempt that failed may be out of date for the next one.
    ///
    /// # Errors
    /// As [`Self::put_manifest`]. Where there is no answer, the manifest may have been written all the same.
    pub async fn put_manifest_once(
        &self,
        repository: &Repository,
        target: &Target,
        media_type: &str,
        bytes: &[u8],
    ) -> Result<(Digest, bool), Error> {
        let digest = match target {
            Target::Digest(wanted) => {
                let found = wanted.algorithm().digest(bytes);
                if found != *wanted {
                    return Err(Error::Digest { url: format!("{repository}@{wanted}"), found });
                }
                found
            }
            Target::Tag(_) => HashAlgorithm::Sha256.digest(bytes),
        };
        let access = push(repository);
        let path = format!("/v2/{}/manifests/{target}", repository.path());
        let request = Request {
            content: Content::Bytes(media_type, bytes),
            ..request(Method::Put, To::Path(&path), "*/*", &access)
        };
        let answer = self.send(repository.registry(), &request).await?;
        if !matches!(answer.status(), 200..=202 | 204) {
            return Err(Error::status(answer).await);
        }
        check_named(&answer, bytes)?;
        let lists_referrers = lists_referrers(&answer, media_type, bytes, &digest);
        ended(answer, (digest, lists_referrers)).await
    }

    /// Whether a blob is there.
    ///
    /// # Errors
    /// The registry does not answer, or refuses.
    #[cfg(test)]
    pub async fn has_blob(&self, repository: &Repository, descriptor: &Descriptor) -> Result<bool, Error> {
        self.is_blob_there(repository, descriptor, &pull(repository)).await
    }

    async fn is_blob_there(
        &self,
        repository: &Repository,
        descriptor: &Descriptor,
        access: &Access,
    ) -> Result<bool, Error> {
        let path = format!("/v2/{}/blobs/{}", repository.path(), descriptor.digest);
        let request = request(Method::Head, To::Path(&path), "*/*", access);
        self.retried(async || {
            let answer = self.send(repository.registry(), &request).await?;
            match answer.status() {
                // One of another size is none: writing it is what shows the error.
                200 => Ok(answer.announced_length().is_none_or(|length| length == descriptor.size)),
                // Stores that the registry points to may take nothing but GET.
                400..=417 => Ok(false),
                501 => Ok(false),
                _ => Err(Error::status(answer).await),
            }
        })
        .await
    }

    /// Writes a blob that is in memory. Nobody asks first whether it is there: that would be no less work. What this client
    /// has written is not written again.
    ///
    /// # Errors
    /// The registry refuses, or took something else.
    pub async fn push_blob(
        &self,
        repository: &Repository,
        descriptor: &Descriptor,
        content: &[u8],
    ) -> Result<(), Error> {
        let known = (repository.clone(), descriptor.digest.clone());
        if self.written().blobs.contains(&known) {
            return Ok(());
        }
        let content = Content::Bytes("application/octet-stream", content);
        // One that was begun may be gone by now; then it is as if there had been none.
        let begun = self.written().uploads.get_mut(repository).and_then(Vec::pop);
        let done = match begun {
            Some(place) => self.finish(repository, descriptor, &place, content).await.is_ok(),
            None => false,
        };
        if !done {
            self.retried(async || self.upload(repository, descriptor, content).await).await?;
        }
        self.written().blobs.insert(known);
        Ok(())
    }

    /// Begins an upload of a blob that is not known yet: the next blob that is in memory goes there.
    ///
    /// # Errors
    /// The registry refuses.
    pub async fn begin_upload(&self, repository: &Repository) -> Result<(), Error> {
        let place = self.begin(repository).await?;
        self.written().uploads.entry(repository.clone()).or_default().push(place);
        Ok(())
    }

    /// Writes a blob that `open` opens, once for each attempt; nothing is opened where the blob is there already. `mount_from`
    /// is a repository of the same registry that may have it.
    ///
    /// # Errors
    /// As [`Self::push_blob`]; [`Error::Source`] where it cannot be read.
    pub async fn push_parts(
        &self,
        repository: &Repository,
        descriptor: &Descriptor,
        mount_from: Option<&Repository>,
        open: impl AsyncFn() -> Result<Parts, Error>,
    ) -> Result<(), Error> {
        if let Some(from) = mount_from.filter(|from| from.registry() == repository.registry()) {
            if self.retried(async || self.mount(repository, descriptor, from).await).await? {
                return Ok(());
            }
        } else if self.is_blob_there(repository, descriptor, &push(repository)).await? {
            return Ok(());
        }
        self.retried(async || {
            self.upload(repository, descriptor, Content::Parts(descriptor.size, &open)).await
        })
        .await
    }

    /// Writes a blob that is a file, however large; nothing is read where the blob is there already.
    ///
    /// # Errors
    /// As [`Self::push_parts`]; also where the file is not what the descriptor says, any more.
    pub async fn push_file(
        &self,
        repository: &Repository,
        descriptor: &Descriptor,
        path: &Path,
    ) -> Result<(), Error> {
        let open = async || match File::open(path) {
            Ok(file) => Ok(file_parts(file, descriptor.digest.clone())),
            Err(error) => Err(Error::Source { repository: repository.to_string(), source: Box::new(error) }),
        };
        self.push_parts(repository, descriptor, None, open).await
    }

    /// Has the registry take a blob over from another of its repositories; whether it did.
    async fn mount(
        &self,
        repository: &Repository,
        descriptor: &Descriptor,
        from: &Repository,
    ) -> Result<bool, Error> {
        let access = Access { from: Some(from.path().to_owned()), ..push(repository) };
        let path = format!(
            "/v2/{}/blobs/uploads/?mount={}&from={}",
            repository.path(),
            descriptor.digest,
            from.path()
        );
        let request = request(Method::Post, To::Path(&path), "*/*", &access);
        match self.send(repository.registry(), &request).await {
            Ok(answer) if answer.status() == 201 => ended(answer, true).await,
            // 202 begins an upload, which is left alone; whoever may not mount may still upload.
            Ok(answer) if matches!(answer.status(), 202 | 400..=428) => ended(answer, false).await,
            Ok(answer) => Err(Error::status(answer).await),
            Err(Error::Refused(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// One attempt to write a blob: where to, and the content.
    async fn upload(
        &self,
        repository: &Repository,
        descriptor: &Descriptor,
        content: Content<'_>,
    ) -> Result<(), Error> {
        let place = self.begin(repository).await?;
        self.finish(repository, descriptor, &place, content).await
    }

    /// Where the registry wants an upload.
    async fn begin(&self, repository: &Repository) -> Result<Address, Error> {
        let access = push(repository);
        let path = format!("/v2/{}/blobs/uploads/", repository.path());
        let begin = request(Method::Post, To::Path(&path), "*/*", &access);
        let answer = self.send(repository.registry(), &begin).await?;
        if answer.status() != 202 {
            return Err(Error::status(answer).await);
        }
        let place = location(&answer)?;
        ended(answer, place).await
    }

    /// The content of an upload that was begun.
    async fn finish(
        &self,
        repository: &Repository,
        descriptor: &Descriptor,
        place: &Address,
        content: Content<'_>,
    ) -> Result<(), Error> {
        let access = push(repository);
        let place = place.clone().with_query(&[("digest", &descriptor.digest.to_string())]);
        let finish = Request {
            large: descriptor.size,
            content,
            ..request(Method::Put, To::Upload(&place), "*/*", &access)
        };
        let answer = match self.send(repository.registry(), &finish).await {
            Err(Error::Http(crate::http::Error::Body { source, .. })) => {
                return Err(Error::Source { repository: repository.to_string(), source });
            }
            answer => answer?,
        };
        match answer.status() {
            200..=202 | 204 => match named_digest(&answer) {
                Some(found)
                    if found.algorithm() == descriptor.digest.algorithm() && found != descriptor.digest =>
                {
                    Err(Error::Digest { url: answer.address().to_string(), found })
                }
                _ => ended(answer, ()).await,
            },
            _ => Err(Error::status(answer).await),
        }
    }

    /// Removes a manifest or a tag; whether it was there. A tag is removed as such, so that other tags of the same manifest
    /// stay; a registry that cannot do that is asked to remove the manifest that the tag names, with all of its tags.
    ///
    /// # Errors
    /// The registry refuses; [`Error::NoDelete`] where it does not delete.
    pub async fn delete_manifest(&self, repository: &Repository, target: &Target) -> Result<bool, Error> {
        let first = self.delete(repository, target).await?;
        let Target::Tag(_) = target else { return first.done(repository) };
        if let Deleted::Done = first {
            return Ok(true);
        }
        // "Not found" may also mean that no tag is ever found there by this request.
        let Some(digest) = self.resolve(repository, target).await? else { return Ok(false) };
        self.delete(repository, &Target::Digest(digest)).await?.done(repository)
    }

    async fn delete(&self, repository: &Repository, target: &Target) -> Result<Deleted, Error> {
        // Which of the two actions is needed differs from registry to registry.
        let access = Access { actions: "pull,push,delete", ..push(repository) };
        let path = format!("/v2/{}/manifests/{target}", repository.path());
        let request = request(Method::Delete, To::Path(&path), "*/*", &access);
        self.retried(async || {
            let answer = self.send(repository.registry(), &request).await?;
            match answer.status() {
                200 | 202 | 204 => ended(answer, Deleted::Done).await,
                404 | 410 => ended(answer, Deleted::NotThere).await,
                400 | 405 | 501 => Ok(Deleted::Unsupported(Error::status(answer).await.said())),
                _ => Err(Error::status(answer).await),
            }
        })
        .await
    }
}

/// What became of a request to delete.
enum Deleted {
    Done,
    NotThere,
    Unsupported(Option<String>),
}

impl Deleted {
    fn done(self, repository: &Repository) -> Result<bool, Error> {
        match self {
            Self::Done => Ok(true),
            Self::NotThere => Ok(false),
            Self::Unsupported(said) => {
                Err(Error::NoDelete { registry: repository.registry().to_string(), said })
            }
        }
    }
}

fn push(repository: &Repository) -> Access {
    Access { actions: "pull,push", ..pull(repository) }
}

/// Compares what the registry says it took with what it was given.
fn check_named(answer: &Answer, bytes: &[u8]) -> Result<(), Error> {
    match named_digest(answer) {
        Some(found) if found.algorithm().digest(bytes) != found => {
            Err(Error::Digest { url: answer.address().to_string(), found })
        }
        _ => Ok(()),
    }
}

/// Whether the registry says that it lists the manifest as a referrer of its subject. One that names another subject does not.
fn lists_referrers(answer: &Answer, media_type: &str, bytes: &[u8], digest: &Digest) -> bool {
    let Some(named) = answer.header("oci-subject") else { return false };
    let manifest = Manifest::parse(bytes.to_vec(), digest.clone(), Some(media_type));
    match manifest.ok().and_then(|manifest| manifest.subject) {
        Some(subject) => named.trim() == subject.digest.to_string(),
        None => false,
    }
}

/// The parts of a file, which has to have this digest in the end.
fn file_parts(file: File, wanted: Digest) -> Parts {
    const PART: u64 = 1 << 18;
    let hasher = Hasher::new([wanted.algorithm()]);
    Parts::of(Some((file, hasher)), move |state| {
        let wanted = wanted.clone();
        async move {
            let Some((mut file, mut hasher)) = state else { return Ok(None) };
            let mut part = Vec::new();
            file.by_ref().take(PART).read_to_end(&mut part)?;
            if !part.is_empty() {
                hasher.update(&part);
                return Ok(Some((part, Some((file, hasher)))));
            }
            match hasher.finish().get(wanted.algorithm()) {
                Some(found) if *found == wanted => Ok(None),
                _ => Err(io::Error::other("the file is not what it was when it was looked at first")),
            }
        }
    })
}

#[cfg(test)]
mod tests;
