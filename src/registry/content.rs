//! Manifests, blobs and lists of a registry.

use super::auth::Access;
use super::client::{Client, Content, Request, To, ended};
use super::document::{ACCEPT, Descriptor, Kind, Manifest, OCI_INDEX};
use super::error::Error;
use super::reference::{Repository, Target};
use crate::crypto::{DecodeError, Digest, HashAlgorithm, Hasher};
use crate::http::{self, Address, Answer, Method, Parts};

/// What registries take at most (OCI distribution specification 1.1, "Pushing Manifests": at least 4 MiB).
const MAX_MANIFEST: u64 = 4 << 20;
/// Any number of manifests of this size may be read at the same time.
const SMALL_MANIFEST: u64 = 256 << 10;
/// Entries of all pages of a list; CVE-2023-46737 of cosign: there was no end of them.
const MAX_REFERRERS: usize = 10_000;
const MAX_PAGES: usize = 1_000;
/// The text of all pages of a list.
const MAX_LIST: usize = 16 << 20;

impl Client {
    /// The digest of what `target` names; `None` where there is nothing. For a digest that is the question whether it is
    /// there.
    ///
    /// # Errors
    /// The registry does not answer, refuses, or answers nonsense.
    pub async fn resolve(&self, repository: &Repository, target: &Target) -> Result<Option<Digest>, Error> {
        match self.head(repository, target).await? {
            None => Ok(None),
            Some(Head { digest: Some(digest), .. }) => Ok(Some(digest)),
            Some(_) => Ok(self.manifest(repository, target).await?.map(|manifest| manifest.digest)),
        }
    }

    /// Media type, digest and size of what `target` names; `None` where there is nothing. Where the answer to HEAD says
    /// all three, nothing else is asked.
    ///
    /// # Errors
    /// As [`Self::resolve`].
    pub async fn describe(
        &self,
        repository: &Repository,
        target: &Target,
    ) -> Result<Option<Descriptor>, Error> {
        let Some(head) = self.head(repository, target).await? else { return Ok(None) };
        // Types that are no manifest's are judged by the document itself.
        let known = |media_type: &String| ACCEPT.split(", ").any(|known| known == media_type);
        match head {
            Head { digest: Some(digest), media_type: Some(media_type), size: Some(size) }
                if known(&media_type) && size <= MAX_MANIFEST =>
            {
                Ok(Some(Descriptor::new(media_type, digest, size)))
            }
            _ => Ok(self.manifest(repository, target).await?.map(|manifest| manifest.descriptor())),
        }
    }

    async fn head(&self, repository: &Repository, target: &Target) -> Result<Option<Head>, Error> {
        let access = pull(repository);
        let path = format!("/v2/{}/manifests/{target}", repository.path());
        let request = request(Method::Head, To::Path(&path), ACCEPT, &access);
        let head = self
            .retried(async || {
                let _turn = self.turn().await;
                let answer = self.send(repository.registry(), &request).await?;
                match answer.status() {
                    200 => Ok(Some(Head::of(&answer))),
                    404 | 501 => Ok(None),
                    // Not every server knows HEAD.
                    405 => Ok(Some(Head::default())),
                    _ => Err(Error::status(answer).await),
                }
            })
            .await?;
        match (head, target) {
            (Some(Head { digest: Some(found), .. }), Target::Digest(wanted)) if found != *wanted => {
                Err(Error::Digest { url: format!("{repository}@{wanted}"), found })
            }
            (head, _) => Ok(head),
        }
    }

