//! Numbers that are not written as their value is shown: `1.0`, `1e2`. OPA keeps how they are written, regorus does not. In a comparison
//! or in arithmetic that is the same; elsewhere such a number might get to where it matters.

use std::collections::{BTreeMap, BTreeSet};

use regorus::unstable::{Expr, Literal, Module, Ref, Rule, RuleHead, Span};

use super::signatures::signature;
use super::tree;
use crate::policy::rego::builtins::is_spelled_number;

/// A number that might get anywhere, and where it stands.
pub(in crate::policy::rego) fn number(modules: &[Ref<Module>]) -> Option<String> {
    let rules = || modules.iter().flat_map(|module| &module.policy);
    let (mut loose, mut names) = (None, BTreeSet::new());
    for rule in rules() {
        let values = |rule: &Rule, names: &mut BTreeSet<String>| {
            let value = match rule {
                Rule::Default { value, .. } => Some(value),
                Rule::Spec { head: RuleHead::Compr { assign, .. }, .. } => assign.as_ref().map(|a| &a.value),
                Rule::Spec { .. } => None,
            };
            if let (Some(value), Some((path, true))) = (value, tree::path(tree::head(rule)))
                && is_spelled(value).is_some()
            {
                names.extend(path.last().cloned());
            }
            value.map(|value| std::ptr::from_ref(value.as_ref()))
        };
        let own = values(rule, &mut names);
        let mut fine: Vec<*const Expr> = own.into_iter().collect();
        tree::each_of_rule(rule, &mut |expr| {
            fine.extend(compared(expr).map(std::ptr::from_ref));
            if let Expr::AssignExpr { lhs, rhs, .. } = expr
                && let (Expr::Var { span, .. }, Some(_)) = (lhs.as_ref(), is_spelled(rhs))
            {
                names.insert(span.text().to_owned());
                fine.push(std::ptr::from_ref(rhs.as_ref()));
            }
            if loose.is_none() && !fine.contains(&std::ptr::from_ref(expr)) {
                loose = is_spelled(expr);
            }
        });
    }
    let loose = loose.or_else(|| rules().find_map(|rule| used(rule, &names)));
    loose.map(|span| format!("the number {} (line {})", span.text(), span.line))
}

fn is_spelled(expr: &Expr) -> Option<&Span> {
    match expr {
        Expr::Number { span, .. } => Some(span).filter(|span| is_spelled_number(span.text())),
        _ => None,
    }
}

/// What is compared or computed with.
fn compared(expr: &Expr) -> impl Iterator<Item = &Expr> {
    let sides = match expr {
        Expr::BoolExpr { lhs, rhs, .. } | Expr::ArithExpr { lhs, rhs, .. } => vec![lhs, rhs],
        _ => Vec::new(),
    };
    sides.into_iter().map(AsRef::as_ref)
}

/// Where one of these names is used for anything but a comparison.
fn used<'a>(rule: &'a Rule, names: &BTreeSet<String>) -> Option<&'a Span> {
    let (mut fine, mut found): (Vec<*const Expr>, _) = (Vec::new(), None);
    tree::each_of_rule(rule, &mut |expr| {
        fine.extend(compared(expr).map(std::ptr::from_ref));
        if let Expr::AssignExpr { lhs, rhs, .. } = expr
            && is_spelled(rhs).is_some()
        {
            fine.push(std::ptr::from_ref(lhs.as_ref()));
        }
        let name = match expr {
            Expr::Var { span, .. } => Some(span),
            Expr::RefDot { field, .. } => Some(&field.0),
            _ => None,
        };
        if let Some(name) = name.filter(|name| names.contains(name.text()))
            && !fine.contains(&std::ptr::from_ref(expr))
        {
            found = Some(name);
        }
    });
    found
}

