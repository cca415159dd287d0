//! Manifests and indexes, read strictly (OCI image specification 1.1, "Image Manifest" and "Image Index"; Docker's
//! manifest version 2, schema 2). Pure.

use crate::crypto::{DecodeError, Digest, Node, json};

const WHAT: &str = "manifest";
const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
pub(super) const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";
const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
const DOCKER_LIST: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
/// What is taken of a registry, as the header `Accept` has it.
#[cfg(feature = "http")]
pub(super) const ACCEPT: &str = "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json, \
    application/vnd.docker.distribution.manifest.v2+json, application/vnd.docker.distribution.manifest.list.v2+json";
/// CVE-2024-29903: a manifest with any number of layers. Real ones have dozens.
const MAX_DESCRIPTORS: usize = 10_000;
const MAX_ANNOTATIONS: usize = 1_000;

/// The media types of manifests that are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum MediaTypes {
    /// Those of the OCI image specification.
    #[default]
    Oci,
    /// Docker's (manifest version 2, schema 2), for registries that know no others.
    Docker,
}

impl MediaTypes {
    /// That of a manifest.
    pub fn manifest(self) -> &'static str {
        match self {
            Self::Oci => OCI_MANIFEST,
            Self::Docker => DOCKER_MANIFEST,
        }
    }

    /// That of an image's configuration.
    pub fn config(self) -> &'static str {
        match self {
            Self::Oci => "application/vnd.oci.image.config.v1+json",
            Self::Docker => "application/vnd.docker.container.image.v1+json",
        }
    }
}

/// Names content, and says what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Descriptor {
    /// Its media type.
    pub media_type: String,
    /// Its digest.
    pub digest: Digest,
    /// Its size in bytes.
    pub size: u64,
    /// What the manifest behind it says that it is; only as good as whoever wrote the index.
    pub artifact_type: Option<String>,
    /// Annotations, in their written order.
    pub annotations: Vec<(String, String)>,
    /// Operating system, architecture and variant, where the entry is for one platform.
    pub platform: Option<Platform>,
}

impl Descriptor {
    /// One that says no more than what it has to.
    pub fn new(media_type: impl Into<String>, digest: Digest, size: u64) -> Self {
        Self {
            media_type: media_type.into(),
            digest,
            size,
            artifact_type: None,
            annotations: Vec::new(),
            platform: None,
        }
    }
}

/// A platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Platform {
    /// The operating system, by Go's name.
    pub os: String,
    /// The architecture, by Go's name.
    pub architecture: String,
    /// The variant, such as `v7`.
    pub variant: Option<String>,
}

/// What a manifest is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// One image or artifact.
    Image {
        /// Its configuration.
        config: Descriptor,
        /// Its layers, the lowest first.
        layers: Vec<Descriptor>,
    },
    /// A list of manifests.
    Index {
        /// Them.
        manifests: Vec<Descriptor>,
    },
}

/// A manifest, with the very bytes that its digest is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// Their digest: the one that was asked for, or else SHA-256.
    pub digest: Digest,
    /// The media type.
    pub media_type: String,
    /// What it is.
    pub kind: Kind,
    /// What kind of artifact it says that it is.
    pub artifact_type: Option<String>,
    /// What it belongs to.
    pub subject: Option<Descriptor>,
    /// Annotations, in their written order.
    pub annotations: Vec<(String, String)>,
}

impl Manifest {
    /// What names it: media type, digest, size.
    pub fn descriptor(&self) -> Descriptor {
        Descriptor::new(self.media_type.clone(), self.digest.clone(), self.bytes.len() as u64)
    }

    /// What a list of referrers says of it (OCI distribution specification 1.1, "Listing Referrers" and "Pushing Manifests with
    /// Subject"): its descriptor, with its artifact type, or that of its configuration, and its annotations.
    pub fn as_referrer(&self) -> Descriptor {
        let config = match &self.kind {
            Kind::Image { config, .. } => Some(config.media_type.clone()),
            Kind::Index { .. } => None,
        };
        Descriptor {
            artifact_type: self.artifact_type.clone().or(config),
            annotations: self.annotations.clone(),
            ..self.descriptor()
        }
    }

