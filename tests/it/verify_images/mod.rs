//! `verify` and `verify-attestation`, against registries in this process, with and without the referrers API.

mod candidates;
mod hostile;
mod local;
mod several;
pub mod signed;

use std::time::Duration;

use rcosign::internals::sandbox::registry::Fault;
use serde_json::{Value, json};

use crate::support::Output;
use signed::{BUNDLE, REPOSITORY, World};

/// What stands on standard output for one image.
fn shown(output: &Output) -> Value {
    let text = output.stdout.strip_prefix('\n').unwrap();
    assert_eq!(text.lines().count(), 1, "{text}");
    serde_json::from_str(text).unwrap()
}

#[test]
fn every_form_is_found_and_counts_its_requests() {
    for referrers in [true, false] {
        let world = if referrers { World::new(Default::default()) } else { World::without_referrers() };
        world.registry.hook(|_| Fault::none().delayed(Duration::from_millis(40)));
        let check = |image: &signed::Image, requests: usize, trips: usize, kind: &str| {
            for (name, more) in [(image.by_digest(), 0), (image.by_tag(), 1)] {
                world.registry.journal().clear();
                let output = world.verify(&name, &[]).ok();
                assert_eq!(shown(&output)[0]["critical"]["type"], kind);
                assert_eq!(shown(&output)[0]["critical"]["image"]["docker-manifest-digest"], image.digest);
                let journal = world.registry.journal();
                assert!(journal.requests().len() <= requests + more, "{:#?}", journal.lines());
                assert!(journal.round_trips() <= trips + more, "{:#?}", journal.lines());
            }
        };
        let tagged = world.image("tagged");
        world.sign_tag(&tagged, "a");
        check(&tagged, 4, 2, "cosign container image signature");

        let bundled = world.image("bundled");
        let entry = world.sign_bundle(&bundled, "a");
        world.fallback(&bundled, &[entry]);
        check(&bundled, 5, 3, "https://sigstore.dev/cosign/sign/v1");

        let layered = world.image("layered");
        let layer = world.layer(REPOSITORY, &layered, "a", &[]);
        let config = "application/vnd.dev.cosign.artifact.sig.v1+json";
        let entry = world.refer_layers(REPOSITORY, &layered, ("", config), &[layer]);
        world.fallback(&layered, &[entry]);
        check(&layered, 5, 3, "cosign container image signature");
    }
}

#[test]
fn the_output_is_that_of_cosign() {
    let world = World::new(Default::default());
    let image = world.image("v1");
    let layer = world.layer(REPOSITORY, &image, "a", &["x=1", "y=<b>"]);
    world.tag(REPOSITORY, &image, "sig", &[layer]);
    let entry = |reference: &str, kind: &str| {
        format!(
            r#"{{"critical":{{"identity":{{"docker-reference":"{reference}"}},"image":{{"docker-manifest-digest":"{}"}},"type":"{kind}"}},"optional":{{"x":"1","y":"\u003cb\u003e"}}}}"#,
            image.digest
        )
    };
    let name = image.by_tag();
    let place = name.rsplit_once(':').unwrap().0;
    let legacy = entry(place, "cosign container image signature");
    let output = world.verify(&name, &["-a", "x=1"]).ok();
    assert_eq!(output.stdout, format!("\n[{legacy}]\n"));
    assert_eq!(
        output.stderr,
        format!(
            "No transparency log entry was asked for (--no-log)\n\nVerification for {name} --\nThe following checks were \
             performed on each of these signatures:\n  - The specified annotations were verified.\n  - The cosign claims were \
             validated\n  - The signatures were verified against the specified public key\n"
        )
    );
    let output =
        world.sandbox.run(&["verify", "--key", "a.pub", "--insecure-ignore-tlog", "-o", "text", &name]).ok();
    assert_eq!(output.stdout, format!("{legacy}\n"));
    assert!(output.stderr.starts_with(
        "WARNING: Skipping tlog verification is an insecure practice that lacks transparency and auditability verification for \
         the signature.\n\nVerification for "
    ));
    let bundle =
        world.bundle(&image, "a", "https://sigstore.dev/cosign/sign/v1", &json!({ "y": "<b>", "x": "1" }));
    world.refer(REPOSITORY, &image, BUNDLE, &bundle);
    let bundled = entry(&name, "https://sigstore.dev/cosign/sign/v1");
    let output = world.verify(&name, &["--new-bundle-format"]).ok();
    assert_eq!(output.stdout, format!("\n[{bundled}]\n"));
    // Neither form hides the other.
    assert_eq!(world.verify(&name, &[]).ok().stdout, format!("\n[{bundled},{legacy}]\n"));
    assert_eq!(world.verify(&name, &["--new-bundle-format=false"]).ok().stdout, format!("\n[{legacy}]\n"));
    let _ = world
        .verify(&name, &["--experimental-oci11"])
        .code(10)
        .says("--experimental-oci11 leaves other forms out");
    let _ = world.verify(&name, &["-a", "x=2"]).code(12).says("the annotation `x` is `1`, expected `2`");
    let _ = world.verify(&name, &["-o", "yaml"]).code(2);
    let _ = world.verify(&name, &["--max-workers", "0"]).code(2);
    let _ = world.verify(&name, &["--check-claims=false"]).ok();
}

