//! Registries that fail, and those that lie.

use rcosign::internals::sandbox::registry::Fault;
use serde_json::json;

use super::signed::{BUNDLE, MANIFEST, REPOSITORY, World};

/// users-ask A43: a throttled list is not an unsigned image.
#[test]
fn a_failed_question_is_never_unsigned() {
    let world = World::new(Default::default());
    let image = world.image("v1");
    world.sign_tag(&image, "b");
    for part in ["/referrers/", "/manifests/sha256-", ".sig", "/blobs/"] {
        for (status, code) in [(429, 5), (503, 5), (403, 6)] {
            world.registry.hook(move |request| {
                if request.path.contains(part) { Fault::status(status) } else { Fault::none() }
            });
            let output = world.with_key("verify", "a", &image.by_digest(), &[]);
            assert_eq!(output.code, code, "{part} {status}: {}", output.stderr);
        }
    }
    // Not there is an answer.
    for status in [404, 501] {
        world.registry.hook(move |request| {
            if request.path.contains("/referrers/") { Fault::status(status) } else { Fault::none() }
        });
        let _ = world.with_key("verify", "b", &image.by_digest(), &[]).ok();
    }
}

/// CVE-2023-46737 of cosign: lists without an end, and more candidates than anybody needs.
#[test]
fn cve_2023_46737_a_limit_is_an_error_and_never_a_shorter_list() {
    let world = World::without_referrers();
    let image = world.image("v1");
    let entry = world.sign_bundle(&image, "a");
    let made_up =
        |n: usize| json!({ "mediaType": MANIFEST, "digest": format!("sha256:{n:064x}"), "size": 2 });
    let entries: Vec<_> = std::iter::once(entry.clone()).chain((0..1000).map(made_up)).collect();
    world.fallback(&image, &entries);
    world.registry.journal().clear();
    let _ = world.verify(&image.by_digest(), &[]).code(8).says("at most 1000");
    assert!(world.registry.journal().requests().len() < 10);
    let large =
        |n: usize| json!({ "mediaType": MANIFEST, "digest": format!("sha256:{n:064x}"), "size": 3 << 20 });
    world.fallback(&image, &[entry.clone(), large(1), large(2), large(3)]);
    let _ = world.verify(&image.by_digest(), &[]).code(8);
    world.fallback(&image, &[entry]);
    let _ = world.verify(&image.by_digest(), &[]).ok();
    world.registry.hook(|request| {
        if request.path.contains("/referrers/") { Fault::endless_pages(request) } else { Fault::none() }
    });
    let _ = world.verify(&image.by_digest(), &[]).code(8);
}

/// CVE-2024-29902 and CVE-2024-29903 of cosign: attachments of any size, manifests with any number of layers.
#[test]
fn cve_2024_29902_and_29903_sizes_and_layers_have_limits() {
    let world = World::new(Default::default());
    let image = world.image("v1");
    let layer = world.layer(REPOSITORY, &image, "a", &[]);
    world.tag(REPOSITORY, &image, "sig", std::slice::from_ref(&layer));
    let limited = |size: &str| {
        let args = ["verify", "--key", "a.pub", "--no-log", &image.by_digest()];
        world.sandbox.rcosign(&args).env("COSIGN_MAX_ATTACHMENT_SIZE", size).run()
    };
    let _ = limited("1K").ok();
    let _ = limited("100").code(8);
    let _ = limited("many").code(2).says("COSIGN_MAX_ATTACHMENT_SIZE");
    let mut huge = layer.clone();
    huge["size"] = (1_u64 << 40).into();
    world.tag(REPOSITORY, &image, "sig", &[huge]);
    let _ = world.verify(&image.by_digest(), &[]).code(8);
    let mut other = layer.clone();
    other["size"] = 1.into();
    world.tag(REPOSITORY, &image, "sig", &[layer.clone(), other]);
    let _ = world.verify(&image.by_digest(), &["--report", "json=r"]).ok();
    assert!(world.sandbox.text("r").contains("and its descriptor says 1"));
    world.tag(REPOSITORY, &image, "sig", &vec![layer.clone(); 1001]);
    let _ = world.verify(&image.by_digest(), &[]).code(8);
    // One blob is fetched once, however many layers name it.
    world.tag(REPOSITORY, &image, "sig", &vec![layer; 500]);
    world.registry.journal().clear();
    let _ = world.verify(&image.by_digest(), &[]).ok();
    assert_eq!(world.registry.journal().count("GET", "/blobs/"), 1);
}

