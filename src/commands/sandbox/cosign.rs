//! Which cosign a command of `sandbox run` is, or would find: version 2 needs other variables than version 3, and without them it
//! goes to Sigstore's public services, whose log keeps what it is given for ever.

use std::ffi::OsStr;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::super::Context;
use super::SandboxRunRequest;

/// How long its help may take, and how often is looked whether it is there.
const PATIENCE: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(5);
/// More than that of its help is not read.
const MAX_HELP: u64 = 1 << 18;

/// Whether the variables are to be those for cosign 2: if that is asked for, or if the command is cosign 2. Says so in the latter
/// case, and where a cosign 2 that the command may call would go to the public services.
pub(super) fn variables_are_for_2(request: &SandboxRunRequest, context: &mut Context) -> bool {
    if let Some(asked) = request.for_cosign_2 {
        return asked;
    }
    let stem = Path::new(&request.program).file_stem().map(OsStr::to_string_lossy).unwrap_or_default();
    if stem.starts_with("cosign") {
        let is_2 = is_version_2(&request.program);
        if is_2 {
            let name = request.program.to_string_lossy();
            context
                .narrator
                .say(&format!("`{name}` is cosign 2, and gets the variables for it (--cosign-2)"));
        }
        return is_2;
    }
    // rcosign calls nobody.
    if !stem.starts_with("rcosign")
        && let Some(found) = in_path(context)
        && is_version_2(found.as_os_str())
    {
        context.narrator.warn(&format!(
            "`{}` is cosign 2: if the command signs with it, that goes to Sigstore's public services, unless --cosign-2 is given",
            found.display()
        ));
    }
    false
}

/// The `cosign` that a shell finds.
fn in_path(context: &Context) -> Option<PathBuf> {
    let path = (context.variables)("PATH")?;
    let name = format!("cosign{}", std::env::consts::EXE_SUFFIX);
    let places = std::env::split_paths(&path).filter(|folder| folder.is_absolute());
    places.map(|folder| folder.join(&name)).find(|file| file.is_file())
}

/// Whether it is a cosign that signs by no signing config of its own accord.
fn is_version_2(program: &OsStr) -> bool {
    help(program).is_ok_and(|help| {
        let help = String::from_utf8_lossy(&help);
        help.contains("--fulcio-url") && !help.contains("--use-signing-config=true")
    })
}

/// What it says of its flags.
fn help(program: &OsStr) -> io::Result<Vec<u8>> {
    let mut command = Command::new(program);
    command.args(["sign-blob", "--help"]).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn()?;
    let said = child.stdout.take();
    // Read beside, as a pipe holds little.
    let reader = std::thread::spawn(move || {
        let mut help = Vec::new();
        let read = said.map(|said| said.take(MAX_HELP).read_to_end(&mut help));
        read.transpose().map(|_| help)
    });
    let begun = Instant::now();
    while child.try_wait()?.is_none() {
        if begun.elapsed() > PATIENCE {
            child.kill()?;
            child.wait()?;
            return Err(io::ErrorKind::TimedOut.into());
        }
        std::thread::sleep(PAUSE);
    }
    reader.join().unwrap_or_else(|_| Err(io::ErrorKind::Other.into()))
}
