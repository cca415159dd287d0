//! YAML as Go's library writes it, of what is the same in every version of it.

use regorus::Value;

use crate::policy::rego::builtins::order::members;

/// Writes a document.
///
/// # Errors
/// It has something that might be written otherwise.
pub(super) fn write(value: &Value, made: &mut String) -> Result<(), String> {
    match value {
        Value::Object(object) if !object.is_empty() => object_at(value, 0, made),
        Value::Array(array) if !array.is_empty() => array_at(array.as_slice(), 0, made),
        other => {
            made.push_str(&scalar(other)?);
            made.push('\n');
            Ok(())
        }
    }
}

fn object_at(value: &Value, depth: usize, made: &mut String) -> Result<(), String> {
    for (at, (name, value)) in members(value).into_iter().enumerate() {
        if at > 0 {
            made.push_str(&" ".repeat(depth));
        }
        match name {
            // Others than words are in an order of their own.
            Value::String(name) if name.bytes().all(|byte| byte.is_ascii_lowercase()) => {
                made.push_str(&plain(name)?);
            }
            _ => return Err("yaml.marshal of names other than lower-case words".to_owned()),
        }
        made.push(':');
        beneath(value, depth, made)?;
    }
    Ok(())
}

/// A value behind a name.
fn beneath(value: &Value, depth: usize, made: &mut String) -> Result<(), String> {
    let line = |made: &mut String, depth| {
        made.push('\n');
        made.push_str(&" ".repeat(depth));
    };
    match value {
        Value::Object(object) if !object.is_empty() => {
            line(made, depth + 2);
            object_at(value, depth + 2, made)
        }
        Value::Array(array) if !array.is_empty() => {
            line(made, depth);
            array_at(array.as_slice(), depth, made)
        }
        other => {
            made.push_str(&format!(" {}\n", scalar(other)?));
            Ok(())
        }
    }
}

fn array_at(items: &[Value], depth: usize, made: &mut String) -> Result<(), String> {
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            made.push_str(&" ".repeat(depth));
        }
        made.push_str("- ");
        match item {
            Value::Object(object) if !object.is_empty() => object_at(item, depth + 2, made)?,
            Value::Array(array) if !array.is_empty() => array_at(array.as_slice(), depth + 2, made)?,
            other => made.push_str(&format!("{}\n", scalar(other)?)),
        }
    }
    Ok(())
}

fn scalar(value: &Value) -> Result<String, String> {
    Ok(match value {
        Value::Null => "null".to_owned(),
        Value::Bool(truth) => truth.to_string(),
        Value::Number(number) => match number.as_i64() {
            Some(whole) if whole.abs() < 1 << 53 => whole.to_string(),
            _ => return Err("yaml.marshal of a number that is not whole".to_owned()),
        },
        Value::String(text) => plain(text)?,
        Value::Array(_) => "[]".to_owned(),
        Value::Object(_) => "{}".to_owned(),
        Value::Set(_) | Value::Undefined => return Err("yaml.marshal of a set".to_owned()),
    })
}

/// Words that are something else than text in one version of YAML or another.
const WORDS: [&str; 9] = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"];

/// A text that needs no quotation marks.
fn plain(text: &str) -> Result<String, String> {
    let word = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_/-".contains(&byte));
    let letter = text.starts_with(|c: char| c.is_ascii_alphabetic());
    match word && letter && text.len() < 60 && !WORDS.contains(&text.to_ascii_lowercase().as_str()) {
        true => Ok(text.to_owned()),
        false => Err(format!("how {text:?} is written in YAML")),
    }
}
