//! The error when nothing of an image verified: there is no signature at all, or why none is good enough.

use super::attached::Attached;
use super::request::VerifyImagesRequest;
use super::{Verdict, none_valid};
use crate::bundle::Content;
use crate::commands::candidates::Candidate;
use crate::commands::{Error, ErrorKind, Expected};
use crate::payload::{Artifact, IMAGE_SIGNATURE_PREDICATE, Statement};
use crate::verify::{Reason, VerificationPolicy};

/// The most types that are listed.
const MAX_TYPES: usize = 20;

pub(super) fn error(
    request: &VerifyImagesRequest,
    policy: &VerificationPolicy,
    artifact: &Artifact,
    verdict: &Verdict,
    attached: &Attached,
) -> Error {
    let asked = |candidate: &Candidate| is_asked(candidate, &request.expected);
    if !attached.candidates.iter().any(asked) && attached.spoiled.is_empty() && !verdict.is_limit() {
        return none(request, artifact, attached);
    }
    let mut error = none_valid(&request.expected, policy, verdict, &attached.candidates, Some(artifact));
    if attached.candidates.is_empty() {
        let what = word(&request.expected);
        let message = format!("no {what} of `{}` can be used", artifact.name);
        error = Error::new(ErrorKind::NoneValid, message);
    }
    if attached.candidates.len() + attached.spoiled.len() > 1 || attached.candidates.is_empty() {
        // None verified, so the rejections are those of the first candidates, in their order.
        let judged = attached.candidates.iter().zip(&verdict.rejections);
        error.candidates = judged
            .map(|(candidate, rejection)| format!("`{}`: {rejection}", candidate.source))
            .chain(attached.spoiled.iter().map(ToString::to_string))
            .collect();
    }
    let found = found_types(verdict);
    if found.len() > 1 {
        error = error.cause(format!("predicate types found: {}", found.join(", ")));
    }
    error
}

/// There is nothing of the kind that was asked for.
fn none(request: &VerifyImagesRequest, artifact: &Artifact, attached: &Attached) -> Error {
    let what = word(&request.expected);
    let mut error = Error::new(ErrorKind::NoSignature, format!("there is no {what} of `{}`", artifact.name));
    let others = types(attached.candidates.iter().map(kind));
    if !others.is_empty() {
        error = error.cause(format!("what is there: {}", others.join(", ")));
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
fn kind(candidate: &Candidate) -> String {
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
fn is_asked(candidate: &Candidate, expected: &Expected) -> bool {
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

fn found_types(verdict: &Verdict) -> Vec<String> {
    types(verdict.rejections.iter().filter_map(|rejection| match rejection.reason() {
        Reason::PredicateType { found, .. } => Some(format!("`{found}`")),
        _ => None,
    }))
}

/// Each once, in order, and not too many.
fn types(all: impl Iterator<Item = String>) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for one in all {
        if !found.contains(&one) {
            found.push(one);
        }
    }
    if found.len() > MAX_TYPES {
        found.truncate(MAX_TYPES);
        found.push("and more".to_owned());
    }
    found
}
