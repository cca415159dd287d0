//! Predicate files and types to in-toto statements.
//!
//! Bytes in, bytes out: reading files, hashing artifacts and signing are the business of others.

mod image;
mod predicate_type;
mod shape;
mod statement;

pub use image::image_signature;
pub use predicate_type::PredicateType;
pub use statement::{
    AttestError, Attestation, PREDICATE_SIZE_LIMIT, TypedPredicate, hash_flag, statement_file,
};
