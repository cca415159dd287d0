//! `explain`: what a code of a reason, of a kind of failure or of an exit means, and what to do. The reasons are those of
//! `docs/reference/reasons.md`, which is the one table of them; a test compares it with the sources. The words of policy files are those of
//! two tables in `docs/reference/policy-file.md`.

use std::ffi::OsString;

use super::args::{at_most_one, root::RootArgs};
use super::run::Request;
use super::tree::CommandArgs;
use super::{exit, suggest};
use crate::commands::Error;

const REASONS: &str = include_str!("../../docs/reference/reasons.md");
const POLICY_FILE: &str = include_str!("../../docs/reference/policy-file.md");
/// The headings of tables of words, each with what its words are.
const WORDS: [(&str, &str); 3] = [
    ("## Verdicts", "Verdict of a policy file"),
    ("## Words of reports by a policy file", "Word of reports by a policy file"),
    ("## What `policy check` doubts", "Found by policy check"),
];

/// Explain a code of a report, or an exit code
///
/// Codes are those of the reasons why a signature is not accepted, as reports and --verbose show them, the verdicts of policy files, what
/// `policy check` finds, those of the kinds of failure, and exit codes, as in exit-12. Without a code, all of them are listed.
#[derive(Debug, clap::Args)]
pub struct ExplainArgs {
    /// Code to explain, such as log-unknown, network or exit-12
    #[arg(value_name = "[CODE]")]
    pub code: Vec<OsString>,
    /// Flags of every command.
    #[command(flatten)]
    pub root: RootArgs,
}

impl CommandArgs for ExplainArgs {
    fn to_request(&self, _: &mut Vec<String>) -> Result<Request, Error> {
        let Some(code) = at_most_one(&self.code, "one code is explained at a time")? else {
            return Ok(Request::Text(list()));
        };
        let code = code.to_string_lossy();
        text(&code).map(Request::Text).ok_or_else(|| unknown(&code))
    }
}

/// A reason, as the document has it.
struct Entry {
    code: &'static str,
    /// The heading that it stands under: the check.
    check: &'static str,
    lines: Vec<&'static str>,
}

/// The reasons, in the order of the checks.
fn reasons() -> Vec<Entry> {
    let (mut all, mut check): (Vec<Entry>, _) = (Vec::new(), "");
    for line in REASONS.lines() {
        if let Some(heading) = line.strip_prefix("## ") {
            check = heading;
        } else if let Some(code) = line.strip_prefix("### `").and_then(|rest| rest.strip_suffix('`')) {
            all.push(Entry { code, check, lines: Vec::new() });
        } else if let Some(entry) = all.last_mut().filter(|entry| entry.check == check && !line.is_empty()) {
            entry.lines.push(line);
        }
    }
    all
}

/// A word about policy files, as the document has it.
struct Word {
    word: &'static str,
    /// What it is: a verdict, a finding.
    kind: &'static str,
    meaning: &'static str,
    remedy: &'static str,
}

/// The words about policy files, in their order.
fn words() -> Vec<Word> {
    let (mut all, mut kind): (Vec<Word>, Option<&'static str>) = (Vec::new(), None);
    for line in POLICY_FILE.lines() {
        if line.starts_with("## ") {
            kind = WORDS.iter().find(|(heading, _)| *heading == line).map(|(_, kind)| *kind);
        }
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        if let (Some(kind), [word, meaning, remedy]) = (kind, cells.as_slice())
            && let Some(word) = word.strip_prefix('`').and_then(|word| word.strip_suffix('`'))
        {
            all.push(Word { word, kind, meaning, remedy });
        }
    }
    all
}

/// What a code means and what to do about it; `None` where there is no such code.
pub fn text(code: &str) -> Option<String> {
    if let Some(Entry { check, lines, .. }) = reasons().into_iter().find(|entry| entry.code == code) {
        let check = check.to_ascii_lowercase();
        return Some(format!("{}\nThe check that fails: {check}. Code: {code}.\n", join(&lines)));
    }
    if let Some(Word { word, kind, meaning, remedy }) = words().into_iter().find(|word| word.word == code) {
        return Some(format!("{}\nWhat to do: {remedy}.\n{kind}. Code: {word}.\n", sentence(meaning)));
    }
    let number = code.strip_prefix("exit-").unwrap_or(code);
    if number == "0" {
        return Some("Success. Exit code: 0.\n".to_owned());
    }
    let mut rows = exit::TABLE.iter();
    let (kind, number, meaning, remedy) =
        rows.find(|(kind, value, ..)| kind.name() == code || value.to_string() == number)?;
    let kind = kind.name();
    let meaning = sentence(meaning);
    Some(format!("{meaning}\nWhat to do: {remedy}.\nExit code: {number}. Code: {kind}.\n"))
}

/// Lines of a text, each sentence about the cause and the remedy on a line of its own.
fn join(lines: &[&str]) -> String {
    let mut out = String::new();
    for line in lines {
        if !out.is_empty() {
            let begins = line.starts_with("Cause: ") || line.starts_with("What to do: ");
            out.push(if begins { '\n' } else { ' ' });
        }
        out.push_str(line);
    }
    out
}

fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    first.into_iter().chain(letters).chain(['.']).collect()
}

/// The text up to the first stop that ends a sentence, or a part of one: a space or nothing follows it.
fn first_sentence(text: &str) -> &str {
    let line = text.lines().next().unwrap_or_default();
    let end = [". ", "; "].iter().filter_map(|stop| line.find(stop)).min();
    line.get(..end.unwrap_or(line.len())).unwrap_or(line).trim_end_matches(['.', ';'])
}

