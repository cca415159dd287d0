//! Nothing that somebody wrote is passed over.

use serde_json::{Value, json};

use super::{file, read};

#[track_caller]
fn refused(value: &Value, path: &str, words: &str) {
    let fault = read(value).unwrap_err();
    assert_eq!(fault.path.to_string(), path, "{fault:?}");
    let said = format!("{} {}", fault.reason, fault.hint.unwrap_or_default());
    assert!(said.contains(words), "{said}");
}

#[test]
fn a_whole_file_is_read() {
    let document = read(&file(&json!({
        "signatures": { "at-least": 2, "of": ["a", "b", "ci"] },
        "attestations": [{
            "type": "slsaprovenance1",
            "signers": "ci",
            "rules": [{ "rego": ["x.rego"], "data": ["d.json"] }, { "cue": ["x.cue"] }],
            "must-pass": "one",
            "max-age": "12h",
        }],
        "log": { "at-least": 2 }, "timestamp": "required", "sct": "not-required",
        "max-age": "30d", "annotations": { "env": "prod" },
    })))
    .unwrap();
    assert_eq!(document.used_signers().iter().filter(|used| **used).count(), 3);
    assert_eq!(
        document.scopes[0].signers().map(super::super::document::Signers::needed).collect::<Vec<_>>(),
        [2, 1]
    );
}

#[test]
fn what_a_scope_cannot_say() {
    let sound = json!({ "signatures": "a" });
    read(&file(&sound)).unwrap();
    for (change, path, words) in [
        (json!({ "signature": "a" }), "scopes[0].signature", "did you mean `signatures`?"),
        (json!({ "extra": 1 }), "scopes[0].extra", "not known"),
        (json!({ "signatures": null }), "scopes[0].signatures", "all: [a, b]"),
        (json!({ "signatures": ["a", "b"] }), "scopes[0].signatures", "`{ any: [a, b] }`"),
        (json!({ "signatures": { "any": [] } }), "scopes[0].signatures.any", "empty"),
        (json!({ "signatures": { "all": [] } }), "scopes[0].signatures.all", "empty"),
        (json!({ "signatures": {} }), "scopes[0].signatures", "how many"),
        (json!({ "signatures": { "any": ["a"], "all": ["a"] } }), "scopes[0].signatures", "how many"),
        (json!({ "signatures": { "any": ["a"], "of": ["b"] } }), "scopes[0].signatures.of", "at-least"),
        (
            json!({ "signatures": { "at-least": 0, "of": ["a"] } }),
            "scopes[0].signatures.at-least",
            "there is `0`",
        ),
        (json!({ "signatures": { "at-least": -1, "of": ["a"] } }), "scopes[0].signatures.at-least", "from 1"),
        (json!({ "signatures": { "at-least": 1.5, "of": ["a"] } }), "scopes[0].signatures.at-least", "whole"),
        (
            json!({ "signatures": { "at-least": "2", "of": ["a", "b"] } }),
            "scopes[0].signatures.at-least",
            "whole",
        ),
        (
            json!({ "signatures": { "at-least": 2, "of": ["a"] } }),
            "scopes[0].signatures",
            "2 signers out of 1",
        ),
        (json!({ "signatures": { "at-least": 1 } }), "scopes[0].signatures", "`of` is missing"),
        (json!({ "signatures": { "at-least": 2, "of": ["a", "a"] } }), "scopes[0].signatures.of[1]", "twice"),
        (json!({ "signatures": "nobody" }), "scopes[0].signatures", "no signer `nobody`"),
        (json!({ "signatures": "A" }), "scopes[0].signatures", "no signer `A`"),
        (json!({ "accept": true }), "scopes[0]", "contradict"),
        (json!({ "refuse": true }), "scopes[0]", "contradict"),
        (json!({ "log": "optional" }), "scopes[0].log", "not-required"),
        (json!({ "log": false }), "scopes[0].log", "`log: not-required`"),
        (json!({ "log": { "at-least": 0 } }), "scopes[0].log.at-least", "from 1"),
        (json!({ "max-age": 30 }), "scopes[0].max-age", "write `30d`"),
        (json!({ "max-age": "30" }), "scopes[0].max-age", "write `30d`"),
        (json!({ "max-age": "0d" }), "scopes[0].max-age", "anything could satisfy"),
        (json!({ "max-age": 0 }), "scopes[0].max-age", "write `30d`"),
        (json!({ "max-age": "400000d" }), "scopes[0].max-age", "thousand years"),
        (json!({ "max-age": "-1d" }), "scopes[0].max-age", "length of time"),
        (json!({ "max-age": "99999999999999999w" }), "scopes[0].max-age", "length of time"),
        (json!({ "max-age": "\u{e9}" }), "scopes[0].max-age", "length of time"),
        (json!({ "annotations": {} }), "scopes[0].annotations", "name some"),
        (json!({ "annotations": { "v": 1.10 } }), "scopes[0].annotations.v", "quotation"),
        (json!({ "images": [] }), "scopes[0].images", "empty"),
        (json!({ "images": "r.example/**" }), "scopes[0].images", "write `images: [\"r.example/**\"]`"),
        (json!({ "images": ["alpine"] }), "scopes[0].images[0]", "docker.io/library/alpine"),
    ] {
        refused_with(&sound, &change, path, words);
    }
    refused(&file(&json!({})), "scopes[0]", "asks for nothing");
    refused(&file(&json!({ "log": "required" })), "scopes[0]", "asks for nothing");
    refused(&file(&json!({ "accept": false })), "scopes[0].accept", "`accept: false` says nothing");
    refused(&file(&json!({ "refuse": false })), "scopes[0].refuse", "leave the line `refuse: false` out");
    refused(&file(&json!({ "accept": "yes" })), "scopes[0].accept", "write `accept: true`");
    read(&file(&json!({ "accept": true }))).unwrap();
    read(&file(&json!({ "refuse": true }))).unwrap();
}

