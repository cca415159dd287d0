use super::super::document::Platform;
use super::super::scripted::*;
use super::*;

const INDEX: &str =
    r#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}"#;

fn subject() -> Digest {
    HashAlgorithm::Sha256.digest(b"image")
}

fn descriptor(content: &[u8], size: u64) -> Descriptor {
    Descriptor {
        media_type: "m".to_owned(),
        digest: HashAlgorithm::Sha256.digest(content),
        size,
        artifact_type: None,
        annotations: Vec::new(),
        platform: None::<Platform>,
    }
}

fn index(entries: &[u64]) -> String {
    let entry = |size: &u64| {
        let digest = HashAlgorithm::Sha256.digest(format!("{size}").as_bytes());
        format!(
            r#"{{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"{digest}","size":{size}}}"#
        )
    };
    let entries: Vec<_> = entries.iter().map(entry).collect();
    INDEX.replace("[]", &format!("[{}]", entries.join(",")))
}

fn of_index(text: String) -> Reply {
    reply(200).with("Content-Type", OCI_INDEX).body(text)
}

/// notation CVE-2023-33959, Kyverno CVE-2023-47630: a registry served other content than was asked for.
#[test]
fn cve_2023_33959_a_manifest_has_the_digest_that_was_asked_for() {
    let served = serve(|_| reply(200).body(INDEX));
    let own = HashAlgorithm::Sha256.digest(INDEX.as_bytes());
    let read = |target: Target| run(anonymous().manifest(&served.repository(), &target));
    let manifest = read(Target::Digest(own.clone())).unwrap().unwrap();
    assert_eq!((manifest.digest, manifest.bytes), (own.clone(), INDEX.as_bytes().to_vec()));
    assert_eq!(read(Target::Tag("v1".to_owned())).unwrap().unwrap().digest, own);
    let error = read(Target::Digest(subject())).unwrap_err();
    assert!(matches!(&error, Error::Digest { found, .. } if *found == own), "{error:?}");
    // What the server says of itself counts against it.
    let lying = serve(|_| reply(200).with("Docker-Content-Digest", subject().to_string()).body(INDEX));
    assert!(matches!(
        run(anonymous().manifest(&lying.repository(), &Target::Tag("v1".to_owned()))),
        Err(Error::Digest { .. })
    ));
    assert!(matches!(
        run(anonymous().resolve(&lying.repository(), &Target::Digest(own))),
        Err(Error::Digest { .. })
    ));
}

