//! Lines of a Dockerfile to instructions: comments, continuations, here-documents.

use super::directives::Directives;
use super::{WHAT, heredoc, heretext, words};
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
/// A here-document without an end, or with text that some builder takes for an instruction with an image; a directive that is none; lines that
/// builders end, begin or continue differently.
pub(super) fn split(text: &str) -> Result<Lines, DecodeError> {
    one_end_each(text)?;
    let physical = || text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line));
    let Directives { escape, frontend, lines: head } = Directives::of(physical())?;
    let mut physical = physical().enumerate();
    physical.by_ref().take(head).for_each(drop);
    let mut endless = 0;
    let mut lines = Lines { escape, frontend, instructions: Vec::new() };
    while let Some((number, line)) = physical.next() {
        if is_nothing(number, line)? {
            continue;
        }
        let mut whole = String::new();
        let mut part = (number, line);
        while let Some(start) = continued(part, escape)? {
            whole.push_str(start);
            part = next_part(&mut physical)?;
        }
        whole.push_str(part.1);
        let instruction = Instruction::of(number, &whole);
        let (name, rest) = documented(&instruction);
        if WITH_DOCUMENTS.contains(&name) && rest.contains("<<") {
            let here = |error: DecodeError| DecodeError { at: at(instruction.line), ..error };
            for document in heredoc::of(rest).map_err(here)? {
                match document.length(physical.clone().map(|(_, line)| line)).map_err(here)? {
                    Some(length) => {
                        let text: Vec<_> = physical.by_ref().take(length).collect();
                        heretext::without_images(&text, escape)?;
                    }
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

impl Instruction {
    /// From a whole line. `number`: counted from 0.
    pub fn of(number: usize, whole: &str) -> Self {
        let (name, rest) = words::first(whole.trim());
        Self { line: number + 1, name: name.to_ascii_lowercase(), rest: rest.trim().to_owned() }
    }
}

/// That each line ends in a line feed, with one carriage return before it or with none: of several, builders take away one or all.
fn one_end_each(text: &str) -> Result<(), DecodeError> {
    let has_more = |line: &str| line.strip_suffix('\r').unwrap_or(line).contains('\r');
    match text.split('\n').position(has_more) {
        None => Ok(()),
        Some(number) => Err(DecodeError::new(
            WHAT,
            at(number + 1),
            "it has a carriage return that does not end the line, or several that do: builders read them differently",
        )),
    }
}

/// Whether builders pass over a line: a comment, or blanks.
///
/// # Errors
/// It begins with a blank that is one for some of them.
pub(super) fn is_nothing(number: usize, line: &str) -> Result<bool, DecodeError> {
    let rest = line.trim_start_matches([' ', '\t', '\u{b}', '\u{c}']);
    if rest.starts_with(|c: char| !c.is_ascii() && (c.is_whitespace() || c.is_control())) {
        let reason = "it begins with a blank that is not ASCII: write a space";
        return Err(DecodeError::new(WHAT, at(number + 1), reason));
    }
    Ok(rest.is_empty() || rest.starts_with('#'))
}

/// The next line that an instruction goes on with: a comment between its parts ends nothing, and neither does an empty line.
fn next_part<'l>(
    lines: &mut impl Iterator<Item = (usize, &'l str)>,
) -> Result<(usize, &'l str), DecodeError> {
    for (number, line) in lines {
        if !is_nothing(number, line)? {
            return Ok((number, line));
        }
    }
    Ok((0, ""))
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

/// What stands before the sign that the instruction goes on; `None` where it ends.
///
/// # Errors
/// The sign is there several times: for older builders the instruction goes on, and for others it ends.
fn continued((number, line): (usize, &str), escape: char) -> Result<Option<&str>, DecodeError> {
    let Some(start) = line.trim_end_matches([' ', '\t']).strip_suffix(escape) else { return Ok(None) };
    if start.ends_with(escape) {
        let reason = format!(
            "it ends in several `{escape}`, and not every builder goes on with the next line: write one, or something after them"
        );
        return Err(DecodeError::new(WHAT, at(number + 1), reason));
    }
    Ok(Some(start))
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
        assert_eq!(of("RUN dir \"c:\\\\\"\nFROM a"), [row(1, "run", "dir \"c:\\\\\""), row(2, "from", "a")]);
        assert_eq!(of("FROM a \\"), [row(1, "from", "a")]);
        assert_eq!(of("  # FROM a\n\t FROM\tb"), [row(2, "from", "b")]);
    }

    #[test]
    fn lines_that_builders_read_differently() {
        for (text, line, words) in [
            ("FROM a\nRUN true # \\\\\nCOPY --from=b x y", 2, "it ends in several `\\`"),
            ("FROM a\nRUN true \\\\\\ \nCOPY --from=b x y", 2, "it ends in several `\\`"),
            ("# escape=`\nFROM a\nRUN true ``\nCOPY --from=b x y", 3, "it ends in several ``"),
            ("FROM a\nRUN a \\\n b \\\\\nCOPY --from=b x y", 3, "it ends in several"),
            ("FROM a\nRUN true # \\\r\r\nCOPY --from=b x y", 2, "carriage return"),
            ("FROM a\nRUN true\rCOPY --from=b x y\n", 2, "carriage return"),
            ("FROM a\n\u{a0}RUN true", 2, "a blank that is not ASCII"),
            ("FROM a\nRUN true \\\n\u{3000}\nCOPY --from=b x y", 3, "a blank that is not ASCII"),
            ("FROM a\n\u{85}# RUN true", 2, "a blank that is not ASCII"),
        ] {
            let error = split(text).unwrap_err();
            assert_eq!(error.at, format!("line {line}"), "{text:?}");
            assert!(error.reason.contains(words), "{text:?}: {error}");
        }
    }

    #[test]
    fn what_stands_in_a_here_document_is_no_instruction() {
        assert_eq!(of("RUN <<EOF\nUSER a\nEOF\nFROM b"), [row(1, "run", "<<EOF"), row(4, "from", "b")]);
        assert_eq!(of("RUN a <<-'X' 3<<Y\n\tUSER a\n\tX\nUSER c\nY\nFROM b").len(), 2);
        assert_eq!(of("COPY <<\"EF\" /x\nUSER a\nEF\nFROM b").len(), 2);
        assert_eq!(of("ONBUILD run <<EOF\nUSER a\nEOF\nFROM b").len(), 2);
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
