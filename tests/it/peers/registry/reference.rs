//! The same requests to Docker's registry (CNCF distribution 2.8) and to that of the sandbox. What differs is in the table,
//! with the reason.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rcosign::internals::crypto::HashAlgorithm;
use rcosign::internals::sandbox::registry::{Options, Registry};
use serde_json::{Value, json};

use super::stores;
use crate::support::{Sandbox, peer};

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const BLOB: &[u8] = b"hello blob";

fn digest(bytes: &[u8]) -> String {
    HashAlgorithm::Sha256.digest(bytes).to_string()
}

fn manifest(config: &[u8]) -> Vec<u8> {
    let config = json!({ "mediaType": "application/vnd.oci.image.config.v1+json", "digest": digest(config), "size": config.len() });
    json!({ "schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [] }).to_string().into()
}

fn index(children: &[&[u8]]) -> Vec<u8> {
    let child = |c: &&[u8]| json!({ "mediaType": MANIFEST, "digest": digest(c), "size": c.len() });
    let children: Vec<Value> = children.iter().map(child).collect();
    json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": children }).to_string().into()
}

/// One request. `{location}` in the path is the last Location that was answered.
struct Row {
    line: String,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
    /// Why the answers differ, and the status of each, ours first.
    differs: Option<(u16, u16, &'static str)>,
}

fn row(line: &str) -> Row {
    Row { line: line.to_owned(), headers: Vec::new(), body: Vec::new(), differs: None }
}

impl Row {
    fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    fn body(self, bytes: &[u8]) -> Self {
        Self { body: bytes.to_vec(), ..self }
    }

    fn differs(self, ours: u16, theirs: u16, why: &'static str) -> Self {
        Self { differs: Some((ours, theirs, why)), ..self }
    }
}

const NOT_LOOKED_AT: &str =
    "section Pushing a blob in chunks: what is out of order is 416; Docker's does not look at Content-Range";

fn blobs() -> Vec<Row> {
    let (blob, none) = (digest(BLOB), digest(b"none"));
    let post = || row("POST /v2/a/blobs/uploads/");
    let get = || row(&format!("GET /v2/a/blobs/{blob}"));
    let chunk = |range: &str, bytes| row("PATCH {location}").header("Content-Range", range).body(bytes);
    vec![
        // Uploads: in chunks, in one request after the first, given up.
        post(),
        row("GET {location}"),
        chunk("0-4", &BLOB[..5]),
        row("GET {location}"),
        chunk("bad", b"zz").differs(416, 202, NOT_LOOKED_AT),
        chunk("5-50", b"zz").differs(416, 202, NOT_LOOKED_AT),
        post(),
        chunk("0-4", &BLOB[..5]),
        row(&format!("PUT {{location}}&digest={blob}")).body(&BLOB[5..]),
        post(),
        row(&format!("PUT {{location}}&digest={none}")).body(BLOB),
        post(),
        row("PUT {location}").body(BLOB),
        post(),
        row(&format!("PUT {{location}}&digest={blob}")).body(BLOB),
        row("GET {upload}"),
        row("PATCH {upload}").body(b"x"),
        row("DELETE {upload}"),
        post(),
        row("DELETE {location}"),
        row("GET {location}"),
        row("GET /v2/a/blobs/uploads/"),
        row("POST /v2/UPPER/blobs/uploads/"),
        post(),
        chunk("9-10", b"zz").differs(416, 202, NOT_LOOKED_AT),
        row(&format!("POST /v2/a/blobs/uploads/?digest={blob}")).body(BLOB).differs(
            201,
            202,
            "section Pushing a blob monolithically: one POST may be all",
        ),
        // Pulls.
        row(&format!("HEAD /v2/a/blobs/{blob}")),
        get(),
        get().header("Range", "bytes=2-4"),
        get().header("Range", "bytes=-3"),
        get().header("Range", "bytes=3-"),
        get().header("Range", "bytes=100-"),
        get().header("If-None-Match", &format!("\"{blob}\"")),
        row(&format!("GET /v2/a/blobs/{none}")),
        row(&format!("HEAD /v2/a/blobs/{none}")),
        row("GET /v2/a/blobs/sha256:abc"),
        row("GET /v2/a/blobs/junk"),
        row(&format!("GET /v2/b/blobs/{blob}")),
        row(&format!("PUT /v2/a/blobs/{blob}")).body(b"x"),
        // Mounts.
        row(&format!("POST /v2/b/blobs/uploads/?mount={blob}&from=a")),
        row(&format!("HEAD /v2/b/blobs/{blob}")),
        row(&format!("POST /v2/b/blobs/uploads/?mount={none}&from=a")),
        row("POST /v2/b/blobs/uploads/?mount=junk&from=a"),
        row(&format!("POST /v2/b/blobs/uploads/?mount={blob}")),
        row(&format!("DELETE /v2/b/blobs/{blob}")),
        row(&format!("DELETE /v2/b/blobs/{blob}")),
        row("GET /v2/b/tags/list"),
    ]
}

fn manifests() -> Vec<Row> {
    let m = manifest(BLOB);
    let own = digest(&m);
    let put = |reference: &str, media_type: &str, body: &[u8]| {
        row(&format!("PUT /v2/a/manifests/{reference}")).header("Content-Type", media_type).body(body)
    };
    let get = |reference: &str, accept: &str| {
        row(&format!("GET /v2/a/manifests/{reference}")).header("Accept", accept)
    };
    let blobs_alone = "a repository that has nothing to be asked for by name is in no list";
    let nobody_asked = "RFC 9110 section 12.5.1: no Accept, or `*/*`, takes everything";
    vec![
        row("GET /v2/a/tags/list"),
        row("GET /v2/a/manifests/t"),
        put("t", MANIFEST, &m),
        put(&own, MANIFEST, &m),
        put(&digest(b"other"), MANIFEST, &m),
        put("x", MANIFEST, &manifest(b"absent")),
        put("x", MANIFEST, b"junk"),
        put("x", "text/plain", &m),
        put("x", INDEX, &m),
        put(".bad", MANIFEST, &m),
        put("i", INDEX, &index(&[&m])),
        put("i", INDEX, &index(&[b"absent"])),
        put("empty", INDEX, &index(&[])),
        get("t", MANIFEST),
        get("t", &format!("text/html;q=0.5, {MANIFEST};q=0.1")),
        get(&own, MANIFEST),
        get(&own, MANIFEST).header("If-None-Match", &format!("\"{own}\"")),
        row("HEAD /v2/a/manifests/t").header("Accept", MANIFEST),
        row("HEAD /v2/a/manifests/none").header("Accept", MANIFEST),
        get("t", INDEX),
        get("i", MANIFEST),
        get("i", INDEX),
        row("GET /v2/a/manifests/t").differs(200, 404, nobody_asked),
        get("t", "*/*").differs(200, 404, nobody_asked),
        get("sha256:abc", MANIFEST).differs(400, 500, "a digest that is none is the client's mistake"),
        get(&digest(b"none"), MANIFEST),
        row("POST /v2/a/manifests/t"),
        // Lists.
        row("GET /v2/a/tags/list"),
        row("GET /v2/a/tags/list?n=x"),
        row("POST /v2/a/tags/list"),
        row("GET /v2/_catalog").differs(200, 200, blobs_alone),
        row("GET /v2/_catalog?n=1").differs(200, 200, blobs_alone),
        row("GET /v2/_catalog?n=1&last=a").differs(200, 200, blobs_alone),
        row("GET /v2/_catalog?n=0"),
        row("PUT /v2/_catalog"),
        // Deleting.
        row("DELETE /v2/a/manifests/empty").differs(202, 400, "section Deleting tags"),
        row(&format!("DELETE /v2/a/manifests/{own}")),
        row(&format!("DELETE /v2/a/manifests/{own}")),
        get("t", MANIFEST),
    ]
}

fn rest() -> Vec<Row> {
    vec![
        row("GET /"),
        row("GET /v2"),
        row("GET /v2/"),
        row("POST /v2/"),
        row("GET /v2/a/nothing"),
        row("GET /v2/UPPER/tags/list"),
        row(&format!("GET /v2/a/referrers/{}", digest(b"x"))),
    ]
}

/// An answer as far as it is compared.
#[derive(Debug, PartialEq, Eq)]
struct Answer {
    status: u16,
    /// Those that matter, sorted, without what is another each time.
    headers: Vec<(String, String)>,
    /// The codes of the errors, or the body that is no error.
    body: String,
}

/// The headers that matter. Location of an upload and its identifier differ each time.
const HEADERS: &[&str] = &[
    "accept-ranges",
    "allow",
    "cache-control",
    "content-length",
    "content-range",
    "content-type",
    "docker-content-digest",
    "docker-distribution-api-version",
    "docker-upload-uuid",
    "etag",
    "link",
    "location",
    "range",
];

struct Server {
    address: String,
    location: String,
}

impl Server {
    fn ask(&mut self, row: &Row) -> Answer {
        let upload = self.location.split('?').next().unwrap_or_default();
        let query = self.location.split_once('?').map_or("", |(_, query)| query);
        let line =
            row.line.replace("{location}", &self.location).replace("{upload}", &format!("{upload}?{query}"));
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let more: String = row.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let length = row.body.len();
        let head = format!(
            "{line} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Length: {length}\r\n{more}\r\n",
            self.address
        );
        stream.write_all(&[head.as_bytes(), &row.body].concat()).unwrap();
        let mut all = Vec::new();
        // A server that closes early may reset.
        let _ = stream.read_to_end(&mut all);
        let all = String::from_utf8_lossy(&all).into_owned();
        let (head, body) = all.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{line}: {all:?}"));
        let status: u16 = head.split(' ').nth(1).unwrap().parse().unwrap();
        let mut headers: Vec<(String, String)> = head
            .lines()
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
            .filter(|(name, _)| HEADERS.contains(&name.as_str()))
            .collect();
        headers.sort();
        for (name, value) in &mut headers {
            if name == "location" && value.contains("/uploads/") {
                self.location = value.replace(&format!("http://{}", self.address), "");
            }
            *value = value.replace(&self.address, "HOST");
            if name == "docker-upload-uuid" || value.contains("/uploads/") {
                *value = "an upload".to_owned();
            }
        }
        if status >= 300 {
            // Pages for people, and details of errors.
            headers.retain(|(name, value)| {
                name != "content-length" && !(name == "content-type" && value.starts_with("text"))
            });
        }
        Answer { status, headers, body: comparable(body) }
    }
}

fn comparable(body: &str) -> String {
    match serde_json::from_str::<Value>(body) {
        Ok(Value::Object(members)) if members.contains_key("errors") => {
            let errors = members["errors"].as_array().unwrap();
            errors.iter().map(|error| error["code"].as_str().unwrap()).collect::<Vec<_>>().join(" ")
        }
        Err(_) if body.starts_with('<') || body.starts_with("invalid range") => String::new(),
        _ => body.to_owned(),
    }
}

/// Docker's registry, until it is dropped.
struct Docker(Child);

impl Docker {
    /// Starts it on a free port; gives its address.
    fn start(sandbox: &Sandbox, program: &std::path::Path) -> (Self, String) {
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
        let config = format!(
            "version: 0.1\nlog: {{level: error, accesslog: {{disabled: true}}}}\n\
             storage: {{inmemory: {{}}, delete: {{enabled: true}}}}\nhttp: {{addr: \"{address}\"}}\n"
        );
        let file = sandbox.file("registry.yml", config);
        let child = Command::new(program)
            .arg("serve")
            .arg(file)
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let this = Self(child);
        for _ in 0..500 {
            if TcpStream::connect(&address).is_ok() {
                return (this, address);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("Docker's registry does not start");
    }
}

impl Drop for Docker {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn docker_registry_answers_the_same() {
    let Some(program) = peer("docker-registry") else { return };
    let sandbox = Sandbox::new();
    // It has no referrers API.
    for registry in stores(&sandbox, Options { referrers: false, ..Options::default() }) {
        let (_docker, address) = Docker::start(&sandbox, &program);
        compare(&registry, address);
    }
}

fn compare(registry: &Registry, address: String) {
    let mut ours = Server { address: registry.address(), location: String::new() };
    let mut theirs = Server { address, location: String::new() };
    let mut faults = Vec::new();
    for row in [blobs(), manifests(), rest()].into_iter().flatten() {
        let (our, their) = (ours.ask(&row), theirs.ask(&row));
        let as_expected = match row.differs {
            None => our == their,
            Some((us, them, _)) => our.status == us && their.status == them,
        };
        if !as_expected {
            let why = row.differs.map_or("", |(.., why)| why);
            faults
                .push(format!("{} {:?} {why}\n  ours   {our:?}\n  theirs {their:?}", row.line, row.headers));
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}
