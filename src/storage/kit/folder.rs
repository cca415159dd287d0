//! A folder that appears at the end, whole or not at all.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// A folder that cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// The path is empty, or names no new folder: `..`, the current folder.
    #[error("`{}` is not the name of a new folder", .0.display())]
    NoName(PathBuf),
    /// Something is there.
    #[error("`{}` exists and is not an empty folder", .0.display())]
    Taken(PathBuf),
    /// The folder that it is to be in does not exist.
    #[error("cannot make `{}`: the folder that it is to be in does not exist", .0.display())]
    NoParent(PathBuf),
    /// The operating system refused.
    #[error("cannot make the folder `{}`", .path.display())]
    Make {
        /// The folder.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Nothing can be put where the system keeps temporary files.
    #[error("cannot make a temporary folder in `{}`, which TMPDIR (on Windows TEMP) names", .path.display())]
    Temporary {
        /// Where temporary files are.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

/// A folder to work in, which nobody else can look into. Dropping it removes it and all that is in it.
#[derive(Debug)]
pub struct WorkFolder {
    // Holds `content`, and is removed with it.
    outer: tempfile::TempDir,
    content: PathBuf,
    target: Option<Target>,
}

#[derive(Debug)]
struct Target {
    given: PathBuf,
    real: PathBuf,
    exists: bool,
}

impl WorkFolder {
    /// A folder beside `target`, which may take its name at the end. `target` must not exist, or be an empty folder.
    ///
    /// # Errors
    /// [`FolderError`].
    pub fn beside(target: &Path) -> Result<Self, FolderError> {
        let target = find(target)?;
        let folder = target.real.parent().unwrap_or(Path::new("."));
        let path = &target.given;
        let made = builder().tempdir_in(folder);
        let outer = made.map_err(|source| FolderError::Make { path: path.clone(), source })?;
        Self::within(outer, path.clone(), Some(target))
    }

    /// A folder where the system keeps temporary files.
    ///
    /// # Errors
    /// [`FolderError::Temporary`], [`FolderError::Make`].
    pub fn temporary() -> Result<Self, FolderError> {
        let path = std::env::temp_dir();
        let made = builder().tempdir_in(&path);
        let outer = made.map_err(|source| FolderError::Temporary { path: path.clone(), source })?;
        Self::within(outer, path, None)
    }

    /// The mode of the folder that stays is the one that the umask gives; the one around it is for the owner alone.
    fn within(outer: tempfile::TempDir, path: PathBuf, target: Option<Target>) -> Result<Self, FolderError> {
        let fail = |source| FolderError::Make { path: path.clone(), source };
        // Absolute, so that no path below it can be read as an address or an option.
        let content = fs::canonicalize(outer.path()).map_err(fail)?.join("kit");
        fs::create_dir(&content).map_err(fail)?;
        Ok(Self { outer, content, target })
    }

    /// The folder. Absolute.
    pub fn path(&self) -> &Path {
        &self.content
    }

    /// Gives it the name of the target; one without a target is removed with what is returned.
    ///
    /// # Errors
    /// [`FolderError`]; the target is as it was then.
    pub fn keep(self) -> Result<KeptFolder, FolderError> {
        let Self { outer, content, target } = self;
        if let Some(Target { given, real, exists }) = &target {
            let fail = |source| FolderError::Make { path: given.clone(), source };
            synchronise(&content).map_err(fail)?;
            // Renaming replaces an empty folder, but not on Windows.
            if *exists && cfg!(windows) {
                fs::remove_dir(real).map_err(fail)?;
            }
            // Over anything else than an empty folder renaming fails.
            fs::rename(&content, real).map_err(fail)?;
        }
        Ok(KeptFolder { outer, content, target })
    }
}

/// A folder that has its name. It stays when this is dropped.
#[derive(Debug)]
pub struct KeptFolder {
    outer: tempfile::TempDir,
    content: PathBuf,
    target: Option<Target>,
}

impl KeptFolder {
    /// Takes it away again, for a run that failed after all, as far as the operating system lets it.
    pub fn withdraw(self) {
        let Self { outer, content, target } = self;
        if let Some(Target { real, exists, .. }) = target
            && fs::rename(&real, &content).is_ok()
            && exists
        {
            let _ = fs::create_dir(&real);
        }
        drop(outer);
    }
}

/// Waits until all files are on the disk, so that no name is there before its content.
fn synchronise(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            synchronise(&path)?;
        } else {
            fs::OpenOptions::new().write(true).open(path)?.sync_all()?;
        }
    }
    Ok(())
}

fn builder() -> tempfile::Builder<'static, 'static> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".rcosign-unpack.");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
    builder
}

fn find(given: &Path) -> Result<Target, FolderError> {
    let fail = |source| FolderError::Make { path: given.to_owned(), source };
    if fs::symlink_metadata(given).is_ok() {
        let empty = fs::read_dir(given).is_ok_and(|mut entries| entries.next().is_none());
        if !empty {
            return Err(FolderError::Taken(given.to_owned()));
        }
        let real = fs::canonicalize(given).map_err(fail)?;
        // Who stands in it would stand nowhere afterwards.
        if fs::canonicalize(".").is_ok_and(|here| here == real) {
            return Err(FolderError::NoName(given.to_owned()));
        }
        return Ok(Target { given: given.to_owned(), real, exists: true });
    }
    let Some(name) = given.file_name() else { return Err(FolderError::NoName(given.to_owned())) };
    let parent = given.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    match fs::canonicalize(parent) {
        Ok(parent) if parent.is_dir() => {
            Ok(Target { given: given.to_owned(), real: parent.join(name), exists: false })
        }
        Ok(_) => Err(FolderError::NoParent(given.to_owned())),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Err(FolderError::NoParent(given.to_owned())),
        Err(source) => Err(fail(source)),
    }
}
