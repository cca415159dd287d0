//! Strings, where regorus has another result than Go.

use regorus::Value;

use super::{Outcome, Said, text};

pub(super) const FUNCTIONS: &[Said] = &[
    ("indexof", 2, indexof),
    ("lower", 1, |given| each(given, |c| single(c, c.to_lowercase()))),
    ("strings.count", 2, count),
    ("strings.replace_n", 2, replace_n),
    ("to_number", 1, to_number),
    ("upper", 1, |given| each(given, |c| single(c, c.to_uppercase()))),
];

fn indexof(given: &[Value]) -> Outcome<Value> {
    let (Some(text), Some(wanted)) = (text(given, 0), text(given, 1)) else { return Ok(None) };
    if wanted.is_empty() {
        return Ok(None);
    }
    let place = match text.split_once(wanted) {
        Some((before, _)) => before.chars().count() as i128,
        None => -1,
    };
    Ok(Some(Value::from(place)))
}

/// A character for a character, as Go maps them.
fn each(given: &[Value], map: fn(char) -> Result<char, String>) -> Outcome<Value> {
    let Some(text) = text(given, 0) else { return Ok(None) };
    Ok(Some(text.chars().map(map).collect::<Result<String, _>>()?.into()))
}

fn single(c: char, mut mapped: impl Iterator<Item = char>) -> Result<char, String> {
    match (mapped.next(), mapped.next()) {
        (Some(one), None) => Ok(one),
        // The one that has no upper case of its own.
        _ if c == 'ß' => Ok(c),
        _ => Err(format!("the upper or lower case of {c}")),
    }
}

fn count(given: &[Value]) -> Outcome<Value> {
    let (Some(text), Some(wanted)) = (text(given, 0), text(given, 1)) else { return Ok(None) };
    let found = if wanted.is_empty() { text.chars().count() + 1 } else { text.matches(wanted).count() };
    Ok(Some(Value::from(found as i128)))
}

/// Every place is looked at once, and the first of the names in their order replaced there.
fn replace_n(given: &[Value]) -> Outcome<Value> {
    let (Some(Value::Object(names)), Some(mut rest)) = (given.first(), text(given, 1)) else {
        return Ok(None);
    };
    let mut pairs = Vec::new();
    for (name, by) in names.iter_sorted() {
        let (Value::String(name), Value::String(by)) = (name, by) else { return Ok(None) };
        if name.is_empty() {
            return Err("strings.replace_n of an empty string".to_owned());
        }
        pairs.push((name, by));
    }
    let mut made = String::new();
    while let Some(first) = rest.chars().next() {
        match pairs.iter().find_map(|(name, by)| Some((rest.strip_prefix(&***name)?, by))) {
            Some((after, by)) => {
                made.push_str(by);
                rest = after;
            }
            None => {
                made.push(first);
                rest = rest.get(first.len_utf8()..).unwrap_or_default();
            }
        }
    }
    Ok(Some(made.into()))
}

fn to_number(given: &[Value]) -> Outcome<Value> {
    match given.first() {
        Some(Value::Null) => Ok(Some(Value::from(0_i128))),
        Some(Value::Bool(truth)) => Ok(Some(Value::from(i128::from(*truth)))),
        Some(number @ Value::Number(_)) => Ok(Some(number.clone())),
        Some(Value::String(text)) => {
            let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
            let plain = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
            let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
            if plain(whole) && plain(fraction) && whole.len() + fraction.len() <= 15 && !text.starts_with('+')
            {
                let canonical = whole.len() == 1 || !whole.starts_with('0');
                return match Value::from_json_str(text) {
                    Ok(number) if canonical => Ok(Some(number)),
                    _ => Err(format!("the number {text:?}")),
                };
            }
            // What Go reads beyond that: exponents, hexadecimal, underscores, infinities.
            match text.is_empty() || !text.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-._".contains(&b))
            {
                true => Ok(None),
                false if text.bytes().any(|b| b.is_ascii_digit()) => Err(format!("the number {text:?}")),
                false if ["inf", "infinity", "nan"].contains(&digits.to_ascii_lowercase().as_str()) => {
                    Err(format!("the number {text:?}"))
                }
                false => Ok(None),
            }
        }
        _ => Ok(None),
    }
}
