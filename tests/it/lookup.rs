//! Log entries that are looked up: of signatures that come without one, as cosign makes and verifies them.

use std::sync::{Arc, Mutex};

use rcosign::internals::crypto::{SigningInput, SigningKey as _, base64};
use rcosign::internals::sandbox::registry::{Options, Registry};
use rcosign::internals::x509::SubjectAlternativeName;
use rcosign::internals::x509::issue::{Issuer, Template};
use serde_json::{Value, json};

use crate::faulty::server::{Act, Answer, Request, Server};
use crate::faulty::sigstore::{Place, Sigstore, claims, key, span, token};
use crate::support::{Output, Sandbox};

/// What the log does in place of answering well.
type Fault = Arc<dyn Fn(&Sigstore, &Request) -> Option<Act> + Send + Sync>;

/// A log, and signatures in it: of a key and of an identity, of a file and of a statement, each in files of its own.
struct World {
    sandbox: Sandbox,
    log: Server,
    fault: Arc<Mutex<Option<Fault>>>,
    asked: Mutex<usize>,
}

const KEY: &[&str] = &["--key", "cosign.pub"];
const IDENTITY: &[&str] =
    &["--certificate-identity", "dev@example.com", "--certificate-oidc-issuer", "http://issuer.example"];

impl World {
    fn new() -> Self {
        let sigstore = Arc::new(Sigstore::new());
        let fault: Arc<Mutex<Option<Fault>>> = Arc::default();
        let (behind, set) = (Arc::clone(&sigstore), Arc::clone(&fault));
        let log = Server::start(move |request| {
            let fault = set.lock().unwrap().clone();
            let act = fault.and_then(|fault| fault(&behind, request));
            act.unwrap_or_else(|| Act::Say(behind.answer(Place::Rekor1, "", request)))
        });
        let behind = Arc::clone(&sigstore);
        let fulcio = Server::start(move |request| Act::Say(behind.answer(Place::Fulcio, "", request)));
        let sandbox = Sandbox::new().env("COSIGN_OFFLINE", "");
        let mut root = sigstore.trusted_root();
        let _ = sandbox.file("root.json", root.to_string());
        root["tlogs"][0]["baseUrl"] = log.url.as_str().into();
        let _ = sandbox.file("root-with-address.json", root.to_string());
        let _ = sandbox.file("token", token(&claims("http://issuer.example")));
        let _ = sandbox.file("predicate.json", "{}");
        for name in ["a.txt", "b.txt", "unlogged.txt"] {
            let _ = sandbox.file(name, name);
        }
        let _ = sandbox.run(&["generate-key-pair"]).ok();
        let services = ["--rekor-url", &log.url, "--fulcio-url", &fulcio.url, "--trusted-root", "root.json"];
        let sign = |command: &[&str], more: &[&str]| {
            let _ = sandbox.run(&[command, &["--yes"], &services, more].concat()).ok();
        };
        let attest = ["attest-blob", "--predicate", "predicate.json"];
        let (key, identity) = (["--key", "cosign.key"], ["--identity-token", "token"]);
        for (who, flags) in [("key", &key), ("id", &identity)] {
            let (crt, att_crt) = (format!("{who}.crt"), format!("{who}.att.crt"));
            let crt = if who == "id" { vec!["--output-certificate", &crt] } else { Vec::new() };
            let att_crt = if who == "id" { vec!["--output-certificate", &att_crt] } else { Vec::new() };
            let (sig, att) = (format!("{who}.sig"), format!("{who}.att"));
            sign(&["sign-blob"], &[&flags[..], &crt, &["--output-signature", &sig, "a.txt"]].concat());
            sign(&attest, &[&flags[..], &att_crt, &["--output-signature", &att, "a.txt"]].concat());
        }
        let alone = [
            "sign-blob",
            "--key",
            "cosign.key",
            "--offline",
            "--output-signature",
            "unlogged.sig",
            "unlogged.txt",
        ];
        let _ = sandbox.run(&alone).ok();
        let asked = Mutex::new(log.heard().len());
        Self { sandbox, log, fault, asked }
    }

