//! Reading an OCI image layout (OCI image specification 1.1, "Image Layout"), wherever its files are.
//!
//! Every byte that comes out has been compared with the digest that names it, and with the size where a descriptor says
//! one. Nothing is unpacked. Limits: 4 MiB for a manifest, 8 MiB for `index.json`, 10,000 manifests and 256 MiB of them in
//! a look-up, 100,000 files.

mod entry;
mod graph;

use std::io::Read;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

pub(super) use entry::{
    CONTAINERD_NAME, KIND, KIND_ATTESTATIONS, KIND_SIGNATURES, REF_NAME, attached_image, is_attachment_tag,
    kind_of_tag, listed, tag_of,
};
use graph::Graph;
pub(super) use graph::MANIFEST_TYPES;

use super::{Error, Referrers};
use crate::crypto::{DecodeError, Digest, HashAlgorithm, Hasher, Node, json};
use crate::registry::{Descriptor, Kind, Manifest, Target, referrers_tag};

/// The file that makes a folder a layout.
pub(super) const MARKER: &str = "oci-layout";
/// The file that lists what is in it.
pub(super) const INDEX: &str = "index.json";
/// The media type of an index, and of `index.json` where it does not say one.
pub(super) const INDEX_TYPE: &str = "application/vnd.oci.image.index.v1+json";
/// What registries take at most (OCI distribution specification 1.1, "Pushing Manifests": at least 4 MiB).
pub(super) const MAX_MANIFEST: u64 = 4 << 20;
pub(super) const MAX_INDEX: u64 = 8 << 20;
const MAX_MARKER: u64 = 1 << 12;
const PIECE: usize = 256 << 10;

/// The files of a layout.
pub(super) trait Source: std::fmt::Debug + Send + Sync {
    /// What stands before the path where users name it.
    fn scheme(&self) -> &'static str;

    /// The folder, or the archive.
    fn place(&self) -> &Path;

    /// A file by its path in the layout, with `/`; `None` where there is none.
    ///
    /// # Errors
    /// It is no file, leads out of the layout, or cannot be read.
    fn open(&self, path: &str) -> Result<Option<Opened>, Error>;

    /// Every blob, by its name, with its size. What has another name than that of a digest is left out.
    ///
    /// # Errors
    /// There are too many, or they cannot be listed.
    fn blobs(&self) -> Result<Vec<(Digest, u64)>, Error>;
}

/// A file of a layout.
pub(super) struct Opened {
    /// Its content.
    pub reader: Box<dyn Read + Send>,
    /// The size that it has now.
    pub size: u64,
}

/// A blob on its way. It is good only if the end is reached without an error.
#[cfg(feature = "http")]
pub(super) struct Pieces {
    contents: Contents,
    digest: Digest,
    opened: Opened,
    /// `None`: the end was reached.
    hasher: Option<Hasher>,
    read: u64,
}

#[cfg(feature = "http")]
impl Pieces {
    /// The next piece; `None` at the end.
    ///
    /// # Errors
    /// It cannot be read; it is not what its descriptor says.
    pub fn next(&mut self) -> Result<Option<Vec<u8>>, Error> {
        let Some(mut hasher) = self.hasher.take() else { return Ok(None) };
        let mut piece = vec![0; PIECE];
        let n = loop {
            match self.opened.reader.read(&mut piece) {
                Ok(n) => break n,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(source) => return Err(self.contents.unreadable(source)),
            }
        };
        self.read = self.read.saturating_add(n as u64);
        let (place, wanted, expected) = (self.contents.name(), self.digest.clone(), self.opened.size);
        if self.read > expected || (n == 0 && self.read != expected) {
            return Err(Error::Size { place, wanted, expected, found: self.read });
        }
        if n > 0 {
            piece.truncate(n);
            hasher.update(&piece);
            self.hasher = Some(hasher);
            return Ok(Some(piece));
        }
        match hasher.finish().get(self.digest.algorithm()) {
            Some(found) if *found == self.digest => Ok(None),
            Some(found) => Err(Error::Digest { place, wanted, found: found.clone() }),
            None => Ok(None),
        }
    }
}

/// The digest of an `index.json`, and what is beneath it.
type Known = (Digest, Arc<Graph>);

