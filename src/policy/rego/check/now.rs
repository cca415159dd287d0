//! `with time.now_ns as ..`. regorus replaces its own functions alone, and this one is ours. So where a policy replaces it the time is a
//! document, which the calls of the function become a reference to: `data.rcosign_now`.

use regorus::unstable::{Expr, Literal, Module, Ref};

use super::negation::{Edit, PREFIX, bounds, rewrite};
use super::{refuse, tree};
use crate::policy::Error;

/// The function.
const FUNCTION: [&str; 2] = ["time", "now_ns"];

fn is_function(expr: &Expr) -> bool {
    tree::path(expr).is_some_and(|(names, _)| names == FUNCTION)
}

/// The name of the document beneath `data`.
pub(in crate::policy::rego) fn document() -> String {
    format!("{PREFIX}now")
}

/// Whether a policy replaces the function.
pub(in crate::policy::rego) fn is_replaced(modules: &[Ref<Module>]) -> bool {
    let rules = modules.iter().flat_map(|module| &module.policy);
    let stmts = rules.flat_map(|rule| tree::queries(rule)).flat_map(|query| &query.stmts);
    stmts.flat_map(|stmt| &stmt.with_mods).any(|with| is_function(&with.refr))
}

/// The text of a module with calls and replacements of the function as those of the document; `None` where there is neither.
pub(in crate::policy::rego) fn as_data(module: &Module, text: &str) -> Option<String> {
    let mut edits = Vec::new();
    let mut replace = |expr: &Expr| {
        let (start, end) = bounds(expr, text);
        edits.push(Edit { start, end, text: format!("data.{}", document()) });
    };
    for rule in &module.policy {
        tree::each_of_rule(rule, &mut |expr| match expr {
            Expr::Call { fcn, .. } if is_function(fcn) => replace(expr),
            _ => {}
        });
        let stmts = tree::queries(rule).into_iter().flat_map(|query| &query.stmts);
        let targets = stmts.flat_map(|stmt| &stmt.with_mods).map(|with| &with.refr);
        targets.filter(|refr| is_function(refr)).for_each(|refr| replace(refr));
    }
    rewrite(text, edits)
}

/// Refuses policies that replace the function and could see the document: each reference into `data` goes on with a constant name, and
/// none with one of ours. (`text.rs` has refused those that are no strings.)
///
/// # Errors
/// With the place.
pub(super) fn check(modules: &[Ref<Module>]) -> Result<(), Error> {
    if !is_replaced(modules) {
        return Ok(());
    }
    for stmt in modules
        .iter()
        .flat_map(|module| &module.policy)
        .flat_map(|rule| tree::queries(rule))
        .flat_map(|query| &query.stmts)
    {
        let replaces = stmt.with_mods.iter().any(|with| is_function(&with.refr));
        if replaces && matches!(stmt.literal, Literal::Every { .. }) {
            // OPA takes the function for a rule there, which it does not find.
            return refuse(&stmt.span, "`with time.now_ns` behind `every` is not supported".to_owned());
        }
    }
    let mut references: Vec<&Expr> = Vec::new();
    for module in modules {
        references.extend(module.imports.iter().map(|import| import.refr.as_ref()));
        for rule in &module.policy {
            tree::each_of_rule(rule, &mut |expr| references.push(expr));
            let stmts = tree::queries(rule).into_iter().flat_map(|query| &query.stmts);
            references.extend(stmts.flat_map(|stmt| &stmt.with_mods).map(|with| with.refr.as_ref()));
        }
    }
    match references.into_iter().find_map(|expr| Some((expr.span(), sees(expr)?))) {
        Some((span, reason)) => refuse(span, reason),
        None => Ok(()),
    }
}

/// Why a reference might be to the document: it is to `data` without a constant name behind it, or with a name as only we give.
fn sees(expr: &Expr) -> Option<String> {
    let (names, _) = tree::path(expr)?;
    match names.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["data"] => Some("`data` as a whole is not supported beside `with time.now_ns`".to_owned()),
        ["data", name, ..] if name.starts_with(PREFIX) => {
            Some(format!("no name may begin with `{PREFIX}` beside `with time.now_ns`"))
        }
        _ => None,
    }
}
