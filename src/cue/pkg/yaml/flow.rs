//! Collections in brackets, `[a, b]` and `{"a": 1}`, of which JSON is one sort. `column` is where in its line the reader is.

use std::rc::Rc;

use super::super::arguments::failed;
use super::super::{CallError, json};
use super::blocks::Reader;
use super::scalars::{self, starts_plain};
use super::{shown, unsure};
use crate::cue::data::Data;

impl<'t> Reader<'t> {
    /// A value within brackets, or one that begins with a bracket; lines need no indentation there.
    pub(super) fn flow(&mut self, column: &mut usize) -> Result<Data, CallError> {
        match self.rest(*column).chars().next() {
            Some('[') => self.deeper(|reader| reader.flow_list(column)),
            Some('{') => self.deeper(|reader| reader.flow_mapping(column)),
            Some('"' | '\'') => self.flow_quoted(column).map(Data::String),
            _ => scalars::plain(self.flow_plain(column)?),
        }
    }

    fn flow_list(&mut self, column: &mut usize) -> Result<Data, CallError> {
        *column += 1;
        let mut items = Vec::new();
        loop {
            self.flow_space(column)?;
            if self.take(']', column) {
                return Ok(items.into());
            }
            items.push(self.flow_item(column)?);
            self.flow_space(column)?;
            if self.take(']', column) {
                return Ok(items.into());
            }
            self.comma(column)?;
        }
    }

    /// An item of a list: a value, or a mapping with one member, `[a: b]`.
    fn flow_item(&mut self, column: &mut usize) -> Result<Data, CallError> {
        if self.rest(*column).starts_with(['[', '{']) {
            return self.flow(column);
        }
        let start = *column;
        let value = self.flow(column)?;
        if !self.rest(*column).trim_start_matches(' ').starts_with(':') {
            return Ok(value);
        }
        *column = start;
        json::fields(vec![self.flow_member(column)?])
    }

    fn flow_member(&mut self, column: &mut usize) -> Result<(Rc<str>, Data), CallError> {
        let start = *column;
        let name = match self.rest(*column).starts_with(['"', '\'']) {
            true => self.flow_quoted(column)?,
            false => scalars::name(self.flow_plain(column)?)?,
        };
        let rest = self.rest(*column);
        *column += rest.len() - rest.trim_start_matches(' ').len();
        let is_long = name.len() > scalars::MAX_NAME || *column - start > scalars::MAX_WRITTEN_NAME;
        if is_long || !self.take(':', column) {
            return unsure("a name without a value, or a long one, within brackets");
        }
        self.flow_space(column)?;
        Ok((name, self.flow(column)?))
    }

    fn flow_mapping(&mut self, column: &mut usize) -> Result<Data, CallError> {
        *column += 1;
        let mut members = Vec::new();
        loop {
            self.flow_space(column)?;
            if self.take('}', column) {
                return json::fields(members);
            }
            members.push(self.flow_member(column)?);
            self.flow_space(column)?;
            if self.take('}', column) {
                return json::fields(members);
            }
            self.comma(column)?;
        }
    }

    fn take(&self, c: char, column: &mut usize) -> bool {
        let is_there = self.rest(*column).starts_with(c);
        *column += usize::from(is_there);
        is_there
    }

    fn comma(&self, column: &mut usize) -> Result<(), CallError> {
        if self.take(',', column) {
            return Ok(());
        }
        unsure(format_args!("`{}` where a comma or a bracket is expected", shown(self.rest(*column))))
    }

    /// Passes over blanks and line breaks. Behind some values no line can begin with a tab.
    fn flow_space(&mut self, column: &mut usize) -> Result<(), CallError> {
        loop {
            let rest = self.rest(*column);
            let content = rest.trim_start_matches([' ', '\t']);
            *column += rest.len() - content.len();
            if content.starts_with('#') {
                return unsure("`#` within brackets");
            }
            if !content.is_empty() {
                return Ok(());
            }
            self.at += 1;
            *column = 0;
            if self.at >= self.lines.len() {
                return failed("a closing bracket is missing");
            }
            if self.rest(0).trim_start_matches(' ').starts_with('\t') {
                return unsure("a tab in front of a line within brackets");
            }
        }
    }

    fn flow_quoted(&mut self, column: &mut usize) -> Result<Rc<str>, CallError> {
        let (text, length) = self.quoted(*column)?;
        *column += length;
        Ok(text)
    }

    /// A plain scalar: up to a comma, a bracket, or a colon in front of a blank.
    fn flow_plain(&mut self, column: &mut usize) -> Result<&'t str, CallError> {
        let rest = self.rest(*column);
        if !starts_plain(rest) {
            return unsure(format_args!("`{}` within brackets", shown(rest)));
        }
        let mut chars = rest.char_indices().peekable();
        let mut end = rest.len();
        while let Some((at, c)) = chars.next() {
            let next = chars.peek().map_or(' ', |(_, next)| *next);
            match c {
                ',' | ']' | '}' => end = at,
                ':' if next == ' ' => end = at,
                '[' | '{' | '?' | '\t' => return unsure(format_args!("`{}` within brackets", shown(rest))),
                ':' if ",[]{}#".contains(next) => {
                    return unsure(format_args!("`{}` within brackets", shown(rest)));
                }
                '-' if at == 0 && ",[]{}".contains(next) => {
                    return unsure(format_args!("`{}` within brackets", shown(rest)));
                }
                ' ' if next == '#' => return unsure("`#` within brackets"),
                _ => continue,
            }
            break;
        }
        *column += end;
        Ok(rest.get(..end).unwrap_or_default().trim_end_matches(' '))
    }
}
