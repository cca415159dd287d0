//! Comments that begin with METADATA: OPA reads what follows as YAML, and refuses a module in which it is wrong or stands in front of
//! something else than it is about. Of YAML this reads what is plain; what is not is refused.

use std::collections::BTreeSet;

use regorus::Value;

use super::scan::{Imported, Token, first};
use super::{Fault, Kind, Statement};

/// A block: where it begins, and its lines without the mark of the comment.
struct Block {
    start: usize,
    lines: Vec<String>,
}

/// What is described once in all modules: its scope and its path.
pub(super) type Described = BTreeSet<(String, String)>;

/// Checks every block of a module.
pub(super) fn check(text: &str, statements: &[Statement], known: &mut Described) -> Result<(), Fault> {
    for block in blocks(text) {
        let refuse = |reason: String| Err((block.start, format!("METADATA: {reason}")));
        let (scope, entrypoint) = match read(&block.lines) {
            Ok(read) => read,
            Err(reason) => return refuse(reason),
        };
        let line = |at: usize| text.get(..at).unwrap_or(text).matches('\n').count();
        let about = statements.iter().find(|statement| line(statement.start) > line(block.start));
        let Some(about) = about else { return refuse("no statement follows".to_owned()) };
        let (fits, usual, path) = match &about.kind {
            Kind::Package(path) => (["package", "subpackages"], "package", path.join(".")),
            Kind::Rule(name) => {
                let package = statements.first().map(|first| &first.kind);
                let Some(Kind::Package(path)) = package else {
                    return refuse("there is no package".to_owned());
                };
                (
                    ["rule", "document"],
                    if entrypoint { "document" } else { "rule" },
                    [path.join("."), name.clone()].join("."),
                )
            }
            Kind::Import => return refuse("an import follows".to_owned()),
        };
        let scope = if scope.is_empty() { usual.to_owned() } else { scope };
        if !fits.contains(&scope.as_str()) {
            return refuse(format!("what follows cannot have the scope `{scope}`"));
        }
        if entrypoint && !["document", "package"].contains(&scope.as_str()) {
            return refuse(format!("an entrypoint cannot have the scope `{scope}`"));
        }
        if scope != "rule" && !known.insert((scope.clone(), path.clone())) {
            return refuse(format!("the {scope} {path} has another already"));
        }
    }
    Ok(())
}

/// The blocks of a text: comments in lines that follow one another, from the second on at their beginning.
fn blocks(text: &str) -> Vec<Block> {
    let (mut at, mut line, mut column) = (0, 0_usize, 0);
    let mut found: Vec<Block> = Vec::new();
    let mut last = None;
    loop {
        let (token, length, _) = first(text.get(at..).unwrap_or_default(), Imported::default());
        let part = text.get(at..at + length).unwrap_or_default();
        match token {
            Token::End => return found,
            Token::Comment => {
                let said = part.trim_start_matches('#');
                let said = if part.starts_with("##") { part.get(1..).unwrap_or_default() } else { said };
                let said = said.strip_suffix('\r').unwrap_or(said);
                let follows = column == 0 && last.is_some_and(|before: usize| before + 1 == line);
                match found.last_mut().filter(|_| follows) {
                    Some(block) => {
                        block.lines.push(said.strip_prefix(' ').unwrap_or(said).to_owned());
                        last = Some(line);
                    }
                    None if said.trim().starts_with("METADATA") => {
                        found.push(Block { start: at, lines: Vec::new() });
                        last = Some(line);
                    }
                    None => last = None,
                }
            }
            _ => {}
        }
        line += part.matches('\n').count();
        column = part.rsplit_once('\n').map_or(column + part.len(), |(_, after)| after.len());
        at += length;
    }
}

/// Scope, and whether it is an entrypoint.
fn read(lines: &[String]) -> Result<(String, bool), String> {
    if lines.iter().all(|line| line.trim().is_empty()) {
        return Err("nothing follows".to_owned());
    }
    plain(lines)?;
    let text = lines.join("\n") + "\n";
    let Ok(Value::Object(members)) = Value::from_yaml_str(&text) else {
        return Err("this is no YAML with names and values".to_owned());
    };
    let (mut scope, mut entrypoint) = (String::new(), false);
    for (name, value) in members.iter() {
        let Value::String(name) = name else { return Err("a name that is no text".to_owned()) };
        let fits = match (&**name, value) {
            ("schemas" | "compile", _) => return Err(format!("`{name}` is not supported")),
            ("scope", Value::String(said)) => {
                scope = said.to_string();
                ["rule", "document", "package", "subpackages"].contains(&scope.as_str())
            }
            ("entrypoint", Value::Bool(said)) => {
                entrypoint = *said;
                true
            }
            ("title" | "description", value) => is_scalar(value),
            ("custom", value) => matches!(value, Value::Object(_)),
            ("organizations", Value::Array(items)) => items.iter().all(is_scalar),
            ("authors", Value::Array(items)) => {
                items.iter().all(|item| is_said(item, &["name", "email"], |_| true))
            }
            ("related_resources", Value::Array(items)) => {
                items.iter().all(|item| is_said(item, &["ref"], is_url))
            }
            ("scope" | "entrypoint" | "organizations" | "authors" | "related_resources", _) => false,
            _ => true,
        };
        if !fits {
            return Err(format!("`{name}` is not what it has to be"));
        }
    }
    Ok((scope, entrypoint))
}

