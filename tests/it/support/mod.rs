//! Runs the program in a folder of its own, with an environment of its own.

#[cfg(all(unix, feature = "piv"))]
pub mod piv_card;
#[cfg(all(unix, feature = "piv"))]
pub mod piv_daemon;
pub mod schema;

/// Where the token of the test suite finds keys and certificates.
#[cfg(all(unix, feature = "piv"))]
mod house {
    pub use rcosign::internals::{crypto, x509};
}

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;

/// Password of the keys that tests make.
pub const PASSWORD: &str = "correct horse";

/// A folder to work in, which is also the HOME, and variables for the programs that run there. Nothing of the
/// environment of the test run reaches them, and standard input is closed unless a run gives one.
pub struct Sandbox {
    folder: tempfile::TempDir,
    variables: Vec<(String, String)>,
}

impl Sandbox {
    /// An empty folder; `COSIGN_PASSWORD` is set to [`PASSWORD`].
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("tmp")).unwrap();
        Self { folder, variables: Vec::new() }.env("COSIGN_PASSWORD", PASSWORD)
    }

    /// Sets a variable for every run.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The path of a file in the folder.
    pub fn at(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    /// Writes a file and returns its path.
    pub fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.at(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    /// Reads a file.
    pub fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.at(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// Reads a file as text.
    pub fn text(&self, name: &str) -> String {
        String::from_utf8(self.read(name)).unwrap()
    }

    /// Whether there is such a file.
    pub fn has(&self, name: &str) -> bool {
        self.at(name).exists()
    }

    /// Names of what is in the folder, sorted.
    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = std::fs::read_dir(self.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name != "tmp")
            .collect();
        names.sort();
        names
    }

    /// Runs rcosign with these arguments.
    #[must_use]
    pub fn run(&self, args: &[&str]) -> Output {
        self.rcosign(args).run()
    }

    /// rcosign with these arguments, to be run. It asks no TUF repository, unless `COSIGN_OFFLINE` is taken away.
    pub fn rcosign(&self, args: &[&str]) -> Run {
        let run = self.program(Path::new(env!("CARGO_BIN_EXE_rcosign")), args);
        let given = self.variables.iter().any(|(name, _)| name == "COSIGN_OFFLINE");
        if given { run } else { run.env("COSIGN_OFFLINE", "true") }
    }

    /// Any program with these arguments, to be run.
    pub fn program(&self, program: &Path, args: &[&str]) -> Run {
        let mut command = Command::new(program);
        command.args(args).current_dir(self.path()).env_clear();
        command.env("HOME", self.path()).env("TMPDIR", self.at("tmp")).env("PATH", "/usr/bin:/bin");
        #[cfg(windows)]
        for name in ["SystemRoot", "PATH"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        Run { command, input: None }
    }
}

/// A program about to run.
pub struct Run {
    command: Command,
    input: Option<Vec<u8>>,
}

impl Run {
    /// Sets a variable.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    /// Takes a variable away.
    pub fn without(mut self, name: &str) -> Self {
        self.command.env_remove(name);
        self
    }

    /// Runs it in another folder.
    #[must_use]
    pub fn within(mut self, folder: &Path) -> Self {
        self.command.current_dir(folder);
        self
    }

    /// Runs it as somebody who is not root, where the test is: root may write where nobody may.
    #[cfg(unix)]
    #[must_use]
    pub fn unprivileged(mut self) -> Self {
        use std::os::unix::fs::MetadataExt;
        use std::os::unix::process::CommandExt;
        const NOBODY: u32 = 65_534;
        if tempfile::tempfile().unwrap().metadata().unwrap().uid() == 0 {
            self.command.uid(NOBODY).gid(NOBODY);
        }
        self
    }

    /// What the program reads from its standard input, a pipe.
    pub fn stdin(mut self, bytes: impl AsRef<[u8]>) -> Self {
        self.input = Some(bytes.as_ref().to_vec());
        self
    }

    /// Starts it, without anything to read.
    pub fn spawn(mut self) -> std::process::Child {
        self.command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// Runs it to the end, with a standard input on which nothing comes for `patience`; then that ends.
    #[must_use]
    pub fn waiting(mut self, patience: std::time::Duration) -> Output {
        let command = self.command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let pipe = child.stdin.take();
        std::thread::spawn(move || {
            std::thread::sleep(patience);
            drop(pipe);
        });
        Output::of(child.wait_with_output().unwrap())
    }

    /// Runs it to the end.
    #[must_use]
    pub fn run(mut self) -> Output {
        let piped = if self.input.is_some() { Stdio::piped() } else { Stdio::null() };
        let mut child = self
            .command
            .stdin(piped)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{:?}: {error}", self.command));
        // A thread, so that neither side waits for a full pipe; a program may well end without reading.
        let writer = self
            .input
            .zip(child.stdin.take())
            .map(|(input, mut pipe)| std::thread::spawn(move || drop(pipe.write_all(&input))));
        let output = child.wait_with_output().unwrap();
        if let Some(writer) = writer {
            writer.join().unwrap();
        }
        Output::of(output)
    }
}

/// What a program left behind.
#[derive(Debug)]
pub struct Output {
    /// Exit code; -1 when a signal ended it.
    pub code: i32,
    /// Standard output.
    pub bytes: Vec<u8>,
    /// Standard output as text.
    pub stdout: String,
    /// Standard error as text.
    pub stderr: String,
}

impl Output {
    fn of(output: std::process::Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
            bytes: output.stdout,
        }
    }

    /// Expects exit code 0.
    #[track_caller]
    pub fn ok(self) -> Self {
        self.code(0)
    }

    /// Expects this exit code.
    #[track_caller]
    pub fn code(self, code: i32) -> Self {
        assert_eq!(self.code, code, "\n--- stdout\n{}\n--- stderr\n{}", self.stdout, self.stderr);
        self
    }

    /// Expects these words on standard error.
    #[track_caller]
    pub fn says(self, words: &str) -> Self {
        assert!(self.stderr.contains(words), "`{words}` is not in:\n{}", self.stderr);
        self
    }
}

/// The folder of the repository.
pub fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// A program of the peers (`cosign-2`, `cosign-3`, ...) in the folder that `RCOSIGN_PEERS` names, else where
/// `.ci/fetch-peers.sh` puts them. Without one the test says what it skips; `RCOSIGN_REQUIRE_PEERS` makes that a failure.
pub fn peer(name: &str) -> Option<PathBuf> {
    let fetched = || Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache/rcosign-peers/bin"));
    let folder = std::env::var_os("RCOSIGN_PEERS").map(PathBuf::from).or_else(fetched);
    let demanded = std::env::var_os("RCOSIGN_REQUIRE_PEERS").is_some();
    let line = format!("the peer program {name} is not here (RCOSIGN_PEERS)");
    here(folder.map(|folder| folder.join(name)), demanded, &line)
}

/// The folder with the real public bundles: `SIGSTORE_CONFORMANCE_DIR`, or `../shared/conformance`. One that the variable
/// names has to be there.
pub fn conformance() -> Option<PathBuf> {
    let named = std::env::var_os("SIGSTORE_CONFORMANCE_DIR").map(PathBuf::from);
    let demanded = named.is_some();
    let folder = named.unwrap_or_else(|| repository().join("../shared/conformance"));
    let line = format!("no real public bundles in {} (SIGSTORE_CONFORMANCE_DIR)", folder.display());
    here(Some(folder), demanded, &line)
}

/// Says once for each reason what is skipped. Written past `eprintln!`, whose output of tests that pass is not shown.
pub fn say_skipped(line: &str) {
    static SAID: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
    if SAID.lock().unwrap().insert(line.to_owned()) {
        let _ = writeln!(std::io::stderr(), "skipped: {line}");
    }
}

/// The path, if something is there; otherwise says what is skipped, or fails where it is demanded.
fn here(path: Option<PathBuf>, demanded: bool, line: &str) -> Option<PathBuf> {
    let found = path.filter(|path| path.exists());
    if found.is_none() {
        assert!(!demanded, "{line}");
        say_skipped(line);
    }
    found
}

/// A certificate for localhost that is its own authority, as `openssl req -x509` makes it, and its key: `NAME.pem` and `NAME.key`.
pub fn own_authority(sandbox: &Sandbox, name: &str) -> (PathBuf, PathBuf) {
    use rcosign::internals::crypto::{KeyType, PrivateKey, SigningKey as _, UnixTime, pem};
    use rcosign::internals::x509::SubjectAlternativeName;
    use rcosign::internals::x509::issue::{Extension, Issuer, Template, Validity};
    let validity = Validity {
        not_before: UnixTime::from_seconds(1_000_000_000),
        not_after: UnixTime::from_seconds(4_000_000_000),
    };
    let names = [
        SubjectAlternativeName::Dns("localhost".to_owned()),
        SubjectAlternativeName::Ip("127.0.0.1".to_owned()),
    ];
    let key = PrivateKey::generate(KeyType::P256).unwrap();
    // No key usage, as openssl writes none.
    let template = Template::root(name, validity)
        .without("2.5.29.15")
        .with(Extension::subject_alternative_names(&names));
    let made = template.issue(key.public_key(), Issuer { key: &key, certificate: None }).unwrap();
    assert!(made.is_ca());
    let pkcs8 = key.to_pkcs8().unwrap();
    (
        sandbox.file(&format!("{name}.pem"), pem::encode("CERTIFICATE", made.der())),
        sandbox.file(&format!("{name}.key"), pem::encode("PRIVATE KEY", pkcs8.expose())),
    )
}

/// Runs the one command that is printed between backquotes and "publishes it"; returns it.
pub fn follow(sandbox: &Sandbox, said: &str) -> String {
    // Lines are folded for people.
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    let (before, _) = said.split_once("` publishes it").unwrap_or_else(|| panic!("no command in: {said}"));
    let command = before.rsplit('`').next().unwrap().to_owned();
    let _ = sandbox.run(&pasted(&command)).ok();
    command
}

/// The arguments of a command that is printed to be pasted.
pub fn pasted(command: &str) -> Vec<&str> {
    let words: Vec<_> = command.split(' ').collect();
    assert_eq!(words[0], "rcosign", "{command}");
    words[1..].to_vec()
}

/// Marsaglia's xorshift64: the same choices in every run.
pub struct Random(pub u64);

impl Random {
    /// A number below `n`; zero when `n` is.
    pub fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % n.max(1) as u64).unwrap()
    }

    /// One of these.
    pub fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }
}
