//! Globs, as the library that OPA takes reads them: `*` stands for what has no separator, `**` for everything.

use regorus::Value;

use super::{Outcome, Said, text};
use crate::re2::Pattern;

pub(super) const FUNCTIONS: &[Said] = &[
    ("glob.match", 3, matches),
    ("glob.quote_meta", 1, |given| {
        let quoted = |c: char| if "*?\\[]{}".contains(c) { vec!['\\', c] } else { vec![c] };
        Ok(text(given, 0).map(|text| text.chars().flat_map(quoted).collect::<String>().into()))
    }),
];

/// The separators: none for `null`, and `.` where the list is empty.
fn separators(value: &Value) -> Outcome<Vec<char>> {
    let items = match value {
        Value::Null => return Ok(Some(Vec::new())),
        Value::Array(items) if items.is_empty() => return Ok(Some(vec!['.'])),
        Value::Array(items) => items,
        _ => return Ok(None),
    };
    let mut found = Vec::new();
    for item in items.iter() {
        let Value::String(item) = item else { return Ok(None) };
        let mut chars = item.chars();
        match (chars.next(), chars.next()) {
            (Some(one), None) => found.push(one),
            _ => return Err("glob.match with a separator that is not one character".to_owned()),
        }
    }
    Ok(Some(found))
}

fn matches(given: &[Value]) -> Outcome<Value> {
    let (Some(glob), Some(text)) = (text(given, 0), text(given, 2)) else { return Ok(None) };
    let Some(separators) = given.get(1).map_or(Ok(None), separators)? else { return Ok(None) };
    let pattern = expression(glob, &separators).ok_or_else(|| format!("the glob {glob:?}"))?;
    match Pattern::compile(&pattern) {
        Ok(pattern) => Ok(Some(pattern.regex().is_match(text).into())),
        Err(_) => Err(format!("the glob {glob:?}")),
    }
}

/// A glob as a regular expression; `None` for what the library may read otherwise.
fn expression(glob: &str, separators: &[char]) -> Option<String> {
    let other = match separators {
        [] => "(?s:.)".to_owned(),
        some => format!("[^{}]", some.iter().map(|c| code(*c)).collect::<String>()),
    };
    let mut made = String::from("^(?:");
    let (mut open, mut rest) = (false, glob.chars().peekable());
    while let Some(c) = rest.next() {
        match c {
            '*' => {
                let both = rest.next_if_eq(&'*').is_some();
                if rest.peek() == Some(&'*') {
                    return None;
                }
                made.push_str(if both { "(?s:.)" } else { &other });
                made.push('*');
            }
            '?' => made.push_str(&other),
            '[' => made.push_str(&class(&mut rest)?),
            '{' if !open => {
                open = true;
                made.push_str("(?:");
            }
            '}' if open => {
                open = false;
                made.push(')');
            }
            ',' if open => made.push('|'),
            '\\' => made.push_str(&code(rest.next()?)),
            '{' | '}' | ']' => return None,
            c => made.push_str(&code(c)),
        }
    }
    made.push_str(")$");
    (!open).then_some(made)
}

/// A list of characters, or one range; `!` in front for all others.
fn class(rest: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Option<String> {
    let not = rest.next_if_eq(&'!').is_some();
    let mut chars = Vec::new();
    loop {
        match rest.next()? {
            ']' => break,
            '[' | '\\' | '!' => return None,
            c => chars.push(c),
        }
    }
    let inner = match chars[..] {
        [from, '-', to] if from <= to => format!("{}-{}", code(from), code(to)),
        _ if chars.is_empty() || chars.contains(&'-') => return None,
        _ => chars.iter().map(|c| code(*c)).collect(),
    };
    Some(format!("[{}{inner}]", if not { "^" } else { "" }))
}

/// A character as a regular expression.
fn code(c: char) -> String {
    format!("\\x{{{:x}}}", u32::from(c))
}
