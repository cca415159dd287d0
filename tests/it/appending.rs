//! Tags that several write at the same time: nothing of what anybody was told is there may be lost.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use rcosign::internals::crypto::{base64, json};
use rcosign::internals::sandbox::registry::{Fault, Options, Registry, Request};

use crate::support::{Output, Sandbox};

const BUNDLE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";

/// A registry without the referrers API, with one image.
struct Place {
    registry: Registry,
    image: String,
    digest: String,
}

impl Place {
    fn new(referrers: bool) -> Self {
        let registry = Registry::start(Options { referrers, ..Options::default() }).unwrap();
        let digest = registry.contents().plant_image("app", "v1");
        let image = format!("{}/app@{digest}", registry.address());
        Self { registry, image, digest }
    }

    fn tag(&self, suffix: &str) -> String {
        format!("{}{suffix}", self.digest.replacen(':', "-", 1))
    }

    /// The entries under a tag: what identifies each.
    fn entries(&self, form: Form) -> Vec<String> {
        let (suffix, list) = match form {
            Form::Tag => (".sig", "layers"),
            Form::Bundle => ("", "manifests"),
        };
        let Some((_, bytes)) = self.registry.contents().manifest("app", &self.tag(suffix)) else {
            return Vec::new();
        };
        let value = json::parse("manifest", &bytes).unwrap();
        let names = |entry: &serde_json::Value| match form {
            Form::Tag => {
                entry["annotations"]["dev.cosignproject.cosign/signature"].as_str().unwrap().to_owned()
            }
            Form::Bundle => self.signature_in(entry["digest"].as_str().unwrap()),
        };
        value[list].as_array().unwrap().iter().map(names).collect()
    }

    /// The signature in the bundle of a manifest.
    fn signature_in(&self, manifest: &str) -> String {
        let (_, bytes) = self.registry.contents().manifest("app", manifest).unwrap();
        let manifest = json::parse("manifest", &bytes).unwrap();
        let layer = manifest["layers"][0]["digest"].as_str().unwrap();
        let bundle = json::parse("bundle", &self.registry.contents().blob("app", layer).unwrap()).unwrap();
        bundle["dsseEnvelope"]["signatures"][0]["sig"].as_str().unwrap().to_owned()
    }

