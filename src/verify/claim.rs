//! What the signature says, and whether that is about the artifact.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{ContentRequirement, Evidence, Reason, VerificationPolicy};
use crate::bundle::{Content, SignedEntity};
use crate::payload::{
    Artifact, IMAGE_SIGNATURE_PREDICATE, IN_TOTO_PAYLOAD_TYPE, SimpleSigning, Statement, Subject,
};

/// How many log entries, and how many timestamps, are looked at (CVE-2024-45395).
pub(super) const MAX_WITNESSES: usize = 32;

/// The content, as far as it can be judged before anything is trusted.
#[derive(Debug, Clone)]
pub(super) enum Structure {
    /// A signature over the artifact's bytes.
    Message,
    /// A statement in an envelope.
    Statement(Statement),
    /// A simple-signing payload.
    SimpleSigning(SimpleSigning),
}

impl std::fmt::Display for Structure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Message => "a plain signature",
            Self::Statement(_) => "an in-toto statement in a DSSE envelope",
            Self::SimpleSigning(_) => "a simple-signing payload",
        })
    }
}

/// Judges the shape of the document.
pub(super) fn structure(entity: &SignedEntity, policy: &VerificationPolicy) -> Result<Structure, Reason> {
    shape(entity, &policy.claim.content)
}

/// As [`structure`], where all that is known is which kind of content is wanted.
pub(super) fn shape(entity: &SignedEntity, wanted: &ContentRequirement) -> Result<Structure, Reason> {
    for (what, count) in [("log entries", entity.log_entries.len()), ("timestamps", entity.timestamps.len())]
    {
        if count > MAX_WITNESSES {
            return Err(Reason::TooMany { what, count, limit: MAX_WITNESSES });
        }
    }
    use ContentRequirement as Wanted;
    let envelope = match (&entity.content, wanted) {
        (Content::Message { .. } | Content::SimpleSigning { .. }, Wanted::Statement(_)) => {
            return Err(Reason::NotAnAttestation);
        }
        (Content::Message { .. }, Wanted::ImageSignature) => {
            return Err(Reason::NotAnImageSignature { found: "a signature of a file".into() });
        }
        (Content::Message { .. }, _) => return Ok(Structure::Message),
        (Content::Envelope(_) | Content::SimpleSigning { .. }, Wanted::Message) => {
            return Err(Reason::NotAPlainSignature);
        }
        (Content::SimpleSigning { payload, .. }, _) => {
            return Ok(Structure::SimpleSigning(payload.parsed.clone()));
        }
        (Content::Envelope(envelope), _) => &envelope.parsed,
    };
    if envelope.signatures.len() != 1 {
        return Err(Reason::EnvelopeSignatures { count: envelope.signatures.len() });
    }
    if envelope.payload_type != IN_TOTO_PAYLOAD_TYPE {
        return Err(Reason::PayloadType { found: envelope.payload_type.clone() });
    }
    let statement = Statement::from_json(&envelope.payload).map_err(Reason::Payload)?;
    if matches!(wanted, Wanted::ImageSignature) && statement.predicate_type != IMAGE_SIGNATURE_PREDICATE {
        let found = format!("an attestation of type `{}`", statement.predicate_type);
        return Err(Reason::NotAnImageSignature { found });
    }
    Ok(Structure::Statement(statement))
}

/// The signed content names the artifact (and has the predicate type that was asked for). Made by [`claim`] alone.
#[derive(Debug, Clone)]
pub struct ClaimProof {
    content: Structure,
    words: String,
}

impl ClaimProof {
    /// The verified statement, when the content is one.
    pub fn statement(&self) -> Option<&Statement> {
        match &self.content {
            Structure::Statement(statement) => Some(statement),
            _ => None,
        }
    }

    /// The verified simple-signing payload, when the content is one.
    pub fn simple_signing(&self) -> Option<&SimpleSigning> {
        match &self.content {
            Structure::SimpleSigning(payload) => Some(payload),
            _ => None,
        }
    }
}

impl std::fmt::Display for ClaimProof {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.words)
    }
}

/// Judges the claim of content whose signature is already verified.
pub(super) fn claim(
    content: Structure,
    artifact: Option<&Artifact>,
    policy: &VerificationPolicy,
) -> Result<(Evidence<ClaimProof>, AnnotationProof), Reason> {
    // What is about something else is not what was asked about, whatever type it has.
    let binding = binding(&content, artifact, policy)?;
    predicate_type(&content, policy)?;
    let annotations = annotations(&content, artifact, policy)?;
    let claim = match binding {
        Evidence::Waived(waiver) => Evidence::Waived(waiver),
        Evidence::Proven(mut words) => {
            if !annotations.found.is_empty() {
                words.push_str(&format!(", with {annotations}"));
            }
            Evidence::Proven(ClaimProof { content, words })
        }
    };
    Ok((claim, annotations))
}

