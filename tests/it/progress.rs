//! How far long work is, as it is drawn on a terminal: `script` of util-linux is one.
#![cfg(target_os = "linux")]

use std::path::{Path, PathBuf};
use std::time::Duration;

use rcosign::internals::sandbox::registry::Fault;

use crate::support::{PASSWORD, Sandbox, say_skipped};
use crate::verify_images::signed::World;

const EMPTY: &str = "\r\u{1b}[2K";

/// The terminal, if there is one.
fn script() -> Option<PathBuf> {
    let path = Path::new("/usr/bin/script");
    if !path.exists() {
        say_skipped("script (bsdutils) is not here");
        return None;
    }
    Some(path.to_owned())
}

/// A line of a shell at a terminal: what the terminal was sent, and the exit code. `rcosign` is the program.
fn at_terminal(sandbox: &Sandbox, script: &Path, line: &str, variables: &[(&str, &str)]) -> (String, i32) {
    let program = format!("rcosign() {{ '{}' \"$@\"; }}; {line}", env!("CARGO_BIN_EXE_rcosign"));
    let run = sandbox.program(script, &["-qec", &program, "/dev/null"]);
    let run = run.env("TERM", "xterm").env("SHELL", "/bin/sh").env("COSIGN_OFFLINE", "true");
    let run = run.env("COSIGN_PASSWORD", PASSWORD);
    let output = variables.iter().fold(run, |run, (name, value)| run.env(name, value)).run();
    (output.stdout, output.code)
}

