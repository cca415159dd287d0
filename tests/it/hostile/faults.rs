//! What a registry can do wrong, as data.

use std::time::Duration;

use rcosign::internals::sandbox::registry::{Fault, Request};
use serde_json::{Value, json};

use crate::verify_images::signed::{INDEX, MANIFEST};

/// What a fault does to the question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// There is no answer to it: every command that asked fails, and none says that there is nothing.
    Fails,
    /// There is an answer, and it is a lie. It may spoil no more than what it is about.
    Lies,
}

/// How long commands have where a fault keeps them waiting (`--timeout`).
pub const PATIENCE: Duration = Duration::from_secs(2);

/// Its name, its effect, and itself; `None` where it is none for this request. The text is the address of the other host.
pub type Kind = (&'static str, Effect, fn(&Request, &str) -> Option<Fault>);

use Effect::{Fails, Lies};

const KINDS: &[Kind] = &[
    ("401", Fails, |_, _| Some(Fault::error(401, "UNAUTHORIZED", "no"))),
    ("403", Fails, |_, _| Some(Fault::error(403, "DENIED", "no"))),
    ("418", Fails, |_, _| Some(Fault::status(418))),
    ("429 for three years", Fails, |_, _| Some(Fault::status(429).header("Retry-After", "99999999"))),
    ("429 for ever", Fails, |_, _| Some(Fault::status(429).header("Retry-After", "99999999999999999999"))),
    ("500", Fails, |_, _| Some(Fault::status(500))),
    ("503", Fails, |_, _| Some(Fault::error(503, "UNAVAILABLE", "later"))),
    ("an error with escapes", Fails, |_, _| {
        Some(Fault::error(403, "\u{1b}]0;x\u{7}", "\u{1b}[2J\u{9b}1A\u{202e}verified\r\n"))
    }),
    ("an error of 20 MB", Fails, |_, _| {
        Some(Fault::error(403, "A", "b").endless(vec![b'x'; 1 << 16]).claiming(20_000_000))
    }),
    ("closed", Fails, |_, _| Some(Fault::close())),
    ("reset", Fails, |_, _| Some(Fault::reset())),
    ("redirected for ever", Fails, |request, _| Some(Fault::redirect(&request.path))),
    ("redirected to a file", Fails, |_, _| Some(Fault::redirect("file:///etc/passwd"))),
    ("redirected nowhere", Fails, |_, _| Some(Fault::status(307))),
    ("redirected with a password", Fails, |_, other| {
        Some(Fault::redirect(&other.replace("://", "://user:word@")))
    }),
    ("redirected elsewhere", Lies, |request, other| {
        Some(Fault::redirect(&format!("{other}{}?{}", request.path, request.query)))
    }),
    ("held", Fails, |_, _| Some(Fault::none().delayed(Duration::from_secs(60)))),
    ("a byte in a second", Fails, |request, _| {
        get(request, || Fault::none().slow(1, Duration::from_secs(1)))
    }),
    ("cut off", Fails, |request, _| get(request, || Fault::none().truncated(1))),
    ("50 GB", Fails, |request, _| {
        get(request, || Fault::none().endless(vec![b'x'; 1 << 16]).claiming(50_000_000_000))
    }),
    ("without an end", Fails, |request, _| get(request, || Fault::none().endless(vec![b' '; 1 << 16]))),
    ("headers without an end", Fails, |request, _| {
        get(request, || Fault::none().header("X-Long", &"x".repeat(2 << 20)))
    }),
    ("a page for people", Lies, |request, _| get(request, || Fault::answer("text/html", "<h1>Welcome</h1>"))),
    ("nothing", Lies, |request, _| get(request, || Fault::answer(MANIFEST, ""))),
    ("no content", Lies, |request, _| get(request, || Fault::status(204))),
    ("part of it", Lies, |request, _| {
        get(request, || Fault::answer(MANIFEST, "{}").header("Content-Range", "bytes 0-1/9"))
    }),
    ("{", Lies, |request, _| typed(request, "{")),
    ("null", Lies, |request, _| typed(request, "null")),
    ("a list", Lies, |request, _| typed(request, "[]")),
    ("no UTF-8", Lies, |request, _| typed(request, b"{\"schemaVersion\":2,\"x\":\"\xff\"}".to_vec())),
    ("members twice", Lies, |request, _| {
        typed(
            request,
            r#"{"schemaVersion":2,"schemaVersion":2,"manifests":[],"manifests":[],"tags":[],"tags":[]}"#,
        )
    }),
    ("deep", Lies, |request, _| typed(request, ["{\"a\":".repeat(200_000), "1".into()].concat())),
    ("wrong types", Lies, |request, _| {
        typed(
            request,
            r#"{"schemaVersion":2,"manifests":{"a":1},"layers":7,"config":[],"tags":"x","errors":3}"#,
        )
    }),
    ("image and index in one", Lies, |request, _| {
        let mut both = image(&[]);
        both["manifests"] = json!([]);
        typed(request, both.to_string())
    }),
    ("another type than announced", Lies, |request, _| {
        let (right, wrong) = if lists(request) { (INDEX, MANIFEST) } else { (MANIFEST, INDEX) };
        let mut document = if lists(request) { index(&[]) } else { image(&[]) };
        document["mediaType"] = wrong.into();
        get(request, || Fault::answer(right, document.to_string()))
    }),
    ("an image for an index, an index for an image", Lies, |request, _| {
        let (media_type, document) =
            if lists(request) { (MANIFEST, image(&[])) } else { (INDEX, index(&[])) };
        get(request, || Fault::answer(media_type, document.to_string()))
    }),
    ("another digest", Lies, |request, _| {
        get(request, || Fault::none().header("Docker-Content-Digest", &digest(7)))
    }),
    ("a digest that leads out", Lies, |request, _| {
        named(request, &json!("sha256:../../../../etc/passwd"), &json!(2))
    }),
    ("a digest in capitals", Lies, |request, _| named(request, &json!(digest(10).to_uppercase()), &json!(2))),
    ("a digest that is short", Lies, |request, _| named(request, &json!("sha256:ab"), &json!(2))),
    ("a size below zero", Lies, |request, _| named(request, &json!(digest(1)), &json!(-1))),
    ("a size of 50 GB", Lies, |request, _| named(request, &json!(digest(1)), &json!(50_000_000_000_u64))),
    ("a size beyond numbers", Lies, |request, _| named(request, &json!(digest(1)), &json!(1e300))),
    ("what is not there", Lies, |request, _| named(request, &json!(digest(1)), &json!(2))),
    ("itself", Lies, |request, _| {
        let digest = request.path.rsplit('/').next().unwrap().to_owned();
        named(request, &json!(digest), &json!(2))
    }),
    ("a million layers", Lies, |request, _| typed(request, filled(request, "{\"digest\":\"a\"},"))),
    ("10,000 layers", Lies, |request, _| {
        let all: Vec<_> = (0..10_000).map(|n| descriptor(&json!(digest(n)), &json!(2))).collect();
        typed(request, if lists(request) { index(&all) } else { image(&all) }.to_string())
    }),
    ("a million annotations", Lies, |request, _| {
        let pairs: String = (0..250_000).map(|n| format!("\"{n}\":\"\",")).collect();
        let document = if lists(request) { index(&[]) } else { image(&[]) }.to_string();
        typed(
            request,
            format!(
                "{}{pairs}\"x\":\"\"}}}}",
                document.trim_end_matches('}').to_owned() + ",\"annotations\":{"
            ),
        )
    }),
    ("a million values", Lies, |request, _| typed(request, filled(request, "0,"))),
    ("gzip", Lies, |request, _| get(request, || Fault::none().header("Content-Encoding", "gzip"))),
    ("escapes", Lies, |request, _| {
        let text = "\u{1b}[2J\u{9b}1A\u{202e}verified\r\nverified\u{7}";
        let mut entry = descriptor(&json!(digest(1)), &json!(2));
        entry["mediaType"] = text.into();
        entry["artifactType"] = text.into();
        entry["annotations"] = json!({ text: text });
        let mut document = if lists(request) { index(&[entry]) } else { image(&[entry]) };
        document["artifactType"] = text.into();
        document["annotations"] = json!({ text: text, "dev.sigstore.bundle.predicateType": text });
        typed(request, document.to_string())
    }),
    ("signature layers without annotations", Lies, |request, _| {
        let kinds =
            ["application/vnd.dev.cosign.simplesigning.v1+json", "application/vnd.dsse.envelope.v1+json"];
        let layers: Vec<_> = kinds
            .iter()
            .map(|kind| {
                let mut layer = descriptor(&json!(EMPTY), &json!(2));
                layer["mediaType"] = (*kind).into();
                layer
            })
            .collect();
        typed(request, if lists(request) { index(&layers) } else { image(&layers) }.to_string())
    }),
    ("upload elsewhere", Lies, |request, other| {
        let upload = !reads(request) && request.path.contains("/uploads");
        upload.then(|| Fault::status(202).header("Location", &format!("{other}{}x", request.path)))
    }),
    ("upload nowhere", Fails, |request, _| {
        let upload = request.method == "POST" && request.path.contains("/uploads");
        upload.then(|| Fault::status(202).header("Location", "http://["))
    }),
    ("stored under another digest", Fails, |request, _| {
        let written = request.method == "PUT" && request.path.contains("/manifests/");
        written.then(|| Fault::none().header("Docker-Content-Digest", &digest(7)))
    }),
    ("a next page elsewhere", Lies, |request, other| {
        get(request, || Fault::none().header("Link", &format!("<{other}{}>; rel=\"next\"", request.path)))
    }),
    ("the same page again", Lies, |request, _| {
        get(request, || Fault::none().header("Link", &format!("<{}>; rel=\"next\"", request.path)))
    }),
    ("pages without an end", Lies, |request, _| {
        let list = request.path.contains("/referrers/") || request.path.ends_with("/tags/list");
        list.then(|| Fault::endless_pages(request))
    }),
    ("a million tags", Lies, |request, _| {
        let tags: String = (0..300_000).map(|n| format!("\"t{n}\",")).collect();
        request
            .path
            .ends_with("/tags/list")
            .then(|| Fault::answer("application/json", format!("{{\"tags\":[{tags}\"x\"]}}")))
    }),
];

/// The digest of `{}`.
pub const EMPTY: &str = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";

pub fn all() -> impl Iterator<Item = &'static Kind> {
    KINDS.iter()
}

