//! The error when nothing of an image verified: there is no signature at all, or why none is good enough.

use super::judgement::Judgement;
use super::refusal;
use super::request::VerifyImagesRequest;
use crate::bundle::Content;
use crate::commands::candidates::Candidate;
use crate::commands::{Error, ErrorKind, Expected};
use crate::payload::{Artifact, IMAGE_SIGNATURE_PREDICATE, Statement};
use crate::verify::{Reason, VerificationPolicy};

/// The most types that are listed.
const MAX_TYPES: usize = 20;
const MORE: &str = "and more";

pub(super) fn error(
    request: &VerifyImagesRequest,
    policy: &VerificationPolicy,
    artifact: &Artifact,
    judgement: &Judgement,
) -> Error {
    let Judgement { verdict, spoiled, sources, .. } = judgement;
    if !judgement.is_asked && spoiled.is_empty() && !verdict.is_limit() {
        return none(request, artifact, judgement);
    }
    let mut error = refusal(&request.expected, policy, &verdict.rejections, judgement.best(), Some(artifact));
    let what = word(&request.expected);
    if judgement.rejected > 0 && judgement.rejected < sources.len() {
        // What is there of the other kind was not asked for.
        error.message = match judgement.rejected {
            1 => format!("the one {what} of `{}` is not valid for what was asked", artifact.name),
            count => format!("none of {count} {what}s of `{}` is valid for what was asked", artifact.name),
        };
    }
    if sources.is_empty() {
        let message = format!("no {what} of `{}` can be used", artifact.name);
        error = Error::new(ErrorKind::NoneValid, message);
    }
    if spoiled.iter().any(|spoiled| spoiled.is_limit) {
        // What nobody has looked at is not refused.
        error.kind = ErrorKind::LimitExceeded;
        if !sources.is_empty() {
            error.message = format!(
                "no {what} of `{}` that is within the limits verifies: {}",
                artifact.name, error.message
            );
        }
    }
    if sources.len() + spoiled.len() > 1 || sources.is_empty() {
        let judged = sources.iter().zip(&verdict.rejections);
        error.candidates = judged
            .map(|(source, rejection)| format!("`{source}`: {rejection}"))
            .chain(spoiled.iter().map(ToString::to_string))
            .collect();
    }
    let found = types(verdict.rejections.iter().filter_map(|rejection| match rejection.reason() {
        // A signature was not asked for.
        Reason::PredicateType { found, .. } if found != IMAGE_SIGNATURE_PREDICATE => {
            Some(format!("`{found}`"))
        }
        _ => None,
    }));
    if found.len() > 1 {
        error = error.cause(format!("predicate types found: {}", found.join(", ")));
    }
    error
}

/// There is nothing of the kind that was asked for.
fn none(request: &VerifyImagesRequest, artifact: &Artifact, judgement: &Judgement) -> Error {
    let what = word(&request.expected);
    let mut error = Error::new(ErrorKind::NoSignature, format!("there is no {what} of `{}`", artifact.name));
    if !judgement.kinds.is_empty() {
        error = error.cause(format!("what is there: {}", judgement.kinds.join(", ")));
        return match &request.expected {
            Expected::Signature => {
                error.hint("an attestation is no signature; verify it with `verify-attestation --type TYPE`")
            }
            Expected::Attestation { .. } => error.hint("verify a signature with `verify`"),
        };
    }
    match request.search.limited_by {
        Some(flags) => error.hint(format!("{flags} leaves other forms out: without it, all are looked at")),
        None => error.hint("see what belongs to an image with `tree IMAGE`"),
    }
}

fn word(expected: &Expected) -> &'static str {
    match expected {
        Expected::Signature => "signature",
        Expected::Attestation { .. } => "attestation",
    }
}

/// What a candidate is, by its own word.
pub(super) fn kind(candidate: &Candidate) -> String {
    match &candidate.entity.content {
        Content::Message { .. } => "a signature of a file".to_owned(),
        Content::SimpleSigning { .. } => "a signature".to_owned(),
        Content::Envelope(envelope) => match Statement::from_json(&envelope.parsed.payload) {
            Ok(statement) if statement.predicate_type == IMAGE_SIGNATURE_PREDICATE => {
                "a signature".to_owned()
            }
            Ok(statement) => format!("an attestation of type `{}`", statement.predicate_type),
            Err(_) => "an envelope without a statement".to_owned(),
        },
    }
}

/// Whether a candidate is of the kind that was asked for, by its own word: attestations alone are no signatures, and
/// signatures no attestations. What says nothing of itself may be either.
pub(super) fn is_asked(candidate: &Candidate, expected: &Expected) -> bool {
    let predicate_type = match &candidate.entity.content {
        Content::Message { .. } => return false,
        Content::SimpleSigning { .. } => IMAGE_SIGNATURE_PREDICATE.to_owned(),
        Content::Envelope(envelope) => match Statement::from_json(&envelope.parsed.payload) {
            Ok(statement) => statement.predicate_type,
            Err(_) => return true,
        },
    };
    match expected {
        Expected::Signature => predicate_type == IMAGE_SIGNATURE_PREDICATE,
        Expected::Attestation { predicate_type: asked } => {
            predicate_type != IMAGE_SIGNATURE_PREDICATE || asked == IMAGE_SIGNATURE_PREDICATE
        }
    }
}

/// Each once, in order, and not too many.
pub(super) fn types(all: impl Iterator<Item = String>) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for one in all {
        if found.len() > MAX_TYPES {
            break;
        }
        if !found.contains(&one) {
            found.push(if found.len() == MAX_TYPES { MORE.to_owned() } else { one });
        }
    }
    found
}