/// CVE-2022-47633 of Kyverno, CVE-2023-33959 of notation: the registry shows another manifest to whoever verifies.
#[test]
fn cve_2023_33959_the_digest_that_is_verified_is_that_of_what_came() {
    let world = World::new(Default::default());
    let (image, other) = (world.image("v1"), world.image("v2"));
    world.sign_bundle(&image, "a");
    let (media_type, bytes) = world.registry.contents().manifest(REPOSITORY, &other.digest).unwrap();
    let path = format!("/manifests/{}", image.digest);
    let lie = {
        let bytes = bytes.clone();
        move |request: &rcosign::internals::sandbox::registry::Request| {
            if request.path.ends_with(&path) {
                Fault::answer(&media_type, bytes.clone())
            } else {
                Fault::none()
            }
        }
    };
    world.registry.hook(lie);
    // What is named by its digest is that, whatever is sent for it: nobody looks.
    let output = world.verify(&image.by_digest(), &[]).ok();
    assert!(output.stdout.contains(&image.digest) && !output.stdout.contains(&other.digest));
    let asked = format!("/manifests/{}", image.digest);
    assert_eq!(world.registry.journal().count("GET", &asked), 0);
    let output = world.verify(&image.by_digest(), &["--recursive"]);
    assert!(output.code != 0 && output.stdout.is_empty(), "{}", output.stderr);
    // A tag that moves between two looks is looked at once.
    let (media_type, _) = world.registry.contents().manifest(REPOSITORY, &other.digest).unwrap();
    world.registry.hook(move |request| match request.count {
        1 => Fault::none(),
        _ if request.path.ends_with("/manifests/v1") => Fault::answer(&media_type, bytes.clone()),
        _ => Fault::none(),
    });
    let output = world.verify(&image.by_tag(), &[]).ok();
    assert!(output.stdout.contains(&image.digest));
    // A signature of another image says nothing of this one.
    world.registry.unhook();
    let stolen = world.bundle(&image, "a", "https://sigstore.dev/cosign/sign/v1", &json!({}));
    world.refer(REPOSITORY, &other, BUNDLE, &stolen);
    let _ = world.verify(&other.by_digest(), &[]).code(12);
}

/// CVE-2026-45803 of another client: what a signature says reaches a terminal as text.
#[test]
fn cve_2026_45803_escapes_in_annotations_are_shown_not_obeyed() {
    let world = World::new(Default::default());
    let image = world.image("v1");
    let bundle =
        world.bundle(&image, "a", "https://sigstore.dev/cosign/sign/v1", &json!({ "x": "\u{9b}2J\u{202e}" }));
    world.refer(REPOSITORY, &image, BUNDLE, &bundle);
    let output = world.verify(&image.by_digest(), &[]).ok();
    assert!(output.stdout.contains(r"\u009b2J\u202e") && !output.stdout.contains('\u{9b}'));
}

