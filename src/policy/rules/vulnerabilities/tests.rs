use serde_json::{Value, json};

use super::super::Facts;
use super::super::tests::{facts, holds, no_rule, refuses, with};
use super::severity::Severity;
use super::{COSIGN, IN_TOTO};

mod more;

/// A scan with this result, which ended half a day ago.
fn scan(result: Value) -> Value {
    json!({
        "scanner": {
            "uri": "pkg:github/aquasecurity/trivy@0.50.0", "version": "0.50.0",
            "db": {"uri": "https://example.com/db", "lastUpdate": "2024-05-31T12:00:00Z"},
            "result": result},
        "metadata": {"scanStartedOn": "2024-05-31T23:59:00Z", "scanFinishedOn": "2024-06-01T00:00:00Z"},
    })
}

fn in_toto() -> Value {
    scan(json!([
        {"id": "CVE-1", "severity": [{"method": "nvd", "score": "medium"}, {"method": "cvss_score", "score": "5.2"}]},
        {"id": "CVE-2", "severity": [{"method": "nvd", "score": "HIGH"}]},
        {"id": "GHSA-3", "severity": {"method": "cvss_score", "score": "3.9"}}]))
}

fn trivy() -> Value {
    scan(json!({
        "SchemaVersion": 2, "ArtifactName": "registry.example/app",
        "Results": [
            {"Target": "debian", "Vulnerabilities": [
                {"VulnerabilityID": "CVE-1", "PkgName": "a", "Severity": "MEDIUM"},
                {"VulnerabilityID": "CVE-2", "PkgName": "b", "Severity": "HIGH"}]},
            {"Target": "Node.js"}]}))
}

fn grype() -> Value {
    scan(json!({"matches": [
        {"vulnerability": {"id": "CVE-1", "severity": "Medium"}, "artifact": {"name": "a"}},
        {"vulnerability": {"id": "CVE-2", "severity": "High"}, "artifact": {"name": "b"}},
        {"vulnerability": {"id": "CVE-9", "severity": "Negligible"}, "artifact": {"name": "c"}}]}))
}

fn sarif() -> Value {
    let rule = |id: &str, score: &str| json!({"id": id, "properties": {"security-severity": score}});
    scan(json!({"version": "2.1.0", "runs": [{
        "tool": {"driver": {"name": "scanner", "rules": [rule("CVE-1", "5.0"), rule("CVE-2", "8.9")]}},
        "results": [{"ruleId": "CVE-1"}, {"ruleId": "CVE-2"}, {"ruleId": "CVE-1"}]}]}))
}

fn all() -> [Facts; 5] {
    [
        facts(COSIGN, trivy()),
        facts(COSIGN, grype()),
        facts(COSIGN, sarif()),
        facts(IN_TOTO[0], in_toto()),
        facts(IN_TOTO[1], in_toto()),
    ]
}

fn demands(value: Value) -> Value {
    json!({"vulnerabilities": value})
}

/// A log with two rules, of which the second is grave, and one result.
fn sarif_of(result: Value) -> Value {
    let rule = |id: &str, score: &str| json!({"id": id, "properties": {"security-severity": score}});
    json!({"runs": [{"tool": {"driver": {"rules": [rule("CVE-1", "1.0"), rule("CVE-2", "9.9")]}}, "results": [result]}]})
}

/// A report of Trivy with one finding, of which more is said.
fn trivy_with(more: Value) -> Value {
    let mut finding = json!({"VulnerabilityID": "CVE-1", "Severity": "LOW"});
    finding.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!({"Results": [{"Vulnerabilities": [finding]}]})
}

