//! The manifests that are published. Pure.

use serde_json::{Value, json};

use super::append::{config_of, descriptor, to_json};
use super::{NewBundle, NewLayer};
use crate::crypto::UnixTime;
use crate::registry::{Attachment, Descriptor, MediaTypes};

/// The media type of Sigstore bundles, and of artifacts that are one.
pub(super) const BUNDLE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";
/// OCI image specification 1.1, "Guidance for an Empty Descriptor".
const EMPTY: &str = "application/vnd.oci.empty.v1+json";
const EMPTY_CONTENT: &[u8] = b"{}";

/// A manifest to be published.
#[derive(Debug)]
pub(super) struct New {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// What lists it: media type, digest and size, artifact type, annotations.
    pub entry: Descriptor,
}

/// A blob with its descriptor.
pub(super) type Blob = (Descriptor, Vec<u8>);

/// The configuration of every bundle.
pub(super) fn empty() -> Blob {
    (descriptor(EMPTY, EMPTY_CONTENT), EMPTY_CONTENT.to_vec())
}

/// The manifest of a bundle, its configuration, and what describes the bundle. As in cosign 3, but that no artifact type stands in the configuration's
/// descriptor: it says nothing there that is not in its own place, and validators of the specification know it there only in
/// lists of manifests.
pub(super) fn of_bundle(
    subject: &Descriptor,
    bundle: &NewBundle<'_>,
    now: UnixTime,
) -> (New, Blob, Descriptor) {
    let (config, config_bytes) = empty();
    let layer = descriptor(BUNDLE, bundle.json);
    let mut annotations = vec![("dev.sigstore.bundle.content".to_owned(), bundle.content.to_owned())];
    if let Some(predicate_type) = bundle.predicate_type {
        annotations.push(("dev.sigstore.bundle.predicateType".to_owned(), predicate_type.to_owned()));
    }
    let created = UnixTime::from_seconds(now.seconds()).to_string();
    annotations.push(("org.opencontainers.image.created".to_owned(), created));
    let pairs = annotations.iter().map(|(name, text)| (name.clone(), json!(text)));
    let text = json!({
        "schemaVersion": 2,
        "mediaType": MediaTypes::Oci.manifest(),
        "artifactType": BUNDLE,
        "config": to_json(&config),
        "layers": [to_json(&layer)],
        "annotations": Value::Object(pairs.collect()),
        "subject": bare(subject),
    });
    let bytes = text.to_string().into_bytes();
    let mut entry = descriptor(MediaTypes::Oci.manifest(), &bytes);
    entry.artifact_type = Some(BUNDLE.to_owned());
    entry.annotations = annotations;
    (New { bytes, entry }, (config, config_bytes), layer)
}

/// The descriptor of a layer.
pub(super) fn layer(new: &NewLayer<'_>) -> Descriptor {
    Descriptor { annotations: new.annotations.to_vec(), ..descriptor(new.media_type, new.content) }
}

/// The manifest of a layer that refers to its subject by itself, and its configuration.
pub(super) fn of_layer(subject: &Descriptor, new: &NewLayer<'_>, layer: &Descriptor) -> (New, Blob) {
    let what = match new.what {
        Attachment::Attestation => "att",
        Attachment::Sbom => "sbom",
        Attachment::Signature => "sig",
    };
    // Without an artifact type of its own it is that of its configuration (OCI image specification 1.1, "Image Manifest").
    let artifact_type = format!("application/vnd.dev.cosign.artifact.{what}.v1+json");
    let content = config_of(std::slice::from_ref(layer), new.created);
    let config = descriptor(&artifact_type, &content);
    let text = json!({
        "schemaVersion": 2,
        "mediaType": MediaTypes::Oci.manifest(),
        "config": to_json(&config),
        "layers": [to_json(layer)],
        "subject": bare(subject),
    });
    let bytes = text.to_string().into_bytes();
    let mut entry = descriptor(MediaTypes::Oci.manifest(), &bytes);
    entry.artifact_type = Some(artifact_type);
    (New { bytes, entry }, (config, content))
}

/// A subject: what it is, and nothing that is said about it.
fn bare(subject: &Descriptor) -> Value {
    json!({
        "mediaType": subject.media_type,
        "size": subject.size,
        "digest": subject.digest.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::super::Replaces;
    use super::*;
    use crate::crypto::Digest;
    use crate::registry::Manifest;

    fn subject() -> Descriptor {
        let digest = "sha256:030c692275a105a1921aaf301d815a835e83b0fb127be30374a2829b069baf3c";
        Descriptor {
            media_type: MediaTypes::Docker.manifest().to_owned(),
            digest: Digest::parse(digest).unwrap(),
            size: 423,
            artifact_type: Some("x".to_owned()),
            annotations: vec![("a".to_owned(), "b".to_owned())],
            platform: None,
        }
    }

    /// What cosign 3.1.1 wrote, without the artifact type in `config` and with the members in the order of the specification.
    #[test]
    fn the_manifest_of_a_bundle_is_that_of_cosign() {
        let bundle = NewBundle {
            json: &[b' '; 659],
            content: "dsse-envelope",
            predicate_type: Some("https://sigstore.dev/cosign/sign/v1"),
            replaces: false,
        };
        let (new, (config, _), layer) = of_bundle(&subject(), &bundle, UnixTime::new(1_795_194_483, 500_729));
        let digest = &layer.digest;
        assert_eq!(
            String::from_utf8_lossy(&new.bytes),
            format!(
                r#"{{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","artifactType":"{BUNDLE}","config":{{"mediaType":"{EMPTY}","size":2,"digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"}},"layers":[{{"mediaType":"{BUNDLE}","size":659,"digest":"{digest}"}}],"annotations":{{"dev.sigstore.bundle.content":"dsse-envelope","dev.sigstore.bundle.predicateType":"https://sigstore.dev/cosign/sign/v1","org.opencontainers.image.created":"2026-11-20T17:08:03Z"}},"subject":{{"mediaType":"application/vnd.docker.distribution.manifest.v2+json","size":423,"digest":"sha256:030c692275a105a1921aaf301d815a835e83b0fb127be30374a2829b069baf3c"}}}}"#
            )
        );
        assert_eq!(config.size, 2);
        let read = Manifest::parse(new.bytes.clone(), new.entry.digest.clone(), None).unwrap();
        assert_eq!((read.artifact_type, read.annotations), (new.entry.artifact_type, new.entry.annotations));
        assert_eq!(new.entry.size, new.bytes.len() as u64);
    }

    #[test]
    fn a_layer_refers_by_the_type_of_its_configuration() {
        let new = NewLayer {
            what: Attachment::Sbom,
            media_type: "text/spdx+json",
            content: b"{}",
            annotations: &[],
            is_same: &|_| false,
            replaces: Replaces::Nothing,
            created: None,
        };
        let layer = layer(&new);
        let (manifest, (config, content)) = of_layer(&subject(), &new, &layer);
        assert_eq!(config.media_type, "application/vnd.dev.cosign.artifact.sbom.v1+json");
        assert_eq!(manifest.entry.artifact_type.as_ref(), Some(&config.media_type));
        assert_eq!(config.size, content.len() as u64);
        let read = Manifest::parse(manifest.bytes, manifest.entry.digest, None).unwrap();
        assert_eq!(read.subject.unwrap().digest, subject().digest);
        assert!(read.annotations.is_empty());
    }
}
