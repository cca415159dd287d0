//! What is signed.

use serde::Serialize;
use serde_json::Value;

use crate::bundle::{Content, SignedEntity};
use crate::commands::facts::Part;
use crate::payload::{Statement, Subject};

/// The signed content.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ContentFacts {
    /// `artifact`: a signature of the artifact itself; `envelope`: a DSSE envelope; `statement`: a statement that nobody
    /// signed.
    kind: &'static str,
    /// The artifact's digest, where the document states it.
    #[serde(skip_serializing_if = "Option::is_none")]
    digest: Option<String>,
    signatures: Vec<SignatureFacts>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payload_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payload: Option<Part>,
    /// The envelope's own bytes, where the document has them.
    #[serde(skip_serializing_if = "Option::is_none")]
    envelope: Option<Part>,
    #[serde(skip_serializing_if = "Option::is_none")]
    statement: Option<StatementFacts>,
}

/// A signature.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct SignatureFacts {
    /// What an envelope says of the key.
    #[serde(skip_serializing_if = "String::is_empty")]
    keyid: String,
    #[serde(flatten)]
    bytes: Part,
}

/// An in-toto statement.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct StatementFacts {
    #[serde(rename = "type")]
    kind: &'static str,
    predicate_type: String,
    subjects: Vec<SubjectFacts>,
    #[serde(skip_serializing_if = "Option::is_none")]
    predicate: Option<Part>,
}

/// A subject of a statement.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct SubjectFacts {
    #[serde(skip_serializing_if = "String::is_empty")]
    name: String,
    digests: Vec<DigestFacts>,
    /// The annotations as JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    annotations: Option<Part>,
}

/// A digest of a subject. The algorithm's name is text of the statement and may be any.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct DigestFacts {
    algorithm: String,
    value: String,
}

impl ContentFacts {
    /// Of these entities, which are of one document: each has one of the envelope's signatures.
    pub fn of(entities: &[SignedEntity]) -> Option<Self> {
        let signature =
            |keyid: &str, bytes: &[u8]| SignatureFacts { keyid: keyid.to_owned(), bytes: Part::of(bytes) };
        Some(match &entities.first()?.content {
            Content::Message { digest, signature: bytes } => Self {
                digest: digest.as_ref().map(ToString::to_string),
                signatures: vec![signature("", bytes)],
                ..Self::blank("artifact")
            },
            Content::SimpleSigning { payload, signature: bytes } => Self {
                digest: Some(payload.parsed.digest.to_string()),
                signatures: vec![signature("", bytes)],
                payload: Some(Part::of(&payload.bytes)),
                ..Self::blank("image")
            },
            Content::Envelope(envelope) => {
                let parsed = &envelope.parsed;
                let all = entities.iter().filter_map(|entity| match &entity.content {
                    Content::Envelope(envelope) => Some(&envelope.parsed.signatures),
                    _ => None,
                });
                Self {
                    signatures: all.flatten().map(|s| signature(&s.keyid, &s.sig)).collect(),
                    payload_type: Some(parsed.payload_type.clone()),
                    payload: Some(Part::of(&parsed.payload)),
                    envelope: Some(&envelope.bytes)
                        .filter(|bytes| !bytes.is_empty())
                        .map(|bytes| Part::of(bytes)),
                    statement: Statement::from_json(&parsed.payload).ok().as_ref().map(StatementFacts::of),
                    ..Self::blank("envelope")
                }
            }
        })
    }

    /// Of a statement that nobody signed.
    pub fn statement(statement: &Statement) -> Self {
        Self { statement: Some(StatementFacts::of(statement)), ..Self::blank("statement") }
    }

    fn blank(kind: &'static str) -> Self {
        Self {
            kind,
            digest: None,
            signatures: Vec::new(),
            payload_type: None,
            payload: None,
            envelope: None,
            statement: None,
        }
    }
}

impl StatementFacts {
    fn of(statement: &Statement) -> Self {
        Self {
            kind: statement.version.uri(),
            predicate_type: statement.predicate_type.clone(),
            subjects: statement.subjects.iter().map(SubjectFacts::of).collect(),
            predicate: statement.predicate.as_ref().map(|p| Part::of(p.text().as_bytes())),
        }
    }
}

impl SubjectFacts {
    fn of(subject: &Subject) -> Self {
        let digest = |(algorithm, value): (&String, &String)| DigestFacts {
            algorithm: algorithm.clone(),
            value: value.clone(),
        };
        let annotations: Value = subject.annotations.clone().into_iter().collect();
        Self {
            name: subject.name.clone(),
            digests: subject.digest.iter().map(digest).collect(),
            annotations: (!subject.annotations.is_empty())
                .then(|| Part::of(annotations.to_string().as_bytes())),
        }
    }
}
