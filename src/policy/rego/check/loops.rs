//! Expressions that go through several collections at once, where the order shows: in an array that is collected. OPA takes calls out
//! of what they stand in, so `a[_] > b[_] * 2` goes through `b` and for each item through `a`; regorus goes from left to right.

use std::collections::BTreeSet;

use regorus::unstable::{AssignOp, Expr, Literal, Module, Query, Ref, Span};

use super::refuse;
use super::tree::{self, children};
use crate::policy::Error;

/// What a loop goes by: the name of a variable, or the place of a `_`.
#[derive(Clone, PartialEq)]
enum Loop<'a> {
    Named(&'a str),
    At(u32, u32),
}

/// Refuses expressions that OPA would go through in another order.
///
/// # Errors
/// With the place of the first.
pub(super) fn check(modules: &[Ref<Module>]) -> Result<(), Error> {
    let mut found = None;
    for rule in modules.iter().flat_map(|module| &module.policy) {
        tree::each_of_rule(rule, &mut |expr| {
            if let (None, Expr::ArrayCompr { term, query, .. }) = (&found, expr) {
                found = collected(term, query);
            }
        });
    }
    match found {
        Some(span) => refuse(
            span,
            "an expression that goes through several collections is not supported in an array comprehension: put each call into a statement of its own"
                .to_owned(),
        ),
        None => Ok(()),
    }
}

fn collected<'a>(term: &'a Expr, query: &'a Query) -> Option<&'a Span> {
    let mut known = BTreeSet::new();
    let mut within = BTreeSet::new();
    for (at, stmt) in query.stmts.iter().enumerate() {
        let late = given_later(query, at);
        tree::expressions(stmt).into_iter().for_each(|expr| enclosed(expr, &mut within));
        for expr in tree::expressions(stmt) {
            if differs(expr, &known, &within) || is_late(expr, &late) {
                return Some(expr.span());
            }
        }
        if let Literal::SomeIn { key, value, .. } = &stmt.literal {
            key.iter().chain([value]).for_each(|pattern| names(pattern, &mut known));
        }
        for expr in tree::expressions(stmt) {
            if let Expr::AssignExpr { op: AssignOp::ColEq, lhs, .. } = expr {
                names(lhs, &mut known);
            }
            let mut loops = Vec::new();
            from_left(expr, &BTreeSet::new(), &mut loops);
            known.extend(loops.into_iter().filter_map(|found| match found {
                Loop::Named(name) => Some(name),
                Loop::At(..) => None,
            }));
        }
    }
    enclosed(term, &mut within);
    differs(term, &known, &within).then(|| term.span())
}

/// Adds the loops of comprehensions within an expression: what gives their names a value goes in front of it.
fn enclosed<'a>(expr: &'a Expr, found: &mut BTreeSet<&'a str>) {
    tree::each(expr, &mut |expr| {
        let Some(inner) = tree::comprehension(expr) else { return };
        tree::each_of_query(inner, &mut |expr| {
            if let Some(Loop::Named(name)) = own(expr, &BTreeSet::new()) {
                found.insert(name);
            }
        });
    });
}

/// The names that statements behind this one unify: one that has them before is put behind those.
fn given_later(query: &Query, at: usize) -> BTreeSet<&str> {
    let mut found = BTreeSet::new();
    for expr in query.stmts.iter().skip(at + 1).flat_map(tree::expressions) {
        if let Expr::AssignExpr { op: AssignOp::Eq, lhs, .. } = expr
            && let Expr::Var { span, .. } = lhs.as_ref()
        {
            found.insert(span.text());
        }
    }
    found
}

fn is_late(expr: &Expr, late: &BTreeSet<&str>) -> bool {
    let mut loops = Vec::new();
    from_left(expr, &BTreeSet::new(), &mut loops);
    let mut found = BTreeSet::new();
    names(expr, &mut found);
    !loops.is_empty() && found.iter().any(|name| late.contains(name))
}

fn names<'a>(pattern: &'a Expr, known: &mut BTreeSet<&'a str>) {
    tree::each(pattern, &mut |expr| {
        if let Expr::Var { span, .. } = expr {
            known.insert(span.text());
        }
    });
}

fn differs(expr: &Expr, known: &BTreeSet<&str>, enclosed: &BTreeSet<&str>) -> bool {
    let (mut written, mut first, mut last) = (Vec::new(), Vec::new(), Vec::new());
    from_left(expr, known, &mut written);
    calls_first(expr, known, &mut first, &mut last);
    first.extend(last);
    let written = once(written);
    let waits = |found: &Loop<'_>| matches!(found, Loop::Named(name) if enclosed.contains(name));
    written != once(first) || written.iter().any(waits) || written.len() > 1 && has_computed(expr)
}

/// Whether there is a loop through what is no path: a call or a collection that is written there.
fn has_computed(expr: &Expr) -> bool {
    let mut found = false;
    tree::each(expr, &mut |expr| {
        found |= matches!(expr, Expr::RefBrack { .. }) && !matches!(tree::root(expr), Expr::Var { .. });
    });
    found
}

fn once(loops: Vec<Loop<'_>>) -> Vec<Loop<'_>> {
    let mut made: Vec<Loop<'_>> = Vec::new();
    for found in loops {
        if !made.contains(&found) {
            made.push(found);
        }
    }
    made
}

/// The loops of an expression as they stand.
fn from_left<'a>(expr: &'a Expr, known: &BTreeSet<&str>, loops: &mut Vec<Loop<'a>>) {
    children(expr)
        .into_iter()
        .filter(|_| tree::comprehension(expr).is_none())
        .for_each(|child| from_left(child, known, loops));
    loops.extend(own(expr, known));
}

/// The loop that a reference goes through by its last part.
fn own<'a>(expr: &'a Expr, known: &BTreeSet<&str>) -> Option<Loop<'a>> {
    let Expr::RefBrack { index, .. } = expr else { return None };
    match index.as_ref() {
        Expr::Var { span, .. } if span.text() == "_" => Some(Loop::At(span.line, span.col)),
        Expr::Var { span, .. } if !known.contains(span.text()) => Some(Loop::Named(span.text())),
        _ => None,
    }
}

/// The loops of an expression as OPA goes through them: those of the calls within it, and then its own.
fn calls_first<'a>(
    expr: &'a Expr,
    known: &BTreeSet<&str>,
    first: &mut Vec<Loop<'a>>,
    last: &mut Vec<Loop<'a>>,
) {
    if tree::comprehension(expr).is_some() {
        return;
    }
    for child in children(expr) {
        let is_call = matches!(
            child.as_ref(),
            Expr::Call { .. }
                | Expr::ArithExpr { .. }
                | Expr::BinExpr { .. }
                | Expr::BoolExpr { .. }
                | Expr::Membership { .. }
        );
        let mut beneath = Vec::new();
        calls_first(child, known, first, &mut beneath);
        if is_call { first.extend(beneath) } else { last.extend(beneath) }
    }
    last.extend(own(expr, known));
}
