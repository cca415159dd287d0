use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::super::auth::{Credentials, Keychain};
use super::super::client::Connection;
use super::super::document::MediaTypes;
use super::super::scripted::{anonymous, connection, keychain, known_as, run, user};
use super::*;
use crate::sandbox::registry::{Access as Door, Fault, Host, Options, Registry};

fn start(options: Options) -> Registry {
    Registry::start(options).unwrap()
}

fn open_registry() -> Registry {
    start(Options::default())
}

fn repository(registry: &Registry, path: &str) -> Repository {
    Repository::parse(&format!("{}/{path}", registry.address())).unwrap()
}

fn described(content: &[u8]) -> Descriptor {
    Descriptor::new("text/plain", HashAlgorithm::Sha256.digest(content), content.len() as u64)
}

/// A manifest with one layer, and the subject if there is one.
fn manifest(layer: &Descriptor, subject: Option<&Descriptor>) -> Vec<u8> {
    let entry = |d: &Descriptor| {
        format!(r#"{{"mediaType":"{}","digest":"{}","size":{}}}"#, d.media_type, d.digest, d.size)
    };
    let subject = subject.map(|d| format!(r#","subject":{}"#, entry(d))).unwrap_or_default();
    format!(
        r#"{{"schemaVersion":2,"mediaType":"{}","config":{},"layers":[{}]{subject}}}"#,
        MediaTypes::Oci.manifest(),
        entry(layer),
        entry(layer)
    )
    .into_bytes()
}

fn tag(name: &str) -> Target {
    Target::Tag(name.to_owned())
}

fn parts_of(content: &[u8], part: usize) -> Parts {
    let parts: Vec<Vec<u8>> = content.chunks(part).map(<[u8]>::to_vec).collect();
    Parts::of(
        parts.into_iter(),
        |mut rest| async move { Ok::<_, Error>(rest.next().map(|part| (part, rest))) },
    )
}

#[test]
fn what_is_written_can_be_read() {
    for relative_locations in [false, true] {
        let registry = start(Options { relative_locations, ..Options::default() });
        let (client, here) = (anonymous(), repository(&registry, "app/one"));
        let blob = described(b"content");
        run(async {
            client.push_blob(&here, &blob, b"content").await.unwrap();
            let image = manifest(&blob, None);
            let media_type = MediaTypes::Oci.manifest();
            let (digest, listed) = client.put_manifest(&here, &tag("v1"), media_type, &image).await.unwrap();
            assert_eq!((&digest, listed), (&HashAlgorithm::Sha256.digest(&image), false));
            let subject = Descriptor::new(media_type, digest.clone(), image.len() as u64);
            assert_eq!(client.describe(&here, &tag("v1")).await.unwrap(), Some(subject.clone()));
            let referrer = manifest(&blob, Some(&subject));
            let at = Target::Digest(HashAlgorithm::Sha256.digest(&referrer));
            let (_, listed) = client.put_manifest(&here, &at, media_type, &referrer).await.unwrap();
            assert!(listed);
            assert_eq!(client.blob(&here, &blob, 100).await.unwrap().unwrap(), b"content");
            assert_eq!(client.manifest(&here, &at).await.unwrap().unwrap().bytes, referrer);
        });
        // No question is asked that is not needed, and one connection does.
        assert_eq!(registry.journal().count("POST", ""), 1);
        assert_eq!(registry.journal().count("HEAD", "/manifests/"), 1);
        assert_eq!(registry.journal().requests().len(), 7, "{:?}", registry.journal().lines());
        assert_eq!(registry.journal().connections(), 2, "one that speaks TLS, one that does not");
    }
}
