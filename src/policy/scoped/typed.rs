//! Values read into types of their own: what is wrong is said in the words of this program, at the very place.
//!
//! A reader of serde stops at the first thing that it cannot take, and does not say where that is. It is the last member, or item, of the
//! shortest beginning of the value at which the same error comes.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::path::{Fault, Path};
use super::value::{kind, unknown};

/// Reads a value at a place.
///
/// # Errors
/// It is no such value: the first place in it that is not as it should be.
pub fn typed<T: DeserializeOwned>(value: &Value, path: &Path) -> Result<T, Fault> {
    let said = |value: &Value| T::deserialize(value).map_err(|error| error.to_string());
    said(value).map_err(|message| {
        if message.starts_with("missing field `") {
            return in_words(&lacking(value, path), value, &message);
        }
        let (path, culprit) =
            place(value, path.clone(), &|value| said(value).err().as_ref() == Some(&message));
        in_words(&path, culprit, &message)
    })
}

/// The place of what lacks a member: what a single member holds, as the demands of a rule, or all of it.
fn lacking(value: &Value, path: &Path) -> Path {
    match value {
        Value::Object(members) if members.len() == 1 => {
            let inner = members.iter().find(|(_, inner)| inner.is_object());
            inner.map_or_else(|| path.clone(), |(name, _)| path.member(name))
        }
        _ => path.clone(),
    }
}

/// The place at which an error comes, and what is there. `fails`: whether the same error comes for another value in place of all of this one.
fn place<'v>(value: &'v Value, path: Path, fails: &dyn Fn(&Value) -> bool) -> (Path, &'v Value) {
    match value {
        Value::Object(members) => {
            let beginning = |count| -> Map<String, Value> {
                members.iter().take(count).map(|(name, value)| (name.clone(), value.clone())).collect()
            };
            let Some(last) = last(members.len(), &|count| fails(&Value::Object(beginning(count)))) else {
                return (path, value);
            };
            let Some((name, inner)) = members.iter().nth(last) else { return (path, value) };
            let fails = |inner: &Value| {
                let mut members = beginning(last);
                members.insert(name.clone(), inner.clone());
                fails(&Value::Object(members))
            };
            place(inner, path.member(name), &fails)
        }
        Value::Array(items) => {
            let beginning = |count| -> Vec<Value> { items.iter().take(count).cloned().collect() };
            let Some(last) = last(items.len(), &|count| fails(&Value::Array(beginning(count)))) else {
                return (path, value);
            };
            let Some(inner) = items.get(last) else { return (path, value) };
            let fails = |inner: &Value| {
                fails(&Value::Array(beginning(last).into_iter().chain([inner.clone()]).collect()))
            };
            place(inner, path.item(last), &fails)
        }
        _ => (path, value),
    }
}

/// The position of the part with which an error begins to come; `None` where it comes without any.
fn last(length: usize, fails: &dyn Fn(usize) -> bool) -> Option<usize> {
    if length == 0 || fails(0) {
        return None;
    }
    // Without `low` parts it does not come, and with `high` it does.
    let (mut low, mut high) = (0, length);
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if fails(middle) { high = middle } else { low = middle }
    }
    Some(low)
}

/// What serde says of a value, in our words; what a type of ours says is left as it is.
fn in_words(path: &Path, value: &Value, message: &str) -> Fault {
    let quoted: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    let expected = message.rsplit_once(", expected ").map_or("", |(_, expected)| expected);
    match (message.split(' ').take(2).collect::<Vec<_>>().as_slice(), quoted.as_slice()) {
        (["unknown", "field"], [name, known @ ..]) => unknown(&path.parent(), name, known),
        (["unknown", "variant"], [name, known @ ..]) => {
            Fault::new(path, format!("`{name}` is not known here"))
                .hint(format!("what may stand here: {}", known.join(", ")))
        }
        (["missing", "field"], [name, ..]) => Fault::new(path, format!("`{name}` is missing")),
        (["invalid", "type" | "type:" | "value:" | "length"], _) => {
            let fault =
                Fault::new(path, format!("{} is expected, and there is {}", wanted(expected), there(value)));
            match (wanted(expected), value, path.name()) {
                (TEXT, Value::Number(number), Some(name)) if name.ends_with("-age") => {
                    fault.hint(format!("write `{name}: {number}d` for days"))
                }
                (TEXT, Value::Number(_) | Value::Bool(_), _) => fault.hint("write it in quotation marks"),
                (LIST, Value::String(text), Some(name)) => {
                    fault.hint(format!("write `{name}: [\"{text}\"]`"))
                }
                _ => fault,
            }
        }
        _ => Fault::new(path, message),
    }
}

