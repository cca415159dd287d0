//! What policies are shown of a statement: the document that cosign shows its own.
//!
//! cosign reads the payload into the message of the in-toto attestation framework and writes it anew: members that the message has not
//! are an error, empty ones are left out, and numbers are 64-bit floats. A predicate that `--type` names by one of three
//! short names is read into a structure of its own (`shape.rs`). A policy that were shown more could accept what cosign
//! refuses.

mod numbers;
mod shape;

use serde_json::value::RawValue;
use serde_json::{Map, Value};

use shape::Typed;

use crate::crypto::{base64, json};

/// The members of a statement.
const MEMBERS: [&str; 4] = ["_type", "subject", "predicateType", "predicate"];
/// The members of a subject (in-toto `ResourceDescriptor`).
const SUBJECT: [&str; 7] =
    ["name", "uri", "digest", "content", "downloadLocation", "mediaType", "annotations"];

/// Whether a predicate that is asked for by this name is shown without the members that cosign has no place for.
pub fn shows_part(asked: &str) -> bool {
    Typed::of(asked).is_some()
}

/// JSON, as a policy is shown it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Document {
    text: String,
}

impl Document {
    /// The document of a statement, whose payload was verified; `asked` as `--type` named the predicate type.
    ///
    /// # Errors
    /// In words: a member that no statement has, or a predicate that is none of its type.
    pub(super) fn new(payload: &[u8], asked: &str) -> Result<Self, String> {
        let members: Members<'_> = read("statement", payload)?;
        only("the statement", members.0.iter().map(|(name, _)| name.as_str()), &MEMBERS)?;
        let raw = |name: &str| {
            let found = members.0.iter().find(|(known, _)| known == name);
            found.map(|(_, raw)| raw.get()).filter(|raw| *raw != "null")
        };
        let typed = Typed::of(asked);
        let mut text = String::with_capacity(payload.len() + 64);
        text.push('{');
        if let Some(version) = raw("_type").filter(|_| typed != Some(Typed::Vuln)) {
            text.push_str(&format!("\"_type\":{version},"));
        }
        let subjects: Vec<Value> = read("subject", raw("subject").unwrap_or("[]").as_bytes())?;
        let subjects = subjects.iter().map(|value| subject(value, typed)).collect::<Result<Vec<_>, _>>()?;
        if !subjects.is_empty() {
            text.push_str("\"subject\":");
            numbers::rewrite(&Value::from(subjects).to_string(), &mut text)?;
            text.push(',');
        }
        text.push_str(&format!("\"predicateType\":{}", raw("predicateType").unwrap_or("\"\"")));
        let predicate = raw("predicate");
        if predicate.is_some_and(|predicate| !predicate.starts_with('{')) {
            return Err("the predicate is no object".to_owned());
        }
        match (typed, predicate) {
            (Some(typed), predicate) => {
                let value: Value = read("predicate", predicate.unwrap_or("null").as_bytes())?;
                let fitted = shape::fit(typed.shape(), &value, "predicate")?;
                text.push_str(",\"predicate\":");
                numbers::rewrite(&fitted.to_string(), &mut text)?;
            }
            (None, Some(predicate)) => {
                text.push_str(",\"predicate\":");
                numbers::rewrite(predicate, &mut text)?;
            }
            (None, None) => {}
        }
        text.push('}');
        Ok(Self { text })
    }

    /// The JSON text.
    pub(super) fn text(&self) -> &str {
        &self.text
    }
}

/// A part of a statement; in words, why it cannot be read.
pub(super) fn read<'t, T: serde::Deserialize<'t>>(what: &str, text: &'t [u8]) -> Result<T, String> {
    serde_json::from_slice(text).map_err(|error| format!("{what}: {}", json::why_not(text, &error)))
}

/// What is left of a subject.
fn subject(value: &Value, typed: Option<Typed>) -> Result<Value, String> {
    let Some(members) = value.as_object() else { return Err("a subject is no object".to_owned()) };
    only("a subject", members.keys().map(String::as_str), &SUBJECT)?;
    for (name, value) in members {
        let fits = match name.as_str() {
            "annotations" | "digest" => value.is_object(),
            _ => value.is_string(),
        };
        if !fits && !value.is_null() {
            return Err(format!(
                "the member `{name}` of a subject is of another type than the specification has it"
            ));
        }
    }
    // Whether or not it is shown: cosign has read it before it leaves it out.
    let content = match members.get("content").and_then(Value::as_str) {
        Some(text) => base64::decode(text).ok_or("the content of a subject is no base64")?,
        None => Vec::new(),
    };
    let mut out = Map::new();
    match typed {
        Some(Typed::Link | Typed::Provenance) => {
            out.insert("name".to_owned(), members.get("name").cloned().unwrap_or_else(|| "".into()));
            out.insert("digest".to_owned(), members.get("digest").cloned().unwrap_or(Value::Null));
        }
        typed => {
            // The one structure that takes these by other names does not find them.
            let lost = |name: &str| typed.is_some() && matches!(name, "downloadLocation" | "mediaType");
            // A structure of its own, which is there though it has nothing.
            let is_there = |name: &str, value: &Value| name == "annotations" && value.is_object();
            let kept = members.iter();
            let kept = kept.filter(|(name, value)| is_there(name, value) || !is_empty(value) && !lost(name));
            for (name, value) in kept {
                // Read as base64 in either alphabet, padded or not, and written in one way.
                let value = if name == "content" { base64::encode(&content).into() } else { value.clone() };
                out.insert(name.clone(), value);
            }
        }
    }
    Ok(Value::Object(out))
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Object(members) => members.is_empty(),
        _ => false,
    }
}

/// Refuses other members than these, as cosign does.
fn only<'a>(what: &str, names: impl Iterator<Item = &'a str>, known: &[&str]) -> Result<(), String> {
    match names.into_iter().find(|name| !known.contains(name)) {
        Some(name) => Err(format!("{what} has a member `{name}`, which the specification does not know")),
        None => Ok(()),
    }
}

/// Members in their order, as text.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de> serde::Deserialize<'de> for Members<'de> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;
        impl<'de> serde::de::Visitor<'de> for Collect {
            type Value = Members<'de>;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Collect)
    }
}

#[cfg(test)]
mod tests;
