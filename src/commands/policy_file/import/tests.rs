//! What imported policies accept, beside what their sources accept, by a reading of them of its own.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::*;
use crate::policy::scoped::{Demand, SignerSource, Subject};
use crate::verify::Pattern;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/policy-import")
}

fn check(files: Vec<PolicyFile>) -> Option<String> {
    Policy::load(files, Vec::new(), crate::crypto::UnixTime::from_seconds(0), true)
        .err()
        .map(|e| e.to_string())
}

/// With `RCOSIGN_BLESS=1` the files are written.
#[test]
fn sources_become_the_files_beside_them() {
    let mut count = 0;
    for entry in std::fs::read_dir(folder()).unwrap() {
        let place = entry.unwrap().path();
        let Some(source) =
            ["source.yaml", "source.json"].iter().map(|name| place.join(name)).find(|p| p.exists())
        else {
            continue;
        };
        let mut sources = read(&source).unwrap();
        let name = source.file_name().unwrap().to_str().unwrap();
        sources.iter_mut().for_each(|source| source.file = name.to_owned());
        let imported = import(&sources, "policy", &check).unwrap_or_else(|e| panic!("{e:?}"));
        reads(&imported).unwrap();
        let own = PolicyFile { name: "policy.yaml".to_owned(), bytes: imported.text.clone().into_bytes() };
        let files: Vec<_> = [own].into_iter().chain(imported.files).collect();
        for file in &files {
            let path = place.join(&file.name);
            if std::env::var_os("RCOSIGN_BLESS").is_some() {
                std::fs::write(&path, &file.bytes).unwrap();
            }
            let there = std::fs::read(&path).unwrap_or_default();
            assert!(there == file.bytes, "{}: RCOSIGN_BLESS=1 writes it anew", path.display());
        }
        let names = std::fs::read_dir(&place).unwrap().count();
        assert_eq!(names, files.len() + 1, "{}: more files than are written", place.display());
        count += 1;
    }
    assert!(count >= 5, "{count}");
}

const KEYS: [&str; 3] = ["awskms:///a", "awskms:///b", "awskms:///c"];

fn cip(name: &str, globs: &[&str], keys: &[&str]) -> Value {
    let globs: Vec<_> = globs.iter().map(|glob| json!({ "glob": glob })).collect();
    let authority = |key: &&str| match *key {
        "pass" | "fail" => json!({ "static": { "action": key } }),
        key => json!({ "key": { "kms": format!("awskms:///{key}") } }),
    };
    let authorities: Vec<_> = keys.iter().map(authority).collect();
    json!({
        "apiVersion": "policy.sigstore.dev/v1beta1", "kind": "ClusterImagePolicy", "metadata": { "name": name },
        "spec": { "images": globs, "authorities": authorities },
    })
}

/// Whether the controller compares a name, with its digest, with one of these globs and finds that it matches.
fn is_about(globs: &[&str], name: &str) -> bool {
    let full = format!("{name}@sha256:{}", "a".repeat(64));
    globs.iter().any(|glob| {
        let glob = match *glob {
            "*" => "index.docker.io/library/*",
            "*/*" => "index.docker.io/*/*",
            glob => glob,
        };
        let text = glob.replace('.', "\\.").replace("**", "#").replace('*', "[^/]*").replace('#', ".*");
        Pattern::new(&format!("^{text}$")).unwrap().matches(&full)
    })
}

/// As the controller: every policy that is about the image, and of each one authority; nothing where there is none.
fn controller(policies: [(bool, &[&str]); 2], signed: &[&str]) -> bool {
    let about: Vec<&[&str]> =
        policies.into_iter().filter(|(is_about, _)| *is_about).map(|(_, keys)| keys).collect();
    let is_met = |key: &&str| *key == "pass" || signed.contains(&format!("awskms:///{key}").as_str());
    !about.is_empty() && about.iter().all(|keys| keys.iter().any(is_met))
}

/// As the first scope of a policy file that matches.
fn ours(document: &Document, name: &str, signed: &[&str]) -> bool {
    let subject = Subject::Image { name: name.to_owned(), tag: Some("v1".to_owned()), digest: None };
    let Some((_, scope)) = document.scope_of(&subject) else { return false };
    let Demand::Require(asked) = &scope.demand else { return matches!(scope.demand, Demand::Accept) };
    let signers = asked.signatures.as_ref().unwrap();
    let is_there = |position: &&usize| match &document.signers[**position].source {
        SignerSource::Key(key) => signed.contains(&key.as_str()),
        SignerSource::Identity(_) => false,
    };
    signers.of.iter().filter(is_there).count() >= signers.needed()
}

const NAMES: [&str; 12] = [
    "index.docker.io/library/alpine",
    "index.docker.io/team/app",
    "registry.example/app",
    "registry.example/team",
    "registry.example/team/app",
    "registry.example/team/app/x",
    "registry.example/team2/app",
    "registry.example/a/tool",
    "registry.example/team/tool1",
    "other.example/team/app",
    "other.example/x",
    "registry.example:5000/team/app",
];

