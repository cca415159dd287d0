//! Which cosign a command of `sandbox run` is, or would find: version 2 needs other variables than version 3, and without them it
//! goes to Sigstore's public services, whose log keeps what it is given for ever.
//!
//! Its help tells, and to be asked for that it has to be run: so only what is certainly a cosign is asked, and as the command itself
//! is run, inside the sandbox.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::{Duration, Instant};

use super::super::{Context, Error, ErrorKind};
use super::SandboxRunRequest;
use super::child;
use super::signals::{PAUSE, Signal, Signals};

/// How long its help may take, and how long the rest of it after its end.
const PATIENCE: Duration = Duration::from_secs(2);
const REST: Duration = Duration::from_millis(200);
/// More than that of its help is not read.
const MAX_HELP: usize = 1 << 18;

/// Why there is no answer.
pub(super) enum Unanswered {
    /// A signal came that ends whoever does nothing about it.
    Signal(Signal),
    /// The command is a cosign and does not say which.
    Silent(Error),
}

/// Whether the variables are to be those for cosign 2: if that is asked for, or if the command is cosign 2. Says so in the latter
/// case, and where a cosign 2 that the command may call would go to the public services. A cosign is asked by `with_environment`,
/// which makes a command inside the sandbox of a program.
///
/// # Errors
/// See [`Unanswered`].
pub(super) fn variables_are_for_2(
    request: &SandboxRunRequest,
    with_environment: impl Fn(&OsStr) -> Command,
    signals: &Signals,
    context: &mut Context,
) -> Result<bool, Unanswered> {
    if let Some(asked) = request.for_cosign_2 {
        return Ok(asked);
    }
    let path = (context.variables)("PATH").unwrap_or_default();
    let program = found(&request.program, &path);
    let ask = |program: &Path| answer(with_environment(program.as_os_str()), signals);
    if is_called("cosign", &request.program) {
        let Some(program) = program else { return Ok(false) };
        if !is_native(&program) {
            context.narrator.warn(&unasked(&program));
            return Ok(false);
        }
        let name = request.program.to_string_lossy();
        return match ask(&program) {
            Answer::Older => {
                context
                    .narrator
                    .say(&format!("`{name}` is cosign 2, and gets the variables for it (--cosign-2)"));
                Ok(true)
            }
            Answer::Other => Ok(false),
            Answer::None => Err(Unanswered::Silent(silent(&name))),
            Answer::Signal(signal) => Err(Unanswered::Signal(signal)),
        };
    }
    // rcosign calls nobody.
    if is_called("rcosign", &request.program) && program.is_some_and(|program| is_native(&program)) {
        return Ok(false);
    }
    let Some(cosign) = found(OsStr::new("cosign"), &path) else { return Ok(false) };
    if !is_native(&cosign) {
        context.narrator.warn(&unasked(&cosign));
        return Ok(false);
    }
    let shown = cosign.display();
    match ask(&cosign) {
        Answer::Older => context.narrator.warn(&format!(
            "`{shown}` is cosign 2: if the command signs with it, that goes to Sigstore's public services, unless --cosign-2 is given"
        )),
        Answer::None => context.narrator.warn(&format!(
            "`{shown}` does not say whether it is cosign 2: if it is, and the command signs with it, that goes to Sigstore's public \
             services, unless --cosign-2 is given"
        )),
        Answer::Other => {}
        Answer::Signal(signal) => return Err(Unanswered::Signal(signal)),
    }
    Ok(false)
}

/// A script called cosign may do whatever it likes when it is run.
fn unasked(program: &Path) -> String {
    format!(
        "`{}` is no program of this system (a script?), and so not asked whether it is cosign 2: if it calls that, what is signed \
         goes to Sigstore's public services, unless --cosign-2 is given",
        program.display()
    )
}

fn silent(name: &str) -> Error {
    Error::new(ErrorKind::Other, format!("`{name}` does not say whether it is cosign 2: no help within 2 s"))
        .hint("say which it is: --cosign-2, or --cosign-2=false")
}

