//! Why a text is not JSON, in words for whoever wrote it.

use serde::de::IgnoredAny;
use serde_json::Error;

/// What `serde_json` says, without its place, and what that means; `true`: what stands there instead is told too.
const WORDS: [(&str, &str, bool); 20] = [
    ("EOF while parsing a list", "the text ends within a list, which `]` would close", false),
    (
        "EOF while parsing a string",
        "the text ends within a string, which a quotation mark would close",
        false,
    ),
    ("EOF while parsing a value", "the text ends where a value is expected", false),
    ("EOF while parsing an object", "the text ends within an object, which `}` would close", false),
    (
        "control character (\\u0000-\\u001F) found while parsing a string",
        "a line break, or another control character, within a string",
        false,
    ),
    ("expected `,` or `]`", "`,` or `]` is expected behind an item", true),
    ("expected `,` or `}`", "`,` or `}` is expected behind a member", true),
    ("expected `:`", "`:` is expected behind the name of a member", true),
    ("expected ident", "a word other than `true`, `false` and `null`", false),
    ("expected value", "a value is expected", true),
    ("invalid escape", "a backslash that begins no escape", false),
    (
        "invalid unicode code point",
        "a character that is none, or bytes that are not UTF-8, within a string",
        false,
    ),
    ("invalid number", "a number is expected behind a sign or a digit", true),
    ("key must be a string", "the name of a member is expected, in quotation marks", true),
    (
        "lone leading surrogate in hex escape",
        "half of a surrogate pair within a string, without the other half",
        false,
    ),
    ("number out of range", "a number that is too large", false),
    ("recursion limit exceeded", "it is nested deeper than 127", false),
    ("trailing characters", "something stands behind the end of the document", true),
    ("trailing comma", "a comma behind which nothing follows", false),
    (
        "unexpected end of hex escape",
        "`\\u` without four hexadecimal digits behind it, or half of a surrogate pair without the other half",
        false,
    ),
];

/// Why `text` is not JSON, or not the JSON that is expected: what is wrong, and the line and the column where, as far as anybody knows.
pub fn why_not(text: &[u8], error: &Error) -> String {
    if text.trim_ascii().is_empty() {
        return "it is empty".to_owned();
    }
    if text.starts_with("\u{feff}".as_bytes()) && error.line() == 1 && error.column() == 1 {
        return "it begins with a byte order mark, which JSON has not: save it as UTF-8 without one"
            .to_owned();
    }
    let (words, tells) = in_words(error);
    // What is read from a value that was read before has no place.
    let (line, column) = (error.line(), error.column());
    let place = if line == 0 { String::new() } else { format!(" at line {line} column {column}") };
    let there = found(text, line, column).filter(|_| tells).map(|c| format!(", and there is `{c}`"));
    format!("{words}{}{place}", there.unwrap_or_default())
}

/// What is wrong, without its place: of a part whose lines are not those of the whole text.
pub fn what_is_wrong(error: &Error) -> String {
    in_words(error).0
}

/// What is wrong, and whether what stands there is told too.
fn in_words(error: &Error) -> (String, bool) {
    let said = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    let reason = said.strip_suffix(&place).unwrap_or(&said);
    match WORDS.iter().find(|(known, ..)| *known == reason) {
        Some((_, words, tells)) => ((*words).to_owned(), *tells),
        None => (of_value(reason).unwrap_or_else(|| reason.to_owned()), false),
    }
}

/// What `serde` says of a value that is JSON, and not what is expected.
fn of_value(reason: &str) -> Option<String> {
    if let Some((found, expected)) =
        reason.strip_prefix("invalid type: ").and_then(|r| r.split_once(", expected "))
    {
        let found = match found.split(' ').next()? {
            "null" => "nothing",
            "boolean" => "`true` or `false`",
            "integer" | "floating" | "number" => "a number",
            "string" => "a string",
            "sequence" => "a list",
            "map" => "an object",
            _ => return None,
        };
        let expected = match expected {
            "a map" | "an object" => "an object",
            "a sequence" | "an array" => "a list",
            other => other.strip_prefix("struct ").map_or(other, |_| "an object"),
        };
        return Some(format!("{expected} is expected, and there is {found}"));
    }
    let named = reason.split('`').nth(1)?;
    match reason.split_once(" field ")?.0 {
        "missing" => Some(format!("the member `{named}` is missing")),
        "duplicate" => Some(format!("the member `{named}` appears twice")),
        _ => None,
    }
}

/// Whether it is nested deeper than it may be: `serde_json` tells that by these words alone.
pub(super) fn is_too_deep(error: &Error) -> bool {
    error.to_string().starts_with("recursion limit exceeded")
}

/// That a text is JSON; of names that appear twice nothing is said.
///
/// # Errors
/// In words: why it is not.
pub fn check_syntax(text: &str) -> Result<(), String> {
    serde_json::from_str::<IgnoredAny>(text).map(drop).map_err(|error| why_not(text.as_bytes(), &error))
}