fn reads(request: &Request) -> bool {
    request.method == "GET" || request.method == "HEAD"
}

/// Whether what is asked for is a list of manifests.
fn lists(request: &Request) -> bool {
    let tag = request.path.rsplit('/').next().unwrap_or_default();
    request.path.contains("/referrers/") || (tag.starts_with("sha256-") && !tag.contains('.'))
}

fn get(request: &Request, fault: impl Fn() -> Fault) -> Option<Fault> {
    (request.method == "GET").then(fault)
}

/// This document, under the media type that is expected.
fn typed(request: &Request, document: impl Into<Vec<u8>> + Clone) -> Option<Fault> {
    let media_type = match request.path.as_str() {
        path if path.ends_with("/tags/list") => "application/json",
        _ if lists(request) => INDEX,
        path if path.contains("/manifests/") => MANIFEST,
        _ => "application/octet-stream",
    };
    get(request, || Fault::answer(media_type, document.clone()))
}

fn named(request: &Request, digest: &Value, size: &Value) -> Option<Fault> {
    let entry = descriptor(digest, size);
    typed(request, if lists(request) { index(&[entry]) } else { image(&[entry]) }.to_string())
}

/// A document that is as large as documents may be.
fn filled(request: &Request, item: &str) -> String {
    let items = item.repeat((4_000_000 / item.len()).min(1_000_000));
    let name = if lists(request) { "manifests" } else { "layers" };
    format!("{{\"schemaVersion\":2,\"config\":{{}},\"{name}\":[{}]}}", items.trim_end_matches(','))
}

pub fn digest(n: usize) -> String {
    format!("sha256:{n:064x}")
}

pub fn descriptor(digest: &Value, size: &Value) -> Value {
    json!({ "mediaType": MANIFEST, "digest": digest, "size": size })
}

pub fn image(layers: &[Value]) -> Value {
    let config = json!({ "mediaType": "application/vnd.oci.empty.v1+json", "digest": EMPTY, "size": 2 });
    json!({ "schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": layers })
}

pub fn index(manifests: &[Value]) -> Value {
    json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": manifests })
}
