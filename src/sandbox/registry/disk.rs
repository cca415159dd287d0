//! The folder of a registry: a file with all changes, a line for each; a file for each blob; a file for each upload that is not over.
//!
//! ```text
//! changes                 what happened, in order (see Change)
//! blobs/sha256/<hex>      a blob, of however many repositories
//! uploads/<id>            what there is of an upload; temporary files
//! ```
//!
//! A change is acknowledged when its line is on the disk and the file says so ([`Growing`]). A blob is in its place before the line
//! that names it; one from an upload is after it, and is moved when the folder is opened if that did not come to be.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use super::Error;
use super::change::Change;
use super::content::Content;
use crate::crypto::sha256;
use crate::sandbox::folder::{Folder, FolderError, sync_folder, write_whole};
use crate::sandbox::growing::{Extent, Growing, Reading, header};

/// The file with all changes.
const CHANGES: &str = "changes";
/// What files of this kind call themselves.
const KIND: &str = "rcosign-registry-1";

/// The folder.
#[derive(Debug)]
pub(super) struct Disk {
    folder: Folder,
    changes: Growing,
}

impl Disk {
    /// Takes the folder, which is made the first time, and tells what has happened so far.
    pub fn open(path: &Path) -> Result<(Self, Vec<Change>), Error> {
        let folder = Folder::open(path)?;
        for name in ["blobs", "blobs/sha256", "blobs/sha384", "blobs/sha512", "uploads"] {
            folder.folder(name)?;
        }
        let path = folder.path().join(CHANGES);
        let unusable = |source| Error::Folder(FolderError::Unusable { path: path.clone(), source });
        let file = folder.growing(CHANGES, || header(KIND, &Extent::NONE))?;
        let found = read(&path, &file)?;
        if found.rest > 0 {
            folder.note_cut(&path, found.rest, "entry");
        }
        let changes = Growing::resume(file, KIND, &found.read).map_err(unusable)?;
        sync_folder(folder.path()).map_err(unusable)?;
        folder.complete()?;
        Ok((Self { folder, changes }, found.changes))
    }

    /// What whoever started the registry has to be told.
    pub fn notes(&self) -> Vec<String> {
        self.folder.notes()
    }

    /// Where bodies of requests go that are large.
    pub fn uploads(&self) -> PathBuf {
        self.folder.path().join("uploads")
    }

    /// Where a blob is; its digest is well-formed.
    pub fn blob(&self, digest: &str) -> PathBuf {
        self.folder.path().join("blobs").join(digest.replace(':', "/"))
    }

    /// Where an upload is.
    pub fn upload(&self, id: &str) -> PathBuf {
        self.uploads().join(id)
    }

    /// Puts a change on the disk. After an error it is not there.
    pub fn record(&mut self, change: &Change) -> io::Result<()> {
        let line = change.line()?;
        self.changes.append(line.as_bytes(), 1, &sha256(line.as_bytes()))
    }

    /// Writes these changes in the place of all that there are.
    pub fn rewrite(&mut self, changes: &[Change]) -> Result<(), Error> {
        let path = self.folder.path().join(CHANGES);
        let unusable = |source| Error::Folder(FolderError::Unusable { path: path.clone(), source });
        let (mut extent, mut lines) = (Extent::NONE, Vec::new());
        for change in changes {
            let line = change.line().map_err(|error| unusable(error.into()))?;
            extent = extent.with(line.len() as u64, 1, &sha256(line.as_bytes()));
            lines.extend(line.into_bytes());
        }
        write_whole(&path, &[header(KIND, &extent), lines].concat()).map_err(unusable)?;
        let file = File::options().read(true).write(true).open(&path).map_err(unusable)?;
        let found = read(&path, &file)?;
        self.changes = Growing::resume(file, KIND, &found.read).map_err(unusable)?;
        Ok(())
    }

    /// Puts a blob in its place, on the disk. The content has its digest.
    pub fn keep(&self, digest: &str, content: &Content) -> io::Result<()> {
        let path = self.blob(digest);
        if !content.move_to(&path)? {
            return write_whole(&path, &content.clone().read()?);
        }
        path.parent().map_or(Ok(()), sync_folder)
    }

