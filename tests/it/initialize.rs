//! `initialize`, and the trusted root that is taken without `--trusted-root`: against a repository on loopback.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use rcosign::internals::sandbox::tuf::TufRepository;
use serde_json::json;

use crate::support::{Output, Sandbox, repository};

pub const FAR: &str = "2099-01-01T00:00:00Z";
const IDENTITY: [&str; 4] =
    ["--certificate-identity", "dev@example.com", "--certificate-oidc-issuer", "http://127.0.0.1:8404"];

fn data(path: &str) -> String {
    repository().join("testdata").join(path).to_str().unwrap().to_owned()
}

/// A repository with the trusted root of the mock instance, behind an address.
pub struct Mirror {
    pub repository: Arc<Mutex<TufRepository>>,
    asked: Arc<Mutex<Vec<String>>>,
    pub address: String,
}

impl Mirror {
    pub fn new() -> Self {
        let mut repository = TufRepository::new(FAR).unwrap();
        let root = std::fs::read(data("mock-sigstore/trusted_root.json")).unwrap();
        repository.add_target("targets", "trusted_root.json", &root);
        repository.bump("targets");
        repository.update().unwrap();
        let repository = Arc::new(Mutex::new(repository));
        let asked = Arc::new(Mutex::new(Vec::new()));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let (served, noted) = (Arc::clone(&repository), Arc::clone(&asked));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                answer(stream.unwrap(), &served, &noted);
            }
        });
        Self { repository, asked, address }
    }

    pub fn change(&self, change: impl FnOnce(&mut TufRepository)) {
        change(&mut self.repository.lock().unwrap());
    }

    pub fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }

    /// A folder with the first root.
    pub fn sandbox(&self) -> Sandbox {
        let sandbox = Sandbox::new().env("COSIGN_OFFLINE", "");
        sandbox.file("root.json", self.repository.lock().unwrap().first_root());
        sandbox
    }

    pub fn initialize(&self, sandbox: &Sandbox) -> Output {
        sandbox.run(&["initialize", "--mirror", &self.address, "--root", "root.json"])
    }
}

fn answer(mut stream: TcpStream, repository: &Mutex<TufRepository>, asked: &Mutex<Vec<String>>) {
    let mut request = Vec::new();
    let mut piece = [0; 1024];
    while !request.windows(4).any(|end| end == b"\r\n\r\n") {
        match stream.read(&mut piece) {
            Ok(count) if count > 0 => request.extend_from_slice(&piece[..count]),
            _ => return,
        }
    }
    let path =
        String::from_utf8_lossy(&request).split(' ').nth(1).unwrap().trim_start_matches('/').to_owned();
    let found = repository.lock().unwrap().files.get(&path).cloned();
    asked.lock().unwrap().push(path);
    let (status, body) = found.map_or(("404 Not Found", Vec::new()), |body| ("200 OK", body));
    let head = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
    let _ = stream.write_all(&[head.as_bytes(), &body].concat());
    let _ = stream.shutdown(Shutdown::Write);
}

pub fn verify(sandbox: &Sandbox, more: &[&str]) -> Output {
    verify_with(sandbox, &[], more)
}

/// The same with variables of this run.
pub fn verify_with(sandbox: &Sandbox, variables: &[(&str, &str)], more: &[&str]) -> Output {
    let (bundle, artifact) =
        (data("mock-sigstore/v3.blob.keyless.rekor1.bundle.json"), data("mock-sigstore/artifact.txt"));
    let args = [&["verify-blob", "--bundle", &bundle], &IDENTITY[..], more, &[&artifact]].concat();
    let run = sandbox.rcosign(&args);
    variables.iter().fold(run, |run, (name, value)| run.env(name, value)).run()
}

#[test]
fn what_was_chosen_serves_without_being_asked_while_it_is_valid() {
    let mirror = Mirror::new();
    let sandbox = mirror.sandbox();
    let output = mirror.initialize(&sandbox).ok();
    assert_eq!(output.stdout, "");
    let _ = output.says("valid until 2099-01-01T00:00:00Z").says("offers no signing config");
    let folder = mirror.address.trim_start_matches("http://").replace(':', "-");
    for file in ["root.json", "timestamp.json", "snapshot.json", "targets.json", "targets/trusted_root.json"]
    {
        assert!(sandbox.has(&format!(".sigstore/root/{folder}/{file}")), "{file}");
    }
    let remote = sandbox.text(".sigstore/root/remote.json");
    assert_eq!(remote, json!({ "mirror": mirror.address }).to_string());
    mirror.asked();
    for more in [&[][..], &["--offline"]] {
        let _ = verify(&sandbox, more)
            .ok()
            .says(&format!("Trusted root: that of {}, cached just now", mirror.address));
        assert_eq!(mirror.asked().iter().filter(|path| path.ends_with("root.json")).count(), 0);
    }
}

