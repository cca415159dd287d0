//! `walk`, which has many results: regorus has them one after another where they stand as a value of the call.

use regorus::unstable::{Expr, Literal, Module};

use super::negation::{Edit, bounds, rewrite};
use super::{refuse, tree};
use crate::policy::Error;

/// Whether this is `walk` with the result outside.
fn of(expr: &Expr) -> Option<&Expr> {
    match expr {
        Expr::Call { fcn, params, .. } if params.len() == 1 => {
            let (name, _) = tree::path(fcn)?;
            params.first().filter(|_| name == ["walk"]).map(AsRef::as_ref)
        }
        _ => None,
    }
}

/// The pattern and the value of `pattern := walk(value)`.
fn assigned(literal: &Literal) -> Option<(&Expr, &Expr, &Expr)> {
    let Literal::Expr { expr, .. } = literal else { return None };
    match expr.as_ref() {
        Expr::AssignExpr { lhs, rhs, .. } => Some((expr, lhs, of(rhs)?)),
        _ => None,
    }
}

/// The text of a module with `pattern := walk(value)` as `walk(value, pattern)`.
pub(in crate::policy::rego) fn with_result(module: &Module, text: &str) -> Option<String> {
    let mut edits = Vec::new();
    for query in module.policy.iter().flat_map(|rule| tree::queries(rule)) {
        for (whole, pattern, value) in query.stmts.iter().filter_map(|stmt| assigned(&stmt.literal)) {
            let part = |expr| {
                let (start, end) = bounds(expr, text);
                text.get(start..end)
            };
            let (start, _) = bounds(pattern, text);
            if let (Some(pattern), Some(value), Expr::AssignExpr { rhs, .. }) =
                (part(pattern), part(value), whole)
            {
                let end = bounds(rhs, text).1;
                edits.push(Edit { start, end, text: format!("walk({value}, {pattern})") });
            }
        }
    }
    rewrite(text, edits)
}

/// Refuses `walk` where it is neither a statement with its result nor assigned.
///
/// # Errors
/// With the place.
pub(super) fn check(module: &Module) -> Result<(), Error> {
    for rule in &module.policy {
        let known: Vec<_> = tree::queries(rule)
            .into_iter()
            .flat_map(|query| &query.stmts)
            .filter_map(|stmt| assigned(&stmt.literal))
            .map(|(_, _, value)| std::ptr::from_ref(value))
            .collect();
        let mut other = None;
        tree::each_of_rule(rule, &mut |expr| {
            if of(expr).is_some_and(|value| !known.contains(&std::ptr::from_ref(value))) {
                other = Some(expr.span());
            }
        });
        if let Some(span) = other {
            return refuse(span, "walk is here as `walk(value, [path, found])` alone".to_owned());
        }
    }
    Ok(())
}
