//! `triangulate`, `generate` and `login`, against registries that this test serves.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rcosign::internals::crypto::base64;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::json;

use crate::support::{Sandbox, repository};

const DIGEST: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
const HEX: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
/// `user:pass word`, as the header has it.
const BASIC: &str = "authorization: basic dxnlcjpwyxnzihdvcmq=";

/// Whether a server speaks TLS, and whom it lets in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Tls {
    None,
    Any,
    Clients,
}

struct Served {
    address: SocketAddr,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Served {
    /// The requests so far, in lower case.
    fn heads(&self) -> Vec<String> {
        std::mem::take(&mut *self.heads.lock().unwrap())
    }
}

/// A registry with one image under every tag but `none`; `password` says whether it asks for one.
fn serve(host: &str, tls: Tls, password: bool) -> Served {
    let listener = TcpListener::bind((host, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let heads = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&heads);
    let config = (tls != Tls::None).then(|| Arc::new(config(tls)));
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let stream = stream.unwrap();
            let _ = stream.set_read_timeout(Some(Duration::from_secs(10)));
            match &config {
                None => answer(stream, password, &log),
                Some(config) => {
                    let connection = rustls::ServerConnection::new(Arc::clone(config)).unwrap();
                    answer(rustls::StreamOwned::new(connection, stream), password, &log);
                }
            }
        }
    });
    Served { address, heads }
}

fn config(tls: Tls) -> rustls::ServerConfig {
    let folder = repository().join("testdata/tls");
    let certificate = |name: &str| CertificateDer::from_pem_file(folder.join(name)).unwrap();
    let key = PrivateKeyDer::from_pem_file(folder.join("server.key")).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = rustls::ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .unwrap();
    let builder = if tls == Tls::Clients {
        let mut roots = rustls::RootCertStore::empty();
        roots.add(certificate("client-authority.pem")).unwrap();
        let verifier =
            rustls::server::WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
        builder.with_client_cert_verifier(verifier.unwrap())
    } else {
        builder.with_no_client_auth()
    };
    builder.with_single_cert(vec![certificate("server.pem")], key).unwrap()
}

