//! The findings of a scan.
//!
//! in-toto: `[{id, severity: [{method, score}]}]`, in v0.1 also below `vulnerability`. cosign's type leaves the result to the scanner: the
//! reports of Trivy (`Results[].Vulnerabilities[]`), Grype (`matches[].vulnerability`) and in SARIF (`runs[].results[]`, with the
//! `security-severity` of the results and of their rules) are read. Whatever else is there is no scan that anything could be said of.
//! Where ratings of one finding differ, the gravest counts, and one that is not known is no better.

use std::collections::BTreeMap;

use serde_json::Value;

use super::super::at::{At, Mismatch};
use super::severity::{Ratings, Severity};

/// A finding.
#[derive(Debug, Clone)]
pub struct Finding<'a> {
    pub path: String,
    pub id: &'a str,
    pub ratings: Ratings,
}

/// The findings in a result.
///
/// # Errors
/// The result has no known form, or a finding has no identifier.
pub fn of<'a>(result: &At<'a>) -> Result<Vec<Finding<'a>>, Mismatch> {
    const KNOWN: [&str; 3] = ["Results", "matches", "runs"];
    let forms = "the findings of in-toto, or a report of Trivy, of Grype or in SARIF";
    match result.value {
        Some(Value::Array(_)) => result.items()?.iter().map(in_toto).collect(),
        Some(Value::Object(members)) => {
            one_spelling(result, &KNOWN)?;
            let known = KNOWN.into_iter().filter(|name| members.contains_key(*name));
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

/// Refuses members that differ from these in case alone: readers in Go take them for the same.
fn one_spelling(at: &At<'_>, names: &[&str]) -> Result<(), Mismatch> {
    let members = at.members()?;
    let other = |member: &&String| {
        names.iter().any(|name| name.eq_ignore_ascii_case(member) && *name != member.as_str())
    };
    match members.keys().find(other) {
        None => Ok(()),
        Some(member) => {
            let found = at.member(member);
            let expected = "no member whose name is that of another one in another case";
            Err(Mismatch::new(super::NAME, &found.path, expected, "there"))
        }
    }
}

fn in_toto<'a>(item: &At<'a>) -> Result<Finding<'a>, Mismatch> {
    item.members()?;
    let nested = item.member("vulnerability");
    let places = [item.clone(), nested.clone()].into_iter().filter(|place| place.member("id").is_there());
    let ids = places.map(|place| place.member("id").text()).collect::<Result<Vec<_>, _>>()?;
    let id = match ids.as_slice() {
        [] => return Err(item.member("id").not("a text")),
        [first, rest @ ..] if rest.iter().all(|id| id == first) => *first,
        _ => return Err(nested.member("id").not("the same as beside it")),
    };
    let mut ratings = Ratings::default();
    for at in [item.member("severity"), nested.member("severity")].into_iter().filter(At::is_there) {
        let stated = match at.value {
            Some(Value::Array(_)) => at.items()?,
            _ => vec![at],
        };
        // A list without a rating says nothing known.
        ratings.unknown_if(stated.is_empty());
        stated.iter().for_each(|rating| ratings.add(word(&rating.member("score"))));
    }
    Ok(Finding { path: item.path.clone(), id, ratings })
}

fn trivy<'a>(result: &At<'a>) -> Result<Vec<Finding<'a>>, Mismatch> {
    let mut found = Vec::new();
    for target in result.member("Results").items()? {
        one_spelling(&target, &["Vulnerabilities"])?;
        for item in target.member("Vulnerabilities").optional_items()? {
            let id = item.member("VulnerabilityID").text()?;
            one_spelling(&item, &["VulnerabilityID", "Severity", "VendorSeverity", "CVSS"])?;
            let mut ratings = Ratings::default();
            ratings.add(word(&item.member("Severity")));
            let members = |name: &str| item.member(name).value.and_then(Value::as_object);
            for rating in members("VendorSeverity").into_iter().flat_map(serde_json::Map::values) {
                ratings.add(rating.as_u64().and_then(Severity::of_trivy));
            }
            for source in members("CVSS").into_iter().flat_map(serde_json::Map::values) {
                let scores =
                    ["V2Score", "V3Score", "V40Score"].into_iter().filter_map(|name| source.get(name));
                scores.for_each(|score| ratings.add(Severity::of_value(score)));
            }
            found.push(Finding { path: item.path.clone(), id, ratings });
        }
    }
    Ok(found)
}

fn grype<'a>(item: &At<'a>) -> Result<Finding<'a>, Mismatch> {
    one_spelling(item, &["vulnerability", "relatedVulnerabilities"])?;
    let it = item.member("vulnerability");
    let id = it.member("id").text()?;
    let mut ratings = Ratings::default();
    // The same finding under its other names.
    let related = item.member("relatedVulnerabilities").optional_items()?;
    for one in std::iter::once(&it).chain(&related) {
        one_spelling(one, &["id", "severity", "cvss"])?;
        ratings.add(word(&one.member("severity")));
        for rating in one.member("cvss").optional_items()? {
            ratings.add(rating.below("metrics.baseScore").value.and_then(Severity::of_value));
        }
    }
    Ok(Finding { path: it.path.clone(), id, ratings })
}

fn sarif<'a>(result: &At<'a>) -> Result<Vec<Finding<'a>>, Mismatch> {
    let mut found = Vec::new();
    let runs = result.member("runs").items()?;
    if runs.is_empty() {
        return Err(result.member("runs").not("a run of a scanner at least"));
    }
    for run in runs {
        let mut rules: BTreeMap<&str, Ratings> = BTreeMap::new();
        let extensions = run.below("tool.extensions").optional_items()?;
        for tool in std::iter::once(run.below("tool.driver")).chain(extensions) {
            for rule in tool.member("rules").optional_items()? {
                let Ok(id) = rule.member("id").text() else { continue };
                // Two rules of one name: which of them is meant is open.
                rules.entry(id).or_default().add(score(&rule));
            }
        }
        for item in run.member("results").items()? {
            let id = item.member("ruleId").text()?;
            let mut ratings = rules.get(id).copied().unwrap_or_default();
            if item.below("properties.security-severity").is_there() {
                ratings.add(score(&item));
            }
            found.push(Finding { path: item.path.clone(), id, ratings });
        }
    }
    Ok(found)
}

/// The `security-severity` of a rule or a result.
fn score(at: &At<'_>) -> Option<Severity> {
    at.below("properties.security-severity").value.and_then(Severity::of_value)
}

fn word(at: &At<'_>) -> Option<Severity> {
    at.text().ok().and_then(Severity::of)
}
