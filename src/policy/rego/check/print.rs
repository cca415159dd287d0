//! `print`, which is for nobody here: OPA's compiler leaves such statements out, whatever stands in them, and so they are before anything
//! is evaluated.

use regorus::unstable::{Expr, Literal, LiteralStmt, Module};

use super::negation::{Edit, bounds, rewrite};
use super::tree;

/// The call, where a statement is one.
fn printed(stmt: &LiteralStmt) -> Option<&Expr> {
    let (Literal::Expr { expr, .. } | Literal::NotExpr { expr, .. }) = &stmt.literal else { return None };
    let Expr::Call { fcn, .. } = expr.as_ref() else { return None };
    tree::path(fcn).filter(|(name, _)| name == &["print"]).map(|_| expr.as_ref())
}

/// The text of a module with `true` for statements that print, negated or not; `None` where there are none.
pub(in crate::policy::rego) fn left_out(module: &Module, text: &str) -> Option<String> {
    let mut edits: Vec<Edit> = Vec::new();
    for stmt in module.policy.iter().flat_map(|rule| tree::queries(rule)).flat_map(|query| &query.stmts) {
        let Some(expr) = printed(stmt) else { continue };
        let start = stmt.span.start as usize;
        let end = stmt.with_mods.last().map_or(bounds(expr, text).1, |with| bounds(&with.r#as, text).1);
        edits.push(Edit { start, end, text: "true".to_owned() });
    }
    // What is printed may print itself.
    edits.sort_by_key(|edit| edit.start);
    let mut behind = 0;
    edits.retain(|edit| {
        let is_outer = edit.start >= behind;
        behind = behind.max(edit.end);
        is_outer
    });
    rewrite(text, edits)
}
