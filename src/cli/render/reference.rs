//! docs/reference/commands.md, generated from the same facts as help. `RCOSIGN_BLESS=1 cargo test` writes it anew.

use std::fmt::Write;

use clap::Command;

use super::help::{DEPRECATED, deprecated_flags, description, label, sections, usage};
use crate::cli::examples::{self, Example};
use crate::cli::{exit, tree};

const HEAD: &str = "# Commands

Generated from the program's own help; `RCOSIGN_BLESS=1 cargo test reference` writes it anew. Flags that
cosign 3 calls deprecated stand under a heading of their own; they are accepted all the same.

";

const EVERY: &str = "Every command";

/// One command.
fn section(command: &Command) -> String {
    let mut out = format!("## {}\n\n", command.get_name());
    let about = command.get_long_about().or(command.get_about());
    let about = about.map(ToString::to_string).unwrap_or_default();
    let about: Vec<String> = about.split("\n\n").map(sentence).collect();
    let _ = writeln!(out, "{}\n", about.join("\n\n"));
    let _ = writeln!(out, "```\nrcosign {}{}\n```", command.get_name(), usage(command));
    for (heading, args) in sections(command).into_iter().filter(|(heading, _)| *heading != EVERY) {
        let _ = writeln!(out, "\n**{heading}**\n");
        for arg in args {
            let _ = writeln!(out, "- `{}`: {}", label(arg).trim(), joined(&description(arg)));
        }
    }
    let deprecated = deprecated_flags(command);
    if !deprecated.is_empty() {
        let _ = writeln!(out, "\n**{DEPRECATED}**\n");
    }
    for (arg, instead) in deprecated {
        let what = description(arg).iter().map(sentence).collect::<Vec<_>>().join(" ");
        let _ = writeln!(out, "- `{}`: {what} Deprecated: {instead}.", label(arg).trim());
    }
    let examples = examples::of(command.get_name());
    if !examples.is_empty() {
        out.push_str("\n**Examples**\n\n```\n");
        for Example { what, line } in examples {
            let _ = writeln!(out, "# {what}\nrcosign {line}");
        }
        out.push_str("```\n");
    }
    out
}

/// One paragraph as it is; several as sentences.
fn joined(paragraphs: &[String]) -> String {
    match paragraphs {
        [one] => one.clone(),
        many => many.iter().map(sentence).collect::<Vec<_>>().join(" "),
    }
}

/// With a full stop, if it has none.
fn sentence(text: impl AsRef<str>) -> String {
    let text = text.as_ref();
    if text.ends_with('.') { text.to_owned() } else { format!("{text}.") }
}

/// The flags that every command has.
fn every_command() -> String {
    let root = tree::root();
    let mut out = String::from("## Flags of every command\n\n");
    for arg in sections(&root).into_iter().flat_map(|(_, args)| args) {
        let _ = writeln!(out, "- `{}`: {}", label(arg).trim(), joined(&description(arg)));
    }
    out
}

#[test]
fn sentences_neither_run_together_nor_end_twice() {
    let sections: Vec<String> = tree::all().iter().map(section).collect();
    let text = sections.join("\n");
    let twice = |line: &&str| {
        let usage = line.starts_with("rcosign ");
        !usage && (line.contains(".. ") || line.ends_with(".."))
    };
    assert_eq!(text.lines().find(twice), None);
    assert!(
        text.contains(
            "- `--use-signing-config`: Take the addresses of the services from the signing config of the public instance, or of the one that `initialize` named; this is so without the flag, too. false takes "
        )
    );
    assert!(text.contains("unless --output-signature says where.\n"));
}

#[test]
fn deprecated_flags_are_listed_with_what_to_use_instead() {
    for (command, flags) in [
        ("verify-blob", ["--signature SIGNATURE", "--certificate FILE", "--sct FILE"]),
        ("sign-blob", ["--output-signature FILE", "--b64", "--tlog-upload"]),
    ] {
        let text = section(&tree::command(command).unwrap());
        let listed = text.split(DEPRECATED).nth(1).unwrap();
        for flag in flags {
            let row = listed.lines().find(|line| line.starts_with(&format!("- `{flag}`: "))).unwrap();
            assert!(row.contains(". Deprecated: "), "{row}");
        }
    }
}

fn compare(name: &str, generated: &str) {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reference").join(name);
    if std::env::var_os("RCOSIGN_BLESS").is_some() {
        std::fs::write(&path, generated).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default().replace("\r\n", "\n");
    assert!(kept == generated, "{} is not what the program says; see its first lines", path.display());
}

#[test]
fn the_reference_of_commands_is_up_to_date() {
    let sections: Vec<String> = tree::all().iter().map(section).collect();
    compare("commands.md", &format!("{HEAD}{}\n{}", every_command(), sections.join("\n")));
}

#[test]
fn the_reference_of_exit_codes_is_up_to_date() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reference/exit-codes.md");
    let text = std::fs::read_to_string(path).unwrap();
    for (_, code, meaning, remedy) in exit::TABLE {
        assert!(
            text.contains(&format!("| {code} | {meaning} | {remedy} |\n")),
            "exit code {code}: {meaning}"
        );
    }
}
