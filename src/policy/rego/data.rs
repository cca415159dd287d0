//! Documents beneath `data`.

use regorus::Value;

use crate::crypto::json;
use crate::policy::{Error, PolicyFile};

/// A document: JSON where the name ends in `.json`, else YAML, of which JSON is a part.
///
/// # Errors
/// Not JSON or YAML; no object.
pub(super) fn document(file: PolicyFile) -> Result<Value, Error> {
    let PolicyFile { name, bytes } = file;
    let error = |reason: String| Error::Data { file: name.clone(), reason };
    let text = String::from_utf8(bytes)
        .map_err(|e| error(format!("it is not text: byte {} is not UTF-8", e.utf8_error().valid_up_to())))?;
    let (value, language) = match name.ends_with(".json") {
        true => {
            json::check_syntax(&text).map_err(|why| error(format!("it is no JSON: {why}")))?;
            (Value::from_json_str(&text), "JSON")
        }
        false => (Value::from_yaml_str(&text), "YAML"),
    };
    let value = value.map_err(|e| error(format!("it is no {language}: {}", super::explain::line(&e))))?;
    match value {
        Value::Object(_) => Ok(value),
        _ => Err(error("it is no object: what is beneath `data` has names".to_owned())),
    }
}
