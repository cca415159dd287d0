//! `bundle diff`: what two documents differ in, by what `bundle inspect` shows of each.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Serialize;
use serde_json::Value;

use super::super::{Context, Error, ErrorKind, Files};
use super::inspect::{Inspection, file, inspect};

/// The name and version of the JSON.
pub const DIFFERENCES_SCHEMA: &str = "rcosign-differences/v1";
/// What says how a document is stored, not what it says.
const NOT_COMPARED: [&str; 3] = ["document.source", "document.size", "document.sha256"];

/// What `bundle diff` is asked for.
#[derive(Debug)]
pub struct BundleDiffRequest {
    /// The first document; `-` is standard input.
    pub first: PathBuf,
    /// The second document.
    pub second: PathBuf,
}

impl BundleDiffRequest {
    /// The files that it names.
    pub fn files(&self) -> Files<'_> {
        Files::default()
            .and_read("first document", file(&self.first))
            .and_read("second document", file(&self.second))
    }
}

/// What two documents differ in. Nothing of either is verified.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Differences {
    schema: &'static str,
    /// Always false.
    verified: bool,
    /// Whether the documents say the same.
    pub same: bool,
    /// Whether they are the same, byte for byte.
    pub same_bytes: bool,
    /// One for each value that differs, in the order of the inspection.
    pub differences: Vec<Difference>,
}

/// One value that differs.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Difference {
    /// Where it is in the inspection, such as `logEntries[0].logIndex`.
    pub path: String,
    /// The value in the first document; missing where it is not there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first: Option<Value>,
    /// The value in the second document.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub second: Option<Value>,
}

/// Compares two documents.
///
/// # Errors
/// One of them cannot be read. Beside the differences: there are some (kind `Other`), or one of the documents cannot be
/// decoded.
pub fn bundle_diff(
    request: &BundleDiffRequest,
    context: &mut Context,
) -> Result<(Differences, Result<(), Error>), Error> {
    if file(&request.first).or(file(&request.second)).is_none() {
        return Err(Error::usage("standard input (`-`) is to be read as two documents at once")
            .hint("write one of them into a file"));
    }
    let (first, first_result) = inspect(&request.first)?;
    let (second, second_result) = inspect(&request.second)?;
    let undecoded = first_result.is_err() || second_result.is_err();
    let differences = differences(&first, &second, undecoded)?;
    if let Err(error) = first_result.and(second_result) {
        return Ok((differences, Err(error)));
    }
    let result = match differences.differences.len() {
        0 if differences.same_bytes => Ok(()),
        0 => {
            context.narrator.say("The documents say the same in different bytes");
            Ok(())
        }
        count => {
            let values = if count == 1 { "value" } else { "values" };
            Err(Error::new(ErrorKind::Other, format!("the documents differ in {count} {values}")))
        }
    };
    Ok((differences, result))
}

/// Of documents that could not be decoded the bytes are all there is to compare.
fn differences(first: &Inspection, second: &Inspection, undecoded: bool) -> Result<Differences, Error> {
    let (first, second) = (Flat::of(first)?, Flat::of(second)?);
    let same_bytes = first.find("document.sha256") == second.find("document.sha256");
    let compared = |path: &str| !NOT_COMPARED.contains(&path) || (undecoded && path != "document.source");
    let mut differences = Vec::new();
    for (path, value) in first.values.iter().filter(|(path, _)| compared(path)) {
        let other = second.find(path);
        if other != Some(value) {
            let (first, second) = (Some(value.clone()), other.cloned());
            differences.push(Difference { path: path.clone(), first, second });
        }
    }
    for (path, value) in second.values.iter().filter(|(path, _)| compared(path)) {
        if first.find(path).is_none() {
            differences.push(Difference { path: path.clone(), first: None, second: Some(value.clone()) });
        }
    }
    let same = differences.is_empty();
    Ok(Differences { schema: DIFFERENCES_SCHEMA, verified: false, same, same_bytes, differences })
}

/// The scalars of an inspection, each with its path, in its order.
struct Flat {
    values: Vec<(String, Value)>,
    places: BTreeMap<String, usize>,
}

impl Flat {
    fn of(inspection: &Inspection) -> Result<Self, Error> {
        let value = serde_json::to_value(inspection)
            .map_err(|e| Error::new(ErrorKind::Other, "the documents cannot be compared").caused_by(&e))?;
        let mut flat = Self { values: Vec::new(), places: BTreeMap::new() };
        flat.add(String::new(), value);
        Ok(flat)
    }

    fn add(&mut self, path: String, value: Value) {
        match value {
            Value::Object(members) => {
                for (name, value) in members {
                    self.add(member(&path, &name), value);
                }
            }
            Value::Array(items) => {
                for (i, value) in items.into_iter().enumerate() {
                    self.add(format!("{path}[{i}]"), value);
                }
            }
            scalar => {
                self.places.insert(path.clone(), self.values.len());
                self.values.push((path, scalar));
            }
        }
    }

    fn find(&self, path: &str) -> Option<&Value> {
        self.places.get(path).and_then(|place| self.values.get(*place)).map(|(_, value)| value)
    }
}

/// The path of a member. A name that could be taken for something else stands in brackets and quotes.
fn member(path: &str, name: &str) -> String {
    let plain = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b));
    match (path, plain) {
        ("", true) => name.to_owned(),
        (path, true) => format!("{path}.{name}"),
        (path, false) => format!("{path}[{}]", Value::from(name)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scalar_has_a_path_of_its_own() {
        let mut flat = Flat { values: Vec::new(), places: BTreeMap::new() };
        let value = serde_json::json!({"a": {"b": [1, {"c.d": 2, "": 3}]}, "a.b": 4});
        flat.add(String::new(), value);
        let paths: Vec<&str> = flat.values.iter().map(|(path, _)| path.as_str()).collect();
        assert_eq!(paths, ["a.b[0]", r#"a.b[1]["c.d"]"#, r#"a.b[1][""]"#, r#"["a.b"]"#]);
        assert_eq!(flat.find("a.b[0]"), Some(&Value::from(1)));
    }
}
