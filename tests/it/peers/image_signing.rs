//! What rcosign signs and attests of images, the real cosigns verify; and what it writes is what they write.

use rcosign::internals::sandbox::registry::{Options, Registry};
use serde_json::{Value, json};

use super::{KINDS, Peer, peers, sandbox};
use crate::support::{Output, Sandbox};

const OFFLINE: [&str; 3] = ["--yes", "--tlog-upload=false", "--use-signing-config=false"];

fn start(referrers: bool) -> Registry {
    Registry::start(Options { referrers, ..Options::default() }).unwrap()
}

/// The flags with which a peer looks at this form; `None` where it knows nothing of it.
fn looking(peer: &Peer, form: &str) -> Option<Vec<&'static str>> {
    match (peer.version, form) {
        (2, "bundle") => None,
        (2, _) => Some(vec!["--insecure-ignore-tlog"]),
        (_, "bundle") => Some(vec!["--insecure-ignore-tlog"]),
        _ => Some(vec!["--insecure-ignore-tlog", "--new-bundle-format=false"]),
    }
}

fn rcosign(sandbox: &Sandbox, words: &[&str], form: &str, image: &str) -> Output {
    sandbox.run(&[words, &["--offline", "--write", form, image]].concat())
}

#[test]
fn cosign_verifies_signatures_and_attestations_by_every_kind_of_key() {
    let peers = peers();
    for (referrers, form) in [(true, "bundle"), (false, "bundle"), (false, "tag")] {
        for kind in KINDS {
            let (sandbox, registry) = (sandbox(), start(referrers));
            let image = registry.contents().plant_image("app", "v1");
            let image = format!("{}/app@{image}", registry.address());
            let (key, public) = (format!("{}.key", kind.name), format!("{}.pub", kind.name));
            sandbox.file("p.json", "{\"a\":1}");
            let _ = rcosign(&sandbox, &["sign", "--key", &key, "-a", "k=v,n=1"], form, &image).ok();
            let predicate = ["attest", "--key", &key, "--predicate", "p.json", "--type", "custom"];
            let _ = rcosign(&sandbox, &predicate, form, &image).ok();
            for peer in &peers {
                let (Some(flags), Some(more)) = (looking(peer, form), kind.verifiable_by(peer)) else {
                    continue;
                };
                let ask = |words: &[&str], public: &str| {
                    let args = [words, &["--key", public], &flags, &more, &[image.as_str()]].concat();
                    peer.run(&sandbox, &args)
                };
                let what = format!("{form} {} {}", kind.name, peer.version);
                let signed = ask(&["verify", "-a", "k=v"], &public);
                assert_eq!(signed.code, 0, "{what}: {}", signed.stderr);
                let found: Value =
                    serde_json::from_str(signed.stdout.trim().lines().last().unwrap()).unwrap();
                assert_eq!(found[0]["optional"], json!({ "k": "v", "n": "1" }), "{what}");
                let attested = ask(&["verify-attestation", "--type", "custom"], &public);
                assert_eq!(attested.code, 0, "{what}: {}", attested.stderr);
                assert_ne!(ask(&["verify", "-a", "k=w"], &public).code, 0, "{what}");
                let other = if kind.name == "p256" { "rsa2048.pub" } else { "p256.pub" };
                assert_ne!(ask(&["verify"], other).code, 0, "{what}");
            }
        }
    }
}

#[test]
fn cosign_verifies_every_image_of_an_index() {
    let (sandbox, registry) = (sandbox(), start(false));
    let contents = registry.contents();
    let children: Vec<String> = ["a", "b"].map(|tag| contents.plant_image("app", tag)).to_vec();
    let entry = |digest: &String| {
        let (media_type, bytes) = contents.manifest("app", digest).unwrap();
        json!({ "mediaType": media_type, "digest": digest, "size": bytes.len() })
    };
    let media_type = "application/vnd.oci.image.index.v1+json";
    let index = json!({ "schemaVersion": 2, "mediaType": media_type,
        "manifests": children.iter().map(entry).collect::<Vec<_>>() });
    let index = contents.plant_manifest("app", Some("all"), media_type, index.to_string());
    let all = format!("{}/app:all", registry.address());
    let _ = rcosign(&sandbox, &["sign", "-r", "--key", "p256.key"], "bundle,tag", &all).ok();
    for peer in &peers() {
        for (digest, form) in
            children.iter().chain([&index]).flat_map(|digest| [(digest, "bundle"), (digest, "tag")])
        {
            let Some(flags) = looking(peer, form) else { continue };
            let image = format!("{}/app@{digest}", registry.address());
            let _ =
                peer.run(&sandbox, &[&["verify", "--key", "p256.pub"], &flags[..], &[&image]].concat()).ok();
        }
    }
}