/// The character at a place, where it can be shown.
fn found(text: &[u8], line: usize, column: usize) -> Option<char> {
    let line = text.split(|byte| *byte == b'\n').nth(line.checked_sub(1)?)?;
    let byte = *line.get(column.checked_sub(1)?)?;
    byte.is_ascii_graphic().then(|| char::from(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn why(text: &str) -> String {
        why_not(text.as_bytes(), &serde_json::from_str::<serde_json::Value>(text).unwrap_err())
    }

    #[test]
    fn what_is_wrong_is_told_in_our_words_with_its_place() {
        for (text, expected) in [
            ("", "it is empty"),
            (" \n", "it is empty"),
            (
                "\u{feff}{}",
                "it begins with a byte order mark, which JSON has not: save it as UTF-8 without one",
            ),
            ("x", "a value is expected, and there is `x` at line 1 column 1"),
            (
                "-----BEGIN",
                "a number is expected behind a sign or a digit, and there is `-` at line 1 column 2",
            ),
            (
                "{\"a\": 1,\n oops}",
                "the name of a member is expected, in quotation marks, and there is `o` at line 2 column 2",
            ),
            ("{\"a\": 1,}", "a comma behind which nothing follows at line 1 column 9"),
            ("[1 2]", "`,` or `]` is expected behind an item, and there is `2` at line 1 column 4"),
            ("{\"a\":1 2}", "`,` or `}` is expected behind a member, and there is `2` at line 1 column 8"),
            ("{\"a\" 1}", "`:` is expected behind the name of a member, and there is `1` at line 1 column 6"),
            ("nix", "a word other than `true`, `false` and `null` at line 1 column 2"),
            ("[1, 2\n", "the text ends within a list, which `]` would close at line 2 column 0"),
            ("{\"a\": 1\n", "the text ends within an object, which `}` would close at line 2 column 0"),
            ("{\"a", "the text ends within a string, which a quotation mark would close at line 1 column 3"),
            ("{\"a\":", "the text ends where a value is expected at line 1 column 5"),
            ("{} {}", "something stands behind the end of the document, and there is `{` at line 1 column 4"),
            ("\"\\q\"", "a backslash that begins no escape at line 1 column 3"),
            (
                "\"\\ud800\\u0041\"",
                "half of a surrogate pair within a string, without the other half at line 1 column 13",
            ),
            (
                "\"\\ud800\"",
                "`\\u` without four hexadecimal digits behind it, or half of a surrogate pair without the other half at line 1 column 8",
            ),
            ("\"\n\"", "a line break, or another control character, within a string at line 2 column 0"),
        ] {
            assert_eq!(why(text), expected, "{text:?}");
        }
        assert!(why(&"[".repeat(200)).starts_with("it is nested deeper than 127 at line 1 column 128"));
        assert_eq!(check_syntax("{\"a\": [1, true, null]}\n"), Ok(()));
        assert_eq!(check_syntax("[1 2]"), Err(why("[1 2]")));
        assert_eq!(
            why_not(b"\"\xff\"", &serde_json::from_slice::<serde_json::Value>(b"\"\xff\"").unwrap_err()),
            "a character that is none, or bytes that are not UTF-8, within a string at line 1 column 2"
        );
        // Whatever else it says has its place.
        for text in ["\"\\ud800\"", "1e999", "\"\\u12\"", "NaN", "01", "tru"] {
            assert!(why(text).contains(" at line 1 column "), "{text}");
        }
    }

    #[test]
    fn what_is_another_value_than_is_expected_is_told_in_our_words() {
        #[derive(Debug, serde::Deserialize)]
        struct Thing {
            #[serde(rename = "member")]
            _member: Vec<String>,
        }
        for (text, expected) in [
            ("3", "an object is expected, and there is a number at line 1 column 1"),
            ("\n\"x\"", "an object is expected, and there is a string at line 2 column 3"),
            ("{}", "the member `member` is missing at line 1 column 2"),
            ("{\"member\": {}}", "a list is expected, and there is an object at line 1 column 11"),
            ("{\"member\": null}", "a list is expected, and there is nothing at line 1 column 15"),
            (
                "{\"member\": [true]}",
                "a string is expected, and there is `true` or `false` at line 1 column 16",
            ),
            ("{\"member\": [], \"member\": []}", "the member `member` appears twice at line 1 column 23"),
        ] {
            let error = serde_json::from_str::<Thing>(text).unwrap_err();
            assert_eq!(why_not(text.as_bytes(), &error), expected, "{text}");
        }
        // A value that was read before has no place.
        let error = serde_json::from_value::<Vec<String>>(serde_json::json!({})).unwrap_err();
        assert_eq!(why_not(b"{}", &error), "a list is expected, and there is an object");
    }
}
