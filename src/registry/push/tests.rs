use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::super::auth::{Credentials, Keychain};
use super::super::client::Connection;
use super::super::document::MediaTypes;
use super::super::scripted::*;
use super::*;
use crate::crypto::Secret;
use crate::http::{self, Authorities};
use crate::sandbox::registry::{Access as Door, Fault, Host, Options, Registry, Transport};

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

/// An upload that was begun takes the next blob; one that is gone by then is as if it had not been begun.
#[test]
fn an_upload_can_begin_before_its_content_is_known() {
    let registry = open_registry();
    let (client, here) = (anonymous(), repository(&registry, "app/one"));
    let (one, other) = (described(b"content"), described(b"more"));
    run(async {
        client.begin_upload(&here).await.unwrap();
        client.push_blob(&here, &one, b"content").await.unwrap();
        assert_eq!(registry.journal().count("POST", ""), 1);
        // What was written is not written again, but elsewhere.
        client.push_blob(&here, &one, b"content").await.unwrap();
        assert_eq!(registry.journal().count("PUT", ""), 1);
        client.push_blob(&repository(&registry, "app/two"), &one, b"content").await.unwrap();
        client.push_blob(&here, &other, b"more").await.unwrap();
        assert_eq!(registry.journal().count("POST", ""), 3);
        assert_eq!(client.blob(&here, &other, 100).await.unwrap().unwrap(), b"more");
    });
    let served = serve(|seen| match seen.line.as_str() {
        line if line.starts_with("POST") => reply(202).with("Location", "/upload"),
        _ => reply(404),
    });
    let client = anonymous();
    run(client.begin_upload(&served.repository())).unwrap();
    let error = run(client.push_blob(&served.repository(), &one, b"content")).unwrap_err();
    assert!(matches!(error, Error::Status { status: 404, .. }), "{error:?}");
    let methods: Vec<_> =
        served.lines().iter().filter_map(|line| Some(line.split_once(' ')?.0.to_owned())).collect();
    assert_eq!(methods, ["POST", "PUT", "POST", "PUT"]);
}

/// However many ask at the same time: so many documents are on their way, and nobody waits for himself.
#[test]
fn documents_take_turns() {
    let registry = start(Options::default());
    registry.hook(|_| Fault::none().delayed(Duration::from_millis(30)));
    let here = repository(&registry, "app/one");
    let ask = |client: Client| {
        let here = here.clone();
        run(async move {
            let one = |n: usize| {
                let (client, here) = (&client, &here);
                async move { client.manifest(here, &tag(&format!("v{n}"))).await.unwrap() }
            };
            futures_util::future::join_all((0..6).map(one)).await;
        });
    };
    ask(anonymous().with_turns(2));
    assert!(registry.journal().round_trips() >= 3, "{:?}", registry.journal().lines());
    registry.journal().clear();
    ask(anonymous().with_turns(0));
    assert_eq!(registry.journal().round_trips(), 6);
}

/// oras-go CVE-2026-50151, regclient CVE-2026-49349, oras-go GHSA-vh4v-2xq2-g5cg: credentials went wherever an upload was to go.
#[test]
fn cve_2026_50151_an_upload_elsewhere_gets_no_credentials() {
    let evil = serve_on("127.0.0.2", |_| reply(201));
    let to = evil.address;
    let served = serve(move |seen| match seen.authorization() {
        Some(BASIC) => reply(202).with("Location", format!("http://{to}/upload?x=1")),
        _ => reply(401).challenge("Basic realm=\"x\""),
    });
    let blob = described(b"content");
    run(known_as(user()).push_blob(&served.repository(), &blob, b"content")).unwrap();
    let seen = evil.requests().remove(0);
    assert_eq!(seen.line, format!("PUT /upload?x=1&digest={}", blob.digest.to_string().replace(':', "%3A")));
    assert_eq!((seen.authorization(), seen.text()), (None, "content"));
    // Nor does it get them by asking for them.
    let asks = serve_on("127.0.0.2", |_| reply(401).challenge("Basic realm=\"x\""));
    let to = asks.address;
    let served = serve(move |seen| match seen.authorization() {
        Some(BASIC) => reply(202).with("Location", format!("http://{to}/upload")),
        _ => reply(401).challenge("Basic realm=\"x\""),
    });
    let error = run(known_as(user()).push_blob(&served.repository(), &blob, b"content")).unwrap_err();
    assert!(matches!(error, Error::Status { status: 401, .. }), "{error:?}");
    assert!(asks.requests().iter().all(|seen| seen.authorization().is_none()));
}

