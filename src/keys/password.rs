//! Where passwords come from: the variable COSIGN_PASSWORD, the terminal, or standard input, in this order.

use std::io;
use std::time::Duration;

use super::{Error, Variables};
use crate::crypto::Secret;

/// Holds the password; set and empty means the empty password.
const VARIABLE: &str = "COSIGN_PASSWORD";
const MAX_LENGTH: u64 = 1 << 16;
const QUESTION: &str = "Enter password for private key: ";
const QUESTION_AGAIN: &str = "Enter password for private key again: ";

/// Asks the person in front of the program. Programs that embed this crate implement it; [`super::Terminal`] is the
/// command line's.
pub trait Prompt {
    /// Whether there is a person: standard input is a terminal.
    fn is_interactive(&self) -> bool;

    /// Asks for a password, not showing what is typed. `question` is shown as it is.
    ///
    /// # Errors
    /// When the terminal fails, or the person gives up.
    fn password(&mut self, question: &str) -> io::Result<Secret>;

    /// Shows a question and reads one line of answer from standard input, a terminal or not; without the line end.
    ///
    /// # Errors
    /// `UnexpectedEof` when the input ends without an answer; when standard input fails or the line is absurdly long.
    fn line(&mut self, question: &str) -> io::Result<String>;

    /// The same, waiting no longer than `patience`, where there is a way to stop waiting; without one, as [`line`](Self::line).
    /// Nothing else is to be asked after that: what is typed late goes to nobody.
    ///
    /// # Errors
    /// As there; `TimedOut` when nobody answers in time.
    #[cfg_attr(not(feature = "http"), allow(dead_code, reason = "nobody logs in in this build"))]
    fn line_within(&mut self, question: &str, patience: Duration) -> io::Result<String> {
        let _ = patience;
        self.line(question)
    }

    /// Tells something that has to be done now. Nothing is told where nobody is shown anything.
    fn tell(&mut self, line: &str) {
        let _ = line;
    }

    /// Reads standard input to its end, or to one byte more than the limit.
    ///
    /// # Errors
    /// When standard input fails.
    fn stdin(&mut self, limit: u64) -> io::Result<Vec<u8>>;
}

/// Whether standard input can bring a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StdinUse {
    /// It can.
    Free,
    /// The artifact, or whatever else `-` stands for, comes from there.
    Taken,
}

/// The password of a new key.
#[derive(Debug)]
pub struct NewPassword {
    /// The password.
    pub password: Secret,
    /// Whether a final newline of standard input was dropped from it, which the user should be told.
    pub newline_dropped: bool,
}

/// Gets passwords, each when it is needed and not before.
pub struct Passwords<'a> {
    variables: Variables<'a>,
    prompt: &'a mut dyn Prompt,
    stdin: StdinUse,
}

impl<'a> Passwords<'a> {
    /// From these sources.
    pub fn new(variables: Variables<'a>, prompt: &'a mut dyn Prompt, stdin: StdinUse) -> Self {
        Self { variables, prompt, stdin }
    }

    /// The passwords that may open an existing key, in the order of trying. Standard input gives two when it ends in a
    /// newline: as given, and without one final newline, because `echo` adds one that nobody means.
    ///
    /// # Errors
    /// No password, or it cannot be read.
    pub fn existing(&mut self) -> Result<Vec<Secret>, Error> {
        if let Some(password) = self.variable() {
            return Ok(vec![password]);
        }
        if self.interactive()? {
            return Ok(vec![self.prompt.password(QUESTION).map_err(Error::Prompt)?]);
        }
        let given = self.stdin()?;
        let shorter = without_newline(given.expose()).map(|text| Secret::new(text.to_vec()));
        Ok([Some(given), shorter].into_iter().flatten().collect())
    }

    /// The password of a new key. A terminal is asked twice. One final newline of standard input is dropped, so that the
    /// key opens with COSIGN_PASSWORD and on the terminal too.
    ///
    /// # Errors
    /// No password, it cannot be read, or the two answers differ.
    pub fn new_password(&mut self) -> Result<NewPassword, Error> {
        if let Some(password) = self.variable() {
            return Ok(NewPassword { password, newline_dropped: false });
        }
        if self.interactive()? {
            let password = self.prompt.password(QUESTION).map_err(Error::Prompt)?;
            let again = self.prompt.password(QUESTION_AGAIN).map_err(Error::Prompt)?;
            if password.expose() != again.expose() {
                return Err(Error::PasswordsDiffer);
            }
            return Ok(NewPassword { password, newline_dropped: false });
        }
        let given = self.stdin()?;
        Ok(match without_newline(given.expose()) {
            Some([]) => return Err(Error::PasswordMissing),
            Some(text) => NewPassword { password: Secret::new(text.to_vec()), newline_dropped: true },
            None => NewPassword { password: given, newline_dropped: false },
        })
    }

    /// Who asks for what is not a password.
    pub fn prompt(&mut self) -> &mut dyn Prompt {
        self.prompt
    }

    fn variable(&self) -> Option<Secret> {
        (self.variables)(VARIABLE).map(|value| Secret::new(value.into_encoded_bytes()))
    }

    fn interactive(&self) -> Result<bool, Error> {
        match self.stdin {
            StdinUse::Free => Ok(self.prompt.is_interactive()),
            StdinUse::Taken => Err(Error::PasswordStdinTaken),
        }
    }

    fn stdin(&mut self) -> Result<Secret, Error> {
        let given = Secret::new(self.prompt.stdin(MAX_LENGTH).map_err(Error::Prompt)?);
        match given.expose().len() as u64 {
            0 => Err(Error::PasswordMissing),
            length if length > MAX_LENGTH => Err(Error::PasswordTooLong { limit: MAX_LENGTH }),
            _ => Ok(given),
        }
    }
}

/// The text without one final `\n` or `\r\n`, when it has one.
fn without_newline(text: &[u8]) -> Option<&[u8]> {
    let text = text.strip_suffix(b"\n")?;
    Some(text.strip_suffix(b"\r").unwrap_or(text))
}
