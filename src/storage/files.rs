//! Output files: whole or not at all. The one place that knows about modes, renaming, links and devices.
//!
//! A regular file is written under a temporary name in its own folder, synchronised and renamed. What cannot be
//! replaced (devices, pipes, open descriptors) is written to. A symbolic link is followed and stays a link.

mod stream;

pub use stream::OutputStream;

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};

use super::names;
use crate::crypto::random;

/// Links that are followed before a loop is assumed; Linux allows as many (path_resolution(7)).
const MAX_LINKS: usize = 40;
/// Names that are tried for a fresh file.
const MAX_FRESH: usize = 16;
/// Bytes of a file within which a private key begins.
const KEY_SEARCH: u64 = 64 << 10;

/// Who may read the file. Unix only; the umask applies as always.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Mode 0600.
    Owner,
    /// Mode 0644.
    Everyone,
}

/// A file that could not be written. Nothing partial is left behind under its name.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The path is empty.
    #[error("the path of an output file is empty")]
    Empty,
    /// The path names a folder.
    #[error("cannot write `{}`: it is a folder", .0.display())]
    IsFolder(PathBuf),
    /// Windows takes the name for a device or for a part of another file.
    #[error("cannot write `{}`: on Windows that is not the name of a file", .0.display())]
    NotAFile(PathBuf),
    /// The folder of the file does not exist.
    #[error("cannot write `{}`: its folder `{}` does not exist", .path.display(), .folder.display())]
    NoFolder {
        /// The file.
        path: PathBuf,
        /// The missing folder.
        folder: PathBuf,
    },
    /// What is there is a private key.
    #[error("cannot write `{}`: it is a private key, which would be lost", .0.display())]
    PrivateKey(PathBuf),
    /// Something is there, and must not be replaced.
    #[error("cannot write `{}`: it exists", .0.display())]
    Exists(PathBuf),
    /// The operating system refused.
    #[error("cannot write `{}`", .path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

/// Writes `bytes` to `path` at once; see [`PendingFile`].
///
/// # Errors
/// [`FileError`]; a file that was there before is unchanged then, except for devices and pipes.
pub fn write_file(path: &Path, bytes: &[u8], access: Access) -> Result<(), FileError> {
    let mut file = PendingFile::create(path, access)?;
    file.push(bytes);
    file.commit()
}

/// Writes `bytes` into a new file and returns its name: `stem`, a hyphen, eight random characters, a full stop and `extension`.
/// Nothing that is there is opened, followed or replaced, whatever its kind, so that it may be a folder where others write.
///
/// # Errors
/// [`FileError`]; there is no file of that name then.
pub fn write_fresh(stem: &Path, extension: &str, bytes: &[u8], access: Access) -> Result<PathBuf, FileError> {
    // One is free unless somebody guesses random numbers.
    let mut last = FileError::Empty;
    for _ in 0..MAX_FRESH {
        let Some(part) = random::<4>() else {
            let source = io::Error::other("there are no random numbers");
            return Err(FileError::Write { path: stem.to_owned(), source });
        };
        let mut name = stem.as_os_str().to_owned();
        name.push(format!("-{}.{extension}", hex::encode(part)));
        let path = PathBuf::from(name);
        match place_new(&path, bytes, access) {
            Ok(()) => return Ok(path),
            Err(source) if source.kind() == io::ErrorKind::AlreadyExists => last = FileError::Exists(path),
            Err(source) => return Err(FileError::Write { path, source }),
        }
    }
    Err(last)
}

/// An output file whose place is secured and that nobody sees until [`commit`](Self::commit). Dropping it leaves
/// everything as it was. Made before the work begins, so that a result is not lost to a path that cannot be written. There is no
/// file of it until then: who ends the program while it waits for a service finds nothing left behind.
#[derive(Debug)]
pub struct PendingFile {
    path: PathBuf,
    bytes: Vec<u8>,
    access: Access,
    place: Place,
}

#[derive(Debug)]
enum Place {
    /// A temporary file beside the target will take its name; that there can be one was tried.
    Replace(PathBuf),
    /// The same, where nothing may have that name, until the end.
    New(PathBuf),
    /// An existing file in a folder where nothing can be created, a file mounted into a container for example.
    Overwrite(PathBuf),
    /// A device or a pipe; opened at the end, because opening a pipe waits for its reader.
    Stream(PathBuf),
    /// Standard output (1) or standard error (2) of this process.
    Standard(u8),
}

