//! What the OCI distribution specification 1.1 requires, one test for each row of the table; each over a socket, in memory and in
//! a folder.

use super::*;

/// What a row is tested with.
struct Asked {
    registry: Registry,
    _place: Option<tempfile::TempDir>,
}

impl Asked {
    /// One registry in memory, one in a folder.
    fn both(options: &Options) -> [Self; 2] {
        let place = tempfile::tempdir().unwrap();
        let on_disk = Options { folder: Some(place.path().join("registry")), ..options.clone() };
        [
            Self { registry: start(options.clone()), _place: None },
            Self { registry: start(on_disk), _place: Some(place) },
        ]
    }

    fn ask(&self, line: &str) -> Answer {
        ask(&self.registry, line)
    }

    fn send(&self, line: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        ask_with(&self.registry, line, headers, body)
    }

    /// Begins an upload; where it goes on.
    fn begin(&self) -> String {
        place(&self.ask("POST /v2/app/blobs/uploads/").is(202))
    }

    fn chunk(&self, method: &str, at: &str, range: &str, body: &[u8]) -> Answer {
        self.send(&format!("{method} {at}"), &[("Content-Range", range)], body)
    }

    /// Uploads a blob in two requests; its digest.
    fn blob(&self, bytes: &[u8]) -> String {
        let digest = sha256(bytes);
        let _ = self.send(&format!("PUT {}&digest={digest}", self.begin()), &[], bytes).is(201);
        digest
    }

    fn has(&self, digest: &str, bytes: &[u8]) {
        let head = self.ask(&format!("HEAD /v2/app/blobs/{digest}")).is(200);
        assert_eq!(head.header("content-length"), Some(bytes.len().to_string().as_str()));
        let got = self.ask(&format!("GET /v2/app/blobs/{digest}")).is(200);
        assert_eq!((got.body.as_slice(), got.header("docker-content-digest")), (bytes, Some(digest)));
    }

    fn lacks(&self, digest: &str) {
        let answer = self.ask(&format!("GET /v2/app/blobs/{digest}")).is(404);
        assert_eq!(answer.json()["errors"][0]["code"], "BLOB_UNKNOWN");
        let _ = self.ask(&format!("HEAD /v2/app/blobs/{digest}")).is(404);
    }

    fn put(&self, reference: &str, media_type: &str, body: &[u8]) -> Answer {
        self.send(&format!("PUT /v2/app/manifests/{reference}"), &[("Content-Type", media_type)], body)
    }

    /// Pushes an image under a tag; the bytes of its manifest.
    fn image(&self, tag: &str) -> Vec<u8> {
        let manifest = self.manifest(json!({ "annotations": { "tag": tag } }));
        let _ = self.put(tag, OCI_MANIFEST, &manifest).is(201);
        manifest
    }

    /// A manifest whose config is there, with these members more.
    fn manifest(&self, more: Value) -> Vec<u8> {
        let config = self.blob(b"{}");
        let mut manifest = json!({
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "config": { "mediaType": "application/x.config", "digest": config, "size": 2 },
            "layers": [],
        });
        manifest.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        manifest.to_string().into_bytes()
    }

    /// Pushes a manifest that refers to a subject; its digest.
    fn refer(&self, subject: &str, more: Value) -> String {
        let subject = json!({ "mediaType": OCI_MANIFEST, "digest": subject, "size": 1 });
        let mut members = more;
        members["subject"] = subject.clone();
        let manifest = self.manifest(members);
        let digest = sha256(&manifest);
        let answer = self.put(&digest, OCI_MANIFEST, &manifest).is(201);
        assert_eq!(answer.header("oci-subject"), subject["digest"].as_str());
        digest
    }

    fn tags(&self, query: &str) -> (Vec<String>, Option<String>) {
        let answer = self.ask(&format!("GET /v2/app/tags/list{query}")).is(200);
        assert_eq!(answer.json()["name"], "app");
        let tags = answer.json()["tags"].as_array().unwrap().clone();
        (tags.iter().map(|tag| tag.as_str().unwrap().to_owned()).collect(), link(&answer))
    }
}

