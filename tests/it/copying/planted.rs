//! Images with all that can belong to them.

use rcosign::internals::crypto::HashAlgorithm;
use rcosign::internals::sandbox::registry::{Contents, Options, Registry};
use serde_json::{Value, json};

pub(super) const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
pub(super) const INDEX: &str = "application/vnd.oci.image.index.v1+json";
pub(super) const BUNDLE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";
pub(super) const SIMPLE_SIGNING: &str = "application/vnd.dev.cosign.simplesigning.v1+json";
pub(super) const ENVELOPE: &str = "application/vnd.dsse.envelope.v1+json";
pub(super) const SIGN: &str = "https://sigstore.dev/cosign/sign/v1";
pub(super) const PROVENANCE: &str = "https://slsa.dev/provenance/v1";

pub(super) fn start(referrers: bool) -> Registry {
    Registry::start(Options { referrers, ..Options::default() }).unwrap()
}

/// A repository that is filled from inside.
#[derive(Clone, Copy)]
pub(super) struct Planted<'a> {
    pub(super) contents: &'a Contents,
    pub(super) repository: &'a str,
    /// Whether the registry lists referrers; else there are fallback indexes.
    pub(super) lists: bool,
}

impl Planted<'_> {
    pub(super) fn descriptor(&self, media_type: &str, digest: &str) -> Value {
        let (_, bytes) = self.contents.manifest(self.repository, digest).unwrap();
        json!({ "mediaType": media_type, "digest": digest, "size": bytes.len() })
    }

    pub(super) fn blob(&self, media_type: &str, content: &str) -> Value {
        let digest = self.contents.plant_blob(self.repository, content);
        json!({ "mediaType": media_type, "digest": digest, "size": content.len() })
    }

    pub(super) fn manifest(&self, tag: Option<&str>, document: &Value) -> String {
        let media_type = document["mediaType"].as_str().unwrap();
        self.contents.plant_manifest(self.repository, tag, media_type, document.to_string())
    }

    /// An index of these manifests.
    pub(super) fn index(&self, tag: Option<&str>, children: &[(&str, &str, &str)]) -> String {
        let children: Vec<_> = children
            .iter()
            .map(|(media_type, digest, platform)| {
                let mut child = self.descriptor(media_type, digest);
                if let Some((os, architecture)) = platform.split_once('/') {
                    child["platform"] = json!({ "os": os, "architecture": architecture });
                }
                child
            })
            .collect();
        let document = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": children });
        self.manifest(tag, &document)
    }

    /// What is under a tag of the tag scheme, with one layer for each text.
    pub(super) fn attachment(&self, of: &str, suffix: &str, media_type: &str, texts: &[&str]) -> String {
        let layers: Vec<_> = texts
            .iter()
            .map(|text| {
                let mut layer = self.blob(media_type, text);
                layer["annotations"] = json!({ "dev.cosignproject.cosign/signature": format!("of {text}") });
                layer
            })
            .collect();
        let config = self.blob("application/vnd.oci.image.config.v1+json", &format!("{{\"c\":{texts:?}}}"));
        let document =
            json!({ "schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": layers });
        self.manifest(Some(&attachment_tag(of, suffix)), &document)
    }

    /// A bundle that refers to a manifest.
    pub(super) fn bundle(&self, of: &str, media_type: &str, predicate: &str, content: &str) -> String {
        let document = json!({
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "artifactType": BUNDLE,
            "config": self.blob("application/vnd.oci.empty.v1+json", "{}"),
            "layers": [self.blob(BUNDLE, content)],
            "subject": self.descriptor(media_type, of),
            "annotations": { "dev.sigstore.bundle.predicateType": predicate },
        });
        let digest = self.manifest(None, &document);
        self.list(of, &digest);
        digest
    }

    /// Adds a manifest to the fallback index, as cosign does: with a type that says nothing.
    pub(super) fn list(&self, of: &str, digest: &str) {
        if self.lists {
            return;
        }
        let tag = of.replace(':', "-");
        let mut entries = entries(self.contents, self.repository, &tag);
        let mut entry = self.descriptor(MANIFEST, digest);
        entry["artifactType"] = json!("application/vnd.oci.empty.v1+json");
        entries.push(entry);
        self.manifest(Some(&tag), &json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": entries }));
    }
}

pub(super) fn attachment_tag(of: &str, suffix: &str) -> String {
    format!("{}.{suffix}", of.replace(':', "-"))
}

pub(super) fn entries(contents: &Contents, repository: &str, reference: &str) -> Vec<Value> {
    let Some((_, bytes)) = contents.manifest(repository, reference) else { return Vec::new() };
    let document: Value = serde_json::from_slice(&bytes).unwrap();
    document["manifests"].as_array().or(document["layers"].as_array()).unwrap().clone()
}

