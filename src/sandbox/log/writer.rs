//! The thread that writes: all that waits goes to the disk together.

use std::io;
use std::sync::{Arc, PoisonError, RwLock, mpsc};
use std::thread::{self, JoinHandle};

use tokio::sync::watch;

use super::super::growing::Growing;
use super::file::{Frame, Record};
use super::{Committed, Progress};

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
        file: Growing,
        committed: Arc<RwLock<Committed>>,
        progress: watch::Sender<Progress>,
    ) -> io::Result<Self> {
        let (records, given) = mpsc::channel();
        let mut state = State { file, committed, progress };
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

struct State {
    file: Growing,
    committed: Arc<RwLock<Committed>>,
    progress: watch::Sender<Progress>,
}

impl State {
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
                // Whether it is on the disk cannot be known: a failed fsync may have dropped the pages.
                self.progress.send_modify(|now| now.stopped = Some(error.to_string()));
                return;
            }
        }
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
