//! `sandbox`: its commands, as programs.
#![cfg(unix)]

use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Child;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::{Output, Sandbox};

/// A sandbox in the background, in the folder `state`, that ends with the test.
struct Detached {
    programs: Sandbox,
}

impl Detached {
    fn up(flags: &[&str]) -> Self {
        let programs = Sandbox::new().env("COSIGN_OFFLINE", "");
        programs.file("a.txt", "the artifact\n");
        let this = Self { programs };
        this.again(flags).ok();
        this
    }

    fn again(&self, flags: &[&str]) -> Output {
        self.programs.run(&[&["sandbox", "up", "--detach", "--dir", "state"], flags].concat())
    }

    fn run(&self, args: &[&str]) -> Output {
        self.programs.run(args)
    }

    fn status(&self) -> Value {
        let output = self.run(&["sandbox", "status", "--dir", "state", "--output", "json"]).ok();
        serde_json::from_str(&output.stdout).unwrap()
    }

    fn url(&self, service: &str) -> String {
        self.status()["addresses"][service].as_str().unwrap().to_owned()
    }

    /// A shell with the variables of the file `env`.
    fn shell(&self, script: &str) -> Output {
        let script = format!(". state/env && {script}").replace("rcosign", env!("CARGO_BIN_EXE_rcosign"));
        self.programs.program(Path::new("/bin/sh"), &["-c", &script]).run()
    }
}

impl Drop for Detached {
    fn drop(&mut self) {
        let _ = self.run(&["sandbox", "down", "--dir", "state"]);
    }
}

const SIGN: &str = "rcosign sign-blob --yes --bundle b.json a.txt";
const VERIFY: &str = "rcosign verify-blob --bundle b.json --certificate-identity dev@example.com \
     --certificate-oidc-issuer $RCOSIGN_SANDBOX_OIDC a.txt";

/// Waits for something, and not for ever.
fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_secs(30), "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn signal(child: u32, name: &str) {
    let status =
        std::process::Command::new("/bin/sh").args(["-c", &format!("kill -{name} {child}")]).status();
    assert!(status.unwrap().success());
}

fn code_of(mut child: Child) -> Option<i32> {
    child.wait().unwrap().code()
}

#[test]
fn one_in_the_background_is_used_shown_and_ended() {
    let sandbox = Detached::up(&[]);
    let status = sandbox.status();
    assert_eq!(status["running"], true);
    for service in ["oidc", "fulcio", "ct", "rekor", "rekor2", "tsa", "tuf", "registry"] {
        let address = status["addresses"][service].as_str().unwrap();
        assert!(address.starts_with("http://127.0.0.1:"), "{service}: {address}");
    }
    sandbox.shell(&format!("{SIGN} && {VERIFY}")).ok().says("Verified OK");
    assert_eq!(sandbox.status()["logs"]["rekor"]["entries"], 2);
    let text = sandbox.run(&["sandbox", "status", "--dir", "state"]).ok().stdout;
    assert!(text.contains("running: yes") && text.contains(&sandbox.url("tsa")), "{text}");
    sandbox.run(&["sandbox", "down", "--dir", "state"]).ok().says("has ended");
    let output = sandbox.run(&["sandbox", "status", "--dir", "state", "--output", "json"]).code(1);
    assert_eq!(serde_json::from_str::<Value>(&output.stdout).unwrap()["running"], false);
    sandbox.run(&["sandbox", "down", "--dir", "state"]).code(1).says("no sandbox runs in");
    sandbox.run(&["sandbox", "down", "--dir", "elsewhere"]).code(1).says("no sandbox runs in");
    assert!(!sandbox.programs.has("elsewhere"));
}

