//! Calls: of functions that there are, with as many values as they take, of kinds that they take.

use regorus::unstable::{ArithOp, AssignOp, BinOp, BoolOp, Expr, Rule, Span};

use super::signatures::{Kinds, Standing, signature};
use super::tree::{self, path};
use super::{Names, refuse};
use crate::policy::Error;

/// Checks every call and every operator of a rule; `strict` in modules of version 1.
pub(super) fn rule(rule: &Rule, names: &Names<'_>, strict: bool) -> Result<(), Error> {
    let mut outcome = Ok(());
    let mut visit = |expr: &Expr| {
        if outcome.is_ok() {
            outcome = expression(expr, names, strict);
        }
    };
    tree::each_of_rule(rule, &mut visit);
    outcome
}

fn expression(expr: &Expr, names: &Names<'_>, strict: bool) -> Result<(), Error> {
    match expr {
        Expr::Call { span, fcn, params, .. } => {
            let name = path(fcn).map(|(names, _)| names.join(".")).unwrap_or_default();
            let given: Vec<Kinds> = params.iter().map(|param| kinds(param, names)).collect();
            call(span, &name, &given, names, strict)
        }
        Expr::ArithExpr { span, op, lhs, rhs, .. } => {
            let takes = if *op == ArithOp::Sub { "nt" } else { "n" };
            let sides = [kinds(lhs, names), kinds(rhs, names)];
            match sides.iter().all(|side| meet(side, takes)) {
                true => Ok(()),
                false => refuse(span, "arithmetic on what is no number".to_owned()),
            }
        }
        Expr::BinExpr { span, op, lhs, rhs, .. } => {
            let name = if *op == BinOp::Union { "or" } else { "and" };
            match meet(kinds(lhs, names), "t") && meet(kinds(rhs, names), "t") {
                true => Ok(()),
                false => refuse(span, format!("{name}: invalid argument(s): it takes sets")),
            }
        }
        Expr::BoolExpr { span, op: BoolOp::Eq, lhs, rhs, .. }
        | Expr::AssignExpr { span, op: AssignOp::Eq, lhs, rhs, .. } => {
            match meet(kinds(lhs, names), kinds(rhs, names)) {
                true => Ok(()),
                false => refuse(span, "match error: the two sides are never equal".to_owned()),
            }
        }
        _ => Ok(()),
    }
}

fn call(span: &Span, name: &str, given: &[Kinds], names: &Names<'_>, strict: bool) -> Result<(), Error> {
    if let Some(arity) = names.arity(name) {
        return match given.len() == arity || given.len() == arity + 1 {
            true => Ok(()),
            false => refuse(span, format!("{name}: it takes {arity} values, {} are given", given.len())),
        };
    }
    if name == "print" {
        return Ok(());
    }
    let Some(signature) = signature(name) else {
        return refuse(span, format!("undefined function {name}"));
    };
    let why = match signature.standing {
        Standing::Here => None,
        Standing::Deprecated if !strict => None,
        Standing::Deprecated => Some("it is deprecated, and modules of version 1 may not call it"),
        Standing::Network => Some("it reaches the network, which no policy may"),
        Standing::Environment => Some("it tells of this machine, and a verdict must not depend on that"),
        Standing::Absent => Some("rcosign does not have it"),
    };
    if let Some(why) = why {
        return refuse(span, format!("the function {name} cannot be called: {why}"));
    }
    let parameters = signature.parameters;
    let count = given.len() == parameters.len() || given.len() == parameters.len() + 1;
    if !count || !parameters.iter().zip(given).all(|(takes, given)| meet(takes, given)) {
        return refuse(span, format!("{name}: invalid argument(s)"));
    }
    Ok(())
}

/// Whether a value can be of both kinds.
fn meet(one: Kinds, other: Kinds) -> bool {
    one == "x" || other == "x" || one.chars().any(|kind| other.contains(kind))
}

/// What an expression can be, as far as it says so itself.
fn kinds(expr: &Expr, names: &Names<'_>) -> Kinds {
    match expr {
        Expr::String { .. } | Expr::RawString { .. } => "s",
        Expr::Number { .. } | Expr::UnaryExpr { .. } => "n",
        Expr::Bool { .. } | Expr::BoolExpr { .. } | Expr::Membership { .. } => "b",
        Expr::Null { .. } => "z",
        Expr::Array { .. } | Expr::ArrayCompr { .. } => "a",
        Expr::Set { .. } | Expr::SetCompr { .. } | Expr::BinExpr { .. } => "t",
        Expr::Object { .. } | Expr::ObjectCompr { .. } => "o",
        Expr::ArithExpr { op: ArithOp::Sub, .. } => "nt",
        Expr::ArithExpr { .. } => "n",
        Expr::Call { fcn, params, .. } => {
            let name = path(fcn).map(|(names, _)| names.join(".")).unwrap_or_default();
            match (names.arity(&name), signature(&name)) {
                // With a parameter for the result, the call itself is true or false.
                (None, Some(known)) if params.len() == known.parameters.len() => known.result,
                _ => "x",
            }
        }
        _ => "x",
    }
}
