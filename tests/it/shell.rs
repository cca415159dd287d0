//! What stands around the commands: groups, help and its topics, the manual, `env`, and completion in real shells.

use std::path::{Path, PathBuf};

use crate::support::{Output, Sandbox, say_skipped};

const GROUPS: &[&str] = &["bundle", "trusted-root", "signing-config"];

/// A program of the system, in the folders that sandboxes search too.
fn program(name: &str) -> Option<PathBuf> {
    let found =
        ["/usr/bin", "/bin"].iter().map(|folder| Path::new(folder).join(name)).find(|path| path.exists());
    if found.is_none() {
        say_skipped(&format!("{name} is not here"));
    }
    found
}

fn lines(output: &Output) -> Vec<&str> {
    output.stdout.lines().collect()
}

#[test]
fn a_group_alone_shows_its_commands() {
    let sandbox = Sandbox::new();
    for group in GROUPS {
        let help = sandbox.run(&[group]).ok();
        assert!(
            help.stdout.contains(&format!("Usage: rcosign {group} COMMAND [FLAGS]\n")),
            "{}",
            help.stdout
        );
        for args in [vec![*group, "--help"], vec![*group, "-h"], vec!["-d", group], vec!["help", group]] {
            assert_eq!(sandbox.run(&args).ok().stdout, help.stdout, "{args:?}");
        }
        // No variable stands in for a flag here, so that none can be wrong.
        assert_eq!(sandbox.rcosign(&[group]).env("COSIGN_TIMEOUT", "x").run().ok().stdout, help.stdout);
    }
}

#[test]
fn a_word_that_is_no_command_of_a_group_is_an_error() {
    let sandbox = Sandbox::new();
    for group in GROUPS {
        sandbox.run(&[group, "bogus"]).code(2).says(&format!("there is no command `{group} bogus`"));
        sandbox
            .run(&[group, "craete"])
            .code(2)
            .says(&format!("hint: did you mean `rcosign {group} create`?"));
        sandbox.run(&["help", group, "bogus"]).code(2).says(&format!("there is no command `{group} bogus`"));
        sandbox.run(&[group, "--bogus"]).code(2).says(&format!("there is no flag --bogus in `{group}`"));
        sandbox.run(&[&format!("{group} create")]).code(2);
    }
}

#[test]
fn flags_may_stand_between_the_words_of_a_command() {
    let sandbox = Sandbox::new();
    let expected = sandbox.run(&["bundle", "inspect", "--help"]).ok().stdout;
    assert!(expected.contains("Usage: rcosign bundle inspect "), "{expected}");
    for line in [
        "-d bundle inspect -h",
        "bundle -o json inspect -h",
        "--output=json bundle -d inspect --help",
        "--timeout 5s bundle inspect -h",
        "help bundle inspect",
    ] {
        let words: Vec<&str> = line.split(' ').collect();
        assert_eq!(sandbox.run(&words).ok().stdout, expected, "{line}");
    }
    assert_eq!(sandbox.run(&["help", "bundle inspect"]).ok().stdout, expected);
    let error = sandbox
        .run(&["bundle", "inspect", "--bogus"])
        .code(2)
        .says("there is no flag --bogus in `bundle inspect`");
    assert!(error.stderr.contains("hint: `rcosign help bundle inspect` lists the flags"), "{}", error.stderr);
}

