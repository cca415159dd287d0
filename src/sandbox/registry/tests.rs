//! Raw requests: faults, credentials, TLS, and what the peers do not look at.

mod kept;
mod specification;

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use serde_json::{Value, json};

use super::manifests::{OCI_INDEX, OCI_MANIFEST};
use super::*;
use crate::crypto::{HashAlgorithm, base64};

#[derive(Debug)]
struct Answer {
    /// Zero when there was none.
    status: u16,
    head: String,
    body: Vec<u8>,
    /// How reading ended, when that was not the end.
    error: Option<io::ErrorKind>,
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        let pairs = self.head.lines().filter_map(|line| line.split_once(": "));
        pairs.into_iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    #[track_caller]
    fn is(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{self:?}");
        self
    }
}

/// Sends `line` (method and path) with headers and a body; reads until the server closes, or until there are a million bytes.
fn exchange(mut stream: impl Read + Write, line: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
    let more: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let head = format!(
        "{line} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {}\r\n{more}\r\n",
        body.len()
    );
    let mut error = stream.write_all(&[head.as_bytes(), body].concat()).err().map(|e| e.kind());
    let (mut all, mut part) = (Vec::new(), [0; 4096]);
    while all.len() < 1_000_000 {
        match stream.read(&mut part) {
            Ok(0) => break,
            Ok(n) => all.extend_from_slice(&part[..n]),
            Err(e) => {
                error = Some(e.kind());
                break;
            }
        }
    }
    let end = all.windows(4).position(|w| w == b"\r\n\r\n").unwrap_or(all.len());
    let head = String::from_utf8(all[..end].to_vec()).unwrap();
    let status = head.split(' ').nth(1).map_or(0, |status| status.parse().unwrap());
    Answer { status, head, body: all.get(end + 4..).unwrap_or_default().to_vec(), error }
}

fn ask_with(registry: &Registry, line: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
    exchange(TcpStream::connect(registry.address()).unwrap(), line, headers, body)
}

fn ask(registry: &Registry, line: &str) -> Answer {
    ask_with(registry, line, &[], b"")
}

fn start(options: Options) -> Registry {
    Registry::start(options).unwrap()
}

fn sha256(bytes: &[u8]) -> String {
    HashAlgorithm::Sha256.digest(bytes).to_string()
}

/// A registry with the image `app:v1`, and the path of its manifest.
fn with_image() -> (Registry, String) {
    let registry = start(Options::default());
    let digest = registry.contents().plant_image("app", "v1");
    (registry, format!("/v2/app/manifests/{digest}"))
}

#[test]
fn an_image_is_served_and_journalled() {
    let (registry, path) = with_image();
    let by_tag = ask(&registry, "GET /v2/app/manifests/v1").is(200);
    assert!(path.ends_with(by_tag.header("docker-content-digest").unwrap()));
    assert_eq!(by_tag.header("content-type"), Some(OCI_MANIFEST));
    assert_eq!(sha256(&by_tag.body), by_tag.header("docker-content-digest").unwrap());
    let head = ask(&registry, &format!("HEAD {path}")).is(200);
    assert_eq!(
        (head.body.len(), head.header("content-length").unwrap()),
        (0, by_tag.body.len().to_string().as_str())
    );
    let layer = by_tag.json()["layers"][0]["digest"].as_str().unwrap().to_owned();
    assert_eq!(sha256(&ask(&registry, &format!("GET /v2/app/blobs/{layer}")).is(200).body), layer);
    let _ =
        ask_with(&registry, "GET /v2/app/manifests/v2?x=y", &[("Authorization", "Basic eA==")], b"").is(404);

    let journal = registry.journal();
    assert_eq!(
        journal.lines(),
        [
            "GET /v2/app/manifests/v1 200".to_owned(),
            format!("HEAD {path} 200"),
            format!("GET /v2/app/blobs/{layer} 200"),
            "GET /v2/app/manifests/v2?x=y 404".to_owned(),
        ]
    );
    assert_eq!(
        (journal.count("GET", "/manifests/"), journal.count("", ""), journal.connections()),
        (2, 4, 4)
    );
    let authorized = journal.authorized(Host::Registry);
    assert_eq!(
        (authorized.len(), authorized[0].number, authorized[0].authorization()),
        (1, 4, Some("Basic"))
    );
    assert!(journal.authorized(Host::Other).is_empty());
    journal.clear();
    assert_eq!(journal.count("", ""), 0);
}

