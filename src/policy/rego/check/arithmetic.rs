//! Operators as calls. regorus computes with 64-bit floats, OPA does not; it puts sets before objects; and what is no set is an error
//! to it, where OPA has nothing; and nothing is in what is undefined. `a + b` becomes `rcosign_plus(a, b)`, which knows what it cannot tell.

use regorus::unstable::{ArithOp, BinOp, BoolOp, Expr, Module, Ref};

use super::negation::{Edit, bounds, rewrite};
use super::{refuse, tree};
use crate::policy::Error;

/// The text of a module with its operators written as calls; `None` where it has none.
pub(in crate::policy::rego) fn as_calls(module: &Module, text: &str) -> Option<String> {
    let mut edits = Vec::new();
    for rule in &module.policy {
        tree::each_of_rule(rule, &mut |expr| {
            let Some((name, sign, lhs, rhs)) = operator(expr) else { return };
            let (start, end) = bounds(expr, text);
            let (after, before) = (bounds(lhs, text).1, bounds(rhs, text).0);
            let place = text.get(after..before).and_then(|between| between.find(sign));
            let Some(place) = place.map(|at| after + at) else { return };
            edits.push(Edit { start, end: start, text: format!("rcosign_{name}(") });
            edits.push(Edit { start: place, end: place + sign.len(), text: ", ".to_owned() });
            edits.push(Edit { start: end, end, text: ")".to_owned() });
        });
    }
    rewrite(text, edits)
}

/// Refuses what is still an operator.
///
/// # Errors
/// With the place.
pub(in crate::policy::rego) fn are_calls(modules: &[Ref<Module>]) -> Result<(), Error> {
    let mut left = None;
    for rule in modules.iter().flat_map(|module| &module.policy) {
        tree::each_of_rule(rule, &mut |expr| left = left.or(operator(expr).map(|_| expr.span())));
    }
    match left {
        Some(span) => {
            refuse(span, "this operator is not understood here: write brackets around its sides".to_owned())
        }
        None => Ok(()),
    }
}

/// The name of the call, the sign, and both sides.
fn operator(expr: &Expr) -> Option<(&'static str, &'static str, &Expr, &Expr)> {
    let (name, sign, lhs, rhs) = match expr {
        Expr::Membership { key, value, collection, .. } => {
            (if key.is_some() { "in_at" } else { "in" }, "in", value, collection)
        }
        Expr::ArithExpr { op, lhs, rhs, .. } => {
            let (name, sign) = match op {
                ArithOp::Add => ("plus", "+"),
                ArithOp::Sub => ("minus", "-"),
                ArithOp::Mul => ("mul", "*"),
                ArithOp::Div => ("div", "/"),
                ArithOp::Mod => ("rem", "%"),
            };
            (name, sign, lhs, rhs)
        }
        Expr::BinExpr { op, lhs, rhs, .. } => match op {
            BinOp::Intersection => ("and", "&", lhs, rhs),
            BinOp::Union => ("or", "|", lhs, rhs),
        },
        Expr::BoolExpr { op, lhs, rhs, .. } => {
            let (name, sign) = match op {
                BoolOp::Lt => ("lt", "<"),
                BoolOp::Le => ("lte", "<="),
                BoolOp::Gt => ("gt", ">"),
                BoolOp::Ge => ("gte", ">="),
                BoolOp::Eq | BoolOp::Ne => return None,
            };
            (name, sign, lhs, rhs)
        }
        _ => return None,
    };
    Some((name, sign, lhs, rhs))
}
