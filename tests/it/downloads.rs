//! `download signature`, `download attestation`, `download sbom` and `tree`, against a registry in this process.

use rcosign::internals::sandbox::registry::{Options, Registry};
use serde_json::{Value, json};

use crate::support::{Sandbox, repository};

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const BUNDLE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";
const SIGN: &str = "https://sigstore.dev/cosign/sign/v1";

struct Served {
    sandbox: Sandbox,
    registry: Registry,
    image: String,
}

impl Served {
    fn new(referrers: bool) -> Self {
        let registry = Registry::start(Options { referrers, ..Options::default() }).unwrap();
        let image = registry.contents().plant_image("app", "v1");
        Self { sandbox: Sandbox::new(), registry, image }
    }

    fn name(&self) -> String {
        format!("{}/app:v1", self.registry.address())
    }

    fn run(&self, words: &[&str]) -> crate::support::Output {
        let name = self.name();
        let words: Vec<&str> =
            words.iter().map(|word| if *word == "IMAGE" { name.as_str() } else { word }).collect();
        self.sandbox.run(&words)
    }

    /// The layers that cosign 2 wrote, under the tag of this image.
    fn plant_tag(&self, kind: &str) -> Vec<String> {
        let contents = self.registry.contents();
        let text = std::fs::read(repository().join("testdata/mock-images/cosign-2.layers.json")).unwrap();
        let all: Value = serde_json::from_slice(&text).unwrap();
        let layers: Vec<Value> = all[kind].as_array().unwrap().iter().map(|layer| {
            let content = layer["content"].as_str().unwrap();
            let digest = contents.plant_blob("app", content);
            json!({ "mediaType": layer["mediaType"], "size": content.len(), "digest": digest, "annotations": layer["annotations"] })
        }).collect();
        self.plant(Some(&self.tag(kind)), &layers, json!({}));
        layers.iter().map(|layer| layer["digest"].as_str().unwrap().to_owned()).collect()
    }

    fn tag(&self, kind: &str) -> String {
        format!("{}.{kind}", self.image.replace(':', "-"))
    }

    fn plant(&self, tag: Option<&str>, layers: &[Value], more: Value) -> String {
        let contents = self.registry.contents();
        let config = contents.plant_blob("app", "{}");
        let mut manifest = json!({
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": { "mediaType": "application/vnd.oci.empty.v1+json", "digest": config, "size": 2 },
            "layers": layers,
        });
        for (name, value) in more.as_object().unwrap() {
            manifest[name] = value.clone();
        }
        contents.plant_manifest("app", tag, MANIFEST, manifest.to_string())
    }

    fn subject(&self) -> Value {
        let (_, bytes) = self.registry.contents().manifest("app", "v1").unwrap();
        json!({ "mediaType": MANIFEST, "digest": self.image, "size": bytes.len() })
    }

    /// A bundle that refers to the image, listed in the fallback index as cosign does it.
    fn refer(&self, bundle: &str, predicate_type: &str) -> String {
        let digest = self.registry.contents().plant_blob("app", bundle);
        let layer = json!({ "mediaType": BUNDLE, "digest": digest, "size": bundle.len() });
        self.plant(
            None,
            &[layer],
            json!({
                "artifactType": BUNDLE,
                "subject": self.subject(),
                "annotations": { "dev.sigstore.bundle.predicateType": predicate_type },
            }),
        )
    }

    fn list(&self, digests: &[&str]) {
        let contents = self.registry.contents();
        let entries: Vec<Value> = digests.iter().map(|digest| {
            let (media_type, bytes) = contents.manifest("app", digest).unwrap();
            // What cosign 3 writes there, whatever it is.
            json!({ "mediaType": media_type, "digest": digest, "size": bytes.len(), "artifactType": "application/vnd.oci.empty.v1+json" })
        }).collect();
        let index = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": entries }).to_string();
        contents.plant_manifest("app", Some(&self.image.replace(':', "-")), INDEX, index);
    }

