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

type Files<'a> = [(&'a str, &'a str)];

/// Files of recorded cases, each with at least so many.
type Recorded<'a> = [(&'a str, usize)];

const CUE: &Recorded<'_> = &[
    ("cases.jsonl", 200),
    ("generated.jsonl", 1000),
    ("probes.jsonl", 120),
    ("feeding.jsonl", 200),
    ("judged.jsonl", 100),
    ("written.jsonl", 250),
    ("elements.jsonl", 300),
];

/// Cases in the part of CUE that is judged, and attacks on it: some of these the evaluator alone would accept.
const SUBSET: &Recorded<'_> = &[("subset.jsonl", 2700), ("yaml.jsonl", 400)];

/// Asks all: the case's name, what cosign says, what we say.
fn every_case(
    language: &str,
    files: &Recorded<'_>,
    ours: impl Fn(&Files<'_>, &str) -> Result<(), String>,
    mut seen: impl FnMut(&str, &str, Result<(), String>),
) {
    let mut names = BTreeSet::new();
    for (file, least) in files {
        let cases = read(&format!("{language}/{file}"));
        assert!(cases.lines().count() >= *least, "{file}");
        for line in cases.lines().filter(|line| !line.trim().is_empty()) {
            let case: Value = serde_json::from_str(line).unwrap();
            let files = case["files"].as_object().unwrap();
            let files: Vec<_> =
                files.iter().map(|(name, text)| (name.as_str(), text.as_str().unwrap())).collect();
            let (name, theirs) = (case["name"].as_str().unwrap(), case["verdict"].as_str().unwrap());
            assert!(names.insert(name.to_owned()), "two cases are called {name}");
            seen(name, theirs, ours(&files, &statement(&case["statement"])));
        }
    }
}

/// The same verdict in every case, or a refusal for the listed reason.
fn same_verdicts(
    language: &str,
    files: &Recorded<'_>,
    ours: impl Fn(&Files<'_>, &str) -> Result<(), String>,
) {
    let listed = read(&format!("{language}/differences.json"));
    let listed: BTreeMap<String, String> = serde_json::from_str(&listed).unwrap();
    assert!(listed.values().all(|reason| !reason.is_empty()));
    // Those of Rego are listed as they were told once.
    let is_known = |reason: &str, why: &str| language != "cue" || why.contains(reason);
    let (mut wrong, mut met) = (Vec::new(), BTreeSet::new());
    every_case(language, files, ours, |name, theirs, ours| match (theirs, ours) {
        ("pass", Ok(())) | ("refuse", Err(_)) => {}
        ("pass", Err(why)) if listed.get(name).is_some_and(|reason| is_known(reason, &why)) => {
            met.insert(name.to_owned());
        }
        (theirs, ours) => wrong.push(format!("{name}: cosign {theirs}, here {ours:?}")),
    });
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
    let gone: Vec<_> = listed.keys().filter(|name| !met.contains(*name)).collect();
    assert!(gone.is_empty(), "listed as different, and the same: {gone:?}");
}

#[test]
fn verdicts_of_rego_are_those_of_cosign() {
    same_verdicts(
        "rego",
        &[
            ("cases.jsonl", 200),
            ("probes.jsonl", 500),
            ("generated.jsonl", 1000),
            ("functions.jsonl", 250),
            ("tokens.jsonl", 300),
            ("certificates.jsonl", 1000),
            ("requests.jsonl", 200),
            ("wide.jsonl", 2500),
            ("edges.jsonl", 400),
            ("modules.jsonl", 350),
            ("values.jsonl", 380),
            ("seams.jsonl", 240),
        ],
        super::rego,
    );
}

#[test]
fn verdicts_of_cue_are_those_of_cosign() {
    same_verdicts("cue", &[CUE, SUBSET].concat(), super::cue);
}

/// The part of the language that is judged is a second line: what stands outside of it is evaluated here all the same.
#[test]
fn the_evaluator_of_cue_accepts_nothing_alone_that_cosign_refuses() {
    let (mut wrong, mut passes, mut agreed) = (Vec::new(), 0, 0);
    every_case("cue", CUE, super::cue_unrestricted, |name, theirs, ours| match (theirs, ours) {
        ("refuse", Ok(())) => wrong.push(name.to_owned()),
        ("pass", ours) => {
            passes += 1;
            agreed += usize::from(ours.is_ok());
        }
        _ => {}
    });
    assert!(wrong.is_empty(), "{wrong:?}");
    assert!(agreed * 10 > passes * 7, "{agreed} of {passes}");
}
