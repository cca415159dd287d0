//! Calls: of functions that there are, and that a policy may call.

use regorus::unstable::{Expr, Rule};

use super::signatures::{Standing, signature};
use super::tree::{self, path};
use super::{Names, refuse};
use crate::policy::Error;

/// Checks every call of a rule; `strict` in modules of version 1.
pub(super) fn rule(rule: &Rule, names: &Names<'_>, strict: bool) -> Result<(), Error> {
    let mut outcome = Ok(());
    let mut visit = |expr: &Expr| {
        if outcome.is_ok() {
            outcome = expression(expr, names, strict);
        }
    };
    tree::each_of_rule(rule, &mut visit);
    outcome?;
    for stmt in tree::queries(rule).into_iter().flat_map(|query| &query.stmts) {
        for with in &stmt.with_mods {
            let (parts, _) = path(&with.refr).unwrap_or_default();
            let name = parts.join(".");
            let is_of_time = name.starts_with("time.") && signature(&name).is_some();
            if is_of_time && (name != "time.now_ns" || names.is_global("time")) {
                let reason = format!("`with` of the function {name} is not supported");
                return refuse(&with.span, reason);
            }
            if ["print", "walk"].contains(&name.as_str()) {
                return refuse(&with.span, format!("`with` of the function {name} is not supported"));
            }
            if path(&with.r#as).is_some_and(|(parts, _)| parts == ["time", "now_ns"]) {
                return refuse(&with.span, "the function time.now_ns takes no other's place".to_owned());
            }
            let other = path(&with.r#as).map(|(parts, _)| parts.join(".")).unwrap_or_default();
            if let (Some(takes), Some(given)) = (arity(&name, names), arity(&other, names))
                && takes != given
            {
                return refuse(&with.span, format!("{other} takes {given} arguments, and {name} {takes}"));
            }
            if parts.first().is_some_and(|first| first == "data") && names.arity(&parts.join(".")).is_some() {
                let reason = "`with` of a function by its whole path is not supported".to_owned();
                return refuse(&with.span, reason);
            }
        }
    }
    Ok(())
}

/// The number of parameters of a function, of the policy or of OPA.
fn arity(name: &str, names: &Names<'_>) -> Option<usize> {
    names.arity(name).or_else(|| signature(name).map(|known| known.parameters.len()))
}

fn expression(expr: &Expr, names: &Names<'_>, strict: bool) -> Result<(), Error> {
    if let Expr::Number { span, .. } = expr {
        return match is_exact(span.text()) {
            true => Ok(()),
            false => refuse(span, format!("the number {} is beyond what 64 bits tell apart", span.text())),
        };
    }
    let Expr::Call { span, fcn, .. } = expr else { return Ok(()) };
    let name = path(fcn).map(|(names, _)| names.join(".")).unwrap_or_default();
    let has_dots = path(fcn).is_some_and(|(parts, _)| parts.iter().any(|part| part.contains('.')));
    if has_dots {
        return refuse(span, format!("undefined function {name}"));
    }
    if names.arity(&name).is_some() || name == "print" {
        return Ok(());
    }
    // What the policy calls by this name is what is called, and it is no function.
    let first = name.split('.').next().unwrap_or(&name);
    let Some(signature) = signature(&name).filter(|_| !names.is_global(first)) else {
        let hint = similar(&name).map(|known| format!(": did you mean {known}?")).unwrap_or_default();
        return refuse(span, format!("undefined function {name}{hint}"));
    };
    let why = match signature.standing {
        Standing::Here => return Ok(()),
        Standing::Deprecated if !strict => return Ok(()),
        Standing::Deprecated => "it is deprecated, and modules of version 1 may not call it",
        Standing::Network => "it reaches the network, which no policy may",
        Standing::Environment => "it tells of this machine, and a verdict must not depend on that",
        Standing::Absent => "rcosign does not have it",
    };
    refuse(span, format!("the function {name} cannot be called: {why}"))
}

/// Whether no other number is the same here: an integer of 63 bits, or 15 digits at most.
pub(in crate::policy::rego) fn is_exact(text: &str) -> bool {
    let (digits, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let small = exponent.parse().is_ok_and(|power: i32| power.abs() <= 300);
    let count = digits.bytes().filter(u8::is_ascii_digit).count();
    text.parse::<i64>().is_ok() || small && count <= 15
}

/// A function whose name has the same letters, but for dots and underscores and plurals.
fn similar(name: &str) -> Option<&'static str> {
    let plain = |name: &str| name.to_lowercase().replace(['.', '_'], "").replace('s', "");
    super::signatures::names().find(|known| plain(known) == plain(name))
}
