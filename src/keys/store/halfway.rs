//! What a store holds whose values were replaced one after the other, and not all of them.

use super::{Failure, Part, variable};
use crate::http::service;

/// Of which key pair a value of a store is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Holds {
    /// As it was before anything was written, also where there was none.
    Before,
    /// Of the new pair.
    New,
    /// One of the two: the store did not say.
    Either,
}

/// What a value is that was to be written last: a refusal changes nothing, and of everything else nobody knows.
pub(super) fn after(failure: &Failure) -> Holds {
    let error = match failure {
        Failure::Service(error) => error,
        Failure::Denied { source, .. } => source,
        Failure::Absent { .. } => return Holds::Before,
        // It was never sent.
        Failure::Key { .. } | Failure::Address(_) => return Holds::Before,
        _ => return Holds::Either,
    };
    match error {
        service::Error::Status { status: 400..=499, .. } => Holds::Before,
        _ => Holds::Either,
    }
}

/// Says of what failed half-way what is written, and which values belong together now.
pub(super) fn partly(written: &[String], holds: &[(Part, Holds)], failure: Failure) -> Failure {
    let is_mixed = holds.iter().any(|(_, holds)| *holds != Holds::Before);
    if written.is_empty() && !is_mixed {
        return failure;
    }
    let named = |wanted: Holds, what: &str| {
        let names = holds.iter().filter(|(_, holds)| *holds == wanted).map(|(part, _)| variable(*part));
        let names = names.collect::<Vec<_>>().join(", ");
        (!names.is_empty()).then(|| format!("{names} {what}"))
    };
    let holds = match is_mixed {
        false => "what was there before was put back".to_owned(),
        true => {
            let parts = [
                named(Holds::New, "of the new key pair"),
                named(Holds::Either, "of the new one or as before, which the store does not tell"),
                named(Holds::Before, "as before"),
            ];
            let parts = parts.into_iter().flatten().collect::<Vec<_>>().join("; ");
            format!("there is now {parts}: only values of the same pair belong together")
        }
    };
    let written = if written.is_empty() { "nothing for certain".to_owned() } else { written.join("; ") };
    Failure::Partly { written, holds, is_mixed, source: Box::new(failure) }
}
