//! What all rules have in common, and what the tests of each use.

use serde_json::{Value, json};

use super::*;
use crate::crypto::UnixTime;

/// The time of judging: 2024-06-01T12:00:00Z.
pub(super) const NOW: i64 = 1_717_243_200;

pub(super) fn rule(value: Value) -> Rule {
    serde_json::from_value(value.clone()).unwrap_or_else(|error| panic!("{value}: {error}"))
}

/// Facts of a statement that a key signed.
pub(super) fn facts(predicate_type: &str, predicate: Value) -> Facts {
    Facts {
        predicate_type: predicate_type.to_owned(),
        subjects: vec!["pkg:npm/app@1.0.0".to_owned()],
        predicate: Some(predicate),
        signer: Signer::Key,
        now: UnixTime::from_seconds(NOW),
    }
}

/// A value with something else at a place: `/a/0/b`. `None` takes it away.
pub(super) fn with(mut value: Value, at: &str, new: Option<Value>) -> Value {
    let (parent, name) = at.rsplit_once('/').unwrap();
    let parent = value.pointer_mut(parent).unwrap_or_else(|| panic!("{at} is nowhere"));
    match (parent, new) {
        (Value::Object(members), Some(new)) => drop(members.insert(name.to_owned(), new)),
        (Value::Object(members), None) => drop(members.shift_remove(name).unwrap_or_else(|| panic!("{at}"))),
        (Value::Array(items), Some(new)) if name == "-" => items.push(new),
        (Value::Array(items), Some(new)) => items[name.parse::<usize>().unwrap()] = new,
        (other, _) => panic!("{at}: {other}"),
    }
    value
}

#[track_caller]
pub(super) fn holds(demands: Value, facts: &Facts) -> Vec<String> {
    let held = rule(demands.clone()).check(facts);
    let held = held.unwrap_or_else(|mismatch| panic!("{demands} of {:?}: {mismatch}", facts.predicate));
    assert!(!held.is_empty());
    held
}

/// Refused, with a place and words that the line has.
#[track_caller]
pub(super) fn refuses(demands: Value, facts: &Facts, words: &[&str]) {
    match rule(demands.clone()).check(facts) {
        Ok(held) => panic!("{demands} of {:?}: {held:?}", facts.predicate),
        Err(mismatch) => {
            let line = mismatch.to_string();
            assert!(!line.contains('\n') && line.starts_with("rule "), "{line}");
            let line = format!("{line} {}", mismatch.hint.unwrap_or_default());
            assert!(words.iter().all(|word| line.contains(word)), "{line} | {words:?}");
        }
    }
}

/// No rule at all, in these words.
#[track_caller]
pub(super) fn no_rule(demands: Value, words: &str) {
    let said = match serde_json::from_value::<Rule>(demands.clone()) {
        Ok(rule) => panic!("{demands}: {rule:?}"),
        Err(error) => error.to_string(),
    };
    assert!(said.contains(words), "{demands}: {said}");
}

#[test]
fn what_is_no_rule() {
    for (demands, words) in [
        (json!({}), ""),
        (json!([]), ""),
        (json!("slsa"), ""),
        (json!({"slsa": {}}), "demands nothing"),
        (json!({"sbom": {}}), "demands nothing"),
        (json!({"vulnerabilities": {}}), "demands nothing"),
        (json!({"openvex": {}}), "demands nothing"),
        (json!({"github": {}}), "repo"),
        (json!({"vsa": {}}), "verifier-id"),
        (json!({"slsa": {"builder-id": "a"}, "vsa": {}}), ""),
        (json!({"slsa": {"builder-id": "a", "builder_id": "a"}}), "unknown field `builder_id`"),
        (json!({"slsa": {"Builder-Id": "a"}}), "unknown field"),
        (json!({"slsa": null}), "`slsa` has no value"),
        (json!({"slsa": {"builder-id": "a", "commit": null}}), "`slsa.commit` has no value"),
        (
            json!({"slsa": {"builder-id": "a", "parameters": {"a": [1, null]}}}),
            "`slsa.parameters.a.1` has no value",
        ),
        (json!({"github": {"repo": "a/b", "ref": null}}), "`github.ref` has no value"),
        (json!({"provenance": {"builder-id": "a"}}), "unknown variant"),
    ] {
        no_rule(demands, words);
    }
}

#[test]
fn texts_are_exact_unless_a_pattern_is_given() {
    let check = |text: Value, found: &str| -> bool {
        rule(json!({"slsa": {"builder-id": text}}))
            .check(&facts("https://slsa.dev/provenance/v0.2", json!({"builder": {"id": found}})))
            .is_ok()
    };
    assert!(check(json!("a.b"), "a.b"));
    assert!(check(json!(["x", "a.b"]), "a.b"));
    assert!(check(json!({"pattern": "a.*c"}), "abbc"));
    assert!(check(json!({"pattern": "a|bc"}), "bc"));
    for (text, found) in [
        (json!("a.b"), "acb"),
        (json!("a"), "A"),
        (json!("a"), "a "),
        (json!("a"), "\u{430}"),
        (json!(["x", "y"]), "xy"),
        (json!({"pattern": "a"}), "ab"),
        (json!({"pattern": "a"}), "ba"),
        (json!({"pattern": "a"}), "a\n"),
        (json!({"pattern": "a|b"}), "ac"),
        (json!({"pattern": ".*"}), ""),
        (json!({"pattern": "a.c"}), "a\nc"),
    ] {
        assert!(!check(text.clone(), found), "{text} {found:?}");
    }
    for text in [
        json!(""),
        json!([]),
        json!([""]),
        json!([1]),
        json!(1),
        json!(null),
        json!({}),
        json!({"regex": "a"}),
        json!({"pattern": ""}),
        json!({"pattern": "a", "x": 1}),
        json!({"pattern": "a)|(b"}),
        json!({"pattern": "("}),
        json!({"pattern": ["a"]}),
    ] {
        no_rule(json!({"slsa": {"builder-id": text, "build-type": "x"}}), "");
    }
}

