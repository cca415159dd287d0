//! The registry of the sandbox in a folder: processes that push at once, and one that is killed while they do.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use rcosign::internals::crypto::HashAlgorithm;
use rcosign::internals::sandbox::registry::{Options, Registry};
use serde_json::json;

use crate::support::{Sandbox, repository};

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
/// The folder of the registry that [`serves_until_it_is_killed`] serves.
const FOLDER: &str = "RCOSIGN_TEST_REGISTRY";

/// How long the clients may take for a round.
const PATIENCE: Duration = Duration::from_secs(60);

fn digest(bytes: &[u8]) -> String {
    HashAlgorithm::Sha256.digest(bytes).to_string()
}

fn open(folder: &Path) -> Registry {
    Registry::start(Options { folder: Some(folder.to_owned()), ..Options::default() }).unwrap()
}

#[test]
#[ignore = "the process that another test kills"]
fn serves_until_it_is_killed() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let registry = open(&PathBuf::from(folder));
    writeln!(io::stderr(), "serving {}", registry.address()).unwrap();
    // Nor does it outlive the test.
    let _ = io::stdin().read(&mut [0]);
}

/// A registry in a process of its own, which is killed when this is dropped, as by `kill -9`.
struct Served {
    process: Child,
    address: String,
}

impl Served {
    fn start(folder: &Path) -> Self {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "kept_registry::serves_until_it_is_killed", "--ignored", "--nocapture"])
            .env(FOLDER, folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stderr.take().unwrap()).lines().map_while(Result::ok);
        let address = lines.find_map(|line| line.strip_prefix("serving ").map(str::to_owned)).unwrap();
        Self { process, address }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

/// Status and Location of the answer, if it came whole.
fn ask(address: &str, line: &str, headers: &str, body: &[u8]) -> Option<(u16, String)> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(60))).ok()?;
    let length = body.len();
    let head = format!(
        "{line} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n"
    );
    stream.write_all(&[head.as_bytes(), body].concat()).ok()?;
    let mut all = Vec::new();
    stream.read_to_end(&mut all).ok()?;
    let all = String::from_utf8_lossy(&all).into_owned();
    let head = all.split_once("\r\n\r\n")?.0;
    let location =
        head.lines().find_map(|line| line.strip_prefix("location: http://127.0.0.1")).unwrap_or_default();
    Some((head.split(' ').nth(1)?.parse().ok()?, location.to_owned()))
}

/// What a client was told of.
#[derive(Debug)]
enum Told {
    Blob(Vec<u8>),
    Tag(String, Vec<u8>),
    /// Where the upload goes on, and what there is of it.
    Upload(String, Vec<u8>),
}

