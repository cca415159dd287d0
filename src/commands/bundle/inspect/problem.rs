//! What is wrong with a document, as far as the document alone shows it.

use serde::Serialize;

use crate::bundle::{Content, SignedEntity};
use crate::verify::{self, Reason};

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// A code of `docs/reference/inspection.md`; where verification refuses the same, the code that it gives.
    pub code: &'static str,
    /// In words.
    pub message: String,
}

/// What is wrong with the entities of one document.
pub fn all(entities: &[SignedEntity]) -> Vec<Problem> {
    let mut problems = Vec::new();
    if entities.len() > 1 {
        problems.push(Problem::of(&Reason::EnvelopeSignatures { count: entities.len() }));
    }
    for (i, entity) in entities.iter().enumerate() {
        for mut problem in verify::visible(entity).iter().map(Problem::of) {
            if entities.len() > 1 && matches!(problem.code, "signature-invalid" | "log-signature") {
                problem.message = format!("signature {i}: {}", problem.message);
            }
            if !problems.contains(&problem) {
                problems.push(problem);
            }
        }
    }
    problems.extend(entities.first().into_iter().flat_map(repeated));
    problems
}

impl Problem {
    fn of(reason: &Reason) -> Self {
        let message = match reason {
            Reason::Signature(_) => format!("by the key that the document itself names: {reason}"),
            Reason::SctMissing { .. } => {
                "the certificate has no signed certificate timestamp (SCT)".to_owned()
            }
            Reason::NoTime => {
                "nothing in the document says when the certificate was used: neither a log's promise nor a \
                               timestamp"
                    .to_owned()
            }
            reason => reason.to_string(),
        };
        Self { code: reason.code(), message }
    }
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
            out.push(Problem { code: "log-entry-repeated", message });
        }
    }
    for (i, timestamp) in entity.timestamps.iter().enumerate() {
        if entity.timestamps.iter().take(i).any(|t| t == timestamp) {
            let message = format!("timestamp {i}: the same timestamp appears before");
            out.push(Problem { code: "timestamp-repeated", message });
        }
    }
    if let Content::Envelope(envelope) = &entity.content
        && envelope.parsed.payload.is_empty()
    {
        out.push(Problem { code: "payload", message: "the envelope's payload is empty".to_owned() });
    }
    out
}
