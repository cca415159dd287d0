//! The findings of a scan.
//!
//! in-toto: `[{id, severity: [{method, score}]}]`, in v0.1 also below `vulnerability`. cosign's type leaves the result to the scanner: the
//! reports of Trivy, Grype (`matches[].vulnerability`) and in SARIF are read. Whatever else is there is no scan that anything could be said of.
//! Where ratings of one finding differ, the gravest counts, and one that is not known is no better.

mod sarif;
mod trivy;

use serde_json::Value;

use super::super::at::{At, Mismatch};
use super::severity::{Ratings, Severity};
use crate::policy::spelling::twins;

/// A finding.
#[derive(Debug, Clone)]
pub struct Finding<'a> {
    pub path: String,
    pub id: &'a str,
    pub ratings: Ratings,
}

/// The findings in the result of in-toto's types, which is a list.
///
/// # Errors
/// It is none, or a finding has no identifier.
pub fn of_in_toto<'a>(result: &At<'a>) -> Result<Vec<Finding<'a>>, Mismatch> {
    result.items()?.iter().map(in_toto).collect()
}

/// The findings in a report of a scanner, as cosign's type has it.
///
/// # Errors
/// The result has no known form, or a finding has no identifier.
pub fn of_scanner<'a>(result: &At<'a>) -> Result<Vec<Finding<'a>>, Mismatch> {
    const KNOWN: [&str; 3] = ["Results", "matches", "runs"];
    let forms = "a report of Trivy, of Grype or in SARIF";
    let Some(Value::Object(members)) = result.value else { return Err(result.not(forms)) };
    one_spelling(result, &KNOWN)?;
    let known = KNOWN.into_iter().filter(|name| members.contains_key(*name));
    match known.collect::<Vec<_>>().as_slice() {
        ["Results"] => trivy::findings(result),
        ["matches"] => grype_report(result),
        ["runs"] => sarif::findings(result),
        // Trivy leaves the list out where it looked at nothing that it knows; that is said by nothing else.
        [] => Err(Mismatch::new(super::NAME, &result.path, forms, "an object of another form")),
        _ => Err(Mismatch::new(super::NAME, &result.path, forms, "of several forms at once")),
    }
}

/// Refuses members that differ in case alone from these, or from each other.
fn one_spelling(at: &At<'_>, names: &[&str]) -> Result<(), Mismatch> {
    match twins(at.members()?.keys().map(String::as_str), names) {
        None => Ok(()),
        Some((_, member)) => {
            let found = at.member(member);
            let expected = "no member whose name is that of another one in another case";
            Err(Mismatch::new(super::NAME, &found.path, expected, "there"))
        }
    }
}

fn in_toto<'a>(item: &At<'a>) -> Result<Finding<'a>, Mismatch> {
    one_spelling(item, &["vulnerability", "id", "severity"])?;
    let nested = item.member("vulnerability");
    if nested.is_there() {
        one_spelling(&nested, &["id", "severity"])?;
    }
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
        for rating in stated {
            if rating.value.is_some_and(Value::is_object) {
                one_spelling(&rating, &["method", "score"])?;
            }
            ratings.add(word(&rating.member("score")));
        }
    }
    Ok(Finding { path: item.path.clone(), id, ratings })
}

/// The matches of Grype, and those that its own configuration passes over: what is ignored is the matter of the rule.
fn grype_report<'a>(result: &At<'a>) -> Result<Vec<Finding<'a>>, Mismatch> {
    one_spelling(result, &["ignoredMatches"])?;
    let mut matches = result.member("matches").items()?;
    matches.extend(result.member("ignoredMatches").optional_items()?);
    matches.iter().map(grype).collect()
}

fn grype<'a>(item: &At<'a>) -> Result<Finding<'a>, Mismatch> {
    one_spelling(item, &["relatedVulnerabilities"])?;
    let it = item.member("vulnerability");
    let id = it.member("id").text()?;
    let mut ratings = Ratings::default();
    // The same finding under its other names.
    let related = item.member("relatedVulnerabilities").optional_items()?;
    for one in std::iter::once(&it).chain(&related) {
        one_spelling(one, &["severity", "cvss"])?;
        ratings.add(word(&one.member("severity")));
        for rating in one.member("cvss").optional_items()? {
            ratings.add(rating.below("metrics.baseScore").value.and_then(Severity::of_value));
        }
    }
    Ok(Finding { path: it.path.clone(), id, ratings })
}

fn word(at: &At<'_>) -> Option<Severity> {
    at.text().ok().and_then(Severity::of)
}
