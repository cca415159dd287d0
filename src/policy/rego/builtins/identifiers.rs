//! `uuid.parse`: identifiers of RFC 9562.

use std::collections::BTreeMap;

use regorus::Value;

use super::{Outcome, Said, text};

pub(super) const FUNCTIONS: &[Said] = &[("uuid.parse", 1, parse)];

/// The version of an identifier as it is written most often. Those of versions 1 and 2 tell more, and are not decided.
fn parse(given: &[Value]) -> Outcome<Value> {
    let Some(text) = text(given, 0) else { return Ok(None) };
    let undecided = || Err(format!("the identifier {text}"));
    // Other ways to write one: without hyphens, in braces, as a URN.
    match text.len() {
        36 => {}
        32 | 38 | 45 => return undecided(),
        _ => return Ok(None),
    }
    let fits = |(at, byte): (usize, u8)| match at {
        8 | 13 | 18 | 23 => byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    };
    if !text.bytes().enumerate().all(fits) {
        return Ok(None);
    }
    let digit = |at: usize| text.as_bytes().get(at).and_then(|byte| char::from(*byte).to_digit(16));
    match (digit(14), digit(19)) {
        (Some(version @ 3..), Some(8..=11)) => {
            let members = [("variant", Value::from("RFC4122")), ("version", Value::from(u64::from(version)))];
            let members = members.map(|(name, value)| (Value::from(name), value));
            Ok(Some(BTreeMap::from(members).into()))
        }
        _ => undecided(),
    }
}