    /// Sets what the log does.
    fn act(&self, fault: impl Fn(&Sigstore, &Request) -> Option<Act> + Send + Sync + 'static) {
        *self.fault.lock().unwrap() = Some(Arc::new(fault));
    }

    /// What the log was asked since the last time.
    fn asked(&self) -> Vec<String> {
        let heard = self.log.heard();
        let from = std::mem::replace(&mut *self.asked.lock().unwrap(), heard.len());
        heard[from..].to_vec()
    }

    /// Verifies a signature of a file.
    fn verify(&self, who: &str, blob: &str, more: &[&str]) -> Output {
        let signature = format!("{who}.sig");
        let certificate = format!("{who}.crt");
        let mut args = vec!["verify-blob", "--signature", &signature, "--rekor-url", &self.log.url];
        args.extend(["--trusted-root", "root.json"]);
        if who == "id" {
            args.extend(["--certificate", &certificate]);
        }
        args.extend(if who == "id" { IDENTITY } else { KEY });
        args.extend(more);
        args.push(blob);
        self.sandbox.run(&args)
    }

    /// Verifies a statement.
    fn verify_statement(&self, who: &str, more: &[&str]) -> Output {
        let (envelope, certificate) = (format!("{who}.att"), format!("{who}.att.crt"));
        let mut args =
            vec!["verify-blob-attestation", "--signature", &envelope, "--rekor-url", &self.log.url];
        args.extend(["--trusted-root", "root.json"]);
        if who == "id" {
            args.extend(["--certificate", &certificate]);
        }
        args.extend(if who == "id" { IDENTITY } else { KEY });
        args.extend(more);
        args.push("a.txt");
        self.sandbox.run(&args)
    }
}

#[test]
fn entries_are_looked_up_by_the_signature() {
    let world = World::new();
    for who in ["key", "id"] {
        let _ = world.verify(who, "a.txt", &[]).ok().says("was found at").says(&world.log.url);
        assert_eq!(world.asked(), ["POST /api/v1/log/entries/retrieve"]);
        let _ = world.verify_statement(who, &[]).ok().says("was found at");
        assert_eq!(world.asked(), ["POST /api/v1/log/entries/retrieve"]);
        // Without its address, it is that of the root.
        let _ =
            world.verify(who, "a.txt", &["--rekor-url", "", "--trusted-root", "root-with-address.json"]).ok();
        assert_eq!(world.asked(), ["POST /api/v1/log/entries/retrieve"]);
    }
}

#[test]
fn whoever_says_so_asks_no_log() {
    let world = World::new();
    for who in ["key", "id"] {
        for (flag, code) in [("--offline", 12), ("--no-log", 0)] {
            let output = world.verify(who, "a.txt", &[flag]).code(code);
            assert_eq!(output.stderr.contains("Verified OK"), code == 0, "{}", output.stderr);
            if code != 0 {
                let output = output.says("no log was asked, because of --offline");
                assert!(!output.stderr.contains("with --rekor-url"), "{}", output.stderr);
            }
            let _ = world.verify_statement(who, &[flag]).code(code);
            assert_eq!(world.asked(), [""; 0], "{who} {flag}");
        }
    }
    // A bundle has all that belongs to it.
    let args = ["sign-blob", "--key", "cosign.key", "--offline", "--bundle", "b.json", "unlogged.txt"];
    let _ = world.sandbox.run(&args).ok();
    let args = ["verify-blob", "--key", "cosign.pub", "--bundle", "b.json", "--rekor-url", &world.log.url];
    let _ =
        world.sandbox.run(&[&args[..], &["--trusted-root", "root.json", "unlogged.txt"]].concat()).code(12);
    assert_eq!(world.asked(), [""; 0]);
}

