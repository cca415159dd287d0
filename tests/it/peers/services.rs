//! Keyless and logged signatures, which the peers make at services that are not ours: `mock-sigstore`, a Fulcio, Rekor v1
//! and v2 and timestamp authority on loopback made of sigstore-js's parts. rcosign verifies them offline.
//!
//! The folder is `$RCOSIGN_MOCK_SIGSTORE`, else `.ci/mock-sigstore`, where `npm ci` has run.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::{Form, Peer, peers};
use crate::support::{Output, Run, Sandbox, repository, say_skipped};

/// The file of what was asked.
const JOURNAL: &str = "journal";

/// Services on loopback, until it is dropped.
pub(super) struct Services {
    node: Child,
    folder: tempfile::TempDir,
    /// The first of seven ports.
    port: u16,
}

impl Drop for Services {
    fn drop(&mut self) {
        let _ = self.node.kill();
        let _ = self.node.wait();
    }
}

impl Services {
    /// Starts them; without the folder or node, says what is skipped.
    pub(super) fn start() -> Option<Self> {
        Self::start_with(&[])
    }

    /// As [`Services::start`], with these flags.
    pub(super) fn start_with(flags: &[&str]) -> Option<Self> {
        let folder = mock()?;
        let started = (0..5).find_map(|_| Self::start_at(&folder, free_ports(), flags));
        Some(started.expect("mock-sigstore does not start"))
    }

    fn start_at(mock: &Path, port: u16, flags: &[&str]) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new("node");
        let journal = std::fs::File::create(folder.path().join(JOURNAL)).unwrap();
        command.current_dir(mock).args(["server.mjs", "--port", &port.to_string(), "--out"]);
        command.arg(folder.path()).args(flags).stdin(Stdio::null()).stdout(journal).stderr(Stdio::null());
        let mut services = Self { node: command.spawn().unwrap(), folder, port };
        let deadline = Instant::now() + Duration::from_secs(60);
        while Instant::now() < deadline {
            if services.folder.path().join("ready").exists() {
                return Some(services);
            }
            if services.node.try_wait().unwrap().is_some() {
                return None;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        None
    }

    /// Ends them: nobody answers from now on.
    pub(super) fn stop(&mut self) {
        let _ = self.node.kill();
        let _ = self.node.wait();
    }

    /// What they were asked since they started, one request after the other: `rekor POST /api/v1/log/entries -> 201`.
    pub(super) fn heard(&self) -> Vec<String> {
        let all = std::fs::read_to_string(self.file(JOURNAL)).unwrap();
        all.lines().filter(|line| line.contains(" -> ")).map(str::to_owned).collect()
    }

    /// The path of a file that they wrote.
    pub(super) fn file(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    /// The address of the service at this place among the seven.
    pub(super) fn url(&self, place: u16) -> String {
        format!("http://127.0.0.1:{}", self.port + place)
    }

    /// The flags that name the signer.
    pub(super) fn identity(&self) -> [String; 4] {
        let flags = ["--certificate-identity", "dev@example.com", "--certificate-oidc-issuer", &self.url(4)];
        flags.map(str::to_owned)
    }

    /// Sets the variables by which the peers, and rcosign, take single pieces of trust material.
    pub(super) fn variables(&self, run: Run) -> Run {
        [
            ("SIGSTORE_ROOT_FILE", "fulcio_root.pem"),
            ("SIGSTORE_REKOR_PUBLIC_KEY", "rekor.pub"),
            ("SIGSTORE_CT_LOG_PUBLIC_KEY_FILE", "ctfe.pub"),
            ("SIGSTORE_TSA_CERTIFICATE_FILE", "tsa_chain.pem"),
        ]
        .into_iter()
        .fold(run, |run, (name, file)| run.env(name, &self.file(file)))
    }
}

/// The folder of mock-sigstore; without it or node, says what is skipped.
pub(super) fn mock() -> Option<PathBuf> {
    let folder = match std::env::var_os("RCOSIGN_MOCK_SIGSTORE") {
        Some(folder) => PathBuf::from(folder),
        None => repository().join(".ci/mock-sigstore"),
    };
    let here = folder.join("node_modules").is_dir()
        && Command::new("node").arg("--version").stdout(Stdio::null()).status().is_ok_and(|s| s.success());
    if !here {
        let line = "no node, or no mock-sigstore with its packages (RCOSIGN_MOCK_SIGSTORE)";
        assert!(std::env::var_os("RCOSIGN_REQUIRE_PEERS").is_none(), "{line}");
        say_skipped(line);
        return None;
    }
    Some(folder)
}

/// The first of seven ports that are free at this moment.
fn free_ports() -> u16 {
    loop {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let taken = |place| TcpListener::bind(("127.0.0.1", port.checked_add(place)?)).ok();
        if (0..7).map(taken).collect::<Option<Vec<_>>>().is_some() {
            return port;
        }
    }
}

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    let _ = sandbox.file("artifact.txt", "the artifact\n");
    let _ = sandbox.file("other.txt", "another artifact\n");
    let _ = sandbox.file("predicate.json", "{\"a\": 1}");
    let _ = sandbox.run(&["generate-key-pair"]).ok();
    sandbox
}

/// What is verified: the flags that say what is trusted and how, and the bundle with its command.
struct Question<'a> {
    services: &'a Services,
    sandbox: &'a Sandbox,
    command: &'a str,
    trust: Vec<String>,
    bundle: &'a str,
    /// Whether the variables are set.
    variables: bool,
}

