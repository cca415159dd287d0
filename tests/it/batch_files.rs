//! Several files in one run.

use std::process::Child;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::Value;

use crate::support::{Sandbox, repository};

#[test]
fn files_have_their_bundles_beside_them() {
    let sandbox = Sandbox::new();
    let data = repository().join("testdata/cosign-2.x");
    let copy = |from: &str, to: &str| sandbox.file(to, std::fs::read(data.join(from)).unwrap());
    copy("p256.pub", "p256.pub");
    for name in ["a", "b"] {
        copy("artifact.txt", name);
        copy("p256.bundle.json", &format!("{name}.sigstore.json"));
        copy("p256.bundle.json", &format!("{name}.proof"));
    }
    let args = ["verify-blob", "--key", "p256.pub", "--no-log"];
    let run = |more: &[&str]| sandbox.run(&[&args[..], more].concat());
    let output = run(&["a", "a.sigstore.json", "b", "b.sigstore.json"]).ok();
    assert!(
        output.stderr.contains("a: Verified OK\n") && output.stderr.contains("b: Verified OK\n"),
        "{}",
        output.stderr
    );
    assert!(!output.stderr.contains("json: Verified"));
    let _ = run(&["--bundle", "{}.proof", "a", "b"]).ok();
    sandbox.file("list", "# files\na\nb\nmissing\n");
    let _ = run(&["--from-file", "list", "--report", "json=report.json"]).code(3);
    let report: Value = serde_json::from_slice(&sandbox.read("report.json")).unwrap();
    let verified: Vec<_> =
        report["files"].as_array().unwrap().iter().map(|file| file["verified"].as_bool().unwrap()).collect();
    assert_eq!(verified, [true, true, false]);
    sandbox.file("bare", "x");
    let _ = run(&["a", "bare"]).code(10).says("no signature of `bare` was found").says("{}");
    copy("p256.bundle.json", "gone.sigstore.json");
    let _ = run(&["a", "gone.sigstore.json"]).code(10).says("is named like the bundle of `gone`");
    // The bundle of what is passed over is read by nobody, and so it is a file like any other.
    sandbox.file("a.sigstore.json.sigstore.json", "x");
    let all = ["a", "a.sigstore.json", "a.sigstore.json.sigstore.json"];
    let output = run(&all).code(10).says("is named like the bundle of `a.sigstore.json`");
    assert!(
        output.stderr.contains("read as bundles of other files: `a.sigstore.json`\n"),
        "{}",
        output.stderr
    );
    // A policy file may ask for no bundle: beside it nothing is passed over.
    let scopes = "version: 1\nsigners: {a: {key: p256.pub}}\nscopes:\n- {name: notes, files: [a], accept: true}\n\
                  - {name: rest, files: ['*'], signatures: a, log: not-required}\n";
    sandbox.file("policy.yaml", scopes);
    let by = sandbox.run(&["verify-blob", "--policy-file", "policy.yaml", "a", "a.sigstore.json"]);
    let _ = by.code(3).says("a.sigstore.json: `a.sigstore.json.sigstore.json` cannot be used");
    // A byte order mark is no part of the first name.
    sandbox.file("list", "\u{feff}# files\nb\n");
    let _ = run(&["--from-file", "list", "--bundle", "{}.proof"]).ok();
    sandbox.file("list", "\u{feff}b\n");
    let _ = run(&["--from-file", "list", "--bundle", "{}.proof"]).ok();
    // Names are taken as they are.
    for list in ["a \n", " a\n", "a\u{a0}\n", "#\ra\n a\n"] {
        sandbox.file("list", list);
        let _ = run(&["--from-file", "list"]).code(3).says("is not one name");
    }
    sandbox.file("list", "a\n-\n");
    let _ = run(&["--from-file", "list"]).code(2);
    // One that is left of a pattern is judged as it would be among others.
    let _ = run(&["--bundle", "{}.proof", "a"]).ok();
    let _ = run(&["a"]).ok().says("`a.sigstore.json`, beside the file, is taken");
    let _ = run(&["bare"]).code(2);
    let _ = run(&["--signature", "a.proof", "bare"]).code(3);
    copy("other.txt", "b");
    let _ = run(&["b"]).code(12);
    let _ = run(&["a", "b"]).code(12).says("1 of 2 files did not verify");
    let _ = run(&["--signature", "x", "a", "b"]).code(2);
    let _ = run(&["a", "-"]).code(2);
    let _ = run(&["--shard", "1/2", "--bundle", "a.sigstore.json", "a"]).code(2);
}