#[test]
fn what_is_not_in_the_log_is_not_verified() {
    let world = World::new();
    let args =
        ["verify-blob", "--signature", "unlogged.sig", "--key", "cosign.pub", "--rekor-url", &world.log.url];
    let output =
        world.sandbox.run(&[&args[..], &["--trusted-root", "root.json", "unlogged.txt"]].concat()).code(12);
    let output = output.says(&format!("There is no log entry of `unlogged.sig` at {}\n", world.log.url));
    let hint = format!("hint: {} was asked and has no such entry", world.log.url);
    assert!(output.stderr.contains(&hint) && output.stdout.is_empty(), "{}", output.stderr);
    assert_eq!(world.asked(), ["POST /api/v1/log/entries/retrieve", "POST /api/v1/index/retrieve"]);
    // Of a signature that does not hold, no log hears.
    for who in ["key", "id"] {
        let output = world.verify(who, "b.txt", &[]).code(12).says("signature does not match");
        assert_eq!(world.asked(), [""; 0], "{who}");
        // And nobody is told to go without a log, or to look for another one.
        for word in ["--no-log", "hint: name", "with --rekor-url", "log entry"] {
            assert!(!output.stderr.contains(word), "{who} {word}: {}", output.stderr);
        }
    }
}

fn say(answer: Answer) -> Option<Act> {
    Some(Act::Say(answer))
}

/// Whatever the log does: nothing verifies by it that is not in a trusted log.
#[test]
fn logs_that_answer_something_else() {
    let world = World::new();
    type Change = fn(&mut Value);
    let spoilt = |change: Change| {
        move |sigstore: &Sigstore, request: &Request| {
            let answer = sigstore.answer(Place::Rekor1, "", request);
            let is_list = request.line.ends_with("/log/entries/retrieve");
            say(if is_list {
                answer.changed(|list| list.as_array_mut().unwrap().iter_mut().for_each(change))
            } else {
                answer
            })
        }
    };
    fn entry(list: &mut Value) -> &mut Value {
        list.as_object_mut().unwrap().values_mut().next().unwrap()
    }
    let cases: [(&str, &[i32], Fault); 12] = [
        ("nothing", &[12], Arc::new(|_, _| say(Answer::json(200, &json!([]))))),
        ("500", &[5], Arc::new(|_, _| say(Answer::new(500, "oops")))),
        ("reset", &[5], Arc::new(|_, _| Some(Act::Reset))),
        ("garbage", &[5], Arc::new(|_, _| say(Answer::new(200, "<h1>Welcome</h1>")))),
        ("an object", &[5], Arc::new(|_, _| say(Answer::json(200, &json!({}))))),
        (
            "without an end",
            &[5, 8],
            Arc::new(|_, _| Some(Act::Endless(Answer::new(200, vec![b' '; 1 << 16])))),
        ),
        (
            "elsewhere",
            &[5],
            Arc::new(|_, _| say(Answer::new(307, "").with("Location", "http://127.0.0.1:1/"))),
        ),
        (
            "no promise",
            &[5, 12],
            Arc::new(spoilt(|list| {
                drop(entry(list)["verification"].as_object_mut().unwrap().remove("signedEntryTimestamp"))
            })),
        ),
        (
            "another time",
            &[12],
            Arc::new(spoilt(|list| entry(list)["integratedTime"] = 1_700_000_000.into())),
        ),
        ("another log", &[12], Arc::new(spoilt(|list| entry(list)["logID"] = "00".repeat(32).into()))),
        (
            "a broken proof",
            &[12],
            Arc::new(spoilt(|list| {
                entry(list)["verification"]["inclusionProof"]["rootHash"] = "00".repeat(32).into()
            })),
        ),
        ("the body of another", &[5, 12], Arc::new(spoilt(|list| entry(list)["body"] = "e30=".into()))),
    ];
    for (name, codes, fault) in cases {
        *world.fault.lock().unwrap() = Some(fault);
        for who in ["key", "id"] {
            // Without a promise there is a proof, which is better, for a key.
            if (name, who) == ("no promise", "key") {
                continue;
            }
            let output = world.verify(who, "a.txt", &["--timeout", "2s"]);
            assert!(codes.contains(&output.code), "{name} {who} {}: {}", output.code, output.stderr);
            assert!(!output.stderr.contains("Verified OK") && output.stdout.is_empty(), "{name} {who}");
            if codes == [5] {
                assert!(
                    output.stderr.contains("Rekor") && output.stderr.contains(&world.log.url),
                    "{}",
                    output.stderr
                );
                assert!(output.stderr.contains("--no-log"), "{name}: {}", output.stderr);
                assert!(!output.stderr.contains("nothing was written"), "{name}: {}", output.stderr);
            }
        }
    }
    let output =
        world.verify("key", "a.txt", &["--timeout", "2s", "--rekor-url", "http://127.0.0.1:1"]).code(5);
    assert!(output.stderr.contains("http://127.0.0.1:1"), "{}", output.stderr);
}

