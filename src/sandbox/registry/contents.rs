//! What a registry holds, seen and changed from inside: without a request, past all checks.

use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hyper::body::Bytes;
use serde_json::json;

use super::Error;
use super::change::Change;
use super::content::Content;
use super::manifests::OCI_MANIFEST;
use super::store::{Repository, Store};
use crate::crypto::HashAlgorithm;

/// An empty tar archive, which is 1024 zeros, in gzip.
const EMPTY_LAYER: [u8; 29] = [
    0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xff, 0x63, 0x60, 0x18, 0x05, 0xa3, 0x60, 0x14,
    0x8c, 0x54, 0x00, 0x00, 0x2e, 0xaf, 0xb5, 0xef, 0x00, 0x04, 0x00, 0x00,
];

/// The contents of a registry. A clone is another view of the same, which a hook may hold.
///
/// Of a registry in a folder, what is planted goes to the disk, as what is pushed does; where that cannot be, nothing is
/// planted.
#[derive(Debug, Clone, Default)]
pub struct Contents(Arc<Mutex<Store>>);

impl Contents {
    /// The contents of a folder.
    pub(super) fn open(folder: &Path) -> Result<Self, Error> {
        Ok(Self(Arc::new(Mutex::new(Store::open(folder)?))))
    }

    /// Stores a blob; returns its digest (SHA-256).
    pub fn plant_blob(&self, repository: &str, bytes: impl Into<Vec<u8>>) -> String {
        let bytes = Bytes::from(bytes.into());
        let digest = HashAlgorithm::Sha256.digest(&bytes).to_string();
        let _: io::Result<()> = self.store().put_blob(repository, &digest, &Content::Memory(bytes));
        digest
    }

    /// Stores a manifest, whatever is in it, under its digest (SHA-256), which is returned, and under a tag if one is given. If it is
    /// JSON with a subject, the referrers API has it.
    pub fn plant_manifest(
        &self,
        repository: &str,
        tag: Option<&str>,
        media_type: &str,
        bytes: impl Into<Vec<u8>>,
    ) -> String {
        let bytes = Bytes::from(bytes.into());
        let digest = HashAlgorithm::Sha256.digest(&bytes).to_string();
        let _: io::Result<()> = self.store().change(Change::Manifest {
            repository: repository.to_owned(),
            digest: digest.clone(),
            media_type: media_type.to_owned(),
            bytes,
            tag: tag.map(str::to_owned),
        });
        digest
    }

    /// Stores an image with one empty layer under a tag; returns the digest of its manifest. Each tag of each repository gets another image.
    pub fn plant_image(&self, repository: &str, tag: &str) -> String {
        let diff_id = HashAlgorithm::Sha256.digest(&[0; 1024]).to_string();
        let layer = self.plant_blob(repository, EMPTY_LAYER);
        let config = json!({
            "architecture": "amd64",
            "os": "linux",
            "config": { "Labels": { "name": format!("{repository}:{tag}") } },
            "rootfs": { "type": "layers", "diff_ids": [diff_id] },
        })
        .to_string();
        let size = config.len();
        let config = self.plant_blob(repository, config);
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "config": { "mediaType": "application/vnd.oci.image.config.v1+json", "digest": config, "size": size },
            "layers": [
                { "mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", "digest": layer, "size": EMPTY_LAYER.len() },
            ],
        });
        self.plant_manifest(repository, Some(tag), OCI_MANIFEST, manifest.to_string())
    }

    /// Points a tag to a digest, whether that is there or not.
    pub fn plant_tag(&self, repository: &str, tag: &str, digest: &str) {
        let (repository, tag, digest) = (repository.to_owned(), tag.to_owned(), digest.to_owned());
        let _: io::Result<()> = self.store().change(Change::Tag { repository, tag, digest });
    }

    /// Removes what a tag or a digest names: the tag alone, the manifest with its tags, or the blob.
    pub fn uproot(&self, repository: &str, reference: &str) {
        let mut store = self.store();
        let _: io::Result<bool> = store.untag(repository, reference);
        let _: io::Result<bool> = store.remove_manifest(repository, reference);
        let _: io::Result<bool> = store.remove_blob(repository, reference);
    }

    /// Media type and bytes of the manifest that a tag or a digest names.
    pub fn manifest(&self, repository: &str, reference: &str) -> Option<(String, Vec<u8>)> {
        self.look(repository, |repository| {
            let digest = repository.tags.get(reference).map_or(reference, String::as_str);
            let manifest = repository.manifests.get(digest)?;
            Some((manifest.media_type.clone(), manifest.bytes.to_vec()))
        })
    }

    /// A blob; `None` also where it cannot be read.
    pub fn blob(&self, repository: &str, digest: &str) -> Option<Vec<u8>> {
        let content = self.store().blob(repository, digest).ok()??;
        content.read().ok().map(Vec::from)
    }

    /// The length of a blob, which is not read for it.
    pub fn blob_length(&self, repository: &str, digest: &str) -> Option<u64> {
        self.look(repository, |repository| Some(repository.blobs.get(digest)?.length))
    }

    /// The names of the repositories that have a manifest or a tag, in order.
    pub fn repositories(&self) -> Vec<String> {
        self.store().listed().cloned().collect()
    }

    /// The tags with the digests that they point to, in order.
    pub fn tags(&self, repository: &str) -> Vec<(String, String)> {
        let pairs =
            |r: &Repository| Some(r.tags.iter().map(|(tag, digest)| (tag.clone(), digest.clone())).collect());
        self.look(repository, pairs).unwrap_or_default()
    }

    /// The digests of all manifests, in order.
    pub fn manifests(&self, repository: &str) -> Vec<String> {
        self.look(repository, |r| Some(r.manifests.keys().cloned().collect())).unwrap_or_default()
    }

    /// The digests of the manifests with this subject, in order, whether there is the referrers API or not.
    pub fn referrers(&self, repository: &str, subject: &str) -> Vec<String> {
        let refers = |r: &Repository| {
            let of =
                r.manifests.iter().filter(|(_, m)| m.subject.as_ref().is_some_and(|s| s.subject == subject));
            Some(of.map(|(digest, _)| digest.clone()).collect())
        };
        self.look(repository, refers).unwrap_or_default()
    }

    fn look<T>(&self, repository: &str, look: impl FnOnce(&Repository) -> Option<T>) -> Option<T> {
        self.store().repositories.get(repository).and_then(look)
    }

    pub(super) fn store(&self) -> MutexGuard<'_, Store> {
        // Maps of bytes are sound after any panic.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
