//! The manual: pages in the macros of man(7), from the facts that help shows.

use std::fmt::Write;

use clap::{Arg, Command};

use super::help::{self, DEPRECATED, deprecated_flags, description, label, sections, usage};
use super::markdown::{Block, blocks};
use crate::cli::examples::{self, Example};
use crate::cli::topics::{self, TOPICS, Topic};
use crate::cli::variables::VARIABLES;
use crate::cli::{environment, exit, tree};

/// The program's name in the manual, whatever it is called by.
const NAME: &str = "rcosign";
/// Bytes of a line, where the text may be broken.
const WIDTH: usize = 80;

/// Every page: the name of its file, and its text. The same for every run of the same build.
pub fn manual() -> Vec<(String, String)> {
    let commands = tree::all();
    let mut pages = vec![(format!("{NAME}.1"), program(&commands))];
    for (group, about) in tree::GROUPS {
        pages.push((format!("{NAME}-{group}.1"), group_page(group, about, &commands)));
    }
    for command in &commands {
        pages.push((format!("{}.1", page_name(command.get_name())), command_page(command)));
    }
    for topic in TOPICS {
        pages.push((format!("{NAME}-{}.7", topic.name), topic_page(topic)));
    }
    pages
}

/// `rcosign-bundle-create` of `bundle create`.
fn page_name(command: &str) -> String {
    format!("{NAME}-{}", command.replace(' ', "-"))
}

fn program(commands: &[Command]) -> String {
    let mut page = Page::new(NAME, 1, help::ABOUT);
    page.section("SYNOPSIS");
    page.synopsis(NAME, " COMMAND [FLAGS]");
    page.section("DESCRIPTION");
    page.paragraph(
        "Takes the command lines of cosign 2.x and 3.x; its signatures, bundles and keys go both ways with cosign's. \
         Verification asks no service.",
    );
    page.section("COMMANDS");
    for command in commands {
        page.tagged(command.get_name(), &[about(command)]);
    }
    page.section("CONCEPTS");
    for topic in TOPICS {
        page.tagged(&format!("{NAME}-{}(7)", topic.name), &[topic.about.to_owned()]);
    }
    page.section("FLAGS OF EVERY COMMAND");
    for arg in sections(&tree::root()).into_iter().flat_map(|(_, args)| args) {
        page.flag(arg);
    }
    page.exit_status();
    page.section("ENVIRONMENT");
    page.paragraph(
        "A variable COSIGN_FLAG stands in for a flag that is not on the command line: its name in upper case, with _ for -, \
         such as COSIGN_KEY. The page of a command says whether that holds for it.",
    );
    for variable in VARIABLES.iter().filter(|variable| variable.works) {
        let expects = format!("Expects: {}", variable.expects);
        page.tagged(variable.name, &[capital(variable.does), expects]);
    }
    let groups = tree::GROUPS.iter().map(|(group, _)| (*group).to_owned());
    let names = commands.iter().map(|command| command.get_name().to_owned());
    page.see_also(groups.chain(names).map(|name| format!("{}(1)", page_name(&name))));
    page.text
}

fn group_page(group: &str, about: &str, commands: &[Command]) -> String {
    let mut page = Page::new(&format!("{NAME}-{group}"), 1, about);
    page.section("SYNOPSIS");
    page.synopsis(&format!("{NAME} {group}"), " COMMAND [FLAGS]");
    page.section("COMMANDS");
    let is_member =
        |command: &&Command| command.get_name().split_once(' ').is_some_and(|(first, _)| first == group);
    let members: Vec<&Command> = commands.iter().filter(is_member).collect();
    for command in &members {
        page.tagged(command.get_name(), &[self::about(command)]);
    }
    let pages = members.iter().map(|command| format!("{}(1)", page_name(command.get_name())));
    let topic = topics::of_group(group).map(|topic| format!("{NAME}-{topic}(7)"));
    page.see_also(std::iter::once(format!("{NAME}(1)")).chain(pages).chain(topic));
    page.text
}