#[test]
fn what_expired_is_fetched_anew_and_never_used_silently() {
    let mirror = Mirror::new();
    let soon = "2026-01-01T00:00:00Z";
    let sandbox = mirror.sandbox();
    let _ = mirror.initialize(&sandbox).ok();
    // What is kept is replaced by what expired meanwhile.
    mirror.change(|repository| {
        repository.role("timestamp")["expires"] = soon.into();
        repository.bump("targets");
        repository.update().unwrap();
    });
    let folder = mirror.address.trim_start_matches("http://").replace(':', "-");
    for file in ["timestamp.json", "snapshot.json", "targets.json"] {
        let bytes = mirror.repository.lock().unwrap().files[file].clone();
        std::fs::write(sandbox.at(&format!(".sigstore/root/{folder}/{file}")), bytes).unwrap();
    }
    let refused = verify(&sandbox, &[]);
    let refused = refused.says("`timestamp.json` expired on 2026-01-01T00:00:00Z");
    let refused =
        refused.says("--trusted-root FILE").says("hint: or add --offline to take the cached root\n");
    assert!(!refused.stdout.contains("Verified") && refused.code != 0);
    let _ = verify(&sandbox, &["--offline"])
        .ok()
        .says("WARNING: ")
        .says("`timestamp.json` expired on 2026-01-01");
    let _ = mirror.initialize(&sandbox).says("`timestamp.json` expired on 2026-01-01T00:00:00Z");
    mirror.change(|repository| {
        repository.role("timestamp")["expires"] = FAR.into();
        repository.update_timestamp().unwrap();
    });
    let _ = verify(&sandbox, &[]).ok().says("fetched now");
    let _ = verify(&sandbox, &[]).ok().says("cached just now");
}

#[test]
fn nobody_answers() {
    let sandbox = Sandbox::new().env("COSIGN_OFFLINE", "").env("TUF_MIRROR", "http://127.0.0.1:1");
    let refused = verify(&sandbox, &["--timeout", "2s"]);
    let refused = refused.says("the TUF repository http://127.0.0.1:1 cannot be used");
    let refused = refused.says("--trusted-root FILE");
    assert_ne!(refused.code, 0);
    // Nothing is cached of it, and what is built in is another's.
    assert!(!refused.stderr.contains("--offline"), "{}", refused.stderr);
    // The embedded root is of the public instance, and stands in for no other.
    let refused = verify(&sandbox, &["--offline"]);
    let _ = refused.says("`timestamp.json` is not there");
    let sandbox = Sandbox::new().env("COSIGN_OFFLINE", "");
    let _ = verify(&sandbox, &["--offline"]).code(12).says("Trusted root: the embedded public root of");
}

#[test]
fn roots_are_checked_before_anybody_is_asked() {
    let mirror = Mirror::new();
    let sandbox = mirror.sandbox();
    let root = sandbox.read("root.json");
    let run = |args: &[&str]| sandbox.run(&[&["initialize", "--mirror", &mirror.address], args].concat());
    let mut changed = root.clone();
    let at = changed.iter().position(|byte| *byte == b'1').unwrap();
    changed[at] = b'2';
    sandbox.file("bad.json", &changed);
    let _ = run(&["--root", "bad.json"]).says("`bad.json` is not the root of a TUF repository");
    let _ = run(&["--root", "missing.json"]).says("`missing.json` does not exist");
    let digest = hex::encode(rcosign::internals::crypto::sha256(&root));
    let other = "0".repeat(64);
    let _ = run(&["--root", "root.json", "--root-checksum", &other])
        .says("not the one that --root-checksum means");
    for checksum in ["", "x", "md5:00", "sha256:"] {
        let output = run(&["--root", "root.json", "--root-checksum", checksum]);
        assert!(checksum.is_empty() || output.code == 2, "{checksum}: {}", output.stderr);
    }
    let _ = run(&["--root-checksum", &digest]).code(2).says("none is named");
    let _ = sandbox
        .run(&["initialize", "--staging", "--mirror", &mirror.address])
        .code(2)
        .says("two repositories");
    mirror.asked();
    let _ = run(&["--root", "root.json", "--root-checksum", &format!("sha256:{digest}")]).ok();
    // By its address; the repository has it.
    let address = format!("{}/1.root.json", mirror.address);
    let _ = run(&["--root", &address]).ok().says("give the digest of the root with --root-checksum");
    let sure = run(&["--root", &address, "--root-checksum", &digest.to_uppercase()]).ok();
    assert!(!sure.stderr.contains("--root-checksum"), "{}", sure.stderr);
}

