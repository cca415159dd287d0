//! Clients of scripted services, and spoilt answers for them.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::time::Duration;

use serde_json::Value;

use super::{Client, Connection};
pub(crate) use crate::http::scripted::{Reply, Seen, Served, json, reply, run, serve, serve_on};

/// A client that tries nothing twice.
pub(crate) fn client() -> Client {
    patient(Duration::ZERO)
}

/// A client that tries again for this long.
pub(crate) fn patient(retry_for: Duration) -> Client {
    let (total, stall) = (Duration::from_secs(60), Duration::from_secs(2));
    Client::new(Connection { proxy: false, retry_for, total, stall, ..Connection::default() })
}

/// Documents that are wrong in one way each: the good one cut off anywhere, each member left out, and each value in turn of
/// another type.
pub(crate) fn spoilt(good: &Value) -> Vec<Vec<u8>> {
    let text = good.to_string();
    let mut all: Vec<Vec<u8>> =
        (0..text.len()).step_by(1 + text.len() / 97).map(|end| text.as_bytes()[..end].to_vec()).collect();
    let mut paths = Vec::new();
    walk(good, &mut String::new(), &mut paths);
    for path in &paths {
        let others = [
            Value::Null,
            serde_json::json!(true),
            serde_json::json!(-1),
            serde_json::json!(1.5),
            serde_json::json!(u64::MAX),
            serde_json::json!("%"),
            serde_json::json!([[]]),
            serde_json::json!({ "a": 1 }),
        ];
        for other in others {
            let mut changed = good.clone();
            let place = changed.pointer_mut(path).unwrap();
            let same = std::mem::discriminant(&*place) == std::mem::discriminant(&other);
            if !same || other == serde_json::json!("%") {
                *place = other;
                all.push(changed.to_string().into_bytes());
            }
        }
        let (parent, name) = path.rsplit_once('/').unwrap_or_default();
        let mut without = good.clone();
        let object = without.pointer_mut(parent).and_then(Value::as_object_mut);
        if object.is_some_and(|o| o.remove(&name.replace("~1", "/").replace("~0", "~")).is_some()) {
            all.push(without.to_string().into_bytes());
        }
    }
    let deep = |n: usize| [b"{\"a\":".repeat(n), b"1".to_vec(), b"}".repeat(n)].concat();
    all.extend([deep(127), deep(100_000), b"[".repeat(1_000_000), b".".repeat(1_000_000)]);
    all.extend(
        [&b""[..], b"null", b"[]", b"{}", b"\"\"", b"0", b"<html></html>", b"\xff\xfe"].map(<[u8]>::to_vec),
    );
    all.push([text.as_bytes(), b" {}"].concat());
    all
}

fn walk(value: &Value, path: &mut String, paths: &mut Vec<String>) {
    paths.push(path.clone());
    let mut inner = |name: &str, value: &Value| {
        let length = path.len();
        path.push('/');
        path.push_str(&name.replace('~', "~0").replace('/', "~1"));
        walk(value, path, paths);
        path.truncate(length);
    };
    match value {
        Value::Object(members) => members.iter().for_each(|(name, value)| inner(name, value)),
        Value::Array(items) => items.iter().enumerate().for_each(|(i, value)| inner(&i.to_string(), value)),
        _ => {}
    }
}
