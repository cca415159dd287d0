//! `encoding/json`: as CUE writes JSON: members in their order, numbers as they are, bytes in base64; and what is JSON.

use std::rc::Rc;

use super::Parameter::{Any, Bytes};
use super::arguments::{Arguments, check_text, failed};
use super::{CallError, Member, Members, evaluated, function, validator};
use crate::crypto::base64;
use crate::cue::data::Data;
use crate::cue::error::ErrorKind;
use crate::cue::number::Number;
use crate::cue::statement::Json;

/// The members of the package.
pub(super) const MEMBERS: Members = &[
    ("Valid", validator(&[Bytes], |a| Ok(is_json(&a.lossy(0)?).into()))),
    ("Compact", function(&[Bytes], |a| compact(&a.lossy(0)?))),
    ("Indent", Member::Unsupported),
    ("HTMLEscape", function(&[Bytes], |a| Ok(html_escape(&a.lossy(0)?).into()))),
    ("Marshal", function(&[Any], |a| Ok(marshal(a.any(0))?.into()))),
    ("MarshalStream", function(&[Any], marshal_stream)),
    ("UnmarshalStream", Member::Unsupported),
    ("Unmarshal", function(&[Bytes], |a| unmarshal(&a.lossy(0)?))),
    ("Validate", evaluated(&[Bytes, Any], true)),
];

/// The JSON of a value.
pub(super) fn marshal(value: &Data) -> Result<String, CallError> {
    let mut text = String::new();
    write(value, Style::Json, &mut text);
    check_text(Some(text.len()))?;
    Ok(text)
}

/// A text that two values have in common where CUE says that they are equal: of the same types, fields in any order.
pub(super) fn marshal_key(value: &Data) -> String {
    let mut text = String::new();
    write(value, Style::Key, &mut text);
    text
}

#[derive(Clone, Copy, PartialEq)]
enum Style {
    Json,
    Key,
}

fn write(value: &Data, style: Style, text: &mut String) {
    match value {
        Data::Null => text.push_str("null"),
        Data::Bool(value) => text.push_str(if *value { "true" } else { "false" }),
        Data::Number(number) if style == Style::Key => {
            text.push_str(if number.is_integer() { "int " } else { "float " });
            text.push_str(&number.canonical());
        }
        Data::Number(number) => text.push_str(&number.to_string()),
        Data::String(value) => quote(value, text),
        Data::Bytes(bytes) => {
            text.push_str(if style == Style::Key { "bytes \"" } else { "\"" });
            text.push_str(&base64::encode(bytes));
            text.push('"');
        }
        Data::List(elements) => {
            text.push('[');
            for (place, element) in elements.iter().enumerate() {
                text.push_str(if place == 0 { "" } else { "," });
                write(element, style, text);
            }
            text.push(']');
        }
        Data::Struct(fields) => {
            let mut fields: Vec<_> = fields.iter().collect();
            if style == Style::Key {
                fields.sort_by(|a, b| a.0.cmp(&b.0));
            }
            text.push('{');
            for (place, (name, value)) in fields.into_iter().enumerate() {
                text.push_str(if place == 0 { "" } else { "," });
                quote(name, text);
                text.push(':');
                write(value, style, text);
            }
            text.push('}');
        }
    }
}

/// A string as Go writes it without escaping for HTML.
fn quote(value: &str, text: &mut String) {
    text.push('"');
    for c in value.chars() {
        match c {
            '"' | '\\' => text.extend(['\\', c]),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            '\u{8}' => text.push_str("\\b"),
            '\u{c}' => text.push_str("\\f"),
            '\u{2028}' | '\u{2029}' | '\0'..='\u{1f}' => text.push_str(&format!("\\u{:04x}", u32::from(c))),
            _ => text.push(c),
        }
    }
    text.push('"');
}

fn html_escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                escaped.push_str(&format!("\\u{:04x}", u32::from(c)))
            }
            _ => escaped.push(c),
        }
    }
    escaped
}

/// One line for each element.
fn marshal_stream(a: &[Data]) -> Result<Data, CallError> {
    let mut stream = String::new();
    for element in super::arguments::list(a.any(0))? {
        stream.push_str(&marshal(element)?);
        stream.push('\n');
        check_text(Some(stream.len()))?;
    }
    Ok(stream.into())
}

/// Whether it is one JSON text (RFC 8259), however deep.
fn is_json(text: &str) -> bool {
    serde_json::from_str::<&serde_json::value::RawValue>(text).is_ok()
}

/// Without white space between its tokens.
fn compact(text: &str) -> Result<Data, CallError> {
    if !is_json(text) {
        return failed("invalid JSON");
    }
    let (mut quoted, mut escaped) = (false, false);
    let kept = text.chars().filter(|c| {
        let keep = quoted || !matches!(c, ' ' | '\t' | '\n' | '\r');
        quoted ^= *c == '"' && !escaped;
        escaped = quoted && *c == '\\' && !escaped;
        keep
    });
    Ok(kept.collect::<String>().into())
}

/// The value that a JSON text says.
pub(super) fn unmarshal(text: &str) -> Result<Data, CallError> {
    if !is_json(text) {
        return failed("invalid JSON");
    }
    match Json::read("the text", text) {
        Ok(value) => data(&value),
        Err(error) if error.kind == ErrorKind::Limit => Err(CallError::Limit(error.message)),
        Err(error) if error.kind == ErrorKind::Undecided => {
            Err(CallError::Unsupported("JSON with a byte order mark (U+FEFF)".into()))
        }
        Err(error) => failed(error.message),
    }
}

/// The value of JSON, read as CUE: a name that is there twice has one value for both.
fn data(value: &Json<'_>) -> Result<Data, CallError> {
    Ok(match value {
        Json::Null => Data::Null,
        Json::Bool(value) => Data::Bool(*value),
        Json::Number(text) => match text.strip_prefix('-') {
            Some(magnitude) => Number::json(magnitude)?.negate().into(),
            None => Number::json(text)?.into(),
        },
        Json::String(text) => Data::from(&**text),
        Json::List(elements) => elements.iter().map(data).collect::<Result<Vec<_>, _>>()?.into(),
        Json::Object(members) => {
            let read = members.iter().map(|(name, member)| Ok((Rc::from(&**name), data(member)?)));
            fields(read.collect::<Result<_, CallError>>()?)?
        }
    })
}

/// The struct of these members: a name that is there twice has one value for both.
///
/// # Errors
/// The two values are not equal.
pub(super) fn fields(members: Vec<(Rc<str>, Data)>) -> Result<Data, CallError> {
    let mut fields: Vec<(Rc<str>, Data)> = Vec::with_capacity(members.len());
    let mut places = std::collections::HashMap::with_capacity(members.len());
    for (name, member) in members {
        let place = *places.entry(name.clone()).or_insert(fields.len());
        match fields.get(place) {
            None => fields.push((name, member)),
            Some((_, first)) if marshal_key(first) == marshal_key(&member) => {}
            Some((_, Data::Struct(_) | Data::List(_))) => {
                return Err(CallError::Unsupported(format!("the name {name:?} twice, with two values,")));
            }
            Some(_) => return failed(format!("conflicting values of {name:?}")),
        }
    }
    Ok(Data::Struct(fields))
}