#[test]
fn nothing_is_chosen_where_something_fails() {
    let mirror = Mirror::new();
    let sandbox = mirror.sandbox();
    mirror.change(|repository| drop(repository.files.remove("timestamp.json")));
    let _ = mirror.initialize(&sandbox).says("`timestamp.json` is not there");
    assert!(!sandbox.has(".sigstore/root/remote.json"));
    // Without a root of its own it is taken for a copy of the public repository.
    let output = sandbox.run(&["initialize", "--mirror", "http://127.0.0.1:1", "--timeout", "1s"]);
    assert_ne!(output.code, 0);
    let other = Mirror::new();
    let fresh = Sandbox::new();
    let _ = fresh.run(&["initialize", "--mirror", &other.address]).says("--root FILE");
}

#[test]
fn marked_targets_make_a_root_where_there_is_none() {
    let mirror = Mirror::new();
    mirror.change(|repository| {
        repository.role("targets")["targets"] = json!({});
        for (name, usage, status) in [
            ("fulcio_root.pem", "Fulcio", "Active"),
            ("rekor.pub", "Rekor", "Active"),
            ("ctfe.pub", "CTFE", "Active"),
            ("p256.pub", "Rekor", "Expired"),
        ] {
            let content = std::fs::read(data(&format!("mock-sigstore/{name}"))).unwrap();
            repository.add_target("targets", name, &content);
            repository.role("targets")["targets"][name]["custom"] =
                json!({ "sigstore": { "usage": usage, "status": status, "uri": "https://x" } });
        }
        repository.bump("targets");
        repository.update().unwrap();
    });
    let sandbox = mirror.sandbox();
    let _ = mirror.initialize(&sandbox).ok().says("`p256.pub` of the TUF repository is left out");
    let _ = verify(&sandbox, &[]).ok().says("Trusted root: that of");
    mirror.change(|repository| {
        repository.role("targets")["targets"] = json!({});
        repository.bump("targets");
        repository.update().unwrap();
    });
    let _ = mirror.initialize(&sandbox).says("the TUF repository offers no `trusted_root.json`");
}

#[cfg(unix)]
#[test]
fn cve_2024_51491_a_home_that_cannot_be_written_costs_the_cache_alone() {
    let mirror = Mirror::new();
    let sandbox = mirror.sandbox().env("TUF_MIRROR", &mirror.address).env("TUF_ROOT_JSON", "root.json");
    // A file where the folder should be: root may write everywhere else.
    sandbox.file("occupied", "");
    let path = sandbox.at("occupied/root");
    let sandbox = sandbox.env("TUF_ROOT", path.to_str().unwrap());
    let _ = verify(&sandbox, &[]).ok().says("WARNING: nothing can be kept in").says("fetched now");
    let _ = mirror.initialize(&sandbox).says("nothing can be kept in");
    let sandbox = sandbox.env("SIGSTORE_NO_CACHE", "true");
    let quiet = verify(&sandbox, &[]).ok();
    assert!(!quiet.stderr.contains("WARNING"), "{}", quiet.stderr);
    let _ = mirror.initialize(&sandbox).code(2).says("there is no place to keep trust material in");
}

#[test]
fn a_choice_that_cannot_be_read_is_an_error() {
    let sandbox = Sandbox::new();
    std::fs::create_dir_all(sandbox.at(".sigstore/root")).unwrap();
    for text in ["", "{}", "{\"mirror\":1}"] {
        sandbox.file(".sigstore/root/remote.json", text);
        for more in [&[][..], &["--offline"]] {
            let _ = verify(&sandbox, more).says("remote.json` cannot be used").says("`initialize`");
        }
    }
    sandbox.file(".sigstore/root/remote.json", "{\"mirror\":\"https://..\"}");
    let _ = verify(&sandbox, &["--offline"]).says("is not the address of a TUF repository");
}