/// A log that is asked now proves what it says now: its promise alone, which it may have given before it took the entry out again,
/// is not enough.
#[test]
fn an_entry_that_is_looked_up_needs_its_proof() {
    let world = World::new();
    for member in ["inclusionProof", "checkpoint"] {
        world.act(move |sigstore, request| {
            let answer = sigstore.answer(Place::Rekor1, "", request);
            if !request.line.ends_with("/log/entries/retrieve") {
                return say(Answer::json(200, &json!([])));
            }
            say(answer.changed(|list| {
                for one in list.as_array_mut().unwrap() {
                    let entry = one.as_object_mut().unwrap().values_mut().next().unwrap();
                    let verification = entry["verification"].as_object_mut().unwrap();
                    let holder = match member {
                        "checkpoint" => verification["inclusionProof"].as_object_mut().unwrap(),
                        _ => verification,
                    };
                    assert!(holder.remove(member).is_some());
                }
            }))
        });
        for who in ["key", "id"] {
            let output = world.verify(who, "a.txt", &["--timeout", "2s"]);
            assert!([5, 12].contains(&output.code), "{member} {who} {}: {}", output.code, output.stderr);
            assert!(!output.stderr.contains("Verified OK"), "{member} {who}");
            if output.code == 12 {
                let _ = output.says("does not count");
            }
        }
    }
}

/// Whoever may write to a registry must not make others ask a log about all that is there.
#[test]
fn no_log_is_asked_about_the_certificate_of_somebody_else() {
    let world = World::new();
    for (identity, issuer) in
        [("other@example.com", "http://issuer.example"), ("dev@example.com", "http://other.example")]
    {
        let args = ["--signature", "id.sig", "--certificate", "id.crt", "--trusted-root", "root.json"];
        let expected = ["--certificate-identity", identity, "--certificate-oidc-issuer", issuer];
        let log = ["--rekor-url", &world.log.url, "a.txt"];
        let _ = world.sandbox.run(&[&["verify-blob"], &args[..], &expected, &log].concat()).code(12);
        assert_eq!(world.asked(), [""; 0], "{identity} {issuer}");
    }
}

/// What is shown of an address has no password in it.
#[test]
fn passwords_of_logs_are_not_shown() {
    let world = World::new();
    let url = world.log.url.replace("http://", "http://me:S3CRET@");
    let found = world.verify("key", "a.txt", &["--rekor-url", &url]).ok().says("was found at");
    let args = ["--signature", "unlogged.sig", "--key", "cosign.pub", "--trusted-root", "root.json"];
    let none =
        world.sandbox.run(&[&["verify-blob", "--rekor-url", &url], &args[..], &["unlogged.txt"]].concat());
    let none = none.code(12).says("There is no log entry of `unlogged.sig` at");
    for output in [found, none] {
        assert!(!output.stderr.contains("S3CRET"), "{}", output.stderr);
    }
}

/// CVE-2024-51746 of gitsign: a search finds what has the digest or the key, and the wrong one of them was used.
#[test]
fn cve_2024_51746_of_what_a_search_finds_one_has_to_match() {
    let world = World::new();
    // A log that finds everything for everybody.
    let everything = |sigstore: &Sigstore, request: &Request, own: bool| {
        let all: Vec<Value> = (1000..1010)
            .filter_map(|index| {
                let line = format!("GET /api/v1/log/entries?logIndex={index}");
                let answer = sigstore.answer(Place::Rekor1, "", &Request { line, ..request.clone() });
                (answer.status == 200).then(|| serde_json::from_slice(&answer.body).unwrap())
            })
            .collect();
        // The first is of nobody, the second the one that is asked for.
        let shown: Vec<Value> =
            all.into_iter().enumerate().filter(|(at, _)| own || *at != 1).map(|(_, e)| e).collect();
        assert!(shown.len() >= 4);
        if request.line.ends_with("/index/retrieve") {
            let uuids: Vec<_> =
                shown.iter().map(|entry| entry.as_object().unwrap().keys().next().unwrap()).collect();
            return say(Answer::json(200, &json!(uuids)));
        }
        // By identifiers it gives those; by the entry itself, everything.
        say(if request.json().get("entryUUIDs").is_some() {
            sigstore.answer(Place::Rekor1, "", request)
        } else {
            Answer::json(200, &json!(shown))
        })
    };
    world.act(move |sigstore, request| everything(sigstore, request, true));
    let _ = world.verify("key", "a.txt", &[]).ok();
    world.act(move |sigstore, request| everything(sigstore, request, false));
    let _ = world.verify("key", "a.txt", &[]).code(12).says("There is no log entry of `key.sig`");
}

