//! What is fetched while others are still listed.

use std::cell::RefCell;
use std::collections::HashMap;

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

impl Early {
    /// Fetches the one layer under a tag, if there is just one and it is small: most tags have one, and so it comes while the
    /// manifests of referrers do.
    pub async fn fetch(&self, listed: &Listed, want: &Want) -> Result<(), Error> {
        if let Ok([(_, layer)]) = listed.layers.as_deref()
            && layer.size <= SMALL.min(want.largest)
        {
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
