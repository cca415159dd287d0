//! What the environment says of services: variables, and the files that they name.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::Error;
use super::late::{Beside, read_at_most};
use crate::crypto::{Secret, UnixTime};
use crate::http::service::{Client, Connection};

/// More than any token, certificate, or file of credentials takes.
const MAX_FILE: u64 = 1 << 20;

/// What the environment says.
#[derive(Clone, Copy)]
pub struct Settings<'a> {
    /// The environment variables, by name.
    pub variables: &'a dyn Fn(&str) -> Option<std::ffi::OsString>,
    /// How long what fails in passing is tried again.
    pub retry_for: Duration,
    /// How long all of it may take.
    pub total: Duration,
    /// The time, for requests that are dated.
    pub now: UnixTime,
}

impl Settings<'_> {
    /// A variable that is set and not empty.
    ///
    /// # Errors
    /// It is not text.
    pub fn variable(&self, name: &str) -> Result<Option<String>, Error> {
        let Some(value) = (self.variables)(name).filter(|value| !value.is_empty()) else { return Ok(None) };
        let fail = |_| Error::Setting { name: name.to_owned(), reason: "it is not text in UTF-8".to_owned() };
        value.into_string().map(Some).map_err(fail)
    }

    /// A token in a variable that is set and not empty. A line break at its end, as files have one, is not part of it.
    ///
    /// # Errors
    /// It is not text, or has characters that no token has.
    pub fn token(&self, name: &str) -> Result<Option<Secret>, Error> {
        let Some(text) = self.variable(name)? else { return Ok(None) };
        let text = Secret::new(text.into_bytes());
        let token = text.expose().trim_ascii_end();
        match !token.is_empty() && token.iter().all(u8::is_ascii_graphic) {
            true => Ok(Some(Secret::new(token.to_vec()))),
            false => {
                Err(Error::setting(name, "it has line breaks, blanks or other characters that no token has"))
            }
        }
    }

    /// Whether a variable is set to a word for yes, as Go's `strconv.ParseBool` knows them.
    ///
    /// # Errors
    /// Another word.
    pub fn switch(&self, name: &str) -> Result<bool, Error> {
        match self.variable(name)?.as_deref() {
            None | Some("0" | "f" | "F" | "false" | "FALSE" | "False") => Ok(false),
            Some("1" | "t" | "T" | "true" | "TRUE" | "True") => Ok(true),
            Some(_) => Err(Error::Setting {
                name: name.to_owned(),
                reason: "it is neither true nor false".to_owned(),
            }),
        }
    }

    /// A file in the home folder, where there is one.
    ///
    /// # Errors
    /// The variable that names the folder is not text.
    pub fn home(&self, path: &str) -> Result<Option<PathBuf>, Error> {
        let home = match self.variable("HOME")? {
            None => self.variable("USERPROFILE")?,
            home => home,
        };
        Ok(home.map(|home| Path::new(&home).join(path)))
    }

    /// The content of a file; `None` where there is none.
    ///
    /// # Errors
    /// It cannot be read, or is too large.
    pub fn file(&self, path: &Path) -> Result<Option<Secret>, Error> {
        let fail = |reason: String| Error::unread(format!("`{}`", path.display()), reason);
        match read_at_most(path, MAX_FILE, self.total, Beside::Handed) {
            Ok(bytes) if bytes.len() as u64 > MAX_FILE => {
                Err(fail(format!("it is larger than {MAX_FILE} bytes")))
            }
            Ok(bytes) => Ok(Some(Secret::new(bytes))),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(fail(error.to_string())),
        }
    }

    /// The content of a file that `variable` names.
    ///
    /// # Errors
    /// There is none; it cannot be read, or is too large.
    pub fn named_file(&self, variable: &str, path: &str) -> Result<Secret, Error> {
        let missing = || Error::unread(variable, format!("there is no file `{path}`"));
        self.file(Path::new(path))?.ok_or_else(missing)
    }

    /// The files of a folder that `variable` names, one after the other.
    ///
    /// # Errors
    /// It cannot be read; a file in it cannot, or is too large.
    pub fn named_folder(&self, variable: &str, path: &str) -> Result<Vec<u8>, Error> {
        let fail = |error: std::io::Error| {
            Error::unread(variable, format!("the folder `{path}` cannot be read: {error}"))
        };
        let mut paths = Vec::new();
        for entry in std::fs::read_dir(path).map_err(fail)? {
            let path = entry.map_err(fail)?.path();
            if path.is_file() {
                paths.push(path);
            }
        }
        paths.sort();
        let mut all = Vec::new();
        for path in paths {
            if let Some(content) = self.file(&path)? {
                all.extend_from_slice(content.expose());
                all.push(b'\n');
            }
        }
        Ok(all)
    }

    /// A client with the time that the command has, and what `change` makes of the rest.
    pub fn client(&self, change: impl FnOnce(&mut Connection)) -> Client {
        let mut connection =
            Connection { retry_for: self.retry_for, total: self.total, ..Connection::default() };
        change(&mut connection);
        Client::new(connection)
    }
}

/// How long a pipe is waited for whose content is read late.
const LATE: Duration = Duration::from_secs(30);

/// A file that is read late, because it changes: to one byte more than is ever taken.
///
/// # Errors
/// It cannot be read.
pub(super) fn read(path: &Path) -> std::io::Result<Secret> {
    read_at_most(path, MAX_FILE, LATE, Beside::Handed).map(Secret::new)
}
