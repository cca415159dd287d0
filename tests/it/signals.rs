//! The program is told to end in the middle of its work.

use std::process::{Child, Command};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use rcosign::internals::sandbox::registry::{Fault, Options, Registry};

use crate::faulty::server::{Act, Server};
use crate::faulty::sigstore::{Place, Sigstore, claims, token};
use crate::support::{Run, Sandbox, follow};

const SIGNALS: [(&str, u32); 3] = [("INT", 2), ("TERM", 15), ("HUP", 1)];
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
        Self::answering(move |_| answers)
    }

    /// With a log that answers for some entries: the number of each, from 1, says which.
    fn answering(answers: impl Fn(usize) -> bool + Send + Sync + 'static) -> Self {
        let sigstore = Arc::new(Sigstore::new());
        let sandbox = Sandbox::new();
        let _ = sandbox.file("root.json", sigstore.trusted_root().to_string());
        let _ = sandbox.file("token", token(&claims("http://issuer.example")));
        let _ = sandbox.file("p.json", "{\"a\": 1}");
        let behind = Arc::clone(&sigstore);
        let fulcio = Server::start(move |request| Act::Say(behind.answer(Place::Fulcio, "", request)));
        let entries = AtomicUsize::new(0);
        let log = Server::start(move |request| {
            let answer = sigstore.answer(Place::Rekor1, "", request);
            if answers(entries.fetch_add(1, Ordering::SeqCst) + 1) { Act::Say(answer) } else { Act::Nothing }
        });
        Self { sandbox, fulcio, log }
    }

    fn start(&self, command: &[&str], more: &[&str]) -> Child {
        self.run(command, more).spawn()
    }

    fn run(&self, command: &[&str], more: &[&str]) -> Run {
        let services = ["--yes", "--trusted-root", "root.json", "--identity-token", "token"];
        let urls = ["--fulcio-url", &self.fulcio.url, "--rekor-url", &self.log.url];
        self.sandbox.rcosign(&[command, &services, &urls, more].concat())
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

/// The signals that a program which is started here takes: one that is ignored here (`nohup`) it ignores as well.
fn signals() -> impl Iterator<Item = &'static str> {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.map_or(0, |mask| u64::from_str_radix(mask.trim(), 16).unwrap());
    assert_eq!(ignored & (1 << 14), 0, "nobody ignores SIGTERM");
    SIGNALS.into_iter().filter(move |(_, number)| ignored & (1 << (number - 1)) == 0).map(|(name, _)| name)
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
    for signal in signals() {
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

/// Nothing is known of what the log has not answered yet, and that is said.
#[test]
fn nothing_is_left_when_the_log_hangs_and_somebody_ends_the_program() {
    for signal in signals() {
        let world = World::new(false);
        let registry = Registry::start(Options::default()).unwrap();
        let digest = registry.contents().plant_image("app", "v1");
        let image = format!("{}/app@{digest}", registry.address());
        let child = world.start(&["sign"], &[&image]);
        wait_for("the entry", || world.heard("POST /api/v1/log/entries") > 0);
        let (status, said) = end(child, signal);
        assert_eq!(status.code(), Some(1), "{said}");
        assert!(said.contains(&format!("interrupted by SIG{signal}")), "{said}");
        assert!(said.contains(MAY_BE_THERE), "{said}");
        assert_eq!(world.left(), [""; 0]);
        assert_eq!(registry.journal().count("PUT", "/manifests/sha256-"), 0);
    }
}

const MAY_BE_THERE: &str = "the log may have an entry of it all the same";

/// Of a file there is the whole bundle or nothing.
#[test]
fn no_bundle_is_left_of_a_file_when_somebody_ends_the_program() {
    for signal in signals() {
        for command in [&["sign-blob"][..], &["attest-blob", "--type", "custom", "--predicate", "p.json"]] {
            let world = World::new(false);
            let child = world.start(command, &["--bundle", "b.json", "p.json"]);
            wait_for("the entry", || world.heard("POST /api/v1/log/entries") > 0);
            let (status, said) = end(child, signal);
            assert_eq!(status.code(), Some(1), "{said}");
            assert!(said.contains(&format!("interrupted by SIG{signal}")), "{said}");
            assert!(said.contains(MAY_BE_THERE), "{said}");
            assert_eq!(world.left(), [""; 0]);
        }
    }
}

/// The log answers for the second file alone: its bundle is there, although the first one is not.
#[test]
fn what_the_log_has_answered_is_written_before_the_program_ends() {
    for signal in signals() {
        let world = World::answering(|entry| entry == 2);
        let files: Vec<String> = (1..=3).map(|number| format!("{number}.txt")).collect();
        for file in &files {
            let _ = world.sandbox.file(file, file);
        }
        std::fs::create_dir(world.sandbox.at("bundles")).unwrap();
        let args: Vec<&str> =
            ["--bundle-dir", "bundles"].into_iter().chain(files.iter().map(|f| &**f)).collect();
        let child = world.start(&["sign-blob"], &args);
        wait_for("the entries", || world.heard("POST /api/v1/log/entries") == 3);
        // The answer has to come back.
        std::thread::sleep(Duration::from_millis(500));
        let (status, said) = end(child, signal);
        assert_eq!(status.code(), Some(1), "{said}");
        assert!(said.contains("2 of 3 files were not signed"), "{said}");
        assert!(said.contains(MAY_BE_THERE), "{said}");
        let written = std::fs::read_dir(world.sandbox.at("bundles")).unwrap();
        let written: Vec<_> =
            written.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        let [bundle] = &written[..] else { panic!("{written:?} {said}") };
        let verify = ["verify-blob", "--trusted-root", "root.json", "--bundle"];
        let (path, file) = (format!("bundles/{bundle}"), bundle.trim_end_matches(".sigstore.json"));
        let _ = world.sandbox.run(&[&verify[..], &[&path], &IDENTITY, &[file]].concat()).ok();
    }
}

/// Who starts the program in the background of a script has it not hear the keyboard.
#[cfg(target_os = "linux")]
#[test]
fn a_signal_that_is_ignored_stays_ignored() {
    let world = World::new(false);
    let args = ["--yes", "--trusted-root", "root.json", "--identity-token", "token", "--bundle", "b.json"];
    let urls = ["--fulcio-url", &world.fulcio.url, "--rekor-url", &world.log.url, "p.json"];
    let script = "trap '' INT HUP; exec \"$0\" sign-blob \"$@\"";
    let program = env!("CARGO_BIN_EXE_rcosign");
    let all = [&["-c", script, program], &args[..], &urls].concat();
    let mut child = world.sandbox.program(std::path::Path::new("/bin/sh"), &all).spawn();
    wait_for("the entry", || world.heard("POST /api/v1/log/entries") > 0);
    for signal in ["INT", "HUP"] {
        let sent = Command::new("/bin/kill").args([&format!("-{signal}"), &child.id().to_string()]).status();
        assert!(sent.unwrap().success());
    }
    std::thread::sleep(Duration::from_millis(500));
    assert!(child.try_wait().unwrap().is_none(), "it ended");
    let (status, said) = end(child, "TERM");
    assert_eq!(status.code(), Some(1), "{said}");
    assert!(said.contains("interrupted by SIGTERM"), "{said}");
}

/// What stands in it is for a shell, and all that was in force: it can be pasted as it is.
#[test]
fn the_command_that_publishes_what_was_kept_can_be_pasted() {
    let world = World::new(true);
    let registry = Registry::start(Options::default()).unwrap();
    let digest = registry.contents().plant_image("app", "v1");
    let image = format!("{}/app@{digest}", registry.address());
    let elsewhere = format!("{}/signatures", registry.address());
    std::fs::create_dir(world.sandbox.at("bin")).unwrap();
    let program = world.sandbox.at("bin").join("rcosign");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_rcosign"), program).unwrap();
    for bundle in [None, Some("--bundle=-x; touch OWNED; $(touch OWNED).json")] {
        registry.hook(|request| {
            let last = request.is("PUT", "/manifests/");
            if last { Fault::unanswered() } else { Fault::none() }
        });
        let before = registry.journal().count("PUT", "/manifests/");
        let args: Vec<&str> = bundle.into_iter().chain(["--write", "bundle", &image]).collect();
        let child = world.run(&["sign"], &args).env("COSIGN_REPOSITORY", &elsewhere).spawn();
        wait_for("the push", || registry.journal().count("PUT", "/manifests/") > before);
        let (_, said) = end(child, "TERM");
        registry.unhook();
        let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
        let (before, _) =
            said.split_once("` publishes it").unwrap_or_else(|| panic!("no command in: {said}"));
        let start = before.rfind("`COSIGN_REPOSITORY=").unwrap_or_else(|| panic!("{before}"));
        let script = format!("PATH=bin:$PATH; {}", &before[start + 1..]);
        let _ = world.sandbox.program(std::path::Path::new("/bin/sh"), &["-c", &script]).run().ok();
        assert!(!world.sandbox.has("OWNED"), "{script}");
    }
    let verify = world
        .sandbox
        .rcosign(&[&["verify", "--trusted-root", "root.json"][..], &IDENTITY, &[&image]].concat());
    let _ = verify.env("COSIGN_REPOSITORY", &elsewhere).run().ok();
}
