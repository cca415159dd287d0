//! `sign` and `attest`, against registries in this process and layouts.

use rcosign::internals::sandbox::registry::{Fault, Options, Registry};
use serde_json::{Value, json};

use crate::support::{Output, Sandbox, repository};

const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const BUNDLE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";
const SIGN: &str = "https://sigstore.dev/cosign/sign/v1";

fn start(referrers: bool) -> Registry {
    Registry::start(Options { referrers, ..Options::default() }).unwrap()
}

/// With and without the referrers API.
fn both() -> [Registry; 2] {
    [start(true), start(false)]
}

/// A folder with a private key that is not encrypted, its public half, and another public key.
fn folder() -> Sandbox {
    let sandbox = Sandbox::new();
    let key = |name: &str| std::fs::read(repository().join("testdata/keys").join(name)).unwrap();
    sandbox.file("k.key", key("p256.pkcs8.pem"));
    sandbox.file("other.key", key("p384.sec1.pem"));
    for name in ["k", "other"] {
        let (private, public) = (format!("{name}.key"), format!("{name}.pub"));
        let _ = sandbox.run(&["public-key", "--key", &private, "--outfile", &public]).ok();
    }
    sandbox.file("p.json", "{\"a\":1}");
    sandbox
}

fn sign(sandbox: &Sandbox, args: &[&str]) -> Output {
    sandbox.run(&[&["sign", "--key", "k.key", "--offline"], args].concat())
}

fn attest(sandbox: &Sandbox, args: &[&str]) -> Output {
    sandbox.run(&[&["attest", "--key", "k.key", "--offline", "--predicate", "p.json"], args].concat())
}

fn verify(sandbox: &Sandbox, args: &[&str]) -> Output {
    sandbox.run(&[&["verify", "--key", "k.pub", "--no-log"], args].concat())
}

