//! The differential tables against cosign, and what no table can show.

use super::Pattern;

/// Chosen patterns, and patterns put together at random, each run by cosign 3.1 (`verify-blob
/// --certificate-identity-regexp`): pattern, subject alternative name, and whether it matched, or Go's error.
const TABLES: [(&str, usize); 2] = [
    (include_str!("../../testdata/regex/chosen.jsonl"), 689),
    (include_str!("../../testdata/regex/random.jsonl"), 1500),
];
/// Errors are compared up to this length; one of them repeats an expression of a thousand parentheses.
const COMPARED: usize = 200;

#[test]
fn differential_tables_against_cosign() {
    for (table, count) in TABLES {
        assert_eq!(table.lines().count(), count);
        let wrong: Vec<String> = table.lines().filter_map(difference).collect();
        assert!(wrong.is_empty(), "{} rows differ:\n{}", wrong.len(), wrong.join("\n"));
    }
}

fn difference(line: &str) -> Option<String> {
    let row: serde_json::Value = serde_json::from_str(line).unwrap();
    let (pattern, text) = (row["pattern"].as_str().unwrap(), row["san"].as_str().unwrap());
    let cut = |error: String| error.chars().take(COMPARED).collect::<String>();
    let theirs = match row["error"].as_str() {
        Some(error) => Err(cut(error.to_owned())),
        None => Ok(row["match"].as_bool().unwrap()),
    };
    let ours = Pattern::new(pattern)
        .map(|p| p.matches(text))
        .map_err(|e| cut(format!("error parsing regexp: {}", e.reason)));
    (ours != theirs).then(|| format!("{pattern:?} on {text:?}: ours {ours:?}, cosign's {theirs:?}"))
}

fn reason(pattern: &str) -> String {
    Pattern::new(pattern).expect_err("accepted").reason
}

#[test]
fn the_empty_expression_is_refused() {
    assert_eq!(
        Pattern::new("").unwrap_err().to_string(),
        "`` is not a valid regular expression (RE2 syntax): it is empty and would match every text"
    );
}

/// What the `regex` crate would read otherwise.
#[test]
fn neither_perl_classes_nor_boundaries_nor_syntax_are_the_crates() {
    for (pattern, text) in [
        (r"^\d$", "٣"),
        (r"^\w$", "é"),
        (r"^\s$", "\u{a0}"),
        (r"^\s$", "\u{b}"),
        (r"é\b", "é"),
        (r"[a&&b]$", "x"),
        (r"^[[a]x]$", "a"),
        (r"a$", "a\n"),
        // The crate knows a word boundary by this name; Go reads a boundary and a literal.
        (r"\b{start}example", "example"),
    ] {
        assert!(!Pattern::new(pattern).unwrap().matches(text), "{pattern} on {text:?}");
    }
    for (pattern, text) in [(r"^[a&&b]+$", "a&b"), (r"^[[a]x]$", "[x]"), (r"(?i)^\w$", "ſ"), (r"\_", "_")] {
        assert!(Pattern::new(pattern).unwrap().matches(text), "{pattern} on {text:?}");
    }
    assert_eq!(reason("(?x)a"), "invalid or unsupported Perl syntax: `(?x`");
    assert_eq!(reason(r"\p{Alphabetic}"), r"invalid character class range: `\p{Alphabetic}`");
}

/// A boundary is never looked for inside a character.
#[test]
fn boundaries_stand_between_characters() {
    let nowhere = Pattern::new(r"^a\B|\Bb$").unwrap();
    assert!(!nowhere.matches("aéb"));
    assert!(!Pattern::new(r"\B").unwrap().matches("aéb"));
    assert!(Pattern::new(r"\B").unwrap().matches("éé"));
}

#[test]
fn size_and_depth_are_limited() {
    let nested = |open: &str, close: &str, n| format!("{}a{}", open.repeat(n), close.repeat(n));
    assert!(Pattern::new(&nested("(?:", ")?", 200)).unwrap().matches("a"));
    assert!(reason(&nested("(?:b", ")?", 300)).starts_with("expression nests too deeply"));
    assert!(Pattern::new(&nested("(", ")", 999)).unwrap().matches("a"));
    assert!(reason(&nested("(", ")", 1000)).starts_with("expression nests too deeply"));
    assert!(Pattern::new(&nested("(?:", ")", 5000)).unwrap().matches("a"));
    assert!(reason(&"(".repeat(100_000)).starts_with("missing closing )"));
    assert!(reason(&r"\pL".repeat(2_000)).starts_with("expression too large"));
    assert!(reason(&r"(?:\pL\pN\pS){300}\pM{900}".repeat(20)).starts_with("expression too large"));
}

#[test]
fn groups_capture_where_they_are_asked_for() {
    let groups = |pattern: &str, text: &str| -> Vec<Option<String>> {
        let pattern = Pattern::with_groups(pattern).unwrap();
        let captures = pattern.regex().captures(text).unwrap();
        captures.iter().map(|group| group.map(|group| group.as_str().to_owned())).collect()
    };
    let some = |texts: &[&str]| -> Vec<Option<String>> {
        texts.iter().map(|text| Some((*text).to_owned())).collect()
    };
    assert_eq!(groups("(a+)(b)", "xaab"), some(&["aab", "aa", "b"]));
    assert_eq!(groups("(a+?)(a*)", "aaa"), some(&["aaa", "a", "aa"]));
    assert_eq!(groups("(?U)(a+)(a*?)", "aaa"), some(&["aaa", "a", "aa"]));
    assert_eq!(groups("(?U:(a+))(a*)", "aaa"), some(&["aaa", "a", "aa"]));
    assert_eq!(groups("(?:a)(b)|(c)", "c"), [Some("c".to_owned()), None, Some("c".to_owned())]);
    let named = Pattern::with_groups("(?P<1a>x)(y)(?<z>z)").unwrap();
    assert_eq!(named.group_names(), [None, Some("1a".to_owned()), None, Some("z".to_owned())]);
    assert!(Pattern::with_groups(&format!("{}x{}", "(".repeat(251), ")".repeat(251))).is_err());
    assert!(Pattern::compile(&format!("{}x{}", "(".repeat(251), ")".repeat(251))).is_ok());
}