const TEXT: &str = "a text";
const LIST: &str = "a list";

/// What a reader of serde expects, in the words of a file.
fn wanted(expected: &str) -> &'static str {
    match expected {
        "a string" | "string or map" => TEXT,
        "a sequence" => LIST,
        "a map" => "a mapping",
        "a boolean" => "true or false",
        "usize" | "u64" | "u32" | "i64" => "a whole number",
        _ if expected.starts_with("struct ") => "a mapping",
        _ => "something else",
    }
}

/// What is there: numbers and the like as they are.
fn there(value: &Value) -> String {
    match value {
        Value::Number(_) | Value::Bool(_) => format!("`{value}`"),
        other => kind(other).to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::policy::rules::Rule;

    #[test]
    fn the_place_and_the_words_are_ours() {
        for (value, path, words) in [
            (json!({ "slsa": 3 }), "slsa", "a mapping is expected, and there is `3`"),
            (json!({ "slsa": [] }), "slsa", "a mapping is expected, and there is a list"),
            (json!({ "github": "o/r" }), "github", "a mapping is expected, and there is a text"),
            (json!({ "slsa": {} }), "slsa", "the rule `slsa` demands nothing"),
            (
                json!({ "slsa": { "source": 3 } }),
                "slsa.source",
                "a text is expected, and there is `3`; write it in quotation marks",
            ),
            (
                json!({ "slsa": { "build-type": "t", "builder-id": 3 } }),
                "slsa.builder-id",
                "it is a text, a list of texts, or {pattern: EXPRESSION}",
            ),
            (json!({ "slsa": { "parameters": ["a"] } }), "slsa.parameters", "a mapping is expected"),
            (
                json!({ "sbom": { "min-components": -1 } }),
                "sbom.min-components",
                "whole number is expected, and there is `-1`",
            ),
            (
                json!({ "sbom": { "min-components": 1.5 } }),
                "sbom.min-components",
                "whole number is expected, and there is `1.5`",
            ),
            (
                json!({ "sbom": { "format": "json" } }),
                "sbom.format",
                "`json` is not known here; what may stand here: any, cyclonedx, spdx",
            ),
            (json!({ "sbom": { "format": 1 } }), "sbom.format", "a text is expected, and there is `1`"),
            (
                json!({ "sbom": { "elements": ["name", "colour"] } }),
                "sbom.elements[1]",
                "`colour` is not known",
            ),
            (
                json!({ "vulnerabilities": { "max-severity": "low", "ignore": "CVE-1" } }),
                "vulnerabilities.ignore",
                "a list is expected, and there is a text; write `ignore: [\"CVE-1\"]`",
            ),
            (
                json!({ "vulnerabilities": { "max-severity": "low", "ignore": ["CVE-1", ["x"], 3] } }),
                "vulnerabilities.ignore[1]",
                "a text is expected, and there is a list",
            ),
            (
                json!({ "openvex": { "product": "p", "statuses": { "CVE-1": ["fixed"], "CVE-2": ["fixed", "open"] } } }),
                "openvex.statuses.CVE-2[1]",
                "`open` is not known here",
            ),
            (json!({ "github": { "ref": "refs/heads/main" } }), "github", "`repo` is missing"),
            (json!({ "vsa": { "verifier-id": { "pattern": "x" } } }), "vsa", "`resource-uri` is missing"),
            (json!({ "sbom": { "max-age": 30 } }), "sbom.max-age", "write `max-age: 30d` for days"),
            (json!({ "github": { "repo": "o/r", "rep": "x" } }), "github.rep", "did you mean `repo`?"),
        ] {
            let fault = typed::<Rule>(&value, &Path::default()).unwrap_err();
            let said = [fault.reason].into_iter().chain(fault.hint).collect::<Vec<_>>().join("; ");
            assert_eq!(fault.path.to_string(), path, "{said}");
            assert!(said.contains(words), "{said}");
        }
    }
}
