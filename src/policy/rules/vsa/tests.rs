use serde_json::{Value, json};

use super::super::Facts;
use super::super::tests::{facts, holds, no_rule, refuses, with};
use super::TYPE;

fn summary() -> Value {
    json!({
        "verifier": {"id": "https://example.com/publication_verifier", "version": {"slsa-verifier-linux-amd64": "v2.3.0"}},
        "timeVerified": "2024-05-30T12:00:00Z",
        "resourceUri": "https://example.com/example-1.2.3.tar.gz",
        "policy": {"uri": "https://example.com/example_tarball.policy", "digest": {"sha256": "1".repeat(64)}},
        "inputAttestations": [{"uri": "https://example.com/provenances/example-1.2.3.tar.gz.intoto.jsonl"}],
        "verificationResult": "PASSED",
        "verifiedLevels": ["SLSA_BUILD_LEVEL_3", "SLSA_SOURCE_LEVEL_2", "ORG_REVIEWED"],
        "dependencyLevels": {"SLSA_BUILD_LEVEL_3": 5},
        "slsaVersion": "1.0",
    })
}

fn vsa(predicate: Value) -> Facts {
    facts(TYPE, predicate)
}

/// The two demands that each rule has, and more.
fn demands(more: Value) -> Value {
    let mut all = json!({
        "verifier-id": "https://example.com/publication_verifier",
        "resource-uri": "https://example.com/example-1.2.3.tar.gz"});
    for (name, value) in more.as_object().unwrap() {
        all[name] = value.clone();
    }
    json!({"vsa": all})
}

#[test]
fn a_summary_that_passed_holds() {
    for more in [
        json!({}),
        json!({"levels": ["SLSA_BUILD_LEVEL_3"]}),
        json!({"levels": ["SLSA_BUILD_LEVEL_1", "SLSA_SOURCE_LEVEL_2", "ORG_REVIEWED"]}),
        json!({"levels": ["SLSA_BUILD_LEVEL_0"]}),
        json!({"policy-uri": "https://example.com/example_tarball.policy"}),
        json!({"policy-digest": format!("sha256:{}", "1".repeat(64))}),
        json!({"max-age": "3d"}),
        json!({"resource-uri": {"pattern": "https://example\\.com/example-.*"}}),
    ] {
        holds(demands(more), &vsa(summary()));
    }
}

#[test]
fn what_does_not_hold() {
    for (more, words) in [
        (json!({"verifier-id": "https://example.com/publication_verifier2"}), "predicate.verifier.id"),
        (json!({"verifier-id": {"pattern": "https://example\\.com"}}), "predicate.verifier.id"),
        (json!({"resource-uri": "https://example.com/example-1.2.3.tar"}), "predicate.resourceUri"),
        (json!({"levels": ["SLSA_BUILD_LEVEL_4"]}), "SLSA_BUILD_LEVEL_4 or higher among them"),
        (json!({"levels": ["SLSA_SOURCE_LEVEL_3"]}), "verifiedLevels"),
        (json!({"levels": ["SLSA_BUILD_LEVEL_3", "SLSA_DEPENDENCY_LEVEL_1"]}), "SLSA_DEPENDENCY_LEVEL_1"),
        (json!({"levels": ["ORG"]}), "ORG among them"),
        (json!({"levels": ["org_reviewed"]}), "verifiedLevels"),
        (json!({"policy-uri": "https://example.com/other.policy"}), "predicate.policy.uri"),
        (json!({"policy-digest": format!("sha256:{}", "2".repeat(64))}), "predicate.policy.digest.sha256"),
        (
            json!({"policy-digest": format!("sha512:{}", "1".repeat(128))}),
            "predicate.policy.digest.sha512 is missing",
        ),
        (json!({"max-age": "1d"}), "predicate.timeVerified"),
    ] {
        refuses(demands(more), &vsa(summary()), &[words]);
    }
}

