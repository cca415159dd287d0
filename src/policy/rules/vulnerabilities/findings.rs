//! The findings of a scan.
//!
//! in-toto: `[{id, severity: [{method, score}]}]`, in v0.1 also below `vulnerability`. cosign's type leaves the result to the scanner: the
//! reports of Trivy (`Results[].Vulnerabilities[]`), Grype (`matches[].vulnerability`) and in SARIF (`runs[].results[]`, with the
//! `security-severity` of the results and of their rules) are read. Whatever else is there is no scan that anything could be said of.
//! Where ratings of one finding differ, the gravest counts, and one that is not known is no better.

use std::collections::BTreeMap;

use serde_json::Value;

use super::super::at::{At, Mismatch, folded};
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

/// Refuses members that differ from these in case alone: readers in Go take them for the same. Two of one object are refused everywhere.
fn one_spelling(at: &At<'_>, names: &[&str]) -> Result<(), Mismatch> {
    let members = at.members()?;
    let other = |member: &&String| {
        names.iter().any(|name| *name != member.as_str() && folded(name) == folded(member))
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
            one_spelling(&item, &["Severity", "VendorSeverity", "CVSS"])?;
            let mut ratings = Ratings::default();
            ratings.add(word(&item.member("Severity")));
            for rating in by_source(&item.member("VendorSeverity"), &mut ratings) {
                ratings.add(rating.as_u64().and_then(Severity::of_trivy));
            }
            for source in by_source(&item.member("CVSS"), &mut ratings) {
                let names = ["V2Score", "V3Score", "V40Score"];
                let scores: Vec<_> = names.into_iter().filter_map(|name| source.get(name)).collect();
                // A vector alone is a rating that is not read here.
                ratings.unknown_if(scores.is_empty());
                scores.into_iter().for_each(|score| ratings.add(Severity::of_value(score)));
            }
            found.push(Finding { path: item.path.clone(), id, ratings });
        }
    }
    Ok(found)
}

/// What Trivy says by the name of who says it; anything else than an object is a rating that is not known.
fn by_source<'a>(at: &At<'a>, ratings: &mut Ratings) -> Vec<&'a Value> {
    match at.value {
        None => Vec::new(),
        Some(Value::Object(members)) => members.values().collect(),
        Some(_) => {
            ratings.unknown_if(true);
            Vec::new()
        }
    }
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

fn sarif<'a>(result: &At<'a>) -> Result<Vec<Finding<'a>>, Mismatch> {
    let mut found = Vec::new();
    let runs = result.member("runs").items()?;
    if runs.is_empty() {
        return Err(result.member("runs").not("a run of a scanner at least"));
    }
    let inline = result.member("inlineExternalProperties");
    if inline.is_there() {
        return Err(inline.not("nothing, as results elsewhere are not looked at"));
    }
    for run in runs {
        one_spelling(&run, &["invocations", "externalPropertyFileReferences"])?;
        whole_run(&run)?;
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
            // The rule may be named in other ways beside its identifier (SARIF 2.1.0, section 3.27.5 to 3.27.7).
            ratings.unknown_if(!is_rule(&item, id, &run));
            if item.below("properties.security-severity").is_there() {
                ratings.add(score(&item));
            }
            found.push(Finding { path: item.path.clone(), id, ratings });
        }
    }
    Ok(found)
}

/// That a run came to its end, and that all of it is here (SARIF 2.1.0, sections 3.14.2, 3.20.14 and 3.3).
fn whole_run(run: &At<'_>) -> Result<(), Mismatch> {
    for invocation in run.member("invocations").optional_items()? {
        let success = invocation.member("executionSuccessful");
        if success.value.is_some_and(|value| value != &Value::Bool(true)) {
            return Err(success.not("`true`"));
        }
    }
    let elsewhere = run.member("externalPropertyFileReferences");
    match elsewhere.is_there() {
        true => Err(elsewhere.not("nothing, as results elsewhere are not looked at")),
        false => Ok(()),
    }
}

/// Whether all that names the rule of a result names this one.
fn is_rule(item: &At<'_>, id: &str, run: &At<'_>) -> bool {
    let rule = item.member("rule");
    let is_id = rule.member("id").value.is_none_or(|other| other == id);
    // The index is one of the rules of the driver, or of the extension that is named there.
    let is_driver = !rule.member("toolComponent").is_there();
    let is_index = [item.member("ruleIndex"), rule.member("index")].iter().all(|index| match index.value {
        None => true,
        Some(Value::Number(number)) if number.as_i64() == Some(-1) => true,
        Some(Value::Number(number)) if is_driver => {
            let rules = run.below("tool.driver.rules").items().unwrap_or_default();
            let named = number.as_u64().and_then(|n| usize::try_from(n).ok()).and_then(|n| rules.get(n));
            named.is_some_and(|rule| rule.member("id").value.is_some_and(|other| other == id))
        }
        Some(_) => false,
    });
    is_id && is_index
}

/// The `security-severity` of a rule or a result.
fn score(at: &At<'_>) -> Option<Severity> {
    at.below("properties.security-severity").value.and_then(Severity::of_value)
}

fn word(at: &At<'_>) -> Option<Severity> {
    at.text().ok().and_then(Severity::of)
}
