//! Parser directives: the comments `# name=value` that stand before everything else. What one builder takes for a directive and another for
//! a comment is an error: with another escape character, other lines are instructions.

use super::WHAT;
use super::lines::at;
use crate::crypto::DecodeError;

/// Those that some builder knows.
const KNOWN: [&str; 3] = ["check", "escape", "syntax"];

/// What the head of a file says.
#[derive(Debug)]
pub(super) struct Directives {
    /// What takes away the meaning of the next character.
    pub escape: char,
    /// The image that reads the file in place of the builder (`# syntax=`).
    pub frontend: Option<String>,
    /// How many lines they take.
    pub lines: usize,
}

impl Directives {
    /// Reads them.
    ///
    /// # Errors
    /// One that builders read differently, is there twice, or has a value that it cannot have.
    pub fn of<'l>(lines: impl Iterator<Item = &'l str>) -> Result<Self, DecodeError> {
        let mut found = Self { escape: '\\', frontend: None, lines: 0 };
        let mut seen = Vec::new();
        for (index, line) in lines.enumerate() {
            let refused = |reason: String| Err(DecodeError::new(WHAT, at(index + 1), reason));
            // Builders that look for `# syntax=` pass over the name of an interpreter.
            let is_interpreter = index == 0 && line.starts_with("#!");
            if !is_interpreter {
                let Some((name, value)) = similar(line) else { break };
                if plain(line) != Some((name.as_str(), value)) {
                    return refused(format!(
                        "not every builder takes this for the directive `{name}`: write `# {name}={value}` at the beginning of the line, with no blanks in it but spaces and tabs"
                    ));
                }
                if seen.contains(&name) {
                    return refused(format!("the directive `{name}` is there twice"));
                }
                match name.as_str() {
                    "escape" => found.escape = escape(index, value)?,
                    "syntax" => found.frontend = Some(value.to_owned()),
                    _ => {}
                }
                seen.push(name);
            }
            found.lines = index + 1;
        }
        Ok(found)
    }
}

/// The name, in lower case, and the value of what looks like a directive to anybody: whatever may pass for a blank is one.
fn similar(line: &str) -> Option<(String, &str)> {
    let is_blank = |c: char| !c.is_ascii() || c.is_ascii_whitespace() || c.is_ascii_control();
    let (name, value) = line.trim_start_matches(is_blank).strip_prefix('#')?.split_once('=')?;
    let name = name.trim_matches(is_blank).to_ascii_lowercase();
    KNOWN.contains(&name.as_str()).then(|| (name, value.trim_matches([' ', '\t'])))
}

/// The same of what is one for every builder. The name is compared in lower case, as they do.
fn plain(line: &str) -> Option<(&'static str, &str)> {
    let (name, value) = line.strip_prefix('#')?.split_once('=')?;
    let name = name.trim_matches([' ', '\t']);
    let known = KNOWN.into_iter().find(|known| name.eq_ignore_ascii_case(known))?;
    Some((known, value.trim_matches([' ', '\t'])))
}

/// The value of `escape`. Some builders know this directive alone, and for them any other line before it ends the directives: one that changes
/// something has to be the first line.
fn escape(index: usize, value: &str) -> Result<char, DecodeError> {
    let refused = |reason: &str| Err(DecodeError::new(WHAT, at(index + 1), reason));
    match value {
        "\\" => Ok('\\'),
        "`" if index == 0 => Ok('`'),
        "`" => refused(
            "not every builder takes `# escape=` for a directive here: make it the first line of the file",
        ),
        _ => refused(&format!("the directive escape={value} is neither \\ nor `")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Result<Directives, DecodeError> {
        Directives::of(text.split('\n'))
    }

    #[test]
    fn they_stand_before_everything_else() {
        for (text, escape, frontend, lines) in [
            ("#ESCAPE\t= `\n# syntax = docker/dockerfile:1\nRUN a`", '`', Some("docker/dockerfile:1"), 2),
            ("# check=skip=all\n# escape=\\\nFROM a", '\\', None, 2),
            ("# a comment\n# escape=`\nRUN a`", '\\', None, 0),
            ("\n# syntax=x\n", '\\', None, 0),
            ("# other=1\n# escape=`", '\\', None, 0),
            // The name of an interpreter hides none.
            ("#!/usr/bin/env builder\n# syntax=x\nFROM a", '\\', Some("x"), 2),
            ("# syntax=x\n#!/a\n# syntax=y", '\\', Some("x"), 1),
        ] {
            let found = of(text).unwrap();
            assert_eq!(
                (found.escape, found.frontend.as_deref(), found.lines),
                (escape, frontend, lines),
                "{text}"
            );
        }
    }

    #[test]
    fn what_one_builder_takes_for_one_and_another_does_not() {
        for (text, line, words) in [
            ("# escape=x", 1, "escape=x is neither"),
            ("# escape=", 1, "escape= is neither"),
            ("#\u{a0}escape=`", 1, "write `# escape=`` at the beginning"),
            ("#escape\u{a0}=`", 1, "not every builder"),
            ("#escape\u{b}=`", 1, "not every builder"),
            ("#escape\u{3000}=`", 1, "not every builder"),
            ("#\u{200b}escape=`", 1, "not every builder"),
            ("\u{a0}# escape=`", 1, "not every builder"),
            (" # escape=`", 1, "not every builder"),
            ("# escape=`\u{a0}", 1, "is neither"),
            ("# escape=\u{b}`", 1, "is neither"),
            // Some builders know `escape` alone, older ones no `check`.
            ("# syntax=docker/dockerfile:1\n# escape=`", 2, "make it the first line"),
            ("# check=skip=all\n# escape=`", 2, "make it the first line"),
            ("#!/bin/x\n# escape=`", 2, "make it the first line"),
            ("# syntax=a\n# syntax=b", 2, "twice"),
            ("# escape=`\n# escape=\\", 2, "twice"),
        ] {
            let error = of(text).unwrap_err();
            assert_eq!(error.at, format!("line {line}"), "{text:?}");
            assert!(error.reason.contains(words), "{text:?}: {error}");
        }
    }
}
