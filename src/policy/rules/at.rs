//! Places in a statement, and what is not as it should be there.

use serde_json::{Map, Value};

use crate::crypto::UnixTime;

/// The longest text of a statement that a message shows, in characters.
const SHOWN: usize = 160;

/// A demand that does not hold: one line that names the rule, the place, what was expected and what is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// The rule.
    pub rule: &'static str,
    /// The place: `predicate.builder.id`, `certificate.sourceRepositoryUri`.
    pub at: String,
    /// What was expected, in words.
    pub expected: String,
    /// What is there, in words.
    pub found: String,
    /// What would help.
    pub hint: Option<String>,
}

impl Mismatch {
    pub(super) fn new(
        rule: &'static str,
        at: impl Into<String>,
        expected: impl Into<String>,
        found: impl Into<String>,
    ) -> Self {
        Self { rule, at: at.into(), expected: expected.into(), found: found.into(), hint: None }
    }

    /// The same without the name of the rule.
    pub fn reason(&self) -> String {
        format!("{} is {}, expected {}", self.at, self.found, self.expected)
    }

    #[must_use]
    pub(super) fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }
}

impl std::fmt::Display for Mismatch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "rule {}: {}", self.rule, self.reason())
    }
}

/// Text of a statement for a message: short, and with nothing that only looks like something else.
pub(in crate::policy) fn quoted(text: &str) -> String {
    let mut out = String::from("`");
    for (count, c) in text.chars().enumerate() {
        if count == SHOWN {
            out.push('…');
            break;
        }
        if c == ' ' || c.is_ascii_graphic() { out.push(c) } else { out.extend(c.escape_unicode()) }
    }
    out.push('`');
    out
}

/// The name of a member for a path: bare where it is a plain word.
pub(super) fn plain(name: &str) -> String {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'@' | b'$');
    if !name.is_empty() && name.bytes().all(is_plain) { name.to_owned() } else { quoted(name) }
}

/// A value for a message.
pub(super) fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => quoted(text),
        Value::Array(items) => format!("a list of {}", items.len()),
        Value::Object(_) => "an object".to_owned(),
        other => format!("`{other}`"),
    }
}

/// Whether a time is written as RFC 3339 has it (section 5.6): `2024-06-01T12:00:00`, with a fraction or without, and `Z`, or an offset of hours and
/// minutes, `+01:00`. What the numbers are is not looked at, but for the offset.
fn is_rfc3339(text: &str) -> bool {
    const FORM: &[u8] = b"0000-00-00T00:00:00";
    let is_formed = |(found, form): (&u8, &u8)| match form {
        b'0' => found.is_ascii_digit(),
        form => found.eq_ignore_ascii_case(form),
    };
    let Some((time, rest)) = text.as_bytes().split_at_checked(FORM.len()) else { return false };
    let rest = match rest.strip_prefix(b".") {
        Some(fraction) => {
            let digits = fraction.iter().take_while(|b| b.is_ascii_digit()).count();
            fraction.get(digits..).filter(|_| digits > 0)
        }
        None => Some(rest),
    };
    time.iter().zip(FORM).all(is_formed) && rest.is_some_and(is_offset)
}

fn is_offset(text: &[u8]) -> bool {
    let digits = |at: &[u8], most: u8| match *at {
        [tens @ b'0'..=b'9', ones @ b'0'..=b'9'] => (tens - b'0') * 10 + (ones - b'0') <= most,
        _ => false,
    };
    match text {
        [b'Z' | b'z'] => true,
        [b'+' | b'-', h1, h2, b':', m1, m2] => digits(&[*h1, *h2], 23) && digits(&[*m1, *m2], 59),
        _ => false,
    }
}

/// A place in the predicate, with what is there. `null` is nothing.
#[derive(Debug, Clone)]
pub(super) struct At<'a> {
    pub rule: &'static str,
    pub path: String,
    pub value: Option<&'a Value>,
}

impl<'a> At<'a> {
    /// A place that others are below of.
    pub(super) fn root(rule: &'static str, path: &str, value: Option<&'a Value>) -> Self {
        Self { rule, path: path.to_owned(), value: value.filter(|value| !value.is_null()) }
    }

    /// A member; of what is no object, nothing.
    pub(super) fn member(&self, name: &str) -> Self {
        let value = self.value.and_then(Value::as_object).and_then(|members| members.get(name));
        Self::root(self.rule, &format!("{}.{name}", self.path), value)
    }

    /// A member of a member: `builder.id`.
    pub(super) fn below(&self, path: &str) -> Self {
        path.split('.').fold(self.clone(), |at, name| at.member(name))
    }

    pub(super) fn is_there(&self) -> bool {
        self.value.is_some()
    }

    /// The text here, which is not empty.
    pub(super) fn text(&self) -> Result<&'a str, Mismatch> {
        match self.value {
            Some(Value::String(text)) if !text.is_empty() => Ok(text),
            _ => Err(self.not("a text")),
        }
    }

    /// The text here, if anything is here; `""` is nothing.
    pub(super) fn optional_text(&self) -> Result<Option<&'a str>, Mismatch> {
        match self.value {
            None => Ok(None),
            Some(Value::String(text)) if text.is_empty() => Ok(None),
            Some(_) => self.text().map(Some),
        }
    }

    /// The time here, in RFC 3339.
    pub(super) fn time(&self) -> Result<UnixTime, Mismatch> {
        let time = Some(self.text()?).filter(|text| is_rfc3339(text)).map(UnixTime::parse_rfc3339);
        time.and_then(Result::ok).ok_or_else(|| self.not("a time (RFC 3339)"))
    }

    /// The items of the list here.
    pub(super) fn items(&self) -> Result<Vec<Self>, Mismatch> {
        let Some(Value::Array(items)) = self.value else { return Err(self.not("a list")) };
        let item = |(i, value)| Self::root(self.rule, &format!("{}[{i}]", self.path), Some(value));
        Ok(items.iter().enumerate().map(item).collect())
    }

    /// The items of the list here, or none where nothing is here.
    pub(super) fn optional_items(&self) -> Result<Vec<Self>, Mismatch> {
        if self.is_there() { self.items() } else { Ok(Vec::new()) }
    }

    /// The members of the object here.
    pub(super) fn members(&self) -> Result<&'a Map<String, Value>, Mismatch> {
        match self.value {
            Some(Value::Object(members)) => Ok(members),
            _ => Err(self.not("an object")),
        }
    }

    /// What is here, for a message.
    pub(super) fn found(&self) -> String {
        match self.value {
            None => "missing".to_owned(),
            Some(Value::String(text)) if text.is_empty() => "empty".to_owned(),
            Some(value) => shown(value),
        }
    }

    /// That something else is here than was expected.
    pub(super) fn not(&self, expected: impl Into<String>) -> Mismatch {
        Mismatch::new(self.rule, &self.path, expected, self.found())
    }

    /// That another place, if anything is there, says the same as this one.
    pub(super) fn agrees_with(&self, other: &At<'_>) -> Result<(), Mismatch> {
        let is_empty = other.value.and_then(Value::as_str).is_some_and(str::is_empty);
        if !other.is_there() || is_empty || other.value == self.value {
            return Ok(());
        }
        Err(other
            .not(format!("{}, as at {}", self.found(), self.path))
            .hint("the statement contradicts itself: it has members of both versions of provenance"))
    }

    /// A line of evidence.
    pub(super) fn holds(&self) -> String {
        format!("{}: {} is {}", self.rule, self.path, self.found())
    }
}