#[test]
fn what_scanners_write_is_read() {
    for facts in all() {
        for held in [
            json!({"max-severity": "high"}),
            json!({"max-severity": "critical"}),
            json!({"max-severity": "medium", "ignore": ["CVE-2"]}),
            json!({"max-severity": "none", "ignore": ["CVE-1", "CVE-2", "GHSA-3", "CVE-9"]}),
            json!({"max-age": "1d", "max-database-age": "2d"}),
            json!({"scanner": {"pattern": "pkg:github/aquasecurity/trivy@.*"}}),
        ] {
            holds(demands(held), &facts);
        }
        for (refused, words) in [
            (json!({"max-severity": "medium"}), "`CVE-2` high, expected medium at most"),
            (json!({"max-severity": "low"}), "`CVE-1` medium (and `CVE-2`"),
            (json!({"max-severity": "medium", "ignore": ["CVE-1"]}), "`CVE-2` high"),
            (json!({"max-severity": "medium", "ignore": ["cve-2"]}), "`CVE-2` high"),
            (json!({"max-severity": "medium", "ignore": ["CVE-*"]}), "`CVE-2` high"),
            (json!({"max-severity": "medium", "ignore": ["CVE-22", "CVE-"]}), "`CVE-2` high"),
            (json!({"max-age": "11h"}), "predicate.metadata.scanFinishedOn"),
            (json!({"max-database-age": "12h"}), "predicate.scanner.db.lastUpdate"),
            (json!({"scanner": "pkg:github/aquasecurity/trivy"}), "predicate.scanner.uri"),
        ] {
            refuses(demands(refused), &facts, &[words]);
        }
    }
    for rule in
        [json!({"ruleIndex": 0}), json!({"ruleIndex": -1}), json!({"rule": {"id": "CVE-1", "index": 0}})]
    {
        let mut result = json!({"ruleId": "CVE-1"});
        result.as_object_mut().unwrap().extend(rule.as_object().unwrap().clone());
        holds(demands(json!({"max-severity": "low"})), &facts(COSIGN, scan(sarif_of(result))));
    }
    let none = facts(COSIGN, scan(json!({"Results": []})));
    let held = holds(demands(json!({"max-severity": "none"})), &none);
    assert!(held[0].contains("0 findings"), "{held:?}");
    let v0_1 =
        scan(json!([{"vulnerability": {"id": "CVE-1", "severity": [{"method": "nvd", "score": "low"}]}}]));
    holds(demands(json!({"max-severity": "low"})), &facts(IN_TOTO[0], v0_1));
}

#[test]
fn a_severity_that_is_not_known_passes_nothing() {
    let critical = demands(json!({"max-severity": "critical"}));
    for severity in [
        json!([{"method": "nvd", "score": "UNKNOWN"}]),
        json!([{"method": "nvd", "score": ""}]),
        json!([{"method": "nvd", "score": 5.2}]),
        json!([{"method": "nvd"}]),
        json!([{"method": "cvss", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}]),
        json!([{"method": "nvd", "score": "low"}, {"method": "other", "score": "?"}]),
        json!([{"method": "cvss_score", "score": "11"}]),
        json!([{"method": "cvss_score", "score": "-1"}]),
        json!([{"method": "cvss_score", "score": "nan"}]),
        json!([{"method": "cvss_score", "score": "1e1"}]),
        json!(["low"]),
        json!([]),
        json!("low"),
        json!(null),
    ] {
        let scan = facts(IN_TOTO[1], scan(json!([{"id": "CVE-1", "severity": severity}])));
        refuses(critical.clone(), &scan, &["scanner.result[0]", "of unknown severity"]);
        holds(demands(json!({"max-severity": "low", "unknown-severity": "low"})), &scan);
        refuses(
            demands(json!({"max-severity": "low", "unknown-severity": "medium"})),
            &scan,
            &["`CVE-1` medium"],
        );
        holds(demands(json!({"max-severity": "none", "ignore": ["CVE-1"]})), &scan);
    }
    for (result, words) in [
        (
            json!({"Results": [{"Vulnerabilities": [{"VulnerabilityID": "CVE-1", "Severity": "UNKNOWN"}]}]}),
            "of unknown severity",
        ),
        (
            json!({"matches": [{"vulnerability": {"id": "CVE-1", "severity": "Unknown"}}]}),
            "of unknown severity",
        ),
        (json!({"runs": [{"results": [{"ruleId": "CVE-1"}]}]}), "of unknown severity"),
        (sarif_of(json!({"ruleId": "CVE-1", "ruleIndex": 1})), "of unknown severity"),
        (sarif_of(json!({"ruleId": "CVE-1", "rule": {"id": "CVE-2"}})), "of unknown severity"),
        (sarif_of(json!({"ruleId": "CVE-1", "rule": {"index": 1}})), "of unknown severity"),
        (
            sarif_of(json!({"ruleId": "CVE-1", "rule": {"index": 0, "toolComponent": {"index": 0}}})),
            "of unknown severity",
        ),
        (trivy_with(json!({"VendorSeverity": [4]})), "of unknown severity"),
        (trivy_with(json!({"CVSS": [{"V3Score": 9.8}]})), "of unknown severity"),
        (trivy_with(json!({"CVSS": {"nvd": {"V3Vector": "CVSS:3.1/AV:N"}}})), "of unknown severity"),
    ] {
        refuses(critical.clone(), &facts(COSIGN, scan(result)), &[words]);
    }
}

