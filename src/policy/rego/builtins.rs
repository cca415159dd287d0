//! The functions of OPA, with OPA's results. regorus has some as well; none of them is called but `walk`, which has many results. What
//! a function cannot make sense of is undefined, as in OPA. What it cannot decide as OPA does leaves a policy without a verdict,
//! wherever the call stands: beneath a `not`, an undefined result would be a pass.

mod arithmetic;
mod bits;
mod collections;
mod deprecated;
mod digests;
mod documents;
mod edits;
mod encodings;
mod format;
mod globs;
mod graphs;
mod identifiers;
mod networks;
mod objects;
mod order;
mod overlaps;
mod patterns;
mod strings;
#[cfg(test)]
mod tests;
mod texts;
mod times;
mod tokens;
mod undecided;
mod versions;
mod x509;

use regorus::{Engine, Value};

use crate::crypto::UnixTime;
pub(super) use documents::{doubtful_number, is_spelled, is_spelled_number};
pub(super) use undecided::Undecided;

/// A function: its name, the number of its parameters, and what it gives; `None` is undefined.
type Function = (&'static str, u8, fn(&[Value]) -> Option<Value>);

/// A value, or none; in words, what cannot be decided here as OPA decides it.
type Outcome<T> = Result<Option<T>, String>;

/// What begins the reason where it is a limit of this program that ends a call.
const LIMIT: &str = "limit: ";

/// A function that may not be able to tell.
type Said = (&'static str, u8, fn(&[Value]) -> Outcome<Value>);

/// A value, and in words why it is `false`.
type Told = (Value, Option<String>);

/// One that asks for the time of judging as well, and tells why it gives `false`.
type Timed = (&'static str, u8, fn(&[Value], UnixTime) -> Outcome<Told>);

const SAID: [&[Said]; 20] = [
    arithmetic::FUNCTIONS,
    bits::FUNCTIONS,
    collections::FUNCTIONS,
    documents::FUNCTIONS,
    edits::FUNCTIONS,
    encodings::FUNCTIONS,
    format::FUNCTIONS,
    globs::FUNCTIONS,
    graphs::FUNCTIONS,
    identifiers::FUNCTIONS,
    networks::FUNCTIONS,
    objects::FUNCTIONS,
    overlaps::FUNCTIONS,
    patterns::FUNCTIONS,
    strings::FUNCTIONS,
    texts::FUNCTIONS,
    times::FUNCTIONS,
    tokens::FUNCTIONS,
    versions::FUNCTIONS,
    x509::FUNCTIONS,
];

/// Adds them; `now` is the time of judging. What they cannot decide is noted in `undecided`.
///
/// # Errors
/// Two of them have one name.
pub(super) fn add(engine: &mut Engine, now: UnixTime, undecided: &Undecided) -> anyhow::Result<()> {
    for (name, parameters, function) in SAID.into_iter().flatten() {
        let own = undecided.clone();
        let call = move |given: Vec<Value>| Ok(own.note(name, &given, function(&given)));
        engine.add_extension((*name).to_owned(), *parameters, Box::new(call))?;
    }
    let certain = [deprecated::FUNCTIONS, digests::FUNCTIONS];
    for (name, parameters, function) in certain.into_iter().flatten() {
        let own = undecided.clone();
        let call = move |given: Vec<Value>| Ok(own.note(name, &given, Ok(function(&given))));
        engine.add_extension((*name).to_owned(), *parameters, Box::new(call))?;
    }
    let said = Value::from(i128::from(now.seconds()) * 1_000_000_000);
    engine.add_extension("time.now_ns".to_owned(), 0, Box::new(move |_: Vec<Value>| Ok(said.clone())))?;
    for (name, parameters, function) in [tokens::TIMED, x509::TIMED].into_iter().flatten() {
        let own = undecided.clone();
        let call = move |given: Vec<Value>| {
            let outcome = function(&given, now).map(|told| {
                let (value, why) = told?;
                why.iter().for_each(|why| own.why(name, why));
                Some(value)
            });
            Ok(own.note(name, &given, outcome))
        };
        engine.add_extension((*name).to_owned(), *parameters, Box::new(call))?;
    }
    Ok(())
}

/// Whether there is a function of this name.
#[cfg(test)]
pub(super) fn has(name: &str) -> bool {
    let certain = [deprecated::FUNCTIONS, digests::FUNCTIONS];
    SAID.into_iter().flatten().any(|function| function.0 == name)
        || certain.into_iter().flatten().any(|function| function.0 == name)
        || [tokens::TIMED, x509::TIMED].into_iter().flatten().any(|function| function.0 == name)
        || ["time.now_ns", "walk"].contains(&name)
}

/// The text that is given in this place.
fn text(given: &[Value], at: usize) -> Option<&str> {
    match given.get(at)? {
        Value::String(text) => Some(text),
        _ => None,
    }
}
