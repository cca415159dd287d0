//! Plug-in programs for keys and for the credentials of clusters: where they are, and how one is started, within limits. Nothing is
//! started here but what the user has allowed by `--allow-kms-plugin` or `--allow-kube-exec`.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use crate::crypto::{DecodeError, Secret};

/// The environment variables, by name.
type Variables<'a> = &'a dyn Fn(&str) -> Option<std::ffi::OsString>;

/// More than any answer of the protocol takes.
const MAX_ANSWER: u64 = 1 << 20;
/// Of what a program says beside its answer, that much is passed on.
const MAX_LINES: usize = 1000;
const MAX_LINE: u64 = 4096;
/// How long is waited for the end of what has answered.
const GRACE: Duration = Duration::from_secs(2);

/// Why a plug-in program was of no use.
#[derive(Debug, thiserror::Error)]
pub enum ProgramError {
    /// There is none.
    #[error("no folder of PATH has the program `{program}`")]
    Absent {
        /// The program.
        program: String,
    },
    /// There is no program at that path.
    #[error("there is no program `{}`", path.display())]
    NoFile {
        /// The path.
        path: PathBuf,
    },
    /// It does not start.
    #[error("the program `{}` could not be started", path.display())]
    Start {
        /// Where it is.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// It did not end.
    #[error("the program `{program}` did not answer within {} seconds", limit.as_secs())]
    Timeout {
        /// The program.
        program: String,
        /// How long it was waited for.
        limit: Duration,
    },
    /// It printed more than any answer takes.
    #[error("the program `{program}` printed more than {MAX_ANSWER} bytes")]
    TooLong {
        /// The program.
        program: String,
    },
    /// It was ended by something else.
    #[error("the program `{program}` was ended ({status})")]
    Ended {
        /// The program.
        program: String,
        /// By what.
        status: ExitStatus,
    },
    /// Its answer is not what such a program answers.
    #[error("what the program `{program}` printed is not an answer of the protocol ({status})")]
    Answer {
        /// The program.
        program: String,
        /// How it ended.
        status: ExitStatus,
        /// What is wrong with it.
        #[source]
        source: DecodeError,
    },
    /// It ended as programs do that failed.
    #[error("the program `{program}` failed ({status})")]
    Failed {
        /// The program.
        program: String,
        /// How it ended.
        status: ExitStatus,
    },
    /// It answered that it failed.
    #[error("the program `{program}` failed: {said}")]
    Said {
        /// The program.
        program: String,
        /// What it said.
        said: String,
    },
}

/// A program that is there.
#[derive(Debug, Clone)]
pub struct Program {
    /// What it is called in messages.
    pub name: String,
    path: PathBuf,
}

/// What a program is started with.
#[derive(Debug)]
pub struct Call {
    /// Its arguments.
    pub arguments: Vec<String>,
    /// Variables beside those of this process, and in place of those with the same name.
    pub environment: Vec<(String, Secret)>,
    /// What it reads on standard input.
    pub input: Vec<u8>,
    /// How long it may take.
    pub limit: Duration,
    /// Who is told, from any thread, what it says on standard error.
    pub tell: fn(&str),
}

/// What a program printed, and how it ended.
pub struct Printed {
    /// All of its standard output.
    pub bytes: Secret,
    /// How it ended; not by a signal.
    pub status: ExitStatus,
}

/// Where the program of this name is: in the first folder of PATH that has it. Folders that depend on where one stands are passed over.
pub fn find(name: &str, variables: Variables<'_>) -> Option<PathBuf> {
    let folders = variables("PATH")?;
    // On Windows a name may have the suffix; elsewhere there is none.
    let suffix = if name.ends_with(std::env::consts::EXE_SUFFIX) { "" } else { std::env::consts::EXE_SUFFIX };
    let name = format!("{name}{suffix}");
    let mut all = std::env::split_paths(&folders).filter(|folder| folder.is_absolute());
    all.find_map(|folder| Some(folder.join(&name)).filter(|path| is_program(path)))
}

/// Whether a file is there that may be started.
pub fn is_program(path: &Path) -> bool {
    let Ok(found) = path.metadata() else { return false };
    #[cfg(unix)]
    if std::os::unix::fs::PermissionsExt::mode(&found.permissions()) & 0o111 == 0 {
        return false;
    }
    found.is_file()
}

impl Program {
    /// Looks for it.
    ///
    /// # Errors
    /// There is none.
    pub fn find(name: String, variables: Variables<'_>) -> Result<Self, ProgramError> {
        match find(&name, variables) {
            Some(path) => Ok(Self { name, path }),
            None => Err(ProgramError::Absent { program: name }),
        }
    }