#[test]
fn documents_that_are_none_are_refused() {
    for reply in [
        reply(200).body("<html>"),
        reply(200).body(INDEX).with("Content-Type", "application/vnd.oci.image.manifest.v1+json"),
        reply(200).body(INDEX.replace("}", r#","layers":[]}"#)),
    ] {
        let served = serve(move |_| reply.clone());
        let error =
            run(anonymous().manifest(&served.repository(), &Target::Tag("v1".to_owned()))).unwrap_err();
        assert!(matches!(error, Error::Document { .. }), "{error:?}");
    }
}

#[test]
fn a_manifest_has_a_largest_size() {
    for reply in [
        Reply { announced: Some(50 << 30), ..reply(200) },
        reply(200).body(vec![b' '; MAX_MANIFEST as usize + 1]),
    ] {
        let served = serve(move |_| reply.clone());
        let error =
            run(anonymous().manifest(&served.repository(), &Target::Tag("v1".to_owned()))).unwrap_err();
        assert!(matches!(error, Error::TooLarge { limit: MAX_MANIFEST, .. }), "{error:?}");
    }
}

#[test]
fn a_blob_has_the_digest_and_the_size_of_its_descriptor() {
    let read = |reply: Reply, descriptor: &Descriptor| {
        let served = serve(move |_| reply.clone());
        run(anonymous().blob(&served.repository(), descriptor, 100))
    };
    let good = descriptor(b"content", 7);
    assert_eq!(read(reply(200).body("content"), &good).unwrap().unwrap(), b"content");
    assert_eq!(read(reply(200), &descriptor(b"", 0)).unwrap().unwrap(), b"");
    assert_eq!(read(reply(404), &good).unwrap(), None);
    assert!(matches!(read(reply(200).body("c0ntent"), &good), Err(Error::Digest { .. })));
    assert!(matches!(
        read(reply(200).body("content+"), &good),
        Err(Error::Size { expected: 7, found: 8, .. })
    ));
    assert!(matches!(read(reply(200).body("content"), &descriptor(b"content", 8)), Err(Error::Size { .. })));
    assert!(matches!(
        read(Reply { announced: Some(7), ..reply(200).body("cont") }, &good),
        Err(Error::Http(http::Error::Transport { .. }))
    ));
}

/// CVE-2024-29902 of cosign: an attachment of any size was read into memory.
#[test]
fn cve_2024_29902_a_large_blob_is_not_asked_for() {
    let served = serve(|_| reply(200));
    let error = run(anonymous().blob(&served.repository(), &descriptor(b"", 50 << 30), 1 << 20)).unwrap_err();
    assert!(matches!(error, Error::TooLarge { limit: 1_048_576, .. }));
    assert!(served.requests().is_empty());
    let served = serve(|_| Reply { announced: Some(50 << 30), ..reply(200) });
    let error = run(anonymous().blob(&served.repository(), &descriptor(b"", 10), 1 << 20)).unwrap_err();
    assert!(matches!(error, Error::Size { expected: 10, .. }), "{error:?}");
}

#[test]
fn referrers_come_page_by_page() {
    let served = serve(|seen| match seen.line.split_once("last=").map(|(_, last)| last) {
        None => of_index(index(&[1, 2])).with("Link", "</v2/app/one/referrers/x?last=a>; rel=\"next\""),
        Some("a") => of_index(index(&[3])).with("Link", "<?last=b>; type=x; rel=next"),
        Some(_) => of_index(index(&[4])).with("Link", "</v2/>; rel=\"prev\""),
    });
    let found = run(anonymous().referrers(&served.repository(), &subject())).unwrap().unwrap();
    assert_eq!(found.iter().map(|entry| entry.size).collect::<Vec<_>>(), [1, 2, 3, 4]);
    assert_eq!(served.lines()[0], format!("GET /v2/app/one/referrers/{}", subject()));
}

#[test]
fn a_registry_without_referrers_says_so_and_a_failure_is_not_that() {
    for none in [
        reply(404),
        reply(405),
        reply(501),
        reply(400),
        reply(406),
        reply(200).with("Content-Type", "text/html").body("<html>"),
    ] {
        let served = serve(move |_| none.clone());
        assert_eq!(run(anonymous().referrers(&served.repository(), &subject())).unwrap(), None);
    }
    for failure in [401, 403, 429, 500, 503] {
        let served = serve(move |_| reply(failure));
        assert!(run(anonymous().referrers(&served.repository(), &subject())).is_err(), "{failure}");
    }
    // A page that is missing is not the end of the list.
    for failure in [404, 400, 500] {
        let served = serve(move |seen| match seen.line.contains("last=") {
            false => of_index(index(&[1])).with("Link", "<?last=a>; rel=\"next\""),
            true => reply(failure),
        });
        assert!(run(anonymous().referrers(&served.repository(), &subject())).is_err(), "{failure}");
    }
}

/// CVE-2023-46737 of cosign: endless signatures.
#[test]
fn cve_2023_46737_endless_lists_are_given_up() {
    let many: Vec<u64> = (0..3000).collect();
    let served = serve(move |seen| {
        let next = format!("<{}x>; rel=\"next\"", seen.line.split(' ').nth(1).unwrap());
        let next = if next.contains('?') { next } else { "<?last=x>; rel=\"next\"".to_owned() };
        of_index(index(&many)).with("Link", next)
    });
    let error = run(anonymous().referrers(&served.repository(), &subject())).unwrap_err();
    assert!(matches!(error, Error::Endless { limit: MAX_REFERRERS, .. }), "{error:?}");
    assert!(served.requests().len() < 6);
    // Few entries that are large are as bad as many.
    let heavy = format!(
        r#"{{"schemaVersion":2,"mediaType":"{OCI_INDEX}","manifests":[],"annotations":{{"a":"{}"}}}}"#,
        "a".repeat(4_000_000)
    );
    let number = std::sync::atomic::AtomicUsize::new(0);
    let served = serve(move |_| {
        let next = number.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        of_index(heavy.clone()).with("Link", format!("<?last={next}>; rel=\"next\""))
    });
    let error = run(anonymous().referrers(&served.repository(), &subject())).unwrap_err();
    assert!(matches!(error, Error::Endless { limit: MAX_LIST, .. }), "{error:?}");
    assert_eq!(served.requests().len(), 5);
    let circle = serve(|_| of_index(index(&[1])).with("Link", "<?last=a>; rel=\"next\""));
    let error = run(anonymous().referrers(&circle.repository(), &subject())).unwrap_err();
    assert!(matches!(error, Error::Endless { .. }), "{error:?}");
    assert_eq!(circle.requests().len(), 2);
}

#[test]
fn a_list_does_not_lead_to_another_server() {
    let evil = serve_on("127.0.0.2", |_| of_index(index(&[9])));
    for target in [format!("http://{}/v2/", evil.address), format!("//{}/v2/", evil.address)] {
        let served = serve(move |seen| match seen.authorization() {
            Some(BASIC) => of_index(index(&[1])).with("Link", format!("<{target}>; rel=\"next\"")),
            _ => reply(401).challenge("Basic realm=\"x\""),
        });
        let error = run(known_as(user()).referrers(&served.repository(), &subject())).unwrap_err();
        assert!(matches!(error, Error::Elsewhere { .. }), "{error:?}");
    }
    // Not even where a page was redirected there.
    let to = evil.address;
    let chained = serve(move |_| reply(307).with("Location", format!("http://{to}/page")));
    let evil = serve_on("127.0.0.2", |_| of_index(index(&[1])).with("Link", "<?last=a>; rel=\"next\""));
    let to = evil.address;
    let served = serve(move |seen| match seen.authorization() {
        Some(BASIC) => reply(307).with("Location", format!("http://{to}/page")),
        _ => reply(401).challenge("Basic realm=\"x\""),
    });
    let error = run(known_as(user()).referrers(&served.repository(), &subject())).unwrap_err();
    assert!(matches!(error, Error::Elsewhere { .. }), "{error:?}");
    assert!(evil.requests().iter().all(|seen| seen.authorization().is_none()));
    drop(chained);
}

#[test]
fn links_are_read_as_they_are_written() {
    for (header, expected) in [
        ("</a>; rel=\"next\"", Some("/a")),
        ("</a>;rel=next", Some("/a")),
        ("</a>; rel=\"prev\", </b>; rel=\"next\"", Some("/b")),
        ("</a>; REL=\"last next\"", Some("/a")),
        ("</a>; rel=\"nextish\"", None),
        ("</a>", None),
        ("/a; rel=next", None),
        ("", None),
    ] {
        assert_eq!(next_link(header), expected, "{header}");
    }
}
