//! `encoding/yaml`: of YAML what is read, and written, in one way alone. CUE 0.15 reads it with Go's `go.yaml.in/yaml/v3`, a mix of YAML 1.1
//! and 1.2 with ways of its own. Here is read what people write of it; the rest, be it right or wrong, is not supported.

mod blocks;
mod flow;
mod scalars;
mod write;

#[cfg(test)]
mod tests;

use super::Parameter::{Any, Bytes};
use super::arguments::{Arguments, check_text, failed, list};
use super::{CallError, Members, evaluated, function};
use crate::cue::data::Data;

/// The members of the package.
pub(super) const MEMBERS: Members = &[
    ("Marshal", function(&[Any], |a| Ok(write::document(a.any(0))?.into()))),
    ("MarshalStream", function(&[Any], marshal_stream)),
    ("Unmarshal", function(&[Bytes], |a| unmarshal(a.bytes(0)?))),
    ("UnmarshalStream", function(&[Bytes], |a| Ok(documents(a.bytes(0)?)?.into()))),
    ("Validate", evaluated(&[Bytes, Any], true)),
    ("ValidatePartial", evaluated(&[Bytes, Any], true)),
];

/// The values of the documents in a text, of which there is one at least.
///
/// # Errors
/// It is no YAML; there is something that is not supported.
pub(super) fn documents(bytes: &[u8]) -> Result<Vec<Data>, CallError> {
    let Ok(text) = std::str::from_utf8(bytes) else { return unsure("text that is not UTF-8") };
    let documents = blocks::documents(text)?;
    if documents.is_empty() {
        return unsure("a text without a document");
    }
    Ok(documents)
}

fn unmarshal(bytes: &[u8]) -> Result<Data, CallError> {
    match <[Data; 1]>::try_from(documents(bytes)?) {
        Ok([document]) => Ok(document),
        Err(_) => failed("expected a single YAML document"),
    }
}

fn marshal_stream(a: &[Data]) -> Result<Data, CallError> {
    let mut stream = String::new();
    for (place, document) in list(a.any(0))?.iter().enumerate() {
        stream.push_str(if place == 0 { "" } else { "---\n" });
        stream.push_str(&write::document(document)?);
        check_text(Some(stream.len()))?;
    }
    Ok(stream.into())
}

/// Characters of a text that a message shows, at most.
const MAX_SHOWN: usize = 60;

/// The beginning of a text, for a message.
fn shown(text: &str) -> String {
    let end = text.char_indices().nth(MAX_SHOWN).and_then(|(end, _)| text.get(..end));
    end.map_or_else(|| text.to_owned(), |beginning| format!("{beginning}.."))
}

/// No verdict on YAML with this in it.
fn unsure<T>(what: impl std::fmt::Display) -> Result<T, CallError> {
    Err(CallError::Unsupported(format!("YAML with {what}")))
}