/// Pushes until nobody answers any more: blobs in each way, manifests, a tag that moves, uploads that stay open.
fn push(address: &str, client: &str, told: &Mutex<Vec<Told>>) -> Option<()> {
    let tell = |what: Told| told.lock().unwrap().push(what);
    for number in 0.. {
        // Now and then larger than what stays in memory.
        let size = if number % 16 == 3 { 5_000_000 } else { 100 };
        let blob = format!("{client} {number} {}", "x".repeat(size)).into_bytes();
        let name = digest(&blob);
        let created = if number % 2 == 0 {
            ask(address, &format!("POST /v2/app/blobs/uploads/?digest={name}"), "", &blob)?
        } else {
            let (_, upload) = ask(address, "POST /v2/app/blobs/uploads/", "", b"")?;
            let half = blob.len() / 2;
            assert_eq!(ask(address, &format!("PATCH {upload}"), "", &blob[..half])?.0, 202);
            if number % 8 == 7 {
                tell(Told::Upload(upload, blob[..half].to_vec()));
                continue;
            }
            ask(address, &format!("PUT {upload}&digest={name}"), "", &blob[half..])?
        };
        assert_eq!(created.0, 201);
        let config = json!({ "mediaType": "application/x", "digest": name, "size": blob.len() });
        tell(Told::Blob(blob));
        let manifest = json!({ "schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [] });
        let manifest = manifest.to_string().into_bytes();
        for tag in [format!("{client}-{number}"), format!("{client}-latest")] {
            let line = format!("PUT /v2/app/manifests/{tag}");
            let put = ask(address, &line, &format!("Content-Type: {MANIFEST}\r\n"), &manifest)?;
            assert_eq!(put.0, 201);
            tell(Told::Tag(tag, manifest.clone()));
        }
    }
    None
}

#[test]
fn nothing_acknowledged_is_lost_by_a_kill() {
    let place = Sandbox::new();
    let folder = place.at("registry");
    let told = Mutex::new(Vec::new());
    for round in 0..4 {
        let served = Served::start(&folder);
        let before = told.lock().unwrap().len();
        std::thread::scope(|scope| {
            let clients: Vec<_> = (0..8)
                .map(|client| {
                    let (address, told) = (served.address.clone(), &told);
                    scope.spawn(move || push(&address, &format!("c{round}-{client}"), told))
                })
                .collect();
            // Clients end before the registry where they panic, which the end of the scope tells.
            let (begun, count) = (Instant::now(), || told.lock().map_or(usize::MAX, |told| told.len()));
            while count() < before + 200
                && !clients.iter().any(|client| client.is_finished())
                && begun.elapsed() < PATIENCE
            {
                std::thread::sleep(Duration::from_millis(1));
            }
            let enough = count() >= before + 200;
            drop(served);
            assert!(enough, "the clients were told of {} things", count() - before);
        });
    }
    let registry = open(&folder);
    let contents = registry.contents();
    let told = told.into_inner().unwrap();
    let mut latest = std::collections::BTreeMap::new();
    for told in &told {
        match told {
            Told::Blob(bytes) => assert!(contents.blob("app", &digest(bytes)).as_ref() == Some(bytes)),
            Told::Tag(tag, manifest) if tag.ends_with("-latest") => {
                latest.insert(tag.clone(), manifest.clone());
            }
            Told::Tag(tag, manifest) => assert_eq!(&contents.manifest("app", tag).unwrap().1, manifest),
            Told::Upload(upload, bytes) => {
                // It ends with its blob.
                let name = digest(&[bytes.as_slice(), b"end"].concat());
                let line = format!("PUT {upload}&digest={name}");
                assert_eq!(ask(&registry.address(), &line, "", b"end").unwrap().0, 201, "{upload}");
            }
        }
    }
    for (tag, manifest) in latest {
        // It is where the last acknowledged push has put it, or where one has that was not answered any more.
        let (_, found) = contents.manifest("app", &tag).unwrap();
        let known = told.iter().filter_map(|told| match told {
            Told::Tag(tag, manifest) if !tag.ends_with("-latest") => Some((tag, manifest)),
            _ => None,
        });
        let number = |wanted: &[u8]| {
            let mut known = known.clone();
            let (tag, _) = known.find(|(_, manifest)| manifest.as_slice() == wanted)?;
            tag.rsplit_once('-')?.1.parse::<u32>().ok()
        };
        assert!(number(&found) >= number(&manifest), "{tag}");
    }
    assert!(told.iter().any(|told| matches!(told, Told::Upload(..))));
}

#[test]
fn thirty_two_processes_lose_nothing() {
    const MANY: usize = 32;
    let sandbox = Sandbox::new();
    let folder = sandbox.at("registry");
    let registry = open(&folder);
    let image = registry.contents().plant_image("app", "v1");
    let key = repository().join("testdata/keys/p256.pkcs8.pem");
    for number in 0..MANY {
        let _ = sandbox.file(&format!("f{number}"), format!("file {number}"));
    }
    let host = registry.address();
    std::thread::scope(|scope| {
        for number in 0..MANY {
            let (sandbox, host, image, key) = (&sandbox, &host, &image, key.to_str().unwrap());
            scope.spawn(move || {
                let (file, place) = (format!("f{number}"), format!("{host}/files:t{number}"));
                let _ = sandbox.run(&["upload", "blob", "-f", &file, &place]).ok();
                let signed = format!("{host}/app@{image}");
                let note = format!("n={number}");
                let _ = sandbox.run(&["sign", "--key", key, "--offline", "-a", &note, &signed]).ok();
            });
        }
    });
    let check = |registry: &Registry| {
        let contents = registry.contents();
        assert_eq!(contents.tags("files").len(), MANY);
        for number in 0..MANY {
            let blob = format!("file {number}").into_bytes();
            assert_eq!(contents.blob("files", &digest(&blob)), Some(blob));
        }
        assert_eq!(contents.referrers("app", &image).len(), MANY);
    };
    check(&registry);
    drop(registry);
    check(&open(&folder));
}
