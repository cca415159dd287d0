//! What a batch has verified so far, so that a run that was ended goes on where it was (`--resume`): lines of JSON, each chained to the one
//! before it. Who may write to the file decides what is taken for verified, as who may write to a policy does: it is trusted like one.
//!
//! Only what verified is in it, by the name that was typed and by the digest that was found, and it holds for the same options alone: keys, roots, policies and
//! whatever else decides are compared by digest. A tag is resolved anew; an image on this machine is judged anew.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::commands::{Context, Error, ErrorKind};
use crate::crypto::{Digest, UnixTime, sha256};

/// The version of its form.
const JOURNAL: &str = "rcosign-journal/v2";
/// Seconds: what was verified longer ago is verified anew, with the roots of today.
const LONGEST: i64 = 24 * 60 * 60;
/// Some hundred thousand images.
const MAX_BYTES: u64 = 256 << 20;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    journal: String,
    /// SHA-256 of the options.
    options: String,
    /// Seconds since 1970.
    begun: i64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    digest: String,
    time: String,
    /// Seconds since 1970: from then on it is judged again, for what a policy file says of ages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    until: Option<i64>,
}

/// A line: what it says, and a hash over that and all lines before it.
#[derive(Serialize, Deserialize)]
struct Line<T> {
    line: T,
    chain: String,
}

/// The journal of a run.
pub(super) struct Journal {
    path: PathBuf,
    file: RefCell<File>,
    chain: RefCell<String>,
    /// When what was verified, by name and digest: what still counts.
    known: HashMap<(String, String), String>,
    now: String,
    /// Why no more can be written.
    failed: RefCell<Option<Error>>,
    /// How many images were not judged again.
    passed: Cell<usize>,
}

