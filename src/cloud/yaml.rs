//! YAML to values, as Kubernetes reads it (with merge keys, without tags), under limits. Pure.

mod lines;
mod position;
mod syntax;

use std::collections::{HashMap, HashSet};

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Span, StrInput, Tag};
use serde_json::{Map, Value};

use crate::crypto::DecodeError;
pub use lines::Lines;
pub use position::{Position, Step, position_of};
use syntax::in_words;

/// What errors are about until somebody says what is read.
const WHAT: &str = "YAML";

/// In one document, aliases counted as what they stand for: an alias of an alias of an alias makes a small file a large one.
const MAX_VALUES: usize = 200_000;
/// What aliases and anchors copy, in bytes, in all documents together: as few values as one may each be long.
const MAX_COPIED: usize = 8 << 20;
/// What a value takes beside its text.
const VALUE: usize = 64;
const MAX_DEPTH: usize = 100;
const MAX_DOCUMENTS: usize = 10_000;

/// Reads documents one after the other. Every scalar becomes a text, but for those that are nothing.
pub struct Documents<'a> {
    what: &'static str,
    parser: Parser<'a, StrInput<'a>>,
    anchors: HashMap<usize, (Value, Size)>,
    /// Of this document.
    size: Size,
    copied: usize,
    documents: usize,
    /// What other readers read differently, and where.
    odd: Option<(Position, &'static str)>,
    /// Where the text ends, white space aside.
    end: Position,
    /// Whether plain `true`, `false` and numbers are what they are in JSON.
    is_typed: bool,
}

/// How much something is.
#[derive(Debug, Clone, Copy, Default)]
struct Size {
    values: usize,
    /// Of their texts.
    text: usize,
}

/// A key that takes over the members of others (YAML 1.1, "Merge Key Language-Independent Type").
const MERGE: &str = "<<";

impl<'a> Documents<'a> {
    /// Those of a text; `what` names it in errors.
    pub fn new(what: &'static str, text: &'a str) -> Self {
        Self {
            what,
            parser: Parser::new_from_str(text),
            anchors: HashMap::new(),
            size: Size::default(),
            copied: 0,
            documents: 0,
            odd: text.split('\n').zip(1..).find_map(|(text, line)| {
                let (column, reason) = odd(text)?;
                Some((Position { line, column }, reason))
            }),
            end: Position::end_of(text),
            is_typed: false,
        }
    }

    /// The same, where `true`, `false` and numbers are no texts unless they are quoted.
    #[must_use]
    pub fn typed(self) -> Self {
        Self { is_typed: true, ..self }
    }

    /// The next one; `None` at the end.
    ///
    /// # Errors
    /// It is not YAML; a key is there twice; it is too large or too deep.
    pub fn next(&mut self) -> Result<Option<Value>, DecodeError> {
        self.read().map_err(|error| DecodeError { what: self.what, ..error })
    }

    fn read(&mut self) -> Result<Option<Value>, DecodeError> {
        if let Some((position, reason)) = self.odd {
            return Err(DecodeError::new(WHAT, position.in_words(), reason));
        }
        loop {
            let (event, span) = self.event()?;
            match event {
                Event::StreamEnd => return Ok(None),
                Event::DocumentStart(_) => {
                    self.documents += 1;
                    if self.documents > MAX_DOCUMENTS {
                        return Err(limit(span, format!("more than {MAX_DOCUMENTS} documents")));
                    }
                    self.anchors.clear();
                    self.size = Size::default();
                    let (event, span) = self.event()?;
                    return self.value(event, span, 0).map(Some);
                }
                _ => {}
            }
        }
    }

    fn event(&mut self) -> Result<(Event<'a>, Span), DecodeError> {
        match self.parser.next_event() {
            Some(event) => event.map_err(|error| not_yaml(&error, self.end)),
            None => Ok((Event::StreamEnd, Span::default())),
        }
    }

