//! Percent-encoding of parts of URLs (RFC 3986 section 2.1), as Go's `net/url` does it.

use crate::cue::data::Data;
use crate::cue::pkg::CallError;

/// For one segment of a path.
pub(super) fn path(text: &str) -> String {
    escape(text, b"$&+:=@")
}

/// For a query; a space is a plus.
pub(super) fn query(text: &str) -> String {
    escape(text, b" ").replace(' ', "+")
}

fn escape(text: &str, kept: &[u8]) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) || kept.contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            escaped.push_str(&format!("%{byte:02X}"));
        }
    }
    escaped
}

/// The text that is meant; what is no UTF-8 then is replaced.
pub(super) fn unescape(text: &str, plus_is_space: bool) -> Result<Data, CallError> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        match first {
            b'%' => {
                let byte = escaped_byte(after)
                    .ok_or_else(|| CallError::Failed(format!("{text:?}: invalid URL escape")))?;
                bytes.push(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            b'+' if plus_is_space => bytes.push(b' '),
            other => bytes.push(*other),
        }
    }
    Ok(super::super::arguments::go_text(&bytes).into())
}

/// The byte of the two digits after a percent sign.
pub(super) fn escaped_byte(digits: &[u8]) -> Option<u8> {
    let digit = |at: usize| digits.get(at).and_then(|c| char::from(*c).to_digit(16));
    u8::try_from(digit(0)? * 16 + digit(1)?).ok()
}
