//! Every message a user is likely to meet, each in a file of `tests/cmd`: a command line in a folder of its own, and all
//! that comes of it. `RCOSIGN_BLESS=1 cargo test --test it transcripts` writes what the program says into the files.
//!
//! A file begins with a line that says what it shows. Sections follow, each under a line `## NAME`:
//! `files` (a line each: `copy PATH`, below `testdata`, or `copy PATH as NAME`, `folder NAME`, `size NAME BYTES`),
//! `file NAME` (its text), `env` (`NAME=VALUE`), `run` (words, `'` around those with spaces), `stdin` or `stdin size BYTES`,
//! `exit`, `reason` (the
//! codes of rejected candidates, by a second run with `--report`), `stdout`, `stderr`, `wrote NAME` (a file that is there
//! afterwards). In what the program says, `[OS]` is the words of the operating system, and `[NOW]` the time of the run.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::support::{Output, Run, Sandbox, repository};

/// Processes at a time.
const THREADS: usize = 4;
/// Sections that the program fills.
const ANSWERS: &[&str] = &["exit", "reason", "stdout", "stderr"];

struct Transcript {
    path: PathBuf,
    what: String,
    /// Title and text, in the order of the file.
    sections: Vec<(String, String)>,
}

impl Transcript {
    fn read(path: PathBuf) -> Self {
        let text = std::fs::read_to_string(&path).unwrap().replace("\r\n", "\n");
        let (what, rest) = text.split_once('\n').unwrap();
        let mut sections: Vec<(String, String)> = Vec::new();
        for line in rest.lines() {
            match (line.strip_prefix("## "), sections.last_mut()) {
                (Some(title), _) => sections.push((title.to_owned(), String::new())),
                (None, Some((_, text))) => {
                    text.push_str(line);
                    text.push('\n');
                }
                (None, None) => panic!("{}: a line before the first section", path.display()),
            }
        }
        Self { path, what: what.to_owned(), sections }
    }

    fn all() -> Vec<Self> {
        let mut paths: Vec<PathBuf> = std::fs::read_dir(repository().join("tests/cmd"))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        paths.sort();
        paths.into_iter().map(Self::read).collect()
    }

    fn name(&self) -> String {
        self.path.file_stem().unwrap().to_string_lossy().into_owned()
    }

    fn section(&self, title: &str) -> &str {
        self.sections.iter().find(|(known, _)| known == title).map_or("", |(_, text)| text)
    }

    fn args(&self) -> Vec<String> {
        let mut words = words(self.section("run"));
        assert_eq!(words.remove(0), "rcosign", "{}", self.name());
        words
    }

    fn sandbox(&self) -> Sandbox {
        let sandbox = Sandbox::new();
        for line in self.section("files").lines() {
            match line.split(' ').collect::<Vec<_>>()[..] {
                ["copy", from] => copy(&sandbox, from, from.rsplit('/').next().unwrap()),
                ["copy", from, "as", name] => copy(&sandbox, from, name),
                ["folder", name] => std::fs::create_dir(sandbox.at(name)).unwrap(),
                // A sparse file, so that a large one costs nothing.
                ["size", name, bytes] => {
                    std::fs::File::create(sandbox.at(name)).unwrap().set_len(bytes.parse().unwrap()).unwrap();
                }
                _ => panic!("{}: {line}", self.name()),
            }
        }
        for (title, text) in &self.sections {
            if let Some(name) = title.strip_prefix("file ") {
                let _ = sandbox.file(name, text);
            }
        }
        sandbox
    }

    fn run(&self, sandbox: &Sandbox, more: &[&str]) -> Output {
        let args = self.args();
        let (first, rest) = args.split_first().unwrap();
        let args: Vec<&str> = [first.as_str()]
            .into_iter()
            .chain(more.iter().copied())
            .chain(rest.iter().map(String::as_str))
            .collect();
        let run = sandbox.rcosign(&args).without("COSIGN_PASSWORD");
        let run = self.section("env").lines().fold(run, |run: Run, line| {
            let (name, value) = line.split_once('=').unwrap();
            run.env(name, value)
        });
        let long = self.sections.iter().find_map(|(title, _)| title.strip_prefix("stdin size "));
        match (self.section("stdin"), long) {
            (_, Some(bytes)) => run.stdin(vec![b'x'; bytes.parse().unwrap()]).run(),
            ("", None) => run.run(),
            (text, None) => run.stdin(text).run(),
        }
    }