#[test]
fn hostile_summaries() {
    let all = demands(json!({"levels": ["SLSA_BUILD_LEVEL_2"], "max-age": "3d"}));
    holds(all.clone(), &vsa(summary()));
    for (at, new, words) in [
        ("/verificationResult", Some(json!("FAILED")), "verificationResult is `FAILED`"),
        ("/verificationResult", Some(json!("passed")), "verificationResult"),
        ("/verificationResult", Some(json!(true)), "verificationResult"),
        ("/verificationResult", Some(json!(["PASSED"])), "verificationResult"),
        ("/verificationResult", None, "verificationResult is missing"),
        ("/verifier", Some(json!("https://example.com/publication_verifier")), "verifier.id is missing"),
        ("/verifier/id", None, "verifier.id is missing"),
        ("/resourceUri", Some(json!("")), "resourceUri is empty"),
        ("/resourceUri", Some(json!(["https://example.com/example-1.2.3.tar.gz"])), "resourceUri is a list"),
        ("/verifiedLevels", Some(json!([])), "verifiedLevels is empty"),
        ("/verifiedLevels", None, "verifiedLevels is missing"),
        ("/verifiedLevels", Some(json!("SLSA_BUILD_LEVEL_3")), "verifiedLevels"),
        ("/verifiedLevels", Some(json!({"SLSA_BUILD_LEVEL_3": 1})), "verifiedLevels is an object"),
        ("/verifiedLevels", Some(json!([3])), "verifiedLevels[0]"),
        ("/verifiedLevels", Some(json!(["SLSA_BUILD_LEVEL_UNEVALUATED"])), "verifiedLevels"),
        ("/verifiedLevels", Some(json!(["SLSA_BUILD_LEVEL_1"])), "SLSA_BUILD_LEVEL_2 or higher"),
        ("/verifiedLevels", Some(json!(["SLSA_BUILD_LEVEL_03"])), "verifiedLevels"),
        ("/verifiedLevels", Some(json!(["SLSA_BUILD_LEVEL_99999999999"])), "verifiedLevels"),
        ("/verifiedLevels", Some(json!(["SLSA_BUILD_LEVEL_-3"])), "verifiedLevels"),
        ("/verifiedLevels", Some(json!(["SLSA_BUILD_LEVEL_\u{663}"])), "verifiedLevels"),
        ("/verifiedLevels", Some(json!(["XSLSA_BUILD_LEVEL_3"])), "verifiedLevels"),
        ("/verifiedLevels", Some(json!(["SLSA_LEVEL_3"])), "verifiedLevels"),
        ("/timeVerified", None, "timeVerified is missing"),
        ("/timeVerified", Some(json!("2030-01-01T00:00:00Z")), "a time before now"),
        ("/timeVerified", Some(json!(1_717_243_200)), "timeVerified"),
    ] {
        refuses(all.clone(), &vsa(with(summary(), at, new)), &[words]);
    }
    refuses(all, &facts("https://slsa.dev/verification_summary/v0.2", summary()), &["predicateType"]);
}

#[test]
fn what_is_no_rule_of_a_summary() {
    for (more, words) in [
        (json!({"levels": []}), "demand nothing"),
        (json!({"levels": "SLSA_BUILD_LEVEL_3"}), ""),
        (json!({"levels": ["SLSA_BUILD_3"]}), "no level of SLSA"),
        (json!({"levels": [""]}), "no level"),
        (json!({"policy-digest": "1111"}), "no digest"),
        (json!({"policy-digest": format!("md5:{}", "1".repeat(32))}), "no digest"),
        (json!({"level": 3}), "unknown field"),
        (json!({"verifier-id": ""}), "empty text"),
    ] {
        no_rule(demands(more), words);
    }
    no_rule(json!({"vsa": {"verifier-id": "x"}}), "resource-uri");
    no_rule(json!({"vsa": {"resource-uri": "x"}}), "verifier-id");
}

#[test]
fn a_level_that_failed_is_no_summary_that_passed() {
    for levels in [
        json!(["FAILED"]),
        json!(["SLSA_BUILD_LEVEL_3", "FAILED"]),
        json!(["FAILED", "SLSA_BUILD_LEVEL_3"]),
        json!(["SLSA_BUILD_LEVEL_3", "failed "]),
    ] {
        let facts = vsa(with(summary(), "/verifiedLevels", Some(levels)));
        for more in [json!({}), json!({"levels": ["SLSA_BUILD_LEVEL_3"]})] {
            refuses(demands(more), &facts, &["verifiedLevels is", "the summary says that it passed"]);
        }
    }
    holds(demands(json!({})), &vsa(with(summary(), "/verifiedLevels", Some(json!(["NOT_FAILED"])))));
}
