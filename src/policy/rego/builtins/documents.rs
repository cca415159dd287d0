//! JSON and YAML within strings.

use regorus::Value;

use super::{Outcome, Said, text};

pub(super) const FUNCTIONS: &[Said] = &[("json.marshal", 1, marshal), ("yaml.unmarshal", 1, unmarshal)];

fn marshal(given: &[Value]) -> Outcome<Value> {
    let Some(value) = given.first() else { return Ok(None) };
    let mut made = String::new();
    write(value, &mut made)?;
    Ok(Some(made.into()))
}

/// As Go writes JSON: without spaces, members by their names, and what HTML would read as its own as escapes.
fn write(value: &Value, made: &mut String) -> Result<(), String> {
    match value {
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => made.push_str(&whole.to_string()),
            (None, Some(float)) if (1e-5..1e15).contains(&float.abs()) => made.push_str(&float.to_string()),
            _ => return Err("json.marshal of a number with an exponent".to_owned()),
        },
        Value::String(text) => quoted(text, made),
        Value::Array(items) => list(items.iter(), made)?,
        Value::Set(items) => list(items.iter_sorted(), made)?,
        Value::Object(members) => {
            made.push('{');
            for (at, (name, value)) in members.iter_sorted().enumerate() {
                if at > 0 {
                    made.push(',');
                }
                match name {
                    Value::String(name) => quoted(name, made),
                    _ => return Err("json.marshal of an object whose names are no strings".to_owned()),
                }
                made.push(':');
                write(value, made)?;
            }
            made.push('}');
        }
        Value::Null => made.push_str("null"),
        Value::Bool(truth) => made.push_str(if *truth { "true" } else { "false" }),
        Value::Undefined => return Err("json.marshal of nothing".to_owned()),
    }
    Ok(())
}

fn list<'a>(items: impl Iterator<Item = &'a Value>, made: &mut String) -> Result<(), String> {
    made.push('[');
    for (at, item) in items.enumerate() {
        if at > 0 {
            made.push(',');
        }
        write(item, made)?;
    }
    made.push(']');
    Ok(())
}

fn quoted(text: &str, made: &mut String) {
    made.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => made.extend(['\\', c]),
            '\n' => made.push_str("\\n"),
            '\r' => made.push_str("\\r"),
            '\t' => made.push_str("\\t"),
            '\u{8}' => made.push_str("\\b"),
            '\u{c}' => made.push_str("\\f"),
            '\0'..='\x1f' | '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                made.push_str(&format!("\\u{:04x}", u32::from(c)));
            }
            c => made.push(c),
        }
    }
    made.push('"');
}

/// Words that are no text in YAML 1.1, which Go's reader speaks: what they are depends on the version.
const WORDS: [&str; 8] = ["y", "n", "yes", "no", "on", "off", ".inf", ".nan"];

fn unmarshal(given: &[Value]) -> Outcome<Value> {
    let Some(text) = text(given, 0) else { return Ok(None) };
    let words = text.split(|c: char| c.is_whitespace() || "[]{},:\"'".contains(c));
    for word in words {
        let plain = word.trim_start_matches(['-', '+']).to_ascii_lowercase();
        let digit = plain.starts_with(|c: char| c.is_ascii_digit() || c == '.');
        let number = digit && word.parse::<i64>().map(|n| n.to_string()).ok().as_deref() != Some(word);
        let fraction = word.parse::<f64>().is_ok_and(|n| n.to_string() == word);
        let version = digit
            && word.bytes().any(|b| b.is_ascii_alphabetic())
            && !plain.starts_with("0x")
            && !plain.starts_with("0o");
        let strange = word.starts_with(['&', '*', '!', '<', '|', '>', '%', '?', '@', '`', '~']);
        if WORDS.contains(&plain.as_str())
            || (number && !fraction && !version)
            || strange
            || word.starts_with('+')
        {
            return Err(format!("what {word:?} is in YAML"));
        }
        if version && plain.bytes().all(|b| b.is_ascii_hexdigit() || b"_+-.xob".contains(&b)) {
            return Err(format!("what {word:?} is in YAML"));
        }
    }
    Ok(Value::from_yaml_str(text).ok())
}
