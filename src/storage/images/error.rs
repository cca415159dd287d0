//! What can go wrong with a place.

use std::path::PathBuf;

use super::contents::listed;
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
    /// There is no such layout.
    #[error("there is no image layout `{}`", .path.display())]
    NoLayout {
        /// Its path.
        path: PathBuf,
    },
    /// There is nothing in a layout but what belongs to images elsewhere, or nothing at all.
    #[error("there is no image in `{place}`")]
    NoImage {
        /// The layout.
        place: String,
    },
    /// Nobody said which image of a layout is meant.
    #[error("there are several images in `{place}`: {}", listed(.names))]
    Several {
        /// The layout.
        place: String,
        /// What they are called, as it would be written after the path.
        names: Vec<String>,
    },
    /// There is more of something than is looked at.
    #[error("there are more than {limit} {what} in `{place}`")]
    Overfull {
        /// Where.
        place: String,
        /// What.
        what: &'static str,
        /// The limit.
        limit: usize,
    },
    /// A file of a layout is none, or not in it.
    #[error("`{file}` in `{}` cannot be used: {reason}", .path.display())]
    NotAFile {
        /// The layout.
        path: PathBuf,
        /// The path in it.
        file: String,
        /// What is wrong.
        reason: &'static str,
    },
    /// Another process holds the lock of a layout.
    #[error("`{}` is being written by somebody else, who holds its lock for longer than {seconds} s", .path.display())]
    Locked {
        /// The layout.
        path: PathBuf,
        /// How long it was waited.
        seconds: u64,
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
    /// A manifest is something else than the index says that names it.
    #[error("what is in `{place}` does not fit together")]
    Mismatch {
        /// Where.
        place: String,
        /// What is wrong.
        #[source]
        source: DecodeError,
    },
    /// Something that belongs to an image is further away from it than is looked.
    #[error(
        "what belongs to the image in `{place}` goes more than {limit} steps deep: indexes in indexes, or referrers of referrers"
    )]
    TooDeep {
        /// Where.
        place: String,
        /// The limit.
        limit: usize,
    },
    /// Something else is there under that name.
    #[error("`{reference}` exists already, and is {found}")]
    Occupied {
        /// The name.
        reference: String,
        /// What it names.
        found: Digest,
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
    #[error(transparent)]
    Unlisted(Box<Unlisted>),
}

/// A tag that several write did not settle in time.
#[derive(Debug, thiserror::Error)]
#[error(
    "what was written to `{place}` may not be listed there: the tag `{tag}` did not settle within {} seconds",
    .budget.as_secs()
)]
pub struct Unlisted {
    /// Where.
    pub place: String,
    /// The tag.
    pub tag: String,
    /// The document that was written under it last, if any.
    pub document: Option<Digest>,
    /// What was to be listed.
    pub entry: Option<Digest>,
    /// How long it was tried.
    pub budget: std::time::Duration,
    /// What went wrong last, besides others writing.
    pub source: Option<Box<Error>>,
}
