//! The program is told to end in the middle of its work.

use std::process::{Child, Command};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rcosign::internals::sandbox::registry::{Fault, Options, Registry};

use crate::faulty::server::{Act, Server};
use crate::faulty::sigstore::{Place, Sigstore, claims, token};
use crate::support::{Sandbox, follow};

const SIGNALS: [(&str, i32); 2] = [("INT", 2), ("TERM", 15)];
const IDENTITY: [&str; 4] =
    ["--certificate-identity", "dev@example.com", "--certificate-oidc-issuer", "http://issuer.example"];

struct World {
    sandbox: Sandbox,
    fulcio: Server,
    log: Server,
}

impl World {
    /// With a log that answers, or one that takes the entry and never says so.
    fn new(answers: bool) -> Self {
        let sigstore = Arc::new(Sigstore::new());
        let sandbox = Sandbox::new();
        let _ = sandbox.file("root.json", sigstore.trusted_root().to_string());
        let _ = sandbox.file("token", token(&claims("http://issuer.example")));
        let _ = sandbox.file("p.json", "{\"a\": 1}");
        let behind = Arc::clone(&sigstore);
        let fulcio = Server::start(move |request| Act::Say(behind.answer(Place::Fulcio, "", request)));
        let log = Server::start(move |request| {
            let answer = sigstore.answer(Place::Rekor1, "", request);
            if answers { Act::Say(answer) } else { Act::Nothing }
        });
        Self { sandbox, fulcio, log }
    }

    fn start(&self, command: &[&str], more: &[&str]) -> Child {
        let services = ["--yes", "--trusted-root", "root.json", "--identity-token", "token"];
        let urls = ["--fulcio-url", &self.fulcio.url, "--rekor-url", &self.log.url];
        self.sandbox.rcosign(&[command, &services, &urls, more].concat()).spawn()
    }

    fn heard(&self, what: &str) -> usize {
        self.log.heard().iter().filter(|line| line.starts_with(what)).count()
    }

    /// What there is besides what the test has put there.
    fn left(&self) -> Vec<String> {
        let own = ["root.json", "token", "p.json"];
        // The files of locks stay: somebody may be waiting for one.
        let locks = |path: &std::path::Path| {
            let mut names = std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().file_name());
            names.all(|name| name.to_str().unwrap().ends_with(".lock"))
        };
        for entry in std::fs::read_dir(self.sandbox.at("tmp")).unwrap() {
            let path = entry.unwrap().path();
            assert!(path.is_dir() && locks(&path), "{}", path.display());
        }
        self.sandbox.names().into_iter().filter(|name| !own.contains(&name.as_str())).collect()
    }
}

fn wait_for(what: &str, mut is_there: impl FnMut() -> bool) {
    let started = Instant::now();
    while !is_there() {
        assert!(started.elapsed() < Duration::from_secs(60), "{what} never came");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Sends a signal, and waits for the end.
fn end(child: Child, signal: &str) -> (std::process::ExitStatus, String) {
    let sent = Command::new("/bin/kill").args([&format!("-{signal}"), &child.id().to_string()]).status();
    assert!(sent.unwrap().success());
    let started = Instant::now();
    let output = child.wait_with_output().unwrap();
    assert!(started.elapsed() < Duration::from_secs(5), "it went on");
    assert!(output.stdout.is_empty());
    (output.status, String::from_utf8(output.stderr).unwrap())
}

#[test]
fn what_the_log_has_is_kept_when_the_push_hangs_and_somebody_ends_the_program() {
    for (signal, _) in SIGNALS {
        for (command, form) in [("sign", "bundle"), ("sign", "tag"), ("attest", "bundle"), ("attest", "tag")]
        {
            let what = format!("{signal} {command} {form}");
            let world = World::new(true);
            let registry = Registry::start(Options::default()).unwrap();
            let digest = registry.contents().plant_image("app", "v1");
            let image = format!("{}/app@{digest}", registry.address());
            registry.hook(|request| {
                let last = request.is("PUT", "/manifests/");
                if last { Fault::unanswered() } else { Fault::none() }
            });
            let mut flags = vec!["--write", form];
            if command == "attest" {
                flags.extend(["--predicate", "p.json", "--type", "custom"]);
            }
            let child = world.start(&[command], &[&flags[..], &[&image]].concat());
            wait_for("the push", || registry.journal().count("PUT", "/manifests/") > 0);
            let (status, said) = end(child, signal);
            assert_eq!(status.code(), Some(1), "{what}: {said}");
            assert!(said.contains(&format!("interrupted by SIG{signal}")), "{what}: {said}");
            assert!(said.contains("was made and not published"), "{what}: {said}");
            let left = world.left();
            assert!(
                !left.is_empty() && left.iter().all(|name| said.contains(name)),
                "{what}: {left:?} {said}"
            );

            registry.unhook();
            let _ = follow(&world.sandbox, &said);
            assert_eq!(world.heard("POST /api/v1/log/entries"), 1, "{what}");
            let verify: &[&str] = match command {
                "sign" => &["verify"],
                _ => &["verify-attestation", "--type", "custom"],
            };
            let root = ["--trusted-root", "root.json", &image];
            let _ = world.sandbox.run(&[verify, &IDENTITY, &root].concat()).ok();
        }
    }
}

/// Nothing is known of what the log has not answered yet.
#[test]
fn nothing_is_left_when_the_log_hangs_and_somebody_ends_the_program() {
    for (signal, _) in SIGNALS {
        let world = World::new(false);
        let registry = Registry::start(Options::default()).unwrap();
        let digest = registry.contents().plant_image("app", "v1");
        let image = format!("{}/app@{digest}", registry.address());
        let child = world.start(&["sign"], &[&image]);
        wait_for("the entry", || world.heard("POST /api/v1/log/entries") > 0);
        let (status, said) = end(child, signal);
        assert_eq!(status.code(), Some(1), "{said}");
        assert!(said.contains(&format!("interrupted by SIG{signal}")), "{said}");
        assert_eq!(world.left(), [""; 0]);
        assert_eq!(registry.journal().count("PUT", "/manifests/sha256-"), 0);
    }
}

/// Of a file there is the whole bundle or nothing.
#[test]
fn no_bundle_is_left_of_a_file_when_somebody_ends_the_program() {
    use std::os::unix::process::ExitStatusExt;
    for (signal, number) in SIGNALS {
        let world = World::new(false);
        let child = world.start(&["sign-blob"], &["--bundle", "b.json", "p.json"]);
        wait_for("the entry", || world.heard("POST /api/v1/log/entries") > 0);
        let (status, said) = end(child, signal);
        assert_eq!(status.signal(), Some(number), "{said}");
        assert_eq!(world.left(), [""; 0]);
    }
}
