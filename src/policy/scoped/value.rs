//! Reads values with their places: every slip is an error that says where it is.

use serde_json::{Map, Value};

use super::path::{Fault, Path};

/// The most items of a list, and the most that may be counted to.
const MAX_ITEMS: usize = 1_000;

/// A value and its place.
#[derive(Debug, Clone)]
pub(super) struct Place<'a> {
    pub value: &'a Value,
    pub path: Path,
}

/// The members of a mapping, each of which is known.
pub(super) struct Members<'a> {
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
        let members = self.mapping()?.members;
        if let Some(name) = members.keys().find(|name| !known.contains(&name.as_str())) {
            let fault = Fault::new(&self.path.member(name), format!("`{name}` is not known here"));
            return Err(match close(name, known) {
                Some(meant) => fault.hint(format!("did you mean `{meant}`?")),
                None => fault.hint(format!("what may stand here: {}", known.join(", "))),
            });
        }
        Ok(Members { members, path: self.path.clone() })
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
            return Err(self.fault(format!("a list is expected, and there is {}", kind(self.value))));
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
            _ => Err(self.fault(format!("a whole number from 1 to {MAX_ITEMS} is expected"))),
        }
    }

    /// `true`, and nothing else.
    pub fn yes(&self) -> Result<(), Fault> {
        match self.value {
            Value::Bool(true) => Ok(()),
            _ => Err(self.fault("only `true` can stand here").hint("leave the line out")),
        }
    }

    /// A length of time in seconds: `30d`, `12h`.
    pub fn seconds(&self) -> Result<i64, Fault> {
        let text = self.text()?;
        let wrong = || {
            self.fault(format!("`{text}` is no length of time"))
                .hint("a number with s, m, h, d or w for seconds, minutes, hours, days or weeks: `30d`")
        };
        let (number, unit) = text.split_at_checked(text.len().saturating_sub(1)).ok_or_else(wrong)?;
        let unit = match unit {
            "s" => 1,
            "m" => 60,
            "h" => 3_600,
            "d" => 86_400,
            "w" => 604_800,
            _ => return Err(wrong()),
        };
        if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(wrong());
        }
        let seconds = number.parse::<i64>().ok().and_then(|number| number.checked_mul(unit));
        seconds.filter(|seconds| *seconds > 0).ok_or_else(wrong)
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

fn kind(value: &Value) -> &'static str {
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