/// The same for a redirection of what is sent, and another port is another server.
#[test]
fn cve_2026_49349_what_is_sent_elsewhere_carries_no_credentials() {
    for status in [307, 308] {
        let evil = serve(|_| reply(201));
        let to = evil.address;
        let served = serve(move |seen| match seen.authorization() {
            Some(BASIC) => reply(status).with("Location", format!("http://{to}/other")),
            _ => reply(401).challenge("Basic realm=\"x\""),
        });
        let image = manifest(&described(b"x"), None);
        let media_type = MediaTypes::Oci.manifest();
        let client = known_as(user());
        run(client.put_manifest(&served.repository(), &tag("v1"), media_type, &image)).unwrap();
        let seen = evil.requests().remove(0);
        assert_eq!((seen.line.as_str(), seen.authorization()), ("PUT /other", None));
        assert_eq!((&seen.body[..], seen.header("content-type")), (&image[..], Some(media_type)));
    }
    // A redirection that would make another request of it is none.
    for status in [301, 302, 303] {
        let evil = serve(|_| reply(201));
        let to = evil.address;
        let served = serve(move |_| reply(status).with("Location", format!("http://{to}/other")));
        let put = anonymous();
        let error = run(put.put_manifest(&served.repository(), &tag("v1"), "x/y", b"{}")).unwrap_err();
        assert!(matches!(error, Error::Elsewhere { .. }), "{error:?}");
        assert!(evil.requests().is_empty());
    }
}

#[test]
fn an_upload_never_leaves_tls() {
    let registry = start(Options { transport: Transport::Https, ..Options::default() });
    let plain = serve(|_| reply(201));
    let to = format!("http://{}/upload", plain.address);
    for location in [to.clone(), "http://u:p@127.0.0.1/x".to_owned(), "ftp://h/x".to_owned()] {
        registry.hook(move |request| match request.method.as_str() {
            "POST" => Fault::status(202).header("Location", &location),
            _ => Fault::none(),
        });
        let client = Client::new(trusting(&registry), Keychain::default());
        let blob = described(b"content");
        assert!(run(client.push_blob(&repository(&registry, "app"), &blob, b"content")).is_err());
    }
    assert!(plain.requests().is_empty());
    registry.hook(|request| if request.method == "POST" { Fault::status(202) } else { Fault::none() });
    let client = Client::new(trusting(&registry), Keychain::default());
    let error = run(client.push_blob(&repository(&registry, "app"), &described(b"x"), b"x")).unwrap_err();
    assert!(matches!(error, Error::Status { status: 202, .. }), "no Location: {error:?}");
    registry.unhook();
    run(client.push_blob(&repository(&registry, "app"), &described(b"x"), b"x")).unwrap();
}

fn trusting(registry: &Registry) -> Connection {
    let pem = registry.authority_pem().unwrap().as_bytes().to_vec();
    Connection { authorities: Some(Authorities { name: "the test's".to_owned(), pem }), ..connection() }
}

fn patient() -> Client {
    Client::new(Connection { retry_for: Duration::from_secs(20), ..connection() }, Keychain::default())
}

/// A body that is sent again is opened again, whatever went wrong with the last attempt.
#[test]
fn what_may_pass_is_sent_again_from_the_beginning() {
    let content: Vec<u8> = (0..300_000_u32).map(|n| (n % 251) as u8).collect();
    let blob = described(&content);
    for (method, fault) in [
        ("PUT", Fault::status(503)),
        ("PUT", Fault::status(429).header("Retry-After", "0")),
        ("PUT", Fault::close()),
        ("PUT", Fault::reset()),
        ("PUT", Fault::unanswered()),
        ("POST", Fault::status(500)),
        ("POST", Fault::reset()),
    ] {
        let registry = open_registry();
        let once = AtomicUsize::new(0);
        registry.hook(move |request| {
            match request.method == method && once.fetch_add(1, Ordering::SeqCst) == 0 {
                true => fault.clone(),
                false => Fault::none(),
            }
        });
        let here = repository(&registry, "app");
        let client = patient();
        run(async {
            let open = async || Ok(parts_of(&content, 70_001));
            client.push_parts(&here, &blob, None, open).await.unwrap();
            assert_eq!(client.blob(&here, &blob, 1 << 20).await.unwrap().unwrap(), content);
            client.push_blob(&here, &described(b"other"), b"other").await.unwrap();
        });
    }
}