#[test]
fn a_hook_may_answer_instead() {
    let (registry, path) = with_image();
    registry.hook(|request| match request.count {
        1 => Fault::status(503).header("Retry-After", "7"),
        2 => Fault::error(429, "TOOMANYREQUESTS", "slow down"),
        3 => Fault::redirect("http://localhost:1/elsewhere"),
        4 => Fault::answer(OCI_MANIFEST, "{}").header("Docker-Content-Digest", "sha256:00"),
        _ => Fault::none(),
    });
    let get = format!("GET {path}");
    let busy = ask(&registry, &get).is(503);
    assert_eq!((busy.header("retry-after"), busy.body.len()), (Some("7"), 0));
    assert_eq!(ask(&registry, &get).is(429).json()["errors"][0]["code"], "TOOMANYREQUESTS");
    assert_eq!(ask(&registry, &get).is(307).header("location"), Some("http://localhost:1/elsewhere"));
    let other = ask(&registry, &get).is(200);
    assert_eq!(
        (other.body.as_slice(), other.header("docker-content-digest")),
        (&b"{}"[..], Some("sha256:00"))
    );
    let _ = ask(&registry, &get).is(200);
    registry.hook(|_| Fault::status(500));
    let _ = ask(&registry, &get).is(500);
    registry.unhook();
    let _ = ask(&registry, &get).is(200);
}

#[test]
fn a_hook_may_change_the_answer() {
    let (registry, path) = with_image();
    let get = format!("GET {path}");
    let right = ask(&registry, &get).is(200);
    registry.hook(|_| Fault::none().body("other").without("etag"));
    let other = ask(&registry, &get).is(200);
    assert_eq!(other.body, b"other");
    assert_eq!(other.header("docker-content-digest"), right.header("docker-content-digest"));
    assert_eq!((other.header("content-length"), other.header("etag")), (Some("5"), None));
    registry.hook(|_| Fault::none().header("bad name", "x"));
    let _ = ask(&registry, &get).is(500);
}

#[test]
fn connections_break_where_they_are_told_to() {
    let (registry, path) = with_image();
    let get = format!("GET {path}");
    let whole = ask(&registry, &get).is(200).body;
    registry.hook(|_| Fault::none().truncated(10));
    let cut = ask(&registry, &get).is(200);
    assert_eq!(cut.body, whole[..10]);
    assert_eq!(cut.header("content-length"), Some(whole.len().to_string().as_str()));
    registry.hook(|_| Fault::none().truncated(0));
    assert!(ask(&registry, &get).is(200).body.is_empty());
    // Claims: more than there is, and less.
    registry.hook(|_| Fault::none().claiming(1 << 40));
    let huge = ask(&registry, &get).is(200);
    assert_eq!((huge.header("content-length"), &huge.body), (Some("1099511627776"), &whole));
    registry.hook(|_| Fault::none().claiming(5));
    assert_eq!(ask(&registry, &get).is(200).body, whole[..5]);
    // No answer at all.
    registry.hook(|_| Fault::close());
    let closed = ask(&registry, &get).is(0);
    assert!(closed.head.is_empty() && closed.error.is_none(), "{closed:?}");
    registry.hook(|_| Fault::reset());
    assert_eq!(ask(&registry, &get).is(0).error, Some(io::ErrorKind::ConnectionReset));
    assert_eq!(registry.journal().requests().last().unwrap().answered, None);
}

#[test]
fn a_write_may_stay_without_an_answer() {
    let registry = start(Options { checks_references: false, ..Options::default() });
    let manifest = json!({ "schemaVersion": 2, "config": {}, "layers": [] }).to_string();
    let put = |tag: &str| {
        let line = format!("PUT /v2/app/manifests/{tag}");
        ask_with(&registry, &line, &[("Content-Type", OCI_MANIFEST)], manifest.as_bytes())
    };
    registry.hook(|_| Fault::unanswered());
    let _ = put("carried-out").is(0);
    registry.hook(|_| Fault::close());
    let _ = put("not").is(0);
    let tags: Vec<_> = registry.contents().tags("app").into_iter().map(|(tag, _)| tag).collect();
    assert_eq!(tags, ["carried-out"]);
    // Late, before and after it takes effect.
    let late = Duration::from_secs(1);
    for (fault, there) in [(Fault::none().delayed(late), false), (Fault::none().held(late), true)] {
        registry.contents().uproot("app", "late");
        let before = registry.journal().count("PUT", "/late");
        registry.hook(move |_| fault.clone());
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| put("late").is(201));
            while registry.journal().count("PUT", "/late") == before {
                std::thread::sleep(Duration::from_millis(1));
            }
            std::thread::sleep(late / 4);
            assert_eq!(registry.contents().manifest("app", "late").is_some(), there);
            let _ = waiting.join().unwrap();
        });
        assert!(registry.contents().manifest("app", "late").is_some());
        let last = registry.journal().requests().pop().unwrap();
        assert!(last.answered.unwrap().1 - last.received >= late);
    }
    assert_eq!(registry.journal().round_trips(), 2);
}

