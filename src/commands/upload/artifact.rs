//! A file as an image with one layer: the very bytes that cosign writes. Pure.

use std::collections::BTreeMap;

use crate::crypto::{Digest, HashAlgorithm};
use crate::payload::go_string;
use crate::registry::Descriptor;

pub(super) const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
pub(super) const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";

/// A platform, as typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadPlatform {
    /// The operating system.
    pub os: String,
    /// The architecture; empty where it was left out.
    pub architecture: String,
    /// The variant of the architecture.
    pub variant: Option<String>,
}

/// An image that is to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Artifact {
    /// Names the configuration.
    pub config: Descriptor,
    /// The configuration.
    pub config_bytes: Vec<u8>,
    /// Names the manifest.
    pub descriptor: Descriptor,
    /// The manifest.
    pub bytes: Vec<u8>,
}

impl Artifact {
    /// The image whose only layer is `layer`.
    pub fn of(layer: &Descriptor, config_type: &str, annotations: &BTreeMap<String, String>) -> Self {
        let config_bytes = format!(
            "{{\"architecture\":\"\",\"created\":\"0001-01-01T00:00:00Z\",\"history\":[{{\"created\":\
             \"0001-01-01T00:00:00Z\"}}],\"os\":\"\",\"rootfs\":{{\"type\":\"layers\",\"diff_ids\":[{}]}},\"config\":{{}}}}",
            go_string(&layer.digest.to_string())
        )
        .into_bytes();
        let config = named(config_type, &config_bytes);
        let bytes = format!(
            "{{\"schemaVersion\":2,\"mediaType\":\"{OCI_MANIFEST}\",\"config\":{},\"layers\":[{}]{}}}",
            entry(&config, None),
            entry(layer, None),
            annotated(annotations)
        )
        .into_bytes();
        Self { config, config_bytes, descriptor: named(OCI_MANIFEST, &bytes), bytes }
    }
}

/// An index of images for platforms.
pub(super) fn index(
    images: &[(Descriptor, UploadPlatform)],
    annotations: &BTreeMap<String, String>,
) -> (Descriptor, Vec<u8>) {
    let entries: Vec<_> = images.iter().map(|(image, platform)| entry(image, Some(platform))).collect();
    let bytes = format!(
        "{{\"schemaVersion\":2,\"mediaType\":\"{OCI_INDEX}\",\"manifests\":[{}]{}}}",
        entries.join(","),
        annotated(annotations)
    )
    .into_bytes();
    (named(OCI_INDEX, &bytes), bytes)
}

fn named(media_type: &str, bytes: &[u8]) -> Descriptor {
    let digest: Digest = HashAlgorithm::Sha256.digest(bytes);
    Descriptor::new(media_type, digest, bytes.len() as u64)
}

/// A descriptor, its members in the order of go-containerregistry.
fn entry(descriptor: &Descriptor, platform: Option<&UploadPlatform>) -> String {
    let platform = platform.map_or(String::new(), |UploadPlatform { os, architecture, variant }| {
        let variant = variant.as_ref().map(|variant| format!(",\"variant\":{}", go_string(variant)));
        format!(
            ",\"platform\":{{\"architecture\":{},\"os\":{}{}}}",
            go_string(architecture),
            go_string(os),
            variant.unwrap_or_default()
        )
    });
    format!(
        "{{\"mediaType\":{},\"size\":{},\"digest\":{}{platform}}}",
        go_string(&descriptor.media_type),
        descriptor.size,
        go_string(&descriptor.digest.to_string())
    )
}

fn annotated(annotations: &BTreeMap<String, String>) -> String {
    if annotations.is_empty() {
        return String::new();
    }
    let pairs: Vec<_> =
        annotations.iter().map(|(name, value)| format!("{}:{}", go_string(name), go_string(value))).collect();
    format!(",\"annotations\":{{{}}}", pairs.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What cosign 3.1 writes for a file with the text `hello` and a line end.
    #[test]
    fn the_bytes_are_those_of_cosign() {
        let layer = Descriptor::new("text/plain", HashAlgorithm::Sha256.digest(b"hello\n"), 6);
        let config = "application/vnd.oci.image.config.v1+json";
        let pairs = |pairs: &[(&str, &str)]| {
            pairs.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect::<BTreeMap<_, _>>()
        };
        for (annotations, digest) in [
            (pairs(&[]), "58e5ad0966f26e37881bf955d9a675d9e74b49e3b94b882a9d7f686447f7eede"),
            (
                pairs(&[("z", "1"), ("a", "<b>&")]),
                "6a5f2f0e8385947cf2a2e5f3fe3135f5bd27c4ca834ad71564c4217ab81607b5",
            ),
            (pairs(&[("k", "v")]), "d947a4e62b64bf97544baea8fa926b6930ae27c24655269e8a9fbc2f3ba52b47"),
        ] {
            assert_eq!(Artifact::of(&layer, config, &annotations).descriptor.digest.hex(), digest);
        }
        let other = Descriptor::new("text/plain", HashAlgorithm::Sha256.digest(b"{\"a\":1}"), 7);
        let image = |layer| Artifact::of(layer, config, &pairs(&[("k", "v")])).descriptor;
        let platform = |os: &str, architecture: &str| UploadPlatform {
            os: os.to_owned(),
            architecture: architecture.to_owned(),
            variant: None,
        };
        let images =
            [(image(&layer), platform("linux", "amd64")), (image(&other), platform("darwin", "arm64"))];
        assert_eq!(
            index(&images, &pairs(&[("k", "v")])).0.digest.hex(),
            "efe0bc2713b4e5f3514839fece0376773202fbe1d39a5422ad38f489c7e66bf4"
        );
    }
}
