//! What could not be decided while a policy was evaluated: then it has no verdict.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use regorus::Value;

use super::{LIMIT, Outcome, documents, encodings};
use crate::policy::rego::check::PREFIX;

/// What was met. Numbers are kept by their value alone, so two things together cannot be decided: a number that is written in another
/// way than its value is shown (`1.0`, `1e2`), and a function that tells this from `1` or `100`.
#[derive(Clone, Default)]
pub(in crate::policy::rego) struct Undecided(Arc<Met>);

#[derive(Default)]
struct Met {
    reason: OnceLock<String>,
    limit: OnceLock<String>,
    spelled: OnceLock<String>,
    telling: OnceLock<String>,
    whys: Mutex<Vec<String>>,
}

/// How many calls are told that gave `false`.
const WHYS: usize = 5;

/// Functions that tell `1.0` from `1`: they write numbers, or take that for no whole number.
const TELLING: [&str; 16] = [
    "array.slice",
    "crypto.x509.parse_and_verify_certificates_with_options",
    "format_int",
    "json.marshal",
    "json.marshal_with_options",
    "json.patch",
    "object.get",
    "rcosign_in_at",
    "regex.find_all_string_submatch_n",
    "regex.find_n",
    "sprintf",
    "substring",
    "time.add_date",
    "units.parse",
    "walk",
    "yaml.marshal",
];

/// Functions that take whole numbers of any size for what they are, or do not look at them.
const OF_ANY_SIZE: [&str; 48] = [
    "array.concat",
    "array.reverse",
    "array.slice",
    "cast_array",
    "count",
    "equal",
    "gt",
    "gte",
    "internal.member_2",
    "internal.member_3",
    "intersection",
    "is_array",
    "is_boolean",
    "is_null",
    "is_number",
    "is_object",
    "is_set",
    "is_string",
    "json.filter",
    "json.marshal",
    "json.marshal_with_options",
    "json.patch",
    "json.remove",
    "lt",
    "lte",
    "max",
    "min",
    "neq",
    "object.filter",
    "object.get",
    "object.keys",
    "object.remove",
    "object.subset",
    "object.union",
    "object.union_n",
    "rcosign_and",
    "rcosign_gt",
    "rcosign_gte",
    "rcosign_in",
    "rcosign_in_at",
    "rcosign_lt",
    "rcosign_lte",
    "rcosign_or",
    "sort",
    "sprintf",
    "type_name",
    "union",
    "walk",
];

impl Undecided {
    /// What it was, where there is something.
    pub(in crate::policy::rego) fn reason(&self) -> Option<String> {
        let Met { reason, spelled, telling, .. } = &*self.0;
        let both = || Some(format!("{} together with {}", spelled.get()?, telling.get()?));
        reason.get().cloned().or_else(both)
    }

    /// The limit of this program that ended a call.
    pub(in crate::policy::rego) fn limit(&self) -> Option<String> {
        self.0.limit.get().cloned()
    }

