//! What is wrong with a document, as far as the document alone shows it.

use crate::bundle::{Content, SignedEntity};
use crate::commands::facts::Problem;
use crate::verify::{self, Reason};

const ENTRY_REPEATED: &str = "log-entry-repeated";
const TIMESTAMP_REPEATED: &str = "timestamp-repeated";

/// Whether something is said twice, which verification passes over.
pub fn is_repetition(problem: &Problem) -> bool {
    [ENTRY_REPEATED, TIMESTAMP_REPEATED].contains(&problem.code)
}

/// What is wrong with the entities of one document.
pub fn all(entities: &[SignedEntity]) -> Vec<Problem> {
    let mut problems = Vec::new();
    if entities.len() > 1 {
        problems.push(problem(&Reason::EnvelopeSignatures { count: entities.len() }));
    }
    for (i, entity) in entities.iter().enumerate() {
        for mut found in verify::visible(entity).iter().map(problem) {
            if entities.len() > 1 && matches!(found.code, "signature-invalid" | "log-signature") {
                found.message = format!("signature {i}: {}", found.message);
            }
            if !problems.contains(&found) {
                problems.push(found);
            }
        }
    }
    if let Some(entity) = entities.first() {
        problems.extend(repeated(entity));
        problems.extend(empty_payload(entity));
    }
    problems
}

fn problem(reason: &Reason) -> Problem {
    let message = match reason {
        Reason::Signature(_) => format!("by the key that the document itself names: {reason}"),
        Reason::SctMissing { .. } => "the certificate has no signed certificate timestamp (SCT)".to_owned(),
        Reason::NoTime => {
            "nothing in the document says when the certificate was used: neither a log's promise nor a timestamp"
                .to_owned()
        }
        reason => reason.to_string(),
    };
    Problem { code: reason.code(), message }
}

/// Entries and timestamps that appear more than once: they are one voice, however often they are there.
fn repeated(entity: &SignedEntity) -> Vec<Problem> {
    let mut out = Vec::new();
    let entries = &entity.log_entries;
    for (i, entry) in entries.iter().enumerate() {
        let same = |e: &&crate::tlog::Entry| {
            e.log_id == entry.log_id
                && (e.log_index == entry.log_index || e.canonicalized_body == entry.canonicalized_body)
        };
        if entries.iter().take(i).any(|e| same(&e)) {
            let message = format!("log entry {i}: the same entry appears before");
            out.push(Problem { code: ENTRY_REPEATED, message });
        }
    }
    for (i, timestamp) in entity.timestamps.iter().enumerate() {
        if entity.timestamps.iter().take(i).any(|t| t == timestamp) {
            let message = format!("timestamp {i}: the same timestamp appears before");
            out.push(Problem { code: TIMESTAMP_REPEATED, message });
        }
    }
    out
}

fn empty_payload(entity: &SignedEntity) -> Option<Problem> {
    let Content::Envelope(envelope) = &entity.content else { return None };
    let empty = envelope.parsed.payload.is_empty();
    empty.then(|| Problem { code: "payload", message: "the envelope's payload is empty".to_owned() })
}
