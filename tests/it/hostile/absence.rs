//! What counts as "not there", and what never does: for each source of signatures by itself, and for every command that looks.

use rcosign::internals::sandbox::registry::Fault;

use super::world::{About, COMMANDS, Cell, Prepared};

const SOURCES: [About; 4] = [About::Referrers, About::Fallback, About::Signatures, About::Attestations];
const LOOKING: [&str; 10] = [
    "verify",
    "verify-attestation",
    "download signature",
    "download attestation",
    "tree",
    "clean",
    "copy",
    "save",
    "sign --skip-existing",
    "attest --replace",
];

fn cell(name: &str) -> Cell {
    Cell::new(COMMANDS.iter().find(|command| command.0 == name).unwrap(), Default::default())
}

/// The sources that the command asks.
fn asked(name: &str) -> Vec<About> {
    let cell = cell(name);
    let run = cell.run(&["--retry-for", "1s"]);
    assert_eq!(run.code, Some(0), "{name}: {}", run.stderr);
    let requests = cell.registry.journal().requests();
    let is_asked =
        |about: &About| requests.iter().any(|request| About::of(request, Prepared::get()) == *about);
    SOURCES.into_iter().filter(is_asked).collect()
}

/// All of these for those who judge, and one in turn for the others: what a status means is decided in one place.
fn in_turn<T: Copy>(all: &[T], name: &str, turn: usize) -> Vec<T> {
    let every = name.starts_with("verify") || std::env::var_os("RCOSIGN_HOSTILE").is_some();
    if every { all.to_vec() } else { vec![all[turn % all.len()]] }
}

fn answering(cell: &Cell, about: About, status: u16) {
    cell.registry.hook(move |request| {
        let reads = request.method == "GET" || request.method == "HEAD";
        if reads && About::of(request, Prepared::get()) == about {
            Fault::status(status)
        } else {
            Fault::none()
        }
    });
}

/// 401, 403, 429 and 5xx, and no answer at all, are errors with a code of their own, and never an image without signatures.
#[test]
fn a_source_that_fails_is_never_an_empty_one() {
    let mut wrong = Vec::new();
    const STATUSES: [(u16, i32); 5] = [(401, 6), (403, 6), (429, 5), (500, 5), (503, 5)];
    for (turn, name) in LOOKING.into_iter().enumerate() {
        for (number, about) in asked(name).into_iter().enumerate() {
            for (status, code) in in_turn(&STATUSES, name, turn + number) {
                let cell = cell(name);
                answering(&cell, about, status);
                let run = cell.run(&["--retry-for", "0s"]);
                if run.code != Some(code) || run.stdout.contains("critical") {
                    wrong.push(format!("{name}, {about:?}, {status}: exit {:?}\n{}", run.code, run.stderr));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// 404, 405 and 501 mean that there is none: the other sources count, and where there is none at all, the image has no signature.
#[test]
fn a_source_that_is_not_there_is_an_empty_one() {
    let mut wrong = Vec::new();
    const STATUSES: [u16; 3] = [404, 405, 501];
    for (turn, name) in LOOKING.into_iter().enumerate() {
        for (number, about) in asked(name).into_iter().enumerate() {
            for status in in_turn(&STATUSES, name, turn + number) {
                let cell = cell(name);
                answering(&cell, about, status);
                let run = cell.run(&["--retry-for", "1s"]);
                // What was written and is not there afterwards is lost, which is an error.
                let written = matches!(
                    (name, about),
                    ("sign --skip-existing", About::Signatures) | ("attest --replace", About::Attestations)
                );
                if run.code != Some(if written { 5 } else { 0 }) {
                    wrong.push(format!("{name}, {about:?}, {status}: exit {:?}\n{}", run.code, run.stderr));
                }
            }
        }
    }
    for status in STATUSES {
        for name in ["verify", "verify-attestation"] {
            let cell = cell(name);
            cell.registry.hook(move |request| {
                if SOURCES.contains(&About::of(request, Prepared::get())) {
                    Fault::status(status)
                } else {
                    Fault::none()
                }
            });
            let run = cell.run(&["--retry-for", "0s"]);
            if run.code != Some(10) {
                wrong.push(format!("{name} without anything, {status}: exit {:?}\n{}", run.code, run.stderr));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