    /// Why calls gave `false` that say no more of it themselves, a line each.
    pub(in crate::policy::rego) fn whys(&self) -> Vec<String> {
        self.0.whys.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Notes why a call gave `false`.
    pub(super) fn why(&self, name: &str, why: &str) {
        let line = format!("{name} gives false: {why}");
        let mut whys = self.0.whys.lock().unwrap_or_else(PoisonError::into_inner);
        if whys.len() < WHYS && !whys.contains(&line) {
            whys.push(line);
        }
    }

    /// A number that is written in another way than its value is shown, and where it comes from.
    pub(in crate::policy::rego) fn spelled(&self, by: String) {
        // The first is what is told.
        let _ = self.0.spelled.set(by);
    }

    /// Something that tells how a number is written.
    pub(in crate::policy::rego) fn telling(&self, what: String) {
        let _ = self.0.telling.set(what);
    }

    /// The value of a call, of which is noted what cannot be decided.
    pub(super) fn note(&self, name: &str, given: &[Value], outcome: Outcome<Value>) -> Value {
        // What is looked up by a number is found by how that is written, and a set has it once for each way.
        let telling = TELLING.contains(&name) && given.iter().any(has_number);
        if telling || given.iter().any(|value| is_keyed(value, false)) {
            self.telling(match name.strip_prefix(PREFIX) {
                Some(operator) => format!("the operator {operator} and what has numbers"),
                None => format!("a call of {name} with numbers"),
            });
        }
        if !OF_ANY_SIZE.contains(&name) && given.iter().any(is_beyond) {
            let _ = self.0.reason.set(format!("a call of {name} with a number beyond 63 bits"));
        }
        let spelled = match (name, given.first()) {
            ("json.unmarshal" | "to_number" | "yaml.unmarshal", Some(Value::String(text))) => {
                documents::is_spelled(text)
            }
            ("io.jwt.decode" | "io.jwt.decode_verify", Some(Value::String(token))) => {
                let parts = token.split('.').filter_map(encodings::url);
                parts.into_iter().any(|part| documents::is_spelled(&String::from_utf8_lossy(&part)))
            }
            ("units.parse", _) => {
                matches!(&outcome, Ok(Some(Value::Number(number))) if !number.is_integer())
            }
            ("product" | "rcosign_div" | "rcosign_mul", _) => {
                is_large(&outcome) || is_zero(&outcome) && given.iter().any(has_negative)
            }
            ("rcosign_minus" | "rcosign_plus" | "sum", _) => is_large(&outcome),
            _ => false,
        };
        if spelled {
            let name = name.strip_prefix(PREFIX).unwrap_or(name);
            self.spelled(format!("a number from {name} that is not written as its value is"));
        }
        match outcome {
            Ok(value) => value.unwrap_or(Value::Undefined),
            Err(reason) => {
                let _ = match reason.strip_prefix(LIMIT) {
                    Some(limit) => self.0.limit.set(limit.to_owned()),
                    None => self.0.reason.set(reason),
                };
                Value::Undefined
            }
        }
    }
}

fn number(outcome: &Outcome<Value>) -> Option<f64> {
    match outcome {
        Ok(Some(Value::Number(number))) => number.as_f64(),
        _ => None,
    }
}

/// Whether a result of arithmetic is one that OPA writes with an exponent.
fn is_large(outcome: &Outcome<Value>) -> bool {
    number(outcome).is_some_and(|float| float.fract() != 0.0 && !(1e-4..1e6).contains(&float.abs()))
}

/// Whether a result is zero: of a negative number OPA may write it as `-0`.
fn is_zero(outcome: &Outcome<Value>) -> bool {
    number(outcome) == Some(0.0)
}

fn has_negative(value: &Value) -> bool {
    match value {
        Value::Number(number) => number.as_f64().is_some_and(|float| float < 0.0),
        Value::Array(items) => items.iter().any(has_negative),
        Value::Set(items) => items.iter().any(has_negative),
        _ => false,
    }
}

/// Whether a number is the key of an object or an item of a set, or within one; `key`: whether the value is such a key itself.
fn is_keyed(value: &Value, key: bool) -> bool {
    match value {
        Value::Number(_) => key,
        Value::Array(items) => items.iter().any(|item| is_keyed(item, key)),
        Value::Set(items) => items.iter().any(|item| is_keyed(item, true)),
        Value::Object(members) => {
            members.iter().any(|(name, value)| is_keyed(name, true) || is_keyed(value, key))
        }
        _ => false,
    }
}

fn has_number(value: &Value) -> bool {
    match value {
        Value::Number(_) => true,
        Value::Array(items) => items.iter().any(has_number),
        Value::Set(items) => items.iter().any(has_number),
        Value::Object(members) => members.iter().any(|(key, value)| has_number(key) || has_number(value)),
        _ => false,
    }
}

/// Whether there is a whole number beyond 63 bits: certificates have such.
fn is_beyond(value: &Value) -> bool {
    match value {
        Value::Number(number) => number.as_i64().is_none() && number.as_big().is_some(),
        Value::Array(items) => items.iter().any(is_beyond),
        Value::Set(items) => items.iter().any(is_beyond),
        Value::Object(members) => members.iter().any(|(key, value)| is_beyond(key) || is_beyond(value)),
        _ => false,
    }
}