fn is_scalar(value: &Value) -> bool {
    !matches!(value, Value::Array(_) | Value::Object(_) | Value::Set(_))
}

/// Whether this is a text, or has one by one of these names.
fn is_said(value: &Value, names: &[&str], fits: fn(&str) -> bool) -> bool {
    match value {
        Value::String(text) => !text.trim().is_empty() && fits(text),
        Value::Object(members) => members.iter().any(|(name, value)| match (name, value) {
            (Value::String(name), Value::String(text)) => {
                names.contains(&&**name) && !text.trim().is_empty() && fits(text)
            }
            _ => false,
        }),
        _ => false,
    }
}

/// Whether this is an address that nobody doubts.
fn is_url(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or(text.strip_prefix("http://"));
    rest.is_some_and(|rest| {
        rest.starts_with(|c: char| c.is_ascii_alphanumeric())
            && rest.chars().all(|c| c.is_ascii_alphanumeric() || "._~/#?&=+-".contains(c))
    })
}

/// Refuses lines that readers of YAML might take for different things.
fn plain(lines: &[String]) -> Result<(), String> {
    let mut names: Vec<(usize, &str)> = Vec::new();
    let mut literal: Option<usize> = None;
    for line in lines {
        let rest = line.trim_start_matches(' ');
        let mut depth = line.len() - rest.len();
        if rest.trim().is_empty() {
            continue;
        }
        match literal {
            Some(above) if depth > above => continue,
            _ => literal = None,
        }
        let strange = || Err(format!("`{}` is not read as YAML here", line.trim()));
        if rest.chars().any(char::is_control) {
            return strange();
        }
        let mut rest = rest;
        while let Some(item) = rest.strip_prefix("- ") {
            names.retain(|(at, _)| *at <= depth);
            depth += 2;
            rest = item;
        }
        let named = rest
            .split_once(':')
            .filter(|(name, value)| is_name(name) && (value.is_empty() || value.starts_with(' ')));
        let value = match named {
            Some((name, value)) => {
                names.retain(|(at, _)| *at <= depth);
                if names.contains(&(depth, name)) {
                    return Err(format!("`{name}` stands there twice"));
                }
                names.push((depth, name));
                value.trim()
            }
            None => rest.trim(),
        };
        if named.is_some() && ["|", ">", "|-", ">-"].contains(&value) {
            literal = Some(depth);
        } else if !(named.is_some() && value.is_empty() || is_value(value)) {
            return strange();
        }
    }
    Ok(())
}

fn is_name(text: &str) -> bool {
    const TRUTHS: [&str; 9] = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"];
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "_-./".contains(c))
        && !TRUTHS.contains(&text.to_ascii_lowercase().as_str())
}

/// Whether this is one value in one line, in quotation marks, a list of words, or plain.
fn is_value(text: &str) -> bool {
    let quoted = |mark: char| {
        let inner = text.strip_prefix(mark).and_then(|rest| rest.strip_suffix(mark));
        inner.is_some_and(|inner| !inner.contains([mark, '\\']))
    };
    let word = |text: &str| {
        let text = text.trim();
        text.starts_with(|c: char| c.is_ascii_alphanumeric())
            && text.chars().all(|c| c.is_ascii_alphanumeric() || " _./-".contains(c))
    };
    let list = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    quoted('"')
        || quoted('\'')
        || text == "{}"
        || list.is_some_and(|list| list.trim().is_empty() || list.split(',').all(word))
        || !text.starts_with([
            ',', '[', ']', '{', '}', '#', '&', '*', '!', '|', '>', '\'', '"', '%', '@', '`', '-', '?', ':',
            '=', '~', '<', '.',
        ]) && !text.is_empty()
            && !text.contains(": ")
            && !text.contains(" #")
            && !text.ends_with(':')
            && !text.starts_with("...")
}
