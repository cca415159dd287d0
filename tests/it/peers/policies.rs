//! Policies: a sample of the recorded cases is asked of the real cosign and of this program, through the same layouts. Where the peer
//! refuses, so does this program; where it accepts, this program does, or the difference is listed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use rcosign::internals::crypto::{base64, sha256};
use serde_json::{Value, json};

use super::{Peer, peers, sandbox};
use crate::support::{Sandbox, repository};

/// The files of cases, and of how many one is asked.
const FILES: [(&str, usize); 8] = [
    ("rego/cases.jsonl", 9),
    ("rego/probes.jsonl", 23),
    ("rego/generated.jsonl", 37),
    ("cue/cases.jsonl", 43),
    ("cue/probes.jsonl", 11),
    ("cue/generated.jsonl", 37),
    ("cue/subset.jsonl", 61),
    ("cue/elements.jsonl", 31),
];

fn read(name: &str) -> String {
    std::fs::read_to_string(repository().join("testdata/policies").join(name)).unwrap()
}

/// Writes a blob; its descriptor.
fn put(folder: &Path, value: &Value, media_type: &str) -> Value {
    let bytes = serde_json::to_vec(value).unwrap();
    let digest = hex(&sha256(&bytes));
    std::fs::write(folder.join("blobs/sha256").join(&digest), &bytes).unwrap();
    json!({"mediaType": media_type, "size": bytes.len(), "digest": format!("sha256:{digest}")})
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// An image with these layers, as the index of a layout has it.
fn image(folder: &Path, layers: &[Value], kind: &str) -> Value {
    let ids: Vec<_> = layers.iter().map(|layer| layer["digest"].clone()).collect();
    let config =
        json!({"architecture": "", "os": "", "config": {}, "rootfs": {"type": "layers", "diff_ids": ids}});
    let config = put(folder, &config, "application/vnd.oci.image.config.v1+json");
    let media_type = "application/vnd.oci.image.manifest.v1+json";
    let manifest = json!({"schemaVersion": 2, "mediaType": media_type, "config": config, "layers": layers});
    let mut found = put(folder, &manifest, media_type);
    found["annotations"] = json!({"kind": format!("dev.cosignproject.cosign/{kind}")});
    found
}

/// A layout with an image and its attestation, which says `statement`, signed with the key `p256`.
fn layout(sandbox: &Sandbox, name: &str, statement: &str) -> PathBuf {
    let kind = "application/vnd.in-toto+json";
    sandbox.file("signed", format!("DSSEv1 {} {kind} {} {statement}", kind.len(), statement.len()));
    let plain = super::KINDS.first().unwrap().plain();
    let args = [
        "sign-blob",
        "--key",
        plain.to_str().unwrap(),
        "--offline",
        "--output-signature",
        "signature",
        "signed",
    ];
    let _ = sandbox.run(&args).ok();
    let envelope = json!({
        "payload": base64::encode(statement.as_bytes()),
        "payloadType": kind,
        "signatures": [{"sig": sandbox.text("signature").trim()}],
    });
    let folder = sandbox.at(name);
    std::fs::create_dir_all(folder.join("blobs/sha256")).unwrap();
    let predicate_type = &serde_json::from_str::<Value>(statement).unwrap()["predicateType"];
    let mut layer = put(&folder, &envelope, "application/vnd.dsse.envelope.v1+json");
    layer["annotations"] = json!({"dev.cosignproject.cosign/signature": "", "predicateType": predicate_type});
    let manifests = [image(&folder, &[], "image"), image(&folder, &[layer], "atts")];
    let media_type = "application/vnd.oci.image.index.v1+json";
    let index = json!({"schemaVersion": 2, "mediaType": media_type, "manifests": manifests});
    std::fs::write(folder.join("oci-layout"), r#"{"imageLayoutVersion":"1.0.0"}"#).unwrap();
    std::fs::write(folder.join("index.json"), index.to_string()).unwrap();
    folder
}

/// Whether a program accepts the statement of a layout with these policies.
fn accepts(sandbox: &Sandbox, by: Option<&Peer>, files: &Value, layout: &Path, predicate_type: &str) -> bool {
    let mut args = vec!["verify-attestation", "--local-image", "--key", "p256.pub", "--insecure-ignore-tlog"];
    args.extend(["--check-claims=false", "--type", predicate_type]);
    for (name, text) in files.as_object().unwrap() {
        sandbox.file(name, text.as_str().unwrap());
        args.extend(["--policy", name]);
    }
    args.push(layout.to_str().unwrap());
    let output = match by {
        Some(peer) => peer.run(sandbox, &args),
        None => sandbox.run(&args),
    };
    // Whatever is wrong, it is wrong with the policy.
    match by {
        Some(_) => assert!(output.stderr.contains("will be validating against"), "{}", output.stderr),
        None => assert!([0, 3, 7, 8].contains(&output.code), "{}: {}", output.code, output.stderr),
    }
    output.code == 0
}

#[test]
fn verdicts_are_those_of_cosign_3() {
    let Some(peer) = peers().into_iter().find(|peer| peer.version == 3) else { return };
    let sandbox = sandbox();
    let (mut layouts, mut wrong, mut asked) = (BTreeMap::new(), Vec::new(), BTreeSet::new());
    for (file, every) in FILES {
        let language = file.split('/').next().unwrap();
        let listed: BTreeMap<String, String> =
            serde_json::from_str(&read(&format!("{language}/differences.json"))).unwrap();
        for line in read(file).lines().step_by(every) {
            let case: Value = serde_json::from_str(line).unwrap();
            let statement = match case["statement"].as_str() {
                // One that is no statement for this program, which wants whole digests.
                Some("odd") => continue,
                Some(text) if text.starts_with('{') => text.to_owned(),
                Some(name) => read(&format!("statements/{name}.json")),
                None => case["statement"].to_string(),
            };
            // Others that are none were asked of cosign's evaluator by themselves.
            let parsed: Value = serde_json::from_str(&statement).unwrap();
            let Some(predicate_type) = parsed["predicateType"].as_str() else { continue };
            let count = layouts.len();
            let layout = layouts
                .entry(statement.clone())
                .or_insert_with(|| layout(&sandbox, &format!("layout{count}"), &statement));
            let name = case["name"].as_str().unwrap();
            let [theirs, ours] =
                [Some(&peer), None].map(|by| accepts(&sandbox, by, &case["files"], layout, predicate_type));
            asked.insert(theirs);
            if theirs != ours && (ours || !listed.contains_key(name)) {
                wrong.push(format!("{name}: cosign {theirs}, here {ours}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(asked.len(), 2, "some pass, and some do not");
}