#[test]
fn hostile_scans() {
    let critical = demands(json!({"max-severity": "critical"}));
    for (result, words) in [
        (json!(null), "scanner.result is missing"),
        (json!("no findings"), "scanner.result is `no findings`"),
        (json!({}), "an object of another form"),
        (json!({"results": []}), "result.results is there"),
        (json!({"Results": [], "matches": []}), "several forms at once"),
        (json!({"Results": null}), "result.Results is missing"),
        (json!({"Results": {"Vulnerabilities": []}}), "result.Results is an object"),
        (json!({"Results": ["x"]}), "result.Results[0]"),
        (json!({"Results": [{"Vulnerabilities": {"VulnerabilityID": "x"}}]}), "Vulnerabilities is an object"),
        (json!({"Results": [{"Vulnerabilities": [{"Severity": "LOW"}]}]}), "VulnerabilityID is missing"),
        (json!({"Results": [{"Vulnerabilities": ["CVE-1"]}]}), "VulnerabilityID is missing"),
        (json!({"matches": [{"vulnerability": [{"id": "CVE-1"}]}]}), "vulnerability.id is missing"),
        (json!({"matches": {}}), "matches is an object"),
        (json!({"runs": []}), "result.runs is a list of 0"),
        (json!({"runs": [{}]}), "runs[0].results is missing"),
        (json!({"results": [], "Results": []}), "is there, expected no member whose name is that of"),
        (json!({"Results": [], "Re\u{17f}ults": []}), "expected no member whose name is that of"),
        (json!({"Re\u{17f}ults": []}), "is there, expected no member"),
        (json!([{"id": "a", "severity": [{"score": "low"}], "Severity": []}]), "expected no member"),
        (
            json!({"Results": [{"vulnerabilities": [{"VulnerabilityID": "x"}]}]}),
            "Results[0].vulnerabilities is there",
        ),
        (
            json!({"Results": [{"Vulnerabilities": [{"VulnerabilityID": "x", "Severity": "LOW", "severity": "CRITICAL"}]}]}),
            "expected no member whose name is that of",
        ),
        (
            json!({"matches": [{"vulnerability": {"id": "x", "severity": "Low", "Severity": "High"}}]}),
            "expected no member whose name is that of",
        ),
        (json!([{"id": "a", "vulnerability": {"id": "b"}}]), "vulnerability.id is `b`, expected the same"),
        (json!({"runs": [{"results": [{}]}]}), "ruleId is missing"),
        (
            json!({"runs": [{"results": [], "invocations": [{"executionSuccessful": false}]}]}),
            "executionSuccessful is `false`",
        ),
        (json!({"runs": [{"results": [], "invocations": [{"exitCode": 2}]}]}), "exitCode is `2`"),
        (json!({"runs": [{"results": [], "invocations": [{"ExitCode": 2}]}]}), "expected no member"),
        (
            json!({"runs": [{"results": [], "invocations": [{"exitSignalName": "SIGKILL"}]}]}),
            "exitSignalName",
        ),
        (
            json!({"runs": [{"results": [], "invocations": [{"processStartFailureMessage": "no"}]}]}),
            "processStartFailureMessage",
        ),
        (json!([{"id": "a", "severity": [{"Score": "critical"}]}]), "expected no member"),
        (json!([{"id": "a", "Severity": [{"score": "low"}]}]), "expected no member"),
        (json!([{"id": "a", "vulnerability": {"Severity": [{"score": "critical"}]}}]), "expected no member"),
        (json!([{"id": "a", "Vulnerability": {"severity": []}}]), "expected no member"),
        (
            json!({"runs": [{"results": [], "externalPropertyFileReferences": {}}]}),
            "externalPropertyFileReferences is an object",
        ),
        (
            json!({"runs": [{"results": []}], "inlineExternalProperties": []}),
            "inlineExternalProperties is a list",
        ),
        (json!(["CVE-1"]), "result[0]"),
        (json!([{"severity": [{"score": "low"}]}]), "id is missing"),
        (json!([{"id": ["CVE-1"], "severity": [{"score": "low"}]}]), "id is a list"),
    ] {
        let of = if result.is_array() { IN_TOTO[1] } else { COSIGN };
        refuses(critical.clone(), &facts(of, scan(result)), &[words]);
    }
}

