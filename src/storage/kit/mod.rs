//! The kit: one deterministic archive of artifacts, their bundles, and what they may be verified with, for a place without a
//! network. `docs/reference/kit.md` describes the format.
//!
//! An archive is a ustar archive of the one form that [`write_kit`] gives it. [`read_kit`] takes no other: a header is
//! compared with the one that would have been written, byte by byte, so that links, devices, sparse files, extensions and
//! whatever else tar knows have no way in.

mod archive;
mod folder;
mod header;
mod manifest;
mod names;
#[cfg(test)]
mod tests;

pub(super) use header::{BLOCK, checksum};
pub(super) use names::danger;

pub use archive::{Unpacked, open_kit, read_kit, write_kit};
pub use folder::{FolderError, KeptFolder, WorkFolder};
pub use manifest::{KIT_SCHEMA, KitArtifact, Manifest, Member, Piece, Planned, Role};

use std::path::PathBuf;

use crate::crypto::DecodeError;

/// The member that comes first and lists all others.
pub const MANIFEST: &str = "manifest.json";

/// What the words of errors call it.
const WHAT: &str = "kit";

/// What a file is that is no kit, as far as its beginning tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Foreign {
    /// Compressed.
    Compressed,
    /// JSON.
    Json,
    /// PEM.
    Pem,
    /// Another archive, or nothing known.
    Other,
}

/// A kit that cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum KitError {
    /// It is not what it should be, or larger than the limits.
    #[error(transparent)]
    Content(#[from] DecodeError),
    /// It is something else than a kit.
    #[error("{0}")]
    NotAKit(DecodeError, Foreign),
    /// A file is not the one any more that it was a moment ago.
    #[error("`{}` changed while it was read", .0.display())]
    Changed(PathBuf),
    /// A file that goes into the kit cannot be read.
    #[error(transparent)]
    Source(#[from] super::Error),
    /// The archive cannot be read.
    #[error("the archive cannot be read")]
    Read(#[source] std::io::Error),
    /// The archive, or a file from it, cannot be written.
    #[error("cannot write `{}`", .path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}
