//! Declarations as OPA's compiler reads them: `:=`, `some` and `every` make a name new in the query that they stand in, once, and
//! before anything there uses it.

use std::collections::BTreeMap;

use regorus::unstable::{AssignOp, BinOp, Expr, Literal, LiteralStmt, Query, Rule, RuleHead, Span};

use super::lower::{arithmetic, comparison};
use super::signatures::signature;
use super::{Names, refuse, tree, words};
use crate::policy::Error;

/// How a name came into a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Met {
    Argument,
    Seen,
    Assigned,
    Declared,
}

/// The names of the queries around, the innermost last.
struct Scopes<'a> {
    all: Vec<BTreeMap<&'a str, Met>>,
    /// What names mean outside of the rule; none while its declarations are not known.
    outside: Option<&'a Names<'a>>,
}

/// Checks the declarations of a rule.
///
/// # Errors
/// A name that is not new where it is declared, or what no value can be assigned to.
pub(super) fn rule(rule: &Rule, outside: &Names<'_>) -> Result<(), Error> {
    let mut head = Scopes { all: vec![BTreeMap::new()], outside: None };
    tree::head_expressions(rule).into_iter().try_for_each(|expr| head.uses(expr))?;
    let mut arguments = BTreeMap::new();
    if let Rule::Spec { head: RuleHead::Func { args, .. }, .. } = rule {
        args.iter().for_each(|arg| names(arg, &mut |span| arguments.extend([(span.text(), Met::Argument)])));
    }
    for body in tree::bodies(rule) {
        let mut scopes = Scopes { all: vec![arguments.clone()], outside: Some(outside) };
        scopes.query(&body.query)?;
        if let Some(assign) = &body.assign {
            scopes.uses(&assign.value)?;
        }
        if !body.is_else {
            tree::head_expressions(rule).into_iter().try_for_each(|expr| scopes.uses(expr))?;
        }
    }
    Ok(())
}

/// The names of a pattern, each with its place.
fn names<'a>(pattern: &'a Expr, found: &mut dyn FnMut(&'a Span)) {
    match pattern {
        Expr::Var { span, .. } if span.text() != "_" => found(span),
        Expr::Array { items, .. } => items.iter().for_each(|item| names(item, found)),
        Expr::Object { fields, .. } => fields.iter().for_each(|(_, _, value)| names(value, found)),
        _ => {}
    }
}

/// What stands in a pattern but cannot be assigned to.
fn fixed(pattern: &Expr) -> Option<&Span> {
    match pattern {
        Expr::Var { .. } => None,
        Expr::Array { items, .. } => items.iter().find_map(|item| fixed(item)),
        Expr::Object { fields, .. } => fields.iter().find_map(|(_, _, value)| fixed(value)),
        other => Some(other.span()),
    }
}

/// Whether a name is that of a function of OPA, whose type an undeclared variable of that name has there.
fn is_function(expr: &Expr) -> bool {
    match expr {
        Expr::Var { span, .. } => signature(span.text()).is_some() || words::OPERATORS.contains(&span.text()),
        _ => false,
    }
}

/// The name of the function that an operator stands for: it is used as if it was called.
fn operator(expr: &Expr) -> Option<&'static str> {
    match expr {
        Expr::BoolExpr { op, .. } => Some(comparison(op)),
        Expr::ArithExpr { op, .. } => Some(arithmetic(op)),
        Expr::BinExpr { op: BinOp::Union, .. } => Some("or"),
        Expr::BinExpr { .. } => Some("and"),
        Expr::AssignExpr { op: AssignOp::Eq, .. } => Some("eq"),
        Expr::Membership { .. } => Some("internal"),
        _ => None,
    }
}

impl<'a> Scopes<'a> {
    fn query(&mut self, query: &'a Query) -> Result<(), Error> {
        query.stmts.iter().try_for_each(|stmt| self.statement(stmt))
    }

    /// A query in a scope of its own, with what else stands in that.
    fn within(&mut self, query: &'a Query, own: &[&'a Span], shown: &[&'a Expr]) -> Result<(), Error> {
        self.all.push(BTreeMap::new());
        own.iter().try_for_each(|span| self.declare(span, Met::Declared))?;
        self.query(query)?;
        shown.iter().try_for_each(|expr| self.uses(expr))?;
        self.all.pop();
        Ok(())
    }

