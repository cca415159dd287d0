//! Repositories: in memory, and on a disk if there is one, from which they come back.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use hyper::body::Bytes;
use serde_json::Value;

use super::Error;
use super::change::Change;
use super::content::Content;
use super::disk::Disk;
use super::manifests::read;

/// All that a registry holds. Digests are text, well-formed and in lower case. What is in the maps changes by [`Change`]s alone.
#[derive(Debug, Default)]
pub(super) struct Store {
    pub repositories: BTreeMap<String, Repository>,
    pub uploads: HashMap<String, Upload>,
    /// How many uploads there ever were.
    started: u64,
    disk: Option<Disk>,
}

/// A repository. It is there from its first blob or manifest on, and in lists while it has a manifest or a tag.
#[derive(Debug, Default)]
pub(super) struct Repository {
    pub blobs: BTreeMap<String, Blob>,
    /// By digest.
    pub manifests: BTreeMap<String, Manifest>,
    /// Digests by tag.
    pub tags: BTreeMap<String, String>,
    /// Whether there ever was a tag.
    pub tagged: bool,
}

/// A blob.
#[derive(Debug, Clone)]
pub(super) struct Blob {
    pub length: u64,
    /// Where there is no disk.
    memory: Option<Bytes>,
}

/// A manifest as it was pushed.
#[derive(Debug, Clone)]
pub(super) struct Manifest {
    pub media_type: String,
    pub bytes: Bytes,
    /// What the referrers API needs of it.
    pub subject: Option<Referrer>,
}

/// A manifest with a subject.
#[derive(Debug, Clone)]
pub(super) struct Referrer {
    /// The digest of the subject.
    pub subject: String,
    /// Its `artifactType`; of an image manifest without one, the media type of its config.
    pub artifact_type: Option<String>,
    pub annotations: Option<Value>,
}

/// An upload that is not over.
#[derive(Debug)]
pub(super) struct Upload {
    pub repository: String,
    /// What the client has to send back in the query.
    pub state: String,
    pub length: u64,
    number: u64,
    /// What there is of it, where there is no disk.
    memory: Vec<u8>,
    /// When it was last spoken of, by this process.
    touched: Instant,
}

/// The most uploads that are not over.
pub(super) const MAX_UPLOADS: usize = 1000;
/// An upload of which nobody has spoken for so long is given up.
const UPLOAD_AGE: Duration = Duration::from_secs(60 * 60);
/// Where there are too many, the oldest one is given up before that, once it has been still for so long.
const UPLOAD_STILL: Duration = Duration::from_secs(60);

/// The form of a UUID, which some clients look at; not random, which nobody needs.
fn upload_id(number: u64) -> String {
    format!("{:08x}-0000-4000-8000-{number:012x}", number & 0xffff_ffff)
}

