//! `completion`: scripts for shells, from the same flags that the commands parse.

use std::any::TypeId;
use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::{BoolValueParser, PossibleValuesParser};
use clap::{Arg, ArgAction, Command as Spec, ValueHint};
use clap_complete::Shell;

use super::args::{at_most_one, root::RootArgs};
use super::run::Request;
use super::tree::{self, CommandArgs};
use super::{explain, suggest, topics};
use crate::attest::PredicateType;
use crate::commands::Error;

/// The shells by name.
const SHELLS: &[(&str, Shell)] = &[
    ("bash", Shell::Bash),
    ("zsh", Shell::Zsh),
    ("fish", Shell::Fish),
    ("powershell", Shell::PowerShell),
    ("elvish", Shell::Elvish),
];

/// Values that are names of files although their type does not say so: a key may be in one, and a token.
const FILES: &[&str] = &["FILE", "KEY", "TOKEN"];

/// Show the script that completes this program's words in a shell
///
/// The shell is bash, zsh, fish, powershell or elvish. The script is for the name that the program is called by. For one
/// session: `source <(rcosign completion bash)`. For all, write it where the shell looks for such scripts, such as
/// /etc/bash_completion.d/rcosign, a file _rcosign in a folder of zsh's fpath, or ~/.config/fish/completions/rcosign.fish.
#[derive(Debug, clap::Args)]
pub struct CompletionArgs {
    /// Shell to write the script for: bash, zsh, fish, powershell or elvish
    #[arg(value_name = "SHELL")]
    pub shell: Vec<OsString>,
    /// Flags of every command.
    #[command(flatten)]
    pub root: RootArgs,
}

impl CommandArgs for CompletionArgs {
    fn to_request(&self, _: &mut Vec<String>) -> Result<Request, Error> {
        let known = || SHELLS.iter().map(|(name, _)| *name);
        let list = known().collect::<Vec<_>>().join(", ");
        let Some(word) = at_most_one(&self.shell, "one shell at a time")? else {
            return Err(Error::usage("no shell is named").hint(format!("name one of {list}")));
        };
        let word = word.to_string_lossy();
        match SHELLS.iter().find(|(name, _)| *name == word) {
            Some((_, shell)) => Ok(Request::Completion(*shell)),
            None => Err(Error::usage(format!("there is no completion for the shell `{word}`")).hint(
                match suggest::closest(&word, known()) {
                    Some(name) => format!("did you mean `{name}`?"),
                    None => format!("name one of {list}"),
                },
            )),
        }
    }
}

/// The script for `shell`, where the program is called `program`.
pub fn script(shell: Shell, program: &str) -> Vec<u8> {
    let mut script = Vec::new();
    let program = shell_word(program);
    clap_complete::generate(shell, &mut spec(), program, &mut script);
    match shell {
        Shell::Fish => script.extend(fish_arguments(program).into_bytes()),
        Shell::Bash => script = files_before_flags(&String::from_utf8_lossy(&script)).into_bytes(),
        _ => {}
    }
    script
}

/// clap's generator for bash offers flags where a word begins that may name a file, so that a tab gives a dash. Where it
/// offers nothing instead, bash offers files.
fn files_before_flags(script: &str) -> String {
    let takes_files = |command: &Spec| {
        let name = command.get_name().to_owned();
        let shown = command.get_arguments().filter(|arg| arg.is_positional() && !arg.is_hide_set());
        shown.map(|arg| completed(&name, arg.clone())).any(|arg| arg.get_value_hint() == ValueHint::FilePath)
    };
    let commands: Vec<String> = tree::all()
        .iter()
        .filter(|command| command.get_name() != "help" && takes_files(command))
        .map(|command| command.get_name().replace(['-', ' '], "__subcmd__"))
        .map(|label| format!("__subcmd__{label})"))
        .collect();
    let mut out = String::with_capacity(script.len());
    let mut inside = false;
    for line in script.lines() {
        // The label of a command: its words, and nothing before them but the program.
        if line.starts_with("        ") && !line.starts_with("         ") && line.ends_with(')') {
            let words = line
                .split_once("__subcmd__")
                .map_or("", |(program, _)| line.get(program.len()..).unwrap_or_default());
            inside = commands.iter().any(|label| label == words);
        }
        let line = match line.split_once(" || ${COMP_CWORD} -eq ") {
            Some((flag, _)) if inside => format!("{flag} ]] ; then"),
            _ if inside && line == r#"            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )"# => {
                "            COMPREPLY=()".to_owned()
            }
            _ => line.to_owned(),
        };
        out.push_str(&line);
        out.push('\n');
    }
    out
}