/// A type is whatever its signer wrote: in a hint it is one word of a shell.
#[test]
fn a_type_in_a_hint_is_one_word() {
    let world = World::without_referrers();
    let odd = world.image("odd");
    let layer = world.envelope(&odd, "a", "https://example.com/p;a");
    world.tag(REPOSITORY, &odd, "att", &[layer]);
    let _ = world
        .with_key("verify-attestation", "a", &odd.by_digest(), &[])
        .code(12)
        .says("ask for it: --type 'https://example.com/p;a'");
}

#[test]
fn exit_codes_of_both_forms_and_both_commands() {
    let world = World::without_referrers();
    let unsigned = world.image("unsigned").by_digest();
    let missing = unsigned.replace("app/one@", "app/none@");
    let (tagged, bundled) = (world.image("tagged"), world.image("bundled"));
    world.sign_tag(&tagged, "a");
    let entry = world.sign_bundle(&bundled, "a");
    world.fallback(&bundled, &[entry]);
    let identity =
        ["--certificate-identity", "x@example.com", "--certificate-oidc-issuer", "https://i.example"];
    let keyless = |command: &str, image: &str| {
        world
            .sandbox
            .run(&[&[command][..], &identity, &["--no-log", "--insecure-ignore-sct", image]].concat())
    };
    for command in ["verify", "verify-attestation"] {
        let _ = world.with_key(command, "a", &unsigned, &[]).code(10);
        let _ = world.with_key(command, "a", &missing, &[]).code(11);
        let _ = world.with_key(command, "a", &missing.replace("@sha256:", ":tag-"), &[]).code(11);
    }
    for image in [&tagged, &bundled] {
        let _ = world.verify(&image.by_digest(), &[]).ok();
        let _ = world.with_key("verify", "b", &image.by_digest(), &[]).code(12).says("does not match");
        let _ = keyless("verify", &image.by_digest()).code(13).says("--key");
        let _ = world.with_key("verify-attestation", "a", &image.by_digest(), &[]).code(10);
        // No log entry, and nobody said that none was needed.
        let _ =
            world.sandbox.run(&["verify", "--key", "a.pub", &image.by_digest()]).code(12).says("--no-log");
    }
    let (layered, referred) = (world.image("layered"), world.image("referred"));
    let layer = world.envelope(&layered, "a", "https://example.com/p");
    world.tag(REPOSITORY, &layered, "att", &[layer]);
    let bundle = world.bundle(&referred, "a", "https://example.com/p", &json!({}));
    let entry = world.refer(REPOSITORY, &referred, BUNDLE, &bundle);
    world.fallback(&referred, &[entry]);
    for image in [&layered, &referred] {
        let name = image.by_digest();
        let typed = ["--type", "https://example.com/p"];
        let output = world.with_key("verify-attestation", "a", &name, &typed).ok();
        assert!(output.stdout.starts_with(r#"{"payload":""#) && output.stdout.lines().count() == 1);
        let _ = world.with_key("verify-attestation", "b", &name, &typed).code(12);
        let _ = world
            .with_key("verify-attestation", "a", &name, &[])
            .code(12)
            .says("ask for it: --type https://example.com/p");
        let _ = keyless("verify-attestation", &name).code(13);
        // A policy is the user's: one that is not there, or is none, is said of before anything is asked.
        let by = |policy: &str| {
            let flags = ["--type", "https://example.com/p", "--policy", policy];
            world.with_key("verify-attestation", "a", &name, &flags)
        };
        let _ = by("none.rego").code(3).says("none.rego");
        let _ = by("policy.txt").code(2).says("FILE.rego");
        if cfg!(feature = "rego") {
            world.sandbox.file("yes.rego", "package signature\nallow { input.predicateType }\n");
            world.sandbox.file("no.rego", "package signature\ndefault allow = false\nallow { input.x }\n");
            let _ = by("yes.rego").ok().says("will be validating against Rego policies: [yes.rego]");
            let refused = by("no.rego").code(7).says("expression value, false, is not true");
            assert_eq!(refused.stdout, "");
            // All files are one policy, and one of its rules holds.
            let _ = by("yes.rego,no.rego").ok();
            let _ = by("no.rego,none.rego").code(3);
            let judged = |policy: &str| {
                let flags =
                    ["--type", "https://example.com/p", "--policy", policy, "--report", "json=report.json"];
                let _ = world.with_key("verify-attestation", "a", &name, &flags);
                let report: Value = serde_json::from_slice(&world.sandbox.read("report.json")).unwrap();
                report["images"][0]["policies"].clone()
            };
            let verdict = &judged("yes.rego")[0];
            assert_eq!((&verdict["name"], &verdict["verdict"]), (&json!("yes.rego"), &json!("accepted")));
            assert_eq!(verdict["language"], "rego");
            assert_eq!(verdict["digest"].as_str().unwrap().len(), "sha256:".len() + 64);
            assert_eq!(judged("no.rego")[0]["verdict"], "refused");
        }
        // Measured as M3: cosign takes an attestation for a signature.
        let _ = world.verify(&name, &[]).code(10);
    }
    let _ = world
        .verify(&referred.by_digest(), &[])
        .code(10)
        .says("an attestation of type `https://example.com/p`");
    let _ = world.verify("127.0.0.1:1/a/b:c", &[]).code(5);
    let _ = world.verify("not a reference", &[]).code(2);
}

/// Measured as M4: with cosign, one stray bundle hides the old signature.
#[test]
fn nothing_hides_anything() {
    let world = World::new(Default::default());
    let image = world.image("v1");
    world.sign_tag(&image, "a");
    let stray = world.bundle(&image, "b", "https://example.com/p", &json!({}));
    world.refer(REPOSITORY, &image, BUNDLE, &stray);
    world.sign_bundle(&image, "b");
    world.refer(REPOSITORY, &image, BUNDLE, b"{");
    let gone = world.sign_bundle(&image, "b");
    world.fallback(&image, std::slice::from_ref(&gone));
    world.registry.contents().uproot(REPOSITORY, gone["digest"].as_str().unwrap());
    let output = world.verify(&image.by_digest(), &["--report", "json=report.json"]).ok();
    assert_eq!(shown(&output).as_array().unwrap().len(), 1);
    let report: Value = serde_json::from_slice(&world.sandbox.read("report.json")).unwrap();
    let candidates = report["images"][0]["candidates"].as_array().unwrap();
    let verified = candidates.iter().filter(|candidate| candidate["verified"] == true).count();
    assert_eq!((candidates.len(), verified), (5, 1), "{report:#}");
    let told = world.with_key("verify", "b", &image.by_digest(), &["--new-bundle-format"]).ok();
    assert_eq!(shown(&told).as_array().unwrap().len(), 1);
}

#[test]
fn what_is_listed_and_gone_is_told_of() {
    let world = World::without_referrers();
    let image = world.image("v1");
    let entry = world.sign_bundle(&image, "a");
    world.fallback(&image, std::slice::from_ref(&entry));
    world.registry.contents().uproot(REPOSITORY, entry["digest"].as_str().unwrap());
    let _ = world.verify(&image.by_digest(), &[]).code(12).says("it is listed, and not there");
    let other = world.image("v2");
    let layer = world.layer(REPOSITORY, &other, "a", &[]);
    world.registry.contents().uproot(REPOSITORY, layer["digest"].as_str().unwrap());
    world.tag(REPOSITORY, &other, "sig", &[layer]);
    let _ = world
        .verify(&other.by_digest(), &[])
        .code(12)
        .says(".sig` cannot be used: it is listed, and not there");
}

#[test]
fn a_foreign_artifact_costs_its_manifest_and_no_more() {
    let world = World::new(Default::default());
    let image = world.image("v1");
    world.refer(REPOSITORY, &image, "application/spdx+json", b"{}");
    // Its manifest says nothing, its layer does.
    let bundle = world.bundle(&image, "a", "https://sigstore.dev/cosign/sign/v1", &json!({}));
    let blob = world.registry.contents().plant_blob(REPOSITORY, bundle.clone());
    let layer = json!({ "mediaType": BUNDLE, "digest": blob, "size": bundle.len() });
    world.refer_layers(REPOSITORY, &image, ("", "application/vnd.oci.empty.v1+json"), &[layer]);
    world.registry.journal().clear();
    let _ = world.verify(&image.by_digest(), &[]).ok();
    assert_eq!(world.registry.journal().count("GET", "/blobs/"), 1);
    assert_eq!(world.registry.journal().count("GET", "/manifests/"), 4);
}

#[test]
fn another_repository_and_a_prefix() {
    let world = World::new(Default::default());
    let image = world.image("v1");
    let layer = world.layer("sigs/here", &image, "a", &[]);
    world.tag("sigs/here", &image, "sig", &[layer]);
    let _ = world.verify(&image.by_digest(), &[]).code(10);
    let named = |repository: &str, args: &[&str]| {
        let name = image.by_digest();
        let args = [&["verify", "--key", "a.pub", "--no-log"][..], args, &[&name]].concat();
        let repository = format!("{}/{repository}", world.registry.address());
        world.sandbox.rcosign(&args).env("COSIGN_REPOSITORY", &repository).run()
    };
    let _ = named("sigs/here", &[]).ok();
    // The image's own repository is asked too.
    world.sign_bundle(&image, "a");
    assert_eq!(shown(&named("sigs/here", &[]).ok()).as_array().unwrap().len(), 2);
    assert_eq!(shown(&named("sigs/none", &[]).ok()).as_array().unwrap().len(), 1);
    let _ = named("sigs/here", &["--attachment-tag-prefix", "p-", "--new-bundle-format=false"]).code(10);
}

#[test]
fn parts_from_files_and_the_attached_sbom() {
    let world = World::new(Default::default());
    let image = world.image("v1");
    let (payload, signature) = world.payload(&image, "a", &[]);
    world.sandbox.file("payload", &payload);
    let name = image.by_digest();
    let _ = world.verify(&name, &["--signature", &signature, "--payload", "payload"]).ok();
    let _ = world.verify(&name, &["--signature", &signature]).ok();
    let _ = world.with_key("verify", "b", &name, &["--signature", &signature]).code(12);
    let _ = world.verify(&name, &["--payload", "payload"]).code(2).says("--signature");
    let other = world.image("v2").by_digest();
    let _ = world.verify(&other, &["--signature", &signature, "--payload", "payload"]).code(12);
    let _ = world.verify(&name, &["--attachment", "sbom"]).code(11).says("there is no SBOM");
    world.tag(REPOSITORY, &image, "sbom", &[]);
    let _ = world.verify(&name, &["--attachment", "sbom"]).code(10);
    let _ = world.verify(&name, &["--attachment", "other"]).code(2);
}