/// Every code: those of reasons, then the words about policy files, then those of kinds.
pub fn codes() -> impl Iterator<Item = &'static str> {
    let words = words().into_iter().map(|word| word.word);
    let kinds = exit::TABLE.iter().map(|(kind, ..)| kind.name());
    reasons().into_iter().map(|entry| entry.code).chain(words).chain(kinds)
}

/// Every code, with its first sentence.
fn list() -> String {
    let mut out = String::from("Reasons why a signature is not accepted, in the order of the checks:\n");
    let mut row = |code: &str, about: &str| out.push_str(&format!("  {code:<26}{about}\n"));
    for entry in reasons() {
        let text = join(&entry.lines);
        row(entry.code, first_sentence(&text));
    }
    for (_, kind) in WORDS {
        out.push_str(&format!("\n{kind}:\n"));
        for word in words().iter().filter(|word| word.kind == kind) {
            out.push_str(&format!("  {:<26}{}\n", word.word, first_sentence(word.meaning)));
        }
    }
    out.push_str("\nKinds of failure, with their exit codes:\n");
    for (kind, code, meaning, _) in exit::TABLE {
        out.push_str(&format!("  {:<26}{meaning} (exit-{code})\n", kind.name()));
    }
    out
}

fn unknown(code: &str) -> Error {
    let new = Error::usage(format!("there is no code `{code}`"));
    let names = codes;
    let (lower, is_part) = (code.to_ascii_lowercase().replace('_', "-"), code.len() > 2);
    let near: Vec<_> = names().filter(|name| is_part && name.contains(lower.as_str())).take(5).collect();
    let nearest = suggest::closest(&lower, names()).map_or(near, |name| vec![name]);
    if nearest.is_empty() {
        return new.hint("`explain` alone lists the codes");
    }
    let nearest: Vec<_> = nearest.into_iter().map(|name| format!("`explain {name}`")).collect();
    new.hint(format!("did you mean {}?", nearest.join(", "))).hint("`explain` alone lists the codes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_a_cause_and_a_remedy() {
        let all = reasons();
        assert!(all.len() > 50);
        for Entry { code, check, .. } in &all {
            let text = text(code).unwrap();
            assert!(!check.is_empty(), "{code}");
            for part in ["\nCause: ", "\nWhat to do: "] {
                assert_eq!(text.matches(part).count(), 1, "{code}:{part}\n{text}");
            }
            assert!(!text.starts_with("Cause"), "{code}");
        }
    }

    /// The words that a policy file is judged with, as the sources have them.
    #[test]
    fn every_word_about_policy_files_has_its_entry_and_no_other() {
        use crate::commands::PolicyVerdict as V;
        let verdicts = [V::Accepted, V::AcceptedUnsigned, V::NoScope, V::Refused, V::Undecided];
        let mut expected: Vec<String> = verdicts
            .map(|verdict| serde_json::to_value(verdict).unwrap().as_str().unwrap().to_owned())
            .into_iter()
            .chain(
                ["accept", "impossible", "must-pass", "signed-as", "spoils", "uncounted"].map(str::to_owned),
            )
            .collect();
        for source in
            [include_str!("../policy/scoped/lint.rs"), include_str!("../commands/policy_file/check.rs")]
        {
            let places = source.match_indices("self.add(").chain(source.match_indices("code: "));
            let words = places.filter_map(|(at, what)| {
                source[at + what.len()..].trim_start().strip_prefix('"')?.split('"').next().map(str::to_owned)
            });
            expected.extend(words);
        }
        expected.sort();
        expected.dedup();
        let mut found: Vec<_> = words().iter().map(|word| word.word.to_owned()).collect();
        found.sort();
        assert!(found.len() > 15);
        assert_eq!(found, expected);
        for word in &found {
            let text = text(word).unwrap();
            assert_eq!(text.matches("\nWhat to do: ").count(), 1, "{text}");
            assert!(
                reasons().iter().all(|entry| entry.code != word) && list().contains(word.as_str()),
                "{word}"
            );
            assert!(exit::TABLE.iter().all(|(kind, ..)| kind.name() != word), "{word}");
        }
    }

    #[test]
    fn every_kind_and_every_exit_code_is_explained_and_has_a_name_of_its_own() {
        let all = reasons();
        let list = list();
        for (kind, code, meaning, _) in exit::TABLE {
            assert_eq!(text(kind.name()), text(&format!("exit-{code}")));
            assert_eq!(text(kind.name()), text(&code.to_string()));
            assert!(all.iter().all(|entry| entry.code != kind.name()));
            assert!(list.contains(meaning));
        }
        assert!(all.iter().all(|entry| list.contains(&format!("  {} ", entry.code))));
        assert_eq!((text("exit-9"), text("nothing"), text("")), (None, None, None));
    }

    #[test]
    fn a_sentence_is_not_cut_at_a_dot_within_it() {
        for (text, first) in [
            ("Not `application/vnd.in-toto+json`. More.", "Not `application/vnd.in-toto+json`"),
            ("One; two.", "One"),
            ("One.\nCause: x.", "One"),
        ] {
            assert_eq!(first_sentence(text), first);
        }
        assert!(list().lines().all(|line| line.matches('`').count() % 2 == 0), "{}", list());
    }

    #[test]
    fn what_is_near_is_suggested() {
        for (typed, hint) in [
            ("log_unknwon", "did you mean `explain log-unknown`?"),
            ("EXPIRED", "did you mean `explain certificate-expired`?"),
            ("zzz", "`explain` alone lists the codes"),
        ] {
            assert_eq!(unknown(typed).hints[0], hint);
        }
    }
}
