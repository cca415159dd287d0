//! `sandbox up`, killed while its logs and its registry take entries, and what was done to its folder meanwhile.
#![cfg(unix)]

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use rcosign::internals::crypto::{
    HashAlgorithm, KeyType, PrivateKey, SigningInput, SigningKey as _, sign_at_once,
};
use rcosign::internals::tlog::{LoggedVerifier, propose};
use serde_json::{Value, json};

use crate::support::{Output, Sandbox};

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
/// How long clients may take for a round.
const PATIENCE: Duration = Duration::from_secs(60);

/// A sandbox in the background in the folder `state`, killed at the end.
struct Kept(Sandbox);

impl Kept {
    fn new() -> Self {
        Self(Sandbox::new().env("COSIGN_OFFLINE", ""))
    }

    fn up(&self) -> Output {
        self.0.run(&["sandbox", "up", "--detach", "--dir", "state"])
    }

    fn json(&self, file: &str) -> Value {
        serde_json::from_slice(&self.0.read(&format!("state/{file}"))).unwrap()
    }

    /// The address of a service, without its scheme.
    fn address(&self, service: &str) -> String {
        self.json("services.json")[service].as_str().unwrap().trim_start_matches("http://").to_owned()
    }

    fn kill(&self) {
        signal(&self.json("control.json")["pid"]);
    }

    /// The error with which it does not start, and nothing in it has changed.
    fn refused(&self) -> String {
        let before = files(&self.0.at("state"));
        let output = self.up().code(1);
        assert!(files(&self.0.at("state")) == before);
        output.stderr
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        let _ = self.0.run(&["sandbox", "down", "--dir", "state"]);
    }
}

fn signal(pid: &Value) {
    let kill = format!("kill -KILL {pid}");
    assert!(std::process::Command::new("/bin/sh").args(["-c", &kill]).status().unwrap().success());
}

/// What is kept of a sandbox, but what it says itself.
fn files(folder: &std::path::Path) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    let mut all = Vec::new();
    for name in ["logs", "registry", "keys"] {
        for entry in fs::read_dir(folder.join(name)).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_file() {
                all.push((path.clone(), fs::read(&path).unwrap()));
            }
        }
    }
    all.sort();
    all
}

struct Answer {
    status: u16,
    head: String,
    body: Vec<u8>,
}

/// The answer, if it came whole.
fn ask(address: &str, line: &str, headers: &str, body: &[u8]) -> Option<Answer> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(30))).ok()?;
    let head = format!(
        "{line} HTTP/1.0\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Length: {}\r\n{headers}\r\n",
        body.len()
    );
    stream.write_all(&[head.as_bytes(), body].concat()).ok()?;
    let mut all = Vec::new();
    stream.read_to_end(&mut all).ok()?;
    let end = all.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let head = String::from_utf8_lossy(&all[..end]).to_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok());
    let body = all.split_off(end);
    let status = head.split(' ').nth(1)?.parse().ok()?;
    length.is_none_or(|length| length == body.len()).then_some(Answer { status, head, body })
}

fn post(address: &str, path: &str, body: &Value) -> Option<Answer> {
    ask(address, &format!("POST {path}"), "Content-Type: application/json\r\n", body.to_string().as_bytes())
}

/// What a client was told of.
enum Told {
    Rekor { index: u64, body: String },
    Rekor2 { index: String, request: Value },
    Tag { tag: String, manifest: Vec<u8> },
}

