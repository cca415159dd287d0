//! What is doubtful.

use serde_json::{Value, json};

use super::super::lint;
use super::{file, read};
use crate::crypto::SigningKey as _;

fn codes(value: &Value) -> Vec<&'static str> {
    let document = read(value).unwrap();
    let mut codes: Vec<_> = lint(&document, &[]).into_iter().map(|finding| finding.code).collect();
    codes.sort_unstable();
    codes.dedup();
    codes
}

/// A policy file that is in order, with the signers that it names.
fn sound() -> Value {
    let mut sound = file(&json!({
        "images": ["registry.example/**"],
        "files": ["dist/*"],
        "signatures": { "any": ["b", "ci"] },
    }));
    let signers = sound["signers"].as_object_mut().unwrap();
    signers.retain(|name, _| matches!(name.as_str(), "b" | "ci"));
    sound
}

#[test]
fn a_file_that_is_in_order_has_no_findings() {
    assert_eq!(codes(&sound()), Vec::<&str>::new());
}

#[test]
fn expressions() {
    for (expression, expected) in [
        (r"^https://github\.com/org/.*$", &[][..]),
        (r"^[^@]+@example\.com$", &[]),
        (r"https://github\.com/org/.*", &["unanchored"]),
        (r"^https://github\.com/org/.*", &["unanchored"]),
        (r"^a\$", &["unanchored"]),
        (r"^https://github.com/org/.*$", &["unescaped"]),
        (r"^[a.b]+@example\.com$", &[]),
        (r".*@example.com", &["unanchored", "unescaped"]),
        (r"^.*@example\.com$", &["unanchored"]),
        (r"^(?s:.*)@example\.com$", &["unanchored"]),
        (r"^[\s\S]*@example\.com$", &["unanchored"]),
        (r"^(.|\n)*@example\.com$", &["unanchored"]),
        (r"^(?s:.*)(?:org)(?s:.*)$", &["unanchored"]),
        (r"^https://github\.com/org/(?s:.*)$", &["unanchored"]),
        ("^.*$", &["too-wide"]),
        ("^(?s:.*)$", &["too-wide"]),
        (r"^[\s\S]*.*$", &["too-wide"]),
        (".+", &["too-wide", "unanchored"]),
    ] {
        let mut value = sound();
        value["signers"]["ci"] = json!({ "identity-regexp": expression, "issuer": "https://issuer.example" });
        assert_eq!(codes(&value), expected, "{expression}");
    }
}

#[test]
fn scopes() {
    let mut unused = sound();
    unused["signers"]["c"] = json!({ "key": "c" });
    assert_eq!(codes(&unused), ["unused"]);

    for (images, expected) in [
        (json!(["registry.example/app"]), &["unreachable"][..]),
        (json!(["registry.example/a/*"]), &["unreachable"]),
        (json!(["registry.example/**"]), &["unreachable"]),
        (json!(["registry.example/app:v1"]), &["tag", "unreachable"]),
        (json!(["other.example/app"]), &[]),
        (json!(["*/app"]), &["too-wide"]),
        (json!(["other.example/app:v1"]), &["tag"]),
    ] {
        let mut value = sound();
        let scope = json!({ "name": "t", "images": images, "signatures": "b" });
        value["scopes"].as_array_mut().unwrap().push(scope);
        assert_eq!(codes(&value), expected, "{images}");
    }

    let mut open = sound();
    let scope = json!({ "name": "t", "images": ["dev.example/**"], "accept": true });
    open["scopes"].as_array_mut().unwrap().push(scope);
    assert_eq!(codes(&open), ["accept"]);

    for (images, demand, expected) in [
        ("**", "refuse", &[][..]),
        ("**", "accept", &["accept", "too-wide"]),
        ("docker.io/**", "refuse", &[]),
        ("docker.io/**", "accept", &["accept", "accept-public"]),
        ("ghcr.io/*/*", "accept", &["accept", "accept-public"]),
        ("docker.io/library/*", "accept", &["accept"]),
    ] {
        let mut value = sound();
        let scope = json!({ "name": "t", "images": [images], demand: true });
        value["scopes"].as_array_mut().unwrap().push(scope);
        assert_eq!(codes(&value), expected, "{images} {demand}");
    }

    let mut timeless = sound();
    timeless["scopes"][0]["log"] = json!("not-required");
    assert_eq!(codes(&timeless), ["timeless"]);
    timeless["scopes"][0]["timestamp"] = json!("required");
    assert_eq!(codes(&timeless), Vec::<&str>::new());
}

#[test]
fn one_signer_under_two_names_is_one() {
    let mut value = sound();
    value["signers"]["b2"] = json!({ "key": "other" });
    value["scopes"][0]["signatures"] = json!({ "at-least": 2, "of": ["b", "b2"] });
    value["scopes"][0]["attestations"] = json!([{ "type": "spdx", "signers": "ci" }]);
    assert_eq!(codes(&value), ["impossible"]);
    value["scopes"][0]["signatures"] = json!({ "at-least": 2, "of": ["b", "b2", "ci"] });
    assert_eq!(codes(&value), ["same-signer"]);
    value["signers"]["b2"] = json!({ "key": "another" });
    assert_eq!(codes(&value), Vec::<&str>::new());
}

#[test]
fn what_is_compared_as_it_is() {
    let mut value = sound();
    value["signers"]["ci"] =
        json!({ "identity": "https://github.com/org/*", "issuer": "https://issuer.example" });
    assert_eq!(codes(&value), ["literal"]);
    for (reference, expected) in [("main", &["short-ref"][..]), ("refs/heads/main", &[])] {
        for rule in [
            json!({ "github": { "repo": "org/app", "ref": reference } }),
            json!({ "slsa": { "source": "https://github.com/org/app", "ref": reference } }),
        ] {
            let mut value = sound();
            value["scopes"][0]["attestations"] =
                json!([{ "type": "slsaprovenance1", "signers": "ci", "rules": [rule] }]);
            assert_eq!(codes(&value), expected, "{rule}");
        }
    }
}

#[test]
fn keys_that_were_read_are_compared() {
    let mut value = sound();
    value["signers"]["b2"] = json!({ "key": "awskms:///the-same" });
    value["scopes"][0]["signatures"] = json!({ "all": ["b", "b2"] });
    value["scopes"][0]["attestations"] = json!([{ "type": "spdx", "signers": "ci" }]);
    let document = read(&value).unwrap();
    let key = crate::x509::issue::fixtures::p256("signer").public_key().clone();
    let keys: Vec<_> = document.signers.iter().map(|_| Some(key.clone())).collect();
    let found = lint(&document, &keys);
    assert_eq!(found.iter().map(|finding| finding.code).collect::<Vec<_>>(), ["impossible"]);
    assert_eq!(lint(&document, &[]), Vec::new());
}

#[test]
fn what_was_to_be_replaced_is_found() {
    for (member, pattern, expected) in [
        ("files", "ARTIFACT", &["placeholder"][..]),
        ("images", "registry.example/artifact", &["placeholder"]),
        ("files", "dist/ARTIFACT", &[]),
        ("images", "registry.example/artifacts", &[]),
    ] {
        let mut value = sound();
        value["scopes"][0][member] = json!([pattern]);
        assert_eq!(codes(&value), expected, "{pattern}");
    }
}