#[test]
fn help_lists_and_shows_topics() {
    let sandbox = Sandbox::new();
    let help = sandbox.run(&["help"]).ok().stdout;
    let topics = help.split("\nTopics:\n").nth(1).unwrap().split("\n\n").next().unwrap();
    let names: Vec<&str> = topics.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert!(names.len() >= 10, "{names:?}");
    for name in names {
        let shown = sandbox.run(&["help", name]).ok();
        assert!(lines(&shown).len() > 15, "{name}");
    }
    for (words, message) in [
        (vec!["bogus"], "there is no command or topic `bogus`"),
        (vec!["verifcation"], "did you mean `verification`?"),
        (vec!["key"], "did you mean `keys`?"),
        (vec!["sign-blub"], "did you mean `sign-blob`?"),
        (vec!["bundel"], "did you mean `bundle`?"),
        (vec!["verify", "more"], "`more` is one argument too many"),
        (vec!["keys", "more"], "`more` is one argument too many"),
        (vec!["sign-blob", "more"], "`more` is one argument too many"),
        (vec!["bundle", "create", "more"], "`more` is one argument too many"),
        (vec!["--man", "man", "keys"], "--man writes the pages of all commands"),
    ] {
        let words: Vec<&str> = std::iter::once("help").chain(words).collect();
        sandbox.run(&words).code(2).says(message);
    }
    assert!(!sandbox.has("man"));
}

#[test]
fn env_refuses_arguments_and_cannot_be_made_to_lie() {
    let sandbox = Sandbox::new();
    sandbox.run(&["env", "x"]).code(2).says("`x` is one argument too many");
    let shown = sandbox
        .rcosign(&["env", "--show-descriptions=false"])
        .env("COSIGN_REPOSITORY", "r\nCOSIGN_PASSWORD=forged\u{1b}[2K")
        .env("SIGSTORE_X", "secret")
        .env("TUF_MIRROR", "https://t/?a=b")
        .env("OTHER", "o")
        .run()
        .ok();
    let password = shown.stdout.lines().filter(|line| line.starts_with("COSIGN_PASSWORD="));
    assert_eq!(password.collect::<Vec<_>>(), ["COSIGN_PASSWORD=******"]);
    assert!(!shown.stdout.contains(['#', '\u{1b}']), "{}", shown.stdout);
    assert!(shown.stdout.contains("\nTUF_MIRROR=https://t/?a=b\n"));
    assert!(shown.stdout.ends_with("\nSIGSTORE_X=******\n"), "{}", shown.stdout);
    assert!(!shown.stdout.contains("OTHER"));
    let shown = sandbox.run(&["env", "--show-descriptions=false", "--show-sensitive-values"]).ok();
    assert!(shown.stdout.contains("\nCOSIGN_PASSWORD=correct horse\n"), "{}", shown.stdout);
}

/// The lines of cosign's own `env` come in the same order, with the same values.
#[test]
fn env_shows_what_cosign_shows() {
    let Some(cosign) = crate::support::peer("cosign-3") else { return };
    let sandbox = Sandbox::new().env("COSIGN_REPOSITORY", "r").env("TUF_ROOT", "t").env("SIGSTORE_X", "1");
    for flags in [
        &["env", "--show-descriptions=false"][..],
        &["env", "--show-descriptions=false", "--show-sensitive-values"],
    ] {
        let theirs = sandbox.program(&cosign, flags).run().ok();
        let ours = sandbox.run(flags).ok();
        let mut ours = ours.stdout.lines();
        for line in theirs.stdout.lines() {
            assert!(ours.any(|our| our == line), "{line} is missing or stands elsewhere");
        }
    }
}

#[test]
fn completion_wants_a_shell_that_it_knows() {
    let sandbox = Sandbox::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = sandbox.run(&["completion", shell]).ok();
        assert!(script.stdout.contains("verify-blob-attestation"), "{shell}");
        assert!(!script.stdout.contains("output-certificate"), "{shell}: deprecated flags are not offered");
        assert_eq!(script.stdout, sandbox.run(&["completion", shell]).ok().stdout);
    }
    let list = "name one of bash, zsh, fish, powershell, elvish";
    sandbox.run(&["completion"]).code(2).says("no shell is named").says(list);
    sandbox
        .run(&["completion", "tcsh"])
        .code(2)
        .says("there is no completion for the shell `tcsh`")
        .says(list);
    sandbox.run(&["completion", "BASH"]).code(2);
    sandbox.run(&["completion", "elvsh"]).code(2).says("did you mean `elvish`?");
    sandbox.run(&["completion", "bash", "zsh"]).code(2).says("`zsh` is one argument too many");
    sandbox.run(&["completion", "bash", "--output-file", "script"]).ok();
    assert!(sandbox.text("script").contains("complete -F _rcosign"));
}

