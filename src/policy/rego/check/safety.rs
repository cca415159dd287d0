//! Variables: what is declared is used. And what regorus takes apart otherwise than OPA.

use regorus::unstable::{AssignOp, Expr, Literal, Query, Rule, RuleHead, Span};

use super::refuse;
use super::signatures::signature;
use super::tree::{self, path};
use crate::policy::Error;

/// Checks every query of a rule.
pub(super) fn rule(rule: &Rule) -> Result<(), Error> {
    tree::queries(rule).into_iter().try_for_each(query)?;
    patterns(rule)?;
    sets(rule)
}

/// Sets that hold other sets and, or so it may be, objects: regorus goes through them in another order than OPA.
fn sets(rule: &Rule) -> Result<(), Error> {
    let (mut found, mut key) = (None, None);
    tree::each_of_rule(rule, &mut |expr| {
        if let Expr::Object { fields, .. } = expr {
            let has_set = |name: &Expr| {
                let mut has = false;
                tree::each(name, &mut |expr| has |= is_set(expr));
                has
            };
            key = key.or(fields.iter().find(|(_, name, _)| has_set(name)).map(|(_, name, _)| name.span()));
        }
        let Expr::Set { items, .. } = expr else { return };
        let holds = |item: &Expr| {
            let mut holds = false;
            tree::each(item, &mut |expr| holds |= is_set(expr));
            holds
        };
        let plain = |item: &Expr| {
            matches!(
                item,
                Expr::String { .. }
                    | Expr::RawString { .. }
                    | Expr::Number { .. }
                    | Expr::Bool { .. }
                    | Expr::Null { .. }
            )
        };
        if items.iter().any(|item| holds(item)) && !items.iter().all(|item| is_set(item) || plain(item)) {
            found = Some(expr.span());
        }
    });
    match (found, key) {
        (Some(span), _) => refuse(span, "a set of sets and other values is not supported".to_owned()),
        // OPA's compiler takes it for an array.
        (None, Some(span)) => refuse(span, "a set within the key of an object is not supported".to_owned()),
        (None, None) => Ok(()),
    }
}

fn is_set(expr: &Expr) -> bool {
    match expr {
        Expr::Set { .. } | Expr::SetCompr { .. } => true,
        Expr::Call { fcn, .. } => path(fcn).is_some_and(|(name, _)| name == ["set"]),
        _ => false,
    }
}

/// Objects that take values apart: regorus takes those that have other members besides for equal. And parameters of one name, which
/// it takes for different ones.
fn patterns(rule: &Rule) -> Result<(), Error> {
    let unknown = |span: &Span| refuse(span, "an object as a pattern is not supported".to_owned());
    let args: &[_] = match rule {
        Rule::Spec { head: RuleHead::Func { args, .. }, .. } | Rule::Default { args, .. } => args,
        Rule::Spec { .. } => &[],
    };
    // Every place that may give a variable its value.
    let mut given: Vec<&str> = Vec::new();
    for arg in args {
        if let Some(span) = computed(arg) {
            return refuse(span, "the arguments of a rule cannot be computed or looked up".to_owned());
        }
        if has_object(arg, false) {
            return unknown(arg.span());
        }
        each_var(arg, &mut given);
    }
    if let Some(name) =
        given.iter().enumerate().find_map(|(at, name)| given.iter().skip(at + 1).find(|other| *other == name))
    {
        return refuse(rule.span(), format!("two parameters of one name, {name}, are not supported"));
    }
    let mut taken = None;
    tree::each_of_rule(rule, &mut |expr| {
        let Expr::Call { fcn, params, .. } = expr else { return };
        let name = path(fcn).map(|(names, _)| names.join(".")).unwrap_or_default();
        let inputs = signature(&name).map_or(usize::MAX, |known| known.parameters.len());
        // What stands behind the values is compared with the result.
        taken = taken
            .or(params.get(inputs).filter(|result| has_object(result, false)).map(|result| result.span()));
    });
    if let Some(span) = taken {
        return unknown(span);
    }
    let mut compared = Vec::new();
    for stmt in tree::queries(rule).into_iter().flat_map(|query| &query.stmts) {
        match &stmt.literal {
            Literal::SomeIn { key, value, .. } => {
                for pattern in key.iter().chain([value]) {
                    if has_object(pattern, false) {
                        return unknown(pattern.span());
                    }
                    each_var(pattern, &mut given);
                }
            }
            Literal::SomeVars { .. } => {}
            Literal::Every { key, value, .. } => {
                given.extend(key.iter().chain([value]).map(|span| span.text()))
            }
            Literal::Expr { expr, .. } | Literal::NotExpr { expr, .. } => {
                if let Expr::AssignExpr { op, lhs, rhs, .. } = expr.as_ref() {
                    if *op == AssignOp::ColEq && has_object(lhs, false) {
                        return unknown(lhs.span());
                    }
                    each_var(lhs, &mut given);
                    if *op == AssignOp::Eq {
                        each_var(rhs, &mut given);
                        compared.push((lhs, rhs));
                    }
                }
            }
        }
    }
    for (lhs, rhs) in compared {
        for (pattern, value) in [(lhs, rhs), (rhs, lhs)] {
            let alone = match value.as_ref() {
                // One that has its value from here alone takes the object as it is.
                Expr::Var { span, .. } => given.iter().filter(|name| **name == span.text()).count() == 1,
                Expr::Object { .. } => matches!(pattern.as_ref(), Expr::Object { .. }),
                _ => false,
            };
            if has_object(pattern, true) && !alone {
                return unknown(pattern.span());
            }
        }
    }
    Ok(())
}

