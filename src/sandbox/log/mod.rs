//! A durable append-only log with its Merkle tree: what Rekor and the certificate log keep their entries in.
//!
//! An entry is acknowledged when it is on the disk, and never lost from then on. All entries that wait while the disk is busy
//! go there together. What was being written when the process died is cut off when the log is opened.

mod file;
mod tiles;
mod writer;

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

use tokio::sync::watch;

pub use self::tiles::{Tile, TilePath};
use self::writer::Writer;
use super::folder::{Folder, FolderError};
use super::growing::{Damage, Growing};
use crate::tlog::issue::tree::Tree;
use crate::tlog::merkle::{Hash, leaf_hash};

/// Why a log cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// Its folder cannot be used.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// Its file cannot be made, read or written.
    #[error("the log {} cannot be used", path.display())]
    Unusable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Not everything is in its file that was acknowledged. The file is left as it is.
    #[error("the log {} is {damage}", path.display())]
    Lost {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        damage: Damage,
    },
    /// What was written has changed since.
    #[error("the log {} is damaged at byte {offset}: {reason}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where.
        offset: u64,
        /// What is wrong there.
        reason: &'static str,
    },
    /// An entry is too long.
    #[error("an entry of {bytes} bytes; the limit is {limit}")]
    TooLong {
        /// Its length.
        bytes: usize,
        /// The longest that is taken.
        limit: usize,
    },
    /// The entry could not be written. The log is as it was before, and goes on.
    #[error("the entry could not be written: {reason}")]
    Unwritten {
        /// What the system said.
        reason: String,
    },
    /// Something could not be written earlier. What is on the disk is unknown until the log is opened again.
    #[error("the log takes no entries any more: {reason}: restart the sandbox")]
    Stopped {
        /// What the system said.
        reason: String,
    },
}

/// A log. All methods take `&self`; it may be used by any number of tasks at once.
#[derive(Debug)]
pub struct Log {
    path: PathBuf,
    committed: Arc<RwLock<Committed>>,
    queue: Arc<Mutex<Queue>>,
    writer: Writer,
    reader: Mutex<File>,
    progress: watch::Receiver<Progress>,
}

/// What is on the disk.
#[derive(Debug)]
struct Committed {
    tree: Tree,
    places: Vec<Place>,
}

/// Where a record is in the file.
#[derive(Debug, Clone, Copy)]
struct Place {
    offset: u64,
    leaf: u32,
    attached: u32,
}

/// What was submitted.
#[derive(Debug)]
struct Queue {
    next: u64,
    known: HashMap<Hash, u64>,
    era: Arc<Era>,
}

/// The time until a write fails: then all that waits is refused, and indices are given out again.
#[derive(Debug, Default)]
struct Era(OnceLock<Failure>);

/// Why an era ended.
#[derive(Debug)]
struct Failure {
    /// So many entries were on the disk.
    size: u64,
    reason: String,
}

/// The place of an entry that was submitted, if it comes to the disk.
#[derive(Debug, Clone)]
pub struct Ticket {
    /// Its index.
    pub index: u64,
    era: Arc<Era>,
}

/// How far writing has come.
#[derive(Debug, Clone, Default)]
struct Progress {
    size: u64,
    stopped: Option<String>,
}

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The leaf, which the tree is over.
    pub leaf: Vec<u8>,
    /// What is kept with it, outside the tree; often empty.
    pub attached: Vec<u8>,
}