    fn value(&mut self, event: Event<'a>, span: Span, depth: usize) -> Result<Value, DecodeError> {
        if depth > MAX_DEPTH {
            return Err(limit(span, format!("nested deeper than {MAX_DEPTH}")));
        }
        let before = self.size;
        self.count(Size { values: 1, text: 0 }, span)?;
        let (anchor, value) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                known_tag(tag.as_deref(), span)?;
                self.size.text += text.len();
                let is_plain = style == ScalarStyle::Plain && tag.is_none();
                let value = match &*text {
                    "" | "~" | "null" | "Null" | "NULL" if is_plain => Value::Null,
                    text if is_plain && self.is_typed => typed(text),
                    _ => Value::String(text.into_owned()),
                };
                (anchor, value)
            }
            Event::SequenceStart(anchor, tag) => {
                known_tag(tag.as_deref(), span)?;
                let mut items = Vec::new();
                loop {
                    match self.event()? {
                        (Event::SequenceEnd, _) => break,
                        (event, span) => items.push(self.value(event, span, depth + 1)?),
                    }
                }
                (anchor, Value::Array(items))
            }
            Event::MappingStart(anchor, tag) => {
                known_tag(tag.as_deref(), span)?;
                (anchor, Value::Object(self.mapping(depth)?))
            }
            Event::Alias(anchor) => {
                // An anchor inside of which its own alias stands is not known yet.
                let Some((value, size)) = self.anchors.get(&anchor) else {
                    return Err(error(span, "the alias stands for nothing that was read before it"));
                };
                copy(&mut self.copied, *size, span)?;
                let (value, size) = (value.clone(), *size);
                self.count(size, span)?;
                return Ok(value);
            }
            _ => return Err(error(span, "a value is missing")),
        };
        if anchor != 0 {
            // What an anchor keeps is a copy too.
            let values = self.size.values.saturating_sub(before.values);
            let size = Size { values, text: self.size.text.saturating_sub(before.text) };
            copy(&mut self.copied, size, span)?;
            self.count(size, span)?;
            self.anchors.insert(anchor, (value.clone(), size));
        }
        Ok(value)
    }

    fn mapping(&mut self, depth: usize) -> Result<Map<String, Value>, DecodeError> {
        let (mut members, mut merged) = (Map::new(), None);
        loop {
            let (event, span) = self.event()?;
            let plain = match &event {
                Event::MappingEnd => break,
                Event::Scalar(_, style, _, _) => *style == ScalarStyle::Plain,
                _ => false,
            };
            let Value::String(key) = self.value(event, span, depth + 1)? else {
                return Err(error(span, "a key that is not a text"));
            };
            let (event, of_value) = self.event()?;
            let value = self.value(event, of_value, depth + 1)?;
            if plain && key == MERGE {
                if merged.is_some() {
                    return Err(error(of_value, "the key `<<` appears twice"));
                }
                merged = Some((value, of_value, members.keys().cloned().collect::<HashSet<_>>()));
            } else if members.insert(key.clone(), value).is_some() {
                return Err(error(span, &format!("the key `{key}` appears twice")));
            }
        }
        if let Some((value, span, before)) = merged {
            merge(&mut members, value, span, &before)?;
        }
        Ok(members)
    }

    fn count(&mut self, more: Size, span: Span) -> Result<(), DecodeError> {
        self.size.values = self.size.values.saturating_add(more.values);
        self.size.text = self.size.text.saturating_add(more.text);
        if self.size.values > MAX_VALUES {
            return Err(limit(
                span,
                format!("more than {MAX_VALUES} values in one document, aliases counted"),
            ));
        }
        Ok(())
    }
}

/// Counts what is to be copied, before it is.
fn copy(copied: &mut usize, size: Size, span: Span) -> Result<(), DecodeError> {
    let bytes = size.values.saturating_mul(VALUE).saturating_add(size.text);
    *copied = copied.saturating_add(bytes);
    match *copied > MAX_COPIED {
        true => Err(limit(span, format!("aliases copy more than {MAX_COPIED} bytes"))),
        false => Ok(()),
    }
}

/// What makes other readers see other lines or other documents here than this one: where the one sees a comment or a text, the
/// other may see an image.
fn odd(line: &str) -> Option<(usize, &'static str)> {
    // Breaks in YAML 1.1, which Kubernetes reads, and none in YAML 1.2.
    if let Some(at) = line.chars().position(|c| matches!(c, '\0' | '\u{85}' | '\u{2028}' | '\u{2029}')) {
        return Some((
            at + 1,
            "a character that some readers take for the end of a line (U+0085, U+2028, U+2029) or of the text",
        ));
    }
    // Kubernetes splits the text before it reads any YAML.
    let after = line.strip_prefix("---")?.chars().next()?;
    (!matches!(after, ' ' | '\t' | '\r'))
        .then_some((4, "a line that some readers take for the end of a document"))
}

