//! Why Google gives no token. Nothing secret is in any of it.

use std::io;
use std::path::PathBuf;

use super::super::Error as CloudError;
use crate::crypto::{DecodeError, PrivateKeyError, SignError};
use crate::http::service::{self, asking::Unguarded};

/// Why Google gives no token.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file cannot be read.
    #[error("{what} cannot be read")]
    File {
        /// What should be in it, with its name.
        what: String,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// A document on this machine is not what it should be.
    #[error("{} cannot be used", .path.display())]
    Document {
        /// Its file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: DecodeError,
    },
    /// A private key on this machine cannot be used.
    #[error("the private key in {} cannot be used", .path.display())]
    Key {
        /// Its file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: PrivateKeyError,
    },
    /// A private key on this machine does not sign.
    #[error("the request to Google cannot be signed")]
    Sign(#[from] SignError),
    /// Something that is not done.
    #[error("{what}")]
    Unsupported {
        /// What.
        what: String,
    },
    /// An address that is no place for secrets.
    #[error(transparent)]
    Address(#[from] Unguarded),
    /// Whoever was asked did not answer, or not as it should.
    #[error(transparent)]
    Service(#[from] service::Error),
    /// What the metadata server said is no token.
    #[error("what the metadata server said cannot be used")]
    Metadata(#[source] DecodeError),
    /// What the environment says, or the cloud that the workload is of.
    #[error(transparent)]
    Cloud(Box<CloudError>),
}

impl From<CloudError> for Error {
    fn from(error: CloudError) -> Self {
        match error {
            CloudError::Google(error) => *error,
            error => Self::Cloud(Box::new(error)),
        }
    }
}

impl From<Error> for CloudError {
    fn from(error: Error) -> Self {
        match error {
            Error::Cloud(error) => *error,
            error => Self::Google(Box::new(error)),
        }
    }
}