/// What tells how a number is written though it is no call: a set, which has it once for each way, and what is looked up with a variable
/// that might be such a number. And `walk`.
pub(in crate::policy::rego) fn telling(modules: &[Ref<Module>]) -> Option<String> {
    let heads = modules.iter().flat_map(|module| &module.policy).map(|rule| tree::path(tree::head(rule)));
    let rules: BTreeSet<String> = heads.filter_map(|path| path?.0.pop()).collect();
    modules.iter().flat_map(|module| &module.policy).find_map(|rule| {
        let (mut given, mut found) = (given(rule), None);
        given.extend(rules.iter().cloned());
        let mut bases: BTreeMap<&str, &str> = BTreeMap::new();
        tree::each_of_rule(rule, &mut |expr| {
            if let Expr::Call { span, fcn, .. } = expr
                && tree::path(fcn).is_some_and(|(path, _)| path == ["walk"])
            {
                found = Some(span);
            }
            match expr {
                Expr::Set { span, items, .. } if !items.iter().all(|item| is_text(item)) => {
                    found = Some(span)
                }
                Expr::SetCompr { span, .. } | Expr::ObjectCompr { span, .. } => found = Some(span),
                _ => {}
            }
            for (refr, index) in tree::indices(expr) {
                let fine = match index {
                    Expr::Var { span, .. } if span.text() == "_" => true,
                    Expr::Var { span, .. } => {
                        let base = refr.span().text();
                        let one = *bases.entry(span.text()).or_insert(base) == base;
                        !given.contains(span.text()) && (one || is_input(refr))
                    }
                    Expr::Number { .. } => is_spelled(index).is_none() && is_input(refr),
                    other => is_harmless(other),
                };
                found = if fine { found } else { Some(index.span()) };
            }
        });
        found.map(|span| format!("what is looked up, or a set, in line {}", span.line))
    })
}

fn is_text(expr: &Expr) -> bool {
    matches!(expr, Expr::String { .. } | Expr::RawString { .. } | Expr::Bool { .. } | Expr::Null { .. })
}

/// The variables that get their value from something else than the statement or a string.
fn given(rule: &Rule) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut add = |pattern: &Expr| {
        tree::each(pattern, &mut |expr| {
            if let Expr::Var { span, .. } = expr {
                found.insert(span.text().to_owned());
            }
        });
    };
    if let Rule::Spec { head: RuleHead::Func { args, .. }, .. } = rule {
        args.iter().for_each(|arg| add(arg));
    }
    tree::each_of_rule(rule, &mut |expr| {
        if let Expr::AssignExpr { lhs, rhs, .. } = expr
            && !is_harmless(rhs)
        {
            add(lhs);
            add(rhs);
        }
    });
    let mut names = Vec::new();
    for stmt in tree::queries(rule).into_iter().flat_map(|query| &query.stmts) {
        match &stmt.literal {
            Literal::SomeIn { key, value, collection, .. } if !is_input(collection) => {
                key.iter().chain([value]).for_each(|pattern| add(pattern));
            }
            Literal::Every { key, value, domain, .. } if !is_input(domain) => {
                names.extend(key.iter().chain([value]).map(|span| span.text().to_owned()));
            }
            _ => {}
        }
    }
    found.extend(names);
    found
}

/// Whether this is a part of the statement, whose numbers Go wrote.
fn is_input(expr: &Expr) -> bool {
    tree::path(expr).is_some_and(|(path, _)| path.first().is_some_and(|first| first == "input"))
}

/// Whether this is no number that the policy made.
fn is_harmless(expr: &Expr) -> bool {
    match expr {
        Expr::String { .. } | Expr::RawString { .. } | Expr::Bool { .. } | Expr::Null { .. } => true,
        Expr::BoolExpr { .. } | Expr::ArithExpr { .. } => true,
        Expr::Number { .. } => is_spelled(expr).is_none(),
        Expr::Call { fcn, .. } => {
            let name = tree::path(fcn).map(|(path, _)| path.join(".")).unwrap_or_default();
            signature(&name).is_some_and(|known| ["s", "b", "[s]"].contains(&known.result))
        }
        other => is_input(other),
    }
}