/// What becomes of a regular file that is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Existing {
    /// It stays, and there is no new one.
    Stays,
    /// It is replaced, unless it is a private key.
    Replaced,
    /// It is replaced, whatever it is.
    EvenKey,
}

impl PendingFile {
    /// Secures the place of `path`. What is there will be replaced, but not a private key.
    ///
    /// # Errors
    /// [`FileError`] when the path names a folder or a private key in PEM, its folder is missing, or neither may be written.
    pub fn create(path: &Path, access: Access) -> Result<Self, FileError> {
        Self::open(path, access, Existing::Replaced)
    }

    /// As [`create`](Self::create), where no regular file may be replaced, and none that is made in the meantime either.
    ///
    /// # Errors
    /// As [`create`](Self::create), and [`FileError::Exists`], which [`commit`](Self::commit) then may return as well.
    pub fn create_new(path: &Path, access: Access) -> Result<Self, FileError> {
        Self::open(path, access, Existing::Stays)
    }

    /// As [`create`](Self::create), where the user was asked, or asked for it: a private key is replaced as well.
    ///
    /// # Errors
    /// As [`create`](Self::create), without [`FileError::PrivateKey`].
    pub fn create_over_any(path: &Path, access: Access) -> Result<Self, FileError> {
        Self::open(path, access, Existing::EvenKey)
    }

    fn open(path: &Path, access: Access, existing: Existing) -> Result<Self, FileError> {
        let fail = |source| FileError::Write { path: path.to_owned(), source };
        if path.as_os_str().is_empty() {
            return Err(FileError::Empty);
        }
        let name = path.file_name().map(|name| name.to_string_lossy());
        if cfg!(windows) && name.is_some_and(|name| names::is_special_on_windows(&name)) {
            return Err(FileError::NotAFile(path.to_owned()));
        }
        let place = match follow_links(path).map_err(fail)? {
            Followed::Standard(number) => Place::Standard(number),
            Followed::Descriptor(target) => Place::Stream(target),
            Followed::Path(target) => match fs::metadata(&target) {
                Ok(found) if found.is_dir() => return Err(FileError::IsFolder(path.to_owned())),
                Ok(found) if !found.is_file() => Place::Stream(target),
                Ok(_) if existing == Existing::Stays => return Err(FileError::Exists(path.to_owned())),
                Ok(_) if existing == Existing::Replaced && is_private_key(&target) => {
                    return Err(FileError::PrivateKey(path.to_owned()));
                }
                Ok(_) => beside(path, target, true, access)?,
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    match beside(path, target, false, access)? {
                        Place::Replace(target) if existing == Existing::Stays => Place::New(target),
                        place => place,
                    }
                }
                Err(error) => return Err(fail(error)),
            },
        };
        Ok(Self { path: path.to_owned(), bytes: Vec::new(), access, place })
    }

    /// Adds to the content.
    pub fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Makes the content visible under its name.
    ///
    /// # Errors
    /// [`FileError::Write`]; a regular file keeps what it held before.
    pub fn commit(self) -> Result<(), FileError> {
        let Self { path, bytes, access, place } = self;
        let done = match place {
            Place::Replace(target) => replace(&target, &bytes, access),
            Place::New(target) => place_new(&target, &bytes, access),
            Place::Overwrite(target) => overwrite(&target, &bytes, access),
            // Appending never destroys what a descriptor's file holds already; pipes and devices do not care.
            Place::Stream(target) => {
                OpenOptions::new().append(true).open(target).and_then(|f| send(f, &bytes))
            }
            Place::Standard(1) => send(io::stdout().lock(), &bytes),
            Place::Standard(_) => send(io::stderr().lock(), &bytes),
        };
        done.map_err(|source| failed(path, source))
    }
}

/// Why a file was not written.
fn failed(path: PathBuf, source: io::Error) -> FileError {
    match source.kind() {
        io::ErrorKind::AlreadyExists => FileError::Exists(path),
        _ => FileError::Write { path, source },
    }
}

