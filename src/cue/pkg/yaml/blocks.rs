//! Documents, and what lines and their indentation say: mappings, sequences, scalars of one or more lines.

use std::rc::Rc;

use super::super::arguments::failed;
use super::super::{CallError, json};
use super::scalars::{self, is_usual, starts_plain};
use super::{shown, unsure};
use crate::cue::data::Data;

/// Nesting, at most.
const MAX_DEPTH: usize = 64;

/// The values of all documents of a text.
///
/// # Errors
/// It is no YAML; there is something that is not supported.
pub(super) fn documents(text: &str) -> Result<Vec<Data>, CallError> {
    let text = text.replace("\r\n", "\n");
    if let Some(c) = text.chars().find(|c| !is_usual(*c)) {
        return unsure(format_args!("the character U+{:04X}", u32::from(c)));
    }
    let is_ended = text.ends_with('\n');
    let all: Vec<&str> = text.strip_suffix('\n').unwrap_or(&text).split('\n').collect();
    let is_mark = |line: &&str| line.starts_with("---") || line.starts_with("...");
    let has_marks = all.iter().any(is_mark);
    let (mut documents, mut is_marked, mut below) = (Vec::new(), false, &all[..]);
    loop {
        let end = below.iter().position(is_mark).unwrap_or(below.len());
        let (lines, rest) = below.split_at(end);
        let mut reader = Reader { lines, at: 0, is_ended: is_ended || !rest.is_empty(), depth: 0 };
        // What stands in front of the first mark is a document where it has a value.
        if is_marked || reader.indentation().is_some() {
            let document = reader.document();
            let line = all.len() - below.len() + reader.at.min(lines.len().saturating_sub(1)) + 1;
            documents.push(document.map_err(|error| in_line(error, line, has_marks))?);
        }
        let Some((mark, rest)) = rest.split_first() else { return Ok(documents) };
        let after = mark.strip_prefix("---").unwrap_or(mark);
        let bare = after.trim_start_matches(' ');
        if !bare.is_empty() && (bare == after || !bare.starts_with('#')) {
            return unsure(format_args!("the line `{}`", shown(mark)));
        }
        (is_marked, below) = (true, rest);
    }
}

/// An error, with its line. Where there are marks, what seems wrong may be brackets or a text that go on behind one.
fn in_line(error: CallError, line: usize, has_marks: bool) -> CallError {
    match error {
        CallError::Failed(reason) if has_marks => CallError::Unsupported(format!(
            "YAML with a line that begins with `---` or `...`, and where {reason}, line {line},"
        )),
        CallError::Failed(reason) => CallError::Failed(format!("invalid YAML: line {line}: {reason}")),
        CallError::Unsupported(what) => CallError::Unsupported(format!("{what}, line {line},")),
        CallError::Limit(what) => CallError::Limit(format!("{what}, line {line}")),
        CallError::Budget(_) => error,
    }
}

/// Reads one document. What reads a value begins in the line `at`, and ends in front of the first one behind the value.
pub(super) struct Reader<'t> {
    pub(super) lines: &'t [&'t str],
    pub(super) at: usize,
    /// Whether there is a line break behind the last line.
    is_ended: bool,
    depth: usize,
}

impl<'t> Reader<'t> {
    fn document(&mut self) -> Result<Data, CallError> {
        let Some(column) = self.indentation() else { return Ok(Data::Null) };
        let value = self.block(column, None)?;
        match self.indentation() {
            None => Ok(value),
            Some(column) => self.odd(column),
        }
    }