#[test]
fn what_it_says_and_where() {
    let programs = Sandbox::new();
    let output = programs.run(&["sandbox", "up", "--detach"]).ok();
    let home = programs.path().join(".local/share/rcosign/sandbox");
    assert!(home.join("trusted_root.json").exists(), "{}", output.stderr);
    assert!(output.stderr.contains("WARNING: this is a Sigstore for testing"), "{}", output.stderr);
    assert!(output.stderr.contains("/.local/share/rcosign/sandbox/env"), "{}", output.stderr);
    for line in output.stdout.lines() {
        let (service, address) = line.split_once(' ').unwrap();
        assert!(!service.is_empty() && address.trim().starts_with("http://127.0.0.1:"), "{line}");
    }
    assert!(output.stdout.lines().count() >= 8);
    programs.run(&["sandbox", "down"]).ok();
    let data = programs.path().join("data");
    let run = |args: &[&str]| programs.rcosign(args).env("XDG_DATA_HOME", data.to_str().unwrap()).run();
    run(&["sandbox", "up", "--detach"]).ok();
    assert!(data.join("rcosign/sandbox/env").exists());
    programs.run(&["sandbox", "status"]).code(1);
    let there = data.join("rcosign/sandbox");
    let named = |args: &[&str]| programs.rcosign(args).env("RCOSIGN_SANDBOX", there.to_str().unwrap()).run();
    named(&["sandbox", "status"]).ok();
    named(&["sandbox", "down"]).ok();
}

