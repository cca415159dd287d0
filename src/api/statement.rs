//! In-toto statements.

use super::{Digest, ParseError};
use crate::payload::{self, Predicate, StatementVersion};

/// An in-toto statement (in-toto attestation framework, statement v0.1 and v1): these subjects have this predicate.
///
/// A statement by itself is only words. One that was verified comes from
/// [`VerifiedSignature::statement`](crate::VerifiedSignature::statement).
///
/// ```
/// use rcosign::{Digest, Statement, Subject};
///
/// let subject = Subject::new("app.tar", &Digest::sha256_of(b"an artifact"));
/// let statement = Statement::new(&[subject], "https://example.com/tests/v1", br#"{"passed": true}"#)?;
/// assert_eq!(statement.predicate_json(), Some(r#"{"passed": true}"#));
/// # Ok::<(), rcosign::ParseError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Statement {
    payload: Vec<u8>,
    parsed: payload::Statement,
}

/// An artifact that a statement is about.
#[derive(Debug, Clone, PartialEq)]
pub struct Subject(payload::Subject);

impl Statement {
    /// A statement of version v0.1, which is what cosign writes, about these subjects. The predicate is JSON of any type and
    /// is kept as it is, byte for byte, white space around it aside.
    ///
    /// # Errors
    /// No subject or more than 1024, an empty predicate type, a predicate that is not JSON, has a member twice, is nested
    /// deeper than 126, or makes a statement of more than 160 MiB.
    pub fn new(subjects: &[Subject], predicate_type: &str, predicate: &[u8]) -> Result<Self, ParseError> {
        let statement = payload::Statement {
            version: StatementVersion::V0_1,
            subjects: subjects.iter().map(|subject| subject.0.clone()).collect(),
            predicate_type: predicate_type.to_owned(),
            predicate: Some(Predicate::from_json("predicate", predicate.to_vec())?),
        };
        Self::from_json(statement.to_json().as_bytes())
    }

    /// A statement that was written elsewhere; [`sign_statement`](crate::sign_statement) signs exactly these bytes.
    ///
    /// # Errors
    /// Larger than 160 MiB, not JSON, members twice, of another type or missing, an unknown version, no subject or more
    /// than 1024, a subject without a digest or with more than 32.
    pub fn from_json(text: &[u8]) -> Result<Self, ParseError> {
        Ok(Self { parsed: payload::Statement::from_json(text)?, payload: text.to_vec() })
    }

    /// The parsed view of a payload that belongs to it.
    pub(super) fn of(payload: Vec<u8>, parsed: payload::Statement) -> Self {
        Self { payload, parsed }
    }

    /// The statement's own bytes: what is signed.
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// `_type`: `https://in-toto.io/Statement/v0.1` or `https://in-toto.io/Statement/v1`.
    pub fn version(&self) -> &'static str {
        self.parsed.version.uri()
    }

    /// The type of the predicate, a URI.
    pub fn predicate_type(&self) -> &str {
        &self.parsed.predicate_type
    }

    /// The predicate as JSON text, exactly as it was signed; `None` where the statement has none.
    pub fn predicate_json(&self) -> Option<&str> {
        self.parsed.predicate.as_ref().map(Predicate::text)
    }

    /// The artifacts that it is about; at least one.
    pub fn subjects(&self) -> impl Iterator<Item = Subject> {
        self.parsed.subjects.iter().cloned().map(Subject)
    }
}

impl Subject {
    /// A subject with a name, which nothing compares, and a digest, which everything depends on.
    pub fn new(name: impl Into<String>, digest: &Digest) -> Self {
        Self(payload::Subject::new(name, &digest.0))
    }

    /// The name; empty where there is none.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// The digests: name of the algorithm, and the digest as it is written, which for the algorithms that [`Digest`] knows
    /// is lower-case hexadecimal.
    pub fn digests(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.digest.iter().map(|(algorithm, digest)| (algorithm.as_str(), digest.as_str()))
    }
}