const GLOBS: [&[&str]; 12] = [
    &["**"],
    &["*"],
    &["*/*", "registry.example/**"],
    &["registry.example/**"],
    &["registry.example/*"],
    &["registry.example/team/**"],
    &["registry.example/team**"],
    &["registry.example/**/tool*"],
    &["*.example/**"],
    &["registry.example/team/app*", "other.example/**"],
    &["**/tool*"],
    &["docker.io/**", "registry.example/team/app"],
];

const AUTHORITIES: [&[&str]; 7] =
    [&["a"], &["b"], &["a", "b"], &["b", "c"], &["pass"], &["fail"], &["a", "fail"]];

/// Every pair of globs with every pair of authorities, every name, every set of signers: nothing is accepted that the controller
/// refuses; and where nothing was left out or changed, nothing is refused that it accepts.
#[test]
fn nothing_is_accepted_that_the_controller_refuses() {
    let signers: Vec<Vec<&str>> = (0..8_usize)
        .map(|set| (0..3).filter(|bit| set >> bit & 1 == 1).map(|bit| KEYS[bit]).collect())
        .collect();
    let (mut accepted, mut exact) = (0, 0);
    let about: Vec<Vec<bool>> =
        GLOBS.iter().map(|globs| NAMES.iter().map(|name| is_about(globs, name)).collect()).collect();
    for (first, about_first) in GLOBS.iter().zip(&about) {
        for (second, about_second) in GLOBS.iter().zip(&about) {
            for (one, other) in
                AUTHORITIES.iter().flat_map(|one| AUTHORITIES.iter().map(move |other| (one, other)))
            {
                let policies = [cip("one", first, one), cip("two", second, other)];
                let list = json!({ "kind": "List", "items": policies });
                let source = Source { file: "list".to_owned(), number: None, value: list };
                let imported = import(&[source], "policy", &check).unwrap();
                let document = Document::read(&value(&imported.text).unwrap()).unwrap();
                // What matches nothing there, and what no registry has, is no difference.
                let is_told = |reason: &str| {
                    reason.contains("layouts and archives") || reason.contains("matches nothing there: ")
                };
                let is_exact = imported.notes.iter().all(|note| !note.is_refusal() && is_told(&note.reason));
                for (number, name) in NAMES.iter().enumerate() {
                    for signed in &signers {
                        let asked = [(about_first[number], *one), (about_second[number], *other)];
                        let (theirs, ours) = (controller(asked, signed), ours(&document, name, signed));
                        assert!(theirs || !ours, "{policies:?} {name} {signed:?}\n{}", imported.text);
                        assert!(
                            !is_exact || theirs == ours,
                            "{policies:?} {name} {signed:?}\n{}",
                            imported.text
                        );
                        accepted += usize::from(ours);
                    }
                }
                exact += usize::from(is_exact);
            }
        }
    }
    assert!(accepted > 10_000 && exact > 3_000, "{accepted} {exact}");
}

/// As containers: the most specific scope of the name, all of its requirements.
fn containers(policy: &Value, name: &str, tag: &str, signed: &[&str]) -> bool {
    let docker = &policy["transports"]["docker"];
    let mut places = vec![format!("{name}:{tag}"), name.to_owned()];
    let mut rest = name;
    while let Some((before, _)) = rest.rsplit_once('/') {
        places.push(before.to_owned());
        rest = before;
    }
    rest = rest.split(':').next().unwrap();
    while let Some((_, after)) = rest.split_once('.') {
        places.push(format!("*.{after}"));
        rest = after;
    }
    places.push(String::new());
    let found = places.iter().find_map(|place| docker.get(place)).unwrap_or(&policy["default"]);
    found.as_array().unwrap().iter().all(|one| match one["type"].as_str().unwrap() {
        "insecureAcceptAnything" => true,
        "sigstoreSigned" => signed.contains(&one["keyPath"].as_str().unwrap()),
        _ => false,
    })
}

