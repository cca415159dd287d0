//! What is said of errors and of rules that did not hold.

use std::collections::{BTreeMap, BTreeSet};

use regorus::unstable::{Literal, LiteralStmt, Module, Ref, Rule, Span};
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

/// That a rule holds with a value that does not pass.
pub(super) fn other(rule: &str, value: &Value) -> String {
    let kind = match value {
        Value::Array(_) => "the array ",
        Value::Number(_) => "the number ",
        Value::Object(_) => "the object ",
        Value::Set(_) => "the set ",
        Value::String(_) => "the string ",
        _ => "",
    };
    format!("the rule `{rule}` is {kind}{}, and `true` alone passes", short(value))
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
        let (line, before): (Vec<&LiteralStmt>, Vec<_>) =
            got.iter().partition(|stmt| stmt.span.line == last.span.line);
        let place = format!("{}:{}", last.span.source.file(), last.span.line);
        self.details.push(format!("{place}: the rule `{}` does not hold at: {}", called(path), text(&line)));
        let looked_at: BTreeSet<_> =
            line.iter().flat_map(|stmt| check::looks_at(&self.modules, stmt)).collect();
        for path in looked_at {
            self.found(&path);
        }
        self.variables(&before, &line);
        let mut asked = BTreeMap::new();
        for stmt in &line {
            let negated = matches!(stmt.literal, Literal::NotExpr { .. });
            asked.extend(check::asks(&self.modules, stmt).into_iter().map(|path| (path, negated)));
        }
        for (path, negated) in asked {
            self.asked(&path, negated);
        }
    }

    /// What is at a path of `input` or `data`.
    fn found(&mut self, path: &[String]) {
        let Some((root, rest)) = path.split_first() else { return };
        let data = self.engine.get_data();
        let root = if root == "data" { &data } else { self.input };
        let value = rest.iter().try_fold(root, |value, name| {
            value.as_object().ok().and_then(|object| object.get(&Value::from(name.as_str())))
        });
        let shown = match value {
            Some(value) => short(value),
            None if path.first().is_some_and(|root| root == "data") => {
                "not there (files with data are given by --policy-data)".to_owned()
            }
            None => "not there".to_owned(),
        };
        self.details.push(format!("{} is {shown}", path.join(".")));
    }

    /// The values of the variables of a line that the statements before it gave them, where those can be asked alone: they name no
    /// rule, and hold in one way.
    fn variables(&mut self, before: &[&LiteralStmt], line: &[&LiteralStmt]) {
        let given: Vec<_> = before.iter().copied().filter(|stmt| check::gives(stmt)).collect();
        if given.is_empty() || given.iter().any(|stmt| !check::asks(&self.modules, stmt).is_empty()) {
            return;
        }
        let query = given.iter().map(|stmt| whole(stmt.span.text())).collect::<Vec<_>>().join("\n");
        let Ok(results) = self.engine.eval_query(query, false) else { return };
        let [result] = results.result.as_slice() else { return };
        let Ok(values) = result.bindings.as_object() else { return };
        let used: BTreeSet<_> = line.iter().flat_map(|stmt| check::variables(stmt)).collect();
        let shown = values.iter().filter_map(|(name, value)| {
            let Value::String(name) = name else { return None };
            used.contains(&**name).then(|| format!("{name} is {}", short(value)))
        });
        self.details.extend(shown);
    }

    /// A rule that a statement names.
    fn asked(&mut self, path: &str, negated: bool) {
        let before = self.details.len();
        let value = self.engine.eval_rule(path.to_owned());
        match &value {
            Ok(Value::Undefined | Value::Bool(false)) if !negated => self.rule(path),
            Ok(Value::Undefined) | Err(_) => return,
            Ok(value) => {
                self.details.push(format!("{} is {}", called(path), short(value)));
                if negated && self.seen.insert(path.to_owned()) {
                    self.holds(path);
                }
            }
        }
        if let (Ok(Value::Bool(false)), true) = (&value, before == self.details.len()) {
            self.details.push(format!("{} is false", called(path)));
        }
    }

    /// The bodies by which a rule may hold: all their lines were evaluated.
    fn holds(&mut self, path: &str) {
        for rule in check::rules(&self.modules, path) {
            let Rule::Spec { bodies, .. } = rule.as_ref() else { continue };
            for stmts in bodies.iter().map(|body| &body.query.stmts) {
                let Some(first) = stmts.first() else { continue };
                if stmts.iter().all(|stmt| self.reached(&stmt.span)) {
                    let place = format!("{}:{}", first.span.source.file(), first.span.line);
                    let text = text(&stmts.iter().collect::<Vec<_>>());
                    self.details.push(format!("{place}: the rule `{}` may hold by: {text}", called(path)));
                }
            }
        }
    }

    fn reached(&self, span: &Span) -> bool {
        self.lines.get(span.source.file()).is_some_and(|lines| lines.contains(&span.line))
    }
}

/// Statements in one line.
fn text(stmts: &[&LiteralStmt]) -> String {
    let text = stmts.iter().map(|stmt| whole(stmt.span.text())).collect::<Vec<_>>().join("; ");
    cut(&text.split_whitespace().collect::<Vec<_>>().join(" "))
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
