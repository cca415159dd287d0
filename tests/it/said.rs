//! What is said beside the result: lines and hints that somebody relies on.

use rcosign::internals::crypto::base64;
use rcosign::internals::sandbox::Service;

use crate::sandbox::World;
use crate::support::Sandbox;

const SIGN: [&str; 3] = ["sign-blob", "--bundle", "b.json"];

/// Who signs without a log hears what that asks of others, and that is so.
#[test]
fn what_no_log_has_is_said_to_verify_with_no_log() {
    let world = World::start();
    let line = "No log has what was signed: it verifies with --no-log";
    let _ = world.rcosign(&[&SIGN[..], &["--yes", "--tlog-upload=false", "a.txt"]].concat()).ok().says(line);
    let signer = world.signer();
    let signer: Vec<&str> = signer.iter().map(String::as_str).collect();
    let verify = [&["verify-blob", "--bundle", "b.json", "a.txt"], &signer[..]].concat();
    let _ = world.rcosign(&verify).code(12);
    let _ = world.rcosign(&[&verify[..], &["--no-log"]].concat()).ok();
    let logged = world.rcosign(&[&SIGN[..], &["--yes", "a.txt"]].concat()).ok();
    assert!(!logged.stderr.contains(line), "{}", logged.stderr);
}

#[test]
fn a_repository_without_a_root_is_given_one_for_a_single_run() {
    let world = World::start();
    let mirror = world.url(Service::Tuf).to_owned();
    let root = world.document("root.json");
    world.rcosign(&[&SIGN[..], &["--yes", "a.txt"]].concat()).ok();
    let signer = world.signer();
    let args = ["verify-blob", "--bundle", "b.json", "a.txt", &signer[0], &signer[1], &signer[2], &signer[3]];
    let run = || world.programs.rcosign(&args).env("TUF_MIRROR", &mirror);
    let hint = format!(
        "hint: name the root of the repository: `rcosign initialize --mirror {mirror} --root FILE`, or for a single run TUF_ROOT_JSON"
    );
    assert_ne!(run().run().says(&hint).code, 0);
    let _ = run().env("TUF_ROOT_JSON", &root).run().ok();
}

#[test]
fn without_a_network_nothing_is_initialized_and_nothing_is_changed() {
    let world = World::start();
    let (mirror, root) = (world.url(Service::Tuf).to_owned(), world.document("root.json"));
    let before = world.programs.run(&["initialize", "--mirror", &mirror, "--root", &root]).ok();
    assert_eq!(before.stdout, "");
    let chosen = world.programs.text(".sigstore/root/remote.json");
    let nobody = ["initialize", "--mirror", "http://127.0.0.1:9", "--root", &root, "--timeout", "2s"];
    let refused = world.programs.run(&nobody).code(5).says("could not connect to http://127.0.0.1:9");
    assert!(refused.stderr.contains("nothing was changed"), "{}", refused.stderr);
    assert_eq!(world.programs.text(".sigstore/root/remote.json"), chosen);
}

/// A pipe that ends is no yes.
#[test]
fn a_question_that_nobody_answers_is_a_no() {
    let sandbox = Sandbox::new();
    sandbox.file("a.txt", "the artifact\n");
    sandbox.run(&["generate-key-pair"]).ok();
    let service = "url=https://rekor.sigstore.dev,api-version=1,start-time=2026-01-01T00:00:00Z,operator=x";
    let create = ["signing-config", "create", "--rekor", service, "--rekor-config", "ANY", "--out", "c.json"];
    sandbox.run(&create).ok();
    let root = crate::support::repository().join("testdata/mock-sigstore/trusted_root.json");
    let by = ["--key", "cosign.key", "--signing-config", "c.json", "--trusted-root", root.to_str().unwrap()];
    let args = [&SIGN[..], &by, &["a.txt"]].concat();
    for (input, cause) in
        [("", "nobody answered"), ("n\n", "user declined the prompt"), ("maybe\n", "is neither y nor n")]
    {
        let refused = sandbox.rcosign(&args).stdin(input).env("HTTPS_PROXY", "http://127.0.0.1:9").run();
        let refused = refused.says("nothing was signed, and nothing was published").says(cause);
        assert!(refused.code != 0 && !sandbox.has("b.json"), "{cause}");
    }
}

#[test]
fn a_client_without_a_secret_is_told_which_flag_has_it() {
    let world = World::start();
    let flow = ["--fulcio-auth-flow", "client_credentials", "--yes", "a.txt"];
    let run = world.with_variables(world.programs.rcosign(&[&SIGN[..], &flow].concat()), false);
    let refused = run.without("SIGSTORE_ID_TOKEN").run().says("--oidc-client-secret-file names none");
    assert!(refused.code != 0 && !world.programs.has("b.json"));
}