fn command_page(command: &Command) -> String {
    let name = command.get_name();
    let mut page = Page::new(&page_name(name), 1, &about(command));
    page.section("SYNOPSIS");
    page.synopsis(&format!("{NAME} {name}"), &usage(command));
    page.section("DESCRIPTION");
    let about = command.get_long_about().or(command.get_about()).map(ToString::to_string).unwrap_or_default();
    for paragraph in about.split("\n\n") {
        page.paragraph(&sentence(paragraph));
    }
    page.section("OPTIONS");
    for (heading, args) in sections(command) {
        page.subsection(heading);
        for arg in args {
            page.flag(arg);
        }
    }
    let deprecated = deprecated_flags(command);
    if !deprecated.is_empty() {
        page.subsection(DEPRECATED);
    }
    for (arg, instead) in deprecated {
        let mut paragraphs = description(arg);
        paragraphs.push(format!("Deprecated: {instead}"));
        page.tagged(label(arg).trim(), &paragraphs);
    }
    let examples = examples::of(name);
    if !examples.is_empty() {
        page.section("EXAMPLES");
    }
    for Example { what, line } in examples {
        page.paragraph(&format!("{}:", capital(what)));
        page.code(&[format!("{NAME} {line}")]);
    }
    page.exit_status();
    page.section("ENVIRONMENT");
    page.paragraph(match environment::variable(name, "timeout") {
        Some(_) => {
            "Variables stand in for flags of this command that are not on the command line, such as COSIGN_TIMEOUT for \
             --timeout. rcosign(1) lists the others."
        }
        None => "No variable stands in for a flag of this command. rcosign(1) lists the others.",
    });
    page.see_also([format!("{NAME}(1)")].into_iter());
    page.text
}

fn topic_page(topic: &Topic) -> String {
    let mut page = Page::new(&format!("{NAME}-{}", topic.name), 7, topic.about);
    let mut started = false;
    for block in blocks(topic.text) {
        // What stands before the first heading below the title has none of its own.
        let heads = matches!(block, Block::Heading(level, _) if level > 1);
        if !started && !matches!(block, Block::Heading(1, _)) && !heads {
            page.section("DESCRIPTION");
        }
        started |= !matches!(block, Block::Heading(1, _));
        match block {
            Block::Heading(1, _) => {}
            Block::Heading(_, text) => page.section(&text.to_uppercase()),
            Block::Paragraph(text) => page.paragraph(&text),
            Block::Item(text) => page.item(&text),
            Block::Code(lines) => page.code(&lines),
            Block::Table(rows) => {
                for row in rows.iter().skip(1) {
                    let (first, rest) =
                        row.split_first().map_or(("", row.as_slice()), |(f, r)| (f.as_str(), r));
                    page.tagged(first, rest);
                }
            }
        }
    }
    page.see_also([format!("{NAME}(1)")].into_iter());
    page.text
}

fn about(command: &Command) -> String {
    command.get_about().map(ToString::to_string).unwrap_or_default()
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

fn sentence(text: &str) -> String {
    if text.ends_with(['.', ':']) { text.to_owned() } else { format!("{text}.") }
}

/// A page in the making.
struct Page {
    text: String,
}

impl Page {
    fn new(name: &str, section: u8, about: &str) -> Self {
        let title = escape(&name.to_uppercase());
        let source = escape(&format!("{NAME} {}", env!("CARGO_PKG_VERSION")));
        let mut text = format!(".TH \"{title}\" \"{section}\" \"{}\" \"{source}\" \"\"\n", date());
        let _ = writeln!(text, ".SH NAME\n{} \\- {}", escape(name), escape(&lower(about)));
        Self { text }
    }

    fn section(&mut self, heading: &str) {
        let _ = writeln!(self.text, ".SH \"{}\"", argument(heading));
    }

    fn subsection(&mut self, heading: &str) {
        let _ = writeln!(self.text, ".SS \"{}\"", argument(heading));
    }

    fn synopsis(&mut self, words: &str, rest: &str) {
        let _ = writeln!(self.text, "\\fB{}\\fR{}", escape(words), escape(rest));
    }

    fn paragraph(&mut self, text: &str) {
        self.gap();
        let _ = writeln!(self.text, "{}", lines(text));
    }

    /// The gap before a paragraph. A heading has one of its own.
    fn gap(&mut self) {
        let last = self.text.lines().last().unwrap_or_default();
        if !last.starts_with(".SH") && !last.starts_with(".SS") {
            self.text.push_str(".PP\n");
        }
    }

    fn item(&mut self, text: &str) {
        let _ = writeln!(self.text, ".IP \\(bu 2\n{}", lines(text));
    }

    fn code(&mut self, code: &[String]) {
        self.gap();
        self.text.push_str(".RS 4\n.nf\n");
        for text in code {
            let _ = writeln!(self.text, "{}", line(text));
        }
        self.text.push_str(".fi\n.RE\n");
    }

    /// A term and what is to be said of it.
    fn tagged(&mut self, term: &str, paragraphs: &[String]) {
        let _ = writeln!(self.text, ".TP\n\\fB{}\\fR", escape(term));
        for (number, paragraph) in paragraphs.iter().enumerate() {
            if number > 0 {
                self.text.push_str(".IP\n");
            }
            let text = if paragraphs.len() > 1 { sentence(paragraph) } else { paragraph.clone() };
            let _ = writeln!(self.text, "{}", lines(&text));
        }
    }

    fn flag(&mut self, arg: &Arg) {
        self.tagged(label(arg).trim(), &description(arg));
    }

    fn exit_status(&mut self) {
        self.section("EXIT STATUS");
        self.tagged("0", &["success".to_owned()]);
        for (_, code, meaning, _) in exit::TABLE {
            self.tagged(&code.to_string(), &[(*meaning).to_owned()]);
        }
    }

    fn see_also(&mut self, pages: impl Iterator<Item = String>) {
        self.section("SEE ALSO");
        // Names this long leave lines that cannot be adjusted to both margins.
        self.text.push_str(".ad l\n");
        let pages: Vec<String> = pages.map(|page| escape(&page)).collect();
        let _ = writeln!(self.text, "{}", pages.join(",\n"));
    }
}

/// The day the program was built, if whoever packages it says so, else that of no build at all.
fn date() -> &'static str {
    let built = option_env!("RCOSIGN_BUILD_DATE").and_then(|date| date.get(..10));
    let is_day = |day: &&str| day.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    built.filter(is_day).unwrap_or("1970-01-01")
}