/// Adds what `members` does not have; of several, the first counts. What stands before `<<` and in it is an error: the reader
/// of Kubernetes lets the later one count there, whatever the type says of itself.
fn merge(
    members: &mut Map<String, Value>,
    value: Value,
    span: Span,
    before: &HashSet<String>,
) -> Result<(), DecodeError> {
    let sources = match value {
        Value::Array(items) => items,
        one => vec![one],
    };
    for source in sources {
        let Value::Object(source) = source else {
            return Err(error(span, "`<<` takes over a mapping, or a list of mappings"));
        };
        for (key, value) in source {
            if before.contains(&key) && members.get(&key) != Some(&value) {
                let reason = format!(
                    "the key `{key}` stands before `<<` and in it, and readers differ in which counts"
                );
                return Err(error(span, &reason));
            }
            members.entry(key).or_insert(value);
        }
    }
    Ok(())
}

/// A plain scalar by YAML's core schema (1.2.2, section 10.3.2), as far as JSON writes it alike; other spellings stay texts.
fn typed(text: &str) -> Value {
    match text {
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        text => serde_json::from_str(text)
            .map_or_else(|_| Value::String(text.to_owned()), |number: serde_json::Number| number.into()),
    }
}

/// A tag may change what a text means: `!!binary`. Only those that change nothing are read.
fn known_tag(tag: Option<&Tag>, span: Span) -> Result<(), DecodeError> {
    let Some(tag) = tag else { return Ok(()) };
    let known = ["bool", "float", "int", "map", "seq", "str"].contains(&&*tag.suffix);
    if tag.is_yaml_core_schema() && known {
        return Ok(());
    }
    Err(error(span, &format!("the tag `{tag}` is not supported")))
}

fn not_yaml(error: &ScanError, end: Position) -> DecodeError {
    // What ends too early is found behind the end.
    let at = Position::of(error.marker()).min(end).in_words();
    let new = DecodeError::new(WHAT, at, format!("not YAML: {}", in_words(error.info())));
    // The parser tells a depth that is too much by these words alone.
    if error.info().starts_with("recursion limit exceeded") { new.over_limit() } else { new }
}

fn error(span: Span, reason: &str) -> DecodeError {
    DecodeError::new(WHAT, Position::of(&span.start).in_words(), reason)
}