    /// Whether a request writes a tag that is shared.
    fn writes_tag(request: &Request) -> bool {
        request.is("PUT", "/manifests/sha256-")
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Tag,
    Bundle,
}

/// A signature that nobody else makes.
fn signature(number: usize) -> String {
    base64::encode(format!("signature {number}").as_bytes())
}

/// The file that holds it, and the flags to attach it with.
fn prepared(sandbox: &Sandbox, place: &Place, form: Form, number: usize) -> Vec<String> {
    let name = match form {
        Form::Tag => sandbox.file(&format!("s{number}"), signature(number)),
        Form::Bundle => {
            let hex = place.digest.trim_start_matches("sha256:");
            let statement = format!(
                r#"{{"_type":"https://in-toto.io/Statement/v1","subject":[{{"digest":{{"sha256":"{hex}"}}}}],"predicateType":"https://sigstore.dev/cosign/sign/v1","predicate":{{}}}}"#
            );
            let bundle = format!(
                r#"{{"mediaType":"{BUNDLE}","verificationMaterial":{{"publicKey":{{"hint":"h"}}}},"dsseEnvelope":{{"payload":"{}","payloadType":"application/vnd.in-toto+json","signatures":[{{"sig":"{}"}}]}}}}"#,
                base64::encode(statement.as_bytes()),
                signature(number)
            );
            sandbox.file(&format!("b{number}"), bundle)
        }
    };
    let flag = if form == Form::Tag { "--signature" } else { "--bundle" };
    ["attach", "signature", flag, name.to_str().unwrap(), &place.image].map(str::to_owned).to_vec()
}

/// Attaches `count` signatures with as many processes at the same time, which are on so many machines.
fn attach_at_once(place: &Place, form: Form, count: usize, machines: usize, more: &[&str]) -> Vec<Output> {
    let sandbox = Sandbox::new();
    let folders: Vec<_> = (0..machines)
        .map(|machine| {
            let folder = sandbox.at(&format!("run{machine}"));
            std::fs::create_dir(&folder).unwrap();
            folder
        })
        .collect();
    std::thread::scope(|scope| {
        let runs: Vec<_> = (0..count)
            .map(|number| {
                let (sandbox, folder) = (&sandbox, &folders[number % machines]);
                scope.spawn(move || {
                    let args = prepared(sandbox, place, form, number);
                    let args: Vec<_> = args.iter().map(String::as_str).chain(more.iter().copied()).collect();
                    sandbox.rcosign(&args).env("XDG_RUNTIME_DIR", folder.to_str().unwrap()).run()
                })
            })
            .collect();
        runs.into_iter().map(|run| run.join().unwrap()).collect()
    })
}

/// What is not said to have failed is there, once.
#[track_caller]
fn nothing_lost(place: &Place, form: Form, outputs: &[Output]) {
    let entries = place.entries(form);
    for (number, output) in outputs.iter().enumerate() {
        let there = entries.iter().filter(|entry| **entry == signature(number)).count();
        match output.code {
            0 => assert_eq!(there, 1, "{form:?} {number}: {}", output.stderr),
            _ => assert!(output.stderr.contains("may not be listed"), "{}", output.stderr),
        }
    }
}

#[test]
fn of_32_processes_none_loses_a_signature() {
    for form in [Form::Tag, Form::Bundle] {
        for machines in [1, 2, 8] {
            let place = Place::new(false);
            let started = Instant::now();
            let outputs = attach_at_once(&place, form, 32, machines, &[]);
            eprintln!(
                "{form:?}, {machines} machines: {:?}, {} requests",
                started.elapsed(),
                place.registry.journal().count("", "")
            );
            nothing_lost(&place, form, &outputs);
            assert_eq!(outputs.iter().filter(|output| output.code == 0).count(), 32);
            assert_eq!(place.entries(form).len(), 32);
        }
    }
}

#[test]
fn writes_that_a_proxy_delays_undo_nothing() {
    for form in [Form::Tag, Form::Bundle] {
        let place = Place::new(false);
        let writes = AtomicUsize::new(0);
        // Every third write takes effect a second after all others think that they are done.
        place.registry.hook(move |request| {
            if Place::writes_tag(request) && writes.fetch_add(1, Ordering::Relaxed).is_multiple_of(3) {
                Fault::none().delayed(Duration::from_millis(900))
            } else {
                Fault::none()
            }
        });
        let outputs = attach_at_once(&place, form, 9, 9, &["--retry-for", "60s"]);
        nothing_lost(&place, form, &outputs);
        assert!(outputs.iter().all(|output| output.code == 0), "{outputs:#?}");
        assert_eq!(place.entries(form).len(), 9);
    }
}

#[test]
fn writes_without_an_answer_are_looked_after() {
    for (name, fault) in [
        ("closed", Fault::unanswered()),
        ("reset", Fault::reset()),
        ("late answer", Fault::none().held(Duration::from_millis(600))),
        ("503", Fault::status(503)),
        ("429", Fault::status(429).header("Retry-After", "1")),
        ("409", Fault::status(409)),
        ("a race in Docker's registry", Fault::error(400, "DIGEST_INVALID", "provided digest did not match")),
    ] {
        for form in [Form::Tag, Form::Bundle] {
            let place = Place::new(false);
            let fault = fault.clone();
            place.registry.hook(move |request| {
                if Place::writes_tag(request) && request.count == 1 { fault.clone() } else { Fault::none() }
            });
            let outputs = attach_at_once(&place, form, 1, 1, &[]);
            assert_eq!(outputs[0].code, 0, "{name}: {}", outputs[0].stderr);
            assert_eq!(place.entries(form), [signature(0)], "{name}");
        }
    }
}

#[test]
fn a_tag_that_never_settles_is_an_error() {
    let place = Place::new(false);
    // Another tool puts its own document there after every write.
    let (contents, tag) = (place.registry.contents().clone(), place.tag(""));
    place.registry.hook(move |request| {
        if request.is("GET", "/manifests/sha256-") {
            let index = format!(
                r#"{{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[],"annotations":{{"n":"{}"}}}}"#,
                request.number
            );
            contents.plant_manifest("app", Some(&tag), "application/vnd.oci.image.index.v1+json", index);
        }
        Fault::none()
    });
    let outputs = attach_at_once(&place, Form::Bundle, 1, 1, &["--retry-for", "2s"]);
    let output = outputs.into_iter().next().unwrap().code(5);
    let output = output.says("may not be listed").says("--retry-for");
    // What was published is named, so that it can be found.
    let published = place.registry.contents().referrers("app", &place.digest);
    assert!(output.stderr.contains(&published[0]), "{}", output.stderr);
}

#[test]
fn what_cannot_be_written_fails_at_once() {
    for status in [400, 403, 404] {
        let place = Place::new(false);
        place.registry.hook(
            move |request| {
                if Place::writes_tag(request) { Fault::status(status) } else { Fault::none() }
            },
        );
        let started = Instant::now();
        let outputs = attach_at_once(&place, Form::Tag, 1, 1, &[]);
        assert_ne!(outputs[0].code, 0);
        // Not for as long as what may work a moment later (30 s).
        assert!(started.elapsed() < Duration::from_secs(20));
    }
}

#[test]
fn requests_are_few() {
    // A machine that stops for a while makes a write look unanswered, and it is looked for again: the least of a few runs counts.
    let few = |referrers: bool, form: Form, wait: u64, most: usize, most_trips: usize| {
        let mut seen = Vec::new();
        for _ in 0..5 {
            let place = Place::new(referrers);
            if wait > 0 {
                place.registry.hook(move |_| Fault::none().delayed(Duration::from_millis(wait)));
            }
            let outputs = attach_at_once(&place, form, 1, 1, &[]);
            assert_eq!(outputs[0].code, 0, "{}", outputs[0].stderr);
            let journal = place.registry.journal();
            let lines: Vec<_> = journal.lines().into_iter().collect();
            if lines.len() <= most && (wait == 0 || journal.round_trips() <= most_trips) {
                return;
            }
            seen.push((journal.round_trips(), lines));
        }
        panic!("{seen:#?}");
    };
    // By digest; a tag is one request and one round trip more.
    for wait in [0, 30] {
        few(false, Form::Tag, wait, 8, 7);
        // `attach` looks for the same bundle first, which takes one or two requests more than `sign`.
        few(false, Form::Bundle, wait, 10 + 2, usize::MAX);
        few(true, Form::Bundle, wait, 7 + 2, usize::MAX);
    }
}

#[test]
fn success_is_said_after_the_time_that_others_may_take() {
    for form in [Form::Tag, Form::Bundle] {
        let place = Place::new(false);
        let outputs = attach_at_once(&place, form, 1, 1, &[]);
        assert_eq!(outputs[0].code, 0);
        // From the answer to the write to the reading that confirms it.
        let requests = place.registry.journal().requests();
        let at = |r: &Request| r.path.contains("/manifests/sha256-");
        let write = requests.iter().find(|r| r.method == "PUT" && at(r)).unwrap();
        let last = requests.iter().rfind(|r| r.method == "GET" && at(r)).unwrap();
        let waited = last.received - write.answered.unwrap().1;
        assert!(waited >= Duration::from_millis(95), "{waited:?}");
    }
}

#[test]
fn the_same_signature_is_attached_once() {
    for (referrers, form) in [(false, Form::Tag), (false, Form::Bundle), (true, Form::Bundle)] {
        let place = Place::new(referrers);
        let before = |place: &Place| match form {
            Form::Tag => place.entries(form).len(),
            Form::Bundle => place.registry.contents().referrers("app", &place.digest).len(),
        };
        for _ in 0..2 {
            let outputs = attach_at_once(&place, form, 1, 1, &[]);
            assert_eq!(outputs[0].code, 0, "{}", outputs[0].stderr);
            assert_eq!(before(&place), 1);
        }
    }
}