#[test]
fn bodies_may_be_slow_or_without_an_end() {
    let (registry, path) = with_image();
    let get = format!("GET {path}");
    let whole = ask(&registry, &get).is(200).body;
    let (part, pause) = (whole.len() / 4, Duration::from_millis(50));
    registry.hook(move |_| Fault::none().slow(part, pause));
    let begun = Instant::now();
    assert_eq!(ask(&registry, &get).is(200).body, whole);
    assert!(begun.elapsed() >= pause * 4);

    registry.hook(|_| Fault::none().endless("again"));
    let endless = ask(&registry, &get).is(200);
    assert!(endless.body.len() >= 999_000 && endless.header("content-length").is_none());
    assert_eq!(endless.header("transfer-encoding"), Some("chunked"));
    // The registry goes on with others meanwhile.
    registry.unhook();
    assert_eq!(ask(&registry, &get).is(200).body, whole);

    registry.hook(Fault::endless_pages);
    for (path, member) in [
        ("/v2/app/tags/list".to_owned(), "tags"),
        ("/v2/_catalog".to_owned(), "repositories"),
        (format!("/v2/app/referrers/{}", sha256(b"")), "manifests"),
    ] {
        let (mut next, mut seen) = (path, std::collections::BTreeSet::new());
        for _ in 0..5 {
            let page = ask(&registry, &format!("GET {next}")).is(200);
            seen.insert(page.json()[member][0].to_string());
            next = link(&page).unwrap();
        }
        assert_eq!(seen.len(), 5, "{seen:?}");
    }
}

/// Where the next page is.
fn link(answer: &Answer) -> Option<String> {
    let next = answer.header("link")?.strip_prefix('<')?.strip_suffix(">; rel=\"next\"")?;
    Some(next.to_owned())
}

/// All pages of a list, and how many there were.
fn pages(registry: &Registry, path: &str, member: &str) -> (Vec<Value>, usize) {
    let (mut next, mut all, mut count) = (Some(path.to_owned()), Vec::new(), 0);
    while let Some(path) = next {
        let page = ask(registry, &format!("GET {path}")).is(200);
        all.extend(page.json()[member].as_array().unwrap().clone());
        (next, count) = (link(&page), count + 1);
    }
    (all, count)
}

#[test]
fn lists_come_in_pages() {
    let registry = start(Options { page: Some(2), ..Options::default() });
    for tag in ["e", "d", "c", "b", "a"] {
        let _ = registry.contents().plant_image("app", tag);
        let _ = registry.contents().plant_image(&format!("r/{tag}"), tag);
    }
    let letters = [json!("a"), json!("b"), json!("c"), json!("d"), json!("e")];
    assert_eq!(pages(&registry, "/v2/app/tags/list", "tags"), (letters.to_vec(), 3));
    assert_eq!(pages(&registry, "/v2/app/tags/list?n=1", "tags"), (letters.to_vec(), 5));
    assert_eq!(pages(&registry, "/v2/app/tags/list?n=9&last=c", "tags"), (letters[3..].to_vec(), 1));
    assert_eq!(pages(&registry, "/v2/app/tags/list?n=0", "tags"), (Vec::new(), 1));
    assert_eq!(pages(&registry, "/v2/_catalog", "repositories").0.len(), 6);
    let _ = ask(&registry, "GET /v2/none/tags/list").is(404);
}

