//! Why a text is not JSON, in words for whoever wrote it.

use serde::de::IgnoredAny;
use serde_json::Error;

/// What `serde_json` says, without its place, and what that means; `true`: what stands there instead is told too.
const WORDS: [(&str, &str, bool); 17] = [
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
    ("invalid number", "a number is expected behind a sign or a digit", true),
    ("key must be a string", "the name of a member is expected, in quotation marks", true),
    ("number out of range", "a number that is too large", false),
    ("recursion limit exceeded", "it is nested deeper than 128", false),
    ("trailing characters", "something stands behind the end of the document", true),
    ("trailing comma", "a comma behind which nothing follows", false),
];

/// Why `text` is not JSON: what is wrong, and the line and the column where.
pub fn why_not(text: &[u8], error: &Error) -> String {
    if text.trim_ascii().is_empty() {
        return "it is empty".to_owned();
    }
    let (line, column) = (error.line(), error.column());
    let said = error.to_string();
    let place = format!(" at line {line} column {column}");
    let reason = said.strip_suffix(&place).unwrap_or(&said);
    let Some((_, words, tells)) = WORDS.iter().find(|(known, ..)| *known == reason) else { return said };
    let there = found(text, line, column).filter(|_| *tells).map(|c| format!(", and there is `{c}`"));
    format!("{words}{}{place}", there.unwrap_or_default())
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
            ("\"\n\"", "a line break, or another control character, within a string at line 2 column 0"),
        ] {
            assert_eq!(why(text), expected, "{text:?}");
        }
        assert!(why(&"[".repeat(200)).starts_with("it is nested deeper than 128 at line 1 column 128"));
        assert_eq!(check_syntax("{\"a\": [1, true, null]}\n"), Ok(()));
        assert_eq!(check_syntax("[1 2]"), Err(why("[1 2]")));
        // Whatever else it says has its place.
        for text in ["\"\\ud800\"", "1e999", "\"\\u12\"", "NaN", "01", "tru"] {
            assert!(why(text).contains(" at line 1 column "), "{text}");
        }
    }
}
