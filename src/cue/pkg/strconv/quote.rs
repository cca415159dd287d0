//! Quoted text, as Go writes it.

use std::sync::LazyLock;

use crate::re2::Pattern;

/// What Go's `unicode.IsPrint` holds: letters, marks, numbers, punctuation, symbols, the space.
static PRINT: LazyLock<Option<Pattern>> = LazyLock::new(|| Pattern::compile(r"^[\pL\pM\pN\pP\pS ]$").ok());

/// What Go's `unicode.IsGraphic` holds: the same, and all spaces.
static GRAPHIC: LazyLock<Option<Pattern>> =
    LazyLock::new(|| Pattern::compile(r"^[\pL\pM\pN\pP\pS\p{Zs}]$").ok());

/// Whether a character is shown as it is.
pub(super) fn is_print(c: char) -> bool {
    if c.is_ascii() { !c.is_ascii_control() } else { matches(&PRINT, c) }
}

/// Whether a character is of ASCII and shown as it is.
pub(super) fn is_ascii_print(c: char) -> bool {
    c.is_ascii() && is_print(c)
}

/// Whether a character is graphic.
pub(super) fn is_graphic(c: char) -> bool {
    if c.is_ascii() { !c.is_ascii_control() } else { matches(&GRAPHIC, c) }
}

fn matches(pattern: &Option<Pattern>, c: char) -> bool {
    pattern.as_ref().is_some_and(|pattern| pattern.matches(c.encode_utf8(&mut [0; 4])))
}

/// A text in double quotes; `shown` says what stands for itself.
pub(super) fn text(text: &str, shown: fn(char) -> bool) -> String {
    let inner: String = text.chars().map(|c| escaped(c, '"', shown)).collect();
    format!("\"{inner}\"")
}

/// A character in single quotes; what is none is U+FFFD.
pub(super) fn rune(c: Option<char>, shown: fn(char) -> bool) -> String {
    format!("'{}'", escaped(c.unwrap_or(char::REPLACEMENT_CHARACTER), '\'', shown))
}

fn escaped(c: char, quote: char, shown: fn(char) -> bool) -> String {
    match c {
        '\\' => "\\\\".into(),
        c if c == quote => format!("\\{c}"),
        c if shown(c) => c.into(),
        '\u{7}' => "\\a".into(),
        '\u{8}' => "\\b".into(),
        '\u{c}' => "\\f".into(),
        '\n' => "\\n".into(),
        '\r' => "\\r".into(),
        '\t' => "\\t".into(),
        '\u{b}' => "\\v".into(),
        c if c < ' ' || c == '\u{7f}' => format!("\\x{:02x}", u32::from(c)),
        c if u32::from(c) < 0x10000 => format!("\\u{:04x}", u32::from(c)),
        c => format!("\\U{:08x}", u32::from(c)),
    }
}