/// The one name of a regular file, or of a file that writing `path` would make: links are followed, and what is relative is
/// resolved. A name to compare, not to write to. `None` for what is written to without being replaced, and for what cannot be written at all.
pub fn real_name(path: &Path) -> Option<PathBuf> {
    let Ok(Followed::Path(target)) = follow_links(path) else { return None };
    match fs::metadata(&target) {
        Ok(found) => found.is_file().then(|| fs::canonicalize(&target).ok()).flatten(),
        Err(_) => {
            let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty());
            let folder = fs::canonicalize(folder.unwrap_or(Path::new("."))).ok()?;
            let name = target.file_name()?;
            let case_counts = !cfg!(any(windows, target_vendor = "apple"));
            let same = name.to_str().map(|text| names::folded(text, case_counts));
            Some(same.map_or_else(|| folder.join(name), |text| folder.join(text)))
        }
    }
}

/// Whether a regular file holds a private key in PEM (RFC 7468, and the labels before it), as far as its beginning tells.
/// Text before it is allowed there, so every line counts. What cannot be read is taken for something else.
fn is_private_key(path: &Path) -> bool {
    let mut start = Vec::new();
    let read = File::open(path).and_then(|file| file.take(KEY_SEARCH).read_to_end(&mut start));
    let is_key = |line: &[u8]| {
        let line = line.trim_ascii();
        line.starts_with(b"-----BEGIN ") && line.ends_with(b"PRIVATE KEY-----")
    };
    let is_end = |byte: &u8| matches!(byte, b'\n' | b'\r');
    read.is_ok() && start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&start).split(is_end).any(is_key)
}

enum Followed {
    Standard(u8),
    Descriptor(PathBuf),
    Path(PathBuf),
}

/// Follows the links at the end of `path`; a link to nothing ends at the file that would be made.
fn follow_links(path: &Path) -> io::Result<Followed> {
    let mut current = path.to_owned();
    for _ in 0..MAX_LINKS {
        match descriptor(&current) {
            Some("1") => return Ok(Followed::Standard(1)),
            Some("2") => return Ok(Followed::Standard(2)),
            Some(_) => return Ok(Followed::Descriptor(current)),
            None => {}
        }
        match fs::symlink_metadata(&current) {
            Ok(found) if found.is_symlink() => {
                let target = fs::read_link(&current)?;
                current = current.parent().map_or(target.clone(), |folder| folder.join(&target));
            }
            _ => return Ok(Followed::Path(current)),
        }
    }
    Err(io::Error::other("too many symbolic links"))
}

/// The number of the open descriptor that a path stands for. Opening such a path anew would start at the file's
/// beginning, and renaming over it would cut the descriptor off.
fn descriptor(path: &Path) -> Option<&str> {
    let text = path.to_str()?;
    match names::standard_stream(text) {
        Some(1) => Some("1"),
        Some(2) => Some("2"),
        _ if !cfg!(unix) => None,
        _ => text
            .strip_prefix("/dev/fd/")
            .or_else(|| text.strip_prefix("/proc/self/fd/"))
            .filter(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit())),
    }
}

/// Tries whether there can be a temporary file beside `target`, or falls back to writing in place where the folder does not let us.
fn beside(path: &Path, target: PathBuf, exists: bool, access: Access) -> Result<Place, FileError> {
    let ends_with_separator = path.as_os_str().to_string_lossy().ends_with(std::path::is_separator);
    if target.file_name().is_none() || ends_with_separator {
        return Err(FileError::IsFolder(path.to_owned()));
    }
    let folder = folder_of(&target);
    match temporary(&target, access) {
        Ok(_) => Ok(Place::Replace(target)),
        // Some folders, /proc for one, answer so although they exist.
        Err(error) if error.kind() == io::ErrorKind::NotFound && fs::metadata(folder).is_err() => {
            Err(FileError::NoFolder { path: path.to_owned(), folder: folder.to_owned() })
        }
        Err(_) if exists && OpenOptions::new().write(true).open(&target).is_ok() => {
            Ok(Place::Overwrite(target))
        }
        Err(source) => Err(FileError::Write { path: path.to_owned(), source }),
    }
}

fn folder_of(target: &Path) -> &Path {
    match target.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// A new temporary file beside `target`, which ends with what is returned.
fn temporary(target: &Path, access: Access) -> io::Result<tempfile::NamedTempFile> {
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    let prefix = format!(".{name}.");
    let mut builder = tempfile::Builder::new();
    builder.prefix(&prefix).suffix(".tmp");
    // Opened here, so that an error is the system's own and names no temporary file.
    builder.make_in(folder_of(target), |temporary| create_new(temporary, access))
}

fn create_new(path: &Path, access: Access) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode(access));
    #[cfg(not(unix))]
    let _ = access;
    options.open(path)
}

