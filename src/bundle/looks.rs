//! What a document that is not understood looks like, in words for people. Nothing is decided by it.

use serde::de::IgnoredAny;

use crate::crypto::text;

/// What is said of an empty file.
pub(super) const EMPTY: &str = "the file is empty";

/// A guess at what these bytes are, to follow "it looks like".
pub(super) fn like(document: &[u8]) -> String {
    let document = super::without_mark(document).trim_ascii();
    if let Some(label) = pem_label(document) {
        return format!("PEM (`{label}`)");
    }
    let start = document.get(..64).unwrap_or(document).to_ascii_lowercase();
    let is = |magic: &[u8]| start.starts_with(magic);
    let guess = if document.is_empty() {
        "an empty file"
    } else if text::is_utf_16(document) {
        text::UTF_16
    } else if is(b"<!doctype html") || is(b"<html") {
        "an HTML page; was an error page or a login page saved in place of the file?"
    } else if is(b"<") {
        "XML"
    } else if is(b"\x1f\x8b") {
        "a gzip file; unpack it first"
    } else if is(b"pk\x03\x04") {
        "a zip file; unpack it first"
    } else if is(b"\x28\xb5\x2f\xfd") {
        "a zstd file; unpack it first"
    } else if is(b"{") && several_json_objects(document) {
        "several JSON documents, one after the other (JSON Lines); give one of them per file"
    } else if is(b"{") {
        "a JSON object"
    } else if is(b"[") {
        "a JSON list"
    } else if is_base64(document) {
        "base64 text, such as a detached signature or certificate"
    } else if std::str::from_utf8(document).is_err() && is(b"\x30") {
        "binary DER, such as a detached signature, certificate or timestamp"
    } else if std::str::from_utf8(document).is_err() {
        "binary data"
    } else {
        "plain text"
    };
    guess.to_owned()
}

/// Whether there is a second JSON document behind the first.
pub(super) fn several_json_objects(document: &[u8]) -> bool {
    let mut documents = serde_json::Deserializer::from_slice(document).into_iter::<IgnoredAny>();
    matches!((documents.next(), documents.next()), (Some(Ok(_)), Some(Ok(_))))
}

fn pem_label(document: &[u8]) -> Option<&str> {
    let rest = document.strip_prefix(b"-----BEGIN ")?;
    let line = rest.split(|b| *b == b'\n').next()?.trim_ascii_end();
    let label = std::str::from_utf8(line.strip_suffix(b"-----")?).ok()?;
    (label.len() <= 64 && !label.chars().any(char::is_control)).then_some(label)
}

fn is_base64(document: &[u8]) -> bool {
    document.iter().all(|b| b.is_ascii_alphanumeric() || b"+/-_=\r\n".contains(b))
        && document.iter().filter(|b| **b == b'=').count() <= 2
        && document.len() >= 16
}