/// clap's generator for fish completes no arguments.
fn fish_arguments(program: &str) -> String {
    let function = program.replace('-', "_");
    let shells: Vec<&str> = SHELLS.iter().map(|(name, _)| *name).collect();
    let rows = [("completion", shells), ("explain", explain::codes().collect())];
    let line = |(command, words): &(&str, Vec<&str>)| {
        let words = words.join(" ");
        format!(
            "complete -c {program} -n \"__fish_{function}_using_subcommand {command}\" -f -a \"{words}\"\n"
        )
    };
    rows.iter().map(line).collect()
}

/// A name that means nothing to a shell but itself; whoever called the program by another gets the usual one.
fn shell_word(program: &str) -> &str {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if program.starts_with('-') || !program.chars().all(plain) { "rcosign" } else { program }
}

/// All commands in one: groups with their commands, and of each what is to be completed.
fn spec() -> Spec {
    let mut top = shown(tree::root()).name("rcosign");
    for (name, command) in tree::names().zip(tree::all()) {
        let command = shown(command);
        let Some((group, member)) = name.split_once(' ') else {
            top = top.subcommand(command);
            continue;
        };
        if top.find_subcommand(group).is_none()
            && let Some((group, about)) = tree::GROUPS.iter().find(|(known, _)| *known == group)
        {
            top = top.subcommand(shown(tree::group(group)).name(*group).about(*about));
        }
        top = top.mut_subcommand(group, |group| group.subcommand(command.name(member)));
    }
    top.mut_subcommand("help", |help| help.subcommands(help_words()))
}

/// The command without what is hidden.
fn shown(command: Spec) -> Spec {
    let mut out = Spec::new("").disable_help_flag(true).disable_help_subcommand(true);
    if let Some(about) = command.get_about() {
        out = out.about(about.clone());
    }
    let name = command.get_name().to_owned();
    let args = command.get_arguments().filter(|arg| !arg.is_hide_set());
    // The words after `help` are commands there, so that those of a group follow it.
    let args = args.filter(|arg| name != "help" || !arg.is_positional());
    let out = out.args(args.map(|arg| completed(&name, arg.clone())));
    // The name is one of the table's.
    match tree::names().find(|known| *known == name) {
        Some(name) => out.name(name),
        None => out,
    }
}

/// The argument with what completes it: nothing for a switch, values where they are known, files, or nothing.
fn completed(command: &str, arg: Arg) -> Arg {
    let parser = arg.get_value_parser().type_id();
    if parser == TypeId::of::<bool>() {
        return arg
            .action(ArgAction::SetTrue)
            .num_args(0)
            .require_equals(false)
            .value_parser(BoolValueParser::new());
    }
    if let Some(values) = values(command, &arg) {
        return arg.value_parser(PossibleValuesParser::new(values));
    }
    let named = |names: &[&str]| {
        arg.get_value_names().is_some_and(|found| found.iter().any(|name| names.contains(&name.as_str())))
    };
    let hint = if named(&["DIR"]) {
        ValueHint::DirPath
    } else if parser == TypeId::of::<PathBuf>() || parser == TypeId::of::<OsString>() || named(FILES) {
        ValueHint::FilePath
    } else if named(&["URL"]) {
        ValueHint::Url
    } else {
        ValueHint::Other
    };
    arg.value_hint(hint)
}