#[test]
fn everything_in_its_folder_is_the_owners_alone() {
    fn look(folder: &Path) -> usize {
        let mut count = 0;
        for entry in std::fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            let mode = entry.metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o077, 0, "{} {mode:o}", entry.path().display());
            count += 1;
            if entry.path().is_dir() {
                count += look(&entry.path());
            }
        }
        count
    }
    let sandbox = Detached::up(&[]);
    sandbox.shell(SIGN).ok();
    let state = sandbox.programs.at("state");
    assert_eq!(std::fs::metadata(&state).unwrap().permissions().mode() & 0o777, 0o700);
    // What clients keep of the TUF repository is as public as that.
    let kept = |name: &str| state.join(name);
    assert!(kept("tuf-cache/remote.json").exists());
    assert!(look(&kept("keys")) >= 5);
    for name in [
        "identity_token",
        "control.json",
        "env",
        "oidc_client_secret",
        "log",
        ".rcosign-sandbox",
        "trusted_root.json",
    ] {
        let mode = std::fs::metadata(kept(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{name} {mode:o}");
    }
}

#[test]
fn killed_it_goes_on_where_it_was() {
    let sandbox = Detached::up(&[]);
    sandbox.shell(SIGN).ok();
    sandbox.shell("rcosign upload blob -f a.txt $RCOSIGN_SANDBOX_REGISTRY/kept:v1").ok();
    sandbox.shell("rcosign sign --yes $RCOSIGN_SANDBOX_REGISTRY/kept:v1").ok();
    let before = sandbox.status();
    signal(u32::try_from(before["pid"].as_u64().unwrap()).unwrap(), "KILL");
    wait_until("it is still there", || sandbox.run(&["sandbox", "status", "--dir", "state"]).code != 0);
    sandbox.again(&[]).ok();
    let after = sandbox.status();
    for part in ["addresses", "registry"] {
        assert_eq!(after[part], before[part]);
    }
    for log in ["rekor", "rekor2", "ct"] {
        assert_eq!(after["logs"][log]["entries"], before["logs"][log]["entries"], "{log}");
    }
    assert_ne!(after["pid"], before["pid"]);
    sandbox.shell(VERIFY).ok();
    let verify = "rcosign verify --certificate-identity dev@example.com --certificate-oidc-issuer \
         $RCOSIGN_SANDBOX_OIDC $RCOSIGN_SANDBOX_REGISTRY/kept:v1";
    sandbox.shell(verify).ok();
}

#[test]
fn a_second_one_and_a_taken_port_are_refused() {
    let sandbox = Detached::up(&[]);
    for detach in ["--detach=true", "--detach=false"] {
        let output = sandbox.run(&["sandbox", "up", "--dir", "state", detach]).code(1);
        assert!(output.stderr.contains("error: another sandbox runs in "), "{}", output.stderr);
        assert!(output.stdout.is_empty());
    }
    sandbox.run(&["sandbox", "status", "--dir", "state"]).ok();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    for detach in ["--detach=true", "--detach=false"] {
        let flag = format!("--port=registry={port}");
        let output = sandbox.run(&["sandbox", "up", "--dir", "other", detach, &flag]).code(1);
        assert!(
            output.stderr.contains(&format!("error: registry cannot have port {port}")),
            "{}",
            output.stderr
        );
        assert!(output.stderr.contains("caused by: "), "{}", output.stderr);
        assert!(output.stderr.contains("--port registry=PORT"), "{}", output.stderr);
    }
}

#[test]
fn in_the_foreground_it_ends_by_a_signal_or_by_down() {
    let programs = Sandbox::new();
    for way in ["INT", "TERM", "HUP", "QUIT", "down"] {
        let child = programs.rcosign(&["sandbox", "up", "--dir", "state"]).spawn();
        let ready = || {
            let output = programs.run(&["sandbox", "status", "--dir", "state", "--output", "json"]);
            serde_json::from_str::<Value>(&output.stdout).is_ok_and(|status| status["ready"] == true)
        };
        wait_until("it does not answer", ready);
        match way {
            "down" => drop(programs.run(&["sandbox", "down", "--dir", "state"]).ok()),
            signal_name => signal(child.id(), signal_name),
        }
        assert_eq!(code_of(child), Some(0), "{way}");
        assert!(!programs.has("state/control.json"), "{way}");
        programs.run(&["sandbox", "status", "--dir", "state"]).code(1);
    }
}

#[test]
#[cfg(target_os = "linux")]
fn it_listens_on_loopback_alone() {
    let sandbox = Detached::up(&[]);
    let pid = sandbox.status()["pid"].as_u64().unwrap();
    let sockets: Vec<String> = std::fs::read_dir(format!("/proc/{pid}/fd"))
        .unwrap()
        .filter_map(|entry| std::fs::read_link(entry.unwrap().path()).ok())
        .filter_map(|link| Some(link.to_str()?.strip_prefix("socket:[")?.trim_end_matches(']').to_owned()))
        .collect();
    let mut listening = 0;
    for table in ["tcp", "tcp6", "udp", "udp6"] {
        let text = std::fs::read_to_string(format!("/proc/{pid}/net/{table}")).unwrap_or_default();
        for line in text.lines().skip(1) {
            let fields: Vec<&str> = line.split_whitespace().collect();
            if sockets.iter().any(|socket| socket == fields[9]) {
                assert!(table == "tcp" && fields[1].starts_with("0100007F:"), "{table} {line}");
                listening += usize::from(fields[3] == "0A");
            }
        }
    }
    // The services and the control.
    assert!(listening >= 9, "{listening}");
}

#[test]
fn run_ends_as_its_command_does_and_leaves_nothing() {
    let programs = Sandbox::new();
    let run = |script: &str| programs.run(&["sandbox", "run", "--", "/bin/sh", "-c", script]);
    run("exit 0").ok().says("WARNING: this is a Sigstore for testing");
    run("exit 7").code(7);
    run("kill -KILL $$").code(137);
    let output = run("echo data; echo words >&2").ok();
    assert_eq!(output.stdout, "data\n");
    assert!(output.stderr.ends_with("words\n"), "{}", output.stderr);
    let nowhere = programs.run(&["sandbox", "run", "--", "/nowhere/x"]).code(127);
    assert!(!nowhere.says("`/nowhere/x` cannot be run").stderr.contains("hint:"));
    programs.run(&["sandbox", "run", "--", "echo hi"]).code(127).says("hint: leave the quotes out");
    let homeless = programs.rcosign(&["sandbox", "run", "--", "true"]).env("TMPDIR", "/nowhere");
    homeless.run().code(1).says("with the variable TMPDIR");
    programs.file("file", "no folder");
    programs.run(&["sandbox", "up", "--dir", "file"]).code(1).says("hint: name a folder that you may make");
    programs.run(&["sandbox", "run", "--", "/"]).code(126);
    programs.run(&["sandbox", "run"]).code(2).says("there is no command to run");
    programs.run(&["sandbox", "run", "true"]).code(2).says("`true` stands before `--`");
    assert_eq!(std::fs::read_dir(programs.at("tmp")).unwrap().count(), 0);
}

#[test]
fn run_passes_signals_on() {
    let programs = Sandbox::new();
    for (name, code) in [
        ("INT", 130),
        ("TERM", 143),
        ("HUP", 129),
        ("QUIT", 131),
        ("USR1", 138),
        ("USR2", 140),
        ("ALRM", 142),
    ] {
        let args = ["sandbox", "run", "--", "/bin/sh", "-c", "echo $$ > pid; exec sleep 60"];
        let child = programs.rcosign(&args).spawn();
        let running = || std::fs::read_to_string(programs.at("pid")).is_ok_and(|text| text.ends_with('\n'));
        wait_until("the command does not start", running);
        std::fs::remove_file(programs.at("pid")).unwrap();
        signal(child.id(), name);
        assert_eq!(code_of(child), Some(code), "{name}");
        assert_eq!(std::fs::read_dir(programs.at("tmp")).unwrap().count(), 0, "{name}");
    }
    // One that comes before the command was started ends what there is.
    let child = programs.rcosign(&["sandbox", "run", "--", "/bin/sh", "-c", "echo > started"]).spawn();
    wait_until("no folder is made", || std::fs::read_dir(programs.at("tmp")).unwrap().count() > 0);
    let folder = std::fs::read_dir(programs.at("tmp")).unwrap().next().unwrap().unwrap().path();
    wait_until("no keys are made", || folder.join("sandbox/keys").exists());
    signal(child.id(), "TERM");
    assert_eq!(code_of(child), Some(143));
    assert!(!programs.has("started"));
    assert_eq!(std::fs::read_dir(programs.at("tmp")).unwrap().count(), 0);
    // A command may do something else about it.
    let args = [
        "sandbox",
        "run",
        "--",
        "/bin/sh",
        "-c",
        "trap 'exit 5' TERM; echo > pid; while :; do sleep 0.1; done",
    ];
    let child = programs.rcosign(&args).spawn();
    wait_until("the command does not start", || programs.has("pid"));
    signal(child.id(), "TERM");
    assert_eq!(code_of(child), Some(5));
    assert_eq!(std::fs::read_dir(programs.at("tmp")).unwrap().count(), 0);
}

#[test]
fn run_leads_rcosign_to_its_sandbox_and_nowhere_else() {
    // What somebody has set for his own work would lead elsewhere.
    let programs = Sandbox::new()
        .env("COSIGN_OFFLINE", "true")
        .env("COSIGN_REKOR_URL", "http://127.0.0.1:1")
        .env("COSIGN_FULCIO_URL", "http://127.0.0.1:1")
        .env("SIGSTORE_ID_TOKEN", "rubbish")
        .env("HTTP_PROXY", "http://127.0.0.1:1");
    programs.file("a.txt", "the artifact\n");
    let script = format!(
        "{SIGN} && {VERIFY} && rcosign upload blob -f a.txt $RCOSIGN_SANDBOX_REGISTRY/app:1 && rcosign sign --yes \
         $RCOSIGN_SANDBOX_REGISTRY/app:1 && rcosign sandbox token > token && rcosign sandbox status"
    );
    let script = script.replace("rcosign ", concat!(env!("CARGO_BIN_EXE_rcosign"), " "));
    let output = programs.run(&["sandbox", "run", "--", "/bin/sh", "-c", &script]).ok();
    assert!(output.stderr.contains("Verified OK"), "{}", output.stderr);
    assert_eq!(programs.text("token").split('.').count(), 3);
    // Outside of it the bundle is worth nothing.
    let signer = ["--certificate-identity", "dev@example.com", "--certificate-oidc-issuer-regexp", ".*"];
    let args = [&["verify-blob", "--bundle", "b.json"], &signer[..], &["a.txt"]].concat();
    assert_ne!(programs.run(&args).code, 0);
}

#[test]
fn faults_and_clocks_are_met_by_clients() {
    let sandbox = Detached::up(&["--fault=fulcio=400", "--no-referrers"]);
    let output = sandbox.shell(SIGN);
    assert_ne!(output.code, 0);
    assert!(output.stderr.contains("400"), "{}", output.stderr);
    assert!(!sandbox.programs.has("b.json"));
    let registry = sandbox.url("registry");
    let digest = "sha256:".to_owned() + &"0".repeat(64);
    let get =
        format!("GET /v2/x/referrers/{digest} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n");
    let mut stream = std::net::TcpStream::connect(registry.trim_start_matches("http://")).unwrap();
    std::io::Write::write_all(&mut stream, get.as_bytes()).unwrap();
    let mut answer = String::new();
    std::io::Read::read_to_string(&mut stream, &mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
    sandbox.run(&["sandbox", "down", "--dir", "state"]).ok();
    sandbox.again(&["--clock=fulcio=-1x"]).code(2).says("is not a");
    sandbox.again(&["--clock=fulcio=-24h"]).ok();
    assert_ne!(sandbox.shell(&format!("{SIGN} && {VERIFY}")).code, 0);
}

#[test]
fn its_own_start_meets_no_fault_and_status_tells_of_them() {
    let begun = Instant::now();
    let flags = ["--fault=tuf=hang", "--fault=rekor=503:2", "--fault=ct=500:1", "--clock=tsa=+1h"];
    let sandbox = Detached::up(&flags);
    assert!(begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());
    let status = sandbox.status();
    assert_eq!(status["faults"], serde_json::json!(["tuf=hang", "rekor=503:2", "ct=500:1"]));
    assert_eq!(status["clocks"], serde_json::json!(["tsa=+1h"]));
    let text = sandbox.run(&["sandbox", "status", "--dir", "state"]).ok().stdout;
    assert!(text.contains("rekor=503:2") && text.contains("tsa=+1h"), "{text}");
    let ask = |service: &str, path: &str| {
        let address = sandbox.url(service);
        let mut stream = std::net::TcpStream::connect(address.trim_start_matches("http://")).unwrap();
        let get = format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n");
        std::io::Write::write_all(&mut stream, get.as_bytes()).unwrap();
        let mut answer = String::new();
        std::io::Read::read_to_string(&mut stream, &mut answer).unwrap();
        answer
    };
    assert!(ask("rekor", "/api/v1/log").starts_with("HTTP/1.1 503"));
    assert_eq!(sandbox.status()["faults"], serde_json::json!(["tuf=hang", "rekor=503:1", "ct=500:1"]));
}

#[test]
fn a_witness_cosigns_where_there_is_one() {
    let sandbox = Detached::up(&["--witness"]);
    let checkpoint = |status: &Value| status["logs"]["rekor2"]["checkpoint"].as_array().unwrap().clone();
    let status = sandbox.status();
    let key = sandbox.programs.text("state/witness.vkey");
    assert_eq!(status["witness"], key.trim_end());
    let (name, rest) = key.trim_end().split_once('+').unwrap();
    let (hash, _) = rest.split_once('+').unwrap();
    let lines = checkpoint(&status);
    let lines: Vec<&str> = lines.iter().filter_map(Value::as_str).collect();
    let cosigned = lines.last().unwrap().strip_prefix(&format!("\u{2014} {name} ")).unwrap();
    let bytes = base64(&cosigned.replace('+', "-").replace('/', "_").replace('=', ""));
    assert_eq!((hex::encode(&bytes[..4]), bytes.len()), (hash.to_owned(), 4 + 8 + 64));
    sandbox
        .shell(&format!(
            "cp state/signing_config.rekor2.json c.json && {SIGN} --signing-config c.json && {VERIFY}"
        ))
        .ok();
    assert!(sandbox.programs.text("b.json").contains(name));
    sandbox.run(&["sandbox", "down", "--dir", "state"]).ok();
    // It has the same key again; and nobody cosigns where it was not asked for.
    sandbox.again(&["--witness"]).ok();
    assert_eq!(sandbox.status()["witness"], key.trim_end());
    sandbox.run(&["sandbox", "down", "--dir", "state"]).ok();
    sandbox.again(&[]).ok();
    assert_eq!(sandbox.status()["witness"], Value::Null);
    assert_eq!(checkpoint(&sandbox.status()).len(), lines.len() - 1);
    sandbox.shell(VERIFY).ok();
    sandbox.run(&["sandbox", "down", "--dir", "state"]).ok();
    // A key that is gone is not made anew.
    std::fs::remove_file(sandbox.programs.at("state/keys/witness.pem")).unwrap();
    sandbox.again(&["--witness"]).code(1).says("witness.pem");
    // A folder of before can have one.
    std::fs::remove_file(sandbox.programs.at("state/witness.vkey")).unwrap();
    sandbox.again(&["--witness"]).ok();
    assert_ne!(sandbox.status()["witness"], key.trim_end());
}

#[test]
fn what_does_not_parse_is_one_line_and_starts_nothing() {
    let programs = Sandbox::new();
    for (flags, reason) in [
        (["--fault", "rekor"], "--fault: `rekor` is not SERVICE=FAULT"),
        (["--fault", "rekr=503"], "--fault `rekr=503`: there is no service `rekr`"),
        (["--fault", "rekor=200"], "--fault `rekor=200`: `200` is no fault"),
        (["--fault", "rekor=503:0"], "--fault `rekor=503:0`: `0` is not a number of requests"),
        (["--fault", "rekor=slow:x"], "--fault `rekor=slow:x`: `x` is not a duration"),
        (["--fault", "rekor=slow"], "--fault `rekor=slow`: `` is not a duration, as in slow:500ms, slow:10s"),
        (["--clock", "rekor"], "--clock: `rekor` is not SERVICE=OFFSET"),
        (["--clock", "rekor=1h"], "--clock `rekor=1h`: `1h` is not an offset"),
        (["--port", "registry"], "--port: `registry` is not SERVICE=PORT"),
        (["--port", "registry=0"], "--port: `0` is not a port"),
        (["--port", "x=5000"], "--port: there is no service `x`"),
        (["--email", "nobody"], "--email: `nobody` is no address"),
        (["--dir", ""], "--dir is given and empty"),
    ] {
        for command in [&["sandbox", "up"][..], &["sandbox", "up", "--detach"]] {
            let output = programs.run(&[command, &flags].concat()).code(2);
            assert!(output.stderr.starts_with(&format!("error: {reason}")), "{flags:?}: {}", output.stderr);
        }
        let output =
            programs.run(&[&["sandbox", "run"], &flags[..], &["--", "touch", "ran"]].concat()).code(2);
        assert!(output.stderr.starts_with(&format!("error: {reason}")), "{flags:?}: {}", output.stderr);
    }
    assert_eq!(programs.names(), [""; 0]);
}

#[test]
fn tokens_are_for_whom_they_name() {
    let sandbox = Detached::up(&["--email=first@example.com"]);
    let token = |flags: &[&str]| -> Value {
        let output = sandbox.run(&[&["sandbox", "token", "--dir", "state"], flags].concat()).ok();
        let payload = output.stdout.trim().split('.').nth(1).unwrap().to_owned();
        let bytes = base64(&payload);
        serde_json::from_slice(&bytes).unwrap()
    };
    let claims = token(&[]);
    assert_eq!((&claims["email"], &claims["aud"]), (&"dev@example.com".into(), &"sigstore".into()));
    assert_eq!(claims["iss"].as_str().unwrap(), sandbox.url("oidc"));
    let claims = token(&["--email", "e@example.com", "--lifetime", "1h", "--audience", "me"]);
    assert_eq!((&claims["email"], &claims["aud"]), (&"e@example.com".into(), &"me".into()));
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 3600);
    assert_eq!(token(&["--uri", "spiffe://example.com/x"])["sub"], "spiffe://example.com/x");
    let claims = token(&["--github-workflow", "octo/repo", "--workflow-ref", "refs/tags/v1"]);
    assert_eq!(claims["sub"], "repo:octo/repo:ref:refs/tags/v1");
    assert_eq!(claims["job_workflow_ref"], "octo/repo/.github/workflows/release.yml@refs/tags/v1");

    // It signs, as what the certificate says.
    let issuer = "https://token.actions.githubusercontent.com";
    let args = ["sandbox", "token", "--dir", "state", "--github-workflow", "octo/repo", "--issuer", issuer];
    let output = sandbox.run(&[&args[..], &["--output", "t"]].concat()).ok();
    assert!(output.stdout.is_empty());
    assert_eq!(std::fs::metadata(sandbox.programs.at("t")).unwrap().permissions().mode() & 0o777, 0o600);
    let script = format!(
        "SIGSTORE_ID_TOKEN=$(cat t) {SIGN} && rcosign verify-blob --bundle b.json --certificate-oidc-issuer {issuer} \
         --certificate-identity https://github.com/octo/repo/.github/workflows/release.yml@refs/heads/main a.txt"
    );
    sandbox.shell(&script).ok();

    for (flags, code, reason) in [
        (&["--email", "x"][..], 2, "is not an address of e-mail"),
        (&["--uri", "x"], 2, "is not a URI"),
        (&["--github-workflow", "x"], 2, "is not OWNER/REPOSITORY"),
        (&["--email", "a@b.c", "--uri", "x:y"], 2, "name several identities"),
        (&["--workflow-ref", "x"], 2, "none is named"),
        (&["--lifetime", "0s"], 2, "a second at least"),
        (
            &["--lifetime", "-5m"],
            2,
            "`-5m` is not a value for --lifetime\n  caused by: a duration here cannot be negative",
        ),
        (&["--lifetime", "99999h"], 2, "a year at most"),
    ] {
        let output = sandbox.run(&[&["sandbox", "token", "--dir", "state"], flags].concat()).code(code);
        assert!(output.stderr.contains(reason) && output.stdout.is_empty(), "{flags:?}: {}", output.stderr);
    }
    sandbox.run(&["sandbox", "token", "--dir", "nowhere"]).code(1).says("there is no sandbox in");
}

fn base64(text: &str) -> Vec<u8> {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let (mut bits, mut count, mut bytes) = (0_u32, 0, Vec::new());
    for letter in text.bytes() {
        let value = alphabet.iter().position(|known| *known == letter).unwrap();
        bits = (bits << 6) | u32::try_from(value).unwrap();
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from((bits >> count) & 0xff).unwrap());
        }
    }
    bytes
}

