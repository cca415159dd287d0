//! `clean`, against registries that this test serves, and on layouts.

use rcosign::internals::sandbox::registry::{Fault, Options, Registry};
use serde_json::json;

use crate::support::{Output, Sandbox};

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const BUNDLE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";
const FOREIGN: &str = "application/vnd.example.note";

/// A registry with an image `app:v1` that has everything: under tags, and as referrers.
struct Served {
    registry: Registry,
    image: String,
    /// Digests by what they are.
    referrers: Vec<(&'static str, String)>,
}

impl Served {
    fn start(sandbox: &Sandbox, options: Options) -> Self {
        let with_index = !options.referrers;
        let registry = Registry::start(options).unwrap();
        let image = registry.contents().plant_image("app", "v1");
        let contents = registry.contents();
        let (_, own) = contents.manifest("app", &image).unwrap();
        let tag = image.replace(':', "-");
        for suffix in ["sig", "att", "sbom"] {
            let _ = plant(&registry, Some(&format!("{tag}.{suffix}")), None, "text/plain", suffix.as_bytes());
        }
        let subject = json!({ "mediaType": MANIFEST, "digest": image, "size": own.len() });
        let bundles = bundles(sandbox);
        let referrers: Vec<_> = [
            ("message", BUNDLE, bundles[0].as_slice()),
            ("sign", BUNDLE, &bundles[1]),
            ("attestation", BUNDLE, &bundles[2]),
            ("broken", BUNDLE, b"{}"),
            ("foreign", FOREIGN, b"a note"),
        ]
        .map(|(what, media_type, content)| {
            (what, plant(&registry, None, Some(&subject), media_type, content))
        })
        .into();
        let served = Self { registry, image, referrers };
        if with_index {
            served.plant_index();
        }
        served
    }

    /// The fallback index; its entries say what cosign's say.
    fn plant_index(&self) {
        let entries: Vec<_> = self.referrers.iter().map(|(_, digest)| self.entry(digest)).collect();
        let index = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": entries }).to_string();
        self.registry.contents().plant_manifest("app", Some(&self.image.replace(':', "-")), INDEX, index);
    }

    fn entry(&self, digest: &str) -> serde_json::Value {
        let (_, bytes) = self.registry.contents().manifest("app", digest).unwrap();
        let artifact_type = "application/vnd.oci.empty.v1+json";
        json!({ "mediaType": MANIFEST, "digest": digest, "size": bytes.len(), "artifactType": artifact_type })
    }

    fn reference(&self) -> String {
        format!("{}/app:v1", self.registry.address())
    }

    fn clean(&self, sandbox: &Sandbox, args: &[&str]) -> Output {
        sandbox.run(&[&["clean", "--force", &self.reference()], args].concat())
    }

    /// The referrers that are there.
    fn left(&self) -> Vec<&'static str> {
        let there = |digest: &str| self.registry.contents().manifest("app", digest).is_some();
        self.referrers.iter().filter(|(_, digest)| there(digest)).map(|(what, _)| *what).collect()
    }

    /// The endings of the tags that are there, without the image's own.
    fn tags(&self) -> Vec<String> {
        let tags = self.registry.contents().tags("app").into_iter().map(|(tag, _)| tag);
        let end = |tag: String| tag.split_once('.').map_or("index".to_owned(), |(_, end)| end.to_owned());
        tags.filter(|tag| tag != "v1").map(end).collect()
    }

    /// What the fallback index lists.
    fn listed(&self) -> Option<Vec<&'static str>> {
        let (_, bytes) = self.registry.contents().manifest("app", &self.image.replace(':', "-"))?;
        let index: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        let entries = index["manifests"].as_array().unwrap();
        let is = |digest: &str| entries.iter().any(|entry| entry["digest"] == digest);
        Some(self.referrers.iter().filter(|(_, digest)| is(digest)).map(|(what, _)| *what).collect())
    }
}

/// A manifest with one layer.
fn plant(
    registry: &Registry,
    tag: Option<&str>,
    subject: Option<&serde_json::Value>,
    media_type: &str,
    content: &[u8],
) -> String {
    let contents = registry.contents();
    let layer = contents.plant_blob("app", content);
    let config = contents.plant_blob("app", "{}");
    let mut manifest = json!({
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": { "mediaType": "application/vnd.oci.empty.v1+json", "digest": config, "size": 2 },
        "layers": [{ "mediaType": media_type, "digest": layer, "size": content.len() }],
    });
    if let Some(subject) = subject {
        manifest["artifactType"] = media_type.into();
        manifest["subject"] = subject.clone();
    }
    contents.plant_manifest("app", tag, MANIFEST, manifest.to_string())
}

