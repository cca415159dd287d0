//! Variables: each has to get a value from something that is not negated, as OPA's compiler demands.

use std::collections::BTreeSet;

use regorus::unstable::{Expr, Literal, Query, Ref, Rule, Span};

use super::signatures::signature;
use super::tree::{bodies, children, comprehension, expressions, head_expressions, path};
use super::{Names, refuse};
use crate::policy::Error;

type Bound<'a> = BTreeSet<&'a str>;

/// Checks every body of a rule, with its head.
pub(super) fn rule(rule: &Rule, names: &Names) -> Result<(), Error> {
    let head = head_expressions(rule);
    if let Rule::Default { .. } = rule {
        return Ok(());
    }
    let mut outer = Bound::new();
    if let Rule::Spec { head: regorus::unstable::RuleHead::Func { args, .. }, .. } = rule {
        args.iter().for_each(|arg| pattern(arg, &mut outer));
    }
    if bodies(rule).is_empty() {
        let mut bound = outer.clone();
        head.iter().for_each(|expr| binds(expr, names, &mut bound));
        return head.iter().try_for_each(|expr| uses(expr, &bound, names));
    }
    for body in bodies(rule) {
        let mut bound = outer.clone();
        // The value of the head is that of the first body; `else` has its own.
        let shown: Vec<&Expr> = match (&body.assign, body.is_else) {
            (Some(assign), true) => vec![assign.value.as_ref()],
            (None, true) => Vec::new(),
            _ => head.clone(),
        };
        shown.iter().for_each(|expr| binds(expr, names, &mut bound));
        if let Some(assign) = &body.assign {
            binds(&assign.value, names, &mut bound);
        }
        let bound = query(&body.query, &bound, names)?;
        shown.iter().try_for_each(|expr| uses(expr, &bound, names))?;
    }
    Ok(())
}

/// Checks a query; what is bound in it.
fn query<'a>(query: &'a Query, outer: &Bound<'a>, names: &Names) -> Result<Bound<'a>, Error> {
    let mut bound = outer.clone();
    let (mut declared, mut assigned): (Vec<&Span>, BTreeSet<&str>) = (Vec::new(), BTreeSet::new());
    for stmt in &query.stmts {
        match &stmt.literal {
            Literal::SomeVars { vars, .. } => declared.extend(vars),
            Literal::SomeIn { key, value, collection, .. } => {
                key.iter().chain([value]).for_each(|expr| pattern(expr, &mut bound));
                binds(collection, names, &mut bound);
            }
            Literal::Expr { expr, .. } => {
                binds(expr, names, &mut bound);
                once(expr, &mut assigned)?;
            }
            Literal::NotExpr { .. } => {}
            Literal::Every { domain, .. } => binds(domain, names, &mut bound),
        }
    }
    for span in &declared {
        // `some x` makes it a variable of this query, whatever else has its name.
        if !mentions(query, span.text()) {
            return refuse(span, format!("declared var {} unused", span.text()));
        }
    }
    for stmt in &query.stmts {
        for expr in expressions(stmt) {
            uses(expr, &bound, names)?;
        }
        if let Literal::Every { key, value, query: body, .. } = &stmt.literal {
            let mut inner = bound.clone();
            inner.extend(key.iter().chain([value]).map(|span| span.text()));
            self::query(body, &inner, names)?;
        }
    }
    for span in declared {
        if !bound.contains(span.text()) {
            return refuse(span, format!("var {} is unsafe", span.text()));
        }
    }
    Ok(bound)
}

/// `:=` gives a variable of a query its value once.
fn once<'a>(expr: &'a Expr, assigned: &mut BTreeSet<&'a str>) -> Result<(), Error> {
    let Expr::AssignExpr { op: regorus::unstable::AssignOp::ColEq, lhs, .. } = expr else { return Ok(()) };
    let mut names = Bound::new();
    pattern(lhs, &mut names);
    for name in names {
        if !assigned.insert(name) {
            return refuse(expr.span(), format!("var {name} assigned above"));
        }
    }
    Ok(())
}

/// Whether a query names a variable, beside where it is declared.
fn mentions(query: &Query, name: &str) -> bool {
    let mut found = false;
    super::tree::each_of_query(query, &mut |expr| {
        let named = match expr {
            Expr::Call { fcn, .. } => path(fcn),
            _ => path(expr),
        };
        found |= named.is_some_and(|(names, _)| names.first().is_some_and(|first| first == name));
    });
    found
}

/// The variables of a pattern.
fn pattern<'a>(expr: &'a Expr, bound: &mut Bound<'a>) {
    match expr {
        Expr::Var { span, .. } => {
            bound.insert(span.text());
        }
        Expr::Array { items, .. } => items.iter().for_each(|item| pattern(item, bound)),
        Expr::Object { fields, .. } => fields.iter().for_each(|(_, _, value)| pattern(value, bound)),
        _ => {}
    }
}

/// What an expression binds that is not negated: what it is assigned to, what it goes through by references, what a function
/// gives back in a parameter.
fn binds<'a>(expr: &'a Expr, names: &Names, bound: &mut Bound<'a>) {
    match expr {
        Expr::AssignExpr { op, lhs, rhs, .. } => {
            pattern(lhs, bound);
            if *op == regorus::unstable::AssignOp::Eq {
                pattern(rhs, bound);
            }
        }
        Expr::RefBrack { index, .. } => pattern(index, bound),
        Expr::Call { fcn, params, .. }
            if arity(fcn, names).is_some_and(|arity| params.len() == arity + 1) =>
        {
            if let Some(last) = params.last() {
                pattern(last, bound);
            }
        }
        _ => {}
    }
    // A comprehension keeps what it binds to itself.
    if comprehension(expr).is_none() {
        children(expr).into_iter().for_each(|child: &Ref<Expr>| binds(child, names, bound));
    }
}

fn arity(fcn: &Expr, names: &Names) -> Option<usize> {
    let (path, _) = path(fcn)?;
    let name = path.join(".");
    names.arity(&name).or_else(|| signature(&name).map(|signature| signature.parameters.len()))
}

/// Every variable that is used is bound, or the name of something else.
fn uses<'a>(expr: &'a Expr, bound: &Bound<'a>, names: &Names) -> Result<(), Error> {
    if let Expr::Var { span, .. } = expr {
        let name = span.text();
        return match name == "_" || bound.contains(name) || names.is_global(name) {
            true => Ok(()),
            false => refuse(span, format!("var {name} is unsafe")),
        };
    }
    match comprehension(expr) {
        Some(inner) => {
            let mut outer = bound.clone();
            children(expr).into_iter().for_each(|child| binds(child, names, &mut outer));
            let bound = query(inner, &outer, names)?;
            children(expr).into_iter().try_for_each(|child| uses(child, &bound, names))
        }
        None => children(expr).into_iter().try_for_each(|child| uses(child, bound, names)),
    }
}