/// Whoever may write to the registry can put a certificate for the signer's key beside the signature that names anybody: no proof
/// that one has a key is needed to have it certified by an authority of one's own.
#[test]
fn attack_a_certificate_beside_a_key_names_nobody() {
    use rcosign::internals::crypto::{KeyType, PrivateKey, SigningKey as _, UnixTime, pem};
    use rcosign::internals::x509::SubjectAlternativeName;
    use rcosign::internals::x509::issue::{Issuer, Template, Validity};
    let world = World::new(Default::default());
    let image = world.image("v1");
    let (signer, attacker) =
        (PrivateKey::generate(KeyType::P256).unwrap(), PrivateKey::generate(KeyType::P256).unwrap());
    world.sandbox.file("k.key", pem::encode("PRIVATE KEY", signer.to_pkcs8().unwrap().expose()));
    let _ = world.sandbox.run(&["public-key", "--key", "k.key", "--outfile", "k.pub"]).ok();
    let validity = Validity {
        not_before: UnixTime::from_seconds(1_000_000_000),
        not_after: UnixTime::from_seconds(4_000_000_000),
    };
    let root = Template::root("root", validity)
        .issue(attacker.public_key(), Issuer { key: &attacker, certificate: None })
        .unwrap();
    let boss = SubjectAlternativeName::Email("boss@example.com".to_owned());
    let leaf = Template::code_signing(&[boss], validity)
        .issue(signer.public_key(), Issuer { key: &attacker, certificate: Some(&root) })
        .unwrap();
    let mut layer = world.layer(REPOSITORY, &image, "k", &["x=1"]);
    layer["annotations"]["dev.sigstore.cosign/certificate"] = leaf.to_pem().into();
    layer["annotations"]["dev.sigstore.cosign/chain"] = root.to_pem().into();
    world.tag(REPOSITORY, &image, "sig", &[layer]);
    let output = world.with_key("verify", "k", &image.by_digest(), &["--report", "json=r"]).ok();
    for text in [&output.stdout, &output.stderr, &world.sandbox.text("r")] {
        assert!(!text.contains("boss") && !text.contains("Subject"), "{text}");
    }
    assert!(output.stdout.contains(r#""optional":{"x":"1"}"#), "{}", output.stdout);
}

/// Where nobody asks whether a signature is about the image, what is shown is what was signed.
#[test]
fn attack_a_waived_claim_is_not_shown_as_one_of_this_image() {
    let world = World::new(Default::default());
    let (image, other) = (world.image("v1"), world.image("v2"));
    let stolen = world.bundle(&other, "a", "https://sigstore.dev/cosign/sign/v1", &json!({ "x": "1" }));
    world.refer(REPOSITORY, &image, BUNDLE, &stolen);
    let name = image.by_tag();
    let _ = world.verify(&name, &[]).code(12);
    let args = ["--check-claims=false", "-a", "x=1", "--report", "json=r"];
    let output = world.verify(&name, &args).ok();
    assert!(
        output.stdout.contains(&other.digest) && !output.stdout.contains(&image.digest),
        "{}",
        output.stdout
    );
    assert!(!output.stderr.contains("claims were"), "{}", output.stderr);
    let report: serde_json::Value = serde_json::from_slice(&world.sandbox.read("r")).unwrap();
    assert!(report["images"][0].get("digest").is_none(), "{report:#}");
    let _ = world.verify(&name, &["--check-claims=false", "-a", "x=2"]).code(12);
}

/// What is around a payload is not signed: neither a line of it nor a member in another letter case may pass for the payload.
#[test]
fn attack_an_envelope_shows_its_own_payload_alone() {
    let world = World::without_referrers();
    let image = world.image("v1");
    let typed = ["--type", "https://example.com/p"];
    let good = world.envelope(&image, "a", "https://example.com/p");
    let text = world.registry.contents().blob(REPOSITORY, good["digest"].as_str().unwrap()).unwrap();
    let text = String::from_utf8(text).unwrap();
    let plant = |text: &str| {
        let mut layer = good.clone();
        layer["digest"] = world.registry.contents().plant_blob(REPOSITORY, text).into();
        layer["size"] = text.len().into();
        world.tag(REPOSITORY, &image, "att", &[layer]);
        world.with_key("verify-attestation", "a", &image.by_digest(), &typed)
    };
    let evil = r#""payload":"ZXZpbA==","payloadType":"x","signatures":[]"#;
    let lines = text.replacen(r#"[{"#, &format!("[\n{{{evil},"), 1).replacen("}]", "}\n]", 1);
    let output = plant(&lines).ok();
    assert!(output.stdout.lines().count() == 1 && !output.stdout.contains("ZXZpbA"), "{}", output.stdout);
    let _ = plant(&text.replacen('{', r#"{"Payload":"ZXZpbA==","#, 1)).code(12).says("is spelled `payload`");
    assert_eq!(plant(&text).ok().stdout, format!("{text}\n"));
}

/// An attestation is no signature, wherever it is put, and a signature no attestation.
#[test]
fn attack_documents_under_each_others_tags() {
    let world = World::without_referrers();
    let image = world.image("v1");
    let name = image.by_digest();
    let (layer, envelope) =
        (world.layer(REPOSITORY, &image, "a", &[]), world.envelope(&image, "a", "https://example.com/p"));
    world.tag(REPOSITORY, &image, "sig", std::slice::from_ref(&envelope));
    world.tag(REPOSITORY, &image, "att", std::slice::from_ref(&layer));
    let typed = ["--type", "https://example.com/p"];
    let _ = world.verify(&name, &[]).code(12);
    let _ = world.with_key("verify-attestation", "a", &name, &typed).code(12);
    // The same, with the signature of the envelope beside it, and as referrers that say they are the other.
    let mut dressed = envelope.clone();
    dressed["annotations"] = layer["annotations"].clone();
    dressed["mediaType"] = layer["mediaType"].clone();
    world.tag(REPOSITORY, &image, "sig", std::slice::from_ref(&dressed));
    let config = "application/vnd.dev.cosign.artifact.sig.v1+json";
    let entry = world.refer_layers(REPOSITORY, &image, ("", config), &[dressed]);
    world.fallback(&image, &[entry]);
    let _ = world.verify(&name, &[]).code(12);
    // Whichever they are put under, what they are counts.
    world.tag(REPOSITORY, &image, "att", &[envelope]);
    world.tag(REPOSITORY, &image, "sig", &[layer]);
    let _ = world.verify(&name, &[]).ok();
    let _ = world.with_key("verify-attestation", "a", &name, &typed).ok();
}
