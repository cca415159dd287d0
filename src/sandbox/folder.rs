//! The folder in which a sandbox keeps its state: readable by its owner alone, used by one process at a time, each file
//! whole or not there.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
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
    /// Something else that the sandbox had is not there any more.
    #[error("{} is missing", path.display())]
    Missing {
        /// Where it was.
        path: PathBuf,
    },
    /// A file or folder in it is elsewhere.
    #[error("{} is a symbolic link, and would lead the sandbox out of its folder", path.display())]
    Link {
        /// The link.
        path: PathBuf,
    },
    /// Something in it is neither a file nor a folder, or a folder where a file is expected. It is not opened: that might take forever.
    #[error("{} is not a regular file", path.display())]
    NotRegular {
        /// What it is.
        path: PathBuf,
    },
    /// Somebody has removed it.
    #[error("{} was removed", path.display())]
    Removed {
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
/// What clients keep of the TUF repository, which is for everybody.
const PUBLIC: &str = "tuf-cache";
/// Folders in the folder are looked at down to here: keys, logs, what the registry has; not each blob.
const DEPTH: u32 = 2;
/// Somebody who asks whether a folder is used has its lock for a moment, and a process that is killed until the system has put it
/// away: so often is tried again, so long after.
const TRIES: u32 = 50;
const PAUSE: Duration = Duration::from_millis(10);

/// A folder that this process alone uses, as long as this lives.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    lock: File,
    /// What whoever started it has to be told.
    notes: Mutex<Vec<String>>,
}

