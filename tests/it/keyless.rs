//! Signing with services that do what they should not, scripted on loopback: nothing is written as a success, and who is not
//! asked hears of nothing.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use rcosign::internals::crypto::base64;
use serde_json::json;

use crate::support::{Output, Sandbox, repository};

/// A server that answers every request alike, and remembers the first line of each.
struct Scripted {
    url: String,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Scripted {
    fn start(status: &'static str, body: String) -> Self {
        Self::telling(status, |_| body)
    }

    /// With a body that depends on the address.
    fn telling(status: &'static str, body: impl FnOnce(&str) -> String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let body = body(&url);
        let heard = Arc::new(Mutex::new(Vec::new()));
        let all = heard.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut request = vec![0; 1 << 16];
                let size = stream.read(&mut request).unwrap_or_default();
                let first =
                    String::from_utf8_lossy(&request[..size]).lines().next().unwrap_or_default().to_owned();
                all.lock().unwrap().push(first);
                let length = body.len();
                let answer = format!(
                    "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
                );
                let _ = stream.write_all(answer.as_bytes());
            }
        });
        Self { url, heard }
    }

    fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }
}

/// A token that nobody signed: who scripts the services believes everything.
fn token(expires: i64) -> String {
    let part = |value: serde_json::Value| {
        base64::encode(value.to_string()).replace('+', "-").replace('/', "_").trim_end_matches('=').to_owned()
    };
    let claims = json!({
        "iss": "https://issuer.example", "sub": "dev@example.com", "aud": "sigstore", "exp": expires,
        "email": "dev@example.com", "email_verified": true,
    });
    format!("{}.{}.{}", part(json!({ "alg": "ES256" })), part(claims), "c2lnbmF0dXJl")
}

/// Long after these tests are forgotten.
const LATER: i64 = 4_000_000_000;

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    let _ = sandbox.file("a.txt", "a\n");
    let _ = sandbox.file("token", token(LATER));
    let _ = sandbox.run(&["generate-key-pair"]).ok();
    sandbox
}

fn root() -> String {
    repository().join("testdata/mock-sigstore/trusted_root.json").to_str().unwrap().to_owned()
}

fn keyless(sandbox: &Sandbox, fulcio: &Scripted, rekor: &Scripted, more: &[&str]) -> Output {
    let root = root();
    let args = ["sign-blob", "--yes", "--trusted-root", &root, "--fulcio-url", &fulcio.url];
    let rest = ["--rekor-url", &rekor.url, "--identity-token", "token", "--bundle", "x.json"];
    sandbox.run(&[&args[..], &rest, more, &["a.txt"]].concat())
}

/// What was not asked for does not happen: sigstore/cosign#4503.
#[test]
fn asked_not_to_publish_nothing_leaves_the_machine() {
    let sandbox = sandbox();
    let server = Scripted::start("500 Oops", "{}".to_owned());
    let named = ["--rekor-url", &server.url, "--fulcio-url", &server.url, "--oidc-issuer", &server.url];
    let no_services = sandbox.file(
        "none.json",
        r#"{"mediaType":"application/vnd.dev.sigstore.signingconfig.v0.2+json","rekorTlogConfig":{},"tsaConfig":{}}"#,
    );
    let no_services = no_services.to_str().unwrap();
    for flags in [
        &["--offline"][..],
        &["--tlog-upload=false"],
        &["--tlog-upload=false", "--use-signing-config=false"],
        &["--signing-config", no_services],
    ] {
        for command in ["sign-blob", "attest-blob"] {
            let mut args = vec![command, "--key", "cosign.key", "--bundle", "b.json"];
            args.extend(flags);
            if flags[0].starts_with("--tlog") {
                args.extend(&named);
            }
            if command == "attest-blob" {
                let _ = sandbox.file("p.json", "{}");
                args.extend(["--predicate", "p.json"]);
            }
            args.push("a.txt");
            let proxy = ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"];
            let run = proxy.iter().fold(sandbox.rcosign(&args), |run, name| run.env(name, &server.url));
            let _ = run.run().ok();
        }
    }
    assert_eq!(server.heard(), [""; 0]);
}

