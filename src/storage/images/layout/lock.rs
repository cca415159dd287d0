//! The lock of a layout's `index.json`.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::folder::Folder;
use crate::storage::FileError;
use crate::storage::images::Error;
use crate::storage::images::contents::Source;

/// The name that `BuildKit` gives it.
const NAME: &str = "index.json.lock";
const PATIENCE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(5);

/// The lock, held until this is dropped.
pub(super) struct Lock {
    path: PathBuf,
    _file: File,
}

impl Lock {
    /// Waits for the lock.
    ///
    /// # Errors
    /// Somebody holds it for too long; it cannot be made.
    pub fn take(folder: &Folder) -> Result<Self, Error> {
        let path = folder.inside(NAME)?;
        let fail = |source| Error::Output(FileError::Write { path: path.clone(), source });
        let started = Instant::now();
        while started.elapsed() < PATIENCE {
            // Not cut off: whatever it is, it is not ours to empty.
            let file =
                OpenOptions::new().write(true).create(true).truncate(false).open(&path).map_err(fail)?;
            match file.try_lock() {
                // Whoever held it took the file away: the next one is locked on another file.
                Ok(()) if is_same(&file, &path) => return Ok(Self { path, _file: file }),
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => std::thread::sleep(PAUSE),
                Err(TryLockError::Error(source)) => return Err(fail(source)),
            }
        }
        Err(Error::Locked { path: folder.place().to_owned(), seconds: PATIENCE.as_secs() })
    }
}

/// Taken away while it is still held, so that nobody else removes a file that is somebody's lock.
impl Drop for Lock {
    fn drop(&mut self) {
        if cfg!(unix) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

#[cfg(unix)]
fn is_same(file: &File, path: &std::path::Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let id = |found: &fs::Metadata| (found.dev(), found.ino());
    matches!((file.metadata(), fs::metadata(path)), (Ok(ours), Ok(theirs)) if id(&ours) == id(&theirs))
}

#[cfg(not(unix))]
fn is_same(_: &File, _: &std::path::Path) -> bool {
    true
}