#[test]
fn a_repository_without_manifests_is_in_no_list() {
    let registry = start(Options::default());
    let listed = || (registry.contents().repositories(), pages(&registry, "/v2/_catalog", "repositories").0);
    let _ = registry.contents().plant_blob("blobs", "alone");
    assert_eq!(listed(), (vec![], vec![]));
    let image = registry.contents().plant_image("app", "v1");
    assert_eq!(listed(), (vec!["app".to_owned()], vec![json!("app")]));
    let _ = ask(&registry, "DELETE /v2/app/manifests/v1").is(202);
    assert_eq!(listed().0, ["app"]);
    let _ = ask(&registry, &format!("DELETE /v2/app/manifests/{image}")).is(202);
    assert_eq!(listed(), (vec![], vec![]));
    // It comes back with the next push.
    let _ = registry.contents().plant_image("app", "v2");
    assert_eq!(listed().0, ["app"]);
}

/// A manifest with a subject, whose type is said by the config, by itself, or by nothing.
fn referrer(subject: &str, artifact_type: Option<&str>, note: &str) -> Vec<u8> {
    let mut manifest = json!({
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": { "mediaType": "application/x.config", "digest": sha256(b"{}"), "size": 2 },
        "layers": [],
        "subject": { "mediaType": OCI_MANIFEST, "digest": subject, "size": 1 },
        "annotations": { "note": note },
    });
    if let Some(artifact_type) = artifact_type {
        manifest["artifactType"] = json!(artifact_type);
    }
    manifest.to_string().into_bytes()
}

#[test]
fn referrers_are_listed_filtered_and_paged() {
    let registry = start(Options { page: Some(2), ..Options::default() });
    registry.contents().plant_blob("app", "{}");
    // The subject is not there, which it need not be.
    let subject = sha256(b"subject");
    for (number, artifact_type) in
        [Some("application/x+a"), Some("application/x+b"), None].into_iter().enumerate()
    {
        let manifest = referrer(&subject, artifact_type, &number.to_string());
        let line = format!("PUT /v2/app/manifests/{}", sha256(&manifest));
        let put = ask_with(&registry, &line, &[("Content-Type", OCI_MANIFEST)], &manifest).is(201);
        assert_eq!(put.header("oci-subject"), Some(subject.as_str()));
    }
    let path = format!("/v2/app/referrers/{subject}");
    let (all, count) = pages(&registry, &path, "manifests");
    assert_eq!((all.len(), count), (3, 2));
    let mut types: Vec<_> = all.iter().map(|d| d["artifactType"].as_str().unwrap()).collect();
    types.sort_unstable();
    assert_eq!(types, ["application/x+a", "application/x+b", "application/x.config"]);
    let one = &registry.contents().manifest("app", all[0]["digest"].as_str().unwrap()).unwrap().1;
    assert_eq!(
        (all[0]["size"].as_u64().unwrap(), all[0]["mediaType"].as_str().unwrap()),
        (one.len() as u64, OCI_MANIFEST)
    );
    assert!(all.iter().any(|d| d["annotations"]["note"] == "2"));

    let filtered = ask(&registry, &format!("GET {path}?artifactType=application%2Fx%2Bb")).is(200);
    assert_eq!(filtered.header("oci-filters-applied"), Some("artifactType"));
    assert_eq!(filtered.header("content-type"), Some(OCI_INDEX));
    assert_eq!(filtered.json()["manifests"].as_array().unwrap().len(), 1);
    let none = ask(&registry, &format!("GET /v2/other/referrers/{subject}")).is(200);
    assert_eq!(
        (none.json()["manifests"].as_array().unwrap().len(), none.header("oci-filters-applied")),
        (0, None)
    );
    let _ = ask(&registry, "GET /v2/app/referrers/sha256:zz").is(400);

    let old = start(Options { referrers: false, checks_references: false, ..Options::default() });
    let manifest = referrer(&subject, None, "");
    let line = format!("PUT /v2/app/manifests/{}", sha256(&manifest));
    let put = ask_with(&old, &line, &[("Content-Type", OCI_MANIFEST)], &manifest).is(201);
    assert_eq!(put.header("oci-subject"), None);
    let _ = ask(&old, &format!("GET {path}")).is(404);
    assert_eq!(old.contents().referrers("app", &subject).len(), 1);
}

