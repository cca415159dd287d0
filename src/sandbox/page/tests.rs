use axum::body::{Body, to_bytes};
use axum::http::{self, HeaderMap, Method};
use serde_json::json;
use tower::ServiceExt as _;

use super::super::fulcio::Fulcio;
use super::super::oidc::Issuer;
use super::super::service::Service;
use super::super::{Clock, Folder};
use super::*;
use crate::crypto::{HashAlgorithm, KeyType, PrivateKey, SigningKey as _, base64};
use crate::tlog::issue::body;
use crate::x509::SubjectAlternativeName;
use crate::x509::issue::{Issuer as CertificateIssuer, Template, Validity};

const SCRIPT: &str = "<script>alert(1)</script>\"'&";

struct Answer {
    status: u16,
    headers: HeaderMap,
    body: String,
}

impl Answer {
    #[track_caller]
    fn shows(&self, text: &str) -> &Self {
        assert!(self.body.contains(text), "no {text} in {}", self.body);
        self
    }

    /// Nothing that a client wrote is markup.
    #[track_caller]
    fn is_escaped(&self) -> &Self {
        let body = self.body.to_lowercase();
        assert!(!body.contains("<script") && !body.contains("\"'&") && !body.contains("<img"), "{body}");
        self
    }
}

struct World {
    _place: tempfile::TempDir,
    page: Arc<Page>,
    runtime: tokio::runtime::Runtime,
}

impl World {
    fn new() -> Self {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::open(place.path()).unwrap();
        let clock = || Arc::new(Clock::default());
        let issuer = Arc::new(Issuer::open(&folder, "http://127.0.0.1:2", Vec::new(), clock()).unwrap());
        let fulcio = Fulcio::open(&folder, issuer, clock(), clock()).unwrap();
        let url = |(port, service): (usize, Service)| (service, format!("http://127.0.0.1:{}", port + 1));
        let page = Arc::new(Page {
            addresses: Addresses::new(Service::ALL.into_iter().enumerate().map(url)),
            folder: place.path().join("it's <here>"),
            somebody: "dev@example.com".to_owned(),
            rekor: Arc::new(RekorV1::open(&folder, clock(), "127.0.0.1").unwrap()),
            rekor2: Arc::new(RekorV2::open(&folder, clock(), "127.0.0.1").unwrap()),
            certificates: Arc::clone(fulcio.certificate_log()),
            images: Contents::default(),
        });
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        Self { _place: place, page, runtime }
    }

    fn ask(&self, method: Method, path: &str, host: &str) -> Answer {
        let request = http::Request::builder().method(method).uri(path).header("host", host);
        let router = Arc::clone(&self.page).router();
        self.runtime.block_on(async {
            let response = router.oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
            let (status, headers) = (response.status().as_u16(), response.headers().clone());
            let body = to_bytes(response.into_body(), 1 << 20).await.unwrap();
            Answer { status, headers, body: String::from_utf8(body.to_vec()).unwrap() }
        })
    }

    fn get(&self, path: &str) -> Answer {
        self.ask(Method::GET, path, "127.0.0.1:1")
    }

    #[track_caller]
    fn shown(&self, path: &str) -> Answer {
        let answer = self.get(path);
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        answer
    }

    /// Logs a body past all checks.
    fn log(&self, body: &[u8]) -> u64 {
        self.runtime.block_on(self.page.rekor.log().append(body.to_vec())).unwrap()
    }
}

/// A body with a certificate for this name, which is in it whatever it is.
fn body_of(name: &str) -> Vec<u8> {
    let key = PrivateKey::generate(KeyType::P256).unwrap();
    let validity = Validity {
        not_before: crate::crypto::UnixTime::from_seconds(1),
        not_after: crate::crypto::UnixTime::from_seconds(1000),
    };
    let template = Template::fulcio(SubjectAlternativeName::Email(name.to_owned()), SCRIPT, validity);
    let certificate =
        template.issue(key.public_key(), CertificateIssuer { key: &key, certificate: None }).unwrap();
    let digest = HashAlgorithm::Sha256.digest(name.as_bytes());
    let verifier = crate::tlog::LoggedVerifier::Certificate(certificate.der().to_vec());
    body::hashedrekord_001(&digest, b"signature", &verifier)
}