#[test]
fn scans_without_a_time_or_of_another_type() {
    for (at, new) in [
        ("/metadata", None),
        ("/metadata", Some(json!([]))),
        ("/metadata/scanFinishedOn", Some(json!("now"))),
    ] {
        refuses(
            demands(json!({"max-age": "1d"})),
            &facts(COSIGN, with(trivy(), at, new)),
            &["scanFinishedOn"],
        );
    }
    for predicate_type in [
        "https://cosign.sigstore.dev/attestation/v1",
        "https://in-toto.io/attestation/vulns",
        "cosign.sigstore.dev/attestation/vuln/v1",
        "https://in-toto.io/attestation/vulns/v0.3",
    ] {
        refuses(
            demands(json!({"max-severity": "critical"})),
            &facts(predicate_type, trivy()),
            &["predicateType"],
        );
    }
}

/// Scans in which something differs of one finding, with what it counts as.
fn differing() -> Vec<(Facts, Option<&'static str>)> {
    let trivy = |more: Value| {
        let mut item = json!({"VulnerabilityID": "CVE-1", "Severity": "low"});
        item.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        facts(COSIGN, scan(json!({"Results": [{"Vulnerabilities": [item]}]})))
    };
    let grype = |more: Value, related: Value| {
        let mut item = json!({"id": "GHSA-1", "severity": "Low"});
        item.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        facts(COSIGN, scan(json!({"matches": [{"vulnerability": item, "relatedVulnerabilities": related}]})))
    };
    let sarif = |rules: Value, result: Value| {
        let mut item = json!({"ruleId": "CVE-1"});
        if result.is_object() {
            item["properties"] = result;
        }
        let tool = json!({"driver": {"rules": rules}, "extensions": [{"rules": []}]});
        facts(COSIGN, scan(json!({"runs": [{"tool": tool, "results": [item]}]})))
    };
    let rule = |score: Value| json!({"id": "CVE-1", "properties": {"security-severity": score}});
    let in_toto = |item: Value| facts(IN_TOTO[0], scan(json!([item])));
    let score = |score: &str| json!([{"method": "x", "score": score}]);
    vec![
        (trivy(json!({})), Some("low")),
        (trivy(json!({"VendorSeverity": {"debian": 1, "nvd": 4}})), Some("critical")),
        (trivy(json!({"VendorSeverity": {"debian": 1, "nvd": 0}})), None),
        (trivy(json!({"VendorSeverity": {"nvd": "LOW"}})), None),
        (trivy(json!({"VendorSeverity": {"nvd": 5}})), None),
        (
            trivy(json!({"CVSS": {"nvd": {"V2Score": 3.0, "V3Score": 8.8, "V3Vector": "CVSS:3.1/..."}}})),
            Some("high"),
        ),
        (trivy(json!({"CVSS": {"nvd": {"V3Score": 11}}})), None),
        (trivy(json!({"CVSS": {"nvd": {"V3Score": -1}}})), None),
        (grype(json!({}), json!([])), Some("low")),
        (
            grype(
                json!({"cvss": [{"metrics": {"baseScore": 3}}, {"metrics": {"baseScore": 9.8}}]}),
                json!([]),
            ),
            Some("critical"),
        ),
        (grype(json!({"cvss": [{"metrics": {}}]}), json!(null)), None),
        (grype(json!({}), json!([{"id": "CVE-1", "severity": "High", "cvss": []}])), Some("high")),
        (grype(json!({}), json!([{"id": "CVE-1", "severity": "Unknown"}])), None),
        (sarif(json!([rule(json!("3.0"))]), json!(null)), Some("low")),
        (sarif(json!([rule(json!(3.0))]), json!({"tags": []})), Some("low")),
        (sarif(json!([rule(json!("3.0"))]), json!({"security-severity": "9.1"})), Some("critical")),
        (sarif(json!([rule(json!("9.1"))]), json!({"security-severity": "3.0"})), Some("critical")),
        (sarif(json!([]), json!({"security-severity": "5.0"})), Some("medium")),
        (sarif(json!([rule(json!("3.0"))]), json!({"security-severity": "?"})), None),
        // Two rules of one name: which of them is meant is open.
        (sarif(json!([rule(json!("3.0")), rule(json!("8.0"))]), json!(null)), Some("high")),
        (sarif(json!([rule(json!("3.0")), {"id": "CVE-1"}]), json!(null)), None),
        (
            in_toto(
                json!({"id": "CVE-1", "severity": score("low"), "vulnerability": {"severity": score("high")}}),
            ),
            Some("high"),
        ),
        (
            in_toto(json!({"id": "CVE-1", "severity": score("low"), "vulnerability": {"id": "CVE-1"}})),
            Some("low"),
        ),
        (in_toto(json!({"id": "CVE-1", "severity": score("low"), "vulnerability": {"severity": []}})), None),
    ]
}

