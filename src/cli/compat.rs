//! Spellings that cosign takes and clap does not: one dash before a long name, `-version`, flags before the command.

use std::ffi::OsString;
use std::path::Path;

/// Flags without a value that may stand before the command.
const SWITCHES: &[&str] = &["d", "h", "help", "verbose", "y", "yes"];

/// A command line, taken apart as far as that needs no knowledge of the command.
#[derive(Debug, PartialEq, Eq)]
pub struct CommandLine {
    /// The name the program was called by.
    pub program: String,
    /// The command, if there is one.
    pub command: Option<OsString>,
    /// Everything else, in order.
    pub arguments: Vec<OsString>,
    /// What to tell the user.
    pub warnings: Vec<String>,
}

/// Takes a command line apart. The command is the first word that is neither a flag nor the value of one; like cosign,
/// a flag that is not known to be without a value is taken to have one. The words of a group are two.
pub fn read(args: Vec<OsString>) -> CommandLine {
    let mut args = args.into_iter();
    let program = program_name(args.next());
    let mut arguments: Vec<OsString> = args.collect();
    let mut warnings = Vec::new();
    let command = take_word(&mut arguments, &[]);
    let command = command.map(|word| {
        if word != "-version" {
            return word;
        }
        warnings.push("-version is read as the command `version`".to_owned());
        OsString::from("version")
    });
    CommandLine { program, command, arguments, warnings }
}

/// Takes out the first word that is neither a flag nor the value of one. `switches` have no value either.
pub fn take_word(arguments: &mut Vec<OsString>, switches: &[&str]) -> Option<OsString> {
    let mut index = 0;
    while let Some(argument) = arguments.get(index) {
        let text = argument.to_string_lossy();
        if text == "--" {
            return None;
        }
        let name = text.trim_start_matches('-');
        if name.len() == text.len() || text == "-version" {
            return Some(arguments.remove(index));
        }
        let alone =
            text.contains('=') || name.is_empty() || SWITCHES.contains(&name) || switches.contains(&name);
        index += if alone { 1 } else { 2 };
    }
    None
}

/// Last part of the path, without `.exe`.
fn program_name(argument: Option<OsString>) -> String {
    let name = argument
        .as_deref()
        .map(Path::new)
        .and_then(Path::file_name)
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    let stem = match name.len().checked_sub(4).and_then(|at| name.split_at_checked(at)) {
        Some((stem, end)) if end.eq_ignore_ascii_case(".exe") => stem.to_owned(),
        _ => name,
    };
    if stem.is_empty() { "rcosign".to_owned() } else { stem }
}

/// Rewrites `-name` to `--name` and `--n` to `-n` where the command knows such a flag, with a warning for each.
/// `is_long` and `is_short` say which flags there are.
pub fn rewrite_dashes(
    arguments: &mut [OsString],
    is_long: impl Fn(&str) -> bool,
    is_short: impl Fn(char) -> bool,
    warnings: &mut Vec<String>,
) {
    for argument in arguments {
        let Some(text) = argument.to_str() else { continue };
        if text == "--" {
            return;
        }
        let Some(rest) = text.strip_prefix('-') else { continue };
        let name = rest.trim_start_matches('-').split('=').next().unwrap_or_default();
        let mut letters = name.chars();
        let one_letter = letters.next().filter(|_| letters.next().is_none());
        let (shown, rewritten) = match (rest.strip_prefix('-'), one_letter) {
            (Some(rest), Some(letter)) if !is_long(name) && is_short(letter) => {
                (format!("-{letter}"), format!("-{rest}"))
            }
            (None, None) if is_long(name) => (format!("--{name}"), format!("-{text}")),
            _ => continue,
        };
        let dashes = if shown.starts_with("--") { "-" } else { "--" };
        warnings.push(format!("{dashes}{name} is read as {shown}: write it like that"));
        *argument = OsString::from(rewritten);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> CommandLine {
        read(text.split(' ').map(OsString::from).collect())
    }

    fn rewritten(text: &str) -> (String, usize) {
        let mut arguments: Vec<OsString> = text.split(' ').map(OsString::from).collect();
        let mut warnings = Vec::new();
        let long = |name: &str| ["key", "yes", "output-key-prefix"].contains(&name);
        rewrite_dashes(&mut arguments, long, |letter| "kyo".contains(letter), &mut warnings);
        let text: Vec<_> = arguments.iter().map(|a| a.to_str().unwrap()).collect();
        (text.join(" "), warnings.len())
    }

    #[test]
    fn the_program_keeps_the_name_it_was_called_by() {
        assert_eq!(line("/usr/bin/cosign version").program, "cosign");
        assert_eq!(line("cosign.EXE version").program, "cosign");
        assert_eq!(read(Vec::new()).program, "rcosign");
    }

    #[test]
    fn flags_may_stand_before_the_command() {
        let found = line("rcosign --key k --yes -t 5m --timeout=1s sign-blob f --bundle b");
        assert_eq!(found.command.unwrap(), "sign-blob");
        assert_eq!(
            found.arguments,
            ["--key", "k", "--yes", "-t", "5m", "--timeout=1s", "f", "--bundle", "b"]
        );
    }

    #[test]
    fn a_switch_of_a_group_takes_no_word_of_its_command() {
        let words = || ["-f", "reset", "--slot", "x"].map(OsString::from).to_vec();
        let mut arguments = words();
        assert_eq!(take_word(&mut arguments, &["f", "no-input"]).unwrap(), "reset");
        assert_eq!(arguments, ["-f", "--slot", "x"]);
        // Of another group, it may have a value.
        assert_eq!(take_word(&mut words(), &[]), None);
    }

    #[test]
    fn a_value_is_not_a_command() {
        assert_eq!(line("rcosign --key version").command, None);
        assert_eq!(line("rcosign -- version").command, None);
        assert_eq!(line("rcosign -").command, None);
    }

    #[test]
    fn version_with_one_dash_is_a_command() {
        let found = line("rcosign -version --json");
        assert_eq!(found.command.unwrap(), "version");
        assert_eq!((found.arguments, found.warnings.len()), (vec![OsString::from("--json")], 1));
    }

    #[test]
    fn one_dash_before_a_long_name_is_mended() {
        assert_eq!(rewritten("-key k f"), ("--key k f".to_owned(), 1));
        assert_eq!(rewritten("-key=k -yes f"), ("--key=k --yes f".to_owned(), 2));
        assert_eq!(rewritten("--o p --y"), ("-o p -y".to_owned(), 2));
    }

    #[test]
    fn other_words_are_left_alone() {
        for text in ["-k k - f", "-kFILE", "-bogus", "--bogus", "--key -", "-y --", "-- -key"] {
            assert_eq!(rewritten(text), (text.to_owned(), 0), "{text}");
        }
    }
}
