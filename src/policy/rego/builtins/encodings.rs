//! Base64 (RFC 4648), hexadecimal digits, and queries of URLs, as Go reads and writes them.

use std::collections::BTreeMap;

use regorus::Value;

use super::order::{items, members};
use super::{Outcome, Said, text};
use crate::crypto::base64;

pub(super) const FUNCTIONS: &[Said] = &[
    ("base64.decode", 1, |given| decoded(text(given, 0).and_then(standard))),
    ("base64.encode", 1, |given| Ok(text(given, 0).map(|text| base64::encode(text).into()))),
    ("base64.is_valid", 1, |given| {
        Ok(Some(text(given, 0).is_some_and(|text| standard(text).is_some()).into()))
    }),
    ("base64url.decode", 1, |given| decoded(text(given, 0).and_then(url))),
    ("base64url.encode", 1, |given| Ok(text(given, 0).map(|text| encode_url(text).into()))),
    ("base64url.encode_no_pad", 1, |given| Ok(text(given, 0).map(|text| base64::encode_url(text).into()))),
    ("hex.decode", 1, |given| decoded(text(given, 0).and_then(|text| hex::decode(text).ok()))),
    ("hex.encode", 1, |given| Ok(text(given, 0).map(|text| hex::encode(text).into()))),
    ("urlquery.decode", 1, |given| decoded(text(given, 0).and_then(unescaped))),
    ("urlquery.decode_object", 1, decode_object),
    ("urlquery.encode", 1, |given| Ok(text(given, 0).map(|text| escaped(text).into()))),
    ("urlquery.encode_object", 1, |given| Ok(given.first().and_then(encode_object).map(Value::from))),
];

/// Bytes as a string. Go's strings hold whatever bytes there are, ours do not.
fn decoded(bytes: Option<Vec<u8>>) -> Outcome<Value> {
    let Some(bytes) = bytes else { return Ok(None) };
    let text = String::from_utf8(bytes).map_err(|_| "decoded bytes that are not UTF-8".to_owned())?;
    Ok(Some(text.into()))
}

/// Base64 in the usual alphabet. Padding has to be there; line ends are skipped, and bits that are left over at the end are whatever they are.
pub(super) fn standard(text: &str) -> Option<Vec<u8>> {
    base64::decode_loose(&text.replace(['\r', '\n'], ""))
}

/// In the alphabet of URLs and names of files.
fn encode_url(text: &str) -> String {
    base64::encode(text).replace('+', "-").replace('/', "_")
}

/// The padding may be missing (RFC 7515 appendix C).
pub(super) fn url(text: &str) -> Option<Vec<u8>> {
    let padding = match (text.ends_with('='), text.len() % 4) {
        (true, _) | (_, 0) => "",
        (_, 2) => "==",
        (_, 3) => "=",
        _ => return None,
    };
    if text.contains(['+', '/']) {
        return None;
    }
    standard(&format!("{text}{padding}").replace('-', "+").replace('_', "/"))
}

fn escaped(text: &str) -> String {
    let mut made = String::new();
    for byte in text.bytes() {
        match byte {
            b' ' => made.push('+'),
            b'-' | b'_' | b'.' | b'~' => made.push(char::from(byte)),
            byte if byte.is_ascii_alphanumeric() => made.push(char::from(byte)),
            byte => made.push_str(&format!("%{byte:02X}")),
        }
    }
    made
}

fn unescaped(text: &str) -> Option<Vec<u8>> {
    let mut made = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        made.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
                let (high, low) = (digit(rest.next())?, digit(rest.next())?);
                u8::try_from(high << 4 | low).ok()?
            }
            byte => byte,
        });
    }
    Some(made)
}

fn decode_object(given: &[Value]) -> Outcome<Value> {
    let Some(query) = text(given, 0) else { return Ok(None) };
    let mut made: BTreeMap<Value, Vec<Value>> = BTreeMap::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        if pair.contains(';') {
            return Ok(None);
        }
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (Some(name), Some(value)) = (decoded(unescaped(name))?, decoded(unescaped(value))?) else {
            return Ok(None);
        };
        made.entry(name).or_default().push(value);
    }
    let made = made.into_iter().map(|(name, values)| (name, Value::from(values)));
    Ok(Some(made.collect::<BTreeMap<_, _>>().into()))
}

fn encode_object(object: &Value) -> Option<String> {
    let mut pairs = Vec::new();
    if !matches!(object, Value::Object(_)) {
        return None;
    }
    for (name, value) in members(object) {
        let Value::String(name) = name else { return None };
        let values = match value {
            Value::String(_) => vec![value],
            several => items(several)?,
        };
        for value in values {
            let Value::String(value) = value else { return None };
            pairs.push(format!("{}={}", escaped(name), escaped(value)));
        }
    }
    Some(pairs.join("&"))
}
