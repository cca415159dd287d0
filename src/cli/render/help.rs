//! Help, from what clap knows of each command.

use std::fmt::Write;

use clap::{Arg, Command};

use super::markdown::{self, Block};
use crate::cli::examples::{self, Example};
use crate::cli::topics::{self, TOPICS, Topic};
use crate::cli::{deprecated, tree};

/// Width of help, in columns.
const WIDTH: usize = 100;
/// Column at which the descriptions of flags begin; longer flags get a line of their own.
const COLUMN: usize = 38;

/// Heading of the flags that are going away.
pub(super) const DEPRECATED: &str = "Deprecated in cosign 3, still accepted";

/// What the program is for.
pub(super) const ABOUT: &str = "Sign, verify and attest container images and files in Sigstore's formats";

/// Help for the program: its commands and topics, and where to go on.
pub fn root_help(program: &str) -> String {
    let mut out = format!("{ABOUT}\n\nUsage: {program} COMMAND [FLAGS]\n\nCommands:\n");
    let mut groups = Vec::new();
    for command in tree::names() {
        let Some((group, _)) = command.split_once(' ') else {
            out.push_str(&command_row(command, command));
            continue;
        };
        if !groups.contains(&group) {
            groups.push(group);
            let about = tree::GROUPS.iter().find(|(name, _)| *name == group).map_or("", |(_, about)| about);
            let _ = writeln!(out, "  {group:<26}{about}");
        }
    }
    out.push_str("\nTopics:\n");
    for Topic { name, about, .. } in TOPICS {
        let _ = writeln!(out, "  {name:<26}{about}");
    }
    let _ = writeln!(out, "\nMore of a command or a topic: {program} help COMMAND, {program} help TOPIC");
    out
}

/// A topic, as plain text.
pub fn topic_help(program: &str, topic: &Topic) -> String {
    let mut out = String::new();
    let mut before = None;
    let text = topic.text.replace("`rcosign ", &format!("`{program} "));
    for block in markdown::blocks(&text) {
        let is_item = matches!(block, Block::Item(_));
        // The items of a list stand together.
        if before.is_some_and(|item| !(item && is_item)) {
            out.push('\n');
        }
        before = Some(is_item);
        let _ = match block {
            Block::Heading(1, text) => writeln!(out, "{text}"),
            Block::Heading(_, text) => writeln!(out, "{text}:"),
            Block::Paragraph(text) => writeln!(out, "{}", wrap(&text, 0)),
            Block::Item(text) => writeln!(out, "- {}", wrap(&text, 2)),
            Block::Code(lines) => {
                lines.iter().try_for_each(|line| writeln!(out, "{}", code_line(program, line)))
            }
            Block::Table(rows) => table(&rows).iter().try_for_each(|row| writeln!(out, "{row}")),
        };
    }
    out
}

/// A line of code, indented, under the name that the program was called by.
fn code_line(program: &str, line: &str) -> String {
    match line.strip_prefix("rcosign ") {
        Some(rest) => format!("  {program} {rest}"),
        None if line.is_empty() => String::new(),
        None => format!("  {line}"),
    }
}

/// Rows with their columns one below the other; the last is wrapped.
fn table(rows: &[Vec<String>]) -> Vec<String> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
    let widths: Vec<usize> = (0..columns.saturating_sub(1))
        .map(|column| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max())
        .map(Option::unwrap_or_default)
        .collect();
    let show = |row: &Vec<String>| {
        let mut out = String::from(" ");
        let mut column = 1;
        for (cell, width) in row.iter().zip(&widths) {
            let _ = write!(out, " {cell:<width$}");
            column += width + 1;
        }
        let last = row.get(widths.len()).map(String::as_str).unwrap_or_default();
        let _ = write!(out, "  {}", wrap(last, column + 2));
        out
    };
    rows.iter().map(show).collect()
}

/// Help for a group: its commands.
pub fn group_help(program: &str, group: &str, about: &str) -> String {
    let mut out = format!("{about}\n\nUsage: {program} {group} COMMAND [FLAGS]\n\nCommands:\n");
    for command in tree::names() {
        if let Some((_, name)) = command.split_once(' ').filter(|(first, _)| *first == group) {
            out.push_str(&command_row(name, command));
        }
    }
    let _ = writeln!(out, "\nFlags of a command: {program} help {group} COMMAND");
    if let Some(topic) = topics::of_group(group) {
        let _ = writeln!(out, "What it is about: {program} help {topic}");
    }
    out
}

fn command_row(name: &str, command: &str) -> String {
    format!("  {name:<26}{}\n", tree::about(command).unwrap_or_default())
}

