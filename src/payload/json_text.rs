//! JSON kept as text: checked as strictly as [`crate::crypto::json`] does it, but not turned into values, so that no
//! number is rounded, nothing is dropped, and a large document costs no tree.

use std::borrow::Cow;
use std::collections::HashSet;

use crate::crypto::{DecodeError, json, text};

/// Nesting deeper than this is refused, as `serde_json` does: what is not can be shown to every rule and policy.
pub const DEPTH_LIMIT: usize = 127;

/// Checks that `text` is one JSON value in which no object has two members of one name, and returns it as text.
///
/// # Errors
/// Not UTF-8, not JSON (with line and column), a duplicate member (with its path), nesting deeper than `depth`.
pub fn check<'a>(what: &'static str, text: &'a [u8], depth: usize) -> Result<&'a str, DecodeError> {
    checked(what, text, depth, |_, _| Ok(()))
}

/// The members of the object that `text` is, in their order, with the text of each value.
///
/// # Errors
/// As [`check`]; no object, or one with more than `limit` members.
pub(super) fn members<'a>(
    what: &'static str,
    text: &'a [u8],
    limit: usize,
) -> Result<Vec<(Cow<'a, str>, &'a str)>, DecodeError> {
    let mut members = Vec::new();
    let text = checked(what, text, DEPTH_LIMIT, |name, value| {
        members.push((name.clone(), value));
        within(members.len(), limit, "members")
    })?;
    of_kind(Kind::Object, text).map_err(|reason| DecodeError::whole(what, reason))?;
    Ok(members)
}

/// The texts of the items of the array that `text` is: a value, at `at`, of a document that was checked.
///
/// # Errors
/// No array, or one with more than `limit` items.
pub(super) fn items<'a>(
    what: &'static str,
    at: &str,
    text: &'a str,
    limit: usize,
) -> Result<Vec<&'a str>, DecodeError> {
    of_kind(Kind::Array, text).map_err(|reason| DecodeError::new(what, at, reason))?;
    let mut items = Vec::new();
    let mut walk = Walk::of(what, text, DEPTH_LIMIT, |_, value| {
        items.push(value);
        within(items.len(), limit, "items")
    });
    walk.document().map_err(|error| DecodeError { at: at.to_owned(), ..error })?;
    Ok(items)
}

fn of_kind(want: Kind, text: &str) -> Result<(), String> {
    let have = Kind::of(text.trim_start());
    if have == want { Ok(()) } else { Err(format!("is {}, not {}", have.words(), want.words())) }
}

fn within(count: usize, limit: usize, of: &str) -> Result<(), String> {
    if count <= limit { Ok(()) } else { Err(format!("has more than {limit} {of}")) }
}

fn checked<'a>(
    what: &'static str,
    text: &'a [u8],
    depth: usize,
    part: impl FnMut(&Cow<'a, str>, &'a str) -> Result<(), String>,
) -> Result<&'a str, DecodeError> {
    let text = text::utf_8(text).map_err(|why| DecodeError::whole(what, why))?;
    // The grammar is serde_json's business; what follows may then rely on it.
    json::check_syntax(text).map_err(|why| DecodeError::whole(what, format!("is not JSON: {why}")))?;
    Walk::of(what, text, depth, part).document()?;
    Ok(text)
}

/// The kinds of JSON values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `[]`
    Array,
    /// `true`, `false`
    Boolean,
    /// `null`
    Null,
    /// `1`
    Number,
    /// `{}`
    Object,
    /// `""`
    String,
}

impl Kind {
    /// Of a sound JSON text without white space before it, by its first character.
    pub fn of(text: &str) -> Self {
        match text.as_bytes().first() {
            Some(b'[') => Self::Array,
            Some(b't' | b'f') => Self::Boolean,
            Some(b'n') => Self::Null,
            Some(b'{') => Self::Object,
            Some(b'"') => Self::String,
            _ => Self::Number,
        }
    }