#[test]
fn what_is_there_is_not_opened() {
    let registry = open_registry();
    let here = repository(&registry, "app");
    let blob = described(b"content");
    run(async {
        let client = anonymous();
        assert!(!client.has_blob(&here, &blob).await.unwrap());
        client.push_blob(&here, &blob, b"content").await.unwrap();
        assert!(client.has_blob(&here, &blob).await.unwrap());
        registry.journal().clear();
        client.push_parts(&here, &blob, None, async || panic!("opened")).await.unwrap();
        assert_eq!(registry.journal().requests().len(), 1);
        // A blob of another size is not that blob.
        let other = Descriptor { size: 3, ..blob.clone() };
        assert!(!client.has_blob(&here, &other).await.unwrap());
    });
}

/// The registry never gets the last part of what turns out to be something else.
#[test]
fn a_source_that_fails_writes_nothing() {
    let source = open_registry();
    let registry = open_registry();
    let (from, to) = (repository(&source, "aa"), repository(&registry, "bb"));
    let content = vec![7; 200_000];
    let blob = described(&content);
    run(async {
        let client = anonymous();
        client.push_blob(&from, &blob, &content).await.unwrap();
        let faults: [fn() -> Fault; 3] = [
            || Fault::none().body(vec![8; 200_000]),
            || Fault::none().truncated(100_000),
            || Fault::none().body(vec![7; 199_999]),
        ];
        for fault in faults {
            source.hook(move |request| if request.is("GET", "/blobs/") { fault() } else { Fault::none() });
            let open = async || Ok(client.open_blob(&from, &blob).await?.unwrap().into_parts());
            let error = client.push_parts(&to, &blob, None, open).await.unwrap_err();
            assert!(matches!(error, Error::Source { .. } | Error::Size { .. }), "{error:?}");
            assert!(!client.has_blob(&to, &blob).await.unwrap());
        }
        // What breaks off only once is read again.
        source.hook(|request| match (request.is("GET", "/blobs/"), request.count) {
            (true, 4) => Fault::none().truncated(100_000),
            _ => Fault::none(),
        });
        let client = patient();
        let open = async || Ok(client.open_blob(&from, &blob).await?.unwrap().into_parts());
        client.push_parts(&to, &blob, None, open).await.unwrap();
        assert!(client.has_blob(&to, &blob).await.unwrap());
    });
}

#[test]
fn blobs_are_mounted_where_the_registry_does_it() {
    let blob = described(b"content");
    for (mounts, requests) in [(true, 1), (false, 4)] {
        let registry = start(Options { mounts, ..Options::default() });
        let (from, to) = (repository(&registry, "aa"), repository(&registry, "bb"));
        run(async {
            let client = anonymous();
            client.push_blob(&from, &blob, b"content").await.unwrap();
            registry.journal().clear();
            let open = async || Ok(client.open_blob(&from, &blob).await?.unwrap().into_parts());
            client.push_parts(&to, &blob, Some(&from), open).await.unwrap();
            assert_eq!(registry.journal().requests().len(), requests, "{:?}", registry.journal().lines());
            assert!(client.has_blob(&to, &blob).await.unwrap());
        });
    }
}

/// A mount needs a token for both repositories; one that is refused is no failure.
#[test]
fn a_mount_asks_for_both_repositories() {
    let registry =
        start(Options { access: Door::bearer("u", "secret", Host::Registry), ..Options::default() });
    let (from, to) = (repository(&registry, "aa"), repository(&registry, "bb"));
    let blob = described(b"content");
    run(async {
        let client = known_as(user());
        client.push_blob(&from, &blob, b"content").await.unwrap();
        let open = async || Ok(parts_of(b"content", 3));
        client.push_parts(&to, &blob, Some(&from), open).await.unwrap();
        let tokens: Vec<_> = scopes(&registry);
        assert_eq!(tokens, ["repository:aa:pull,push", "repository:bb:pull,push repository:aa:pull"]);
        registry.hook(|request| match request.parameter("mount") {
            Some(_) => Fault::status(403),
            None => Fault::none(),
        });
        let other = repository(&registry, "cc");
        client.push_parts(&other, &blob, Some(&from), open).await.unwrap();
        assert!(client.has_blob(&other, &blob).await.unwrap());
    });
}