fn predicate_type(content: &Structure, policy: &VerificationPolicy) -> Result<(), Reason> {
    if let (Structure::Statement(statement), ContentRequirement::Statement(wanted)) =
        (content, &policy.claim.content)
        && statement.predicate_type != wanted.uri
    {
        let expected = if wanted.asked == wanted.uri {
            format!("`{}`", wanted.uri)
        } else {
            format!("`{}` (`--type {}`)", wanted.uri, wanted.asked)
        };
        return Err(Reason::PredicateType { found: statement.predicate_type.clone(), expected });
    }
    Ok(())
}

/// Whether the content is about the artifact; how, in words.
fn binding(
    content: &Structure,
    artifact: Option<&Artifact>,
    policy: &VerificationPolicy,
) -> Result<Evidence<String>, Reason> {
    if matches!(content, Structure::Message) {
        // The signature check has compared the artifact's own bytes.
        return Ok(Evidence::Proven("the artifact itself is signed".into()));
    }
    if let Some(waiver) = policy.claim.binding_waived {
        return Ok(Evidence::Waived(waiver));
    }
    let digests = &artifact.ok_or(Reason::ArtifactMissing)?.digests;
    Ok(Evidence::Proven(match content {
        Structure::Message => String::new(),
        Structure::Statement(statement) => {
            let Some(subject) = statement.matches(digests) else {
                let digest = digests.iter().next().map(ToString::to_string).unwrap_or_default();
                return Err(Reason::Subject { about: about(statement), digest });
            };
            let name = if subject.name.is_empty() {
                String::new()
            } else {
                format!(" (subject `{}`)", subject.name)
            };
            format!("a {} statement about the artifact{name}", statement.predicate_type)
        }
        Structure::SimpleSigning(payload) => {
            let stated = &payload.digest;
            let actual = digests
                .get(stated.algorithm())
                .ok_or_else(|| Reason::DigestUnavailable(stated.algorithm()))?;
            if stated != actual {
                return Err(Reason::PayloadDigest { stated: stated.clone(), actual: actual.clone() });
            }
            format!("a signature of the image, made for `{}`", payload.reference)
        }
    }))
}

/// What a statement is about, by its first subject.
fn about(statement: &Statement) -> String {
    let first = statement.subjects.first().and_then(Subject::known_digest);
    let first = first.map_or_else(|| "one without a known digest".to_owned(), |digest| digest.to_string());
    match statement.subjects.len() {
        0 | 1 => first,
        count => format!("{first} and {} more", count - 1),
    }
}

/// The annotations that were asked for are in what was signed. Made by [`claim`] alone.
#[derive(Debug, Clone, Default)]
pub struct AnnotationProof {
    found: BTreeMap<String, String>,
}

impl AnnotationProof {
    /// Those that were asked for, by name; none when none were.
    pub fn found(&self) -> &BTreeMap<String, String> {
        &self.found
    }
}

impl std::fmt::Display for AnnotationProof {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (i, (name, value)) in self.found.iter().enumerate() {
            write!(f, "{}`{name}={value}`", if i == 0 { "" } else { ", " })?;
        }
        Ok(())
    }
}

/// Compares the annotations of content whose signature is already verified. They count with the binding waived, too: who
/// asks for them must not be told of success without them.
fn annotations(
    content: &Structure,
    artifact: Option<&Artifact>,
    policy: &VerificationPolicy,
) -> Result<AnnotationProof, Reason> {
    let wanted = &policy.claim.annotations;
    let none = BTreeMap::new();
    match content {
        _ if wanted.is_empty() => return Ok(AnnotationProof::default()),
        Structure::Message => compare(wanted, &none)?,
        Structure::SimpleSigning(payload) => compare(wanted, payload.optional.as_ref().unwrap_or(&none))?,
        Structure::Statement(statement) => {
            let is_meant = |subject: &&Subject| match (policy.claim.binding_waived, artifact) {
                (None, Some(artifact)) => subject.is(&artifact.digests),
                (None, None) => false,
                (Some(_), _) => true,
            };
            let mut failure = None;
            let mut subjects = statement.subjects.iter().filter(is_meant);
            let found = subjects.any(|subject| match compare(wanted, &subject.annotations) {
                Ok(()) => true,
                Err(reason) => {
                    failure.get_or_insert(reason);
                    false
                }
            });
            if !found {
                return Err(failure.unwrap_or(Reason::ArtifactMissing));
            }
        }
    }
    Ok(AnnotationProof { found: wanted.clone() })
}

fn compare(wanted: &BTreeMap<String, String>, signed: &BTreeMap<String, Value>) -> Result<(), Reason> {
    for (name, expected) in wanted {
        match signed.get(name) {
            Some(Value::String(found)) if found == expected => (),
            other => {
                let found = other.map(|value| match value {
                    Value::String(text) => format!("`{text}`"),
                    other => other.to_string(),
                });
                return Err(Reason::Annotation { name: name.clone(), expected: expected.clone(), found });
            }
        }
    }
    Ok(())
}
