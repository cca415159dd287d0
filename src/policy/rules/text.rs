//! Texts that a rule expects.

use serde::Deserialize;
use serde_json::Value;

use super::at::{At, Mismatch, quoted};
use crate::re2::Pattern;

/// What a text has to be: `text`, exactly; a list, one of these; `{pattern: EXPRESSION}`, a regular expression (RE2) for the whole of it.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "Value")]
pub(super) struct Text {
    exact: Vec<String>,
    pattern: Option<Pattern>,
}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        let source = |text: &Self| text.pattern.as_ref().map(|pattern| pattern.source().to_owned());
        self.exact == other.exact && source(self) == source(other)
    }
}

impl TryFrom<Value> for Text {
    type Error = String;
    fn try_from(value: Value) -> Result<Self, String> {
        let exact = |value: Value| match value {
            Value::String(text) if !text.is_empty() => Ok(text),
            Value::String(_) => Err("an empty text is expected nowhere".to_owned()),
            other => Err(format!("`{other}` is no text")),
        };
        match value {
            Value::Array(items) if !items.is_empty() => {
                let exact = items.into_iter().map(exact).collect::<Result<_, _>>()?;
                Ok(Self { exact, pattern: None })
            }
            Value::Object(members) => match (members.len(), members.get("pattern")) {
                (1, Some(Value::String(pattern))) => {
                    Ok(Self { exact: Vec::new(), pattern: Some(anchored(pattern)?) })
                }
                _ => Err("it is a text, a list of texts, or {pattern: EXPRESSION}".to_owned()),
            },
            Value::String(_) => Ok(Self { exact: vec![exact(value)?], pattern: None }),
            _ => Err("it is a text, a list of texts, or {pattern: EXPRESSION}".to_owned()),
        }
    }
}

/// The expression for a whole text. It has to be one by itself: `a)|(b` would change what is put around it.
fn anchored(pattern: &str) -> Result<Pattern, String> {
    Pattern::new(pattern).map_err(|error| error.to_string())?;
    Pattern::new(&format!(r"\A(?:{pattern})\z")).map_err(|error| error.to_string())
}

impl Text {
    pub(super) fn matches(&self, text: &str) -> bool {
        let is_match = |pattern: &Pattern| pattern.matches(text);
        !text.is_empty() && (self.names(text) || self.pattern.as_ref().is_some_and(is_match))
    }

    /// Whether it expects this text letter for letter.
    pub(super) fn names(&self, text: &str) -> bool {
        self.exact.iter().any(|exact| exact == text)
    }

    /// The first text, where every one that it expects is like this. Of expressions that is not known.
    pub(super) fn all_are(&self, is_like: fn(&str) -> bool) -> Option<&str> {
        let first = self.exact.first().filter(|_| self.pattern.is_none())?;
        self.exact.iter().all(|text| is_like(text)).then_some(first)
    }

    /// Whether no text is what both expect. Of expressions that is not known.
    pub(super) fn excludes(&self, other: &Self) -> bool {
        let is_known = self.pattern.is_none() && other.pattern.is_none();
        is_known && !self.exact.iter().any(|exact| other.exact.contains(exact))
    }

    /// Compares with the text at a place, and says so.
    pub(super) fn check(&self, at: &At<'_>) -> Result<String, Mismatch> {
        let text = at.text().map_err(|mismatch| Mismatch { expected: self.to_string(), ..mismatch })?;
        if self.matches(text) { Ok(at.holds()) } else { Err(at.not(self.to_string())) }
    }
}

/// Whether two rules both demand something, and not the same.
pub(super) fn differ<T: PartialEq>(one: Option<&T>, other: Option<&T>) -> bool {
    one.zip(other).is_some_and(|(one, other)| one != other)
}

/// The first of these members of which two rules expect texts that exclude each other.
pub(super) fn excluded(members: &[(&'static str, Option<&Text>, Option<&Text>)]) -> Option<&'static str> {
    let excludes = |one: &Option<&Text>, other: &Option<&Text>| {
        one.zip(*other).is_some_and(|(one, other)| one.excludes(other))
    };
    members.iter().find(|(_, one, other)| excludes(one, other)).map(|(name, ..)| *name)
}

impl std::fmt::Display for Text {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(pattern) = &self.pattern {
            let source = pattern.source();
            let inner =
                source.strip_prefix(r"\A(?:").and_then(|rest| rest.strip_suffix(r")\z")).unwrap_or(source);
            return write!(f, "a whole match of {}", quoted(inner));
        }
        let all: Vec<String> = self.exact.iter().map(|text| quoted(text)).collect();
        f.write_str(&all.join(" or "))
    }
}
