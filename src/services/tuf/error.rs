//! What can go wrong with a TUF repository.

use crate::crypto::{DecodeError, UnixTime};

/// What a source or a store failed with.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Why a repository, or what is cached of it, is of no use. Names are those of files.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It could not be fetched.
    #[error("`{name}` could not be fetched")]
    Fetch {
        /// Which file.
        name: String,
        /// Why.
        #[source]
        source: Failure,
    },
    /// It is not there.
    #[error("`{name}` is not there")]
    Missing {
        /// Which file.
        name: String,
    },
    /// It is not what it should be.
    #[error("`{name}` is not what it should be")]
    Malformed {
        /// Which file.
        name: String,
        /// What is wrong with it.
        #[source]
        source: DecodeError,
    },
    /// Too few of those who have to sign it did.
    #[error("`{name}` is signed by {found} of the keys that may sign it, and {threshold} have to")]
    Threshold {
        /// Which file.
        name: String,
        /// How many did.
        found: u64,
        /// How many have to.
        threshold: u64,
    },
    /// It is older than what was seen before.
    #[error(
        "`{name}` is of version {found}, and version {trusted} was seen before: the repository went back"
    )]
    Rollback {
        /// Which file.
        name: String,
        /// The version that was seen before.
        trusted: u64,
        /// The version now.
        found: u64,
    },
    /// It is not what the metadata before it announced.
    #[error("`{name}` is not what was announced: {reason}")]
    Mismatch {
        /// Which file.
        name: String,
        /// What differs.
        reason: String,
    },
    /// It must not be used any more.
    #[error("`{name}` expired on {expires}")]
    Expired {
        /// Which file.
        name: String,
        /// When.
        expires: UnixTime,
    },
    /// There are more of them than anybody needs.
    #[error("there are more than {limit} {what}")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// The limit.
        limit: usize,
    },
    /// The repository offers no such file.
    #[error("the TUF repository offers no `{name}`")]
    NoTarget {
        /// The name.
        name: String,
    },
    /// The name of a target could lead out of the cache.
    #[error("`{name}` is not a name that a file of a TUF repository may have")]
    Name {
        /// The name.
        name: String,
    },
}
