//! Reads values with their places: every slip is an error that says where it is.

use serde_json::{Map, Value};

use super::path::{Fault, Path};

/// The most items of a list, and the most that may be counted to.
const MAX_ITEMS: usize = 1_000;

/// The units of lengths of time, with their seconds.
const UNITS: [(char, i64); 5] = [('s', 1), ('m', 60), ('h', 3_600), ('d', 86_400), ('w', 604_800)];
/// A thousand years.
const MAX_SECONDS: i64 = 365_250 * 86_400;

/// A value and its place.
#[derive(Debug, Clone)]
pub(in crate::policy) struct Place<'a> {
    pub value: &'a Value,
    pub path: Path,
}

/// The members of a mapping, each of which is known.
pub(in crate::policy) struct Members<'a> {
    members: &'a Map<String, Value>,
    path: Path,
}

impl<'a> Place<'a> {
    pub fn new(value: &'a Value) -> Self {
        Self { value, path: Path::default() }
    }

    pub fn fault(&self, reason: impl Into<String>) -> Fault {
        Fault::new(&self.path, reason)
    }

    /// A mapping with no other members than these.
    pub fn members(&self, known: &[&str]) -> Result<Members<'a>, Fault> {
        let members = self.mapping()?;
        match self.strangers(known).into_iter().next() {
            Some(fault) => Err(fault),
            None => Ok(members),
        }
    }

    /// All that a mapping has beside these members.
    pub fn strangers(&self, known: &[&str]) -> Vec<Fault> {
        let names = self.value.as_object().into_iter().flat_map(Map::keys);
        let strangers = names.filter(|name| !known.contains(&name.as_str()));
        strangers.map(|name| unknown(&self.path, name, known)).collect()
    }

    /// A mapping whose members have names of the user's own.
    pub fn mapping(&self) -> Result<Members<'a>, Fault> {
        match self.value {
            Value::Object(members) => Ok(Members { members, path: self.path.clone() }),
            _ => Err(self.fault(format!("a mapping is expected, and there is {}", kind(self.value)))),
        }
    }

    /// A list with at least one item.
    pub fn list(&self) -> Result<Vec<Self>, Fault> {
        let Value::Array(items) = self.value else {
            let fault = self.fault(format!("a list is expected, and there is {}", kind(self.value)));
            return Err(match (self.path.name(), self.value) {
                (Some(name), Value::String(text)) => fault.hint(format!("write `{name}: [\"{text}\"]`")),
                (Some(_), Value::Object(_)) => fault.hint("each item of a list begins with `-`"),
                _ => fault,
            });
        };
        if items.is_empty() {
            return Err(self.fault("the list is empty"));
        }
        if items.len() > MAX_ITEMS {
            return Err(self.fault(format!("more than {MAX_ITEMS} items")));
        }
        let place = |(number, value)| Self { value, path: self.path.item(number) };
        Ok(items.iter().enumerate().map(place).collect())
    }

    /// A text that is not empty.
    pub fn text(&self) -> Result<&'a str, Fault> {
        match self.value {
            Value::String(text) if text.is_empty() => Err(self.fault("the text is empty")),
            Value::String(text) => Ok(text),
            Value::Number(_) | Value::Bool(_) => Err(self
                .fault(format!("a text is expected, and there is {}", kind(self.value)))
                .hint("write it in quotation marks")),
            _ => Err(self.fault(format!("a text is expected, and there is {}", kind(self.value)))),
        }
    }

    /// A number of at least 1.
    pub fn count(&self) -> Result<usize, Fault> {
        let number = self.value.as_u64().and_then(|number| usize::try_from(number).ok());
        match number {
            Some(number) if (1..=MAX_ITEMS).contains(&number) => Ok(number),
            _ => {
                let there = match self.value {
                    Value::Number(number) => format!("`{number}`"),
                    other => kind(other).to_owned(),
                };
                Err(self
                    .fault(format!("a whole number from 1 to {MAX_ITEMS} is expected, and there is {there}")))
            }
        }
    }

    /// `true`, and nothing else.
    pub fn yes(&self) -> Result<(), Fault> {
        let name = self.path.name().unwrap_or_default();
        match self.value {
            Value::Bool(true) => Ok(()),
            Value::Bool(false) => Err(self
                .fault(format!("`{name}: false` says nothing: only `true` can stand here"))
                .hint(format!("leave the line `{name}: false` out"))),
            other => {
                let fault = self.fault(format!("only `true` can stand here, and there is {}", kind(other)));
                Err(match other {
                    Value::String(_) | Value::Number(_) | Value::Null => fault.hint(format!(
                        "write `{name}: true`, without quotation marks, or leave the line out"
                    )),
                    _ => fault.hint("leave the line out"),
                })
            }
        }
    }

    /// A length of time in seconds: `30d`, `12h`.
    pub fn seconds(&self) -> Result<i64, Fault> {
        let bare = match self.value {
            Value::Number(number) => Some(number.to_string()),
            Value::String(text) if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) => {
                Some(text.clone())
            }
            _ => None,
        };
        if let Some(number) = bare {
            let example = if number.starts_with(|c: char| ('1'..='9').contains(&c)) { &number } else { "30" };
            return Err(self.fault(format!("`{number}` is no length of time: it has no unit")).hint(
                format!("write `{example}d` for days; s, m, h and w are seconds, minutes, hours and weeks"),
            ));
        }
        let text = self.text()?;
        let wrong = |why: &str| {
            self.fault(format!("`{text}` is no length of time{why}"))
                .hint("a number with s, m, h, d or w for seconds, minutes, hours, days or weeks: `30d`")
        };
        let unit = UNITS.into_iter().find_map(|(unit, seconds)| Some((text.strip_suffix(unit)?, seconds)));
        let Some((number, unit)) = unit else { return Err(wrong("")) };
        if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(wrong(""));
        }
        let seconds = number.parse::<i64>().ok().and_then(|number| number.checked_mul(unit));
        match seconds {
            Some(0) => Err(wrong(" that anything could satisfy: everything is older than that")),
            Some(seconds) if seconds <= MAX_SECONDS => Ok(seconds),
            _ => Err(wrong(": it is longer than a thousand years")),
        }
    }
}