    /// The manifest that `target` names; `None` where there is none.
    ///
    /// # Errors
    /// As [`Self::resolve`]; what comes has another digest, or is no manifest.
    pub async fn manifest(
        &self,
        repository: &Repository,
        target: &Target,
    ) -> Result<Option<Manifest>, Error> {
        let access = pull(repository);
        let path = format!("/v2/{}/manifests/{target}", repository.path());
        let request = request(Method::Get, To::Path(&path), ACCEPT, &access);
        self.retried(async || {
            let _turn = self.turn().await;
            let answer = self.send(repository.registry(), &request).await?;
            match answer.status() {
                200 => self.read_manifest(answer, target).await.map(Some),
                404 | 405 | 501 => ended(answer, None).await,
                _ => Err(Error::status(answer).await),
            }
        })
        .await
    }

    /// The content of a blob of at most `limit` bytes; `None` where there is none. What the descriptor says decides before
    /// anything is asked for (CVE-2024-29902 of cosign).
    ///
    /// # Errors
    /// As [`Self::resolve`]; what comes has another digest or another size.
    pub async fn blob(
        &self,
        repository: &Repository,
        descriptor: &Descriptor,
        limit: u64,
    ) -> Result<Option<Vec<u8>>, Error> {
        if descriptor.size > limit {
            return Err(Error::TooLarge { url: format!("{repository}@{}", descriptor.digest), limit });
        }
        self.retried(async || {
            let _turn = self.turn().await;
            let Some(mut reader) = self.open_blob(repository, descriptor).await? else { return Ok(None) };
            let (mut content, mut part) = (Vec::new(), Vec::new());
            while reader.next(&mut part).await? {
                content.extend_from_slice(&part);
            }
            Ok(Some(content))
        })
        .await
    }

    /// A blob, part by part; `None` where there is none.
    ///
    /// # Errors
    /// As [`Self::resolve`].
    pub async fn open_blob(
        &self,
        repository: &Repository,
        descriptor: &Descriptor,
    ) -> Result<Option<BlobReader>, Error> {
        let access = pull(repository);
        let path = format!("/v2/{}/blobs/{}", repository.path(), descriptor.digest);
        let request =
            Request { large: descriptor.size, ..request(Method::Get, To::Path(&path), "*/*", &access) };
        let answer = self.send(repository.registry(), &request).await?;
        match answer.status() {
            200 => BlobReader::new(answer, descriptor).map(Some),
            404 | 405 | 501 => ended(answer, None).await,
            _ => Err(Error::status(answer).await),
        }
    }

    /// The referrers of `subject` as the registry lists them (OCI distribution 1.1, "Listing Referrers"); `None` where it does
    /// not do so. Nothing is filtered by type: what an entry says of its manifest is not to be relied on, and its annotations,
    /// of which there may be millions, are left out.
    ///
    /// # Errors
    /// As [`Self::resolve`]; the list has no end.
    pub async fn referrers(
        &self,
        repository: &Repository,
        subject: &Digest,
    ) -> Result<Option<Vec<Descriptor>>, Error> {
        let path = format!("/v2/{}/referrers/{subject}", repository.path());
        let read = async |answer: Answer| {
            let url = answer.address().to_string();
            // Servers without the API have pages for people at every address.
            if answer.header("content-type").and_then(|t| t.split(';').next()) != Some(OCI_INDEX) {
                return Ok(None);
            }
            let page = self.read_manifest(answer, &Target::Tag(String::new())).await?;
            match page.kind {
                Kind::Index { mut manifests } => {
                    for entry in &mut manifests {
                        entry.annotations = Vec::new();
                    }
                    Ok(Some((manifests, page.bytes.len())))
                }
                Kind::Image { .. } => {
                    let source = DecodeError::whole("list of referrers", "it is an image");
                    Err(Error::Document { url, source })
                }
            }
        };
        // 400 and 406 are what servers say that take the digest for a tag.
        let absent: &[u16] = &[400, 404, 405, 406, 501];
        let listed = self.pages(repository, &path, MAX_REFERRERS, (absent, OCI_INDEX), read).await?;
        if listed.is_none() {
            self.written().without_referrers.insert(repository.clone());
        }
        Ok(listed)
    }

