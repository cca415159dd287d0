//! Where artifacts and signatures live: files, streams, kits of them, and places with images.

mod blob;
mod cache;
mod files;
pub mod images;
mod input;
pub mod kit;
mod names;

pub use blob::{BlobSource, read_blob, stream_blob, stream_open};
pub use cache::CacheFolder;
pub use files::{Access, FileError, OutputStream, PendingFile, real_name, write_file, write_fresh};
pub use input::{open_file, read_file};

use std::path::PathBuf;

/// A file or a stream that could not be read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such file.
    #[error("{what} `{}` does not exist", .path.display())]
    Missing {
        /// What it was to be.
        what: &'static str,
        /// Its path.
        path: PathBuf,
    },
    /// It is a folder.
    #[error("{what} `{}` is a folder, not a file", .path.display())]
    Folder {
        /// What it was to be.
        what: &'static str,
        /// Its path.
        path: PathBuf,
    },
    /// It is larger than such a file may be.
    #[error("{what} `{}` is larger than the limit of {limit} bytes", .path.display())]
    TooLarge {
        /// What it was to be.
        what: &'static str,
        /// Its path.
        path: PathBuf,
        /// The limit in bytes.
        limit: u64,
    },
    /// Reading failed.
    #[error("could not read {what} `{}`", .path.display())]
    Read {
        /// What it was to be.
        what: &'static str,
        /// Its path.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}
