//! What is looked up in a call, and within what an equation compares, is looked up before it: so it has to be there, also where the
//! call is negated.

use super::term::{Body, Expr, Kind, Term};

/// Takes references and comprehensions out of calls and collections. `fresh` gives new variables.
pub(super) fn take_out(body: Body, fresh: &mut dyn FnMut() -> String) -> Body {
    let mut made = Body::new();
    for expr in body {
        let Expr { span, negated, kind, with } = expr;
        let mut out = Vec::new();
        let kind = match equation(kind) {
            Kind::Term(term) => Kind::Term(within(term, &mut out, fresh)),
            Kind::Equal(one, other) => {
                Kind::Equal(within(one, &mut out, fresh), within(other, &mut out, fresh))
            }
            Kind::Call(name, given) => {
                Kind::Call(name, given.into_iter().map(|term| whole(term, &mut out, fresh)).collect())
            }
            Kind::Every(names, domain, body) => Kind::Every(names, domain, take_out(body, fresh)),
        };
        let before = |(local, term)| Expr {
            span: span.clone(),
            negated: false,
            kind: Kind::Equal(local, term),
            with: with.clone(),
        };
        made.extend(out.into_iter().map(before));
        made.push(Expr { span, negated, kind, with });
    }
    made
}

/// `==` is `=` from here on: it gave no variable its value.
fn equation(kind: Kind) -> Kind {
    match kind {
        Kind::Call(name, given) if name == ["equal"] => match <[Term; 2]>::try_from(given) {
            Ok([one, other]) => Kind::Equal(one, other),
            Err(given) => Kind::Call(name, given),
        },
        other => other,
    }
}

type Out = Vec<(Term, Term)>;

/// What stands beneath a term; itself it stays.
fn within(term: Term, out: &mut Out, fresh: &mut dyn FnMut() -> String) -> Term {
    let mut all = |items: Vec<Term>, out: &mut Out| -> Vec<Term> {
        items.into_iter().map(|item| whole(item, out, fresh)).collect()
    };
    match term {
        Term::Ref(items) => Term::Ref(all(items, out)),
        Term::Array(items) => Term::Array(all(items, out)),
        Term::Set(items) => Term::Set(all(items, out)),
        Term::Object(members) => {
            let (keys, values): (Vec<_>, Vec<_>) = members.into_iter().unzip();
            let keys = all(keys, out);
            Term::Object(keys.into_iter().zip(all(values, out)).collect())
        }
        Term::ArrayOf(head, body) => Term::ArrayOf(head, take_out(body, fresh)),
        Term::SetOf(head, body) => Term::SetOf(head, take_out(body, fresh)),
        Term::ObjectOf(head, body) => Term::ObjectOf(head, take_out(body, fresh)),
        other => other,
    }
}

/// A term, and a variable for it where it has to be evaluated.
fn whole(term: Term, out: &mut Out, fresh: &mut dyn FnMut() -> String) -> Term {
    let term = within(term, out, fresh);
    if !matches!(term, Term::Ref(_)) && term.body().is_none() {
        return term;
    }
    let local = Term::Var(fresh());
    out.push((local.clone(), term));
    local
}
