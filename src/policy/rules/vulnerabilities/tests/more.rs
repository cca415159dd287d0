//! What readers of scans may pass over.

use super::*;

fn critical() -> Value {
    demands(json!({"max-severity": "critical"}))
}

#[test]
fn each_type_has_results_of_its_own_form() {
    for result in [
        json!([]),
        json!([{"id": "CVE-1", "severity": [{"method": "nvd", "score": "low"}]}]),
        json!({"findings": []}),
    ] {
        refuses(
            critical(),
            &facts(COSIGN, scan(result)),
            &["scanner.result", "a report of Trivy, of Grype or in SARIF"],
        );
    }
    for result in [json!({"Results": []}), json!({"matches": []}), json!({}), json!("none"), json!(null)] {
        refuses(critical(), &facts(IN_TOTO[1], scan(result)), &["scanner.result is", "expected a list"]);
    }
    holds(critical(), &facts(IN_TOTO[1], scan(json!([]))));
}

#[test]
fn a_vector_without_its_score_is_not_known() {
    let of = |source: Value| facts(COSIGN, scan(trivy_with(json!({"CVSS": {"nvd": source}}))));
    for source in [
        json!({"V2Score": 2.0, "V3Vector": "CVSS:3.1/AV:N"}),
        json!({"V3Score": 2.0, "V40Vector": "CVSS:4.0/AV:N"}),
        json!({"V3Score": 2.0, "V2Vector": "AV:N"}),
        json!({"V3Score": 2.0, "V40Score": null}),
        json!({"V3Score": null}),
        json!({}),
        json!("9.8"),
    ] {
        refuses(critical(), &of(source), &["of unknown severity"]);
    }
    for source in [
        json!({"v3score": 9.8}),
        json!({"V2Score": 2.0, "V3score": 9.8}),
        json!({"V2Score": 2.0, "v40Vector": "x"}),
    ] {
        refuses(critical(), &of(source), &["CVSS.nvd.", "expected no member whose name"]);
    }
    let whole = json!({"V2Score": 2.0, "V2Vector": "AV:L", "V3Score": 3.9, "V3Vector": "CVSS:3.1/AV:L", "V40Score": 1.0, "V40Vector": "CVSS:4.0/AV:L"});
    holds(demands(json!({"max-severity": "low"})), &of(whole));
}

#[test]
fn a_rule_of_sarif_is_that_of_all_below_it() {
    let low = demands(json!({"max-severity": "low"}));
    let log = |id: &str, result: Value, sub: Option<&str>| {
        let rule = |id: &str, score: &str| json!({"id": id, "properties": {"security-severity": score}});
        let mut rules = vec![rule("CVE-1", "9.9"), rule("CVE-2", "1.0")];
        rules.extend(sub.map(|score| rule(id, score)));
        let mut item = json!({"ruleId": id});
        item.as_object_mut().unwrap().extend(result.as_object().unwrap().clone());
        facts(COSIGN, scan(json!({"runs": [{"tool": {"driver": {"rules": rules}}, "results": [item]}]})))
    };
    let own = json!({"properties": {"security-severity": "1.0"}});
    for (id, own, sub) in [
        ("CVE-1/sub", &own, None),
        ("CVE-1/sub/other", &own, None),
        ("CVE-1/sub", &json!({}), Some("1.0")),
        ("CVE-1/sub", &json!({}), None),
    ] {
        refuses(low.clone(), &log(id, own.clone(), sub), &["critical, expected low"]);
    }
    for id in ["CVE-2/sub", "CVE-2/CVE-1", "CVE-11/sub"] {
        holds(low.clone(), &log(id, own.clone(), None));
    }
    refuses(low, &log("CVE-2/sub", json!({}), Some("5.0")), &["medium"]);
}

#[test]
fn a_run_that_is_not_said_to_be_successful_is_none() {
    for (name, said) in [
        ("executionSuccessful", json!(null)),
        ("executionSuccessful", json!("true")),
        ("executionSuccessful", json!(1)),
        ("ExecutionSuccessful", json!(false)),
    ] {
        let run = json!({"results": [], "invocations": [{name: said}]});
        refuses(critical(), &facts(COSIGN, scan(json!({"runs": [run]}))), &["xecutionSuccessful"]);
    }
    let run = json!({"results": [], "invocations": [{"executionSuccessful": true}]});
    holds(critical(), &facts(COSIGN, scan(json!({"runs": [run]}))));
}

