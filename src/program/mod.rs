//! Plug-in programs for keys and for the credentials of clusters: where they are, and how one is started, within limits. Nothing is
//! started here but what the user has allowed by `--allow-kms-plugin` or `--allow-kube-exec`. And how words are written for [`shell`]s.

mod run;
pub mod shell;

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::sync::Arc;
use std::time::Duration;

#[cfg(unix)]
pub use run::kill_group;

use crate::crypto::{DecodeError, Secret};

/// The environment variables, by name.
type Variables<'a> = &'a dyn Fn(&str) -> Option<std::ffi::OsString>;

/// More than any answer of the protocol takes.
const MAX_ANSWER: u64 = 1 << 20;

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
    pub input: Arc<Vec<u8>>,
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
}

#[cfg(test)]
#[cfg(unix)]
mod tests;
