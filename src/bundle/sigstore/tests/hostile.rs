//! Documents that were cut, twisted or emptied: an error or an entity, never a panic.

use serde_json::{Value, json};

use super::super::decode;
use super::{ALL, parsed};

/// cosign pull requests 4881, 4882, 4979: panics on malformed bundles.
#[test]
fn cosign_4881_every_value_replaced_by_every_type() {
    let replacements = [
        Value::Null,
        json!(true),
        json!(0),
        json!(-1),
        json!(1.5),
        json!(u64::MAX),
        json!(1e300),
        json!(""),
        json!("x"),
        json!("aGk="),
        json!([]),
        json!([null]),
        json!([[[]]]),
        json!({}),
        json!({ "": "" }),
    ];
    for text in ALL {
        let bundle = parsed(text);
        let mut pointers = Vec::new();
        collect("", &bundle, &mut pointers);
        assert!(pointers.len() > 5);
        for pointer in pointers {
            for replacement in &replacements {
                let mut twisted = bundle.clone();
                *twisted.pointer_mut(&pointer).unwrap() = replacement.clone();
                // What is still accepted is another document than the sound one, and says so.
                if let Ok(entity) = decode(&twisted) {
                    let same = entity == decode(&bundle).unwrap();
                    assert!(
                        !same || twisted == bundle || replacement == &Value::Null,
                        "{pointer} {replacement}"
                    );
                }
            }
        }
    }
}

#[test]
fn every_member_taken_away_or_doubled_under_its_original_name() {
    for text in ALL {
        let bundle = parsed(text);
        let mut pointers = Vec::new();
        collect("", &bundle, &mut pointers);
        for pointer in pointers.iter().filter(|p| !p.is_empty()) {
            let (parent, name) = pointer.rsplit_once('/').unwrap();
            let mut without = bundle.clone();
            let Some(Value::Object(members)) = without.pointer_mut(parent) else { continue };
            let value = members.remove(name).unwrap();
            let _ = decode(&without);
            let original: String = name
                .chars()
                .flat_map(|c| {
                    c.is_ascii_uppercase().then_some('_').into_iter().chain([c.to_ascii_lowercase()])
                })
                .collect();
            if original != name {
                let mut doubled = bundle.clone();
                doubled.pointer_mut(parent).unwrap()[&original] = value;
                let error = decode(&doubled).unwrap_err();
                assert!(error.reason.starts_with("given twice, also as `"), "{pointer}: {error}");
            }
        }
    }
}

#[test]
fn every_truncation_is_an_error() {
    for text in ALL {
        for end in 0..text.len() - 1 {
            if text.is_char_boundary(end) {
                assert!(crate::bundle::decode(&text.as_bytes()[..end]).is_err(), "{end}");
            }
        }
    }
}

fn collect(at: &str, value: &Value, out: &mut Vec<String>) {
    out.push(at.to_owned());
    match value {
        Value::Object(members) => {
            members.iter().for_each(|(name, v)| collect(&format!("{at}/{name}"), v, out))
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(i, v)| collect(&format!("{at}/{i}"), v, out))
        }
        _ => {}
    }
}
