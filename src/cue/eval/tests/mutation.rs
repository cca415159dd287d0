//! Recorded policies, changed at random: each has a verdict or an error in one line, within the limits, and the same one twice.

use serde_json::Value;

use super::judge_here;

/// What takes the place of a word or a literal.
const PIECES: &[&str] = &[
    "_",
    "int",
    "string",
    "1",
    "-0.5",
    "\"x\"",
    "null",
    "true",
    "_|_",
    "{a: 1}",
    "{...}",
    "[...]",
    "[1, ...int]",
    "(*1 | 2)",
    "(a | b)",
    "close({a: int})",
    "x",
    "y",
    "x.a",
    "#P",
    "predicate",
    "predicate.a",
    "(x & y)",
    "len(x)",
    "and([x, y])",
    "or([1, x])",
    "matchN(1, [x, int])",
    "\"\\(x)\"",
    "[for v in x {v}]",
    "{for k, v in x {(k): v}}",
    "{if x != _|_ {a: x}}",
    "{[string]: x}",
    "{a!: int}",
    "{a?: x}",
    ">1",
    "=~\"^x\"",
    "!=null",
    "error(\"no\")",
    "x[0]",
    "{#P, b: 1}",
    "{a: x.a, b: a + 1}",
];

/// The policies that were recorded, with their statements.
fn corpus() -> Vec<(String, String)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/policies/");
    let read = |name: &str| std::fs::read_to_string(format!("{folder}{name}")).unwrap();
    let mut corpus = Vec::new();
    for file in ["cases", "generated", "probes", "feeding"] {
        for line in read(&format!("cue/{file}.jsonl")).lines() {
            let case: Value = serde_json::from_str(line).unwrap();
            let (Some(policy), statement) = (case["files"]["policy.cue"].as_str(), &case["statement"]) else {
                continue;
            };
            let predicate = match statement.as_str() {
                Some(text) if text.trim_start().starts_with('{') => text.to_owned(),
                Some(name) => {
                    let whole: Value =
                        serde_json::from_str(&read(&format!("statements/{name}.json"))).unwrap();
                    whole["predicate"].to_string()
                }
                None => statement.to_string(),
            };
            if policy.len() < 600 && predicate.len() < 4_000 {
                corpus.push((policy.to_owned(), predicate));
            }
        }
    }
    corpus
}

/// The words and literals of a policy.
fn words(policy: &str) -> Vec<std::ops::Range<usize>> {
    let bytes = policy.as_bytes();
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || b"_#$.\"".contains(&byte);
    let mut words = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let end = at + bytes[at..].iter().take_while(|byte| is_word(**byte)).count();
        if end > at {
            words.push(at..end);
        }
        at = end + 1;
    }
    words
}

#[test]
fn no_change_of_a_policy_breaks_the_evaluator() {
    let corpus = corpus();
    assert!(corpus.len() > 1_000);
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % below.max(1) as u64).unwrap()
    };
    let mut changed = Vec::new();
    for _ in 0..1_500 {
        let (policy, predicate) = &corpus[random(corpus.len())];
        let mut policy = policy.clone();
        for _ in 0..=random(2) {
            let words = words(&policy);
            if let Some(word) = words.get(random(words.len())) {
                policy.replace_range(word.clone(), PIECES[random(PIECES.len())]);
            }
        }
        changed.push((policy + "\nx: _\ny: _\n", predicate.clone()));
    }
    let run = std::thread::Builder::new().stack_size(64 << 20).spawn(move || {
        let mut judged = 0;
        for (policy, predicate) in changed {
            let said = judge_here(&policy, &predicate);
            if let Err(error) = &said {
                assert!(!error.is_empty() && !error.contains('\n'), "{policy}: {error}");
                if error.contains("expected") && !error.contains("found") || error.contains("not found") {
                    continue;
                }
                judged += 1;
            }
            assert_eq!(said, judge_here(&policy, &predicate), "{policy}");
        }
        judged
    });
    // Most of them are still CUE.
    assert!(run.unwrap().join().unwrap() > 300);
}
