//! Negation as OPA compiles it. What is looked up for a call that is negated is looked up before: `not startswith(input.a, "x")` does
//! not hold where there is no `input.a`, for then there is nothing to call the function with. regorus takes `not` of what is
//! undefined for true, whatever is undefined. So the text is rewritten before it is evaluated:
//! `found1 := input.a; not startswith(found1, "x")`.

use regorus::unstable::{AssignOp, BoolOp, Expr, Literal, LiteralStmt, Module, Query, Ref};

use super::text::unmatched;
use super::{refuse, tree};
use crate::policy::Error;

/// How new variables begin. A policy that has such a name itself is refused.
pub(in crate::policy::rego) const PREFIX: &str = "rcosign_";

/// A part of the text that becomes another.
pub(super) struct Edit {
    pub start: usize,
    pub end: usize,
    pub text: String,
}

/// The text of a module with what is negated written out; `None` where nothing is. What stands within something that is negated is
/// left for the next time.
pub(in crate::policy::rego) fn written_out(module: &Module, text: &str, count: &mut usize) -> Option<String> {
    let mut edits = Vec::new();
    for rule in &module.policy {
        for query in tree::queries(rule) {
            for stmt in &query.stmts {
                negated(
                    query,
                    stmt,
                    text,
                    &mut || {
                        *count += 1;
                        format!("{PREFIX}found{count}")
                    },
                    &mut edits,
                );
            }
        }
    }
    rewrite(text, edits)
}

/// The text with its parts replaced; `None` where there are none. Of parts in one place the first stays in front.
pub(super) fn rewrite(text: &str, mut edits: Vec<Edit>) -> Option<String> {
    edits.sort_by_key(|edit| edit.start);
    let (mut made, mut at) = (String::new(), 0);
    for Edit { start, end, text: new } in &edits {
        made.push_str(text.get(at..*start)?);
        made.push_str(new);
        at = *end;
    }
    made.push_str(text.get(at..)?);
    (!edits.is_empty()).then_some(made)
}

