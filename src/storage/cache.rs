//! A folder of files that can be fetched again: read without locks, written at once, by several processes at the same time.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

/// A folder that is made when something is written into it. What is in it is never reached through a link, so that nobody who
/// may write there chooses what else is read or written; the folder itself may be a link.
#[derive(Debug, Clone)]
pub struct CacheFolder {
    path: PathBuf,
}

impl CacheFolder {
    /// A folder, which need not be there.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A file, of at most `limit` bytes; `None` where there is none. `name` may have folders in it, with slashes between.
    ///
    /// # Errors
    /// It cannot be read, is larger, is no regular file, or a link leads there.
    pub fn load(&self, name: &str, limit: u64) -> io::Result<Option<Vec<u8>>> {
        match self.open(name, limit) {
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                Ok(None)
            }
            other => other.map(Some),
        }
    }

    fn open(&self, name: &str, limit: u64) -> io::Result<Vec<u8>> {
        let path = self.below(name, |folder| {
            if fs::symlink_metadata(folder)?.is_dir() { Ok(()) } else { Err(link(folder)) }
        })?;
        if !fs::symlink_metadata(&path)?.is_file() {
            return Err(link(&path));
        }
        let mut bytes = Vec::new();
        File::open(&path)?.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > limit {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, "it is larger than such a file may be"));
        }
        Ok(bytes)
    }

    /// Writes a file: whoever reads it meanwhile reads the old one or the new one, whole.
    ///
    /// # Errors
    /// It cannot be written; a link leads to the folder that it would be in. What was there is unchanged then.
    pub fn store(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        create(&self.path)?;
        let path = self.below(name, |folder| match fs::symlink_metadata(folder) {
            Ok(found) if found.is_dir() => Ok(()),
            Ok(_) => Err(link(folder)),
            Err(_) => create(folder),
        })?;
        let folder = path.parent().unwrap_or(&self.path);
        // A new file takes the place of whatever has the name, a link as well.
        let mut file = tempfile::Builder::new().prefix(".rcosign-").tempfile_in(folder)?;
        file.write_all(bytes)?;
        file.persist(&path).map(|_| ()).map_err(|error| error.error)
    }

    /// The path of a file, after `check` saw each folder between this one and the file.
    fn below(&self, name: &str, check: impl Fn(&Path) -> io::Result<()>) -> io::Result<PathBuf> {
        let mut path = self.path.clone();
        let mut parts = name.split('/').peekable();
        while let Some(part) = parts.next() {
            if matches!(part, "" | "." | "..") || part.contains(['\\', '\0']) {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidInput,
                    format!("`{name}` is no name of a file"),
                ));
            }
            path.push(part);
            if parts.peek().is_some() {
                check(&path)?;
            }
        }
        Ok(path)
    }
}

/// Makes a folder that the owner alone may look into, and those that it is in; one that another process made is as good.
fn create(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

fn link(path: &Path) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, format!("`{}` is a link, or no file", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let top = tempfile::tempdir().unwrap();
        let cache = CacheFolder::new(top.path().join("a/b"));
        assert_eq!(cache.load("x/y.json", 9).unwrap(), None);
        cache.store("x/y.json", b"one").unwrap();
        cache.store("x/y.json", b"two").unwrap();
        assert_eq!(cache.load("x/y.json", 3).unwrap().unwrap(), b"two");
        assert!(cache.load("x/y.json", 2).is_err());
        assert!(cache.load("x", 9).is_err());
        assert_eq!(cache.load("x/y.json/z", 9).unwrap_err().kind(), io::ErrorKind::InvalidInput);
        assert_eq!(fs::read_dir(top.path().join("a/b/x")).unwrap().count(), 1);
        for name in ["../x", "x/../y", "/x", "", "x/", "a\\b", "."] {
            assert!(cache.store(name, b"").is_err(), "{name}");
            assert!(cache.load(name, 9).is_err(), "{name}");
        }
    }

    /// CVE-2026-6968: a link in the cache leads out of it.
    #[cfg(unix)]
    #[test]
    fn cve_2026_6968_links_are_not_followed() {
        use std::os::unix::fs::symlink;
        let top = tempfile::tempdir().unwrap();
        let elsewhere = top.path().join("elsewhere");
        fs::create_dir(&elsewhere).unwrap();
        fs::write(elsewhere.join("file"), "secret").unwrap();
        let folder = top.path().join("cache");
        fs::create_dir(&folder).unwrap();
        symlink(&elsewhere, folder.join("mirror")).unwrap();
        symlink(elsewhere.join("file"), folder.join("file")).unwrap();
        let cache = CacheFolder::new(&folder);
        assert!(cache.load("mirror/file", 99).is_err());
        assert!(cache.load("file", 99).is_err());
        assert!(cache.store("mirror/new", b"x").is_err());
        cache.store("file", b"mine").unwrap();
        assert_eq!(fs::read(elsewhere.join("file")).unwrap(), b"secret");
        assert_eq!(fs::read_dir(&elsewhere).unwrap().count(), 1);
        assert_eq!(cache.load("file", 99).unwrap().unwrap(), b"mine");
        // The cache itself may be kept anywhere.
        symlink(&folder, top.path().join("link")).unwrap();
        assert_eq!(CacheFolder::new(top.path().join("link")).load("file", 99).unwrap().unwrap(), b"mine");
    }
}
