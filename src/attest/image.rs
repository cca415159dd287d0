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

#[cfg(test)]
mod tests {
    use super::*;

    /// Made by `cosign sign -a env=prod -a 'html=<x>&'`, version 3.1.1.
    #[test]
    fn the_bytes_are_those_of_cosign() {
        let digest =
            Digest::parse("sha256:cd6fb2d49b4229e86911fc772d06ee4b41f611585e36a4c48cfe077c325c7864").unwrap();
        let pairs = [("html", "<x>&"), ("env", "prod")];
        let pairs = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let made = image_signature(&digest, &pairs);
        let cosign = r#"{"_type":"https://in-toto.io/Statement/v1","subject":[{"digest":{"sha256":"cd6fb2d49b4229e86911fc772d06ee4b41f611585e36a4c48cfe077c325c7864"},"annotations":{"env":"prod","html":"<x>&"}}],"predicateType":"https://sigstore.dev/cosign/sign/v1","predicate":{}}"#;
        assert_eq!(String::from_utf8(made.payload.clone()).unwrap(), cosign);
        assert_eq!(Statement::from_json(&made.payload).unwrap(), made.statement);
        let none = String::from_utf8(image_signature(&digest, &BTreeMap::new()).payload).unwrap();
        assert_eq!(none, cosign.replace(r#","annotations":{"env":"prod","html":"<x>&"}"#, ""));
    }
}
