//! Standard output, or the file that takes its place.

use std::io::{ErrorKind as IoKind, IsTerminal, Write};
use std::path::{Path, PathBuf};

use crate::cli::exit;
use crate::commands::{Error, ErrorKind};
use crate::storage::{Access, PendingFile};

/// Data for standard output or `--output-file`. It is collected and written once, at the end.
#[derive(Debug, Default)]
pub struct Output {
    bytes: Vec<u8>,
    file: Option<(PendingFile, PathBuf)>,
    code: Option<u8>,
}

impl Output {
    /// Sends the data to this file, which these may read.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn redirect(&mut self, path: &Path, access: Access) -> Result<(), Error> {
        let file = PendingFile::create(path, access).map_err(|error| Error::output(&error))?;
        self.file = Some((file, path.to_owned()));
        Ok(())
    }

    /// The file that takes the place of standard output.
    pub fn place(&self) -> Option<&Path> {
        self.file.as_ref().map(|(_, path)| path.as_path())
    }

    /// Adds data.
    pub fn data(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Adds a document from outside: byte for byte, but on a terminal without what that would obey.
    pub fn foreign(&mut self, document: &[u8]) {
        if self.file.is_none() && std::io::stdout().is_terminal() {
            self.data(super::text(document).as_bytes());
        } else {
            self.data(document);
        }
    }

    /// Takes what was added so far: it is not written.
    pub fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.bytes)
    }

    /// Ends the run with the exit code of another program, or with the one that shells have for one that cannot be run.
    pub fn end_with(&mut self, code: u8) {
        self.code = Some(code);
    }

    /// Writes what was added so far, for words that must not come before it.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn flush(&mut self) -> Result<(), Error> {
        if self.file.is_some() {
            return Ok(());
        }
        let bytes = std::mem::take(&mut self.bytes);
        to_stdout(&bytes).map_err(|error| stdout_failed(&error))
    }

    /// Writes the data, prints the failure if there is one, and returns the exit code. A reader that went away is no
    /// reason for words.
    pub fn finish(self, result: Result<(), Error>) -> u8 {
        let other = self.code;
        let written = self.write(result.is_ok());
        let code = match &result {
            Ok(()) => other.unwrap_or(0),
            Err(error) => {
                super::error(error);
                other.unwrap_or_else(|| exit::code(error.kind))
            }
        };
        match written {
            Ok(()) => code,
            Err(None) => code.max(1),
            Err(Some(error)) => {
                super::error(&error);
                if code == 0 { exit::code(error.kind) } else { code }
            }
        }
    }

    /// `Err(None)`: the reader went away. Of a failed run a file is written only if there is something to write.
    fn write(self, success: bool) -> Result<(), Option<Error>> {
        let Self { bytes, file, .. } = self;
        let Some((mut file, _)) = file else {
            return to_stdout(&bytes)
                .map_err(|error| (error.kind() != IoKind::BrokenPipe).then(|| stdout_failed(&error)));
        };
        if !success && bytes.is_empty() {
            return Ok(());
        }
        file.push(&bytes);
        file.commit().map_err(|error| Some(Error::output(&error)))
    }
}

fn to_stdout(bytes: &[u8]) -> std::io::Result<()> {
    // It may be the same terminal.
    crate::progress::hide();
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(bytes).and_then(|()| stdout.flush())
}

fn stdout_failed(error: &std::io::Error) -> Error {
    Error::new(ErrorKind::Format, "cannot write standard output").caused_by(error)
}
