//! The folder in which a sandbox keeps its state: readable by its owner alone, used by one process at a time, each file
//! whole or not there.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::crypto::{KeyType, PrivateKey, PrivateKeyError, pem};

/// Why a folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// It cannot be made, read or written.
    #[error("{} cannot be used", path.display())]
    Unusable {
        /// The folder or the file in it.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Another process uses it.
    #[error("another sandbox runs in {}", path.display())]
    Locked {
        /// The folder.
        path: PathBuf,
    },
    /// It holds something else than a sandbox.
    #[error("{} is not empty, and no sandbox", path.display())]
    Foreign {
        /// The folder.
        path: PathBuf,
    },
    /// It is somebody else's, who could change what is in it.
    #[error("{} belongs to another user", path.display())]
    OtherOwner {
        /// The folder.
        path: PathBuf,
    },
    /// A key that the sandbox has used is not there any more: with a new one, what the old one signed would verify no longer.
    #[error("the key {} is missing", path.display())]
    KeyMissing {
        /// Where it was.
        path: PathBuf,
    },
    /// A key in it is damaged, or none can be made.
    #[error("the key {} cannot be used", path.display())]
    Key {
        /// Its file.
        path: PathBuf,
        /// Why.
        source: PrivateKeyError,
    },
}

/// The file that says that a folder is a sandbox's, which the one who uses it has locked.
const LOCK: &str = ".rcosign-sandbox";
/// The file that says that all keys were made.
const COMPLETE: &str = "complete";
/// Somebody who asks whether a folder is used has its lock for a moment: so often is tried again, so long after.
const TRIES: u32 = 20;
const PAUSE: Duration = Duration::from_millis(10);

/// A folder that this process alone uses, as long as this lives.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    _lock: File,
}

impl Folder {
    /// Takes a folder, which is made if it is not there.
    ///
    /// # Errors
    /// It cannot be used, or another process uses it.
    pub fn open(path: &Path) -> Result<Self, FolderError> {
        let unusable = |source| FolderError::Unusable { path: path.to_owned(), source };
        let lock = mark(path)?;
        for _ in 0..TRIES {
            match lock.try_lock() {
                Ok(()) => return Ok(Self { path: path.to_owned(), _lock: lock }),
                Err(fs::TryLockError::WouldBlock) => std::thread::sleep(PAUSE),
                Err(fs::TryLockError::Error(source)) => return Err(unusable(source)),
            }
        }
        Err(FolderError::Locked { path: path.to_owned() })
    }

    /// Whether somebody uses a folder. One that is not there nobody uses.
    ///
    /// # Errors
    /// [`FolderError::Unusable`].
    pub fn is_used(path: &Path) -> Result<bool, FolderError> {
        let unusable = |source| FolderError::Unusable { path: path.to_owned(), source };
        let lock = match File::open(path.join(LOCK)) {
            Ok(lock) => lock,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(unusable(error)),
        };
        match lock.try_lock_shared() {
            Ok(()) => Ok(false),
            Err(fs::TryLockError::WouldBlock) => Ok(true),
            Err(fs::TryLockError::Error(source)) => Err(unusable(source)),
        }
    }

    /// Makes a folder that nobody uses yet, and those above it, for the owner alone.
    ///
    /// # Errors
    /// It cannot be used, or it is no sandbox's.
    pub fn make(path: &Path) -> Result<(), FolderError> {
        mark(path).map(drop)
    }

