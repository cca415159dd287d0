//! Writing to a layout.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::folder::Folder;
use super::index::{Entry, Index};
use super::lock::Lock;
use super::{Layout, Written};
use crate::crypto::{DecodeError, Digest, HashAlgorithm};
use crate::registry::{Descriptor, Kind, Manifest, Target};
use crate::storage::FileError;
use crate::storage::images::Error;
use crate::storage::images::check::is_foreign;
use crate::storage::images::contents::{
    INDEX, MARKER, MAX_INDEX, Source, blob_path, is_attachment_tag, kind_of_tag, tag_of,
};

const VERSION: &[u8] = br#"{"imageLayoutVersion":"1.0.0"}"#;

/// Makes what is missing of a layout.
pub(super) fn create(path: &Path) -> Result<(), Error> {
    make_folder(path)?;
    let folder = Folder::open(path)?;
    make_folder(&folder.inside("blobs/sha256")?)?;
    let _lock = Lock::take(&folder)?;
    for (name, content) in [(INDEX, Index::empty().text()), (MARKER, VERSION.to_vec())] {
        let target = folder.inside(name)?;
        if fs::symlink_metadata(&target).is_err() {
            replace(&target, &content)?;
        }
    }
    Ok(())
}

impl Layout {
    /// Writes a manifest as [`super::Place::put_manifest`] does; its entry in `index.json` gets these annotations too. A manifest that
    /// has a subject is listed with its kind and its annotations, without a name, as registries list referrers.
    ///
    /// # Errors
    /// As there.
    pub fn put_entry(
        &self,
        target: &Target,
        media_type: &str,
        bytes: &[u8],
        annotations: &[(String, String)],
    ) -> Result<Written, Error> {
        let digest = match target {
            Target::Digest(digest) => digest.algorithm().digest(bytes),
            Target::Tag(_) => HashAlgorithm::Sha256.digest(bytes),
        };
        if let Target::Digest(wanted) = target
            && *wanted != digest
        {
            let (place, wanted) = (self.to_string(), wanted.clone());
            return Err(Error::Digest { place, wanted, found: digest });
        }
        let manifest = Manifest::parse(bytes.to_vec(), digest.clone(), Some(media_type))
            .map_err(|source| self.document(format!("manifest {digest}"), source))?;
        self.write_blob(&manifest.descriptor(), bytes)?;
        let _lock = Lock::take(&self.folder)?;
        // Under the lock: nobody takes away what is looked for here.
        self.check_parts(&manifest)?;
        self.change(|index| {
            self.list(index, &manifest, target, annotations)?;
            self.mark_lone(index, &manifest, target);
            Ok(())
        })?;
        Ok(Written { digest, lists_referrers: true })
    }

