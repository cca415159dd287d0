//! Strings: parts of them, and what they begin and end with.

use regorus::Value;

use super::arithmetic::integer;
use super::order::items;
use super::{Outcome, Said, text};

pub(super) const FUNCTIONS: &[Said] = &[
    ("contains", 2, |given| tested(given, |text, part| text.contains(part))),
    ("endswith", 2, |given| tested(given, |text, part| text.ends_with(part))),
    ("indexof_n", 2, indexof_n),
    ("replace", 3, |given| {
        let (Some(text), Some(old), Some(new)) = (text(given, 0), text(given, 1), text(given, 2)) else {
            return Ok(None);
        };
        Ok(Some(text.replace(old, new).into()))
    }),
    ("split", 2, split),
    ("startswith", 2, |given| tested(given, |text, part| text.starts_with(part))),
    ("strings.any_prefix_match", 2, |given| any(given, |text, part| text.starts_with(part))),
    ("strings.any_suffix_match", 2, |given| any(given, |text, part| text.ends_with(part))),
    ("strings.reverse", 1, |given| {
        Ok(text(given, 0).map(|text| text.chars().rev().collect::<String>().into()))
    }),
    ("substring", 3, substring),
    ("trim", 2, |given| cut(given, |text, set| text.trim_matches(|c| set.contains(c)))),
    ("trim_left", 2, |given| cut(given, |text, set| text.trim_start_matches(|c| set.contains(c)))),
    ("trim_prefix", 2, |given| cut(given, |text, part| text.strip_prefix(part).unwrap_or(text))),
    ("trim_right", 2, |given| cut(given, |text, set| text.trim_end_matches(|c| set.contains(c)))),
    ("trim_space", 1, |given| Ok(text(given, 0).map(|text| text.trim().into()))),
    ("trim_suffix", 2, |given| cut(given, |text, part| text.strip_suffix(part).unwrap_or(text))),
];

fn tested(given: &[Value], holds: fn(&str, &str) -> bool) -> Outcome<Value> {
    Ok(text(given, 0).zip(text(given, 1)).map(|(text, part)| holds(text, part).into()))
}

fn cut(given: &[Value], cut: for<'a> fn(&'a str, &str) -> &'a str) -> Outcome<Value> {
    Ok(text(given, 0).zip(text(given, 1)).map(|(text, part)| cut(text, part).into()))
}

/// Whether one of several texts has one of several parts; each may be one text alone.
fn any(given: &[Value], holds: fn(&str, &str) -> bool) -> Outcome<Value> {
    let texts = |value: &Value| -> Option<Vec<String>> {
        let one = |item: &Value| match item {
            Value::String(text) => Some(text.to_string()),
            _ => None,
        };
        match value {
            Value::String(text) => Some(vec![text.to_string()]),
            value => items(value)?.into_iter().map(one).collect(),
        }
    };
    let (Some(all), Some(parts)) = (given.first().and_then(texts), given.get(1).and_then(texts)) else {
        return Ok(None);
    };
    Ok(Some(all.iter().any(|text| parts.iter().any(|part| holds(text, part))).into()))
}

/// Every place of a text, counted in characters; they may overlap.
fn indexof_n(given: &[Value]) -> Outcome<Value> {
    let (Some(text), Some(wanted)) = (text(given, 0), text(given, 1)) else { return Ok(None) };
    if wanted.is_empty() {
        return Ok(None);
    }
    let places = text.char_indices().enumerate();
    let found = places.filter(|(_, (at, _))| text.get(*at..).is_some_and(|rest| rest.starts_with(wanted)));
    Ok(Some(found.map(|(count, _)| Value::from(count)).collect::<Vec<_>>().into()))
}

fn split(given: &[Value]) -> Outcome<Value> {
    let (Some(text), Some(by)) = (text(given, 0), text(given, 1)) else { return Ok(None) };
    let parts: Vec<Value> = match by.is_empty() {
        true => text.chars().map(|c| c.to_string().into()).collect(),
        false => text.split(by).map(Value::from).collect(),
    };
    Ok(Some(parts.into()))
}

/// So many characters from a place on; all of them where the number is negative.
fn substring(given: &[Value]) -> Outcome<Value> {
    let (Some(text), Some(from), Some(length)) = (text(given, 0), integer(given, 1)?, integer(given, 2)?)
    else {
        return Ok(None);
    };
    let Ok(from) = usize::try_from(from) else {
        // One that is negative.
        return Ok(None);
    };
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    Ok(Some(text.chars().skip(from).take(length).collect::<String>().into()))
}