#[test]
fn many_at_the_same_time() {
    let mirror = Mirror::new();
    let sandbox = mirror.sandbox().env("TUF_MIRROR", &mirror.address).env("TUF_ROOT_JSON", "root.json");
    let (bundle, artifact) =
        (data("mock-sigstore/v3.blob.keyless.rekor1.bundle.json"), data("mock-sigstore/artifact.txt"));
    let args = [&["verify-blob", "--bundle", &bundle], &IDENTITY[..], &[&artifact]].concat();
    let running: Vec<_> = (0..32).map(|_| sandbox.rcosign(&args).spawn()).collect();
    for child in running {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let folder = mirror.address.trim_start_matches("http://").replace(':', "-");
    // In a folder of their own: a root that a variable names is for a run.
    assert!(!sandbox.has(&format!(".sigstore/root/{folder}")));
    let left: Vec<_> = folders(&sandbox).into_iter().filter(|name| name.starts_with(&folder)).collect();
    assert_eq!(left.len(), 1, "{left:?}");
    let left = std::fs::read_dir(sandbox.at(&format!(".sigstore/root/{}", left[0]))).unwrap();
    assert_eq!(left.count(), 6, "four documents, whose they are and the folder of targets");
}

fn folders(sandbox: &Sandbox) -> Vec<String> {
    let all = std::fs::read_dir(sandbox.at(".sigstore/root")).unwrap().map(Result::unwrap);
    let folders = all.filter(|entry| entry.path().is_dir());
    folders.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

pub fn folder_of(mirror: &Mirror) -> String {
    mirror.address.trim_start_matches("http://").replace(':', "-")
}

/// Everything in the cache, by name.
fn cache(sandbox: &Sandbox) -> std::collections::BTreeMap<String, Vec<u8>> {
    let mut found = std::collections::BTreeMap::new();
    let mut waiting = vec![sandbox.at(".sigstore/root")];
    while let Some(folder) = waiting.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                waiting.push(path);
            } else {
                found.insert(path.display().to_string(), std::fs::read(&path).unwrap());
            }
        }
    }
    found
}

/// Other addresses whose folder in the cache has the same name.
#[test]
fn the_root_of_one_address_is_that_of_no_other() {
    let mirror = Mirror::new();
    let chosen = format!("{}/team/a", mirror.address);
    mirror.change(|repository| {
        let files = repository.files.clone();
        repository.files.extend(files.into_iter().map(|(name, bytes)| (format!("team/a/{name}"), bytes)));
    });
    let sandbox = mirror.sandbox();
    let _ = sandbox.run(&["initialize", "--mirror", &chosen, "--root", "root.json"]).ok();
    let _ = verify(&sandbox, &["--offline"]).ok();
    for other in [
        chosen.replace("/team/a", "/team-a"),
        chosen.replace("/team/a", "/TEAM/A"),
        chosen.replace("/team/a", "/team\\a"),
        chosen.replace("http:", "https:"),
    ] {
        for more in [&["--offline"][..], &["--timeout", "2s"]] {
            let refused = verify_with(&sandbox, &[("TUF_MIRROR", &other)], more);
            assert!(
                refused.code != 0 && !refused.stderr.contains("Trusted root:"),
                "{other}: {}",
                refused.stderr
            );
        }
    }
    // Without our word whose it is, as another program leaves it, the choice says so; nothing else does.
    let folder = folder_of(&mirror);
    std::fs::remove_file(sandbox.at(&format!(".sigstore/root/{folder}-team-a/rcosign.json"))).unwrap();
    let _ = verify(&sandbox, &["--offline"]).ok();
    std::fs::remove_file(sandbox.at(".sigstore/root/remote.json")).unwrap();
    assert_ne!(verify_with(&sandbox, &[("TUF_MIRROR", &chosen)], &["--offline"]).code, 0);
}

