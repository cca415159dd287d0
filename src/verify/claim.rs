//! What the signature says, and whether that is about the artifact.

use super::{ContentRequirement, Evidence, Reason, VerificationPolicy};
use crate::bundle::{Content, SignedEntity};
use crate::payload::{Artifact, IN_TOTO_PAYLOAD_TYPE, Statement};

/// How many log entries, and how many timestamps, are looked at (CVE-2024-45395).
pub(super) const MAX_WITNESSES: usize = 32;

/// The content, as far as it can be judged before anything is trusted.
#[derive(Debug, Clone)]
pub(super) struct Structure {
    statement: Option<Statement>,
}

impl std::fmt::Display for Structure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.statement.is_some() {
            "an in-toto statement in a DSSE envelope"
        } else {
            "a plain signature"
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
    let envelope = match (&entity.content, wanted) {
        (Content::Message { .. }, ContentRequirement::Statement(_)) => return Err(Reason::NotAnAttestation),
        (Content::Message { .. }, _) => return Ok(Structure { statement: None }),
        (Content::Envelope(_), ContentRequirement::Message) => return Err(Reason::NotAPlainSignature),
        (Content::Envelope(envelope), _) => &envelope.parsed,
    };
    if envelope.signatures.len() != 1 {
        return Err(Reason::EnvelopeSignatures { count: envelope.signatures.len() });
    }
    if envelope.payload_type != IN_TOTO_PAYLOAD_TYPE {
        return Err(Reason::PayloadType { found: envelope.payload_type.clone() });
    }
    let statement = Statement::from_json(&envelope.payload).map_err(Reason::Payload)?;
    Ok(Structure { statement: Some(statement) })
}

/// The signed content names the artifact (and has the predicate type that was asked for). Made by [`claim`] alone.
#[derive(Debug, Clone)]
pub struct ClaimProof {
    statement: Option<Statement>,
    words: String,
}

impl ClaimProof {
    /// The verified statement, when the content is one.
    pub fn statement(&self) -> Option<&Statement> {
        self.statement.as_ref()
    }
}

impl std::fmt::Display for ClaimProof {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.words)
    }
}

/// Judges the claim of content whose signature is already verified.
pub(super) fn claim(
    structure: Structure,
    artifact: Option<&Artifact>,
    policy: &VerificationPolicy,
) -> Result<Evidence<ClaimProof>, Reason> {
    let Some(statement) = structure.statement else {
        // The signature check has compared the artifact's own bytes.
        return Ok(Evidence::Proven(ClaimProof {
            statement: None,
            words: "the artifact itself is signed".into(),
        }));
    };
    if let ContentRequirement::Statement(wanted) = &policy.claim.content
        && statement.predicate_type != wanted.uri
    {
        let expected = if wanted.asked == wanted.uri {
            format!("`{}`", wanted.uri)
        } else {
            format!("`{}` (`--type {}`)", wanted.uri, wanted.asked)
        };
        return Err(Reason::PredicateType { found: statement.predicate_type, expected });
    }
    if let Some(waiver) = policy.claim.binding_waived {
        return Ok(Evidence::Waived(waiver));
    }
    let digests = &artifact.ok_or(Reason::ArtifactMissing)?.digests;
    let Some(subject) = statement.matches(digests) else {
        let digest = digests.iter().next().map(ToString::to_string).unwrap_or_default();
        return Err(Reason::Subject { subjects: statement.subjects.len(), digest });
    };
    let words =
        format!("a {} statement about the artifact (subject `{}`)", statement.predicate_type, subject.name);
    Ok(Evidence::Proven(ClaimProof { statement: Some(statement), words }))
}
