use std::time::Duration;

use super::super::Layout;
use super::*;
use crate::crypto::{HashAlgorithm, UnixTime};
use crate::registry::{Kind, Manifest, MediaTypes};

const OCI: &str = "application/vnd.oci.image.manifest.v1+json";

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

fn writer(locks: &std::path::Path) -> Writer {
    let now = UnixTime::from_seconds(1_700_000_000);
    Writer {
        locks: Some(locks.to_owned()),
        budget: Duration::from_secs(20),
        media_types: MediaTypes::Oci,
        now,
    }
}

struct World {
    folder: tempfile::TempDir,
    home: Home,
    image: Descriptor,
}

impl World {
    async fn make() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let place = Place::Layout(Layout::create(&folder.path().join("l")).unwrap());
        let config = HashAlgorithm::Sha256.digest(b"{}");
        let text = format!(
            r#"{{"schemaVersion":2,"mediaType":"{OCI}","config":{{"mediaType":"application/vnd.oci.image.config.v1+json","size":2,"digest":"{config}"}},"layers":[]}}"#
        );
        place.put_blob(&Descriptor::new("x/y", config, 2), b"{}").await.unwrap();
        place.put_manifest(&Target::Tag("v1".to_owned()), OCI, text.as_bytes()).await.unwrap();
        let image = Descriptor::new(OCI, HashAlgorithm::Sha256.digest(text.as_bytes()), text.len() as u64);
        let home = Home { image: place.clone(), attachments: place, tag_prefix: String::new() };
        Self { folder, home, image }
    }

    fn writer(&self) -> Writer {
        writer(self.folder.path())
    }

    async fn layer(&self, content: &str, replaces: Replaces<'_>) -> Published {
        let layer = NewLayer { replaces, ..layer(content) };
        publish_layer(&self.writer(), &self.home, &self.image.digest, &layer).await.unwrap()
    }

    async fn manifest(&self, target: Target) -> Manifest {
        self.home.attachments.manifest(&target).await.unwrap().unwrap()
    }

    async fn contents(&self) -> Vec<String> {
        let tag = Attachment::Attestation.tag_of("", &self.image.digest);
        let manifest = self.manifest(Target::Tag(tag)).await;
        let Kind::Image { layers, .. } = &manifest.kind else { panic!() };
        let mut all = Vec::new();
        for layer in layers {
            let content = self.home.attachments.blob(layer, 1 << 20).await.unwrap().unwrap();
            all.push(String::from_utf8(content).unwrap());
        }
        all
    }
}

fn layer(content: &str) -> NewLayer<'_> {
    NewLayer {
        what: Attachment::Attestation,
        media_type: "application/vnd.dsse.envelope.v1+json",
        content: content.as_bytes(),
        annotations: &[],
        is_same: &|_| false,
        replaces: Replaces::Nothing,
        created: None,
    }
}

/// An envelope of a statement of a type; nobody checks its signature here.
fn envelope(predicate_type: &str, number: u32) -> String {
    let statement = format!(
        r#"{{"_type":"https://in-toto.io/Statement/v1","subject":[{{"name":"x","digest":{{"sha256":"{}"}}}}],"predicateType":"{predicate_type}","predicate":{{"n":{number}}}}}"#,
        "0".repeat(64)
    );
    let payload = crate::crypto::base64::encode(statement.as_bytes());
    format!(
        r#"{{"payloadType":"application/vnd.in-toto+json","payload":"{payload}","signatures":[{{"keyid":"","sig":"AAAA"}}]}}"#
    )
}