#[test]
fn pushes_are_checked() {
    let registry = start(Options::default());
    registry.contents().plant_blob("app", "{}");
    let put = |content_type: &str, body: &str| {
        ask_with(&registry, "PUT /v2/app/manifests/t", &[("Content-Type", content_type)], body.as_bytes())
    };
    let config = format!(r#""config":{{"digest":"{}","size":2}}"#, sha256(b"{}"));
    for (content_type, body, code) in [
        // GHSA-qq97-vm5h-rrhg: an index that is an image as well.
        (
            OCI_MANIFEST,
            format!(r#"{{"schemaVersion":2,{config},"layers":[],"manifests":[]}}"#),
            "MANIFEST_INVALID",
        ),
        (OCI_INDEX, r#"{"schemaVersion":2,"manifests":[],"layers":[]}"#.to_owned(), "MANIFEST_INVALID"),
        (OCI_MANIFEST, format!(r#"{{"schemaVersion":1,{config}}}"#), "MANIFEST_INVALID"),
        (
            OCI_MANIFEST,
            format!(r#"{{"schemaVersion":2,"mediaType":"{OCI_INDEX}",{config}}}"#),
            "MANIFEST_INVALID",
        ),
        (
            OCI_MANIFEST,
            format!(r#"{{"schemaVersion":2,{config},"layers":[{{"digest":"sha256:../x"}}]}}"#),
            "MANIFEST_BLOB_UNKNOWN",
        ),
        (OCI_MANIFEST, " ".repeat((4 << 20) + 1), "SIZE_INVALID"),
    ] {
        let answer = put(content_type, &body);
        assert_eq!(answer.json()["errors"][0]["code"], code, "{body:.200}");
    }
    assert!(registry.contents().tags("app").is_empty());
    let _ = put(OCI_MANIFEST, &format!(r#"{{"schemaVersion":2,{config},"layers":[]}}"#)).is(201);
    // What a push may not, the inside may.
    let both =
        registry.contents().plant_manifest("app", Some("both"), OCI_INDEX, r#"{"layers":[],"manifests":[]}"#);
    let got = ask(&registry, "GET /v2/app/manifests/both").is(200);
    assert_eq!((sha256(&got.body), got.header("content-type")), (both, Some(OCI_INDEX)));
}

#[test]
fn nothing_is_deleted_or_mounted_where_that_is_off() {
    let registry =
        start(Options { deletes: false, mounts: false, relative_locations: true, ..Options::default() });
    let digest = registry.contents().plant_image("app", "v1");
    let blob = registry.contents().plant_blob("app", "blob");
    for path in [format!("manifests/{digest}"), "manifests/v1".to_owned(), format!("blobs/{blob}")] {
        let _ = ask(&registry, &format!("DELETE /v2/app/{path}")).is(405);
    }
    let upload = ask(&registry, &format!("POST /v2/new/blobs/uploads/?mount={blob}&from=app")).is(202);
    assert!(upload.header("location").unwrap().starts_with("/v2/new/blobs/uploads/"));
}

fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", base64::encode(format!("{user}:{password}")))
}

#[test]
fn basic_authentication_is_asked_for() {
    for anonymous_pull in [false, true] {
        let access = Access::basic("user", "right");
        let registry = start(Options { access, anonymous_pull, ..Options::default() });
        let _ = registry.contents().plant_image("app", "v1");
        let try_with =
            |line: &str, header: &str| ask_with(&registry, line, &[("Authorization", header)], b"").status;
        let refused = ask(&registry, "GET /v2/").is(401);
        assert_eq!(refused.header("www-authenticate"), Some("Basic realm=\"sandbox\""));
        assert_eq!(refused.json()["errors"][0]["code"], "UNAUTHORIZED");
        assert_eq!(ask(&registry, "GET /v2/app/manifests/v1").status, if anonymous_pull { 200 } else { 401 });
        let _ = ask(&registry, "POST /v2/app/blobs/uploads/").is(401);
        assert_eq!(try_with("GET /v2/app/manifests/v1", &basic("user", "right")), 200);
        assert_eq!(try_with("POST /v2/app/blobs/uploads/", &basic("user", "right")), 202);
        for wrong in [basic("user", "wrong"), basic("other", "right"), "Basic !".into(), "Bearer x".into()] {
            assert_eq!(try_with("GET /v2/app/manifests/v1", &wrong), 401, "{wrong}");
        }
        let twice =
            [("Authorization", &*basic("user", "right")), ("Authorization", &*basic("user", "right"))];
        let _ = ask_with(&registry, "GET /v2/app/manifests/v1", &twice, b"").is(401);
    }
}

/// The token that is given for a scope.
fn token(registry: &Registry, scope: &str, header: Option<&str>) -> Answer {
    let headers: Vec<_> = header.iter().map(|value| ("Authorization", *value)).collect();
    ask_with(registry, &format!("GET /token?service=sandbox&scope={scope}"), &headers, b"")
}

#[test]
fn bearer_tokens_allow_what_was_asked_for() {
    let access = Access::bearer("user", "right", Host::Registry);
    let registry = start(Options { access, anonymous_pull: true, ..Options::default() });
    let _ = registry.contents().plant_image("app", "v1");
    let blob = registry.contents().plant_blob("secret", "blob");
    let refused = ask(&registry, "GET /v2/app/manifests/v1").is(401);
    let challenge = format!(
        "Bearer realm=\"{}/token\",service=\"sandbox\",scope=\"repository:app:pull\"",
        registry.url()
    );
    assert_eq!(refused.header("www-authenticate"), Some(challenge.as_str()));
    let bearer = |answer: Answer| format!("Bearer {}", answer.is(200).json()["token"].as_str().unwrap());
    let status =
        |line: &str, header: &str| ask_with(&registry, line, &[("Authorization", header)], b"").status;

    let anonymous = bearer(token(&registry, "repository:app:pull,push", None));
    assert_eq!(status("GET /v2/app/manifests/v1", &anonymous), 200);
    assert_eq!(status("POST /v2/app/blobs/uploads/", &anonymous), 401);
    assert_eq!(status("GET /v2/other/manifests/v1", &anonymous), 401);
    let user = bearer(token(&registry, "repository:app:pull,push", Some(&basic("user", "right"))));
    assert_eq!(status("GET /v2/", &user), 200);
    assert_eq!(status("POST /v2/app/blobs/uploads/", &user), 202);
    // Nothing is mounted from where the token does not read.
    assert_eq!(status(&format!("POST /v2/app/blobs/uploads/?mount={blob}&from=secret"), &user), 202);
    let both = "repository:app:pull,push&scope=repository:secret:pull";
    let both = bearer(token(&registry, both, Some(&basic("user", "right"))));
    assert_eq!(status(&format!("POST /v2/app/blobs/uploads/?mount={blob}&from=secret"), &both), 201);
    assert_eq!(status("GET /v2/_catalog", &user), 401);
    let catalog = bearer(token(&registry, "registry:catalog:*", Some(&basic("user", "right"))));
    assert_eq!(status("GET /v2/_catalog", &catalog), 200);
    let _ = token(&registry, "repository:app:pull", Some(&basic("user", "wrong"))).is(401);

    let oauth = |form: &str| ask_with(&registry, "POST /token", &[], form.as_bytes());
    let answer = oauth(
        "grant_type=password&username=user&password=right&access_type=offline&scope=repository%3Aapp%3Apull",
    );
    assert_eq!(answer.is(200).json()["refresh_token"], "identity-token-of-user");
    let refreshed =
        oauth("grant_type=refresh_token&refresh_token=identity-token-of-user&scope=repository:app:pull,push");
    assert_eq!(status("POST /v2/app/blobs/uploads/", &bearer(refreshed)), 202);
    for wrong in
        ["grant_type=refresh_token&refresh_token=x", "grant_type=password&username=user&password=x", ""]
    {
        let _ = oauth(wrong).is(401);
    }
    registry.revoke_tokens();
    assert_eq!(status("GET /v2/app/manifests/v1", &user), 401);
}

#[test]
fn the_other_host_asks_nobody_and_tells_who_brought_what() {
    let access = Access::bearer("user", "right", Host::Other);
    let registry = start(Options { access, ..Options::default() });
    let _ = registry.contents().plant_image("app", "v1");
    let other = registry.other_url();
    let challenge = ask(&registry, "GET /v2/").is(401);
    assert!(
        challenge.header("www-authenticate").unwrap().starts_with(&format!("Bearer realm=\"{other}/token\""))
    );
    let port: u16 = other.rsplit(':').next().unwrap().parse().unwrap();
    let connect = || TcpStream::connect(("127.0.0.1", port)).unwrap();
    let header = [("Authorization", "Bearer stray")];
    let _ = exchange(connect(), "GET /v2/app/manifests/v1", &header, b"").is(200);
    let _ = exchange(connect(), "GET /token?scope=repository:app:pull", &[], b"").is(401);
    let seen = registry.journal().authorized(Host::Other);
    assert_eq!((seen.len(), seen[0].header("authorization")), (1, Some("Bearer stray")));
}

/// Asks over TLS, trusting the registry's authority, or another's.
fn ask_tls(registry: &Registry, trusted: &Registry, client: Option<(&str, &str)>) -> io::Result<Answer> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(trusted.authority_pem().unwrap().as_bytes()).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots);
    let config = match client {
        None => builder.with_no_client_auth(),
        Some((chain, key)) => {
            let chain = vec![CertificateDer::from_pem_slice(chain.as_bytes()).unwrap()];
            builder
                .with_client_auth_cert(chain, PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap())
                .unwrap()
        }
    };
    let name = ServerName::try_from("127.0.0.1").unwrap();
    let mut connection = rustls::ClientConnection::new(Arc::new(config), name).unwrap();
    let mut stream = TcpStream::connect(registry.address()).unwrap();
    while connection.is_handshaking() {
        connection.complete_io(&mut stream)?;
    }
    Ok(exchange(rustls::StreamOwned::new(connection, stream), "GET /v2/", &[], b""))
}

#[test]
fn tls_is_under_an_authority_of_its_own() {
    let registry = start(Options { transport: Transport::Https, ..Options::default() });
    let stranger = start(Options { transport: Transport::MutualTls, ..Options::default() });
    assert!(
        registry.url().starts_with("https://127.0.0.1:")
            && registry.other_url().starts_with("https://localhost:")
    );
    let _ = ask_tls(&registry, &registry, None).unwrap().is(200);
    assert!(ask_tls(&registry, &stranger, None).is_err());
    // Mutual: without a certificate, with a foreign one, with the right one.
    assert_eq!(ask_tls(&stranger, &stranger, None).map_or(0, |answer| answer.status), 0);
    assert_eq!(ask_tls(&stranger, &stranger, registry.client_pem()).map_or(0, |answer| answer.status), 0);
    let _ = ask_tls(&stranger, &stranger, stranger.client_pem()).unwrap().is(200);
    // Plain HTTP to TLS gets no answer.
    let _ = ask(&registry, "GET /v2/").is(0);
}

#[test]
fn many_run_at_once_and_end_when_they_are_dropped() {
    let registries: Vec<_> = (0..20).map(|_| start(Options::default())).collect();
    let digests: Vec<_> = registries
        .iter()
        .enumerate()
        .map(|(n, r)| r.contents().plant_image("app", &format!("v{n}")))
        .collect();
    for (n, registry) in registries.iter().enumerate() {
        let answer = ask(registry, &format!("GET /v2/app/manifests/v{n}")).is(200);
        assert_eq!(answer.header("docker-content-digest"), Some(digests[n].as_str()));
    }
    // One that waits is no hindrance.
    registries[0].hook(|_| Fault::none().delayed(Duration::from_secs(60)));
    let mut waiting = TcpStream::connect(registries[0].address()).unwrap();
    waiting.write_all(b"GET /v2/ HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n").unwrap();
    let begun = Instant::now();
    drop(registries);
    assert!(begun.elapsed() < Duration::from_secs(20));
    assert_eq!(waiting.read(&mut [0]).unwrap_or_default(), 0);
}

#[test]
fn uploads_that_nobody_ends_are_so_many_and_given_up_in_time() {
    use super::store::MAX_UPLOADS;
    let registry = start(Options::default());
    let begin = || ask(&registry, "POST /v2/app/blobs/uploads/");
    let age = |seconds| registry.contents().store().age_uploads(Duration::from_secs(seconds));
    let count = || registry.contents().store().uploads.len();
    for _ in 0..MAX_UPLOADS {
        registry.contents().store().start_upload("app").unwrap().unwrap();
    }
    let refused = begin().is(429);
    assert_eq!(refused.json()["errors"][0]["code"], "TOOMANYREQUESTS");
    assert_eq!(count(), MAX_UPLOADS);
    // What was not touched for a while makes room for others, and not more of it than is needed.
    age(90);
    let begun = begin().is(202);
    assert_eq!(count(), MAX_UPLOADS);
    // One that goes on is not too old.
    age(60 * 60 + 1);
    let location = begun.header("location").unwrap();
    let path = location.split_once("/v2/").map(|(_, rest)| format!("/v2/{rest}")).unwrap();
    ask_with(&registry, &format!("PATCH {path}"), &[], b"abc").is(202);
    begin().is(202);
    assert_eq!(count(), 2);
    ask(&registry, &format!("GET {path}")).is(204);
}