    /// Removes a file; one that is not there is removed already.
    ///
    /// # Errors
    /// [`FolderError::Unusable`].
    pub fn remove(&self, name: &str) -> Result<(), FolderError> {
        let path = self.path.join(name);
        match fs::remove_file(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            result => result.map_err(|source| FolderError::Unusable { path, source }),
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A folder in it, made if it is not there.
    ///
    /// # Errors
    /// [`FolderError::Unusable`].
    pub fn folder(&self, name: &str) -> Result<PathBuf, FolderError> {
        let path = self.path.join(name);
        make_folder(&path).map_err(|source| FolderError::Unusable { path: path.clone(), source })?;
        Ok(path)
    }

    /// The content of a file; `None` if it is not there.
    ///
    /// # Errors
    /// [`FolderError::Unusable`].
    pub fn read(&self, name: &str) -> Result<Option<Vec<u8>>, FolderError> {
        let path = self.path.join(name);
        match fs::read(&path) {
            Ok(content) => Ok(Some(content)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(FolderError::Unusable { path, source }),
        }
    }

    /// Writes a file, readable by the owner alone. When this returns, it is on the disk, whole.
    ///
    /// # Errors
    /// [`FolderError::Unusable`]; then the file is as it was.
    pub fn write(&self, name: &str, content: &[u8]) -> Result<(), FolderError> {
        let path = self.path.join(name);
        write_whole(&path, content).map_err(|source| FolderError::Unusable { path, source })
    }

    /// Notes that all keys were made: from now on a key that is not there is missing.
    ///
    /// # Errors
    /// [`FolderError::Unusable`].
    pub fn complete(&self) -> Result<(), FolderError> {
        if self.read(COMPLETE)?.is_none() { self.write(COMPLETE, b"") } else { Ok(()) }
    }

    /// The key of this name, made the first time and kept.
    ///
    /// # Errors
    /// [`FolderError`].
    pub fn key(&self, name: &str, key_type: KeyType) -> Result<PrivateKey, FolderError> {
        self.folder("keys")?;
        let name = format!("keys/{name}.pem");
        let broken = |source| FolderError::Key { path: self.path.join(&name), source };
        if let Some(text) = self.read(&name)? {
            return PrivateKey::from_pem(&text).map_err(broken);
        }
        if self.read(COMPLETE)?.is_some() {
            return Err(FolderError::KeyMissing { path: self.path.join(&name) });
        }
        let key = PrivateKey::generate(key_type).map_err(broken)?;
        let der = key.to_pkcs8().map_err(broken)?;
        self.write(&name, pem::encode("PRIVATE KEY", der.expose()).as_bytes())?;
        Ok(key)
    }
}

/// A new folder for the owner alone, which is gone with all that is in it when this is dropped.
#[derive(Debug)]
pub struct TemporaryFolder(tempfile::TempDir);

impl TemporaryFolder {
    /// Makes one where the system has its temporary files.
    ///
    /// # Errors
    /// The system refuses.
    pub fn new(prefix: &str) -> io::Result<Self> {
        tempfile::Builder::new().prefix(prefix).tempdir().map(Self)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.0.path()
    }
}

/// Opens the file that makes a folder a sandbox's; a folder that is not there is made, and one with anything else in it left alone.
fn mark(path: &Path) -> Result<File, FolderError> {
    let unusable = |source| FolderError::Unusable { path: path.to_owned(), source };
    make_folder(path).map_err(unusable)?;
    let lock = path.join(LOCK);
    let is_ours = fs::symlink_metadata(&lock).is_ok_and(|found| found.is_file());
    if !is_ours && fs::read_dir(path).map_err(unusable)?.next().is_some() {
        return Err(FolderError::Foreign { path: path.to_owned() });
    }
    #[cfg(unix)]
    keep_to_owner(path)?;
    let mut options = File::options();
    options.create(true).truncate(false).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(&lock).map_err(unusable)
}

/// Others must neither read keys nor put files in their place.
#[cfg(unix)]
fn keep_to_owner(path: &Path) -> Result<(), FolderError> {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
    let unusable = |source| FolderError::Unusable { path: path.to_owned(), source };
    let found = fs::metadata(path).map_err(unusable)?;
    if found.uid() != rustix::process::geteuid().as_raw() {
        return Err(FolderError::OtherOwner { path: path.to_owned() });
    }
    if found.mode() & 0o077 != 0 {
        fs::set_permissions(path, fs::Permissions::from_mode(0o700)).map_err(unusable)?;
    }
    Ok(())
}

/// Makes a folder, for the owner alone, and those above it.
fn make_folder(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Writes a file beside its place, then moves it there. Temporary files are the owner's alone.
pub(super) fn write_whole(path: &Path, content: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(content)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    sync_folder(folder)
}

/// Puts on the disk which files are in a folder.
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::SigningKey as _;

    #[test]
    fn a_key_is_made_once_for_the_owner_alone() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("a/b");
        let first = Folder::open(&path).unwrap().key("ca", KeyType::P256).unwrap();
        let again = Folder::open(&path).unwrap().key("ca", KeyType::P256).unwrap();
        assert_eq!(first.public_key(), again.public_key());
        #[cfg(unix)]
        for (name, mode) in [("", 0o700), ("keys", 0o700), ("keys/ca.pem", 0o600)] {
            let found = std::os::unix::fs::PermissionsExt::mode(
                &fs::metadata(path.join(name)).unwrap().permissions(),
            );
            assert_eq!(found & 0o777, mode, "{name}");
        }
        fs::write(path.join("keys/ca.pem"), "rubbish").unwrap();
        assert!(matches!(
            Folder::open(&path).unwrap().key("ca", KeyType::P256),
            Err(FolderError::Key { .. })
        ));
    }

    #[test]
    fn folders_of_others_are_left_alone() {
        let place = tempfile::tempdir().unwrap();
        fs::write(place.path().join("env"), "mine").unwrap();
        assert!(matches!(Folder::open(place.path()), Err(FolderError::Foreign { .. })));
        assert!(matches!(Folder::make(place.path()), Err(FolderError::Foreign { .. })));
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), 1);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let open = place.path().join("open");
            fs::create_dir(&open).unwrap();
            fs::set_permissions(&open, fs::Permissions::from_mode(0o777)).unwrap();
            drop(Folder::open(&open).unwrap());
            assert_eq!(fs::metadata(&open).unwrap().permissions().mode() & 0o777, 0o700);
            // Root alone can give a folder away.
            if std::os::unix::fs::chown(&open, Some(65534), None).is_ok() {
                assert!(matches!(Folder::open(&open), Err(FolderError::OtherOwner { .. })));
            }
        }
    }

    #[test]
    fn a_key_that_was_used_is_not_made_anew() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::open(place.path()).unwrap();
        folder.key("ca", KeyType::P256).unwrap();
        folder.complete().unwrap();
        folder.key("ca", KeyType::P256).unwrap();
        folder.remove("keys/ca.pem").unwrap();
        assert!(matches!(folder.key("ca", KeyType::P256), Err(FolderError::KeyMissing { .. })));
    }

    #[test]
    fn one_process_at_a_time() {
        let place = tempfile::tempdir().unwrap();
        assert!(!Folder::is_used(place.path()).unwrap());
        let first = Folder::open(place.path()).unwrap();
        assert!(matches!(Folder::open(place.path()), Err(FolderError::Locked { .. })));
        assert!(Folder::is_used(place.path()).unwrap());
        drop(first);
        assert!(!Folder::is_used(place.path()).unwrap());
        Folder::open(place.path()).unwrap();
    }
}
