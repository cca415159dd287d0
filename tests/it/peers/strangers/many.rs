//! Many in one call: one token, one certificate, and who fails fails alone.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

use rcosign::internals::sandbox::registry::{Fault, Options, Registry};
use serde_json::json;

use super::super::services::Services;
use crate::peers::peers;
use crate::support::{Output, Sandbox};

/// The services, a registry whose pushes can fail, and a folder.
struct Many {
    services: Services,
    registry: Registry,
    sandbox: Sandbox,
}

impl Many {
    fn start() -> Option<Self> {
        let (services, sandbox) = (Services::start()?, Sandbox::new());
        for name in ["a.txt", "b.txt", "c.txt"] {
            let _ = sandbox.file(name, name);
        }
        let _ = sandbox.file("secret", "s3cret");
        let _ = sandbox.file("p.json", "{}");
        std::fs::create_dir(sandbox.at("d")).unwrap();
        let registry = Registry::start(Options { referrers: false, ..Options::default() }).unwrap();
        Some(Self { services, registry, sandbox })
    }

    fn image(&self, repository: &str) -> String {
        let digest = self.registry.contents().plant_image(repository, "v1");
        format!("{}/{repository}@{digest}", self.registry.address())
    }

    /// Signs with a token that the issuer is asked for.
    fn sign(&self, config: &str, args: &[&str]) -> Output {
        let config = self.services.file(&format!("signing_config.{config}.json"));
        let root = self.services.file("trusted_root.json");
        let mut all = vec![args[0], "--yes", "--trusted-root", &root, "--signing-config", &config];
        all.extend(["--fulcio-auth-flow", "client_credentials", "--oidc-client-secret-file", "secret"]);
        all.extend(&args[1..]);
        self.sandbox.run(&all)
    }

    /// How often each request was made since `before`, without what differs.
    fn asked(&self, before: usize) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for line in self.services.heard().into_iter().skip(before) {
            *counts.entry(line).or_default() += 1;
        }
        counts
    }

    fn verifies(&self, config: &str, verb: &[&str], what: &str) {
        let identity = self.services.identity();
        let root = self.services.file("trusted_root.json");
        let mut args = verb.to_vec();
        args.extend(identity.iter().map(String::as_str));
        args.extend(["--trusted-root", &root]);
        args.extend((config == "rekor2").then_some("--use-signed-timestamps"));
        args.push(what);
        let _ = self.sandbox.run(&args).ok();
        for peer in peers().iter().filter(|peer| peer.version == 3) {
            let _ = peer.run(&self.sandbox, &args).ok();
        }
    }
}

/// What is asked once for all, and once for each.
fn expected(config: &str, count: usize) -> BTreeMap<String, usize> {
    let log = if config == "rekor2" { "rekor2 POST /api/v2" } else { "rekor POST /api/v1" };
    [
        ("oidc GET /.well-known/openid-configuration -> 200".to_owned(), 1),
        ("oidc POST /token -> 200".to_owned(), 1),
        ("fulcio POST /api/v2/signingCert -> 200".to_owned(), 1),
        ("tsa POST /api/v1/timestamp -> 201".to_owned(), count),
        (format!("{log}/log/entries -> 201"), count),
    ]
    .into()
}

#[test]
fn one_token_and_one_certificate_for_all() {
    let Some(many) = Many::start() else { return };
    for config in ["rekor1", "rekor2"] {
        let at = |name: &str| format!("{config}/{name}");
        let images = ["one", "two", "three"].map(|name| many.image(&at(name)));
        let index = {
            let contents = many.registry.contents();
            let children = ["x", "y"].map(|tag| contents.plant_image(&at("all"), tag));
            let entry = |digest: &String| {
                let (media_type, bytes) = contents.manifest(&at("all"), digest).unwrap();
                json!({ "mediaType": media_type, "digest": digest, "size": bytes.len() })
            };
            let media_type = "application/vnd.oci.image.index.v1+json";
            let index = json!({ "schemaVersion": 2, "mediaType": media_type,
                "manifests": children.iter().map(entry).collect::<Vec<_>>() });
            contents.plant_manifest(&at("all"), Some("v1"), media_type, index.to_string())
        };
        let all = format!("{}/{}@{index}", many.registry.address(), at("all"));
        let [one, two, three] = images.each_ref().map(String::as_str);
        let about = ["attest", "--predicate", "p.json", "--type", "custom", one, two, three];
        let signs: [(&[&str], usize); 4] = [
            (&["sign", one, two, three], 3),
            (&["sign", "-r", &all], 3),
            (&about, 3),
            (&["sign-blob", "--bundle-dir", "d", "a.txt", "b.txt", "c.txt"], 3),
        ];
        for (args, count) in signs {
            let before = many.services.heard().len();
            let _ = many.sign(config, args).ok();
            assert_eq!(many.asked(before), expected(config, count), "{config} {args:?}");
        }
        for image in images.iter().chain([&all]) {
            many.verifies(config, &["verify"], image);
        }
        for name in ["a.txt", "b.txt", "c.txt"] {
            many.verifies(config, &["verify-blob", "--bundle", &format!("d/{name}.sigstore.json")], name);
        }
    }
}