/// With a small first letter, unless the word is one of capitals.
fn lower(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
}

/// A text as lines of at most [`WIDTH`] bytes, if its words allow that.
fn lines(text: &str) -> String {
    let mut out: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        let first = line(word);
        match out.last_mut() {
            Some(last) if last.len() + first.len() < WIDTH => {
                last.push(' ');
                last.push_str(&escape(word));
            }
            _ => out.push(first),
        }
    }
    out.join("\n")
}

/// A text as a line of its own, which no macro is taken for.
fn line(text: &str) -> String {
    let escaped = escape(text);
    if escaped.starts_with('.') { format!("\\&{escaped}") } else { escaped }
}

/// A text inside the quotes of a macro's argument.
fn argument(text: &str) -> String {
    escape(text).replace('"', "\\(dq")
}

/// A text with what roff would read as more than itself in roff's words.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\e"),
            '-' => out.push_str("\\-"),
            '\'' => out.push_str("\\(aq"),
            '`' => out.push_str("\\(ga"),
            '^' => out.push_str("\\(ha"),
            '~' => out.push_str("\\(ti"),
            '\n' => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_roff_would_obey_is_escaped() {
        assert_eq!(line(".so /etc/passwd"), "\\&.so /etc/passwd");
        assert_eq!(line("'br"), "\\(aqbr");
        assert_eq!(line("a\\fBb\n.so x"), "a\\efBb .so x");
        assert_eq!(line("--key `^x~`"), "\\-\\-key \\(ga\\(hax\\(ti\\(ga");
        assert_eq!(argument("a \"b\""), "a \\(dqb\\(dq");
    }

    #[test]
    fn every_command_group_and_topic_has_its_page() {
        let pages = manual();
        let names: std::collections::BTreeSet<&str> = pages.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names.len(), pages.len());
        assert_eq!(pages.len(), 1 + tree::GROUPS.len() + tree::names().count() + TOPICS.len());
        for name in ["rcosign.1", "rcosign-bundle.1", "rcosign-bundle-create.1", "rcosign-verification.7"] {
            assert!(names.contains(name), "{name}");
        }
        for (name, page) in &pages {
            for line in page.lines() {
                let is_macro =
                    [".TH ", ".SH ", ".SS ", ".PP", ".TP", ".IP", ".RS 4", ".RE", ".nf", ".fi", ".ad l"]
                        .iter()
                        .any(|known| line.starts_with(known));
                assert!(is_macro || !line.starts_with(['.', '\'']), "{name}: {line}");
            }
        }
    }

    #[test]
    fn a_page_has_all_that_help_has() {
        let pages = manual();
        let page = &pages.iter().find(|(name, _)| name == "rcosign-verify-blob.1").unwrap().1;
        for words in [
            "\\fB\\-\\-certificate\\-identity IDENTITY\\fR",
            "Deprecated: ",
            ".SS \"Deprecated in cosign 3, still accepted\"",
            "rcosign verify\\-blob \\-\\-key cosign.pub \\-\\-no\\-log",
            ".SH \"EXIT STATUS\"",
            "COSIGN_TIMEOUT",
        ] {
            assert!(page.contains(words), "{words}\n{page}");
        }
    }
}