/// A signature over a file, one in the way of cosign 3's images, and an attestation.
fn bundles(sandbox: &Sandbox) -> [Vec<u8>; 3] {
    if !sandbox.has("cosign.key") {
        let _ = sandbox.run(&["generate-key-pair"]).ok();
        let _ = sandbox.file("x", "x");
        let _ = sandbox.file("p.json", "{}");
        let key = ["--key", "cosign.key", "--offline", "--bundle"];
        let _ = sandbox.run(&[&["sign-blob"], &key[..], &["message", "x"]].concat()).ok();
        for (bundle, kind) in
            [("sign", "https://sigstore.dev/cosign/sign/v1"), ("attestation", "https://x.example/v1")]
        {
            let args = [bundle, "--type", kind, "--predicate", "p.json", "x"];
            let _ = sandbox.run(&[&["attest-blob"], &key[..], &args].concat()).ok();
        }
    }
    [sandbox.read("message"), sandbox.read("sign"), sandbox.read("attestation")]
}

/// Each type, with and without the referrers API: what stays of the referrers, and of the tags.
#[test]
fn every_type_removes_what_it_says_and_nothing_else() {
    let sandbox = Sandbox::new();
    for referrers in [true, false] {
        for (what, left, tags, removed) in [
            ("signature", "attestation broken foreign", "att sbom", 3),
            ("attestation", "message sign broken foreign", "sbom sig", 2),
            ("sbom", "message sign attestation broken foreign", "att sig", 1),
            ("referrer", "foreign", "att sbom sig", 4),
            ("all", "foreign", "", 7),
        ] {
            let served = Served::start(&sandbox, Options { referrers, ..Options::default() });
            let output = served.clean(&sandbox, &["--type", what]).ok();
            assert_eq!((served.left().join(" "), output.stdout.as_str()), (left.to_owned(), ""), "{what}");
            let mut expected: Vec<_> = tags.split(' ').filter(|tag| !tag.is_empty()).collect();
            if !referrers {
                expected.insert(0, "index");
                assert_eq!(served.listed().unwrap().join(" "), left, "{what}");
            }
            assert_eq!(served.tags(), expected, "{what}");
            let end = format!(" from {}", served.reference());
            let lines = output.stderr.lines().filter(|l| l.starts_with("Removed ") && l.ends_with(&end));
            assert_eq!(lines.count(), removed, "{}", output.stderr);
            assert!(output.stderr.contains(&format!("({FOREIGN})")), "{}", output.stderr);
            let named = output.stderr.contains("--type referrer removes it");
            assert_eq!(named, ["signature", "attestation"].contains(&what), "{}", output.stderr);
            // The image itself is there.
            assert!(served.registry.contents().manifest("app", "v1").is_some());
            // Again: there is nothing left to remove.
            assert!(!served.clean(&sandbox, &["--type", what]).ok().stderr.contains("Removed "));
        }
    }
}

/// cosign leaves nothing of the index, and so hides what is somebody else's.
#[test]
fn an_index_that_lists_nothing_any_more_goes() {
    let sandbox = Sandbox::new();
    let mut served = Served::start(&sandbox, Options { referrers: false, ..Options::default() });
    served.referrers.retain(|(what, _)| *what != "foreign");
    served.plant_index();
    let output = served.clean(&sandbox, &[]).ok();
    assert_eq!((served.tags(), served.left().len()), (Vec::new(), 0));
    assert!(!output.stderr.contains("WARNING"), "{}", output.stderr);
    let again = served.clean(&sandbox, &[]).ok();
    assert_eq!((again.stdout.as_str(), again.stderr.as_str()), ("", ""));
}

/// A manifest that is listed and gone is no trouble.
#[test]
fn what_is_gone_is_taken_out_of_the_index() {
    let sandbox = Sandbox::new();
    let served = Served::start(&sandbox, Options { referrers: false, ..Options::default() });
    for (what, digest) in &served.referrers {
        if ["sign", "foreign"].contains(what) {
            served.registry.contents().uproot("app", digest);
        }
    }
    let _ = served.clean(&sandbox, &["--type", "referrer"]).ok();
    assert_eq!((served.listed(), served.left().len()), (None, 0));
}

/// cosign ends with 0 whatever the registry says (its quirk 27).
#[test]
fn what_cannot_be_removed_is_an_error() {
    let sandbox = Sandbox::new();
    for referrers in [true, false] {
        let served = Served::start(&sandbox, Options { referrers, deletes: false, ..Options::default() });
        let output = served.clean(&sandbox, &[]).code(5).says("7 things could not be removed");
        assert!(output.stderr.contains("does not delete") && !output.stderr.contains("Removed "));
        assert_eq!((served.left().len(), served.tags().len()), (5, if referrers { 3 } else { 4 }));
        if !referrers {
            assert_eq!(served.listed().unwrap().len(), 5);
        }
    }
    let served = Served::start(&sandbox, Options::default());
    served.registry.hook(|request| match request.is("DELETE", ".att") {
        true => Fault::error(403, "DENIED", "not you"),
        false => Fault::none(),
    });
    let output = served.clean(&sandbox, &["--retry-for", "0s"]).code(6).says("could not be removed");
    assert!(output.stderr.contains("Removed ") && output.stderr.contains("not you"), "{}", output.stderr);
    assert_eq!(served.tags(), ["att"]);
}