fn answer(stream: impl Read + Write, password: bool, log: &Mutex<Vec<String>>) {
    let mut stream = BufReader::new(stream);
    let mut head = String::new();
    loop {
        let mut line = Vec::new();
        match stream.read_until(b'\n', &mut line) {
            Ok(0) | Err(_) => return,
            Ok(_) if line.first() == Some(&22) => return,
            Ok(_) if line == b"\r\n" => break,
            Ok(_) => head.push_str(&String::from_utf8_lossy(&line).to_lowercase()),
        }
    }
    log.lock().unwrap().push(head.clone());
    let reply = if password && !head.contains(BASIC) {
        "401 Unauthorized\r\nwww-authenticate: Basic realm=\"x\"".to_owned()
    } else if head.contains("/manifests/none ") {
        "404 Not Found".to_owned()
    } else {
        format!("200 OK\r\ndocker-content-digest: {DIGEST}")
    };
    let text = format!("HTTP/1.1 {reply}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    let _ = stream.get_mut().write_all(text.as_bytes());
    let _ = stream.get_mut().flush();
}

#[test]
fn a_tag_is_looked_up_with_one_request() {
    let (sandbox, served) = (Sandbox::new(), serve("127.0.0.1", Tls::None, false));
    let image = format!("{}/app/one", served.address);
    for (what, expected) in [
        (None, format!("{image}:sha256-{HEX}.sig\n")),
        (Some("signature"), format!("{image}:sha256-{HEX}.sig\n")),
        (Some("attestation"), format!("{image}:sha256-{HEX}.att\n")),
        (Some("sbom"), format!("{image}:sha256-{HEX}.sbom\n")),
        (Some("digest"), format!("{image}@{DIGEST}\n")),
    ] {
        let tagged = format!("{image}:v1");
        let mut args = vec!["triangulate", &tagged];
        args.extend(what.iter().flat_map(|what| ["--type", what]));
        let output = sandbox.run(&args).ok();
        assert_eq!((output.stdout, output.stderr), (expected, String::new()));
        assert_eq!(served.heads().len(), 1);
    }
    let output = sandbox.run(&["generate", &format!("{image}:v1"), "-a", "b=2,a=<1>"]).ok();
    assert_eq!(
        output.stdout,
        format!(
            r#"{{"critical":{{"identity":{{"docker-reference":"{image}"}},"image":{{"docker-manifest-digest":"{DIGEST}"}},"type":"cosign container image signature"}},"optional":{{"a":"\u003c1\u003e","b":"2"}}}}"#
        )
    );
    assert!(served.heads()[0].starts_with("head /v2/app/one/manifests/v1 http/1.1\r\n"));
    let _ = sandbox
        .run(&["triangulate", &format!("{image}:none")])
        .code(11)
        .says(&format!("error: there is no image `{image}:none`"));
}

#[test]
fn another_repository_and_a_prefix() {
    let sandbox = Sandbox::new();
    let image = format!("r.example/app@{DIGEST}");
    let place = |repository: &str, args: &[&str]| {
        let args = [&["triangulate", image.as_str()][..], args].concat();
        sandbox.rcosign(&args).env("COSIGN_REPOSITORY", repository).run()
    };
    assert_eq!(place("s.example/sigs", &[]).ok().stdout, format!("s.example/sigs:sha256-{HEX}.sig\n"));
    let digest = place("s.example/sigs", &["--type", "digest"]).ok().stdout;
    assert_eq!(digest, format!("s.example/sigs@{DIGEST}\n"));
    assert_eq!(place("", &[]).ok().stdout, format!("r.example/app:sha256-{HEX}.sig\n"));
    let _ = place("s.example/sigs:tag", &[]).code(2).says("COSIGN_REPOSITORY");
    let prefixed = sandbox.run(&["triangulate", "--attachment-tag-prefix", "pre-", &image]).ok();
    assert_eq!(prefixed.stdout, format!("r.example/app:pre-sha256-{HEX}.sig\n"));
    let _ = sandbox.run(&["triangulate", "--attachment-tag-prefix", "a/b", &image]).code(2).says("no tag");
}

/// What belongs to one envelope does not go with several, or with a bundle.
#[test]
fn parts_belong_to_one_attestation() {
    let sandbox = Sandbox::new();
    let envelope = |text: &str| {
        let payload = json!({ "_type": "https://in-toto.io/Statement/v1", "subject": [{ "digest": { "sha256": HEX } }],
            "predicateType": text, "predicate": {} });
        let payload = base64::encode(payload.to_string());
        json!({ "payloadType": "application/vnd.in-toto+json", "payload": payload, "signatures": [{ "sig": "AAAA" }] })
    };
    let _ = sandbox.file("one", envelope("https://a.example/").to_string());
    let _ = sandbox.file(
        "two",
        envelope("https://a.example/").to_string() + &envelope("https://b.example/").to_string(),
    );
    let _ = sandbox.file("junk", "junk");
    let attach =
        |args: &[&str]| sandbox.run(&[&["attach", "attestation"], args, &["r.invalid/app"]].concat());
    for flag in ["--certificate", "--rekor-response", "--tsr"] {
        let _ = attach(&["--attestation", "two", flag, "junk"]).code(2).says("attach them one by one");
        let _ = attach(&["--attestation", "one", "--attestation", "one", flag, "junk"])
            .code(2)
            .says("one by one");
        let _ = attach(&["--attestation", "one", flag, "junk"]).code(3).says("`junk`");
        let _ = attach(&["--attestation", "one", flag, "none"]).code(3).says("`none`");
    }
    let _ =
        attach(&["--attestation", "one", "--certificate-chain", "junk"]).code(2).says("needs a certificate");
    let _ = attach(&["--attestation", "-", "--tsr", "-"]).code(2).says("standard input");
}

/// Whatever the command: before a file is read, a key is opened or anybody is asked.
#[test]
fn a_prefix_that_begins_no_tag_is_refused_by_every_command() {
    let sandbox = Sandbox::new();
    for command in [
        "attach attestation --attestation none r.invalid/app",
        "attach sbom --sbom none r.invalid/app",
        "attach signature --signature none r.invalid/app",
        "attest --offline --key none --predicate none r.invalid/app",
        "clean -f r.invalid/app",
        "copy r.invalid/app r.invalid/b",
        "dockerfile verify --key none none",
        "download attestation r.invalid/app",
        "download sbom r.invalid/app",
        "download signature r.invalid/app",
        "generate r.invalid/app",
        "load --dir none r.invalid/app",
        "manifest verify --key none none.yaml",
        "save --dir none r.invalid/app",
        "sign --offline --key none r.invalid/app",
        "tree r.invalid/app",
        "triangulate r.invalid/app",
        "upload blob -f none r.invalid/app",
        "upload wasm -f none r.invalid/app",
        "verify --key none r.invalid/app",
        "verify-attestation --key none r.invalid/app",
    ] {
        let words: Vec<&str> = command.split(' ').collect();
        let long = "p".repeat(53);
        for prefix in ["a/b", "a b", "../", long.as_str()] {
            let output = sandbox.run(&[&words[..], &["--attachment-tag-prefix", prefix]].concat()).code(2);
            let _ = output.says(&format!("with the prefix `{prefix}` there is no tag"));
        }
        let set = sandbox.rcosign(&words).env("COSIGN_ATTACHMENT_TAG_PREFIX", "a:b").run();
        let _ = set.code(2).says("with the prefix `a:b` there is no tag");
    }
    assert_eq!(sandbox.names(), [""; 0]);
}

/// The time that was asked for, not what was left of it.
#[test]
fn a_time_limit_is_named_as_it_was_asked_for() {
    let sandbox = Sandbox::new();
    for (typed, named) in [("1ns", "1ns"), ("0.3s", "300ms"), ("1.5s", "1.5 seconds"), ("0", "0 seconds")] {
        // Who connects there waits for ever.
        let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let image = format!("{}/app", silent.local_addr().unwrap());
        let run = sandbox.rcosign(&["tree", &image]).env("COSIGN_TIMEOUT", typed);
        let _ = run.run().code(5).says(&format!("did not answer within {named}\n"));
    }
}

#[test]
fn nobody_is_asked_for_what_a_digest_says() {
    let sandbox = Sandbox::new();
    let _ = sandbox.run(&["triangulate", &format!("registry.invalid/app@{DIGEST}")]).ok();
    let _ = sandbox.run(&["generate", &format!("registry.invalid/app:v1@{DIGEST}")]).ok();
}

#[test]
fn certificates_of_registries() {
    let sandbox = Sandbox::new();
    let at = |name: &str| repository().join("testdata/tls").join(name).to_str().unwrap().to_owned();
    let ask = |served: &Served, args: &[&str]| {
        let image = format!("{}/app:v1", served.address);
        sandbox.run(&[&["triangulate", image.as_str()][..], args].concat())
    };
    let authority = at("authority.pem");
    let served = serve("127.0.0.1", Tls::Any, false);
    // A certificate that is refused is no reason to do without TLS, not even on this machine.
    let _ = ask(&served, &[]).code(5).says("--registry-cacert");
    let _ = ask(&served, &["--registry-cacert", &authority]).ok();
    let _ = ask(&served, &["--allow-insecure-registry"]).ok();
    let _ = ask(&served, &["--registry-cacert", &at("client-authority.pem")]).code(5);
    let _ = ask(&served, &["--registry-cacert", "missing.pem"]).code(4).says("missing.pem");
    let _ = ask(&served, &["--registry-cacert", &at("server.key")]).code(4).says("server.key");

    // The certificate is for localhost and 127.0.0.1.
    let served = serve("127.0.0.2", Tls::Any, false);
    let _ = ask(&served, &["--registry-cacert", &authority]).code(5).says("--registry-server-name NAME");
    let _ = served.heads();
    let _ = ask(&served, &["--registry-cacert", &authority, "--registry-server-name", "localhost"]).ok();
    assert!(served.heads()[0].contains(&format!("host: {}\r\n", served.address)));
    let other = ["--registry-cacert", &authority, "--registry-server-name", "other.example"];
    let _ = ask(&served, &other).code(5).says("--registry-server-name NAME");

    let served = serve("127.0.0.1", Tls::Clients, false);
    let _ = ask(&served, &["--registry-cacert", &authority, "--retry-for", "0s"])
        .code(5)
        .says("with --registry-client-cert FILE");
    let (certificate, key) = (at("client.pem"), at("client.key"));
    let shown = ["--registry-cacert", &authority, "--registry-client-cert", &certificate];
    let _ = ask(&served, &[&shown[..], &["--registry-client-key", &key]].concat()).ok();
    let _ = ask(&served, &shown).code(2).says("--registry-client-key");
    let broken = [&shown[..], &["--registry-client-key", &certificate]].concat();
    let _ = ask(&served, &broken).code(4).says("client.pem");
}

#[test]
fn credentials_by_flags_variables_and_files() {
    let served = serve("127.0.0.1", Tls::None, true);
    let image = format!("{}/app:v1", served.address);
    let sandbox = Sandbox::new();
    let output = sandbox.run(&["triangulate", &image]).code(6).says("refuses access (status 401)");
    assert!(output.stderr.contains(".docker/config.json`: does not exist"), "{}", output.stderr);
    assert!(output.stderr.contains(&format!("`rcosign login {}`", served.address)), "{}", output.stderr);
    let user = ["--registry-username", "user", "--registry-password", "pass word"];
    let _ = sandbox.run(&[&["triangulate", image.as_str()][..], &user].concat()).ok();
    let wrong = ["--registry-username", "user", "--registry-password", "s3cret"];
    let output = sandbox.run(&[&["triangulate", image.as_str()][..], &wrong].concat()).code(6);
    assert!(!output.stderr.contains("s3cret"), "{}", output.stderr);
    let run = sandbox.rcosign(&["triangulate", &image]);
    let run = run.env("COSIGN_REGISTRY_USERNAME", "user").env("COSIGN_REGISTRY_PASSWORD", "pass word");
    let _ = run.run().ok();

    let file = format!(r#"{{"auths":{{"{}":{{"auth":"dXNlcjpwYXNzIHdvcmQ="}}}}}}"#, served.address);
    sandbox.file("auth.json", &file);
    let _ = sandbox.rcosign(&["triangulate", &image]).env("REGISTRY_AUTH_FILE", "auth.json").run().ok();
    let _ = sandbox.rcosign(&["triangulate", &image]).env("DOCKER_AUTH_CONFIG", &file).run().ok();
    std::fs::create_dir(sandbox.at(".docker")).unwrap();
    sandbox.file(".docker/config.json", "{");
    let _ = sandbox.run(&["triangulate", &image]).code(3).says(".docker/config.json");
    sandbox.file(".docker/config.json", file);
    let _ = sandbox.run(&["triangulate", &image]).ok();
}

/// cosign writes any password without asking anybody (its quirk 10).
#[test]
fn a_login_is_kept_when_the_registry_took_it() {
    let served = serve("127.0.0.1", Tls::None, true);
    let server = served.address.to_string();
    let sandbox = Sandbox::new();
    let login = |args: &[&str], stdin: &str| {
        sandbox.rcosign(&[&["login", server.as_str()][..], args].concat()).stdin(stdin).run()
    };
    let refused = login(&["-u", "user", "--password-stdin"], "s3cret\n").code(6);
    assert!(!refused.stderr.contains("s3cret") && !sandbox.has(".docker"), "{}", refused.stderr);
    let _ = login(&["-u", "user", "--password-stdin"], "\n").code(6).says("no password");
    let _ = login(&["-u", "user"], "").code(6).says("--password-stdin");
    let _ = login(&["-p", "x"], "").code(6).says("--username");
    let _ = login(&["-u", "user", "-p", "x", "--password-stdin"], "").code(2);
    let _ = sandbox.run(&["login", "https://r.example", "-u", "u", "-p", "p"]).code(2).says("address");
    let _ = sandbox.run(&["login"]).code(2);
    assert!(!sandbox.has(".docker"));

    let kept = login(&["-u", "user", "--password-stdin"], "pass word\r\n").ok();
    assert_eq!(kept.stdout, "");
    let file = sandbox.at(".docker/config.json");
    assert!(kept.stderr.contains("WARNING: ") && kept.stderr.contains("logged in via "), "{}", kept.stderr);
    assert!(std::fs::read_to_string(&file).unwrap().contains(&format!("\"{server}\"")));
    #[cfg(unix)]
    for (path, mode) in [(sandbox.at(".docker"), 0o700), (file, 0o600)] {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(path).unwrap().permissions().mode() & 0o777, mode);
    }
    let _ = sandbox.run(&["triangulate", &format!("{server}/app:v1")]).ok();
    let open = serve("127.0.0.1", Tls::None, false);
    let _ = sandbox
        .run(&["login", &open.address.to_string(), "-u", "u", "-p", "p"])
        .ok()
        .says("could not be checked");
}

#[cfg(unix)]
#[test]
fn a_credential_helper_keeps_and_gives_a_login() {
    use std::os::unix::fs::PermissionsExt;
    let served = serve("127.0.0.1", Tls::None, true);
    let server = served.address.to_string();
    let sandbox = Sandbox::new();
    let script = "#!/bin/sh\ncase $1 in\nstore) cat >kept;;\nget) cat >asked; test -f kept && cat kept || \
                  { echo credentials not found in native keychain; exit 1; };;\nesac\n";
    std::fs::create_dir(sandbox.at("bin")).unwrap();
    let helper = sandbox.file("bin/docker-credential-test", script);
    std::fs::set_permissions(helper, std::fs::Permissions::from_mode(0o755)).unwrap();
    std::fs::create_dir(sandbox.at(".docker")).unwrap();
    sandbox.file(".docker/config.json", format!(r#"{{"credHelpers":{{"{server}":"test"}}}}"#));
    let path = format!("{}:/usr/bin:/bin", sandbox.at("bin").display());
    let run = |args: &[&str]| sandbox.rcosign(args).env("PATH", &path);
    let image = format!("{server}/app:v1");

    let _ = run(&["triangulate", &image]).run().code(6).says("`docker-credential-test`, which");
    assert_eq!(sandbox.text("asked"), server);
    let login = run(&["login", &server, "-u", "user", "--password-stdin"]).stdin("pass word").run().ok();
    assert!(login.stderr.contains("logged in via docker-credential-test"), "{}", login.stderr);
    assert!(
        sandbox.text("kept").contains("pass word") && !sandbox.text(".docker/config.json").contains("auths")
    );
    let _ = run(&["triangulate", &image]).run().ok();
    // Another registry's login is not asked for.
    let _ = std::fs::remove_file(sandbox.at("asked"));
    let other = serve("127.0.0.2", Tls::None, true);
    let _ = run(&["triangulate", &format!("{}/app:v1", other.address)]).run().code(6);
    assert!(!sandbox.has("asked"));

    for (script, why) in [("exit 1", "failed"), ("echo s3cret", "an answer that is none")] {
        sandbox.file("bin/docker-credential-test", format!("#!/bin/sh\n{script}\n"));
        let output = run(&["triangulate", &image]).run().code(6).says(why);
        assert!(!output.stderr.contains("s3cret"), "{}", output.stderr);
    }
    sandbox.file(".docker/config.json", format!(r#"{{"credHelpers":{{"{server}":"../../bin/x"}}}}"#));
    let _ = run(&["triangulate", &image]).run().code(3).says("is not the name of a credential helper");
}

#[test]
fn flags_that_go_together() {
    let sandbox = Sandbox::new();
    let image = format!("r.example/app@{DIGEST}");
    for (args, why) in [
        (&["--registry-username", "u"][..], "--registry-username needs a password"),
        (&["--registry-password", "p"], "--registry-password needs a user"),
        (&["--registry-token", "t", "--registry-username", "u", "--registry-password", "p"], "two different"),
        (&["--registry-client-key", "k"], "--registry-client-cert"),
        (&["--registry-server-name", "127.0.0.1"], "not the name of a server"),
        (&["--registry-auth-host", "https://a"], "not the name of a server"),
        (&["--retry-for", "-1s"], "--retry-for"),
        (&["--type", "bogus"], "--type"),
    ] {
        let _ = sandbox.run(&[&["triangulate", image.as_str()][..], args].concat()).code(2).says(why);
    }
    let _ = sandbox.run(&["triangulate", "--k8s-keychain", &image]).ok();
    let _ = sandbox.run(&["triangulate", "https://r.example/app"]).code(2).says("without `https://`");
    let _ = sandbox.run(&["triangulate"]).code(2);
    let _ = sandbox.run(&["generate", &image, &image]).code(2);
    let _ = sandbox.run(&["generate", &image, "-a", "x"]).code(2).says("NAME=VALUE");
    let _ = sandbox.run(&["generate", &image, "-a", "x=1", "-a", "x=2"]).code(2).says("given twice");
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let _ = sandbox.run(&["triangulate", &format!("localhost:{port}/app")]).code(5).says("could not connect");
}
