//! Whether two sides can be equal, and what variables have to be for it.

use super::Env;
use crate::policy::rego::check::term::Term;
use crate::policy::rego::check::types::Type;

impl Env<'_> {
    /// Two terms that are to be equal.
    pub(super) fn equal(&mut self, one: &Term, first: Type, other: &Term, second: Type) -> bool {
        match (first.is_unknown(), second.is_unknown()) {
            (true, false) => self.fits(one, &second, false),
            (false, true) => self.fits(other, &first, false),
            (false, false) => first.meets(&second),
            (true, true) => self.both_unknown(one, other),
        }
    }

    fn both_unknown(&mut self, one: &Term, other: &Term) -> bool {
        match (one, other) {
            (Term::Array(items), Term::Array(others)) => {
                items.len() == others.len()
                    && items.iter().zip(others).all(|(one, other)| {
                        let (first, second) = (self.of(one), self.of(other));
                        self.equal(one, first, other, second)
                    })
            }
            (Term::Object(members), Term::Object(others)) => {
                members.len() == others.len()
                    && members.iter().all(|(key, value)| {
                        let same =
                            others.iter().find(|(other, _)| other.key() == key.key() && key.key().is_some());
                        same.is_some_and(|(_, found)| {
                            let (first, second) = (self.of(value), self.of(found));
                            self.equal(value, first, found, second)
                        })
                    })
            }
            (Term::Var(_) | Term::Array(_) | Term::Object(_), Term::Var(_)) => self.of_one_type(one, other),
            (Term::Var(_), Term::Array(_) | Term::Object(_)) => self.of_one_type(other, one),
            _ => false,
        }
    }

    fn of_one_type(&mut self, one: &Term, other: &Term) -> bool {
        let fits = self.fits(one, &Type::ANY, false);
        let kind = self.of(one);
        fits && self.fits(other, &kind, false)
    }

    /// Whether a term can be of a type, which its variables then have; with `more`, beside what they have.
    pub(super) fn fits(&mut self, term: &Term, kind: &Type, more: bool) -> bool {
        match (term, kind) {
            (Term::Array(_) | Term::Object(_) | Term::Set(_), Type::Any(of)) if of.is_empty() => {
                let (keys, values): (Vec<_>, Vec<_>) = match term {
                    Term::Object(members) => members.iter().map(|(key, value)| (key, value)).unzip(),
                    _ => (Vec::new(), term.children()),
                };
                for part in keys.into_iter().chain(values) {
                    self.fits(part, &Type::ANY, true);
                }
                true
            }
            (Term::Array(_) | Term::Object(_) | Term::Set(_), Type::Any(of)) => {
                // Each gives the variables its types, whether another fits or not.
                let mut fits = false;
                for kind in of {
                    fits |= self.fits(term, kind, true);
                }
                fits
            }
            (Term::Array(items), Type::Array(known, rest)) => {
                (items.len() == known.len() || rest.is_some())
                    && items.iter().enumerate().all(|(index, item)| {
                        let kind = known.get(index).or(rest.as_deref()).cloned().unwrap_or(Type::Unknown);
                        self.fits(item, &kind, more)
                    })
            }
            (Term::Object(members), Type::Object(known, rest)) => {
                (members.len() == known.len() || rest.is_some())
                    && members.iter().all(|(key, value)| match key.key() {
                        Some(key) => match kind.at(&key) {
                            Type::Unknown => false,
                            found => self.fits(value, &found, more),
                        },
                        None => {
                            self.fits(value, &Type::ANY, more);
                            true
                        }
                    })
            }
            (Term::Set(items), Type::Set(of)) => items.iter().all(|item| self.fits(item, of, more)),
            (Term::Array(_) | Term::Object(_) | Term::Set(_), _) => false,
            (Term::Var(name), _) => {
                let found = self.variable(name);
                match (more, found == Type::Unknown) {
                    (true, _) => self.put(name, found.or(kind.clone())),
                    (false, true) => self.put(name, kind.clone()),
                    (false, false) => return found.meets(kind),
                }
                true
            }
            _ => self.of(term).meets(kind),
        }
    }
}
