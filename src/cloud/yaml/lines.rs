//! The lines of texts in YAML, for reports: nothing is judged here. Pure.

use std::collections::HashMap;
use std::rc::Rc;

use saphyr_parser::{Event, Parser};

/// Where each text stands that is a value, by the text and the name of the member that it stands in, through lists.
#[derive(Debug, Default)]
pub struct Lines(HashMap<String, Vec<Place>>);

#[derive(Debug)]
struct Place {
    member: Rc<str>,
    line: usize,
    is_taken: bool,
}

/// A collection that is open.
enum Open {
    /// A mapping, with the key whose value comes next.
    Mapping(Option<Rc<str>>),
    /// A list in the member of this name.
    List(Rc<str>),
}

impl Lines {
    /// Of all documents, as far as they can be read.
    pub fn of(text: &str) -> Self {
        let mut lines = Self::default();
        let mut parser = Parser::new_from_str(text);
        let mut open: Vec<Open> = Vec::new();
        while let Some(Ok((event, span))) = parser.next_event() {
            match event {
                Event::DocumentStart(_) => open.clear(),
                Event::SequenceEnd | Event::MappingEnd => drop(open.pop()),
                Event::SequenceStart(..) => {
                    let member = member(&mut open);
                    open.push(Open::List(member));
                }
                Event::MappingStart(..) => {
                    member(&mut open);
                    open.push(Open::Mapping(None));
                }
                Event::Alias(_) => drop(member(&mut open)),
                Event::Scalar(text, ..) => match open.last_mut() {
                    Some(Open::Mapping(key @ None)) => *key = Some(Rc::from(&*text)),
                    _ => {
                        let place =
                            Place { member: member(&mut open), line: span.start.line(), is_taken: false };
                        lines.0.entry(text.into_owned()).or_default().push(place);
                    }
                },
                _ => {}
            }
        }
        lines
    }

    /// The line of a text in a member of this name: the first one that was not asked for yet. Where there is none, as it stands behind an alias,
    /// another line with the text.
    pub fn take(&mut self, member: &str, text: &str) -> Option<usize> {
        let places = self.0.get_mut(text)?;
        let mut named = places.iter_mut().filter(|place| *place.member == *member);
        if let Some(place) = named.find(|place| !place.is_taken) {
            place.is_taken = true;
            return Some(place.line);
        }
        let last = places.iter().rev().find(|place| *place.member == *member);
        last.or_else(|| places.first()).map(|place| place.line)
    }
}

/// The name of the member whose value begins, which is over with that.
fn member(open: &mut [Open]) -> Rc<str> {
    match open.last_mut() {
        Some(Open::Mapping(key)) => key.take(),
        Some(Open::List(member)) => Some(member.clone()),
        None => None,
    }
    .unwrap_or_else(|| Rc::from(""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_have_lines() {
        let text = "# x\na: one\nimages:\n  - one\n  - {image: two, other: one}\nimage: |\n  long\n---\nimage: two\nx: &y three\nb:\n  image: *y\nc: [[four]]\n";
        let mut lines = Lines::of(text);
        for (member, text, line) in [
            ("images", "one", Some(4)),
            ("a", "one", Some(2)),
            ("a", "one", Some(2)),
            ("none", "one", Some(2)),
            ("image", "two", Some(5)),
            ("image", "two", Some(9)),
            ("image", "two", Some(9)),
            ("image", "three", Some(10)),
            ("c", "four", Some(13)),
            ("image", "five", None),
            ("", "image", None),
        ] {
            assert_eq!(lines.take(member, text), line, "{member} {text}");
        }
        // What cannot be read further has no lines.
        assert_eq!(Lines::of("a: [x, ").take("a", "y"), None);
        assert_eq!(Lines::of("{\n\"image\": \"x\"}").take("image", "x"), Some(2));
    }
}