    /// A bundle by a key of a statement of this type; no signature is verified here.
    fn bundle(&self, predicate_type: &str, pretty: bool) -> String {
        use base64::Engine as _;
        let statement = json!({
            "_type": "https://in-toto.io/Statement/v1",
            "subject": [{ "digest": { "sha256": &self.image[7..] } }],
            "predicateType": predicate_type,
            "predicate": {},
        });
        let payload = base64::engine::general_purpose::STANDARD.encode(statement.to_string());
        let bundle = json!({
            "mediaType": BUNDLE,
            "verificationMaterial": { "publicKey": { "hint": "x" } },
            "dsseEnvelope": { "payload": payload, "payloadType": "application/vnd.in-toto+json", "signatures": [{ "sig": "AAEC" }] },
        });
        if pretty { serde_json::to_string_pretty(&bundle).unwrap() } else { bundle.to_string() }
    }
}

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn what_is_under_tags_is_shown_as_cosign_2_shows_it() {
    let served = Served::new(true);
    served.plant_tag("sig");
    served.plant_tag("att");
    let shown = lines(&served.run(&["download", "signature", "IMAGE"]).ok().stdout);
    assert_eq!(shown.len(), 4);
    for (i, line) in shown.iter().enumerate() {
        let names: Vec<_> = line.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(names, ["Base64Signature", "Payload", "Cert", "Chain", "Bundle", "RFC3161Timestamp"]);
        assert_eq!(line["Cert"]["Raw"].is_string(), i < 2);
        assert_eq!(line["Chain"][0]["Raw"].is_string(), i < 2);
        assert_eq!(line["Bundle"]["Payload"]["logIndex"].is_u64(), i < 3);
        assert_eq!(line["RFC3161Timestamp"]["SignedRFC3161Timestamp"].is_string(), i == 1);
    }
    for (words, count) in [
        (&["download", "attestation", "IMAGE"][..], 3),
        (&["download", "attestation", "--output-format", "legacy", "IMAGE"], 3),
        (&["download", "attestation", "--predicate-type", "custom", "IMAGE"], 2),
        (&["download", "attestation", "--predicate-type", "https://example.com/t", "IMAGE"], 1),
    ] {
        let shown = lines(&served.run(words).ok().stdout);
        assert_eq!(shown.len(), count, "{words:?}");
        let names: Vec<_> = shown[0].as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(names, ["payloadType", "payload", "signatures"]);
        assert_eq!(shown[0]["signatures"][0]["keyid"], "");
    }
}

/// The two shapes of bundles, and that neither the tags nor the bundles hide the others.
#[test]
fn bundles_are_shown_in_both_shapes() {
    for referrers in [true, false] {
        let served = Served::new(referrers);
        let signature = served.refer(&served.bundle(SIGN, true), SIGN);
        let attestation =
            served.refer(&served.bundle("https://example.com/t", false), "https://example.com/t");
        if !referrers {
            served.list(&[&signature, &attestation]);
        }
        let shown = served.run(&["download", "signature", "IMAGE"]).ok().stdout;
        assert_eq!(shown.lines().count(), 2);
        assert!(shown.contains(&served.bundle(SIGN, false)), "{shown}");
        assert_eq!(shown, served.run(&["download", "attestation", "IMAGE"]).ok().stdout);
        let legacy =
            lines(&served.run(&["download", "signature", "--output-format", "legacy", "IMAGE"]).ok().stdout);
        assert_eq!(
            (legacy.len(), &legacy[0]["Base64Signature"], &legacy[0]["Cert"]),
            (1, &json!("AAEC"), &Value::Null)
        );
        let legacy = lines(
            &served.run(&["download", "attestation", "--output-format", "legacy", "IMAGE"]).ok().stdout,
        );
        assert_eq!((legacy.len(), &legacy[0]["signatures"]), (1, &json!([{ "keyid": "", "sig": "AAEC" }])));
        let one = served
            .run(&["download", "attestation", "--predicate-type", "https://example.com/t", "IMAGE"])
            .ok();
        assert_eq!(one.stdout, format!("{}\n", served.bundle("https://example.com/t", false)));
        served.plant_tag("sig");
        assert_eq!(served.run(&["download", "signature", "IMAGE"]).ok().stdout.lines().count(), 6);
    }
}