/// Ctrl-C, the polite end, and a terminal that is gone.
#[test]
fn a_demonstration_that_is_interrupted_leaves_nothing() {
    for (name, code) in [("INT", 130), ("TERM", 143), ("HUP", 129)] {
        let programs = Sandbox::new();
        let child = programs.rcosign(&["sandbox", "demo"]).spawn();
        let inside = || std::fs::read_dir(programs.at("tmp")).unwrap().next();
        wait_until("the sandbox of the demonstration", || {
            inside().is_some_and(|folder| folder.unwrap().path().join("sandbox/env").exists())
        });
        signal(child.id(), name);
        assert_eq!(code_of(child), Some(code));
        assert_eq!(std::fs::read_dir(programs.at("tmp")).unwrap().count(), 0, "{name}");
    }
}

/// In a namespace of its own there is no network, and loopback is down; skipped where nobody may make one.
#[test]
#[cfg(target_os = "linux")]
fn without_loopback_it_ends_at_once() {
    let programs = Sandbox::new();
    let alone = |args: &[&str]| programs.program(Path::new("/usr/bin/unshare"), &[&["-rn"], args].concat());
    let can = std::process::Command::new("unshare").args(["-rn", "true"]).output();
    if !can.is_ok_and(|output| output.status.success()) {
        return;
    }
    let begun = Instant::now();
    for args in [
        &["sandbox", "demo"][..],
        &["sandbox", "up", "--dir", "state"],
        &["sandbox", "up", "--detach", "--dir", "state"],
        &["sandbox", "run", "--", "true"],
    ] {
        alone(&[&[env!("CARGO_BIN_EXE_rcosign")], args].concat())
            .run()
            .code(1)
            .says("error: 127.0.0.1 cannot be reached on this machine\n")
            .says("hint: is the loopback interface up? `ip link set lo up`\n");
    }
    assert!(begun.elapsed() < Duration::from_secs(20));
    assert_eq!(std::fs::read_dir(programs.at("tmp")).unwrap().count(), 0);
}

