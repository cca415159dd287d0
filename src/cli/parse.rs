//! From words to a command and its flags.
//!
//! clap knows the flags and their values. What must be present and what excludes what is checked by each command's
//! `request`, after help: cosign's order is flags, help, arguments, variables, rules, so that `--help` never fails for
//! want of an argument, and a wrong flag fails even beside `--help`.

use std::any::TypeId;
use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::{OsStringValueParser, TypedValueParser};
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Command};

use super::{args::values, compat, deprecated, environment, usage_error};
use crate::commands::Error;

/// Flags of ours of which no two values may count one instead of the other, in every command: who is trusted hangs on them.
const ONCE: &[&str] = &["policy-file"];

/// Commands without a forerunner whose habits they would have to keep.
const STRICT: &[&str] = &[
    "bundle diff",
    "bundle inspect",
    "bundle upgrade",
    "pack",
    "sandbox demo",
    "sandbox down",
    "sandbox run",
    "sandbox status",
    "sandbox token",
    "sandbox up",
    "trusted-root inspect",
    "unpack",
];

/// Commands that sign.
const SIGNING: &[&str] = &["attest", "attest-blob", "sign", "sign-blob"];

/// Flags of theirs that say who signs, what becomes public and what is trusted. Without a value, the next source of the same
/// thing would take their place in silence: another identity than the meant one, or a public log.
const NEVER_EMPTY: &[&str] = &[
    "certificate",
    "certificate-chain",
    "fulcio-auth-flow",
    "fulcio-url",
    "identity-token",
    "key",
    "oidc-client-id",
    "oidc-client-secret-file",
    "oidc-issuer",
    "oidc-provider",
    "rekor-url",
    "signing-config",
    "trusted-root",
];

/// What was found on the command line.
#[derive(Debug)]
pub struct Parsed {
    /// The values, variables included.
    pub matches: ArgMatches,
    /// Whether help is asked for; then variables were not looked at.
    pub help: bool,
    /// What to tell the user.
    pub warnings: Vec<String>,
}

/// Prepares the flags of `command`, which a derive made: booleans as Go reads them, empty paths, last one wins, nothing
/// of clap's own.
pub fn prepare(command: Command) -> Command {
    let name = command.get_name().to_owned();
    command
        .args_override_self(true)
        .disable_help_flag(true)
        .disable_help_subcommand(true)
        .disable_version_flag(true)
        .mut_args(|arg| prepare_arg(&name, arg))
}

fn prepare_arg(command: &str, arg: Arg) -> Arg {
    if arg.is_positional() {
        return arg;
    }
    let hidden = arg.get_long().is_some_and(|flag| deprecated::instead(command, flag).is_some());
    let arg = arg.hide(hidden);
    let parser = arg.get_value_parser().type_id();
    if parser == TypeId::of::<bool>() {
        arg.num_args(0..=1)
            .require_equals(true)
            .default_missing_value("true")
            .value_parser(clap::builder::ValueParser::new(values::boolean))
    } else if parser == TypeId::of::<PathBuf>() {
        arg.value_parser(OsStringValueParser::new().map(PathBuf::from))
    } else {
        arg
    }
}

/// Parses `arguments` as those of `command`.
///
/// # Errors
/// An unknown flag, in our own commands, and of [`ONCE`], two values of a flag that takes one, and a value that is missing or does not parse, on the command line or in a variable.
pub fn parse(mut command: Command, mut arguments: Vec<OsString>) -> Result<Parsed, Error> {
    let plain = command.clone();
    command.build();
    let name = command.get_name().to_owned();
    let mut warnings = Vec::new();
    compat::rewrite_dashes(
        &mut arguments,
        |long| command.get_arguments().any(|arg| is_long(arg, long)),
        |short| command.get_arguments().any(|arg| arg.get_short() == Some(short)),
        &mut warnings,
    );
    warn_of_loose_booleans(&command, &arguments, &mut warnings);
    let mut matches = matches(&mut command, &arguments).map_err(|e| usage_error::translate(&e, &command))?;
    let help = matches.get_one::<bool>("help").copied().unwrap_or_default();
    if !help {
        for flag in given_twice(plain, &arguments) {
            let message = format!("--{flag} is given more than once, with different values");
            if STRICT.contains(&name.as_str()) || ONCE.contains(&flag.as_str()) {
                return Err(Error::usage(message).hint(format!("give --{flag} once")));
            }
            warnings.push(format!("{message}: the last one counts"));
        }
        if SIGNING.contains(&name.as_str()) {
            refuse_empty(&matches)?;
        }
        let filled = from_environment(&command, &matches, &name);
        if !filled.is_empty() {
            matches = with_environment(&mut command, &arguments, &filled)?;
            warnings.extend(filled.iter().filter_map(Filled::warning));
        }
        warn_of_deprecated(&command, &matches, &filled, &mut warnings);
    }
    Ok(Parsed { matches, help, warnings })
}

fn matches(command: &mut Command, arguments: &[OsString]) -> Result<ArgMatches, clap::Error> {
    let name = OsString::from(command.get_name());
    command.try_get_matches_from_mut(std::iter::once(&name).chain(arguments))
}