    /// Whether the registry has said before that it lists no referrers of this repository itself.
    pub fn is_without_referrers(&self, repository: &Repository) -> bool {
        self.written().without_referrers.contains(repository)
    }

    /// A manifest. Few large ones are read at a time: real ones are small, and all that are asked for at the same time are in
    /// memory together.
    async fn read_manifest(&self, answer: Answer, target: &Target) -> Result<Manifest, Error> {
        let is_small = answer.announced_length().is_some_and(|length| length <= SMALL_MANIFEST);
        let _turn = if is_small { None } else { self.large.acquire().await.ok() };
        manifest(answer, target).await
    }

    /// All pages of a list; `None` where the first answer has one of the statuses `absent`, or is none of what is read.
    async fn pages<T>(
        &self,
        repository: &Repository,
        path: &str,
        limit: usize,
        (absent, accept): (&[u16], &str),
        read: impl AsyncFn(Answer) -> Result<Option<(Vec<T>, usize)>, Error>,
    ) -> Result<Option<Vec<T>>, Error> {
        let access = pull(repository);
        let (mut all, mut length) = (Vec::new(), 0_usize);
        let mut page: Option<Address> = None;
        for _ in 0..MAX_PAGES {
            let to = || page.as_ref().map_or(To::Path(path), To::Page);
            let (items, next) = self
                .retried(async || {
                    let _turn = self.turn().await;
                    let request = request(Method::Get, to(), accept, &access);
                    let answer = self.send(repository.registry(), &request).await?;
                    match answer.status() {
                        200 => {
                            let next = next_page(&answer)?;
                            Ok((read(answer).await?, next))
                        }
                        status if page.is_none() && absent.contains(&status) => {
                            ended(answer, (None, None)).await
                        }
                        _ => Err(Error::status(answer).await),
                    }
                })
                .await?;
            match items {
                Some((items, size)) => {
                    length = length.saturating_add(size);
                    all.extend(items);
                }
                None if page.is_none() => return Ok(None),
                None => return Err(endless(repository, path, MAX_PAGES, "pages of the same kind")),
            }
            if all.len() > limit {
                return Err(endless(repository, path, limit, "entries"));
            }
            if length > MAX_LIST {
                return Err(endless(repository, path, MAX_LIST, "bytes"));
            }
            match next {
                None => return Ok(Some(all)),
                next if next == page => return Err(endless(repository, path, 1, "new pages")),
                next => page = next,
            }
        }
        Err(endless(repository, path, MAX_PAGES, "pages"))
    }
}

/// A blob on its way. At its end it has been compared with its descriptor, or there is an error: what was read before is not
/// to be used then.
pub struct BlobReader {
    answer: Answer,
    digest: Digest,
    size: u64,
    read: u64,
    hasher: Option<Hasher>,
}

impl BlobReader {
    fn new(answer: Answer, descriptor: &Descriptor) -> Result<Self, Error> {
        let size = descriptor.size;
        if let Some(found) = answer.announced_length().filter(|length| *length != size) {
            return Err(Error::Size { url: answer.address().to_string(), expected: size, found });
        }
        let hasher = Some(Hasher::new([descriptor.digest.algorithm()]));
        Ok(Self { answer, digest: descriptor.digest.clone(), size, read: 0, hasher })
    }

    /// The parts as the body of another request.
    pub fn into_parts(self) -> Parts {
        Parts::of(self, |mut reader| async move {
            let mut part = Vec::new();
            Ok::<_, Error>(reader.next(&mut part).await?.then_some((part, reader)))
        })
    }

