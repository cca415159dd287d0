//! Base64 (RFC 4648), hexadecimal digits, and queries of URLs, as Go reads and writes them.

use std::collections::BTreeMap;

use regorus::Value;

use super::order::{items, members};
use super::{Outcome, Said, text};

pub(super) const FUNCTIONS: &[Said] = &[
    ("base64.decode", 1, |given| decoded(text(given, 0).and_then(|text| unpacked(text, STANDARD)))),
    ("base64.encode", 1, |given| Ok(text(given, 0).map(|text| packed(text, STANDARD, true).into()))),
    ("base64.is_valid", 1, |given| {
        Ok(Some(text(given, 0).is_some_and(|text| unpacked(text, STANDARD).is_some()).into()))
    }),
    ("base64url.decode", 1, |given| decoded(text(given, 0).and_then(url))),
    ("base64url.encode", 1, |given| Ok(text(given, 0).map(|text| packed(text, URL, true).into()))),
    ("base64url.encode_no_pad", 1, |given| Ok(text(given, 0).map(|text| packed(text, URL, false).into()))),
    ("hex.decode", 1, |given| decoded(text(given, 0).and_then(|text| hex::decode(text).ok()))),
    ("hex.encode", 1, |given| Ok(text(given, 0).map(|text| hex::encode(text).into()))),
    ("urlquery.decode", 1, |given| decoded(text(given, 0).and_then(unescaped))),
    ("urlquery.decode_object", 1, decode_object),
    ("urlquery.encode", 1, |given| Ok(text(given, 0).map(|text| escaped(text).into()))),
    ("urlquery.encode_object", 1, |given| Ok(given.first().and_then(encode_object).map(Value::from))),
];

const STANDARD: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const URL: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Bytes as a string. Go's strings hold whatever bytes there are, ours do not.
fn decoded(bytes: Option<Vec<u8>>) -> Outcome<Value> {
    let Some(bytes) = bytes else { return Ok(None) };
    let text = String::from_utf8(bytes).map_err(|_| "decoded bytes that are not UTF-8".to_owned())?;
    Ok(Some(text.into()))
}

fn packed(text: &str, alphabet: &[u8; 64], padded: bool) -> String {
    let mut made = String::new();
    for three in text.as_bytes().chunks(3) {
        let bits = three.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte));
        let bits = bits << (8 * (3 - three.len()));
        for at in 0..=three.len() {
            let index = (bits >> (18 - 6 * at)) & 63;
            made.extend(alphabet.get(index as usize).map(|byte| char::from(*byte)));
        }
        if padded {
            made.extend(std::iter::repeat_n('=', 3 - three.len()));
        }
    }
    made
}

/// Padding has to be there; line ends are skipped, and bits that are left over at the end are whatever they are.
fn unpacked(text: &str, alphabet: &[u8; 64]) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text.bytes().filter(|byte| !b"\r\n".contains(byte)).collect();
    if !digits.len().is_multiple_of(4) {
        return None;
    }
    let padding = digits.iter().rev().take_while(|byte| **byte == b'=').count();
    if padding > 2 {
        return None;
    }
    let mut made = Vec::new();
    for four in digits.get(..digits.len() - padding)?.chunks(4) {
        let mut bits = 0_u32;
        for digit in four {
            let index = alphabet.iter().position(|known| known == digit)?;
            bits = bits << 6 | u32::try_from(index).ok()?;
        }
        let bytes = (bits << (6 * (4 - four.len()))).to_be_bytes();
        made.extend_from_slice(bytes.get(1..four.len())?);
    }
    Some(made)
}

/// Base64 in the usual alphabet.
pub(super) fn standard(text: &str) -> Option<Vec<u8>> {
    unpacked(text, STANDARD)
}

/// The padding may be missing (RFC 7515 appendix C).
pub(super) fn url(text: &str) -> Option<Vec<u8>> {
    let padding = match (text.ends_with('='), text.len() % 4) {
        (true, _) | (_, 0) => "",
        (_, 2) => "==",
        (_, 3) => "=",
        _ => return None,
    };
    unpacked(&format!("{text}{padding}"), URL)
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