impl Store {
    /// The store of a folder.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let (disk, changes) = Disk::open(path)?;
        let mut store = Self { disk: Some(disk), ..Self::default() };
        let count = changes.len();
        for change in changes {
            if let Change::Blob { digest, upload: Some(number), .. } = &change {
                store.settle(&upload_id(*number), digest)?;
            }
            store.apply(change);
        }
        let Some(disk) = &mut store.disk else { return Ok(store) };
        for (id, upload) in &mut store.uploads {
            upload.length = fs::metadata(disk.upload(id)).map_or(0, |file| file.len());
        }
        let live = changes_to(&store.repositories, &store.uploads, store.started);
        if count > 2 * live.len() + 64 {
            disk.rewrite(&live)?;
        }
        let known = store.repositories.values().flat_map(|repository| repository.blobs.keys());
        disk.note_missing(&known.collect());
        let is_blob = |digest: &str| store.repositories.values().any(|r| r.blobs.contains_key(digest));
        disk.sweep(is_blob, |id| store.uploads.contains_key(id));
        Ok(store)
    }

    /// Moves an upload to its blob where the last process could not.
    fn settle(&self, id: &str, digest: &str) -> Result<(), Error> {
        self.disk.as_ref().map_or(Ok(false), |disk| disk.move_upload(id, digest))?;
        Ok(())
    }

    /// What was found on the disk that somebody has to be told.
    pub fn notes(&self) -> Vec<String> {
        self.disk.as_ref().map(Disk::notes).unwrap_or_default()
    }

    /// Where bodies of requests go that are large; nowhere without a disk.
    pub fn folder(&self) -> Option<PathBuf> {
        self.disk.as_ref().map(Disk::uploads)
    }

    /// Carries a change out, on the disk first. After an error nothing has changed.
    pub fn change(&mut self, change: Change) -> io::Result<()> {
        if let Some(disk) = &mut self.disk {
            disk.record(&change)?;
        }
        self.apply(change);
        Ok(())
    }

    fn apply(&mut self, change: Change) {
        match change {
            Change::Counted { uploads } => self.started = uploads,
            Change::Upload { number, repository } => {
                self.started = self.started.max(number);
                let state = format!("s{number}=");
                let touched = Instant::now();
                let upload = Upload { repository, state, length: 0, number, memory: Vec::new(), touched };
                self.uploads.insert(upload_id(number), upload);
            }
            Change::Ended { number } => {
                self.uploads.remove(&upload_id(number));
            }
            Change::Blob { repository, digest, length, upload, memory } => {
                if let Some(number) = upload {
                    self.uploads.remove(&upload_id(number));
                }
                self.repository(repository).blobs.insert(digest, Blob { length, memory });
            }
            Change::Manifest { repository, digest, media_type, bytes, tag } => {
                let repository = self.repository(repository);
                repository.manifests.insert(digest.clone(), read(&media_type, bytes));
                if let Some(tag) = tag {
                    repository.point(tag, digest);
                }
            }
            Change::Tag { repository, tag, digest } => self.repository(repository).point(tag, digest),
            Change::Untag { repository, tag } => {
                let repository = self.repository(repository);
                repository.tagged = true;
                repository.tags.remove(&tag);
            }
            Change::NoManifest { repository, digest } => {
                let repository = self.repository(repository);
                repository.tags.retain(|_, target| *target != digest);
                repository.manifests.remove(&digest);
            }
            Change::NoBlob { repository, digest } => {
                self.repository(repository).blobs.remove(&digest);
            }
        }
    }

    fn repository(&mut self, name: String) -> &mut Repository {
        self.repositories.entry(name).or_default()
    }

    /// The names of the repositories that are in lists, in order.
    pub fn listed(&self) -> impl Iterator<Item = &String> {
        self.repositories.iter().filter(|(_, repository)| repository.is_listed()).map(|(name, _)| name)
    }

    /// Begins an upload; returns its identifier and its state, or nothing where there are too many that are not over.
    pub fn start_upload(&mut self, repository: &str) -> io::Result<Option<(String, String)>> {
        let mut still: Vec<(Duration, String)> =
            self.uploads.iter().map(|(id, upload)| (upload.touched.elapsed(), id.clone())).collect();
        still.sort_unstable();
        while let Some((age, id)) = still.pop() {
            let most = if still.len() + 1 < MAX_UPLOADS { UPLOAD_AGE } else { UPLOAD_STILL };
            if age < most {
                break;
            }
            self.end_upload(&id)?;
        }
        if self.uploads.len() >= MAX_UPLOADS {
            return Ok(None);
        }
        let number = self.started + 1;
        self.change(Change::Upload { number, repository: repository.to_owned() })?;
        let id = upload_id(number);
        let state = self.uploads.get(&id).map(|upload| upload.state.clone());
        Ok(Some((id, state.unwrap_or_default())))
    }

    /// Adds to an upload.
    pub fn append(&mut self, id: &str, content: &Content) -> io::Result<()> {
        let Some(upload) = self.uploads.get_mut(id) else { return Ok(()) };
        upload.touched = Instant::now();
        if content.is_empty() {
            return Ok(());
        }
        match &self.disk {
            Some(disk) => disk.append(id, upload.length, content)?,
            None => content.copy_to(&mut upload.memory)?,
        }
        upload.length += content.len();
        Ok(())
    }

    /// Ends an upload with its blob, if it has this digest; whether it has. It is over in any case.
    pub fn finish_upload(&mut self, id: &str, digest: Option<&str>) -> io::Result<bool> {
        let Some(upload) = self.uploads.get_mut(id) else { return Ok(false) };
        let (number, repository, length) = (upload.number, upload.repository.clone(), upload.length);
        let content = match &self.disk {
            Some(disk) if length > 0 => disk.uploaded(id, length)?,
            _ => Content::Memory(Bytes::from(std::mem::take(&mut upload.memory))),
        };
        let Some(digest) = digest else { return self.end_upload(id).map(|()| false) };
        if !content.has_digest(digest)? {
            return self.end_upload(id).map(|()| false);
        }
        let memory = match (&self.disk, content) {
            (None, Content::Memory(bytes)) => Some(bytes),
            (Some(disk), content) if length == 0 => disk.keep(digest, &content).map(|()| None)?,
            _ => None,
        };
        let digest = digest.to_owned();
        self.change(Change::Blob {
            repository,
            digest: digest.clone(),
            length,
            upload: Some(number),
            memory,
        })?;
        if let Some(disk) = &self.disk {
            disk.move_upload(id, &digest)?;
        }
        Ok(true)
    }

    /// Gives an upload up.
    pub fn end_upload(&mut self, id: &str) -> io::Result<()> {
        let Some(number) = self.uploads.get(id).map(|upload| upload.number) else { return Ok(()) };
        self.change(Change::Ended { number })?;
        if let Some(disk) = &self.disk {
            // It may have no file yet; what stays goes when the folder is opened.
            let _ = fs::remove_file(disk.upload(id));
        }
        Ok(())
    }

    /// Gives a repository a blob, whose content has this digest.
    pub fn put_blob(&mut self, repository: &str, digest: &str, content: &Content) -> io::Result<()> {
        let memory = match &self.disk {
            Some(disk) => disk.keep(digest, content).map(|()| None)?,
            None => Some(content.clone().read()?),
        };
        if self.found(repository, digest).is_some_and(|blob| blob.length == content.len()) {
            return Ok(());
        }
        self.change(Change::Blob {
            repository: repository.to_owned(),
            digest: digest.to_owned(),
            length: content.len(),
            upload: None,
            memory,
        })
    }

    /// Gives a repository a blob of another one; whether that has it.
    pub fn mount(&mut self, repository: &str, digest: &str, from: &str) -> io::Result<bool> {
        if self.blob(from, digest)?.is_none() {
            return Ok(false);
        }
        let Some(Blob { length, memory }) = self.found(from, digest).cloned() else { return Ok(false) };
        let (repository, digest) = (repository.to_owned(), digest.to_owned());
        self.change(Change::Blob { repository, digest, length, upload: None, memory })?;
        Ok(true)
    }

    /// A blob of a repository. One whose file is not what it was counts as none: another push brings it back.
    pub fn blob(&self, repository: &str, digest: &str) -> io::Result<Option<Content>> {
        let Some(blob) = self.found(repository, digest) else { return Ok(None) };
        let Some(disk) = &self.disk else { return Ok(blob.memory.clone().map(Content::Memory)) };
        let content = match Content::open(&disk.blob(digest)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            content => content?,
        };
        let sound = content.len() == blob.length && content.has_digest(digest)?;
        Ok(Some(content).filter(|_| sound))
    }

    fn found(&self, repository: &str, digest: &str) -> Option<&Blob> {
        self.repositories.get(repository)?.blobs.get(digest)
    }

    /// Takes a blob from a repository; whether it had it.
    pub fn remove_blob(&mut self, repository: &str, digest: &str) -> io::Result<bool> {
        if self.found(repository, digest).is_none() {
            return Ok(false);
        }
        self.change(Change::NoBlob { repository: repository.to_owned(), digest: digest.to_owned() })?;
        if let Some(disk) = &self.disk
            && !self.repositories.values().any(|r| r.blobs.contains_key(digest))
        {
            // What stays goes when the folder is opened.
            let _ = fs::remove_file(disk.blob(digest));
        }
        Ok(true)
    }

    /// Removes a manifest and the tags that point to it; whether it was there.
    pub fn remove_manifest(&mut self, repository: &str, digest: &str) -> io::Result<bool> {
        let found = self.repositories.get(repository);
        let there = found.is_some_and(|r| r.manifests.contains_key(digest));
        if there || found.is_some_and(|r| r.tags.values().any(|target| target == digest)) {
            let (repository, digest) = (repository.to_owned(), digest.to_owned());
            self.change(Change::NoManifest { repository, digest })?;
        }
        Ok(there)
    }

    /// Removes a tag; whether it was there.
    pub fn untag(&mut self, repository: &str, tag: &str) -> io::Result<bool> {
        if !self.repositories.get(repository).is_some_and(|r| r.tags.contains_key(tag)) {
            return Ok(false);
        }
        self.change(Change::Untag { repository: repository.to_owned(), tag: tag.to_owned() })?;
        Ok(true)
    }
}