/// What is in a layout.
#[derive(Debug, Clone)]
pub(super) struct Contents {
    source: Arc<dyn Source>,
    /// The graph beneath `index.json` of this digest.
    known: Arc<Mutex<Option<Known>>>,
}

impl Contents {
    /// The layout of these files.
    ///
    /// # Errors
    /// It is none, or of a version that is not known.
    pub fn open(source: Arc<dyn Source>) -> Result<Self, Error> {
        let this = Self { source, known: Arc::default() };
        let Some(marker) = this.file(MARKER, MAX_MARKER)? else {
            return Err(this.not_a_layout(format!("there is no `{MARKER}` in it")));
        };
        let version = || {
            let value = json::parse(MARKER, &marker)?;
            let version = Node::root(MARKER, &value).member("imageLayoutVersion")?;
            match version.text()?.split_once('.') {
                Some(("1", _)) => Ok(()),
                _ => Err(version.error("is another version than 1")),
            }
        };
        let path = || this.source.place().to_owned();
        version().map_err(|source| Error::NotALayout { path: path(), source })?;
        if this.source.open(INDEX)?.is_none() {
            return Err(this.not_a_layout(format!("there is no `{INDEX}` in it")));
        }
        Ok(this)
    }

    /// The folder, or the archive.
    pub fn place(&self) -> &Path {
        self.source.place()
    }

    /// `index.json`, as it is now.
    ///
    /// # Errors
    /// It is gone, or no index.
    pub fn index(&self) -> Result<Manifest, Error> {
        let Some(bytes) = self.file(INDEX, MAX_INDEX)? else {
            return Err(self.not_a_layout(format!("there is no `{INDEX}` in it")));
        };
        let digest = HashAlgorithm::Sha256.digest(&bytes);
        Manifest::parse(bytes, digest, Some(INDEX_TYPE)).map_err(|error| self.document(INDEX, error))
    }

    /// See [`super::Place::resolve`].
    pub fn resolve(&self, target: &Target) -> Result<Option<Descriptor>, Error> {
        Ok(self.manifest(target)?.map(|manifest| manifest.descriptor()))
    }

    /// See [`super::Place::manifest`].
    pub fn manifest(&self, target: &Target) -> Result<Option<Manifest>, Error> {
        match target {
            Target::Digest(digest) => self.by_digest(digest),
            Target::Tag(tag) => {
                let index = self.index()?;
                let entry = entry::named(entries(&index), tag);
                match entry.map_err(|error| self.document(INDEX, error))? {
                    Some(entry) => match self.document_of(entry)? {
                        Some(manifest) => Ok(Some(manifest)),
                        None => Err(self.missing(&entry.digest)),
                    },
                    None => Ok(None),
                }
            }
        }
    }

    /// The digest that `index.json` gives a name.
    ///
    /// # Errors
    /// It gives it to several.
    pub fn named(&self, tag: &str) -> Result<Option<Digest>, Error> {
        let index = self.index()?;
        let entry = entry::named(entries(&index), tag).map_err(|error| self.document(INDEX, error))?;
        Ok(entry.map(|entry| entry.digest.clone()))
    }

    /// Whether an entry, an index or a manifest names this digest.
    ///
    /// # Errors
    /// A manifest is not what it should be.
    pub fn is_named(&self, digest: &Digest) -> Result<bool, Error> {
        Ok(self.graph(&self.index()?)?.is_named(digest))
    }

    /// Whether a manifest is the child of an index, or refers to another one.
    ///
    /// # Errors
    /// As [`Self::is_named`].
    pub fn is_part(&self, digest: &Digest) -> Result<bool, Error> {
        Ok(self.graph(&self.index()?)?.is_part(digest))
    }

    /// The digest of the one image.
    ///
    /// # Errors
    /// There is none, or more than one.
    pub fn only_image(&self) -> Result<Target, Error> {
        let index = self.index()?;
        let graph = self.graph(&index)?;
        let is_child = |digest: &Digest| graph.is_child(digest);
        let images = entry::images(entries(&index), is_child, |digest| graph.is_part(digest));
        match images.as_slice() {
            [one] => Ok(Target::Digest(one.digest.clone())),
            [] => Err(Error::NoImage { place: self.name() }),
            several => {
                let names = several.iter().map(|image| entry::name(image)).collect();
                Err(Error::Several { place: self.name(), names })
            }
        }
    }