impl Log {
    /// Opens the log of this name in the folder, which is made the first time. The rest of an unfinished commit is cut off, and a note
    /// of the folder says so.
    ///
    /// # Errors
    /// [`LogError::Folder`], [`LogError::Unusable`], [`LogError::Lost`].
    pub fn open(folder: &Folder, name: &str) -> Result<Self, LogError> {
        folder.folder("logs")?;
        let file = folder.growing(&format!("logs/{name}.log"), file::empty)?;
        let path = folder.path().join(format!("logs/{name}.log"));
        let unusable = |source| LogError::Unusable { path: path.clone(), source };
        let contents = file::read(&path, &file)?;
        if contents.rest > 0 {
            folder.note_cut(&path, contents.rest, "entry");
        }
        let file = Growing::resume(file, file::KIND, &contents.read).map_err(unusable)?;
        let size = contents.tree.size();
        let hashes = contents.tree.full_subtrees(0, 0, size).unwrap_or_default();
        let mut known = HashMap::with_capacity(hashes.len());
        for (hash, index) in hashes.iter().zip(0..) {
            known.entry(*hash).or_insert(index);
        }
        let committed = Committed { tree: contents.tree, places: contents.places };
        let committed = Arc::new(RwLock::new(committed));
        let (sender, progress) = watch::channel(Progress { size, stopped: None });
        let reader = File::open(&path).map_err(unusable)?;
        let queue = Arc::new(Mutex::new(Queue { next: size, known, era: Arc::default() }));
        let writer =
            Writer::start(file, Arc::clone(&committed), Arc::clone(&queue), sender).map_err(unusable)?;
        Ok(Self { path, committed, queue, writer, reader: Mutex::new(reader), progress })
    }

    /// Where its file is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Appends a leaf, and returns its index when it is on the disk.
    ///
    /// # Errors
    /// [`LogError::TooLong`], [`LogError::Unwritten`], [`LogError::Stopped`].
    pub async fn append(&self, leaf: Vec<u8>) -> Result<u64, LogError> {
        let ticket = self.submit(leaf, Vec::new())?;
        self.committed(&ticket).await?;
        Ok(ticket.index)
    }

    /// As [`Self::append`] with something attached, for who is not in a task: the thread waits.
    ///
    /// # Errors
    /// As [`Self::append`].
    pub fn append_blocking(&self, leaf: Vec<u8>, attached: Vec<u8>) -> Result<u64, LogError> {
        let ticket = self.submit(leaf, attached)?;
        let waker = Waker::from(Arc::new(Unpark(thread::current())));
        let mut committed = pin!(self.committed(&ticket));
        loop {
            match committed.as_mut().poll(&mut Context::from_waker(&waker)) {
                Poll::Ready(done) => return done.map(|()| ticket.index),
                Poll::Pending => thread::park(),
            }
        }
    }

    /// Gives a leaf its place, after all that were submitted before, and says at once which. It is not on the disk and
    /// not in the tree before [`Self::committed`] says so; nobody may be told of it before. `attached` is kept with it.
    ///
    /// # Errors
    /// [`LogError::TooLong`], [`LogError::Stopped`].
    pub fn submit(&self, leaf: Vec<u8>, attached: Vec<u8>) -> Result<Ticket, LogError> {
        let bytes = leaf.len().saturating_add(attached.len());
        if bytes > file::RECORD_LIMIT {
            return Err(LogError::TooLong { bytes, limit: file::RECORD_LIMIT });
        }
        let hash = leaf_hash(&leaf);
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        let index = queue.next;
        if !self.writer.write(file::Record { leaf, hash, attached }) {
            return Err(self.stopped());
        }
        queue.next += 1;
        queue.known.entry(hash).or_insert(index);
        Ok(Ticket { index, era: Arc::clone(&queue.era) })
    }

    /// Waits until the entry that was submitted is on the disk and in the tree.
    ///
    /// # Errors
    /// [`LogError::Unwritten`], [`LogError::Stopped`].
    pub async fn committed(&self, ticket: &Ticket) -> Result<(), LogError> {
        let mut progress = self.progress.clone();
        let failure = || ticket.era.0.get();
        let now = progress
            .wait_for(|now| now.size > ticket.index || failure().is_some() || now.stopped.is_some())
            .await;
        let is_there = now.is_ok_and(|now| now.size > ticket.index);
        // After a failure another entry may have this index.
        match failure() {
            Some(failure) if failure.size > ticket.index => Ok(()),
            Some(_) if self.stop_reason().is_some() => Err(self.stopped()),
            Some(failure) => Err(LogError::Unwritten { reason: failure.reason.clone() }),
            None if is_there => Ok(()),
            None => Err(self.stopped()),
        }
    }

