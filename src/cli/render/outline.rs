//! JSON for people: labels and values, indented by what they belong to.

use std::fmt::Write;

use serde_json::Value;

use super::Safe;

/// Shows an object or an array. Labels are the members' names in words (`notBefore` is `not before`); what is null or empty
/// is left out; every text is escaped.
pub fn outline(value: &Value) -> String {
    let mut out = String::new();
    match value {
        Value::Object(_) | Value::Array(_) => nested(&mut out, value, 0),
        scalar => {
            let _ = writeln!(out, "{}", text(scalar));
        }
    }
    out
}

fn nested(out: &mut String, value: &Value, depth: usize) {
    let indent = "  ".repeat(depth);
    match value {
        Value::Object(members) => {
            for (name, value) in members.iter().filter(|(_, value)| !is_empty(value)) {
                let label = words(name);
                match value {
                    Value::Object(_) | Value::Array(_) => {
                        let _ = writeln!(out, "{indent}{label}:");
                        nested(out, value, depth + 1);
                    }
                    scalar => {
                        let _ = writeln!(out, "{indent}{label}: {}", text(scalar));
                    }
                }
            }
        }
        Value::Array(items) => {
            for item in items.iter().filter(|item| !is_empty(item)) {
                match item {
                    Value::Object(_) | Value::Array(_) => {
                        let mut inner = String::new();
                        nested(&mut inner, item, depth + 1);
                        // The dash stands where the first line's indent is.
                        let first = inner.get(indent.len() + 2..).unwrap_or_default();
                        let _ = write!(out, "{indent}- {first}");
                    }
                    scalar => {
                        let _ = writeln!(out, "{indent}- {}", text(scalar));
                    }
                }
            }
        }
        _ => {}
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.values().all(is_empty),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

fn text(scalar: &Value) -> String {
    match scalar {
        Value::String(text) => Safe(text).to_string(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        other => other.to_string(),
    }
}

/// `notBefore` as `not before`. A name that is not in camel case, such as that of a certificate's extension, stays.
fn words(name: &str) -> String {
    if !name.starts_with(|c: char| c.is_ascii_lowercase()) || !name.bytes().all(|b| b.is_ascii_alphanumeric())
    {
        return Safe(name).to_string();
    }
    let mut out = String::new();
    let mut before = None;
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && before.is_some_and(|b: char| b.is_ascii_lowercase()) {
            out.push(' ');
            out.push(letter.to_ascii_lowercase());
        } else {
            out.push(letter);
        }
        before = Some(letter);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_belongs_together_stands_together() {
        let value = json!({
            "mediaType": "a\u{1b}b", "verified": false, "missing": null, "empty": [], "hollow": {"x": null},
            "logEntries": [{"logIndex": 7, "proof": {"size": 9}}, {"logIndex": 8}], "names": ["x", "y"],
        });
        let expected = "\
media type: a\\u{1b}b
verified: no
log entries:
  - log index: 7
    proof:
      size: 9
  - log index: 8
names:
  - x
  - y
";
        assert_eq!(outline(&value), expected);
    }

    #[test]
    fn names_from_outside_stay_and_are_escaped() {
        let value = json!({"GitHub Workflow SHA": 1, "aB c": 2, "a\nB": 3, "sha512_256": 4});
        assert_eq!(outline(&value), "GitHub Workflow SHA: 1\naB c: 2\na\\nB: 3\nsha512_256: 4\n");
    }

    #[test]
    fn an_empty_item_of_a_list_is_left_out() {
        assert_eq!(outline(&json!([{}, 1, {"a": [2]}])), "- 1\n- a:\n    - 2\n");
    }
}
