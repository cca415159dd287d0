//! Documents beneath `data`.

use std::borrow::Cow;

use regorus::Value;

use super::builtins::doubtful_number;
use crate::crypto::json;
use crate::payload::{JSON_DEPTH_LIMIT, check_json};
use crate::policy::{Error, PolicyFile};

/// A document: JSON where the name ends in `.json`, else YAML, of which JSON is a part.
///
/// # Errors
/// Not JSON or YAML; no object; a member that is there twice; a number that is not kept as it is written; something where one of these
/// packages has its rules, for which it would answer.
pub(super) fn document(file: PolicyFile, packages: &[Vec<String>]) -> Result<Value, Error> {
    let PolicyFile { name, bytes } = file;
    let error = |reason: String| Error::Data { file: name.clone(), reason };
    let text = String::from_utf8(bytes)
        .map_err(|e| error(format!("it is not text: byte {} is not UTF-8", e.utf8_error().valid_up_to())))?;
    let (value, language) = match name.ends_with(".json") {
        true => (Value::from_json_str(&text), "JSON"),
        false => (Value::from_yaml_str(&text), "YAML"),
    };
    let value = value.map_err(|e| {
        // Our own words, where they know why.
        let known = if language == "JSON" { json::check_syntax(&text).err() } else { None };
        error(format!("it is no {language}: {}", known.unwrap_or_else(|| super::explain::line(&e))))
    })?;
    if !matches!(value, Value::Object(_)) {
        return Err(error("it is no object: what is beneath `data` has names".to_owned()));
    }
    undoubted(&text, &value, language == "JSON").map_err(&error)?;
    match packages.iter().find(|package| stands_in(&value, package)) {
        None => Ok(value),
        Some(package) => {
            let package = package.join(".");
            Err(error(format!(
                "`{package}` is a package of the policy, whose rules data would replace: give it another name"
            )))
        }
    }
}

/// Whether every reader has the same values: OPA keeps numbers as they are written in JSON, regorus does not; and of two members of
/// one name the last would be taken.
fn undoubted(text: &str, value: &Value, is_json: bool) -> Result<(), String> {
    let written = match is_json {
        true => {
            check_json("it", text.as_bytes(), JSON_DEPTH_LIMIT).map_err(|error| error.to_string())?;
            Cow::Borrowed(text)
        }
        false => Cow::Owned(value.to_json_str().map_err(|error| error.to_string())?),
    };
    match doubtful_number(&written) {
        Some(number) => Err(format!(
            "the number {number} is not taken alike by all readers: write it as short as it goes, with 15 digits at most"
        )),
        None => Ok(()),
    }
}

/// Whether a value is where this package has its rules, or where nothing could be beneath it.
fn stands_in(value: &Value, package: &[String]) -> bool {
    let Some((first, rest)) = package.split_first() else { return true };
    match value {
        Value::Object(members) => {
            members.get(&Value::from(first.as_str())).is_some_and(|within| stands_in(within, rest))
        }
        _ => true,
    }
}