impl Journal {
    /// Opens the journal, or begins one. `options` stands for all that decides whether something verifies.
    ///
    /// # Errors
    /// It is no journal, one of other options, one that was changed, or one that is too old; somebody else writes to it.
    pub fn open(path: &Path, options: &[u8; 32], context: &mut Context) -> Result<Self, Error> {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        if let Some(folder) = folder.filter(|folder| matches!(folder.try_exists(), Ok(false))) {
            let message = format!(
                "cannot write `{}` (--resume): its folder `{}` does not exist",
                path.display(),
                folder.display()
            );
            return Err(Error::new(ErrorKind::Format, message));
        }
        let failed = |error: &std::io::Error| {
            Error::new(ErrorKind::Format, format!("cannot use the journal `{}` (--resume)", path.display()))
                .caused_by(error)
        };
        let mut file =
            OpenOptions::new().read(true).append(true).create(true).open(path).map_err(|e| failed(&e))?;
        if !file.metadata().map_err(|e| failed(&e))?.is_file() {
            let message = format!("the journal `{}` is no file (--resume)", path.display());
            return Err(
                Error::new(ErrorKind::Format, message).hint("name a file, or one that is not there yet")
            );
        }
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let message = format!("another run writes to the journal `{}` (--resume)", path.display());
                return Err(Error::new(ErrorKind::Format, message)
                    .hint("give each run, and each shard, a journal of its own"));
            }
            // Some file systems have no locks.
            Err(TryLockError::Error(_)) => {}
        }
        let mut bytes = Vec::new();
        (&mut file).take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(|e| failed(&e))?;
        if bytes.len() as u64 > MAX_BYTES {
            let message = format!("the journal `{}` has more than {MAX_BYTES} bytes", path.display());
            return Err(Error::new(ErrorKind::LimitExceeded, message));
        }
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        let mut journal = Self {
            path: path.to_owned(),
            file: RefCell::new(file),
            chain: RefCell::default(),
            known: HashMap::new(),
            now: context.now.to_string(),
            failed: RefCell::default(),
            passed: Cell::new(0),
        };
        let options = hex::encode(options);
        if bytes.is_empty() {
            let header = Header { journal: JOURNAL.to_owned(), options, begun: context.now.seconds() };
            journal.write(&header);
            return journal.failed.take().map_or(Ok(journal), Err);
        }
        let lines = bytes[..whole].split_inclusive(|byte| *byte == b'\n');
        journal.read(lines, &options, context.now)?;
        if whole < bytes.len() {
            // A run that was ended while it wrote; nothing is taken for verified because of it.
            journal.file.get_mut().set_len(whole as u64).map_err(|e| failed(&e))?;
            context.narrator.warn(&format!(
                "the last line of the journal `{}` was not whole and is dropped",
                path.display()
            ));
        }
        Ok(journal)
    }

    fn read<'a>(
        &mut self,
        mut lines: impl Iterator<Item = &'a [u8]>,
        options: &str,
        now: UnixTime,
    ) -> Result<(), Error> {
        let header = lines.next().ok_or_else(|| self.broken(1))?;
        let header: Header = self.line(header).ok_or_else(|| self.broken(1))?;
        if header.journal != JOURNAL {
            return Err(self.refused("is of another version of this program"));
        }
        if header.options != options {
            let error = self.refused("is of a run with other options, keys, roots or policies");
            return Err(error.cause("what was verified there says nothing of what is asked for here"));
        }
        if !(0..=LONGEST).contains(&(now.seconds() - header.begun)) {
            return Err(self.refused("was begun more than a day ago, or is of the future"));
        }
        for (number, line) in lines.enumerate() {
            let entry: Entry = self.line(line).ok_or_else(|| self.broken(number + 2))?;
            // The last line about an image counts: one that became too old may have been judged again.
            let key = (entry.name, entry.digest);
            match entry.until.is_none_or(|until| now.seconds() < until) {
                true => drop(self.known.insert(key, entry.time)),
                false => drop(self.known.remove(&key)),
            }
        }
        Ok(())
    }

    /// What a line says, where it follows those before it.
    fn line<T: Serialize + for<'a> Deserialize<'a>>(&self, bytes: &[u8]) -> Option<T> {
        let Line { line, chain } = serde_json::from_slice::<Line<T>>(bytes).ok()?;
        let expected = next(&self.chain.borrow(), &line)?;
        if expected != chain {
            return None;
        }
        self.chain.replace(chain);
        Some(line)
    }

    fn refused(&self, why: &str) -> Error {
        let message = format!("the journal `{}` {why} (--resume)", self.path.display());
        Error::new(ErrorKind::Format, message).hint("name a file that is not there yet, to begin anew")
    }

    fn broken(&self, line: usize) -> Error {
        self.refused(&format!("was changed, or is none: line {line}"))
    }

    /// When this verified, if it did.
    pub fn known(&self, name: &str, digest: &Digest) -> Option<String> {
        let time = self.known.get(&(name.to_owned(), digest.to_string())).cloned();
        self.passed.set(self.passed.get() + usize::from(time.is_some()));
        time
    }

    /// Notes that this verified, and until when that counts at the longest.
    pub fn note(&self, name: &str, digest: &Digest, until: Option<UnixTime>) {
        let (name, digest, until) = (name.to_owned(), digest.to_string(), until.map(UnixTime::seconds));
        self.write(&Entry { name, digest, time: self.now.clone(), until });
    }

    /// Adds a line, at once and whole. What fails is told at the end.
    fn write(&self, line: &impl Serialize) {
        if self.failed.borrow().is_some() {
            return;
        }
        let result = (|| {
            let chain = next(&self.chain.borrow(), line).ok_or_else(|| std::io::Error::other("no JSON"))?;
            let mut text = serde_json::to_vec(&Line { line, chain: chain.clone() })?;
            text.push(b'\n');
            self.file.borrow_mut().write_all(&text)?;
            self.chain.replace(chain);
            Ok::<_, std::io::Error>(())
        })();
        if let Err(error) = result {
            let message = format!("cannot write the journal `{}` (--resume)", self.path.display());
            self.failed.replace(Some(Error::new(ErrorKind::Format, message).caused_by(&error)));
        }
    }

    /// How many images an earlier run had verified, or why this run could not be noted.
    ///
    /// # Errors
    /// Something could not be written.
    pub fn finish(self) -> Result<usize, Error> {
        self.failed.take().map_or(Ok(self.passed.get()), Err)
    }
}

/// The hash of a line that follows others.
fn next(chain: &str, line: &impl Serialize) -> Option<String> {
    let line = serde_json::to_string(line).ok()?;
    Some(hex::encode(sha256(format!("{chain}\n{line}").as_bytes())))
}

#[cfg(test)]
mod tests;
