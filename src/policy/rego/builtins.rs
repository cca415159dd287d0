//! Functions that regorus leaves out or answers otherwise, with OPA's results. What one cannot make sense of is undefined.

mod arithmetic;
mod deprecated;
mod digests;
mod documents;
mod format;
mod patterns;
mod strings;
mod times;
mod tokens;

use std::sync::{Arc, OnceLock};

use regorus::{Engine, Value};

use crate::crypto::UnixTime;

/// A function: its name, the number of its parameters, and what it gives; `None` is undefined.
type Function = (&'static str, u8, fn(&[Value]) -> Option<Value>);

const FUNCTIONS: &[Function] = &[
    ("equal", 2, |given| compare(given, std::cmp::Ordering::is_eq)),
    ("gt", 2, |given| compare(given, std::cmp::Ordering::is_gt)),
    ("gte", 2, |given| compare(given, std::cmp::Ordering::is_ge)),
    ("lt", 2, |given| compare(given, std::cmp::Ordering::is_lt)),
    ("lte", 2, |given| compare(given, std::cmp::Ordering::is_le)),
    ("trace", 1, |given| text(given, 0).map(|_| true.into())),
    ("neq", 2, |given| compare(given, std::cmp::Ordering::is_ne)),
];

/// A value, or none; in words, what cannot be decided here as OPA decides it.
type Outcome<T> = Result<Option<T>, String>;

/// A function that may not be able to tell.
type Said = (&'static str, u8, fn(&[Value]) -> Outcome<Value>);

/// What could not be decided while a policy was evaluated: then it has no verdict.
#[derive(Clone, Default)]
pub(super) struct Undecided(Arc<OnceLock<String>>);

impl Undecided {
    /// What it was, where there is something.
    pub(super) fn reason(&self) -> Option<&str> {
        self.0.get().map(String::as_str)
    }

    fn note(&self, outcome: Outcome<Value>) -> Value {
        match outcome {
            Ok(value) => value.unwrap_or(Value::Undefined),
            Err(reason) => {
                // The first is what is told.
                let _ = self.0.set(reason);
                Value::Undefined
            }
        }
    }
}

/// Adds them; `now` is the time of judging. What they cannot decide is noted.
///
/// # Errors
/// Two of them have one name.
pub(super) fn add(engine: &mut Engine, now: UnixTime) -> anyhow::Result<Undecided> {
    let undecided = Undecided::default();
    let careful = [
        arithmetic::FUNCTIONS,
        documents::FUNCTIONS,
        format::FUNCTIONS,
        patterns::FUNCTIONS,
        strings::FUNCTIONS,
        times::FUNCTIONS,
    ];
    for (name, parameters, function) in careful.into_iter().flatten() {
        let own = undecided.clone();
        let call = move |given: Vec<Value>| Ok(own.note(function(&given)));
        engine.add_extension((*name).to_owned(), *parameters, Box::new(call))?;
    }
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
    engine.add_extension("io.jwt.decode_verify".to_owned(), 2, Box::new(verify))?;
    Ok(undecided)
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