    /// As [`Self::find`]: what to wait for.
    pub fn find_ticket(&self, leaf: &Hash) -> Option<Ticket> {
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        queue.known.get(leaf).map(|index| Ticket { index: *index, era: Arc::clone(&queue.era) })
    }

    /// Why it takes no entries any more, until it is opened again.
    pub fn stop_reason(&self) -> Option<String> {
        self.progress.borrow().stopped.clone()
    }

    /// The index of the first leaf with this hash. It may be submitted and not yet committed.
    pub fn find(&self, leaf: &Hash) -> Option<u64> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).known.get(leaf).copied()
    }

    /// The entry at this index; `None` when there is none.
    ///
    /// # Errors
    /// The file cannot be read, or what it holds is not what was written.
    pub fn entry(&self, index: u64) -> Result<Option<Record>, LogError> {
        let (place, hash) = {
            let committed = self.committed.read().unwrap_or_else(PoisonError::into_inner);
            let place = usize::try_from(index).ok().and_then(|index| committed.places.get(index).copied());
            let hash = committed.tree.full_subtrees(0, index, 1).and_then(|hashes| hashes.first().copied());
            match (place, hash) {
                (Some(place), Some(hash)) => (place, hash),
                _ => return Ok(None),
            }
        };
        let unusable = |source| LogError::Unusable { path: self.path.clone(), source };
        let mut leaf = vec![0; place.leaf as usize];
        let mut attached = vec![0; place.attached as usize];
        {
            let mut reader = self.reader.lock().unwrap_or_else(PoisonError::into_inner);
            reader.seek(SeekFrom::Start(place.offset)).map_err(unusable)?;
            reader.read_exact(&mut leaf).map_err(unusable)?;
            reader.read_exact(&mut attached).map_err(unusable)?;
        }
        if leaf_hash(&leaf) == hash {
            return Ok(Some(Record { leaf, attached }));
        }
        let reason = "an entry is not the one that the tree is over";
        Err(LogError::Damaged { path: self.path.clone(), offset: place.offset, reason })
    }

    /// The number of entries on the disk, which is the size of the tree.
    pub fn size(&self) -> u64 {
        self.tree(Tree::size)
    }

    /// The root of the tree of this size; `None` when it has never had so many leaves.
    pub fn root(&self, size: u64) -> Option<Hash> {
        self.tree(|tree| tree.root_at(size))
    }

    /// The hash of the leaf at this index.
    pub fn leaf_hash(&self, index: u64) -> Option<Hash> {
        self.tree(|tree| tree.full_subtrees(0, index, 1)?.first().copied())
    }

    /// The audit path of a leaf in the tree of this size, leaf to root.
    pub fn inclusion_path(&self, index: u64, size: u64) -> Option<Vec<Hash>> {
        self.tree(|tree| tree.inclusion_path_at(index, size))
    }

    /// The proof that the tree of `old` leaves is the beginning of the tree of `new` leaves.
    pub fn consistency_path(&self, old: u64, new: u64) -> Option<Vec<Hash>> {
        self.tree(|tree| tree.consistency_path(old, new))
    }

    fn tree<T>(&self, ask: impl FnOnce(&Tree) -> T) -> T {
        ask(&self.committed.read().unwrap_or_else(PoisonError::into_inner).tree)
    }

    fn stopped(&self) -> LogError {
        LogError::Stopped { reason: self.stop_reason().unwrap_or_else(|| "its writer is gone".to_owned()) }
    }
}

/// Wakes a thread that waits.
struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

#[cfg(test)]
mod tests;