impl<'a> Members<'a> {
    /// The member of this name. One without a value was forgotten, and is an error where it is read.
    pub fn get(&self, name: &str) -> Option<Place<'a>> {
        self.members.get(name).map(|value| Place { value, path: self.path.member(name) })
    }

    /// The same, where it has to be there.
    pub fn required(&self, name: &str) -> Result<Place<'a>, Fault> {
        self.get(name).ok_or_else(|| Fault::new(&self.path, format!("`{name}` is missing")))
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (&'a str, Place<'a>)> {
        let place = |value, name: &String| Place { value, path: self.path.member(name) };
        self.members.iter().map(move |(name, value)| (name.as_str(), place(value, name)))
    }

    /// The first of these names that is there.
    pub fn first_of(&self, names: &[&'static str]) -> Option<&'static str> {
        names.iter().find(|name| self.members.contains_key(**name)).copied()
    }

    pub fn fault(&self, reason: impl Into<String>) -> Fault {
        Fault::new(&self.path, reason)
    }
}

/// A member of this name, where only others may be.
pub(super) fn unknown(path: &Path, name: &str, known: &[&str]) -> Fault {
    let fault = Fault::new(&path.member(name), format!("`{name}` is not known here"));
    match close(name, known) {
        Some(meant) => fault.hint(format!("did you mean `{meant}`?")),
        None => fault.hint(format!("what may stand here: {}", known.join(", "))),
    }
}

/// What a value is, in the words of a file.
pub(super) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a mapping",
    }
}

/// The known name that differs in its case, in `-` and `_`, or by one letter that is missing, too many or another.
fn close<'k>(name: &str, known: &[&'k str]) -> Option<&'k str> {
    let plain = |text: &str| -> Vec<char> {
        text.chars().filter(|c| c.is_alphanumeric()).map(|c| c.to_ascii_lowercase()).collect()
    };
    let name = plain(name);
    let is_close = |other: &&&str| {
        let other = plain(other);
        let same = name.iter().zip(&other).take_while(|(a, b)| a == b).count();
        let (rest, others) = (&name[same..], &other[same..]);
        rest == others
            || rest.get(1..).is_some_and(|rest| rest == others)
            || others.get(1..).is_some_and(|others| rest == others)
            || (rest.len() == others.len() && rest.get(1..) == others.get(1..))
    };
    known.iter().find(is_close).copied()
}
