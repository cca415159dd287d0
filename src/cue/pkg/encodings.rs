//! `encoding/base64`, `encoding/hex`, `html`.

use super::Parameter::{Any, Bytes, Int, String as Text};
use super::arguments::{Arguments, failed};
use super::{CallError, Member, Members, function};
use crate::crypto::base64;
use crate::cue::data::Data;

/// `encoding/base64`. The encoding is `null`, that of RFC 4648 section 4; there is no other.
pub(super) const BASE64: Members = &[
    (
        "EncodedLen",
        function(&[Any, Int], |a| standard(a).and_then(|()| Ok((length(a, 1)?.div_ceil(3) * 4).into()))),
    ),
    ("DecodedLen", function(&[Any, Int], |a| standard(a).and_then(|()| Ok((length(a, 1)? / 4 * 3).into())))),
    (
        "Encode",
        function(&[Any, Bytes], |a| standard(a).and_then(|()| Ok(base64::encode(a.bytes(1)?).into()))),
    ),
    ("Decode", function(&[Any, Text], |a| standard(a).and_then(|()| decode(a.text(1)?)))),
];

/// `encoding/hex`
pub(super) const HEX: Members = &[
    ("EncodedLen", function(&[Int], |a| Ok((length(a, 0)? * 2).into()))),
    ("DecodedLen", function(&[Int], |a| Ok((length(a, 0)? / 2).into()))),
    (
        "Decode",
        function(&[Text], |a| {
            hex::decode(a.text(0)?).map(Data::from).or_else(|error| failed(error.to_string()))
        }),
    ),
    ("Dump", Member::Unsupported),
    ("Encode", function(&[Bytes], |a| Ok(hex::encode(a.bytes(0)?).into()))),
];

/// `html`
pub(super) const HTML: Members =
    &[("Escape", function(&[Text], |a| Ok(escape(a.text(0)?).into()))), ("Unescape", Member::Unsupported)];

fn standard(a: &[Data]) -> Result<(), CallError> {
    match a.any(0) {
        Data::Null => Ok(()),
        other => failed(format!("unsupported encoding: cannot use {} as null", other.type_name())),
    }
}

fn length(a: &[Data], place: usize) -> Result<usize, CallError> {
    match a.size(place)? {
        Some(length @ 0..=0xffff_ffff) => Ok(length),
        _ => failed("a length that nothing has"),
    }
}

/// As Go decodes: line breaks do not count, nor do bits that are left over.
fn decode(text: &str) -> Result<Data, CallError> {
    let text: String = text.chars().filter(|c| !matches!(c, '\r' | '\n')).collect();
    match base64::decode_loose(&text) {
        Some(bytes) => Ok(bytes.into()),
        None => failed("illegal base64 data"),
    }
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '\'' => escaped.push_str("&#39;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&#34;"),
            _ => escaped.push(c),
        }
    }
    escaped
}