#[test]
fn what_an_attestation_cannot_say() {
    let sound = json!({ "signatures": "a" });
    for (change, path, words) in [
        (
            json!({ "attestations": [{ "type": "spdx" }] }),
            "scopes[0].attestations[0]",
            "`signers` is missing",
        ),
        (json!({ "attestations": [{ "signers": "a" }] }), "scopes[0].attestations[0]", "`type` is missing"),
        (
            json!({ "attestations": [{ "type": "spdx", "signers": "a", "rules": [] }] }),
            "scopes[0].attestations[0].rules",
            "empty",
        ),
        (
            json!({ "attestations": [{ "type": "spdx", "signers": "a", "rules": [{ "rego": ["a.cue"] }] }] }),
            "scopes[0].attestations[0].rules[0].rego",
            ".rego",
        ),
        (
            json!({ "attestations": [{ "type": "t", "signers": "a", "rules": [{ "slsa": {} }] }] }),
            "scopes[0].attestations[0].rules[0].slsa",
            "slsa",
        ),
        (
            json!({ "attestations": [{ "type": "t", "signers": "a", "rules": [{ "slsa": { "builderid": "b" } }] }] }),
            "scopes[0].attestations[0].rules[0].slsa.builderid",
            "`builder-id`",
        ),
        (
            json!({ "attestations": [{ "type": "t", "signers": "a", "rules": [{ "slsa": { "builder-id": "b" }, "rego": ["x.rego"] }] }] }),
            "scopes[0].attestations[0].rules[0]",
            "two rules",
        ),
        (
            json!({ "attestations": [{ "type": "spdx", "signers": "a", "must-pass": "one" }] }),
            "scopes[0].attestations[0]",
            "without `rules`",
        ),
    ] {
        refused_with(&sound, &change, path, words);
    }
}

/// A scope that is sound but for these members is refused there.
fn refused_with(sound: &Value, change: &Value, path: &str, words: &str) {
    let mut scope = sound.clone();
    scope.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    refused(&file(&scope), path, words);
}

#[test]
fn what_a_file_cannot_say() {
    let sound = file(&json!({ "signatures": "a" }));
    for (member, value, path, words) in [
        ("version", json!(2), "version", "version 1"),
        ("version", json!("1"), "version", "version 1"),
        ("scopes", json!([]), "scopes", "empty"),
        ("scope", json!([]), "scope", "did you mean `scopes`?"),
        ("trust", json!({}), "trust", "`root` is missing"),
        ("trust", json!({ "root": "" }), "trust.root", "empty"),
        ("trust", json!("root.json"), "trust", "write `trust: { root: root.json }`"),
        ("signers", json!([{ "name": "a" }]), "signers", "`NAME: { key: FILE }`"),
        ("scopes", json!({ "s": {} }), "scopes", "begins with `-`"),
    ] {
        let mut changed = sound.clone();
        changed[member] = value;
        refused(&changed, path, words);
    }
    let mut twice = sound.clone();
    let scope = twice["scopes"][0].clone();
    twice["scopes"].as_array_mut().unwrap().push(scope);
    refused(&twice, "scopes[1]", "called `s` too");
    let mut nothing = sound.clone();
    let scope = nothing["scopes"][0].as_object_mut().unwrap();
    scope.remove("images");
    scope.remove("files");
    refused(&nothing, "scopes[0]", "about nothing");
    refused(&json!([]), "", "mapping");
}

#[test]
fn what_a_signer_cannot_be() {
    for (signer, words) in [
        (json!({}), "`identity` is missing"),
        (json!("keys/x.pub"), "write `x: { key: keys/x.pub }`"),
        (json!({ "key": "" }), "empty"),
        (json!({ "key": "k", "issuer": "i" }), "two different signers"),
        (json!({ "identity": "a" }), "`issuer` is missing"),
        (json!({ "issuer": "a" }), "`identity` is missing"),
        (json!({ "identity": "", "issuer": "a" }), "empty"),
        (json!({ "identity": "a", "identity-regexp": "b", "issuer": "c" }), "both there"),
        (json!({ "identity": "a", "issuer": "b", "issuer-regexp": "c" }), "both there"),
        (json!({ "identity-regexp": "(", "issuer": "c" }), "regular expression"),
        (json!({ "identity-regexp": "", "issuer": "c" }), "empty"),
        (json!({ "identity-regexp": "a)|(b", "issuer": "c" }), "regular expression"),
        (json!({ "identity": "a", "issuer": "b", "workflow-sha": "" }), "empty"),
        (json!({ "identity": "a", "issuer": "b", "subject": "c" }), "not known"),
        (json!({ "identityRegexp": "a", "issuer": "b" }), "did you mean `identity-regexp`?"),
    ] {
        let mut changed = file(&json!({ "signatures": "a" }));
        changed["signers"]["x"] = signer.clone();
        let fault = read(&changed).unwrap_err();
        let said = format!("{} {}", fault.reason, fault.hint.unwrap_or_default());
        assert!(fault.path.to_string().starts_with("signers.x") && said.contains(words), "{signer}: {said}");
    }
}
