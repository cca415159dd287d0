//! Regular expressions in the dialect of Go, which regorus does not speak.

use regorus::Value;

use super::arithmetic::Number;
use super::{Outcome, Said, text};
use crate::re2::Pattern;

pub(super) const FUNCTIONS: &[Said] = &[
    ("re_match", 2, matches),
    ("regex.find_all_string_submatch_n", 3, submatches),
    ("regex.find_n", 3, find),
    ("regex.is_valid", 1, |given| {
        Ok(Some(text(given, 0).is_some_and(|text| Pattern::compile(text).is_ok()).into()))
    }),
    ("regex.match", 2, matches),
    ("regex.replace", 3, replace),
    ("regex.split", 2, split),
];

/// The pattern and the text that are given in these places.
fn both(given: &[Value], pattern: usize, of: usize) -> Option<(Pattern, &str)> {
    Some((Pattern::compile(text(given, pattern)?).ok()?, text(given, of)?))
}

/// The same, with what the groups of the pattern found.
fn with_groups(given: &[Value], pattern: usize, of: usize) -> Option<(Pattern, &str)> {
    Some((Pattern::with_groups(text(given, pattern)?).ok()?, text(given, of)?))
}

fn matches(given: &[Value]) -> Outcome<Value> {
    Ok(both(given, 0, 1).map(|(pattern, text)| pattern.regex().is_match(text).into()))
}

/// How many are wanted; all of them where the number is negative.
fn limit(given: &[Value]) -> Outcome<usize> {
    Ok(match given.get(2).map_or(Ok(None), Number::of)? {
        Some(Number::Whole(whole)) => Some(usize::try_from(whole).unwrap_or(usize::MAX)),
        _ => None,
    })
}

fn find(given: &[Value]) -> Outcome<Value> {
    let (Some((pattern, text)), Some(limit)) = (both(given, 0, 1), limit(given)?) else { return Ok(None) };
    let found = pattern.regex().find_iter(text).take(limit).map(|found| Value::from(found.as_str()));
    Ok(Some(found.collect::<Vec<_>>().into()))
}

fn submatches(given: &[Value]) -> Outcome<Value> {
    let (Some((pattern, text)), Some(limit)) = (with_groups(given, 0, 1), limit(given)?) else {
        return Ok(None);
    };
    let found = pattern.regex().captures_iter(text).take(limit).map(|found| {
        let groups = found.iter().map(|group| Value::from(group.map_or("", |group| group.as_str())));
        Value::from(groups.collect::<Vec<_>>())
    });
    Ok(Some(found.collect::<Vec<_>>().into()))
}

fn replace(given: &[Value]) -> Outcome<Value> {
    let (Some((pattern, found)), Some(by)) = (with_groups(given, 1, 0), text(given, 2)) else {
        return Ok(None);
    };
    let named = |rest: &str| !rest.trim_start_matches('{').starts_with(|c: char| c.is_ascii_digit());
    if by.split('$').skip(1).any(named) {
        return Err("regex.replace by what a group with a name found".to_owned());
    }
    Ok(Some(Value::from(&*pattern.regex().replace_all(found, by))))
}

/// The parts between the places that match; an empty match at the start splits nothing off.
fn split(given: &[Value]) -> Outcome<Value> {
    let Some((pattern, whole)) = both(given, 0, 1) else { return Ok(None) };
    if whole.is_empty() {
        return Ok(Some(vec![Value::from("")].into()));
    }
    let (mut parts, mut from, mut end) = (Vec::new(), 0, 0);
    for found in pattern.regex().find_iter(whole) {
        end = found.start();
        if found.end() != 0 {
            parts.push(Value::from(whole.get(from..end).unwrap_or_default()));
        }
        from = found.end();
    }
    if end != whole.len() {
        parts.push(Value::from(whole.get(from..).unwrap_or_default()));
    }
    Ok(Some(parts.into()))
}
