use std::time::Duration;

use super::super::{
    Layout, NewBundle, NewLayer, Replaces, Writer, publish_bundle, publish_layer, publish_referring_layer,
};
use super::*;
use crate::crypto::{HashAlgorithm, UnixTime};
use crate::registry::MediaTypes;

const OCI: &str = "application/vnd.oci.image.manifest.v1+json";

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

fn writer() -> Writer {
    let now = UnixTime::from_seconds(1_700_000_000);
    Writer { locks: None, budget: Duration::from_secs(20), media_types: MediaTypes::Oci, now }
}

/// A layout with an image to which everything belongs that there is.
struct Full {
    folder: tempfile::TempDir,
    home: Home,
    image: Descriptor,
}

impl Full {
    async fn make() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let place = Place::Layout(Layout::create(&folder.path().join("l")).unwrap());
        let home = Home { image: place.clone(), attachments: place, tag_prefix: String::new() };
        let image = put(&home.image, &image(&[]), "v1").await;
        let this = Self { folder, home, image };
        for content in ["one", "two"] {
            this.layer(Attachment::Signature, SIMPLE_SIGNING, content).await;
        }
        this.layer(Attachment::Attestation, ENVELOPE, "env").await;
        let bundle = NewBundle {
            json: b"bundle",
            content: "dsse-envelope",
            predicate_type: Some("p"),
            replaces: false,
        };
        let _ = publish_bundle(&writer(), &this.home, &this.image, &bundle).await.unwrap();
        for (what, media_type) in
            [(Attachment::Signature, SIMPLE_SIGNING), (Attachment::Attestation, ENVELOPE)]
        {
            let layer = new_layer(what, media_type, "refers");
            let _ = publish_referring_layer(&writer(), &this.home, &this.image, &layer).await.unwrap();
        }
        this
    }

    async fn layer(&self, what: Attachment, media_type: &str, content: &str) {
        let layer = new_layer(what, media_type, content);
        let _ = publish_layer(&writer(), &self.home, &self.image.digest, &layer).await.unwrap();
    }

    async fn found(&self, want: &Want) -> Vec<String> {
        let found = find(&self.home, &self.image.digest, want).await.unwrap();
        let shown = |found: &Found| {
            let content = match &found.document {
                Ok(document) => String::from_utf8(document.content.clone()).unwrap(),
                Err(unusable) => unusable.to_string(),
            };
            format!("{:?} {content}", found.kind)
        };
        let mut all: Vec<_> = found.iter().map(shown).collect();
        all.sort();
        all
    }

    fn blob(&self, content: &str) -> std::path::PathBuf {
        self.folder.path().join("l/blobs/sha256").join(HashAlgorithm::Sha256.digest(content.as_bytes()).hex())
    }
}

fn new_layer<'a>(what: Attachment, media_type: &'a str, content: &'a str) -> NewLayer<'a> {
    NewLayer {
        what,
        media_type,
        content: content.as_bytes(),
        annotations: &[],
        is_same: &|_| false,
        replaces: Replaces::Nothing,
        created: None,
    }
}

fn image(layers: &[Descriptor]) -> String {
    let layers: Vec<_> = layers.iter().map(super::super::append::to_json).collect();
    serde_json::json!({
        "schemaVersion": 2,
        "mediaType": OCI,
        "config": { "mediaType": "application/vnd.oci.image.config.v1+json", "size": 2, "digest": HashAlgorithm::Sha256.digest(b"{}").to_string() },
        "layers": layers,
    })
    .to_string()
}

async fn put(place: &Place, manifest: &str, tag: &str) -> Descriptor {
    let digest = HashAlgorithm::Sha256.digest(manifest.as_bytes());
    place.put_blob(&Descriptor::new("x/y", HashAlgorithm::Sha256.digest(b"{}"), 2), b"{}").await.unwrap();
    let media_type =
        if manifest.contains("\"manifests\"") { "application/vnd.oci.image.index.v1+json" } else { OCI };
    place.put_manifest(&Target::Tag(tag.to_owned()), media_type, manifest.as_bytes()).await.unwrap();
    Descriptor::new(media_type, digest, manifest.len() as u64)
}

fn signatures() -> Want {
    Want { signatures: true, ..Want::default() }
}

fn attestations() -> Want {
    Want { attestations: true, ..Want::default() }
}

/// A bundle may be either, and nobody knows before it is read.
#[test]
fn no_form_hides_another() {
    run(async {
        let full = Full::make().await;
        let all = ["Bundle bundle", "Signature one", "Signature refers", "Signature two"];
        assert_eq!(full.found(&signatures()).await, all);
        assert_eq!(
            full.found(&attestations()).await,
            ["Attestation env", "Attestation refers", "Bundle bundle"]
        );
        assert_eq!(full.found(&Want::default()).await, ["Bundle bundle"]);
        for (forms, expected) in [
            (Forms::BUNDLES, &["Bundle bundle"][..]),
            (Forms::TAGS, &["Signature one", "Signature two"]),
            (Forms::LAYERS, &["Signature refers"]),
        ] {
            assert_eq!(full.found(&Want { forms, ..signatures() }).await, expected, "{forms:?}");
        }
        let names =
            find(&full.home, &full.image.digest, &Want { forms: Forms::TAGS, ..signatures() }).await.unwrap();
        assert!(names[0].name.ends_with(".sig, layer 1") && names[1].name.ends_with(".sig, layer 2"));
        // Of another image there is nothing.
        let other = HashAlgorithm::Sha256.digest(b"other");
        assert!(find(&full.home, &other, &signatures()).await.unwrap().is_empty());
        // With another prefix it is another tag.
        let home = Home { tag_prefix: "p-".to_owned(), ..full.home.clone() };
        let found = find(&home, &full.image.digest, &Want { forms: Forms::TAGS, ..signatures() }).await;
        assert!(found.unwrap().is_empty());
    });
}

