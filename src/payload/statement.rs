//! In-toto statements (in-toto attestation framework, statement v0.1 and v1).

use std::collections::BTreeMap;

/// The payload type of an envelope that holds a statement.
pub const IN_TOTO_PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";

/// The two versions of the statement layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatementVersion {
    /// `https://in-toto.io/Statement/v0.1`
    V0_1,
    /// `https://in-toto.io/Statement/v1`
    V1,
}

/// A statement: these subjects have this predicate. A parsed view; what is signed is the envelope's payload bytes.
#[derive(Debug, Clone, PartialEq)]
pub struct Statement {
    /// The version, from `_type`.
    pub version: StatementVersion,
    /// The artifacts it is about; a decoder refuses a statement with none.
    pub subjects: Vec<Subject>,
    /// The type of the predicate, a URI (or a plain word where old tools wrote one).
    pub predicate_type: String,
    /// The predicate, members in their written order.
    pub predicate: serde_json::Value,
}

/// One artifact that a statement is about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Subject {
    /// The name; not authenticated by anything but the statement.
    pub name: String,
    /// Digests in hexadecimal by algorithm name. Algorithms that this program does not know stay here, and match nothing.
    pub digest: BTreeMap<String, String>,
    /// Annotations of the subject.
    pub annotations: BTreeMap<String, serde_json::Value>,
}

impl Statement {
    /// Parses a statement (strict JSON).
    ///
    /// # Errors
    /// An unknown `_type`, no subject, a missing or empty predicate type, wrongly typed or duplicate members.
    pub fn from_json(_text: &[u8]) -> Result<Self, crate::crypto::DecodeError> {
        todo!()
    }
}

impl Statement {
    /// The first subject that is this artifact.
    pub fn matches(&self, _digests: &crate::crypto::Digests) -> Option<&Subject> {
        todo!()
    }
}