    /// See [`super::Place::delete`]. The manifest itself goes with its last name; its layers stay, as in a registry.
    pub(super) fn remove(&self, target: &Target) -> Result<bool, Error> {
        let _lock = Lock::take(&self.folder)?;
        let (digest, tag) = match target {
            Target::Digest(digest) => (digest.clone(), None),
            Target::Tag(tag) => match self.contents.named(tag)? {
                Some(digest) => (digest, Some(tag)),
                None => return Ok(false),
            },
        };
        let is_meant = |name: &str| tag.is_some_and(|tag| name == *tag || tag_of(name) == Some(tag.as_str()));
        let mut listed = false;
        self.change(|index| {
            let tag: Option<&dyn Fn(&str) -> bool> = if tag.is_some() { Some(&is_meant) } else { None };
            listed = index.remove(&digest, tag);
            Ok(())
        })?;
        if self.contents.is_named(&digest)? && tag.is_some() {
            return Ok(listed);
        }
        let path = self.folder.inside(&blob_path(&digest))?;
        match fs::remove_file(&path) {
            Ok(()) => {
                self.contents.forget();
                Ok(true)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(listed),
            Err(source) => Err(unwritable(&path, source)),
        }
    }

    /// Writes a blob that is in memory, unless it is there.
    pub(super) fn write_blob(&self, descriptor: &Descriptor, content: &[u8]) -> Result<(), Error> {
        let found = descriptor.digest.algorithm().digest(content);
        if found != descriptor.digest {
            let (place, wanted) = (self.to_string(), descriptor.digest.clone());
            return Err(Error::Digest { place, wanted, found });
        }
        let Some(mut blob) = self.start_blob(descriptor)? else { return Ok(()) };
        blob.take(content);
        blob.finish()
    }

    /// A new blob; `None` where it is there. What is there and is damaged is written again.
    pub(super) fn start_blob(&self, descriptor: &Descriptor) -> Result<Option<NewBlob>, Error> {
        match self.contents.stream(descriptor, |_| {}) {
            Ok(true) => return Ok(None),
            Ok(false) | Err(Error::Size { .. } | Error::Digest { .. }) => {}
            Err(error) => return Err(error),
        }
        let folder = self.folder.inside(&format!("blobs/{}", descriptor.digest.algorithm()))?;
        make_folder(&folder)?;
        let target = self.folder.inside(&blob_path(&descriptor.digest))?;
        Ok(Some(NewBlob {
            place: self.to_string(),
            descriptor: descriptor.clone(),
            file: temporary(&target)?,
            target,
            written: 0,
            failed: None,
        }))
    }

    /// Reads `index.json`, lets it be changed, and writes it if it is another one then. The lock is held.
    pub(super) fn change(&self, change: impl FnOnce(&mut Index) -> Result<(), Error>) -> Result<(), Error> {
        let before = self.contents.index()?.bytes;
        let parse = || Index::parse(&before).map_err(|source| self.document(INDEX.to_owned(), source));
        let mut index = parse()?;
        change(&mut index)?;
        let after = index.text();
        if after == parse()?.text() {
            return Ok(());
        }
        if after.len() as u64 > MAX_INDEX {
            let (place, what) = (self.to_string(), INDEX.to_owned());
            return Err(Error::TooLarge { place, what, limit: MAX_INDEX });
        }
        replace(&self.folder.inside(INDEX)?, &after)
    }

    fn list(
        &self,
        index: &mut Index,
        manifest: &Manifest,
        target: &Target,
        annotations: &[(String, String)],
    ) -> Result<(), Error> {
        let tag = match target {
            Target::Tag(tag) => Some(tag.as_str()),
            Target::Digest(_) => None,
        };
        // The images of an index are found through it.
        if tag.is_none() && manifest.subject.is_none() && self.contents.is_part(&manifest.digest)? {
            return Ok(());
        }
        let replaced = match tag.filter(|tag| is_attachment_tag(tag)) {
            Some(tag) => self.contents.named(tag)?,
            None => None,
        };
        let mut told = annotations.to_vec();
        if manifest.subject.is_some() {
            let new = |(name, _): &&(String, String)| annotations.iter().all(|(known, _)| known != name);
            told.extend(manifest.annotations.iter().filter(new).cloned());
        }
        told.extend(tag.and_then(kind_of_tag));
        let artifact_type = match (&manifest.subject, &manifest.artifact_type, &manifest.kind) {
            (_, Some(artifact_type), _) => Some(artifact_type.as_str()),
            (Some(_), None, Kind::Image { config, .. }) => Some(config.media_type.as_str()),
            _ => None,
        };
        let entry = Entry {
            media_type: &manifest.media_type,
            digest: &manifest.digest,
            size: manifest.bytes.len(),
            artifact_type,
            annotations: &told,
            tag,
        };
        index.put(&entry, replaced.as_ref());
        if let Kind::Index { manifests } = &manifest.kind {
            let children: Vec<Digest> = manifests.iter().map(|child| child.digest.clone()).collect();
            index.drop_bare(&children);
        }
        Ok(())
    }

    /// Whether configuration and layers are there. Layers that may not be distributed need not be; nor need the children of an index.
    fn check_parts(&self, manifest: &Manifest) -> Result<(), Error> {
        let Kind::Image { config, layers } = &manifest.kind else { return Ok(()) };
        for part in layers.iter().chain([config]) {
            let place = || self.to_string();
            match self.folder.open(&blob_path(&part.digest))? {
                Some(found) if found.size == part.size => {}
                Some(found) => {
                    let (wanted, expected) = (part.digest.clone(), part.size);
                    return Err(Error::Size { place: place(), wanted, expected, found: found.size });
                }
                None if is_foreign(part) => {}
                None => return Err(Error::Missing { place: place(), wanted: part.digest.clone() }),
            }
        }
        Ok(())
    }

    fn document(&self, what: String, source: DecodeError) -> Error {
        Error::Document { what, path: self.path().to_owned(), source }
    }
}

/// A blob that nobody sees yet.
pub(super) struct NewBlob {
    place: String,
    descriptor: Descriptor,
    file: tempfile::NamedTempFile,
    target: PathBuf,
    written: u64,
    failed: Option<io::Error>,
}

impl NewBlob {
    /// Adds to it. What fails is told at the end.
    pub fn take(&mut self, part: &[u8]) {
        self.written = self.written.saturating_add(part.len() as u64);
        if self.failed.is_none() {
            self.failed = self.file.write_all(part).err();
        }
    }

    /// Gives it its name. Whoever handed it over has compared it with its digest.
    pub fn finish(self) -> Result<(), Error> {
        let Self { place, descriptor, file, target, written, failed } = self;
        if let Some(source) = failed {
            return Err(unwritable(&target, source));
        }
        if written != descriptor.size {
            let (wanted, expected) = (descriptor.digest, descriptor.size);
            return Err(Error::Size { place, wanted, expected, found: written });
        }
        file.persist(&target).map(drop).map_err(|error| unwritable(&target, error.error))
    }
}

/// A file of mode 0644 in the place of another one, whole or not at all.
fn replace(target: &Path, content: &[u8]) -> Result<(), Error> {
    let mut file = temporary(target)?;
    file.write_all(content).map_err(|source| unwritable(target, source))?;
    file.persist(target).map(drop).map_err(|error| unwritable(target, error.error))
}

fn temporary(target: &Path) -> Result<tempfile::NamedTempFile, Error> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".new-").suffix(".tmp");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644));
    let folder = target.parent().unwrap_or(Path::new("."));
    builder.tempfile_in(folder).map_err(|source| unwritable(target, source))
}

fn make_folder(path: &Path) -> Result<(), Error> {
    fs::create_dir_all(path).map_err(|source| unwritable(path, source))
}

fn unwritable(path: &Path, source: io::Error) -> Error {
    Error::Output(FileError::Write { path: path.to_owned(), source })
}
