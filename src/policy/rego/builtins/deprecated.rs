//! Names that version 1 of the language gave up.

use regorus::Value;

use super::Function;

pub(super) const FUNCTIONS: &[Function] = &[
    ("all", 1, |given| items(given).map(|items| items.iter().all(is_true).into())),
    ("any", 1, |given| items(given).map(|items| items.iter().any(is_true).into())),
    ("cast_array", 1, |given| items(given).map(Value::from)),
    ("cast_boolean", 1, |given| only(given, |value| matches!(value, Value::Bool(_)))),
    ("cast_null", 1, |given| only(given, |value| matches!(value, Value::Null))),
    ("cast_object", 1, |given| only(given, |value| matches!(value, Value::Object(_)))),
    ("cast_set", 1, cast_set),
    ("cast_string", 1, |given| only(given, |value| matches!(value, Value::String(_)))),
    ("set_diff", 2, set_diff),
];

/// The items of an array or a set, in their order.
fn items(given: &[Value]) -> Option<Vec<Value>> {
    match given.first()? {
        Value::Array(items) => Some(items.iter().cloned().collect()),
        Value::Set(items) => Some(super::order::sorted(items.iter()).into_iter().cloned().collect()),
        _ => None,
    }
}

fn is_true(value: &Value) -> bool {
    matches!(value, Value::Bool(true))
}

fn only(given: &[Value], is: fn(&Value) -> bool) -> Option<Value> {
    given.first().filter(|value| is(value)).cloned()
}

fn cast_set(given: &[Value]) -> Option<Value> {
    let mut set = Value::new_set();
    let inner = set.as_set_mut().ok()?;
    for item in items(given)? {
        inner.insert(item);
    }
    Some(set)
}

fn set_diff(given: &[Value]) -> Option<Value> {
    match (given.first()?, given.get(1)?) {
        (Value::Set(one), Value::Set(other)) => {
            let mut set = Value::new_set();
            *set.as_set_mut().ok()? = one.difference(other);
            Some(set)
        }
        _ => None,
    }
}
