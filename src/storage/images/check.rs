//! Checking that an image is there in whole, and is what its manifest says.

use std::collections::{HashMap, VecDeque};

use super::contents::MANIFEST_TYPES;
use super::{Error, Place};
use crate::crypto::{DecodeError, Digest};
use crate::registry::{Descriptor, Kind, Manifest, Target};

/// Descriptors that are followed.
const MAX_PARTS: usize = 100_000;

/// What was found of an image and all beneath it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GraphReport {
    /// Manifests that were compared with their digest and size, the image's own among them.
    pub manifests: usize,
    /// Configurations and layers that were read to their end and compared with digest and size.
    pub blobs: usize,
    /// Bytes of all of them.
    pub bytes: u64,
    /// Children of indexes that are not there.
    pub absent_children: Vec<Digest>,
    /// Layers that are not there, and that need not be.
    pub foreign_layers: Vec<Digest>,
}

/// Compares every manifest, configuration and layer beneath `manifest` with digest and size; nothing is kept, and nothing
/// unpacked. cosign compares the manifest alone, so that a layer can be exchanged (sigstore/cosign#1912).
///
/// What may be missing: of the children of an index all but one, which are not part of what one platform saved; and layers
/// that may not be distributed, which come from elsewhere. Both are reported. Everything else has to be there.
///
/// # Errors
/// Something is missing, or is not what its descriptor says; the place is of no use.
pub async fn check_graph(place: &Place, manifest: &Manifest) -> Result<GraphReport, Error> {
    let mut walk = Walk { place, report: GraphReport::default(), known: HashMap::new() };
    let bytes = manifest.bytes.len() as u64;
    walk.is_new(&manifest.descriptor())?;
    walk.report = GraphReport { manifests: 1, bytes, ..GraphReport::default() };
    let mut queue = VecDeque::from([manifest.clone()]);
    while let Some(manifest) = queue.pop_front() {
        match &manifest.kind {
            Kind::Image { config, layers } => {
                for part in std::iter::once(config).chain(layers) {
                    walk.blob(part).await?;
                }
            }
            Kind::Index { manifests } => {
                let mut present = manifests.is_empty();
                for child in manifests {
                    if !MANIFEST_TYPES.contains(&child.media_type.as_str()) {
                        walk.blob(child).await?;
                        present = true;
                        continue;
                    }
                    present |= walk.child(child, &mut queue).await?;
                }
                if let (false, Some(first)) = (present, manifests.first()) {
                    return Err(walk.missing(first));
                }
            }
        }
    }
    Ok(walk.report)
}

/// Whether a layer is one that may not be distributed (OCI image specification 1.1, "Non-Distributable Layers"; Docker's
/// foreign layers).
pub(super) fn is_foreign(layer: &Descriptor) -> bool {
    layer.media_type.contains(".layer.nondistributable.") || layer.media_type.contains(".rootfs.foreign.")
}

struct Walk<'a> {
    place: &'a Place,
    report: GraphReport,
    /// What was looked at, with its size.
    known: HashMap<Digest, u64>,
}

impl Walk<'_> {
    /// Whether a part was not looked at yet. One digest has one size.
    fn is_new(&mut self, part: &Descriptor) -> Result<bool, Error> {
        if let Some(size) = self.known.get(&part.digest) {
            return if *size == part.size { Ok(false) } else { Err(self.size(part, *size)) };
        }
        if self.known.len() >= MAX_PARTS {
            let place = self.place.to_string();
            return Err(Error::Overfull { place, what: "parts of one image", limit: MAX_PARTS });
        }
        self.known.insert(part.digest.clone(), part.size);
        Ok(true)
    }

    async fn blob(&mut self, part: &Descriptor) -> Result<(), Error> {
        if !self.is_new(part)? {
            return Ok(());
        }
        if self.place.stream(part, |_| {}).await? {
            self.report.blobs += 1;
            self.report.bytes = self.report.bytes.saturating_add(part.size);
            return Ok(());
        }
        if is_foreign(part) {
            self.report.foreign_layers.push(part.digest.clone());
            return Ok(());
        }
        Err(self.missing(part))
    }

    /// Adds a child to the queue; whether it is there.
    async fn child(&mut self, child: &Descriptor, queue: &mut VecDeque<Manifest>) -> Result<bool, Error> {
        if !self.is_new(child)? {
            return Ok(!self.report.absent_children.contains(&child.digest));
        }
        let Some(manifest) = self.place.manifest(&Target::Digest(child.digest.clone())).await? else {
            self.report.absent_children.push(child.digest.clone());
            return Ok(false);
        };
        if manifest.bytes.len() as u64 != child.size {
            return Err(self.size(child, manifest.bytes.len() as u64));
        }
        if manifest.media_type != child.media_type {
            return Err(Error::Mismatch {
                place: self.place.to_string(),
                source: DecodeError::new(
                    "manifest",
                    child.digest.to_string(),
                    format!("it is `{}`, and the index calls it `{}`", manifest.media_type, child.media_type),
                ),
            });
        }
        self.report.manifests += 1;
        self.report.bytes = self.report.bytes.saturating_add(child.size);
        queue.push_back(manifest);
        Ok(true)
    }

    fn size(&self, part: &Descriptor, found: u64) -> Error {
        let (place, wanted) = (self.place.to_string(), part.digest.clone());
        Error::Size { place, wanted, expected: part.size, found }
    }

    fn missing(&self, part: &Descriptor) -> Error {
        Error::Missing { place: self.place.to_string(), wanted: part.digest.clone() }
    }
}

#[cfg(test)]
mod tests;
