//! `bundle diff`.

use serde_json::Value;

use crate::support::{Sandbox, conformance, repository};

const KEYLESS: &str = "mock-sigstore/v3.blob.keyless.rekor1.bundle.json";

fn testdata(name: &str) -> Vec<u8> {
    std::fs::read(repository().join("testdata").join(name)).unwrap()
}

fn json(name: &str) -> Value {
    serde_json::from_slice(&testdata(name)).unwrap()
}

#[test]
fn a_document_does_not_differ_from_itself() {
    let sandbox = Sandbox::new();
    sandbox.file("a.json", testdata(KEYLESS));
    let output = sandbox.run(&["bundle", "diff", "a.json", "a.json"]).ok();
    assert_eq!((output.stdout.as_str(), output.stderr.as_str()), ("", ""));
    let output = sandbox.run(&["bundle", "diff", "--output", "json", "a.json", "a.json"]).ok();
    let shown: Value = serde_json::from_slice(&output.bytes).unwrap();
    let expected = serde_json::json!({
        "schema": "rcosign-differences/v1", "verified": false, "same": true, "sameBytes": true, "differences": [],
    });
    assert_eq!(shown, expected);
}

#[test]
fn other_bytes_that_say_the_same_are_no_difference() {
    let sandbox = Sandbox::new();
    sandbox.file("a.json", testdata(KEYLESS));
    sandbox.file("b.json", serde_json::to_string_pretty(&json(KEYLESS)).unwrap());
    let output = sandbox.run(&["bundle", "diff", "a.json", "b.json"]).ok();
    assert_eq!(output.stdout, "");
    assert_eq!(output.stderr, "The documents say the same in different bytes\n");
}

#[test]
fn what_differs_is_named_with_its_place() {
    let sandbox = Sandbox::new();
    sandbox.file("a.json", testdata(KEYLESS));
    let mut other = json(KEYLESS);
    let entry = &mut other["verificationMaterial"]["tlogEntries"][0];
    entry["logIndex"] = "4711".into();
    entry["inclusionPromise"].take();
    sandbox.file("b.json", other.to_string());
    let output = sandbox.run(&["bundle", "diff", "a.json", "b.json"]).code(1);
    let lines: Vec<&str> = output.stdout.lines().collect();
    assert!(
        lines.iter().any(|l| l.starts_with("logEntries[0].logIndex: ") && l.ends_with(" -> 4711")),
        "{lines:?}"
    );
    assert!(
        lines
            .iter()
            .any(|l| l.starts_with("logEntries[0].inclusionPromise.sha256: \"")
                && l.ends_with("\" -> (missing)")),
        "{lines:?}"
    );
    assert!(output.stderr.starts_with("error: the documents differ in "), "{}", output.stderr);
    assert!(lines.iter().all(|l| !l.starts_with("document.") && !l.starts_with("content.")), "{lines:?}");
    // The other way round the same places differ.
    let back = sandbox.run(&["bundle", "diff", "b.json", "a.json"]).code(1);
    let places = |text: &str| {
        let mut places: Vec<String> =
            text.lines().map(|l| l.split(": ").next().unwrap().to_owned()).collect();
        places.sort();
        places
    };
    assert_eq!(places(&output.stdout), places(&back.stdout));
    // JSON says as much, and the order is stable.
    let shown = sandbox.run(&["bundle", "diff", "-o", "json", "a.json", "b.json"]).code(1);
    let shown: Value = serde_json::from_slice(&shown.bytes).unwrap();
    let paths: Vec<&str> =
        shown["differences"].as_array().unwrap().iter().map(|d| d["path"].as_str().unwrap()).collect();
    let texts: Vec<&str> = lines.iter().map(|l| l.split(": ").next().unwrap()).collect();
    assert_eq!(paths, texts);
    assert_eq!((&shown["same"], &shown["sameBytes"]), (&Value::Bool(false), &Value::Bool(false)));
}

/// The same signature in two formats: what differs is the format, and what only one of them has.
#[test]
fn formats_of_one_signature_differ_in_the_format() {
    let sandbox = Sandbox::new();
    let v0_3 = json("conformance/happy-path-v0.3/bundle.sigstore.json");
    sandbox.file("new.json", v0_3.to_string());
    let mut v0_2 = v0_3;
    v0_2["mediaType"] = "application/vnd.dev.sigstore.bundle+json;version=0.2".into();
    sandbox.file("old.json", v0_2.to_string());
    let output = sandbox.run(&["bundle", "diff", "old.json", "new.json"]).code(1);
    let places: Vec<&str> = output.stdout.lines().map(|l| l.split(": ").next().unwrap()).collect();
    assert_eq!(places, ["document.format", "document.mediaType"]);
}

#[test]
fn what_cannot_be_decoded_is_compared_by_its_bytes() {
    let sandbox = Sandbox::new();
    sandbox.file("a.json", "{\"mediaType\": 1}");
    sandbox.file("b.json", "{\"mediaType\": 2}");
    let output =
        sandbox.run(&["bundle", "diff", "a.json", "b.json"]).code(3).says("`a.json` cannot be decoded");
    assert!(output.stdout.contains("document.sha256: "), "{}", output.stdout);
    sandbox.run(&["bundle", "diff", "a.json", "a.json"]).code(3);
}

#[test]
fn usage() {
    let sandbox = Sandbox::new();
    sandbox.file("a.json", testdata(KEYLESS));
    sandbox.run(&["bundle", "diff", "a.json"]).code(2).says("two documents are compared, and 1 is named");
    sandbox.run(&["bundle", "diff", "a.json", "a.json", "a.json"]).code(2);
    sandbox.run(&["bundle", "diff", "-", "-"]).code(2).says("as two documents at once");
    sandbox.run(&["bundle", "diff", "a.json", "none.json"]).code(3).says("none.json");
    sandbox.rcosign(&["bundle", "diff", "a.json", "-"]).stdin(testdata(KEYLESS)).run().ok();
    sandbox.run(&["bundle", "diff", "a.json", "a.json", "--output-file", "a.json"]).code(2);
}

/// Two bundles of the suite say the same exactly when they are decoded to the same.
#[test]
fn bundles_of_the_suite_differ_where_they_are_decoded_to_other_things() {
    let Some(suite) = conformance() else { return };
    let mut paths: Vec<_> = std::fs::read_dir(suite).unwrap().map(|e| e.unwrap().path()).collect();
    paths.sort();
    let bundles: Vec<_> =
        paths.iter().map(|p| p.join("bundle.sigstore.json")).filter(|p| p.is_file()).collect();
    let sandbox = Sandbox::new();
    for pair in bundles.windows(2) {
        let decoded = |path| rcosign::internals::bundle::decode(&std::fs::read(path).unwrap());
        let expected = match (decoded(&pair[0]), decoded(&pair[1])) {
            (Ok(first), Ok(second)) => i32::from(first.entities != second.entities),
            _ => 3,
        };
        let output = sandbox.run(&["bundle", "diff", pair[0].to_str().unwrap(), pair[1].to_str().unwrap()]);
        assert_eq!(output.code(expected).stdout.is_empty(), expected == 0, "{pair:?}");
    }
}