    /// The one at this path.
    pub fn at(name: String, path: PathBuf) -> Self {
        Self { name, path }
    }

    /// Starts it without a shell, gives it the input, and waits for what it prints. What it says on standard error is told line by
    /// line, with its name before each. Blocks.
    ///
    /// # Errors
    /// It does not start, does not end in time, prints too much, or is ended by a signal.
    pub fn run(&self, call: Call) -> Result<Printed, ProgramError> {
        let Call { arguments, environment, input, limit, tell } = call;
        let fail = |source| ProgramError::Start { path: self.path.clone(), source };
        let started = Instant::now();
        let mut child = Command::new(&self.path)
            .args(arguments)
            .envs(
                environment
                    .iter()
                    .map(|(name, value)| (name, String::from_utf8_lossy(value.expose()).into_owned())),
            )
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(fail)?;
        // Threads of their own: a program that never reads, or never ends, is given up by the clock.
        if let Some(mut stdin) = child.stdin.take() {
            // One that does not read need not have the message.
            std::thread::spawn(move || drop(stdin.write_all(&input)));
        }
        let told = child.stderr.take().map(|stderr| {
            let (name, (sender, receiver)) = (self.name.clone(), mpsc::channel::<()>());
            std::thread::spawn(move || {
                pass_on(stderr, &name, tell);
                drop(sender);
            });
            receiver
        });
        let (sender, receiver) = mpsc::channel();
        let stdout = child.stdout.take();
        std::thread::spawn(move || {
            let mut bytes = Vec::new();
            let read = stdout.map(|out| out.take(MAX_ANSWER + 1).read_to_end(&mut bytes));
            let bytes = Secret::new(bytes);
            drop(sender.send(read.unwrap_or(Ok(0)).map(|_| bytes)));
        });
        let Ok(read) = receiver.recv_timeout(limit) else {
            give_up(&mut child);
            return Err(ProgramError::Timeout { program: self.name.clone(), limit });
        };
        let bytes = match read {
            Ok(bytes) if bytes.expose().len() as u64 > MAX_ANSWER => {
                give_up(&mut child);
                return Err(ProgramError::TooLong { program: self.name.clone() });
            }
            read => read.map_err(fail)?,
        };
        let Some(status) = end(&mut child, limit.saturating_sub(started.elapsed())).map_err(fail)? else {
            return Err(ProgramError::Timeout { program: self.name.clone(), limit });
        };
        if let Some(told) = told {
            // Disconnected is what is waited for; a program in the background may hold the pipe open.
            let _ = told.recv_timeout(GRACE);
        }
        match status.code() {
            Some(_) => Ok(Printed { bytes, status }),
            None => Err(ProgramError::Ended { program: self.name.clone(), status }),
        }
    }
}

/// How the program ends; `None` where it does not within this time, and is ended.
fn end(child: &mut Child, limit: Duration) -> io::Result<Option<ExitStatus>> {
    let started = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if started.elapsed() > limit.max(GRACE) {
            give_up(child);
            return Ok(None);
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Tells what a program says, which is read to its end in any case, so that it can go on.
fn pass_on(stderr: ChildStderr, name: &str, tell: fn(&str)) {
    let mut reader = BufReader::new(stderr);
    for number in 0_usize.. {
        let mut line = Vec::new();
        match reader.by_ref().take(MAX_LINE).read_until(b'\n', &mut line) {
            Ok(0) | Err(_) => return,
            Ok(_) if number < MAX_LINES => {
                tell(&format!("{name}: {}", String::from_utf8_lossy(&line).trim_end()));
            }
            Ok(_) if number == MAX_LINES => tell(&format!("{name}: and more, which is not shown")),
            Ok(_) => {}
        }
    }
}

fn give_up(child: &mut Child) {
    // It may have ended meanwhile; either way nothing is left of it.
    let _ = child.kill();
    let _ = child.wait();
}
