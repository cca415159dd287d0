//! `trusted-root create` and `trusted-root inspect`.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::schema::Schema;
use crate::support::{Output, Sandbox, repository};

const START: &str = "start-time=2026-01-01T00:00:00Z";

/// A folder with the certificates and keys of the mock services, and two keys that are none of theirs.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    for name in
        ["fulcio_root.pem", "tsa_chain.pem", "rekor.pub", "rekor2.pub", "ctfe.pub", "trusted_root.json"]
    {
        let bytes = std::fs::read(repository().join("testdata/mock-sigstore").join(name)).unwrap();
        let _ = sandbox.file(name, bytes);
    }
    for (name, file) in [("private.pem", "p256.pkcs8.pem"), ("rsa.pub", "rsa2048.pub.pem")] {
        let _ = sandbox.file(name, std::fs::read(repository().join("testdata/keys").join(file)).unwrap());
    }
    sandbox
}

fn create(sandbox: &Sandbox, args: &[&str]) -> Output {
    sandbox.run(&[&["trusted-root", "create"], args].concat())
}

fn inspect(sandbox: &Sandbox, file: &str) -> Value {
    let output = sandbox.run(&["trusted-root", "inspect", "-o", "json", file]).ok();
    let shown = serde_json::from_str(&output.stdout).unwrap();
    let schema = Schema::read("trusted-root-inspection");
    schema.check(&schema.root, &shown, "", &mut BTreeSet::new());
    shown
}

/// The codes of what looks wrong.
fn codes(problems: &Value) -> Vec<&str> {
    problems.as_array().unwrap().iter().map(|problem| problem["code"].as_str().unwrap()).collect()
}

/// The services of the mock, as its own trusted root has them.
fn everything() -> Vec<String> {
    vec![
        "--fulcio=url=http://127.0.0.1:8400,certificate-chain=fulcio_root.pem".to_owned(),
        format!("--rekor=url=http://127.0.0.1:8401,public-key=rekor.pub,{START}"),
        format!("--rekor=url=http://127.0.0.1:8402,public-key=rekor2.pub,{START},origin=127.0.0.1"),
        format!("--ctfe=url=http://127.0.0.1:8406,public-key=ctfe.pub,{START}"),
        "--tsa=url=http://127.0.0.1:8403/api/v1/timestamp,certificate-chain=tsa_chain.pem".to_owned(),
    ]
}

fn refs(args: &[String]) -> Vec<&str> {
    args.iter().map(String::as_str).collect()
}

/// The document without its windows, which begin with the certificates here.
fn without_windows(mut document: Value) -> Value {
    for list in ["tlogs", "ctlogs", "certificateAuthorities", "timestampAuthorities"] {
        for service in document[list].as_array_mut().unwrap() {
            service.as_object_mut().unwrap().remove("validFor");
            if let Some(key) = service.get_mut("publicKey") {
                key.as_object_mut().unwrap().remove("validFor");
            }
        }
    }
    document
}

