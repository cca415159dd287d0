//! What gets signed: the artifact, the DSSE envelope, the in-toto statement, the simple-signing payload.

mod artifact;
mod dsse;
mod json_text;
mod simple_signing;
mod statement;

pub use artifact::Artifact;
pub use dsse::{Envelope, EnvelopeSignature, encoding_digest, pre_authentication_encoding};
pub use json_text::Kind as JsonKind;
#[cfg(feature = "rego")]
pub(crate) use json_text::{DEPTH_LIMIT as JSON_DEPTH_LIMIT, check as check_json};
pub use simple_signing::{SimpleSigning, go_string, simple_signing};
pub use statement::{
    IMAGE_SIGNATURE_PREDICATE, IN_TOTO_PAYLOAD_TYPE, Predicate, Statement, StatementVersion, Subject,
    statement_json,
};

/// A larger statement is neither made nor read: room for a predicate of 128 MiB, and for what escapes add to it.
pub const STATEMENT_SIZE_LIMIT: usize = 160 * 1024 * 1024;