/// What stands in the folder of a repository whose root is built in does not replace that root.
#[test]
fn a_cached_root_of_a_known_repository_comes_of_the_built_in_one() {
    let mirror = Mirror::new();
    let sandbox = mirror.sandbox();
    let _ = mirror.initialize(&sandbox).ok();
    let (from, to) = (folder_of(&mirror), "tuf-repo-cdn.sigstore.dev");
    let root = sandbox.at(".sigstore/root");
    std::fs::rename(root.join(from), root.join(to)).unwrap();
    std::fs::remove_file(root.join("remote.json")).unwrap();
    let note = format!(".sigstore/root/{to}/rcosign.json");
    let anchored = |mirror: &str| {
        let mut note: serde_json::Value = serde_json::from_str(&sandbox.text(&note)).unwrap();
        note["mirror"] = mirror.into();
        note.to_string()
    };
    // As it is; with the right address, and an anchor that is not the built-in root; without a note, as others leave it.
    for text in [None, Some(anchored("https://tuf-repo-cdn.sigstore.dev")), Some(String::new())] {
        match text {
            Some(text) if text.is_empty() => std::fs::remove_file(sandbox.at(&note)).unwrap(),
            Some(text) => drop(sandbox.file(&note, text)),
            None => {}
        }
        let _ = verify(&sandbox, &["--offline"]).code(12).says("the embedded public root of");
    }
    // Over http it is another repository, and has a folder of its own.
    let plain = [("TUF_MIRROR", "http://tuf-repo-cdn.sigstore.dev")];
    let _ = verify_with(&sandbox, &plain, &["--offline"]).says("is not there");
}

#[test]
fn what_fails_leaves_the_cache_as_it_was() {
    let (mirror, other) = (Mirror::new(), Mirror::new());
    let sandbox = mirror.sandbox();
    sandbox.file("other.json", other.repository.lock().unwrap().first_root());
    let _ = mirror.initialize(&sandbox).ok();
    let before = cache(&sandbox);
    let named = ("TUF_ROOT_JSON", "other.json");
    let refused =
        verify_with(&sandbox, &[named], &[]).says("the root that TUF_ROOT_JSON names does not belong to");
    assert_ne!(refused.code, 0);
    let run = |args: &[&str]| sandbox.run(&[&["initialize", "--timeout", "2s", "--mirror"], args].concat());
    let _ = run(&[&mirror.address, "--root", "other.json"])
        .says("the root that --root names does not belong to")
        .says("hint: name the root of this very repository");
    assert_ne!(run(&["http://127.0.0.1:1", "--root", "other.json"]).code, 0);
    // Only what comes last is of no use.
    mirror.change(|repository| {
        repository.add_target("targets", "trusted_root.json", b"{}");
        repository.bump("targets");
        repository.update().unwrap();
    });
    assert_ne!(mirror.initialize(&sandbox).code, 0);
    assert_eq!(cache(&sandbox), before);
    let _ = verify(&sandbox, &["--offline"]).ok();
    // Neither does a run that holds, with a root of its own, change what was chosen.
    let _ = verify_with(&sandbox, &[named, ("TUF_MIRROR", &other.address)], &[]).ok();
    for (name, bytes) in before {
        assert!(cache(&sandbox)[&name] == bytes, "{name}");
    }
}

#[test]
fn a_damaged_root_is_an_error_that_names_the_way_out() {
    let mirror = Mirror::new();
    let sandbox = mirror.sandbox();
    let _ = mirror.initialize(&sandbox).ok();
    let file = format!(".sigstore/root/{}/root.json", folder_of(&mirror));
    let command = format!("initialize --mirror {} --root FILE", mirror.address);
    for text in [Some("{}"), Some(""), None] {
        match text {
            Some(text) => drop(sandbox.file(&file, text)),
            None => std::fs::remove_file(sandbox.at(&file)).unwrap(),
        }
        for named in ["", &mirror.address] {
            for more in [&[][..], &["--offline"]] {
                let refused =
                    verify_with(&sandbox, &[("TUF_MIRROR", named)], more).says(&file).says(&command);
                assert_ne!(refused.code, 0);
            }
        }
    }
    std::fs::remove_dir_all(sandbox.at(&format!(".sigstore/root/{}", folder_of(&mirror)))).unwrap();
    for more in [&[][..], &["--offline"]] {
        let _ = verify(&sandbox, more).says(&file).says(&command);
    }
    let _ = mirror.initialize(&sandbox).ok();
    let _ = verify(&sandbox, &["--offline"]).ok();
}