/// A signature that was attached without its entry.
#[test]
fn entries_of_images_are_looked_up() {
    let world = World::new();
    let registry = Registry::start(Options::default()).unwrap();
    let digest = registry.contents().plant_image("app", "v1");
    let image = format!("{}/app@{digest}", registry.address());
    let payload = world.sandbox.run(&["generate", &image]).ok().stdout;
    let _ = world.sandbox.file("payload", payload);
    let services = ["--rekor-url", &world.log.url, "--trusted-root", "root.json"];
    let args = ["sign-blob", "--yes", "--key", "cosign.key", "--output-signature", "payload.sig", "payload"];
    let _ = world.sandbox.run(&[&args[..], &services].concat()).ok();
    let args = ["attach", "signature", "--payload", "payload", "--signature", "payload.sig", &image];
    let _ = world.sandbox.run(&args).ok();
    let _ = world.asked();
    let verify = |more: &[&str]| {
        let args = ["verify", "--key", "cosign.pub", &image, "--timeout", "5s"];
        world.sandbox.run(&[&args[..], &services, more].concat())
    };
    // What was asked for online was not verified offline: the words are those of cosign for it.
    let shown =
        verify(&[]).ok().says("was found at").says("  - The claims were present in the transparency log\n");
    assert!(!shown.stderr.contains("offline"), "{}", shown.stderr);
    assert_eq!(world.asked(), ["POST /api/v1/log/entries/retrieve"]);
    let _ = verify(&["--no-log"]).ok();
    let _ = verify(&["--offline"]).code(12);
    assert_eq!(world.asked(), [""; 0]);
    world.act(|_, _| say(Answer::new(400, "oops")));
    let output = verify(&[]).code(5).says("Rekor");
    assert!(output.stdout.is_empty());
    let _ = world.asked();
    // A log that fails is not asked about the next image.
    let second = registry.contents().plant_image("app", "v2");
    let second = format!("{}/app@{second}", registry.address());
    let payload = world.sandbox.run(&["generate", &second]).ok().stdout;
    let _ = world.sandbox.file("payload", payload);
    let args =
        ["sign-blob", "--offline", "--key", "cosign.key", "--output-signature", "payload.sig", "payload"];
    let _ = world.sandbox.run(&args).ok();
    let args = ["attach", "signature", "--payload", "payload", "--signature", "payload.sig", &second];
    let _ = world.sandbox.run(&args).ok();
    let _ = verify(&[&second, "--max-workers", "1"]).code(5);
    assert_eq!(world.asked(), ["POST /api/v1/log/entries/retrieve"]);
    world.act(|_, _| say(Answer::json(200, &json!([]))));
    assert!(verify(&[]).code(12).stdout.is_empty());
}