/// The flags of one value that have several on the command line, where the last one would count. The arguments are known to
/// be fine.
fn given_twice(command: Command, arguments: &[OsString]) -> Vec<String> {
    let collect = |arg: Arg| match arg.get_action() {
        ArgAction::Set if !arg.is_positional() => arg.action(ArgAction::Append),
        _ => arg,
    };
    let takes_one = |arg: &&Arg| !arg.is_positional() && matches!(arg.get_action(), ArgAction::Set);
    let ids: Vec<_> = command.get_arguments().filter(takes_one).map(|arg| arg.get_id().clone()).collect();
    let mut command = command.mut_args(collect);
    let Ok(matches) = matches(&mut command, arguments) else { return Vec::new() };
    let several = |id: &clap::Id| {
        let given = matches.value_source(id.as_str()) == Some(ValueSource::CommandLine);
        let mut values = matches.get_raw(id.as_str()).filter(|_| given).into_iter().flatten();
        let first = values.next();
        values.any(|value| Some(value) != first)
    };
    let ids: Vec<_> = ids.into_iter().filter(several).collect();
    let flag = |id: &clap::Id| {
        let arg = command.get_arguments().find(|arg| arg.get_id() == id)?;
        arg.get_long().map(str::to_owned)
    };
    ids.iter().filter_map(flag).collect()
}

/// Refuses flags of [`NEVER_EMPTY`] without a value. A variable that is empty counts as unset.
fn refuse_empty(matches: &ArgMatches) -> Result<(), Error> {
    let is_empty = |flag: &str| {
        let id = flag.replace('-', "_");
        let raw = matches.try_get_raw(&id).ok().flatten();
        raw.and_then(Iterator::last).is_some_and(std::ffi::OsStr::is_empty)
    };
    match NEVER_EMPTY.iter().find(|flag| is_empty(flag)) {
        Some(flag) => Err(super::args::is_empty(&format!("--{flag}"))),
        None => Ok(()),
    }
}

fn is_long(arg: &Arg, long: &str) -> bool {
    arg.get_long() == Some(long) || arg.get_all_aliases().is_some_and(|aliases| aliases.contains(&long))
}

/// A flag that a variable fills.
struct Filled {
    flag: String,
    variable: String,
    value: OsString,
}

impl Filled {
    /// What is said of a variable that gives up a check: nobody sees it on the command line.
    fn warning(&self) -> Option<String> {
        let value = values::boolean(self.value.to_str()?).ok()?;
        let Self { flag, variable, .. } = self;
        environment::gives_up(flag, value)
            .then(|| format!("{variable} is set and gives up a check: it stands for --{flag}={value}"))
    }
}

fn from_environment(command: &Command, matches: &ArgMatches, name: &str) -> Vec<Filled> {
    command
        .get_arguments()
        .filter(|arg| matches.value_source(arg.get_id().as_str()) != Some(ValueSource::CommandLine))
        .filter_map(|arg| {
            let flag = arg.get_long()?;
            let value = environment::value(name, flag)?;
            Some(Filled { flag: flag.to_owned(), variable: environment::variable(name, flag)?, value })
        })
        .collect()
}

/// Parses again with the variables before the arguments. The arguments alone were fine, so what fails is a variable.
fn with_environment(
    command: &mut Command,
    arguments: &[OsString],
    filled: &[Filled],
) -> Result<ArgMatches, Error> {
    let mut all: Vec<OsString> = filled
        .iter()
        .map(|one| {
            let mut argument = OsString::from(format!("--{}=", one.flag));
            argument.push(&one.value);
            argument
        })
        .collect();
    all.extend_from_slice(arguments);
    matches(command, &all).map_err(|error| {
        let mut error = usage_error::translate(&error, command);
        if let Some(one) = filled.iter().find(|one| error.message.ends_with(&format!(" --{}", one.flag))) {
            error.message = format!("{} (from the variable {})", error.message, one.variable);
            error.hints =
                vec![format!("unset {}, or give it a value that --{} takes", one.variable, one.flag)];
        }
        error
    })
}

/// `--yes false` is `--yes` and an argument `false`, here as in cosign.
fn warn_of_loose_booleans(command: &Command, arguments: &[OsString], warnings: &mut Vec<String>) {
    for pair in arguments.windows(2) {
        let [flag, word] = pair else { continue };
        let (Some(flag), Some(word)) = (flag.to_str(), word.to_str()) else { continue };
        let Some(name) = flag.strip_prefix("--") else { continue };
        let is_switch =
            |arg: &Arg| is_long(arg, name) && arg.get_num_args().is_some_and(|n| n.min_values() == 0);
        if matches!(word, "true" | "false") && command.get_arguments().any(is_switch) {
            warnings.push(format!("`{word}` after {flag} is read as an argument; write {flag}={word}"));
        }
    }
}

/// Speaks of flags that somebody gave: whoever sets a variable does it for all commands, also those that have nothing else.
fn warn_of_deprecated(
    command: &Command,
    matches: &ArgMatches,
    filled: &[Filled],
    warnings: &mut Vec<String>,
) {
    let name = command.get_name();
    for arg in command.get_arguments() {
        let Some(flag) = arg.get_long() else { continue };
        let is_filled = filled.iter().any(|one| one.flag == flag);
        if is_filled || matches.value_source(arg.get_id().as_str()).is_none() {
            continue;
        }
        if let Some(instead) = deprecated::instead(name, flag) {
            warnings.push(format!("Flag --{flag} has been deprecated, {instead}"));
        }
    }
}