#[test]
fn an_older_root_takes_the_place_of_none() {
    for chosen in [true, false] {
        let mirror = Mirror::new();
        let first = mirror.repository.lock().unwrap().files.clone();
        let sandbox = mirror.sandbox();
        let named = [("TUF_MIRROR", mirror.address.as_str()), ("TUF_ROOT_JSON", "root.json")];
        let run = || if chosen { mirror.initialize(&sandbox) } else { verify_with(&sandbox, &named, &[]) };
        mirror.change(|repository| repository.next_root().unwrap());
        let _ = run().ok();
        let roots = || {
            let all = cache(&sandbox).into_iter();
            all.filter(|(name, _)| name.ends_with("/root.json") || name.ends_with("/rcosign.json"))
        };
        let before: Vec<_> = roots().collect();
        let second =
            |(_, bytes): &(String, Vec<u8>)| String::from_utf8_lossy(bytes).contains("\"version\":2");
        assert!(before.iter().any(second) && before.len() == 2);
        // The repository of before.
        mirror.change(|repository| repository.files = first);
        let _ = run();
        assert!(roots().eq(before));
    }
}

#[test]
fn without_a_cache_the_choice_stays() {
    let mirror = Mirror::new();
    let sandbox = mirror.sandbox();
    let _ = mirror.initialize(&sandbox).ok();
    let before = cache(&sandbox);
    for more in [&[][..], &["--offline"]] {
        let _ = verify_with(&sandbox, &[("SIGSTORE_NO_CACHE", "1")], more)
            .ok()
            .says(&format!("Trusted root: that of {}", mirror.address));
    }
    assert_eq!(cache(&sandbox), before);
    let unclear = verify_with(&sandbox, &[("SIGSTORE_NO_CACHE", "maybe")], &["--offline"]);
    let _ = unclear.code(2).says("SIGSTORE_NO_CACHE: `maybe` is neither true nor false");
}

#[test]
fn passwords_of_addresses_are_not_shown() {
    let mirror = Mirror::new();
    let secret = mirror.address.replace("http://", "http://me:S3CRET@");
    let sandbox = mirror.sandbox().env("TUF_MIRROR", &secret).env("TUF_ROOT_JSON", "root.json");
    for more in [&[][..], &["--offline"], &[]] {
        let output = verify(&sandbox, more);
        assert!(!output.stderr.contains("S3CRET"), "{}", output.stderr);
    }
    assert!(cache(&sandbox).iter().all(|(name, bytes)| {
        !name.contains("S3CRET") && !String::from_utf8_lossy(bytes).contains("S3CRET")
    }));
    let before = cache(&sandbox);
    mirror.asked();
    for address in [
        &secret,
        &secret.replace("me:S3CRET", "S3CRET"),
        "https:\\\\me:S3CRET@127.0.0.1",
        "https:me:S3CRET@127.0.0.1",
    ] {
        let output = sandbox.run(&["initialize", "--mirror", address, "--root", "root.json"]).code(2);
        assert!(!output.stderr.contains("S3CRET") && !output.stderr.contains("panic"), "{}", output.stderr);
    }
    assert!(cache(&sandbox) == before && mirror.asked().is_empty());
    let _ = sandbox
        .run(&["initialize", "--mirror", &secret])
        .code(2)
        .says("has a user or a password in it")
        .says("TUF_MIRROR");
    let refused =
        verify_with(&sandbox, &[("TUF_MIRROR", "http://me:S3CRET@127.0.0.1:1")], &["--timeout", "1s"]);
    assert!(refused.code != 0 && !refused.stderr.contains("S3CRET"), "{}", refused.stderr);
    assert_eq!(refused.stderr.matches("cannot be used").count(), 1, "{}", refused.stderr);
}

/// cosign keeps the public root in the folder before it asks, and leaves it there when nothing comes of it.
#[test]
fn a_root_that_cosign_left_behind_is_not_that_of_the_repository() {
    let mirror = Mirror::new();
    let sandbox = mirror.sandbox();
    let public = std::fs::read(repository().join("src/services/tuf/roots/sigstore.json")).unwrap();
    std::fs::create_dir_all(sandbox.at(&format!(".sigstore/root/{}", folder_of(&mirror)))).unwrap();
    let _ = sandbox.file(&format!(".sigstore/root/{}/root.json", folder_of(&mirror)), public);
    let _ = sandbox.file(".sigstore/root/remote.json", json!({ "mirror": mirror.address }).to_string());
    let command = format!("initialize --mirror {} --root FILE", mirror.address);
    let before = verify(&sandbox, &[]).says(&command);
    assert_ne!(before.code, 0);
    let _ = mirror.initialize(&sandbox).ok();
    let _ = verify(&sandbox, &[]).ok();
}
