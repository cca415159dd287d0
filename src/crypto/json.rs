//! Strict JSON: duplicate member names are refused at every depth, so that no two readers can see two documents in one.

use super::DecodeError;

/// Parses a document. `what` names it in errors. Member order is kept; numbers keep their written form where an i64, u64
/// or f64 holds it.
///
/// # Errors
/// Not JSON, a duplicate member name (at: its path), nesting deeper than 128, trailing text.
pub fn parse(_what: &'static str, _text: &[u8]) -> Result<serde_json::Value, DecodeError> {
    todo!()
}

/// RFC 8785 canonical form of a value, as SET payloads and log bodies need it.
pub fn canonical(_value: &serde_json::Value) -> Vec<u8> {
    todo!()
}
