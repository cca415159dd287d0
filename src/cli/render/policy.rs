//! What a policy file said of an artifact, in words.

use crate::commands::{DemandVerdict, PolicyReport};

/// The scope that decides, with its pattern.
pub fn scope(policy: &PolicyReport) -> String {
    match (&policy.scope, &policy.pattern) {
        (Some(scope), Some(pattern)) => format!("{scope}, by its pattern {pattern}"),
        _ => "none: no pattern matches".to_owned(),
    }
}

/// A demand in lines: what is asked for, whether it is met, and what counts.
pub fn counted(demand: &DemandVerdict) -> Vec<String> {
    let met = if demand.is_met { "met" } else { "NOT met" };
    let mut lines = vec![format!("{}: {}: {met}", demand.what, demand.asked)];
    for fact in &demand.counted {
        let time = fact.time.as_ref().map(|time| format!(", at {time}")).unwrap_or_default();
        lines.push(format!("  counts: {} ({}{time}), in {}", fact.signer, fact.who, fact.source));
    }
    for fact in &demand.counted {
        lines.extend(fact.evidence.iter().map(|line| format!("    {}: {line}", fact.signer)));
    }
    lines
}
