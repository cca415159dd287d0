//! Functions that regorus leaves out or answers otherwise, with OPA's results. What one cannot make sense of is undefined.

mod deprecated;
mod digests;
mod tokens;

use regorus::{Engine, Value};

use crate::crypto::UnixTime;
use crate::re2::Pattern;

/// A function: its name, the number of its parameters, and what it gives; `None` is undefined.
type Function = (&'static str, u8, fn(&[Value]) -> Option<Value>);

const FUNCTIONS: &[Function] = &[
    ("equal", 2, |given| compare(given, std::cmp::Ordering::is_eq)),
    ("gt", 2, |given| compare(given, std::cmp::Ordering::is_gt)),
    ("gte", 2, |given| compare(given, std::cmp::Ordering::is_ge)),
    ("lt", 2, |given| compare(given, std::cmp::Ordering::is_lt)),
    ("lte", 2, |given| compare(given, std::cmp::Ordering::is_le)),
    ("neq", 2, |given| compare(given, std::cmp::Ordering::is_ne)),
    // In the dialect of Go, which regorus does not speak.
    ("re_match", 2, matches),
    ("regex.match", 2, matches),
];

/// Adds them; `now` is the time of judging.
///
/// # Errors
/// Two of them have one name.
pub(super) fn add(engine: &mut Engine, now: UnixTime) -> anyhow::Result<()> {
    let all =
        FUNCTIONS.iter().chain(deprecated::FUNCTIONS).chain(digests::FUNCTIONS).chain(tokens::FUNCTIONS);
    for (name, parameters, function) in all {
        let call = move |given: Vec<Value>| Ok(function(&given).unwrap_or(Value::Undefined));
        engine.add_extension((*name).to_owned(), *parameters, Box::new(call))?;
    }
    let nanos = i128::from(now.seconds()) * 1_000_000_000;
    let said = Value::from(nanos);
    engine.add_extension("time.now_ns".to_owned(), 0, Box::new(move |_: Vec<Value>| Ok(said.clone())))?;
    let verify = move |given: Vec<Value>| Ok(tokens::decode_verify(&given, now).unwrap_or(Value::Undefined));
    engine.add_extension("io.jwt.decode_verify".to_owned(), 2, Box::new(verify))
}

/// The text that is given in this place.
fn text(given: &[Value], at: usize) -> Option<&str> {
    match given.get(at)? {
        Value::String(text) => Some(text),
        _ => None,
    }
}

fn compare(given: &[Value], holds: fn(std::cmp::Ordering) -> bool) -> Option<Value> {
    Some(holds(given.first()?.cmp(given.get(1)?)).into())
}

fn matches(given: &[Value]) -> Option<Value> {
    let pattern = Pattern::compile(text(given, 0)?).ok()?;
    Some(pattern.regex().is_match(text(given, 1)?).into())
}
