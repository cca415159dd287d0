//! Lines of a Dockerfile to instructions: comments, continuations, here-documents.

use super::{WHAT, heredoc, words};
use crate::crypto::DecodeError;

/// One instruction, with its continuations and without its here-documents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Instruction {
    /// The line that it begins on, from 1.
    pub line: usize,
    /// Its name, in lower case.
    pub name: String,
    /// What follows the name.
    pub rest: String,
}

/// A Dockerfile, taken apart.
#[derive(Debug)]
pub(super) struct Lines {
    /// What takes away the meaning of the next character.
    pub escape: char,
    /// The image that reads the file in place of the builder (`# syntax=`).
    pub frontend: Option<String>,
    /// The instructions, in order.
    pub instructions: Vec<Instruction>,
}

/// Instructions that here-documents belong to.
const WITH_DOCUMENTS: [&str; 3] = ["add", "copy", "run"];

/// Shifts in shell arithmetic look like here-documents.
const MAX_ENDLESS: usize = 1_000;

/// Takes a text apart.
///
/// # Errors
/// A here-document without an end; a directive that is none.
pub(super) fn split(text: &str) -> Result<Lines, DecodeError> {
    let mut physical = text.split('\n').map(|line| line.trim_end_matches('\r')).enumerate().peekable();
    let mut endless = 0;
    let mut lines = Lines { escape: '\\', frontend: None, instructions: Vec::new() };
    while let Some((_, line)) = physical.peek() {
        let Some((name, value)) = directive(line) else { break };
        match name.as_str() {
            "escape" => lines.escape = escape(value)?,
            "syntax" => lines.frontend = Some(value.to_owned()),
            _ => {}
        }
        physical.next();
    }
    while let Some((number, line)) = physical.next() {
        if is_comment(line) || line.trim().is_empty() {
            continue;
        }
        let mut whole = String::new();
        let mut part = line;
        while let Some(start) = continued(part, lines.escape) {
            whole.push_str(start);
            // A comment between the parts of an instruction ends nothing, and neither does an empty line.
            let mut next = physical.by_ref().map(|(_, next)| next);
            part = next.find(|next| !is_comment(next) && !next.trim().is_empty()).unwrap_or_default();
        }
        whole.push_str(part);
        let (name, rest) = words::first(whole.trim());
        let instruction =
            Instruction { line: number + 1, name: name.to_ascii_lowercase(), rest: rest.trim().to_owned() };
        let (name, rest) = documented(&instruction);
        if WITH_DOCUMENTS.contains(&name) && rest.contains("<<") {
            let here = |error: DecodeError| DecodeError { at: at(instruction.line), ..error };
            for document in heredoc::of(rest).map_err(here)? {
                match document.length(physical.clone().map(|(_, line)| line)).map_err(here)? {
                    Some(length) => physical.by_ref().take(length).for_each(drop),
                    // For each of them, all lines were read.
                    None if endless >= MAX_ENDLESS => {
                        return Err(here(
                            DecodeError::whole(WHAT, "too many `<<` without an end").over_limit(),
                        ));
                    }
                    None => endless += 1,
                }
            }
        }
        lines.instructions.push(instruction);
    }
    Ok(lines)
}

/// The instruction whose here-documents these are: `ONBUILD RUN` is a `RUN`.
fn documented(instruction: &Instruction) -> (&str, &str) {
    if instruction.name != "onbuild" {
        return (&instruction.name, &instruction.rest);
    }
    let (name, rest) = words::first(&instruction.rest);
    let known = WITH_DOCUMENTS.into_iter().find(|known| name.eq_ignore_ascii_case(known));
    (known.unwrap_or_default(), rest)
}

/// Where in a Dockerfile an error is.
pub(super) fn at(line: usize) -> String {
    format!("line {line}")
}

fn is_comment(line: &str) -> bool {
    line.trim_start().starts_with('#')
}