/// The program that is run under this name: as it is if it has a folder, else the first of `PATH` that can be run.
fn found(program: &OsStr, path: &OsStr) -> Option<PathBuf> {
    let named = Path::new(program);
    if !named.parent().is_some_and(is_empty) {
        return is_runnable(named).then(|| named.to_owned());
    }
    // Also as it is called where the names of programs end in something.
    let mut name = program.to_owned();
    if named.extension().is_none_or(|end| !end.eq_ignore_ascii_case("exe")) {
        name.push(std::env::consts::EXE_SUFFIX);
    }
    // No name at all is the folder where one is.
    let here = |folder: PathBuf| if is_empty(&folder) { PathBuf::from(".") } else { folder };
    std::env::split_paths(path).map(|folder| here(folder).join(&name)).find(|file| is_runnable(file))
}

fn is_empty(path: &Path) -> bool {
    path.as_os_str().is_empty()
}

/// Whether it is a file that somebody may run.
fn is_runnable(file: &Path) -> bool {
    std::fs::metadata(file).is_ok_and(|data| data.is_file() && may_be_run(&data))
}

#[cfg(unix)]
fn may_be_run(data: &std::fs::Metadata) -> bool {
    std::os::unix::fs::PermissionsExt::mode(&data.permissions()) & 0o111 != 0
}

#[cfg(not(unix))]
fn may_be_run(_: &std::fs::Metadata) -> bool {
    true
}

/// Whether it begins as the programs of this system do, which no script does.
fn is_native(file: &Path) -> bool {
    /// Programs for one kind of processor, each byte order, and for several.
    const MACH_O: [[u8; 4]; 5] = [
        [0xfe, 0xed, 0xfa, 0xce],
        [0xfe, 0xed, 0xfa, 0xcf],
        [0xce, 0xfa, 0xed, 0xfe],
        [0xcf, 0xfa, 0xed, 0xfe],
        [0xca, 0xfe, 0xba, 0xbe],
    ];
    let mut begin = [0; 4];
    if !is_runnable(file) || File::open(file).and_then(|mut file| file.read_exact(&mut begin)).is_err() {
        return false;
    }
    if cfg!(windows) {
        begin.starts_with(b"MZ")
    } else if cfg!(target_vendor = "apple") {
        MACH_O.contains(&begin)
    } else {
        begin == *b"\x7fELF"
    }
}