    /// In words, with an article.
    pub fn words(self) -> &'static str {
        match self {
            Self::Array => "an array",
            Self::Boolean => "a boolean",
            Self::Null => "null",
            Self::Number => "a number",
            Self::Object => "an object",
            Self::String => "a string",
        }
    }
}

/// An object with at most this many members is searched for a name; one with more is asked by a table.
const FEW: usize = 16;

/// One pass over a sound text.
struct Walk<'a, P> {
    what: &'static str,
    /// How deep it may be.
    depth: usize,
    text: &'a str,
    /// Takes each member of the outermost object, or each item of the outermost array, which has no name; says why it is too many.
    part: P,
    /// The objects and arrays that are open at one point of the text.
    open: Vec<Open<'a>>,
    /// The names so far of the open objects, those of the innermost one last.
    names: Vec<Cow<'a, str>>,
    /// Where the value begins that stands in the outermost object or array.
    begun: Option<usize>,
}

enum Open<'a> {
    Object {
        /// Where its names begin, while they are few.
        first: usize,
        /// All of its names, once they are more.
        many: HashSet<Cow<'a, str>>,
        name: Cow<'a, str>,
        name_is_next: bool,
    },
    Array {
        index: usize,
    },
}

impl<'a, P: FnMut(&Cow<'a, str>, &'a str) -> Result<(), String>> Walk<'a, P> {
    fn of(what: &'static str, text: &'a str, depth: usize, part: P) -> Self {
        Self { what, text, depth, part, open: Vec::new(), names: Vec::new(), begun: None }
    }

    fn document(&mut self) -> Result<(), DecodeError> {
        let (bytes, mut at) = (self.text.as_bytes(), 0);
        while let Some(token) = bytes.get(at) {
            at += 1;
            match token {
                b'"' => {
                    let end = string_end(bytes, at);
                    self.string(self.text.get(at - 1..end).unwrap_or_default())?;
                    at = end;
                }
                b'{' => {
                    let (name, many) = (Cow::Borrowed(""), HashSet::new());
                    self.enter(Open::Object { first: self.names.len(), many, name, name_is_next: true })?;
                }
                b'[' => {
                    self.enter(Open::Array { index: 0 })?;
                    self.begin(at);
                }
                b':' => self.begin(at),
                b',' => {
                    self.end(at - 1)?;
                    match self.open.last_mut() {
                        Some(Open::Object { name_is_next, .. }) => *name_is_next = true,
                        Some(Open::Array { index }) => {
                            *index += 1;
                            self.begin(at);
                        }
                        None => (),
                    }
                }
                b'}' | b']' => {
                    self.end(at - 1)?;
                    if let Some(Open::Object { first, .. }) = self.open.pop() {
                        self.names.truncate(first);
                    }
                }
                _ => (),
            }
        }
        Ok(())
    }

    fn begin(&mut self, at: usize) {
        if self.open.len() == 1 {
            self.begun = Some(at);
        }
    }

    fn end(&mut self, at: usize) -> Result<(), DecodeError> {
        let ([outermost], Some(begun)) = (self.open.as_slice(), self.begun) else { return Ok(()) };
        let (nameless, what) = (Cow::Borrowed(""), self.what);
        let name = if let Open::Object { name, .. } = outermost { name } else { &nameless };
        // An array without items has white space there, if anything.
        match self.text.get(begun..at).map(str::trim).filter(|value| !value.is_empty()) {
            Some(value) => (self.part)(name, value).map_err(|why| DecodeError::whole(what, why).over_limit()),
            None => Ok(()),
        }
    }

    fn enter(&mut self, open: Open<'a>) -> Result<(), DecodeError> {
        if self.open.len() == self.depth {
            // Where it is would be a path of as many steps.
            let reason = format!("is nested deeper than {}", self.depth);
            return Err(DecodeError::whole(self.what, reason).over_limit());
        }
        self.open.push(open);
        Ok(())
    }

