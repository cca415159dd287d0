//! As much of JSON Schema (draft 7) as the schema of SARIF uses; what is not known is a panic.

use regex::Regex;
use serde_json::Value;

/// Checks a document against the schema of SARIF 2.1.0.
pub fn check(value: &Value) {
    let root: Value =
        serde_json::from_str(include_str!("../../../../../testdata/schemas/sarif-2.1.0.schema.json"))
            .unwrap();
    assert!(fits(&root, &root, value, ""));
}

/// Whether a value fits; where it does not, the place is printed.
fn fits(root: &Value, schema: &Value, value: &Value, at: &str) -> bool {
    let rules = schema.as_object().unwrap();
    let failed = rules.iter().find(|(rule, wanted)| !one(root, schema, rule, wanted, value, at));
    if let Some((rule, wanted)) = failed {
        eprintln!("{at}: {rule} {wanted}: {value}");
    }
    failed.is_none()
}

fn one(root: &Value, schema: &Value, rule: &str, wanted: &Value, value: &Value, at: &str) -> bool {
    let each =
        |schemas: &Value| schemas.as_array().unwrap().iter().filter(|s| fits(root, s, value, at)).count();
    let length = || value.as_array().map(Vec::len);
    match rule {
        "$schema" | "$id" | "title" | "description" | "default" | "definitions" => true,
        "$ref" => fits(root, root.pointer(&wanted.as_str().unwrap()[1..]).unwrap(), value, at),
        "type" => match wanted.as_str().unwrap() {
            "object" => value.is_object(),
            "array" => value.is_array(),
            "string" => value.is_string(),
            "boolean" => value.is_boolean(),
            "integer" => value.is_i64() || value.is_u64(),
            "number" => value.is_number(),
            other => panic!("{other}"),
        },
        "enum" => wanted.as_array().unwrap().contains(value),
        "anyOf" => each(wanted) > 0,
        "oneOf" => each(wanted) == 1,
        "required" => value.as_object().is_none_or(|members| {
            wanted.as_array().unwrap().iter().all(|name| members.contains_key(name.as_str().unwrap()))
        }),
        "properties" => value.as_object().is_none_or(|members| {
            members.iter().all(|(name, value)| {
                wanted.get(name).is_none_or(|schema| fits(root, schema, value, &format!("{at}/{name}")))
            })
        }),
        "additionalProperties" => value.as_object().is_none_or(|members| {
            let mut others =
                members.iter().filter(|(name, _)| schema["properties"].get(name.as_str()).is_none());
            others.all(|(name, value)| match wanted {
                Value::Bool(allowed) => *allowed,
                schema => fits(root, schema, value, &format!("{at}/{name}")),
            })
        }),
        "items" => value.as_array().is_none_or(|items| {
            items.iter().enumerate().all(|(i, item)| fits(root, wanted, item, &format!("{at}/{i}")))
        }),
        "minItems" => length().is_none_or(|length| length as u64 >= wanted.as_u64().unwrap()),
        "uniqueItems" => value.as_array().is_none_or(|items| {
            wanted == false || items.iter().enumerate().all(|(i, item)| !items[..i].contains(item))
        }),
        "minimum" => value.as_i64().is_none_or(|number| number >= wanted.as_i64().unwrap()),
        "maximum" => value.as_i64().is_none_or(|number| number <= wanted.as_i64().unwrap()),
        "pattern" => {
            value.as_str().is_none_or(|text| Regex::new(wanted.as_str().unwrap()).unwrap().is_match(text))
        }
        "format" => value.as_str().is_none_or(|text| match wanted.as_str().unwrap() {
            "date-time" => text.len() >= 20 && text.as_bytes()[10] == b'T' && text.ends_with('Z'),
            "uri" => text.split_once(':').is_some_and(|(scheme, _)| !scheme.contains('/')) && is_uri(text),
            "uri-reference" => is_uri(text),
            other => panic!("{other}"),
        }),
        other => panic!("the rule `{other}` is not known"),
    }
}

/// The characters of RFC 3986, section 2; `%` begins two hexadecimal digits.
fn is_uri(text: &str) -> bool {
    let known = |b: u8| b.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=%".contains(&b);
    let mut after = text.split('%').skip(1);
    text.bytes().all(known)
        && after.all(|rest| rest.len() >= 2 && rest.as_bytes()[..2].iter().all(u8::is_ascii_hexdigit))
        && !text.split('/').next().unwrap_or_default().starts_with(':')
}