/// What hints say can be typed as it stands.
#[test]
fn hints_name_the_folder_that_was_given() {
    let this = Detached::up(&[]);
    let folder = this.programs.at("state").display().to_string();
    this.again(&[]).code(1).says(&format!(
        "`rcosign sandbox status --dir {folder}` shows it and `rcosign sandbox down --dir {folder}` ends it"
    ));
    let nowhere = this.programs.at("no where").display().to_string();
    for command in ["status", "down"] {
        this.run(&["sandbox", command, "--dir", "no where"])
            .code(1)
            .says(&format!("`rcosign sandbox up --detach --dir '{nowhere}'` starts one"));
    }
    this.run(&["sandbox", "token", "--dir", "no where"])
        .code(1)
        .says(&format!("`rcosign sandbox up --dir '{nowhere}'` makes one"));
    let plain = this.run(&["sandbox", "down"]).code(1);
    assert!(plain.stderr.contains("`rcosign sandbox up --detach` starts one"), "{}", plain.stderr);
}

/// Whoever has sourced the file for cosign 2 gave no flags.
#[test]
fn variables_are_not_told_of_as_flags() {
    let this = Detached::up(&[]);
    let script = SIGN.replace("rcosign", env!("CARGO_BIN_EXE_rcosign"));
    let script = format!(". state/env.cosign-2 && {script}");
    let output = this.programs.program(Path::new("/bin/sh"), &["-c", &script]).run();
    assert!(!output.stderr.contains("has been deprecated"), "{}", output.stderr);
    let given = this.run(&["sign-blob", "--yes", "--rekor-url", "http://127.0.0.1:1", "--offline", "a.txt"]);
    given.says("Flag --rekor-url has been deprecated");
}