    /// Reads `bytes` whose digest is `digest`; the server calls them `content_type`.
    ///
    /// # Errors
    /// Not a manifest; one that could be read as two things; the server calls it something else than it does itself
    /// (GHSA-qq97-vm5h-rrhg, GHSA-5j5w-g665-5m35).
    pub fn parse(bytes: Vec<u8>, digest: Digest, content_type: Option<&str>) -> Result<Self, DecodeError> {
        let value = json::parse(WHAT, &bytes)?;
        let root = Node::root(WHAT, &value);
        let schema = root.member("schemaVersion")?;
        if schema.value().as_u64() != Some(2) {
            return Err(
                schema.error("is not 2; Docker's older schema 1 is signed by nobody and not supported")
            );
        }
        let media_type = media_type(&root, content_type)?;
        let index = is_index(&media_type).ok_or_else(|| root.error(format!("`{media_type}` is none")))?;
        // Present counts, whatever the value: another reader could look at nothing else.
        let has = |name: &str| value.get(name).is_some();
        let (of_index, of_image) = (has("manifests"), has("layers") || has("config") || has("fsLayers"));
        if of_index && of_image {
            return Err(root.error("it is an image and an index in one"));
        }
        if (index && of_image) || (!index && of_index) {
            return Err(root.error(format!("its members are not those of `{media_type}`")));
        }
        let kind = if index {
            Kind::Index { manifests: descriptors(&root.member("manifests")?)? }
        } else {
            let config = descriptor(&root.member("config")?)?;
            Kind::Image { config, layers: descriptors(&root.member("layers")?)? }
        };
        let subject = root.optional("subject")?.map(|node| descriptor(&node)).transpose()?;
        let (artifact_type, annotations) = (text(&root, "artifactType")?, annotations(&root)?);
        Ok(Self { bytes, digest, media_type, kind, artifact_type, subject, annotations })
    }
}

/// The media type, on which document and server have to agree where both name one.
fn media_type(root: &Node<'_>, content_type: Option<&str>) -> Result<String, DecodeError> {
    let own = text(root, "mediaType")?;
    let content_type = content_type.map(|text| text.split(';').next().unwrap_or_default().trim());
    match (own, content_type.filter(|text| !text.is_empty())) {
        (Some(own), None) => Ok(own),
        (Some(own), Some(other)) if own == other => Ok(own),
        (Some(own), Some(other)) => {
            Err(root.error(format!("it calls itself `{own}`, and the server calls it `{other}`")))
        }
        (None, Some(other)) => Ok(other.to_owned()),
        (None, None) => Err(root.error("neither it nor the server says what it is")),
    }
}

/// Whether a media type is that of an index, or of an image; `None` for others.
fn is_index(media_type: &str) -> Option<bool> {
    match media_type {
        OCI_INDEX | DOCKER_LIST => Some(true),
        OCI_MANIFEST | DOCKER_MANIFEST => Some(false),
        _ => None,
    }
}

fn descriptors(list: &Node<'_>) -> Result<Vec<Descriptor>, DecodeError> {
    list.items(MAX_DESCRIPTORS)?.iter().map(descriptor).collect()
}

fn descriptor(node: &Node<'_>) -> Result<Descriptor, DecodeError> {
    let digest = node.member("digest")?;
    let size = node.member("size")?;
    let platform = node.optional("platform")?.map(|node| platform(&node)).transpose()?;
    Ok(Descriptor {
        media_type: node.member("mediaType")?.text()?.to_owned(),
        digest: Digest::parse(digest.text()?).map_err(|error| digest.error(error.reason))?,
        // JSON has no integers; 2^53 bytes are more than anybody has.
        size: size.value().as_u64().filter(|s| *s < 1 << 53).ok_or_else(|| size.error("is not a size"))?,
        artifact_type: text(node, "artifactType")?,
        annotations: annotations(node)?,
        platform,
    })
}

fn platform(node: &Node<'_>) -> Result<Platform, DecodeError> {
    Ok(Platform {
        os: node.member("os")?.text()?.to_owned(),
        architecture: node.member("architecture")?.text()?.to_owned(),
        variant: text(node, "variant")?,
    })
}

fn annotations(node: &Node<'_>) -> Result<Vec<(String, String)>, DecodeError> {
    let Some(node) = node.optional("annotations")? else { return Ok(Vec::new()) };
    let members = node.members(MAX_ANNOTATIONS)?;
    members.into_iter().map(|(name, value)| Ok((name.to_owned(), value.text()?.to_owned()))).collect()
}

/// A member that may be missing or empty, which is the same.
fn text(node: &Node<'_>, name: &str) -> Result<Option<String>, DecodeError> {
    match node.optional(name)? {
        Some(node) => node.text().map(|text| (!text.is_empty()).then(|| text.to_owned())),
        None => Ok(None),
    }
}

#[cfg(test)]
mod tests;