/// What is completed for a line whose last word is being typed, and what it has to have and must not have.
const COMPLETED: &[(&str, &[&str], &[&str])] = &[
    ("bun", &["bundle"], &["sign-blob"]),
    ("bundle cr", &["create"], &["inspect"]),
    ("bundle ", &["create", "diff", "inspect", "upgrade"], &["sign-blob"]),
    ("verify-blob --no-l", &["--no-log"], &["--key"]),
    (
        "verify-blob --cert",
        &["--certificate-identity", "--certificate-oidc-issuer"],
        &["--certificate-chain"],
    ),
    ("sign-blob --slot ", &["authentication", "card-authentication"], &["bundle"]),
    ("attest-blob --type slsa", &["slsaprovenance", "slsaprovenance1"], &["custom"]),
    ("bundle inspect -o ", &["json", "text"], &["create"]),
    ("verify-blob --bundle art", &["artifact.json"], &["other.json"]),
    ("verify-blob --key art", &["artifact.json"], &["other.json"]),
    ("completion ", &["bash", "elvish"], &["bundle"]),
    ("help veri", &["verification", "verify-blob"], &["bundle"]),
    ("help ", &["bundle", "trusted-root", "keys", "sign-blob"], &["inspect"]),
    ("help bundle ", &["create", "inspect"], &["sign-blob", "keys"]),
    ("signing-config create --rekor-config A", &["ANY", "ALL"], &["create"]),
    ("-d bundle in", &["inspect"], &["create"]),
];

fn completions() -> Sandbox {
    let sandbox = Sandbox::new();
    for name in ["artifact.json", "other.json"] {
        sandbox.file(name, "{}");
    }
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        sandbox.run(&["completion", shell, "--output-file", &format!("rcosign.{shell}")]).ok();
    }
    sandbox
}

fn compare(line: &str, found: &[&str], wanted: &[&str], unwanted: &[&str]) {
    for word in wanted {
        assert!(found.contains(word), "`{line}`: no {word} in {found:?}");
    }
    for word in unwanted {
        assert!(!found.contains(word), "`{line}`: {word} in {found:?}");
    }
}

#[test]
fn bash_completes_commands_flags_values_and_files() {
    let Some(bash) = program("bash") else { return };
    let sandbox = completions();
    let registered = sandbox.program(&bash, &["-c", "source rcosign.bash; complete -p rcosign"]).run().ok();
    assert!(registered.stdout.contains("-F _rcosign") && registered.stdout.contains(" rcosign\n"));
    const SCRIPT: &str = "source rcosign.bash; shift 0; COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); \
                          _rcosign \"$1\" \"${COMP_WORDS[COMP_CWORD]}\" \"${COMP_WORDS[COMP_CWORD-1]}\" 2>/dev/null; \
                          printf '%s\\n' \"${COMPREPLY[@]}\"";
    for (line, wanted, unwanted) in COMPLETED {
        let mut words = vec!["-c", SCRIPT, "bash", "rcosign"];
        words.extend(line.split(' '));
        let output = sandbox.program(&bash, &words).run().ok();
        compare(line, &lines(&output), wanted, unwanted);
    }
    // Nothing here means that bash completes files; flags come after a dash.
    for (line, nothing) in
        [("unpack ", true), ("verify-blob ", true), ("bundle inspect ", true), ("unpack --d", false)]
    {
        let mut words = vec!["-c", SCRIPT, "bash", "rcosign"];
        words.extend(line.split(' '));
        let found = sandbox.program(&bash, &words).run().ok().stdout;
        assert_eq!(found.trim().is_empty(), nothing, "`{line}`: {found}");
    }
}