#[test]
fn identities_are_escaped() {
    let world = World::new();
    let index = world.log(&body_of("<script>alert(1)</script>\"'&@example.com"));
    for path in ["/".to_owned(), "/log/1".to_owned(), format!("/log/1/{index}")] {
        let page = world.shown(&path);
        page.is_escaped().shows("&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;@example.com");
    }
    world.shown("/use").is_escaped().shows("it&#39;\\&#39;&#39;s &lt;here&gt;");
}

#[test]
fn bodies_are_shown_whatever_they_are() {
    let world = World::new();
    let bodies: [&[u8]; 5] =
        [b"", b"\xff\xfe<script>", br#"{"kind":"<script>","apiVersion":1}"#, b"[[[[", b"<img src=x>"];
    for body in bodies {
        let index = world.log(body);
        world.shown(&format!("/log/1/{index}")).is_escaped().shows("a body that cannot be read");
    }
    world.shown("/log/1").is_escaped();
    let long = world.log(format!("[{}]", "{},".repeat(200_000)).as_bytes());
    let page = world.shown(&format!("/log/1/{long}"));
    assert!(page.body.len() < 200_000);
    page.shows("The rest is not shown: it has 600002 bytes.");
    world.shown("/log/1").shows("a body of 600002 bytes");
}

#[test]
fn what_is_in_the_registry_is_escaped() {
    let world = World::new();
    let images = &world.page.images;
    let image = images.plant_image("app", "1");
    images.plant_tag("app", SCRIPT, &image);
    let annotations = json!({ SCRIPT: SCRIPT, "org.example": "<img src=x onerror=y>" });
    let attached = json!({ "schemaVersion": 2, "artifactType": SCRIPT, "annotations": annotations,
        "config": { "mediaType": SCRIPT, "digest": SCRIPT, "size": SCRIPT },
        "layers": [{ "mediaType": SCRIPT, "digest": SCRIPT, "annotations": { "dev.sigstore.cosign/certificate": SCRIPT } }],
        "subject": { "mediaType": "x", "digest": image, "size": 1 } });
    let attached = images.plant_manifest("app", None, SCRIPT, attached.to_string());
    images.plant_manifest(SCRIPT, Some(SCRIPT), SCRIPT, SCRIPT);
    images.plant_tag("app", &format!("{}.sig", image.replace(':', "-")), "sha256:<script>");
    world.shown("/images").is_escaped().shows("/repository?name=%3Cscript%3E");
    world.shown("/repository?name=app").is_escaped().shows("&lt;script&gt;");
    world.shown("/repository?name=%3Cscript%3Ealert(1)%3C/script%3E%22'%26").is_escaped();
    let page = world.shown(&format!("/manifest?repository=app&digest={image}"));
    page.is_escaped().shows("artifact <code>&lt;script&gt;").shows("not there");
    let page = world.shown(&format!("/manifest?repository=app&digest={attached}"));
    page.is_escaped().shows("a certificate that cannot be read").shows("&lt;img src=x onerror=y&gt;");
    world.shown("/").is_escaped();
}

#[test]
fn entries_have_all_that_proves_them() {
    let world = World::new();
    let page = world.shown("/log/1/0");
    let entry = world.page.rekor.entry(0).unwrap().unwrap();
    let promise = base64::encode(entry.inclusion_promise.unwrap()).replace('\'', "&#39;");
    assert!(!promise.is_empty());
    page.shows("hashedrekord 0.0.1")
        .shows("Inclusion proof")
        .shows("Inclusion promise")
        .shows("the key <code>");
    page.shows(&world.page.rekor.uuid(&world.page.rekor.log().leaf_hash(0).unwrap()));
    page.shows(&hex::encode(world.page.rekor.log().root(1).unwrap()));
    let page = world.shown("/log/2/0");
    page.shows("hashedrekord 0.0.2").shows("127.0.0.1\n1\n").shows("/api/v2/tile/entries/000.p/1");
    world.shown("/certificates").shows("None yet.");
    world.shown("/images").shows("None yet.");
}

#[test]
fn lists_have_pages() {
    let world = World::new();
    for number in 0..60 {
        world.log(format!("\"{number}\"").as_bytes());
        world.page.images.plant_image("app", &format!("t{number:02}"));
    }
    let indices = |page: &Answer| -> Vec<u64> {
        let rows = page.body.split("<a href=\"/log/1/").skip(1);
        rows.map(|row| row.split('"').next().unwrap().parse().unwrap()).collect()
    };
    let first = world.shown("/log/1");
    assert_eq!(indices(&first), (36..=60).rev().collect::<Vec<_>>());
    first.shows("<a href=\"/log/1?before=36\">older</a>").shows("http-equiv=\"refresh\"");
    assert!(!first.body.contains(">newer<"));
    let second = world.shown("/log/1?before=36");
    assert_eq!(indices(&second), (11..=35).rev().collect::<Vec<_>>());
    second.shows("<a href=\"/log/1\">newer</a>").shows("<a href=\"/log/1?before=11\">older</a>");
    assert!(!second.body.contains("http-equiv"), "what is read does not move");
    let last = world.shown("/log/1?before=11");
    assert_eq!(indices(&last), (0..=10).rev().collect::<Vec<_>>());
    last.shows("<a href=\"/log/1?before=36\">newer</a>");
    assert_eq!(indices(&world.shown("/log/1?before=18446744073709551615")).len(), 25);
    assert_eq!(indices(&world.shown("/log/1?before=0")).len(), 0);
    let images = world.shown("/repository?name=app");
    images.shows(">t24<").shows("<a href=\"/repository?name=app&amp;page=2\">more</a>");
    assert!(!images.body.contains(">t25<"));
    world.shown("/repository?name=app&page=3").shows(">t59<").shows("page=2\">back</a>");
    assert!(!world.shown("/repository?name=app&page=18446744073709551615").body.contains(">t"));
}

#[test]
fn what_is_not_there_is_not_found() {
    let world = World::new();
    let digest = "sha256:".to_owned() + &"0".repeat(64);
    world.page.images.plant_image("app", "1");
    for path in [
        "/x",
        "/log/3",
        "/log/1/1",
        "/log/1/18446744073709551615",
        "/log/1/0/x",
        "/certificates/0",
        "/repository?name=other",
        "/manifest?repository=app&digest=1",
        &format!("/manifest?repository=app&digest={digest}"),
        &format!("/manifest?repository=other&digest={digest}"),
        "/%3Cscript%3E",
    ] {
        let answer = world.get(path);
        assert_eq!(answer.status, 404, "{path}");
        answer.is_escaped().shows("Not found");
    }
    for path in [
        "/log/1/x",
        "/log/1/+1",
        "/log/1/-1",
        "/log/1/18446744073709551616",
        "/log/1?before=x",
        "/log/1?before=1&before=2",
        "/log/1?before=%3Cscript%3E",
        "/repository",
        "/manifest?repository=app",
        "/images?page=-1",
        "/images?a&b&c&d&e&f&g&h&i",
    ] {
        let answer = world.get(path);
        assert_eq!(answer.status, 400, "{path}: {}", answer.body);
        answer.is_escaped();
    }
}

#[test]
fn other_methods_are_refused() {
    let world = World::new();
    for method in [Method::POST, Method::PUT, Method::DELETE, Method::PATCH, Method::OPTIONS] {
        let answer = world.ask(method, "/log/1", "127.0.0.1");
        assert_eq!(answer.status, 405);
        assert_eq!(answer.headers["allow"], "GET,HEAD");
    }
    assert_eq!(world.ask(Method::HEAD, "/log/1", "127.0.0.1").body, "");
}

#[test]
fn no_page_runs_or_fetches_anything() {
    let world = World::new();
    for path in ["/", "/log/1", "/log/2/0", "/certificates", "/images", "/use", "/nothing", "/log/1?before=x"]
    {
        let page = world.get(path);
        let policy = page.headers["content-security-policy"].to_str().unwrap();
        for rule in ["default-src 'none'", "form-action 'none'", "frame-ancestors 'none'", "base-uri 'none'"]
        {
            assert!(policy.contains(rule) && !policy.contains("unsafe"), "{policy}");
        }
        assert_eq!(page.headers["x-content-type-options"], "nosniff");
        assert!(!page.headers.contains_key("access-control-allow-origin"));
        page.is_escaped().shows("For testing only.");
        let addresses = page.body.split("href=\"").skip(1).chain(page.body.split("src=\"").skip(1));
        for address in addresses {
            assert!(address.starts_with('/') && !address.starts_with("//"), "{address}");
        }
        for attribute in [" style=", " onload=", " onerror=", " onclick="] {
            assert!(!page.body.contains(attribute), "{path}");
        }
    }
}
