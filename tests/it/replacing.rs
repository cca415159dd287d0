//! `attest --replace`: what stays in force afterwards, whatever form it is in.

use rcosign::internals::sandbox::registry::{Fault, Options, Registry};

use crate::support::{Output, Sandbox, repository};

const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const A: &str = "https://a.example";
const B: &str = "https://b.example";
const BUNDLE: &[&str] = &["--write", "bundle"];
const TAG: &[&str] = &["--write", "tag"];
const BOTH: &[&str] = &["--write", "bundle,tag"];

struct Served {
    sandbox: Sandbox,
    registry: Registry,
    image: String,
}

impl Served {
    fn start(options: Options) -> Self {
        let (sandbox, registry) = (Sandbox::new(), Registry::start(options).unwrap());
        let key = std::fs::read(repository().join("testdata/keys/p256.pkcs8.pem")).unwrap();
        sandbox.file("k.key", key);
        let _ = sandbox.run(&["public-key", "--key", "k.key", "--outfile", "k.pub"]).ok();
        let digest = registry.contents().plant_image("app", "v1");
        let image = format!("{}/app@{digest}", registry.address());
        Self { sandbox, registry, image }
    }

    fn attest(&self, uri: &str, value: u32, form: &[&str], more: &[&str]) -> Output {
        let _ = self.sandbox.file("p.json", format!("{{\"n\":{value}}}"));
        let args = ["attest", "--key", "k.key", "--offline", "--predicate", "p.json", "--type", uri];
        self.sandbox.run(&[&args[..], form, more, &[&self.image]].concat())
    }

    /// Makes what is under the tag a manifest that refers to the image, as in cosign's experimental form.
    fn as_referrer(&self) {
        let contents = self.registry.contents();
        let digest = self.image.rsplit_once('@').unwrap().1;
        let tag = format!("{}.att", digest.replace(':', "-"));
        let (media_type, manifest) = contents.manifest("app", &tag).unwrap();
        let mut manifest: serde_json::Value = serde_json::from_slice(&manifest).unwrap();
        let last = manifest["layers"].as_array().unwrap().last().unwrap().clone();
        manifest["layers"] = serde_json::json!([last]);
        manifest["config"]["mediaType"] = "application/vnd.dev.cosign.artifact.att.v1+json".into();
        let size = contents.manifest("app", digest).unwrap().1.len();
        manifest["subject"] = serde_json::json!({ "mediaType": media_type, "digest": digest, "size": size });
        let bytes = manifest.to_string();
        let made = contents.plant_manifest("app", None, &media_type, bytes.clone());
        let fallback = digest.replace(':', "-");
        let entry = serde_json::json!({ "mediaType": media_type, "digest": made, "size": bytes.len() });
        let index = serde_json::json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": [entry] });
        let index = match contents.manifest("app", &fallback) {
            Some((_, old)) => {
                let mut old: serde_json::Value = serde_json::from_slice(&old).unwrap();
                old["manifests"]
                    .as_array_mut()
                    .unwrap()
                    .extend(index["manifests"].as_array().unwrap().clone());
                old
            }
            None => index,
        };
        let _ = contents.plant_manifest("app", Some(&fallback), INDEX, index.to_string());
        contents.uproot("app", &tag);
    }

    /// The predicates that are in force.
    fn in_force(&self, uri: &str) -> Vec<String> {
        let args = ["verify-attestation", "--key", "k.pub", "--no-log", "--type", uri, &self.image];
        let output = self.sandbox.run(&args).ok();
        let mut all: Vec<String> = output
            .stdout
            .lines()
            .map(|line| {
                let line: serde_json::Value = serde_json::from_str(line).unwrap();
                let payload = line["payload"].as_str().unwrap();
                let payload = rcosign::internals::crypto::base64::decode(payload).unwrap();
                let statement: serde_json::Value = serde_json::from_slice(&payload).unwrap();
                statement["predicate"]["n"].to_string()
            })
            .collect();
        all.sort();
        all
    }
}

/// The forms of one registry; verifying takes all of them. cosign 3.1 replaces nothing in its bundles, and each form leaves the
/// other alone.
#[test]
fn nothing_older_stays_in_force_in_another_form() {
    for referrers in [true, false] {
        for form in [BUNDLE, TAG, BOTH] {
            let served = Served::start(Options { referrers, ..Options::default() });
            for uri in [A, B] {
                let _ = served.attest(uri, 1, TAG, &[]).ok();
                served.as_referrer();
            }
            for uri in [A, B] {
                let _ = served.attest(uri, 2, TAG, &[]).ok();
                let _ = served.attest(uri, 3, BUNDLE, &[]).ok();
            }
            assert_eq!(served.in_force(A).len(), 3);
            let output = served.attest(A, 9, form, &["--replace"]).ok();
            assert_eq!(
                output.stderr.matches(&format!("Replacing attestation predicate: {A}\n")).count(),
                1,
                "{form:?}: {}",
                output.stderr
            );
            let expected = if form == BOTH { vec!["9", "9"] } else { vec!["9"] };
            assert_eq!(served.in_force(A), expected, "{form:?}, referrers API: {referrers}");
            assert_eq!(served.in_force(B), ["1", "2", "3"], "{form:?}");
            // Again, with nothing in other forms.
            let _ = served.attest(A, 8, form, &["--replace"]).ok();
            assert_eq!(served.in_force(A).len(), expected.len(), "{form:?}");
        }
    }
}

