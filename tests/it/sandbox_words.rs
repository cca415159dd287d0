//! `sandbox`: what it says can be typed, and what somebody types wrongly it says.
#![cfg(unix)]

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::support::{Output, Sandbox};

const RCOSIGN: &str = env!("CARGO_BIN_EXE_rcosign");
const SIGN: [&str; 5] = ["sign-blob", "--yes", "--bundle", "b.json", "a.txt"];

/// A folder for programs that ask TUF repositories.
fn programs() -> Sandbox {
    let programs = Sandbox::new().env("COSIGN_OFFLINE", "");
    programs.file("a.txt", "the artifact\n");
    programs
}

/// The lines, in one shell that finds this rcosign.
fn shell(programs: &Sandbox, script: &str) -> Output {
    let folder = Path::new(RCOSIGN).parent().unwrap().display();
    let run = programs.program(Path::new("/bin/sh"), &["-euc", script]).without("COSIGN_OFFLINE");
    run.env("PATH", &format!("{folder}:/usr/bin:/bin")).run()
}

fn executable(programs: &Sandbox, name: &str, script: &str) {
    let path = programs.file(name, format!("#!/bin/sh\n{script}\n"));
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn the_lines_of_the_demonstration_can_be_typed() {
    let programs = programs();
    let said = programs.rcosign(&["sandbox", "demo"]).run().ok().stderr;
    let (steps, again) = said.split_once("To type them yourself").unwrap();
    let lines = |text: &str| -> Vec<String> {
        text.lines().filter_map(|line| line.strip_prefix("$ ")).map(str::to_owned).collect()
    };
    let mut begin = lines(again);
    // The test's PATH does not lead to this program, so that is said.
    assert_eq!(
        begin[0],
        format!("export PATH='{}':\"$PATH\"", Path::new(RCOSIGN).parent().unwrap().display())
    );
    let at = begin.iter().position(|line| line == "rcosign sandbox run -- sh").unwrap();
    let inside: Vec<String> = begin.split_off(at + 1).into_iter().chain(lines(steps)).collect();
    assert_eq!(inside.len(), 2 + 7);
    // The inner shell reads what is typed after it has begun, and says how each line ended.
    let typed: String = inside.iter().map(|line| format!("{line}\necho code $?\n")).collect();
    let begin = begin.join("\n");
    let run = programs.program(Path::new("/bin/sh"), &["-c", &begin]).without("COSIGN_OFFLINE");
    let output = run.stdin(typed + "exit 3\n").run().code(3);
    let codes: Vec<&str> = output.stdout.lines().filter_map(|line| line.strip_prefix("code ")).collect();
    assert_eq!(codes, ["0", "0", "0", "0", "0", "0", "12", "0", "12"], "{}", output.stderr);
    assert_eq!(programs.names(), ["a.txt"]);
}

#[test]
fn what_up_says_can_be_typed_whatever_its_folder_is_called() {
    let programs = programs();
    programs.file("artifact.txt", "an artifact\n");
    let dir = "it's $HOME & more";
    let said = programs.run(&["sandbox", "up", "--detach", "--dir", dir]).ok();
    assert!(said.stdout.lines().next().unwrap().starts_with("page     http://127.0.0.1:"), "{}", said.stdout);
    let after = |words: &str| {
        let line = said.stderr.lines().find_map(|line| line.split_once(words)).unwrap().1;
        line.split("    (").next().unwrap().to_owned()
    };
    let env = after("with rcosign and cosign 3:  ");
    let older = said.stderr.split_once("(cosign 2:  ").unwrap().1.split_once(")\n").unwrap().0;
    let sign = after("for example:  ");
    let verify = said.stderr.lines().find(|line| line.starts_with("rcosign verify-blob")).unwrap();
    for file in [env.as_str(), older] {
        shell(&programs, &format!("{file}\n{sign}\n{verify}")).ok().says("Verified OK");
    }
    let status = programs.run(&["sandbox", "status", "--dir", dir]).ok().stdout;
    let readme = programs.text(&format!("{dir}/README"));
    let page = said.stdout.lines().next().unwrap();
    assert!(readme.contains(page) && status.contains(page.split_whitespace().nth(1).unwrap()), "{status}");
    shell(&programs, &after("To end it:  ")).ok().says("has ended");
    programs.run(&["sandbox", "status", "--dir", dir]).code(1);
}

/// The text of a page at this address.
fn page(address: &str) -> String {
    use std::io::{Read as _, Write as _};
    let (host, path) = address.trim_start_matches("http://").split_once('/').unwrap();
    let mut stream = std::net::TcpStream::connect(host).unwrap();
    write!(stream, "GET /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    answer
}

#[test]
fn what_the_page_says_can_be_typed() {
    let programs = programs();
    let dir = "it's $HOME & more";
    let up = ["sandbox", "up", "--detach", "--dir", dir, "--email", "o'neil&co@example.com"];
    let said = programs.run(&up).ok();
    let address = said.stdout.lines().next().unwrap().split_whitespace().nth(1).unwrap();
    let text = page(&format!("{address}/use"));
    let plain = |html: &str| {
        let signs =
            [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&#x27;", "'"), ("&amp;", "&")];
        signs.iter().fold(html.to_owned(), |text, (entity, sign)| text.replace(entity, sign))
    };
    let blocks = text.split("<pre><code>").skip(1).map(|rest| plain(rest.split("</code>").next().unwrap()));
    let blocks: Vec<String> = blocks.collect();
    assert_eq!(blocks.len(), 5);
    // A browser would be waited for.
    let typed: Vec<&String> = blocks.iter().filter(|block| !block.contains("env -u")).collect();
    let script = typed.iter().map(|block| format!("{block}\n")).collect::<String>();
    let output = shell(&programs, &script);
    programs.run(&["sandbox", "down", "--dir", dir]).ok();
    let output = output.ok();
    assert!(output.stderr.contains("Verified OK") && output.stdout.contains("/app:1"), "{}", output.stderr);
    let older = text.split("after <code>. ").nth(1).unwrap().split("</code>").next().unwrap();
    shell(&programs, &format!(". {}; test -n \"$COSIGN_REKOR_URL\"", plain(older))).ok();
}

#[test]
fn a_token_is_its_owners_alone_wherever_it_is_written() {
    let programs = programs();
    programs.run(&["sandbox", "run", "--dir", "state", "--", "true"]).ok();
    let mode = |name: &str| std::fs::metadata(programs.at(name)).unwrap().permissions().mode() & 0o777;
    // One that everybody could read takes no token with its mode.
    programs.file("old", "x");
    for (flag, name) in [("--output-file", "new"), ("--output-file", "old"), ("--output", "third")] {
        programs.run(&["sandbox", "token", "--dir", "state", flag, name]).ok();
        assert_eq!((mode(name), programs.text(name).split('.').count()), (0o600, 3), "{flag} {name}");
    }
    programs.run(&["sandbox", "status", "--dir", "state", "--output-file", "status"]).code(1);
    assert_eq!(mode("status") & 0o400, 0o400);
    for (flags, reason) in [
        (&["--issuer", "nobody"][..], "--issuer: `nobody` is not a URL"),
        (&["--issuer", "https://a\u{202e}b"], "--issuer: "),
        (&["--audience", "a b"], "--audience: `a b` is not a word"),
        (
            &["--github-workflow", "octo/app", "--workflow-file", "../../evil"],
            "--workflow-file: `../../evil` is not",
        ),
        (&["--github-workflow", "octo/app", "--workflow-ref", "main"], "--workflow-ref: `main` is not"),
        (&["--github-workflow", "octo/app", "--workflow-sha", "abc"], "--workflow-sha: `abc` is not"),
        (&["--github-workflow", "octo/app", "--workflow-trigger", "a\nb"], "--workflow-trigger: "),
    ] {
        let args = [&["sandbox", "token", "--dir", "state", "--output-file", "none"], flags].concat();
        let output = programs.run(&args).code(2);
        assert!(output.stderr.starts_with(&format!("error: {reason}")), "{flags:?}: {}", output.stderr);
        assert!(!output.stderr.contains('\u{202e}') && !programs.has("none"), "{flags:?}");
    }
}

#[test]
fn a_command_without_dashes_before_it_is_told_of_them() {
    let programs = Sandbox::new();
    for words in [&["sh", "-c", "exit 7"][..], &["make", "--jobs"], &["true"]] {
        let output = programs.run(&[&["sandbox", "run"], words].concat()).code(2);
        assert!(
            output.stderr.contains("hint: ") && output.stderr.contains("run -- COMMAND"),
            "{}",
            output.stderr
        );
    }
    let output = programs.run(&["sandbox", "up", "--nothing"]).code(2);
    assert!(!output.stderr.contains("--`"), "{}", output.stderr);
}

/// A program of this system called so: a shell, which takes `sign-blob` and `sign` for scripts of its folder.
fn native(programs: &Sandbox, name: &str) {
    std::fs::create_dir_all(programs.at(name).parent().unwrap()).unwrap();
    std::fs::copy("/bin/sh", programs.at(name)).unwrap();
}

/// The variables that a command of `sandbox run` gets: those for cosign 2, if it is that one.
#[test]
fn cosign_2_gets_its_own_variables_and_a_script_that_finds_it_a_warning() {
    let programs = programs();
    let (older, newer) = ("--fulcio-url='https://fulcio.sigstore.dev'", "--use-signing-config=true:");
    native(&programs, "a/cosign");
    // It is asked inside the sandbox, and nothing can be told to it.
    programs.file("sign-blob", "cat; echo \"$1 $TUF_MIRROR\" >> asked; echo \"$HELP\"\n");
    programs.file("sign", "echo \"${COSIGN_REKOR_URL-none} ${TUF_MIRROR-none}\"\n");
    std::fs::create_dir(programs.at("dead")).unwrap();
    programs.file("dead/cosign", "no program");
    let run = |flags: &[&str], help: &str, path: &str, command: &[&str]| {
        let args = [&["sandbox", "run"], flags, &["--"], command].concat();
        let run = programs.rcosign(&args).env("PATH", &format!("{path}:/usr/bin:/bin")).env("HELP", help);
        run.stdin("for the command").run().ok()
    };
    let path = programs.at("a").display().to_string();
    for (flags, help, is_for_2) in [
        (&[][..], older, true),
        (&[], newer, false),
        (&["--cosign-2=false"], older, false),
        (&["--cosign-2"], newer, true),
    ] {
        let output = run(flags, help, &path, &["cosign", "sign"]);
        let (rekor, mirror) = output.stdout.trim().split_once(' ').unwrap();
        let is_url = |text: &str| text.starts_with("http://127.0.0.1:");
        assert_eq!(
            (is_url(rekor), is_url(mirror)),
            (is_for_2, !is_for_2),
            "{flags:?} {help}: {}",
            output.stdout
        );
        assert_eq!(output.stderr.contains("is cosign 2"), flags.is_empty() && is_for_2, "{}", output.stderr);
    }
    let asked = programs.text("asked");
    assert_eq!(
        asked.lines().filter(|line| line.starts_with("--help http://127.0.0.1:")).count(),
        2,
        "{asked}"
    );
    assert_eq!(asked.lines().count(), 2, "{asked}");
    let warns = |flags: &[&str], help: &str, path: &str, command: &[&str]| {
        run(flags, help, path, command).stderr.contains("goes to Sigstore's public services")
    };
    let other = &["sh", "-c", "true"];
    assert!(warns(&[], older, &path, other));
    assert!(!warns(&["--cosign-2"], older, &path, other));
    assert!(!warns(&[], newer, &path, other));
    assert!(!warns(&[], older, &path, &[RCOSIGN, "version"]));
    // What no shell would run is passed over, and folders may be relative.
    assert!(warns(&[], older, &format!("dead:{path}"), other));
    assert!(!warns(&[], older, "dead", other));
    assert!(warns(&[], older, "a", other));
    executable(&programs, "rcosign-and-more", "true");
    assert!(warns(&[], older, &path, &["./rcosign-and-more"]));
}

/// A script may do anything when it is run, whatever it is called.
#[test]
fn what_is_no_cosign_is_run_once_and_inside_the_sandbox() {
    let programs = programs();
    for name in ["cosign", "cosign-2", "cosign-release.sh", "cosign-cleanup", "cosignature.py"] {
        executable(&programs, name, "echo \"$* $TUF_MIRROR\" >> seen");
        let output = programs.run(&["sandbox", "run", "--", &format!("./{name}"), "prod"]).ok();
        let seen = programs.text("seen");
        assert!(seen.starts_with("prod http://127.0.0.1:") && seen.lines().count() == 1, "{name}: {seen}");
        assert_eq!(output.stderr.contains("(a script?)"), name.len() < 9, "{}", output.stderr);
        std::fs::remove_file(programs.at("seen")).unwrap();
    }
    native(&programs, "cosign-cleanup");
    programs.file("sign-blob", "echo asked > seen");
    programs.run(&["sandbox", "run", "--", "./cosign-cleanup", "-c", "true"]).ok();
    // Nor is a script that another command would find.
    std::fs::create_dir(programs.at("b")).unwrap();
    executable(&programs, "b/cosign", "echo asked > seen");
    let path = format!("{}:/usr/bin:/bin", programs.at("b").display());
    let output = programs.rcosign(&["sandbox", "run", "--", "true"]).env("PATH", &path).run().ok();
    assert!(output.stderr.contains("(a script?)") && !programs.has("seen"), "{}", output.stderr);
}

#[test]
fn a_cosign_that_does_not_answer_is_not_waited_for() {
    let programs = programs();
    native(&programs, "a/cosign");
    let path = format!("{}:/usr/bin:/bin", programs.at("a").display());
    let run = |script: &str, command: &[&str]| {
        programs.file("sign-blob", script);
        let args = [&["sandbox", "run", "--"], command].concat();
        programs.rcosign(&args).env("PATH", &path)
    };
    let is_alive = || {
        let pid = programs.text("pid");
        // One that nobody has waited for yet is dead.
        let script = "i=0; while kill -0 $0 && ! grep -q '^State:.Z' /proc/$0/status; do \
                      i=$((i+1)); [ $i -lt 50 ] || exit 0; sleep 0.1; done 2>/dev/null; exit 1";
        std::process::Command::new("/bin/sh").args(["-c", script, pid.trim()]).status().unwrap().success()
    };
    // It leaves something behind that holds what it writes to.
    let begun = std::time::Instant::now();
    let said = run("sleep 60 & echo $! > pid; echo --fulcio-url", &["true"]).run().ok().stderr;
    assert!(said.contains("cosign` is cosign 2") && !is_alive(), "{said}");
    let said = run("echo $$ > pid; exec sleep 60", &["true"]).run().ok().stderr;
    assert!(said.contains("does not say whether it is cosign 2") && !is_alive(), "{said}");
    let said = run("echo $$ > pid; exec sleep 60", &["cosign", "sign"]).run().code(1).stderr;
    assert!(said.contains("hint: say which it is: --cosign-2") && !is_alive(), "{said}");
    assert!(begun.elapsed().as_secs() < 45);
    // A signal ends it at once.
    std::fs::remove_file(programs.at("pid")).unwrap();
    let mut child = run("echo $$ > pid; exec sleep 60", &["touch", "ran"]).spawn();
    while !programs.has("pid") || programs.text("pid").is_empty() {
        assert!(child.try_wait().unwrap().is_none());
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    let kill = format!("kill -TERM {}", child.id());
    std::process::Command::new("/bin/sh").args(["-c", &kill]).status().unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(143));
    assert!(!programs.has("ran") && !is_alive());
}

#[test]
fn wrong_clocks_are_told_as_such() {
    let programs = programs();
    for (clock, words) in [
        ("fulcio=+1h", "is the clock of this machine right"),
        ("ct=-1h", "is the clock of this machine right"),
        ("fulcio=-24h", "by the authority's clock"),
    ] {
        let args = [&["sandbox", "run", "--clock", clock, "--", RCOSIGN], &SIGN[..]].concat();
        let output = programs.rcosign(&args).without("COSIGN_OFFLINE").run();
        assert!(output.code != 0 && output.stderr.contains(words), "{clock}: {}", output.stderr);
        assert!(!programs.has("b.json"));
    }
}

#[test]
fn run_says_of_its_folder_what_is_so() {
    let programs = Sandbox::new();
    let help = programs.run(&["help", "sandbox", "run"]).ok().stdout;
    let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(help.contains("default a temporary one") && !help.contains(".local/share"), "{help}");
    programs.run(&["sandbox", "run", "--dir", "kept", "--", "true"]).ok();
    assert_eq!(programs.names(), ["kept"]);
    // A file that is damaged is named with its folder.
    programs.file("kept/fulcio-root.pem", "no certificate");
    // The ports of the first time may be those of another test by now.
    let again = || programs.run(&["sandbox", "run", "--dir", "kept", "--", "true"]).code(1);
    let mut outputs = (0..20).map(|_| again()).skip_while(|output| {
        let is_taken = output.stderr.contains("Address already in use");
        if is_taken {
            std::thread::sleep(std::time::Duration::from_millis(500));
        }
        is_taken
    });
    let named = format!("the certificate {} cannot be used", programs.at("kept/fulcio-root.pem").display());
    outputs.next().expect("the ports stay taken").says(&named);
}
