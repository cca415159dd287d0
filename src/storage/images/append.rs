//! Tags that several writers share: `.sig` and `.att` with their layers, and the fallback index of referrers.
//!
//! A registry has no "write if unchanged", so two who append at the same time can each write without the other's entry.
//! How nothing is lost all the same: docs/design/appending.md.

mod document;
mod lock;
mod protocol;

pub use document::{config_of, descriptor, to_json};
pub use lock::lock_folder;
pub(super) use protocol::Shared;

use std::hash::{BuildHasher, Hasher, RandomState};
use std::path::PathBuf;
use std::time::Duration;

use super::{Error, Place};
use crate::crypto::{Digest, UnixTime};
use crate::registry::{Descriptor, Manifest, MediaTypes};

/// How shared tags are written.
#[derive(Debug, Clone)]
pub struct Writer {
    /// Where lock files are kept, so that the processes of this machine wait for each other; `None`: they do not.
    pub locks: Option<PathBuf>,
    /// How long it is tried until what was added stays.
    pub budget: Duration,
    /// The media types of manifests that are made anew.
    pub media_types: MediaTypes,
    /// When manifests say that they were made.
    pub now: UnixTime,
}

/// What is under the tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// A manifest, whose entries are its layers. Two are the same when digest, media type and annotations are: signatures over the same
    /// payload are layers with the same digest.
    Layers {
        /// When its configuration says that it was made; `None` is cosign's zero.
        created: Option<UnixTime>,
    },
    /// An index, whose entries are manifests. Two are the same when their digest is.
    Index,
}

/// What a tag is to hold, and what no longer. That it does is checked in the end, whatever others do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Change {
    /// Entries that are to be there. Blobs and manifests that they name have been written already.
    pub add: Vec<Descriptor>,
    /// Entries that are not to be there.
    pub remove: Vec<Descriptor>,
    /// The document of another place, whose entries are all in `add`: where it has all that is there, it is written as it is, byte
    /// by byte. Its configuration has been written already.
    pub whole: Option<Manifest>,
}

/// What became of a tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appended {
    /// The digest of the document in which all is as asked for; `None` where there is no document and none was needed.
    pub document: Option<Digest>,
    /// Whether anything had to be written.
    pub written: bool,
}

/// Changes what is under a tag, and makes sure that the change stays. `change` is asked once, with what is there at first; where it asks
/// for what is there already, nothing is written.
///
/// # Errors
/// [`Error::Unlisted`] when others kept changing the tag, or a write was never answered; the place refuses; what is there is not of that shape.
pub async fn append(
    writer: &Writer,
    place: &Place,
    tag: &str,
    shape: Shape,
    change: impl FnOnce(Option<&Manifest>) -> Change,
) -> Result<Appended, Error> {
    let mut shared = Shared::new(writer, place, tag, shape);
    let lock = shared.lock().await?;
    let first = shared.read().await?;
    let change = change(first.manifest.as_ref());
    shared.bring_about(lock, first, change).await
}

/// Waits.
#[cfg(feature = "http")]
async fn pause(time: Duration) {
    tokio::time::sleep(time).await;
}

/// Waits. Without registries there is one thing to do at a time.
#[cfg(not(feature = "http"))]
#[allow(clippy::unused_async, reason = "the same signature in every build")]
async fn pause(time: Duration) {
    std::thread::sleep(time);
}

/// Between half of this time and all of it, so that processes that have met do not meet again.
fn somewhat(time: Duration) -> Duration {
    let number = RandomState::new().build_hasher().finish();
    let part = f64::from((number >> 32) as u32) / f64::from(u32::MAX);
    time.mul_f64(0.5 + part / 2.0)
}
