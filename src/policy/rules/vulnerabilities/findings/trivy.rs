//! Findings of Trivy: `Results[]` with vulnerabilities, secrets, misconfigurations, and those of them that its own configuration passes over. What it
//! says of licences (`Licenses`, results of the classes `license` and `license-file`) is no finding, and a report of nothing else is no scan.

use serde_json::Value;

use super::super::super::at::{At, Mismatch};
use super::super::severity::{Ratings, Severity};
use super::{Finding, one_spelling, word};

/// The lists of a target, with the name of what identifies their items.
const LISTS: [(&str, &[&str]); 3] = [
    ("Vulnerabilities", &["VulnerabilityID"]),
    ("Secrets", &["RuleID"]),
    ("Misconfigurations", &["ID", "AVDID"]),
];
/// Findings that were ignored, or are of no weight by somebody's word.
const MODIFIED: &str = "ExperimentalModifiedFindings";
/// The members of a rating of CVSS: of each version its vector and its score.
const CVSS: [[&str; 2]; 3] = [["V2Vector", "V2Score"], ["V3Vector", "V3Score"], ["V40Vector", "V40Score"]];

/// The findings of all targets.
pub fn findings<'a>(result: &At<'a>) -> Result<Vec<Finding<'a>>, Mismatch> {
    let mut found = Vec::new();
    let targets = result.member("Results").items()?;
    if !targets.is_empty() && targets.iter().all(is_of_licenses) {
        let expected = "of vulnerabilities, and not of licences alone";
        return Err(Mismatch::new(
            super::super::NAME,
            format!("{}.Results", result.path),
            expected,
            "of licences alone",
        ));
    }
    for target in targets {
        one_spelling(
            &target,
            &["Vulnerabilities", "Secrets", "Misconfigurations", MODIFIED, "Class", "Licenses"],
        )?;
        for (list, ids) in LISTS {
            for item in target.member(list).optional_items()? {
                // A check that was passed is no finding.
                if list != "Misconfigurations" || item.member("Status").value != Some(&Value::from("PASS")) {
                    found.push(finding(&item, ids)?);
                }
            }
        }
        for item in target.member(MODIFIED).optional_items()? {
            one_spelling(&item, &["Finding", "Type"])?;
            if is_license(&item) {
                continue;
            }
            found.push(finding(
                &item.member("Finding"),
                &["VulnerabilityID", "RuleID", "ID", "AVDID", "Name"],
            )?);
        }
    }
    Ok(found)
}

/// Whether a target is one of licences, and has nothing else.
fn is_of_licenses(target: &At<'_>) -> bool {
    let class = target.member("Class").value.and_then(Value::as_str);
    let others = LISTS.iter().map(|(list, _)| *list).chain([MODIFIED]);
    matches!(class, Some("license" | "license-file"))
        && !others.into_iter().any(|list| target.member(list).is_there())
}

/// Whether what was passed over is a licence: it is said to be one, and has no identifier of anything else.
fn is_license(item: &At<'_>) -> bool {
    let finding = item.member("Finding");
    let ids = LISTS.iter().flat_map(|(_, ids)| ids.iter());
    item.member("Type").value == Some(&Value::from("license"))
        && finding.value.is_some_and(Value::is_object)
        && !ids.into_iter().any(|id| finding.member(id).is_there())
}

/// An item, by the first of these names that it has.
fn finding<'a>(item: &At<'a>, ids: &[&str]) -> Result<Finding<'a>, Mismatch> {
    let mut there = ids.iter().map(|name| item.member(name));
    let id = match there.clone().find(At::is_there).or_else(|| there.next()) {
        Some(id) => id.text()?,
        None => return Err(item.not("a finding")),
    };
    one_spelling(item, &["Severity", "VendorSeverity", "CVSS", "Status"])?;
    let mut ratings = Ratings::default();
    ratings.add(word(&item.member("Severity")));
    for rating in by_source(&item.member("VendorSeverity"), &mut ratings) {
        ratings.add(rating.value.and_then(Value::as_u64).and_then(Severity::of_trivy));
    }
    for source in by_source(&item.member("CVSS"), &mut ratings) {
        cvss(&source, &mut ratings)?;
    }
    Ok(Finding { path: item.path.clone(), id, ratings })
}

/// The scores of one source. A vector is a rating that is not read here: without the score of its version it is not known.
fn cvss(source: &At<'_>, ratings: &mut Ratings) -> Result<(), Mismatch> {
    let Some(Value::Object(members)) = source.value else {
        ratings.unknown_if(true);
        return Ok(());
    };
    one_spelling(source, CVSS.as_flattened())?;
    ratings.unknown_if(!CVSS.iter().any(|[_, score]| members.contains_key(*score)));
    for [vector, score] in CVSS {
        match members.get(score) {
            Some(score) => ratings.add(Severity::of_value(score)),
            None => ratings.unknown_if(members.contains_key(vector)),
        }
    }
    Ok(())
}

/// What Trivy says by the name of who says it; anything else than an object is a rating that is not known.
fn by_source<'a>(at: &At<'a>, ratings: &mut Ratings) -> Vec<At<'a>> {
    match at.value {
        None => Vec::new(),
        Some(Value::Object(members)) => members.keys().map(|name| at.member(name)).collect(),
        Some(_) => {
            ratings.unknown_if(true);
            Vec::new()
        }
    }
}