    /// This line from a column on.
    pub(super) fn rest(&self, column: usize) -> &'t str {
        self.lines.get(self.at).and_then(|line| line.get(column..)).unwrap_or_default()
    }

    /// The indentation of the next line that is neither empty nor a comment.
    fn indentation(&mut self) -> Option<usize> {
        loop {
            let line = self.lines.get(self.at)?;
            let content = line.trim_start_matches(' ');
            if !content.is_empty() && !content.starts_with('#') {
                return Some(line.len() - content.len());
            }
            self.at += 1;
        }
    }

    /// A line where no value can be.
    fn odd<T>(&self, column: usize) -> Result<T, CallError> {
        let rest = self.rest(column);
        if starts_plain(rest) || is_entry(rest) {
            return failed(format!("`{}` is not expected", shown(rest)));
        }
        unsure(format_args!("`{}` where it stands", shown(rest)))
    }

    /// Reads something that is one level deeper.
    pub(super) fn deeper<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, CallError>,
    ) -> Result<T, CallError> {
        if self.depth >= MAX_DEPTH {
            return Err(CallError::Limit(format!("YAML nested deeper than {MAX_DEPTH} levels")));
        }
        self.depth += 1;
        let value = read(self)?;
        self.depth -= 1;
        Ok(value)
    }

    /// A value of any sort, that begins in this line; `floor` is the indentation of what it is in.
    fn block(&mut self, column: usize, floor: Option<usize>) -> Result<Data, CallError> {
        let rest = self.rest(column);
        if is_entry(rest) {
            self.deeper(|reader| reader.sequence(column))
        } else if member(rest)?.is_some() {
            self.deeper(|reader| reader.mapping(column))
        } else {
            self.value(column, floor)
        }
    }

    fn mapping(&mut self, column: usize) -> Result<Data, CallError> {
        let (mut members, start) = (Vec::new(), self.at);
        loop {
            let Some((name, end)) = member(self.rest(column))? else { return self.odd(column) };
            let rest = self.rest(column + end);
            let content = rest.trim_start_matches(' ');
            let value = if is_blank(content) {
                self.at += 1;
                match self.indentation() {
                    Some(deeper) if deeper > column => self.block(deeper, Some(column))?,
                    Some(same) if same == column && is_entry(self.rest(same)) => {
                        self.deeper(|reader| reader.sequence(same))?
                    }
                    _ => Data::Null,
                }
            } else {
                self.value(column + end + rest.len() - content.len(), Some(column))?
            };
            members.push((name, value));
            match self.indentation() {
                Some(next) if next == column => {}
                Some(deeper) if deeper > column => return self.odd(deeper),
                _ => return json::fields(members).inspect_err(|_| self.at = start),
            }
        }
    }

    fn sequence(&mut self, column: usize) -> Result<Data, CallError> {
        let mut items = Vec::new();
        loop {
            let rest = self.rest(column + 1);
            let content = rest.trim_start_matches(' ');
            items.push(if is_blank(content) {
                self.at += 1;
                match self.indentation() {
                    Some(deeper) if deeper > column => self.block(deeper, Some(column))?,
                    _ => Data::Null,
                }
            } else {
                self.block(column + 1 + rest.len() - content.len(), Some(column))?
            });
            match self.indentation() {
                Some(next) if next == column && is_entry(self.rest(next)) => {}
                Some(deeper) if deeper > column => return self.odd(deeper),
                _ => return Ok(items.into()),
            }
        }
    }

    /// A value that is neither a mapping nor a sequence of lines.
    fn value(&mut self, column: usize, floor: Option<usize>) -> Result<Data, CallError> {
        let rest = self.rest(column);
        let (value, end) = match rest.chars().next() {
            Some('|' | '>') => return self.block_scalar(rest, floor),
            Some('"' | '\'') => {
                let (text, length) = self.quoted(column)?;
                (Data::String(text), column + length)
            }
            Some('[' | '{') => {
                let mut end = column;
                (self.flow(&mut end)?, end)
            }
            _ => return self.plain(rest, floor),
        };
        let after = self.rest(end);
        let content = after.trim_start_matches(' ');
        if content.starts_with(|c: char| c.is_ascii_alphanumeric()) {
            return failed(format!("`{}` is not expected", shown(content)));
        }
        if !is_blank(content) || !content.is_empty() && content == after {
            return unsure(format_args!("`{}` behind a value", shown(content)));
        }
        self.at += 1;
        Ok(value)
    }

    /// A text in quotation marks, and its length with them.
    pub(super) fn quoted(&self, column: usize) -> Result<(Rc<str>, usize), CallError> {
        let rest = self.rest(column);
        let mut below = self.lines.iter().skip(self.at + 1);
        let quote = rest.get(..1).unwrap_or_default();
        match scalars::quoted(rest) {
            Err(CallError::Unsupported(_))
                if rest.matches(quote).count() == 1 && !below.any(|line| line.contains(quote)) =>
            {
                failed("a quotation mark is missing")
            }
            read => read,
        }
    }

    /// A plain scalar; lines that are indented further than `floor` belong to it.
    fn plain(&mut self, rest: &str, floor: Option<usize>) -> Result<Data, CallError> {
        let (mut text, mut is_open) = part(rest)?;
        let (mut long, start) = (String::new(), self.at);
        self.at += 1;
        while let Some(line) = self.lines.get(self.at).filter(|_| is_open) {
            let content = line.trim_start_matches(' ');
            if content.is_empty() {
                let before = self.at;
                if self.indentation().is_some_and(|next| floor.is_none_or(|floor| next > floor)) {
                    return unsure("an empty line in a plain text");
                }
                self.at = before;
                break;
            }
            if content.starts_with('#') || floor.is_some_and(|floor| line.len() - content.len() <= floor) {
                break;
            }
            if !starts_plain(content) {
                return unsure(format_args!("`{}` in a plain text", shown(content)));
            }
            let next;
            (next, is_open) = part(content)?;
            if long.is_empty() {
                long.push_str(text);
            }
            long.push(' ');
            long.push_str(next);
            self.at += 1;
        }
        if !long.is_empty() {
            text = &long;
        }
        scalars::plain(text).inspect_err(|_| self.at = start)
    }

    /// `|`, `>`: the lines that are indented further than `floor`.
    fn block_scalar(&mut self, header: &str, floor: Option<usize>) -> Result<Data, CallError> {
        let (folds, is_stripped) = match uncommented(header) {
            "|" => (false, false),
            "|-" => (false, true),
            ">" => (true, false),
            ">-" => (true, true),
            _ => return unsure(format_args!("`{}` in front of a text", shown(header))),
        };
        let Some(floor) = floor else { return unsure("a text behind `|` or `>` alone") };
        let start = self.at + 1;
        let below = self.lines.get(start..).unwrap_or_default();
        let indented = |line: &str| line.len() - line.trim_start_matches(' ').len();
        let indentation = below.iter().find(|line| !is_spaces(line)).map_or(0, |line| indented(line));
        if indentation <= floor {
            return unsure("an empty text behind `|` or `>`");
        }
        let is_of_it = |line: &&&str| is_spaces(line) || indented(line) >= indentation;
        let mut lines: Vec<&str> = below.iter().take_while(is_of_it).copied().collect();
        let end = start + lines.len();
        let is_whole =
            self.is_ended || end < self.lines.len() || lines.last().is_some_and(|last| is_spaces(last));
        if lines.iter().any(|line| is_spaces(line) && line.len() > indentation) {
            return unsure("spaces alone in a line of a text behind `|` or `>`");
        }
        while lines.pop_if(|last| is_spaces(last)).is_some() {}
        let lines: Vec<&str> = lines.iter().map(|line| line.get(indentation..).unwrap_or_default()).collect();
        if lines.iter().find(|line| !line.is_empty()).is_some_and(|first| first.starts_with('\t')) {
            return unsure("a tab in front of a text behind `|` or `>`");
        }
        let mut text = if folds { folded(&lines) } else { lines.join("\n") };
        if !is_stripped && is_whole {
            text.push('\n');
        }
        self.at = end;
        Ok(text.into())
    }
}

