//! Keys of AWS KMS: moto's server (PyPI) holds them, and the real cosign verifies what they sign, with the public key and with the
//! same reference.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use super::peers;
use crate::support::{Sandbox, own_authority, peer};

const KEY: &str = "awskms:///alias/release";

/// moto, until it is dropped.
struct Kms {
    process: Child,
    address: SocketAddr,
}

impl Kms {
    fn start(sandbox: &Sandbox, more: &[&str]) -> Option<Self> {
        let program = peer("moto-kms")?;
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let port = address.port().to_string();
        let mut command = std::process::Command::new(program);
        let _ =
            command.args(["-H", "127.0.0.1", "-p", &port]).args(more).env_clear().env("HOME", sandbox.path());
        let process = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let this = Self { process, address };
        let started = Instant::now();
        while TcpStream::connect(address).is_err() {
            assert!(started.elapsed() < Duration::from_secs(60), "moto does not start");
            std::thread::sleep(Duration::from_millis(100));
        }
        Some(this)
    }
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
    let sandbox = sandbox.env("AWS_ENDPOINT_URL_KMS", &format!("http://{}", kms.address));
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