#[test]
fn none_is_an_error_and_never_an_empty_success() {
    let served = Served::new(true);
    for (words, says) in [
        (&["download", "signature", "IMAGE"][..], "has no signatures"),
        (&["download", "attestation", "IMAGE"], "has no attestations"),
        (&["download", "sbom", "IMAGE"], "has no SBOM"),
    ] {
        assert_eq!(served.run(words).code(1).says(says).stdout, "");
    }
    served.plant_tag("att");
    let of_type = ["download", "attestation", "--predicate-type", "vuln", "IMAGE"];
    served
        .run(&of_type)
        .code(1)
        .says("has no attestations of type https://cosign.sigstore.dev/attestation/vuln/v1");
    served.run(&["download", "attestation", "--predicate-type", "nonsense", "IMAGE"]).code(2);
    served
        .run(&["download", "attestation", "--platform", "linux/amd64", "IMAGE"])
        .code(11)
        .says("is not an index");
    let missing = format!("{}/app:none", served.registry.address());
    for command in ["signature", "attestation", "sbom"] {
        served.sandbox.run(&["download", command, &missing]).code(11);
        served.sandbox.run(&["download", command]).code(2);
    }
    served.sandbox.run(&["tree", &missing]).code(11);
    // What cannot be read is told, and alone it is an error.
    served.registry.contents().uproot("app", &served.tag("att"));
    let broken = served.refer("not JSON", SIGN);
    served.run(&["download", "signature", "IMAGE"]).code(3).says(&broken);
    served.refer(&served.bundle(SIGN, false), SIGN);
    let shown = served.run(&["download", "signature", "IMAGE"]).ok().says(&broken);
    assert_eq!(shown.stdout.lines().count(), 1);
}

#[test]
fn sboms_of_images_and_of_platforms() {
    let served = Served::new(true);
    let document = "SPDXVersion: \u{1b}[2J\n";
    let plant = |text: &str, tag: &str| {
        let digest = served.registry.contents().plant_blob("app", text);
        let layer = json!({ "mediaType": "text/spdx", "digest": digest, "size": text.len() });
        served.plant(Some(tag), &[layer], json!({}));
    };
    plant(document, &served.tag("sbom"));
    let shown = served.run(&["download", "sbom", "IMAGE"]).ok().says("Found SBOM of media type: text/spdx");
    assert_eq!(shown.stdout, document);
    let entries = [("amd64", &served.image)].map(|(architecture, digest)| {
        let (_, bytes) = served.registry.contents().manifest("app", digest).unwrap();
        json!({ "mediaType": MANIFEST, "digest": digest, "size": bytes.len(), "platform": { "os": "linux", "architecture": architecture } })
    });
    let index = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": entries }).to_string();
    served.registry.contents().plant_manifest("app", Some("all"), INDEX, index);
    let all = format!("{}/app:all", served.registry.address());
    served.sandbox.run(&["download", "sbom", &all]).code(1).says("linux/amd64").says("--platform");
    assert_eq!(
        served.sandbox.run(&["download", "sbom", "--platform", "linux/amd64", &all]).ok().stdout,
        document
    );
    served.sandbox.run(&["download", "sbom", "--platform", "linux/s390x", &all]).code(11).says("linux/amd64");
    served.sandbox.run(&["download", "sbom", "--platform", "linux//x", &all]).code(2);
}