/// `-`, alone or with a space behind it.
fn is_entry(rest: &str) -> bool {
    rest == "-" || rest.starts_with("- ")
}

fn is_blank(content: &str) -> bool {
    content.is_empty() || content.starts_with('#')
}

fn is_spaces(line: &str) -> bool {
    line.bytes().all(|byte| byte == b' ')
}

/// One line of a plain scalar, and whether it may go on in the next one: a comment ends it.
fn part(rest: &str) -> Result<(&str, bool), CallError> {
    if !starts_plain(rest) {
        return scalars::not_a_start(rest);
    }
    let text = uncommented(rest);
    if text.contains('\t') {
        return unsure("a tab in a plain text");
    }
    if text.contains(": ") || text.ends_with(':') {
        return failed("mapping values are not allowed in this context");
    }
    Ok((text, text.len() == rest.trim_end_matches(' ').len()))
}

/// A line without its comment and the spaces at its end.
fn uncommented(rest: &str) -> &str {
    rest.find(" #").and_then(|at| rest.get(..at)).unwrap_or(rest).trim_end_matches(' ')
}

/// The name with which a member begins, and where it ends, behind the colon.
fn member(rest: &str) -> Result<Option<(Rc<str>, usize)>, CallError> {
    let (name, end) = if rest.starts_with(['"', '\'']) {
        // Where it does not end, it is no name.
        let Ok((text, end)) = scalars::quoted(rest) else { return Ok(None) };
        (text, end)
    } else if starts_plain(rest) {
        let line = uncommented(rest);
        let Some(end) = line.find(": ").or_else(|| line.strip_suffix(':').map(str::len)) else {
            return Ok(None);
        };
        let name = line.get(..end).unwrap_or_default().trim_end_matches(' ');
        if name.contains('\t') {
            return unsure("a tab in a name");
        }
        (scalars::name(name)?, end)
    } else {
        return Ok(None);
    };
    let after = rest.get(end..).unwrap_or_default().strip_prefix(':');
    if after.is_some() && end > scalars::MAX_WRITTEN_NAME {
        return unsure("a name that is so long");
    }
    Ok(after.filter(|after| after.is_empty() || after.starts_with(' ')).map(|_| (name, end + 1)))
}

/// The lines of `>`: those that follow one another are one, and an empty one is a line break; not so around lines that are indented further.
fn folded(lines: &[&str]) -> String {
    let is_further = |line: &str| line.starts_with([' ', '\t']);
    let mut text = String::new();
    let (mut before, mut breaks) = (None, 0);
    for line in lines {
        if line.is_empty() {
            breaks += 1;
            continue;
        }
        match before {
            Some(before) if is_further(before) || is_further(line) => breaks += 1,
            Some(_) if breaks == 0 => text.push(' '),
            _ => {}
        }
        text.push_str(&"\n".repeat(breaks));
        text.push_str(line);
        (before, breaks) = (Some(*line), 0);
    }
    text
}