/// Whether the last part of a program's name is `name`, or `name` with its version or what it is built for behind it:
/// `cosign-2`, `cosign-v2.5.0`, `cosign-linux-amd64`.
fn is_called(name: &str, program: &OsStr) -> bool {
    const BUILT_FOR: [&str; 19] = [
        "linux",
        "darwin",
        "macos",
        "windows",
        "freebsd",
        "amd64",
        "x86_64",
        "386",
        "arm64",
        "aarch64",
        "arm",
        "armhf",
        "armv7",
        "ppc64le",
        "riscv64",
        "s390x",
        "pivkey",
        "pkcs11key",
        "static",
    ];
    let Some(last) = Path::new(program).file_name().and_then(OsStr::to_str) else { return false };
    let last = last.to_ascii_lowercase();
    let last = last.strip_suffix(".exe").unwrap_or(&last);
    let Some(rest) = last.strip_prefix(name) else { return false };
    let is_version = |part: &str| {
        let mut numbers = part.strip_prefix('v').unwrap_or(part).split('.');
        numbers.all(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
    };
    rest.is_empty()
        || rest
            .strip_prefix('-')
            .is_some_and(|rest| rest.split('-').all(|part| BUILT_FOR.contains(&part) || is_version(part)))
}

/// What a cosign answers.
enum Answer {
    /// It signs by no signing config of its own accord.
    Older,
    /// It does, or is no cosign.
    Other,
    /// Nothing in time.
    None,
    /// There was no time to ask.
    Signal(Signal),
}

fn answer(mut command: Command, signals: &Signals) -> Answer {
    command.args(["sign-blob", "--help"]).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    child::apart(&mut command);
    // What cannot be run says so when it is run.
    let Ok(mut child) = command.spawn() else { return Answer::Other };
    let heard = child.stdout.take().map(listen);
    let (help, ended) = match heard {
        Some(heard) => hear(&heard, &child, signals),
        None => (Vec::new(), Ended::Late),
    };
    child::kill(&mut child);
    let help = String::from_utf8_lossy(&help);
    match ended {
        Ended::Signal(signal) => Answer::Signal(signal),
        _ if help.contains("--use-signing-config=true") => Answer::Other,
        Ended::Late => Answer::None,
        Ended::Itself if help.contains("--fulcio-url") => Answer::Older,
        Ended::Itself => Answer::Other,
    }
}

/// Why nothing more was listened to.
enum Ended {
    Itself,
    Late,
    Signal(Signal),
}

/// What it says until its end; that of what it leaves behind is not waited for.
fn hear(heard: &Receiver<Vec<u8>>, child: &Child, signals: &Signals) -> (Vec<u8>, Ended) {
    let mut help = Vec::new();
    let begun = Instant::now();
    let mut end = None;
    loop {
        if let Some(signal) = signals.ending() {
            return (help, Ended::Signal(signal));
        }
        match heard.recv_timeout(PAUSE) {
            Ok(more) => help.extend(more),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return (help, Ended::Itself),
        }
        if begun.elapsed() > PATIENCE {
            return (help, if end.is_some() { Ended::Itself } else { Ended::Late });
        }
        if end.is_none() && child::has_ended(child) {
            end = Some(Instant::now());
        }
        if end.is_some_and(|end| end.elapsed() > REST) {
            return (help, Ended::Itself);
        }
    }
}

/// Reads beside, as a pipe holds little; nobody waits for the thread, which ends with the pipe or with the process.
fn listen(mut said: ChildStdout) -> Receiver<Vec<u8>> {
    let (tell, heard) = sync_channel(4);
    std::thread::spawn(move || {
        let mut left = MAX_HELP;
        while left > 0 {
            let mut part = vec![0; left.min(1 << 14)];
            match said.read(&mut part) {
                Ok(0) => break,
                Ok(read) => {
                    part.truncate(read);
                    left -= read;
                    if tell.send(part).is_err() {
                        break;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => break,
            }
        }
    });
    heard
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_called_cosign_and_is_a_program_is_a_cosign() {
        for name in [
            "cosign",
            "./cosign",
            "/a/cosign-2",
            "cosign-v2.5.0",
            "cosign-linux-amd64",
            "cosign.exe",
            "cosign-windows-amd64.exe",
            "cosign-linux-pivkey-pkcs11key-amd64",
            "cosign-2.6",
        ] {
            assert!(is_called("cosign", OsStr::new(name)), "{name}");
        }
        for name in [
            "cosign-release.sh",
            "cosignature.py",
            "cosigned",
            "cosign-cleanup",
            "cosign-",
            "cosign-2.",
            "cosign-v",
            "cosign.sh",
            "rcosign",
            "cosign/sign",
            "cosign_old",
            "",
            "/",
        ] {
            assert!(!is_called("cosign", OsStr::new(name)), "{name}");
        }
        assert!(
            is_called("rcosign", OsStr::new("a/rcosign"))
                && !is_called("rcosign", OsStr::new("rcosign-and-more"))
        );
    }

    #[cfg(unix)]
    #[test]
    fn what_is_found_can_be_run_and_is_native_only_if_it_is() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let own = std::env::current_exe().unwrap();
        let native = std::fs::read(own).unwrap()[..4].to_vec();
        let make = |name: &str, content: &[u8], mode| {
            let file = folder.path().join(name);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(&file, content).unwrap();
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
            file
        };
        let (dead, script) = (make("a/cosign", &native, 0o644), make("b/cosign", b"#!/bin/sh", 0o755));
        let real = make("c/cosign", &native, 0o755);
        let path = std::env::join_paths([&dead, &script, &real].map(|file| file.parent().unwrap())).unwrap();
        assert_eq!(found(OsStr::new("cosign"), &path), Some(script.clone()));
        assert_eq!(found(dead.as_os_str(), &path), None);
        assert_eq!(found(real.as_os_str(), OsStr::new("")), Some(real.clone()));
        assert_eq!([&dead, &script, &real].map(|file| is_native(file)), [false, false, true]);
        assert!(!is_native(folder.path()) && !is_native(&make("d/cosign", b"\x7f", 0o755)));
    }
}
