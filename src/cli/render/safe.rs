//! Text from outside on its way to a terminal.

use std::fmt::{Display, Formatter, Result, Write};

/// Longest text that is shown whole, in characters; a file name or an identity is far shorter.
const LONGEST: usize = 4096;

/// Displays a text on one line without anything that a terminal would obey or that would mislead the reader: control
/// characters (escape sequences, line breaks, C1), bidirectional controls and invisible format characters appear as
/// `\n`, `\t` or `\u{1b}`. What it displays contains nothing that it would escape again.
///
/// Terminal escapes from remote data were CVE-2026-45803 of another client.
#[derive(Debug, Clone, Copy)]
pub struct Safe<'a>(pub &'a str);

impl Display for Safe<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let mut left = LONGEST;
        for c in self.0.chars() {
            if left == 0 {
                return f.write_str("[cut here]");
            }
            left -= 1;
            match c {
                '\n' => f.write_str("\\n")?,
                '\r' => f.write_str("\\r")?,
                '\t' => f.write_str("\\t")?,
                c if is_unsafe(c) => write!(f, "\\u{{{:x}}}", u32::from(c))?,
                c => f.write_char(c)?,
            }
        }
        Ok(())
    }
}

/// One line, as [`Safe`] shows it, that the runner of a workflow does not take for a command of its own: those begin with `::`, or have
/// `##[` anywhere.
pub fn line(text: &str) -> String {
    let text = Safe(text).to_string().replace("##[", "#\\u{23}[");
    match text.trim_start().strip_prefix(':') {
        Some(rest) if rest.starts_with(':') => format!("\\u{{3a}}{rest}"),
        _ => text,
    }
}

/// JSON whose strings hold nothing that a terminal would obey. Such characters occur in JSON inside strings only (the
/// white space between tokens is kept), where RFC 8259 section 7 lets each be written as an escape.
pub fn json(text: &str) -> String {
    // Nearly every document is so.
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\n')) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c != '\n' && is_unsafe(c) {
            let mut units = [0u16; 2];
            for unit in c.encode_utf16(&mut units) {
                // Writing to a String cannot fail.
                let _ = write!(out, "\\u{unit:04x}");
            }
        } else {
            out.push(c);
        }
    }
    out
}

/// Lines of JSON, as [`json`]; text that is not UTF-8 is not JSON, and shown with marks in place of it.
pub fn json_lines(lines: &[u8]) -> Vec<u8> {
    json(&String::from_utf8_lossy(lines)).into_bytes()
}

/// A whole document for a terminal: lines and tabs stay, all else that a terminal would obey is shown as [`Safe`] shows it.
pub fn text(document: &[u8]) -> String {
    let document = String::from_utf8_lossy(document);
    let mut out = String::with_capacity(document.len());
    for c in document.chars() {
        match c {
            '\n' | '\t' => out.push(c),
            c if is_unsafe(c) => {
                // Writing to a String cannot fail.
                let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out
}

/// Control characters (Unicode category Cc), format characters (Cf: bidirectional and invisible ones), the line and
/// paragraph separators, and whatever else is invisible by the property Default_Ignorable_Code_Point, such as the Hangul
/// fillers, which are letters: two identities that differ in it alone must not look the same.
fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}'
            | '\u{34f}'
            | '\u{600}'..='\u{605}'
            | '\u{61c}'
            | '\u{6dd}'
            | '\u{70f}'
            | '\u{890}'..='\u{891}'
            | '\u{8e2}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}'
            | '\u{110bd}'
            | '\u{110cd}'
            | '\u{13430}'..='\u{1343f}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_no_command_of_a_runner() {
        for (name, shown) in [
            ("::stop-commands::x", "\\u{3a}:stop-commands::x"),
            ("  ::error::x", "\\u{3a}:error::x"),
            ("a ##[error]x", "a #\\u{23}[error]x"),
            ("registry.example/a: verified", "registry.example/a: verified"),
            ("[::1]:5000/a", "[::1]:5000/a"),
            ("a\n::error::x", "a\\n::error::x"),
        ] {
            assert_eq!(line(name), shown);
        }
    }

    #[test]
    fn cve_2026_45803_terminal_escapes_are_shown_not_obeyed() {
        let hostile = "a\u{1b}[2J\u{9b}31m\u{202e}gnp\r\nerror: fake\u{7f}\0";
        let shown = Safe(hostile).to_string();
        assert_eq!(shown, "a\\u{1b}[2J\\u{9b}31m\\u{202e}gnp\\r\\nerror: fake\\u{7f}\\u{0}");
        assert_eq!(Safe(&shown).to_string(), shown);
    }

    #[test]
    fn what_nobody_sees_is_shown() {
        for hidden in [
            "\u{ad}",
            "\u{34f}",
            "\u{115f}",
            "\u{180b}",
            "\u{200b}",
            "\u{3164}",
            "\u{fe0f}",
            "\u{ffa0}",
            "\u{e0100}",
        ] {
            assert_ne!(
                Safe(&format!("dev{hidden}@example.com")).to_string(),
                format!("dev{hidden}@example.com")
            );
        }
    }

    #[test]
    fn ordinary_text_is_untouched() {
        for text in ["", "café \\ 日本 🔑 \"x\"", "dev@example.com"] {
            assert_eq!(Safe(text).to_string(), text);
        }
    }

    #[test]
    fn a_text_without_end_is_cut() {
        let shown = Safe(&"x".repeat(LONGEST + 1)).to_string();
        assert_eq!(shown.len(), LONGEST + "[cut here]".len());
    }

    #[test]
    fn json_keeps_its_value() {
        let value = serde_json::json!({"san": "a\u{1b}\u{9b}\u{202e}\u{e0041}ü"});
        let text = json(&serde_json::to_string_pretty(&value).unwrap());
        assert!(text.chars().all(|c| c == '\n' || !is_unsafe(c)), "{text}");
        assert!(text.contains("\\udb40\\udc41"));
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), value);
    }
}
