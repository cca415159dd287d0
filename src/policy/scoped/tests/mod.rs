//! Policy files: what is read and refused, what is doubtful, and what is enough.

mod globs;
mod lints;
mod reading;
mod verdicts;

use serde_json::Value;

use super::{Document, Fault};

/// Two signers by key and one by identity.
fn signers() -> Value {
    serde_json::json!({
        "a": { "key": "signer" },
        "a-again": { "key": "signer" },
        "b": { "key": "other" },
        "ci": {
            "identity": "https://github.com/org/repo/.github/workflows/ci.yml@refs/heads/main",
            "issuer": "https://token.actions.githubusercontent.com",
        },
        "anybody-of-org": {
            "identity-regexp": "^https://github\\.com/org/.*$",
            "issuer": "https://token.actions.githubusercontent.com",
        },
    })
}

/// A policy file with one scope, about every image and every file.
fn file(scope: &Value) -> Value {
    let mut scope = scope.clone();
    let defaults = serde_json::json!({ "name": "s", "images": ["**"], "files": ["**"] });
    for (name, value) in defaults.as_object().unwrap() {
        scope.as_object_mut().unwrap().entry(name).or_insert_with(|| value.clone());
    }
    serde_json::json!({ "version": 1, "signers": signers(), "scopes": [scope] })
}

fn read(value: &Value) -> Result<Document, Fault> {
    Document::read(value).map_err(|faults| faults[0].clone())
}
