//! Breaks JSON documents in one place at a time: every scalar is changed, dropped and given another type, every object and
//! array is dropped and given another type. Base64 of JSON is entered as if it were part of the document. The same seed
//! gives the same mutations.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// What is done to a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Another value of the same type.
    Change,
    /// Left out, or null.
    Drop,
    /// A value of another type.
    Retype,
}

#[derive(Debug, Clone)]
enum Step {
    Member(String),
    Item(usize),
    /// The string is base64 of JSON.
    Inside,
}

/// How many changes of each scalar are tried.
const CHANGES: usize = 3;

/// Calls `judge` with each mutation of the document: where (such as `a.b[0].c`, `a<c>` for a member `c` of the JSON that `a`
/// encodes), what, and the mutated document.
pub fn mutate(document: &Value, seed: u64, mut judge: impl FnMut(&str, Kind, &Value)) {
    let mut random = Random(seed);
    let mut places = Vec::new();
    collect(document, &mut Vec::new(), &mut places);
    for steps in &places {
        let path = path(steps);
        let mut run = |kind, change: &dyn Fn(&mut Value) -> bool| {
            let mut mutated = document.clone();
            apply(&mut mutated, steps, &mut |v| change(v));
            assert_ne!(mutated, *document, "{path} {kind:?} changes nothing");
            judge(&path, kind, &mutated);
        };
        let mut original = Value::Null;
        apply(&mut document.clone(), steps, &mut |v: &mut Value| {
            original = v.take();
            false
        });
        run(Kind::Drop, &|_| true);
        // To proto3 JSON the same.
        run(Kind::Drop, &|v| {
            *v = Value::Null;
            false
        });
        for other in [json!(987_654), json!("!"), json!(true), json!([]), json!({})] {
            if std::mem::discriminant(&other) != std::mem::discriminant(&original) {
                run(Kind::Retype, &|v| {
                    *v = other.clone();
                    false
                });
            }
        }
        if !original.is_object() && !original.is_array() {
            for _ in 0..CHANGES {
                let changed = random.changed(&original);
                run(Kind::Change, &|v| {
                    *v = changed.clone();
                    false
                });
            }
        }
    }
}

/// All places: scalars, objects and arrays, but the document itself.
fn collect(value: &Value, at: &mut Vec<Step>, places: &mut Vec<Vec<Step>>) {
    if !at.is_empty() && !matches!(at.last(), Some(Step::Inside)) {
        places.push(at.clone());
    }
    let mut enter = |step, value: &Value| {
        at.push(step);
        collect(value, at, places);
        at.pop();
    };
    match value {
        Value::Object(members) => members.iter().for_each(|(name, v)| enter(Step::Member(name.clone()), v)),
        Value::Array(items) => items.iter().enumerate().for_each(|(i, v)| enter(Step::Item(i), v)),
        Value::String(text) => {
            if let Some(inside) = inside(text) {
                enter(Step::Inside, &inside);
            }
        }
        _ => {}
    }
}

/// The object whose compact JSON a text is the base64 of.
fn inside(text: &str) -> Option<Value> {
    let value: Value = serde_json::from_slice(&STANDARD.decode(text).ok()?).ok()?;
    (value.is_object() && STANDARD.encode(value.to_string()) == text).then_some(value)
}

/// Changes the value at the end of the steps; it is dropped where `change` says so.
fn apply(value: &mut Value, steps: &[Step], change: &mut dyn FnMut(&mut Value) -> bool) {
    match (steps, value) {
        ([Step::Member(name)], Value::Object(members)) => {
            if change(members.get_mut(name).unwrap()) {
                members.shift_remove(name);
            }
        }
        ([Step::Item(i)], Value::Array(items)) => {
            if change(&mut items[*i]) {
                items.remove(*i);
            }
        }
        ([Step::Member(name), rest @ ..], Value::Object(members)) => {
            apply(members.get_mut(name).unwrap(), rest, change);
        }
        ([Step::Item(i), rest @ ..], Value::Array(items)) => apply(&mut items[*i], rest, change),
        ([Step::Inside, rest @ ..], Value::String(text)) => {
            let mut value = inside(text).unwrap();
            apply(&mut value, rest, change);
            *text = STANDARD.encode(value.to_string());
        }
        _ => panic!("{steps:?} leads nowhere"),
    }
}

fn path(steps: &[Step]) -> String {
    let mut out = String::new();
    let mut open = 0;
    for step in steps {
        match step {
            Step::Member(name) if out.is_empty() || out.ends_with('<') => out.push_str(name),
            Step::Member(name) => out.push_str(&format!(".{name}")),
            Step::Item(i) => out.push_str(&format!("[{i}]")),
            Step::Inside => {
                out.push('<');
                open += 1;
            }
        }
    }
    out + &">".repeat(open)
}

/// SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(bound).unwrap()).unwrap()
    }

    /// Another scalar of the same type.
    fn changed(&mut self, value: &Value) -> Value {
        match value {
            Value::Bool(b) => json!(!b),
            Value::Number(n) => json!(n.as_i64().unwrap() + 1 + i64::try_from(self.below(1000)).unwrap()),
            Value::String(text) => json!(self.changed_text(text)),
            _ => json!("x"),
        }
    }

    fn changed_text(&mut self, text: &str) -> String {
        if text.is_empty() {
            return "AAAA".to_owned();
        }
        if let Ok(number) = text.parse::<i64>() {
            return (number + 1 + i64::try_from(self.below(1000)).unwrap()).to_string();
        }
        // One bit of what the base64 encodes: a digit may have bits that encode nothing.
        if let Some(mut bytes) = STANDARD.decode(text).ok().filter(|b| b.len() > 3) {
            let at = self.below(bytes.len());
            bytes[at] ^= 1 << self.below(8);
            return STANDARD.encode(bytes);
        }
        let characters: Vec<char> = text.chars().collect();
        let at = self.below(characters.len());
        let other = if characters[at] == 'A' { 'B' } else { 'A' };
        characters.iter().enumerate().map(|(i, c)| if i == at { other } else { *c }).collect()
    }
}
