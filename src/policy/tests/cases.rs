//! Every recorded case: same verdict as cosign, or a listed difference, and never a pass where it refuses.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

fn read(name: &str) -> String {
    let path = format!("{}/testdata/policies/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{path}: {e}"))
}

fn statement(value: &Value) -> String {
    match value.as_str() {
        Some(text) if text.trim_start().starts_with('{') => text.to_owned(),
        Some(name) => read(&format!("statements/{name}.json")),
        None => value.to_string(),
    }
}

#[test]
fn verdicts_are_those_of_cosign() {
    let listed: BTreeMap<String, String> = serde_json::from_str(&read("rego/differences.json")).unwrap();
    let (mut wrong, mut met) = (Vec::new(), BTreeSet::new());
    let cases = read("rego/cases.jsonl");
    for line in cases.lines().filter(|line| !line.trim().is_empty()) {
        let case: Value = serde_json::from_str(line).unwrap();
        let name = case["name"].as_str().unwrap();
        let files: Vec<(&str, &str)> = case["files"]
            .as_object()
            .unwrap()
            .iter()
            .map(|(name, text)| (name.as_str(), text.as_str().unwrap()))
            .collect();
        let ours = super::rego(&files, &statement(&case["statement"]));
        match (case["verdict"].as_str().unwrap(), ours) {
            ("pass", Ok(())) | ("refuse", Err(_)) => {}
            ("pass", Err(_)) if listed.contains_key(name) => {
                met.insert(name.to_owned());
            }
            (theirs, ours) => wrong.push(format!("{name}: cosign {theirs}, here {ours:?}\n{files:?}")),
        }
    }
    assert!(cases.lines().count() >= 200);
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
    let gone: Vec<_> = listed.keys().filter(|name| !met.contains(*name)).collect();
    assert!(gone.is_empty(), "listed as different, and the same: {gone:?}");
}
