//! `json.patch` (RFC 6902).

use regorus::Value;

use super::objects::keys as path;
use super::{Outcome, Said};

pub(super) const FUNCTIONS: &[Said] = &[("json.patch", 2, patch)];

fn patch(given: &[Value]) -> Outcome<Value> {
    let [whole, edits @ Value::Array(operations)] = given else { return Ok(None) };
    if [whole, edits].into_iter().any(has_set) {
        return Err("json.patch with sets".to_owned());
    }
    let mut made = whole.clone();
    for operation in operations.iter() {
        match operation_on(made, operation)? {
            Some(next) => made = next,
            None => return Ok(None),
        }
    }
    Ok(Some(made))
}

fn undecided<T>() -> Outcome<T> {
    Err("json.patch with an operation of another kind".to_owned())
}

fn has_set(value: &Value) -> bool {
    match value {
        Value::Set(_) => true,
        Value::Array(items) => items.iter().any(has_set),
        Value::Object(members) => members.values().any(has_set),
        _ => false,
    }
}

fn operation_on(whole: Value, operation: &Value) -> Outcome<Value> {
    let member = |name: &str| match operation {
        Value::Object(members) => members.get(&Value::from(name)),
        _ => None,
    };
    let keys = |name: &str| member(name).and_then(path);
    let (Some(Value::String(name)), Some(path)) = (member("op"), keys("path")) else { return undecided() };
    match (&**name, member("value"), keys("from")) {
        ("add", Some(value), _) => Ok(put(&whole, &path, value, true)),
        ("replace", Some(value), _) => Ok(put(&whole, &path, value, false)),
        // cosign breaks down where all of it is removed.
        ("remove", _, _) if !path.is_empty() => Ok(taken(&whole, &path)),
        ("test", Some(value), _) => match at(&whole, &path) {
            Some(there) if there == value => Ok(Some(whole)),
            _ => Ok(None),
        },
        ("copy", _, Some(from)) => {
            let Some(value) = at(&whole, &from).cloned() else { return Ok(None) };
            Ok(put(&whole, &path, &value, true))
        }
        ("move", _, Some(from)) if !path.starts_with(&from) => {
            let Some(value) = at(&whole, &from).cloned() else { return Ok(None) };
            Ok(taken(&whole, &from).and_then(|whole| put(&whole, &path, &value, true)))
        }
        _ => undecided(),
    }
}

/// The place in an array that a key names.
fn place(key: &Value) -> Option<usize> {
    match key {
        Value::Number(number) => usize::try_from(number.as_i64()?).ok(),
        Value::String(text) if text.parse::<usize>().is_ok_and(|n| n.to_string() == **text) => {
            text.parse().ok()
        }
        _ => None,
    }
}

fn at<'a>(whole: &'a Value, path: &[Value]) -> Option<&'a Value> {
    path.iter().try_fold(whole, |at, key| match at {
        Value::Object(members) => members.get(key),
        Value::Array(items) => items.get(place(key)?),
        _ => None,
    })
}

/// The value with another one beneath; `new` where it is put there, else it takes the place of what is there.
fn put(whole: &Value, path: &[Value], value: &Value, new: bool) -> Option<Value> {
    let Some((key, rest)) = path.split_first() else { return Some(value.clone()) };
    let beneath = |there: Option<&Value>| match rest {
        [] => Some(value.clone()).filter(|_| new || there.is_some()),
        rest => put(there?, rest, value, new),
    };
    let mut made = whole.clone();
    match &mut made {
        Value::Object(_) => {
            let members = made.as_object_mut().ok()?;
            let next = beneath(members.get(key))?;
            members.insert(key.clone(), next);
        }
        Value::Array(items) => {
            let mut all = items.to_vec();
            let end = rest.is_empty() && new && matches!(key, Value::String(text) if &**text == "-");
            let place = if end { all.len() } else { place(key)? };
            let next = beneath(all.get(place))?;
            match all.get_mut(place) {
                Some(there) if !(rest.is_empty() && new) => *there = next,
                None if place > items.len() => return None,
                _ => all.insert(place, next),
            }
            return Some(all.into());
        }
        _ => return None,
    }
    Some(made)
}

/// The value without what is at a path.
fn taken(whole: &Value, path: &[Value]) -> Option<Value> {
    let (key, rest) = path.split_first()?;
    match whole {
        Value::Object(members) => {
            let there = members.get(key)?;
            let next = if rest.is_empty() { None } else { Some(taken(there, rest)?) };
            let mut made = whole.clone();
            let members = made.as_object_mut().ok()?;
            match next {
                Some(next) => members.insert(key.clone(), next),
                None => members.remove(key),
            };
            Some(made)
        }
        Value::Array(items) => {
            let (place, mut all) = (place(key)?, items.to_vec());
            let there = all.get(place)?;
            match rest {
                [] => {
                    all.remove(place);
                }
                rest => {
                    let next = taken(there, rest)?;
                    *all.get_mut(place)? = next;
                }
            }
            Some(all.into())
        }
        _ => None,
    }
}
