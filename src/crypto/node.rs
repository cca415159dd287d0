//! Walking a parsed JSON document so that every complaint says where in it the trouble is.

use serde_json::Value;

use super::{DecodeError, base64, json};

/// A value inside a document, with its path there.
#[derive(Debug, Clone)]
pub struct Node<'a> {
    what: &'static str,
    at: String,
    value: &'a Value,
}

impl<'a> Node<'a> {
    /// The top of a document; `what` names it in errors.
    pub fn root(what: &'static str, value: &'a Value) -> Self {
        Self::part(what, "", value)
    }

    /// A value whose path in the larger document is `at`.
    pub fn part(what: &'static str, at: impl Into<String>, value: &'a Value) -> Self {
        Self { what, at: at.into(), value }
    }

    /// The value itself.
    pub fn value(&self) -> &'a Value {
        self.value
    }

    /// An error about this value.
    pub fn error(&self, reason: impl Into<String>) -> DecodeError {
        DecodeError::new(self.what, self.at.clone(), reason)
    }

    /// A member of this object.
    ///
    /// # Errors
    /// Not an object; no such member, or it is null.
    pub fn member(&self, name: &str) -> Result<Self, DecodeError> {
        match self.optional(name)? {
            Some(node) => Ok(node),
            None => Err(self.below(name, &Value::Null).error("is missing")),
        }
    }

    /// A member of this object that may be left out or null.
    ///
    /// # Errors
    /// Not an object.
    pub fn optional(&self, name: &str) -> Result<Option<Self>, DecodeError> {
        let map = self.value.as_object().ok_or_else(|| self.error(self.instead_of("an object")))?;
        Ok(map.get(name).filter(|v| !v.is_null()).map(|value| self.below(name, value)))
    }

    /// All members of this object, in their written order.
    ///
    /// # Errors
    /// Not an object, or more than `limit` members.
    pub fn members(&self, limit: usize) -> Result<Vec<(&'a str, Self)>, DecodeError> {
        let map = self.value.as_object().ok_or_else(|| self.error(self.instead_of("an object")))?;
        self.within(map.len(), limit, "members")?;
        Ok(map.iter().map(|(name, value)| (name.as_str(), self.below(name, value))).collect())
    }

    /// Go's decoder takes a member in any letter case for the one that it looks for; two readers must not see two documents.
    ///
    /// # Errors
    /// Not an object, more than 1,024 members, or one of them is one of `names` in another case ([`json::misspelled`]).
    pub fn spelled(&self, names: &[&str]) -> Result<(), DecodeError> {
        let members = self.members(1024)?;
        match json::misspelled(members.iter().map(|(member, _)| *member), names) {
            None => Ok(()),
            Some(reason) => Err(self.error(reason)),
        }
    }

    /// The items of this array.
    ///
    /// # Errors
    /// Not an array, or more than `limit` items.
    pub fn items(&self, limit: usize) -> Result<Vec<Self>, DecodeError> {
        let items = self.value.as_array().ok_or_else(|| self.error(self.instead_of("an array")))?;
        self.within(items.len(), limit, "items")?;
        let item =
            |(i, value): (usize, &'a Value)| Self { what: self.what, at: format!("{}[{i}]", self.at), value };
        Ok(items.iter().enumerate().map(item).collect())
    }

    /// This string.
    ///
    /// # Errors
    /// Not a string.
    pub fn text(&self) -> Result<&'a str, DecodeError> {
        self.value.as_str().ok_or_else(|| self.error(self.instead_of("a string")))
    }

    /// This string that may not be empty.
    ///
    /// # Errors
    /// Not a string, or empty.
    pub fn non_empty_text(&self) -> Result<&'a str, DecodeError> {
        match self.text()? {
            "" => Err(self.error("is empty")),
            text => Ok(text),
        }
    }

    /// The bytes of this base64 string, as [`base64::decode`] reads it.
    ///
    /// # Errors
    /// Not a string, or not base64.
    pub fn base64(&self) -> Result<Vec<u8>, DecodeError> {
        base64::decode(self.text()?).ok_or_else(|| self.error("is not base64"))
    }

    /// The bytes of this base64 string, at least one.
    ///
    /// # Errors
    /// Not a string, not base64, or empty.
    pub fn non_empty_base64(&self) -> Result<Vec<u8>, DecodeError> {
        let bytes = self.base64()?;
        if bytes.is_empty() { Err(self.error("is empty")) } else { Ok(bytes) }
    }

    fn below(&self, name: &str, value: &'a Value) -> Self {
        let at = if self.at.is_empty() { name.to_owned() } else { format!("{}.{name}", self.at) };
        Self { what: self.what, at, value }
    }

    fn within(&self, have: usize, limit: usize, of: &str) -> Result<(), DecodeError> {
        if have <= limit {
            return Ok(());
        }
        Err(self.error(format!("has {have} {of}, the limit is {limit}")).over_limit())
    }

    fn instead_of(&self, want: &str) -> String {
        let have = match self.value {
            Value::Null => "null",
            Value::Bool(_) => "a boolean",
            Value::Number(_) => "a number",
            Value::String(_) => "a string",
            Value::Array(_) => "an array",
            Value::Object(_) => "an object",
        };
        format!("is {have}, not {want}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn complaints_say_where() {
        let value = serde_json::json!({ "a": [{ "b": 1 }, { "b": null, "c": "" }], "n": null });
        let root = Node::root("thing", &value);
        let a = root.member("a").unwrap().items(2).unwrap();
        assert_eq!(
            a[0].member("b").unwrap().text().unwrap_err().to_string(),
            "thing: a[0].b: is a number, not a string"
        );
        assert_eq!(a[1].member("b").unwrap_err().to_string(), "thing: a[1].b: is missing");
        assert_eq!(
            a[1].member("c").unwrap().non_empty_base64().unwrap_err().to_string(),
            "thing: a[1].c: is empty"
        );
        assert_eq!(root.items(9).unwrap_err().to_string(), "thing: is an object, not an array");
        assert_eq!(
            root.member("a").unwrap().items(1).unwrap_err().to_string(),
            "thing: a: has 2 items, the limit is 1"
        );
        assert_eq!(root.members(1).unwrap_err().to_string(), "thing: has 2 members, the limit is 1");
        assert!(root.optional("n").unwrap().is_none());
        assert!(root.member("a").unwrap().optional("x").is_err());
    }
}