/// `# name=value`; such lines count only before everything else.
fn directive(line: &str) -> Option<(String, &str)> {
    let (name, value) = line.trim_start().strip_prefix('#')?.split_once('=')?;
    let name = name.trim().to_ascii_lowercase();
    ["check", "escape", "syntax"].contains(&name.as_str()).then(|| (name, value.trim()))
}

fn escape(value: &str) -> Result<char, DecodeError> {
    match value {
        "\\" => Ok('\\'),
        "`" => Ok('`'),
        _ => Err(DecodeError::whole(WHAT, format!("the directive escape={value} is neither \\ nor `"))),
    }
}

/// What stands before the sign that the instruction goes on; `None` where it ends.
fn continued(line: &str, escape: char) -> Option<&str> {
    let start = line.trim_end_matches([' ', '\t']).strip_suffix(escape)?;
    (!start.ends_with(escape)).then_some(start)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Vec<(usize, String, String)> {
        let lines = split(text).unwrap();
        lines.instructions.into_iter().map(|i| (i.line, i.name, i.rest)).collect()
    }

    fn row(line: usize, name: &str, rest: &str) -> (usize, String, String) {
        (line, name.to_owned(), rest.to_owned())
    }

    #[test]
    fn continuations_comments_and_empty_lines() {
        assert_eq!(of("FROM a\r\n\r\nrun b"), [row(1, "from", "a"), row(3, "run", "b")]);
        assert_eq!(
            of("FROM \\\n a \\ \n# no\n\n AS b\nRUN x"),
            [row(1, "from", "a  AS b"), row(6, "run", "x")]
        );
        assert_eq!(of("RUN dir c:\\\\\nFROM a"), [row(1, "run", "dir c:\\\\"), row(2, "from", "a")]);
        assert_eq!(of("FROM a \\"), [row(1, "from", "a")]);
        assert_eq!(of("  # FROM a\n\t FROM\tb"), [row(2, "from", "b")]);
    }

    #[test]
    fn directives_stand_before_everything_else() {
        let lines = split("# syntax = docker/dockerfile:1\n#ESCAPE=`\nRUN a`\n b").unwrap();
        assert_eq!((lines.escape, lines.frontend.as_deref()), ('`', Some("docker/dockerfile:1")));
        assert_eq!(lines.instructions.len(), 1);
        let late = split("# a comment\n# escape=`\nRUN a`\nFROM b").unwrap();
        assert_eq!((late.escape, late.instructions.len()), ('\\', 2));
        assert!(split("# escape=x\nFROM a").unwrap_err().reason.contains("escape=x"));
    }

    #[test]
    fn what_stands_in_a_here_document_is_no_instruction() {
        assert_eq!(of("RUN <<EOF\nFROM a\nEOF\nFROM b"), [row(1, "run", "<<EOF"), row(4, "from", "b")]);
        assert_eq!(of("RUN a <<-'X' 3<<Y\n\tFROM a\n\tX\nFROM c\nY\nFROM b").len(), 2);
        assert_eq!(of("COPY <<\"EF\" /x\nFROM a\nEF\nFROM b").len(), 2);
        assert_eq!(of("ONBUILD run <<EOF\nFROM a\nEOF\nFROM b").len(), 2);
        // None of these begins one.
        for text in
            ["RUN a<<EOF\nFROM b", "LABEL a=<<EOF\nFROM b", "RUN \"<<EOF\"\nFROM b", "RUN a << EOF\nFROM b"]
        {
            assert_eq!(of(text).len(), 2, "{text}");
        }
        // Newer builders take that for one, and older ones do not.
        assert_eq!(of("RUN a << EOF\nb\nEOF\nFROM b").len(), 2);
        let error = split("RUN a << EOF\nFROM a\nEOF\nFROM b").unwrap_err();
        assert!(error.reason.contains("not every builder"), "{error}");
        let error = split("FROM a\nRUN <<EOF\nFROM b").unwrap_err();
        assert_eq!(
            (error.at.as_str(), error.reason.as_str()),
            ("line 2", "the here-document `EOF` has no end")
        );
    }
}
