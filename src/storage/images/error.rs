//! What can go wrong with a place.

use std::path::PathBuf;

use crate::crypto::{DecodeError, Digest};
#[cfg(feature = "http")]
use crate::registry;

/// A place could not be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A registry.
    #[cfg(feature = "http")]
    #[error(transparent)]
    Registry(#[from] registry::Error),
    /// A file of a layout or an archive.
    #[error(transparent)]
    File(#[from] crate::storage::Error),
    /// A file of a layout cannot be written.
    #[error(transparent)]
    Output(#[from] crate::storage::FileError),
    /// A folder or a file that is no layout.
    #[error("`{}` is not an OCI image layout", .path.display())]
    NotALayout {
        /// Its path.
        path: PathBuf,
        /// What is wrong.
        #[source]
        source: DecodeError,
    },
    /// A document in a layout or an archive.
    #[error("{what} in `{}` cannot be used", .path.display())]
    Document {
        /// What it is.
        what: String,
        /// The layout or the archive.
        path: PathBuf,
        /// What is wrong.
        #[source]
        source: DecodeError,
    },
    /// Content has another digest than its name says.
    #[error("`{place}` holds something else than {wanted}: its digest is {found}")]
    Digest {
        /// Where.
        place: String,
        /// What was asked for.
        wanted: Digest,
        /// What is there.
        found: Digest,
    },
    /// Content has another size than its descriptor says.
    #[error("{wanted} in `{place}` has {found} bytes, and its descriptor says {expected}")]
    Size {
        /// Where.
        place: String,
        /// What was asked for.
        wanted: Digest,
        /// The size in the descriptor.
        expected: u64,
        /// The size that it has, at least.
        found: u64,
    },
    /// Something is larger than it may be.
    #[error("{what} in `{place}` is larger than the limit of {limit} bytes")]
    TooLarge {
        /// Where.
        place: String,
        /// What.
        what: String,
        /// The limit in bytes.
        limit: u64,
    },
    /// More belongs to an image than is looked at.
    #[error("{subject} has {count} {what}; at most {limit} are looked at")]
    TooMany {
        /// The image.
        subject: Digest,
        /// Of what there are too many.
        what: &'static str,
        /// How many there are.
        count: usize,
        /// The limit.
        limit: usize,
    },
    /// A blob that has to be there is not.
    #[error("`{place}` has no {wanted}")]
    Missing {
        /// Where.
        place: String,
        /// What was asked for.
        wanted: Digest,
    },
    /// Nothing can be written there.
    #[error("nothing can be written to `{place}`: it is an archive")]
    ReadOnly {
        /// Where.
        place: String,
    },
    /// A tag that several write did not settle in time, so that what was written may not be listed under it.
    #[error(
        "what was written to `{place}` may not be listed there: the tag `{tag}` did not settle within {} seconds",
        .budget.as_secs()
    )]
    Unlisted {
        /// Where.
        place: String,
        /// The tag.
        tag: String,
        /// The document that was written under it last, if any.
        document: Option<Digest>,
        /// What was to be listed.
        entries: Vec<Digest>,
        /// How long it was tried.
        budget: std::time::Duration,
        /// What went wrong last, besides others writing.
        #[source]
        source: Option<Box<Self>>,
    },
}