/// The scopes of the tokens that were asked for.
fn scopes(registry: &Registry) -> Vec<String> {
    let requests = registry.journal().requests();
    let of = |query: &str| {
        let pairs = query.split('&').filter_map(|pair| pair.strip_prefix("scope="));
        pairs
            .map(|s| s.replace("%3A", ":").replace("%2C", ",").replace("%2F", "/"))
            .collect::<Vec<_>>()
            .join(" ")
    };
    requests.iter().filter(|r| r.path == "/token").map(|r| of(&r.query)).collect()
}

#[test]
fn each_token_is_asked_for_once_by_however_many() {
    let registry =
        start(Options { access: Door::bearer("u", "secret", Host::Registry), ..Options::default() });
    registry.hook(|request| match request.path.as_str() {
        "/token" => Fault::none().delayed(Duration::from_millis(100)),
        _ => Fault::none(),
    });
    let here = repository(&registry, "app");
    run(async {
        let client = known_as(user());
        let all: Vec<_> = (0..8).map(|n| tag(&format!("v{n}"))).collect();
        let asked = all.iter().map(|target| client.manifest(&here, target));
        for found in futures_util::future::join_all(asked).await {
            assert_eq!(found.unwrap(), None);
        }
        assert_eq!(scopes(&registry), ["repository:app:pull"]);
        // A token to write is good for reading too.
        client.push_blob(&here, &described(b"x"), b"x").await.unwrap();
        assert_eq!(client.blob(&here, &described(b"x"), 9).await.unwrap().unwrap(), b"x");
        assert_eq!(scopes(&registry).len(), 2);
        // All of them expire, and are replaced once.
        registry.revoke_tokens();
        registry.journal().clear();
        let asked = all.iter().map(|target| client.manifest(&here, target));
        for found in futures_util::future::join_all(asked).await {
            assert_eq!(found.unwrap(), None);
        }
        assert!(scopes(&registry).len() <= 2, "{:?}", scopes(&registry));
    });
    // Somebody who is refused is not asked about again and again.
    registry.journal().clear();
    run(async {
        let client =
            Client::new(connection(), keychain(Credentials::of("u", Secret::new(b"no".to_vec())).unwrap()));
        let all: Vec<_> = (0..8).map(|n| tag(&format!("v{n}"))).collect();
        let asked = all.iter().map(|target| client.manifest(&here, target));
        for found in futures_util::future::join_all(asked).await {
            assert!(matches!(found, Err(Error::Refused(_))));
        }
        assert_eq!(scopes(&registry).len(), 1);
    });
}

#[test]
fn connections_are_used_again() {
    for transport in [Transport::Http, Transport::Https] {
        let registry = start(Options {
            transport,
            access: Door::bearer("u", "secret", Host::Registry),
            ..Options::default()
        });
        let here = repository(&registry, "app");
        let connection = match transport {
            Transport::Http => connection(),
            _ => trusting(&registry),
        };
        run(async {
            let client = Client::new(connection, keychain(user()));
            for _ in 0..3 {
                assert!(client.manifest(&here, &tag("v1")).await.unwrap().is_none());
                assert!(client.referrers(&here, &described(b"x").digest).await.unwrap().is_some());
                client.push_blob(&here, &described(b"x"), b"x").await.unwrap();
                let image = manifest(&described(b"x"), None);
                client.put_manifest(&here, &tag("v1"), MediaTypes::Oci.manifest(), &image).await.unwrap();
                assert!(client.delete_manifest(&here, &tag("v1")).await.unwrap());
                assert!(!client.delete_manifest(&here, &tag("v1")).await.unwrap());
            }
        });
        // Where the first one was for TLS, it was of no use.
        let expected = if transport == Transport::Http { 2 } else { 1 };
        assert_eq!(registry.journal().connections(), expected, "{:?}", registry.journal().lines());
    }
}

/// Several first requests: one finds out about TLS, the others wait for that alone.
#[test]
fn tls_is_found_out_about_once() {
    let registry = open_registry();
    registry.hook(|_| Fault::none().delayed(Duration::from_millis(500)));
    let here = repository(&registry, "app");
    let client = anonymous();
    run(async {
        let all: Vec<_> = (0..5).map(|n| tag(&format!("v{n}"))).collect();
        futures_util::future::join_all(all.iter().map(|target| client.manifest(&here, target))).await
    });
    assert_eq!(registry.journal().connections(), 6);
    assert_eq!(registry.journal().round_trips(), 1, "they waited for each other");
}

