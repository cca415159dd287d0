//! Programs of the shell that leave others behind.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::*;

/// A folder with a program that stands in it.
fn run(script: &str, limit: Duration, own_group: bool) -> (tempfile::TempDir, Result<Printed, ProgramError>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("program");
    fs::write(&path, format!("#!/bin/sh\ncd '{}'\n{script}\n", folder.path().display())).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    let call =
        Call { arguments: Vec::new(), environment: Vec::new(), input: Arc::default(), limit, tell: |_| {} };
    let printed = Program::at("program".to_owned(), path).run_in(call, own_group);
    (folder, printed)
}

/// A line that starts something which writes to `beat` for this many tenths of a second, and does not hold the output open.
fn beating(tenths: u32) -> String {
    let beat = "i=$((i+1)); echo x >> beat; sleep 0.1";
    format!("(i=0; while [ $i -lt {tenths} ]; do {beat}; done) > /dev/null 2>&1 &")
}

/// How often it has beaten.
fn beats(folder: &tempfile::TempDir) -> u64 {
    fs::metadata(folder.path().join("beat")).map_or(0, |found| found.len())
}

#[test]
fn all_that_a_program_has_started_ends_with_it_at_the_limit() {
    for script in ["wait", "sleep 100", "exec >&-; wait"] {
        let (folder, printed) =
            run(&format!("{}\n{script}", beating(600)), Duration::from_millis(1500), true);
        assert!(matches!(printed, Err(ProgramError::Timeout { .. })), "{script}");
        let at_the_end = beats(&folder);
        assert!(at_the_end > 0, "{script}: nothing was started");
        std::thread::sleep(Duration::from_millis(600));
        // One that had written before it was killed.
        assert_eq!(beats(&folder), at_the_end, "{script}");
    }
    let (folder, printed) = run(&format!("{}\ncat /dev/zero", beating(600)), Duration::from_secs(20), true);
    assert!(matches!(printed, Err(ProgramError::TooLong { .. })));
    let at_the_end = beats(&folder);
    std::thread::sleep(Duration::from_millis(600));
    assert_eq!(beats(&folder), at_the_end);
}

#[test]
fn without_a_group_of_its_own_the_program_alone_is_ended_and_nothing_is_waited_for() {
    let started = std::time::Instant::now();
    let (_folder, printed) = run("sleep 20 &\nwait", Duration::from_millis(500), false);
    assert!(matches!(printed, Err(ProgramError::Timeout { .. })));
    assert!(started.elapsed() < Duration::from_secs(15));
}

#[test]
fn an_answer_is_whole_when_its_program_has_ended_whoever_holds_the_output_open() {
    let started = std::time::Instant::now();
    let (_folder, printed) =
        run("sleep 30 &\nprintf 'half '; sleep 0.7; printf 'and half'", Duration::from_secs(25), true);
    let printed = printed.unwrap();
    assert_eq!(printed.bytes.expose(), b"half and half");
    assert!(printed.status.success() && started.elapsed() < Duration::from_secs(20));
}

#[test]
fn what_a_program_leaves_behind_goes_on_when_it_has_answered() {
    let (folder, printed) = run(&format!("{}\nprintf answer", beating(20)), Duration::from_secs(20), true);
    assert_eq!(printed.unwrap().bytes.expose(), b"answer");
    let at_the_end = beats(&folder);
    std::thread::sleep(Duration::from_secs(1));
    assert!(beats(&folder) > at_the_end);
}
