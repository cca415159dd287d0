//! What refers to what in a layout.

use std::collections::{HashMap, HashSet, VecDeque};

use super::{Contents, Error, MAX_MANIFEST, entry};
use crate::crypto::Digest;
use crate::registry::{Descriptor, Kind, Manifest};

/// Manifests that are looked at, and bytes of them.
const MAX_MANIFESTS: usize = 10_000;
const MAX_BYTES: u64 = 256 << 20;
/// What is read as a manifest.
pub(in crate::storage::images) const MANIFEST_TYPES: [&str; 4] = [
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
];

/// The manifests of a layout.
#[derive(Debug, Default)]
pub(super) struct Graph {
    /// Media types, by digest, as those who name them say.
    media_types: HashMap<Digest, String>,
    /// Children of indexes, and what has a subject.
    parts: HashSet<Digest>,
    /// What is in the index of an image, which is no attachment and refers to nothing.
    children: HashSet<Digest>,
    /// Every digest that a manifest names.
    named: HashSet<Digest>,
    /// By subject.
    referrers: HashMap<Digest, Vec<Descriptor>>,
    bytes: u64,
    count: usize,
}

impl Graph {
    /// Walks what `entries` name and all beneath it. A child that is not in the layout is passed over: layouts of one
    /// platform have them.
    ///
    /// # Errors
    /// A manifest is not what its descriptor says; there are too many.
    pub fn walk(contents: &Contents, entries: &[Descriptor]) -> Result<Self, Error> {
        let mut graph = Self::default();
        let mut queue: VecDeque<(Descriptor, bool)> =
            entries.iter().map(|entry| (entry.clone(), !entry::is_attachment(entry))).collect();
        while let Some((descriptor, is_image)) = queue.pop_front() {
            graph.named.insert(descriptor.digest.clone());
            if !MANIFEST_TYPES.contains(&descriptor.media_type.as_str())
                || graph.media_types.contains_key(&descriptor.digest)
            {
                continue;
            }
            graph.media_types.insert(descriptor.digest.clone(), descriptor.media_type.clone());
            let Some(manifest) = contents.document_of(&descriptor)? else { continue };
            graph.add(contents, &manifest)?;
            let is_image = is_image && manifest.subject.is_none();
            if let Kind::Index { manifests } = manifest.kind {
                graph.parts.extend(manifests.iter().map(|child| child.digest.clone()));
                if is_image {
                    graph.children.extend(manifests.iter().map(|child| child.digest.clone()));
                }
                queue.extend(manifests.into_iter().map(|child| (child, is_image)));
            }
        }
        // cosign 3 saves the manifests of bundles, and lists them nowhere.
        if entry::is_of_cosign(entries) {
            graph.unlisted(contents)?;
        }
        Ok(graph)
    }

    /// What refers to `subject`, as a registry would list it.
    pub fn referrers(&self, subject: &Digest) -> Vec<Descriptor> {
        self.referrers.get(subject).cloned().unwrap_or_default()
    }

    /// The media type of a manifest.
    pub fn media_type(&self, digest: &Digest) -> Option<&str> {
        self.media_types.get(digest).map(String::as_str)
    }

    /// Whether something is in the index of an image.
    pub fn is_child(&self, digest: &Digest) -> bool {
        self.children.contains(digest)
    }

    /// Whether a manifest is the child of another one, or refers to one.
    pub fn is_part(&self, digest: &Digest) -> bool {
        self.parts.contains(digest)
    }

    /// Whether an entry or a manifest names it.
    pub fn is_named(&self, digest: &Digest) -> bool {
        self.named.contains(digest)
    }

    /// Manifests with a subject that nobody names.
    fn unlisted(&mut self, contents: &Contents) -> Result<(), Error> {
        let mut blobs = contents.source.blobs()?;
        blobs.retain(|(digest, size)| *size <= MAX_MANIFEST && !self.named.contains(digest));
        // The order of a folder is anybody's.
        blobs.sort();
        for (digest, size) in blobs {
            if !is_object(contents, &digest)? {
                continue;
            }
            self.spend(contents, size)?;
            let Some(bytes) = contents.small(&digest)? else { continue };
            // A JSON document of another kind: a bundle, a configuration.
            let Ok(manifest) = Manifest::parse(bytes, digest, None) else { continue };
            if manifest.subject.is_some() {
                self.add(contents, &manifest)?;
            }
        }
        Ok(())
    }

    fn spend(&mut self, contents: &Contents, bytes: u64) -> Result<(), Error> {
        self.bytes = self.bytes.saturating_add(bytes);
        if self.bytes > MAX_BYTES {
            return Err(contents.too_large("the sum of all manifests", MAX_BYTES));
        }
        Ok(())
    }

    fn add(&mut self, contents: &Contents, manifest: &Manifest) -> Result<(), Error> {
        self.count += 1;
        self.spend(contents, manifest.bytes.len() as u64)?;
        if self.count > MAX_MANIFESTS {
            return Err(Error::Overfull { place: contents.name(), what: "manifests", limit: MAX_MANIFESTS });
        }
        if let Kind::Image { config, layers } = &manifest.kind {
            let digests = layers.iter().chain([config]).map(|descriptor| descriptor.digest.clone());
            self.named.extend(digests);
        }
        if let Some(subject) = &manifest.subject {
            self.parts.insert(manifest.digest.clone());
            self.referrers.entry(subject.digest.clone()).or_default().push(manifest.as_referrer());
        }
        Ok(())
    }
}

/// Whether a blob begins as a JSON object does. Its digest is not looked at.
fn is_object(contents: &Contents, digest: &Digest) -> Result<bool, Error> {
    let Some(mut opened) = contents.open_blob(digest)? else { return Ok(false) };
    let mut first = [0; 1];
    match opened.reader.read_exact(&mut first) {
        Ok(()) => Ok(first == *b"{"),
        Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(contents.unreadable(error)),
    }
}
