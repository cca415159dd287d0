//! Arrays, sets, and what counts or compares values of any kind.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use regorus::Value;

use super::arithmetic::integer;
use super::order::{items, order, sorted};
use super::{Outcome, Said, text};

pub(super) const FUNCTIONS: &[Said] = &[
    ("array.concat", 2, |given| {
        Ok(arrays(given).map(|(one, other)| [one.to_vec(), other.to_vec()].concat().into()))
    }),
    ("array.reverse", 1, |given| match given {
        [Value::Array(items)] => Ok(Some(items.iter().rev().cloned().collect::<Vec<_>>().into())),
        _ => Ok(None),
    }),
    ("array.slice", 3, slice),
    ("concat", 2, concat),
    ("count", 1, count),
    ("equal", 2, |given| compare(given, Ordering::is_eq)),
    ("gt", 2, |given| compare(given, Ordering::is_gt)),
    ("gte", 2, |given| compare(given, Ordering::is_ge)),
    ("intersection", 1, |given| {
        let Some(mut sets) = sets_of(given) else { return Ok(None) };
        let first = sets.next().unwrap_or_default();
        Ok(Some(sets.fold(first, |all, set| &all & &set).into()))
    }),
    ("is_array", 1, |given| is(given, |value| matches!(value, Value::Array(_)))),
    ("is_boolean", 1, |given| is(given, |value| matches!(value, Value::Bool(_)))),
    ("is_null", 1, |given| is(given, |value| matches!(value, Value::Null))),
    ("is_number", 1, |given| is(given, |value| matches!(value, Value::Number(_)))),
    ("is_object", 1, |given| is(given, |value| matches!(value, Value::Object(_)))),
    ("is_set", 1, |given| is(given, |value| matches!(value, Value::Set(_)))),
    ("is_string", 1, |given| is(given, |value| matches!(value, Value::String(_)))),
    ("lt", 2, |given| compare(given, Ordering::is_lt)),
    ("lte", 2, |given| compare(given, Ordering::is_le)),
    ("max", 1, |given| {
        Ok(given
            .first()
            .and_then(items)
            .and_then(|items| items.into_iter().max_by(|a, b| order(a, b)).cloned()))
    }),
    ("min", 1, |given| {
        let Some(mut items) = given.first().and_then(items) else { return Ok(None) };
        // OPA begins a set with null, and takes whatever comes for less than that.
        if matches!(given, [Value::Set(_)]) && items.len() > 1 {
            items.retain(|item| **item != Value::Null);
        }
        Ok(items.into_iter().min_by(|a, b| order(a, b)).cloned())
    }),
    ("neq", 2, |given| compare(given, Ordering::is_ne)),
    ("rcosign_and", 2, |given| Ok(sets(given).map(|(one, other)| (&one & &other).into()))),
    ("rcosign_gt", 2, |given| compare(given, Ordering::is_gt)),
    ("rcosign_gte", 2, |given| compare(given, Ordering::is_ge)),
    ("rcosign_in", 2, |given| match given {
        [item, Value::Array(items)] => Ok(Some(items.contains(item).into())),
        [item, Value::Set(items)] => Ok(Some(items.contains(item).into())),
        [item, Value::Object(members)] => Ok(Some(members.values().any(|value| value == item).into())),
        _ => Ok(Some(false.into())),
    }),
    ("rcosign_in_at", 3, |given| match given {
        [key, item, Value::Object(members)] => Ok(Some((members.get(key) == Some(item)).into())),
        [Value::Number(at), item, Value::Array(items)] => {
            let found = at.as_i64().and_then(|at| items.get(usize::try_from(at).ok()?));
            Ok(Some((found == Some(item)).into()))
        }
        [_, _, Value::Set(_)] => Err("`in` of a key and a value in a set".to_owned()),
        _ => Ok(Some(false.into())),
    }),
    ("rcosign_lt", 2, |given| compare(given, Ordering::is_lt)),
    ("rcosign_lte", 2, |given| compare(given, Ordering::is_le)),
    ("rcosign_or", 2, |given| Ok(sets(given).map(|(one, other)| (&one | &other).into()))),
    ("sort", 1, |given| {
        let found = given.first().and_then(items);
        Ok(found.map(|items| sorted(items.into_iter()).into_iter().cloned().collect::<Vec<_>>().into()))
    }),
    ("trace", 1, |given| Ok(text(given, 0).map(|_| true.into()))),
    ("type_name", 1, |given| Ok(given.first().and_then(type_name).map(Value::from))),
    ("union", 1, |given| {
        let Some(sets) = sets_of(given) else { return Ok(None) };
        Ok(Some(sets.fold(BTreeSet::new(), |all, set| &all | &set).into()))
    }),
];

fn compare(given: &[Value], holds: fn(Ordering) -> bool) -> Outcome<Value> {
    Ok(given.first().zip(given.get(1)).map(|(one, other)| holds(order(one, other)).into()))
}

fn is(given: &[Value], of: fn(&Value) -> bool) -> Outcome<Value> {
    Ok(given.first().map(|value| of(value).into()))
}

fn type_name(value: &Value) -> Option<&'static str> {
    Some(match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
        Value::Set(_) => "set",
        Value::Undefined => return None,
    })
}

fn arrays(given: &[Value]) -> Option<(&[Value], &[Value])> {
    match given {
        [Value::Array(one), Value::Array(other)] => Some((one.as_slice(), other.as_slice())),
        _ => None,
    }
}

fn set(value: &Value) -> Option<BTreeSet<Value>> {
    match value {
        Value::Set(items) => Some(items.iter().cloned().collect()),
        _ => None,
    }
}

fn sets(given: &[Value]) -> Option<(BTreeSet<Value>, BTreeSet<Value>)> {
    set(given.first()?).zip(set(given.get(1)?))
}

/// The sets in a set.
fn sets_of(given: &[Value]) -> Option<std::vec::IntoIter<BTreeSet<Value>>> {
    let all = set(given.first()?)?;
    Some(all.iter().map(set).collect::<Option<Vec<_>>>()?.into_iter())
}

fn count(given: &[Value]) -> Outcome<Value> {
    let count = match given.first() {
        Some(Value::Array(items)) => items.len(),
        Some(Value::Object(members)) => members.len(),
        Some(Value::Set(items)) => items.len(),
        Some(Value::String(text)) => text.chars().count(),
        _ => return Ok(None),
    };
    Ok(Some(Value::from(count)))
}

fn slice(given: &[Value]) -> Outcome<Value> {
    let (Some(Value::Array(items)), Some(from), Some(to)) =
        (given.first(), integer(given, 1)?, integer(given, 2)?)
    else {
        return Ok(None);
    };
    let place = |at: i128| usize::try_from(at.max(0)).unwrap_or(usize::MAX).min(items.len());
    Ok(Some(items.as_slice().get(place(from)..place(to)).unwrap_or_default().to_vec().into()))
}

fn concat(given: &[Value]) -> Outcome<Value> {
    let (Some(between), Some(items)) = (text(given, 0), given.get(1).and_then(items)) else {
        return Ok(None);
    };
    let texts = items.into_iter().map(|item| match item {
        Value::String(text) => Some(&**text),
        _ => None,
    });
    Ok(texts.collect::<Option<Vec<_>>>().map(|texts| texts.join(between).into()))
}
