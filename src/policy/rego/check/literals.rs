//! Collections that are written with variables. OPA keeps them as they are written: it goes through the items of `{x, y}` in that order,
//! and through equal ones twice, and finds a member of `{x: 1, "b": 2}` by how the keys are written.

use regorus::unstable::{Expr, Module, Ref};

use super::refuse;
use super::signatures::signature;
use super::tree::{self, path};
use crate::policy::Error;

/// Refuses such collections where it might matter.
///
/// # Errors
/// With the place.
pub(super) fn check(modules: &[Ref<Module>]) -> Result<(), Error> {
    let rules = || modules.iter().flat_map(|module| &module.policy);
    let mut collects = false;
    rules().for_each(|rule| {
        tree::each_of_rule(rule, &mut |expr| collects |= matches!(expr, Expr::ArrayCompr { .. }));
    });
    let (mut set, mut object) = (None, None);
    for rule in rules() {
        let mut whole: Vec<*const Expr> = Vec::new();
        tree::each_of_rule(rule, &mut |expr| {
            whole.extend(taken_whole(expr).into_iter().map(std::ptr::from_ref));
            match expr {
                Expr::Set { items, span, .. } => {
                    let open = items.len() > 1 && !items.iter().all(|item| is_constant(item));
                    if open && collects && !whole.contains(&std::ptr::from_ref(expr)) {
                        set.get_or_insert(span);
                    }
                }
                Expr::Object { fields, span, .. }
                    if fields.len() > 1 && !fields.iter().all(|(_, key, _)| is_constant(key)) =>
                {
                    object.get_or_insert(span);
                }
                _ => {}
            }
        });
    }
    match (set, object) {
        (Some(span), _) => refuse(
            span,
            "a set written with variables is not supported in a policy that collects arrays".to_owned(),
        ),
        (None, Some(span)) => refuse(
            span,
            "an object of several members whose names are no constants is not supported".to_owned(),
        ),
        (None, None) => Ok(()),
    }
}

/// The values that are compared, searched or given to a function: that sees the set that they are.
fn taken_whole(expr: &Expr) -> Vec<&Expr> {
    match expr {
        Expr::BoolExpr { lhs, rhs, .. }
        | Expr::BinExpr { lhs, rhs, .. }
        | Expr::ArithExpr { lhs, rhs, .. } => {
            vec![lhs, rhs]
        }
        Expr::Membership { collection, .. } => vec![collection],
        Expr::Call { fcn, params, .. } => {
            let name = path(fcn).map(|(names, _)| names.join(".")).unwrap_or_default();
            match signature(&name) {
                Some(_) => params.iter().map(AsRef::as_ref).collect(),
                None => Vec::new(),
            }
        }
        _ => Vec::new(),
    }
}

/// Whether an expression has neither names nor anything to be computed: what defaults have to be.
pub(super) fn is_constant(expr: &Expr) -> bool {
    let mut constant = true;
    tree::each(expr, &mut |expr| {
        constant &= matches!(
            expr,
            Expr::String { .. }
                // A sign.
                | Expr::UnaryExpr { .. }
                | Expr::RawString { .. }
                | Expr::Number { .. }
                | Expr::Bool { .. }
                | Expr::Null { .. }
                | Expr::Array { .. }
                | Expr::Set { .. }
                | Expr::Object { .. }
        );
    });
    constant
}
