//! What the crate shows: small types over the rooms, with private fields, so that the rooms may change without breaking
//! anybody. Nothing of the rooms and of other crates is public here; `docs/reference/public-api.txt` lists what is, and a test
//! compares it.

mod artifact;
mod bundle;
mod digest;
mod error;
mod keys;
mod policy;
mod root;
mod sign;
mod statement;
mod time;
mod verification;
mod verify;

pub use artifact::Artifact;
pub use bundle::{Bundle, BundleFormat};
pub use digest::Digest;
pub use error::{KeyError, ParseError, ParseErrorKind, PatternError, Rejection, SignError, VerifyError};
pub use keys::{KeyType, LocalKey, PublicKey, SigningFuture, SigningInput, SigningKey};
pub use policy::{Identity, Matcher, Policy};
pub use root::TrustedRoot;
pub use sign::{sign_blob, sign_statement};
pub use statement::{Statement, Subject};
pub use time::Time;
pub use verification::{
    Finding, LogEntry, Signer, TimeSource, Verification, VerifiedSignature, VerifiedTime,
};
pub use verify::Verifier;

#[cfg(test)]
mod tests;