#[test]
fn the_root_of_the_mock_services_is_made_of_their_files() {
    let sandbox = sandbox();
    let args = everything();
    let printed = create(&sandbox, &refs(&args)).ok();
    assert!(printed.stdout.ends_with("}\n") && printed.stderr.is_empty(), "{}", printed.stderr);
    let theirs: Value = serde_json::from_slice(&sandbox.read("trusted_root.json")).unwrap();
    let ours: Value = serde_json::from_str(&printed.stdout).unwrap();
    assert_eq!(without_windows(ours), without_windows(theirs));
    // Into a file: the same bytes, nothing printed, for its owner alone.
    let again = create(&sandbox, &[&refs(&args)[..], &["--out", "made.json"]].concat()).ok();
    assert_eq!((again.stdout.as_str(), sandbox.text("made.json") + "\n"), ("", printed.stdout));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(sandbox.at("made.json")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

/// Bundles of every kind of witness verify with it, and no longer where the service they need is left out.
#[test]
fn a_root_that_was_made_verifies_what_its_services_witnessed() {
    let sandbox = sandbox();
    let fixtures = repository().join("testdata/mock-sigstore");
    let args = everything();
    let _ = create(&sandbox, &[&refs(&args)[..], &["--out", "made.json"]].concat()).ok();
    let verify = |root: &str, bundle: &str, more: &[&str]| {
        let bundle = fixtures.join(bundle);
        let blob = fixtures.join("artifact.txt");
        let identity = ["--certificate-identity-regexp", ".", "--certificate-oidc-issuer-regexp", "."];
        let start = ["verify-blob", "--trusted-root", root, "--bundle", bundle.to_str().unwrap()];
        sandbox.run(&[&start, &identity[..], more, &[blob.to_str().unwrap()]].concat())
    };
    for (bundle, needs) in [
        ("v3.blob.keyless.rekor1.bundle.json", &[0, 1, 3][..]),
        ("v3.blob.keyless.rekor2.bundle.json", &[0, 2, 3, 4]),
    ] {
        let _ = verify("made.json", bundle, &[]).ok();
        for left_out in 0..args.len() {
            let fewer: Vec<&str> = args
                .iter()
                .enumerate()
                .filter(|(i, _)| *i != left_out)
                .map(|(_, arg)| arg.as_str())
                .collect();
            let _ = create(&sandbox, &[&fewer[..], &["--out", "fewer.json"]].concat()).ok();
            let want = if needs.contains(&left_out) { 12 } else { 0 };
            assert_eq!(verify("fewer.json", bundle, &[]).code, want, "{bundle} without {}", args[left_out]);
        }
    }
}

/// The default services are those of the TUF repository; with `--offline` what is kept or built in, and it is said which.
#[test]
fn the_default_services_are_the_current_ones() {
    use crate::initialize::{FAR, Mirror, folder_of};
    let mirror = Mirror::new();
    let sandbox = mirror.sandbox();
    let made = |variables: &[(&str, &str)], args: &[&str]| {
        let run = sandbox.rcosign(
            &[&["trusted-root", "create", "--with-default-services", "--timeout", "2s"], args].concat(),
        );
        variables.iter().fold(run, |run, (name, value)| run.env(name, value)).run()
    };
    let document = |output: &Output| -> Value { serde_json::from_str(&output.stdout).unwrap() };
    let bytes = std::fs::read(repository().join("testdata/mock-sigstore/trusted_root.json")).unwrap();
    let theirs: Value = serde_json::from_slice(&bytes).unwrap();
    let kept = [("TUF_MIRROR", mirror.address.as_str()), ("TUF_ROOT_JSON", "root.json")];
    // Fetched, then kept.
    let fetched =
        made(&kept, &[]).ok().says(&format!("Default services: that of {}, fetched now", mirror.address));
    assert_eq!(document(&fetched), theirs);
    let _ = mirror.asked();
    let cached = made(&kept, &[]).ok().says("Default services: that of").says("cached just now");
    assert!(cached.stdout == fetched.stdout && mirror.asked().is_empty());
    let mut without = theirs.clone();
    without.as_object_mut().unwrap().remove("ctlogs");
    assert_eq!(document(&made(&kept, &["--no-default-ctfe"]).ok()), without);
    // What expired is fetched anew, and never used without a word.
    let expires = |time: &str| {
        mirror.change(|repository| {
            repository.role("timestamp")["expires"] = time.into();
            repository.update_timestamp().unwrap();
        });
    };
    let _ = mirror.initialize(&sandbox).ok();
    expires("2026-01-01T00:00:00Z");
    let old = mirror.repository.lock().unwrap().files["timestamp.json"].clone();
    let _ = sandbox.file(&format!(".sigstore/root/{}/timestamp.json", folder_of(&mirror)), old);
    let refused =
        made(&[], &[]).says("expired on 2026-01-01").says("or add --offline to take the cached root");
    assert!(refused.code != 0 && refused.stdout.is_empty() && !refused.stderr.contains("--trusted-root"));
    let _ = mirror.asked();
    let offline = made(&[], &["--offline"]).ok().says("WARNING: what is cached of").says("cached");
    assert!(document(&offline) == theirs && mirror.asked().is_empty());
    expires(FAR);
    let _ = made(&[], &[]).ok().says("fetched now");
    // Nobody who answers, and nothing that is kept: no stand-in but for who asks for it, and of the public instance alone.
    let nobody = [("TUF_MIRROR", "http://127.0.0.1:1"), ("TUF_ROOT_JSON", "root.json")];
    for args in [&[][..], &["--offline"]] {
        let refused = made(&nobody, args).says("the TUF repository http://127.0.0.1:1 cannot be used");
        assert!(refused.code != 0 && refused.stdout.is_empty(), "{args:?}");
    }
    let fresh = Sandbox::new().env("COSIGN_OFFLINE", "");
    let args = ["--with-default-services", "--offline"];
    let embedded = create(&fresh, &args).ok().says("Default services: the embedded public root of");
    let proxy = [("HTTPS_PROXY", "http://127.0.0.1:1"), ("TUF_ROOT", "none")];
    let run = fresh.rcosign(&["trusted-root", "create", "--with-default-services", "--timeout", "2s"]);
    let refused = proxy.iter().fold(run, |run, (name, value)| run.env(name, value)).run().code(5);
    let refused = refused.says("or add --offline to take the cached root, or the one that is built in");
    assert!(refused.stdout.is_empty());
    // The variable that keeps the other commands from asking keeps this one.
    let run =
        fresh.rcosign(&["trusted-root", "create", "--with-default-services"]).env("COSIGN_OFFLINE", "true");
    assert_eq!(run.run().ok().stdout, embedded.stdout);
    // Who begins with nothing asks nobody.
    let run = fresh.rcosign(&["trusted-root", "create"]).env("HTTPS_PROXY", "http://127.0.0.1:1");
    let _ = run.run().ok();
}

#[test]
fn the_public_services_come_from_what_is_built_in() {
    let sandbox = sandbox();
    let of = |args: &[&str]| -> Value {
        let output = create(&sandbox, &[&["--with-default-services"], args].concat()).ok();
        serde_json::from_str(&output.stdout).unwrap()
    };
    let all = of(&[]);
    for (flag, list) in [
        ("--no-default-fulcio", "certificateAuthorities"),
        ("--no-default-rekor", "tlogs"),
        ("--no-default-ctfe", "ctlogs"),
        ("--no-default-tsa", "timestampAuthorities"),
    ] {
        let mut without = all.clone();
        assert!(!all[list].as_array().unwrap().is_empty());
        without.as_object_mut().unwrap().remove(list);
        assert_eq!(of(&[flag]), without);
        assert_eq!(of(&[&format!("{flag}=false")]), all);
    }
    // Others are added behind them.
    let more = of(&everything().iter().map(String::as_str).collect::<Vec<_>>());
    let tlogs = more["tlogs"].as_array().unwrap();
    assert_eq!(tlogs[..2], all["tlogs"].as_array().unwrap()[..]);
    assert_eq!(tlogs.len(), 4);
    // One that is there already takes the other's place, with its own window.
    let _ = sandbox.file("public.pub", pem(&all["tlogs"][0]));
    let output = create(
        &sandbox,
        &["--with-default-services", "--rekor", &format!("url=https://mine,public-key=public.pub,{START}")],
    );
    let output = output.ok().says("takes the place of a default log");
    let replaced: Value = serde_json::from_str(&output.stdout).unwrap();
    assert_eq!(replaced["tlogs"][0]["baseUrl"], "https://mine");
    assert_eq!(replaced["tlogs"][0]["logId"], all["tlogs"][0]["logId"]);
    assert_eq!(replaced["tlogs"].as_array().unwrap().len(), 2);
    // Without the public services there is nothing to leave out.
    let none = create(&sandbox, &["--no-default-rekor"]).ok();
    assert_eq!(
        none.stdout,
        "{\"mediaType\":\"application/vnd.dev.sigstore.trustedroot+json;version=0.1\"}\n"
    );
}

fn pem(log: &Value) -> String {
    let key = log["publicKey"]["rawBytes"].as_str().unwrap();
    format!("-----BEGIN PUBLIC KEY-----\n{key}\n-----END PUBLIC KEY-----\n")
}

#[test]
fn a_specification_that_makes_no_sense_is_refused_by_name() {
    let sandbox = sandbox();
    let _ = sandbox.file("empty.pem", "");
    let _ = sandbox.file("text.pem", "hello\n");
    let tsa = sandbox.text("tsa_chain.pem");
    let (leaf, root) = tsa.split_at(tsa[1..].find("-----BEGIN").unwrap() + 1);
    let _ = sandbox.file("leaf.pem", leaf);
    let _ = sandbox.file("reversed.pem", format!("{root}{leaf}"));
    let key = format!("public-key=rekor.pub,{START}");
    for (flag, spec, code, words) in [
        ("--rekor", "", 2, "`` is no pair of key and value"),
        ("--rekor", "rekor.pub", 2, "`rekor.pub` is no pair of key and value"),
        ("--rekor", &key, 2, "`url` is missing"),
        ("--rekor", &format!("url=,{key}"), 2, "`url` is empty"),
        ("--rekor", &format!("url=u,{key},name=x"), 2, "there is no key `name`"),
        ("--rekor", &format!("url=u,{key},url=v"), 2, "`url` is given twice"),
        ("--rekor", &format!("url=u,{key},certificate-chain=tsa_chain.pem"), 2, "no key `certificate-chain`"),
        ("--rekor", "url=u,public-key=rekor.pub", 2, "`start-time` is missing"),
        ("--rekor", "url=u,public-key=rekor.pub,start-time=", 2, "`start-time` is empty"),
        ("--rekor", "url=u,public-key=rekor.pub,start-time=2026-01-01", 2, "`2026-01-01` is no time"),
        ("--rekor", &format!("url=u,{key},end-time=tomorrow"), 2, "`end-time`: `tomorrow` is no time"),
        ("--rekor", &format!("url=u,{key},end-time=2025-12-31T23:59:59Z"), 2, "lies before the start"),
        ("--rekor", &format!("url=u,{START}"), 2, "`public-key` is missing"),
        ("--rekor", &format!("url=u,public-key=none.pub,{START}"), 3, "does not exist"),
        ("--rekor", &format!("url=u,public-key=.,{START}"), 3, "is a folder"),
        ("--rekor", &format!("url=u,public-key=private.pem,{START}"), 3, "private key"),
        ("--rekor", &format!("url=u,public-key=fulcio_root.pem,{START}"), 3, "fulcio_root.pem"),
        ("--ctfe", &format!("url=u,public-key=text.pem,{START}"), 3, "the public key in `text.pem`"),
        ("--fulcio", "certificate-chain=fulcio_root.pem", 2, "`url` is missing"),
        ("--fulcio", "url=u", 2, "`certificate-chain` is missing"),
        ("--fulcio", "url=u,certificate-chain=none.pem", 3, "does not exist"),
        ("--fulcio", "url=u,certificate-chain=empty.pem", 3, "no PEM block"),
        ("--fulcio", "url=u,certificate-chain=rekor.pub", 3, "PEM `PUBLIC KEY`, not `CERTIFICATE`"),
        (
            "--fulcio",
            "url=u,certificate-chain=fulcio_root.pem,end-time=2020-01-01T00:00:00Z",
            2,
            "before the start",
        ),
        ("--fulcio", "url=u,certificate-chain=fulcio_root.pem,origin=x", 2, "there is no key `origin`"),
        ("--tsa", "url=u,certificate-chain=fulcio_root.pem", 3, "not the one that signs timestamps"),
        ("--tsa", "url=u,certificate-chain=reversed.pem", 3, "not the one that signs timestamps"),
        ("--tsa", "url=u,certificate-chain=leaf.pem", 3, "the authority that issued it is missing"),
    ] {
        let output = create(&sandbox, &[flag, spec, "--out", "made.json"]).code(code).says(words);
        // Whatever failed, the flag and what was given to it are named.
        assert!(output.stderr.contains(&format!("{flag} `{spec}`")), "{}", output.stderr);
        assert_eq!((output.stdout.as_str(), sandbox.has("made.json")), ("", false), "{spec}");
    }
}

#[test]
fn one_log_is_named_once() {
    let sandbox = sandbox();
    let one = format!("url=https://a,public-key=rekor.pub,{START}");
    let other = "url=https://b,public-key=rekor.pub,start-time=2027-01-01T00:00:00Z";
    let output = create(&sandbox, &["--rekor", &one, "--rekor", other]).code(2).says("are the same log");
    assert!(output.stderr.contains("https://a") && output.stderr.contains("https://b"));
    let _ = create(&sandbox, &["--ctfe", &one, "--ctfe", other]).code(2).says("are the same log");
    // A log of entries and one of certificates may well share a key.
    let _ = create(&sandbox, &["--rekor", &one, "--ctfe", other]).ok();
    // The identifier of Rekor v2 depends on the origin.
    let of = |origin: &str| format!("url=https://a,public-key=rekor2.pub,{START},origin={origin}");
    let _ = create(&sandbox, &["--rekor", &of("a"), "--rekor", &of("b")]).ok();
    let _ = create(&sandbox, &["--rekor", &of("a"), "--rekor", &of("a")]).code(2);
}

#[test]
fn an_input_is_never_written_over() {
    let sandbox = sandbox();
    let before = sandbox.read("rekor.pub");
    let spec = format!("url=u,public-key=rekor.pub,{START}");
    for (flag, spec, file) in [
        ("--rekor", spec.as_str(), "rekor.pub"),
        ("--ctfe", &spec, "./rekor.pub"),
        ("--rekor-key", "rekor.pub", "rekor.pub"),
        ("--fulcio", "url=u,certificate-chain=fulcio_root.pem", "fulcio_root.pem"),
        ("--timestamp-certificate-chain", "tsa_chain.pem", "tsa_chain.pem"),
    ] {
        let _ = create(&sandbox, &[flag, spec, "--out", file]).code(2).says("would take its place");
        let _ = create(&sandbox, &[flag, spec, "--output-file", file]).code(2).says("would take its place");
    }
    assert_eq!(sandbox.read("rekor.pub"), before);
    let _ = create(&sandbox, &["--out", "no/such/folder.json"]).code(3).says("does not exist");
    let _ = sandbox.file("old.json", "old");
    let _ = create(&sandbox, &["--rekor-key", "none.pub", "--out", "old.json"]).code(3);
    assert_eq!(sandbox.text("old.json"), "old");
}

#[test]
fn standard_input_is_one_file() {
    let sandbox = sandbox();
    let spec = format!("url=u,public-key=-,{START}");
    let args = ["trusted-root", "create", "--rekor", &spec];
    let piped = sandbox.rcosign(&args).stdin(sandbox.read("rekor.pub")).run().ok();
    let named = create(&sandbox, &["--rekor", &format!("url=u,public-key=rekor.pub,{START}")]).ok();
    assert_eq!(piped.stdout, named.stdout);
    let _ = create(&sandbox, &["--rekor", &spec, "--ctfe", &spec])
        .code(2)
        .says("standard input cannot be two files");
}

#[test]
fn the_older_flags_stand_side_by_side() {
    let sandbox = sandbox();
    let older = create(
        &sandbox,
        &[
            "--rekor-key=rekor.pub",
            "--rekor-key=rekor2.pub,127.0.0.1",
            "--rekor-url=http://127.0.0.1:8401",
            "--rekor-url=http://127.0.0.1:8402",
            "--rekor-start-time=2026-01-01T00:00:00Z",
            "--rekor-start-time=2026-01-01T00:00:00Z",
            "--ctfe-key=ctfe.pub",
            "--ctfe-url=http://127.0.0.1:8406",
            "--ctfe-start-time=2026-01-01T00:00:00Z",
            "--cert-chain=fulcio_root.pem",
            "--fulcio-uri=http://127.0.0.1:8400",
            "--timestamp-certificate-chain=tsa_chain.pem",
            "--timestamp-uri=http://127.0.0.1:8403/api/v1/timestamp",
        ],
    );
    let older = older.ok().says("Flag --rekor-key has been deprecated").says("use --tsa");
    let newer = create(&sandbox, &refs(&everything())).ok();
    let value = |output: &Output| -> Value { serde_json::from_str(&output.stdout).unwrap() };
    assert_eq!(value(&older), value(&newer));
    let plain =
        value(&create(&sandbox, &["--ctfe-key=ctfe.pub", "--ctfe-end-time=2030-01-01T00:00:00Z"]).ok());
    let window = &plain["ctlogs"][0]["publicKey"]["validFor"];
    assert_eq!(*window, json!({ "start": "1970-01-01T00:00:00Z", "end": "2030-01-01T00:00:00Z" }));
    assert!(plain["ctlogs"][0].get("baseUrl").is_none());
}

#[test]
fn the_older_flags_do_not_mix_with_the_newer_ones() {
    let sandbox = sandbox();
    let log = format!("url=u,public-key=rekor.pub,{START}");
    let authority = "url=u,certificate-chain=fulcio_root.pem";
    for (newer, spec, older) in [
        ("--fulcio", authority, "--certificate-chain"),
        ("--fulcio", authority, "--fulcio-uri"),
        ("--rekor", &log, "--rekor-key"),
        ("--rekor", &log, "--rekor-url"),
        ("--rekor", &log, "--rekor-start-time"),
        ("--rekor", &log, "--rekor-end-time"),
        ("--ctfe", &log, "--ctfe-key"),
        ("--ctfe", &log, "--ctfe-url"),
        ("--ctfe", &log, "--ctfe-start-time"),
        ("--ctfe", &log, "--ctfe-end-time"),
        ("--tsa", authority, "--timestamp-certificate-chain"),
        ("--tsa", authority, "--timestamp-uri"),
    ] {
        let words = format!("{newer} and {older} cannot be used together");
        let _ = create(&sandbox, &[newer, spec, older, "x"]).code(2).says(&words);
    }
    // Of other kinds they may.
    let _ = create(&sandbox, &["--rekor", &log, "--ctfe-key", "ctfe.pub"]).ok();
    for (args, words) in [
        (&["--rekor-url=u"][..], "--rekor-url is given once, and --rekor-key not at all"),
        (
            &["--fulcio-uri=u", "--fulcio-uri=v", "--cert-chain=fulcio_root.pem"],
            "given 2 times, and --certificate-chain once",
        ),
        (&["--ctfe-key="], "--ctfe-key is given and empty"),
        (&["--rekor-key=,x"], "--rekor-key is given and empty"),
        (&["--ctfe-key=ctfe.pub", "--ctfe-start-time=now"], "--ctfe-start-time: `now` is no time"),
        (&["--ctfe-key=ctfe.pub", "--ctfe-end-time="], "--ctfe-end-time: `` is no time"),
        (&["--ctfe-key=ctfe.pub", "--ctfe-end-time=1969-01-01T00:00:00Z"], "lies before the start"),
        (&["extra"], "`extra` is one argument too many"),
    ] {
        let _ = create(&sandbox, args).code(2).says(words);
    }
}

#[test]
fn what_looks_wrong_is_said_and_made() {
    let sandbox = sandbox();
    let two = sandbox.text("fulcio_root.pem") + &sandbox.text("tsa_chain.pem");
    let _ = sandbox.file("strangers.pem", two);
    let output = create(&sandbox, &["--fulcio", "url=https://ca,certificate-chain=strangers.pem"]).ok();
    let output = output
        .says("certificate authority `https://ca`: certificate `O=sigstore.mock")
        .says("was not issued by");
    assert!(output.stderr.lines().all(|line| line.starts_with("WARNING: ")), "{}", output.stderr);
    let origin = format!("url=https://log,public-key=rekor2.pub,{START},origin=elsewhere");
    let _ = create(&sandbox, &["--rekor", &origin]).ok().says("nor that of a checkpoint key of `log`");
    let plain = format!("url=https://log,public-key=rekor2.pub,{START}");
    let _ = create(&sandbox, &["--rekor", &plain]).ok().says("one of Rekor v2 needs `origin`");
    let ct = format!("url=https://log,public-key=rsa.pub,{START},origin=x");
    let _ = create(&sandbox, &["--ctfe", &ct]).ok().says("`origin` has no effect");
}

#[test]
fn inspection_says_who_may_sign_what_and_when() {
    let sandbox = sandbox();
    let _ = create(&sandbox, &[&refs(&everything())[..], &["--out", "made.json"]].concat()).ok();
    let shown = inspect(&sandbox, "made.json");
    assert_eq!(shown["schema"], "rcosign-trusted-root-inspection/v1");
    assert_eq!(shown["document"]["source"], "made.json");
    let sha256 = hex::encode(rcosign::internals::crypto::sha256(&sandbox.read("made.json")));
    assert_eq!(shown["document"]["sha256"], sha256);
    let ca = &shown["certificateAuthorities"][0];
    assert_eq!((&ca["maySign"], &ca["state"]), (&json!("certificates of signers"), &json!("current")));
    assert_eq!(ca["certificates"][0]["role"], "root");
    assert_eq!(ca["certificates"][0]["key"]["type"], "ECDSA P-256");
    let logs = shown["transparencyLogs"].as_array().unwrap();
    assert_eq!(logs[0]["logId"], logs[0]["key"]["fingerprint"]);
    assert_eq!(logs[0]["logIdIs"], "SHA-256 of the key");
    assert_eq!(logs[1]["logIdIs"], "checkpoint key of `127.0.0.1`");
    assert_eq!(logs[1]["key"]["type"], "Ed25519");
    assert_eq!(logs[1]["from"], "2026-01-01T00:00:00Z");
    assert_eq!(shown["certificateTransparencyLogs"][0]["maySign"], "certificate timestamps (SCTs)");
    let tsa = &shown["timestampAuthorities"][0];
    let roles: Vec<&Value> = tsa["certificates"].as_array().unwrap().iter().map(|c| &c["role"]).collect();
    assert_eq!(roles, ["leaf", "root"]);
    assert_eq!(shown["problems"], json!([]));
    // For people the same, and by standard input too.
    let text = sandbox.run(&["trusted-root", "inspect", "made.json"]).ok().stdout;
    for words in
        ["may sign: timestamps (RFC 3161)", "log id is: checkpoint key of `127.0.0.1`", "state: current"]
    {
        assert!(text.contains(words), "{text}");
    }
    let args = ["trusted-root", "inspect", "-"];
    let piped = sandbox.rcosign(&args).stdin(sandbox.read("made.json")).run().ok().stdout;
    assert!(piped.contains("document:\n  source: -\n"), "{piped}");
}

#[test]
fn without_a_file_the_public_root_is_shown() {
    let sandbox = sandbox();
    let text = sandbox.run(&["trusted-root", "inspect"]).ok().stdout;
    assert!(text.contains("  source: the embedded public root of "), "{text}");
    assert!(text.contains("address: https://rekor.sigstore.dev"), "{text}");
    assert!(!text.contains("problems:"), "{text}");
    // What `create` writes of it is the same.
    let _ = create(&sandbox, &["--with-default-services", "--out", "public.json"]).ok();
    let mut made = inspect(&sandbox, "public.json");
    let built_in = sandbox.run(&["trusted-root", "inspect", "--output", "json"]).ok().stdout;
    let built_in: Value = serde_json::from_str(&built_in).unwrap();
    made["time"] = built_in["time"].clone();
    made["document"] = built_in["document"].clone();
    assert_eq!(made, built_in);
}

#[test]
fn problems_that_show_are_shown() {
    let sandbox = sandbox();
    let _ = create(&sandbox, &[&refs(&everything())[..], &["--out", "made.json"]].concat()).ok();
    let made: Value = serde_json::from_slice(&sandbox.read("made.json")).unwrap();
    let twisted = |pointer: &str, value: Value| {
        let mut root = made.clone();
        *root.pointer_mut(pointer).unwrap() = value;
        let _ = sandbox.file("twisted.json", root.to_string());
        inspect(&sandbox, "twisted.json")
    };
    let problem = |problems: &Value, code: &str, words: &str| {
        assert!(codes(problems).contains(&code) && problems.to_string().contains(words), "{problems:#}");
    };
    let window = |from: &str, until: &str| json!({ "start": from, "end": until });
    let (old, older) = ("2020-01-01T00:00:00Z", "2019-01-01T00:00:00Z");
    let shown = twisted("/tlogs/0/publicKey/validFor", window(old, older));
    assert_eq!(shown["transparencyLogs"][0]["state"], "never");
    problem(&shown["transparencyLogs"][0]["problems"], "window-empty", "ends before it starts");
    let shown = twisted("/certificateAuthorities/0/validFor", window(older, old));
    assert_eq!(shown["certificateAuthorities"][0]["state"], "past");
    let shown = twisted("/certificateAuthorities/0/validFor", json!({ "start": "2099-01-01T00:00:00Z" }));
    assert_eq!(shown["certificateAuthorities"][0]["state"], "future");
    let shown = twisted("/tlogs/0/logId/keyId", json!("AQID"));
    problem(&shown["transparencyLogs"][0]["problems"], "log-id", "not the SHA-256 of its key");
    let shown = twisted("/tlogs/1/logId/keyId", json!("AQID"));
    problem(
        &shown["transparencyLogs"][1]["problems"],
        "log-id",
        "nor that of a checkpoint key of `127.0.0.1`",
    );
    let shown = twisted("/ctlogs/0/logId/keyId", json!("AQID"));
    problem(
        &shown["certificateTransparencyLogs"][0]["problems"],
        "log-id",
        "no certificate timestamp can be by it",
    );
    let shown = twisted("/tlogs/1/logId", made["tlogs"][0]["logId"].clone());
    problem(&shown["problems"], "log-id-repeated", "have the same identifier");
    let tsa = made["timestampAuthorities"][0]["certChain"]["certificates"].as_array().unwrap();
    let shown = twisted("/certificateAuthorities/0/certChain/certificates", json!([tsa[0], tsa[1]]));
    problem(
        &shown["certificateAuthorities"][0]["problems"],
        "certificate-no-authority",
        "is not that of an authority",
    );
    let ca = &made["certificateAuthorities"][0]["certChain"]["certificates"][0];
    let shown = twisted("/timestampAuthorities/0/certChain/certificates", json!([tsa[1], ca]));
    problem(&shown["timestampAuthorities"][0]["problems"], "chain-order", "was not issued by");
    problem(
        &shown["timestampAuthorities"][0]["problems"],
        "certificate-usage",
        "no certificate is for time stamping",
    );
    let shown = twisted("/tlogs/0/publicKey/keyDetails", json!("ML_DSA_65"));
    assert!(shown["transparencyLogs"][0]["leftOut"].as_str().unwrap().contains("ML_DSA_65"), "{shown:#}");
    assert_eq!(shown["transparencyLogs"][0]["address"], "http://127.0.0.1:8401");
}

#[test]
fn what_is_no_trusted_root_is_not_shown() {
    let sandbox = sandbox();
    let _ = sandbox.file("text", "hello");
    let _ = sandbox.run(&["signing-config", "create", "--out", "config.json"]).ok();
    for (file, words) in [
        ("none.json", "does not exist"),
        ("text", "not JSON"),
        (
            "config.json",
            "`application/vnd.dev.sigstore.signingconfig.v0.2+json` is not that of a trusted root",
        ),
        ("fulcio_root.pem", "a trusted root is JSON"),
    ] {
        let output = sandbox.run(&["trusted-root", "inspect", file]).says(words);
        assert!(output.code != 0 && output.stdout.is_empty(), "{}", output.code);
    }
    let _ = sandbox.run(&["trusted-root", "inspect", ""]).code(2);
    let _ = sandbox.run(&["trusted-root", "inspect", "a", "b"]).code(2).says("one argument too many");
    let _ = sandbox.run(&["trusted-root", "inspect", "-o", "xml"]).code(2);
}
