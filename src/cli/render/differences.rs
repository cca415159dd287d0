//! Differences for people: a line each.

use std::fmt::Write;

use serde_json::Value;

use super::Safe;
use crate::commands::Difference;

/// One line for each: `path: first -> second`, texts in quotes, so that a text never looks like something that is missing.
pub fn differences(differences: &[Difference]) -> String {
    let mut out = String::new();
    for Difference { path, first, second } in differences {
        let _ = writeln!(out, "{}: {} -> {}", Safe(path), shown(first.as_ref()), shown(second.as_ref()));
    }
    out
}

fn shown(value: Option<&Value>) -> String {
    match value {
        None => "(missing)".to_owned(),
        Some(value) => Safe(&value.to_string()).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_each_and_escaped() {
        let difference = |path: &str, first: Option<Value>, second: Option<Value>| Difference {
            path: path.to_owned(),
            first,
            second,
        };
        let lines = differences(&[
            difference("a.b", Some(1.into()), None),
            difference("c[0]", Some("x\u{1b}\n".into()), Some("(missing)".into())),
        ]);
        assert_eq!(lines, "a.b: 1 -> (missing)\nc[0]: \"x\\u001b\\n\" -> \"(missing)\"\n");
    }
}