    /// What the program does, by section.
    fn answers(&self) -> BTreeMap<String, String> {
        let sandbox = self.sandbox();
        let output = self.run(&sandbox, &[]);
        let mut answers = BTreeMap::from([
            ("exit".to_owned(), format!("{}\n", output.code)),
            ("stdout".to_owned(), shown(&output.stdout)),
            ("stderr".to_owned(), shown(&output.stderr)),
        ]);
        for (title, _) in &self.sections {
            if let Some(name) = title.strip_prefix("wrote ") {
                let there = if sandbox.has(name) { sandbox.text(name) } else { "[nothing]\n".to_owned() };
                answers.insert(title.clone(), there);
            }
        }
        let verifies = self.args()[0].starts_with("verify-blob") && matches!(output.code, 8 | 12 | 13);
        if verifies {
            answers.insert("reason".to_owned(), reasons(&self.run(&sandbox, &["--report=json"])));
        }
        answers
    }

    /// The file with these answers.
    fn with(&self, answers: &BTreeMap<String, String>) -> String {
        let given = |title: &str| !ANSWERS.contains(&title) && !title.starts_with("wrote ");
        let mut text = format!("{}\n", self.what);
        let mut add = |title: &str, body: &str| text.push_str(&format!("## {title}\n{body}"));
        for (title, body) in self.sections.iter().filter(|(title, _)| given(title)) {
            add(title, body);
        }
        for title in ANSWERS {
            if let Some(body) = answers.get(*title).filter(|body| !body.is_empty()) {
                add(title, body);
            }
        }
        for (title, body) in answers.iter().filter(|(title, _)| title.starts_with("wrote ")) {
            add(title, body);
        }
        text
    }
}

fn copy(sandbox: &Sandbox, from: &str, name: &str) {
    let from = repository().join("testdata").join(from);
    if from.is_dir() {
        return copy_folder(&from, &sandbox.at(name));
    }
    let bytes = std::fs::read(&from).unwrap_or_else(|error| panic!("{}: {error}", from.display()));
    let _ = sandbox.file(name, bytes);
}

fn copy_folder(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &to);
        } else {
            std::fs::write(to, std::fs::read(entry.path()).unwrap()).unwrap();
        }
    }
}

/// Words between spaces; `'` keeps them together, and `\u{1b}` is a character.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quoted = false;
    for c in line.chars() {
        match c {
            '\'' => {
                quoted = !quoted;
                word.get_or_insert_default();
            }
            c if c.is_whitespace() && !quoted => words.extend(word.take()),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words.into_iter().map(|word| word.replace("\\u{1b}", "\u{1b}").replace("\\u{202e}", "\u{202e}")).collect()
}

#[test]
fn words_are_kept_together_by_quotes() {
    assert_eq!(words("a  'b c' --d=e'f g'\n"), ["a", "b c", "--d=ef g"]);
    assert_eq!(words("a ''\n"), ["a", ""]);
}

/// What the program said, without what differs from run to run and between systems.
fn shown(text: &str) -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::SystemTime::UNIX_EPOCH).unwrap();
    let now =
        rcosign::internals::crypto::UnixTime::from_seconds(now.as_secs().try_into().unwrap()).to_string();
    let mut out = String::new();
    for line in text.lines() {
        let mut line = line.to_owned();
        if let (true, Some(start)) = (line.contains(" (os error "), line.find(": ")) {
            line.replace_range(start + 2.., "[OS]");
        }
        // The hour is enough to tell it; at its end, run again.
        while let Some(start) = line.find(&now[..14]) {
            let length = line[start..].find('Z').unwrap() + 1;
            line.replace_range(start..start + length, "[NOW]");
        }
        out.push_str(&line);
        out.push('\n');
    }
    if !text.is_empty() && !text.ends_with('\n') {
        out.push_str("[no newline]\n");
    }
    out
}

fn reasons(output: &Output) -> String {
    let report: serde_json::Value = serde_json::from_slice(&output.bytes).unwrap();
    let candidates = report["candidates"].as_array().unwrap();
    let checks = candidates.iter().flat_map(|candidate| candidate["checks"].as_array().unwrap());
    checks.filter_map(|check| check["reason"].as_str()).map(|code| format!("{code}\n")).collect()
}