#[test]
fn an_address_that_its_issuer_has_not_verified_is_nobodys() {
    let world = World::start();
    let part = |text: String| {
        base64::encode(text).replace('+', "-").replace('/', "_").trim_end_matches('=').to_owned()
    };
    let claims = r#"{"iss":"https://i.example","sub":"x","aud":"sigstore","exp":4000000000,"iat":1,"email":"dev@example.com","email_verified":false}"#;
    let token = [r#"{"alg":"ES256"}"#, claims, "signature"].map(|text| part(text.to_owned())).join(".");
    let args = ["--yes", "--identity-token", &token, "a.txt"];
    let refused = world.rcosign(&[&SIGN[..], &args].concat());
    let refused = refused.says("its issuer has not verified the address of e-mail (email_verified)");
    assert!(refused.code != 0 && !world.programs.has("b.json") && !refused.stderr.contains(&token[20..]));
}

/// What was there already was not signed.
#[test]
fn only_what_was_signed_is_counted() {
    let world = World::start();
    let [one, two, three] = ["one", "two", "three"].map(|seed| world.image(seed));
    world.rcosign(&["sign", "--yes", &one, &two]).ok().says("Signed 2 images in ");
    let again = world.rcosign(&["sign", "--yes", "--skip-existing", &one, &two]).ok();
    assert!(!again.stderr.contains("Signed "), "{}", again.stderr);
    assert_eq!(again.stderr.matches("is signed by this identity already").count(), 2);
    let some = world.rcosign(&["sign", "--yes", "--skip-existing", &one, &three]).ok();
    assert!(!some.stderr.contains("Signed 2"), "{}", some.stderr);
}

/// Services are tried again as registries are, and `--verbose` tells it of them as well.
#[test]
fn what_is_tried_again_is_told_of_every_service() {
    for service in ["fulcio", "rekor", "tsa"] {
        let fault = format!("{service}=503:1");
        let world = World::start_with(&[fault.as_str()], &[]);
        let told = world.rcosign(&[&SIGN[..], &["-d", "--yes", "a.txt"]].concat()).ok();
        let told: Vec<&str> = told.stderr.lines().filter(|line| line.contains("status 503")).collect();
        assert_eq!(told.len(), 1, "{service}: {told:?}");
        let world = World::start_with(&[fault.as_str()], &[]);
        let silent = world.rcosign(&[&SIGN[..], &["--yes", "a.txt"]].concat()).ok();
        assert!(!silent.stderr.contains("503"), "{service}: {}", silent.stderr);
    }
}

/// Where nothing can be written in the current folder, what a log has is kept in that for temporary files, and the command that is
/// printed publishes it, with the patience that was asked for.
#[cfg(target_os = "linux")]
#[test]
fn what_cannot_be_kept_here_is_kept_in_the_folder_for_temporary_files() {
    use rcosign::internals::sandbox::registry::{Fault, Options, Registry};
    let world = World::start();
    let registry = Registry::start(Options::default()).unwrap();
    let image = format!("{}/app@{}", registry.address(), registry.contents().plant_image("app", "v1"));
    registry.hook(|request| match request.is("PUT", "/manifests/") {
        true => Fault::error(503, "UNAVAILABLE", "later"),
        false => Fault::none(),
    });
    let temporary = tempfile::tempdir().unwrap();
    let args = ["sign", "--yes", "--retry-for", "0s", &image];
    let run = world.with_variables(world.programs.rcosign(&args), false);
    // Not even root makes files there.
    let run = run.within(std::path::Path::new("/proc")).env("TMPDIR", temporary.path().to_str().unwrap());
    let output = run.run().code(5);
    let command = output.stderr.lines().find_map(|line| line.split_once("kept here: `")?.1.split_once('`'));
    let (command, _) = command.unwrap_or_else(|| panic!("{}", output.stderr));
    // The folder of locks is there too.
    let mut kept = std::fs::read_dir(temporary.path()).unwrap().map(|entry| entry.unwrap().path());
    let file = kept.find(|path| path.is_file()).unwrap();
    assert!(command.contains(&format!("--bundle {} --retry-for 0ms ", file.display())), "{command}");
    registry.hook(|_| Fault::none());
    let _ = world.programs.run(&crate::support::pasted(command)).ok();
    let signer = world.signer();
    let signer: Vec<&str> = signer.iter().map(String::as_str).collect();
    world.rcosign(&[&["verify"], &signer[..], &[&image]].concat()).ok();
}

/// Of several that replace the same pair at once, each one replaces both halves, or says that it was not alone.
#[cfg(unix)]
#[test]
fn a_pair_that_several_replace_at_once_stays_one() {
    const KEYS: [&str; 4] = ["p256.pkcs8.pem", "p384.sec1.pem", "ed25519.pkcs8.pem", "rsa2048.pkcs1.pem"];
    let sandbox = Sandbox::new();
    for key in KEYS {
        let path = crate::support::repository().join("testdata/keys").join(key);
        sandbox.file(key, std::fs::read(path).unwrap());
    }
    sandbox.run(&["generate-key-pair", "--output-key-prefix", "k"]).ok();
    for _ in 0..4 {
        let start = |key: &&str| {
            sandbox.rcosign(&["import-key-pair", "--yes", "--key", key, "--output-key-prefix", "k"]).spawn()
        };
        let running: Vec<_> = KEYS.iter().map(start).collect();
        let ended = running.into_iter().map(|child| child.wait_with_output().unwrap());
        let mut good = 0;
        for output in ended {
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            good += usize::from(output.status.success());
            assert!(output.status.success() || said.contains("by another program"), "{said}");
        }
        assert!(good > 0);
        let public = sandbox.run(&["public-key", "--key", "k.key"]).ok().stdout;
        assert_eq!(public, sandbox.text("k.pub"));
    }
}
