//! Why a service that holds a key was of no use. Nothing secret is in any of it.

#[cfg(feature = "http")]
use crate::cloud;
use crate::crypto::DecodeError;
#[cfg(feature = "http")]
use crate::http::service::{self, asking::Unguarded};
use crate::keys::{PivFailure, TokenFailure};

use crate::program::ProgramError;

/// Why a service that holds a key was of no use.
#[derive(Debug, thiserror::Error)]
#[cfg_attr(not(feature = "kms-aws"), allow(dead_code, reason = "fewer services are asked"))]
pub enum Failure {
    /// A token.
    #[error(transparent)]
    Token(#[from] TokenFailure),
    /// A plug-in program.
    #[error(transparent)]
    Program(#[from] ProgramError),
    /// A plug-in program would be started, and nobody has allowed it.
    #[error("no program is started unless it is allowed")]
    NotAllowed,
    /// A PIV token.
    #[error(transparent)]
    Piv(#[from] PivFailure),
    /// What the environment says is of no use, or nobody gives credentials.
    #[cfg(feature = "http")]
    #[error(transparent)]
    Cloud(#[from] cloud::Error),
    /// An address that is no place for secrets.
    #[cfg(feature = "http")]
    #[error(transparent)]
    Address(#[from] Unguarded),
    /// The service did not answer, or not as it should.
    #[cfg(feature = "http")]
    #[error(transparent)]
    Service(#[from] service::Error),
    /// The service refuses, and what is missing is known.
    #[cfg(feature = "http")]
    #[error("{reason}")]
    Denied {
        /// What is missing.
        reason: String,
        /// What the service said.
        #[source]
        source: Box<service::Error>,
    },
    /// There is no such key.
    #[cfg(feature = "http")]
    #[error("{reason}")]
    Absent {
        /// What there is not.
        reason: String,
        /// What the service said, if it said so itself.
        #[source]
        source: Option<Box<service::Error>>,
    },
    /// The service says that the key is not to be used, or not so.
    #[cfg(feature = "http")]
    #[error("{reason}")]
    Unusable {
        /// What is the matter with the key.
        reason: String,
        /// What the service said.
        #[source]
        source: Box<service::Error>,
    },
    /// Of several values some were written, and the next one was not.
    #[error("not all of it was written ({written}): {holds}")]
    Partly {
        /// What was.
        written: String,
        /// Which of the values that are there now are of which key pair.
        holds: String,
        /// Whether some are of the new pair, which is then nowhere else.
        is_mixed: bool,
        /// Why no more.
        #[source]
        source: Box<Failure>,
    },
    /// What is held where a key should be is not a value of that kind.
    #[error("what is kept there cannot be used")]
    Value(#[source] DecodeError),
    /// What the service holds is not a key that can sign here.
    #[error("the key cannot be used: {reason}")]
    Key {
        /// Why not.
        reason: String,
    },
    /// A key was made and could not be given its name.
    #[error("the key was made as `{key}` and has no other name yet")]
    Unnamed {
        /// What the service calls it.
        key: String,
        /// Why not.
        #[source]
        source: Box<Failure>,
    },
    /// The public key that the service gave is none.
    #[error("the public key that the service gave cannot be used")]
    PublicKey(#[source] DecodeError),
    /// The service gave a signature that its own public key does not accept.
    #[error("the signature that came back is not one of the key: nothing was signed")]
    Signature,
}
