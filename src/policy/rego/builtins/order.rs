//! The order of values as OPA has it: objects come before sets, which regorus puts the other way round.

use std::cmp::Ordering;

use regorus::Value;

/// Which of two values comes first.
pub(super) fn order(one: &Value, other: &Value) -> Ordering {
    match (one, other) {
        (Value::Array(one), Value::Array(other)) => all(one.iter(), other.iter()),
        (Value::Set(a), Value::Set(b)) => all(sorted(a.iter()).into_iter(), sorted(b.iter()).into_iter()),
        (Value::Object(_), Value::Object(_)) => {
            let (one, other) = (members(one), members(other));
            let pairs = one.iter().zip(&other);
            let first = pairs.map(|(a, b)| order(a.0, b.0).then_with(|| order(a.1, b.1)));
            first.fold(Ordering::Equal, Ordering::then).then(one.len().cmp(&other.len()))
        }
        (Value::Object(_), Value::Set(_)) => Ordering::Less,
        (Value::Set(_), Value::Object(_)) => Ordering::Greater,
        (one, other) => one.cmp(other),
    }
}

fn all<'a>(one: impl Iterator<Item = &'a Value>, other: impl Iterator<Item = &'a Value>) -> Ordering {
    let (one, other): (Vec<_>, Vec<_>) = (one.collect(), other.collect());
    let first = one.iter().zip(&other).map(|(a, b)| order(a, b));
    first.fold(Ordering::Equal, Ordering::then).then(one.len().cmp(&other.len()))
}

/// Values in their order.
pub(super) fn sorted<'a>(items: impl Iterator<Item = &'a Value>) -> Vec<&'a Value> {
    let mut items: Vec<_> = items.collect();
    items.sort_by(|one, other| order(one, other));
    items
}

/// The members of an object in the order of their keys.
pub(super) fn members(value: &Value) -> Vec<(&Value, &Value)> {
    let Value::Object(object) = value else { return Vec::new() };
    let mut members: Vec<_> = object.iter_sorted().collect();
    members.sort_by(|one, other| order(one.0, other.0));
    members
}

/// The items of an array, or those of a set in their order.
pub(super) fn items(value: &Value) -> Option<Vec<&Value>> {
    match value {
        Value::Array(items) => Some(items.iter().collect()),
        Value::Set(items) => Some(sorted(items.iter())),
        _ => None,
    }
}