#[test]
fn what_is_of_no_use_is_found_all_the_same() {
    run(async {
        let full = Full::make().await;
        std::fs::remove_file(full.blob("one")).unwrap();
        let gone =
            ["Bundle bundle", "Signature it is listed, and not there", "Signature refers", "Signature two"];
        assert_eq!(full.found(&signatures()).await, gone);

        // An index under the tag.
        let tag = Attachment::Signature.tag_of("", &full.image.digest);
        let index = serde_json::json!({
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.index.v1+json",
            "manifests": [super::super::append::to_json(&full.image)],
        });
        let _ = put(&full.home.image, &index.to_string(), &tag).await;
        assert!(full.found(&signatures()).await.contains(&"Signature it is an index".to_owned()));
    });
}

/// Never a shorter list (CVE-2023-46737, CVE-2024-29902, CVE-2024-29903).
#[test]
fn cve_2024_29902_limits_are_errors() {
    run(async {
        let full = Full::make().await;
        // Bundle and referring layer have more than five bytes; each is there, and says so.
        let want = Want { largest: 5, ..signatures() };
        let found = find(&full.home, &full.image.digest, &want).await.unwrap();
        let excessive = found.iter().filter(|found| matches!(found.document, Err(Unusable::Excessive(_))));
        assert_eq!((found.len(), excessive.count()), (4, 2));

        let tag = Attachment::Signature.tag_of("", &full.image.digest);
        let two = Descriptor::new(SIMPLE_SIGNING, HashAlgorithm::Sha256.digest(b"two"), 3);
        let _ = put(&full.home.image, &image(&vec![two; MAX_CANDIDATES]), &tag).await;
        let tags = Want { forms: Forms::TAGS, ..signatures() };
        assert_eq!(find(&full.home, &full.image.digest, &tags).await.unwrap().len(), MAX_CANDIDATES);
        // The bundle and the layer are two more.
        let error = find(&full.home, &full.image.digest, &signatures()).await.unwrap_err();
        assert!(matches!(error, Error::TooMany { limit: MAX_CANDIDATES, .. }), "{error:?}");
    });
}

/// What is kept of one place does not take the place of another's, and the same place is asked once.
#[test]
fn both_places_are_asked() {
    run(async {
        let full = Full::make().await;
        let elsewhere = Place::Layout(Layout::create(&full.folder.path().join("m")).unwrap());
        let home = Home { attachments: elsewhere, ..full.home.clone() };
        let layer = new_layer(Attachment::Signature, SIMPLE_SIGNING, "one");
        let _ = publish_layer(&writer(), &home, &full.image.digest, &layer).await.unwrap();
        let tags = Want { forms: Forms::TAGS, ..signatures() };
        let found = find(&home, &full.image.digest, &tags).await.unwrap();
        assert_eq!(found.len(), 3);
        std::fs::remove_file(full.blob("one")).unwrap();
        let found = find(&home, &full.image.digest, &tags).await.unwrap();
        assert_eq!(found.iter().filter(|found| found.document.is_ok()).count(), 2);
        assert_eq!(full.found(&tags).await.len(), 2);
    });
}

#[test]
fn kinds_are_those_of_the_layer_first() {
    let of = |layer: &str, artifact: Option<&str>, config: &str| {
        let layer = Descriptor::new(layer, HashAlgorithm::Sha256.digest(b"x"), 1);
        let mut text: serde_json::Value = serde_json::from_str(&image(std::slice::from_ref(&layer))).unwrap();
        text["config"]["mediaType"] = config.into();
        if let Some(artifact) = artifact {
            text["artifactType"] = artifact.into();
        }
        let text = text.to_string().into_bytes();
        let digest = HashAlgorithm::Sha256.digest(&text);
        let manifest = Manifest::parse(text, digest, Some(OCI)).unwrap();
        Kind::of(&manifest, &layer)
    };
    let bundle = "application/vnd.dev.sigstore.bundle.v0.3+json";
    for (layer, artifact, config, kind) in [
        (bundle, None, "x/y", Kind::Bundle),
        ("Application/VND.dev.sigstore.bundle+json;version=0.1", None, "x/y", Kind::Bundle),
        (SIMPLE_SIGNING, Some(bundle), "x/y", Kind::Signature),
        (ENVELOPE, Some(SIGNATURE_ARTIFACT), "x/y", Kind::Attestation),
        ("x/y", Some(bundle), "x/y", Kind::Bundle),
        ("x/y", None, SIGNATURE_ARTIFACT, Kind::Signature),
        ("x/y", None, ATTESTATION_ARTIFACT, Kind::Attestation),
        ("x/y", Some(SBOM_ARTIFACT), SIGNATURE_ARTIFACT, Kind::Sbom),
        ("x/y", Some("a/b"), "c/d", Kind::Foreign),
    ] {
        assert_eq!(of(layer, artifact, config), kind, "{layer} {artifact:?} {config}");
    }
}