    /// See [`super::Place::blob`].
    pub fn blob(&self, descriptor: &Descriptor, limit: u64) -> Result<Option<Vec<u8>>, Error> {
        if descriptor.size > limit {
            return Err(self.too_large(&descriptor.digest.to_string(), limit));
        }
        let mut content = Vec::new();
        let there = self.stream(descriptor, |piece| content.extend_from_slice(piece))?;
        Ok(there.then_some(content))
    }

    /// See [`super::Place::stream`].
    pub fn stream(&self, descriptor: &Descriptor, mut take: impl FnMut(&[u8])) -> Result<bool, Error> {
        let Some(opened) = self.open_blob(&descriptor.digest)? else { return Ok(false) };
        if opened.size != descriptor.size {
            let (place, wanted) = (self.name(), descriptor.digest.clone());
            return Err(Error::Size { place, wanted, expected: descriptor.size, found: opened.size });
        }
        self.checked(&descriptor.digest, opened, &mut take)?;
        Ok(true)
    }

    /// A blob for whoever asks for one piece after the other; `None` where there is none.
    ///
    /// # Errors
    /// As [`Self::stream`].
    #[cfg(feature = "http")]
    pub fn pieces(&self, descriptor: &Descriptor) -> Result<Option<Pieces>, Error> {
        let Some(opened) = self.open_blob(&descriptor.digest)? else { return Ok(None) };
        if opened.size != descriptor.size {
            let (place, wanted) = (self.name(), descriptor.digest.clone());
            return Err(Error::Size { place, wanted, expected: descriptor.size, found: opened.size });
        }
        let hasher = Some(Hasher::new([descriptor.digest.algorithm()]));
        let (contents, digest) = (self.clone(), descriptor.digest.clone());
        Ok(Some(Pieces { contents, digest, opened, hasher, read: 0 }))
    }

    /// See [`super::Place::referrers`].
    pub fn referrers(&self, subject: &Digest) -> Result<Referrers, Error> {
        let index = self.index()?;
        let fallback = match self.manifest(&Target::Tag(referrers_tag(subject)))? {
            None => None,
            Some(Manifest { kind: Kind::Index { manifests }, .. }) => Some(manifests),
            Some(Manifest { digest, .. }) => {
                let error = DecodeError::whole("index of referrers", "it is an image");
                return Err(self.document(&format!("manifest {digest}"), error));
            }
        };
        Ok(Referrers { listed: Some(self.graph(&index)?.referrers(subject)), fallback })
    }

    /// The manifest that a descriptor names; `None` where it is not in the layout.
    ///
    /// # Errors
    /// It is another one, or none.
    fn document_of(&self, descriptor: &Descriptor) -> Result<Option<Manifest>, Error> {
        let Some(bytes) = self.blob(descriptor, MAX_MANIFEST)? else { return Ok(None) };
        let digest = descriptor.digest.clone();
        let what = format!("manifest {digest}");
        let manifest = Manifest::parse(bytes, digest, Some(&descriptor.media_type));
        manifest.map(Some).map_err(|error| self.document(&what, error))
    }

    fn by_digest(&self, digest: &Digest) -> Result<Option<Manifest>, Error> {
        let Some(bytes) = self.small(digest)? else { return Ok(None) };
        // A manifest need not say what it is. Then whoever names it does.
        let error = match Manifest::parse(bytes.clone(), digest.clone(), None) {
            Ok(manifest) => return Ok(Some(manifest)),
            Err(error) => error,
        };
        let graph = self.graph(&self.index()?)?;
        let told = graph.media_type(digest).map(|told| Manifest::parse(bytes, digest.clone(), Some(told)));
        told.unwrap_or(Err(error))
            .map(Some)
            .map_err(|error| self.document(&format!("manifest {digest}"), error))
    }