#[test]
fn licences_are_no_findings_of_vulnerabilities() {
    let license =
        || json!({"Severity": "CRITICAL", "Category": "forbidden", "PkgName": "x", "Name": "AGPL-3.0"});
    let target = || json!({"Target": "OS Packages", "Class": "license", "Licenses": [license()]});
    let packages = || json!({"Target": "debian", "Class": "os-pkgs", "Vulnerabilities": []});
    let modified = |kind: &str, finding: Value| json!({"Target": "debian", "ExperimentalModifiedFindings": [{"Type": kind, "Status": "ignored", "Finding": finding}]});
    for results in [json!([packages(), target()]), json!([packages(), modified("license", license())])] {
        holds(demands(json!({"max-severity": "none"})), &facts(COSIGN, scan(json!({"Results": results}))));
    }
    let of_files = json!({"Target": "Loose File License(s)", "Class": "license-file", "Licenses": []});
    let mut hidden = license();
    hidden["VulnerabilityID"] = json!("CVE-1");
    let mut both = target();
    both["Vulnerabilities"] = json!([{"VulnerabilityID": "CVE-1", "Severity": "CRITICAL"}]);
    for (results, words) in [
        (json!([target()]), "Results is of licences alone"),
        (json!([target(), of_files]), "Results is of licences alone"),
        (json!([packages(), modified("license", hidden)]), "`CVE-1` critical"),
        (json!([packages(), modified("License", license())]), "`AGPL-3.0` critical"),
        (json!([both]), "`CVE-1` critical"),
        (json!([packages(), modified("license", json!([]))]), "Finding"),
    ] {
        let facts = facts(COSIGN, scan(json!({"Results": results})));
        refuses(demands(json!({"max-severity": "low"})), &facts, &[words]);
    }
}

/// What the scanner was told to pass over is a finding like any other: what is ignored is the matter of the rule.
#[test]
fn what_a_scanner_passes_over_counts() {
    let item = json!({"vulnerability": {"id": "CVE-1", "severity": "Critical"}, "appliedIgnoreRules": [{"vulnerability": "CVE-1"}]});
    let suppressed = json!({"ruleId": "CVE-1", "suppressions": [{"kind": "external"}], "properties": {"security-severity": "9.9"}});
    let finding = json!({"VulnerabilityID": "CVE-1", "Severity": "CRITICAL"});
    let of_trivy = |list: &str, item: Value| json!({"Results": [{"Target": "x", list: [item]}]});
    for result in [
        json!({"matches": [], "ignoredMatches": [item]}),
        json!({"runs": [{"results": [suppressed]}]}),
        of_trivy(
            "ExperimentalModifiedFindings",
            json!({"Type": "vulnerability", "Status": "ignored", "Finding": finding}),
        ),
        of_trivy(
            "ExperimentalModifiedFindings",
            json!({"Finding": {"RuleID": "CVE-1", "Severity": "CRITICAL"}}),
        ),
        of_trivy("Secrets", json!({"RuleID": "CVE-1", "Severity": "CRITICAL"})),
        of_trivy("Misconfigurations", json!({"ID": "CVE-1", "Status": "FAIL", "Severity": "CRITICAL"})),
        of_trivy("Misconfigurations", json!({"AVDID": "CVE-1", "Severity": "CRITICAL"})),
    ] {
        let facts = facts(COSIGN, scan(result));
        refuses(demands(json!({"max-severity": "high"})), &facts, &["`CVE-1` critical"]);
        holds(critical(), &facts);
        holds(demands(json!({"max-severity": "high", "ignore": ["CVE-1"]})), &facts);
    }
    for (result, words) in [
        (json!({"matches": [], "IgnoredMatches": []}), "IgnoredMatches is there"),
        (json!({"matches": [], "ignoredMatches": {}}), "ignoredMatches is an object"),
        (of_trivy("secrets", json!({})), "secrets is there"),
        (of_trivy("Secrets", json!({"Severity": "LOW"})), "RuleID is missing"),
        (
            of_trivy("ExperimentalModifiedFindings", json!({"Type": "vulnerability"})),
            "VulnerabilityID is missing",
        ),
        (of_trivy("ExperimentalModifiedFindings", json!("CVE-1")), "ExperimentalModifiedFindings[0]"),
    ] {
        refuses(critical(), &facts(COSIGN, scan(result)), &[words]);
    }
    let passed =
        of_trivy("Misconfigurations", json!({"ID": "DS001", "Status": "PASS", "Severity": "CRITICAL"}));
    holds(demands(json!({"max-severity": "none"})), &facts(COSIGN, scan(passed)));
}
