//! Places in a document: `spec.template.containers[*].image`. Pure.

use serde_json::Value;

const MAX_STEPS: usize = 64;
const MAX_LENGTH: usize = 1024;

/// Names of members, separated by dots; `[*]` is every item of a list, or every member, `[2]` one item, and `['a.b']` a
/// name with any letters in it. One dot may come first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldPath {
    text: String,
    steps: Vec<Step>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Member(String),
    Item(usize),
    All,
}

impl FieldPath {
    /// Reads a path.
    ///
    /// # Errors
    /// It is none; says why, in words.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        if text.len() > MAX_LENGTH {
            return Err("it is longer than 1024 bytes");
        }
        let (mut steps, mut rest) = (Vec::new(), text.strip_prefix('.').unwrap_or(text));
        loop {
            let (step, after) = match rest.strip_prefix('[') {
                Some(inner) => bracket(inner)?,
                None => {
                    let end = rest.find(['.', '[']).unwrap_or(rest.len());
                    let (name, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
                    let known = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '/');
                    if name.is_empty() || !name.chars().all(known) {
                        return Err("between its dots stand names; others stand in ['...']");
                    }
                    (Step::Member(name.to_owned()), after)
                }
            };
            steps.push(step);
            if steps.len() > MAX_STEPS {
                return Err("it has more than 64 steps");
            }
            rest = match after.strip_prefix('.') {
                Some(after) => after,
                None if after.is_empty() => return Ok(Self { text: text.to_owned(), steps }),
                None if after.starts_with('[') => after,
                None => return Err("a dot or a bracket is missing"),
            };
        }
    }

    /// What is there in `document`, each with its own place, and what it stands in.
    pub(super) fn values<'a>(&self, document: &'a Value) -> Vec<(String, &'a Value, &'a Value)> {
        let mut found = vec![(String::new(), document, document)];
        for step in &self.steps {
            let mut next = Vec::new();
            for (at, value, _) in found {
                match (step, value) {
                    (Step::Member(name), Value::Object(members)) => {
                        next.extend(members.get(name).map(|inner| (join(&at, name), inner, value)));
                    }
                    (Step::Item(index), Value::Array(items)) => {
                        next.extend(items.get(*index).map(|inner| (format!("{at}[{index}]"), inner, value)));
                    }
                    (Step::All, Value::Array(items)) => {
                        next.extend(
                            items.iter().enumerate().map(|(i, inner)| (format!("{at}[{i}]"), inner, value)),
                        );
                    }
                    (Step::All, Value::Object(members)) => {
                        next.extend(members.iter().map(|(name, inner)| (join(&at, name), inner, value)));
                    }
                    _ => {}
                }
            }
            found = next;
        }
        found
    }
}

impl std::fmt::Display for FieldPath {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

fn bracket(inner: &str) -> Result<(Step, &str), &'static str> {
    for quote in ['\'', '"'] {
        if let Some(inner) = inner.strip_prefix(quote) {
            let (name, after) = inner.split_once(quote).ok_or("a quote is missing")?;
            let after = after.strip_prefix(']').ok_or("a bracket is missing")?;
            return Ok((Step::Member(name.to_owned()), after));
        }
    }
    let (inner, after) = inner.split_once(']').ok_or("a bracket is missing")?;
    let step = match inner {
        "*" | "" => Step::All,
        digits if digits.bytes().all(|b| b.is_ascii_digit()) => {
            Step::Item(digits.parse().map_err(|_| "a number is too large")?)
        }
        _ => return Err("in brackets stands `*`, a number, or a name in quotes"),
    };
    Ok((step, after))
}

/// The place of a member, as a path has it.
pub(super) fn join(at: &str, name: &str) -> String {
    match (at.is_empty(), name.contains(['.', '[', ']', '\''])) {
        (_, true) => format!("{at}['{name}']"),
        (true, false) => name.to_owned(),
        (false, false) => format!("{at}.{name}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_what_they_find() {
        let document = serde_json::json!({
            "spec": {"a": [{"image": "x"}, {"image": "y"}, {}, "z"], "b.c/d": {"image": "w"}, "m": {"k": "1", "l": "2"}},
        });
        for (path, expected) in [
            ("spec.a[*].image", "spec.a[0].image=x spec.a[1].image=y"),
            (".spec.a[].image", "spec.a[0].image=x spec.a[1].image=y"),
            ("spec.a[1].image", "spec.a[1].image=y"),
            ("spec['b.c/d'].image", "spec['b.c/d'].image=w"),
            ("spec[\"b.c/d\"].image", "spec['b.c/d'].image=w"),
            ("spec.m[*]", "spec.m.k=1 spec.m.l=2"),
            ("['spec'].a[3]", "spec.a[3]=z"),
            ("spec.a.image", ""),
            ("spec.a[7].image", ""),
            ("spec.m[0]", ""),
            ("none", ""),
        ] {
            let path = FieldPath::parse(path).unwrap();
            let found = path.values(&document);
            let found: Vec<_> =
                found.iter().map(|(at, value, _)| format!("{at}={}", value.as_str().unwrap())).collect();
            assert_eq!(found.join(" "), expected, "{path}");
        }
    }

    #[test]
    fn what_is_no_path() {
        for text in [
            "",
            ".",
            "a.",
            "a..b",
            "..a",
            "a b",
            "a[",
            "a[x]",
            "a[-1]",
            "a['x]",
            "a['x'",
            "a['x'x",
            "a[0]b",
            "a]",
            "$.a",
            "a[99999999999999999999999]",
            &"a.".repeat(600),
            &format!("a{}", "[0]".repeat(64)),
        ] {
            assert!(FieldPath::parse(text).is_err(), "{text}");
        }
    }
}
