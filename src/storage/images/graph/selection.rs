//! What of an image is copied.

use crate::registry::{Attachment, Kind, Manifest};

/// The layers of simple signing, as referrers (cosign's experiment with OCI 1.1).
const SIGNATURE: &str = "application/vnd.dev.cosign.artifact.sig.v1+json";
const SBOM: &str = "application/vnd.dev.cosign.artifact.sbom.v1+json";
const BUNDLE: &str = "application/vnd.dev.sigstore.bundle";
const STATEMENT: &str = "application/vnd.in-toto+json";
const PREDICATE_TYPE: &str = "dev.sigstore.bundle.predicateType";
const CONTENT: &str = "dev.sigstore.bundle.content";
const SIGN_PREDICATE: &str = "https://sigstore.dev/cosign/sign/v1";

/// What of an image is copied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selection {
    /// All of it.
    Everything,
    /// Not the image, and of what belongs to it these kinds alone.
    Only(Vec<Attachment>),
}

impl Selection {
    /// The kinds of tags that are looked at.
    pub(super) fn tags(&self) -> &[Attachment] {
        const ALL: [Attachment; 3] = [Attachment::Signature, Attachment::Attestation, Attachment::Sbom];
        match self {
            Self::Everything => &ALL,
            Self::Only(kinds) => kinds,
        }
    }

    /// Whether the image itself is copied.
    pub(super) fn with_image(&self) -> bool {
        *self == Self::Everything
    }

    /// Whether a referrer is copied. One that does not say what it holds counts as all that it may hold.
    pub(super) fn takes(&self, referrer: &Manifest) -> bool {
        match self {
            Self::Everything => true,
            Self::Only(kinds) => kinds_of(referrer).iter().any(|kind| kinds.contains(kind)),
        }
    }
}

/// Whether a manifest holds signatures, attestations or an SBOM.
pub(super) fn holds_ours(manifest: &Manifest) -> bool {
    !kinds_of(manifest).is_empty()
}

/// What a referrer may hold, from what its manifest says.
fn kinds_of(referrer: &Manifest) -> Vec<Attachment> {
    let (config, layers) = match &referrer.kind {
        Kind::Image { config, layers } => (Some(config), layers.as_slice()),
        Kind::Index { .. } => (None, [].as_slice()),
    };
    let mut types =
        referrer.artifact_type.iter().map(String::as_str).chain(config.iter().flat_map(|config| {
            [Some(config.media_type.as_str()), config.artifact_type.as_deref()].into_iter().flatten()
        }));
    let annotation =
        |name: &str| referrer.annotations.iter().find(|(known, _)| known == name).map(|(_, v)| v.as_str());
    let is_bundle = types.clone().any(|t| t.starts_with(BUNDLE))
        || layers.iter().any(|layer| layer.media_type.starts_with(BUNDLE));
    if is_bundle {
        return match (annotation(PREDICATE_TYPE), annotation(CONTENT)) {
            (Some(SIGN_PREDICATE), _) | (None, Some("message-signature")) => vec![Attachment::Signature],
            (Some(_), _) => vec![Attachment::Attestation],
            (None, _) => vec![Attachment::Signature, Attachment::Attestation],
        };
    }
    let kind = types.find_map(|media_type| match media_type {
        SIGNATURE => Some(Attachment::Signature),
        SBOM => Some(Attachment::Sbom),
        STATEMENT => Some(Attachment::Attestation),
        _ if media_type.contains("spdx") || media_type.contains("cyclonedx") => Some(Attachment::Sbom),
        _ => None,
    });
    kind.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::crypto::HashAlgorithm;

    fn kinds(members: Value) -> Vec<Attachment> {
        let empty = json!({ "mediaType": "application/vnd.oci.empty.v1+json", "digest": format!("sha256:{}", "0".repeat(64)), "size": 2 });
        let mut document = json!({
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": empty,
            "layers": [],
        });
        for (name, value) in members.as_object().unwrap() {
            if name == "layer" {
                let mut layer = empty.clone();
                layer["mediaType"] = value.clone();
                document["layers"] = json!([layer]);
            } else if name == "config" {
                document["config"]["mediaType"] = value.clone();
            } else {
                document[name] = value.clone();
            }
        }
        let bytes = document.to_string().into_bytes();
        let digest = HashAlgorithm::Sha256.digest(&bytes);
        kinds_of(&Manifest::parse(bytes, digest, None).unwrap())
    }

    #[test]
    fn referrers_are_what_they_say() {
        use Attachment::{Attestation, Sbom, Signature};
        let bundle = "application/vnd.dev.sigstore.bundle.v0.3+json";
        let predicate = |text: &str| json!({ "dev.sigstore.bundle.predicateType": text });
        for (members, expected) in [
            (
                json!({ "layer": bundle, "annotations": predicate("https://sigstore.dev/cosign/sign/v1") }),
                &[Signature][..],
            ),
            (
                json!({ "layer": bundle, "annotations": predicate("https://slsa.dev/provenance/v1") }),
                &[Attestation],
            ),
            (
                json!({ "artifactType": bundle, "annotations": { "dev.sigstore.bundle.content": "message-signature" } }),
                &[Signature],
            ),
            // What says nothing may be either.
            (json!({ "artifactType": bundle }), &[Signature, Attestation]),
            (json!({ "config": "application/vnd.dev.cosign.artifact.sig.v1+json" }), &[Signature]),
            (json!({ "config": "application/vnd.dev.cosign.artifact.sbom.v1+json" }), &[Sbom]),
            (json!({ "artifactType": "application/vnd.cyclonedx+json" }), &[Sbom]),
            (json!({ "artifactType": "application/vnd.in-toto+json" }), &[Attestation]),
            (json!({ "artifactType": "application/x.note" }), &[]),
        ] {
            assert_eq!(kinds(members.clone()), expected, "{members}");
        }
    }

    #[test]
    fn everything_takes_everything() {
        assert_eq!(Selection::Everything.tags().len(), 3);
        assert!(Selection::Everything.with_image());
        assert!(!Selection::Only(vec![Attachment::Sbom]).with_image());
        assert_eq!(Selection::Only(vec![Attachment::Sbom]).tags(), [Attachment::Sbom]);
    }
}
