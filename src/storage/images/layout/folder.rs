//! The files of a layout in a folder. Nothing that a link leads to outside of the folder is read or written.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::crypto::{Digest, HashAlgorithm};
use crate::storage::images::Error;
use crate::storage::images::contents::{Opened, Source};
use crate::storage::{self, open_file};

/// Files of one algorithm.
const MAX_FILES: usize = 100_000;
const WHAT: &str = "file of an image layout";

/// A folder.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    /// Its path without any link.
    real: PathBuf,
}

impl Folder {
    /// The folder at `path`.
    ///
    /// # Errors
    /// There is none, or it cannot be looked at.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let unreadable = |source| unreadable(path, source);
        match fs::metadata(path) {
            Ok(found) if found.is_dir() => {}
            Ok(_) => return Err(unreadable(std::io::Error::other("it is no folder"))),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Err(Error::NoLayout { path: path.to_owned() });
            }
            Err(error) => return Err(unreadable(error)),
        }
        Ok(Self { path: path.to_owned(), real: fs::canonicalize(path).map_err(unreadable)? })
    }

    /// The place of a file or a folder in it, whether it is there or not.
    ///
    /// # Errors
    /// A link on the way leads out of the folder.
    pub fn inside(&self, file: &str) -> Result<PathBuf, Error> {
        let mut path = self.path.clone();
        for part in file.split('/') {
            path.push(part);
            match fs::symlink_metadata(&path) {
                Ok(found) if found.is_symlink() => self.check_link(&path, file)?,
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(unreadable(&path, error)),
            }
        }
        Ok(path)
    }

    fn check_link(&self, path: &Path, file: &str) -> Result<(), Error> {
        let refused = |reason| Error::NotAFile { path: self.path.clone(), file: file.to_owned(), reason };
        match fs::canonicalize(path) {
            Ok(real) if real.starts_with(&self.real) => Ok(()),
            Ok(_) => Err(refused("a symbolic link leads out of the layout")),
            Err(_) => Err(refused("a symbolic link leads nowhere")),
        }
    }
}

impl Source for Folder {
    fn scheme(&self) -> &'static str {
        "oci"
    }

    fn place(&self) -> &Path {
        &self.path
    }

    fn open(&self, file: &str) -> Result<Option<Opened>, Error> {
        match open_file(WHAT, &self.inside(file)?) {
            Ok((file, size)) => Ok(Some(Opened { reader: Box::new(file), size })),
            Err(storage::Error::Missing { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn blobs(&self) -> Result<Vec<(Digest, u64)>, Error> {
        let mut found = Vec::new();
        for algorithm in HashAlgorithm::ALL {
            let folder = self.inside(&format!("blobs/{algorithm}"))?;
            let list = match fs::read_dir(&folder) {
                Ok(list) => list,
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                Err(error) => return Err(unreadable(&folder, error)),
            };
            for entry in list {
                let entry = entry.map_err(|error| unreadable(&folder, error))?;
                let name = entry.file_name();
                let digest = name.to_str().and_then(|name| Digest::from_hex(algorithm, name).ok());
                let Some(digest) = digest else { continue };
                // A link's own size says nothing; what it leads to is looked at when it is opened.
                let size = fs::metadata(entry.path()).map(|found| found.len()).unwrap_or_default();
                found.push((digest, size));
                if found.len() > MAX_FILES {
                    let place = self.path.display().to_string();
                    return Err(Error::Overfull { place, what: "files", limit: MAX_FILES });
                }
            }
        }
        Ok(found)
    }
}

fn unreadable(path: &Path, source: std::io::Error) -> Error {
    Error::File(storage::Error::Read { what: WHAT, path: path.to_owned(), source })
}
