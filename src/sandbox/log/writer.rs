//! The thread that writes: all that waits goes to the disk together.

use std::io;
use std::sync::{Arc, Mutex, PoisonError, RwLock, mpsc};
use std::thread::{self, JoinHandle};

use tokio::sync::watch;

use super::super::growing::{Growing, Medium};
use super::file::{Frame, Record};
use super::{Committed, Failure, Progress, Queue};

/// The thread. When this is dropped, what was given to it is written, and its end is waited for.
#[derive(Debug)]
pub(super) struct Writer {
    records: Option<mpsc::Sender<Record>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// Starts to write into the file.
    ///
    /// # Errors
    /// There can be no thread.
    pub(super) fn start(
        file: Growing<impl Medium + Send + 'static>,
        committed: Arc<RwLock<Committed>>,
        queue: Arc<Mutex<Queue>>,
        progress: watch::Sender<Progress>,
    ) -> io::Result<Self> {
        let (records, given) = mpsc::channel();
        let mut state = State { file, committed, queue, progress };
        let thread = thread::Builder::new().name("log".to_owned()).spawn(move || state.run(&given))?;
        Ok(Self { records: Some(records), thread: Some(thread) })
    }

    /// Writes a record after all others that were given before; `false` when nothing is written any more.
    pub(super) fn write(&self, record: Record) -> bool {
        self.records.as_ref().is_some_and(|records| records.send(record).is_ok())
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.records = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

struct State<M> {
    file: Growing<M>,
    committed: Arc<RwLock<Committed>>,
    queue: Arc<Mutex<Queue>>,
    progress: watch::Sender<Progress>,
}

impl<M: Medium> State<M> {
    fn run(&mut self, given: &mpsc::Receiver<Record>) {
        while let Ok(first) = given.recv() {
            let size = self.progress.borrow().size;
            let mut frame = Frame::new(size);
            frame.push(&first);
            while !frame.is_full()
                && let Ok(record) = given.try_recv()
            {
                frame.push(&record);
            }
            if let Err(error) = self.commit(frame) {
                // Whether it is on the disk cannot be known where fsync failed, which may have dropped the pages, or where what was
                // written could not be cut off. Else the file is as it was.
                let stopped = self.file.is_stopped().then(|| error.to_string());
                let ends = stopped.is_some();
                self.progress.send_modify(|now| now.stopped = stopped);
                self.refuse_all(given, &error);
                if ends {
                    return;
                }
            }
        }
    }

    /// Refuses everything that was submitted and is not on the disk.
    fn refuse_all(&self, given: &mpsc::Receiver<Record>, error: &io::Error) {
        // Nothing is submitted meanwhile.
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        while given.try_recv().is_ok() {}
        let size = self.progress.borrow().size;
        queue.known.retain(|_, index| *index < size);
        queue.next = size;
        let era = std::mem::take(&mut queue.era);
        let _ = era.0.set(Failure { size, reason: error.to_string() });
        drop(queue);
        // Wakes whoever waits.
        self.progress.send_modify(|_| {});
    }

    fn commit(&mut self, frame: Frame) -> io::Result<()> {
        let places = frame.write(&mut self.file)?;
        let size = {
            let mut committed = self.committed.write().unwrap_or_else(PoisonError::into_inner);
            for (place, hash) in places {
                committed.places.push(place);
                committed.tree.append_hash(hash);
            }
            committed.tree.size()
        };
        self.progress.send_modify(|now| now.size = size);
        Ok(())
    }
}
