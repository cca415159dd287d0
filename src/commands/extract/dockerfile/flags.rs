//! The flags of instructions: `COPY --from=IMAGE`, `RUN --mount=type=bind,from=IMAGE`.

use super::WHAT;
use super::lines::{Instruction, at};
use crate::crypto::DecodeError;

/// Flags that need no value.
const SWITCHES: [&str; 4] = ["keep-git-dir", "link", "parents", "unpack"];

/// A flag, without quotes and escapes.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Flag {
    name: String,
    value: String,
}

impl Flag {
    /// Its value, if it has this name.
    pub fn value_of(&self, name: &str) -> Option<&str> {
        (self.name == name).then_some(self.value.as_str())
    }
}

/// The flags of an instruction, and what follows them. As builders read them: the backslash escapes, whatever the directive
/// says, in both kinds of quotes, and the name of a flag may be quoted too.
///
/// # Errors
/// A flag lacks its value; it has letters that builders read byte by byte.
pub(super) fn flags(instruction: &Instruction) -> Result<(Vec<Flag>, &str), DecodeError> {
    let refused = |reason: String| DecodeError::new(WHAT, at(instruction.line), reason);
    let (mut rest, mut found) = (instruction.rest.as_str(), Vec::new());
    while rest.starts_with("--") {
        let (word, after) = word(rest);
        rest = after;
        if word == "--" {
            break;
        }
        if !word.is_ascii() {
            return Err(refused(format!(
                "the flag `{word}` has letters that are not ASCII, where builders end flags differently: write it without them"
            )));
        }
        let flag = word.trim_start_matches("--");
        match flag.split_once('=') {
            Some((name, value)) => found.push(Flag { name: name.to_owned(), value: value.to_owned() }),
            None if SWITCHES.contains(&flag) => {}
            // Some builders take the next word for it.
            None => return Err(refused(format!("--{flag} needs a value: `--{flag}=VALUE`"))),
        }
        if rest.starts_with(|c: char| !c.is_ascii() && c.is_whitespace()) {
            return Err(refused(format!(
                "a blank that is not ASCII follows the flag `{word}`: write a space"
            )));
        }
    }
    Ok((found, rest))
}

/// What ends a flag for every builder: they look at bytes, so that a blank which is not ASCII ends one for none, or in its middle.
fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r' | '\u{b}' | '\u{c}')
}

/// The first word, without its quotes and escapes, and what follows it.
fn word(text: &str) -> (String, &str) {
    let (mut word, mut quote, mut escaped) = (String::new(), None, false);
    for (position, c) in text.char_indices() {
        match (c, quote) {
            _ if escaped => {
                escaped = false;
                word.push(c);
            }
            (c, None) if is_blank(c) => {
                return (word, text.get(position..).unwrap_or_default().trim_start_matches(is_blank));
            }
            ('\\', _) => escaped = true,
            ('"' | '\'', None) => quote = Some(c),
            (c, Some(open)) if c == open => quote = None,
            (c, _) => word.push(c),
        }
    }
    (word, "")
}

/// The values of `from` in a mount: `type=bind,from=IMAGE,target=/x`, where fields may be quoted as in CSV (RFC 4180).
pub(super) fn mount_sources(mount: &str) -> Vec<String> {
    let (mut fields, mut quoted) = (vec![String::new()], false);
    for c in mount.chars() {
        match (c, fields.last_mut()) {
            ('"', _) => quoted = !quoted,
            (',', _) if !quoted => fields.push(String::new()),
            (c, Some(field)) => field.push(c),
            (_, None) => {}
        }
    }
    let from = |field: &String| {
        let (key, value) = field.split_once('=')?;
        key.trim().eq_ignore_ascii_case("from").then(|| value.to_owned())
    };
    fields.iter().filter_map(from).collect()
}
