//! Flag groups, flattened into the commands that share them. What was typed; the conversion in each command's file
//! makes what was meant of it.

pub mod batch;
pub mod format;
pub mod github;
pub mod identity;
pub mod image_signing;
pub mod key;
pub mod output;
pub mod platform;
pub mod policy;
pub mod policy_file;
pub mod registry;
pub mod root;
pub mod services;
pub mod shape;
pub mod sign;
pub mod spec;
pub mod statement;
pub mod trust;
pub mod values;
pub mod verify;
pub mod verify_images;

use std::ffi::{OsStr, OsString};

use crate::commands::Error;
use clap::builder::{PossibleValue, TypedValueParser};
use clap::{Arg, Command};

/// A value that is there and not empty; an empty one counts as not given, as in cosign.
pub fn filled<T: AsRef<OsStr> + Clone>(value: &Option<T>) -> Option<T> {
    value.as_ref().filter(|v| !v.as_ref().is_empty()).cloned()
}

/// A value that must not be empty where it is given: a script's variable that happened to be empty must not decide what
/// is trusted.
///
/// # Errors
/// It is given and empty.
pub fn not_empty<T: AsRef<OsStr> + Clone>(flag: &str, value: &Option<T>) -> Result<Option<T>, Error> {
    match value {
        Some(text) if text.as_ref().is_empty() => Err(is_empty(flag)),
        value => Ok(value.clone()),
    }
}

/// That `flag` is given and empty.
pub fn is_empty(flag: &str) -> Error {
    Error::usage(format!("{flag} is given and empty"))
        .hint(format!("leave {flag} out, or check the variable that its value comes from"))
}

/// A parser of values that begin with one of a list, so that a shell can complete them.
#[derive(Debug, Clone)]
pub struct Known<P> {
    values: &'static [&'static str],
    parse: P,
}

/// `parse`, with the values that it knows by name.
pub const fn known<P>(values: &'static [&'static str], parse: P) -> Known<P> {
    Known { values, parse }
}

impl<P, T> TypedValueParser for Known<P>
where
    P: Fn(&str) -> Result<T, String> + Clone + Send + Sync + 'static,
    T: Clone + Send + Sync + 'static,
{
    type Value = T;

    fn parse_ref(&self, command: &Command, arg: Option<&Arg>, value: &OsStr) -> Result<T, clap::Error> {
        self.parse.parse_ref(command, arg, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(self.values.iter().map(|value| PossibleValue::new(*value))))
    }
}

/// Reads one of `values`, in lower case; the empty text is let through and counts as not given.
pub fn one_of(values: &'static [&'static str]) -> impl TypedValueParser<Value = String> {
    known(values, move |text: &str| {
        let lower = text.to_ascii_lowercase();
        if lower.is_empty() || values.contains(&lower.as_str()) {
            Ok(lower)
        } else {
            Err(format!("expected one of {}", values.join(", ")))
        }
    })
}

/// Refuses what follows the one argument that a command has room for.
///
/// # Errors
/// There is more than one.
pub fn at_most_one<'a>(arguments: &'a [OsString], hint: &str) -> Result<Option<&'a OsString>, Error> {
    match arguments {
        [] => Ok(None),
        [one] => Ok(Some(one)),
        [_, more, ..] => Err(too_many(more, hint)),
    }
}

/// Refuses every argument.
///
/// # Errors
/// There is one.
pub fn none(arguments: &[OsString]) -> Result<(), Error> {
    match arguments.first() {
        Some(more) => Err(too_many(more, "this command takes flags only")),
        None => Ok(()),
    }
}

fn too_many(argument: &OsStr, hint: &str) -> Error {
    Error::usage(format!("`{}` is one argument too many", argument.to_string_lossy())).hint(hint)
}
