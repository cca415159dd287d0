//! JSON and YAML within strings.

use regorus::Value;

use super::order::{members, sorted};
use super::{Outcome, Said, text};
use crate::policy::rego::check::is_exact;

mod yaml;

pub(super) const FUNCTIONS: &[Said] = &[
    ("json.is_valid", 1, |given| match text(given, 0) {
        Some(text) => Ok(Some(parsed(text)?.is_some().into())),
        None => Ok(Some(false.into())),
    }),
    ("json.marshal", 1, marshal),
    ("json.marshal_with_options", 2, marshal_with_options),
    ("json.unmarshal", 1, |given| text(given, 0).map_or(Ok(None), parsed)),
    ("yaml.is_valid", 1, |given| match text(given, 0) {
        Some(_) => Ok(unmarshal(given)?.map(|_| true.into())),
        None => Ok(Some(false.into())),
    }),
    ("yaml.marshal", 1, |given| {
        let Some(value) = given.first() else { return Ok(None) };
        let mut made = String::new();
        yaml::write(value, &mut made)?;
        Ok(Some(made.into()))
    }),
    ("yaml.unmarshal", 1, unmarshal),
];

/// JSON as Go reads it. What Go reads and we do not is not decided.
pub(super) fn parsed(text: &str) -> Outcome<Value> {
    if let Some(number) = numbers(text).find(|number| !is_exact(number)) {
        return Err(format!("the number {number} in JSON"));
    }
    match Value::from_json_str(text) {
        Ok(value) => Ok(Some(value)),
        Err(_) if text.contains("\\u") => Err("JSON with escapes that are no characters".to_owned()),
        Err(error) if error.to_string().contains("recursion") => Err("JSON that nests that deep".to_owned()),
        Err(_) => Ok(None),
    }
}

/// The numbers in a text, outside of what is quoted.
fn numbers(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        loop {
            let start = rest.find(|c: char| c == '"' || c.is_ascii_digit())?;
            let is_negative = rest.as_bytes().get(start..=start) != Some(b"\"")
                && rest.get(..start).is_some_and(|before| before.ends_with('-'));
            let found = rest.get(start - usize::from(is_negative)..)?;
            let mut escaped = false;
            let end = match found.strip_prefix('"') {
                Some(inner) => inner
                    .find(|c: char| {
                        let end = c == '"' && !escaped;
                        escaped = c == '\\' && !escaped;
                        end
                    })
                    .map_or(found.len(), |at| at + 2),
                None => {
                    found.find(|c: char| !c.is_ascii_digit() && !"+-.eE".contains(c)).unwrap_or(found.len())
                }
            };
            let (token, after) = found.split_at_checked(end)?;
            rest = after;
            if !token.starts_with('"') {
                return Some(token);
            }
        }
    })
}

/// Whether a text has a number that is not written as its value is shown.
pub(in crate::policy::rego) fn is_spelled(text: &str) -> bool {
    numbers(text).any(is_spelled_number)
}

/// Whether a number is not written as its value is shown: `1.0`, `1e2`, `-0`.
pub(in crate::policy::rego) fn is_spelled_number(number: &str) -> bool {
    (number.contains(['.', 'e', 'E']) || number == "-0")
        && (number.parse::<f64>()).is_ok_and(|value| value == 0.0 || value.to_string() != number)
}

/// A number in JSON that is not kept as it is written, or not told from others.
pub(in crate::policy::rego) fn doubtful_number(text: &str) -> Option<&str> {
    numbers(text).find(|number| !is_exact(number) || is_spelled(number))
}

fn marshal_with_options(given: &[Value]) -> Outcome<Value> {
    let (Some(_), Some(Value::Object(options))) = (given.first(), given.get(1)) else { return Ok(None) };
    let (mut pretty, mut said, mut prefix, mut indent) = (false, None, "".to_owned(), "\t".to_owned());
    for (name, value) in options.iter() {
        match (name, value) {
            (Value::String(name), Value::Bool(wanted)) if &**name == "pretty" => said = Some(*wanted),
            (Value::String(name), Value::String(text)) if ["prefix", "indent"].contains(&&**name) => {
                pretty = true;
                *(if &**name == "prefix" { &mut prefix } else { &mut indent }) = text.to_string();
            }
            _ => return Err("json.marshal_with_options with options of another kind".to_owned()),
        }
    }
    let Some(Value::String(text)) = marshal(given)? else { return Ok(None) };
    Ok(Some(match said.unwrap_or(pretty) {
        true => Value::from(indented(&text, &prefix, &indent)),
        false => Value::String(text),
    }))
}

/// JSON without spaces in lines: each with the prefix, and so often the indentation as it is deep.
fn indented(text: &str, prefix: &str, indent: &str) -> String {
    let (mut made, mut depth, mut quoted, mut escaped) = (prefix.to_owned(), 0, false, false);
    let mut rest = text.chars().peekable();
    let line = |depth| format!("\n{prefix}{}", indent.repeat(depth));
    while let Some(c) = rest.next() {
        match c {
            c if quoted => {
                made.push(c);
                quoted = c != '"' || escaped;
                escaped = c == '\\' && !escaped;
            }
            '"' => {
                made.push(c);
                quoted = true;
            }
            '[' | '{' => {
                made.push(c);
                match rest.next_if(|next| "]}".contains(*next)) {
                    Some(end) => made.push(end),
                    None => {
                        depth += 1;
                        made.push_str(&line(depth));
                    }
                }
            }
            ']' | '}' => {
                depth -= 1;
                made.push_str(&line(depth));
                made.push(c);
            }
            ',' => made.push_str(&format!(",{}", line(depth))),
            ':' => made.push_str(": "),
            c => made.push(c),
        }
    }
    made
}

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
            _ => match number.as_big() {
                Some(whole) => made.push_str(&whole.to_string()),
                None => return Err("json.marshal of a number with an exponent".to_owned()),
            },
        },
        Value::String(text) => quoted(text, made),
        Value::Array(items) => list(items.iter(), made)?,
        Value::Set(items) => list(sorted(items.iter()).into_iter(), made)?,
        Value::Object(_) => {
            made.push('{');
            for (at, (name, value)) in members(value).into_iter().enumerate() {
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
    // Go's reader knows no such escape, and takes a question mark within brackets for a key.
    if text.contains("\\/") || text.contains('?') && text.contains(['[', '{']) {
        return Err("YAML with an escaped slash, or a question mark beside brackets".to_owned());
    }
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
            || (word.starts_with('-') && word.contains('_'))
        {
            return Err(format!("what {word:?} is in YAML"));
        }
        if version && plain.bytes().all(|b| b.is_ascii_hexdigit() || b"_+-.xob".contains(&b)) {
            return Err(format!("what {word:?} is in YAML"));
        }
    }
    match Value::from_yaml_str(text) {
        Ok(value) => Ok(Some(value)),
        Err(_) => Err("YAML that is read here as wrong".to_owned()),
    }
}