    /// A blob that is small enough for a manifest; `None` where there is none.
    fn small(&self, digest: &Digest) -> Result<Option<Vec<u8>>, Error> {
        let Some(opened) = self.open_blob(digest)? else { return Ok(None) };
        if opened.size > MAX_MANIFEST {
            return Err(self.too_large(&digest.to_string(), MAX_MANIFEST));
        }
        let mut content = Vec::new();
        self.checked(digest, opened, &mut |piece| content.extend_from_slice(piece))?;
        Ok(Some(content))
    }

    /// Reads a blob to its end. What was taken is good only if this succeeds.
    fn checked(&self, digest: &Digest, opened: Opened, take: &mut dyn FnMut(&[u8])) -> Result<(), Error> {
        let Opened { mut reader, size } = opened;
        let mut hasher = Hasher::new([digest.algorithm()]);
        let mut piece = vec![0; PIECE];
        let mut read = 0_u64;
        loop {
            let n = match reader.read(&mut piece) {
                Ok(0) => break,
                Ok(n) => n,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(source) => return Err(self.unreadable(source)),
            };
            let part = piece.get(..n).unwrap_or_default();
            read = read.saturating_add(n as u64);
            if read > size {
                break;
            }
            hasher.update(part);
            take(part);
        }
        if read != size {
            let (place, wanted) = (self.name(), digest.clone());
            return Err(Error::Size { place, wanted, expected: size, found: read });
        }
        match hasher.finish().get(digest.algorithm()) {
            Some(found) if found == digest => Ok(()),
            found => {
                let found = found.cloned().unwrap_or_else(|| digest.clone());
                Err(Error::Digest { place: self.name(), wanted: digest.clone(), found })
            }
        }
    }

    fn open_blob(&self, digest: &Digest) -> Result<Option<Opened>, Error> {
        self.source.open(&blob_path(digest))
    }

    /// A whole file that no digest names.
    fn file(&self, path: &str, limit: u64) -> Result<Option<Vec<u8>>, Error> {
        let Some(opened) = self.source.open(path)? else { return Ok(None) };
        let mut content = Vec::new();
        let read = opened.reader.take(limit + 1).read_to_end(&mut content);
        read.map_err(|source| self.unreadable(source))?;
        if content.len() as u64 > limit {
            return Err(self.too_large(path, limit));
        }
        Ok(Some(content))
    }

    /// Forgets what was found, because something was written.
    pub fn forget(&self) {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    /// The graph beneath `index`; it is walked once for each state of it.
    fn graph(&self, index: &Manifest) -> Result<Arc<Graph>, Error> {
        let known = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, graph)) = known().as_ref().filter(|(digest, _)| *digest == index.digest) {
            return Ok(Arc::clone(graph));
        }
        let graph = Arc::new(Graph::walk(self, entries(index))?);
        known().replace((index.digest.clone(), Arc::clone(&graph)));
        Ok(graph)
    }

    fn name(&self) -> String {
        self.to_string()
    }

    fn missing(&self, digest: &Digest) -> Error {
        Error::Missing { place: self.name(), wanted: digest.clone() }
    }

    fn document(&self, what: &str, source: DecodeError) -> Error {
        Error::Document { what: what.to_owned(), path: self.source.place().to_owned(), source }
    }

    fn too_large(&self, what: &str, limit: u64) -> Error {
        Error::TooLarge { place: self.name(), what: what.to_owned(), limit }
    }

    fn not_a_layout(&self, reason: String) -> Error {
        let source = DecodeError::whole("image layout", reason);
        Error::NotALayout { path: self.source.place().to_owned(), source }
    }

    fn unreadable(&self, source: std::io::Error) -> Error {
        let path = self.source.place().to_owned();
        Error::File(crate::storage::Error::Read { what: "image layout", path, source })
    }
}

/// As users name the place.
impl std::fmt::Display for Contents {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.source.scheme(), self.place().display())
    }
}

/// The path of a blob in a layout.
pub(super) fn blob_path(digest: &Digest) -> String {
    format!("blobs/{}/{}", digest.algorithm(), digest.hex())
}

/// What `index.json` lists.
fn entries(index: &Manifest) -> &[Descriptor] {
    match &index.kind {
        Kind::Index { manifests } => manifests,
        Kind::Image { .. } => &[],
    }
}
