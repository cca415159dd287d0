//! `sandbox demo`: command lines, carried out by this process as if they had been typed.

use std::ffi::OsString;
use std::path::Path;
use std::time::Instant;

use super::super::args::{none, root::RootArgs};
use super::super::render::{self, Output};
use super::super::run::{Request, context};
use super::super::tree::CommandArgs;
use super::super::{environment, exit};
use crate::commands::{self, Error, ErrorKind, SandboxDemo, Settings};

/// Show keyless signing on this machine alone: a file and an image are signed and verified, and refused
///
/// Runs real command lines against a sandbox in a temporary folder, without a network, and leaves nothing behind. It fails if any of
/// them ends otherwise than it should.
#[derive(Debug, clap::Args)]
pub struct SandboxDemoArgs {
    /// Refused.
    #[arg(hide = true)]
    pub extra: Vec<OsString>,
    /// Flags of every command.
    #[command(flatten)]
    pub root: RootArgs,
}

impl CommandArgs for SandboxDemoArgs {
    fn to_request(&self, _: &mut Vec<String>) -> Result<Request, Error> {
        none(&self.extra)?;
        Ok(Request::SandboxDemo)
    }
}

/// The file that is signed.
const FILE: &str = "hello.txt";
const CONTENT: &str = "Hello, Sigstore\n";
const CHANGED: &str = "Hello, Mallory\n";

/// The image that is signed.
const IMAGE: &str = "$RCOSIGN_SANDBOX_REGISTRY/hello:v1";

/// What is longer on standard output is for programs, in bytes.
const LONG: usize = 500;

/// A step.
struct Step {
    /// What it shows.
    why: &'static str,
    /// The line, without the program's name. Variables in it are those of the sandbox.
    line: &'static str,
    /// What is in the file by then.
    content: &'static str,
    /// How it ends; `None` is well.
    ends: Option<ErrorKind>,
}

const STEPS: [Step; 6] = [
    Step {
        why: "Sign a file by identity: a certificate for dev@example.com, an entry in the log, a timestamp",
        line: "sign-blob --yes --bundle hello.sigstore.json hello.txt",
        content: CONTENT,
        ends: None,
    },
    Step {
        why: "Verify it: who signed, by which issuer",
        line: "verify-blob --bundle hello.sigstore.json --certificate-identity dev@example.com \
               --certificate-oidc-issuer $RCOSIGN_SANDBOX_OIDC hello.txt",
        content: CONTENT,
        ends: None,
    },
    Step {
        why: "Sign an image in the registry, by its digest: a tag may point to another one tomorrow",
        line: "sign --yes $RCOSIGN_SANDBOX_REGISTRY/hello@$DIGEST",
        content: CONTENT,
        ends: None,
    },
    Step {
        why: "Verify it",
        line: "verify --certificate-identity dev@example.com --certificate-oidc-issuer $RCOSIGN_SANDBOX_OIDC \
               $RCOSIGN_SANDBOX_REGISTRY/hello:v1",
        content: CONTENT,
        ends: None,
    },
    Step {
        why: "Refused: somebody else was to have signed",
        line: "verify-blob --bundle hello.sigstore.json --certificate-identity eve@example.com \
               --certificate-oidc-issuer $RCOSIGN_SANDBOX_OIDC hello.txt",
        content: CONTENT,
        ends: Some(ErrorKind::NoneValid),
    },
    Step {
        why: "Refused: the file was changed after it was signed",
        line: "verify-blob --bundle hello.sigstore.json --certificate-identity dev@example.com \
               --certificate-oidc-issuer $RCOSIGN_SANDBOX_OIDC hello.txt",
        content: CHANGED,
        ends: Some(ErrorKind::NoneValid),
    },
];

/// Starts a sandbox and takes the steps.
///
/// # Errors
/// The sandbox does not start, or a step ends otherwise than it should.
pub fn run(program: &str, settings: Settings) -> Result<(), Error> {
    let begun = Instant::now();
    let failed = |what: &str, error: &std::io::Error| Error::new(ErrorKind::Other, what).caused_by(error);
    render::say(
        "A Sigstore of your own, on this machine alone: certificate authority, logs, timestamps, registry",
    );
    // Its runtime ends before the steps begin, as each has one.
    let demo = {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| failed("the program could not start", &error))?;
        runtime.block_on(commands::sandbox_demo(&mut context(settings)))?
    };
    let folder = demo.folder().to_owned();
    let again = again(program);
    surround(&demo);
    let before = std::env::current_dir();
    std::env::set_current_dir(&folder)
        .map_err(|error| failed("the temporary folder cannot be used", &error))?;
    let result =
        STEPS.iter().enumerate().try_for_each(|(number, step)| take(number + 1, step, program, &demo));
    // A folder that somebody is in cannot be removed everywhere.
    let back = before.and_then(std::env::set_current_dir);
    if back.is_err() {
        let _ = std::env::set_current_dir(std::env::temp_dir());
    }
    drop(demo);
    result?;
    let (count, seconds) = (STEPS.len(), begun.elapsed().as_secs_f64());
    render::say("");
    render::say(&format!(
        "All {count} steps ended as they should, in {seconds:.1} s; the sandbox and its files are gone."
    ));
    again.iter().for_each(|line| render::say(line));
    Ok(())
}