/// Lines of a failure: what, why, what to do.
fn message(stderr: &str) -> Vec<(&str, &str)> {
    let starts = ["error: ", "  caused by: ", "hint: "];
    let after = stderr.split_once("error: ").map_or(0, |(before, _)| before.len());
    let lines = stderr[after..].lines();
    lines
        .filter_map(|line| starts.iter().find_map(|start| Some((*start, line.strip_prefix(start)?))))
        .collect()
}

#[test]
fn messages_have_one_form() {
    for transcript in Transcript::all() {
        let (name, stderr) = (transcript.name(), transcript.section("stderr"));
        let lines = message(stderr);
        let errors = lines.iter().filter(|(start, _)| *start == "error: ").count();
        let fails = transcript.section("exit") != "0\n";
        assert_eq!((errors, stderr.matches("error: ").count()), (fails.into(), fails.into()), "{name}");
        assert!(stderr.lines().all(|line| line.chars().all(|c| !c.is_control())), "{name}");
        let texts: BTreeSet<&str> = lines.iter().map(|(_, text)| *text).collect();
        assert_eq!(texts.len(), lines.len(), "{name}: a line twice");
        for (start, text) in lines {
            // What follows a question mark in an address is not shown.
            let ends_well = !text.ends_with(['.', '!', ' ']) || text.ends_with("?...");
            let mut letters = text.chars();
            let (first, second) = (letters.next().unwrap(), letters.next().unwrap());
            // A capital begins an abbreviation or a name at most.
            let begins_well = !(first.is_uppercase() && second.is_lowercase())
                || ["Sigstore", "Dockerfile", "Compose", "Kubernetes", "Rekor", "Fulcio"]
                    .iter()
                    .any(|name| text.starts_with(name));
            assert!(ends_well && begins_well, "{name}: {start}{text}");
        }
    }
}

/// A hint that names a flag names one that there is.
#[test]
fn hints_name_flags_that_exist() {
    let sandbox = Sandbox::new();
    // Deprecated flags are not in help; no command says of one that it is none.
    let commands = [
        "sign-blob",
        "attest-blob",
        "verify-blob",
        "verify-blob-attestation",
        "import-key-pair",
        "generate-key-pair",
        "trusted-root create",
        "signing-config create",
        "help",
        "bundle create",
        "bundle upgrade",
        "pack",
        "unpack",
        "triangulate",
        "generate",
        "login",
        "sign",
        "attest",
        "verify",
        "verify-attestation",
        "dockerfile verify",
        "manifest verify",
        "compose verify",
        "policy check",
        "policy explain",
        "policy test",
        "attach attestation",
        "attach sbom",
        "attach signature",
        "download attestation",
        "download sbom",
        "download signature",
        "clean",
        "copy",
        "load",
        "save",
        "tree",
        "upload blob",
        "upload wasm",
    ];
    let exists = |flag: &str| {
        let missing = format!("there is no flag {flag} ");
        commands.iter().any(|command| {
            let words: Vec<&str> = command.split(' ').chain([flag]).collect();
            !sandbox.run(&words).stderr.contains(&missing)
        })
    };
    assert!(!exists("--no-such-flag"));
    let mut flags = BTreeSet::new();
    for transcript in Transcript::all() {
        for (_, text) in
            message(transcript.section("stderr")).into_iter().filter(|(start, _)| *start == "hint: ")
        {
            let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-');
            flags.extend(words.filter(|word| word.starts_with("--")).map(str::to_owned));
        }
    }
    assert!(flags.len() > 20);
    for flag in flags {
        assert!(exists(&flag), "{flag}");
    }
}

/// The documented exit codes, each with a transcript.
#[test]
fn every_exit_code_has_a_transcript() {
    let table = std::fs::read_to_string(repository().join("docs/reference/exit-codes.md")).unwrap();
    let codes: Vec<&str> =
        table.lines().filter_map(|line| line.split('|').nth(1)?.trim().split(' ').next()).collect();
    let codes: Vec<&str> =
        codes.into_iter().filter(|code| code.bytes().all(|b| b.is_ascii_digit())).collect();
    assert!(codes.len() > 10, "{codes:?}");
    let transcripts = Transcript::all();
    let seen: BTreeSet<&str> = transcripts.iter().map(|t| t.section("exit").trim()).collect();
    for code in codes {
        assert!(seen.contains(code), "exit code {code}");
    }
}