#[test]
fn nobody_is_cleaned_without_being_asked() {
    let sandbox = Sandbox::new();
    let served = Served::start(&sandbox, Options::default());
    let image = served.reference();
    for (answer, code, words) in [
        ("n\n", 1, "user declined the prompt"),
        ("\n", 1, "user declined the prompt"),
        ("yes\n", 1, "neither y nor n"),
        ("", 1, "nobody answered"),
    ] {
        let output = sandbox.rcosign(&["clean", &image]).stdin(answer).run().code(code).says(words);
        let question = "WARNING: this will remove all signatures, SBOMs and attestations from the image\n\
                        Are you sure you would like to continue? [y/N] ";
        assert!(output.stderr.starts_with(question), "{}", output.stderr);
    }
    assert_eq!(
        (served.left().len(), served.tags().len(), served.registry.journal().requests().len()),
        (5, 3, 0)
    );
    let _ = sandbox.rcosign(&["clean", &image]).stdin("y\n").run().ok();
    assert_eq!(served.tags().len(), 0);
}

/// cosign takes a type that it does not know for all of them (its quirk 4).
#[test]
fn a_type_that_is_none_removes_nothing() {
    let sandbox = Sandbox::new();
    let served = Served::start(&sandbox, Options::default());
    let image = served.reference();
    let run = sandbox.rcosign(&["clean", "--force", &image]).env("COSIGN_TYPE", "bogus");
    let _ = run.run().code(2).says("COSIGN_TYPE");
    let _ = served.clean(&sandbox, &["--type", "signatures"]).code(2);
    let _ = served.clean(&sandbox, &["--type", ""]).code(2).says("--type is given and empty");
    let _ = sandbox.run(&["clean", "--force"]).code(2).says("there is no image to clean");
    let _ = sandbox.run(&["clean", "--force", &image, "more"]).code(2);
    assert_eq!((served.left().len(), served.tags().len()), (5, 3));
    let run = sandbox.rcosign(&["clean", "--force", &image]).env("COSIGN_TYPE", "sbom");
    let _ = run.run().ok();
    assert_eq!(served.tags(), ["att", "sig"]);
    let missing = image.replace("v1", "v2");
    let _ = sandbox.run(&["clean", "--force", &missing]).code(11).says("there is no image");
}

#[test]
fn a_layout_is_cleaned() {
    let sandbox = Sandbox::new();
    let _ = sandbox.file("a.txt", "a\n");
    let upload =
        |tag: &str| sandbox.run(&["upload", "blob", "-f", "a.txt", &format!("oci:layout:{tag}")]).ok();
    let name = upload("v1").stdout;
    let digest = name.trim().rsplit_once('@').unwrap().1.replace(':', "-");
    let _ = sandbox.file("b.txt", "b\n");
    let other = sandbox.run(&["upload", "blob", "-f", "b.txt", &format!("oci:layout:{digest}.sig")]).ok();
    let _ = sandbox.run(&["clean", "--force", "--type", "attestation", "oci:layout:v1"]).ok();
    let output = sandbox.run(&["clean", "--force", "oci:layout:v1"]).ok();
    assert!(
        output.stderr.contains(&format!("Removed oci:layout:{digest}.sig from oci:layout:v1")),
        "{}",
        output.stderr
    );
    let index = sandbox.text("layout/index.json");
    assert!(
        index.contains("v1") && !index.contains(other.stdout.trim().rsplit_once('@').unwrap().1),
        "{index}"
    );
}

/// Only the list of this image says that the bundle belongs to it; the bundle is another image's.
#[test]
fn attack_what_refers_to_another_image_stays() {
    let sandbox = Sandbox::new();
    let mut served = Served::start(&sandbox, Options { referrers: false, ..Options::default() });
    let contents = served.registry.contents();
    let other = contents.plant_image("app", "v2");
    let (_, own) = contents.manifest("app", &other).unwrap();
    let subject = json!({ "mediaType": MANIFEST, "digest": other, "size": own.len() });
    let [_, sign, _] = bundles(&sandbox);
    let stolen = plant(&served.registry, None, Some(&subject), BUNDLE, &sign);
    served.referrers.push(("other", stolen));
    served.plant_index();
    let _ = served.clean(&sandbox, &[]).ok();
    assert_eq!(
        (served.left().join(" "), served.listed().unwrap().join(" ")),
        ("foreign other".into(), "foreign".into())
    );
}

/// A registry that deletes no tags deletes what they name, and whoever may write a tag may let it name the image.
#[test]
fn attack_the_image_under_its_own_tag_stays() {
    let sandbox = Sandbox::new();
    let served = Served::start(&sandbox, Options::default());
    let tag = format!("{}.sig", served.image.replace(':', "-"));
    served.registry.contents().plant_tag("app", &tag, &served.image);
    let _ = served.clean(&sandbox, &[]).code(1).says("it is the image itself");
    assert!(served.registry.contents().manifest("app", "v1").is_some());
    assert_eq!(served.tags(), ["sig"]);
}
