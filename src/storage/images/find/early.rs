//! What is fetched while others are still listed.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::future::poll_fn;
use std::task::{Poll, Waker};

use super::portion::{Content, Key, fetched, key};
use super::{Listed, Want};
use crate::storage::images::Error;

/// What is small enough not to count.
const SMALL: u64 = 1 << 16;

/// Content that came before it was its turn.
#[derive(Default)]
pub(super) struct Early {
    contents: RefCell<HashMap<Key, Content>>,
}

/// What one place has to be asked before anything is fetched early: others wait for the answers to that, and nobody for this.
#[derive(Default)]
pub(super) struct Gate {
    open: Cell<bool>,
    waiting: RefCell<Vec<Waker>>,
}

impl Gate {
    /// Lets all pass.
    pub fn open(&self) {
        self.open.set(true);
        self.waiting.take().into_iter().for_each(Waker::wake);
    }

    async fn pass(&self) {
        poll_fn(|context| match self.open.get() {
            true => Poll::Ready(()),
            false => {
                self.waiting.borrow_mut().push(context.waker().clone());
                Poll::Pending
            }
        })
        .await;
    }
}

impl Early {
    /// Fetches the one layer under a tag, if there is just one and it is small: most tags have one, and so it comes while the
    /// manifests of referrers do.
    ///
    /// # Errors
    /// The place does not answer.
    pub async fn fetch(&self, listed: &Listed, want: &Want, gate: &Gate) -> Result<(), Error> {
        if let Ok([(_, layer)]) = listed.layers.as_deref()
            && layer.size <= SMALL.min(want.largest)
        {
            gate.pass().await;
            let content = fetched(&listed.place, layer, want).await?;
            self.contents.borrow_mut().insert(key(&listed.place, layer), content);
        }
        Ok(())
    }

    /// What came of this.
    pub fn take(&self, key: &Key) -> Option<Content> {
        self.contents.borrow_mut().remove(key)
    }
}