    fn statement(&mut self, stmt: &'a LiteralStmt) -> Result<(), Error> {
        // A function that takes another's place is named alone.
        let values = stmt.with_mods.iter().map(|with| with.r#as.as_ref());
        values.filter(|value| !is_function(value)).try_for_each(|value| self.uses(value))?;
        match &stmt.literal {
            Literal::SomeVars { vars, .. } => {
                vars.iter().try_for_each(|span| self.declare(span, Met::Declared))
            }
            Literal::SomeIn { key, value, collection, .. } => {
                let mut needed = Vec::new();
                tree::each(collection, &mut |expr| {
                    if let Some((path, _)) = tree::path(expr) {
                        needed.extend(path.into_iter().next());
                    }
                });
                let mut new = Vec::new();
                key.iter().chain([value]).for_each(|pattern| names(pattern, &mut |span| new.push(span)));
                new.sort_by_key(|span| span.text());
                new.dedup_by_key(|span| span.text());
                new.retain(|span| !needed.iter().any(|name| name == span.text()));
                new.into_iter().try_for_each(|span| self.declare(span, Met::Declared))?;
                key.iter().chain([value, collection]).try_for_each(|expr| self.uses(expr))
            }
            Literal::Every { key, value, domain, query, .. } => {
                self.uses(domain)?;
                let own: Vec<&Span> = key.iter().chain([value]).filter(|span| span.text() != "_").collect();
                self.within(query, &own, &[])
            }
            Literal::Expr { expr, .. } | Literal::NotExpr { expr, .. } => match expr.as_ref() {
                Expr::AssignExpr { op: AssignOp::ColEq, lhs, rhs, .. } => {
                    self.uses(rhs)?;
                    if let Some(span) = fixed(lhs) {
                        return refuse(span, format!("cannot assign to {}", span.text()));
                    }
                    let mut new = Vec::new();
                    names(lhs, &mut |span| new.push(span));
                    new.into_iter().try_for_each(|span| self.declare(span, Met::Assigned))
                }
                _ => self.uses(expr),
            },
        }
    }

    fn declare(&mut self, span: &'a Span, how: Met) -> Result<(), Error> {
        let Some(scope) = self.all.last_mut() else { return Ok(()) };
        let name = span.text();
        let before = match scope.insert(name, how) {
            None => return Ok(()),
            Some(Met::Argument) => return refuse(span, format!("arg {name} redeclared")),
            Some(Met::Seen) => "referenced",
            Some(Met::Assigned) => "assigned",
            Some(Met::Declared) => "declared",
        };
        refuse(span, format!("var {name} {before} above"))
    }

    /// Whether a name was declared, here or around.
    fn is_declared(&self, name: &str) -> bool {
        self.all.iter().any(|scope| scope.get(name).is_some_and(|met| *met != Met::Seen))
    }

    /// Notes that a name is used.
    fn sees(&mut self, name: &'a str) {
        if !self.is_declared(name)
            && let Some(scope) = self.all.last_mut()
        {
            scope.entry(name).or_insert(Met::Seen);
        }
    }

    /// Notes the names that an expression uses, and looks at the queries within it.
    fn uses(&mut self, expr: &'a Expr) -> Result<(), Error> {
        if let Some(query) = tree::comprehension(expr) {
            let shown: Vec<&Expr> = tree::children(expr).into_iter().map(AsRef::as_ref).collect();
            return self.within(query, &[], &shown);
        }
        match expr {
            Expr::Var { span, .. } if span.text() != "_" => {
                let is_outside = self.outside.is_none_or(|names| names.is_global(span.text()));
                if is_function(expr) && !is_outside && !self.is_declared(span.text()) {
                    let name = span.text();
                    let reason = format!("the variable {name} is not declared, and {name} is a function");
                    return refuse(span, reason);
                }
                self.sees(span.text());
            }
            Expr::Call { fcn, span, .. } => {
                let (path, _) = tree::path(fcn).unwrap_or_default();
                if path.first().is_some_and(|first| self.is_declared(first)) {
                    return refuse(span, format!("called function {} shadowed", path.join(".")));
                }
                let mut root: &Expr = fcn;
                while let Expr::RefDot { refr, .. } | Expr::RefBrack { refr, .. } = root {
                    root = refr;
                }
                if let Expr::Var { span, .. } = root {
                    self.sees(span.text());
                }
            }
            _ => {}
        }
        if let Some(operator) = operator(expr) {
            if self.is_declared(operator) {
                return refuse(expr.span(), format!("called function {operator} shadowed"));
            }
            self.sees(operator);
        }
        tree::children(expr).into_iter().try_for_each(|child| self.uses(child))
    }
}