/// The reasons that a user is likely to meet; each is also broken by one field in `src/verify/tests`.
#[test]
fn every_likely_reason_has_a_transcript() {
    let transcripts = Transcript::all();
    let seen: BTreeSet<&str> = transcripts.iter().flat_map(|t| t.section("reason").lines()).collect();
    for code in [
        "artifact-digest",
        "certificate-expired",
        "certificate-missing",
        "certificate-untrusted",
        "digest-unavailable",
        "identity",
        "inclusion-promise",
        "inclusion-proof",
        "issuer",
        "log-digest",
        "log-entry-missing",
        "log-signature",
        "log-unknown",
        "log-verifier",
        "no-trusted-time",
        "not-an-attestation",
        "other-key",
        "payload-type",
        "predicate-type",
        "sct-missing",
        "signature-invalid",
        "signature-unavailable",
        "statement-subject",
        "timestamp-invalid",
        "timestamp-missing",
        "workflow-claim",
    ] {
        assert!(seen.contains(code), "{code}");
    }
}

/// The errors of the room `keys`, by the fixed words of their messages.
#[test]
fn every_key_error_has_a_transcript() {
    // A terminal, a failing system, a server, or a smaller build is needed for these.
    const NO_WAY: &[&str] = &["KeptPassword", "Make", "NotBuilt", "PasswordsDiffer", "Prompt", "Read"];
    let source = std::fs::read_to_string(repository().join("src/keys/error.rs")).unwrap();
    let file = syn::parse_file(&source).unwrap();
    let is_error = |item: &syn::Item| matches!(item, syn::Item::Enum(item) if item.ident == "Error");
    let Some(syn::Item::Enum(errors)) = file.items.into_iter().find(is_error) else { panic!("no enum") };
    let transcripts = Transcript::all();
    for variant in errors.variants {
        let attribute = variant.attrs.iter().find(|attribute| attribute.path().is_ident("error")).unwrap();
        let format: syn::LitStr = attribute.parse_args().unwrap();
        let seen = transcripts.iter().any(|t| has(t.section("stderr"), &format.value()));
        let name = variant.ident.to_string();
        assert_eq!(seen, !NO_WAY.contains(&name.as_str()), "{name}");
    }
}

/// Whether a line of the text has the words of the format, what is between braces left aside.
fn has(text: &str, format: &str) -> bool {
    let words: Vec<&str> =
        format.split('{').map(|part| part.split_once('}').map_or(part, |(_, end)| end)).collect();
    text.lines().filter_map(|line| line.split_once("error: ")).any(|(_, line)| {
        let mut rest = Some(line).filter(|line| line.starts_with(words[0]));
        for word in &words {
            rest = rest.and_then(|rest| Some(rest.split_once(word)?.1));
        }
        rest.is_some()
    })
}

#[test]
fn every_message_is_the_one_in_its_transcript() {
    let transcripts = Transcript::all();
    let next = AtomicUsize::new(0);
    let bless = std::env::var_os("RCOSIGN_BLESS").is_some();
    let work = || {
        let mut wrong = Vec::new();
        while let Some(transcript) = transcripts.get(next.fetch_add(1, Ordering::Relaxed)) {
            let answers = transcript.answers();
            if bless {
                std::fs::write(&transcript.path, transcript.with(&answers)).unwrap();
                continue;
            }
            let is = |title: &str| answers.get(title).map_or("", String::as_str);
            let titles: BTreeSet<&str> =
                ANSWERS.iter().copied().chain(answers.keys().map(String::as_str)).collect();
            for title in titles.into_iter().filter(|title| is(title) != transcript.section(title)) {
                let name = transcript.name();
                wrong.push(format!(
                    "{name}, {title}:\n{}expected:\n{}",
                    is(title),
                    transcript.section(title)
                ));
            }
        }
        wrong
    };
    let wrong: Vec<String> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(work)).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    assert!(wrong.is_empty(), "{}\nRCOSIGN_BLESS=1 writes them anew", wrong.join("\n"));
}
