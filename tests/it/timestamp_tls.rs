//! A timestamp authority that takes only clients with a certificate, and shows one of a private authority itself.

use std::sync::Arc;

use rcosign::internals::sandbox::registry::{Fault, Options, Registry, Transport};

use crate::faulty::server::Request;
use crate::faulty::sigstore::Sigstore;
use crate::support::{Output, Sandbox};

struct World {
    sandbox: Sandbox,
    authority: Registry,
}

const CERTIFICATE: &[&str] =
    &["--timestamp-client-cert", "client.pem", "--timestamp-client-key", "client.key"];
const AUTHORITY: &[&str] = &["--timestamp-client-cacert", "ca.pem"];

impl World {
    fn new(transport: Transport) -> Self {
        let sigstore = Arc::new(Sigstore::new());
        let sandbox = Sandbox::new();
        let authority = Registry::start(Options { transport, ..Options::default() }).unwrap();
        let _ = sandbox.file("ca.pem", authority.authority_pem().unwrap());
        let (certificate, key) = authority.client_pem().unwrap();
        let _ = sandbox.file("client.pem", certificate);
        let _ = sandbox.file("client.key", key);
        let _ = sandbox.file("root.json", sigstore.trusted_root().to_string());
        let _ = sandbox.file("a.txt", "a");
        let _ = sandbox.run(&["generate-key-pair"]).ok();
        authority.hook(move |request| {
            let asked = Request { line: request.line(), headers: Vec::new(), body: request.body().to_vec() };
            let answer = sigstore.timestamp(&asked, |_| {});
            Fault::answer("application/timestamp-reply", answer.body)
        });
        Self { sandbox, authority }
    }

    fn url(&self) -> String {
        format!("{}/api/v1/timestamp", self.authority.url())
    }

    fn sign(&self, url: &str, flags: &[&str]) -> Output {
        let args = ["sign-blob", "--key", "cosign.key", "--tlog-upload=false", "--trusted-root", "root.json"];
        let named = ["--timestamp-server-url", url, "--bundle", "b.json", "--timeout", "5s", "a.txt"];
        self.sandbox.run(&[&args[..], flags, &named].concat())
    }

    fn asked(&self) -> usize {
        self.authority.journal().requests().len()
    }

    /// Nothing was signed, nobody was asked for a timestamp, and the message names these.
    #[track_caller]
    fn refuses(&self, url: &str, flags: &[&str], code: i32, words: &[&str]) {
        self.authority.journal().clear();
        let output = self.sign(url, flags).code(code);
        for word in words {
            assert!(output.stderr.contains(word), "`{word}` is not in:\n{}", output.stderr);
        }
        assert!(!self.sandbox.has("b.json") && output.stdout.is_empty(), "{flags:?}");
        assert_eq!(self.asked(), 0, "{flags:?}");
    }
}

#[test]
fn a_client_certificate_is_shown_to_the_timestamp_authority() {
    let world = World::new(Transport::MutualTls);
    let _ = world.sign(&world.url(), &[CERTIFICATE, AUTHORITY].concat()).ok();
    assert_eq!(world.asked(), 1);
    let verify =
        ["verify-blob", "--key", "cosign.pub", "--no-log", "--use-signed-timestamps", "--bundle", "b.json"];
    let _ = world.sandbox.run(&[&verify[..], &["--trusted-root", "root.json", "a.txt"]].concat()).ok();
}

#[test]
fn an_authority_that_wants_a_certificate_gets_none() {
    let world = World::new(Transport::MutualTls);
    let named = ["the timestamp authority", "--timestamp-client-cert"];
    world.refuses(&world.url(), AUTHORITY, 5, &named);
    // One of somebody else.
    let other = Registry::start(Options { transport: Transport::MutualTls, ..Options::default() }).unwrap();
    let (certificate, key) = other.client_pem().unwrap();
    let _ = world.sandbox.file("client.pem", certificate);
    let _ = world.sandbox.file("client.key", key);
    world.refuses(&world.url(), &[CERTIFICATE, AUTHORITY].concat(), 5, &named);
}

#[test]
fn a_timestamp_authority_of_another_authority_is_refused() {
    let world = World::new(Transport::MutualTls);
    let named = ["nobody who is trusted issued the certificate", "--timestamp-client-cacert"];
    world.refuses(&world.url(), CERTIFICATE, 5, &named);
    let other = Registry::start(Options { transport: Transport::Https, ..Options::default() }).unwrap();
    let _ = world.sandbox.file("ca.pem", other.authority_pem().unwrap());
    // Called as the right one is.
    let named = ["the certificate of the server is refused", "--timestamp-client-cacert"];
    world.refuses(&world.url(), &[CERTIFICATE, AUTHORITY].concat(), 5, &named);
    let _ = world.sandbox.file("ca.pem", "");
    world.refuses(&world.url(), &[CERTIFICATE, AUTHORITY].concat(), 4, &["`ca.pem`"]);
}

#[test]
fn the_name_of_the_timestamp_authority_may_be_another_one() {
    let world = World::new(Transport::MutualTls);
    let whole = [CERTIFICATE, AUTHORITY].concat();
    let named = |name| [&whole[..], &["--timestamp-server-name", name]].concat();
    let _ = world.sign(&world.url(), &named("localhost")).ok();
    std::fs::remove_file(world.sandbox.at("b.json")).unwrap();
    let words = ["not for other.example", "--timestamp-server-name"];
    world.refuses(&world.url(), &named("other.example"), 5, &words);
}

/// Files that are no such thing are named, before anybody is asked.
#[test]
fn files_of_the_client_certificate_that_cannot_be_used() {
    let world = World::new(Transport::MutualTls);
    for (flags, code, words) in [
        (vec!["--timestamp-client-cert", "client.pem"], 2, "--timestamp-client-key"),
        (vec!["--timestamp-client-key", "client.key"], 2, "--timestamp-client-cert"),
        (vec!["--timestamp-client-cert", "missing", "--timestamp-client-key", "client.key"], 4, "`missing`"),
        (vec!["--timestamp-client-cert", "client.pem", "--timestamp-client-key", "a.txt"], 4, "client.pem"),
        (vec!["--timestamp-client-cacert", "missing"], 4, "`missing`"),
        (vec!["--timestamp-client-cacert", "a.txt"], 4, "`a.txt`"),
    ] {
        world.refuses(&world.url(), &flags, code, &[words]);
    }
}