#[test]
fn a_certificate_authority_that_refuses_or_answers_something_else() {
    let sandbox = sandbox();
    let rekor = Scripted::start("500 Oops", "{}".to_owned());
    let pem = std::fs::read_to_string(repository().join("testdata/mock-sigstore/fulcio_root.pem")).unwrap();
    let foreign = json!({ "signedCertificateEmbeddedSct": { "chain": { "certificates": [pem] } } });
    for (status, body, code, words) in [
        ("400 Bad Request", json!({ "message": "the token is no good" }), 6, "the token is no good"),
        ("401 Unauthorized", json!({}), 6, "401"),
        ("200 OK", json!({}), 5, "no certificate"),
        ("200 OK", json!("garbage"), 5, "Fulcio"),
        ("200 OK", foreign, 5, "another key"),
    ] {
        let fulcio = Scripted::start(status, body.to_string());
        let output = keyless(&sandbox, &fulcio, &rekor, &[]).code(code).says(words);
        assert!(output.stderr.contains(&fulcio.url), "{}", output.stderr);
        assert!(!sandbox.has("x.json") && output.stdout.is_empty(), "{status}");
        assert!(fulcio.heard()[0].starts_with("POST /api/v2/signingCert "), "{:?}", fulcio.heard());
    }
    // Nobody told the log.
    assert_eq!(rekor.heard(), [""; 0]);
}

#[test]
fn an_authority_without_the_newer_interface_is_asked_by_the_older() {
    let sandbox = sandbox();
    let rekor = Scripted::start("500 Oops", "{}".to_owned());
    for status in ["404 Not Found", "405 Method Not Allowed", "501 Not Implemented"] {
        let fulcio = Scripted::start(status, "{}".to_owned());
        let _ = keyless(&sandbox, &fulcio, &rekor, &[]).says(&status[..3]);
        let heard = fulcio.heard();
        assert!(heard.first().unwrap().starts_with("POST /api/v2/signingCert "), "{heard:?}");
        assert!(heard.last().unwrap().starts_with("POST /api/v1/signingCert "), "{heard:?}");
    }
}

#[test]
fn a_token_that_is_over_or_none_is_sent_to_nobody() {
    let sandbox = sandbox();
    let (fulcio, rekor) =
        (Scripted::start("200 OK", "{}".to_owned()), Scripted::start("200 OK", "{}".to_owned()));
    let _ = sandbox.file("token", token(1_000_000_000));
    let _ = keyless(&sandbox, &fulcio, &rekor, &[]).code(6).says("expired");
    let _ = sandbox.file("token", "no token");
    let output = keyless(&sandbox, &fulcio, &rekor, &[]);
    assert_ne!(output.code, 0);
    assert_eq!([fulcio.heard(), rekor.heard()].concat(), [""; 0]);
    assert!(!sandbox.has("x.json"));
}

#[test]
fn files_are_read_before_anybody_hears_of_them() {
    let sandbox = sandbox();
    let (fulcio, rekor) =
        (Scripted::start("200 OK", "{}".to_owned()), Scripted::start("200 OK", "{}".to_owned()));
    let root = root();
    let args = [
        "sign-blob",
        "--yes",
        "--trusted-root",
        &root,
        "--fulcio-url",
        &fulcio.url,
        "--rekor-url",
        &rekor.url,
    ];
    let rest = ["--identity-token", "token", "--bundle-dir", ".", "a.txt", "missing.txt"];
    let _ = sandbox.run(&[&args[..], &rest].concat()).code(11).says("`missing.txt` does not exist");
    assert_eq!([fulcio.heard(), rekor.heard()].concat(), [""; 0]);
    assert!(!sandbox.has("a.txt.sigstore.json"));
}

