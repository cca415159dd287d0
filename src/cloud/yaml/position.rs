//! Where a value stands in a text, for messages: nothing is judged here. Pure.

use saphyr_parser::{Event, Marker, Parser, StrInput};

/// A place in a text, as editors count: the first line and the first character of a line are 1. Displays as `12:5`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The character in it.
    pub column: usize,
}

impl Position {
    pub(super) fn of(marker: &Marker) -> Self {
        Self { line: marker.line(), column: marker.col() + 1 }
    }

    /// Behind the last character of a text that is no white space.
    pub(super) fn end_of(text: &str) -> Self {
        let text = text.trim_end();
        let last = text.rsplit('\n').next().unwrap_or_default();
        Self { line: text.matches('\n').count() + 1, column: last.chars().count() + 1 }
    }

    /// `line 12 column 5`.
    pub(super) fn in_words(self) -> String {
        format!("line {} column {}", self.line, self.column)
    }

    /// The place that an error of this room names.
    pub fn in_error(at: &str) -> Option<Self> {
        let (line, column) = at.strip_prefix("line ")?.split_once(" column ")?;
        Some(Self { line: line.parse().ok()?, column: column.parse().ok()? })
    }
}

impl std::fmt::Display for Position {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// A step on the way from a document to a value in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step<'a> {
    /// Into the member of a mapping.
    Member(&'a str),
    /// Into the item of a list, the first one 0.
    Item(usize),
}

/// Where the member or the item begins in the first document that `path` leads to, or the last one on the way that is there.
pub fn position_of(text: &str, path: &[Step<'_>]) -> Option<Position> {
    let mut parser = Parser::new_from_str(text);
    while !matches!(parser.next_event()?.ok()?.0, Event::DocumentStart(_)) {}
    let (mut event, span) = parser.next_event()?.ok()?;
    let mut position = Position::of(&span.start);
    for step in path {
        let mut number = 0;
        loop {
            let (next, span) = parser.next_event()?.ok()?;
            let is_it = match (&event, step) {
                (Event::MappingStart(..), Step::Member(name)) => {
                    matches!(&next, Event::Scalar(key, ..) if key == name)
                }
                (Event::SequenceStart(..), Step::Item(wanted)) => number == *wanted,
                _ => return Some(position),
            };
            if matches!(next, Event::MappingEnd | Event::SequenceEnd) {
                return Some(position);
            }
            if is_it {
                position = Position::of(&span.start);
                event = if matches!(step, Step::Member(_)) { parser.next_event()?.ok()?.0 } else { next };
                break;
            }
            pass(&mut parser, &next)?;
            if matches!(step, Step::Member(_)) {
                let value = parser.next_event()?.ok()?.0;
                pass(&mut parser, &value)?;
            }
            number += 1;
        }
    }
    Some(position)
}

/// Passes over what is left of a value that began with `event`.
fn pass(parser: &mut Parser<'_, StrInput<'_>>, event: &Event<'_>) -> Option<()> {
    let is_start = |event: &Event<'_>| matches!(event, Event::MappingStart(..) | Event::SequenceStart(..));
    let mut depth = usize::from(is_start(event));
    while depth > 0 {
        let (event, _) = parser.next_event()?.ok()?;
        if is_start(&event) {
            depth += 1;
        } else if matches!(event, Event::MappingEnd | Event::SequenceEnd) {
            depth -= 1;
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_of_values() {
        use Step::{Item, Member};
        let text = "# x\na: 1\nb:\n  - c: {d: [1,\n      2]}\n  - &x e\n  - *x\nf:\n  é: |\n    h\n  i: j\n  k: {ü: 1, l: 2}\n";
        for (path, line, column) in [
            (&[][..], 2, 1),
            (&[Member("a")], 2, 1),
            (&[Member("b")], 3, 1),
            (&[Member("b"), Item(0)], 4, 5),
            (&[Member("b"), Item(0), Member("c"), Member("d")], 4, 9),
            (&[Member("b"), Item(0), Member("c"), Member("d"), Item(1)], 5, 7),
            (&[Member("b"), Item(1)], 6, 5),
            (&[Member("b"), Item(2), Member("none")], 7, 5),
            (&[Member("b"), Item(9)], 3, 1),
            (&[Member("f"), Member("i")], 11, 3),
            (&[Member("f"), Member("k"), Member("l")], 12, 13),
            (&[Member("none")], 2, 1),
        ] {
            assert_eq!(position_of(text, path), Some(Position { line, column }), "{path:?}");
        }
        assert_eq!(position_of("a: [", &[Member("a"), Item(0)]), None);
    }

    #[test]
    fn errors_name_positions() {
        let position = Position { line: 12, column: 5 };
        assert_eq!((position.to_string(), position.in_words()), ("12:5".into(), "line 12 column 5".into()));
        assert_eq!(Position::in_error(&position.in_words()), Some(position));
        for other in ["", "line 12", "a.b", "line x column 1"] {
            assert_eq!(Position::in_error(other), None);
        }
    }
}