/// Everything that an image can have: an index with an image and another index in it, with signatures, attestations and
/// an SBOM in every form, of the index and of a child, and with a referrer of a referrer.
pub(super) struct Everything {
    pub(super) index: String,
    pub(super) child: String,
    /// Every manifest, but for fallback indexes.
    pub(super) manifests: Vec<String>,
    /// Tag and digest of the tag scheme.
    pub(super) tags: Vec<(String, String)>,
    /// Subject and referrer.
    pub(super) referrers: Vec<(String, String)>,
}

pub(super) fn everything(planted: Planted<'_>) -> Everything {
    let (contents, repository) = (planted.contents, planted.repository);
    let child = contents.plant_image(repository, "one");
    let grandchild = contents.plant_image(repository, "two");
    for tag in ["one", "two"] {
        let digest = if tag == "one" { &child } else { &grandchild };
        let (media_type, bytes) = contents.manifest(repository, digest).unwrap();
        contents.uproot(repository, tag);
        contents.plant_manifest(repository, None, &media_type, bytes);
    }
    let nested = planted.index(None, &[(MANIFEST, &grandchild, "linux/arm64")]);
    let index = planted.index(Some("v1"), &[(MANIFEST, &child, "linux/amd64"), (INDEX, &nested, "")]);
    let tags = vec![
        (attachment_tag(&index, "sig"), planted.attachment(&index, "sig", SIMPLE_SIGNING, &["a", "b"])),
        (attachment_tag(&index, "att"), planted.attachment(&index, "att", ENVELOPE, &["c"])),
        (attachment_tag(&index, "sbom"), planted.attachment(&index, "sbom", "text/spdx", &["d"])),
        (attachment_tag(&grandchild, "sig"), planted.attachment(&grandchild, "sig", SIMPLE_SIGNING, &["e"])),
    ];
    let signature = planted.bundle(&index, INDEX, SIGN, "bundle 1");
    let mut referrers = vec![
        (index.clone(), planted.bundle(&index, INDEX, PROVENANCE, "bundle 2")),
        (child.clone(), planted.bundle(&child, MANIFEST, SIGN, "bundle 3")),
        (signature.clone(), planted.bundle(&signature, MANIFEST, "https://x.example/note", "bundle 4")),
    ];
    referrers.push((index.clone(), signature));
    let attached = tags.iter().map(|(_, digest)| digest.clone());
    let manifests = [&child, &grandchild, &nested, &index].into_iter().cloned();
    let manifests =
        manifests.chain(attached).chain(referrers.iter().map(|(_, digest)| digest.clone())).collect();
    Everything { index, child, manifests, tags, referrers }
}

impl Everything {
    /// Expects all of it, and nothing half.
    #[track_caller]
    pub(super) fn is_in(&self, registry: &Registry, repository: &str, tag: &str, lists: bool) {
        let contents = registry.contents();
        let there = contents.manifests(repository);
        for digest in &self.manifests {
            assert!(there.contains(digest), "{digest}");
            complete(contents, repository, digest);
        }
        let tags = contents.tags(repository);
        let at = |tag: &str| tags.iter().find(|(known, _)| known == tag).map(|(_, digest)| digest.clone());
        assert_eq!(at(tag).as_ref(), Some(&self.index));
        for (tag, digest) in &self.tags {
            assert_eq!(at(tag).as_ref(), Some(digest), "{tag}");
        }
        for (subject, referrer) in &self.referrers {
            assert!(contents.referrers(repository, subject).contains(referrer), "{referrer}");
            let entries = entries(contents, repository, &subject.replace(':', "-"));
            let entry = entries.iter().find(|entry| entry["digest"] == **referrer);
            // The index of referrers is for registries that do not list them, and says what is true.
            assert_eq!(entry.is_none(), lists, "{referrer}");
            if let Some(entry) = entry {
                assert_eq!(entry["artifactType"], BUNDLE);
                assert!(entry["annotations"]["dev.sigstore.bundle.predicateType"].is_string());
            }
        }
    }
}

/// Expects everything that a manifest names.
#[track_caller]
pub(super) fn complete(contents: &Contents, repository: &str, digest: &str) {
    let (_, bytes) = contents.manifest(repository, digest).unwrap_or_else(|| panic!("{digest} is missing"));
    let document: Value = serde_json::from_slice(&bytes).unwrap();
    let blobs = document["layers"].as_array().into_iter().flatten().chain(document.get("config"));
    for blob in blobs {
        let blob = blob["digest"].as_str().unwrap();
        let content =
            contents.blob(repository, blob).unwrap_or_else(|| panic!("{blob} of {digest} is missing"));
        assert_eq!(HashAlgorithm::Sha256.digest(&content).to_string(), blob);
    }
    for child in document["manifests"].as_array().into_iter().flatten() {
        complete(contents, repository, child["digest"].as_str().unwrap());
    }
}

pub(super) fn writes(registry: &Registry) -> Vec<String> {
    let requests = registry.journal().requests();
    requests.iter().filter(|r| !["GET", "HEAD"].contains(&r.method.as_str())).map(|r| r.line()).collect()
}