#[test]
fn manifests_are_compared_with_what_the_registry_says() {
    let registry = open_registry();
    let here = repository(&registry, "app");
    let (client, media_type) = (anonymous(), MediaTypes::Oci.manifest());
    run(async {
        client.push_blob(&here, &described(b"x"), b"x").await.unwrap();
        let image = manifest(&described(b"x"), None);
        let other = Target::Digest(described(b"other").digest);
        let error = client.put_manifest(&here, &other, media_type, &image).await.unwrap_err();
        assert!(matches!(error, Error::Digest { .. }), "{error:?}");
        assert_eq!(registry.journal().count("PUT", "/manifests/"), 0, "nothing is sent");
        let claimed = described(b"other").digest.to_string();
        registry.hook(move |_| Fault::none().header("Docker-Content-Digest", &claimed));
        let error = client.put_manifest(&here, &tag("v1"), media_type, &image).await.unwrap_err();
        assert!(matches!(error, Error::Digest { .. }), "{error:?}");
        let error = client.push_blob(&here, &described(b"y"), b"y").await.unwrap_err();
        assert!(matches!(error, Error::Digest { .. }), "{error:?}");
        // A registry that names another subject lists something else.
        let subject = Descriptor::new(media_type, HashAlgorithm::Sha256.digest(&image), image.len() as u64);
        let referrer = manifest(&described(b"x"), Some(&subject));
        for (named, expected) in [(subject.digest.to_string(), true), ("yes".to_owned(), false)] {
            registry.hook(move |_| Fault::none().header("OCI-Subject", &named));
            let (_, lists) = client.put_manifest(&here, &tag("r"), media_type, &referrer).await.unwrap();
            assert_eq!(lists, expected);
        }
    });
}

#[test]
fn what_the_registry_refuses_is_said() {
    let registry = open_registry();
    let here = repository(&registry, "app");
    for (status, code) in
        [(400, "DIGEST_INVALID"), (404, "NAME_UNKNOWN"), (413, "SIZE_INVALID"), (507, "FULL")]
    {
        registry.hook(move |_| Fault::error(status, code, "the reason"));
        let error = run(anonymous().push_blob(&here, &described(b"x"), b"x")).unwrap_err();
        assert!(error.to_string().ends_with(&format!("status {status}: {code}, the reason")), "{error}");
        let error = run(anonymous().put_manifest(&here, &tag("v"), "a/b", b"{}")).unwrap_err();
        assert!(error.to_string().ends_with(&format!("status {status}: {code}, the reason")), "{error}");
    }
    registry.hook(|_| Fault::error(403, "DENIED", "no"));
    let error = run(anonymous().push_blob(&here, &described(b"x"), b"x")).unwrap_err();
    assert!(matches!(error, Error::Refused(_)), "{error:?}");
}

/// Docker's registry refuses a manifest while somebody else writes the link to one of its blobs again.
#[test]
fn a_write_that_raced_is_repeated() {
    let registry = open_registry();
    let here = repository(&registry, "app");
    let asked = Arc::new(AtomicUsize::new(0));
    registry.hook(move |request| match request.method == "PUT" && asked.fetch_add(1, Ordering::SeqCst) < 3 {
        true => Fault::error(400, "DIGEST_INVALID", "provided digest did not match uploaded content"),
        false => Fault::none(),
    });
    let image = manifest(&described(b"x"), None);
    let put = |client: Client| {
        run(async move { client.put_manifest(&here, &tag("v"), MediaTypes::Oci.manifest(), &image).await })
    };
    let error = put(patient()).unwrap_err();
    assert!(error.to_string().contains("MANIFEST_BLOB_UNKNOWN"), "{error}");
    assert_eq!(registry.journal().count("PUT", ""), 4);
}

/// What failed once may be out of date, and is left to the caller.
#[test]
fn a_manifest_may_be_tried_only_once() {
    let registry = open_registry();
    let here = repository(&registry, "app");
    registry.hook(|_| Fault::status(503));
    assert!(run(patient().put_manifest_once(&here, &tag("v"), "a/b", b"{}")).is_err());
    assert_eq!(registry.journal().count("PUT", ""), 1);
}