impl Folder {
    /// Takes a folder, which is made if it is not there. Symbolic links in it are refused. What others could read in it is its owner's
    /// alone from now on, and a note says so.
    ///
    /// # Errors
    /// It cannot be used, or another process uses it.
    pub fn open(path: &Path) -> Result<Self, FolderError> {
        let unusable = |source| FolderError::Unusable { path: path.to_owned(), source };
        let lock = mark(path)?;
        for _ in 0..TRIES {
            match lock.try_lock() {
                Ok(()) => {
                    let this = Self { path: path.to_owned(), lock, notes: Mutex::default() };
                    this.keep_inside_to_owner()?;
                    return Ok(this);
                }
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
        let lock = path.join(LOCK);
        if !is_regular(&lock)? {
            return Ok(false);
        }
        let lock = match File::open(lock) {
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

    /// Whether somebody has removed it, or put another one in its place.
    pub fn is_removed(&self) -> bool {
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt as _;
            let (Ok(lock), Ok(found)) = (self.lock.metadata(), fs::symlink_metadata(self.path.join(LOCK)))
            else {
                return true;
            };
            (lock.dev(), lock.ino()) != (found.dev(), found.ino())
        }
        #[cfg(not(unix))]
        !self.path.join(LOCK).exists()
    }

    /// Whether all keys were made, and all files that grow: what is not there any more is missing.
    ///
    /// # Errors
    /// [`FolderError::Unusable`].
    pub fn is_complete(&self) -> Result<bool, FolderError> {
        Ok(self.read(COMPLETE)?.is_some())
    }

    /// Keeps something that whoever started it has to be told.
    pub fn note(&self, note: String) {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner).push(note);
    }

    /// Notes that so many bytes at the end of a file are cut off, in which some `what` was being written when the process ended.
    pub fn note_cut(&self, path: &Path, bytes: u64, what: &str) {
        self.note(format!(
            "{}: the last {bytes} bytes were a part of an {what} that nobody was told of, and are cut off",
            path.display()
        ));
    }

    /// All notes so far.
    pub fn notes(&self) -> Vec<String> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Opens a file that grows, which has this content the first time.
    ///
    /// # Errors
    /// [`FolderError::Missing`], [`FolderError::Unusable`].
    pub(super) fn growing(&self, name: &str, empty: impl FnOnce() -> Vec<u8>) -> Result<File, FolderError> {
        let path = self.path.join(name);
        let unusable = |source| FolderError::Unusable { path: path.clone(), source };
        if !is_regular(&path)? {
            if self.is_complete()? {
                return Err(FolderError::Missing { path });
            }
            write_whole(&path, &empty()).map_err(unusable)?;
        }
        File::options().read(true).write(true).open(&path).map_err(unusable)
    }

    /// Where a folder in it is that is made by who uses it, before all is complete.
    ///
    /// # Errors
    /// [`FolderError::Missing`], [`FolderError::Unusable`].
    pub fn part(&self, name: &str) -> Result<PathBuf, FolderError> {
        let path = self.path.join(name);
        if self.is_complete()? && !path.join(LOCK).exists() {
            return Err(FolderError::Missing { path });
        }
        Ok(path)
    }

    fn keep_inside_to_owner(&self) -> Result<(), FolderError> {
        let mended = keep_to_owner_below(&self.path, 0)?;
        let Some(first) = mended.first() else { return Ok(()) };
        let more = match mended.len() - 1 {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        self.note(format!(
            "others could have read {}{more}: only its owner can from now on",
            first.display()
        ));
        Ok(())
    }

    /// Removes a file; one that is not there is removed already.
    ///
    /// # Errors
    /// [`FolderError::Unusable`].
    pub fn remove(&self, name: &str) -> Result<(), FolderError> {
        if self.is_removed() {
            return Ok(());
        }
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
        if !is_regular(&path)? {
            return Ok(None);
        }
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
        if self.is_removed() {
            return Err(FolderError::Removed { path: self.path.clone() });
        }
        let path = self.path.join(name);
        write_whole(&path, content).map_err(|source| FolderError::Unusable { path, source })
    }

    /// Notes that all keys were made, and all files that grow: from now on what is not there is missing.
    ///
    /// # Errors
    /// [`FolderError::Unusable`].
    pub fn complete(&self) -> Result<(), FolderError> {
        if self.is_complete()? { Ok(()) } else { self.write(COMPLETE, b"") }
    }

    /// The key of this name, made the first time and kept.
    ///
    /// # Errors
    /// [`FolderError`].
    pub fn key(&self, name: &str, key_type: KeyType) -> Result<PrivateKey, FolderError> {
        let may_be_new = !self.is_complete()?;
        self.key_of_later(name, key_type, may_be_new)
    }

    /// As [`Self::key`], of a key that not every folder has: made where `may_be_new` says that it never was.
    ///
    /// # Errors
    /// [`FolderError`].
    pub fn key_of_later(
        &self,
        name: &str,
        key_type: KeyType,
        may_be_new: bool,
    ) -> Result<PrivateKey, FolderError> {
        self.folder("keys")?;
        let name = format!("keys/{name}.pem");
        let broken = |source| FolderError::Key { path: self.path.join(&name), source };
        if let Some(text) = self.read(&name)? {
            return PrivateKey::from_pem(&text).map_err(broken);
        }
        if !may_be_new {
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
    refuse_links(path, 0)?;
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

/// Folders and files in a folder, with their names, without what is for everybody. What goes away meanwhile is left out.
fn inside(path: &Path, depth: u32) -> Result<Vec<(PathBuf, fs::Metadata)>, FolderError> {
    let unusable = |source| FolderError::Unusable { path: path.to_owned(), source };
    let mut all = Vec::new();
    for entry in fs::read_dir(path).map_err(unusable)? {
        let entry = entry.map_err(unusable)?;
        if depth == 0 && entry.file_name() == PUBLIC {
            continue;
        }
        match fs::symlink_metadata(entry.path()) {
            Ok(metadata) => all.push((entry.path(), metadata)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(unusable(error)),
        }
    }
    all.sort_by(|(a, _), (b, _)| a.cmp(b));
    Ok(all)
}

/// Whether there is a file; something else in its place is refused, and not opened, as a FIFO waits for somebody at its other end.
pub(super) fn is_regular(path: &Path) -> Result<bool, FolderError> {
    match fs::symlink_metadata(path) {
        Ok(found) if found.is_file() => Ok(true),
        Ok(found) if found.is_symlink() => Err(FolderError::Link { path: path.to_owned() }),
        Ok(_) => Err(FolderError::NotRegular { path: path.to_owned() }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(source) => Err(FolderError::Unusable { path: path.to_owned(), source }),
    }
}

/// A link would let whoever has put it there say what is written over.
fn refuse_links(path: &Path, depth: u32) -> Result<(), FolderError> {
    for (path, metadata) in inside(path, depth)? {
        if metadata.is_symlink() {
            return Err(FolderError::Link { path });
        }
        if !metadata.is_dir() && !metadata.is_file() {
            return Err(FolderError::NotRegular { path });
        }
        if metadata.is_dir() && depth + 1 < DEPTH {
            refuse_links(&path, depth + 1)?;
        }
    }
    Ok(())
}

/// Takes from others what they could read in a folder; what that was.
#[cfg(unix)]
fn keep_to_owner_below(path: &Path, depth: u32) -> Result<Vec<PathBuf>, FolderError> {
    use std::os::unix::fs::PermissionsExt as _;
    let mut mended = Vec::new();
    for (path, metadata) in inside(path, depth)? {
        let mode = metadata.permissions().mode();
        if mode & 0o077 != 0 && !metadata.is_symlink() {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode & 0o700))
                .map_err(|source| FolderError::Unusable { path: path.clone(), source })?;
            mended.push(path.clone());
        }
        if metadata.is_dir() && depth + 1 < DEPTH {
            mended.extend(keep_to_owner_below(&path, depth + 1)?);
        }
    }
    Ok(mended)
}

#[cfg(not(unix))]
fn keep_to_owner_below(_: &Path, _: u32) -> Result<Vec<PathBuf>, FolderError> {
    Ok(Vec::new())
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

    #[cfg(unix)]
    #[test]
    fn what_is_no_file_is_refused_by_its_name_and_never_opened() {
        let place = tempfile::tempdir().unwrap();
        drop(Folder::open(place.path()).unwrap());
        fs::create_dir(place.path().join("logs")).unwrap();
        for name in ["since", "logs/rekor.log"] {
            let planted = place.path().join(name);
            assert!(std::process::Command::new("mkfifo").arg(&planted).status().unwrap().success());
            let refused =
                |error: FolderError| matches!(error, FolderError::NotRegular { path } if path == planted);
            assert!(refused(Folder::open(place.path()).unwrap_err()), "{name}");
            fs::remove_file(&planted).unwrap();
            let folder = Folder::open(place.path()).unwrap();
            let _socket = std::os::unix::net::UnixListener::bind(&planted).unwrap();
            assert!(refused(folder.read(name).unwrap_err()), "{name}");
            assert!(refused(folder.growing(name, Vec::new).unwrap_err()), "{name}");
            drop(folder);
            assert!(refused(Folder::open(place.path()).unwrap_err()), "{name}");
            fs::remove_file(&planted).unwrap();
        }
        let folder = Folder::open(place.path()).unwrap();
        fs::create_dir(place.path().join("since")).unwrap();
        let error = folder.read("since").unwrap_err().to_string();
        assert!(error.ends_with("since is not a regular file"), "{error}");
        drop(folder);
        fs::remove_file(place.path().join(LOCK)).unwrap();
        assert!(
            std::process::Command::new("mkfifo").arg(place.path().join(LOCK)).status().unwrap().success()
        );
        assert!(matches!(Folder::is_used(place.path()), Err(FolderError::NotRegular { .. })));
        assert!(matches!(Folder::open(place.path()), Err(FolderError::Foreign { .. })));
    }

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
    #[cfg(unix)]
    fn links_in_a_folder_are_refused_by_their_names() {
        use std::os::unix::fs::symlink;
        let place = tempfile::tempdir().unwrap();
        let (state, victim) = (place.path().join("state"), place.path().join("victim"));
        fs::create_dir(&victim).unwrap();
        fs::write(victim.join("file"), "precious").unwrap();
        drop(Folder::open(&state).unwrap().folder("keys").unwrap());
        for name in ["log", "keys/ca.pem", "logs", "registry", "services.json", "anything"] {
            for target in [victim.join("file"), victim.clone(), place.path().join("nowhere")] {
                symlink(&target, state.join(name)).unwrap();
                for error in [Folder::open(&state).map(drop), Folder::make(&state)].map(Result::unwrap_err) {
                    assert!(
                        matches!(&error, FolderError::Link { path } if *path == state.join(name)),
                        "{error}"
                    );
                }
                fs::remove_file(state.join(name)).unwrap();
            }
        }
        assert_eq!(fs::read(victim.join("file")).unwrap(), b"precious");
        Folder::open(&state).unwrap();
    }

    #[test]
    #[cfg(unix)]
    fn what_others_could_read_is_the_owners_alone_again_and_it_is_said() {
        use std::os::unix::fs::PermissionsExt as _;
        let place = tempfile::tempdir().unwrap();
        let path = |name: &str| place.path().join(name);
        let mode = |name: &str| fs::metadata(path(name)).unwrap().permissions().mode() & 0o777;
        let set =
            |name: &str, mode| fs::set_permissions(path(name), fs::Permissions::from_mode(mode)).unwrap();
        let folder = Folder::open(place.path()).unwrap();
        folder.key("ca", KeyType::P256).unwrap();
        folder.folder("tuf-cache").unwrap();
        fs::write(path("tuf-cache/root.json"), "").unwrap();
        set("tuf-cache", 0o755);
        drop(folder);
        assert_eq!(Folder::open(place.path()).unwrap().notes(), [""; 0]);
        set("keys/ca.pem", 0o644);
        let said = |notes: Vec<String>, more: &str| {
            let first = path(if more.is_empty() { "keys/ca.pem" } else { "keys" });
            let expected =
                format!("others could have read {}{more}: only its owner can from now on", first.display());
            assert_eq!(notes, [expected]);
        };
        said(Folder::open(place.path()).unwrap().notes(), "");
        assert_eq!((mode("keys/ca.pem"), mode("tuf-cache")), (0o600, 0o755));
        set("keys/ca.pem", 0o660);
        set("keys", 0o755);
        said(Folder::open(place.path()).unwrap().notes(), " and 1 more");
        assert_eq!((mode("keys/ca.pem"), mode("keys")), (0o600, 0o700));
    }

    #[test]
    #[cfg(unix)]
    fn a_folder_that_was_removed_is_not_written_to_nor_the_next_one() {
        let place = tempfile::tempdir().unwrap();
        let state = place.path().join("state");
        let folder = Folder::open(&state).unwrap();
        folder.write("env", b"ours").unwrap();
        assert!(!folder.is_removed());
        fs::remove_dir_all(&state).unwrap();
        let refused = || matches!(folder.write("env", b"ours"), Err(FolderError::Removed { .. }));
        assert!(folder.is_removed() && refused() && !state.exists());
        let next = Folder::open(&state).unwrap();
        next.write("env", b"theirs").unwrap();
        folder.remove("env").unwrap();
        assert!(folder.is_removed() && refused());
        assert_eq!(next.read("env").unwrap().unwrap(), b"theirs");
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