/// Values that the argument's own parser does not list.
fn values(command: &str, arg: &Arg) -> Option<Vec<&'static str>> {
    match (command, arg.get_id().as_str()) {
        ("completion", "shell") => Some(SHELLS.iter().map(|(name, _)| *name).collect()),
        ("explain", "code") => Some(explain::codes().collect()),
        (_, "rekor_config" | "tsa_config") => Some(vec!["ANY", "ALL", "EXACT:1"]),
        _ if arg.get_long() == Some("type") => Some(PredicateType::names().collect()),
        _ => None,
    }
}

/// What may stand after `help`: commands, groups and what follows each, topics.
fn help_words() -> Vec<Spec> {
    let word = |name: &'static str, about: String| {
        Spec::new(name).about(about).disable_help_flag(true).disable_help_subcommand(true)
    };
    let mut words: Vec<Spec> =
        tree::GROUPS.iter().map(|(group, about)| word(group, (*about).to_owned())).collect();
    // `help` itself is left out: fish would take the word that stands already for the one that follows.
    for (name, command) in tree::names().zip(tree::all()).filter(|(name, _)| *name != "help") {
        let about = command.get_about().map(ToString::to_string).unwrap_or_default();
        match name.split_once(' ') {
            None => words.push(word(name, about)),
            Some((group, member)) => {
                let found = words.iter_mut().find(|known| known.get_name() == group);
                if let Some(known) = found {
                    *known = known.clone().subcommand(word(member, about));
                }
            }
        }
    }
    for topic in topics::TOPICS {
        if !words.iter().any(|known| known.get_name() == topic.name) {
            words.push(word(topic.name, topic.about.to_owned()));
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_is_in_the_tree_without_its_hidden_flags() {
        let mut spec = spec();
        spec.build();
        for (name, command) in tree::names().zip(tree::all()) {
            let found = name.split(' ').fold(&spec, |at, word| at.find_subcommand(word).unwrap());
            for arg in command.get_arguments() {
                let there = found.get_arguments().any(|known| known.get_id() == arg.get_id());
                // What `help` takes is completed as words that follow it.
                let topic = name == "help" && arg.is_positional();
                assert_eq!(there, !arg.is_hide_set() && !topic, "{name} {}", arg.get_id());
            }
        }
    }

    #[test]
    fn a_name_that_a_shell_would_obey_is_not_written() {
        for name in ["a;b", "$(x)", "a b", "", "-x", "a`b`", "a\nb"] {
            let word = shell_word(name);
            assert!(word == "rcosign" || name.is_empty(), "{name}");
        }
        assert_eq!(shell_word("cosign-3.1"), "cosign-3.1");
    }

    #[test]
    fn the_same_flags_complete_files_as_in_cosign() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(".ci/cosign-surface.json");
        let surface: serde_json::Value =
            serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let spec = spec();
        let mut count = 0;
        for facts in surface["commands"].as_array().unwrap() {
            let words = facts["path"].as_str().unwrap().split(' ');
            let Some(command) = words.clone().try_fold(&spec, |at, word| at.find_subcommand(word)) else {
                continue;
            };
            for flag in facts["flags"].as_array().unwrap().iter().filter(|f| f["completes"][0] == "file") {
                let name = flag["name"].as_str().unwrap();
                let arg = command.get_arguments().find(|arg| arg.get_long() == Some(name));
                let Some(arg) = arg else { continue };
                assert_eq!(arg.get_value_hint(), ValueHint::FilePath, "{} --{name}", facts["path"]);
                count += 1;
            }
        }
        assert!(count >= 20, "{count}");
    }

    #[test]
    fn values_that_are_known_are_completed() {
        let spec = spec();
        for (command, flag, value) in [
            ("sign-blob", "slot", "card-authentication"),
            ("sign-blob", "signing-algorithm", "ecdsa-sha2-256-nistp256"),
            ("attest-blob", "type", "slsaprovenance1"),
            ("bundle inspect", "output", "json"),
            ("verify-blob", "report", "json"),
        ] {
            let found = command.split(' ').fold(&spec, |at, word| at.find_subcommand(word).unwrap());
            let arg = found.get_arguments().find(|arg| arg.get_long() == Some(flag)).unwrap();
            let values = arg.get_possible_values();
            assert!(values.iter().any(|known| known.get_name() == value), "{command} --{flag}: {values:?}");
        }
    }
}
