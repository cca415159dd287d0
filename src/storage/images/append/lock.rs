//! The lock by which the processes of one machine take turns at a tag.
//!
//! It is a courtesy: it keeps neighbours from undoing each other's work, and the protocol is as sound without it. So whatever is wrong
//! with the files is no error, and a neighbour that never lets go is not waited for for ever.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::crypto::sha256;

/// How long a lock that is taken is left alone, about.
const TURN: Duration = Duration::from_millis(8);

/// The folder of this user's lock files: in `XDG_RUNTIME_DIR`, else in the folder for temporary files. It is made here; `None` where it
/// cannot be made, or is not this user's alone.
pub fn lock_folder(variables: &dyn Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    let filled = |name: &str| variables(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    if let Some(runtime) = filled("XDG_RUNTIME_DIR").filter(|path| path.is_absolute()) {
        let own = own_folder(&runtime.join("rcosign"));
        if own.is_some() {
            return own;
        }
    }
    let temporary = ["TMPDIR", "TEMP", "TMP"].into_iter().find_map(filled).unwrap_or_else(std::env::temp_dir);
    own_folder(&temporary.join(format!("rcosign-{}", user())))
}

/// A lock that is held until this is dropped, or the process ends, in whatever way.
#[derive(Debug)]
pub struct Lock(#[expect(dead_code, reason = "the lock is on the open file")] File);

impl Lock {
    /// Waits until it is this one's turn at `key`, for `patience` at most; `None`: go on without.
    pub async fn take(folder: &Path, key: &str, patience: Duration) -> Option<Self> {
        let file = open(&folder.join(name(key)))?;
        let started = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => return Some(Self(file)),
                Err(TryLockError::WouldBlock) if started.elapsed() < patience => {}
                Err(_) => return None,
            }
            super::pause(super::somewhat(TURN)).await;
        }
    }
}

/// The name of the file: one of 4096, so that they never fill a folder. Two tags that share one only wait for each other.
fn name(key: &str) -> String {
    format!("tag-{}.lock", hex::encode(sha256(key.as_bytes())).get(..3).unwrap_or_default())
}

/// Opens a file that is never removed: where one is, somebody may just be waiting for it.
fn open(path: &Path) -> Option<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).ok()
}

/// Makes the folder, or takes it where it is this user's own and closed to others, so that nobody can have put anything in it.
fn own_folder(path: &Path) -> Option<PathBuf> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    let _ = builder.create(path);
    // Not through a link: another user could have put one there.
    let found = fs::symlink_metadata(path).ok()?;
    (found.is_dir() && is_private(&found)).then(|| path.to_owned())
}

#[cfg(unix)]
fn is_private(folder: &fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    folder.mode() & 0o077 == 0 && Some(folder.uid()) == user_id()
}

#[cfg(not(unix))]
fn is_private(_: &fs::Metadata) -> bool {
    // The folder for temporary files is each user's own.
    true
}

/// The user that files of this process belong to.
#[cfg(unix)]
fn user_id() -> Option<u32> {
    use std::os::unix::fs::MetadataExt;
    Some(tempfile::tempfile().ok()?.metadata().ok()?.uid())
}

#[cfg(unix)]
fn user() -> String {
    user_id().map(|id| id.to_string()).unwrap_or_default()
}

#[cfg(not(unix))]
fn user() -> String {
    "locks".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block_on<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
    }

    #[test]
    fn one_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let take = |key: &'static str| {
            block_on(Lock::take(folder.path(), key, Duration::from_millis(60))).map(|lock| (key, lock))
        };
        let held = take("a").unwrap();
        assert!(take("a").is_none());
        assert!(take("b").is_some());
        drop(held);
        assert!(take("a").is_some());
        assert!(block_on(Lock::take(&folder.path().join("none"), "a", Duration::ZERO)).is_none());
    }

    #[cfg(unix)]
    #[test]
    fn the_folder_is_the_users_own() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let variables = |runtime: Option<PathBuf>| {
            let temporary = at("tmp");
            move |name: &str| match name {
                "XDG_RUNTIME_DIR" => runtime.clone().map(OsString::from),
                "TMPDIR" => Some(temporary.clone().into()),
                _ => None,
            }
        };
        fs::create_dir(at("tmp")).unwrap();
        fs::create_dir(at("run")).unwrap();
        let found = lock_folder(&variables(Some(at("run")))).unwrap();
        assert_eq!(found, at("run").join("rcosign"));
        assert_eq!(fs::metadata(&found).unwrap().permissions().mode() & 0o777, 0o700);
        let lock = block_on(Lock::take(&found, "a", Duration::ZERO)).unwrap();
        let file = fs::read_dir(&found).unwrap().next().unwrap().unwrap();
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        drop(lock);

        // What is not there, or open to others, or a link, is not used.
        let fallback = at("tmp").join(format!("rcosign-{}", user()));
        assert_eq!(lock_folder(&variables(Some(at("none")))), Some(fallback.clone()));
        fs::set_permissions(&fallback, fs::Permissions::from_mode(0o770)).unwrap();
        assert_eq!(lock_folder(&variables(None)), None);
        fs::remove_dir(&fallback).unwrap();
        std::os::unix::fs::symlink(at("run"), &fallback).unwrap();
        assert_eq!(lock_folder(&variables(None)), None);
    }
}
