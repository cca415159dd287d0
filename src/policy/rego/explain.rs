//! What is said of errors and of rules that did not hold.

use std::collections::{BTreeMap, BTreeSet};

use regorus::unstable::{LiteralStmt, Module, Ref, Rule, Span};
use regorus::{Engine, Value};

use super::check;
use crate::policy::Error;

/// The longest text of a value.
const SHOWN: usize = 120;
/// The most lines about one refusal.
const DETAILS: usize = 20;

/// An error of regorus about a file: where, and what. regorus writes a picture of the line, whose first and last lines say so.
pub(super) fn error(file: &str, error: &anyhow::Error) -> Error {
    if let Some(limit) = error.downcast_ref::<regorus::LimitError>() {
        return Error::Limit { reason: limit.to_string() };
    }
    let text = format!("{error:#}");
    let at = position(&text).unwrap_or_else(|| file.to_owned());
    Error::Policy { at, reason: reason(&text) }
}

/// An error in one line, with its place in front where there is one.
pub(super) fn line(error: &anyhow::Error) -> String {
    let text = format!("{error:#}");
    match position(&text) {
        Some(at) => format!("{at}: {}", reason(&text)),
        None => reason(&text),
    }
}

/// `file:line:column` behind the arrow of a picture.
fn position(text: &str) -> Option<String> {
    let line = text.lines().find_map(|line| line.trim_start().strip_prefix("--> "))?;
    Some(line.trim().to_owned())
}

/// What stands behind `error: `, or the first line.
fn reason(text: &str) -> String {
    let said = text.lines().find_map(|line| line.trim_start().strip_prefix("error: "));
    let line = said.or_else(|| text.lines().find(|line| !line.trim().is_empty())).unwrap_or("no reason");
    line.trim().to_owned()
}

/// A value as JSON, not longer than a line.
pub(super) fn short(value: &Value) -> String {
    let text = match value {
        Value::Undefined => return "undefined".to_owned(),
        value => value.to_json_str().unwrap_or_else(|_| "a value that JSON has not".to_owned()),
    };
    cut(&text.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// Where the rule did not hold: of each of its bodies the statement that was looked at last, what the statement of the attestation
/// has where it looks, and the same of the rules that it names. The policy is evaluated once more for this, and the lines are noted
/// that it gets to; `written` has the modules as they are written, line by line the same.
pub(super) fn details(engine: &mut Engine, written: &mut Engine, input: &Value) -> Vec<String> {
    engine.set_enable_coverage(true);
    engine.clear_coverage_data();
    let _ = engine.eval_rule(super::QUERY.to_owned());
    let Ok(report) = engine.get_coverage_report() else { return Vec::new() };
    let lines =
        report.files.into_iter().map(|file| (file.path, file.covered.into_iter().collect())).collect();
    let modules = written.get_modules().to_vec();
    let mut told = Told { engine, modules, lines, input, seen: BTreeSet::new(), details: Vec::new() };
    told.rule(super::QUERY);
    told.details.truncate(DETAILS);
    told.details
}

/// What is told of the rules that did not hold.
struct Told<'a> {
    engine: &'a mut Engine,
    modules: Vec<Ref<Module>>,
    /// Of each file the lines that were evaluated.
    lines: BTreeMap<String, BTreeSet<u32>>,
    input: &'a Value,
    /// The paths of the rules that were looked at.
    seen: BTreeSet<String>,
    details: Vec<String>,
}

impl Told<'_> {
    /// A rule that did not hold, by its path.
    fn rule(&mut self, path: &str) {
        if !self.seen.insert(path.to_owned()) {
            return;
        }
        for rule in check::rules(&self.modules, path) {
            let Rule::Spec { bodies, .. } = rule.as_ref() else { continue };
            for body in bodies {
                self.body(path, &body.query.stmts);
            }
        }
    }

    fn body(&mut self, path: &str, stmts: &[LiteralStmt]) {
        let got: Vec<_> = stmts.iter().take_while(|stmt| self.reached(&stmt.span)).collect();
        let Some(last) = got.last().filter(|_| self.details.len() < DETAILS) else { return };
        // Lines are what is noted: of several statements in one, any may be the one.
        let line: Vec<_> = got.iter().filter(|stmt| stmt.span.line == last.span.line).collect();
        let text = line.iter().map(|stmt| whole(stmt.span.text())).collect::<Vec<_>>().join("; ");
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let place = format!("{}:{}", last.span.source.file(), last.span.line);
        let (package, _) = path.rsplit_once('.').unwrap_or_default();
        self.details.push(format!("{place}: the rule `{}` does not hold at: {}", called(path), cut(&text)));
        let looked_at: BTreeSet<_> = line.iter().flat_map(|stmt| check::looks_at(stmt)).collect();
        self.details.extend(looked_at.into_iter().map(|path| {
            let found = path.iter().try_fold(self.input, |value, name| {
                value.as_object().ok().and_then(|object| object.get(&Value::from(name.as_str())))
            });
            let shown = found.map_or_else(|| "not there".to_owned(), short);
            format!("input.{} is {shown}", path.join("."))
        }));
        let asked: BTreeSet<_> =
            line.iter().flat_map(|stmt| check::asks(&self.modules, package, stmt)).collect();
        for path in asked {
            match self.engine.eval_rule(path.clone()) {
                Ok(Value::Undefined | Value::Bool(false)) => self.rule(&path),
                Ok(value) => self.details.push(format!("{} is {}", called(&path), short(&value))),
                Err(_) => {}
            }
        }
    }

    fn reached(&self, span: &Span) -> bool {
        self.lines.get(span.source.file()).is_some_and(|lines| lines.contains(&span.line))
    }
}

/// What a rule is called: its name, with the package in front where it is another one.
fn called(path: &str) -> &str {
    let path = path.strip_prefix("data.").unwrap_or(path);
    path.strip_prefix("signature.").unwrap_or(path)
}

/// The text of a statement, to which the last quotation mark belongs; regorus leaves it out.
fn whole(text: &str) -> String {
    let open = ['"', '`'].into_iter().find(|mark| text.matches(*mark).count() % 2 == 1);
    text.chars().chain(open).collect()
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}...", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
