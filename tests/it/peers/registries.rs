//! Real registries, and what the real tools say of them.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::{Sandbox, own_authority, peer, repository};

/// A registry that runs until it is dropped.
pub(super) struct Registry {
    child: Child,
    pub address: SocketAddr,
}

impl Drop for Registry {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn free() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// Starts a program that serves at `address`, and waits until it does.
fn start(mut command: Command, address: SocketAddr) -> Registry {
    let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let registry = Registry { child, address };
    let started = Instant::now();
    while TcpStream::connect(address).is_err() {
        assert!(started.elapsed() < Duration::from_secs(20), "no registry at {address}");
        std::thread::sleep(Duration::from_millis(20));
    }
    registry
}

/// CNCF distribution, with these lines more in its configuration, indented below `http:` and at the top.
pub(super) fn distribution(sandbox: &Sandbox, http: &str, top: &str) -> Option<Registry> {
    distribution_with(sandbox, http, top, &[])
}

/// As [`distribution`], with these variables.
pub(super) fn distribution_with(
    sandbox: &Sandbox,
    http: &str,
    top: &str,
    variables: &[(&str, &str)],
) -> Option<Registry> {
    let program = peer("docker-registry")?;
    let address = free();
    let data = sandbox.at("data");
    let config = format!(
        "version: 0.1\nstorage: {{filesystem: {{rootdirectory: {}}}}}\n{top}http:\n  addr: {address}\n{http}",
        data.display()
    );
    let file = sandbox.file(&format!("registry-{}.yml", address.port()), config);
    let mut command = Command::new(program);
    command.arg("serve").arg(file).env_clear().envs(variables.iter().copied());
    Some(start(command, address))
}

/// The registry of the Go world's tests.
pub(super) fn crane_registry() -> Option<Registry> {
    let program = peer("crane")?;
    let address = free();
    let mut command = Command::new(program);
    command.args(["registry", "serve", "--address", &address.to_string()]).env_clear();
    Some(start(command, address))
}

/// Puts an image into a registry; its digest.
pub(super) fn push(sandbox: &Sandbox, crane: &std::path::Path, image: &str, more: &[&str]) -> String {
    sandbox.file("layer.txt", "layer");
    let tar = sandbox.program("/usr/bin/tar".as_ref(), &["cf", "layer.tar", "layer.txt"]).run();
    assert_eq!(tar.code, 0);
    let _ =
        sandbox.program(crane, &[&["append", "-f", "layer.tar", "-t", image][..], more].concat()).run().ok();
    let digest = sandbox.program(crane, &[&["digest", image][..], more].concat()).run().ok();
    digest.stdout.trim().to_owned()
}

#[test]
fn places_and_payloads_are_those_of_cosign() {
    let (Some(crane), Some(cosign)) = (peer("crane"), peer("cosign-3")) else { return };
    let sandbox = Sandbox::new();
    let registries = [distribution(&sandbox, "", ""), crane_registry()];
    for registry in registries.into_iter().flatten() {
        let name = format!("{}/app/one", registry.address);
        let tagged = format!("{name}:v1");
        let digest = push(&sandbox, &crane, &tagged, &[]);
        let (by_digest, by_both) = (format!("{name}@{digest}"), format!("{name}:v2@{digest}"));
        for image in [&tagged, &by_digest, &by_both] {
            for args in [
                &["triangulate", image.as_str()][..],
                &["triangulate", image, "--type", "attestation"],
                &["triangulate", image, "--type", "sbom"],
                &["triangulate", image, "--type", "digest"],
                &["triangulate", image, "--attachment-tag-prefix", "p-"],
                &["generate", image],
                &["generate", image, "-a", "b=<&>,a=\u{e4}\u{2028}\u{7f}\u{8}", "-a", "\"q=1,2\"\"\""],
            ] {
                for repository in ["", "other.example/sigs"] {
                    let theirs = sandbox.program(&cosign, args).env("COSIGN_REPOSITORY", repository).run();
                    let ours = sandbox.rcosign(args).env("COSIGN_REPOSITORY", repository).run();
                    assert_eq!(
                        (ours.code, &ours.stdout),
                        (theirs.code, &theirs.stdout),
                        "{args:?} {}",
                        ours.stderr
                    );
                }
            }
        }
        let _ = sandbox.run(&["triangulate", &format!("{name}:none")]).code(11);
        let _ = sandbox.run(&["triangulate", &format!("{}/none/at/all:v1", registry.address)]).code(11);
    }
}

#[test]
fn names_are_those_of_cosign() {
    let Some(cosign) = peer("cosign-3") else { return };
    let sandbox = Sandbox::new();
    let digest = format!("sha256:{}", "a".repeat(64));
    for name in [
        "ubuntu",
        "a",
        "ab",
        "A/b",
        "ubuntu:v1",
        "localhost/xx",
        "localhost:5000/xx",
        "a.b:80/cc",
        "a.b:x/cc",
        "[::1]:5000/xx",
        "user@host.x/aa",
        "h.x/",
        "h.x",
        "h.x/a__b",
        "h.x/aa:b:c",
        "docker.io/ubuntu",
        "registry-1.docker.io/ubuntu",
        "H.X/aa",
        "h.x?/aa",
        "foo/bar/baz",
    ] {
        let args = ["triangulate", &format!("{name}@{digest}")];
        let (theirs, ours) = (sandbox.program(&cosign, &args).run(), sandbox.run(&args));
        assert_eq!((ours.code == 0, &ours.stdout), (theirs.code == 0, &theirs.stdout), "{name}");
    }
}

/// A login that was made here serves the others, and theirs serves us.
#[test]
fn logins_go_both_ways() {
    let (Some(crane), Some(cosign)) = (peer("crane"), peer("cosign-3")) else { return };
    let sandbox = Sandbox::new();
    // bcrypt of `secret`.
    sandbox.file("htpasswd", "user:$2y$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a\n");
    let top = format!("auth: {{htpasswd: {{realm: x, path: {}}}}}\n", sandbox.at("htpasswd").display());
    let Some(registry) = distribution(&sandbox, "", &top) else { return };
    let server = registry.address.to_string();
    let image = format!("{server}/app/one:v1");
    let _ = sandbox.run(&["triangulate", &image]).code(6);
    let _ = sandbox.run(&["login", &server, "-u", "user", "-p", "wrong"]).code(6);
    let _ =
        sandbox.rcosign(&["login", &server, "-u", "user", "--password-stdin"]).stdin("secret\n").run().ok();
    let digest = push(&sandbox, &crane, &image, &[]);
    assert!(sandbox.run(&["triangulate", "--type", "digest", &image]).ok().stdout.contains(&digest));
    let ours = sandbox.text(".docker/config.json");
    std::fs::remove_file(sandbox.at(".docker/config.json")).unwrap();
    let _ = sandbox.run(&["triangulate", &image]).code(6);
    let args = ["login", &server, "-u", "user", "-p", "secret"];
    let _ = sandbox.program(&cosign, &args).run().ok();
    let _ = sandbox.run(&["triangulate", &image]).ok();
    let squeezed = |text: &str| text.split_whitespace().collect::<String>();
    assert_eq!(squeezed(&ours), squeezed(&sandbox.text(".docker/config.json")));
}

#[test]
fn a_registry_of_a_private_authority() {
    let (Some(crane), Some(cosign)) = (peer("crane"), peer("cosign-3")) else { return };
    let sandbox = Sandbox::new();
    let tls = repository().join("testdata/tls");
    let at = |name: &str| tls.join(name).to_str().unwrap().to_owned();
    let mtls = format!(
        "  tls:\n    certificate: {}\n    key: {}\n    clientcas: [{}]\n",
        at("server.pem"),
        at("server.key"),
        at("client-authority.pem")
    );
    let plain = format!("  tls: {{certificate: {}, key: {}}}\n", at("server.pem"), at("server.key"));
    let Some(registry) = distribution(&sandbox, &plain, "") else { return };
    let image = format!("{}/app/one:v1", registry.address);
    let digest = push(&sandbox, &crane, &image, &["--insecure"]);
    let (authority, client, key) = (at("authority.pem"), at("client.pem"), at("client.key"));
    let trusting = ["triangulate", "--type", "digest", &image, "--registry-cacert", &authority];
    let ours = sandbox.run(&trusting).ok();
    assert!(ours.stdout.contains(&digest));
    assert_eq!(sandbox.program(&cosign, &trusting).run().ok().stdout, ours.stdout);
    let _ = sandbox.run(&trusting[..4]).code(5).says("--registry-cacert");
    drop(registry);
    let Some(registry) = distribution(&sandbox, &mtls, "") else { return };
    let image = format!("{}/app/one:v1", registry.address);
    let trusting = ["triangulate", "--type", "digest", &image, "--registry-cacert", &authority];
    let _ = sandbox.run(&[&trusting[..], &["--retry-for", "0s"]].concat()).code(5);
    let known = [&trusting[..], &["--registry-client-cert", &client, "--registry-client-key", &key]].concat();
    assert!(sandbox.run(&known).ok().stdout.contains(&digest));
}

/// The certificate of the registry is that of an authority, its own, as distribution's documents have one made.
#[test]
fn a_registry_that_is_its_own_authority() {
    let (Some(crane), Some(cosign)) = (peer("crane"), peer("cosign-3")) else { return };
    let sandbox = Sandbox::new();
    let (certificate, key) = own_authority(&sandbox, "own");
    let _ = own_authority(&sandbox, "other");
    let tls = format!("  tls: {{certificate: {}, key: {}}}\n", certificate.display(), key.display());
    let Some(registry) = distribution(&sandbox, &tls, "") else { return };
    let image = format!("{}/app/one:v1", registry.address);
    let digest = push(&sandbox, &crane, &image, &["--insecure"]);
    let asked = ["triangulate", "--type", "digest", &image];
    let trusting = |name| [&asked[..], &["--registry-cacert", name]].concat();
    let ours = sandbox.run(&trusting("own.pem")).ok();
    assert!(ours.stdout.contains(&digest));
    assert_eq!(sandbox.program(&cosign, &trusting("own.pem")).run().ok().stdout, ours.stdout);
    assert_eq!(sandbox.rcosign(&asked).env("SSL_CERT_FILE", "own.pem").run().ok().stdout, ours.stdout);
    assert_ne!(sandbox.program(&cosign, &trusting("other.pem")).run().code, 0);
    let _ = sandbox.run(&trusting("other.pem")).code(5).says("--registry-cacert");
    let _ = sandbox.run(&asked).code(5).says("--registry-cacert");
}
