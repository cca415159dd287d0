//! Why there are no credentials. Nothing secret is in any of it.

use super::google;
use crate::crypto::DecodeError;
use crate::http::service::{self, asking::Unguarded};
use crate::program::ProgramError;

/// Why there are no credentials, or why the environment is of no use.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nobody gives credentials.
    #[error("{what} not known: {looked_at}")]
    Unset {
        /// What is needed, and whether it is one.
        what: &'static str,
        /// Every variable and file that was looked at, and what was found there.
        looked_at: String,
    },
    /// A variable, or the file that it names, holds something that cannot be used.
    #[error("{name} cannot be used: {reason}")]
    Setting {
        /// The variable or the file.
        name: String,
        /// Why not.
        reason: String,
    },
    /// Nothing says where the service is.
    #[error("{what} not known: {looked_at}")]
    Nowhere {
        /// What is needed, and whether it is one.
        what: &'static str,
        /// Every variable and file that was looked at, and what was found there.
        looked_at: String,
    },
    /// Of credentials one half is there.
    #[error("{name} cannot be used: {reason}")]
    Half {
        /// The variable or the file.
        name: String,
        /// What is missing.
        reason: String,
    },
    /// A file that something names is not there, or cannot be read.
    #[error("{name} cannot be used: {reason}")]
    Unread {
        /// What names it.
        name: String,
        /// The file, and why not.
        reason: String,
    },
    /// A file is not what it should be.
    #[error("`{path}` cannot be used")]
    File {
        /// The file.
        path: String,
        /// What is wrong with it.
        #[source]
        source: DecodeError,
    },
    /// An address that is no place for secrets.
    #[error(transparent)]
    Address(#[from] Unguarded),
    /// The one that gives credentials did not answer, or not as it should.
    #[error("{source_of} brought no credentials")]
    Refused {
        /// What said that it is to be asked.
        source_of: String,
        /// What it said.
        #[source]
        source: Box<service::Error>,
    },
    /// A program would have to be started, and nobody has allowed it.
    #[error(
        "{name} has its credentials from the program `{program}` (`exec`), and none is started unless it is allowed"
    )]
    NotAllowed {
        /// What names the program.
        name: String,
        /// The program.
        program: String,
    },
    /// A program gave none.
    #[error("{name} brought no credentials{}", advice.as_ref().map_or(String::new(), |text| format!(" (it says: {text})")))]
    Program {
        /// What names the program.
        name: String,
        /// What is advised there where it cannot be used.
        advice: Option<String>,
        /// Why not.
        #[source]
        source: Box<ProgramError>,
    },
    /// Google gives no token.
    #[error(transparent)]
    Google(Box<google::Error>),
}

impl Error {
    /// A setting that cannot be used.
    pub fn setting(name: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Setting { name: name.into(), reason: reason.into() }
    }

    /// Credentials of which one half is missing.
    pub fn half(name: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Half { name: name.into(), reason: reason.into() }
    }

    /// A file that cannot be read.
    pub fn unread(name: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Unread { name: name.into(), reason: reason.into() }
    }
}