/// `bundle create` and `bundle upgrade` ask the log for what they lack, and take nothing that does not hold.
#[test]
fn bundles_get_their_entries_from_the_log() {
    let world = World::new();
    let create = |who: &str, more: &[&str]| {
        let signature = format!("{who}.sig");
        let mut args = vec!["bundle", "create", "--artifact", "a.txt", "--signature", &signature];
        args.extend(if who == "key" { ["--key", "cosign.pub"] } else { ["--certificate", "id.crt"] });
        args.extend([
            "--rekor-url",
            &world.log.url,
            "--trusted-root",
            "root.json",
            "--out",
            "b.json",
            "--timeout",
            "2s",
        ]);
        world.sandbox.run(&[&args[..], more].concat())
    };
    for who in ["key", "id"] {
        let _ = create(who, &[]).ok();
        let mut args = vec!["verify-blob", "--offline", "--bundle", "b.json", "--trusted-root", "root.json"];
        args.extend(if who == "key" { KEY } else { IDENTITY });
        let _ = world.sandbox.run(&[&args[..], &["a.txt"]].concat()).ok();
        std::fs::remove_file(world.sandbox.at("b.json")).unwrap();
        // Without its address, it is that of the root; the root has to know the log.
        let _ = create(who, &["--rekor-url", "", "--trusted-root", "root-with-address.json"]).ok();
        std::fs::remove_file(world.sandbox.at("b.json")).unwrap();
    }
    let other = Sigstore::new().trusted_root();
    let _ = world.sandbox.file("other.json", other.to_string());
    let _ = create("key", &["--trusted-root", "other.json"]).code(12).says("does not hold");
    let _ = create("key", &["--artifact", "b.txt"]).code(12);
    let _ = world.asked();
    let unlogged = ["--artifact", "unlogged.txt", "--signature", "unlogged.sig"];
    let _ = create("key", &unlogged)
        .code(12)
        .says("there is no log entry of this signature at")
        .says("--ignore-tlog");
    assert!(!world.sandbox.has("b.json"));
}

/// The same of older bundles, whose entries have a promise alone.
#[test]
fn older_bundles_get_their_proofs_from_the_log() {
    let world = World::new();
    let services = ["--rekor-url", &world.log.url, "--trusted-root", "root.json"];
    let legacy = ["--new-bundle-format=false", "--bundle"];
    let sign = ["sign-blob", "--yes", "--key", "cosign.key"];
    let _ = world.sandbox.run(&[&sign[..], &services, &legacy, &["old.json", "b.txt"]].concat()).ok();
    let attest = ["attest-blob", "--yes", "--key", "cosign.key", "--predicate", "predicate.json"];
    let _ = world.sandbox.run(&[&attest[..], &services, &legacy, &["old.att.json", "b.txt"]].concat()).ok();
    let made = |command: &[&str]| {
        let _ = std::fs::remove_file(world.sandbox.at("new.json"));
        world
            .sandbox
            .run(&[&["bundle"], command, &services, &["--out", "new.json", "--timeout", "2s"]].concat())
    };
    let create = ["create", "--artifact", "b.txt", "--bundle", "old.json", "--key", "cosign.pub"];
    let upgrade = ["upgrade", "old.att.json"];
    for (command, verify) in [(&create[..], "verify-blob"), (&upgrade, "verify-blob-attestation")] {
        *world.fault.lock().unwrap() = None;
        let _ = world.asked();
        let _ = made(command).ok();
        assert!(world.asked()[0].starts_with("GET /api/v1/log/entries?logIndex="));
        let args = [
            verify,
            "--offline",
            "--bundle",
            "new.json",
            "--trusted-root",
            "root.json",
            "--key",
            "cosign.pub",
            "b.txt",
        ];
        let _ = world.sandbox.run(&args).ok();
        let faults: [(&str, &[i32], Fault); 4] = [
            ("500", &[5], Arc::new(|_, _| say(Answer::new(500, "oops")))),
            ("nothing", &[5], Arc::new(|_, _| say(Answer::json(404, &json!({ "message": "no" }))))),
            (
                "another entry",
                &[5, 12],
                Arc::new(|sigstore, request| {
                    let line = "GET /api/v1/log/entries?logIndex=1000".to_owned();
                    say(sigstore.answer(Place::Rekor1, "", &Request { line, ..request.clone() }))
                }),
            ),
            (
                "a broken proof",
                &[12],
                Arc::new(|sigstore, request| {
                    let answer = sigstore.answer(Place::Rekor1, "", request);
                    say(answer.changed(|value| {
                        let entry = value.as_object_mut().unwrap().values_mut().next().unwrap();
                        entry["verification"]["inclusionProof"]["rootHash"] = "00".repeat(32).into();
                    }))
                }),
            ),
        ];
        for (name, codes, fault) in faults {
            *world.fault.lock().unwrap() = Some(fault);
            let output = made(command);
            assert!(codes.contains(&output.code), "{name}: {} {}", output.code, output.stderr);
            assert!(!world.sandbox.has("new.json") && output.stdout.is_empty(), "{name}");
            assert!(output.stderr.contains(&world.log.url), "{name}: {}", output.stderr);
        }
    }
}