/// A sandbox with files that are pipes: each is read only while somebody writes it. Their bundles are beside them.
#[cfg(unix)]
fn pipes(names: &[&str]) -> Sandbox {
    let sandbox = Sandbox::new();
    let data = repository().join("testdata/cosign-2.x");
    for (from, to) in names.iter().map(|name| ("p256.bundle.json", format!("{name}.sigstore.json"))) {
        sandbox.file(&to, std::fs::read(data.join(from)).unwrap());
    }
    sandbox.file("p256.pub", std::fs::read(data.join("p256.pub")).unwrap());
    let made = sandbox.program(std::path::Path::new("/usr/bin/mkfifo"), names).run();
    let _ = made.ok();
    sandbox
}

/// Writes a file as soon as somebody reads it; and then there is something to receive.
#[cfg(unix)]
fn written(sandbox: &Sandbox, name: &str) -> Receiver<()> {
    let (send, receive) = channel();
    let (path, bytes) =
        (sandbox.at(name), std::fs::read(repository().join("testdata/cosign-2.x/artifact.txt")).unwrap());
    std::thread::spawn(move || {
        std::fs::write(path, bytes).unwrap();
        let _ = send.send(());
    });
    receive
}

#[cfg(unix)]
fn start(sandbox: &Sandbox, workers: &str, more: &[&str]) -> Child {
    let args = [
        "verify-blob",
        "--key",
        "p256.pub",
        "--no-log",
        "--report",
        "json=report.json",
        "--max-workers",
        workers,
    ];
    sandbox.rcosign(&[&args[..], more].concat()).spawn()
}

#[cfg(unix)]
#[track_caller]
fn comes(pipe: &Receiver<()>, child: &mut Child) {
    if pipe.recv_timeout(Duration::from_secs(30)).is_err() {
        let _ = child.kill();
        panic!("it was never read");
    }
}

/// The second one is read to its end while the first one waits for somebody; and stands in the report as the second one.
#[cfg(unix)]
#[test]
fn several_files_are_judged_at_a_time_and_reported_in_their_order() {
    let sandbox = pipes(&["late", "early"]);
    sandbox.file("bad", "something else");
    sandbox.file("bad.sigstore.json", sandbox.read("late.sigstore.json"));
    let mut child = start(&sandbox, "2", &["late", "early", "missing", "bad"]);
    comes(&written(&sandbox, "early"), &mut child);
    comes(&written(&sandbox, "late"), &mut child);
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(12), "{said}");
    assert!(said.contains("2 of 4 files did not verify"), "{said}");
    let report: Value = serde_json::from_slice(&sandbox.read("report.json")).unwrap();
    let files = report["files"].as_array().unwrap();
    let of = |member: &str| files.iter().map(|file| file[member].clone()).collect::<Vec<_>>();
    assert_eq!(of("name"), ["late", "early", "missing", "bad"].map(Value::from));
    assert_eq!(of("verified"), [true, true, false, false].map(Value::from));
    assert!(said.find("late: Verified OK") < said.find("early: Verified OK"), "{said}");
}

#[cfg(unix)]
#[test]
fn no_more_files_are_judged_at_a_time_than_there_are_workers() {
    let sandbox = pipes(&["first", "second", "third"]);
    let mut child = start(&sandbox, "2", &["first", "second", "third"]);
    let third = written(&sandbox, "third");
    assert!(third.recv_timeout(Duration::from_secs(2)).is_err(), "three at a time");
    comes(&written(&sandbox, "first"), &mut child);
    comes(&third, &mut child);
    comes(&written(&sandbox, "second"), &mut child);
    assert!(child.wait_with_output().unwrap().status.success());
    let none = ["verify-blob", "--key", "p256.pub", "--max-workers", "0", "first", "second"];
    let _ = sandbox.run(&none).code(2).says("leaves nobody to work");
}

/// A policy file is asked about several files at a time, too.
#[cfg(unix)]
#[test]
fn files_are_judged_by_a_policy_file_at_the_same_time() {
    let sandbox = pipes(&["late", "early"]);
    let scope = "{ name: all, files: ['*'], signatures: a, log: not-required }";
    sandbox.file(
        "policy.yaml",
        format!("version: 1\nsigners: {{ a: {{ key: p256.pub }} }}\nscopes: [{scope}]\n"),
    );
    let args = ["verify-blob", "--policy-file", "policy.yaml", "late", "early"];
    let mut child = sandbox.rcosign(&args).spawn();
    comes(&written(&sandbox, "early"), &mut child);
    comes(&written(&sandbox, "late"), &mut child);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
