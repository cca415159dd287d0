//! Imports and the words that they make keywords.

use std::collections::BTreeSet;

use regorus::unstable::{AssignOp, Expr, Literal, Module, Rule, RuleHead, Span};

use super::tree::path;
use super::{refuse, text, tree};
use crate::policy::Error;

/// The keywords that version 0 does not have.
const KEYWORDS: [&str; 4] = ["contains", "every", "if", "in"];

/// The functions that operators stand for: what a policy calls so is what it computes with.
pub(super) const OPERATORS: [&str; 17] = [
    "and", "assign", "div", "eq", "equal", "gt", "gte", "internal", "lt", "lte", "minus", "mul", "neq", "or",
    "plus", "print", "rem",
];

/// Checks the imports of a module, that it uses no keyword which it did not import, and its names.
pub(super) fn check(module: &Module) -> Result<(), Error> {
    let (mut keywords, mut seen) = (BTreeSet::new(), BTreeSet::new());
    for import in &module.imports {
        let (names, _) = path(&import.refr).unwrap_or_default();
        let whole = names.join(".");
        match names.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            ["future", "keywords"] => keywords.extend(KEYWORDS),
            ["future", "keywords", word] => match KEYWORDS.iter().find(|known| **known == word) {
                Some(known) => {
                    keywords.insert(*known);
                }
                None => return refuse(&import.span, format!("there is no keyword `{word}`")),
            },
            ["rego", "v1"] => keywords.extend(KEYWORDS),
            ["data" | "input", ..] => {}
            _ => return refuse(&import.span, format!("invalid import `{whole}`")),
        }
        let name = import.r#as.as_ref().map(|span| span.text().to_owned()).or(names.last().cloned());
        no_operator(&import.span, name.as_deref())?;
        if module.rego_v1 && !seen.insert(name) {
            return refuse(&import.span, format!("import must not shadow import {whole}"));
        }
    }
    if !keywords.contains("if") {
        no_if(module)?;
    }
    module.policy.iter().try_for_each(|rule| no_root(rule, module.rego_v1))
}

fn no_operator(span: &Span, name: Option<&str>) -> Result<(), Error> {
    match name.filter(|name| OPERATORS.contains(name)) {
        Some(name) => refuse(span, format!("nothing may be called {name}, which stands for an operator")),
        None => Ok(()),
    }
}

/// No parameter is called `data` or `input`; in modules of version 1 no rule or variable is either. Of the others we refuse such a
/// rule, which the roots are called no more beside.
fn no_root(rule: &Rule, strict: bool) -> Result<(), Error> {
    let root = |expr: &Expr| {
        let name = path(expr).and_then(|(names, _)| names.into_iter().next())?;
        ["data", "input"].contains(&name.as_str()).then_some(name)
    };
    let (names, _) = path(tree::head(rule)).unwrap_or_default();
    no_operator(rule.span(), names.first().map(String::as_str))?;
    if let Some(name) = root(tree::head(rule)) {
        return refuse(rule.span(), format!("rules must not shadow {name}"));
    }
    let args: &[_] = match rule {
        Rule::Spec { head: RuleHead::Func { args, .. }, .. } | Rule::Default { args, .. } => args,
        Rule::Spec { .. } => &[],
    };
    let mut named = None;
    for arg in args {
        tree::each(arg, &mut |expr| named = named.take().or(root(expr).map(|name| (expr.span(), name))));
    }
    if let Some((span, name)) = named {
        return refuse(span, format!("args and variables must not shadow {name}"));
    }
    if !strict {
        return Ok(());
    }
    let assigned = tree::queries(rule).into_iter().flat_map(|query| &query.stmts).filter_map(|stmt| {
        match &stmt.literal {
            Literal::Expr { expr, .. } | Literal::NotExpr { expr, .. } => match expr.as_ref() {
                Expr::AssignExpr { op: AssignOp::ColEq, lhs, .. } => Some(lhs),
                _ => None,
            },
            _ => None,
        }
    });
    for expr in assigned {
        if let (Expr::Var { span, .. }, Some(name)) = (expr.as_ref(), root(expr)) {
            return refuse(span, format!("args and variables must not shadow {name}"));
        }
    }
    Ok(())
}

/// `if` behind a name, where it is no keyword: regorus reads it as one. No variable of that name is let through.
fn no_if(module: &Module) -> Result<(), Error> {
    let source = &module.package.span.source;
    match text::line_of(source.contents(), "if") {
        Some(line) => {
            let at = format!("{}:{line}", source.file());
            let reason = "`if` is a keyword: import rego.v1 or future.keywords.if".to_owned();
            Err(Error::Policy { at, reason })
        }
        None => Ok(()),
    }
}
