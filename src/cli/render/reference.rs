//! docs/reference/commands.md, generated from the same facts as help. `RCOSIGN_BLESS=1 cargo test` writes it anew.

use std::fmt::Write;

use clap::Command;

use super::help::{description, label, sections, usage};
use crate::cli::examples::{self, Example};
use crate::cli::{exit, tree};

const HEAD: &str = "# Commands

Generated from the program's own help; `RCOSIGN_BLESS=1 cargo test reference` writes it anew. Flags that still work and
are going away are not listed; [compatibility](../compatibility.md) names them.

";

const EVERY: &str = "Every command";

/// One command.
fn section(command: &Command) -> String {
    let mut out = format!("## {}\n\n", command.get_name());
    let about = command.get_long_about().or(command.get_about());
    let _ =
        writeln!(out, "{}.\n", about.map(ToString::to_string).unwrap_or_default().replace("\n\n", ".\n\n"));
    let _ = writeln!(out, "```\nrcosign {}{}\n```", command.get_name(), usage(command));
    for (heading, args) in sections(command).into_iter().filter(|(heading, _)| *heading != EVERY) {
        let _ = writeln!(out, "\n**{heading}**\n");
        for arg in args {
            let _ = writeln!(out, "- `{}`: {}", label(arg).trim(), description(arg).replace('\n', " "));
        }
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

/// The flags that every command has.
fn every_command() -> String {
    let root = tree::root();
    let mut out = String::from("## Flags of every command\n\n");
    for arg in sections(&root).into_iter().flat_map(|(_, args)| args) {
        let _ = writeln!(out, "- `{}`: {}", label(arg).trim(), description(arg));
    }
    out
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
    for (_, code, meaning) in exit::TABLE {
        assert!(text.contains(&format!("| {code} | {meaning} |")), "exit code {code}: {meaning}");
    }
}
