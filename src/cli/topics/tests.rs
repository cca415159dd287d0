use std::collections::BTreeSet;
use std::ffi::OsString;

use super::*;
use crate::cli::{compat, parse, render, tree};

/// The text between backticks, and the lines of code blocks.
fn code(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (number, part) in text.split("```").enumerate() {
        if number % 2 == 1 {
            found.extend(part.lines().skip(1).map(str::to_owned));
        } else {
            found.extend(part.split('`').skip(1).step_by(2).map(|span| span.replace('\n', " ")));
        }
    }
    found
}

#[test]
fn every_command_line_in_a_topic_parses() {
    let mut count = 0;
    for topic in TOPICS {
        for line in code(topic.text).iter().filter(|line| line.starts_with("rcosign ")) {
            let line = compat::read(line.split_whitespace().map(OsString::from).collect());
            let mut arguments = line.arguments;
            let word = line.command.unwrap();
            let named = tree::named(&word, |switches| compat::take_word(&mut arguments, switches));
            let Ok(tree::Named::Command(command)) = named else { panic!("{}: {word:?}", topic.name) };
            let parsed = parse::parse(*command.clone(), arguments)
                .unwrap_or_else(|error| panic!("{}: {error:?}", topic.name));
            let alone = parsed.matches.args_present() || command.get_name() == "env";
            if alone && !["pack", "unpack"].contains(&command.get_name()) {
                tree::request(command.get_name(), &parsed.matches, &mut Vec::new())
                    .unwrap_or_else(|error| panic!("{}: {error:?}", topic.name));
            }
            count += 1;
        }
    }
    assert!(count > 20, "{count}");
}

#[test]
fn every_flag_and_every_name_in_a_topic_exists() {
    let flags: BTreeSet<String> = tree::all()
        .iter()
        .flat_map(|command| command.get_arguments().filter_map(|arg| Some(format!("--{}", arg.get_long()?))))
        .collect();
    for topic in TOPICS {
        for span in code(topic.text) {
            for word in span.split_whitespace().filter(|word| word.starts_with("--") && *word != "--") {
                let flag = word.split(['=', '[']).next().unwrap();
                assert!(flags.contains(flag), "{}: {flag}", topic.name);
            }
            if let Some(words) = span.strip_prefix("rcosign help ") {
                let words: Vec<OsString> = words.split(' ').map(OsString::from).collect();
                crate::cli::help::show("rcosign", &words)
                    .unwrap_or_else(|error| panic!("{}: {error:?}", topic.name));
            }
            // `bundle create` and the like.
            if let Some((group, member)) = span.split_once(' ')
                && tree::is_group(group)
            {
                assert!(tree::command(&format!("{group} {member}")).is_some(), "{}: {span}", topic.name);
            }
        }
    }
}

#[test]
fn topics_have_names_of_their_own_and_a_title() {
    let commands: BTreeSet<&str> = tree::names().chain(tree::GROUPS.iter().map(|(name, _)| *name)).collect();
    let mut seen = BTreeSet::new();
    for Topic { name, about, text } in TOPICS {
        assert!(!commands.contains(name) && seen.insert(name), "{name}");
        assert!(text.starts_with("# ") && !about.ends_with('.'), "{name}");
        let lines = text.lines().count();
        assert!((20..=60).contains(&lines), "{name}: {lines} lines");
    }
    for (group, _) in tree::GROUPS {
        assert!(names().any(|name| Some(name) == of_group(group)), "{group}");
    }
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/concepts");
    for entry in std::fs::read_dir(folder).unwrap() {
        let file = entry.unwrap().file_name().into_string().unwrap();
        assert!(names().any(|name| file == format!("{name}.md")), "{file} is no topic");
    }
}

#[test]
fn a_topic_is_shown_as_plain_text() {
    for topic in TOPICS {
        let text = render::topic_help("cosign", topic);
        assert!(!text.contains("```") && !text.contains("](") && !text.contains("\n\n\n"), "{text}");
        assert!(!text.lines().any(|line| line.starts_with(['#', '|'])), "{text}");
        assert!(!text.contains("  rcosign ") && !text.contains("`rcosign "), "{text}");
        let is_code = |line: &str| line.starts_with("  cosign ");
        assert!(text.lines().all(|line| is_code(line) || line.chars().count() <= 100), "{text}");
    }
    let codes = render::topic_help("rcosign", named(OsStr::new("exit-codes")).unwrap());
    assert!(codes.contains("\n  12   there are signatures and none is valid  "), "{codes}");
}

#[test]
fn a_topic_is_found_by_what_it_is_nearly_called() {
    for (word, name) in [
        ("key", Some("keys")),
        ("log", Some("logs")),
        ("identity", Some("identities")),
        ("exit-code", Some("exit-codes")),
        ("verifcation", Some("verification")),
        ("s", None),
        ("weather", None),
    ] {
        assert_eq!(closest(word), name, "{word}");
    }
}
