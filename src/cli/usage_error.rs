//! clap's errors in our words.

use clap::error::{ContextKind, ContextValue, ErrorKind as Kind};

use super::{suggest, tree};
use crate::commands::Error;

/// The error for `spec` in our words, and with a hint.
pub fn translate(error: &clap::Error, spec: &clap::Command) -> Error {
    let command = spec.get_name();
    let flag = text(error, ContextKind::InvalidArg).map(|flag| name_only(&flag)).unwrap_or_default();
    let value = text(error, ContextKind::InvalidValue).unwrap_or_default();
    let help = if command.is_empty() {
        "`help` lists the commands".to_owned()
    } else if tree::is_group(command) {
        format!("the command comes first: `help {command}` lists those of `{command}`")
    } else {
        format!("`help {command}` lists the flags")
    };
    match error.kind() {
        Kind::UnknownArgument if flag == "--version" => {
            Error::usage("there is no flag --version").hint("the version is shown by the command `version`")
        }
        Kind::UnknownArgument if flag == "-" || !flag.starts_with('-') => {
            Error::usage(format!("`{flag}` is one argument too many")).hint(help)
        }
        Kind::UnknownArgument => {
            // Most likely one of the command that is to be run.
            let help = if command == "sandbox run" {
                "the command and its own flags stand after `--`: sandbox run -- COMMAND".to_owned()
            } else {
                help
            };
            let new = Error::usage(format!("there is no flag {flag}{}", in_command(command)));
            new.hint(suggestion(spec, &flag).unwrap_or(help))
        }
        Kind::InvalidValue if value.is_empty() => Error::usage(format!("{flag} comes without its value"))
            .hint(format!("write {flag} VALUE, or {flag}=VALUE if the value begins with a dash")),
        Kind::InvalidValue | Kind::ValueValidation => {
            let new = Error::usage(format!("`{value}` is not a value for {flag}"));
            match std::error::Error::source(error) {
                Some(reason) => new.cause(reason.to_string()),
                None => new,
            }
            .hint(help)
        }
        Kind::InvalidUtf8 => Error::usage("an argument is not UTF-8").hint(help),
        // What remains (missing and conflicting arguments) is not declared to clap: see `parse`.
        _ => {
            let first = error.to_string().lines().next().unwrap_or_default().to_owned();
            Error::usage(first.trim_start_matches("error: ").to_owned()).hint(help)
        }
    }
}

/// What may have been meant by a flag that is not there. Nobody is led to a flag that is going away.
fn suggestion(spec: &clap::Command, flag: &str) -> Option<String> {
    if let Some(hint) = suggest::elsewhere(spec.get_name(), flag) {
        return Some(hint.to_owned());
    }
    let names = spec.get_arguments().filter(|arg| !arg.is_hide_set()).filter_map(|arg| arg.get_long());
    let other = suggest::closest(flag.strip_prefix("--")?, names)?;
    Some(format!("did you mean --{other}?"))
}

fn in_command(command: &str) -> String {
    if command.is_empty() { String::new() } else { format!(" in `{command}`") }
}

/// `--key` of `--key <KEY>`.
fn name_only(flag: &str) -> String {
    flag.split([' ', '=', '[', '<']).next().unwrap_or_default().to_owned()
}

fn text(error: &clap::Error, kind: ContextKind) -> Option<String> {
    match error.get(kind)? {
        ContextValue::String(one) => Some(one.clone()),
        ContextValue::Strings(many) => many.first().cloned(),
        _ => None,
    }
}