#[cfg(unix)]
fn permissions(access: Access) -> fs::Permissions {
    use std::os::unix::fs::PermissionsExt;
    fs::Permissions::from_mode(mode(access))
}

#[cfg(unix)]
fn mode(access: Access) -> u32 {
    match access {
        Access::Owner => 0o600,
        Access::Everyone => 0o644,
    }
}

fn replace(target: &Path, bytes: &[u8], access: Access) -> io::Result<()> {
    let mut temporary = temporary(target, access)?;
    temporary.write_all(bytes)?;
    persist(temporary, target, access)
}

fn place_new(target: &Path, bytes: &[u8], access: Access) -> io::Result<()> {
    let mut temporary = temporary(target, access)?;
    temporary.write_all(bytes)?;
    persist_new(temporary, target, access)
}

/// Gives a temporary file a name that nothing has: neither a file nor a link, whatever that leads to.
fn persist_new(temporary: tempfile::NamedTempFile, target: &Path, access: Access) -> io::Result<()> {
    temporary.as_file().sync_all()?;
    match temporary.persist_noclobber(target) {
        Ok(_) => Ok(()),
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Err(error.error),
        // There are file systems without a way to rename so, and without links.
        Err(error) => {
            let mut content = error.file.into_file();
            content.rewind()?;
            let mut file = create_new(target, access)?;
            let written = io::copy(&mut content, &mut file).and_then(|_| file.sync_all());
            written.inspect_err(|_| drop(fs::remove_file(target)))
        }
    }
}

/// Gives a temporary file the name of the target.
fn persist(temporary: tempfile::NamedTempFile, target: &Path, access: Access) -> io::Result<()> {
    temporary.as_file().sync_all()?;
    match temporary.persist(target) {
        Ok(_) => Ok(()),
        // A file that is itself a mount point cannot be renamed over, only written to.
        Err(error) if error.error.kind() == io::ErrorKind::ResourceBusy => {
            let mut content = error.file.into_file();
            content.rewind()?;
            overwrite_from(target, &mut content, access)
        }
        Err(error) => Err(error.error),
    }
}

fn overwrite(target: &Path, bytes: &[u8], access: Access) -> io::Result<()> {
    overwrite_from(target, &mut &*bytes, access)
}

fn overwrite_from(target: &Path, content: &mut dyn Read, access: Access) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).open(target)?;
    #[cfg(unix)]
    if access == Access::Owner {
        file.set_permissions(permissions(access))?;
    }
    #[cfg(not(unix))]
    let _ = access;
    file.set_len(0)?;
    io::copy(content, &mut file)?;
    File::sync_all(&file)
}

