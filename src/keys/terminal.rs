//! The terminal of the command line; the one file where rpassword's differences between platforms meet ours.

use std::io::{self, BufRead, IsTerminal, Read, Write};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use super::Prompt;
use crate::crypto::Secret;
use crate::progress;

const MAX_LINE: u64 = 1 << 12;
/// ENXIO, on every Unix: a process without a controlling terminal.
const NO_SUCH_DEVICE: i32 = 6;

/// Standard input and the controlling terminal. Questions go to the terminal or to standard error, never to standard
/// output.
#[derive(Debug, Default)]
pub struct Terminal {}

impl Prompt for Terminal {
    fn is_interactive(&self) -> bool {
        io::stdin().is_terminal()
    }

    fn password(&mut self, question: &str) -> io::Result<Secret> {
        progress::hide();
        rpassword::prompt_password(question)
            .map(|text| Secret::new(text.into_bytes()))
            .map_err(|error| without_terminal(error, cfg!(unix)))
    }

    fn line(&mut self, question: &str) -> io::Result<String> {
        ask(question)?;
        self.answer(read_line())
    }

    fn line_within(&mut self, question: &str, patience: Duration) -> io::Result<String> {
        ask(question)?;
        // Nothing ends a read that waits, on every platform alike: the thread is left behind, and ends with the process.
        let (sender, receiver) = mpsc::channel();
        thread::Builder::new().spawn(move || drop(sender.send(read_line())))?;
        let gone = |_| Err(io::ErrorKind::TimedOut.into());
        self.answer(receiver.recv_timeout(patience).unwrap_or_else(gone))
    }

    fn tell(&mut self, line: &str) {
        progress::hide();
        // Who cannot be told may still know.
        let _ = writeln!(io::stderr(), "{line}");
    }

    fn stdin(&mut self, limit: u64) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        io::stdin().lock().take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

impl Terminal {
    /// Ends the line of the question; what was answered, without the line end.
    fn answer(&self, read: io::Result<String>) -> io::Result<String> {
        let ended = read.as_ref().is_ok_and(|line| line.ends_with('\n'));
        // What is typed at a terminal ends the line of the question; nothing else does.
        if !(self.is_interactive() && ended) {
            writeln!(io::stderr())?;
        }
        let line = read?;
        if line.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(line.trim_end_matches(['\n', '\r']).to_string())
    }
}

fn ask(question: &str) -> io::Result<()> {
    progress::hide();
    let mut out = io::stderr().lock();
    out.write_all(question.as_bytes())?;
    out.flush()
}

/// A line of standard input with its end; empty where there is none.
fn read_line() -> io::Result<String> {
    let mut line = String::new();
    io::stdin().lock().take(MAX_LINE).read_line(&mut line)?;
    Ok(line)
}

/// What opening the terminal says where there is none, in an empty root file system or without a session, is only that a
/// file is missing. The one file that is opened is the controlling terminal.
fn without_terminal(error: io::Error, unix: bool) -> io::Error {
    let missing = matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied)
        || error.raw_os_error() == Some(NO_SUCH_DEVICE);
    if unix && missing {
        return io::Error::new(error.kind(), format!("the terminal `/dev/tty` cannot be opened: {error}"));
    }
    error
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_terminal_is_named() {
        for error in [io::ErrorKind::NotFound.into(), io::Error::from_raw_os_error(NO_SUCH_DEVICE)] {
            let text = without_terminal(error, true).to_string();
            assert!(text.starts_with("the terminal `/dev/tty` cannot be opened: "), "{text}");
        }
        for (error, unix) in [
            (io::ErrorKind::NotFound, false),
            (io::ErrorKind::UnexpectedEof, true),
            (io::ErrorKind::Other, true),
        ] {
            assert_eq!(without_terminal(error.into(), unix).to_string(), io::Error::from(error).to_string());
        }
    }
}