fn limit(span: Span, reason: String) -> DecodeError {
    error(span, &reason).over_limit()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::DecodeKind;

    fn read(text: &str) -> Result<Vec<Value>, DecodeError> {
        let mut documents = Documents::new("test", text);
        let mut all = Vec::new();
        while let Some(document) = documents.next()? {
            all.push(document);
        }
        Ok(all)
    }

    #[test]
    fn values() {
        for (text, expected) in [
            ("", "[]"),
            ("---\n---\na: 1", r#"[null,{"a":"1"}]"#),
            ("a: [x, 'y', \"z\", ~, null, '']\nb:", r#"[{"a":["x","y","z",null,null,""],"b":null}]"#),
            ("a: |\n  b\n  ---\n  c\n...\n---\nd", r#"[{"a":"b\n---\nc\n"},"d"]"#),
            ("{\n\t\"a\": {\"b\": [true, 1.5]}\n}", r#"[{"a":{"b":["true","1.5"]}}]"#),
            ("a: &x {b: c}\nd: *x", r#"[{"a":{"b":"c"},"d":{"b":"c"}}]"#),
            (
                "a: &x {b: c, d: e}\nf:\n  <<: *x\n  d: g",
                r#"[{"a":{"b":"c","d":"e"},"f":{"d":"g","b":"c"}}]"#,
            ),
            ("a: {<<: [{b: 1}, {b: 2, c: 3}]}", r#"[{"a":{"b":"1","c":"3"}}]"#),
            ("a: {'<<': x}", r#"[{"a":{"<<":"x"}}]"#),
            ("a: !!str 1", r#"[{"a":"1"}]"#),
            ("%YAML 1.2\n---\na: b # c", r#"[{"a":"b"}]"#),
        ] {
            let found = read(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(Value::Array(found).to_string(), expected, "{text}");
        }
    }

    #[test]
    fn values_with_types() {
        let text = "a: [true, false, 'true', 1, -2, 1.5, 010, 0x1, 1_0, yes, True, \"3\", 1e2, nan, .5]";
        let read = Documents::new("test", text).typed().next().unwrap().unwrap();
        let expected = concat!(
            r#"{"a":[true,false,"true",1,-2,1.5,"010","0x1","1_0","yes","True","3",100.0,"#,
            r#""nan",".5"]}"#
        );
        assert_eq!(read.to_string(), expected);
        assert!(Documents::new("test", "1: a").typed().next().is_err());
    }

    #[test]
    fn what_is_refused() {
        for (text, words) in [
            ("a: [", "not YAML"),
            ("a: 1\nb: 2\na: 3", "line 3 column 1: the key `a` appears twice"),
            ("{\"a\": 1, \"a\": 2}", "`a` appears twice"),
            ("a: 1\n'a': 2", "`a` appears twice"),
            ("x: &x {b: 1}\nc: {<<: *x, <<: *x}", "`<<` appears twice"),
            ("a: *b", "not YAML"),
            ("a: &a [*a]", "nothing that was read before"),
            ("a: !!binary YWxwaW5l", "not supported"),
            ("a: !x b", "not supported"),
            ("[a]: b", "not a text"),
            ("a: {<<: x}", "takes over a mapping"),
            ("a: b # c\u{2028}d: e", "line 1 column 9: a character"),
            ("a: 1\n# \u{85}", "line 2 column 3: a character"),
            ("a: 1\n\0\n---\nb: 2", "line 2 column 1: a character"),
            ("a: 1\n---x: |\n  b: 2", "line 2 column 4: a line that some"),
            ("a: 1\n---\u{a0}\n", "line 2 column 4: a line that some"),
            ("x: &x {b: 1}\nc: {b: 2, <<: *x}", "readers differ"),
            ("a: b\n---\nc: *x", "not YAML"),
            ("a: &x 1\n---\nb: *x", "line 3"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.to_string().contains(words), "{text}: {error}");
        }
    }

    #[test]
    fn limits() {
        let laughs: String = (1..30)
            .map(|n| format!("a{n}: &a{n} [{}]\n", vec![format!("*a{}", n - 1); 9].join(", ")))
            .collect::<Vec<_>>()
            .concat();
        for text in [
            format!("a0: &a0 [x, x, x]\n{laughs}"),
            "[".repeat(100_000),
            "a: ".to_owned() + &"- ".repeat(3),
            "- ".repeat(50_000),
            format!("[{}", "x, ".repeat(MAX_VALUES + 1)),
            "---\n".repeat(MAX_DOCUMENTS + 2),
        ] {
            let Err(error) = read(&text) else { panic!("{}", text.len()) };
            if !text.starts_with("a: ") {
                assert_eq!(error.kind, DecodeKind::Limit, "{error}");
            }
        }
    }

    #[test]
    fn what_aliases_copy_is_limited_in_bytes() {
        let long = format!("x: &a \"{}\"\n", "A".repeat(400_000));
        let one = format!("{long}y: *a\n");
        assert_eq!(read(&one).unwrap().len(), 1);
        let key = format!("x: &a {{\"{}\": b}}\n", "A".repeat(400_000));
        let nested = (0..60).map(|n| format!("&b{n} [")).collect::<String>();
        for text in [
            format!("{long}y: [{}]\n", vec!["*a"; 20_000].join(", ")),
            format!("{key}y: [{}]\n", vec!["*a"; 20_000].join(", ")),
            format!("{key}y: [{}]\n", vec!["{<<: *a}"; 20_000].join(", ")),
            // Every document by itself is small enough.
            format!("---\n{one}").repeat(30),
            format!("{nested}{}{}", "A".repeat(400_000), "]".repeat(60)),
        ] {
            let error = read(&text).map(|all| all.len()).unwrap_err();
            assert_eq!(error.kind, DecodeKind::Limit, "{error}");
            assert!(error.to_string().contains("copy more than"), "{error}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "[-a:&*<\\[\\]{}, \\n\"'|>!%#?\t~0]{0,60}") {
            let _ = read(&text);
        }
    }
}
