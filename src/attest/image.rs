//! The statement that signs an image (cosign 3's sign predicate).

use std::collections::BTreeMap;

use super::Attestation;
use crate::crypto::Digest;
use crate::payload::{IMAGE_SIGNATURE_PREDICATE, Predicate, Statement, StatementVersion, Subject};

/// The statement that the image with this digest is signed, with these annotations: the very bytes that cosign 3.1 signs.
/// The subject has no name, so that the signature does not depend on where the image is.
pub fn image_signature(digest: &Digest, annotations: &BTreeMap<String, String>) -> Attestation {
    let annotations = annotations.iter().map(|(name, value)| (name.clone(), value.as_str().into()));
    let subject = Subject { annotations: annotations.collect(), ..Subject::new("", digest) };
    let statement = Statement {
        version: StatementVersion::V1,
        subjects: vec![subject],
        predicate_type: IMAGE_SIGNATURE_PREDICATE.to_owned(),
        predicate: Some(Predicate::empty()),
    };
    Attestation { payload: statement.to_json().into_bytes(), statement }
}