fn manifest(registry: &Registry, reference: &str) -> Value {
    let (_, bytes) = registry.contents().manifest("app", reference).unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

fn hex(digest: &str) -> &str {
    digest.strip_prefix("sha256:").unwrap()
}

/// The bundles that refer to an image.
fn bundles(registry: &Registry, image: &str) -> Vec<(Value, Value)> {
    let referrers = registry.contents().referrers("app", image);
    let read = |digest: &String| {
        let manifest = manifest(registry, digest);
        let layer = manifest["layers"][0]["digest"].as_str().unwrap();
        let bundle = registry.contents().blob("app", layer).unwrap();
        (manifest, serde_json::from_slice(&bundle).unwrap())
    };
    referrers.iter().map(read).collect()
}

fn layers(registry: &Registry, tag: &str) -> Vec<Value> {
    manifest(registry, tag)["layers"].as_array().unwrap().clone()
}

fn decoded(text: &Value) -> String {
    let text = text.as_str().unwrap();
    String::from_utf8(rcosign::internals::crypto::base64::decode(text).unwrap()).unwrap()
}

/// An index of two images, one of them in an index of its own.
fn index(registry: &Registry) -> [String; 4] {
    let contents = registry.contents();
    let entry = |digest: &str, media_type: &str| {
        let size = contents.manifest("app", digest).unwrap().1.len();
        json!({ "mediaType": media_type, "digest": digest, "size": size })
    };
    let of = |manifests: Vec<Value>, tag: Option<&str>| {
        let index = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": manifests });
        contents.plant_manifest("app", tag, INDEX, index.to_string())
    };
    let (one, two) = (contents.plant_image("app", "one"), contents.plant_image("app", "two"));
    let inner = of(vec![entry(&two, MANIFEST)], None);
    let outer = of(vec![entry(&one, MANIFEST), entry(&inner, INDEX), entry(&one, MANIFEST)], Some("all"));
    [outer, one, inner, two]
}

/// What cosign 3.1 writes, but for the wrong artifact type that it says in indexes and in the configuration.
#[test]
fn a_signature_is_a_bundle_that_refers_to_the_image() {
    for registry in both() {
        let (sandbox, image) = (folder(), registry.contents().plant_image("app", "v1"));
        let name = format!("{}/app", registry.address());
        let output = sign(&sandbox, &["-a", "b=2,a=<1>", &format!("{name}@{image}")]).ok();
        assert_eq!((output.stdout.as_str(), output.stderr), ("", format!("Pushing signature to: {name}\n")));
        let [(manifest, bundle)] = &bundles(&registry, &image)[..] else { panic!() };
        assert_eq!(manifest["artifactType"], BUNDLE);
        assert_eq!(manifest["config"]["mediaType"], "application/vnd.oci.empty.v1+json");
        assert_eq!(manifest["subject"]["digest"], image.as_str());
        assert_eq!(manifest["annotations"]["dev.sigstore.bundle.predicateType"], SIGN);
        assert_eq!(
            decoded(&bundle["dsseEnvelope"]["payload"]),
            format!(
                r#"{{"_type":"https://in-toto.io/Statement/v1","subject":[{{"digest":{{"sha256":"{}"}},"annotations":{{"a":"<1>","b":"2"}}}}],"predicateType":"{SIGN}","predicate":{{}}}}"#,
                hex(&image)
            )
        );
        let _ = verify(&sandbox, &["-a", "b=2", &format!("{name}:v1")]).ok();
        let _ = verify(&sandbox, &["-a", "b=3", &format!("{name}:v1")]).code(12);
        let _ = sandbox.run(&["verify", "--key", "other.pub", "--no-log", &format!("{name}:v1")]).code(12);
    }
}

#[test]
fn a_tag_is_warned_of_in_the_words_of_cosign() {
    let (sandbox, registry) = (folder(), start(true));
    let _ = registry.contents().plant_image("app", "v1");
    let image = format!("{}/app:v1", registry.address());
    let output = sign(&sandbox, &[&image]).ok();
    let warning = format!(
        "WARNING: Image reference {image} uses a tag, not a digest, to identify the image to sign.
    This can lead you to sign a different image than the intended one. Please use a
    digest (example.com/ubuntu@sha256:abc123...) rather than tag
    (example.com/ubuntu:latest) for the input to cosign. The ability to refer to
    images by tag will be removed in a future release.

Pushing signature to: {}/app
",
        registry.address()
    );
    assert_eq!(output.stderr, warning);
    let two = sign(&sandbox, &[&image, &image.replace("/app:", "/./app:").replace("/./", "/")]).ok().stderr;
    assert_eq!(two.matches("for the input to cosign").count(), 1, "{two}");
}

/// Requests as issue 4 bounds them: 10 with the fallback tag, 7 with the referrers API, 9 for the tag scheme.
#[test]
fn few_requests_are_made() {
    for (referrers, form, most) in [(true, "bundle", 7), (false, "bundle", 10), (true, "tag", 9)] {
        let (sandbox, registry) = (folder(), start(referrers));
        let image = registry.contents().plant_image("app", "v1");
        let name = format!("{}/app@{image}", registry.address());
        let _ = sign(&sandbox, &["--write", form, &name]).ok();
        let lines = registry.journal().lines();
        assert!(lines.len() <= most, "{form} {referrers}: {lines:#?}");
        let fetched = registry.journal().count("GET", &format!("/manifests/{image}"));
        assert_eq!((fetched, registry.journal().count("HEAD", "/manifests/")), (1, 0), "{lines:#?}");
    }
}

#[test]
fn the_tag_scheme_holds_layers_and_no_signature_twice() {
    let (sandbox, registry) = (folder(), start(false));
    let image = registry.contents().plant_image("app", "v1");
    let name = format!("{}/app@{image}", registry.address());
    let tag = format!("sha256-{}.sig", hex(&image));
    let legacy = "--new-bundle-format=false";
    let _ = sign(&sandbox, &[legacy, &name]).ok();
    let _ = sign(&sandbox, &[legacy, &name]).ok();
    assert_eq!(layers(&registry, &tag).len(), 1, "cosign does not add the same again");
    let _ = sandbox.run(&["sign", "--key", "other.key", "--offline", legacy, &name]).ok();
    let _ = sign(&sandbox, &[legacy, "-a", "k=v", "--sign-container-identity", "x/y,z/w", &name]).ok();
    let layers = layers(&registry, &tag);
    assert_eq!(layers.len(), 4);
    let payload = |layer: &Value| {
        let digest = layer["digest"].as_str().unwrap();
        String::from_utf8(registry.contents().blob("app", digest).unwrap()).unwrap()
    };
    let repository = format!("{}/app", registry.address());
    for (number, reference, optional) in
        [(0, repository.as_str(), "null"), (2, "x/y", r#"{"k":"v"}"#), (3, "z/w", r#"{"k":"v"}"#)]
    {
        assert_eq!(
            payload(&layers[number]),
            format!(
                r#"{{"critical":{{"identity":{{"docker-reference":"{reference}"}},"image":{{"docker-manifest-digest":"{image}"}},"type":"cosign container image signature"}},"optional":{optional}}}"#
            )
        );
    }
    let _ = verify(&sandbox, &[&name]).ok();
    assert!(registry.contents().referrers("app", &image).is_empty());
}

#[test]
fn both_forms_in_one_run_and_the_experimental_one() {
    let (sandbox, registry) = (folder(), start(true));
    let image = registry.contents().plant_image("app", "v1");
    let name = format!("{}/app@{image}", registry.address());
    let _ = sign(&sandbox, &["--write", "tag,bundle", &name]).ok();
    assert_eq!(layers(&registry, &format!("sha256-{}.sig", hex(&image))).len(), 1);
    assert_eq!(bundles(&registry, &image).len(), 1);
    let _ = sign(&sandbox, &["--write", "tag", "--new-bundle-format=false", &name]).code(2);
    let _ = sign(&sandbox, &["--registry-referrers-mode", "oci-1-1", "--write", "tag", &name]).ok();
    let configs: Vec<Value> = registry
        .contents()
        .referrers("app", &image)
        .iter()
        .map(|d| manifest(&registry, d)["config"]["mediaType"].clone())
        .collect();
    assert!(configs.contains(&"application/vnd.dev.cosign.artifact.sig.v1+json".into()), "{configs:?}");
}

#[test]
fn recursive_signs_every_image_of_an_index_once() {
    for form in ["bundle", "tag"] {
        let (sandbox, registry) = (folder(), start(false));
        let images = index(&registry);
        let all = format!("{}/app:all", registry.address());
        let _ = sign(&sandbox, &["-r", "--write", form, "--output-signature", "s", &all]).ok();
        for image in &images {
            let _ = verify(&sandbox, &[&format!("{}/app@{image}", registry.address())]).ok();
            assert!(sandbox.has(&format!("s-{}", image.replace(':', "-"))), "{:?}", sandbox.names());
            match form {
                "bundle" => assert_eq!(bundles(&registry, image).len(), 1),
                _ => assert_eq!(layers(&registry, &format!("sha256-{}.sig", hex(image))).len(), 1),
            }
        }
        let _ = attest(&sandbox, &["-r", "--write", form, &all]).ok();
        let _ = sign(&sandbox, &["-r", "--bundle", "b", &all]).code(2).says("--bundle has room for one");
        let other = sign(&sandbox, &["--write", form, &all]).ok();
        assert_eq!(other.stderr.matches("Pushing").count(), 1, "the index alone");
    }
}

/// Fault 19 of cosign: without an output, what was signed was dropped.
#[test]
fn nothing_is_lost_where_nothing_is_published() {
    let (sandbox, registry) = (folder(), start(true));
    let image = registry.contents().plant_image("app", "v1");
    let name = format!("{}/app@{image}", registry.address());
    let _ = sign(&sandbox, &["--upload=false", &name]).code(2).says("--bundle");
    let _ = sign(&sandbox, &["--upload=false", "--bundle", "b", &name]).ok();
    let printed = sign(&sandbox, &["--upload=false", "--write", "tag", "--output-payload", "p", &name]).ok();
    sandbox.file("s", printed.stdout.trim_end());
    let output = sandbox.run(&["verify-blob", "--key", "k.pub", "--no-log", "--signature", "s", "p"]).ok();
    assert!(output.stderr.contains("Verified OK"));
    let _ = sign(
        &sandbox,
        &["--upload=false", "--write", "tag", "--bundle", "legacy", "--output-payload", "p2", &name],
    )
    .ok();
    let _ = sandbox.run(&["verify-blob", "--key", "k.pub", "--no-log", "--bundle", "legacy", "p2"]).ok();
    for form in ["bundle", "tag"] {
        let envelope = attest(&sandbox, &["--no-upload", "--write", form, &name]).ok().stdout;
        let envelope: Value = serde_json::from_str(&envelope).unwrap();
        assert_eq!(envelope["payloadType"], "application/vnd.in-toto+json");
    }
    let output = attest(&sandbox, &["--no-upload", "--bundle", "a", &name]).ok();
    assert_eq!(output.stdout, "");
    assert!(sandbox.has("a") && registry.contents().referrers("app", &image).is_empty());
    assert_eq!(registry.contents().tags("app").len(), 1);
}

#[test]
fn a_failed_push_says_what_became_of_the_signature() {
    let (sandbox, registry) = (folder(), start(true));
    let image = registry.contents().plant_image("app", "v1");
    let name = format!("{}/app@{image}", registry.address());
    registry.hook(|request| match request.method.as_str() {
        "PUT" if request.path.contains("/manifests/") => Fault::status(403),
        _ => Fault::none(),
    });
    let _ = sign(&sandbox, &["--bundle", "b", &name])
        .code(6)
        .says(&format!("error: the signature of `{name}` was made and not published"))
        .says(&format!("hint: it is in `b`: `rcosign attach signature --bundle b {name}` publishes it"));
    assert!(sandbox.has("b"));
    let _ = sign(&sandbox, &[&name]).code(6).says("nothing is lost by doing it again");
    // The command reaches the registry as this one did, and holds nothing secret.
    let user = ["--registry-username", "me", "--registry-password", "S3CRET"];
    let token = ["--registry-token", "S3CRET"];
    for (credentials, shown) in [
        (&user[..], "--registry-username me --registry-password PASSWORD"),
        (&token[..], "--registry-token TOKEN"),
    ] {
        let flags =
            ["--allow-http-registry", "--allow-insecure-registry", "--registry-auth-host", "auth.example"];
        let flags =
            [&flags[..], &["--registry-server-name", "r.example", "--attachment-tag-prefix", "p-"]].concat();
        let output = sign(&sandbox, &[&flags[..], credentials, &["--bundle", "b", &name]].concat());
        assert!(output.code != 0 && !output.stderr.contains("S3CRET"), "{}", output.stderr);
        let _ = output.says(&format!(
            "`rcosign attach signature --bundle b --allow-http-registry --allow-insecure-registry --registry-server-name r.example \
             --registry-auth-host auth.example --attachment-tag-prefix p- {shown} {name}` publishes it"
        ));
    }
}

/// What is written beforehand is tried once: the time for trying again is that of what has to be written.
#[test]
fn what_fails_is_not_tried_for_twice_the_time() {
    for form in ["bundle", "tag"] {
        let (sandbox, registry) = (folder(), start(true));
        let image = registry.contents().plant_image("app", "v1");
        let name = format!("{}/app@{image}", registry.address());
        registry.hook(|request| match request.method.as_str() {
            "POST" => Fault::status(503),
            _ => Fault::none(),
        });
        let started = std::time::Instant::now();
        let flags = ["-d", "--retry-for", "3s", "--write", form];
        let output = sign(&sandbox, &[&flags[..], &[&name]].concat()).code(5);
        assert!(started.elapsed().as_secs_f64() < 5.5, "{form}: {:?}", started.elapsed());
        let _ = output.says("Trying again in ").says("503");
        let quiet = sign(&sandbox, &["--retry-for", "1s", "--write", form, &name]).code(5);
        assert!(!quiet.stderr.contains("rying again"), "{}", quiet.stderr);
        let both = sign(
            &sandbox,
            &["--retry-for", "0", "--write", form, &name, &format!("{}/app:v1", registry.address())],
        );
        let _ = both.code(5).says(&format!("the signature of `{name}` was made and not published"));
    }
}

#[test]
fn signatures_that_were_made_are_not_called_unsigned() {
    let (sandbox, registry) = (folder(), start(true));
    let contents = registry.contents();
    let names: Vec<String> = [("app", "v1"), ("other", "v1")]
        .into_iter()
        .map(|(name, tag)| format!("{}/{name}@{}", registry.address(), contents.plant_image(name, tag)))
        .collect();
    registry.hook(|request| match request.method.as_str() {
        "PUT" if request.path.contains("/manifests/") => Fault::status(403),
        _ => Fault::none(),
    });
    let _ = sign(&sandbox, &[&names[0], &names[1]])
        .code(6)
        .says("error: 2 of 2 images were signed, and not all was published\n");
    let missing = format!("{}/none:v1", registry.address());
    let output = sign(&sandbox, &[&names[0], &missing, &names[1]]);
    let _ = output.says("error: 1 of 3 images were not signed; 2 were signed, and not all was published\n");
}

#[test]
fn a_key_that_does_not_open_publishes_nothing() {
    let (sandbox, registry) = (folder(), start(true));
    let image = registry.contents().plant_image("app", "v1");
    let name = format!("{}/app@{image}", registry.address());
    let _ = sandbox.run(&["generate-key-pair"]).ok();
    let _ = sandbox
        .rcosign(&["sign", "--key", "cosign.key", "--offline", &name])
        .env("COSIGN_PASSWORD", "x")
        .run()
        .code(6);
    // What is written while the key opens is no signature, and nothing points to it.
    let journal = registry.journal();
    assert_eq!((journal.count("PUT", "/manifests/"), journal.count("DELETE", "")), (0, 0));
    assert!(registry.contents().referrers("app", &image).is_empty());
    // The missing image is not what is said of it.
    let missing = format!("{}/app:none", registry.address());
    let _ = sandbox
        .rcosign(&["sign", "--key", "cosign.key", "--offline", &missing])
        .env("COSIGN_PASSWORD", "x")
        .run()
        .code(6);
    let _ = sandbox.run(&["sign", "--key", "cosign.key", "--offline", &name]).ok();
    let _ = sandbox.run(&["verify", "--key", "cosign.pub", "--no-log", &name]).ok();
}

#[test]
fn several_images_are_all_tried_and_the_worst_failure_counts() {
    let (sandbox, registry) = (folder(), start(false));
    let contents = registry.contents();
    let images: Vec<String> = (0..12).map(|n| contents.plant_image("app", &format!("v{n}"))).collect();
    let address = registry.address();
    let named: Vec<String> = images.iter().skip(2).map(|image| format!("{address}/app@{image}")).collect();
    sandbox.file("list", format!("# images\n\n{}\r\n  {address}/app@{}\n", named.join("\n"), images[0]));
    let _ = sign(&sandbox, &["--from-file", "list", &format!("{address}/app:v1")]).ok();
    for image in &images {
        assert_eq!(bundles(&registry, image).len(), 1, "also the one that is named twice");
    }
    let output =
        sign(&sandbox, &[&format!("{address}/app:none"), &named[0], &format!("{address}/app:v1")]).code(11);
    let _ = output
        .says(&format!("error: 1 of 3 images were not signed\n    1. {address}/app:none: there is no image"));
    assert_eq!(bundles(&registry, &images[1]).len(), 2);
    let _ = sign(&sandbox, &["--bundle", "b", &named[0], &named[1]])
        .code(2)
        .says("2 images are to be signed, and --bundle has room for one");
    let _ = sandbox
        .rcosign(&["sign", "--key", "k.key", "--offline", "--from-file", "-"])
        .stdin(&named[0])
        .run()
        .ok();
    sandbox.file("empty", "\n# none\n");
    let _ = sign(&sandbox, &["--from-file", "empty"]).code(2);
    let _ = sign(&sandbox, &[]).code(2).says("there is no image to sign");
    // A name that is none is told with its place, whoever reads the list.
    sandbox.file("bad", format!("# two\n{}\n{address}/App:v1\n", named[0]));
    let _ = sign(&sandbox, &["--from-file", "bad"]).code(2).says("error: bad:3: ");
    let _ = verify(&sandbox, &["--from-file", "bad"]).code(2).says(": bad:3: ");
}

/// What nobody reads who leaves the limit as it is, is told of by who makes it and by who would read it, with the limit that does.
#[test]
fn a_large_attestation_is_told_of_with_the_limit_that_reads_it() {
    let (sandbox, registry) = (folder(), start(true));
    let name = format!("{}/app@{}", registry.address(), registry.contents().plant_image("app", "v1"));
    sandbox.file("p.json", format!("{{\"a\": \"{}\"}}", "x".repeat(3000)));
    let args = [
        "attest",
        "--key",
        "k.key",
        "--offline",
        "--predicate",
        "p.json",
        "--type",
        "https://x.example/t",
        &name,
    ];
    let limited =
        |args: &[&str], size: &str| sandbox.rcosign(args).env("COSIGN_MAX_ATTACHMENT_SIZE", size).run();
    let _ =
        limited(&args, "2K").ok().says("verify it with COSIGN_MAX_ATTACHMENT_SIZE=1MiB in the environment");
    let verify = ["verify-attestation", "--key", "k.pub", "--no-log", "--type", "https://x.example/t", &name];
    let refused = limited(&verify, "2K").code(8).stderr;
    let needed = refused.split("COSIGN_MAX_ATTACHMENT_SIZE=").nth(1).unwrap().split(' ').next().unwrap();
    let one_less = (needed.parse::<u64>().unwrap() - 1).to_string();
    let _ = limited(&verify, &one_less).code(8);
    let _ = limited(&verify, needed).ok();
    let _ = limited(&verify, "1MiB").ok();
    let quiet = sandbox.run(&args).ok();
    assert!(!quiet.stderr.contains("COSIGN_MAX_ATTACHMENT_SIZE"), "{}", quiet.stderr);
}

/// What could not be read again is not signed: nothing is written, and no registry hears of it.
#[test]
fn a_predicate_that_is_nested_too_deep_is_refused_before_anything_is_signed() {
    let (sandbox, registry) = (folder(), start(true));
    let name = format!("{}/app@{}", registry.address(), registry.contents().plant_image("app", "v1"));
    let deep =
        |depth: usize| sandbox.file("p.json", format!("{}1{}", "{\"a\":".repeat(depth), "}".repeat(depth)));
    deep(127);
    registry.journal().clear();
    let kind = ["--type", "https://x.example/t"];
    let _ = attest(&sandbox, &[&kind[..], &[&name]].concat())
        .code(8)
        .says("predicate: is nested deeper than 126");
    assert_eq!(registry.journal().count("PUT", "/") + registry.journal().count("POST", "/"), 0);
    let blob =
        ["attest-blob", "--key", "k.key", "--offline", "--predicate", "p.json", "--bundle", "b", "k.pub"];
    let _ = sandbox.run(&[&blob[..], &kind].concat()).code(8).says("predicate: is nested deeper than 126");
    assert!(!sandbox.path().join("b").exists());
    deep(126);
    let _ = sandbox.run(&[&blob[..], &kind].concat()).ok();
    let verify = ["verify-blob-attestation", "--key", "k.pub", "--no-log", "--bundle", "b", "k.pub"];
    let _ = sandbox.run(&[&verify[..], &kind].concat()).ok();
    sandbox.file("p.json", b"\xff\xfe{\0}\0");
    let _ = sandbox.run(&[&blob[..], &kind].concat()).code(3).says("is UTF-16 text").says("save it as UTF-8");
}

#[test]
fn skip_existing_looks_at_the_form_that_would_be_written_and_believes_nobody() {
    for (form, other) in [("bundle", "tag"), ("tag", "bundle")] {
        let (sandbox, registry) = (folder(), start(false));
        let image = registry.contents().plant_image("app", "v1");
        let name = format!("{}/app@{image}", registry.address());
        let count = || match form {
            "bundle" => bundles(&registry, &image).len(),
            _ => layers(&registry, &format!("sha256-{}.sig", hex(&image))).len(),
        };
        // By another key, in another form, a statement of another type: none is what is looked for.
        let _ = sandbox.run(&["sign", "--key", "other.key", "--offline", "--write", form, &name]).ok();
        let _ = sign(&sandbox, &["--write", other, &name]).ok();
        let _ = attest(&sandbox, &["--write", "bundle", &name]).ok();
        let before = count();
        let _ = sign(&sandbox, &["--skip-existing", "--write", form, &name]).ok();
        assert_eq!(count(), before + 1);
        let output = sign(&sandbox, &["--skip-existing", "--write", form, &name]).ok();
        assert_eq!(output.stderr, format!("{name} is signed by this key already\n"));
        assert_eq!(count(), before + 1);
        let _ = sign(&sandbox, &["--skip-existing", "--write", form, "-a", "k=v", &name]).ok();
        assert_eq!(count(), before + 2, "it says more than the one that is there");
        let args = ["sign", "--key", "k.key", "--offline", "--skip-existing", "--write", form, &name];
        let _ = sandbox.rcosign(&args).env("COSIGN_MAX_ATTACHMENT_SIZE", "9").run().code(8);
        registry.hook(|request| match request.path.contains("/manifests/sha256-") {
            true => Fault::status(500),
            false => Fault::none(),
        });
        let _ = sign(&sandbox, &["--skip-existing", "--retry-for", "0", "--write", form, &name]).code(5);
    }
}

/// Who can write to the registry adds to a signature what makes others refuse it. It must not keep a good one from being made.
#[test]
fn attack_a_signature_with_a_false_log_entry_is_no_reason_to_sign_nothing() {
    const PUBLIC: &str = "c0d23d6ad406973f9559f3ba2d1ca01f84147d8ffc5b8445c224f98b9591801d";
    let unknown = "a".repeat(64);
    for (log, of_this, counts) in [(PUBLIC, true, false), (&unknown, false, false), (&unknown, true, true)] {
        let (sandbox, registry) = (folder(), start(false));
        let image = registry.contents().plant_image("app", "v1");
        let name = format!("{}/app@{image}", registry.address());
        let _ = sign(&sandbox, &["--write", "tag", &name]).ok();
        let tag = format!("sha256-{}.sig", hex(&image));
        let mut document = manifest(&registry, &tag);
        let encode = |bytes: &[u8]| rcosign::internals::crypto::base64::encode(bytes);
        let layer = &mut document["layers"][0];
        let hash = if of_this { hex(layer["digest"].as_str().unwrap()).to_owned() } else { "0".repeat(64) };
        let body = json!({
            "apiVersion": "0.0.1",
            "kind": "hashedrekord",
            "spec": {
                "data": { "hash": { "algorithm": "sha256", "value": hash } },
                "signature": {
                    "content": layer["annotations"]["dev.cosignproject.cosign/signature"],
                    "publicKey": { "content": encode(sandbox.text("k.pub").as_bytes()) },
                },
            },
        });
        let entry = json!({
            "SignedEntryTimestamp": encode(&[0x30, 6, 2, 1, 1, 2, 1, 1]),
            "Payload": {
                "body": encode(body.to_string().as_bytes()),
                "integratedTime": 1_700_000_000,
                "logIndex": 1,
                "logID": log,
            },
        });
        layer["annotations"]["dev.sigstore.cosign/bundle"] = entry.to_string().into();
        let _ = registry.contents().plant_manifest("app", Some(&tag), MANIFEST, document.to_string());
        let again = || sign(&sandbox, &["--skip-existing", "--write", "tag", &name]).ok().stderr;
        let skipped = format!("{name} is signed by this key already\n");
        assert_eq!(again() == skipped, counts, "{log} {of_this}");
        assert_eq!(layers(&registry, &tag).len(), if counts { 1 } else { 2 }, "{log} {of_this}");
        assert_eq!(again(), skipped, "the new one counts");
    }
}

#[test]
fn a_payload_is_signed_only_if_it_names_the_image() {
    let (sandbox, registry) = (folder(), start(true));
    let image = registry.contents().plant_image("app", "v1");
    let name = format!("{}/app@{image}", registry.address());
    let payload = sandbox.run(&["generate", "-a", "k=v", &name]).ok().bytes;
    sandbox.file("payload", &payload);
    let _ = sign(&sandbox, &["--payload", "payload", "--write", "tag", &name])
        .ok()
        .says("Using payload from: payload");
    let _ = verify(&sandbox, &["-a", "k=v", &name]).ok();
    let _ = sign(&sandbox, &["--payload", "payload", &name]).code(3).says("it is a payload of cosign 2");
    let _ = sign(
        &sandbox,
        &["--upload=false", "--bundle", "b", "--output-payload", "statement", "-a", "x=y", &name],
    )
    .ok();
    let _ = sign(&sandbox, &["--payload", "statement", &name]).ok();
    let other = format!("{}/app@{}", registry.address(), registry.contents().plant_image("app", "v2"));
    for (payload, form) in [("payload", "tag"), ("statement", "bundle")] {
        let _ = sign(&sandbox, &["--payload", payload, "--write", form, &other]).code(3).says("is not about");
    }
    sandbox.file("words", "{\"hello\":1}");
    for form in ["tag", "bundle"] {
        let _ = sign(&sandbox, &["--payload", "words", "--write", form, &name]).code(3);
    }
    let _ = sign(&sandbox, &["--payload", "payload", "--write", "tag", "-a", "k=v", &name]).code(2);
    let _ = attest(&sandbox, &["--no-upload", "--bundle", "att", &name]).ok();
    let bundle: Value = serde_json::from_slice(&sandbox.read("att")).unwrap();
    sandbox.file("attested", decoded(&bundle["dsseEnvelope"]["payload"]));
    let _ = sign(&sandbox, &["--payload", "attested", &name]).code(3).says("`attest` signs others");
}

#[test]
fn statements_are_about_the_repository_and_the_digest() {
    for (registry, form) in both().into_iter().zip(["bundle", "tag"]) {
        let (sandbox, image) = (folder(), registry.contents().plant_image("app", "v1"));
        let repository = format!("{}/app", registry.address());
        let name = format!("{repository}@{image}");
        let uri = "https://example.com/x";
        let output = attest(&sandbox, &["--type", uri, "--write", form, &name]).ok();
        let said = format!("Using payload from: p.json\nPushing attestation to: {repository}\n");
        assert_eq!((output.stdout.as_str(), output.stderr), ("", said));
        let statement = format!(
            r#"{{"_type":"https://in-toto.io/Statement/v0.1","subject":[{{"name":"{repository}","digest":{{"sha256":"{}"}}}}],"predicateType":"{uri}","predicate":{{"a":1}}}}"#,
            hex(&image)
        );
        let payload = |envelope: &Value| decoded(&envelope["payload"]);
        let tag = format!("sha256-{}.att", hex(&image));
        if form == "bundle" {
            let [(manifest, bundle)] = &bundles(&registry, &image)[..] else { panic!() };
            assert_eq!(payload(&bundle["dsseEnvelope"]), statement);
            assert_eq!(manifest["annotations"]["dev.sigstore.bundle.predicateType"], uri);
        } else {
            let layer = &layers(&registry, &tag)[0];
            let blob = registry.contents().blob("app", layer["digest"].as_str().unwrap()).unwrap();
            assert_eq!(payload(&serde_json::from_slice(&blob).unwrap()), statement);
            assert_eq!(
                layer["annotations"],
                json!({ "dev.cosignproject.cosign/signature": "", "predicateType": uri })
            );
        }
        // No attestation makes an image signed.
        let _ = verify(&sandbox, &[&name]).code(10);
        sandbox.file("statement", statement);
        let whole = |image: &str| {
            let args = ["attest", "--key", "k.key", "--offline", "--write", form, "--statement", "statement"];
            sandbox.run(&[&args[..], &[image]].concat())
        };
        let _ = whole(&name).ok();
        let other = registry.contents().plant_image("app", "v2");
        let _ = whole(&format!("{repository}@{other}")).code(3).says("is not about");
        let check = ["verify-attestation", "--key", "k.pub", "--no-log", "--type", uri, &name];
        let _ = sandbox.run(&check).ok();
    }
}

#[test]
fn replace_leaves_one_statement_of_a_type() {
    for (referrers, form) in [(true, "bundle"), (false, "bundle"), (false, "tag")] {
        let (sandbox, registry) = (folder(), start(referrers));
        let image = registry.contents().plant_image("app", "v1");
        let name = format!("{}/app@{image}", registry.address());
        let types = || -> Vec<String> {
            let list = match form {
                "bundle" => bundles(&registry, &image)
                    .into_iter()
                    .map(|(manifest, _)| manifest["annotations"]["dev.sigstore.bundle.predicateType"].clone())
                    .collect(),
                _ => layers(&registry, &format!("sha256-{}.att", hex(&image)))
                    .into_iter()
                    .map(|layer| layer["annotations"]["predicateType"].clone())
                    .collect::<Vec<Value>>(),
            };
            let mut list: Vec<String> = list.iter().map(|text| text.as_str().unwrap().to_owned()).collect();
            list.sort();
            list
        };
        for uri in ["https://a.example", "https://a.example", "https://b.example"] {
            let _ = attest(&sandbox, &["--type", uri, "--write", form, &name]).ok();
        }
        assert_eq!(types().len(), 3);
        let _ = attest(&sandbox, &["--type", "https://a.example", "--replace", "--write", form, &name])
            .ok()
            .says("Replacing attestation predicate: https://a.example");
        assert_eq!(types(), ["https://a.example", "https://b.example"]);
    }
}

/// What an annotation says of an attestation decides nothing: neither does one of another type go, nor does one of this type
/// stay in force because it is called something else, or, as by older versions of cosign, nothing.
#[test]
fn attack_replace_believes_statements_and_no_annotations() {
    let (sandbox, registry) = (folder(), start(false));
    let image = registry.contents().plant_image("app", "v1");
    let name = format!("{}/app@{image}", registry.address());
    for uri in ["https://a.example", "https://b.example"] {
        let _ = attest(&sandbox, &["--type", uri, "--write", "tag", &name]).ok();
    }
    let tag = format!("sha256-{}.att", hex(&image));
    let mut document = manifest(&registry, &tag);
    document["layers"][0]["annotations"]["predicateType"] = "https://c.example".into();
    document["layers"][1]["annotations"]["predicateType"] = "https://a.example".into();
    let _ = registry.contents().plant_manifest("app", Some(&tag), MANIFEST, document.to_string());
    let old = document["layers"][0]["digest"].clone();
    let _ = attest(&sandbox, &["--type", "https://a.example", "--replace", "--write", "tag", &name])
        .ok()
        .says("Replacing attestation predicate: https://a.example");
    let left = layers(&registry, &tag);
    assert!(left.len() == 2 && left.iter().all(|layer| layer["digest"] != old), "{left:#?}");
    for uri in ["https://a.example", "https://b.example"] {
        let check = ["verify-attestation", "--key", "k.pub", "--no-log", "--type", uri, &name];
        assert_eq!(sandbox.run(&check).ok().stdout.lines().count(), 1);
    }
}

/// A layer that nobody can use does not stand for the signature that is to be there.
#[test]
fn attack_a_layer_with_a_wrong_size_is_no_signature() {
    let (sandbox, registry) = (folder(), start(false));
    let image = registry.contents().plant_image("app", "v1");
    let name = format!("{}/app@{image}", registry.address());
    let _ = sign(&sandbox, &["--write", "tag", &name]).ok();
    let tag = format!("sha256-{}.sig", hex(&image));
    let mut document = manifest(&registry, &tag);
    let good = document["layers"][0]["size"].clone();
    document["layers"][0]["size"] = 1.into();
    let _ = registry.contents().plant_manifest("app", Some(&tag), MANIFEST, document.to_string());
    assert_ne!(verify(&sandbox, &[&name]).code, 0);
    for _ in 0..2 {
        let _ = sign(&sandbox, &["--write", "tag", "--skip-existing", &name]).ok();
        let left = layers(&registry, &tag);
        assert!(left.len() == 2 && left[1]["size"] == good, "{left:#?}");
    }
}

/// A log entry that no log has made takes nothing from a signature for whoever trusts no log, and all from it for the others.
#[test]
fn attack_a_false_log_entry_beside_a_signature_is_no_reason_not_to_sign() {
    use rcosign::internals::crypto::base64;
    let (sandbox, registry) = (folder(), start(false));
    let image = registry.contents().plant_image("app", "v1");
    let name = format!("{}/app@{image}", registry.address());
    let _ = sign(&sandbox, &["--write", "tag", &name]).ok();
    let tag = format!("sha256-{}.sig", hex(&image));
    let mut document = manifest(&registry, &tag);
    let layer = &mut document["layers"][0];
    let body = json!({ "apiVersion": "0.0.1", "kind": "hashedrekord", "spec": {
        "data": { "hash": { "algorithm": "sha256", "value": hex(layer["digest"].as_str().unwrap()) } },
        "signature": {
            "content": layer["annotations"]["dev.cosignproject.cosign/signature"],
            "publicKey": { "content": base64::encode(sandbox.read("k.pub")) },
        },
    }});
    // The public log's.
    let log = "c0d23d6ad406973f9559f3ba2d1ca01f84147d8ffc5b8445c224f98b9591801d";
    let entry = json!({ "SignedEntryTimestamp": "AAAA", "Payload": {
        "body": base64::encode(body.to_string().as_bytes()), "integratedTime": 1, "logIndex": 1, "logID": log,
    }});
    layer["annotations"]["dev.sigstore.cosign/bundle"] = entry.to_string().into();
    let _ = registry.contents().plant_manifest("app", Some(&tag), MANIFEST, document.to_string());
    let _ = verify(&sandbox, &[&name]).code(12);
    let _ = sign(&sandbox, &["--write", "tag", &name]).ok();
    let _ = verify(&sandbox, &[&name]).ok();
}

#[test]
fn an_attached_sbom_is_signed_as_what_it_is() {
    let (sandbox, registry) = (folder(), start(true));
    let image = registry.contents().plant_image("app", "v1");
    let name = format!("{}/app@{image}", registry.address());
    let _ = sign(&sandbox, &["--attachment", "sbom", &name]).code(11).says("no SBOM is attached");
    let tag = format!("sha256-{}.sbom", hex(&image));
    let sbom = registry.contents().plant_image("app", &tag);
    let _ = sign(&sandbox, &["--attachment", "sbom", &name]).ok();
    assert_eq!((bundles(&registry, &sbom).len(), bundles(&registry, &image).len()), (1, 0));
}

#[test]
fn another_repository_takes_the_signatures() {
    for form in ["bundle", "tag"] {
        let (sandbox, registry) = (folder(), start(false));
        let image = registry.contents().plant_image("app", "v1");
        let other = format!("{}/sigs", registry.address());
        let name = format!("{}/app@{image}", registry.address());
        let args =
            ["sign", "--key", "k.key", "--offline", "--write", form, "--attachment-tag-prefix", "p-", &name];
        let output = sandbox.rcosign(&args).env("COSIGN_REPOSITORY", &other).run().ok();
        assert!(output.stderr.contains(&format!("Pushing signature to: {other}\n")), "{}", output.stderr);
        let tags: Vec<String> = registry.contents().tags("sigs").into_iter().map(|(tag, _)| tag).collect();
        let expected = match form {
            "bundle" => format!("sha256-{}", hex(&image)),
            _ => format!("p-sha256-{}.sig", hex(&image)),
        };
        assert_eq!(tags, [expected]);
        assert_eq!(registry.contents().tags("app").len(), 1);
    }
}

#[test]
fn certificates_go_with_the_signature_and_must_fit() {
    use rcosign::internals::crypto::{KeyType, PrivateKey, SigningKey as _, UnixTime, pem};
    use rcosign::internals::x509::SubjectAlternativeName;
    use rcosign::internals::x509::issue::{Issuer, Template, Validity};
    let (sandbox, registry) = (folder(), start(false));
    let image = registry.contents().plant_image("app", "v1");
    let name = format!("{}/app@{image}", registry.address());
    let validity = Validity {
        not_before: UnixTime::from_seconds(1_000_000_000),
        not_after: UnixTime::from_seconds(4_000_000_000),
    };
    let (root_key, leaf_key) =
        (PrivateKey::generate(KeyType::P256).unwrap(), PrivateKey::generate(KeyType::P256).unwrap());
    let template = Template::root("root", validity);
    let root = template.issue(root_key.public_key(), Issuer { key: &root_key, certificate: None }).unwrap();
    let name_of = SubjectAlternativeName::Email("dev@example.com".to_owned());
    let leaf = Template::code_signing(&[name_of], validity)
        .issue(leaf_key.public_key(), Issuer { key: &root_key, certificate: Some(&root) })
        .unwrap();
    sandbox.file("leaf.key", pem::encode("PRIVATE KEY", leaf_key.to_pkcs8().unwrap().expose()));
    sandbox.file("leaf.pem", leaf.to_pem());
    sandbox.file("root.pem", root.to_pem());
    let chain = ["--certificate", "leaf.pem", "--certificate-chain", "root.pem"];
    let _ = sign(&sandbox, &[&chain[..], &[&name]].concat()).code(3).says("for another key");
    for form in ["bundle", "tag"] {
        let args =
            ["sign", "--key", "leaf.key", "--offline", "--write", form, "--output-certificate", "c", &name];
        let _ = sandbox.run(&[&args[..], &chain[..]].concat()).ok();
        assert_eq!(sandbox.text("c"), leaf.to_pem());
    }
    let [(_, bundle)] = &bundles(&registry, &image)[..] else { panic!() };
    assert!(bundle["verificationMaterial"]["certificate"]["rawBytes"].is_string());
    let layer = &layers(&registry, &format!("sha256-{}.sig", hex(&image)))[0];
    assert_eq!(layer["annotations"]["dev.sigstore.cosign/certificate"], leaf.to_pem());
    assert_eq!(layer["annotations"]["dev.sigstore.cosign/chain"], root.to_pem());
    let _ = sign(&sandbox, &["--output-certificate", "d", &name]).ok().says("`d` is not written");

    // Whoever verifies by the identity finds it in the certificate alone.
    let other = registry.contents().plant_image("app", "v2");
    let name = format!("{}/app@{other}", registry.address());
    for form in ["bundle", "tag"] {
        let own = |more: &[&str]| {
            let args = ["sign", "--key", "leaf.key", "--offline", "--skip-existing", "--write", form, &name];
            let output = sandbox.run(&[&args[..], more].concat()).ok();
            output.stderr.contains("is signed by this key already")
        };
        assert!(!own(&[]) && own(&[]) && !own(&chain) && own(&chain) && own(&[]), "{form}");
    }
}

#[test]
fn what_cannot_be_done_is_said() {
    let sandbox = folder();
    let image = "r.example/app@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    let run = |args: &[&str]| sandbox.run(&[&["sign"], args, &[image]].concat());
    let _ = run(&["--sk", "--key", "k.key"]).code(2).says("two different keys");
    let _ = run(&["--certificate", "c"]).code(2).says("--certificate needs the key");
    let _ = run(&["--key", "k.key", "--offline", "-a", "x"]).code(2).says("`x` is no annotation");
    let _ = sandbox
        .run(&["attest", "--key", "k.key", "--offline", image])
        .code(2)
        .says("there is nothing to state");
    let _ = attest(&sandbox, &["--type", "bogus", image]).code(2).says("--type cannot be used");
    let _ = attest(&sandbox, &["--statement", "p.json", image]).code(2);
}

#[test]
fn layouts_take_signatures_too() {
    let sandbox = folder();
    let (blobs, digest) = (sandbox.at("layout/blobs/sha256"), |bytes: &[u8]| hex_of(bytes));
    std::fs::create_dir_all(&blobs).unwrap();
    let put = |bytes: &[u8]| {
        std::fs::write(blobs.join(digest(bytes)), bytes).unwrap();
        (format!("sha256:{}", digest(bytes)), bytes.len())
    };
    let (config, config_size) = put(b"{}");
    let manifest = json!({ "schemaVersion": 2, "mediaType": MANIFEST, "layers": [],
        "config": { "mediaType": "application/vnd.oci.image.config.v1+json", "digest": config, "size": config_size } });
    let (image, size) = put(manifest.to_string().as_bytes());
    let index = json!({ "schemaVersion": 2, "manifests": [{ "mediaType": MANIFEST, "digest": image, "size": size,
        "annotations": { "org.opencontainers.image.ref.name": "v1" } }] });
    std::fs::write(sandbox.at("layout/index.json"), index.to_string()).unwrap();
    std::fs::write(sandbox.at("layout/oci-layout"), r#"{"imageLayoutVersion":"1.0.0"}"#).unwrap();
    let _ = verify(&sandbox, &["oci:layout:v1"]).code(10);
    let output = sign(&sandbox, &["--write", "bundle,tag", "oci:layout:v1"]).ok();
    assert!(!output.stderr.contains("uses a tag"), "{}", output.stderr);
    let _ = attest(&sandbox, &["oci:layout:v1"]).ok();
    let _ = verify(&sandbox, &["oci:layout:v1"]).ok();
    let _ = sandbox
        .run(&["verify-attestation", "--key", "k.pub", "--no-log", &format!("oci:layout@{image}")])
        .ok();
    let _ = sandbox.run(&["verify", "--key", "other.pub", "--no-log", "oci:layout:v1"]).code(12);
}

fn hex_of(bytes: &[u8]) -> String {
    rcosign::internals::crypto::HashAlgorithm::Sha256.digest(bytes).hex()
}