#[test]
fn layers_of_a_layout_are_added_replaced_and_not_added_twice() {
    run(async {
        let world = World::make().await;
        let (a, b) = (envelope("https://a.example", 1), envelope("https://b.example", 2));
        for content in [a.as_str(), &b, "junk", &a] {
            let _ = world.layer(content, Replaces::Nothing).await;
        }
        assert_eq!(world.contents().await, [a.as_str(), &b, "junk"]);
        let new = envelope("https://a.example", 3);
        let done = world.layer(&new, Replaces::Statements("https://a.example")).await;
        assert_eq!(done.replaced.gone, [HashAlgorithm::Sha256.digest(a.as_bytes())]);
        // What cannot be read stays, and the order with it.
        assert_eq!(world.contents().await, [b.as_str(), "junk", &new]);
        // The same once more replaces nothing, itself least of all.
        let done = world.layer(&new, Replaces::Statements("https://a.example")).await;
        assert!(done.replaced.gone.is_empty());
        assert_eq!(world.contents().await, [b.as_str(), "junk", &new]);
        let done = world.layer("all", Replaces::Everything).await;
        assert_eq!(done.replaced.gone.len(), 3);
        assert_eq!(world.contents().await, ["all"]);
    });
}

/// Each of those who add to one layout at the same time finds its own in the end.
#[test]
fn many_add_to_one_layout() {
    run(async {
        let world = World::make().await;
        let contents: Vec<String> = (0..8).map(|number| format!("layer {number}")).collect();
        let all = contents.iter().map(|content| world.layer(content, Replaces::Nothing));
        let _ = futures_util::future::join_all(all).await;
        let mut found = world.contents().await;
        found.sort();
        assert_eq!(found, contents);
    });
}

#[test]
fn a_layer_refers_to_its_image_by_itself() {
    run(async {
        let world = World::make().await;
        let new = layer("content");
        let done = publish_referring_layer(&world.writer(), &world.home, &world.image, &new).await.unwrap();
        assert_eq!(done.listed, Listed::Place);
        let manifest = world.manifest(Target::Digest(done.manifest.clone())).await;
        assert_eq!(manifest.subject.as_ref().map(|subject| &subject.digest), Some(&world.image.digest));
        let Kind::Image { config, layers } = &manifest.kind else { panic!() };
        assert_eq!(config.media_type, "application/vnd.dev.cosign.artifact.att.v1+json");
        assert_eq!(layers.len(), 1);
        let listed = world.home.attachments.referrers(&world.image.digest).await.unwrap().all();
        assert_eq!(listed.iter().map(|entry| &entry.digest).collect::<Vec<_>>(), [&done.manifest]);
        // Again it is the same manifest, and listed once.
        let again = publish_referring_layer(&world.writer(), &world.home, &world.image, &new).await.unwrap();
        assert_eq!(again.manifest, done.manifest);
        assert_eq!(world.home.attachments.referrers(&world.image.digest).await.unwrap().all().len(), 1);
        // No tag was written.
        let tag = Attachment::Attestation.tag_of("", &world.image.digest);
        assert!(world.home.attachments.manifest(&Target::Tag(tag)).await.unwrap().is_none());
    });
}

/// What was found before is removed, and nothing that came after that.
#[test]
fn older_ones_elsewhere_are_those_that_were_looked_up() {
    run(async {
        let world = World::make().await;
        let subject = &world.image.digest;
        let uri = "https://a.example";
        let (a, b) = (envelope(uri, 1), envelope("https://b.example", 1));
        for content in [&a, &b] {
            let _ = world.layer(content, Replaces::Nothing).await;
            let refers = layer(content);
            let _ =
                publish_referring_layer(&world.writer(), &world.home, &world.image, &refers).await.unwrap();
        }
        let mut older = Older::default();
        older.add_layers(&world.home, subject, uri).await.unwrap();
        older.add_referrers(&world.home, subject, uri).await.unwrap();
        // Somebody else, in the meantime.
        let late = envelope(uri, 2);
        let _ = world.layer(&late, Replaces::Nothing).await;
        let refers = layer(&late);
        let _ = publish_referring_layer(&world.writer(), &world.home, &world.image, &refers).await.unwrap();
        let done = older.remove(&world.writer(), &world.home, subject).await;
        assert_eq!((done.gone.len(), done.kept.len(), done.failed.is_none()), (2, 0, true));
        assert_eq!(world.contents().await, [b, late]);
        assert_eq!(world.home.attachments.referrers(subject).await.unwrap().all().len(), 2);
        // There is nothing left to do.
        let done = older.remove(&world.writer(), &world.home, subject).await;
        assert!(done.failed.is_none(), "{:?}", done.failed);
        assert_eq!(world.contents().await.len(), 2);
    });
}