#[test]
fn fish_completes_commands_flags_values_and_files() {
    let Some(fish) = program("fish") else { return };
    let sandbox = completions();
    sandbox.program(&fish, &["--no-execute", "rcosign.fish"]).run().ok();
    for (line, wanted, unwanted) in COMPLETED {
        let script = format!("source rcosign.fish; complete -C 'rcosign {line}'");
        let output = sandbox.program(&fish, &["--no-config", "-c", &script]).run().ok();
        let found: Vec<&str> = output.stdout.lines().filter_map(|line| line.split('\t').next()).collect();
        compare(line, &found, wanted, unwanted);
    }
}

/// Elvish has no editor where it runs a script: a namespace with the two names that completions use stands in for it.
#[test]
fn elvish_completes_commands_and_flags() {
    let Some(elvish) = program("elvish") else { return };
    let sandbox = completions();
    const SCRIPT: &str = "var completion: = (ns [&arg-completer=[&]]); \
                          var edit: = (ns [&completion:=$completion: &'complex-candidate~'={|text &display=''| put $text}]); \
                          eval (slurp < rcosign.elvish) &ns=(ns [&edit:=$edit:]); \
                          $edit:completion:arg-completer[rcosign] rcosign $@args | each {|word| echo $word }";
    // Values and files are the editor's own to complete.
    for (line, wanted, unwanted) in [
        ("bundle ", &["create", "inspect"][..], &["sign-blob"][..]),
        ("bundle inspect -", &["--suggest", "--output"], &["--key"]),
        ("trusted-root ", &["create", "inspect"], &["upgrade"]),
        ("", &["sign-blob", "bundle", "help"], &["inspect"]),
    ] {
        let words: Vec<String> = line.split(' ').map(|word| format!("'{word}'")).collect();
        let script = SCRIPT.replace("$@args", &words.join(" "));
        let output = sandbox.program(&elvish, &["-norc", "-c", &script]).run().ok();
        compare(line, &lines(&output), wanted, unwanted);
    }
}

#[test]
fn zsh_reads_its_script() {
    let Some(zsh) = program("zsh") else { return };
    let sandbox = completions();
    sandbox.program(&zsh, &["-f", "-n", "rcosign.zsh"]).run().ok();
    let script = "autoload -U compinit; compinit -D; source ./rcosign.zsh; print ${_comps[rcosign]}";
    let output = sandbox.program(&zsh, &["-f", "-c", script]).run().ok();
    assert_eq!(output.stdout, "_rcosign\n", "{}", output.stderr);
}

