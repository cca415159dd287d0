//! Keys of AWS KMS: moto's server (PyPI) holds them, and the real cosign verifies what they sign, with the public key and with the
//! same reference.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::all_forms::Held;
use super::peers;
use crate::faulty::server::{Act, Request, Server, forward};
use crate::support::{Sandbox, own_authority, peer, repository};

const KEY: &str = "awskms:///alias/release";

/// moto, until it is dropped.
struct Kms {
    process: Child,
    address: SocketAddr,
}

impl Kms {
    fn start(sandbox: &Sandbox, more: &[&str]) -> Option<Self> {
        Self::start_with(sandbox, more, &[])
    }

    fn start_with(sandbox: &Sandbox, more: &[&str], variables: &[(&str, &str)]) -> Option<Self> {
        let program = peer("moto-kms")?;
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let port = address.port().to_string();
        let mut command = std::process::Command::new(program);
        let _ =
            command.args(["-H", "127.0.0.1", "-p", &port]).args(more).env_clear().env("HOME", sandbox.path());
        let command = command.envs(variables.iter().copied());
        let process = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let this = Self { process, address };
        let started = Instant::now();
        while TcpStream::connect(address).is_err() {
            assert!(started.elapsed() < Duration::from_secs(60), "moto does not start");
            std::thread::sleep(Duration::from_millis(100));
        }
        Some(this)
    }

    fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

/// Amazon's own client, in Python beside moto: the words that it prints.
fn amazon(sandbox: &Sandbox, args: &[&str]) -> Option<String> {
    let (python, script) = (peer("moto/bin/python")?, repository().join("tests/it/peers/kms_aws.py"));
    let run = sandbox.program(&python, &[&[script.to_str().unwrap()], args].concat());
    Some(run.env("AWS_DEFAULT_REGION", "eu-west-1").run().ok().stdout.trim().to_owned())
}

impl Drop for Kms {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn world() -> Sandbox {
    let sandbox = Sandbox::new()
        .env("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
        .env("AWS_SECRET_ACCESS_KEY", "secret")
        .env("AWS_REGION", "eu-west-1");
    let _ = sandbox.file("artifact.txt", "the artifact\n");
    sandbox
}

const VERIFY: [&str; 5] = ["verify-blob", "--insecure-ignore-tlog", "--bundle", "b.json", "--key"];

#[test]
fn a_key_is_made_signs_and_verifies_by_each_of_its_names() {
    let sandbox = world();
    let Some(kms) = Kms::start(&sandbox, &[]) else { return };
    let sandbox = sandbox.env("AWS_ENDPOINT_URL_KMS", &kms.url());
    let _ = sandbox.run(&["generate-key-pair", "--kms", KEY]).ok();
    let made = sandbox.read("cosign.pub");
    let _ = sandbox.run(&["generate-key-pair", "--kms", KEY, "--output-key-prefix", "again"]).ok();
    assert_eq!(sandbox.run(&["public-key", "--key", KEY]).ok().bytes, made, "one that is there stays");
    let _ = sandbox.run(&["sign-blob", "--offline", "--key", KEY, "--bundle", "b.json", "artifact.txt"]).ok();
    for key in [KEY, "cosign.pub", "awskms:///arn:aws:kms:eu-west-1:123456789012:alias/release"] {
        let _ = sandbox.run(&[&VERIFY[..], &[key, "artifact.txt"]].concat()).ok();
        for peer in peers().into_iter().filter(|peer| peer.version == 3) {
            let _ = peer.run(&sandbox, &[&VERIFY[..], &[key, "artifact.txt"]].concat()).ok();
        }
    }
    let said = sandbox.run(&["public-key", "--key", "awskms:///alias/absent"]);
    let _ = said.says("NotFoundException");
    let expired =
        sandbox.rcosign(&["public-key", "--key", KEY]).env("AWS_SESSION_TOKEN", "of-yesterday").run();
    let _ = expired.code(6).says("ExpiredTokenException").says("expired");
    let sign = ["sign-blob", "--offline", "--key", KEY, "--bundle", "c.json", "artifact.txt"];
    let _ = sandbox.rcosign(&sign).env("AWS_SESSION_TOKEN", "of-yesterday").run().code(6).says("expired");
    assert!(!sandbox.has("c.json"));
}

#[test]
fn keys_of_every_kind_sign_everything_by_each_of_their_names() {
    let sandbox = world();
    let Some(kms) = Kms::start(&sandbox, &[]) else { return };
    let sandbox = sandbox.env("AWS_ENDPOINT_URL_KMS", &kms.url());
    for (kind, spec) in [("p256", "ECC_NIST_P256"), ("p384", "ECC_NIST_P384"), ("rsa2048", "RSA_2048")] {
        let alias = format!("alias/{kind}");
        let made = amazon(&sandbox, &["key", &kms.url(), spec, &alias]).unwrap();
        let (id, arn) = made.split_once(' ').unwrap();
        let of_alias = format!("arn:aws:kms:eu-west-1:123456789012:{alias}");
        let mut shown = Vec::new();
        for name in [id, arn, &alias, &of_alias] {
            let key = format!("awskms:///{name}");
            shown.push(sandbox.run(&["public-key", "--key", &key]).ok().bytes);
            let sign = ["sign-blob", "--offline", "--key", &key, "--bundle", "b.json", "artifact.txt"];
            let _ = sandbox.run(&sign).ok();
            let _ = sandbox.run(&[&VERIFY[..], &[&key, "artifact.txt"]].concat()).ok();
        }
        assert!(shown.iter().all(|key| *key == shown[0]), "{kind}");
        let key = format!("awskms:///{id}");
        Held { sandbox: &sandbox, key: &["--key", &key], kind, secret: None }.signs_everything();
    }
}

/// moto looks at signatures by Amazon's own code, once somebody may do something.
#[test]
fn every_request_is_signed_as_amazon_looks_at_it() {
    let sandbox = world();
    let after_three = [("INITIAL_NO_AUTH_ACTION_COUNT", "3")];
    let Some(kms) = Kms::start_with(&sandbox, &[], &after_three) else { return };
    let sandbox = sandbox.env("AWS_ENDPOINT_URL_KMS", &kms.url());
    let somebody = amazon(&sandbox, &["user", &kms.url()]).unwrap();
    let (id, secret) = somebody.split_once(' ').unwrap();
    let _ = sandbox.run(&["generate-key-pair", "--kms", KEY]).code(6);
    let wrong = sandbox.rcosign(&["generate-key-pair", "--kms", KEY]).env("AWS_ACCESS_KEY_ID", id).run();
    let _ = wrong.code(6).says("403");
    let sandbox = sandbox.env("AWS_ACCESS_KEY_ID", id).env("AWS_SECRET_ACCESS_KEY", secret);
    let _ = sandbox.run(&["generate-key-pair", "--kms", KEY]).ok();
    let _ = sandbox.run(&["sign-blob", "--offline", "--key", KEY, "--bundle", "b.json", "artifact.txt"]).ok();
    let _ = sandbox.run(&[&VERIFY[..], &[KEY, "artifact.txt"]].concat()).ok();
}

#[test]
fn the_signature_of_a_request_is_that_of_amazons_own_client() {
    let sandbox = world();
    let Some(kms) = Kms::start(&sandbox, &[]) else { return };
    let (heard, url) = (Arc::new(Mutex::new(Vec::<Request>::new())), kms.url());
    let kept = Arc::clone(&heard);
    let between = Server::start(move |request| {
        kept.lock().unwrap().push(request.clone());
        Act::Say(forward(&url, request))
    });
    let sandbox = sandbox.env("AWS_ENDPOINT_URL_KMS", &between.url);
    let _ = sandbox.run(&["generate-key-pair", "--kms", KEY]).ok();
    let sandbox = sandbox.env("AWS_SESSION_TOKEN", "a+token/of=a session");
    let _ = sandbox.run(&["sign-blob", "--offline", "--key", KEY, "--bundle", "b.json", "artifact.txt"]).ok();
    let requests = heard.lock().unwrap().clone();
    let actions: Vec<_> = requests.iter().map(|request| request.header("x-amz-target").unwrap()).collect();
    for action in ["CreateKey", "CreateAlias", "GetPublicKey", "Sign"] {
        assert!(actions.contains(&format!("TrentService.{action}").as_str()), "{actions:?}");
    }
    for request in &requests {
        let header = |name: &str| request.header(name).unwrap();
        let token = request.header("x-amz-security-token");
        let headers =
            json!({ "Content-Type": header("content-type"), "X-Amz-Target": header("x-amz-target") });
        let body = std::str::from_utf8(&request.body).unwrap();
        let (url, date) = (format!("{}/", between.url), header("x-amz-date"));
        let world = world().env("AWS_SESSION_TOKEN", token.unwrap_or_default());
        let theirs = amazon(&world, &["signed", &url, date, &headers.to_string(), body]).unwrap();
        assert_eq!(header("authorization"), theirs, "{request:?}");
        if header("x-amz-target") == "TrentService.GetPublicKey" {
            // The whole of its own request says the same, spaces in JSON aside.
            let asked = amazon(&world, &["asked", &between.url, date, "alias/release"]).unwrap();
            let asked: Value = serde_json::from_str(&asked).unwrap();
            for name in ["X-Amz-Target", "Content-Type", "X-Amz-Date", "X-Amz-Security-Token"] {
                assert_eq!(asked["headers"][name].as_str(), request.header(&name.to_lowercase()), "{name}");
            }
            let named = |text: &str| text.split(", Signature=").next().unwrap().to_owned();
            let theirs = asked["headers"]["Authorization"].as_str().unwrap();
            assert_eq!(named(theirs), named(header("authorization")));
            let body: Value = serde_json::from_str(asked["body"].as_str().unwrap()).unwrap();
            assert!(body == request.json() || request.json()["KeyId"].as_str().unwrap().starts_with("arn:"));
        }
    }
}

#[test]
fn the_form_with_an_endpoint_is_https() {
    let sandbox = world();
    let (certificate, key) = own_authority(&sandbox, "kms");
    let (certificate, key) = (certificate.to_str().unwrap().to_owned(), key.to_str().unwrap().to_owned());
    let Some(kms) = Kms::start(&sandbox, &["-c", &certificate, "-k", &key]) else { return };
    let reference = format!("awskms://{}/alias/release", kms.address);
    let _ = sandbox.run(&["public-key", "--key", &reference]).says("certificate");
    let sandbox = sandbox.env("AWS_CA_BUNDLE", &certificate);
    let _ = sandbox.run(&["generate-key-pair", "--kms", &reference]).ok();
    let shown = sandbox.run(&["public-key", "--key", &reference]).ok();
    assert_eq!(shown.bytes, sandbox.read("cosign.pub"));
}
