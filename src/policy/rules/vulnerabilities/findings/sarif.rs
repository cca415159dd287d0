//! Findings in SARIF 2.1.0: `runs[].results[]`, with the `security-severity` of the results and of their rules. What is suppressed counts as well.

use std::collections::BTreeMap;

use serde_json::Value;

use super::super::super::at::{At, Mismatch, shown};
use super::super::severity::{Ratings, Severity};
use super::{Finding, one_spelling};

/// How many parts an identifier of a rule has above its own; one with more has an unknown severity.
const DEEPEST: usize = 16;

/// The findings of all runs.
pub fn findings<'a>(result: &At<'a>) -> Result<Vec<Finding<'a>>, Mismatch> {
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
            one_spelling(&item, &["properties", "rule", "ruleIndex"])?;
            let mut ratings = Ratings::default();
            // `CVE-1/sub` is of the rule `CVE-1` (SARIF 2.1.0, section 3.27.5), and of `CVE-1/sub` where there is one.
            let ends = id.match_indices('/').map(|(at, _)| at).take(DEEPEST).chain([id.len()]);
            ratings.unknown_if(id.matches('/').count() > DEEPEST);
            for rule in ends.filter_map(|at| rules.get(id.get(..at)?)) {
                ratings.add_all(*rule);
            }
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

/// That a run came to its end, and that all of it is here (SARIF 2.1.0, sections 3.14.2, 3.20.14 and 3.3). Where it is not said whether it did, other members that say
/// it did not count: an exit code that is not 0, a signal, a failure to start (sections 3.20.8, 3.20.10 and 3.20.12).
fn whole_run(run: &At<'_>) -> Result<(), Mismatch> {
    for invocation in run.member("invocations").optional_items()? {
        const ENDINGS: [&str; 4] =
            ["exitCode", "exitSignalName", "exitSignalNumber", "processStartFailureMessage"];
        one_spelling(&invocation, &["executionSuccessful"])?;
        one_spelling(&invocation, &ENDINGS)?;
        // `null` is something that is said, and not that it was successful.
        if let Some(said) =
            invocation.members()?.get("executionSuccessful").filter(|said| *said != &Value::Bool(true))
        {
            return Err(Mismatch {
                found: shown(said),
                ..invocation.member("executionSuccessful").not("`true`")
            });
        }
        // Some scanners end with another code where they have found something, and say that they were successful.
        let is_said = invocation.member("executionSuccessful").is_there();
        let failed = ENDINGS
            .iter()
            .map(|name| invocation.member(name))
            .find(|ending| ending.is_there() && ending.value.and_then(Value::as_i64) != Some(0));
        if let Some(ending) = failed.filter(|_| !is_said) {
            return Err(ending.not("0, or `executionSuccessful: true` beside it"));
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