impl Question<'_> {
    fn ask(&self, signer: &[String], more: &[&str], blob: &str) -> Output {
        let mut args = vec![self.command, "--bundle", self.bundle];
        args.extend(self.trust.iter().map(String::as_str));
        args.extend(signer.iter().map(String::as_str));
        args.extend(more);
        args.push(blob);
        let run = self.sandbox.rcosign(&args);
        if self.variables { self.services.variables(run).run() } else { run.run() }
    }

    /// It verifies for its signer and artifact, and for nobody and nothing else.
    fn holds(&self, keyless: bool, more: &[&str]) {
        let what = format!("{} {}", self.command, self.bundle);
        let key = ["--key", "cosign.pub"].map(str::to_owned).to_vec();
        let identity = self.services.identity().to_vec();
        let (own, foreign) = if keyless { (&identity, &key) } else { (&key, &identity) };
        let output = self.ask(own, more, "artifact.txt");
        assert_eq!(output.code, 0, "{what}: {}", output.stderr);
        let refused = |signer: &[String], blob, code, words| {
            let output = self.ask(signer, more, blob);
            assert_eq!(output.code, code, "{what} {signer:?} {blob}: {}", output.stderr);
            assert!(output.stderr.contains(words), "{what} {signer:?} {blob}: {}", output.stderr);
        };
        refused(own, "other.txt", 12, "");
        if keyless {
            refused(foreign, "artifact.txt", 12, "another key");
            for (place, value, words) in [(1, "eve@example.com", "is for"), (3, "http://127.0.0.1", "issuer")]
            {
                let mut other = identity.clone();
                value.clone_into(&mut other[place]);
                refused(&other, "artifact.txt", 12, words);
            }
        } else {
            refused(foreign, "artifact.txt", 13, "there is no certificate");
        }
    }
}

/// What 3.1 does at the services that a signing config names: Rekor v1 and v2, with and without timestamps, blobs and
/// attestations, with a certificate and with a key.
#[test]
fn bundles_made_by_a_signing_config_verify_here() {
    let Some(peer) = peers().into_iter().find(|peer| peer.version == 3) else { return };
    let Some(services) = Services::start() else { return };
    let sandbox = sandbox();
    let root = services.file("trusted_root.json");
    for config in ["rekor1", "rekor1-no-tsa", "rekor2", "tsa-only"] {
        for command in ["sign-blob", "attest-blob"] {
            for keyless in [true, false] {
                let (bundle, trust) = made(&services, &sandbox, &peer, (config, command, keyless));
                let verb = if command == "sign-blob" { "verify-blob" } else { "verify-blob-attestation" };
                let trust = [trust, vec!["--trusted-root".to_owned(), root.clone()]].concat();
                let question = Question {
                    services: &services,
                    sandbox: &sandbox,
                    command: verb,
                    trust,
                    bundle: &bundle,
                    variables: false,
                };
                question.holds(keyless, &[]);
                untrusted(&question, keyless);
            }
        }
    }
}

/// Makes a bundle; returns its name, and the flags that its kind of witness needs.
fn made(
    services: &Services,
    sandbox: &Sandbox,
    peer: &Peer,
    (config, command, keyless): (&str, &str, bool),
) -> (String, Vec<String>) {
    let bundle = format!("{config}.{command}.{keyless}.json");
    let signing = services.file(&format!("signing_config.{config}.json"));
    let (root, token) = (services.file("trusted_root.json"), services.file("identity_token"));
    let mut args = vec![command, "--yes", "--trusted-root", &root, "--signing-config", &signing];
    args.extend(if keyless { ["--identity-token", &token] } else { ["--key", "cosign.key"] });
    if command == "attest-blob" {
        args.extend(["--predicate", "predicate.json"]);
    }
    args.extend(["--bundle", &bundle, "artifact.txt"]);
    let _ = peer.run(sandbox, &args).ok();
    let needs: &[&str] = if config == "tsa-only" { &["--no-log", "--use-signed-timestamps"] } else { &[] };
    (bundle, needs.iter().map(|flag| (*flag).to_owned()).collect())
}

