//! What is read and written, and what has no verdict; that it is what cosign reads is shown by `testdata/policies/cue/yaml.jsonl`.

use super::super::json;
use super::*;

/// What is said of a text: its JSON, or why not.
fn said(text: &str) -> String {
    match unmarshal(text.as_bytes()).and_then(|value| json::marshal(&value)) {
        Ok(json) => json,
        Err(error) => error.to_string(),
    }
}

const READ: &[(&str, &str)] = &[
    ("a: yes\non: [push]\nc: No\n", r#"{"a":"yes","on":["push"],"c":"No"}"#),
    (
        "a: 0644\nb: 1.50\nc: -5\nd: 9223372036854775807",
        r#"{"a":420,"b":1.50,"c":-5,"d":9223372036854775807}"#,
    ),
    (
        "a: 1.2.3\nb: 10Gi\nc: 8080:80\nd: 2024-01-01\ne: .github",
        r#"{"a":"1.2.3","b":"10Gi","c":"8080:80","d":"2024-01-01","e":".github"}"#,
    ),
    (
        "a: ~\nb: Null\nc:\nd: TRUE\n~: x\nTrue: y\n1.5: z",
        r#"{"a":null,"b":null,"c":null,"d":true,"null":"x","true":"y","1.5":"z"}"#,
    ),
    ("a: b# c #d\ne: x=y #\n'f': \"g\" # h\ni: it's", r#"{"a":"b# c","e":"x=y","f":"g","i":"it's"}"#),
    ("a: 'it''s'\nb: \"x\\ty\\n\\u00e9\\\\\\\"\"\nc: ''", r#"{"a":"it's","b":"x\ty\né\\\"","c":""}"#),
    (
        "# c\na:\n# d\n  - x\n  - y: 1\n    z: 2\n  -\n    k: v\n  - - 1\n    - 2\n",
        r#"{"a":["x",{"y":1,"z":2},{"k":"v"},[1,2]]}"#,
    ),
    ("a:\n- x\n-\n- b:\nc: 1", r#"{"a":["x",null,{"b":null}],"c":1}"#),
    ("- a:\n- b", r#"[{"a":null},"b"]"#),
    ("a: x\n  y\n  z\nb: 1", r#"{"a":"x y z","b":1}"#),
    ("a: |\n  x\n\n   y\n\nb: |-\n    z\n  # c\nd: |\n  e", r#"{"a":"x\n\n y\n","b":"z","d":"e"}"#),
    ("a: >\n  x\n  y\n\n  z\n   u\n  v\n", r#"{"a":"x y\nz\n u\nv\n"}"#),
    (
        "a: [x, 'y', [1, true], {b: c, \"d\":null}, e: f, ]\ng: {}\nh: [\n1\n]",
        r#"{"a":["x","y",[1,true],{"b":"c","d":null},{"e":"f"}],"g":{},"h":[1]}"#,
    ),
    ("{\n \"a\" :\t\"http://x\",\n  \"b\": [a:b, -1]\n}\n", r#"{"a":"http://x","b":["a:b",-1]}"#),
    ("a: 1\r\nb: |\r\n  x\r\n", r#"{"a":1,"b":"x\n"}"#),
    ("--- # c\n'x'\n", "\"x\""),
    ("---", "null"),
    ("a: {b: 1}\na: {b: 1}", r#"{"a":{"b":1}}"#),
];

#[test]
fn what_people_write_is_read() {
    for (text, json) in READ {
        assert_eq!(said(text), *json, "{text}");
    }
}

#[test]
fn every_document_is_read() {
    let all = documents(b"# c\na: 1\n---\n---\n# d\n---\n- x\n").unwrap();
    let all: Vec<_> = all.iter().map(|value| json::marshal(value).unwrap()).collect();
    assert_eq!(all, [r#"{"a":1}"#, "null", "null", r#"["x"]"#]);
    assert_eq!(said("a: 1\n---\n"), "expected a single YAML document");
}

/// A text that is wrong, and by what.
const WRONG: &[(&str, &str)] = &[
    ("a: b: c", "mapping values"),
    ("a: x\n  b: 1", "mapping values"),
    ("a: - b", "block sequence entries"),
    ("a: @b", "`@` cannot start"),
    ("a: 1\nb", "invalid YAML: line 2: `b` is not expected"),
    ("a:\n  b: 1\n c: 2", "`c: 2` is not expected"),
    ("- a\nb: 1", "`b: 1` is not expected"),
    ("a: \"b\" c", "`c` is not expected"),
    ("a: [1, {b: 2", "a closing bracket"),
    ("a: \"x", "a quotation mark"),
    ("a: \"\\/\"", "escape character `/`"),
    ("# c\na: 1\na: 2", "invalid YAML: line 2: conflicting values"),
    ("-5: a", "invalid label"),
];

#[test]
fn what_is_wrong_is_named() {
    for (text, words) in WRONG {
        let error = unmarshal(text.as_bytes()).unwrap_err();
        assert!(
            matches!(&error, CallError::Failed(_)) && error.to_string().contains(words),
            "{text}: {error}"
        );
    }
}

/// What more than one reader of YAML, or CUE itself, takes in a way of its own.
const UNSURE: &[&str] = &[
    "",
    "# c",
    "a: &x 1\nb: *x",
    "<<: {a: 1}",
    "a: <<",
    "a: !!str 1",
    "? a\n: b",
    "a: 0x1F",
    "a: 1_000",
    "a: 1e3",
    "a: +1",
    "a: -0",
    "a: .inf",
    "a: 089",
    "0644: a",
    "a: 9223372036854775808",
    "a: x\ty",
    "a:\t1",
    "\ta: 1",
    "a: |+\n  x\n",
    "a: |2\n   x\n",
    "a: |\n  x\n   \n",
    "a: |\n\tx",
    "a: \"x\n  y\"",
    "a: x\n\n  y",
    "a: \"\\x41\"",
    "a: \"\\u0000\"",
    "a: [x #y\n]",
    "a: [x\ny]",
    "a: {b}",
    "a: {b: , c: 1}",
    "a: [a?b]",
    "[a]: b",
    "%YAML 1.2\n---\na",
    "a\n...\n",
    "--- a",
    "a: \u{85}",
    "\u{feff}a: 1",
    "a: \u{2028}",
    "a: {b: 1}\na: {c: 2}",
    "|\n  x",
    "a: 1\nb: [b\n\t]",
    "{\n \t\"a\": 1}",
    "[\n\t\n]",
    "[\n---a, b]",
    "[\n---]",
    "[b\n---\n]",
    "[\n...a]",
    "{\n---a: 1}",
    "a: \"x\n---y\"",
    "'a\n---'",
    "\"\n...a\"",
    "a: 1\n---b",
    "a: 1\n---\na: b: c",
    "---\na: \"x",
];

#[test]
fn names_that_are_long_as_they_are_written_have_no_verdict() {
    let (spaces, letters, escapes) = (" ".repeat(1_100), "a".repeat(1_020), r"\u0041".repeat(200));
    for text in [
        format!("a{spaces}: 1"),
        format!("\"a\"{spaces}: 1"),
        format!("- b: 1\n  a{spaces}: 1"),
        format!("\"{letters}\": 1"),
        format!("'{letters}': 1"),
        format!("{letters}: 1"),
        format!("{}: 1", "a".repeat(129)),
        format!("{{\"{}\": 1}}", "a".repeat(129)),
        format!("\"{escapes}\": 1"),
        format!("\"{escapes}\":"),
        format!("{{\"{escapes}\": 1}}"),
        format!("{{\"a\"{spaces}: 1}}"),
        format!("[\"a\"{spaces}: 1]"),
        format!("[a{spaces}: 1]"),
        format!("{{a{spaces}: 1}}"),
        format!("[{spaces}]: 1"),
        format!("{{{spaces}}}: 1"),
    ] {
        let read = unmarshal(text.as_bytes());
        assert!(matches!(read, Err(CallError::Unsupported(_))), "{text}: {read:?}");
    }
    assert_eq!(said(&format!("{{{spaces}a:{spaces}1}}")), r#"{"a":1}"#);
    let name = "a".repeat(990);
    assert_eq!(said(&format!("\"{name}\": 1")), format!(r#"{{"{name}":1}}"#));
    assert_eq!(said(&format!("a:{spaces}\"{letters}\"")), format!(r#"{{"a":"{letters}"}}"#));
}

#[test]
fn what_is_read_in_more_than_one_way_has_no_verdict() {
    for text in UNSURE {
        let error = unmarshal(text.as_bytes()).unwrap_err();
        assert!(matches!(error, CallError::Unsupported(_)), "{text}: {error}");
    }
    assert_eq!(said("---\na:\n  b: *x"), "YAML with `*` in front of a value, line 3, is not supported");
    let long = format!("a: [x {}\"", "?".repeat(5_000));
    let shown = format!("YAML with `x {}..` within brackets, line 1, is not supported", "?".repeat(58));
    assert_eq!(said(&long), shown);
    assert!(matches!(unmarshal(b"a: \xff"), Err(CallError::Unsupported(_))));
    for text in ["[".repeat(1_000), "- ".repeat(1_000) + "a"] {
        let error = unmarshal(text.as_bytes()).unwrap_err();
        assert_eq!(error, CallError::Limit("YAML nested deeper than 64 levels, line 1".into()), "{text}");
    }
}

#[test]
fn what_is_written_is_read_again() {
    for (json, text) in [
        (
            r#"{"a":{"b":[1,[2,{"c":null,"d":1.50}],[]],"e":{}},"f":true}"#,
            "a:\n  b:\n    - 1\n    - - 2\n      - c: null\n        d: 1.50\n    - []\n  e: {}\n\"f\": true\n",
        ),
        (
            r#"{"a":"yes","on":"1","b":"a b","c":"http://x/y","d":"","e":"null","f/g":"10Gi"}"#,
            "a: \"yes\"\n\"on\": \"1\"\nb: a b\nc: http://x/y\nd: \"\"\ne: \"null\"\nf/g: 10Gi\n",
        ),
        (r#"["x"]"#, "- x\n"),
        ("5", "5\n"),
    ] {
        let made = write::document(&json::unmarshal(json).unwrap()).unwrap();
        assert_eq!((made.as_str(), said(&made).as_str()), (text, json));
    }
    for json in [
        r#""x\ny""#,
        r#""a: b""#,
        r##""a #b""##,
        r#""- a""#,
        r#""é""#,
        r#""2024-01-01""#,
        r#""8080:80""#,
        r#"" a""#,
        r#""1e3""#,
        r#"{"0x":"10Gi"}"#,
        "1e30",
        "123456789012345678",
    ] {
        let written = write::document(&json::unmarshal(json).unwrap());
        assert!(matches!(written, Err(CallError::Unsupported(_))), "{json}: {written:?}");
    }
}

proptest::proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "[-a:&*<\\[\\]{}, \\n\"'|>!%#?\t~0é\\\\]{0,60}") {
        let _ = documents(text.as_bytes());
    }
}
