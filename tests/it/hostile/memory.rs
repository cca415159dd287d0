//! How much memory a registry can make a command take: a process for each case, and the high-water mark of its resident set
//! against that of the same command on a sound registry. docs/reference/limits.md says what is counted.

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

/// Runs each of these commands on what `plant` makes of a registry. None takes more memory than it may; which exit code it has is
/// none of this.
#[track_caller]
fn bounded(what: &str, commands: &[&str], plant: impl Fn(&Cell)) {
    let mut over = Vec::new();
    for name in commands {
        let sound = cell(name).run(&["--retry-for", "0s"]).peak;
        let hostile = cell(name);
        plant(&hostile);
        let run = hostile.run(&["--retry-for", "0s"]);
        let more = run.peak.saturating_sub(sound);
        if std::env::var_os("RCOSIGN_HOSTILE").is_some() {
            eprintln!(
                "{what}: {name}: {} MiB over {} MiB in {:?}, exit {:?}: {}",
                more >> 10,
                sound >> 10,
                run.took,
                run.code,
                run.stderr.lines().filter(|l| l.starts_with("error")).collect::<String>()
            );
        }
        if run.code.is_none() || more > MEMORY {
            over.push(format!(
                "{name}: {} MiB, {:?}, exit {:?}: {}",
                more >> 10,
                run.took,
                run.code,
                run.stderr
            ));
        }
    }
    assert!(over.is_empty(), "{what}\n{}", over.join("\n"));
}

const READERS: &[&str] = &[
    "verify",
    "verify-attestation",
    "tree --experimental-oci11",
    "download signature",
    "sign --skip-existing",
    "attest --replace",
    "clean",
    "copy",
    "save",
];

fn dashed() -> String {
    Prepared::get().images[0].replacen(':', "-", 1)
}

/// `"0":"","1":"",...`: as many annotations as a text of this length has.
fn annotations(length: usize) -> Value {
    Value::Object((0..length / 8).map(|n| (n.to_string(), json!(""))).take(990).collect())
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
    bounded("long lists", READERS, |cell| {
        let entry = |n: usize| json!({ "mediaType": MANIFEST, "digest": digest(n), "size": 2, "annotations": annotations(180) });
        let entries: Vec<_> = (0..3_500).map(entry).collect();
        let list = index(&entries).to_string();
        assert!(list.len() < LARGEST, "{}", list.len());
        cell.registry.contents().plant_manifest(REPOSITORY, Some(&dashed()), INDEX, list.clone());
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
    bounded("many referrers", READERS, |cell| {
        let mut entries = Vec::new();
        for n in 0..830 {
            let mut manifest = image(&[]);
            manifest["annotations"] = annotations(30_000);
            manifest["annotations"]["own"] = n.to_string().into();
            entries.push(refer(cell.registry.contents(), &manifest));
        }
        // The registry itself would list the annotations, which is more than it may.
        cell.registry.contents().plant_manifest(
            REPOSITORY,
            Some(&dashed()),
            INDEX,
            index(&entries).to_string(),
        );
    });
}

#[test]
fn many_referrers_with_many_layers() {
    bounded("many layers", READERS, |cell| {
        let layers: Vec<_> =
            (0..80).map(|n| json!({ "mediaType": "a", "digest": digest(n), "size": 2 })).collect();
        for n in 0..900 {
            let mut manifest = image(&layers);
            manifest["annotations"] = json!({ "own": n.to_string() });
            refer(cell.registry.contents(), &subject(manifest));
        }
    });
}

/// Referrers that are larger than the list says, all at the same time.
#[test]
fn manifests_larger_than_announced() {
    bounded("larger than announced", READERS, |cell| {
        let entries: Vec<_> =
            (0..500).map(|n| json!({ "mediaType": MANIFEST, "digest": digest(n), "size": 2 })).collect();
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
    bounded("full of layers", READERS, |cell| {
        let layers: Vec<_> = (0..9_000)
            .map(|n| json!({ "mediaType": "a", "digest": digest(n), "size": 2, "annotations": annotations(32) }))
            .collect();
        let full = image(&layers).to_string();
        assert!(full.len() < LARGEST, "{}", full.len());
        for suffix in ["", ".sig", ".att", ".sbom"] {
            cell.registry.contents().plant_manifest(
                REPOSITORY,
                Some(&format!("{}{suffix}", dashed())),
                MANIFEST,
                full.clone(),
            );
        }
        refer(cell.registry.contents(), &subject(image(&layers)));
        cell.registry.contents().plant_manifest(REPOSITORY, Some("v1"), MANIFEST, full);
    });
}

/// An index of indexes, each as large as it may be.
#[test]
fn indexes_of_indexes() {
    bounded("indexes of indexes", &["verify --recursive", "copy"], |cell| {
        let contents = cell.registry.contents();
        let children: Vec<_> = (0..60)
            .map(|n| {
                let entries: Vec<_> = (0..9_000)
                    .map(|m| json!({ "mediaType": MANIFEST, "digest": digest(n * 10_000 + m), "size": 2, "annotations": annotations(32) }))
                    .collect();
                let text = index(&entries).to_string();
                let size = text.len();
                let digest = contents.plant_manifest(REPOSITORY, None, INDEX, text);
                json!({ "mediaType": INDEX, "digest": digest, "size": size })
            })
            .collect();
        let top = index(&children).to_string();
        contents.plant_manifest(REPOSITORY, Some("index"), INDEX, top);
    });
}

/// CVE-2024-29902 of cosign: attachments that are large together. They are judged in parts, and let go.
#[test]
fn cve_2024_29902_large_attachments_are_not_held_together() {
    let readers = ["verify", "verify-attestation", "sign --skip-existing", "attest --replace", "clean"];
    bounded("attachments", &readers, |cell| {
        let contents = cell.registry.contents();
        let layer = |n: usize, media_type: &str, document: String| {
            let size = document.len();
            let digest = contents.plant_blob(REPOSITORY, document);
            json!({ "mediaType": media_type, "digest": digest, "size": size, "annotations": { "dev.cosignproject.cosign/signature": "AAAA", "n": n.to_string() } })
        };
        let long = |n: usize| format!("{n}{}", "A".repeat(4 << 20));
        let (mut signatures, mut attestations) = (Vec::new(), Vec::new());
        for n in 0..12 {
            signatures.push(layer(
                n,
                "application/vnd.dev.cosign.simplesigning.v1+json",
                format!("{{\"x\":\"{}\"}}", long(n)),
            ));
            let payload = "A".repeat(4 << 20);
            let envelope = format!(
                "{{\"payloadType\":\"application/vnd.in-toto+json\",\"payload\":\"{payload}\",\"signatures\":[{{\"sig\":\"AA{n:02}\"}}]}}"
            );
            attestations.push(layer(n, "application/vnd.dsse.envelope.v1+json", envelope.clone()));
            let bundle = format!(
                "{{\"mediaType\":\"{BUNDLE}\",\"verificationMaterial\":{{\"publicKey\":{{\"hint\":\"x\"}}}},\"dsseEnvelope\":{envelope}}}"
            );
            let layer = layer(n, BUNDLE, bundle);
            refer(contents, &subject(image(&[layer])));
        }
        for (suffix, layers) in [("sig", signatures), ("att", attestations)] {
            contents.plant_manifest(
                REPOSITORY,
                Some(&format!("{}.{suffix}", dashed())),
                MANIFEST,
                image(&layers).to_string(),
            );
        }
    });
}
