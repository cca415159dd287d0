//! Operators as calls: regorus computes with 64-bit floats, OPA does not. `a + b` becomes `rcosign_plus(a, b)`, which knows what it
//! cannot tell.

use regorus::unstable::{ArithOp, Expr, Module};

use super::negation::{Edit, bounds, rewrite};
use super::tree;

/// The text of a module with its operators written as calls; `None` where it has none.
pub(in crate::policy::rego) fn as_calls(module: &Module, text: &str) -> Option<String> {
    let mut edits = Vec::new();
    for rule in &module.policy {
        tree::each_of_rule(rule, &mut |expr| {
            let Expr::ArithExpr { op, lhs, rhs, .. } = expr else { return };
            let (start, end) = bounds(expr, text);
            let (after, before) = (bounds(lhs, text).1, bounds(rhs, text).0);
            let (name, sign) = match op {
                ArithOp::Add => ("rcosign_plus(", '+'),
                ArithOp::Sub => ("rcosign_minus(", '-'),
                ArithOp::Mul => ("rcosign_mul(", '*'),
                ArithOp::Div => ("rcosign_div(", '/'),
                ArithOp::Mod => ("rcosign_rem(", '%'),
            };
            let place = text.get(after..before).and_then(|between| between.find(sign));
            let Some(place) = place.map(|at| after + at) else { return };
            edits.push(Edit { start, end: start, text: name.to_owned() });
            edits.push(Edit { start: place, end: place + 1, text: ", ".to_owned() });
            edits.push(Edit { start: end, end, text: ")".to_owned() });
        });
    }
    rewrite(text, edits)
}
