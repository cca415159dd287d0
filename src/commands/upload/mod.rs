//! `upload`.

mod artifact;
mod blob;
mod sniff;
mod wasm;

pub use artifact::UploadPlatform;
pub use blob::{UploadBlobRequest, UploadFile, upload_blob};
pub use wasm::{UploadWasmRequest, upload_wasm};

use std::path::Path;

use super::images::{self, Image, Images};
use super::{Error, RegistryRequest};
use crate::crypto::{Digest, Digests, HashAlgorithm, Hasher};
use crate::registry::{Descriptor, Target};
use crate::storage::images::{ImageName, Layout, Place};
use crate::storage::{open_file, stream_open};
use artifact::Artifact;

/// A file that has been read once.
struct Looked {
    digest: Digest,
    size: u64,
    /// What it begins with.
    start: Vec<u8>,
}

/// Reads a file once, in constant memory.
fn look(path: &Path) -> Result<Looked, Error> {
    let (mut file, _) = open_file("file to upload", path).map_err(|error| Error::artifact(&error))?;
    let (mut hasher, mut size, mut start) = (Hasher::new([HashAlgorithm::Sha256]), 0, Vec::new());
    stream_open(&mut file, path, |part| {
        hasher.update(part);
        size += part.len() as u64;
        let room = sniff::LOOKED_AT.saturating_sub(start.len());
        start.extend(part.iter().take(room));
    })
    .map_err(|error| Error::artifact(&error))?;
    let digests: Digests = hasher.finish();
    // A hasher has a digest for whatever it was made for.
    let digest =
        digests.get(HashAlgorithm::Sha256).cloned().unwrap_or_else(|| HashAlgorithm::Sha256.digest(&[]));
    Ok(Looked { digest, size, start })
}

/// Where something is uploaded to.
struct Destination {
    image: Image,
}

impl Destination {
    /// A layout is made if it is not there, so files are read first.
    fn of(typed: &str, request: &RegistryRequest, context: &super::Context) -> Result<Self, Error> {
        match images::parse(typed)? {
            ImageName::Layout(_, None) => {
                return Err(Error::usage(format!("`{typed}` names no place in the layout"))
                    .hint(format!("add a tag: `{typed}:TAG`")));
            }
            ImageName::Layout(path, Some(_)) => drop(Layout::create(&path)?),
            ImageName::Registry(_) | ImageName::Archive(..) => {}
        }
        Ok(Self { image: Images::new(request, context)?.open(typed)? })
    }

    fn place(&self) -> &Place {
        &self.image.home.image
    }

    /// Its name, written out.
    fn name(&self) -> String {
        self.image.name.to_string()
    }

    /// A manifest there.
    fn named(&self, digest: &Digest) -> String {
        format!("{}@{digest}", self.place())
    }

    /// Where a blob can be fetched from without any tool; only registries have such addresses.
    fn address_of(&self, layer: &Descriptor) -> Option<String> {
        match &self.image.name {
            ImageName::Registry(reference) => {
                let repository = reference.repository().to_string();
                let (registry, path) = repository.split_once('/')?;
                Some(format!("{registry}/v2/{path}/blobs/{}", layer.digest))
            }
            _ => None,
        }
    }

    /// What is uploaded to a digest has to have it.
    fn check(&self, digest: &Digest) -> Result<(), Error> {
        match &self.image.target {
            Target::Digest(wanted) if wanted != digest => Err(Error::usage(format!(
                "what would be uploaded to `{}` has another digest: {digest}",
                self.image.typed
            ))
            .hint("name a tag, or no more than the repository")),
            _ => Ok(()),
        }
    }

    /// Writes the blobs of an image.
    async fn put_blobs(&self, artifact: &Artifact, layer: &Descriptor, path: &Path) -> Result<(), Error> {
        self.place().put_file(layer, path).await?;
        Ok(self.place().put_blob(&artifact.config, &artifact.config_bytes).await?)
    }

    /// Writes a manifest under `target`.
    async fn put(&self, target: &Target, manifest: &Descriptor, bytes: &[u8]) -> Result<(), Error> {
        self.place().put_manifest(target, &manifest.media_type, bytes).await?;
        Ok(())
    }
}