/// With a key: what the log answers is checked, and nothing is written that does not hold.
#[test]
fn a_log_that_answers_something_else() {
    let sandbox = sandbox();
    let root = root();
    let entry = json!({ "24296fb24b8ad77a": {
        "body": base64::encode(r#"{"apiVersion":"0.0.1","kind":"hashedrekord","spec":{}}"#),
        "integratedTime": 1_700_000_000, "logIndex": 1, "logID": "00".repeat(32),
        "verification": { "signedEntryTimestamp": "MEQ=" },
    }});
    for (status, body, code) in [
        ("201 Created", json!({}), 5),
        ("201 Created", entry, 5),
        ("400 Bad Request", json!({ "message": "no" }), 5),
    ] {
        let rekor = Scripted::start(status, body.to_string());
        let args = ["sign-blob", "--key", "cosign.key", "--trusted-root", &root, "--rekor-url", &rekor.url];
        let output = sandbox.run(&[&args[..], &["--yes", "--bundle", "x.json", "a.txt"]].concat()).code(code);
        assert!(output.stderr.contains("Rekor") && output.stderr.contains(&rekor.url), "{}", output.stderr);
        assert!(!sandbox.has("x.json") && output.stdout.is_empty());
    }
}

/// A proxy is another machine: what is meant for this one does not go there, least of all with a token in it.
#[test]
fn no_proxy_hears_of_what_is_meant_for_this_machine() {
    let sandbox = sandbox();
    let nobody = || Scripted::start("500 Oops", "{}".to_owned());
    let (proxy, fulcio, rekor, keys) = (nobody(), nobody(), nobody(), nobody());
    let with = |args: &[&str]| {
        ["HTTP_PROXY", "http_proxy", "ALL_PROXY"]
            .iter()
            .fold(sandbox.rcosign(args), |run, name| run.env(name, &proxy.url))
            .run()
    };
    let root = root();
    let _ = with(&[
        "sign-blob",
        "--yes",
        "--timeout",
        "2s",
        "--trusted-root",
        &root,
        "--fulcio-url",
        &fulcio.url,
        "--rekor-url",
        &rekor.url,
        "--identity-token",
        "token",
        "--bundle",
        "x.json",
        "a.txt",
    ])
    .says("Fulcio");
    let _ = with(&["public-key", "--key", &format!("{}/k.pub", keys.url)]).says("500");
    assert_eq!(proxy.heard(), [""; 0]);
    assert!(!fulcio.heard().is_empty() && !keys.heard().is_empty());
}

/// Whoever listens on the way could sign in the name of the token's subject.
#[test]
fn a_token_is_sent_to_nobody_in_the_clear() {
    let sandbox = sandbox();
    let proxy = Scripted::start("500 Oops", "{}".to_owned());
    let root = root();
    let _ = sandbox
        .rcosign(&[
            "sign-blob",
            "--yes",
            "--timeout",
            "2s",
            "--trusted-root",
            &root,
            "--fulcio-url",
            "http://fulcio.example",
            "--rekor-url",
            "https://rekor.example",
            "--identity-token",
            "token",
            "--bundle",
            "x.json",
            "a.txt",
        ])
        .env("HTTP_PROXY", &proxy.url)
        .run()
        .code(2)
        .says("without https");
    assert_eq!(proxy.heard(), [""; 0]);
}

/// What is no address is found out before anybody is asked for anything, and before anybody logs in.
#[test]
fn addresses_are_looked_at_before_anybody_is_asked() {
    let sandbox = sandbox();
    let somebody = Scripted::start("500 Oops", "{}".to_owned());
    let root = root();
    for wrong in ["--rekor-url", "--timestamp-server-url", "--fulcio-url"] {
        let mut args = vec![
            "sign-blob",
            "--yes",
            "--trusted-root",
            &root,
            "--identity-token",
            "token",
            "--bundle",
            "x.json",
        ];
        for flag in ["--rekor-url", "--timestamp-server-url", "--fulcio-url"] {
            args.extend([flag, if flag == wrong { "ftp://me:pw@x.example" } else { &somebody.url }]);
        }
        args.push("a.txt");
        let output = sandbox.run(&args).code(2).says("`ftp://x.example` is not an http or https address");
        assert!(!output.stderr.contains("pw"), "{}", output.stderr);
    }
    assert_eq!(somebody.heard(), [""; 0]);
}

/// Without its certificate nobody can verify a keyless signature.
#[test]
fn a_certificate_that_goes_nowhere_is_told_before_it_is_issued() {
    let sandbox = sandbox();
    let somebody = Scripted::start("500 Oops", "{}".to_owned());
    let root = root();
    let _ = sandbox.file("p.json", "{}");
    let (url, words) = (&somebody.url, "nothing holds the certificate");
    let services = ["--trusted-root", &root, "--fulcio-url", url, "--rekor-url", url, "--timeout", "2s"];
    let token = ["--identity-token", "token", "--yes"];
    for command in [&["sign-blob"][..], &["attest-blob", "--predicate", "p.json"]] {
        let run = |more: &[&str]| {
            sandbox.run(&[command, &services, &token, more, &["a.txt"]].concat()).code(5).stderr
        };
        assert!(run(&[]).contains(words) && run(&["--output-signature", "s"]).contains(words));
        assert!(!run(&["--bundle", "x.json"]).contains(words));
        assert!(!run(&["--output-certificate", "c.pem"]).contains(words));
    }
    // A key needs none.
    let args = ["sign-blob", "--key", "cosign.key", "--offline", "a.txt"];
    assert!(!sandbox.run(&args).ok().stderr.contains(words));
}

/// A code that nobody types in, with a standard input that stays open.
#[test]
fn a_code_is_not_waited_for_without_end() {
    let sandbox = sandbox();
    let issuer = Scripted::telling("200 OK", |url| {
        json!({
            "issuer": url, "authorization_endpoint": format!("{url}/auth"), "token_endpoint": format!("{url}/token"),
            "code_challenge_methods_supported": ["S256"],
        })
        .to_string()
    });
    let (root, nobody) = (root(), Scripted::start("500 Oops", "{}".to_owned()));
    let services = ["--trusted-root", &root, "--fulcio-url", &nobody.url, "--rekor-url", &nobody.url];
    let login = ["--oidc-issuer", &issuer.url, "--fulcio-auth-flow", "normal", "--timeout", "1s", "--yes"];
    let by_hand = ["--oidc-redirect-url", "urn:ietf:wg:oauth:2.0:oob", "--bundle", "x.json", "a.txt"];
    let output = sandbox
        .rcosign(&[&["sign-blob"][..], &services, &login, &by_hand].concat())
        .waiting(std::time::Duration::from_secs(30))
        .code(6)
        .says("Enter verification code: \n")
        .says("nobody logged in within 1 seconds");
    assert!(output.stdout.is_empty() && !sandbox.has("x.json"));
    assert_eq!((issuer.heard().len(), nobody.heard()), (1, Vec::new()));
}

/// A path where the token itself belongs, and what is neither a token nor a file: said, and not shown.
#[test]
fn values_that_are_no_token_are_not_shown() {
    let sandbox = sandbox();
    let nobody = Scripted::start("500 Oops", "{}".to_owned());
    let root = root();
    let args = ["sign-blob", "--yes", "--trusted-root", &root, "--fulcio-url", &nobody.url, "--rekor-url"];
    let args = [&args[..], &[&nobody.url, "--bundle", "x.json", "a.txt"]].concat();
    let path = sandbox.at("token");
    let output = sandbox.rcosign(&args).env("SIGSTORE_ID_TOKEN", path.to_str().unwrap()).run().code(6);
    let output = output.says("hint: SIGSTORE_ID_TOKEN takes the token itself").says("--identity-token FILE");
    assert!(!output.stderr.contains("/token"), "{}", output.stderr);
    for opaque in ["gho_16C7e42F292c6912E7710c838347Ae178B4a", "x", "S3CRET/of/mine"] {
        let output = sandbox.run(&[&args[..], &["--identity-token", opaque]].concat()).code(6);
        let output =
            output.says(&format!("the value of --identity-token, of {} bytes, is not", opaque.len()));
        assert!(opaque == "x" || !output.stderr.contains(opaque), "{}", output.stderr);
    }
    assert_eq!(nobody.heard(), [""; 0]);
}

/// However its address is written: what will be contacted counts.
#[test]
fn the_public_log_is_recognised_however_its_address_is_written() {
    let sandbox = sandbox();
    let root = root();
    for url in [
        "https://rekor.sigstore.dev",
        "https:rekor.sigstore.dev",
        "https:/rekor.sigstore.dev",
        "https:\\\\rekor.sigstore.dev",
        "https://rekor%2Esigstore.dev",
        "https://rekor\u{3002}sigstore.dev",
        "ht\ttps://rekor.sigstore.dev.",
        "https://x@REKOR.sigstage.dev:443",
    ] {
        let args = ["sign-blob", "--key", "cosign.key", "--trusted-root", &root, "--rekor-url", url, "a.txt"];
        let _ = sandbox.run(&args).code(1).says("nothing was signed, and nothing was published");
    }
}

/// Nobody could verify it: nobody knows that it was made while its certificate was valid.
#[test]
fn a_certificate_without_a_witness_is_refused_before_anybody_is_asked() {
    let sandbox = sandbox();
    let fulcio = Scripted::start("500 Oops", "{}".to_owned());
    let config = |more: &str| {
        format!(
            r#"{{"mediaType":"application/vnd.dev.sigstore.signingconfig.v0.2+json","caUrls":[{{"url":"{}","majorApiVersion":1,"validFor":{{"start":"2020-01-01T00:00:00Z"}},"operator":"me"}}],{more}"rekorTlogConfig":{{}},"tsaConfig":{{}}}}"#,
            fulcio.url
        )
    };
    let file = sandbox.file("sc.json", config(""));
    let (root, file) = (root(), file.to_str().unwrap().to_owned());
    let common = [
        "sign-blob",
        "--yes",
        "--trusted-root",
        &root,
        "--identity-token",
        "token",
        "--bundle",
        "x.json",
        "a.txt",
    ];
    let named = ["--fulcio-url", &fulcio.url, "--tlog-upload=false"];
    for flags in [&["--signing-config", &file][..], &named] {
        let output = sandbox.run(&[&common[..], flags].concat()).code(2).says("cannot be verified");
        assert!(output.stderr.contains("timestamp"), "{}", output.stderr);
    }
    assert_eq!(fulcio.heard(), [""; 0]);
    assert!(!sandbox.has("x.json"));
}

/// The identity of a private instance is nothing for the public one.
#[test]
fn who_has_no_issuer_in_the_signing_config_is_not_sent_to_the_public_one() {
    let sandbox = sandbox();
    let somebody = Scripted::start("500 Oops", "{}".to_owned());
    let service = format!(
        r#"[{{"url":"{}","majorApiVersion":1,"validFor":{{"start":"2020-01-01T00:00:00Z"}},"operator":"me"}}]"#,
        somebody.url
    );
    let config = format!(
        r#"{{"mediaType":"application/vnd.dev.sigstore.signingconfig.v0.2+json","caUrls":{service},"rekorTlogUrls":{service},"rekorTlogConfig":{{"selector":"ANY"}},"tsaConfig":{{}}}}"#
    );
    let file = sandbox.file("sc.json", config);
    let (root, file) = (root(), file.to_str().unwrap().to_owned());
    let args = [
        "sign-blob",
        "--yes",
        "--trusted-root",
        &root,
        "--signing-config",
        &file,
        "--bundle",
        "x.json",
        "a.txt",
    ];
    let output = sandbox.rcosign(&args).env("HTTPS_PROXY", &somebody.url).run().code(4);
    let _ = output.says("names no OIDC issuer");
    assert_eq!(somebody.heard(), [""; 0]);
}

/// A signature that is made, and may be in a log, is not lost because another one fails.
#[test]
fn signatures_of_the_others_are_printed_where_one_fails() {
    let sandbox = sandbox();
    let _ = sandbox.file("b.txt", "b\n");
    // RFC 8410 section 10.3.
    let pem = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n-----END PRIVATE KEY-----\n";
    let _ = sandbox.file("ed.key", pem);
    let sign =
        |files: &[&str]| sandbox.run(&[&["sign-blob", "--offline", "--key", "ed.key"], files].concat());
    let all = sign(&["a.txt", "b.txt"]).ok();
    assert_eq!(all.stdout.lines().count(), 2);
    // An Ed25519 key signs the whole file, which is read when its turn comes.
    let some = sign(&["a.txt", "missing.txt", "b.txt"]).code(11).says("`missing.txt` does not exist");
    assert_eq!(some.stdout, all.stdout);
}

/// Who names a token means the identity; that the key wins is said.
#[test]
fn a_token_beside_a_key_is_not_passed_over_in_silence() {
    let sandbox = sandbox();
    let server = Scripted::start("500 Oops", "{}".to_owned());
    let args = ["sign-blob", "--tlog-upload=false", "--bundle", "x.json", "a.txt"];
    for (flags, flag) in [
        (&["--key", "cosign.key", "--identity-token", "token"][..], "--identity-token"),
        (&["--key", "cosign.key", "--oidc-provider", "envvar"], "--oidc-provider"),
    ] {
        let run = sandbox.run(&[&args[..], flags].concat()).ok();
        let _ = run.says(&format!("WARNING: the key signs, and {flag} is not used"));
    }
    let plain = sandbox.run(&[&args[..], &["--key", "cosign.key"]].concat()).ok();
    assert!(!plain.stderr.contains("WARNING"), "{}", plain.stderr);
    assert_eq!(server.heard(), [""; 0]);
}

/// A variable of a script that was empty chooses nobody else to sign, no other services, and no other root.
#[test]
fn an_empty_flag_that_says_who_signs_is_an_error() {
    let sandbox = sandbox();
    let server = Scripted::start("500 Oops", "{}".to_owned());
    let root = root();
    let known = ["--trusted-root", root.as_str(), "--fulcio-url", &server.url, "--rekor-url", &server.url];
    for flag in
        ["--identity-token", "--key", "--oidc-provider", "--fulcio-auth-flow", "--rekor-url", "--fulcio-url"]
    {
        for command in ["sign-blob", "attest-blob", "sign", "attest"] {
            let args = [&[command, "--yes"][..], &known, &[flag, "", "a.txt"]].concat();
            let run = sandbox.rcosign(&args).env("SIGSTORE_ID_TOKEN", &token(LATER));
            let _ = run.run().code(2).says(&format!("{flag} is given and empty"));
        }
    }
    for flag in ["--trusted-root", "--certificate-chain", "--signing-config"] {
        let args = [
            "sign-blob",
            "--yes",
            "--key",
            "cosign.key",
            "--offline",
            flag,
            "",
            "--bundle",
            "x.json",
            "a.txt",
        ];
        let _ = sandbox.run(&args).code(2).says(&format!("{flag} is given and empty"));
    }
    // A variable of cosign that is empty is as good as none.
    let args = ["sign-blob", "--yes", "--key", "cosign.key", "--offline", "--bundle", "x.json", "a.txt"];
    let _ = sandbox.rcosign(&args).env("COSIGN_TRUSTED_ROOT", "").env("COSIGN_IDENTITY_TOKEN", "").run().ok();
    assert_eq!(server.heard(), [""; 0]);
}

/// What the server says of the time goes on to the user, and what answers something else is looked at.
#[test]
fn hints_say_when_to_come_back_and_where_to_look() {
    let sandbox = sandbox();
    let rekor = Scripted::start("500 Oops", "{}".to_owned());
    let slow = Scripted::start("429 Slow\r\nRetry-After: 120", json!({ "message": "slow" }).to_string());
    let output = keyless(&sandbox, &slow, &rekor, &[]).code(5);
    let _ = output.says("hint: it asks to be left alone for 120 s: try again after that");
    let garbage = Scripted::start("200 OK", "garbage".to_owned());
    let output = keyless(&sandbox, &garbage, &rekor, &[]).code(5);
    let _ = output.says("hint: nothing was signed; look whether a certificate authority is at that address");
    assert_eq!(rekor.heard(), [""; 0]);
}

/// Several signatures without a key, and nothing that holds a certificate: nobody could tell which is whose.
#[test]
fn several_files_without_a_place_for_certificates_are_refused_before_anybody_hears() {
    let sandbox = sandbox();
    let _ = sandbox.file("b.txt", "b\n");
    let server = Scripted::start("500 Oops", "{}".to_owned());
    let root = root();
    let urls = ["--fulcio-url", server.url.as_str(), "--rekor-url", &server.url];
    let args = ["sign-blob", "--yes", "--trusted-root", &root, "--identity-token", "token", "a.txt", "b.txt"];
    let output = sandbox.run(&[&args[..], &urls].concat()).code(2);
    let _ = output
        .says("error: 2 files are to be signed, and nothing holds their certificates")
        .says("--bundle-dir DIR");
    assert_eq!(server.heard(), [""; 0]);
}

/// What cannot be reached is said in the words of the system, without those of every layer above.
#[test]
fn who_cannot_be_reached_is_said_in_few_words() {
    let sandbox = sandbox();
    let root = root();
    let nobody = ["--fulcio-url", "http://127.0.0.1:9", "--rekor-url", "http://127.0.0.1:9"];
    let args = ["sign-blob", "--yes", "--trusted-root", &root, "--bundle", "x.json", "a.txt"];
    let token = ["--identity-token", "token"];
    let issuer = ["--oidc-issuer", "http://127.0.0.1:9", "--fulcio-auth-flow", "device"];
    for (more, words) in [(&token[..], "Fulcio cannot be used"), (&issuer, "the OIDC issuer cannot be used")]
    {
        let output = sandbox.run(&[&args[..], &nobody, more].concat()).code(5);
        assert!(
            !output.stderr.contains("client error") && !output.stderr.contains("error sending"),
            "{}",
            output.stderr
        );
        assert_eq!(output.stderr.matches("caused by: ").count(), 2, "{}", output.stderr);
        let _ = output.says(words).says("could not connect to http://127.0.0.1:9").says("\nhint: ");
    }
}