#[test]
fn the_demonstration_is_whole_and_leaves_nothing() {
    // Whatever somebody has set has no say in it.
    let programs = Sandbox::new()
        .env("COSIGN_REKOR_URL", "http://127.0.0.1:1")
        .env("COSIGN_OFFLINE", "true")
        .env("SIGSTORE_ID_TOKEN", "rubbish")
        .env("TUF_ROOT", "/nowhere")
        .env("HTTP_PROXY", "http://127.0.0.1:1");
    let output = programs.run(&["sandbox", "demo"]).ok();
    assert!(output.stdout.is_empty(), "{}", output.stdout);
    for words in [
        "1. Sign a file",
        "$ rcosign sign-blob --yes --bundle hello.sigstore.json hello.txt",
        "Verified OK",
        "$ rcosign sign --yes $RCOSIGN_SANDBOX_REGISTRY/hello@$DIGEST",
        "The cosign claims were validated",
        "the certificate is for `dev@example.com`, expected `eve@example.com`",
        "the artifact is not what was signed",
        "(exit code 12, as it should be)",
        "All 6 steps ended as they should",
    ] {
        assert!(output.stderr.contains(words), "{words}\n{}", output.stderr);
    }
    assert_eq!(output.stderr.matches("(exit code 0, as it should be)").count(), 4);
    assert_eq!(output.stderr.matches("(exit code 12, as it should be)").count(), 2);
    assert_eq!(programs.names(), [""; 0]);
    assert_eq!(std::fs::read_dir(programs.at("tmp")).unwrap().count(), 0);
}
