//! `object.*`, and what takes parts of documents out by their paths.

use std::collections::BTreeMap;

use regorus::Value;

use super::Said;
use super::order::items;

pub(super) const FUNCTIONS: &[Said] = &[
    ("json.filter", 2, |given| {
        let (Some(whole), Some(paths)) = (object(given, 0), given.get(1).and_then(tree)) else {
            return Ok(None);
        };
        Ok(Some(filtered(whole, &Tree::Beneath(paths))))
    }),
    ("json.remove", 2, |given| {
        let (Some(whole), Some(paths)) = (object(given, 0), given.get(1).and_then(tree)) else {
            return Ok(None);
        };
        Ok(without(whole, Some(&Tree::Beneath(paths))))
    }),
    ("object.filter", 2, |given| Ok(chosen(given, true))),
    ("object.get", 3, |given| Ok(get(given))),
    ("object.keys", 1, |given| match given {
        [Value::Object(members)] => {
            Ok(Some(members.keys().cloned().collect::<std::collections::BTreeSet<_>>().into()))
        }
        _ => Ok(None),
    }),
    ("object.remove", 2, |given| Ok(chosen(given, false))),
    ("object.subset", 2, |given| match given {
        [whole, part] => Ok(subset(whole, part).map(Value::from)),
        _ => Ok(None),
    }),
    ("object.union", 2, |given| match given {
        [one @ Value::Object(_), other @ Value::Object(_)] => Ok(Some(union(one, other))),
        _ => Ok(None),
    }),
    ("object.union_n", 1, |given| {
        let Some(Value::Array(all)) = given.first() else { return Ok(None) };
        if !all.iter().all(|one| matches!(one, Value::Object(_))) {
            return Ok(None);
        }
        Ok(Some(all.iter().fold(Value::new_object(), |all, one| union(&all, one))))
    }),
];

fn object(given: &[Value], at: usize) -> Option<&Value> {
    given.get(at).filter(|value| matches!(value, Value::Object(_)))
}

/// The members with the keys that are named, or those without.
fn chosen(given: &[Value], with: bool) -> Option<Value> {
    let Value::Object(members) = given.first()? else { return None };
    let named: Vec<&Value> = match given.get(1)? {
        Value::Object(names) => names.keys().collect(),
        names => items(names)?,
    };
    let kept = members.iter().filter(|(key, _)| named.contains(key) == with);
    Some(kept.map(|(key, value)| (key.clone(), value.clone())).collect::<BTreeMap<_, _>>().into())
}

/// What is at a key; or at the end of a path, where the key is an array.
fn get(given: &[Value]) -> Option<Value> {
    let (whole, otherwise) = (object(given, 0)?, given.get(2)?);
    let path = match given.get(1)? {
        Value::Array(path) => path.to_vec(),
        key => vec![key.clone()],
    };
    let found = path.iter().try_fold(whole, |at, key| match at {
        Value::Object(members) => members.get(key),
        Value::Set(items) => items.get(key),
        Value::Array(items) => match key {
            Value::Number(number) => items.get(usize::try_from(number.as_i64()?).ok()?),
            _ => None,
        },
        _ => None,
    });
    Some(found.unwrap_or(otherwise).clone())
}

/// Whether all of a part is in a whole; `None` for kinds that are not compared.
fn subset(whole: &Value, part: &Value) -> Option<bool> {
    match (whole, part) {
        (Value::Object(_), Value::Object(_))
        | (Value::Set(_), Value::Set(_))
        | (Value::Array(_), Value::Array(_)) => Some(within(whole, part)),
        (Value::Array(whole), Value::Set(part)) => Some(part.iter().all(|item| whole.contains(item))),
        _ => None,
    }
}

fn within(whole: &Value, part: &Value) -> bool {
    match (whole, part) {
        (Value::Object(whole), Value::Object(part)) => {
            part.iter().all(|(key, value)| whole.get(key).is_some_and(|found| within(found, value)))
        }
        (Value::Set(whole), Value::Set(part)) => part.is_subset(whole),
        // One after another, at any place.
        (Value::Array(whole), Value::Array(part)) => {
            part.is_empty() || whole.as_slice().windows(part.len()).any(|some| some == part.as_slice())
        }
        (one, other) => one == other,
    }
}

