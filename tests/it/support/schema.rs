//! Documented schemas of JSON.

use std::collections::BTreeSet;

use serde_json::Value;

use super::repository;

/// A documented schema, as far as it is used.
pub struct Schema {
    pub root: Value,
}

impl Schema {
    /// The one of this name in `docs/reference`.
    pub fn read(name: &str) -> Self {
        let path = repository().join(format!("docs/reference/{name}.schema.json"));
        let text = std::fs::read(path).unwrap();
        Self { root: serde_json::from_slice(&text).unwrap() }
    }

    fn resolve<'a>(&'a self, schema: &'a Value) -> &'a Value {
        match schema["$ref"].as_str() {
            Some(link) => self.root.pointer(link.strip_prefix('#').unwrap()).unwrap(),
            None => schema,
        }
    }

    /// Checks a value, and notes the members that it has.
    pub fn check(&self, schema: &Value, value: &Value, at: &str, used: &mut BTreeSet<String>) {
        used.insert(at.to_owned());
        let schema = self.resolve(schema);
        if let Some(constant) = schema.get("const") {
            assert_eq!(constant, value, "{at}");
        }
        if let Some(values) = schema["enum"].as_array() {
            assert!(values.contains(value), "{at}: {value}");
        }
        if schema["pattern"].is_string() {
            let text = value.as_str().unwrap();
            assert!(
                text.len().is_multiple_of(2) && text.bytes().all(|b| b.is_ascii_hexdigit()),
                "{at}: {text}"
            );
        }
        match (schema["type"].as_str(), value) {
            (Some("object"), Value::Object(members)) => {
                for name in schema["required"].as_array().into_iter().flatten() {
                    assert!(members.contains_key(name.as_str().unwrap()), "{at}: no {name}");
                }
                for (name, value) in members {
                    let member = schema["properties"].get(name).or(schema.get("additionalProperties"));
                    let member = member.unwrap_or_else(|| panic!("{at}/{name} is not in the schema"));
                    self.check(member, value, &format!("{at}/{name}"), used);
                }
            }
            (Some("array"), Value::Array(items)) => {
                items.iter().for_each(|item| self.check(&schema["items"], item, at, used));
            }
            (Some("string"), Value::String(_)) | (Some("boolean"), Value::Bool(_)) | (None, _) => {}
            (Some("integer"), Value::Number(number)) => assert!(number.is_u64(), "{at}"),
            (wanted, value) => panic!("{at}: {value} is not of type {wanted:?}"),
        }
    }

    /// Every member that is described.
    pub fn paths(&self, schema: &Value, at: &str) -> Vec<String> {
        let schema = self.resolve(schema);
        let mut out = Vec::new();
        for (name, member) in schema["properties"].as_object().into_iter().flatten() {
            let path = format!("{at}/{name}");
            out.extend(self.paths(member, &path));
            out.push(path);
        }
        if schema["items"].is_object() {
            out.extend(self.paths(&schema["items"], at));
        }
        out
    }
}