const REPOSITORY: &str = "app";

/// Puts signatures at the tag of cosign 2 beside an image.
fn plant(registry: &Registry, digest: &str, layers: &[Value]) {
    let config = registry.contents().plant_blob(REPOSITORY, "{}");
    let media_type = "application/vnd.oci.image.manifest.v1+json";
    let manifest = json!({
        "schemaVersion": 2, "mediaType": media_type,
        "config": { "mediaType": "application/vnd.oci.image.config.v1+json", "digest": config, "size": 2 },
        "layers": layers,
    });
    let tag = format!("{}.sig", digest.replace(':', "-"));
    let _ = registry.contents().plant_manifest(REPOSITORY, Some(&tag), media_type, manifest.to_string());
}

fn layer(registry: &Registry, payload: &str, signature: &[u8], certificate: Option<String>) -> Value {
    let digest = registry.contents().plant_blob(REPOSITORY, payload);
    let mut annotations = json!({ "dev.cosignproject.cosign/signature": base64::encode(signature) });
    if let Some(certificate) = certificate {
        annotations["dev.sigstore.cosign/certificate"] = certificate.into();
    }
    json!({
        "mediaType": "application/vnd.dev.cosign.simplesigning.v1+json",
        "digest": digest, "size": payload.len(), "annotations": annotations,
    })
}

/// What is signed of an image; a number makes each another one.
fn payload(digest: &str, number: usize) -> String {
    json!({
        "critical": {
            "identity": { "docker-reference": "" }, "image": { "docker-manifest-digest": digest },
            "type": "cosign container image signature",
        },
        "optional": { "number": number },
    })
    .to_string()
}

const MANY: usize = 200;

/// Anybody can make a certificate with the name of somebody else in it. Of those, no log hears.
#[test]
fn no_log_is_asked_about_certificates_of_nobody_who_is_trusted() {
    let world = World::new();
    let registry = Registry::start(Options::default()).unwrap();
    let digest = registry.contents().plant_image(REPOSITORY, "v1");
    let life = span(-60, 600);
    let (authority, own) = (key(), key());
    // Named as the trusted one is.
    let root = Template::root("fulcio", life)
        .issue(authority.public_key(), Issuer { key: &authority, certificate: None })
        .unwrap();
    let issuer = Issuer { key: &authority, certificate: Some(&root) };
    let name = SubjectAlternativeName::Email("dev@example.com".to_owned());
    let template = Template::fulcio(name, "http://issuer.example", life);
    let layers: Vec<Value> = (0..MANY)
        .map(|number| {
            let payload = payload(&digest, number);
            let serial = u16::try_from(number).unwrap().to_be_bytes();
            let leaf = template.clone().serial(&[&[1], &serial[..]].concat());
            let leaf = leaf.issue(own.public_key(), issuer).unwrap();
            layer(
                &registry,
                &payload,
                &own.sign_now(&SigningInput::message(payload.clone().into())).unwrap(),
                Some(leaf.to_pem()),
            )
        })
        .collect();
    plant(&registry, &digest, &layers);
    let image = format!("{}/{REPOSITORY}@{digest}", registry.address());
    let args = ["verify", "--trusted-root", "root.json", "--rekor-url", &world.log.url, "--report", "json=r"];
    let output = world.sandbox.run(&[&args[..], IDENTITY, &[&image]].concat()).code(12);
    assert!(output.stdout.is_empty());
    let report: Value = serde_json::from_slice(&world.sandbox.read("r")).unwrap();
    assert_eq!(report["images"][0]["candidates"].as_array().unwrap().len(), MANY);
    assert_eq!(world.asked(), [""; 0]);
}