/// Of all that is said of one finding, the gravest counts.
#[test]
fn where_ratings_differ_the_gravest_counts() {
    for (facts, gravest) in differing() {
        const WORDS: [&str; 6] = ["none", "negligible", "low", "medium", "high", "critical"];
        // What is not known is as grave as that is said to be, and never takes anything from what is known.
        refuses(
            demands(json!({"max-severity": "negligible", "unknown-severity": "none"})),
            &facts,
            &["expected negligible"],
        );
        match gravest {
            Some(word) => {
                let below = WORDS[WORDS.iter().position(|known| *known == word).unwrap() - 1];
                holds(demands(json!({"max-severity": word})), &facts);
                refuses(demands(json!({"max-severity": below})), &facts, &[word]);
            }
            None => {
                refuses(demands(json!({"max-severity": "critical"})), &facts, &["of unknown severity"]);
                holds(demands(json!({"max-severity": "low", "unknown-severity": "low"})), &facts);
                refuses(
                    demands(json!({"max-severity": "low", "unknown-severity": "high"})),
                    &facts,
                    &["high"],
                );
            }
        }
    }
}

#[test]
fn scores_have_the_words_of_cvss() {
    for (text, severity) in [
        ("0.0", Severity::None),
        ("0.1", Severity::Low),
        ("3.9", Severity::Low),
        ("4.0", Severity::Medium),
        ("6.9", Severity::Medium),
        ("7", Severity::High),
        ("8.9", Severity::High),
        ("9.0", Severity::Critical),
        ("10.0", Severity::Critical),
        ("Moderate", Severity::Medium),
        ("IMPORTANT", Severity::High),
    ] {
        assert_eq!(Severity::of(text), Some(severity), "{text}");
    }
    for text in ["", ".", "10.1", "5.2 ", "+5", "inf", "5,2", "very high", "\u{ff28}igh", "1.2.3"] {
        assert_eq!(Severity::of(text), None, "{text}");
    }
}

#[test]
fn what_is_no_rule_of_a_scan() {
    for (value, words) in [
        (json!({"ignore": ["CVE-1"]}), "`max-severity`"),
        (json!({"unknown-severity": "low", "max-age": "1d"}), "`max-severity`"),
        (json!({"max-severity": "severe"}), "unknown variant"),
        (json!({"max-severity": "HIGH"}), "unknown variant"),
        (json!({"max-severity": 7}), ""),
        (json!({"max-severity": "low", "ignore": "CVE-1"}), ""),
        (json!({"max-severity": "low", "ignore": [""]}), "empty text"),
        (json!({"severity": "low"}), "unknown field"),
    ] {
        no_rule(demands(value), words);
    }
}