    /// A string with its quotation marks: a member's name or a value.
    fn string(&mut self, literal: &'a str) -> Result<(), DecodeError> {
        let Some(Open::Object { first, many, name, name_is_next: is_name @ true }) = self.open.last_mut()
        else {
            return Ok(());
        };
        *is_name = false;
        *name = match literal.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
            Some(plain) if !plain.contains('\\') => Cow::Borrowed(plain),
            _ => match serde_json::from_str(literal) {
                Ok(decoded) => Cow::Owned(decoded),
                Err(e) => {
                    let why = json::what_is_wrong(&e);
                    return Err(self.error(format!("has a member name that cannot be read: {why}")));
                }
            },
        };
        let few = self.names.get(*first..).unwrap_or_default();
        if many.is_empty() && few.len() < FEW {
            if few.contains(name) {
                return Err(self.error("the member appears twice"));
            }
            self.names.push(name.clone());
            return Ok(());
        }
        if many.is_empty() {
            many.extend(self.names.drain(*first..));
        }
        if many.insert(name.clone()) { Ok(()) } else { Err(self.error("the member appears twice")) }
    }

    fn error(&self, reason: impl Into<String>) -> DecodeError {
        let mut path = String::new();
        for open in &self.open {
            match open {
                Open::Object { name, .. } if path.is_empty() => path.push_str(name),
                Open::Object { name, .. } => {
                    path.push('.');
                    path.push_str(name);
                }
                Open::Array { index } => path.push_str(&format!("[{index}]")),
            }
        }
        DecodeError::new(self.what, path, reason)
    }
}