/// The path in Location.
fn place(answer: &Answer) -> String {
    let location = answer.header("location").unwrap();
    location.strip_prefix("http://localhost").unwrap_or(location).to_owned()
}

/// The code of the first error, whose form is that of the specification.
fn code(answer: &Answer) -> String {
    let error = &answer.json()["errors"][0];
    assert!(error["message"].is_string(), "{answer:?}");
    assert!(answer.header("content-type").unwrap().starts_with("application/json"));
    error["code"].as_str().unwrap().to_owned()
}

const BLOB: &[u8] = b"0123456789";

/// A test for each row: its name, the section, what it requires, how that is seen.
macro_rules! requirements {
    ($($name:ident, $section:literal, $text:literal, $test:expr;)*) => {
        $(
            #[doc = $section]
            #[doc = $text]
            #[test]
            fn $name() {
                let test: fn(&Asked) = $test;
                for asked in Asked::both(&Options::default()) {
                    test(&asked);
                }
            }
        )*
    };
}

mod referrers;

requirements! {
    support_is_told, "Determining Support", "GET /v2/ is 200", |r| {
        let _ = r.ask("GET /v2/").is(200);
        let _ = r.ask("HEAD /v2/").is(200);
    };
    manifests_are_pulled_by_tag_and_digest, "Pulling manifests", "200, the type and the bytes that were pushed", |r| {
        let manifest = r.image("v1");
        for reference in ["v1", &sha256(&manifest)] {
            let path = format!("/v2/app/manifests/{reference}");
            let got = r.send(&format!("GET {path}"), &[("Accept", OCI_MANIFEST)], b"").is(200);
            assert_eq!((&got.body, got.header("content-type")), (&manifest, Some(OCI_MANIFEST)));
            assert_eq!(got.header("docker-content-digest"), Some(sha256(&manifest).as_str()));
        }
    };
    manifests_have_heads, "Pulling manifests", "HEAD is 200 with length and digest, without a body", |r| {
        let manifest = r.image("v1");
        for reference in ["v1", &sha256(&manifest)] {
            let head = r.ask(&format!("HEAD /v2/app/manifests/{reference}")).is(200);
            assert_eq!(head.header("content-length"), Some(manifest.len().to_string().as_str()));
            assert_eq!(head.header("docker-content-digest"), Some(sha256(&manifest).as_str()));
            assert!(head.body.is_empty());
        }
    };
    manifests_that_are_not_there, "Pulling manifests", "404", |r| {
        let _ = r.image("v1");
        for path in ["app/manifests/none", &format!("app/manifests/{}", sha256(b"")), "other/manifests/v1"] {
            assert_eq!(code(&r.ask(&format!("GET /v2/{path}")).is(404)), "MANIFEST_UNKNOWN");
            let _ = r.ask(&format!("HEAD /v2/{path}")).is(404);
        }
    };
    blobs_are_pulled, "Pulling blobs", "200 and the bytes; HEAD 200 with length and digest", |r| {
        let digest = r.blob(BLOB);
        r.has(&digest, BLOB);
    };
    blobs_that_are_not_there, "Pulling blobs", "404", |r| {
        r.lacks(&sha256(BLOB));
    };
    blobs_belong_to_repositories, "Pulling blobs", "404 in another repository", |r| {
        let digest = r.blob(BLOB);
        let _ = r.ask(&format!("GET /v2/other/blobs/{digest}")).is(404);
    };
    ranges_of_blobs, "Pulling blobs", "206 for a range, 416 for none (RFC 9110)", |r| {
        let path = format!("GET /v2/app/blobs/{}", r.blob(BLOB));
        for (range, expected) in [
            ("bytes=2-4", Some(("bytes 2-4/10", "234"))),
            ("bytes=7-", Some(("bytes 7-9/10", "789"))),
            ("bytes=-3", Some(("bytes 7-9/10", "789"))),
            ("bytes=8-50", Some(("bytes 8-9/10", "89"))),
            ("bytes=5-0", None),
            ("bytes=10-20", None),
        ] {
            let answer = r.send(&path, &[("Range", range)], b"");
            match expected {
                Some((place, bytes)) => {
                    let answer = answer.is(206);
                    assert_eq!((answer.header("content-range"), answer.body.as_slice()), (Some(place), bytes.as_bytes()));
                }
                None => assert_eq!(answer.is(416).header("content-range"), Some("bytes */10"), "{range}"),
            }
        }
    };
    uploads_by_post_and_put, "Pushing a blob monolithically", "202 with Location, then 201 with Location of the blob", |r| {
        let digest = sha256(BLOB);
        let created = r.send(&format!("PUT {}&digest={digest}", r.begin()), &[], BLOB).is(201);
        assert_eq!(place(&created), format!("/v2/app/blobs/{digest}"));
        r.has(&digest, BLOB);
    };
    uploads_by_one_post, "Pushing a blob monolithically", "201 with Location of the blob", |r| {
        let digest = sha256(BLOB);
        let created = r.send(&format!("POST /v2/app/blobs/uploads/?digest={digest}"), &[], BLOB).is(201);
        assert_eq!(place(&created), format!("/v2/app/blobs/{digest}"));
        r.has(&digest, BLOB);
    };
    digests_are_checked, "Pushing a blob monolithically", "400 where the digest is another's, whichever way it comes", |r| {
        let other = sha256(b"other");
        let answers = [
            r.send(&format!("POST /v2/app/blobs/uploads/?digest={other}"), &[], BLOB),
            r.send(&format!("PUT {}&digest={other}", r.begin()), &[], BLOB),
            r.send(&format!("PUT {}&digest=md5:00", r.begin()), &[], BLOB),
            r.send(&format!("PUT {}", r.begin()), &[], BLOB),
            {
                let next = place(&r.send(&format!("PATCH {}", r.begin()), &[], BLOB).is(202));
                r.ask(&format!("PUT {next}&digest={other}"))
            },
        ];
        for answer in answers {
            assert_eq!(code(&answer.is(400)), "DIGEST_INVALID");
        }
        r.lacks(&other);
        r.lacks(&sha256(BLOB));
    };
    digests_of_other_algorithms, "Digests", "SHA-512 is as good", |r| {
        let digest = HashAlgorithm::Sha512.digest(BLOB).to_string();
        let _ = r.send(&format!("PUT {}&digest={digest}", r.begin()), &[], BLOB).is(201);
        r.has(&digest, BLOB);
        let manifest = r.manifest(json!({}));
        let digest = HashAlgorithm::Sha512.digest(&manifest).to_string();
        let _ = r.put(&digest, OCI_MANIFEST, &manifest).is(201);
        assert_eq!(r.ask(&format!("GET /v2/app/manifests/{digest}")).is(200).body, manifest);
    };
    empty_blobs, "Pushing blobs", "A blob may be empty", |r| {
        let digest = r.blob(b"");
        r.has(&digest, b"");
        let one = r.send(&format!("POST /v2/app/blobs/uploads/?digest={digest}"), &[], b"");
        let _ = one.is(201);
    };
    uploads_in_a_stream, "Pushing a blob in chunks", "PATCH without Content-Range takes all", |r| {
        let next = r.send(&format!("PATCH {}", r.begin()), &[], BLOB).is(202);
        assert_eq!(next.header("range"), Some("0-9"));
        let digest = sha256(BLOB);
        let _ = r.ask(&format!("PUT {}&digest={digest}", place(&next))).is(201);
        r.has(&digest, BLOB);
    };
    uploads_in_chunks, "Pushing a blob in chunks", "202 with Range and Location for each, and 201 for the end", |r| {
        let first = r.chunk("PATCH", &r.begin(), "0-3", &BLOB[..4]).is(202);
        assert_eq!(first.header("range"), Some("0-3"));
        let second = r.chunk("PATCH", &place(&first), "4-7", &BLOB[4..8]).is(202);
        assert_eq!(second.header("range"), Some("0-7"));
        let digest = sha256(BLOB);
        let _ = r.chunk("PUT", &format!("{}&digest={digest}", place(&second)), "8-9", &BLOB[8..]).is(201);
        r.has(&digest, BLOB);
    };
    chunks_out_of_order, "Pushing a blob in chunks", "416, after which the upload goes on where it was", |r| {
        let first = place(&r.chunk("PATCH", &r.begin(), "0-3", &BLOB[..4]).is(202));
        let digest = sha256(BLOB);
        for (method, range, bytes) in [
            ("PATCH", "6-9", &BLOB[6..]),
            ("PATCH", "0-3", &BLOB[..4]),
            ("PATCH", "4-50", &BLOB[4..]),
            ("PATCH", "junk", &BLOB[4..]),
            ("PUT", "6-9", &BLOB[6..]),
        ] {
            let answer = r.chunk(method, &format!("{first}&digest={digest}"), range, bytes).is(416);
            assert_eq!((answer.header("range"), place(&answer)), (Some("0-3"), first.clone()), "{range}");
            let status = r.ask(&format!("GET {first}")).is(204);
            assert_eq!((status.header("range"), place(&status)), (Some("0-3"), first.clone()));
        }
        let _ = r.chunk("PUT", &format!("{first}&digest={digest}"), "4-9", &BLOB[4..]).is(201);
        r.has(&digest, BLOB);
    };
    uploads_are_given_up, "Cancelling a blob upload", "204, and there is none any more", |r| {
        let upload = r.begin();
        let _ = r.send(&format!("PATCH {upload}"), &[], BLOB).is(202);
        let _ = r.ask(&format!("DELETE {upload}")).is(204);
        for method in ["GET", "PATCH", "PUT", "DELETE"] {
            assert_eq!(code(&r.ask(&format!("{method} {upload}")).is(404)), "BLOB_UPLOAD_UNKNOWN");
        }
    };
    blobs_are_mounted, "Mounting a blob from another repository", "201 with Location", |r| {
        let digest = r.blob(BLOB);
        let created = r.ask(&format!("POST /v2/new/blobs/uploads/?mount={digest}&from=app")).is(201);
        assert_eq!(place(&created), format!("/v2/new/blobs/{digest}"));
        assert_eq!(r.ask(&format!("GET {}", place(&created))).is(200).body, BLOB);
        // Each repository has it on its own.
        let _ = r.ask(&format!("DELETE /v2/app/blobs/{digest}")).is(202);
        assert_eq!(r.ask(&format!("GET {}", place(&created))).is(200).body, BLOB);
    };
    blobs_that_cannot_be_mounted, "Mounting a blob from another repository", "202, as an upload that begins", |r| {
        let digest = r.blob(BLOB);
        for query in [
            format!("mount={}&from=app", sha256(b"none")),
            format!("mount={digest}&from=none"),
            format!("mount={digest}"),
            "mount=junk&from=app".to_owned(),
        ] {
            let upload = r.ask(&format!("POST /v2/new/blobs/uploads/?{query}")).is(202);
            let _ = r.send(&format!("PUT {}&digest={digest}", place(&upload)), &[], BLOB).is(201);
            let _ = r.ask(&format!("DELETE /v2/new/blobs/{digest}")).is(202);
        }
    };
    manifests_are_pushed, "Pushing Manifests", "201 with Location and digest, by tag and by digest", |r| {
        let manifest = r.manifest(json!({}));
        let digest = sha256(&manifest);
        for reference in ["v1", "v2", &digest] {
            let created = r.put(reference, OCI_MANIFEST, &manifest).is(201);
            assert_eq!(place(&created), format!("/v2/app/manifests/{digest}"));
            assert_eq!(created.header("docker-content-digest"), Some(digest.as_str()));
        }
        assert_eq!(r.tags("").0, ["v1", "v2"]);
    };
    tags_are_moved, "Pushing Manifests", "A tag names what was pushed last; what it named stays", |r| {
        let first = r.image("v1");
        let second = r.manifest(json!({ "annotations": { "another": "one" } }));
        let _ = r.put("v1", OCI_MANIFEST, &second).is(201);
        assert_eq!(r.ask("GET /v2/app/manifests/v1").is(200).body, second);
        assert_eq!(r.ask(&format!("GET /v2/app/manifests/{}", sha256(&first))).is(200).body, first);
    };
    manifests_under_the_wrong_digest, "Pushing Manifests", "400", |r| {
        for wrong in [sha256(b"other"), "sha256:baddigeststring".to_owned(), format!("md5:{}", "0".repeat(32))] {
            let answer = r.put(&wrong, OCI_MANIFEST, &r.manifest(json!({})));
            assert_eq!(code(&answer.is(400)), "DIGEST_INVALID", "{wrong}");
        }
        let _ = r.ask(&format!("GET /v2/app/manifests/{}", sha256(b"other"))).is(404);
    };
    manifests_without_their_blobs, "Pushing Manifests", "A manifest may be refused whose blobs are not there", |r| {
        let layer = json!({ "layers": [{ "mediaType": "x/y", "digest": sha256(b"none"), "size": 4 }] });
        let answer = r.put("v1", OCI_MANIFEST, &r.manifest(layer)).is(400);
        assert_eq!(code(&answer), "MANIFEST_BLOB_UNKNOWN");
        let index = json!({ "schemaVersion": 2, "manifests": [{ "mediaType": OCI_MANIFEST, "digest": sha256(b"none"), "size": 4 }] });
        let answer = r.put("v1", OCI_INDEX, index.to_string().as_bytes()).is(400);
        assert_eq!(code(&answer), "MANIFEST_BLOB_UNKNOWN");
        // Layers that are elsewhere on purpose need not be.
        let layer = json!({ "layers": [{ "mediaType": "x/y", "digest": sha256(b"none"), "size": 4, "urls": ["https://example.com/x"] }] });
        let _ = r.put("v1", OCI_MANIFEST, &r.manifest(layer)).is(201);
    };
    indexes_are_pushed, "Pushing Manifests", "An index of manifests, and one of none", |r| {
        let manifest = r.image("v1");
        let child = json!({ "mediaType": OCI_MANIFEST, "digest": sha256(&manifest), "size": manifest.len() });
        for children in [json!([child]), json!([])] {
            let index = json!({ "schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": children }).to_string();
            let _ = r.put("index", OCI_INDEX, index.as_bytes()).is(201);
            let got = r.ask("GET /v2/app/manifests/index").is(200);
            assert_eq!((got.body.as_slice(), got.header("content-type")), (index.as_bytes(), Some(OCI_INDEX)));
        }
    };
    manifests_of_four_mebibytes, "Pushing Manifests", "At least 4 MiB are taken; what is too large is 413", |r| {
        let rest = (4 << 20) - r.manifest(json!({ "annotations": { "a": "" } })).len();
        let most = r.manifest(json!({ "annotations": { "a": "x".repeat(rest) } }));
        assert_eq!(most.len(), 4 << 20);
        let _ = r.put("large", OCI_MANIFEST, &most).is(201);
        let head = r.ask("HEAD /v2/app/manifests/large").is(200);
        assert_eq!(head.header("docker-content-digest"), Some(sha256(&most).as_str()));
        let more = r.manifest(json!({ "annotations": { "a": "x".repeat(rest + 1) } }));
        assert_eq!(code(&r.put("larger", OCI_MANIFEST, &more).is(413)), "SIZE_INVALID");
    };
    manifests_with_a_subject, "Pushing Manifests with Subject", "OCI-Subject, whether the subject is there or not", |r| {
        let there = sha256(&r.image("v1"));
        for subject in [there, sha256(b"missing")] {
            let _ = r.refer(&subject, json!({}));
        }
        let plain = r.put("v2", OCI_MANIFEST, &r.manifest(json!({}))).is(201);
        assert_eq!(plain.header("oci-subject"), None);
    };
    tags_are_listed, "Listing Tags", "200, in lexical order; 404 where there is no repository", |r| {
        for tag in ["b", "a", "C", "a.1", "10"] {
            let _ = r.image(tag);
        }
        assert_eq!(r.tags(""), (["10", "C", "a", "a.1", "b"].map(str::to_owned).to_vec(), None));
        assert_eq!(code(&r.ask("GET /v2/none/tags/list").is(404)), "NAME_UNKNOWN");
    };
    tags_are_listed_in_parts, "Listing Tags", "n is the most, last is where it goes on, Link says how", |r| {
        for tag in ["a", "b", "c", "d", "e"] {
            let _ = r.image(tag);
        }
        let (tags, next) = r.tags("?n=2");
        assert_eq!((tags, next.is_some()), (vec!["a".to_owned(), "b".to_owned()], true));
        assert_eq!(r.tags(next.unwrap().strip_prefix("/v2/app/tags/list").unwrap()).0, ["c", "d"]);
        assert_eq!(r.tags("?n=2&last=d"), (vec!["e".to_owned()], None));
        assert_eq!(r.tags("?last=c").0, ["d", "e"]);
        // What follows is told by order, whether there is such a tag or not.
        assert_eq!(r.tags("?last=bb").0, ["c", "d", "e"]);
        assert_eq!(r.tags("?n=0"), (Vec::new(), None));
        assert_eq!(r.tags("?n=5").1, None);
    };
    tags_are_deleted, "Deleting tags", "202, then 404; the manifest and its other tags stay", |r| {
        let manifest = r.image("v1");
        let _ = r.put("v2", OCI_MANIFEST, &manifest).is(201);
        let _ = r.ask("DELETE /v2/app/manifests/v1").is(202);
        let _ = r.ask("GET /v2/app/manifests/v1").is(404);
        assert_eq!(r.tags("").0, ["v2"]);
        let _ = r.ask(&format!("GET /v2/app/manifests/{}", sha256(&manifest))).is(200);
        assert_eq!(code(&r.ask("DELETE /v2/app/manifests/v1").is(404)), "MANIFEST_UNKNOWN");
        let _ = r.ask("DELETE /v2/app/manifests/v2").is(202);
        assert_eq!(r.tags("").0, Vec::<String>::new());
    };
    manifests_are_deleted, "Deleting Manifests", "202, then 404, by its tags too", |r| {
        let digest = sha256(&r.image("v1"));
        let _ = r.ask(&format!("DELETE /v2/app/manifests/{digest}")).is(202);
        for reference in ["v1", &digest] {
            let _ = r.ask(&format!("GET /v2/app/manifests/{reference}")).is(404);
        }
        assert_eq!(r.tags("").0, Vec::<String>::new());
        let _ = r.ask(&format!("DELETE /v2/app/manifests/{digest}")).is(404);
    };
    blobs_are_deleted, "Deleting Blobs", "202, then 404", |r| {
        let digest = r.blob(BLOB);
        let _ = r.ask(&format!("DELETE /v2/app/blobs/{digest}")).is(202);
        r.lacks(&digest);
        assert_eq!(code(&r.ask(&format!("DELETE /v2/app/blobs/{digest}")).is(404)), "BLOB_UNKNOWN");
        r.has(&r.blob(BLOB), BLOB);
    };
    names_are_checked, "Pulling manifests", "Names and tags follow the grammar; what does not is 404 or 400", |r| {
        for path in ["UPPER/manifests/v1", "app/manifests/.x", "a..b/tags/list", "app/blobs/sha256:zz", "-/tags/list"] {
            let status = r.ask(&format!("GET /v2/{path}")).status;
            assert!([400, 404].contains(&status), "{path} {status}");
        }
    };
    methods_that_are_not_there, "API", "405 with Allow", |r| {
        let _ = r.image("v1");
        for line in ["PATCH /v2/app/manifests/v1", "PUT /v2/app/tags/list", "POST /v2/app/referrers/sha256:1"] {
            assert!(r.ask(line).is(405).header("allow").is_some(), "{line}");
        }
    };
}

#[test]
fn deleting_may_be_unsupported() {
    for r in Asked::both(&Options { deletes: false, ..Options::default() }) {
        let digest = sha256(&r.image("v1"));
        for path in ["manifests/v1", &format!("manifests/{digest}"), &format!("blobs/{}", sha256(b"{}"))] {
            assert_eq!(code(&r.ask(&format!("DELETE /v2/app/{path}")).is(405)), "UNSUPPORTED");
        }
    }
}
