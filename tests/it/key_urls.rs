//! Keys behind an address, served by this test.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::time::Duration;

use rcosign::internals::sandbox::tuf::TufRepository;

use crate::faulty::server::{Act, Answer, Server};
use crate::support::{Sandbox, repository};

/// Answers requests with this status, type and body, once each; returns the address.
fn serve(status: &'static str, kind: &'static str, body: Vec<u8>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let _ = stream.set_read_timeout(Some(Duration::from_secs(10)));
            let mut lines = BufReader::new(&stream).lines();
            while lines.next().is_some_and(|line| line.is_ok_and(|line| !line.is_empty())) {}
            let head =
                format!("HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {}\r\n", body.len());
            let _ = stream.write_all(format!("{head}connection: close\r\n\r\n").as_bytes());
            let _ = stream.write_all(&body);
        }
    });
    format!("http://{address}")
}

fn question(sandbox: &Sandbox, key: &str) -> crate::support::Output {
    sandbox.run(&["verify-blob", "--no-log", "--key", key, "--signature", "s", "a.txt"])
}

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    let _ = sandbox.file("a.txt", "a");
    let key = repository().join("testdata/keys/p256.pkcs8.pem");
    let args = ["sign-blob", "--offline", "--key", key.to_str().unwrap(), "--output-signature", "s", "a.txt"];
    let _ = sandbox.run(&args).ok();
    sandbox
}

#[test]
fn a_public_key_comes_by_its_address() {
    let sandbox = sandbox();
    let pem = std::fs::read(repository().join("testdata/keys/p256.pub.pem")).unwrap();
    // Over http anybody may have put another key in its place, and that is said.
    let _ = question(&sandbox, &format!("{}/k.pub", serve("200 OK", "text/plain", pem)))
        .ok()
        .says("WARNING: the public key is fetched from http://127.0.0.1:")
        .says("anybody on the way can replace it");
}

#[test]
fn an_answer_that_is_no_key_names_what_it_was() {
    let sandbox = sandbox();
    let page = b"<html><body>Not here: try \x1b[2Janother</body></html>".to_vec();
    let missing = serve("404 Not Found", "text/html", page.clone());
    let output = question(&sandbox, &format!("{missing}/k.pub?token=secret")).code(3).says("status 404");
    assert!(!output.stderr.contains("secret") && !output.stderr.contains('\u{1b}'), "{}", output.stderr);
    let broken = serve("503 Service Unavailable", "text/html", page.clone());
    let _ = question(&sandbox, &format!("{broken}/k.pub")).code(5).says("status 503");
    // A friendly page with the wrong status.
    let _ = question(&sandbox, &format!("{}/k.pub", serve("200 OK", "text/html", page))).code(3);
    let large = serve("200 OK", "text/plain", vec![b'x'; (1 << 20) + 1]);
    let _ = question(&sandbox, &format!("{large}/k.pub")).code(8).says("larger than 1048576 bytes");
}

/// A host that is reached by a proxy, and points to this machine: neither the proxy nor who listens here hears of it, and least of all
/// with what is meant for the host alone.
#[test]
fn a_host_behind_a_proxy_does_not_point_to_this_machine() {
    let here = Server::start(|_| Act::Say(Answer::new(200, "-----BEGIN PUBLIC KEY-----")));
    let port = here.url.rsplit(':').next().unwrap().to_owned();
    for host in ["127.0.0.1", "localhost"] {
        let there = format!("http://{host}:{port}/here");
        let proxy = Server::start(move |request| {
            // The credentials are for the host: the proxy brings them there.
            let own =
                request.line.contains("http://tuf.example/") || request.header("authorization").is_some();
            assert!(own && !request.line.contains("S3CRET"), "{request:?}");
            Act::Say(Answer::new(302, "").with("Location", there.clone()))
        });
        let sandbox = sandbox().env("COSIGN_OFFLINE", "");
        let behind = |args: &[&str]| {
            ["HTTP_PROXY", "http_proxy", "ALL_PROXY"]
                .iter()
                .fold(sandbox.rcosign(args), |run, name| run.env(name, &proxy.url))
                .run()
        };
        let key = "http://me:S3CRET@keys.example/k.pub";
        let output = behind(&["verify-blob", "--no-log", "--key", key, "--signature", "s", "a.txt"]).code(5);
        let output = output.says("from another host to an address of this machine");
        assert!(!output.stderr.contains("S3CRET"), "{}", output.stderr);
        assert_eq!(proxy.heard(), ["GET http://keys.example/k.pub"]);
        // A service is followed nowhere.
        let root =
            sandbox.file("root.json", TufRepository::new("2099-01-01T00:00:00Z").unwrap().first_root());
        let args = ["initialize", "--mirror", "http://tuf.example", "--root", root.to_str().unwrap()];
        let output = behind(&[&args[..], &["--timeout", "2s"]].concat());
        assert_ne!(output.code, 0);
        let _ = output.says("where nobody follows");
        let heard = proxy.heard();
        assert!(heard.len() > 1 && heard[1..].iter().all(|line| line.starts_with("GET http://tuf.example/")));
    }
    assert_eq!(here.heard(), [""; 0]);
}
