//! `upload blob`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::artifact::index;
use super::{Artifact, Destination, UploadPlatform, look, sniff};
use crate::commands::{Context, Error, Files, RegistryRequest};
use crate::registry::{Descriptor, Target};

const CONFIG: &str = "application/vnd.oci.image.config.v1+json";

/// What `upload blob` is asked for.
#[derive(Debug)]
pub struct UploadBlobRequest {
    /// Where to.
    pub image: String,
    /// The files; of several each has a platform of its own.
    pub files: Vec<UploadFile>,
    /// The media type of all of them, in place of one that is guessed.
    pub media_type: Option<String>,
    /// Annotations of each manifest.
    pub annotations: BTreeMap<String, String>,
    /// Registries.
    pub registry: RegistryRequest,
}

/// A file to upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadFile {
    /// Its path.
    pub path: PathBuf,
    /// What it is for.
    pub platform: Option<UploadPlatform>,
}

impl UploadBlobRequest {
    /// The files that it names.
    pub fn files(&self) -> Files<'_> {
        let files = self.files.iter().fold(Files::default(), |files, file| {
            files.and_read("file to upload", Some(file.path.as_path()))
        });
        self.registry.add_to(files)
    }
}

/// Uploads files: one as an image with one layer, several as an index of such images; returns the name of what was made.
///
/// # Errors
/// A file cannot be read; the registry refuses.
pub async fn upload_blob(request: &UploadBlobRequest, context: &mut Context) -> Result<Vec<u8>, Error> {
    let mut images = Vec::new();
    for file in &request.files {
        let looked = look(&file.path)?;
        let guessed = || sniff::media_type(&looked.start).to_owned();
        let media_type = request.media_type.clone().unwrap_or_else(guessed);
        let layer = Descriptor::new(media_type, looked.digest, looked.size);
        let artifact = Artifact::of(&layer, CONFIG, &request.annotations);
        images.push((file, layer, artifact));
    }
    // Nothing is written before all is read.
    let made = match images.as_slice() {
        [(_, _, artifact)] => (artifact.descriptor.clone(), artifact.bytes.clone()),
        several => {
            let entries: Vec<_> = several
                .iter()
                .filter_map(|(file, _, artifact)| Some((artifact.descriptor.clone(), file.platform.clone()?)))
                .collect();
            index(&entries, &request.annotations)
        }
    };
    let destination = Destination::of(&request.image, &request.registry, context)?;
    destination.check(&made.0.digest)?;
    for (file, layer, artifact) in &images {
        let path = file.path.display();
        context.narrator.say(&format!(
            "Uploading file from [{path}] to [{}] with media type [{}]",
            destination.name(),
            layer.media_type
        ));
        destination.put_blobs(artifact, layer, &file.path).await?;
        if images.len() > 1 {
            let target = Target::Digest(artifact.descriptor.digest.clone());
            destination.put(&target, &artifact.descriptor, &artifact.bytes).await?;
        }
        if let Some(address) = destination.address_of(layer) {
            context.narrator.say(&format!("File [{path}] is available directly at [{address}]"));
        }
    }
    let name = destination.named(&made.0.digest);
    if images.len() > 1 {
        context.narrator.say(&format!("Uploading multi-platform index to {name}"));
    }
    destination.put(&destination.image.target, &made.0, &made.1).await?;
    if images.len() == 1 {
        context.narrator.say("Uploaded image to:");
    }
    Ok(format!("{name}\n").into_bytes())
}
