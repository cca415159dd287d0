//! The order in which a body can be evaluated: each variable gets its value before something needs it. Where there is no such order,
//! a variable is unsafe.

use std::collections::BTreeSet;

use regorus::unstable::Span;

use super::term::{Body, Expr, Kind, Term};

type Vars = BTreeSet<String>;

/// A variable without a value, and where.
pub(super) struct Unsafe {
    pub span: Span,
    pub name: String,
}

/// Puts a body in order, and the bodies within it. `bound` are the variables that have a value outside of it; `arity` tells the
/// number of parameters of a function. What the body binds is added to `bound`.
///
/// # Errors
/// A variable that gets no value.
pub(super) fn order(
    body: Body,
    bound: &mut Vars,
    arity: &dyn Fn(&[String]) -> Option<usize>,
) -> Result<Body, Unsafe> {
    let named: Vars = body.iter().flat_map(own).map(str::to_owned).collect();
    let outside = bound.clone();
    let (mut waiting, mut ordered) = (body, Body::new());
    while !waiting.is_empty() {
        let before = waiting.len();
        let mut later = Body::new();
        for expr in waiting {
            match ready(&expr, &named, &outside, bound, arity) {
                true => {
                    bound.extend(outputs(&expr, bound, arity));
                    ordered.push(expr);
                }
                false => later.push(expr),
            }
        }
        if later.len() == before
            && let Some(fault) = fault(&later, bound)
        {
            return Err(fault);
        }
        waiting = later;
    }
    ordered.into_iter().map(|expr| inner(expr, bound, arity)).collect()
}

/// The variables that an expression has itself.
fn own(expr: &Expr) -> BTreeSet<&str> {
    let mut found = BTreeSet::new();
    expr.terms().into_iter().for_each(|term| term.vars(&mut found));
    found
}

fn ready(
    expr: &Expr,
    named: &Vars,
    outside: &Vars,
    bound: &Vars,
    arity: &dyn Fn(&[String]) -> Option<usize>,
) -> bool {
    let gives = outputs(expr, bound, arity);
    let enclosed = expr.enclosed();
    let awaited = enclosed
        .iter()
        .any(|name| named.contains(*name) && !bound.contains(*name) && !outside.contains(*name));
    !awaited && own(expr).iter().all(|name| bound.contains(*name) || gives.contains(*name))
}

/// What the first of them waits for.
fn fault(waiting: &Body, bound: &Vars) -> Option<Unsafe> {
    let expr = waiting.first()?;
    let written = own(expr).into_iter().chain(expr.enclosed());
    let name = written.filter(|name| !bound.contains(*name)).min_by_key(|name| name.starts_with("__"));
    Some(Unsafe { span: expr.span.clone(), name: shown(name.unwrap_or("__local")) })
}

/// A variable as it is written.
fn shown(name: &str) -> String {
    match name.starts_with("__local") {
        true => "_".to_owned(),
        false => name.split('#').next().unwrap_or(name).to_owned(),
    }
}

/// Puts the bodies within an expression in order.
fn inner(expr: Expr, bound: &Vars, arity: &dyn Fn(&[String]) -> Option<usize>) -> Result<Expr, Unsafe> {
    let Expr { span, negated, kind, with } = expr;
    let of = |found: Term| comprehensions(found, &span, bound, arity);
    let kind = match kind {
        Kind::Term(found) => Kind::Term(of(found)?),
        Kind::Equal(one, other) => Kind::Equal(of(one)?, of(other)?),
        Kind::Call(name, given) => Kind::Call(name, given.into_iter().map(of).collect::<Result<_, _>>()?),
        Kind::Every(names, domain, body) => {
            let mut within = bound.clone();
            within.extend(names.iter().cloned());
            Kind::Every(names, domain, order(body, &mut within, arity)?)
        }
    };
    Ok(Expr { span, negated, kind, with })
}