    /// Moves the file of an upload to the place of its blob; whether there is one.
    pub fn move_upload(&self, id: &str, digest: &str) -> io::Result<bool> {
        let path = self.blob(digest);
        match fs::rename(self.upload(id), &path) {
            Ok(()) => path.parent().map_or(Ok(()), sync_folder).map(|()| true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// What there is of an upload, on the disk.
    pub fn uploaded(&self, id: &str, length: u64) -> io::Result<Content> {
        let path = self.upload(id);
        // The process that wrote it may have been killed before it did this.
        File::open(&path)?.sync_all()?;
        let content = Content::open(&path)?;
        if content.len() != length {
            return Err(io::Error::other("an upload is not as long as it was"));
        }
        Ok(content)
    }

    /// Adds to an upload that is `length` bytes long. When this returns it is on the disk; after an error it is as it was.
    pub fn append(&self, id: &str, length: u64, content: &Content) -> io::Result<()> {
        let path = self.upload(id);
        if length == 0 && content.move_to(&path)? {
            return sync_folder(&self.uploads());
        }
        let mut file = File::options().create(true).append(true).open(&path)?;
        // What was written when this process was killed, and never acknowledged.
        file.set_len(length)?;
        let written = content.copy_to(&mut file).and_then(|()| file.sync_all());
        if written.is_err() {
            let _ = file.set_len(length);
        }
        written?;
        if length == 0 { sync_folder(&self.uploads()) } else { Ok(()) }
    }

    /// Notes how many of these blobs have no file any more.
    pub fn note_missing(&self, digests: &BTreeSet<&String>) {
        let missing = digests.iter().filter(|digest| !self.blob(digest).exists()).count();
        if missing > 0 {
            let (place, all) = (self.folder.path().join("blobs"), digests.len());
            self.folder.note(format!(
                "{}: {missing} of {all} blobs are missing; who pushes them again brings them back",
                place.display(),
            ));
        }
    }

    /// Removes blobs that no repository has and uploads that are over. What cannot be removed stays, which harms nobody.
    pub fn sweep(&self, is_blob: impl Fn(&str) -> bool, is_upload: impl Fn(&str) -> bool) {
        let names = |path: &Path| -> Vec<String> {
            let entries = fs::read_dir(path).into_iter().flatten().flatten();
            entries.filter_map(|entry| entry.file_name().into_string().ok()).collect()
        };
        for algorithm in ["sha256", "sha384", "sha512"] {
            for hex in names(&self.folder.path().join("blobs").join(algorithm)) {
                let digest = format!("{algorithm}:{hex}");
                if !is_blob(&digest) {
                    let _ = fs::remove_file(self.blob(&digest));
                }
            }
        }
        for id in names(&self.uploads()) {
            if !is_upload(&id) {
                let _ = fs::remove_file(self.upload(&id));
            }
        }
    }
}

/// What a file with changes holds.
struct Found {
    changes: Vec<Change>,
    /// How far it was read. Whatever comes after that is half a line.
    read: Reading,
    /// How many bytes that is.
    rest: u64,
}

/// Reads a whole file.
fn read(path: &Path, mut file: &File) -> Result<Found, Error> {
    let unusable = |source| Error::Folder(FolderError::Unusable { path: path.to_owned(), source });
    let damaged = |damage| Error::Damaged { path: path.to_owned(), damage };
    let read = Reading::begin(KIND, &mut file).map_err(unusable)?.map_err(damaged)?;
    let mut text = Vec::new();
    file.read_to_end(&mut text).map_err(unusable)?;
    let mut found = Found { changes: Vec::new(), read, rest: text.len() as u64 };
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        let whole = line.strip_suffix(b"\n").ok_or("a line has no end");
        match whole.and_then(Change::parse) {
            Ok(change) => found.changes.push(change),
            Err(reason) if found.read.next_was_acknowledged() => {
                return Err(damaged(found.read.damage(reason)));
            }
            Err(_) => break,
        }
        found.rest -= line.len() as u64;
        found.read.piece(line.len() as u64, 1, &sha256(line));
    }
    found.read.end().map_err(damaged)?;
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(number: u64) -> Change {
        Change::Upload { number, repository: "app".to_owned() }
    }

    fn kept(path: &Path) -> Vec<String> {
        Disk::open(path).unwrap().1.iter().map(|change| change.line().unwrap()).collect()
    }

    #[test]
    fn what_could_not_be_written_is_not_there() {
        let place = tempfile::tempdir().unwrap();
        let (mut disk, _) = Disk::open(place.path()).unwrap();
        disk.record(&change(1)).unwrap();
        // Nothing can be written by this, nor cut off.
        let writable = disk.changes.replace(File::open(place.path().join(CHANGES)).unwrap());
        disk.record(&change(2)).unwrap_err();
        drop(disk.changes.replace(writable));
        let error = disk.record(&change(3)).unwrap_err();
        assert!(error.to_string().starts_with("an earlier entry could not be written"), "{error}");
        drop(disk);
        assert_eq!(kept(place.path()), [change(1).line().unwrap()]);
    }

    #[test]
    fn an_upload_stays_as_it_was_told_of() {
        let place = tempfile::tempdir().unwrap();
        let (disk, _) = Disk::open(place.path()).unwrap();
        let content = |text: &'static str| Content::Memory(text.into());
        disk.append("id", 0, &content("first ")).unwrap();
        // What was written by a request that was never answered.
        fs::write(disk.upload("id"), "first unacknowledged").unwrap();
        disk.append("id", 6, &content("second")).unwrap();
        assert_eq!(fs::read(disk.upload("id")).unwrap(), b"first second");
        assert_eq!(disk.uploaded("id", 12).unwrap().len(), 12);
        disk.uploaded("id", 11).unwrap_err();
        assert!(!disk.move_upload("other", "sha256:00").unwrap());
        assert!(disk.move_upload("id", "sha256:00").unwrap());
        assert_eq!(fs::read(disk.blob("sha256:00")).unwrap(), b"first second");
    }

    #[test]
    fn changes_are_written_anew_and_go_on() {
        let place = tempfile::tempdir().unwrap();
        let (mut disk, _) = Disk::open(place.path()).unwrap();
        (1..9).for_each(|number| disk.record(&change(number)).unwrap());
        disk.rewrite(&[change(4)]).unwrap();
        disk.record(&change(9)).unwrap();
        drop(disk);
        assert_eq!(kept(place.path()), [change(4), change(9)].map(|change| change.line().unwrap()));
    }
}