#[test]
fn who_fails_fails_alone() {
    let Some(many) = Many::start() else { return };
    let [one, two, three] = ["one", "two", "three"].map(|name| many.image(name));
    // One is not there, and into the repository of another nobody may write.
    many.registry.hook(|request| {
        let is_write = request.is("PUT", "/two/") || request.is("POST", "/two/");
        if is_write { Fault::error(403, "DENIED", "not yours") } else { Fault::none() }
    });
    let missing = one.replace("/one@", "/none@");
    let before = many.services.heard().len();
    let output = many.sign("rekor1", &["sign", &one, &two, &missing, &three]);
    assert_ne!(output.code, 0);
    let output = output
        .says("1 of 4 images were not signed; 1 were signed, and not all was published")
        .says(&two)
        .says(&missing);
    assert!(!output.stderr.contains("panic"));
    assert_eq!(many.asked(before), expected("rekor1", 3));
    many.registry.hook(|_| Fault::none());
    for image in [&one, &three] {
        many.verifies("rekor1", &["verify"], image);
    }
    let root = many.services.file("trusted_root.json");
    let identity = many.services.identity();
    let identity: Vec<&str> = identity.iter().map(String::as_str).collect();
    let verify = [&["verify", "--trusted-root", &root], identity.as_slice(), &[two.as_str()]].concat();
    assert_ne!(many.sandbox.run(&verify).code, 0);
    // What was told publishes what was made.
    crate::support::follow(&many.sandbox, &output.stderr);
    many.verifies("rekor1", &["verify"], &two);
}

/// Passes requests on to a log, but for one, which it refuses. One connection at a time.
fn refusing(log: &str, refused: usize) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (url, log) = (format!("http://{}", listener.local_addr().unwrap()), log.replace("http://", ""));
    std::thread::spawn(move || {
        for (number, stream) in listener.incoming().enumerate() {
            let mut stream = stream.unwrap();
            let (mut request, mut piece) = (Vec::new(), [0; 4096]);
            let text = loop {
                let size = stream.read(&mut piece).unwrap();
                request.extend_from_slice(&piece[..size]);
                let text = String::from_utf8_lossy(&request).to_lowercase();
                let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
                let length =
                    head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap_or("0");
                if body.len() >= length.trim().parse().unwrap() || size == 0 {
                    break String::from_utf8_lossy(&request).into_owned();
                }
            };
            if number == refused {
                let body = r#"{"code":400,"message":"not this one"}"#;
                let length = body.len();
                let _ = write!(
                    stream,
                    "HTTP/1.1 400 Bad Request\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
                );
                continue;
            }
            let mut there = TcpStream::connect(&log).unwrap();
            let (first, rest) = text.split_once("\r\n").unwrap();
            write!(there, "{first}\r\nConnection: close\r\n{rest}").unwrap();
            let mut answer = Vec::new();
            there.read_to_end(&mut answer).unwrap();
            stream.write_all(&answer).unwrap();
        }
    });
    url
}

#[test]
fn a_file_that_the_log_refuses_fails_alone() {
    let Some(many) = Many::start() else { return };
    let (fulcio, rekor) = (many.services.url(0), refusing(&many.services.url(1), 1));
    let (root, token) = (many.services.file("trusted_root.json"), many.services.file("identity_token"));
    let args =
        ["sign-blob", "--yes", "--trusted-root", &root, "--fulcio-url", &fulcio, "--rekor-url", &rekor];
    let rest = ["--identity-token", &token, "--bundle-dir", "d", "a.txt", "b.txt", "c.txt"];
    let output = many.sandbox.run(&[&args[..], &rest].concat());
    assert_ne!(output.code, 0);
    let output = output.says("1 of 3 files were not signed").says("not this one");
    let made: Vec<&str> = ["a.txt", "b.txt", "c.txt"]
        .into_iter()
        .filter(|name| many.sandbox.has(&format!("d/{name}.sigstore.json")))
        .collect();
    assert_eq!(made.len(), 2, "{}", output.stderr);
    for name in made {
        assert!(!output.stderr.contains(&format!("{name}: ")), "{}", output.stderr);
        many.verifies("rekor1", &["verify-blob", "--bundle", &format!("d/{name}.sigstore.json")], name);
    }
    let certificates = many.services.heard().iter().filter(|line| line.starts_with("fulcio ")).count();
    assert_eq!(certificates, 1);
}