/// How to take the steps oneself: with these lines before them they work as they stand above.
fn again(program: &str) -> Vec<String> {
    if cfg!(not(unix)) {
        return vec![format!("To type them yourself: {program} help testing")];
    }
    let mut lines = vec![
        "To type them yourself, begin with these lines, go on with those above, and end with `exit`:"
            .to_owned(),
    ];
    lines.extend(path(program).map(|folder| format!("$ export PATH={folder}:\"$PATH\"")));
    lines.extend([
        format!("$ {program} sandbox run -- sh"),
        format!("$ cd \"$(mktemp -d)\" && echo '{}' > {FILE}", CONTENT.trim_end()),
        format!("$ DIGEST=$({program} upload blob -f {FILE} {IMAGE} | cut -d@ -f2)"),
    ]);
    lines
}

/// The folder of this program, as shells read it, where they would not find it by its name.
fn path(program: &str) -> Option<String> {
    let this = std::env::current_exe().ok()?;
    let folder = this.parent()?;
    let path = environment::read("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file());
    if found.and_then(|file| file.canonicalize().ok()) == this.canonicalize().ok() {
        return None;
    }
    Some(format!("'{}'", folder.to_string_lossy().replace('\'', r"'\''")))
}

/// The commands see the variables of the sandbox, and no others.
fn surround(demo: &SandboxDemo) {
    // What the program leaves at home or among temporary files is to be gone as well.
    let places = ["HOME", "TEMP", "TMP", "TMPDIR"];
    let places = places.map(|name| (name.to_owned(), OsString::from(demo.folder())));
    let own = demo.variables.iter().map(|(name, value)| ((*name).to_owned(), OsString::from(value)));
    environment::replace(own.chain(places));
}

fn take(number: usize, step: &Step, program: &str, demo: &SandboxDemo) -> Result<(), Error> {
    let written = std::fs::write(Path::new(FILE), step.content);
    written.map_err(|error| {
        Error::new(ErrorKind::Other, format!("`{FILE}` cannot be written")).caused_by(&error)
    })?;
    render::say("");
    render::say(&format!("{number}. {}", step.why));
    if step.content != CONTENT {
        render::say(&format!("$ echo '{}' > {FILE}", step.content.trim_end()));
    }
    render::say(&format!("$ {program} {}", step.line));
    let words = step.line.split_whitespace().map(|word| OsString::from(expanded(word, &demo.variables)));
    let args = std::iter::once(OsString::from(program)).chain(words).collect();
    let mut output = Output::default();
    let result = super::super::run(args, &mut output);
    show(&output.take());
    let kind = result.as_ref().err().map(|error| error.kind);
    let code = output.finish(result);
    let meant = step.ends.map_or(0, exit::code);
    if code != meant {
        return Err(otherwise(number, kind, code, meant));
    }
    render::say(&format!("(exit code {code}, as it should be)"));
    Ok(())
}

/// The end of a step that should have ended with another code: the demonstration ends as the step did.
fn otherwise(number: usize, kind: Option<ErrorKind>, code: u8, meant: u8) -> Error {
    let message = format!("step {number} ended with exit code {code}, and should with {meant}");
    match kind {
        // That is this machine's.
        Some(ErrorKind::Network) => Error::new(ErrorKind::Network, message),
        _ => Error::new(kind.unwrap_or(ErrorKind::Other), message)
            .hint("this is a fault of the program: please report it"),
    }
}

/// What went to standard output, if it is for people.
fn show(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if text.len() > LONG {
        render::say(&format!(
            "(standard output: {} bytes, which begin with {})",
            text.len(),
            &text.trim_start().chars().take(80).collect::<String>()
        ));
    } else {
        text.lines().for_each(render::say);
    }
}

/// A word with the values of the variables in it, as a shell would make it.
fn expanded(word: &str, variables: &[(&'static str, String)]) -> String {
    // The longest name first: one may be the beginning of another.
    let mut names: Vec<_> = variables.iter().collect();
    names.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
    names.iter().fold(word.to_owned(), |word, (name, value)| word.replace(&format!("${name}"), value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_stand_for_their_values() {
        let variables = [("A", "1".to_owned()), ("A_B", "2".to_owned())];
        assert_eq!(expanded("$A_B/x:$A", &variables), "2/x:1");
        assert_eq!(expanded("plain", &variables), "plain");
    }

    #[test]
    fn the_demonstration_ends_as_its_step_did() {
        let error = otherwise(1, Some(ErrorKind::Network), 5, 0);
        assert_eq!((error.kind, error.hints.len()), (ErrorKind::Network, 0));
        let error = otherwise(2, Some(ErrorKind::NoneValid), 12, 0);
        assert_eq!((error.kind, error.hints.len()), (ErrorKind::NoneValid, 1));
        // What should have been refused was not.
        assert_eq!(otherwise(5, None, 0, 12).kind, ErrorKind::Other);
    }

    #[test]
    fn what_is_to_be_refused_differs_in_what_it_says() {
        assert!(STEPS.iter().filter(|step| step.ends.is_some()).count() >= 2);
        assert!(STEPS.iter().all(|step| step.ends.is_some() || step.content == CONTENT));
    }
}