/// The members of both; what the second has stands, but objects become one.
fn union(one: &Value, other: &Value) -> Value {
    let (Value::Object(members), Value::Object(more)) = (one, other) else { return other.clone() };
    let mut made: BTreeMap<Value, Value> =
        members.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
    for (key, value) in more.iter() {
        let both = made.get(key).map_or_else(|| value.clone(), |found| union(found, value));
        made.insert(key.clone(), both);
    }
    made.into()
}

/// Paths as a tree: beneath each key others, or the end of a path, which takes in all that is there.
enum Tree {
    Beneath(BTreeMap<Value, Tree>),
    End,
}

/// The tree of paths, each a text with `/` (RFC 6901) or an array of keys.
fn tree(paths: &Value) -> Option<BTreeMap<Value, Tree>> {
    let mut root = BTreeMap::new();
    for path in items(paths)? {
        let keys = keys(path)?;
        let Some((last, before)) = keys.split_last() else { continue };
        let mut at = Some(&mut root);
        for key in before {
            at = at.and_then(|beneath: &mut BTreeMap<Value, Tree>| {
                match beneath.entry(key.clone()).or_insert_with(|| Tree::Beneath(BTreeMap::new())) {
                    Tree::Beneath(next) => Some(next),
                    // All that is there is in already.
                    Tree::End => None,
                }
            });
        }
        if let Some(beneath) = at {
            beneath.insert(last.clone(), Tree::End);
        }
    }
    Some(root)
}

/// The keys of a path.
pub(super) fn keys(path: &Value) -> Option<Vec<Value>> {
    match path {
        Value::Array(keys) => Some(keys.to_vec()),
        Value::String(text) if text.is_empty() => Some(Vec::new()),
        Value::String(text) => {
            let parts = text.trim_start_matches('/').split('/');
            Some(parts.map(|part| part.replace("~1", "/").replace("~0", "~").into()).collect())
        }
        _ => None,
    }
}

/// The key of an item of an array in a path.
fn place(at: usize) -> Value {
    at.to_string().into()
}

fn filtered(value: &Value, by: &Tree) -> Value {
    let Tree::Beneath(by) = by else { return value.clone() };
    match value {
        Value::Array(items) => {
            let kept = items.iter().enumerate().filter_map(|(at, item)| Some((item, by.get(&place(at))?)));
            kept.map(|(item, by)| filtered(item, by)).collect::<Vec<_>>().into()
        }
        Value::Set(items) => {
            let kept = items.iter().filter_map(|item| Some((item, by.get(item)?)));
            kept.map(|(item, by)| filtered(item, by)).collect::<std::collections::BTreeSet<_>>().into()
        }
        Value::Object(members) => {
            let kept = members.iter().filter_map(|(key, value)| Some((key, value, by.get(key)?)));
            kept.map(|(key, value, by)| (key.clone(), filtered(value, by))).collect::<BTreeMap<_, _>>().into()
        }
        scalar => scalar.clone(),
    }
}

/// What is left of a value.
fn without(value: &Value, by: Option<&Tree>) -> Option<Value> {
    let by = match by {
        None => return Some(value.clone()),
        Some(Tree::End) => return None,
        Some(Tree::Beneath(by)) => by,
    };
    Some(match value {
        Value::Array(items) => {
            let kept = items.iter().enumerate().filter_map(|(at, item)| without(item, by.get(&place(at))));
            kept.collect::<Vec<_>>().into()
        }
        Value::Set(items) => {
            let kept = items.iter().filter_map(|item| without(item, by.get(item)));
            kept.collect::<std::collections::BTreeSet<_>>().into()
        }
        Value::Object(members) => {
            let kept =
                members.iter().filter_map(|(key, value)| Some((key.clone(), without(value, by.get(key))?)));
            kept.collect::<BTreeMap<_, _>>().into()
        }
        scalar => scalar.clone(),
    })
}