/// What a pattern has but variables and constants.
fn computed(pattern: &Expr) -> Option<&Span> {
    match pattern {
        Expr::Array { items, .. } | Expr::Set { items, .. } => items.iter().find_map(|item| computed(item)),
        Expr::Object { fields, .. } => {
            fields.iter().find_map(|(_, key, value)| computed(key).or(computed(value)))
        }
        Expr::Var { .. }
        | Expr::String { .. }
        | Expr::RawString { .. }
        | Expr::Number { .. }
        | Expr::Bool { .. }
        | Expr::Null { .. } => None,
        other => Some(other.span()),
    }
}

/// Whether a pattern has an object; `open`: one with a variable.
fn has_object(pattern: &Expr, open: bool) -> bool {
    match pattern {
        Expr::Object { .. } if !open => true,
        Expr::Object { fields, .. } => {
            let mut vars = Vec::new();
            fields.iter().for_each(|(_, _, value)| each_var(value, &mut vars));
            !vars.is_empty() || fields.iter().any(|(_, _, value)| matches!(value.as_ref(), Expr::Var { .. }))
        }
        Expr::Array { items, .. } => items.iter().any(|item| has_object(item, open)),
        _ => false,
    }
}

/// The variables of a pattern, as often as they are named.
fn each_var<'a>(pattern: &'a Expr, found: &mut Vec<&'a str>) {
    match pattern {
        Expr::Var { span, .. } if span.text() != "_" => found.push(span.text()),
        Expr::Array { items, .. } => items.iter().for_each(|item| each_var(item, found)),
        Expr::Object { fields, .. } => fields.iter().for_each(|(_, _, value)| each_var(value, found)),
        _ => {}
    }
}

fn query(query: &Query) -> Result<(), Error> {
    query.stmts.iter().try_for_each(|stmt| match &stmt.literal {
        Literal::SomeVars { vars, .. } => used(vars, query),
        Literal::Every { key, value, query, .. } => {
            key.iter().chain([value]).try_for_each(|span| used(std::slice::from_ref(span), query))
        }
        Literal::SomeIn { .. } | Literal::NotExpr { .. } | Literal::Expr { .. } => Ok(()),
    })
}

/// What is declared is named in the query, beside where it is declared.
fn used(vars: &[Span], query: &Query) -> Result<(), Error> {
    match vars.iter().find(|span| span.text() != "_" && !mentions(query, span.text())) {
        Some(span) => refuse(span, format!("declared var {} unused", span.text())),
        None => Ok(()),
    }
}

/// Whether a query names a variable, beside where it is declared. What is declared by that name within is another one.
fn mentions(query: &Query, name: &str) -> bool {
    query.stmts.iter().any(|stmt| {
        let within = match &stmt.literal {
            Literal::Every { key, value, query, .. } => {
                !key.iter().chain([value]).any(|span| span.text() == name)
                    && !declares(query, name)
                    && mentions(query, name)
            }
            _ => false,
        };
        within || tree::expressions(stmt).into_iter().any(|expr| names(expr, name))
    })
}

/// Whether an expression names a variable.
fn names(expr: &Expr, name: &str) -> bool {
    if let Some(query) = tree::comprehension(expr) {
        let head = tree::children(expr).into_iter().any(|part| names(part, name));
        return !declares(query, name) && (head || mentions(query, name));
    }
    let is_named = match expr {
        Expr::Var { span, .. } => span.text() == name,
        Expr::Call { fcn, .. } => names(fcn, name),
        _ => false,
    };
    is_named || tree::children(expr).into_iter().any(|part| names(part, name))
}

/// Whether a query declares a variable itself.
fn declares(query: &Query, name: &str) -> bool {
    let mut found = Vec::new();
    for stmt in &query.stmts {
        match &stmt.literal {
            Literal::SomeVars { vars, .. } => found.extend(vars.iter().map(|span| span.text())),
            Literal::SomeIn { key, value, .. } => {
                key.iter().chain([value]).for_each(|pattern| each_var(pattern, &mut found));
            }
            Literal::Expr { expr, .. } | Literal::NotExpr { expr, .. } => {
                if let Expr::AssignExpr { op: AssignOp::ColEq, lhs, .. } = expr.as_ref() {
                    each_var(lhs, &mut found);
                }
            }
            Literal::Every { .. } => {}
        }
    }
    found.contains(&name)
}