fn negated(
    query: &Query,
    stmt: &LiteralStmt,
    text: &str,
    fresh: &mut dyn FnMut() -> String,
    edits: &mut Vec<Edit>,
) {
    let Literal::NotExpr { expr, .. } = &stmt.literal else { return };
    let found = found_before(expr);
    // What holds another negation comes when that is done.
    if found.is_empty() || found.iter().any(|expr| holds_negation(expr)) {
        return;
    }
    let with = match (stmt.with_mods.first(), stmt.with_mods.last()) {
        (Some(first), Some(last)) => text.get(first.span.start as usize..bounds(&last.r#as, text).1),
        _ => None,
    };
    let mut before = String::new();
    for expr in found {
        let (start, end) = bounds(expr, text);
        let name = fresh();
        let Some(whole) = text.get(start..end) else { continue };
        before.push_str(&format!("{name} := {whole} {}; ", with.unwrap_or_default()));
        edits.push(Edit { start, end, text: name });
    }
    // `if` with one statement has no braces.
    let start = stmt.span.start as usize;
    let alone =
        query.stmts.len() == 1 && text.get(..start).is_some_and(|before| before.trim_end().ends_with("if"));
    if alone {
        let end = match stmt.with_mods.last() {
            Some(last) => bounds(&last.r#as, text).1,
            None => bounds(expr, text).1,
        };
        before.insert_str(0, "{ ");
        edits.push(Edit { start: end, end, text: " }".to_owned() });
    }
    edits.insert(0, Edit { start, end: start, text: before });
}

/// What is looked up for a negation before it.
fn found_before(negated: &Expr) -> Vec<&Expr> {
    let mut found = Vec::new();
    match negated {
        Expr::BoolExpr { op: BoolOp::Eq, lhs, rhs, .. }
        | Expr::AssignExpr { op: AssignOp::Eq, lhs, rhs, .. } => {
            [lhs, rhs].into_iter().for_each(|side| beneath(side, &mut found));
        }
        Expr::Call { params, .. } => params.iter().for_each(|param| looked_up(param, &mut found)),
        Expr::BoolExpr { .. } | Expr::ArithExpr { .. } | Expr::BinExpr { .. } | Expr::Membership { .. } => {
            tree::children(negated).into_iter().for_each(|side| looked_up(side, &mut found));
        }
        other => beneath(other, &mut found),
    }
    found
}

/// What is looked up for a value of a call: itself, or what an array or an object is made of.
fn looked_up<'a>(expr: &'a Expr, found: &mut Vec<&'a Expr>) {
    match expr {
        Expr::Array { .. } | Expr::Set { .. } | Expr::Object { .. } => beneath(expr, found),
        Expr::Var { span, .. } if span.text() == "_" || span.text().starts_with(PREFIX) => {}
        Expr::Var { .. } | Expr::RefDot { .. } | Expr::RefBrack { .. } | Expr::Call { .. } => {
            found.push(expr)
        }
        Expr::BoolExpr { .. } | Expr::ArithExpr { .. } | Expr::BinExpr { .. } | Expr::Membership { .. } => {
            found.push(expr);
        }
        _ => {}
    }
}

/// What is looked up within a term that is no value of a call.
fn beneath<'a>(expr: &'a Expr, found: &mut Vec<&'a Expr>) {
    match expr {
        Expr::Array { .. } | Expr::Set { .. } | Expr::Object { .. } => {
            tree::children(expr).into_iter().for_each(|item| looked_up(item, found));
        }
        Expr::RefDot { refr, .. } => beneath(refr, found),
        Expr::RefBrack { refr, index, .. } => {
            beneath(refr, found);
            looked_up(index, found);
        }
        Expr::Call { .. } | Expr::ArithExpr { .. } | Expr::BinExpr { .. } | Expr::BoolExpr { .. } => {
            found.push(expr)
        }
        Expr::Membership { .. } => found.push(expr),
        _ => {}
    }
}

/// Whether a negation within an expression is not written out yet.
fn holds_negation(expr: &Expr) -> bool {
    let mut holds = false;
    tree::each(expr, &mut |expr| {
        holds |= tree::comprehension(expr).is_some_and(has_negation);
    });
    holds
}

/// Whether a query, or the body of an `every` in it, has a negation that is not written out yet.
fn has_negation(query: &Query) -> bool {
    query.stmts.iter().any(|stmt| match &stmt.literal {
        Literal::NotExpr { expr, .. } => !found_before(expr).is_empty(),
        Literal::Every { query, .. } => has_negation(query),
        _ => false,
    })
}

/// Refuses a negation that could not be written out.
///
/// # Errors
/// With the place.
pub(in crate::policy::rego) fn are_written_out(modules: &[Ref<Module>]) -> Result<(), Error> {
    let rules = modules.iter().flat_map(|module| &module.policy);
    let mut stmts = rules.flat_map(|rule| tree::queries(rule)).flat_map(|query| &query.stmts);
    let left = stmts.find(
        |stmt| matches!(&stmt.literal, Literal::NotExpr { expr, .. } if !found_before(expr).is_empty()),
    );
    match left {
        Some(stmt) => {
            refuse(&stmt.span, "a negation of what is written like this is not supported".to_owned())
        }
        None => Ok(()),
    }
}

/// Where an expression begins and ends, with the quotation mark and the brackets that regorus leaves out.
pub(super) fn bounds(expr: &Expr, text: &str) -> (usize, usize) {
    let (mut start, mut end) = (first(expr, text), last(expr, text));
    loop {
        let part = text.get(start..end).unwrap_or_default();
        let (open, close) = unmatched(part);
        if open > 0 {
            let Some(more) = text.get(end..).and_then(|rest| rest.find(')')) else { return (start, end) };
            end += more + 1;
        } else if close > 0 {
            let Some(at) = text.get(..start).and_then(|rest| rest.rfind('(')) else { return (start, end) };
            start = at;
        } else {
            return (start, end);
        }
    }
}

fn first(expr: &Expr, text: &str) -> usize {
    match expr {
        Expr::BoolExpr { lhs, .. } | Expr::ArithExpr { lhs, .. } | Expr::BinExpr { lhs, .. } => {
            first(lhs, text)
        }
        Expr::Membership { key, value, .. } => first(key.as_ref().unwrap_or(value), text),
        Expr::RefDot { refr, .. } | Expr::RefBrack { refr, .. } => first(refr, text),
        // That of an object begins at its last member.
        Expr::Object { fields, span, .. } => {
            let key = fields.first().map_or(span.start as usize, |(_, key, _)| first(key, text));
            let open = text.get(..key).filter(|_| !fields.is_empty()).and_then(|before| before.rfind('{'));
            open.unwrap_or(key)
        }
        // The mark in front of a string is left out as well.
        Expr::String { span, .. } | Expr::RawString { span, .. } => (span.start as usize).saturating_sub(1),
        other => other.span().start as usize,
    }
}

fn last(expr: &Expr, text: &str) -> usize {
    match expr {
        Expr::BoolExpr { rhs, .. } | Expr::ArithExpr { rhs, .. } | Expr::BinExpr { rhs, .. } => {
            last(rhs, text)
        }
        Expr::Membership { collection, .. } => last(collection, text),
        Expr::UnaryExpr { expr, .. } => last(expr, text),
        // That of `set()` ends behind what comes next.
        Expr::Set { items, span, .. } if items.is_empty() => {
            let start = span.start as usize;
            start + text.get(start..).and_then(|rest| rest.find(')')).map_or(0, |at| at + 1)
        }
        Expr::String { span, .. } | Expr::RawString { span, .. } => {
            let end = span.end as usize;
            end + usize::from(text.get(end..).is_some_and(|rest| rest.starts_with(['"', '`'])))
        }
        other => other.span().end as usize,
    }
}