/// What the expected signer made, and never published: a log is asked, but not for ever, and what was not done is said.
#[test]
fn a_log_is_asked_about_fifty_signatures_of_an_image_at_most() {
    let world = World::new();
    let registry = Registry::start(Options::default()).unwrap();
    let digest = registry.contents().plant_image(REPOSITORY, "v1");
    let own = key();
    let _ = world.sandbox.file("own.pub", own.public_key().to_pem());
    let signed = |number| {
        let payload = payload(&digest, number);
        layer(
            &registry,
            &payload,
            &own.sign_now(&SigningInput::message(payload.clone().into())).unwrap(),
            None,
        )
    };
    let image = format!("{}/{REPOSITORY}@{digest}", registry.address());
    let verify = |layers: &[Value]| {
        plant(&registry, &digest, layers);
        let args = ["verify", "--key", "own.pub", "--trusted-root", "root.json"];
        let output = world.sandbox.run(&[&args[..], &["--rekor-url", &world.log.url, &image]].concat());
        let asked = world.asked();
        let searched = asked.iter().filter(|line| line.ends_with("/log/entries/retrieve")).count();
        (output.code(12), searched, asked.len())
    };
    let layers: Vec<Value> = (0..MANY).map(signed).collect();
    let (output, searched, all) = verify(&layers);
    assert_eq!((searched, all), (50, 100));
    let _ = output
        .says("200 different signatures have no log entry: those of 50 were looked up, which is the limit");
    let (output, searched, _) = verify(&layers[..50]);
    assert!(searched == 50 && !output.stderr.contains("which is the limit"), "{}", output.stderr);
}

/// Whoever writes to the registry adds annotations, and turns the s of an ECDSA signature into n - s: what comes of it is no other
/// signature, and does not hide one.
#[test]
fn copies_of_one_signature_are_asked_about_once() {
    let world = World::new();
    let registry = Registry::start(Options::default()).unwrap();
    let digest = registry.contents().plant_image(REPOSITORY, "v1");
    let own = key();
    let _ = world.sandbox.file("own.pub", own.public_key().to_pem());
    let payload = payload(&digest, 0);
    let message = SigningInput::message(payload.clone().into());
    let (one, other) = (own.sign_now(&message).unwrap(), own.sign_now(&message).unwrap());
    let copy = |signature: &[u8], number: usize| {
        let mut layer = layer(&registry, &payload, signature, None);
        layer["annotations"]["number"] = number.to_string().into();
        layer
    };
    let mut layers: Vec<Value> = Vec::new();
    for number in 0..60 {
        layers.extend([copy(&one, number), copy(&turned(&one), number)]);
    }
    layers.push(copy(&other, 0));
    plant(&registry, &digest, &layers);
    let image = format!("{}/{REPOSITORY}@{digest}", registry.address());
    let args = ["verify", "--key", "own.pub", "--trusted-root", "root.json"];
    let output = world.sandbox.run(&[&args[..], &["--rekor-url", &world.log.url, &image]].concat()).code(12);
    assert!(!output.stderr.contains("which is the limit"), "{}", output.stderr);
    let asked = world.asked();
    assert_eq!(asked.iter().filter(|line| line.ends_with("/log/entries/retrieve")).count(), 3);
}

/// The other signature that verifies where one of ECDSA on P-256 does.
fn turned(signature: &[u8]) -> Vec<u8> {
    const N: &str = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
    let r = &signature[2..4 + usize::from(signature[3])];
    let s = &signature[2 + r.len() + 2..];
    let (n, mut borrow) = (hex::decode(N).unwrap(), 0_i16);
    let s = [&vec![0; 33 - s.len()][..], s].concat()[1..].to_vec();
    let mut rest: Vec<u8> = n
        .iter()
        .zip(&s)
        .rev()
        .map(|(n, s)| {
            let difference = i16::from(*n) - i16::from(*s) - borrow;
            borrow = i16::from(difference < 0);
            u8::try_from(difference.rem_euclid(256)).unwrap()
        })
        .collect();
    rest.push(0);
    rest.reverse();
    while rest[0] == 0 && rest[1] < 0x80 {
        rest.remove(0);
    }
    let body = [r, &[2, u8::try_from(rest.len()).unwrap()], &rest].concat();
    [&[0x30, u8::try_from(body.len()).unwrap()], &body[..]].concat()
}