/// Nothing that a terminal would obey comes out of JSON, wherever it goes.
#[test]
fn cve_2026_45803_downloads_hold_no_terminal_escapes() {
    let served = Served::new(true);
    let bundle = served.bundle(SIGN, false).replace("\"hint\":\"x\"", "\"hint\":\"\u{9b}2J\u{202e}\"");
    served.refer(&bundle, "\u{1b}[2J\u{9b}2J\u{202e}");
    let shown = served.run(&["download", "signature", "IMAGE"]).ok().stdout;
    assert!(shown.contains(r#""hint":"\u009b2J\u202e""#), "{shown}");
    assert_eq!(lines(&shown)[0], serde_json::from_str::<Value>(&bundle).unwrap());
    for words in [&["tree", "IMAGE"][..], &["tree", "--output", "json", "IMAGE"]] {
        let shown = served.run(words).ok().stdout;
        assert!(!shown.contains(['\u{1b}', '\u{9b}', '\u{202e}']), "{shown:?}");
    }
}

#[test]
fn trees_show_all_that_belongs_to_an_image_in_a_stable_order() {
    let served = Served::new(true);
    let empty = served.run(&["tree", "IMAGE"]).ok().stdout;
    let name = served.name();
    assert_eq!(
        empty,
        format!(
            "\u{1f4e6} Supply Chain Security Related artifacts for an image: {name}\nNo Supply Chain Security Related Artifacts found for image {name}\n"
        )
    );
    let bundle = served.refer(&served.bundle(SIGN, false), SIGN);
    // A72, A73: a type of its own, a type by the configuration alone, and an index.
    let foreign =
        served.plant(None, &[], json!({ "artifactType": "example/x", "subject": served.subject() }));
    let by_config = served.plant(
        None,
        &[],
        json!({
            "subject": served.subject(),
            "config": { "mediaType": "application/vnd.dev.cosign.artifact.sig.v1+json", "size": 2,
                        "digest": served.registry.contents().plant_blob("app", "{}") },
        }),
    );
    let child = &served.image;
    let (_, bytes) = served.registry.contents().manifest("app", child).unwrap();
    let index = json!({ "schemaVersion": 2, "mediaType": INDEX, "artifactType": "example/index", "subject": served.subject(),
        "manifests": [{ "mediaType": MANIFEST, "digest": child, "size": bytes.len() }] });
    let index = served.registry.contents().plant_manifest("app", None, INDEX, index.to_string());
    let signatures = served.plant_tag("sig");
    served.plant_tag("att");
    let text = served.run(&["tree", "IMAGE"]).ok().stdout;
    let at = format!("{}/app", served.registry.address());
    let heads: Vec<&str> = text.lines().filter(|line| line.starts_with('\u{2514}')).collect();
    assert_eq!(
        heads[0],
        format!("\u{2514}\u{2500}\u{2500} \u{1f510} Signatures for an image tag: {at}:{}", served.tag("sig"))
    );
    assert_eq!(
        heads[1],
        format!(
            "\u{2514}\u{2500}\u{2500} \u{1f4be} Attestations for an image tag: {at}:{}",
            served.tag("att")
        )
    );
    for (kind, digest) in [
        (SIGN, &bundle),
        ("example/x", &foreign),
        ("application/vnd.dev.cosign.artifact.sig.v1+json", &by_config),
        ("example/index", &index),
    ] {
        let line =
            format!("\u{2514}\u{2500}\u{2500} \u{1f517} {kind} artifacts via OCI referrer: {at}@{digest}");
        assert!(heads[2..].contains(&line.as_str()), "{line}\n{text}");
    }
    assert_eq!(heads.len(), 6);
    assert!(text.contains(&format!("   \u{2514}\u{2500}\u{2500} \u{1f352} {}\n", signatures[3])), "{text}");
    assert!(text.contains(&format!("{index}\n   \u{2514}\u{2500}\u{2500} \u{1f352} {child}\n")), "{text}");
    assert_eq!(served.run(&["tree", "IMAGE"]).ok().stdout, text);
    let facts: Value =
        serde_json::from_str(&served.run(&["tree", "-o", "json", "IMAGE"]).ok().stdout).unwrap();
    assert_eq!(
        (facts["digest"].as_str(), facts["attachments"].as_array().unwrap().len()),
        (Some(child.as_str()), 6)
    );
    assert_eq!(facts["attachments"][0]["foundAs"], "signatures");
    let tags = served.run(&["tree", "--experimental-oci11=false", "IMAGE"]).ok().stdout;
    assert_eq!(tags.lines().filter(|line| line.starts_with('\u{2514}')).count(), 2);
}

/// No question is asked twice.
#[test]
fn requests_are_few() {
    let served = Served::new(true);
    served.plant_tag("sig");
    served.registry.journal().clear();
    served
        .run(&["download", "signature", &format!("{}/app@{}", served.registry.address(), served.image)])
        .ok();
    // The referrers, the fallback index, the tag, and three layers that differ.
    assert!(served.registry.journal().requests().len() <= 6, "{:#?}", served.registry.journal().lines());
}

/// A failure of a registry is an error, and not "none".
#[test]
fn failures_are_not_absence() {
    use rcosign::internals::sandbox::registry::Fault;
    let served = Served::new(true);
    served.plant_tag("sig");
    let tag = served.tag("sig");
    served.registry.hook(
        move |request| {
            if request.path.contains(&tag) { Fault::status(403) } else { Fault::none() }
        },
    );
    for words in [&["download", "signature", "IMAGE"][..], &["tree", "IMAGE"]] {
        let refused = served.run(words);
        assert!(![0, 1, 10].contains(&refused.code), "{}", refused.stderr);
        assert_eq!(refused.stdout, "");
    }
}
