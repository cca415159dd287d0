//! What the text of a module says before it is parsed: how deep it nests, and which words it has. The parser calls itself for
//! what is nested, and would run out of stack before it said so.

use super::negation::PREFIX;
use crate::policy::Error;

/// How deep brackets may nest.
const DEPTH: usize = 64;
/// How many operators a file may have: each can be one level of a syntax tree.
const OPERATORS: usize = 2_000;

/// A part of the text, with the line that it stands in, counted from 1.
enum Part<'a> {
    Word(&'a str, usize),
    Symbol(char, usize),
}

/// Refuses what nests too deep.
///
/// # Errors
/// With the line.
pub(in crate::policy::rego) fn check(file: &str, text: &str) -> Result<(), Error> {
    let (mut depth, mut operators) = (0_usize, 0);
    let refuse = |line, reason| Err(Error::Limit { reason: format!("{file}:{line}: {reason}") });
    for part in parts(text) {
        let (symbol, line) = match part {
            Part::Symbol(symbol, line) => (symbol, line),
            Part::Word(word, line) if word.starts_with(PREFIX) => {
                let reason = format!("no name may begin with `{PREFIX}`");
                return Err(Error::Policy { at: format!("{file}:{line}"), reason });
            }
            Part::Word(..) => continue,
        };
        match symbol {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            '+' | '-' | '*' | '/' | '%' | '&' | '|' => operators += 1,
            _ => {}
        }
        if depth > DEPTH {
            return refuse(line, format!("it nests deeper than {DEPTH}"));
        }
        if operators > OPERATORS {
            return refuse(line, format!("it has more than {OPERATORS} operators"));
        }
    }
    Ok(())
}

/// The first line with this word, outside of strings and comments.
pub(super) fn line_of(text: &str, word: &str) -> Option<usize> {
    parts(text).find_map(|part| match part {
        Part::Word(found, line) if found == word => Some(line),
        _ => None,
    })
}

/// How many round brackets of a text stay open, and how many are closed that were not opened.
pub(super) fn unmatched(text: &str) -> (usize, usize) {
    parts(text).fold((0, 0), |(open, closed), part| match part {
        Part::Symbol('(', _) => (open + 1, closed),
        Part::Symbol(')', _) if open == 0 => (open, closed + 1),
        Part::Symbol(')', _) => (open - 1, closed),
        _ => (open, closed),
    })
}

/// Words and symbols; strings, comments and white space are left out.
fn parts(text: &str) -> impl Iterator<Item = Part<'_>> {
    let (mut rest, mut line) = (text, 1);
    std::iter::from_fn(move || {
        loop {
            let first = rest.chars().next()?;
            let length = match first {
                '#' => rest.find('\n').unwrap_or(rest.len()),
                '"' | '`' => quoted(rest, first),
                c if is_word(c) => rest.find(|c| !is_word(c)).unwrap_or(rest.len()),
                c => c.len_utf8(),
            };
            let (part, after) = rest.split_at_checked(length)?;
            rest = after;
            let at = line;
            line += part.matches('\n').count();
            if is_word(first) {
                return Some(Part::Word(part, at));
            }
            if !first.is_whitespace() && !matches!(first, '#' | '"' | '`') {
                return Some(Part::Symbol(first, at));
            }
        }
    })
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The length of the string at the start of `text`, with its quotation marks; all of it where the last one is missing.
fn quoted(text: &str, mark: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' if mark == '"' => escaped = true,
            c if c == mark => return at + 1,
            // No string of this kind goes on in the next line.
            '\n' if mark == '"' => return at,
            _ => {}
        }
    }
    text.len()
}