/// Another entry or image, if there still is an answer.
fn push(kept: &Kept, key: &PrivateKey, number: usize) -> Option<Told> {
    let digest = HashAlgorithm::Sha256.digest(format!("artifact {number}").as_bytes());
    let signature = sign_at_once(key, &SigningInput::Digest(digest.clone())).unwrap();
    let verifier = LoggedVerifier::PublicKey(key.public_key().clone());
    match number % 3 {
        0 => {
            let request = propose::hashedrekord_001(&digest, &signature, &verifier);
            let answer = post(&kept.address("rekor"), "/api/v1/log/entries", &request)?;
            assert_eq!(answer.status, 201);
            let answer: Value = serde_json::from_slice(&answer.body).unwrap();
            let entry = answer.as_object().unwrap().values().next().unwrap();
            let (index, body) =
                (entry["logIndex"].as_u64().unwrap(), entry["body"].as_str().unwrap().to_owned());
            Some(Told::Rekor { index, body })
        }
        1 => {
            let request =
                propose::hashedrekord_002(&digest, &signature, &verifier, "PKIX_ECDSA_P256_SHA_256");
            let answer = post(&kept.address("rekor2"), "/api/v2/log/entries", &request)?;
            assert_eq!(answer.status, 201);
            let answer: Value = serde_json::from_slice(&answer.body).unwrap();
            Some(Told::Rekor2 { index: answer["logIndex"].as_str().unwrap().to_owned(), request })
        }
        _ => {
            let registry = kept.address("registry");
            let (blob, digest) = (format!("artifact {number}"), digest.to_string());
            let line = format!("POST /v2/app/blobs/uploads/?digest={digest}");
            assert_eq!(ask(&registry, &line, "", blob.as_bytes())?.status, 201);
            let config = json!({ "mediaType": "application/x", "digest": digest, "size": blob.len() });
            let manifest =
                json!({ "schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [] });
            let (tag, manifest) = (format!("t{number}"), manifest.to_string().into_bytes());
            let line = format!("PUT /v2/app/manifests/{tag}");
            assert_eq!(
                ask(&registry, &line, &format!("Content-Type: {MANIFEST}\r\n"), &manifest)?.status,
                201
            );
            Some(Told::Tag { tag, manifest })
        }
    }
}

/// What was told of is there.
fn check(kept: &Kept, told: &Told) {
    match told {
        Told::Rekor { index, body } => {
            let line = format!("GET /api/v1/log/entries?logIndex={index}");
            let answer = ask(&kept.address("rekor"), &line, "", b"").unwrap();
            let answer: Value = serde_json::from_slice(&answer.body).unwrap();
            assert_eq!(answer.as_object().unwrap().values().next().unwrap()["body"], *body, "{index}");
        }
        Told::Rekor2 { index, request } => {
            let again = post(&kept.address("rekor2"), "/api/v2/log/entries", request).unwrap();
            assert_eq!(again.status, 409);
            assert!(again.head.contains(&format!("x-log-index: {index}\r\n")), "{index}: {}", again.head);
        }
        Told::Tag { tag, manifest } => {
            let line = format!("GET /v2/app/manifests/{tag}");
            assert!(ask(&kept.address("registry"), &line, "", b"").unwrap().body == *manifest, "{tag}");
        }
    }
}

#[test]
fn killed_while_it_takes_entries_it_has_all_that_it_told_of() {
    const CLIENTS: usize = 9;
    let kept = Kept::new();
    let (told, numbers) = (Mutex::new(Vec::new()), AtomicUsize::new(0));
    let key = PrivateKey::generate(KeyType::P256).unwrap();
    for round in 0..4 {
        // At once after the kill, while the system may still be putting the last process away.
        kept.up().ok();
        let before = told.lock().unwrap().len();
        std::thread::scope(|scope| {
            let clients: Vec<_> = (0..CLIENTS)
                .map(|_| {
                    scope.spawn(|| {
                        while let Some(what) = push(&kept, &key, numbers.fetch_add(1, Ordering::Relaxed)) {
                            told.lock().unwrap().push(what);
                        }
                    })
                })
                .collect();
            let (begun, count) = (Instant::now(), || told.lock().map_or(usize::MAX, |told| told.len()));
            while count() < before + 40 + 17 * round
                && !clients.iter().any(std::thread::ScopedJoinHandle::is_finished)
                && begun.elapsed() < PATIENCE
            {
                std::thread::sleep(Duration::from_millis(1));
            }
            let enough = count() >= before + 40;
            kept.kill();
            assert!(enough, "the clients were told of {} things", count() - before);
        });
    }
    kept.up().ok();
    let told = told.into_inner().unwrap();
    told.iter().for_each(|told| check(&kept, told));
    let kinds = [0, 1, 2].map(|kind| {
        told.iter()
            .filter(|told| {
                kind == match told {
                    Told::Rekor { .. } => 0,
                    Told::Rekor2 { .. } => 1,
                    Told::Tag { .. } => 2,
                }
            })
            .count()
    });
    assert!(kinds.iter().all(|count| *count > 20), "{kinds:?}");
}

/// Whatever is done to a folder while nothing runs: it is said, or refused by the name of the file with a way out.
#[test]
fn what_was_done_to_the_folder_is_said() {
    let kept = Kept::new();
    kept.up().ok();
    let key = PrivateKey::generate(KeyType::P256).unwrap();
    let told: Vec<Told> = (0..3).map(|number| push(&kept, &key, number).unwrap()).collect();
    kept.0.run(&["sandbox", "down", "--dir", "state"]).ok();
    let at = |name: &str| kept.0.at(&format!("state/{name}"));
    for name in ["logs/rekor.log", "logs/rekor2.log", "logs/ct.log", "registry/changes"] {
        let whole = fs::read(at(name)).unwrap();
        let less = |end: usize| fs::write(at(name), &whole[..end]).unwrap();
        let mut flipped = whole.clone();
        *flipped.last_mut().unwrap() ^= 1;
        for (damage, reason) in [
            (&(|| fs::remove_file(at(name)).unwrap()) as &dyn Fn(), "is missing"),
            (&|| less(0), "is damaged at byte 0"),
            (&|| less(8), "is damaged at byte 0"),
            (&|| less(whole.len() - 1), "that were acknowledged"),
            (&|| less(8192), "it ends there"),
            (&|| fs::write(at(name), &flipped).unwrap(), "that were acknowledged"),
        ] {
            if name == "logs/ct.log" && whole.len() == 8192 && reason != "is missing" {
                continue;
            }
            damage();
            let said = kept.refused();
            assert!(said.contains(reason) && said.contains(name), "{name}, {reason}: {said}");
            assert!(said.contains("hint: nothing was changed: put it back from a copy"), "{said}");
            fs::write(at(name), &whole).unwrap();
        }
    }
    fs::rename(at("registry"), at("elsewhere")).unwrap();
    assert!(kept.refused().contains("state/registry is missing"));
    fs::rename(at("elsewhere"), at("registry")).unwrap();

    let services = fs::read(at("services.json")).unwrap();
    fs::write(at("services.json"), "").unwrap();
    assert!(kept.refused().contains("services.json is damaged: it is no object of JSON"));
    fs::write(at("services.json"), &services).unwrap();

    let victim = kept.0.file("victim", "precious");
    fs::remove_file(at("log")).unwrap();
    symlink(&victim, at("log")).unwrap();
    assert!(kept.refused().contains("state/log is a symbolic link"));
    fs::remove_file(at("log")).unwrap();
    assert_eq!(fs::read(&victim).unwrap(), b"precious");

    // What does no harm is mended, and said where it is started.
    fs::set_permissions(at("keys/oidc.pem"), fs::Permissions::from_mode(0o644)).unwrap();
    let mut file = fs::File::options().append(true).open(at("registry/changes")).unwrap();
    file.write_all(b"half a li").unwrap();
    let output = kept.up().ok();
    assert!(output.stderr.contains("others could have read "), "{}", output.stderr);
    assert!(output.stderr.contains("registry/changes: the last 9 bytes were a part"), "{}", output.stderr);
    assert_eq!(fs::metadata(at("keys/oidc.pem")).unwrap().permissions().mode() & 0o777, 0o600);
    told.iter().for_each(|told| check(&kept, told));
}

#[test]
fn without_its_folder_it_acknowledges_nothing_and_ends() {
    let kept = Kept::new();
    let child = kept.0.rcosign(&["sandbox", "up", "--dir", "state"]).spawn();
    let begun = Instant::now();
    while kept.0.run(&["sandbox", "status", "--dir", "state"]).code != 0 {
        assert!(begun.elapsed() < PATIENCE);
        std::thread::sleep(Duration::from_millis(20));
    }
    let (rekor, registry) = (kept.address("rekor"), kept.address("registry"));
    let key = PrivateKey::generate(KeyType::P256).unwrap();
    let _ = push(&kept, &key, 0).unwrap();
    // As the shell's `rm -rf`, whatever is written meanwhile.
    while kept.0.has("state") {
        let _ = fs::remove_dir_all(kept.0.at("state"));
    }
    let digest = HashAlgorithm::Sha256.digest(b"more");
    let signature = sign_at_once(&key, &SigningInput::Digest(digest.clone())).unwrap();
    let request =
        propose::hashedrekord_001(&digest, &signature, &LoggedVerifier::PublicKey(key.public_key().clone()));
    if let Some(answer) = post(&rekor, "/api/v1/log/entries", &request) {
        assert!(answer.status >= 500, "{}", answer.head);
        let said = String::from_utf8_lossy(&answer.body).into_owned();
        assert!(said.contains("somebody has removed its file"), "{said}");
    }
    if let Some(answer) = ask(&registry, "POST /v2/app/blobs/uploads/", "", b"") {
        assert!(answer.status >= 500, "{}", answer.head);
    }
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("error: the sandbox has ended, as somebody has removed its folder "), "{said}");
    assert!(!kept.0.has("state"));
}