/// What stands in a repository for an image: under a tag, or as a referrer; without what differs from one signing to the next.
fn written(registry: &Registry, reference: &str) -> (Value, Vec<Vec<u8>>) {
    let contents = registry.contents();
    let (_, bytes) = contents.manifest("app", reference).unwrap();
    let mut manifest: Value = serde_json::from_slice(&bytes).unwrap();
    let blob = |descriptor: &Value| contents.blob("app", descriptor["digest"].as_str().unwrap()).unwrap();
    let mut blobs = vec![blob(&manifest["config"])];
    for layer in manifest["layers"].as_array_mut().unwrap() {
        let content = blob(layer);
        if layer["mediaType"] == "application/vnd.dev.cosign.simplesigning.v1+json" {
            blobs.push(content);
            layer["annotations"]["dev.cosignproject.cosign/signature"] = Value::Null;
            continue;
        }
        let mut document: Value = serde_json::from_slice(&content).unwrap();
        let envelope =
            if document["dsseEnvelope"].is_null() { &mut document } else { &mut document["dsseEnvelope"] };
        envelope["signatures"][0]["sig"] = Value::Null;
        blobs.push(document.to_string().into_bytes());
        (layer["digest"], layer["size"]) = (Value::Null, Value::Null);
    }
    if !manifest["subject"].is_null() {
        // cosign says it there, where it means nothing.
        manifest["config"].as_object_mut().unwrap().remove("artifactType");
        manifest["annotations"]["org.opencontainers.image.created"] = Value::Null;
    } else {
        // The configuration of a tag names the layers by digests, which signatures in envelopes change.
        let mut config: Value = serde_json::from_slice(&blobs[0]).unwrap();
        if blobs[1].starts_with(b"{\"payload\"") {
            config["rootfs"]["diff_ids"] = Value::Null;
            (manifest["config"]["digest"], manifest["config"]["size"]) = (Value::Null, Value::Null);
        }
        blobs[0] = config.to_string().into_bytes();
    }
    (manifest, blobs)
}

#[test]
fn what_is_written_is_what_cosign_writes() {
    for peer in peers().iter().filter(|peer| peer.version == 3) {
        for (form, flag) in [("bundle", "--new-bundle-format=true"), ("tag", "--new-bundle-format=false")] {
            let (sandbox, registry) = (sandbox(), start(false));
            sandbox.file("p.json", "{\"a\":1,\"b\":[\"<x>\"]}");
            let digest = registry.contents().plant_image("app", "v1");
            let image = format!("{}/app@{digest}", registry.address());
            let dashed = digest.replace(':', "-");
            let sign = ["sign", "--key", "p256.key", "-a", "b=<2>,a=1"];
            let attest =
                ["attest", "--key", "p256.key", "--predicate", "p.json", "--type", "https://example.com/x"];
            for (words, suffix) in [(&sign[..], ".sig"), (&attest[..], ".att")] {
                let take = || {
                    let contents = registry.contents();
                    if form == "bundle" {
                        let referrers = contents.referrers("app", &digest);
                        let found = written(&registry, &referrers[0]);
                        referrers.iter().for_each(|digest| contents.uproot("app", digest));
                        contents.uproot("app", &dashed);
                        found
                    } else {
                        let tag = format!("{dashed}{suffix}");
                        let found = written(&registry, &tag);
                        contents.uproot("app", &tag);
                        found
                    }
                };
                let _ = peer.run(&sandbox, &[words, &OFFLINE, &[flag, &image]].concat()).ok();
                let theirs = take();
                let _ = rcosign(&sandbox, words, form, &image).ok();
                let ours = take();
                assert_eq!(ours.0, theirs.0, "{form} {suffix}");
                for (ours, theirs) in ours.1.iter().zip(&theirs.1) {
                    assert_eq!(
                        String::from_utf8_lossy(ours),
                        String::from_utf8_lossy(theirs),
                        "{form} {suffix}"
                    );
                }
            }
        }
    }
}

/// What cosign refuses is refused here, too.
#[test]
fn what_cosign_refuses_is_refused() {
    let (sandbox, registry) = (sandbox(), start(true));
    sandbox.file("p.json", "[1]");
    let digest = registry.contents().plant_image("app", "v1");
    let image = format!("{}/app@{digest}", registry.address());
    let missing = format!("{}/app:none", registry.address());
    let cases: [&[&str]; 9] = [
        &["sign", "--key", "p256.key", "-a", "x", &image],
        &["sign", "--key", "p256.key", &missing],
        &["sign", "--key", "p256.key"],
        &["sign", "--key", "p256.pub", &image],
        &["sign", "--key", "p256.key", "--upload=false", &image],
        &["attest", "--key", "p256.key", &image],
        &["attest", "--key", "p256.key", "--predicate", "p.json", "--type", "bogus", &image],
        &["attest", "--key", "p256.key", "--predicate", "p.json", "--type", "https://x.example", &image],
        &["attest", "--key", "p256.key", "--predicate", "none", &image],
    ];
    for case in cases {
        assert_ne!(sandbox.run(&[case, &["--offline"]].concat()).code, 0, "{case:?}");
        for peer in peers().iter().filter(|peer| peer.version == 3) {
            assert_ne!(peer.run(&sandbox, &[case, &OFFLINE].concat()).code, 0, "{case:?}");
        }
    }
    assert_eq!(registry.contents().referrers("app", &digest).len(), 0);
}