/// A zsh on a terminal of its own gets each line with a tab and a return after it, and runs what it made of the line.
#[test]
fn zsh_completes_commands_flags_values_and_files() {
    let Some(zsh) = program("zsh") else { return };
    let sandbox = completions();
    const SCRIPT: &str = r#"
        zmodload zsh/zpty || exit 9
        (sleep 60; kill $$) >/dev/null 2>&1 &!
        watch=$!
        zpty z zsh -f -i
        zpty -w z 'autoload -U compinit; compinit -D -u; source ./rcosign.zsh; rcosign() { print -r -- "GOT:${(j: :)@}:" }; print REA""DY'
        zpty -r z out '*READY*'
        for line in "$@"; do
            zpty -w -n z "rcosign $line"$'\t\n'
            zpty -r z out '*GOT:*:*'
            print -r -- ${${out##*GOT:}%%:*}
        done
        zpty -d z
        kill $watch"#;
    let completed = [
        ("bun", "bundle"),
        ("bundle cr", "bundle create"),
        ("verify-blob --no-l", "verify-blob --no-log"),
        ("-d bundle inspect -o j", "-d bundle inspect -o json"),
        ("attest-blob --type cyc", "attest-blob --type cyclonedx"),
        ("verify-blob --bundle art", "verify-blob --bundle artifact.json"),
        ("sign-blob --key=oth", "sign-blob --key=other.json"),
        ("sign-blob art", "sign-blob artifact.json"),
        ("completion elv", "completion elvish"),
        ("help verifi", "help verification"),
    ];
    let mut words = vec!["-f", "-c", SCRIPT, "zsh"];
    words.extend(completed.iter().map(|(line, _)| *line));
    let output = sandbox.program(&zsh, &words).run();
    if output.code == 9 {
        return say_skipped("this zsh has no zpty");
    }
    let whole: Vec<&str> = completed.iter().map(|(_, whole)| *whole).collect();
    assert_eq!(lines(&output), whole, "{}", output.stderr);
}

#[cfg(unix)]
#[test]
fn the_script_is_for_the_name_that_the_program_is_called_by() {
    let sandbox = Sandbox::new();
    let call = |name: &str| {
        let link = sandbox.at(name);
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_rcosign"), &link).unwrap();
        sandbox.program(&link, &["completion", "bash"]).run().ok().stdout
    };
    assert!(call("cosign").contains("complete -F _cosign -o nosort -o bashdefault -o default cosign\n"));
    let hostile = call("x; touch owned");
    assert!(hostile.contains("default rcosign\n") && !hostile.contains("owned"), "{hostile}");
}

#[test]
fn the_manual_has_a_page_for_everything_and_no_fault() {
    let sandbox = Sandbox::new();
    sandbox.run(&["help", "--man", "deep/man"]).ok().says(" manual pages to deep/man");
    sandbox.run(&["help", "--man", "again"]).ok();
    let pages = |section: &str| -> Vec<String> {
        std::fs::read_dir(sandbox.at(&format!("deep/man/{section}")))
            .unwrap()
            .map(|entry| format!("{section}/{}", entry.unwrap().file_name().into_string().unwrap()))
            .collect()
    };
    // As `man` looks for them below a folder of MANPATH.
    let mut names = [pages("man1"), pages("man7")].concat();
    names.sort();
    for name in [
        "man1/rcosign.1",
        "man1/rcosign-bundle.1",
        "man1/rcosign-bundle-create.1",
        "man1/rcosign-help.1",
        "man7/rcosign-trust.7",
    ] {
        assert!(names.iter().any(|known| known == name), "{name} is missing: {names:?}");
    }
    for name in &names {
        let page = sandbox.read(&format!("deep/man/{name}"));
        assert_eq!(page, sandbox.read(&format!("again/{name}")), "{name}");
        assert!(!page.contains(&b'`') && page.ends_with(b"\n"), "{name}");
    }
    if let Some(mandoc) = program("mandoc") {
        for name in &names {
            let path = format!("again/{name}");
            let lint = sandbox.program(&mandoc, &["-Tlint", "-Wwarning", &path]).run();
            assert_eq!((lint.code, lint.stdout.as_str()), (0, ""), "{name}");
        }
    }
    if let Some(man) = program("man").filter(|_| program("groff").is_some()) {
        for name in &names {
            let run = sandbox.program(&man, &["--warnings", "-l", &format!("again/{name}")]);
            let shown = run.env("MANPAGER", "cat").env("LC_ALL", "C.UTF-8").run().ok();
            assert_eq!(shown.stderr, "", "{name}");
            assert!(shown.stdout.contains("NAME"), "{name}: {}", shown.stdout);
        }
    }
}

#[test]
fn a_manual_that_cannot_be_written_is_an_error() {
    let sandbox = Sandbox::new();
    sandbox.file("file", "");
    for folder in ["file/man", "file"] {
        let refused = sandbox.run(&["help", "--man", folder]).code(3).says("`file` is a file, not a folder");
        assert!(!refused.stderr.contains("os error"), "{}", refused.stderr);
    }
    sandbox.run(&["help", "--man"]).code(2).says("--man comes without its value");
    sandbox.run(&["help", "--man", ""]).code(2).says("--man is given and empty");
}