#[test]
fn nothing_is_accepted_that_containers_refuse() {
    let key = |path: &str| json!({ "type": "sigstoreSigned", "keyPath": path, "signedIdentity": { "type": "matchRepository" } });
    let (accept, reject) = (json!([{ "type": "insecureAcceptAnything" }]), json!([{ "type": "reject" }]));
    let wanted = [json!([key("/a")]), json!([key("/a"), key("/b")]), accept.clone(), reject.clone()];
    let places = [
        "",
        "registry.example",
        "registry.example/team",
        "registry.example/team/app",
        "registry.example/team/app:v1",
        "*.example",
        "*.docker.io",
        "*.io",
        "docker.io/alpine:v1",
        "docker.io",
        "docker.io/library",
        "docker.io/library/alpine",
        "docker.io/team",
    ];
    let names = [
        "docker.io/library/alpine",
        "docker.io/library/team",
        "docker.io/team/app",
        "registry.example/team",
        "registry.example/teams/app",
        "registry.example/team/app",
        "registry.example/team/app/x",
        "a.example/x",
        "a.b.example/x",
        "a.example:5000/x",
        "registry.example:5000/team/app",
        "x.docker.io/team/app",
        "example/x.y",
        "other.test/x",
    ];
    let mut accepted = 0;
    for default in [&accept, &reject] {
        for (one, other) in places.iter().flat_map(|one| places.iter().map(move |other| (one, other))) {
            for (a, b) in wanted.iter().flat_map(|a| wanted.iter().map(move |b| (a, b))) {
                let mut docker = json!({});
                docker[*one] = a.clone();
                docker[*other] = b.clone();
                let policy = json!({ "default": default, "transports": { "docker": docker } });
                let source = Source { file: "policy.json".to_owned(), number: None, value: policy.clone() };
                let imported = import(&[source], "policy", &check).unwrap();
                let document = Document::read(&value(&imported.text).unwrap()).unwrap();
                for name in names {
                    let hub = name.strip_prefix("docker.io/").map(|path| format!("index.docker.io/{path}"));
                    let canonical = hub.unwrap_or_else(|| name.to_owned());
                    for (tag, signed) in
                        [("v1", &[][..]), ("v1", &["/a"]), ("v1", &["/b"]), ("v1", &["/a", "/b"])]
                    {
                        let theirs = containers(&policy, name, tag, signed);
                        let ours = ours(&document, &canonical, signed);
                        assert_eq!(theirs, ours, "{policy} {name} {signed:?}\n{}", imported.text);
                        accepted += usize::from(ours);
                    }
                }
            }
        }
    }
    assert!(accepted > 10_000, "{accepted}");
}

/// A scope by another spelling of a registry refuses what it is about, however specific the others are.
#[test]
fn other_spellings_of_a_registry_are_refused_first() {
    let accept = json!([{ "type": "insecureAcceptAnything" }]);
    for (scope, name, is_refused) in [
        ("quay.io:443", "quay.io/team/app", true),
        ("quay.io:443/team", "quay.io/team/app", true),
        ("Quay.IO/team", "quay.io/team/app", true),
        ("quay.io:443/other", "quay.io/team/app", false),
        ("registry-1.docker.io/library", "index.docker.io/library/app", true),
        ("localhost/team", "index.docker.io/localhost/team", true),
        ("localhost", "quay.io/team/app", false),
    ] {
        let docker =
            json!({ scope: accept, "quay.io/team/app": accept, "quay.io": accept, "docker.io": accept });
        let policy = json!({ "default": accept, "transports": { "docker": docker } });
        let source = Source { file: "policy.json".to_owned(), number: None, value: policy };
        let imported = import(&[source], "policy", &check).unwrap();
        assert_eq!(imported.notes.iter().filter(|note| note.is_refusal()).count(), 1, "{:?}", imported.notes);
        let document = Document::read(&value(&imported.text).unwrap()).unwrap();
        assert_eq!(ours(&document, name, &[]), !is_refused, "{scope}\n{}", imported.text);
    }
}

#[test]
fn keys_that_are_not_there_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let good = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/mock-sigstore/p256.pub");
    std::fs::copy(good, path("good.pub")).unwrap();
    std::fs::write(path("odd.pub"), "no key").unwrap();
    let key = |name: &str| json!([{ "type": "sigstoreSigned", "keyPath": path(name), "signedIdentity": { "type": "matchRepository" } }]);
    let docker =
        json!({ "a.example": key("good.pub"), "b.example": key("odd.pub"), "c.example": key("gone.pub") });
    let policy = json!({ "default": [{ "type": "reject" }], "transports": { "docker": docker } });
    let source = Source { file: "policy.json".to_owned(), number: None, value: policy };
    let mut imported = import(&[source], "policy", &check).unwrap();
    let document = reads(&imported).unwrap();
    keys(&document, "policy.json", &mut imported);
    let mut told: Vec<String> = imported.notes.iter().map(ToString::to_string).collect();
    told.sort();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].starts_with("changed: ") && told[0].contains("gone.pub"), "{told:?}");
    assert!(told[1].contains("odd.pub"), "{told:?}");
    assert!(imported.text.contains("# changed: policy.json: the key "), "{}", imported.text);
    assert!(reads(&imported).is_ok());
}

#[test]
fn what_says_something_else_is_not_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("policy.yaml");
    unreplaced(&place, b"a").unwrap();
    std::fs::write(&place, "a").unwrap();
    unreplaced(&place, b"a").unwrap();
    let error = unreplaced(&place, b"b").unwrap_err();
    assert!(error.hints[0].contains("--output-file"), "{error:?}");
    assert_eq!(std::fs::read(&place).unwrap(), b"a");
}