#[test]
fn a_tag_with_nothing_left_goes() {
    for referrers in [true, false] {
        let served = Served::start(Options { referrers, ..Options::default() });
        let tags =
            || served.registry.contents().tags("app").into_iter().map(|(tag, _)| tag).collect::<Vec<_>>();
        let _ = served.attest(A, 1, TAG, &[]).ok();
        assert!(tags().iter().any(|tag| tag.ends_with(".att")));
        let _ = served.attest(A, 2, BUNDLE, &["--replace"]).ok();
        assert!(!tags().iter().any(|tag| tag.ends_with(".att")), "{:?}", tags());
        let _ = served.attest(A, 3, TAG, &["--replace"]).ok();
        assert_eq!(served.in_force(A), ["3"]);
        assert!(tags().iter().all(|tag| tag == "v1" || tag.ends_with(".att")), "{:?}", tags());
    }
}

/// The new one is there, and the old one is named.
#[test]
fn what_the_registry_does_not_delete_is_said() {
    let served = Served::start(Options { deletes: false, ..Options::default() });
    let _ = served.attest(A, 1, BUNDLE, &[]).ok();
    let _ = served
        .attest(A, 2, TAG, &["--replace"])
        .ok()
        .says("older attestations of type https://a.example are still there");
    assert_eq!(served.in_force(A), ["1", "2"]);
    // A fallback index can be written all the same.
    let served = Served::start(Options { deletes: false, referrers: false, ..Options::default() });
    let _ = served.attest(A, 1, BUNDLE, &[]).ok();
    let output = served.attest(A, 2, TAG, &["--replace"]).ok();
    assert!(!output.stderr.contains("still there"), "{}", output.stderr);
    assert_eq!(served.in_force(A), ["2"]);
}

/// Nothing is lost: the new one is published first, and the message does not say that it was not.
#[test]
fn a_failure_after_the_new_one_leaves_both() {
    let deletes = |method: &str, _: &str| method == "DELETE";
    let layers = |method: &str, path: &str| method == "PUT" && path.ends_with(".att");
    let index = |method: &str, path: &str| {
        method == "PUT" && path.contains("/manifests/sha256-") && !path.ends_with(".att")
    };
    type Fails = fn(&str, &str) -> bool;
    let cases: [(bool, &[&str], &[&str], Fails); 5] = [
        (true, BUNDLE, BUNDLE, deletes),
        (true, BUNDLE, TAG, deletes),
        (true, TAG, BUNDLE, layers),
        (false, TAG, BUNDLE, layers),
        (false, BUNDLE, TAG, index),
    ];
    for (referrers, old, new, fails) in cases {
        let served = Served::start(Options { referrers, ..Options::default() });
        let _ = served.attest(A, 1, old, &[]).ok();
        served.registry.hook(move |request| match fails(&request.method, &request.path) {
            true => Fault::status(403),
            false => Fault::none(),
        });
        let output = served.attest(A, 2, new, &["--replace", "--retry-for", "0"]);
        served.registry.hook(|_| Fault::none());
        let output = output.code(6).says("was published, and older ones of its type may still be in force");
        assert!(!output.stderr.contains("not published"), "{}", output.stderr);
        assert_eq!(served.in_force(A), ["1", "2"], "{old:?} {new:?}");
        let _ = served.attest(A, 3, new, &["--replace"]).ok();
        assert_eq!(served.in_force(A), ["3"]);
    }
}

/// If the old ones cannot be found, nothing is written.
#[test]
fn a_failed_look_up_is_said_before_anything_is_published() {
    for (old, new, path) in [(BUNDLE, TAG, "/referrers/"), (TAG, BUNDLE, ".att")] {
        let served = Served::start(Options::default());
        let _ = served.attest(A, 1, old, &[]).ok();
        served.registry.hook(move |request| match request.method == "GET" && request.path.contains(path) {
            true => Fault::status(503),
            false => Fault::none(),
        });
        let _ = served.attest(A, 2, new, &["--replace", "--retry-for", "0"]).code(5).says("not published");
        served.registry.hook(|_| Fault::none());
        assert_eq!(served.in_force(A), ["1"]);
    }
}

/// An attestation of another image, which the list of this one names, is not this one's.
#[test]
fn attack_a_list_names_what_belongs_to_another_image() {
    let served = Served::start(Options { referrers: false, ..Options::default() });
    let contents = served.registry.contents();
    let other = contents.plant_image("app", "v2");
    let name = format!("{}/app@{other}", served.registry.address());
    let _ = served.sandbox.file("p.json", "{\"n\":1}");
    let args = ["attest", "--key", "k.key", "--offline", "--predicate", "p.json", "--type", A, &name];
    let _ = served.sandbox.run(&args).ok();
    let (media_type, index) = contents.manifest("app", &other.replace(':', "-")).unwrap();
    let image = served.image.rsplit_once('@').unwrap().1.replace(':', "-");
    let _ = contents.plant_manifest("app", Some(&image), &media_type, index);
    let _ = served.attest(A, 2, TAG, &["--replace"]).ok();
    let args = ["verify-attestation", "--key", "k.pub", "--no-log", "--type", A, &name];
    let _ = served.sandbox.run(&args).ok();
}