/// What is on the screen when all was sent.
fn screen(sent: &str) -> String {
    let lines = sent.split("\r\n").map(|line| {
        // What a line was emptied of is not there any more.
        let last = line.rsplit(EMPTY).next().unwrap_or_default();
        last.replace("\u{1b}[?7l", "").replace("\u{1b}[?7h", "")
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    let _ = sandbox.run(&["generate-key-pair"]).ok();
    sandbox
}

/// A file that takes its time.
const SLOWLY: &str = "(printf a; sleep 2; printf b; sleep 1; printf c) |";

#[test]
fn long_work_is_one_line_that_is_gone_in_the_end() {
    let Some(script) = script() else { return };
    let sandbox = sandbox();
    let sign = format!("{SLOWLY} rcosign sign-blob --offline --key cosign.key - >signature");
    let (sent, code) = at_terminal(&sandbox, &script, &sign, &[]);
    assert_eq!(code, 0, "{sent}");
    let is_shown = |sent: &str| sent.contains(&format!("{EMPTY}\u{1b}[?7lreading standard input: "));
    assert!(is_shown(&sent), "{sent:?}");
    assert!(!screen(&sent).contains("reading"), "{sent:?}");
    assert!(!sandbox.text("signature").contains('\u{1b}'));
    let first = sandbox.text("signature");
    // What verifies says so in a line of its own.
    let verify = format!("{SLOWLY} rcosign verify-blob --no-log --key cosign.pub --signature signature -");
    let (sent, code) = at_terminal(&sandbox, &script, &verify, &[]);
    assert_eq!(code, 0, "{sent}");
    assert!(is_shown(&sent), "{sent:?}");
    assert!(screen(&sent).lines().any(|line| line == "Verified OK"), "{sent:?}");
    // An error takes its place.
    sandbox.file("signature", first.replace(char::is_alphabetic, "A"));
    let (sent, code) = at_terminal(&sandbox, &script, &verify, &[]);
    assert!(
        code != 0 && screen(&sent).contains("\nerror: ") | screen(&sent).starts_with("error: "),
        "{sent:?}"
    );
    assert!(!screen(&sent).contains("reading"), "{sent:?}");
    // Short work is not shown.
    let (sent, _) =
        at_terminal(&sandbox, &script, "printf abc | rcosign sign-blob --offline --key cosign.key -", &[]);
    assert!(!sent.contains('\u{1b}'), "{sent:?}");
}

/// Whoever ends the program at the terminal finds his line empty.
#[test]
fn nothing_is_left_of_the_line_when_somebody_ends_the_program() {
    let Some(script) = script() else { return };
    let sandbox = sandbox();
    for signal in ["INT", "TERM", "HUP"] {
        let program = env!("CARGO_BIN_EXE_rcosign");
        // The shell of the test may ignore what a terminal would send.
        let line = format!(
            "mkfifo {signal}; (printf a; sleep 1.5; printf b; sleep 4) >{signal} & \
             timeout --foreground -s {signal} 2.5 {program} sign-blob --offline --key cosign.key {signal} >signature"
        );
        let (sent, code) = at_terminal(&sandbox, &script, &line, &[]);
        assert_eq!(code, 124, "{signal}: {sent:?}");
        assert!(sent.contains(&format!("reading {signal}: ")), "{signal}: {sent:?}");
        assert!(!screen(&sent).contains("reading"), "{signal}: {sent:?}");
    }
}

#[test]
fn it_is_silent_where_nobody_would_see_it() {
    let Some(script) = script() else { return };
    let sandbox = sandbox();
    let sign = format!("{SLOWLY} rcosign sign-blob --offline --key cosign.key -");
    for variables in [[("CI", "true"), ("A", "")], [("TERM", "dumb"), ("A", "")]] {
        let (sent, code) = at_terminal(&sandbox, &script, &sign, &variables);
        assert!(code == 0 && !sent.contains('\u{1b}'), "{variables:?}: {sent:?}");
    }
    let (sent, code) = at_terminal(&sandbox, &script, &format!("{sign} 2>said"), &[]);
    assert!(code == 0 && !sent.contains('\u{1b}') && !sandbox.text("said").contains('\u{1b}'), "{sent:?}");
    // A pipe, with everything that a terminal would say of itself.
    let shell = format!("rcosign() {{ '{}' \"$@\"; }}; {sign}", env!("CARGO_BIN_EXE_rcosign"));
    let run = sandbox.program(Path::new("/bin/sh"), &["-c", &shell]);
    let output = run.env("TERM", "xterm").env("COSIGN_PASSWORD", PASSWORD).run().ok();
    assert!(!output.stderr.contains('\u{1b}') && !output.stdout.contains('\u{1b}'), "{}", output.stderr);
}

/// The terminal belongs to who asks a question: nothing is drawn while it is open.
#[test]
fn a_question_is_in_nobodys_way() {
    let Some(script) = script() else { return };
    let sandbox = sandbox();
    // Somebody types the password after a while; the file comes slowly once it is opened.
    let line = format!(
        "rcosign() {{ '{}' \"$@\"; }}; {} >signature",
        env!("CARGO_BIN_EXE_rcosign"),
        "rcosign sign-blob --offline --key cosign.key fifo"
    );
    let typed = "mkfifo fifo; (printf a; sleep 2; printf b; sleep 1; printf c) >fifo & \
                 (sleep 1.5; echo \"$TYPED\") | \"$SCRIPT\" -qec \"$LINE\" /dev/null";
    let run = sandbox.program(Path::new("/bin/sh"), &["-c", typed]);
    let run = run.env("LINE", &line).env("SCRIPT", script.to_str().unwrap()).env("TYPED", PASSWORD);
    let sent = run.env("TERM", "xterm").env("SHELL", "/bin/sh").without("COSIGN_PASSWORD").run().ok().stdout;
    let asked = sent.find("assword").unwrap_or_else(|| panic!("{sent:?}"));
    let (question, after) = sent[asked..].split_once('\n').unwrap_or_else(|| panic!("{sent:?}"));
    assert!(!question.contains('\u{1b}'), "{sent:?}");
    assert!(after.contains("reading fifo: ") && !screen(&sent).contains("reading"), "{sent:?}");
}

#[test]
fn batches_count_and_retries_are_told_of() {
    let Some(script) = script() else { return };
    let world = World::new(Default::default());
    let (good, unsigned) = (world.image("good"), world.image("unsigned"));
    world.sign_bundle(&good, "a");
    world.registry.hook(|_| Fault::none().delayed(Duration::from_millis(300)));
    let verify = "rcosign verify --key a.pub --no-log --max-workers 1";
    let line = format!("{verify} {} {} {} >out", unsigned.by_tag(), good.by_tag(), good.by_tag());
    let (sent, code) = at_terminal(&world.sandbox, &script, &line, &[]);
    assert_eq!(code, 10, "{sent:?}");
    assert!(sent.contains("0 of 3 images\u{1b}"), "{sent:?}");
    assert!(sent.contains("1 of 3 images, 1 not verified\u{1b}"), "{sent:?}");
    assert!(
        !screen(&sent).contains("of 3 images\n") && !world.sandbox.text("out").contains('\u{1b}'),
        "{sent:?}"
    );
    // What is tried again is told of in a line of its own, above the line that is drawn.
    let failed = std::sync::atomic::AtomicUsize::new(0);
    world.registry.hook(move |_| match failed.fetch_add(1, std::sync::atomic::Ordering::SeqCst) {
        1 | 2 => Fault::status(503),
        _ => Fault::none().delayed(Duration::from_millis(300)),
    });
    let line = format!("{verify} {} >out", good.by_tag());
    let (sent, code) = at_terminal(&world.sandbox, &script, &line, &[]);
    assert_eq!(code, 0, "{sent:?}");
    assert!(screen(&sent).lines().any(|line| line.starts_with("Trying again in ")), "{sent:?}");
    assert!(sent.contains("0 of 1 image\u{1b}"), "{sent:?}");
    world.registry.hook(|_| Fault::status(503));
    let output =
        world.sandbox.run(&["verify", "--key", "a.pub", "--no-log", "--retry-for", "1s", &good.by_tag()]);
    assert!(!output.code(5).stderr.contains("Trying again"));
}

#[test]
fn uploads_and_copies_show_how_far_they_are() {
    let Some(script) = script() else { return };
    let world = World::new(Default::default());
    world.sandbox.file("big", vec![7; 3 << 20]);
    world.registry.hook(|request| {
        let wait = if request.method == "GET" { 0 } else { 1500 };
        Fault::none().delayed(Duration::from_millis(wait))
    });
    let place = world.registry.address();
    let line = format!("rcosign upload blob -f big {place}/app/big:v1 >out");
    let (sent, code) = at_terminal(&world.sandbox, &script, &line, &[]);
    assert_eq!(code, 0, "{sent:?}");
    assert!(sent.contains("sending: ") && sent.contains("MiB of 3.0 MiB ("), "{sent:?}");
    assert!(!screen(&sent).contains("sending") && !world.sandbox.text("out").contains('\u{1b}'), "{sent:?}");
    let line = format!("rcosign copy {place}/app/big:v1 {place}/app/other:v1 >out");
    let (sent, code) = at_terminal(&world.sandbox, &script, &line, &[]);
    assert_eq!(code, 0, "{sent:?}");
    assert!(sent.contains("of 2 blobs"), "{sent:?}");
    assert!(!screen(&sent).contains("of 2 blobs"), "{sent:?}");
}
