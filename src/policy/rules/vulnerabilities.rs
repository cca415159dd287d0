//! `vulnerabilities`: vulnerability scans (cosign's `vuln`, in-toto's `vulns` v0.1 and v0.2).

mod findings;
mod severity;

use std::collections::BTreeSet;

use serde::Deserialize;

use super::age::Age;
use super::at::{At, Mismatch};
use super::facts::Facts;
use super::text::Text;
use severity::Severity;

/// The name of the rule.
pub(super) const NAME: &str = "vulnerabilities";
const COSIGN: &str = "https://cosign.sigstore.dev/attestation/vuln/v1";
const IN_TOTO: [&str; 2] =
    ["https://in-toto.io/attestation/vulns/v0.1", "https://in-toto.io/attestation/vulns/v0.2"];
/// How many findings a refusal names.
const NAMED: usize = 5;

/// What a scan has to say.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Vulnerabilities {
    /// The greatest age of the scan, from `metadata.scanFinishedOn`.
    max_age: Option<Age>,
    /// The greatest age of what the scanner knew, from `scanner.db.lastUpdate`.
    max_database_age: Option<Age>,
    /// The scanner: `scanner.uri`.
    scanner: Option<Text>,
    /// The gravest finding that passes: none, negligible, low, medium, high or critical.
    max_severity: Option<Severity>,
    /// What a finding without a severity counts as; without this, no such finding passes.
    unknown_severity: Option<Severity>,
    /// Identifiers of findings that are passed over.
    ignore: Option<BTreeSet<String>>,
}

/// Whether this is a type of scan that can be read.
pub(super) fn is_about(predicate_type: &str) -> bool {
    predicate_type == COSIGN || IN_TOTO.contains(&predicate_type)
}

impl Vulnerabilities {
    pub(super) fn demands(&self) -> Result<(), String> {
        if self.max_severity.is_none() && (self.ignore.is_some() || self.unknown_severity.is_some()) {
            return Err("has exceptions from a `max-severity` that is not there".to_owned());
        }
        if self.ignore.as_ref().is_some_and(|ids| ids.iter().any(String::is_empty)) {
            return Err("has an empty text in `ignore`".to_owned());
        }
        let some = self.max_age.is_some()
            || self.max_database_age.is_some()
            || self.scanner.is_some()
            || self.max_severity.is_some();
        if some { Ok(()) } else { Err("demands nothing".to_owned()) }
    }

    pub(super) fn check(&self, facts: &Facts) -> Result<Vec<String>, Mismatch> {
        let predicate = At::root(NAME, "predicate", facts.predicate.as_ref());
        let mut held = Vec::new();
        if let Some(age) = &self.max_age {
            held.push(age.check(&predicate.below("metadata.scanFinishedOn"), facts.now)?);
        }
        if let Some(age) = &self.max_database_age {
            held.push(age.check(&predicate.below("scanner.db.lastUpdate"), facts.now)?);
        }
        if let Some(expected) = &self.scanner {
            held.push(expected.check(&predicate.below("scanner.uri"))?);
        }
        if let Some(greatest) = self.max_severity {
            held.push(self.severities(
                greatest,
                &predicate.below("scanner.result"),
                &facts.predicate_type,
            )?);
        }
        Ok(held)
    }

    fn severities(&self, greatest: Severity, result: &At<'_>, of: &str) -> Result<String, Mismatch> {
        let found = if of == COSIGN { findings::of_scanner(result)? } else { findings::of_in_toto(result)? };
        let (mut count, mut ignored, mut over) = (0_usize, 0_usize, Vec::new());
        for finding in found {
            count += 1;
            if self.ignore.as_ref().is_some_and(|ids| ids.contains(finding.id)) {
                ignored += 1;
                continue;
            }
            match finding.ratings.gravest(self.unknown_severity) {
                Some(severity) if severity <= greatest => {}
                Some(severity) => over.push((finding, severity.name())),
                None => over.push((finding, "of unknown severity")),
            }
        }
        let Some((first, severity)) = over.first() else {
            let findings = if count == 1 { "finding" } else { "findings" };
            return Ok(format!(
                "{NAME}: {} has {count} {findings}, {ignored} of them ignored, none of the others above {}",
                result.path,
                greatest.name()
            ));
        };
        let others: Vec<_> =
            over.iter().skip(1).take(NAMED - 1).map(|(finding, _)| super::at::quoted(finding.id)).collect();
        let more = match over.len() {
            1 => String::new(),
            all if all <= NAMED => format!(" (and {})", others.join(", ")),
            all => format!(" (and {} and {} more)", others.join(", "), all - NAMED),
        };
        let found = format!("{} {severity}{more}", super::at::quoted(first.id));
        Err(Mismatch::new(NAME, &first.path, format!("{} at most", greatest.name()), found))
    }
}

#[cfg(test)]
mod tests;
