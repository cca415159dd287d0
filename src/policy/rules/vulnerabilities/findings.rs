//! The findings of a scan.
//!
//! in-toto: `[{id, severity: [{method, score}]}]`, in v0.1 also below `vulnerability`. cosign's type leaves the result to the scanner: the
//! reports of Trivy (`Results[].Vulnerabilities[]`), Grype (`matches[].vulnerability`) and in SARIF (`runs[].results[]`, with the
//! `security-severity` of their rules) are read. Whatever else is there is no scan that anything could be said of.

use std::collections::BTreeMap;

use serde_json::Value;

use super::super::at::{At, Mismatch};
use super::severity::Severity;

/// A finding. `severity`: none that is known.
#[derive(Debug, Clone)]
pub struct Finding<'a> {
    pub path: String,
    pub id: &'a str,
    pub severity: Option<Severity>,
}

/// The findings in a result.
///
/// # Errors
/// The result has no known form, or a finding has no identifier.
pub fn of<'a>(result: &At<'a>) -> Result<Vec<Finding<'a>>, Mismatch> {
    let forms = "the findings of in-toto, or a report of Trivy, of Grype or in SARIF";
    match result.value {
        Some(Value::Array(_)) => result.items()?.iter().map(in_toto).collect(),
        Some(Value::Object(members)) => {
            let known = ["Results", "matches", "runs"].into_iter().filter(|name| members.contains_key(*name));
            match known.collect::<Vec<_>>().as_slice() {
                ["Results"] => trivy(result),
                ["matches"] => result.member("matches").items()?.iter().map(grype).collect(),
                ["runs"] => sarif(result),
                // Trivy leaves the list out where it looked at nothing that it knows; that is said by nothing else.
                [] => Err(Mismatch::new(super::NAME, &result.path, forms, "an object of another form")),
                _ => Err(Mismatch::new(super::NAME, &result.path, forms, "of several forms at once")),
            }
        }
        _ => Err(result.not(forms)),
    }
}

fn in_toto<'a>(item: &At<'a>) -> Result<Finding<'a>, Mismatch> {
    item.members()?;
    let nested = item.member("vulnerability");
    let it = if nested.is_there() && !item.member("id").is_there() { nested } else { item.clone() };
    let at = it.member("severity");
    let ratings = match at.value {
        Some(Value::Array(_)) => at.items()?,
        Some(Value::Object(_)) => vec![at],
        _ => Vec::new(),
    };
    // The gravest of what the methods say; one that says nothing known leaves it unknown.
    let mut gravest: Option<Severity> = None;
    let mut is_known = !ratings.is_empty();
    for rating in &ratings {
        match rating.member("score").text().ok().and_then(Severity::of) {
            Some(severity) => gravest = gravest.max(Some(severity)),
            None => is_known = false,
        }
    }
    let severity = gravest.filter(|severity| is_known || *severity == Severity::Critical);
    Ok(Finding { path: it.path.clone(), id: it.member("id").text()?, severity })
}

fn trivy<'a>(result: &At<'a>) -> Result<Vec<Finding<'a>>, Mismatch> {
    let mut found = Vec::new();
    for target in result.member("Results").items()? {
        target.members()?;
        for item in target.member("Vulnerabilities").optional_items()? {
            let id = item.member("VulnerabilityID").text()?;
            found.push(Finding { path: item.path.clone(), id, severity: word(&item.member("Severity")) });
        }
    }
    Ok(found)
}

fn grype<'a>(item: &At<'a>) -> Result<Finding<'a>, Mismatch> {
    let it = item.member("vulnerability");
    Ok(Finding { path: it.path.clone(), id: it.member("id").text()?, severity: word(&it.member("severity")) })
}

fn sarif<'a>(result: &At<'a>) -> Result<Vec<Finding<'a>>, Mismatch> {
    let mut found = Vec::new();
    for run in result.member("runs").items()? {
        let mut severities: BTreeMap<&str, Option<Severity>> = BTreeMap::new();
        for rule in run.below("tool.driver.rules").optional_items()? {
            let Ok(id) = rule.member("id").text() else { continue };
            let severity = word(&rule.below("properties.security-severity"));
            // Two rules of one name: which of them is meant is open.
            severities.entry(id).and_modify(|known| *known = None).or_insert(severity);
        }
        for item in run.member("results").items()? {
            let id = item.member("ruleId").text()?;
            let severity = severities.get(id).copied().flatten();
            found.push(Finding { path: item.path.clone(), id, severity });
        }
    }
    Ok(found)
}

fn word(at: &At<'_>) -> Option<Severity> {
    at.text().ok().and_then(Severity::of)
}
