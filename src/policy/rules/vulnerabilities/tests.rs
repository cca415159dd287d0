use serde_json::{Value, json};

use super::super::Facts;
use super::super::tests::{facts, holds, no_rule, refuses, with};
use super::severity::Severity;
use super::{COSIGN, IN_TOTO};

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
        (json!({"results": []}), "an object of another form"),
        (json!({"Results": [], "matches": []}), "several forms at once"),
        (json!({"Results": null}), "result.Results is missing"),
        (json!({"Results": {"Vulnerabilities": []}}), "result.Results is an object"),
        (json!({"Results": ["x"]}), "result.Results[0]"),
        (json!({"Results": [{"Vulnerabilities": {"VulnerabilityID": "x"}}]}), "Vulnerabilities is an object"),
        (json!({"Results": [{"Vulnerabilities": [{"Severity": "LOW"}]}]}), "VulnerabilityID is missing"),
        (json!({"Results": [{"Vulnerabilities": ["CVE-1"]}]}), "VulnerabilityID is missing"),
        (json!({"matches": [{"vulnerability": [{"id": "CVE-1"}]}]}), "vulnerability.id is missing"),
        (json!({"matches": {}}), "matches is an object"),
        (json!({"runs": [{}]}), "runs[0].results is missing"),
        (json!({"runs": [{"results": [{}]}]}), "ruleId is missing"),
        (json!(["CVE-1"]), "result[0]"),
        (json!([{"severity": [{"score": "low"}]}]), "id is missing"),
        (json!([{"id": ["CVE-1"], "severity": [{"score": "low"}]}]), "id is a list"),
    ] {
        refuses(critical.clone(), &facts(COSIGN, scan(result)), &[words]);
    }
    // Two rules of one name: which of them is meant is open.
    let rule = |score: &str| json!({"id": "CVE-1", "properties": {"security-severity": score}});
    let twice = json!({"runs": [{"tool": {"driver": {"rules": [rule("1.0"), rule("9.9")]}}, "results": [{"ruleId": "CVE-1"}]}]});
    refuses(critical, &facts(COSIGN, scan(twice)), &["of unknown severity"]);
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
