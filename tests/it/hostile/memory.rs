//! How much memory a registry can make a command take: a process for each case, and the high-water mark of its resident set
//! against that of the same command on a sound registry. docs/reference/limits.md says what is counted.

use std::collections::BTreeMap;
use std::sync::Mutex;

use rcosign::internals::sandbox::registry::{Contents, Fault};
use serde_json::{Value, json};

use super::faults::{digest, image, index};
use super::table::MEMORY;
use super::world::{COMMANDS, Cell, Prepared};
use crate::verify_images::signed::{BUNDLE, INDEX, MANIFEST, REPOSITORY};

/// The largest document that is read as a manifest.
const LARGEST: usize = 4 << 20;

fn cell(name: &str) -> Cell {
    let command = COMMANDS.iter().find(|command| command.0 == name).unwrap();
    Cell::new(command, Default::default())
}

/// The high-water mark of a command on a sound registry, which is measured once.
fn sound(name: &'static str) -> u64 {
    static KNOWN: Mutex<BTreeMap<&str, u64>> = Mutex::new(BTreeMap::new());
    let known = KNOWN.lock().unwrap().get(name).copied();
    known.unwrap_or_else(|| {
        let peak = cell(name).run(&["--retry-for", "0s"]).peak;
        KNOWN.lock().unwrap().insert(name, peak);
        peak
    })
}

