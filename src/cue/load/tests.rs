//! Nothing that can be given to the loader makes it panic, hang or recurse without end.

use serde_json::Value;

use super::load;
use crate::cue::{error::ErrorKind, syntax::MAX_DEPTH};

/// Runs on a stack such as the commands give to policies: tests have 2 MiB of their own.
fn deep<T: Send>(run: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(64 << 20);
        thread.spawn_scoped(scope, run).unwrap().join().unwrap()
    })
}

fn kind(text: &str) -> Option<ErrorKind> {
    load(&[("policy.cue".into(), text.as_bytes().to_vec())]).err().map(|error| error.kind)
}

#[test]
fn nesting_is_bounded() {
    deep(bounded);
}

fn bounded() {
    let n = 100_000;
    let nested = [
        ("[", "1", "]"),
        ("{", "a: 1", "}"),
        ("(", "1", ")"),
        ("a: ", "1", ""),
        ("a: {", "b: 1", "}"),
        ("a: [{", "b: 1", "}]"),
        ("-", "1", ""),
        ("\"\\(", "1", ")\""),
        ("1 + ", "1", ""),
        ("x & ", "x", ""),
        ("x.", "x", ""),
        ("len(", "1", ")"),
        ("if true {", "a: 1", "}"),
        ("[for x in [1] {", "x", "}]"),
        ("[string]: ", "1", ""),
        ("x[", "1", "]"),
        ("{a: [for x in {b: (", "1", ")} {x}]}"),
    ];
    for (open, middle, close) in nested {
        let text = |n| format!("x: 1\n{}{middle}{}", open.repeat(n), close.repeat(n));
        assert_eq!(kind(&text(n)), Some(ErrorKind::Limit), "{open}");
        // Whatever is accepted is read, bound and dropped within that stack.
        (1..=MAX_DEPTH).for_each(|n| assert_ne!(kind(&text(n)), Some(ErrorKind::Package), "{open}"));
    }
    for suffix in ["[0]", ".a", "()", " + 1", " && true", "\n& 1"] {
        assert!(kind(&format!("x: x{}", suffix.repeat(n))).is_some(), "{suffix}");
    }
    assert_eq!(kind(&format!("@a({}", "(".repeat(n))), Some(ErrorKind::Syntax));
    let half = MAX_DEPTH / 4;
    assert_eq!(kind(&format!("a: {}1{}", "[".repeat(half), "]".repeat(half))), None);
    assert_eq!(kind(&format!("{}1{}", "a: {b: ".repeat(half), "}".repeat(half))), None);
}

#[test]
fn length_is_bounded_by_the_file_alone() {
    assert_eq!(kind(&format!("// {}", "a".repeat(4 << 20))), Some(ErrorKind::Limit));
    assert_eq!(kind(&format!("a: 1{}", "0".repeat(1 << 20))), Some(ErrorKind::Syntax));
    let words: String = (0..5_000).map(|i| format!("\"l{i}\" | ")).collect();
    assert_eq!(kind(&format!("a: {words}*\"none\"")), None);
    let fields: String = (0..20_000).map(|i| format!("f{i}: let{i}\nlet let{i} = {i}\n")).collect();
    assert_eq!(kind(&fields), None);
}

/// The policies of the corpus that are short.
fn corpus() -> Vec<String> {
    let cases =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/policies/cue/cases.jsonl"))
            .unwrap();
    let texts = cases.lines().flat_map(|line| {
        let case: Value = serde_json::from_str(line).unwrap();
        let files = case["files"].as_object().unwrap().clone();
        files.into_iter().map(|(_, text)| text.as_str().unwrap().to_owned()).collect::<Vec<_>>()
    });
    texts.filter(|text| text.len() < 300).collect()
}

/// Loads bytes that may be anything; an error's place is in the file, and its text one line.
fn survive(bytes: &[u8]) {
    if let Err(error) = load(&[("policy.cue".into(), bytes.to_vec())]) {
        let lines = bytes.split(|byte| *byte == b'\n').count();
        let at = error.position.unwrap_or_else(|| panic!("{error} has no place"));
        assert!(at.line as usize <= lines, "{error}");
        assert!(!error.to_string().contains('\n'), "{error}");
    }
}

#[test]
fn no_truncation_or_flip_breaks_the_loader() {
    let corpus = corpus();
    assert!(corpus.len() > 500);
    for text in corpus.iter().step_by(6) {
        let bytes = text.as_bytes();
        for end in 0..bytes.len() {
            survive(&bytes[..end]);
            let mut flipped = bytes.to_vec();
            flipped[end] ^= 1 << (end % 8);
            survive(&flipped);
        }
    }
}

#[test]
fn no_splice_of_policies_breaks_the_loader() {
    let corpus = corpus();
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut random = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % below.max(1) as u64).unwrap()
    };
    for _ in 0..20_000 {
        let (a, b) = (corpus[random(corpus.len())].as_bytes(), corpus[random(corpus.len())].as_bytes());
        let mut spliced = a[..random(a.len())].to_vec();
        let from = random(b.len());
        spliced.extend_from_slice(&b[from..from + random(b.len() - from)]);
        for _ in 0..random(3) {
            let at = random(spliced.len());
            spliced.splice(at..at, TOKENS[random(TOKENS.len())].bytes());
        }
        survive(&spliced);
    }
}

const TOKENS: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    "(",
    ")",
    ",",
    "\n",
    ":",
    "?",
    "!",
    "=",
    "*",
    "|",
    "&",
    "...",
    "\"",
    "'",
    "\"\"\"\n",
    "#\"",
    "\\(",
    "\\u12",
    "@x(",
    "for x in ",
    "if ",
    "let a = ",
    "X=",
    "_|_",
    "_",
    "__",
    "#",
    "0x",
    "1e",
    "1K",
    "<-",
    "=~",
    "a: ",
    "package p\n",
    "import \"strings\"\n",
    "//",
    "\u{feff}",
    "\0",
    "é",
];
