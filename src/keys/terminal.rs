//! The terminal of the command line; the one file where rpassword's differences between platforms meet ours.

use std::io::{self, BufRead, IsTerminal, Read, Write};

use super::Prompt;
use crate::crypto::Secret;

const MAX_LINE: u64 = 1 << 12;

/// Standard input and the controlling terminal. Questions go to the terminal or to standard error, never to standard
/// output.
#[derive(Debug, Default)]
pub struct Terminal {}

impl Prompt for Terminal {
    fn is_interactive(&self) -> bool {
        io::stdin().is_terminal()
    }

    fn password(&mut self, question: &str) -> io::Result<Secret> {
        rpassword::prompt_password(question).map(|text| Secret::new(text.into_bytes()))
    }

    fn line(&mut self, question: &str) -> io::Result<String> {
        let mut out = io::stderr().lock();
        out.write_all(question.as_bytes())?;
        out.flush()?;
        let mut line = String::new();
        let read = io::stdin().lock().take(MAX_LINE).read_line(&mut line);
        // What is typed at a terminal ends the line of the question; nothing else does.
        if !(self.is_interactive() && line.ends_with('\n')) {
            writeln!(out)?;
        }
        if read? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(line.trim_end_matches(['\n', '\r']).to_string())
    }

    fn stdin(&mut self, limit: u64) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        io::stdin().lock().take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}