fn comprehensions(
    found: Term,
    span: &Span,
    bound: &Vars,
    arity: &dyn Fn(&[String]) -> Option<usize>,
) -> Result<Term, Unsafe> {
    let all = |items: Vec<Term>| -> Result<Vec<Term>, Unsafe> {
        items.into_iter().map(|item| comprehensions(item, span, bound, arity)).collect()
    };
    let within = |body: Body, head: &[&Term]| -> Result<Body, Unsafe> {
        let mut within = bound.clone();
        let body = order(body, &mut within, arity)?;
        let mut named = BTreeSet::new();
        head.iter().for_each(|term| term.vars(&mut named));
        match named.into_iter().find(|name| !within.contains(*name)) {
            Some(name) => Err(Unsafe { span: span.clone(), name: shown(name) }),
            None => Ok(body),
        }
    };
    Ok(match found {
        Term::Ref(items) => Term::Ref(all(items)?),
        Term::Array(items) => Term::Array(all(items)?),
        Term::Set(items) => Term::Set(all(items)?),
        Term::Object(members) => {
            let (keys, values): (Vec<_>, Vec<_>) = members.into_iter().unzip();
            Term::Object(all(keys)?.into_iter().zip(all(values)?).collect())
        }
        Term::ArrayOf(head, body) => {
            let body = within(body, &[&head])?;
            Term::ArrayOf(head, body)
        }
        Term::SetOf(head, body) => {
            let body = within(body, &[&head])?;
            Term::SetOf(head, body)
        }
        Term::ObjectOf(head, body) => {
            let body = within(body, &[&head.0, &head.1])?;
            Term::ObjectOf(head, body)
        }
        other => other,
    })
}

/// What an expression gives values to.
fn outputs(expr: &Expr, bound: &Vars, arity: &dyn Fn(&[String]) -> Option<usize>) -> Vars {
    let mut gives = Vars::new();
    let mut under = BTreeSet::new();
    expr.with.iter().for_each(|(_, value)| value.vars(&mut under));
    if expr.negated || !under.iter().all(|name| bound.contains(*name)) {
        return gives;
    }
    expr.terms().into_iter().for_each(|term| looked_up(term, bound, &mut gives));
    match &expr.kind {
        Kind::Equal(one, other) => equal(one, other, bound, &mut gives),
        Kind::Call(name, given) => {
            let inputs = arity(name).unwrap_or(given.len()).min(given.len());
            let (inputs, results) = given.split_at(inputs);
            let mut needed = BTreeSet::new();
            inputs.iter().for_each(|term| term.vars(&mut needed));
            if needed.iter().all(|name| bound.contains(*name) || gives.contains(*name)) {
                results.iter().for_each(|term| pattern(term, &mut gives));
            } else {
                gives.clear();
            }
        }
        Kind::Term(_) | Kind::Every(..) => {}
    }
    gives.retain(|name| !bound.contains(name));
    gives
}

/// The variables that references go through.
fn looked_up(found: &Term, bound: &Vars, gives: &mut Vars) {
    if let Term::Ref(parts) = found
        && let [Term::Var(head), rest @ ..] = parts.as_slice()
        && (head == "data" || head == "input" || bound.contains(head))
    {
        rest.iter().for_each(|part| pattern(part, gives));
    }
    found
        .children()
        .into_iter()
        .filter(|_| found.body().is_none())
        .for_each(|child| looked_up(child, bound, gives));
}

/// The variables of a pattern.
fn pattern(found: &Term, gives: &mut Vars) {
    match found {
        Term::Var(name) => {
            gives.insert(name.clone());
        }
        Term::Array(items) => items.iter().for_each(|item| pattern(item, gives)),
        Term::Object(members) => members.iter().for_each(|(_, value)| pattern(value, gives)),
        _ => {}
    }
}

/// Whether a value that is known gives the variables of a pattern theirs: a constant is not taken apart, nor is a set that is written there.
fn gives_to(value: &Term, pattern: &Term) -> bool {
    matches!(
        (value, pattern),
        (_, Term::Var(_))
            | (Term::Var(_) | Term::Ref(_), _)
            | (Term::ArrayOf(..) | Term::SetOf(..), Term::Array(_))
    )
}

/// What two sides that are equal give one another.
fn equal(one: &Term, other: &Term, bound: &Vars, gives: &mut Vars) {
    let known = |found: &Term, gives: &Vars| {
        let mut needed = BTreeSet::new();
        found.vars(&mut needed);
        needed
            .iter()
            .all(|name| *name == "data" || *name == "input" || bound.contains(*name) || gives.contains(*name))
    };
    loop {
        let before = gives.len();
        if gives_to(one, other) && known(one, gives) {
            pattern(other, gives);
        }
        if gives_to(other, one) && known(other, gives) {
            pattern(one, gives);
        }
        match (one, other) {
            (Term::Array(one), Term::Array(other)) if one.len() == other.len() => {
                one.iter().zip(other).for_each(|(one, other)| equal(one, other, bound, gives));
            }
            (Term::Object(one), Term::Object(other)) if one.len() == other.len() => {
                for (key, value) in one {
                    let same =
                        other.iter().find(|(found, _)| found.key().is_some() && found.key() == key.key());
                    if let Some((_, found)) = same {
                        equal(value, found, bound, gives);
                    }
                }
            }
            _ => {}
        }
        if gives.len() == before {
            return;
        }
    }
}