    /// The next part into `part`, whose content is replaced; `false` at the end.
    ///
    /// # Errors
    /// More or less than the descriptor says, another digest, or the connection broke.
    pub async fn next(&mut self, part: &mut Vec<u8>) -> Result<bool, Error> {
        if self.hasher.is_none() {
            return Ok(false);
        }
        if self.answer.chunk(part).await? {
            self.read += part.len() as u64;
            if self.read > self.size {
                return Err(Error::Size { url: self.url(), expected: self.size, found: self.read });
            }
            if let Some(hasher) = &mut self.hasher {
                hasher.update(part);
            }
            return Ok(true);
        }
        if self.read < self.size {
            return Err(Error::Short { url: self.url(), expected: self.size, found: self.read });
        }
        let found = self.hasher.take().map(Hasher::finish);
        match found.as_ref().and_then(|found| found.get(self.digest.algorithm())) {
            Some(found) if *found == self.digest => Ok(false),
            Some(found) => Err(Error::Digest { url: self.url(), found: found.clone() }),
            None => Ok(false),
        }
    }

    fn url(&self) -> String {
        self.answer.address().to_string()
    }
}

pub(super) fn request<'a>(method: Method, to: To<'a>, accept: &'a str, access: &'a Access) -> Request<'a> {
    Request { method, to, accept, access, large: 0, content: Content::None }
}

pub(super) fn pull(repository: &Repository) -> Access {
    Access { repository: Some(repository.path().to_owned()), actions: "pull", from: None }
}

/// What the headers of an answer say of a manifest.
#[derive(Debug, Default)]
struct Head {
    digest: Option<Digest>,
    media_type: Option<String>,
    size: Option<u64>,
}

impl Head {
    fn of(answer: &Answer) -> Self {
        let media_type = answer.header("content-type").and_then(|text| text.split(';').next());
        Self {
            digest: named_digest(answer),
            media_type: media_type.map(|text| text.trim().to_owned()),
            size: answer.announced_length(),
        }
    }
}

/// The digest that a registry says its answer has.
pub(super) fn named_digest(answer: &Answer) -> Option<Digest> {
    Digest::parse(answer.header("docker-content-digest")?).ok()
}

async fn manifest(answer: Answer, target: &Target) -> Result<Manifest, Error> {
    let address = answer.address().clone();
    let content_type = answer.header("content-type").map(str::to_owned);
    let named = named_digest(&answer);
    let bytes = answer.body(MAX_MANIFEST).await.map_err(|error| match error {
        http::Error::TooLarge { limit, .. } => Error::TooLarge { url: address.to_string(), limit },
        error => Error::Http(error),
    })?;
    let wanted = match target {
        Target::Digest(digest) => Some(digest),
        Target::Tag(_) => named.as_ref(),
    };
    let digest = wanted.map_or(HashAlgorithm::Sha256, Digest::algorithm).digest(&bytes);
    if wanted.is_some_and(|wanted| *wanted != digest) {
        return Err(Error::Digest { url: address.to_string(), found: digest });
    }
    let malformed = |source| Error::Document { url: address.to_string(), source };
    Manifest::parse(bytes, digest, content_type.as_deref()).map_err(malformed)
}

/// The next page, by the header `Link` (RFC 8288). The client asks no other server for it.
fn next_page(answer: &Answer) -> Result<Option<Address>, Error> {
    let Some(target) = answer.headers("link").find_map(next_link) else { return Ok(None) };
    Ok(Some(answer.address().join(target)?))
}

/// The target of the link `rel="next"` in one header.
fn next_link(header: &str) -> Option<&str> {
    header.split(',').find_map(|link| {
        let (target, parameters) = link.trim().strip_prefix('<')?.split_once('>')?;
        let is_next =
            parameters.split(';').filter_map(|pair| pair.trim().split_once('=')).any(|(name, value)| {
                name.trim().eq_ignore_ascii_case("rel")
                    && value.trim().trim_matches('"').split(' ').any(|rel| rel.eq_ignore_ascii_case("next"))
            });
        is_next.then_some(target)
    })
}

fn endless(repository: &Repository, path: &str, limit: usize, what: &'static str) -> Error {
    Error::Endless { url: format!("{}{path}", repository.registry()), limit, what }
}

#[cfg(test)]
mod tests;