/// Help for a command.
pub fn command_help(program: &str, command: &Command) -> String {
    let mut out = String::new();
    let about = command.get_long_about().or(command.get_about());
    let _ = writeln!(out, "{}\n", wrap(&about.map(ToString::to_string).unwrap_or_default(), 0));
    let _ = writeln!(out, "Usage: {program} {}{}", command.get_name(), usage(command));
    for (heading, args) in sections(command) {
        let _ = writeln!(out, "\n{heading}:");
        for arg in args {
            out.push_str(&row(&label(arg), &description(arg).join("\n")));
        }
    }
    let deprecated = deprecated_flags(command);
    if !deprecated.is_empty() {
        let _ = writeln!(out, "\n{DEPRECATED}:");
    }
    for (arg, _) in deprecated {
        out.push_str(&row(&label(arg), &description(arg).join("\n")));
    }
    let examples = examples::of(command.get_name());
    if !examples.is_empty() {
        out.push_str("\nExamples:\n");
        for Example { what, line } in examples {
            let _ = writeln!(out, "  # {what}\n  {program} {line}");
        }
    }
    out
}

/// The flags and the arguments, these as their value names write them: `FILE`, `[FILE]` where it may be left out, `FILE...`
/// where there may be several.
pub(super) fn usage(command: &Command) -> String {
    let mut out = String::from(" [FLAGS]");
    for arg in command.get_positionals().filter(|arg| !arg.is_hide_set()) {
        for name in arg.get_value_names().unwrap_or_default() {
            let _ = write!(out, " {name}");
        }
    }
    out
}

/// The visible arguments, under their headings, in the order of definition.
pub(super) fn sections(command: &Command) -> Vec<(&str, Vec<&Arg>)> {
    let mut sections: Vec<(&str, Vec<&Arg>)> = Vec::new();
    for arg in command.get_arguments().filter(|arg| !arg.is_hide_set()) {
        let heading =
            if arg.is_positional() { "Arguments" } else { arg.get_help_heading().unwrap_or("Flags") };
        match sections.iter_mut().find(|(known, _)| *known == heading) {
            Some((_, args)) => args.push(arg),
            None => sections.push((heading, vec![arg])),
        }
    }
    sections
}

/// The flags that are going away, in the order of definition, each with what to do instead. clap hides them.
pub(super) fn deprecated_flags(command: &Command) -> Vec<(&Arg, &'static str)> {
    let row = |arg| Some((arg, deprecated::instead(command.get_name(), Arg::get_long(arg)?)?));
    command.get_arguments().filter_map(row).collect()
}

pub(super) fn label(arg: &Arg) -> String {
    if arg.is_positional() {
        return value_name(arg);
    }
    let short = arg.get_short().map_or("    ".to_owned(), |short| format!("-{short}, "));
    let long = arg.get_long().unwrap_or_default();
    let is_switch = arg.get_num_args().is_some_and(|n| n.min_values() == 0);
    let value = if is_switch { String::new() } else { format!(" {}", value_name(arg)) };
    format!("{short}--{long}{value}")
}

/// What stands for the value, without what only the line of usage says of it.
fn value_name(arg: &Arg) -> String {
    let names = arg.get_value_names().unwrap_or_default();
    if !arg.is_positional() {
        return names.first().map(ToString::to_string).unwrap_or_default();
    }
    let bare = |name: &clap::builder::Str| name.trim_end_matches("...").trim_matches(['[', ']']).to_owned();
    names.iter().map(bare).collect::<Vec<_>>().join(" ")
}

/// What an argument is for, in paragraphs. A single one has no full stop.
pub(super) fn description(arg: &Arg) -> Vec<String> {
    let text = arg.get_long_help().or(arg.get_help()).map(ToString::to_string).unwrap_or_default();
    text.split("\n\n").map(str::to_owned).collect()
}

fn row(label: &str, description: &str) -> String {
    let wrapped = wrap(description, COLUMN);
    let label = format!("  {label}");
    if label.chars().count() + 2 > COLUMN {
        format!("{label}\n{:COLUMN$}{wrapped}\n", "")
    } else {
        format!("{label:<COLUMN$}{wrapped}\n")
    }
}

/// Breaks lines at spaces; lines after the first are indented.
fn wrap(text: &str, indent: usize) -> String {
    let mut out = String::new();
    let mut column = indent;
    for (number, line) in text.split('\n').enumerate() {
        if number > 0 {
            let _ = write!(out, "\n{:indent$}", "");
            column = indent;
        }
        for (position, word) in line.split(' ').enumerate() {
            let length = word.chars().count();
            if position > 0 && column + 1 + length > WIDTH {
                let _ = write!(out, "\n{:indent$}", "");
                column = indent;
            } else if position > 0 {
                out.push(' ');
                column += 1;
            }
            out.push_str(word);
            column += length;
        }
    }
    out
}