fn send(mut stream: impl Write, bytes: &[u8]) -> io::Result<()> {
    stream.write_all(bytes)?;
    stream.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> tempfile::TempDir {
        tempfile::tempdir().unwrap()
    }

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> =
            fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_longer_old_file_leaves_no_tail() {
        let dir = folder();
        let path = dir.path().join("out");
        fs::write(&path, "something much longer").unwrap();
        write_file(&path, b"short", Access::Owner).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"short");
        assert_eq!(names(dir.path()), ["out"]);
    }

    #[test]
    fn a_private_key_is_not_replaced() {
        let dir = folder();
        let path = dir.path().join("out");
        let body = "x".repeat(300);
        for label in ["", "EC ", "ENCRYPTED SIGSTORE ", "ENCRYPTED ", "OPENSSH "] {
            for before in ["", "\n ", "\u{feff}", "-----BEGIN EC PARAMETERS-----\r\nBg==\r\n"] {
                let key = format!("{before}-----BEGIN {label}PRIVATE KEY-----\r\n{body}");
                fs::write(&path, &key).unwrap();
                let error = write_file(&path, b"x", Access::Owner).unwrap_err();
                assert!(matches!(error, FileError::PrivateKey(_)), "{key}");
                assert_eq!(fs::read_to_string(&path).unwrap(), key);
            }
        }
        assert_eq!(names(dir.path()), ["out"]);
        let asked = PendingFile::create_over_any(&path, Access::Owner).unwrap();
        asked.commit().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"");
        for other in [
            "-----BEGIN PUBLIC KEY-----\n",
            "{\"a\": \"-----BEGIN PRIVATE KEY-----\"}",
            "a -----BEGIN PRIVATE KEY-----\n",
            "",
        ] {
            fs::write(&path, other).unwrap();
            assert!(matches!(
                PendingFile::create_new(&path, Access::Owner),
                Err(FileError::Exists(found)) if found == path
            ));
            write_file(&path, b"x", Access::Owner).unwrap();
        }
    }

    #[test]
    fn what_is_to_be_new_replaces_nothing_that_came_in_the_meantime() {
        let dir = folder();
        let path = dir.path().join("out");
        let mut whole = PendingFile::create_new(&path, Access::Owner).unwrap();
        whole.push(b"second");
        let mut streamed = PendingFile::create_new(&path, Access::Owner).unwrap().into_stream().unwrap();
        streamed.write_all(b"third").unwrap();
        fs::write(&path, "first").unwrap();
        for refused in [whole.commit(), streamed.commit()] {
            assert!(matches!(refused, Err(FileError::Exists(found)) if found == path));
        }
        assert_eq!(fs::read(&path).unwrap(), b"first");
        assert_eq!(names(dir.path()), ["out"]);
    }

    #[test]
    fn fresh_files_of_one_stem_are_all_there() {
        let dir = folder();
        let stem = dir.path().join("sha256-1");
        let one = |number: u8| {
            let stem = stem.clone();
            std::thread::spawn(move || write_fresh(&stem, "sig", &[number], Access::Owner).unwrap())
        };
        let started: Vec<_> = (0..24).map(one).collect();
        let written: Vec<_> = started.into_iter().map(|thread| thread.join().unwrap()).collect();
        assert_eq!(names(dir.path()).len(), 24);
        for (number, path) in (0..24_u8).zip(&written) {
            assert_eq!(fs::read(path).unwrap(), [number]);
            let name = path.file_name().unwrap().to_str().unwrap();
            assert!(name.starts_with("sha256-1-") && name.len() == "sha256-1-00000000.sig".len(), "{name}");
        }
    }

    #[test]
    fn nothing_is_visible_before_commit_and_nothing_remains_after_drop() {
        let dir = folder();
        let path = dir.path().join("out");
        fs::write(&path, "old").unwrap();
        let mut pending = PendingFile::create(&path, Access::Owner).unwrap();
        pending.push(b"new");
        assert_eq!(fs::read(&path).unwrap(), b"old");
        // Nor does anything remain of who is killed.
        assert_eq!(names(dir.path()), ["out"]);
        drop(pending);
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(names(dir.path()), ["out"]);
    }

    #[test]
    fn folders_and_missing_folders_are_named() {
        let dir = folder();
        let inside = dir.path().join("missing").join("out");
        let error = write_file(&inside, b"", Access::Owner).unwrap_err();
        assert!(
            matches!(&error, FileError::NoFolder { folder, .. } if folder == &dir.path().join("missing"))
        );
        assert!(matches!(write_file(dir.path(), b"", Access::Owner), Err(FileError::IsFolder(_))));
        let slash = PathBuf::from(format!("{}/new/", dir.path().display()));
        assert!(write_file(&slash, b"", Access::Owner).is_err());
        assert!(matches!(write_file(Path::new(""), b"", Access::Owner), Err(FileError::Empty)));
        assert!(names(dir.path()).is_empty());
    }

    #[test]
    fn every_spelling_of_a_file_has_one_real_name() {
        let dir = folder();
        let (there, new) = (dir.path().join("there"), dir.path().join("new"));
        fs::write(&there, "").unwrap();
        for path in [&there, &new] {
            let name = path.file_name().unwrap();
            let other = dir.path().join("..").join(dir.path().file_name().unwrap()).join(".").join(name);
            assert_eq!(real_name(&other), real_name(path));
            assert!(real_name(path).is_some_and(|real| real.file_name() == Some(name)));
        }
        assert_ne!(real_name(&there), real_name(&new));
        for nothing in
            [dir.path(), &dir.path().join("no").join("folder"), Path::new("/dev/stdout"), Path::new("")]
        {
            assert_eq!(real_name(nothing), None, "{nothing:?}");
        }
    }

    #[cfg(unix)]
    mod unix {
        use super::*;
        use std::os::unix::fs::{FileTypeExt, PermissionsExt, symlink};

        fn mode_of(path: &Path) -> u32 {
            fs::metadata(path).unwrap().permissions().mode() & 0o777
        }

        #[test]
        fn modes_are_ours_even_over_an_old_file() {
            let dir = folder();
            let path = dir.path().join("out");
            fs::write(&path, "old").unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
            write_file(&path, b"new", Access::Owner).unwrap();
            assert_eq!(mode_of(&path), 0o600);
            write_file(&path, b"new", Access::Everyone).unwrap();
            // The umask of the test run may take bits away, never add any.
            assert_eq!(mode_of(&path) & !0o644, 0);
            assert_eq!(mode_of(&path) & 0o600, 0o600);
        }

        #[test]
        fn a_refusal_is_the_systems_own_and_names_no_temporary_file() {
            let dir = folder();
            let inside = dir.path().join("closed");
            fs::create_dir(&inside).unwrap();
            fs::set_permissions(&inside, fs::Permissions::from_mode(0o500)).unwrap();
            let mut refused = vec![inside.join("out")];
            // Whoever may do everything is not refused there.
            refused.retain(|_| File::create(inside.join("probe")).is_err());
            refused.extend(Path::new("/proc/self").exists().then(|| "/proc/rcosign-test".into()));
            for path in refused {
                let error = write_file(&path, b"", Access::Owner).unwrap_err();
                let FileError::Write { source, .. } = &error else { panic!("{error}") };
                assert!(source.raw_os_error().is_some(), "{source}");
                assert_eq!(error.to_string(), format!("cannot write `{}`", path.display()));
            }
            fs::set_permissions(&inside, fs::Permissions::from_mode(0o700)).unwrap();
        }

        #[test]
        fn a_link_is_followed_and_stays_a_link() {
            let dir = folder();
            let (real, link) = (dir.path().join("real"), dir.path().join("link"));
            fs::write(&real, "old").unwrap();
            symlink("real", &link).unwrap();
            write_file(&link, b"new", Access::Owner).unwrap();
            assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
            assert_eq!(fs::read(&real).unwrap(), b"new");
        }

        #[test]
        fn a_link_to_nothing_makes_its_target() {
            let dir = folder();
            symlink("real", dir.path().join("link")).unwrap();
            write_file(&dir.path().join("link"), b"new", Access::Owner).unwrap();
            assert_eq!(fs::read(dir.path().join("real")).unwrap(), b"new");
            assert_eq!(names(dir.path()), ["link", "real"]);
        }

        #[test]
        fn links_in_a_circle_are_an_error() {
            let dir = folder();
            symlink("b", dir.path().join("a")).unwrap();
            symlink("a", dir.path().join("b")).unwrap();
            assert!(matches!(
                write_file(&dir.path().join("a"), b"", Access::Owner),
                Err(FileError::Write { .. })
            ));
        }

        #[test]
        fn a_device_is_written_to_and_stays_a_device() {
            write_file(Path::new("/dev/null"), b"gone", Access::Owner).unwrap();
            assert!(fs::metadata("/dev/null").unwrap().file_type().is_char_device());
            if Path::new("/dev/full").exists() {
                assert!(write_file(Path::new("/dev/full"), b"lost", Access::Owner).is_err());
            }
        }

        /// Whatever has the name: it is not opened, which could wait for ever, and not followed.
        #[test]
        fn a_new_name_is_nobody_elses() {
            let dir = folder();
            let (link, pipe) = (dir.path().join("link"), dir.path().join("pipe"));
            symlink("elsewhere", &link).unwrap();
            assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
            for path in [&link, &pipe] {
                let refused = place_new(path, b"x", Access::Owner).unwrap_err();
                assert_eq!(refused.kind(), io::ErrorKind::AlreadyExists);
            }
            assert_eq!(names(dir.path()), ["link", "pipe"]);
        }

        #[test]
        fn a_pipe_is_written_to_and_stays_a_pipe() {
            let dir = folder();
            let path = dir.path().join("pipe");
            assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
            let reader = {
                let path = path.clone();
                std::thread::spawn(move || fs::read(path).unwrap())
            };
            write_file(&path, b"through", Access::Owner).unwrap();
            assert_eq!(reader.join().unwrap(), b"through");
            assert!(fs::metadata(&path).unwrap().file_type().is_fifo());
        }

        #[test]
        fn the_paths_of_descriptors_are_known() {
            assert_eq!(descriptor(Path::new("/dev/stdout")), Some("1"));
            assert_eq!(descriptor(Path::new("/dev/fd/2")), Some("2"));
            assert_eq!(descriptor(Path::new("/proc/self/fd/17")), Some("17"));
            assert_eq!(descriptor(Path::new("/dev/fd/")), None);
            assert_eq!(descriptor(Path::new("/dev/fd/x")), None);
        }
    }
}