#[test]
fn ages_are_whole_numbers_with_a_unit() {
    let check = |age: &str, finished: &str| {
        rule(json!({"vulnerabilities": {"max-age": age}})).check(&facts(
            "https://cosign.sigstore.dev/attestation/vuln/v1",
            json!({"metadata": {"scanFinishedOn": finished}}),
        ))
    };
    for (age, finished) in [
        ("1d", "2024-05-31T12:00:00Z"),
        ("24h", "2024-05-31T12:00:00Z"),
        ("1w", "2024-05-25T12:00:00Z"),
        ("1s", "2024-06-01T12:05:00Z"),
        ("90m", "2024-06-01T14:00:00+03:00"),
        ("1d", "2024-06-01t11:00:00.123456789z"),
    ] {
        check(age, finished).unwrap();
    }
    for (age, finished) in [
        ("1d", "2024-05-31T11:59:59Z"),
        ("1s", "2024-06-01T12:05:01Z"),
        ("1d", "2099-01-01T00:00:00Z"),
        ("1d", "2024-05-31"),
        ("1d", "yesterday"),
        ("1d", "1717243200"),
        ("1d", "2024-06-01T12:00:00"),
        ("1d", "2024-06-01T12:00:00+0000"),
        ("1d", "2024-06-01T12:00:00+00"),
        ("1d", "2024-06-01T12:00:00+00:00:00"),
        ("1d", "2024-06-02T12:00:00+24:00"),
        ("1d", "2024-06-01T12:00:00+00:60"),
        ("1d", "2024-06-01T12:00Z"),
        ("1d", "20240601T120000Z"),
        ("1d", "2024-06-01T12:00:00,5Z"),
        ("1d", "2024-06-01T12:00:00.Z"),
        ("1d", "2024-06-01 12:00:00Z"),
        ("1d", "+002024-06-01T12:00:00Z"),
        ("1d", "2024-06-01T12:00:00ZZ"),
        ("1d", "2024-06-01T12:00:00Z[UTC]"),
        ("1d", "2024-06-01T12:00:00+00:00[UTC]"),
        ("1d", ""),
    ] {
        let said = check(age, finished).unwrap_err().to_string();
        assert!(said.contains("predicate.metadata.scanFinishedOn"), "{said}");
    }
    for age in ["", "d", "0d", "-1d", "1.5h", "1", "1y", "1d ", "1 d", "99999999999w", "+1d"] {
        no_rule(json!({"vulnerabilities": {"max-age": age}}), "no age");
    }
}

#[test]
fn what_a_message_quotes_is_short_and_plain() {
    let long = "x".repeat(100_000);
    let said = at::quoted(&long);
    assert!(said.len() < 200, "{}", said.len());
    assert_eq!(at::quoted("\u{43e}rg\u{1b}[2J`"), "`\\u{43e}rg\\u{1b}[2J``");
    assert_eq!(at::shown(&json!({"a": 1})), "an object");
}

/// The members of every rule, as serde tells them, stand in the reference, and no others.
#[test]
fn the_reference_names_every_member() {
    let reference = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reference/rules.md");
    let reference = std::fs::read_to_string(reference).unwrap();
    for name in ["slsa", "vsa", "github", "sbom", "vulnerabilities", "openvex"] {
        let error = serde_json::from_value::<Rule>(json!({name: {"?": 1}})).unwrap_err().to_string();
        let members: Vec<&str> = error.split('`').skip(3).step_by(2).collect();
        let section =
            reference.split("\n## ").find(|section| section.starts_with(&format!("`{name}`"))).unwrap();
        let table = section.split("\n| element").next().unwrap();
        let rows = table.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
        assert_eq!(rows.collect::<Vec<_>>(), members, "{name}");
    }
}

#[test]
fn two_members_of_one_name_but_for_case_are_refused_wherever_they_are() {
    let slsa = json!({"slsa": {"builder-id": "https://ci.example"}});
    let v1 = |details: Value| facts("https://slsa.dev/provenance/v1", json!({"runDetails": details}));
    holds(slsa.clone(), &v1(json!({"builder": {"id": "https://ci.example"}})));
    for other in ["Builder", "BUILDER"] {
        let details =
            json!({"builder": {"id": "https://ci.example"}, other: {"id": "https://other.example"}});
        refuses(
            slsa.clone(),
            &v1(details),
            &["is there, expected no member whose name is that of", "in another case"],
        );
    }
    let details = json!({"builder": {"id": "https://ci.example", "x": [{"s": 1, "\u{17f}": 2}]}});
    refuses(slsa, &v1(details), &["predicate.runDetails.builder.x[0].`\\u{17f}` is there"]);
}