/// Runs each of these commands on what `plant` makes of a registry. None takes more memory than it may; which exit code it has is
/// none of this. With `RCOSIGN_HOSTILE=all`, the relatives of each run too.
#[track_caller]
fn bounded(what: &str, commands: &[&'static str], plant: impl Fn(&Cell)) {
    let talks = std::env::var_os("RCOSIGN_HOSTILE");
    let all = talks.as_deref().is_some_and(|value| value == "all");
    let relatives = RELATIVES.iter().filter(|(of, _)| all && commands.contains(of)).map(|(_, name)| name);
    let mut over = Vec::new();
    for name in commands.iter().chain(relatives) {
        let sound = sound(name);
        let hostile = cell(name);
        plant(&hostile);
        let run = hostile.run(&["--retry-for", "0s"]);
        let more = run.peak.saturating_sub(sound);
        let said = run.stderr.lines().find(|line| line.starts_with("error")).unwrap_or_default();
        let line = format!(
            "{what}: {name}: {} MiB over {} MiB in {:?}, exit {:?}: {said}",
            more >> 10,
            sound >> 10,
            run.took,
            run.code
        );
        if talks.is_some() {
            eprintln!("{line}");
        }
        if run.code.is_none() || more > MEMORY {
            over.push(line);
        }
    }
    assert!(over.is_empty(), "{}", over.join("\n"));
}

/// One command for each way to read what belongs to an image.
const READERS: &[&str] =
    &["verify", "tree --experimental-oci11", "download signature", "attest --replace", "copy"];

/// Those that read it the same way.
const RELATIVES: &[(&str, &str)] = &[
    ("verify", "verify-attestation"),
    ("verify-attestation", "verify"),
    ("verify", "sign --skip-existing"),
    ("tree --experimental-oci11", "clean"),
    ("copy", "save"),
];

fn dashed() -> String {
    Prepared::get().images[0].replacen(':', "-", 1)
}

/// `"0":"","1":"",...`: as many annotations as a text of this length has.
fn annotations(length: usize) -> Value {
    Value::Object((0..length / 8).map(|n| (n.to_string(), json!(""))).take(990).collect())
}

/// An entry of a list, with as many annotations as a text of this length has.
fn entry(n: usize, length: usize) -> String {
    let annotations = annotations(length);
    format!(r#"{{"mediaType":"{MANIFEST}","digest":"{}","size":2,"annotations":{annotations}}}"#, digest(n))
}

fn list_of(entries: &[String]) -> String {
    let list = format!(r#"{{"schemaVersion":2,"mediaType":"{INDEX}","manifests":[{}]}}"#, entries.join(","));
    assert!(list.len() < LARGEST, "{}", list.len());
    list
}

fn refer(contents: &Contents, manifest: &Value) -> Value {
    let text = manifest.to_string();
    let size = text.len();
    let digest = contents.plant_manifest(REPOSITORY, None, MANIFEST, text);
    json!({ "mediaType": MANIFEST, "digest": digest, "size": size })
}

fn subject(mut manifest: Value) -> Value {
    manifest["subject"] = json!({ "mediaType": MANIFEST, "digest": Prepared::get().images[0], "size": 1 });
    manifest
}

/// Lists of 10,000 entries, each as large as it may be.
#[test]
fn long_lists() {
    let entries: Vec<_> = (0..3_500).map(|n| entry(n, 180)).collect();
    let list = list_of(&entries);
    bounded("long lists", READERS, |cell| {
        cell.registry.contents().plant_manifest(REPOSITORY, Some(&dashed()), INDEX, list.clone());
        let list = list.clone();
        cell.registry.hook(move |request| {
            if !request.path.contains("/referrers/") {
                return Fault::none();
            }
            let next = format!("<{}?last={}>; rel=\"next\"", request.path, request.count);
            Fault::answer(INDEX, list.clone()).header("Link", &next)
        });
    });
}

/// Pages of which each holds as many annotations as a document may.
#[test]
fn lists_full_of_annotations() {
    let entries: Vec<_> = (0..90).map(|n| entry(n, 10_000)).collect();
    let list = list_of(&entries);
    // Lists are read in one place.
    bounded("full of annotations", &["verify", "copy"], |cell| {
        let list = list.clone();
        cell.registry.hook(move |request| {
            if !request.path.contains("/referrers/") {
                return Fault::none();
            }
            let next = format!("<{}?last={}>; rel=\"next\"", request.path, request.count);
            Fault::answer(INDEX, list.clone()).header("Link", &next)
        });
    });
}

/// As many referrers as there may be, each with as much in it as there may be.
#[test]
fn many_referrers_with_many_annotations() {
    let mut manifest = image(&[]);
    manifest["annotations"] = annotations(30_000);
    manifest["annotations"]["own"] = "OWN".into();
    let manifest = manifest.to_string();
    let manifests: Vec<_> = (0..830).map(|n| manifest.replacen("OWN", &n.to_string(), 1)).collect();
    bounded("many referrers", READERS, |cell| {
        let plant = |text: &String| {
            let digest = cell.registry.contents().plant_manifest(REPOSITORY, None, MANIFEST, text.clone());
            format!(r#"{{"mediaType":"{MANIFEST}","digest":"{digest}","size":{}}}"#, text.len())
        };
        // The registry itself would list the annotations, which is more than it may.
        let list = list_of(&manifests.iter().map(plant).collect::<Vec<_>>());
        cell.registry.contents().plant_manifest(REPOSITORY, Some(&dashed()), INDEX, list);
    });
}

#[test]
fn many_referrers_with_many_layers() {
    let layers: Vec<_> =
        (0..80).map(|n| json!({ "mediaType": "a", "digest": digest(n), "size": 2 })).collect();
    let mut manifest = subject(image(&layers));
    manifest["annotations"] = json!({ "own": "OWN" });
    let manifest = manifest.to_string();
    bounded("many layers", READERS, |cell| {
        for n in 0..900 {
            let text = manifest.replacen("OWN", &n.to_string(), 1);
            cell.registry.contents().plant_manifest(REPOSITORY, None, MANIFEST, text);
        }
    });
}

/// Referrers that are larger than the list says, all at the same time.
#[test]
fn manifests_larger_than_announced() {
    bounded("larger than announced", READERS, |cell| {
        let entries: Vec<_> =
            (0..60).map(|n| json!({ "mediaType": MANIFEST, "digest": digest(n), "size": 2 })).collect();
        let list = index(&entries).to_string();
        let large = vec![b' '; LARGEST - 1];
        cell.registry.hook(move |request| {
            if request.path.contains("/referrers/") {
                Fault::answer(INDEX, list.clone())
            } else if request.path.contains("/manifests/sha256:000") {
                Fault::answer(MANIFEST, large.clone())
            } else {
                Fault::none()
            }
        });
    });
}

/// CVE-2024-29903 of cosign: a manifest of as many layers and annotations as its size allows, everywhere that one can be.
#[test]
fn cve_2024_29903_manifests_full_of_layers() {
    let layers: Vec<_> = (0..9_000)
        .map(|n| json!({ "mediaType": "a", "digest": digest(n), "size": 2, "annotations": annotations(32) }))
        .collect();
    let full = image(&layers).to_string();
    assert!(full.len() < LARGEST, "{}", full.len());
    let referrer = subject(image(&layers)).to_string();
    bounded("full of layers", READERS, |cell| {
        for suffix in ["", ".sig", ".att", ".sbom"] {
            cell.registry.contents().plant_manifest(
                REPOSITORY,
                Some(&format!("{}{suffix}", dashed())),
                MANIFEST,
                full.clone(),
            );
        }
        cell.registry.contents().plant_manifest(REPOSITORY, None, MANIFEST, referrer.clone());
        cell.registry.contents().plant_manifest(REPOSITORY, Some("v1"), MANIFEST, full.clone());
    });
}

/// An index of indexes, each as large as it may be.
#[test]
fn indexes_of_indexes() {
    // Limits end it before the last of them.
    let texts: Vec<_> =
        (0..6).map(|n| list_of(&(0..9_000).map(|m| entry(n * 10_000 + m, 32)).collect::<Vec<_>>())).collect();
    bounded("indexes of indexes", &["verify --recursive", "copy"], |cell| {
        let contents = cell.registry.contents();
        let plant = |text: &String| {
            let digest = contents.plant_manifest(REPOSITORY, None, INDEX, text.clone());
            json!({ "mediaType": INDEX, "digest": digest, "size": text.len() })
        };
        let top = index(&texts.iter().map(plant).collect::<Vec<_>>()).to_string();
        contents.plant_manifest(REPOSITORY, Some("index"), INDEX, top);
    });
}

/// CVE-2024-29902 of cosign: attachments that are large together. They are judged in parts, and let go.
#[test]
fn cve_2024_29902_large_attachments_are_not_held_together() {
    let payload = "A".repeat(4 << 20);
    let envelope = |n: usize| {
        format!(
            r#"{{"payloadType":"application/vnd.in-toto+json","payload":"{payload}","signatures":[{{"sig":"AA{n:02}"}}]}}"#
        )
    };
    bounded("attachments", &["verify-attestation", "attest --replace", "clean"], |cell| {
        let contents = cell.registry.contents();
        let layer = |media_type: &str, document: String| {
            let size = document.len();
            let digest = contents.plant_blob(REPOSITORY, document);
            json!({ "mediaType": media_type, "digest": digest, "size": size })
        };
        let mut attestations = Vec::new();
        for n in 0..10 {
            attestations.push(layer("application/vnd.dsse.envelope.v1+json", envelope(n)));
            let bundle = format!(
                r#"{{"mediaType":"{BUNDLE}","verificationMaterial":{{"publicKey":{{"hint":"x"}}}},"dsseEnvelope":{}}}"#,
                envelope(n)
            );
            refer(contents, &subject(image(&[layer(BUNDLE, bundle)])));
        }
        let tag = format!("{}.att", dashed());
        contents.plant_manifest(REPOSITORY, Some(&tag), MANIFEST, image(&attestations).to_string());
    });
}