/// Where a string ends of which the first byte after its opening quotation mark is at `at`: after its closing one.
fn string_end(bytes: &[u8], mut at: usize) -> usize {
    while let Some(byte) = bytes.get(at) {
        at += match byte {
            b'"' => return at + 1,
            b'\\' => 2,
            _ => 1,
        };
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        check("thing", text.as_bytes(), DEPTH_LIMIT).unwrap_err().to_string()
    }

    #[test]
    fn keeps_every_byte() {
        let text = " {\"b\" : 1.0, \"a\":[1e400, -0, 123456789012345678901234567890, {\"a\":{}, \"b\":[]}],\n\"\":\"\\\"}{,\"}\n";
        assert_eq!(check("thing", text.as_bytes(), DEPTH_LIMIT).unwrap(), text);
        for text in
            ["null", "[]", "[1,[2,{}]]", "\"\\\\\"", "{\"a\":\"b\",\"b\":\"a\"}", "{\"\\\"\":1,\"\\\\\":2}"]
        {
            assert_eq!(check("thing", text.as_bytes(), DEPTH_LIMIT).unwrap(), text);
        }
    }

    #[test]
    fn the_parts_of_the_outermost_value() {
        let text = " {\"a\" : [1, {\"x\":\":,}\"}] ,\"\\u0062\":\n\"c,\\\"}\",\"d\":{} } ";
        let parts = members("thing", text.as_bytes(), 3).unwrap();
        let parts: Vec<_> = parts.iter().map(|(name, text)| (&**name, *text)).collect();
        assert_eq!(parts, [("a", r#"[1, {"x":":,}"}]"#), ("b", r#""c,\"}""#), ("d", "{}")]);
        assert_eq!(members("thing", b"{ }", 0).unwrap(), []);
        let refused = |text: &str| members("thing", text.as_bytes(), 2).unwrap_err().to_string();
        assert_eq!(refused(text), "thing: has more than 2 members");
        assert_eq!(refused(" [1]"), "thing: is an array, not an object");

        let items = |text| items("thing", "a.b", text, 2).map_err(|e| e.to_string());
        assert_eq!(items(r#"[ {"a":[1,2]} ,"]," ]"#), Ok(vec![r#"{"a":[1,2]}"#, r#""],""#]));
        assert_eq!(items("[\n]"), Ok(vec![]));
        assert_eq!(items("[[],{},1]"), Err("thing: a.b: has more than 2 items".into()));
        assert_eq!(items("{}"), Err("thing: a.b: is an object, not an array".into()));
    }

    #[test]
    fn duplicates_at_every_depth_and_in_every_spelling() {
        assert_eq!(refused(r#"{"a":1,"b":2,"a":3}"#), "thing: a: the member appears twice");
        assert_eq!(
            refused(r#"{"x":[0,{"y":{"b":1,"c":{"b":1},"\u0062":2}}]}"#),
            "thing: x[1].y.b: the member appears twice"
        );
        assert_eq!(refused(r#"[{"":1,"":1}]"#), "thing: [0].: the member appears twice");
        assert_eq!(refused(r#"{"\"":1,"\u0022":2}"#), "thing: \": the member appears twice");
        assert_eq!(
            refused(r#"[{"\ud800":1}]"#),
            "thing: [0].: has a member name that cannot be read: `\\u` without four hexadecimal digits behind it, or half of a surrogate pair without the other half"
        );
    }

    #[test]
    fn duplicates_among_few_and_many() {
        for members in [1, FEW - 1, FEW, FEW + 1, 5 * FEW] {
            // Names of objects within, and of those before, are not this object's.
            let member = |n: usize| format!(r#""{n}":{{"{n}":0,"{}":[{{"a":{n}}}]}}"#, n + 1);
            let all = (0..members).map(member).collect::<Vec<_>>().join(",");
            check("thing", format!("[{{{all}}},{{{all}}}]").as_bytes(), DEPTH_LIMIT).unwrap();
            for twice in [0, members / 2, members - 1] {
                let reason = format!("thing: [1].{twice}: the member appears twice");
                assert_eq!(refused(&format!(r#"[0,{{{all},"{twice}":0}}]"#)), reason);
            }
        }
    }

    #[test]
    fn what_is_not_json() {
        assert_eq!(
            refused("{\"a\":1,\n oops}"),
            "thing: is not JSON: the name of a member is expected, in quotation marks, and there is `o` at line 2 column 2"
        );
        assert_eq!(
            check("thing", b"[\"\xff\"]", DEPTH_LIMIT).unwrap_err().to_string(),
            "thing: is not UTF-8 after byte 2"
        );
        for text in [
            "",
            " ",
            "{} x",
            "{\"a\":1,}",
            "[1 2]",
            "nul",
            "\"a",
            "{\"a\"}",
            "\u{feff}{}",
            "{'a':1}",
            "NaN",
            "01",
        ] {
            assert!(refused(text).starts_with("thing: is not JSON: "), "{text}");
        }
    }

    #[test]
    fn depth_is_bounded() {
        let nested = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
        check("thing", nested(127).as_bytes(), DEPTH_LIMIT).unwrap();
        assert!(refused(&nested(128)).ends_with("thing: is nested deeper than 127"));
        assert!(refused(&nested(1_000_000)).ends_with("thing: is nested deeper than 127"));
    }

    proptest::proptest! {
        /// Whatever serde_json accepts and has no duplicates is accepted here, with the strings that try hardest.
        #[test]
        fn agrees_with_a_real_parser(names in proptest::collection::hash_set("[a\"\\\\{}\\[\\],: \u{e9}]{0,4}", 0..6)) {
            let object: serde_json::Map<_, _> =
                names.iter().map(|n| (n.clone(), serde_json::json!([n, { n: n }]))).collect();
            let text = serde_json::to_string_pretty(&object).unwrap();
            check("thing", text.as_bytes(), DEPTH_LIMIT).unwrap();
            if let Some(name) = names.iter().next() {
                let name = serde_json::to_string(name).unwrap();
                let doubled = format!("{{{name}:0,{name}:{text}}}");
                proptest::prop_assert!(check("thing", doubled.as_bytes(), DEPTH_LIMIT).is_err());
            }
        }
    }
}