#[test]
fn deleting_says_whether_there_was_anything() {
    let (client, media_type) = (anonymous(), MediaTypes::Oci.manifest());
    let image = manifest(&described(b"x"), None);
    let digest = Target::Digest(HashAlgorithm::Sha256.digest(&image));
    for deletes in [true, false] {
        let registry = start(Options { deletes, ..Options::default() });
        let here = repository(&registry, "app");
        run(async {
            client.push_blob(&here, &described(b"x"), b"x").await.unwrap();
            for name in ["v1", "v2"] {
                client.put_manifest(&here, &tag(name), media_type, &image).await.unwrap();
            }
            if !deletes {
                for target in [&tag("v1"), &digest] {
                    let error = client.delete_manifest(&here, target).await.unwrap_err();
                    assert!(matches!(error, Error::NoDelete { .. }), "{error:?}");
                    assert!(error.to_string().contains("does not delete"), "{error}");
                }
                return;
            }
            // The other tag of the same manifest stays.
            assert!(client.delete_manifest(&here, &tag("v1")).await.unwrap());
            assert!(client.resolve(&here, &tag("v2")).await.unwrap().is_some());
            assert!(!client.delete_manifest(&here, &tag("v1")).await.unwrap());
            // Where tags are not deleted, what they name is.
            registry.hook(|request| match request.is("DELETE", "/manifests/v2") {
                true => Fault::error(405, "UNSUPPORTED", "no tags"),
                false => Fault::none(),
            });
            assert!(client.delete_manifest(&here, &tag("v2")).await.unwrap());
            assert!(!client.delete_manifest(&here, &digest).await.unwrap());
            for (status, name) in [(403, "v3"), (500, "v4")] {
                registry.hook(move |_| Fault::status(status));
                assert!(client.delete_manifest(&here, &tag(name)).await.is_err());
            }
        });
    }
}

/// Silence ends an upload; slowness does not.
#[test]
fn a_slow_source_is_no_silence() {
    let registry = open_registry();
    let here = repository(&registry, "app");
    let quick = || Connection { stall: Duration::from_millis(600), ..connection() };
    let content = vec![1; 1000];
    let blob = described(&content);
    run(async {
        let client = Client::new(quick(), Keychain::default());
        let parts = async || {
            let parts: Vec<Vec<u8>> = content.chunks(100).map(<[u8]>::to_vec).collect();
            Ok(Parts::of(parts.into_iter(), |mut rest| async move {
                crate::http::pause(Duration::from_millis(150)).await;
                Ok::<_, Error>(rest.next().map(|part| (part, rest)))
            }))
        };
        client.push_parts(&here, &blob, None, parts).await.unwrap();
        for method in ["POST", "PUT"] {
            registry.hook(move |request| match request.method == method {
                true => Fault::none().held(Duration::from_secs(5)),
                false => Fault::none(),
            });
            let started = Instant::now();
            let error = client.push_blob(&here, &blob, &content).await.unwrap_err();
            assert!(matches!(error, Error::Http(http::Error::Timeout { .. })), "{error:?}");
            assert!(started.elapsed() < Duration::from_secs(3));
        }
    });
}

/// A large blob passes through in parts, one at a time.
#[test]
fn large_blobs_are_never_held() {
    const PART: usize = 1 << 16;
    const COUNT: usize = 512;
    let registry = open_registry();
    let here = repository(&registry, "app");
    let mut hasher = crate::crypto::Hasher::new([HashAlgorithm::Sha256]);
    (0..COUNT).for_each(|n| hasher.update(&[n as u8; PART]));
    let digest = hasher.finish().get(HashAlgorithm::Sha256).unwrap().clone();
    let blob = Descriptor::new("a/b", digest, (PART * COUNT) as u64);
    let made = Arc::new(AtomicUsize::new(0));
    run(async {
        let client = anonymous();
        let parts = async || {
            let made = Arc::clone(&made);
            Ok(Parts::of(0, move |n: usize| {
                made.fetch_add(1, Ordering::SeqCst);
                async move { Ok::<_, Error>((n < COUNT).then(|| (vec![n as u8; PART], n + 1))) }
            }))
        };
        client.push_parts(&here, &blob, None, parts).await.unwrap();
        assert!(client.has_blob(&here, &blob).await.unwrap());
    });
    assert_eq!(made.load(Ordering::SeqCst), COUNT + 1);
}