impl Repository {
    /// Whether it is in lists: it has something that can be pulled by name. Blobs stay for whoever pushes next.
    pub fn is_listed(&self) -> bool {
        !self.manifests.is_empty() || !self.tags.is_empty()
    }

    fn point(&mut self, tag: String, digest: String) {
        self.tagged = true;
        self.tags.insert(tag, digest);
    }
}

#[cfg(test)]
impl Store {
    /// Lets the uploads be as old as this.
    pub fn age_uploads(&mut self, age: Duration) {
        let then = Instant::now().checked_sub(age).unwrap();
        self.uploads.values_mut().for_each(|upload| upload.touched = then);
    }
}

/// The fewest changes that lead to this. A repository that has nothing any more is kept by a tag that is gone, if it had one.
fn changes_to(
    repositories: &BTreeMap<String, Repository>,
    uploads: &HashMap<String, Upload>,
    started: u64,
) -> Vec<Change> {
    let mut changes = vec![Change::Counted { uploads: started }];
    for (name, repository) in repositories {
        let name = || name.clone();
        changes.extend(repository.blobs.iter().map(|(digest, blob)| Change::Blob {
            repository: name(),
            digest: digest.clone(),
            length: blob.length,
            upload: None,
            memory: None,
        }));
        changes.extend(repository.manifests.iter().map(|(digest, manifest)| Change::Manifest {
            repository: name(),
            digest: digest.clone(),
            media_type: manifest.media_type.clone(),
            bytes: manifest.bytes.clone(),
            tag: None,
        }));
        changes.extend(repository.tags.iter().map(|(tag, digest)| Change::Tag {
            repository: name(),
            tag: tag.clone(),
            digest: digest.clone(),
        }));
        if repository.tagged && repository.tags.is_empty() {
            changes.push(Change::Untag { repository: name(), tag: String::new() });
        }
    }
    changes.extend(
        uploads
            .values()
            .map(|upload| Change::Upload { number: upload.number, repository: upload.repository.clone() }),
    );
    changes
}