/// The same services of another day: their keys are other ones, so nothing they witnessed is taken.
fn untrusted(question: &Question<'_>, keyless: bool) {
    let root = repository().join("testdata/mock-sigstore/trusted_root.json");
    let trust =
        [question.trust.clone(), vec!["--trusted-root".to_owned(), root.to_str().unwrap().to_owned()]];
    let question = Question { trust: trust.concat(), ..*question };
    let signer = if keyless {
        question.services.identity().to_vec()
    } else {
        ["--key", "cosign.pub"].map(str::to_owned).to_vec()
    };
    let output = question.ask(&signer, &[], "artifact.txt");
    assert_eq!(output.code, 12, "{}: {}", question.bundle, output.stderr);
}

/// Keys of other kinds than P-256, in certificates.
#[test]
fn keyless_signatures_of_every_algorithm_verify_here() {
    let Some(peer) = peers().into_iter().find(|peer| peer.version == 3) else { return };
    let Some(services) = Services::start() else { return };
    let sandbox = sandbox();
    let (root, token) = (services.file("trusted_root.json"), services.file("identity_token"));
    let algorithms = [
        "ecdsa-sha2-256-nistp256",
        "ecdsa-sha2-384-nistp384",
        "ecdsa-sha2-512-nistp521",
        "rsa-sign-pkcs1-2048-sha256",
        "rsa-sign-pkcs1-3072-sha256",
    ];
    for algorithm in algorithms {
        for config in ["rekor1", "rekor2"] {
            let bundle = format!("{algorithm}.{config}.json");
            let signing = services.file(&format!("signing_config.{config}.json"));
            let args = ["sign-blob", "--yes", "--trusted-root", &root, "--signing-config", &signing];
            let key = ["--identity-token", &token, "--signing-algorithm", algorithm, "--bundle", &bundle];
            let _ = peer.run(&sandbox, &[&args[..], &key, &["artifact.txt"]].concat()).ok();
            let question = Question {
                services: &services,
                sandbox: &sandbox,
                command: "verify-blob",
                trust: vec!["--trusted-root".to_owned(), root.clone()],
                bundle: &bundle,
                variables: false,
            };
            question.holds(true, &[]);
        }
    }
}

/// What both peers did before there were signing configs: services by flags, trust material by variables.
#[test]
fn bundles_made_by_flags_and_variables_verify_here() {
    let Some(services) = Services::start() else { return };
    let sandbox = sandbox();
    for peer in peers() {
        for command in ["sign-blob", "attest-blob"] {
            for keyless in [true, false] {
                for form in [Form::Legacy, Form::Bundle] {
                    // 3.1 has no flags for services with its own format.
                    if form == Form::Bundle && peer.version == 3 {
                        continue;
                    }
                    by_flags(&services, &sandbox, &peer, (command, keyless, form));
                }
            }
        }
    }
}

fn by_flags(
    services: &Services,
    sandbox: &Sandbox,
    peer: &Peer,
    (command, keyless, form): (&str, bool, Form),
) {
    let bundle = format!("{}.{command}.{keyless}.{form:?}.json", peer.version);
    let (fulcio, rekor, token) = (services.url(0), services.url(1), services.file("identity_token"));
    let mut args = vec![command, "--yes", "--fulcio-url", &fulcio, "--rekor-url", &rekor];
    match (form, peer.version) {
        (Form::Bundle, _) => args.push("--new-bundle-format"),
        (_, 3) => args.extend(["--new-bundle-format=false", "--use-signing-config=false"]),
        _ => {}
    }
    args.extend(if keyless { ["--identity-token", &token] } else { ["--key", "cosign.key"] });
    if command == "attest-blob" {
        args.extend(["--predicate", "predicate.json"]);
    }
    args.extend(["--bundle", &bundle, "artifact.txt"]);
    let _ = services.variables(sandbox.program(&peer.program, &args)).run().ok();
    let verb = if command == "sign-blob" { "verify-blob" } else { "verify-blob-attestation" };
    // By a trusted root as by the variables.
    for trust in [vec!["--trusted-root".to_owned(), services.file("trusted_root.json")], Vec::new()] {
        let variables = trust.is_empty();
        Question { services, sandbox, command: verb, trust, bundle: &bundle, variables }.holds(keyless, &[]);
    }
}
